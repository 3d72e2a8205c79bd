"""Trains a head by its command, kills it again and again, then lets it end: ``killing.py KILLS COMMAND…``."""

from __future__ import annotations

import sys

import training.scoring_heads.fit
import training.scoring_heads.told
from tests.training.heads.toy import AT_ONCE
from tests.training.killed import kill_again_and_again
from training.__main__ import main

if __name__ == "__main__":
    training.scoring_heads.fit.SAVE_EVERY = 3
    vars(training.scoring_heads.told)["Retry"] = AT_ONCE
    kill_again_and_again(lambda: main(sys.argv[2:]), int(sys.argv[1]))
