"""Look into what the bot did and would do.

python -m tumblr why POST_ID      why a post was made; of an ask or a turn without a post: why not
python -m tumblr export           the whole post log, one JSON line per post
python -m tumblr export --mood    what moved the mood, as the JSON lines that python -m mood reads
python -m tumblr export --decisions    what was decided in the console, one JSON line per decision
python -m tumblr backup FILE      copy the database, also while the bot works
python -m tumblr restore FILE     put a copy in the database's place, while the bot does not work
python -m tumblr authorize        get the token of an account, once, when the bot is set up
python -m tumblr turns            how many turns there are in each state, those that failed or were skipped
python -m tumblr screening        JSON lines in, JSON lines out: may these texts be published unseen?
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from itertools import starmap
from pathlib import Path
from typing import Any

from requests_oauthlib import OAuth1Session

from bot_lifecycle import FatalError
from bot_process import load_process_config, run_process
from tumblr.api.authorize import TUMBLR, NotAuthorized, authorize
from tumblr.api.errors import StoreError
from tumblr.responding.post_log import SHOWN, decision_record, explain, explain_turn, flat_record, mood_record
from tumblr.screening.command_line import answers
from tumblr.store.backup import back_up, restore
from tumblr.store.database import Database
from tumblr.store.reviews import ReviewStore
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind, TurnState


def main(argv: list[str] | None = None) -> int:
    """Run one command; the answer is the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tumblr", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    why = _command(commands, "why", "why a post was made, or none", _why)
    why.add_argument("post_id", help="id of the post, of the ask that it answers, or of a turn")
    why.add_argument("--full", action="store_true", help="show every candidate's whole text")
    what = _command(commands, "export", "print the post log as JSON lines", _export)
    instead = what.add_mutually_exclusive_group()
    instead.add_argument(
        "--mood", action="store_true", help="print the inputs of the mood instead, for python -m mood"
    )
    instead.add_argument(
        "--decisions", action="store_true", help="print what was decided in the console instead"
    )
    _command(commands, "backup", "copy the database", _backup).add_argument(
        "file", type=Path, help="where to; must not exist"
    )
    _command(commands, "restore", "put a copy in the database's place", _restore).add_argument(
        "file", type=Path, help="a copy that backup has made"
    )
    _command(commands, "turns", "print how many turns are in each state", _turns).add_argument(
        "--skipped", action="store_true", help="print also which were skipped, and why"
    )
    token = commands.add_parser("authorize", help="get the token of an account")
    token.add_argument("--site", default=TUMBLR, help="tumblr's own address")
    token.set_defaults(run=_authorize)
    screening = commands.add_parser("screening", help="screen texts given as JSON lines")
    screening.set_defaults(run=lambda _: _print_all(answers(sys.stdin)))
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


def _command(
    commands: Any, name: str, about: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about)
    parser.add_argument("--config", type=Path, default=Path("config.json"), help="configuration file")
    parser.set_defaults(run=run)
    return parser


def _with_store(arguments: argparse.Namespace, use: Callable[[TurnStore, ReviewStore], int]) -> int:
    """Run over a copy of the database: the bot may be at work on it."""
    path = load_process_config(arguments.config, used=()).tumblr.database
    if not path.exists():
        raise FatalError(f"there is no database {path}", "run tumbl.py first, or set tumblr.database")
    try:
        with Database.read(path) as database:
            return use(TurnStore(database, time.time), ReviewStore(database, time.time))
    except StoreError as error:
        raise FatalError(str(error), "see that it is the bot's database") from None


def _why(arguments: argparse.Namespace) -> int:
    def use(store: TurnStore, _: ReviewStore) -> int:
        shown = None if arguments.full else SHOWN
        entries = store.log_entries(arguments.post_id)
        turn = store.turn_of(tuple(TurnKind), arguments.post_id)
        if not entries and turn is None:
            hint = "see python -m tumblr export, and turns --skipped"
            raise FatalError(f"the post log knows no post {arguments.post_id}", hint)
        for entry in entries:
            print(explain(entry, shown=shown))
        if not entries and turn is not None:
            print(explain_turn(turn, shown=shown))
        return 0

    return _with_store(arguments, use)


def _export(arguments: argparse.Namespace) -> int:
    def use(store: TurnStore, reviews: ReviewStore) -> int:
        if arguments.mood:
            return _print_all(map(mood_record, store.mood_inputs()))
        if arguments.decisions:
            return _print_all(starmap(decision_record, reviews.seen()))
        return _print_all(map(flat_record, store.log_entries()))

    return _with_store(arguments, use)


def _backup(arguments: argparse.Namespace) -> int:
    database = load_process_config(arguments.config, used=()).tumblr.database
    try:
        size = back_up(database, arguments.file)
    except StoreError as error:
        raise FatalError(str(error), "give the name of a file that does not exist") from None
    print(f"{database} copied to {arguments.file}, {size} bytes")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    database = load_process_config(arguments.config, used=()).tumblr.database
    try:
        kept = restore(arguments.file, database, time.time())
    except StoreError as error:
        raise FatalError(str(error), "nothing was changed") from None
    print(f"{database} is now as in {arguments.file}" + (f"; it was kept as {kept}" if kept else ""))
    return 0


def _authorize(arguments: argparse.Namespace) -> int:
    names = ("TUMBLR_CONSUMER_KEY", "TUMBLR_CONSUMER_SECRET")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise FatalError(f"{missing[0]} is not set", "register an application first; see docs/operating.md")
    key, secret = (os.environ[name] for name in names)
    with OAuth1Session(key, client_secret=secret) as session:
        try:
            token = authorize(session, arguments.site, _ask_owner)
        except NotAuthorized as error:
            raise FatalError(str(error), "then run this again") from None
    print(f"TUMBLR_TOKEN={token.token}\nTUMBLR_TOKEN_SECRET={token.secret}")
    return 0


def _ask_owner(page: str) -> str:
    print(f"Log in as the account that the bot is to act for, open this page and allow it:\n\n  {page}\n")
    return input("Then paste the whole address that the browser was sent to (it may not load): ")


def _turns(arguments: argparse.Namespace) -> int:
    def use(store: TurnStore, _: ReviewStore) -> int:
        for state, number in sorted(store.counts().items()):
            print(f"{state:<10} {number}")
        shown = [TurnState.FAILED, *([TurnState.SKIPPED] if arguments.skipped else [])]
        for turn in (turn for state in shown for turn in store.in_state(state)):
            print(f"{turn.state}: {turn.name} of {turn.who or 'nobody'}: {turn.reason}")
        return 0

    return _with_store(arguments, use)


def _print_all(records: Iterable[dict[str, Any]]) -> int:
    """Print records as JSON lines; 1 if one of them says that something went wrong."""
    failed = False
    for record in records:
        print(json.dumps(record, ensure_ascii=False))
        failed = failed or "error" in record
    return int(failed)


if __name__ == "__main__":
    sys.exit(run_process(main))
