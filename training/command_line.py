"""The frame of all commands: how one is found and called, and how its end is told.

To add a command, add a module to ``training/commands/`` with a ``COMMAND``; nothing else knows the list.
"""

from __future__ import annotations

import argparse
import errno
import json
import pkgutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from safetensors import SafetensorError

import training.commands
from bot_lifecycle import FatalError, on_one_line
from training.command import Command, Outcome, Sections
from training.errors import ExitStatus, TrainingError


def find_commands() -> list[Command]:
    """All commands, in the order of the manual."""
    names = [info.name for info in pkgutil.iter_modules(training.commands.__path__)]
    found = [import_module(f"training.commands.{name}").COMMAND for name in names]
    return sorted(found, key=lambda command: (command.place, command.name))


def make_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser, whose help is the manual."""
    listed = "\n".join(f"  {command.name:<13} {command.summary}" for command in commands)
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=f"{MANUAL}\n\nCommands, in the order of their use:\n\n{listed}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        own = chosen.add_parser(
            command.name,
            description=textwrap.dedent(command.about).strip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.add_argument(
            "--config",
            type=Path,
            default=Path("config.json"),
            help="the bot's configuration (default: config.json)",
        )
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser


def run_command(load: Callable[[Path], Sections], argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors are one line on standard error.

    ``load`` reads the configuration.
    """
    arguments = make_parser(find_commands()).parse_args(argv)
    try:
        outcome: Outcome = arguments.run(arguments, load(arguments.config))
    except TrainingError as error:
        return _fail(str(error), error.status)
    except FatalError as error:
        return _fail(str(error), ExitStatus.USAGE)
    except ModuleNotFoundError as error:
        return _fail(f"{error.name} is not installed: pip install '.[train]'", ExitStatus.USAGE)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(_told(error), ExitStatus.FAILED)
    except SafetensorError as error:
        return _fail(_told_of_weights(error), ExitStatus.FAILED)
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(json.dumps(outcome.report, ensure_ascii=False, default=str) + "\n")
    return int(outcome.status)


def _fail(message: str, status: ExitStatus) -> int:
    sys.stderr.write(f"error: {on_one_line(message)}\n")
    return int(status)


def _told(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in NO_ROOM:
        return f"the disk is full{where}: {GO_ON}"
    return f"{error.strerror or error}{where}"


def _told_of_weights(error: Exception) -> str:
    """What is said of an error of the library that writes weights, which names the system's number."""
    said = str(error)
    if any(f"os error {number})" in said for number in NO_ROOM):
        return f"the disk is full: {GO_ON}"
    return said


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
GO_ON = "make room and run the same command again, it goes on where it was"

MANUAL = textwrap.dedent(
    """\
    Train the bot: a corpus from a scraped blog, a generator tuned on it, and heads that learn what readers
    like.

    Every command reads the bot's configuration (--config; the sections blog, generator and training), can be
    stopped at any moment and run again, gives the same result from the same seed, and ends in a report:
    report.json beside what it made, and the same as the last line of standard output."""
)

EPILOG = textwrap.dedent(
    """\
    From a backup to a bot:

      tumblr-backup --json my-blog
      python -m training prepare --out corpus my-blog
      python -m training generator --corpus corpus --base openai-community/gpt2 --out model
      python -m training sentiment --model model --corpus corpus
      python -m training notes --out notes
      python -m training selector --model model --notes notes
      python generator_service.py --check

    and every week, from cron or a systemd timer (deploy/systemd/):

      python -m training weekly --model model --notes notes

    Exit statuses: 0 done; 2 wrong usage or configuration; 3 the input does not suffice; 4 not promoted,
    because not better; 75 another run holds the lock; 1 anything else. python -m training COMMAND --help says
    more of each; docs/training.md tells it as a story."""
)
