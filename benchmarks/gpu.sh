#!/usr/bin/env bash
# All that only a GPU can show, in at most eight minutes: the tests, then GPT-2 XL and a Llama of 1 B with random
# weights against `generate`, with shares of the roofline and what capturing the graphs takes (prepare_s, MiB).
set -u
python=${1:-.venv/bin/python}
timeout 150 "$python" -m pytest -q -n 0 tests/autoresponder/test_gpu.py
timeout 160 "$python" -m benchmarks.generator --sizes xl --candidates 1 4 16 32 --lengths
timeout 160 "$python" -m benchmarks.generator --sizes llama-1b --candidates 1 4 16 32 --lengths
