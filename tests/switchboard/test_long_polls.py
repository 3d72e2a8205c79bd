"""Long polls: woken at once, bounded in number, holding no transaction."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import pytest

from switchboard.app import BRINGING_THREADS, READING_THREADS
from switchboard.long_polls import GENERATORS, PARTICULAR, SELECTORS, LongPoll, Notifier
from switchboard.messages import GeneratorPoll, SelectorPoll
from switchboard.store import Changes
from tests.switchboard.bench import scores
from tests.switchboard.service import Service

SOON = 5.0
LONG = 20.0
WORKERS = (GENERATORS, PARTICULAR, SELECTORS)


class Background:
    """A call in a thread, and how long it took."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.result: object = None
        self.seconds = 0.0

        def run() -> None:
            started = time.monotonic()
            self.result = call()
            self.seconds = time.monotonic() - started

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def join(self) -> object:
        self.thread.join(LONG + 5)
        assert not self.thread.is_alive()
        return self.result


def wait_for(condition: Callable[[], bool]) -> None:
    """Until a thread has got so far."""
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_waiting_client_is_woken_by_the_result(service: Service) -> None:
    service.bench.raw_select()
    waiting = Background(lambda: service.client().get_result("r", wait_seconds=LONG).state)
    wait_for(lambda: service.parts.waiting.taken == 1)
    service.bench.post("r", scores(2))
    assert waiting.join() == "finished"
    assert waiting.seconds < SOON


def test_two_clients_may_wait_for_one_job(service: Service) -> None:
    service.bench.raw_select()
    both = [Background(lambda: service.client().get_result("r", wait_seconds=LONG)) for _ in range(2)]
    wait_for(lambda: service.parts.waiting.taken == 2)
    service.bench.post("r", scores(2))
    first, second = (one.join() for one in both)
    assert first == second


def test_waiting_workers_are_woken_by_work(service: Service) -> None:
    generator = service.client("generator")
    waiting = Background(lambda: set(generator.poll_generator(GeneratorPoll(wait=LONG)).jobs))
    wait_for(lambda: service.parts.waiting.taken == 1)
    service.bench.answer()
    assert waiting.join() == {"a"}
    selector = service.client("selector")
    chooses = Background(lambda: set(selector.poll_selector(SelectorPoll(wait=LONG)).SELECTION_PROMPT_STACK))
    wait_for(lambda: service.parts.waiting.taken == 1)
    service.bench.generate("a")
    assert chooses.join() == {"a"}


def test_a_waiting_worker_gets_what_falls_free_by_time_alone(service: Service) -> None:
    service.bench.raw_select()
    service.bench.lease_of("r", "gone")
    generator = service.client("generator")
    waiting = Background(lambda: set(generator.poll_generator(GeneratorPoll(worker="g2", wait=LONG)).jobs))
    wait_for(lambda: service.parts.waiting.taken == 1)
    service.bench.clock.advance(3600)
    assert waiting.join() == {"r"}
    assert waiting.seconds < LONG / 2


def test_a_wait_that_brings_nothing_ends_in_time(service: Service) -> None:
    service.bench.raw_select()
    started = time.monotonic()
    assert service.client().get_result("r", wait_seconds=0.05).state == "submitted"
    assert service.client("generator").poll_generator(GeneratorPoll(wait=0.05, capabilities=[])).jobs == {}
    assert 0.1 <= time.monotonic() - started < SOON


def test_one_too_many_is_answered_at_once_and_others_still_get_through(service: Service) -> None:
    service.bench.raw_select()
    places = service.settings.threads - READING_THREADS - BRINGING_THREADS
    waiting = [Background(lambda: service.client().get_result("r", wait_seconds=LONG)) for _ in range(places)]
    wait_for(lambda: service.parts.waiting.taken == places)
    extra = Background(lambda: service.client().get_result("r", wait_seconds=LONG).done)
    assert extra.join() is False
    assert extra.seconds < SOON
    service.bench.answer("meanwhile")
    service.parts.notifier.close()
    for one in waiting:
        one.join()
        assert one.seconds < SOON


def test_a_change_between_looking_and_waiting_is_not_missed() -> None:
    notifier, looks = Notifier(), itertools.count()

    def look() -> int:
        number = next(looks)
        if number == 0:
            notifier.on_change(Changes(jobs={"a"}))
        return number

    started = time.monotonic()
    assert LongPoll(notifier, 1).until("a", look, bool, LONG) == 1
    assert time.monotonic() - started < SOON


def test_work_for_one_wakes_one_who_waits_for_work_and_an_end_all_who_wait_for_it() -> None:
    notifier = Notifier()
    waiting = {topic: [notifier.enter(topic) for _ in range(3)] for topic in (*WORKERS, "a", "b")}
    notifier.on_change(Changes(jobs={"a"}, generators=2, selectors=1))
    assert {topic: [one.woken.is_set() for one in line] for topic, line in waiting.items()} == {
        GENERATORS: [True, True, False],
        PARTICULAR: [True, True, True],
        SELECTORS: [True, False, False],
        "a": [True, True, True],
        "b": [False, False, False],
    }
    notifier.leave(SELECTORS, waiting[SELECTORS][0])  # woken as it went home
    assert [one.woken.is_set() for one in waiting[SELECTORS]] == [True, True, False]


def test_after_the_end_nobody_waits() -> None:
    notifier = Notifier()
    notifier.close()
    looks: list[int] = []
    LongPoll(notifier, 1).until("a", lambda: looks.append(1), lambda _found: False, LONG)
    assert looks == [1]


def test_a_place_is_given_back_when_looking_fails() -> None:
    waiting = LongPoll(Notifier(), 1)

    def fail() -> None:
        raise RuntimeError("the store is gone")

    for _ in range(3):
        with pytest.raises(RuntimeError):
            waiting.until("a", fail, lambda _found: True, 1.0)
    assert waiting.taken == 0
