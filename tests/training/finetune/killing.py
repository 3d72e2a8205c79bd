"""Trains the toy, kills it again and again, then lets it come to its end: ``killing.py CORPUS OUT KILLS``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.training.finetune.toy import train
from tests.training.killed import kill_again_and_again

if __name__ == "__main__":
    corpus, out = map(Path, sys.argv[1:3])
    kill_again_and_again(lambda: train(corpus, out), int(sys.argv[3]))
