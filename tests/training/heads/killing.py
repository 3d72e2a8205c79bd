"""Trains a head by its command, kills it again and again, then lets it end: ``killing.py KILLS COMMAND…``."""

from __future__ import annotations

import sys

import stamina

import training.scoring_heads.fit
from tests.training.killed import kill_again_and_again
from training.__main__ import main

if __name__ == "__main__":
    training.scoring_heads.fit.SAVE_EVERY = 3
    stamina.set_testing(True)  # nobody runs the switchboard that would be waited for
    kill_again_and_again(lambda: main(sys.argv[2:]), int(sys.argv[1]))
