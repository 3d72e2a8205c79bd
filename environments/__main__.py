"""Try the two commands in the environments that users have; one line for each.

    python -m environments                       everything (half an hour; some cases need root)
    python -m environments --only proxy --only signals
    python -m environments --list

A case that cannot be tried here is skipped, with the reason. The last line is JSON; the exit status is 1 if a
case failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from environments.cases import CASES, SkippedCase
from environments.demo_runs import CaseFailed


def main(argv: Sequence[str] | None = None) -> int:
    """Try the cases and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="environments", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="WORD", help="cases whose name contains the word")
    parser.add_argument("--list", action="store_true", help="print the cases' names")
    arguments = parser.parse_args(argv)
    chosen = [case for case in CASES if not arguments.only or any(word in case for word in arguments.only)]
    if arguments.list:
        print("\n".join(chosen))
        return 0
    results: dict[str, str] = {}
    for name in chosen:
        began = time.monotonic()
        try:
            seen, state = CASES[name](), "ok"
        except SkippedCase as reason:
            seen, state = str(reason), "skipped"
        except (CaseFailed, OSError) as error:
            seen, state = str(error), "FAILED"
        results[name] = state
        print(f"{name:34} {state:8} {time.monotonic() - began:6.0f} s  {seen}", flush=True)
    print(json.dumps(results))
    return int("FAILED" in results.values())


if __name__ == "__main__":
    sys.exit(main())
