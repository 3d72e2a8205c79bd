"""Several key sets used as one: the ones that may post as the blog, and those of the dashboard account.

In each pass the key set with the most calls to spare is used. When it is used up in the middle of a pass,
the next best goes on with the same call: tumblr refused it, so it was not carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import structlog

from tumblr.api.errors import LimitReached, Unauthorized
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, WriteMethod, WriteRequest

log = structlog.get_logger()

T = TypeVar("T")


class Group(StrEnum):
    """Whose key sets a call may be made with."""

    BASE = "base"
    """Those that may post as the blog."""

    DASHBOARD = "dashboard"
    """Those of the account that owns the dashboard."""

    ANY = "any"


@dataclass(frozen=True)
class KeySet:
    """One key set: what is left of its calls, and the ways to use it."""

    name: str
    """How the log calls it."""

    group: Group
    budget: Budget
    """Shared by the key sets of one application: tumblr counts an application's calls together."""

    read: ReadRequest
    write: WriteRequest | None = None


class Pool:
    """The key sets in the order of preference."""

    def __init__(self, key_sets: Iterable[KeySet]) -> None:
        self._ranked = list(key_sets)

    def key_sets(self, group: Group = Group.ANY) -> list[KeySet]:
        """Those of a group, the preferred first."""
        return [one for one in self._ranked if group in (Group.ANY, one.group)]

    def applications(self, group: Group = Group.ANY) -> list[KeySet]:
        """Of each application the preferred key set of a group."""
        found: dict[int, KeySet] = {}
        for one in self.key_sets(group):
            found.setdefault(id(one.budget), one)
        return list(found.values())

    @property
    def calls(self) -> int:
        """Calls sent with all of them so far."""
        return sum(one.budget.calls for one in self.applications())

    @property
    def clock_behind(self) -> float:
        """Seconds that tumblr's clock is behind ours, by the answer that says the most."""
        return max((one.budget.clock_behind for one in self.applications()), default=0.0)

    def pause(self, calls: int) -> float:
        """Seconds that so many calls as a member of the blog should take, for the rest to last; mostly 0."""
        return min((one.budget.pause(calls) for one in self.key_sets(Group.BASE)), default=0.0)

    def prefer(self, rates: Mapping[str, float], *, by_group: bool = False) -> None:
        """Order them by calls per second to spare (by name), the highest first.

        ``by_group`` puts all key sets of the group first that has more to spare in sum. That another
        application is used is said when the one before has nothing to spare any more; else they take turns.
        """
        before = {group: self.key_sets(group)[:1] for group in (Group.ANY, Group.BASE)}
        of_group = {group: self._sum_of(group, rates) for group in (Group.BASE, Group.DASHBOARD)}

        def place(one: KeySet) -> tuple[float, float]:
            return -of_group[one.group] if by_group else 0.0, -rates.get(one.name, 0.0)

        self._ranked.sort(key=place)
        for group, former in before.items():
            for old, new in zip(former, self.key_sets(group), strict=False):
                if old.budget is not new.budget:
                    say = log.debug if rates.get(old.name, 0.0) > 0 else log.info
                    use = "reading" if group is Group.ANY else "posting"
                    say("other key set", used_for=use, key_set=new.name)

    def _sum_of(self, group: Group, rates: Mapping[str, float]) -> float:
        return sum(rates.get(one.name, 0.0) for one in self.applications(group))

    def use(self, group: Group, call: Callable[[KeySet], T]) -> T:
        """Make a call with the first key set that has calls left; raises LimitReached when none has.

        The error then says when the first of them will have some.
        """
        shortest: LimitReached | None = None
        for one in self.key_sets(group):
            try:
                return call(one)
            except Unauthorized as error:
                raise Unauthorized(error.detail, f"tumblr.{one.group}_keys ({one.name})") from None
            except LimitReached as error:
                if one.budget.closed_for <= 0:
                    raise  # it is not about calls: another key set would be refused as well
                if shortest is None or error.retry_after_seconds < shortest.retry_after_seconds:
                    shortest = error
        if shortest is None:
            raise LimitReached(f"there is no key set for this ({group})", 3600.0)
        raise shortest


def group_for(url: str, params: Mapping[str, Any], blog: str) -> Group:
    """Whose key sets may read this.

    Of the own blog everybody may read the notes, and posts together with their notes; the rest, such as
    drafts or what a post was called before it was published, is shown to its members alone. Of other blogs
    everybody sees the same. What everybody may read is read with the key set that has most calls to spare.
    """
    if url.startswith("/v2/user/"):
        return Group.DASHBOARD
    if not url.startswith(f"/v2/blog/{blog}/"):
        return Group.ANY
    is_public = url.endswith("/notes") or ("notes_info" in params and "id" not in params)
    return Group.ANY if is_public else Group.BASE


class PooledRead:
    """Reads as a ``ReadRequest`` does, with whichever key set suits."""

    def __init__(self, pool: Pool, route: Callable[[str, Mapping[str, Any]], Group]) -> None:
        self._pool = pool
        self._route = route

    def get(self, url: str, params: Mapping[str, Any]) -> Any:
        """Read; raises an error of ``tumblr.api.errors``."""

        def read(one: KeySet) -> Any:
            asked = {**params, "api_key": one.read.consumer_key} if "api_key" in params else params
            return one.read.get(url, asked)

        return self._pool.use(self._route(url, params), read)

    @property
    def clock_behind(self) -> float:
        """Seconds that tumblr's clock is behind ours."""
        return self._pool.clock_behind

    @property
    def consumer_key(self) -> str:
        """Stands for the key of whichever key set will be used."""
        return ""


class PooledWrite:
    """Writes as a ``WriteRequest`` does, with the key set of a group that has the most calls to spare."""

    def __init__(self, pool: Pool, group: Group) -> None:
        self._pool = pool
        self._group = group

    def post(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        """Write; raises an error of ``tumblr.api.errors``."""
        return self._pool.use(self._group, lambda one: _writing(one).post(url, params))

    def upload(self, url: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Any:
        """Write with files; raises as ``post`` does."""
        return self._pool.use(self._group, lambda one: _writing(one).upload(url, fields, files))

    def send_document(
        self, method: WriteMethod, url: str, document: Mapping[str, Any], pngs: Mapping[str, bytes]
    ) -> Any:
        """Write a JSON document with the pictures that it names; raises as ``post`` does."""
        return self._pool.use(
            self._group, lambda one: _writing(one).send_document(method, url, document, pngs)
        )


def _writing(one: KeySet) -> WriteRequest:
    if one.write is None:
        raise TypeError("this key set only reads")
    return one.write
