"""Work that kills the process that does it; imports nothing, for each worker imports this."""

from __future__ import annotations

import os
import signal


def kill_this_process(number: int) -> int:
    """Die at the fourth piece."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number
