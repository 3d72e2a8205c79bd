"""What the console needs before it can be used.

python -m operator_console password     ask for a password, and print what console.accounts holds of it
"""

from __future__ import annotations

import argparse
import getpass
import sys

from bot_lifecycle import FatalError
from bot_process import run_process
from operator_console.passwords import hash_of


def main(argv: list[str] | None = None) -> int:
    """Run one command; the answer is the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m operator_console",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("password", help="print the hash of a password")
    parser.parse_args(argv)
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        print(hash_of(password))
    except ValueError as error:
        raise FatalError(str(error), "choose another") from None
    return 0


if __name__ == "__main__":
    sys.exit(run_process(main))
