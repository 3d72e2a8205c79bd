"""Many random schedules against the store: python -m tests.switchboard.schedules --seeds 1000."""

from __future__ import annotations

import argparse
from collections import Counter

from tests.switchboard.test_store_model import run_schedule


def main() -> None:
    parser = argparse.ArgumentParser(description="run random schedules against the job store and its model")
    parser.add_argument("--seeds", type=int, default=1000, help="how many schedules")
    parser.add_argument("--steps", type=int, default=150, help="messages in each")
    arguments = parser.parse_args()
    reached: Counter[str] = Counter()
    for seed in range(arguments.seeds):
        try:
            reached += run_schedule(seed, arguments.steps)
        except AssertionError as error:
            raise SystemExit(f"seed {seed}: {error}") from error
    print(f"{arguments.seeds} schedules agree with the model; transitions: {dict(reached)}")


if __name__ == "__main__":
    main()
