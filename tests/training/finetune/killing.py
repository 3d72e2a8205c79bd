"""Trains the toy, kills it again and again, then lets it come to its end: ``killing.py CORPUS OUT KILLS``.

Everything slow is imported once; each run is a fork, killed at a moment drawn by chance.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from tests.training.finetune.toy import train


def main(corpus: Path, out: Path, kills: int) -> int:
    """Exit status 0 when the last run came to its end."""
    torch.set_num_threads(1)
    chance = random.Random(1)
    longest = 2.0
    for _ in range(kills):
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            train(corpus, out)
            os._exit(0)
        deadline = began + chance.uniform(0, longest)
        while time.monotonic() < deadline:
            if os.waitpid(child, os.WNOHANG)[0]:
                longest = min(longest, time.monotonic() - began)
                child = 0
                break
            time.sleep(0.005)
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    train(corpus, out)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
