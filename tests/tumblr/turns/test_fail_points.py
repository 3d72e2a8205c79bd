"""Fail points: inert unless the environment arms one, and then exactly that one, that often."""

from __future__ import annotations

import pytest

from tumblr.turns.fail_points import VARIABLE, FailPoint, FailPoints, Misfortune


class Died(BaseException):
    """The process would have died."""


def die() -> None:
    raise Died


def test_without_the_variable_nothing_happens() -> None:
    for environment in ({}, {VARIABLE: ""}):
        points = FailPoints.from_environment(environment)
        for point in FailPoint:
            points.reach(point)


def test_only_the_armed_point_acts() -> None:
    points = FailPoints(FailPoint.AFTER_POST, die)
    for point in set(FailPoint) - {FailPoint.AFTER_POST}:
        points.reach(point)
    with pytest.raises(Died):
        points.reach(FailPoint.AFTER_POST)


def test_it_acts_once_at_the_time_that_was_named() -> None:
    points = FailPoints.from_environment({VARIABLE: "after-intent:raise:3"})
    points.reach(FailPoint.AFTER_INTENT)
    points.reach(FailPoint.AFTER_INTENT)
    with pytest.raises(Misfortune):
        points.reach(FailPoint.AFTER_INTENT)
    points.reach(FailPoint.AFTER_INTENT)


@pytest.mark.parametrize("text", ["after-nothing", "after-post:explode", "after-intent:raise:often"])
def test_a_mistyped_variable_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        FailPoints.from_environment({VARIABLE: text})
