"""Passes over a sandbox that misbehaves: what was not to be had is waited for, and the rest goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot_lifecycle import Shutdown
from tests.tumblr.live_services import BLOG, Neighbours
from tumblr.build import running_bot
from tumblr.loop import Loop
from tumblr_sandbox.faults import Fault, FaultKind

PAUSE = 0.1
ERROR_PAUSE = 5 * PAUSE
LIMIT_PAUSE = 60.0


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    with Neighbours(tmp_path_factory.mktemp("limits")) as neighbours:
        yield neighbours


@pytest.fixture
def loop(near: Neighbours, tmp_path: Path) -> Iterator[Loop]:
    """A bot with a memory of its own on the account, after its first pass."""
    settings = near.config.tumblr.model_copy(update={"database": tmp_path / "tumbl.sqlite"})
    config = near.config.model_copy(update={"tumblr": settings})
    with running_bot(config, Shutdown(), dry_run=False, clock=time.time) as running:
        assert running.find() == PAUSE
        yield running
    near.driver.clear_faults()


INBOX = "*/posts/submission"


@pytest.mark.parametrize(
    ("fault", "shortest", "longest"),
    [
        (Fault(kind=FaultKind.LIMIT, path=INBOX, count=1), 1.0, 86_400.0),
        (Fault(kind=FaultKind.LIMIT, path=INBOX, count=1, headers=False), LIMIT_PAUSE, LIMIT_PAUSE),
        (Fault(kind=FaultKind.THROTTLE, path=INBOX, count=1), LIMIT_PAUSE, LIMIT_PAUSE),
        (Fault(kind=FaultKind.THROTTLE, path=INBOX, count=1, headers=False), LIMIT_PAUSE, LIMIT_PAUSE),
        (Fault(kind=FaultKind.STATUS, path=INBOX, status=500), ERROR_PAUSE, ERROR_PAUSE),
        (Fault(kind=FaultKind.STATUS, path=INBOX, status=503), ERROR_PAUSE, ERROR_PAUSE),
        (Fault(kind=FaultKind.HTML, path=INBOX), ERROR_PAUSE, ERROR_PAUSE),
        (Fault(kind=FaultKind.MALFORMED, path=INBOX), ERROR_PAUSE, ERROR_PAUSE),
        (Fault(kind=FaultKind.CUT, path=INBOX), ERROR_PAUSE, ERROR_PAUSE),
        (Fault(kind=FaultKind.CUT, path=INBOX, count=2), PAUSE, PAUSE),  # the third try gets through
        (Fault(kind=FaultKind.NO_LIMIT_HEADERS), PAUSE, PAUSE),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.headers}" if isinstance(value, Fault) else "",
)
def test_a_pass_waits_as_the_trouble_asks_for(
    near: Neighbours, loop: Loop, fault: Fault, shortest: float, longest: float
) -> None:
    near.driver.add_fault(fault)
    assert shortest - 0.1 <= loop.find() <= longest


def test_known_limits_are_not_tried_again(near: Neighbours, loop: Loop) -> None:
    near.driver.add_fault(Fault(kind=FaultKind.THROTTLE, path=INBOX))
    loop.find()
    before = len(near.driver.calls(path="/v2/*"))
    loop.find()
    assert len(near.driver.calls(path="/v2/*")) == before


def test_asks_are_found_when_it_is_over(near: Neighbours, loop: Loop) -> None:
    near.driver.add_fault(Fault(kind=FaultKind.STATUS, path=INBOX))
    near.driver.ask(BLOG, "soup?", "bob")
    loop.find()
    near.driver.clear_faults()
    loop.find()
    assert len(loop._bot.turns.open_turns()) == 1
