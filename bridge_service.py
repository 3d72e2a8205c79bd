"""The switchboard: durable jobs between tumbl.py, the generators and the selector.

It listens on this machine alone unless the configuration says otherwise, and keeps everything in its
database: it may be killed at any moment and started again, and nothing that it has acknowledged is lost.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from flask import Flask

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown, configure_logging
from bot_network import is_loopback
from bot_process import load_process_config, parse_process_arguments, run_process
from munging.formats import format_time
from switchboard.app import AppSettings, create_app
from switchboard.clock import SteadyClock
from switchboard.job_factory import DraftSettings, Drawing, LeastWords
from switchboard.roles import RoleTokens
from switchboard.serving import Server, ServerSettings
from switchboard.settings import SwitchboardConfig
from switchboard.store import DatabaseUrlError, JobStore, SchemaTooNew, StoreSettings, StoreUnavailable

SWEEP_SECONDS = 30.0
SECRETS = ("switchboard.client_token", "switchboard.generator_token", "switchboard.selector_token")
SPARE_THREADS = 2  # always free for requests that bring something

log = structlog.get_logger()


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    arguments = parse_process_arguments(__doc__ or "", argv)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("bridge", config.log_level)
    tokens = role_tokens(config.switchboard)
    shutdown = Shutdown().install()
    clock = SteadyClock()
    store = open_store(config, clock)
    try:
        server = listen(create_app(store, app_settings(config, tokens), clock), config.switchboard)
        log.info("listening", host=config.switchboard.listen_host, port=server.port)
        sweeper = threading.Thread(target=_sweep_until, args=(store, shutdown), name="sweeper")
        sweeper.start()
        server.serve(shutdown.requested.is_set)
        sweeper.join()
    finally:
        store.close()
    log.info("stopped")
    return 0


def role_tokens(config: SwitchboardConfig) -> RoleTokens:
    """The tokens of the roles; raises FatalError if others could reach the service without one."""
    tokens = RoleTokens(config.client_token, config.generator_token, config.selector_token)
    if not tokens.distinct():
        raise FatalError("two roles of the switchboard share a token", "give each role a token of its own")
    if not is_loopback(config.listen_host) and not tokens.complete():
        raise FatalError(
            f"switchboard.listen_host {config.listen_host} is open to other machines, and a token is missing",
            "set switchboard.client_token, generator_token and selector_token, or listen on 127.0.0.1",
        )
    return tokens


def open_store(config: Config, clock: SteadyClock) -> JobStore:
    """The job store; raises FatalError if its database cannot be used."""
    section = config.switchboard
    settings = StoreSettings(
        generation_lease_seconds=section.generation_lease_seconds,
        raw_select_lease_seconds=section.raw_select_lease_seconds,
        selection_lease_seconds=section.selection_lease_seconds,
        max_attempts=section.max_attempts,
        delivered_retention_seconds=section.delivered_retention_seconds,
        undelivered_retention_seconds=section.undelivered_retention_seconds,
        job_expiry_seconds=section.job_expiry_seconds,
        retention_wait_seconds=section.retention_wait_seconds,
        max_open_jobs=section.max_open_jobs,
    )
    zone = ZoneInfo(config.blog.timezone)

    def written_now() -> str:
        return format_time(datetime.fromtimestamp(clock(), zone), "v10")

    try:
        return JobStore(section.database_url, settings, clock=clock, written_now=written_now)
    except (DatabaseUrlError, SchemaTooNew, StoreUnavailable, OSError) as error:
        raise FatalError(str(error), "look at switchboard.database_url in the configuration") from None


def app_settings(config: Config, tokens: RoleTokens) -> AppSettings:
    """The service's settings out of the configuration."""
    sizes = config.candidates
    return AppSettings(
        tokens=tokens,
        drafts=DraftSettings(
            answer_candidates=sizes.answer,
            fiction_or_review_candidates=sizes.fiction_or_review,
            textpost_candidates=sizes.textpost,
            rejection_discount=sizes.rejection_discount,
            growth_decimals=sizes.growth_decimals,
            retained_first=sizes.retained_first,
            strict_language_users=frozenset(u.lower() for u in config.screening.strict_language_users),
            mentionable=_mentionable(config),
            mood_ranges=config.mood.ranges,
            answer_drawing=Drawing(config.selection.answer_strategy, config.selection.answer_eps),
            textpost_drawing=Drawing(config.selection.textpost_strategy, config.selection.textpost_eps),
            least_words=LeastWords(
                answer=sizes.answer_min_words,
                answer_half=sizes.answer_half_min_words,
                fiction=sizes.fiction_min_words,
                textpost=sizes.textpost_min_words,
                textpost_half=sizes.textpost_half_min_words,
            ),
        ),
        waiting_places=config.switchboard.threads - SPARE_THREADS,
        max_body_bytes=config.switchboard.max_body_bytes,
    )


def _mentionable(config: Config) -> frozenset[str] | None:
    """Who may be mentioned in any text; None: everybody."""
    if config.candidates.mentions == "anyone":
        return None
    blog = config.blog
    names = (blog.blog_name, blog.dash_blog_name, blog.operator_name)
    return frozenset(name.lower() for name in names if name)


def listen(app: Flask, config: SwitchboardConfig) -> Server:
    """Take the port; raises FatalError if something else has it."""
    settings = ServerSettings(config.listen_host, config.port, config.threads, config.max_body_bytes)
    try:
        return Server(app, settings)
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


if __name__ == "__main__":
    sys.exit(run_process(main))
