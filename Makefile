# One command runs the bot against a tumblr on this machine: make run
# One command runs the tests: make test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where torch's CPU builds are (TORCH_INDEX= for the plain index's build, which a GPU needs), and a folder of wheels.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
WHEELS ?=
# In which format this machine multiplies matrices fastest.
PRECISION ?= $(shell grep -qsE 'avx512_bf16|amx_bf16' /proc/cpuinfo && echo bfloat16 || echo float32)
# Without a PYTHON that was named, the environment's own decides whether it still fits.
NAMED := $(filter-out file default undefined,$(origin PYTHON))

# The tests start hundreds of processes: each module is compiled once, not by every one of them. The others
# change what every Python does, and are meant for another project than this one.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS

# How long the long runs are.
KILLS ?= 1000
DAYS ?= 30

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint model tiny chaos soak bench conformance screenshot environments constraints clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

setup: ## make the virtual environment (.venv) if it is not there or no longer fits
	@python="$(PYTHON)"; \
	[ -n "$(NAMED)" ] || ! $(BIN)/python -c '' 2>/dev/null || python=$(BIN)/python; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: $$python is not Python 3.11 or newer - install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; }; \
	"$$python" environments/setup.py $(VENV) --torch-index "$(TORCH_INDEX)" --wheels "$(WHEELS)"

run: setup ## start the sandbox, the four processes and the console, and open for visitors
	@$(BIN)/python -m demo.run

test: setup ## lint, types and all tests (about twenty minutes on two cores, the first setup included)
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -q -n 3 --ignore tests/system
	$(BIN)/python -m pytest -q -n 3 --dist loadscope --no-loadscope-reorder tests/system

check: setup ## the inner loop: lint, types, and the tests of what changed since the last commit
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q -n 2 $$($(BIN)/python -m tests.changed_tests)

lint: setup ## ruff and mypy --strict
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy .

model: setup ## make adapter and heads of the real model again, from nothing (two cores, an hour and a half; docs/demo-real-model.md)
	$(BIN)/python -m demo.pretrained --out build/frank/base
	$(BIN)/python -m demo.corpus write --model build/frank/base --out build/frank --threads 2 --precision $(PRECISION)
	$(BIN)/python -m training prepare --config demo/frank.json --out build/frank/prepared build/frank/documents.jsonl
	$(BIN)/python -m training generator --config demo/frank.json --corpus build/frank/prepared --out build/frank/tuned \
	  --base build/frank/base --work build/frank/tuning --lora 16 --rows documents --epochs 2 --batch 16 --micro-batch 16 \
	  --length 320 --rate 6e-4 --schedule cosine --warmup 20 --floor 0.05 --precision $(PRECISION) \
	  --save-every 20 --eval-every 50 --sample-every 0
	mkdir -p demo/models/frank && rm -rf demo/models/frank/adapter && cp -r build/frank/tuned/adapter demo/models/frank/
	$(BIN)/python -m demo.pretrained --out build/frank/model --adapter demo/models/frank/adapter
	$(BIN)/python -m training sentiment --config demo/frank.json --model build/frank/model --heads demo/models/frank/heads \
	  --corpus build/frank/prepared --form later --work build/frank/heads
	$(BIN)/python -m demo.corpus readers --model build/frank/model --out build/frank --threads 2 --precision $(PRECISION)
	$(BIN)/python -m training selector --config demo/frank.json --model build/frank/model --heads demo/models/frank/heads \
	  --rows build/frank/selector.jsonl --form wide --attention-width 144 --rate 3e-4 --work build/frank/heads

tiny: setup ## train the small model again from nothing, by the commands of docs/training.md (two cores, an hour)
	$(BIN)/python -m demo.documents --out build/corpus --seed 2021
	$(BIN)/python -m training prepare --config demo/training.json --out build/prepared build/corpus/documents.jsonl
	$(BIN)/python -m training generator --config demo/training.json --corpus build/prepared --out build/packed \
	  --base new --shape 6,192,6,512 --vocabulary 2048 --rows stream --steps 600 --batch 8 --micro-batch 8 \
	  --rate 2e-3 --schedule cosine --warmup 100 --floor 0.25 --decay 0.05 --precision bfloat16 \
	  --save-every 200 --eval-every 200 --sample-every 0
	$(BIN)/python -m training generator --config demo/training.json --corpus build/prepared --out demo/models/tiny \
	  --base build/packed --work build/training --half --rows documents --steps 4400 --batch 32 --micro-batch 32 \
	  --rate 2e-3 --schedule cosine --warmup 100 --floor 0.05 --precision bfloat16 \
	  --save-every 200 --eval-every 400 --sample-every 0
	$(BIN)/python -m training sentiment --config demo/training.json --model demo/models/tiny \
	  --rows build/corpus/sentiment.jsonl --work build/heads
	$(BIN)/python -m training selector --config demo/training.json --model demo/models/tiny \
	  --rows build/corpus/selector.jsonl --work build/heads

chaos: setup ## the long chaos run: 1,000 kills while asks come in (KILLS=100 for fewer)
	$(BIN)/python -m tests.system.chaos --kills $(KILLS)

soak: setup ## a month of the bot's life, simulated: docs/reliability.md (DAYS=2 for a shorter one)
	$(BIN)/python -m tests.system.soak --days $(DAYS)

bench: setup ## all benchmarks; each prints its last line as JSON
	@for name in ask answers console images mood munging sandbox generator generator_jobs; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

conformance: setup ## published tumblr clients against the sandbox, and 10,000 generated calls (installs the clients)
	PYTHONPATH=sandbox/tests:sandbox $(BIN)/python -m clients.install
	SANDBOX_CALLS=10000 $(BIN)/python -m pytest -q -n 2 --timeout 3600 -rs sandbox/tests/clients sandbox/tests/conformance \
	  sandbox/tests/test_wrong_input.py

screenshot: setup ## take the README's picture again (needs Chromium)
	$(BIN)/python -m demo.screenshot docs/images

environments: setup ## try the commands in the environments that users have (half an hour; some cases need root)
	$(BIN)/python -m environments

constraints: ## pin again: the newest releases that fit pyproject.toml (by the oldest Python: PYTHON=python3.11)
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet 'torch==2.13.0'
	build/pins/bin/python -m pip install --quiet --editable '.[ml,train,images,pictures,dev]' --editable './sandbox[dev]'
	build/pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	grep -v '^urllib3==' constraints.txt > build/shared.txt
	build/pins/bin/python -m pip install --quiet --constraint build/shared.txt 'tumblr-backup[dash]'
	build/pins/bin/python -m pip freeze > build/tumblr-backup.txt
	{ grep '^#' sandbox/tests/conformance/tumblr-backup.txt; cat build/tumblr-backup.txt; } > build/pinned.txt
	mv build/pinned.txt sandbox/tests/conformance/tumblr-backup.txt

clean: ## remove everything that was made here, the virtual environment too
	rm -rf $(VENV) build run .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info sandbox/*.egg-info sandbox/build
