"""The bot loop: finds what it is the bot's turn to speak about, has it answered, and posts it once."""

from __future__ import annotations

import argparse
import sys

import structlog

from bot_lifecycle import Shutdown, configure_logging
from bot_network import shown_url
from bot_process import load_process_config, parse_process_arguments, run_process
from tumblr.build import running_bot

log = structlog.get_logger()

GRACE_SECONDS = 2.0
"""A call to tumblr may be waiting for its answer when the process is to stop."""

SECRETS = ("tumblr.base_keys", "tumblr.dashboard_keys", "switchboard.client_token")

DESCRIPTION = """Finds asks and empty places in the queue on tumblr, has texts written by way of the
switchboard, screens them and posts them, each exactly once. Needs API keys (tumblr.base_keys), a running
switchboard and, behind it, a generator and a selector. May be killed at any time."""


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM; the answer is the exit status."""
    arguments = parse_process_arguments(DESCRIPTION, argv, _more_arguments)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("tumbl", config.log_level)
    shutdown = Shutdown(GRACE_SECONDS).install()
    with running_bot(config, shutdown, dry_run=arguments.dry_run, waits=not arguments.once) as loop:
        log.info(
            "started",
            blog=config.blog.blog_name,
            tumblr=shown_url(config.tumblr.host),
            publishing="nothing (dry run)" if arguments.dry_run else config.tumblr.publishing,
        )
        if arguments.once:
            loop.run_once()
        else:
            loop.run()
    log.info("stopped")
    return 0


def _more_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="change nothing on tumblr and remember nothing: say what would be posted",
    )
    parser.add_argument("--once", action="store_true", help="one pass, wait for its answers, then stop")


def command() -> int:
    """Run as the console script does: a FatalError is one line and exit status 2."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(command())
