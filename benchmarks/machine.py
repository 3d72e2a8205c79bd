"""What the machine can do at best: bytes copied and products summed per second, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

TRIES = 8


def best(work: Callable[[], object], device: torch.device) -> float:
    """The shortest of a few wall times, in seconds."""
    times = []
    for _ in range(TRIES):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])


def bandwidth(device: torch.device) -> float:
    """Bytes per second read and written by a copy that fits into no cache."""
    source = torch.ones(64_000_000, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() * source.element_size() / best(lambda: target.copy_(source), device)


def compute(device: torch.device) -> float:
    """Floating-point operations per second of a matrix product (bf16 on a GPU, float32 on a CPU)."""
    dtype, size = (torch.bfloat16, 8192) if device.type == "cuda" else (torch.float32, 1536)
    square = torch.ones(size, size, device=device, dtype=dtype)
    return 2 * size**3 / best(lambda: square @ square, device)


def processor(device: torch.device) -> str:
    """Name of the card, or of the CPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"
