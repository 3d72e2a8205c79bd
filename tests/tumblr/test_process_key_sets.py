"""A bot with the keys of several applications, and a real sandbox that counts each application's calls."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from requests_oauthlib import OAuth1Session

from bot_config import load_config
from bot_lifecycle import Shutdown
from tests.tumblr.live_services import BLOG, Neighbours
from tumblr.api.authorize import authorize
from tumblr.build import running_bot
from tumblr.loop import Loop
from tumblr_sandbox.driver import SandboxDriver

NAMES = ("consumer_key", "consumer_secret", "token", "token_secret")
HOUR = 3600.0
Keys = dict[str, str]


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    with Neighbours(tmp_path) as neighbours:
        neighbours.driver.set_checks(timestamps=False)  # the clock will be moved
        neighbours.rewrite("conversation", reblogs=False, replies=False, mentions=False)
        yield neighbours


def application(driver: SandboxDriver, developer: str) -> tuple[str, str]:
    """One more application: the two strings that its developer gets."""
    key, secret, *_ = driver.create_user(developer).strings()
    return key, secret


def key_set(driver: SandboxDriver, strings: tuple[str, str], user: str = BLOG) -> Keys:
    """The key set of an application that a user lets in."""

    def say_yes(page: str) -> str:
        with requests.get(f"{page}&user={user}", timeout=5, allow_redirects=False) as reply:
            return reply.headers["Location"]

    key, secret = strings
    with OAuth1Session(key, client_secret=secret, callback_uri="https://example.org/back") as session:
        token = authorize(session, driver.base_url, say_yes)
    return dict(zip(NAMES, (key, secret, token.token, token.secret), strict=True))


def key_sets(driver: SandboxDriver, number: int) -> list[Keys]:
    """Key sets of so many applications."""
    return [key_set(driver, application(driver, f"developer-{n}")) for n in range(number)]


@contextmanager
def bot_with(near: Neighbours, base: list[Keys], dashboard: list[Keys] | None = None) -> Iterator[Loop]:
    """A bot that lives in the sandbox's time."""
    near.rewrite("tumblr", base_keys=base, dashboard_keys=dashboard or [])
    ahead = near.driver.now() - time.time()
    clock = Clock(ahead)
    with running_bot(load_config(near.config_path), Shutdown(), dry_run=False, clock=clock) as loop:
        yield loop


class Clock:
    """Real time, so many seconds ahead."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def __call__(self) -> float:
        return time.time() + self.ahead


def calls(driver: SandboxDriver, after: int = 0) -> Counter[str]:
    """The calls that each application has made."""
    return Counter(call.consumer or "" for call in driver.calls(after=after, path="/v2/*"))


def last_call(driver: SandboxDriver) -> int:
    return max(call.number for call in driver.calls(path="/v2/*"))


def use_up(driver: SandboxDriver, keys: Keys) -> None:
    """Make all calls that an application has left."""
    url = f"{driver.base_url}/v2/blog/{BLOG}.tumblr.com/info"
    for _ in range(10_000):
        with requests.get(url, params={"api_key": keys["consumer_key"]}, timeout=5) as reply:
            if reply.status_code == requests.codes.too_many_requests:
                return
    raise AssertionError("it can still be used")


def test_calls_are_spread_over_the_applications(near: Neighbours) -> None:
    apps = key_sets(near.driver, 3)
    near.driver.set_limits(per_hour=100, per_day=5000)
    with bot_with(near, apps) as loop:
        for _ in range(15):
            loop.find()
    used = calls(near.driver)
    made = [used[app["consumer_key"]] for app in apps]
    assert sum(made) >= 30
    assert max(made) - min(made) <= 10  # a pass is made with one key set


def test_the_application_with_most_calls_left_is_used(near: Neighbours) -> None:
    worn, fresh = key_sets(near.driver, 2)
    near.driver.set_limits(per_hour=100, per_day=5000)
    url = f"{near.driver.base_url}/v2/blog/{BLOG}.tumblr.com/info"
    for _ in range(60):
        requests.get(url, params={"api_key": worn["consumer_key"]}, timeout=5).close()
    before = calls(near.driver)[worn["consumer_key"]]
    with bot_with(near, [worn, fresh]) as loop:
        for _ in range(4):
            loop.find()
    used = calls(near.driver)
    assert used[worn["consumer_key"]] - before == 1  # it was asked once what it has left
    assert used[fresh["consumer_key"]] >= 8


def test_a_key_set_that_is_used_up_rests_until_its_window_ends(near: Neighbours) -> None:
    spent, other = key_sets(near.driver, 2)
    near.driver.set_limits(per_hour=60, per_day=5000)
    with bot_with(near, [spent, other]) as loop:
        loop.find()
        use_up(near.driver, spent)
        before = last_call(near.driver)
        for _ in range(20):
            loop.find()
            if spent["consumer_key"] in calls(near.driver, before):
                break  # one call is refused, then it is known
        before = last_call(near.driver)
        ask = near.driver.ask(BLOG, "soup?", "bob")
        for _ in range(3):
            loop.find()
        assert spent["consumer_key"] not in calls(near.driver, before)
        assert [turn.input_id for turn in loop._bot.turns.open_turns()] == [ask]
        near.driver.advance(HOUR + 60)
        loop._clock.ahead += HOUR + 60  # type: ignore[attr-defined]
        before = last_call(near.driver)
        for _ in range(8):
            loop.find()
        assert spent["consumer_key"] in calls(near.driver, before)


def test_one_application_for_both_accounts_is_one_budget(near: Neighbours) -> None:
    strings = application(near.driver, "anna")
    base, dash = key_set(near.driver, strings), key_set(near.driver, strings, "bob")
    near.driver.set_limits(per_hour=100, per_day=5000)
    with bot_with(near, [base], [dash]) as loop:
        loop.find()
        use_up(near.driver, base)
        loop.find()
        before = last_call(near.driver)
        loop.find()
        assert last_call(near.driver) == before  # neither account is tried
