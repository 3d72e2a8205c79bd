"""Rate windows by a fake clock, and what a user may do in a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from bench import FakeClock, Served
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.services.limits import Limits, count_call, day_end, day_of, spend
from tumblr_sandbox.store import accounts
from tumblr_sandbox.world import World


def headers_of(frank: Any) -> dict[str, str]:
    url = f"{frank.request.host}/v2/user/info"
    with requests.get(url, auth=frank.request.oauth, timeout=5) as reply:
        prefix = "X-Ratelimit-"
        return {k.removeprefix(prefix): v for k, v in reply.headers.items() if k.startswith(prefix)}


def test_the_headers_of_the_first_calls(frank: Any) -> None:
    assert headers_of(frank) == {
        "Perhour-Limit": "1000",
        "Perhour-Remaining": "999",
        "Perhour-Reset": "3600",
        "Perday-Limit": "5000",
        "Perday-Remaining": "4999",
        "Perday-Reset": "86400",
    }
    assert headers_of(frank)["Perday-Remaining"] == "4998"


def test_reset_counts_down_in_seconds(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    headers_of(frank)
    clock.advance(100)
    later = headers_of(frank)
    assert (later["Perhour-Reset"], later["Perday-Reset"]) == ("3500", "86300")


def test_windows_start_with_the_next_call(world: World) -> None:
    limits = Limits(per_hour=3, per_day=5)

    def call(now: float) -> tuple[int, int, int, int]:
        with world.database.note() as connection:
            state = count_call(connection, "key", limits, now)
        return state.hour.remaining, state.hour.reset, state.day.remaining, state.day.reset

    assert call(1000.0) == (2, 3600, 4, 86400)
    assert call(4599.5) == (1, 1, 3, 82801)
    # The hour ended at 4600; the next call begins another, not aligned to it.
    assert call(5000.0) == (2, 3600, 2, 82400)
    assert call(8599.9) == (1, 1, 1, 78801)


def test_never_a_reset_of_zero(world: World) -> None:
    with world.database.note() as connection:
        count_call(connection, "key", Limits(), 0.0)
        assert count_call(connection, "key", Limits(), 3599.99).hour.reset == 1


def test_a_clock_set_back_begins_a_new_window(world: World) -> None:
    with world.database.note() as connection:
        count_call(connection, "key", Limits(), 10_000.0)
        assert count_call(connection, "key", Limits(), 5_000.0).hour.reset == 3600


def test_an_exhausted_key(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    driver.set_limits(per_hour=2)
    frank.info()
    frank.info()
    refused = frank.info()
    assert refused == {
        "meta": {"status": 429, "msg": "Limit Exceeded"},
        "response": [],
        "errors": [{"title": "Limit Exceeded", "code": 0, "detail": "Minor hiccup. Try again."}],
    }
    assert headers_of(frank)["Perhour-Remaining"] == "0"
    driver.set_checks(timestamps=False)
    clock.advance(3600)
    assert frank.info()["user"]["name"] == "frank"


def test_a_refused_call_does_nothing(frank: Any, driver: SandboxDriver) -> None:
    driver.set_limits(per_hour=0)
    assert frank.create_text("frank", body="<p>a</p>")["meta"]["status"] == 429
    assert driver.posts("frank") == []


def test_consumers_have_windows_of_their_own(frank: Any, driver: SandboxDriver, served: Served) -> None:
    dave = served.client(driver.create_user("dave"))
    headers_of(frank)
    assert headers_of(dave)["Perhour-Remaining"] == "999"


@pytest.mark.parametrize(
    ("moment", "day", "end"),
    [
        ("2021-02-06T04:59:59", "2021-02-05", "2021-02-06T05:00:00"),
        ("2021-02-06T05:00:00", "2021-02-06", "2021-02-07T05:00:00"),
        ("2021-07-06T03:59:59", "2021-07-05", "2021-07-06T04:00:00"),
        ("2021-03-14T12:00:00", "2021-03-14", "2021-03-15T04:00:00"),
    ],
)
def test_a_users_day_ends_at_midnight_in_new_york(moment: str, day: str, end: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    assert day_of(now) == day
    assert day_end(now) == datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp()


def test_spending(world: World) -> None:
    figures = Limits(follows_per_day=2)
    now = 1_612_600_000.0
    with world.database.write() as connection:
        for name in ("one", "two"):
            accounts.add_user(connection, name, 0)
        assert [spend(connection, 1, "follows", figures, now) for _ in range(3)] == [True, True, False]
        assert spend(connection, 2, "follows", figures, now)
        assert spend(connection, 1, "likes", figures, now)
        assert spend(connection, 1, "follows", figures, now + 86_400)


def test_the_daily_limits_of_follows_and_likes(frank: Any, driver: SandboxDriver) -> None:
    driver._call("PUT", "/limits", {"follows_per_day": 1, "likes_per_day": 1})
    assert frank.follow("bob")["blog"]["followed"] is True
    assert frank.follow("carol")["meta"]["status"] == 429
    posts = [driver.post("bob", f"<p>{n}</p>") for n in range(2)]
    found = [frank.posts("bob", id=post)["posts"][0] for post in posts]
    assert frank.like(posts[0], found[0]["reblog_key"]) == []
    assert frank.like(posts[1], found[1]["reblog_key"])["meta"]["status"] == 429
    limits = frank.send_api_request("get", "/v2/user/limits", {})["user"]
    left = {kind: limits[kind]["remaining"] for kind in ("posts", "follows", "likes")}
    assert left == {"posts": 250, "follows": 0, "likes": 0}
