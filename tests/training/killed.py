"""Work that is killed again and again, each time in a fork and at a moment drawn by chance, then done."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import torch

LONGEST = 2.0
"""Seconds within which the first fork is killed; a fork that comes to its end says how long work takes."""


def kill_again_and_again(work: Callable[[], object], kills: int) -> None:
    """Everything slow should be imported by now: each fork has it."""
    torch.set_num_threads(1)
    chance, longest = random.Random(1), LONGEST
    for _ in range(kills):
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        deadline = began + chance.uniform(0, longest)
        while time.monotonic() < deadline:
            if os.waitpid(child, os.WNOHANG)[0]:
                longest = min(longest, time.monotonic() - began)
                break
            time.sleep(0.005)
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    work()
