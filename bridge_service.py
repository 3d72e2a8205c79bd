"""The switchboard: durable jobs between tumbl.py, the generators and the selector.

It listens on this machine alone unless the configuration says otherwise, and keeps everything in its
database: it may be killed at any moment and started again, and nothing that it has acknowledged is lost.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from flask import Flask

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown, SteadyClock, configure_logging
from bot_process import load_process_config, parse_process_arguments, run_process
from munging.prompts.times import format_time
from switchboard.app import create_app
from switchboard.job_factory import JobRules
from switchboard.serving import Server
from switchboard.settings import SwitchboardConfig
from switchboard.store import (
    DatabaseUrlError,
    JobStore,
    SchemaTooNew,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)

SWEEP_SECONDS = 30.0
DATABASE_SECONDS = 600.0
"""A database server that is not up by then is for a human to look at."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to reach it; the first is doubled up to the longest."""
GRACE_SECONDS = 8.0  # requests that are being answered have five of them
SECRETS = (
    *(f"switchboard.{role}_token" for role in ("client", "generator", "selector", "console")),
    "switchboard.clients",
)

DATABASE_HINT = "look at switchboard.database_url in the configuration"

Clock = Callable[[], float]
"""Tells unix seconds."""

log = structlog.get_logger()


def main(argv: list[str] | None = None, clock: Clock | None = None) -> int:
    """Serve until SIGTERM or SIGINT; without a clock of its caller's, in this machine's time."""
    arguments = parse_process_arguments(__doc__ or "", argv)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("bridge", config.log_level)
    check_tokens(config.switchboard)
    shutdown = Shutdown(GRACE_SECONDS).install()
    clock = clock or SteadyClock()
    store = wait_for_store(config, clock, shutdown)
    if store is None:
        return 0
    try:
        server = listen(create_app(store, config.switchboard, job_rules(config), clock), config.switchboard)
        log.info("listening", host=config.switchboard.listen_host, port=server.port)
        sweeper = threading.Thread(target=_sweep_until, args=(store, shutdown), name="sweeper")
        sweeper.start()
        server.serve(shutdown.requested.is_set)
        sweeper.join()
    finally:
        store.close()
    log.info("stopped")
    return 0


def check_tokens(settings: SwitchboardConfig) -> None:
    """Raise FatalError if a role has no token, or one that is not its own."""
    problem = settings.token_problem(serving=True)
    if problem is not None:
        raise FatalError(*problem)


def wait_for_store(
    config: Config, clock: Clock, shutdown: Shutdown, elapsed: Callable[[], float] = time.monotonic
) -> JobStore | None:
    """The job store, as soon as its database is there; None when the process is to stop first.

    A database server may come up later than this process, and a full disk is waited for until it has room.
    Raises FatalError if the database cannot be used, or is not there after so long.
    """
    end, pause = elapsed() + DATABASE_SECONDS, FIRST_PAUSE
    while True:
        try:
            return open_store(config, clock)
        except StoreUnavailable as error:
            if elapsed() >= end and not isinstance(error, StoreFull):
                raise FatalError(str(error), DATABASE_HINT) from None
            log.warning("database not available", reason=str(error), hint="waiting for it")
        if shutdown.wait(pause):
            return None
        pause = min(pause * 2, LONGEST_PAUSE)


def open_store(config: Config, clock: Clock) -> JobStore:
    """The job store; raises FatalError if its database cannot be used.

    Raises StoreUnavailable if its database is on a server that cannot be reached, or its disk is full.
    """
    zone = ZoneInfo(config.blog.timezone)

    def written_now() -> str:
        return format_time(datetime.fromtimestamp(clock(), zone), "v10")

    try:
        return JobStore(config.switchboard, clock=clock, written_now=written_now)
    except StoreRefused as error:
        raise FatalError(str(error), DATABASE_HINT) from None
    except StoreUnavailable as error:
        if not config.switchboard.database_url.startswith("sqlite") or isinstance(error, StoreFull):
            raise
        raise FatalError(str(error), DATABASE_HINT) from None
    except (DatabaseUrlError, SchemaTooNew, OSError) as error:
        raise FatalError(str(error), DATABASE_HINT) from None


def job_rules(config: Config) -> JobRules:
    """What decides how many candidates are written, how one is drawn, and what is refused."""
    return JobRules(
        config.candidates,
        config.selection,
        config.mood,
        prim_askers=frozenset(name.lower() for name in config.screening.strict_language_users),
        mentionable=_mentionable(config),
    )


def _mentionable(config: Config) -> frozenset[str] | None:
    """Who may be mentioned in any text; None: everybody."""
    if config.candidates.mentions == "anyone":
        return None
    return frozenset(name.lower() for name in config.blog.names)


def listen(app: Flask, config: SwitchboardConfig) -> Server:
    """Take the port; raises FatalError if something else has it."""
    try:
        return Server(app, config)
    except OSError as error:
        where = f"{config.listen_host} port {config.port}"
        hint = "stop what uses it, or choose another switchboard.port"
        raise FatalError(f"cannot listen on {where} ({error.strerror or error})", hint) from None


def _sweep_until(store: JobStore, shutdown: Shutdown) -> None:
    while not shutdown.wait(SWEEP_SECONDS):
        try:
            swept = store.sweep()
        except StoreUnavailable as error:
            log.warning("could not sweep", reason=str(error))
            continue
        if swept:
            log.info("swept", **{what.replace(" ", "_"): count for what, count in swept.items()})


def command() -> int:
    """Run as the console script does: a FatalError is one line and exit status 2."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(command())
