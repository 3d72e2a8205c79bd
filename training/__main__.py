"""Training commands: ``python -m training --help``."""

from __future__ import annotations

import sys

from training.command import run_command

if __name__ == "__main__":
    sys.exit(run_command())
