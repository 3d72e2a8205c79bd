"""The operator's console: pages from which the bot is watched and run.

Optional: the other processes work without it. It knows nothing of its own but who is logged in; everything
else it asks of the bot loop, by way of the switchboard.
"""

from __future__ import annotations

import sys

import structlog

from bot_config_sources import setting_lines
from bot_lifecycle import FatalError, Shutdown, configure_logging
from bot_process import load_process_config, parse_process_arguments, run_process
from operator_console.access import Access
from operator_console.app import create_app
from operator_console.bot_link import BotLink
from operator_console.pages.live import watcher
from operator_console.parts import Parts
from operator_console.passwords import problem_of
from operator_console.serving import Server
from operator_console.sessions import SessionStore
from operator_console.settings import ConsoleConfig
from operator_console.streams import Streams
from switchboard.client import Retry, SwitchboardClient

GRACE_SECONDS = 5.0
SECRETS = ("switchboard.console_token", "console.accounts")

log = structlog.get_logger()


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    arguments = parse_process_arguments(__doc__ or "", argv)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("console", config.log_level)
    settings = config.console
    if not settings.on:
        log.info("the console is off", hint="set console.on to have one")
        return 0
    check(settings)
    if config.switchboard.console_token is None:
        raise FatalError("switchboard.console_token is not set", "draw one with: openssl rand -hex 24")
    shutdown = Shutdown(GRACE_SECONDS).install()
    client = SwitchboardClient(
        config.switchboard.address, config.switchboard.console_token, retry=Retry(attempts=2)
    )
    sessions = SessionStore(settings.database, settings.session_hours * 3600)
    try:
        server = listen(settings)
        bot = BotLink(client)
        streams = Streams(settings.streams, watcher(bot))
        access = Access(settings, sessions, server.port)
        app = create_app(Parts(settings, access, bot, streams, setting_lines(config, arguments.config)))
        log.info("listening", host=settings.listen_host, port=server.port)
        server.serve(app, shutdown.requested.is_set, streams.close)
    finally:
        sessions.close()
        client.close()
    log.info("stopped")
    return 0


def check(settings: ConsoleConfig) -> None:
    """Raise FatalError when nobody could log in, or a stored password cannot be used."""
    if not settings.accounts:
        raise FatalError("console.accounts is empty", "enter one; see docs/console.md")
    for account in settings.accounts:
        if account.password_hash is None and settings.proxy_header is None:
            raise FatalError(
                f"{account.name} of console.accounts has no password_hash",
                "run python -m operator_console password, or set console.proxy_header",
            )
        stored = account.password_hash
        problem = None if stored is None else problem_of(stored.get_secret_value())
        if problem is not None:
            raise FatalError(
                f"the password_hash of {account.name} {problem}", "run it and enter what it says"
            )


def listen(settings: ConsoleConfig) -> Server:
    """Take the port; raises FatalError if something else has it."""
    try:
        return Server(settings)
    except OSError as error:
        where = f"{settings.listen_host} port {settings.port}"
        hint = "stop what uses it, or choose another console.port"
        raise FatalError(f"cannot listen on {where} ({error.strerror or error})", hint) from None


def command() -> int:
    """Run as the console script does: a FatalError is one line and exit status 2."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(command())
