"""Trouble with one thing: logged, left alone for longer and longer, and no trouble of the others."""

from __future__ import annotations

import pytest
import structlog

from tumblr.api.errors import StoreError, TumblrUnavailable
from tumblr.turns.quarantine import MOST_LOOKS, Quarantine


def fail() -> int:
    raise RuntimeError("soup")


def test_what_goes_well_is_given_back() -> None:
    assert Quarantine().run("a", lambda: 7) == 7


def test_what_fails_is_logged_and_the_others_go_on() -> None:
    isolation = Quarantine()
    with structlog.testing.capture_logs() as logged:
        assert isolation.run("a", fail) is None
        assert isolation.run("b", lambda: 7) == 7
    assert [(event["event"], event["about"], event["failures"]) for event in logged] == [
        ("left alone", "a", 1)
    ]
    assert str(logged[0]["exc_info"]) == "soup"


def test_it_is_left_alone_for_longer_and_longer() -> None:
    isolation = Quarantine()
    with structlog.testing.capture_logs() as logged:
        for _ in range(1 + 1 + 1 + 2 + 1 + 4 + 1):
            isolation.run("a", fail)
    assert [event["looks"] for event in logged] == [1, 2, 4, 8]


def test_never_for_more_than_so_many_looks() -> None:
    isolation = Quarantine()
    with structlog.testing.capture_logs() as logged:
        for _ in range(10 * MOST_LOOKS):
            isolation.run("a", fail)
    assert logged[-1]["looks"] == MOST_LOOKS


def test_a_success_ends_it() -> None:
    isolation = Quarantine()
    isolation.run("a", fail)
    assert isolation.run("a", lambda: 7) is None
    assert isolation.run("a", lambda: 7) == 7
    with structlog.testing.capture_logs() as logged:
        isolation.run("a", fail)
    assert logged[0]["failures"] == 1


@pytest.mark.parametrize("error", [TumblrUnavailable("down"), StoreError("full")])
def test_what_is_not_about_one_thing_is_raised(error: Exception) -> None:
    def fail_all() -> None:
        raise error

    with pytest.raises(type(error)):
        Quarantine().run("a", fail_all)
