"""The ways to tumblr, as the configuration says: key sets, who reads, who writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bot_config import Config
from bot_lifecycle import FatalError
from bot_network import session_for
from tumblr.api.client import (
    AccountWriter,
    TumblrDashReader,
    TumblrReader,
    TumblrWriter,
    full_blog_name,
)
from tumblr.api.key_pool import Group, KeySet, Pool, PooledRead, PooledWrite, group_for
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ApiKeys, ReadRequest, UncheckedClient, WriteRequest
from tumblr.responding.publisher import Publisher
from tumblr.sections import KeySet as KeyStrings


@dataclass(frozen=True)
class Tumblr:
    """The ways to tumblr: what reads and, unless nothing may be changed, what writes."""

    pool: Pool
    reader: TumblrReader
    dashboard: TumblrDashReader | None
    """Reads as the dashboard account; None without key sets of it."""

    publisher: Publisher | None
    learn: Callable[[KeySet], object]
    """Makes one cheap call with a key set, whose answer says how many calls it has left."""


def connect(config: Config, stack: ExitStack, clock: Callable[[], float], *, dry_run: bool) -> Tumblr:
    """Make the ways to tumblr; a dry run has none that writes. Raises FatalError without a key set."""
    settings, blog = config.tumblr, config.blog.blog_name
    npf = settings.post_format == "npf"
    if not settings.base_keys:
        raise FatalError(
            "tumblr.base_keys is empty", "enter the four strings of a key set; see docs/operating.md"
        )
    budgets: dict[str, Budget] = defaultdict(lambda: Budget(clock))
    key_sets = [
        *_key_sets(config, Group.BASE, settings.base_keys, stack, budgets, dry_run=dry_run),
        *_key_sets(config, Group.DASHBOARD, settings.dashboard_keys, stack, budgets, dry_run=dry_run),
    ]
    pool = Pool(key_sets)
    own = full_blog_name(blog)
    read = PooledRead(pool, lambda url, params: group_for(url, params, own))
    return Tumblr(
        pool,
        TumblrReader(read, blog, npf=npf),
        TumblrDashReader(PooledRead(pool, _as_dashboard), npf=npf) if settings.dashboard_keys else None,
        None if dry_run else _publisher(config, pool),
        learn=lambda one: UncheckedClient(one.read).posts(own, limit=1),
    )


def _as_dashboard(_url: str, _params: Mapping[str, Any]) -> Group:
    return Group.DASHBOARD


def _publisher(config: Config, pool: Pool) -> Publisher:
    writer = TumblrWriter(PooledWrite(pool, Group.BASE), config.blog.blog_name)
    if not config.tumblr.dashboard_keys:
        return Publisher(writer)
    return Publisher(writer, AccountWriter(PooledWrite(pool, Group.DASHBOARD)))


def _key_sets(
    config: Config,
    group: Group,
    listed: tuple[KeyStrings, ...],
    stack: ExitStack,
    budgets: Mapping[str, Budget],
    *,
    dry_run: bool,
) -> list[KeySet]:
    """The key sets of a group; ``budgets`` has one budget for each application, by its key."""
    settings = config.tumblr
    key_sets = []
    for number, strings in enumerate(listed, 1):
        keys = ApiKeys(*(getattr(strings, name).get_secret_value() for name in KeyStrings.model_fields))
        budget = budgets[keys.consumer_key]
        read = ReadRequest(
            keys,
            settings.host,
            stack.enter_context(session_for(settings.host)),
            budget,
            timeout_seconds=settings.timeout_seconds,
            max_tries=settings.max_tries,
        )
        write = None
        if not dry_run:
            patience = settings.write_timeout_seconds
            write = WriteRequest(
                keys,
                settings.host,
                stack.enter_context(session_for(settings.host)),
                budget,
                timeout_seconds=patience,
            )
        key_sets.append(KeySet(f"{group} {number}", group, budget, read, write))
    return key_sets
