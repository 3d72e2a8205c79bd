"""Several key sets used as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.tumblr.fakes import FakeClock
from tumblr.api.errors import LimitReached, Refused, Unauthorized
from tumblr.api.key_pool import Group, KeySet, Pool, PooledRead, PooledWrite, group_for
from tumblr.api.rate_limits import Budget

BLOG = "frank.tumblr.com"


class FakeRequest:
    """Answers with its name, or raises what it is given."""

    def __init__(self, name: str, budget: Budget) -> None:
        self.consumer_key = name
        self._budget = budget
        self.error: Exception | None = None
        self.seen: list[Any] = []

    def get(self, _url: str, params: Mapping[str, Any]) -> Any:
        self._budget.check()
        self.seen.append(dict(params))
        if self.error is not None:
            raise self.error
        return self.consumer_key

    def post(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        return self.get(url, params or {})

    def upload(self, url: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Any:
        return self.get(url, {**fields, **files})


def make(
    clock: FakeClock, *members: tuple[str, Group], reads_only: bool = False
) -> tuple[Pool, dict[str, FakeRequest], dict[str, Budget]]:
    budgets = {name: Budget(clock) for name, _ in members}
    requests = {name: FakeRequest(name, budgets[name]) for name, _ in members}
    pool = Pool(
        KeySet(
            name,
            group,
            budgets[name],
            read=requests[name],  # type: ignore[arg-type]
            write=None if reads_only else requests[name],  # type: ignore[arg-type]
        )
        for name, group in members
    )
    return pool, requests, budgets


@pytest.fixture
def three(clock: FakeClock) -> tuple[Pool, dict[str, FakeRequest], dict[str, Budget]]:
    return make(clock, ("one", Group.BASE), ("two", Group.BASE), ("dash", Group.DASHBOARD))


def refuse(budget: Budget) -> None:
    """Let a key set be known as used up, for a minute."""
    budget.refuse({})


Three = tuple[Pool, dict[str, FakeRequest], dict[str, Budget]]


def test_the_first_of_the_group_is_used(three: Three) -> None:
    pool, _, _ = three
    assert PooledRead(pool, lambda *_: Group.ANY).get("/x", {}) == "one"
    assert PooledRead(pool, lambda *_: Group.DASHBOARD).get("/x", {}) == "dash"
    assert PooledWrite(pool, Group.BASE).post("/x", {}) == "one"
    assert PooledWrite(pool, Group.DASHBOARD).upload("/x", {}, {}) == "dash"


def test_each_pass_prefers_the_one_with_the_most_to_spare(three: Three) -> None:
    pool, _, _ = three
    pool.prefer({"one": 0.1, "two": 0.2, "dash": 0.9})
    assert PooledRead(pool, lambda *_: Group.ANY).get("/x", {}) == "dash"
    assert PooledWrite(pool, Group.BASE).post("/x", {}) == "two"


def test_the_application_key_is_that_of_the_key_set_that_is_used(three: Three) -> None:
    pool, requests, _ = three
    PooledRead(pool, lambda *_: Group.ANY).get("/x", {"api_key": "", "limit": 1})
    assert requests["one"].seen == [{"api_key": "one", "limit": 1}]


def test_when_one_is_used_up_the_next_goes_on(three: Three) -> None:
    pool, requests, budgets = three
    refuse(budgets["one"])
    assert PooledWrite(pool, Group.BASE).post("/x", {}) == "two"
    assert requests["one"].seen == []


def test_when_all_are_used_up_the_error_says_when_the_first_is_not(three: Three, clock: FakeClock) -> None:
    pool, _, budgets = three
    refuse(budgets["two"])
    clock.advance(20)
    refuse(budgets["one"])
    with pytest.raises(LimitReached) as caught:
        PooledWrite(pool, Group.BASE).post("/x", {})
    assert caught.value.retry_after_seconds == pytest.approx(40)


def test_the_days_posts_are_the_accounts_not_the_key_sets(three: Three) -> None:
    pool, requests, _ = three
    requests["one"].error = LimitReached("tumblr takes no more posts", 1800.0)
    with pytest.raises(LimitReached, match="no more posts"):
        PooledWrite(pool, Group.BASE).post("/x", {})
    assert requests["two"].seen == []


def test_other_errors_are_passed_on(three: Three) -> None:
    pool, requests, _ = three
    requests["one"].error = Refused("no")
    with pytest.raises(Refused):
        PooledWrite(pool, Group.BASE).post("/x", {})


def test_without_a_key_set_for_it_nothing_is_called(clock: FakeClock) -> None:
    pool, _, _ = make(clock, ("one", Group.BASE))
    with pytest.raises(LimitReached, match="no key set"):
        PooledRead(pool, lambda *_: Group.DASHBOARD).get("/x", {})


def test_a_key_set_that_only_reads_cannot_write(clock: FakeClock) -> None:
    pool, _, _ = make(clock, ("one", Group.BASE), reads_only=True)
    with pytest.raises(TypeError):
        PooledWrite(pool, Group.BASE).post("/x", {})


@pytest.mark.parametrize(
    ("url", "params", "group"),
    [
        (f"/v2/blog/{BLOG}/posts/submission", {}, Group.BASE),
        (f"/v2/blog/{BLOG}/posts/draft", {"reblog_info": "true"}, Group.BASE),
        (f"/v2/blog/{BLOG}/posts/queue", {}, Group.BASE),
        (f"/v2/blog/{BLOG}/notifications", {}, Group.BASE),
        (f"/v2/blog/{BLOG}/posts", {"id": "1"}, Group.BASE),
        (f"/v2/blog/{BLOG}/posts", {"limit": 50}, Group.BASE),
        (f"/v2/blog/{BLOG}/posts", {"limit": 50, "notes_info": "true"}, Group.ANY),
        (f"/v2/blog/{BLOG}/posts", {"id": "1", "notes_info": "true"}, Group.BASE),
        (f"/v2/blog/{BLOG}/notes", {"id": "1"}, Group.ANY),
        ("/v2/blog/bob.tumblr.com/posts", {"id": "1"}, Group.ANY),
        ("/v2/user/dashboard", {}, Group.DASHBOARD),
        ("/v2/user/following", {}, Group.DASHBOARD),
    ],
)
def test_who_may_read_what(url: str, params: dict[str, Any], group: Group) -> None:
    assert group_for(url, params, BLOG) is group


@pytest.mark.parametrize(
    ("group", "setting"), [(Group.BASE, "base_keys"), (Group.DASHBOARD, "dashboard_keys")]
)
def test_refused_keys_are_named_by_their_setting(clock: FakeClock, group: Group, setting: str) -> None:
    pool, requests, _ = make(clock, ("one", group))
    requests["one"].error = Unauthorized("Unable to authorize")
    with pytest.raises(Unauthorized, match=rf"\(Unable to authorize\).* tumblr\.{setting} \(one\)"):
        PooledRead(pool, lambda _url, _params: group).get("/v2/user/info", {})
