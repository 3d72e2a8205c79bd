# One command runs the bot against a tumblr on this machine: make run
# One command runs the tests: make test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := pyproject.toml sandbox/pyproject.toml constraints.txt sandbox/tests/conformance/tumblr-backup.txt
READY := $(VENV)/.ready

# The tests start hundreds of processes: each module is compiled once, not by every one of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test lint model chaos bench screenshot constraints clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

setup: $(READY) ## make the virtual environment (.venv); made again when the pins change

$(READY): $(PINS)
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer with venv is needed; name one with make PYTHON=/path/to/python" >&2; exit 2; }
	@rm -rf $(VENV)
	@echo "making the virtual environment in $(VENV) (once; a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ml,train,images,dev]' --editable './sandbox[dev]'
	@$(PYTHON) -m venv $(VENV)/tumblr-backup
	@$(VENV)/tumblr-backup/bin/python -m pip install --quiet --disable-pip-version-check --requirement sandbox/tests/conformance/tumblr-backup.txt
	@touch $(READY)

run: $(READY) ## start the sandbox and the four processes, and open for visitors
	@$(BIN)/python -m demo.run

test: $(READY) ## lint, types and all tests (eleven minutes on two cores)
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -q -n 3 --ignore tests/system
	$(BIN)/python -m pytest -q -n 3 --dist loadscope --no-loadscope-reorder tests/system

lint: $(READY) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

model: $(READY) ## train the demo model again from nothing (two cores, about three quarters of an hour)
	$(BIN)/python -m demo.documents --out build/corpus --seed 2021
	$(BIN)/python -m training demo --config demo/training.json --corpus build/corpus --out demo/models/tiny

chaos: $(READY) ## the long chaos run: 300 kills while asks come in
	$(BIN)/python -m tests.system.chaos --kills 300

bench: $(READY) ## all benchmarks; each prints its last line as JSON
	@for name in ask answers mood munging sandbox generator generator_jobs; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

screenshot: $(READY) ## take the README's picture again (needs Chromium)
	$(BIN)/python -m demo.screenshot docs/images

constraints: ## pin again: the newest releases that fit pyproject.toml
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet 'torch==2.13.0'
	build/pins/bin/python -m pip install --quiet --editable '.[ml,train,images,dev]' --editable './sandbox[dev]'
	build/pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet 'tumblr-backup[dash]'
	build/pins/bin/python -m pip freeze > build/tumblr-backup.txt
	{ grep '^#' sandbox/tests/conformance/tumblr-backup.txt; cat build/tumblr-backup.txt; } > build/pinned.txt
	mv build/pinned.txt sandbox/tests/conformance/tumblr-backup.txt

clean: ## remove everything that was made here, the virtual environment too
	rm -rf $(VENV) build run .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info sandbox/*.egg-info sandbox/build
