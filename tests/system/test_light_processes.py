"""The machine with the keys is a cheap one: three of the four processes stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.harness import RunningDemo

LIGHT = ("tumbl", "bridge_service", "selector")
LIGHT_PROCESSES = ("tumbl", "bridge", "selector")
HEAVY_LIBRARIES = (
    *("torch", "transformers", "tokenizers", "safetensors", "datasets"),
    *("rapidocr", "onnxruntime", "cv2", "boto3", "bidi"),
    *("images.reader", "images.pool", "images.fetcher", "images.drawing"),
)
"""What no light process loads; without images configured, ``tumbl.py`` knows their settings alone."""
MEGABYTE = 1_000_000


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_process_imports_no_heavy_library(module: str) -> None:
    program = f"import sys, {module}; print(*[name for name in {HEAVY_LIBRARIES!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_the_light_processes_use_under_300_megabytes_together(bot: RunningDemo) -> None:
    processes = bot.supervised.processes()
    used = {name: resident_bytes(processes[name].pid) for name in LIGHT_PROCESSES}
    assert sum(used.values()) < 300 * MEGABYTE, used


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no resident memory")
