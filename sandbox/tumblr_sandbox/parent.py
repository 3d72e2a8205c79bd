"""A process that stops when the one that started it is gone, however that came to its end."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""The number of the request in Linux' <sys/prctl.h>."""

_PARENT = os.getppid()


def stop_with_parent(parent: int = _PARENT) -> None:
    """Have SIGTERM sent to this process when ``parent``, which started it, ends; at once if it has ended.

    Without this, what a killed supervisor has started lives on and holds its ports. The kernel does it, so it
    also holds for a parent that was killed with SIGKILL. Nothing happens where the kernel is not Linux.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # A parent that ended before the call above sends nothing any more.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
