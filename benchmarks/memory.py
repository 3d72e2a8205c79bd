"""How much memory a piece of work needs at its peak, beyond what is there when it begins."""

from __future__ import annotations

import ctypes
import gc
import re
from pathlib import Path
from types import TracebackType

import torch

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
FORGET_PEAK = "5"  # what to write there


class Peak:
    """``with Peak(device) as peak: …`` gives ``peak.mib``: of the GPU's memory, or the resident set."""

    def __init__(self, device: torch.device) -> None:
        self.mib = 0
        self._device = device
        self._before = 0.0

    def __enter__(self) -> Peak:
        """Note what is there, and forget earlier peaks."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = torch.cuda.memory_allocated(self._device) / 2**20
        else:
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)  # else what is needed may come from what others have freed
            CLEAR.write_text(FORGET_PEAK, encoding="ascii")
            self._before = _resident("VmRSS")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Read the peak."""
        if self._device.type == "cuda":
            highest = torch.cuda.max_memory_allocated(self._device) / 2**20
        else:
            highest = _resident("VmHWM")
        self.mib = round(highest - self._before)


def _resident(field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB$", STATUS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
