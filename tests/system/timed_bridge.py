"""The real switchboard, in the time of whoever runs it.

    python -m tests.system.timed_bridge CLOCK --config FILE

CLOCK is a file that says how far that time is from this machine's.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path

import bridge_service
from bot_process import run_process

OFFSET = struct.Struct("d")


class SharedClock:
    """Tells the time to other processes, through a file that they have mapped."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(OFFSET.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), OFFSET.size)

    def __call__(self) -> float:
        """Unix seconds."""
        return time.time() + float(OFFSET.unpack_from(self._shared)[0])

    def set_offset(self, seconds: float) -> None:
        """Have everybody's time be so far from this machine's."""
        OFFSET.pack_into(self._shared, 0, seconds)


if __name__ == "__main__":
    clock = SharedClock(Path(sys.argv[1]))
    sys.exit(run_process(lambda: bridge_service.main(sys.argv[2:], clock)))
