"""A worker that does jobs side by side: results go out one by one, jobs join, a broken one breaks alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from structlog.testing import capture_logs

from switchboard.messages import RawSelectResult, WorkerError
from switchboard.worker import run_bench_worker
from switchboard.worker_thread import WorkerThread, job_of
from tests.switchboard.bench import scores
from tests.switchboard.fake_switchboard import QUICK, FakeSwitchboard

ScoringBench = WorkerThread[str, RawSelectResult | WorkerError]


def run_bench(fake: FakeSwitchboard, work: Callable[[ScoringBench], None]) -> None:
    run_bench_worker(fake, work, fake.stop, QUICK)


def until(seen: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    for _ in range(2000):
        if seen():
            return
        time.sleep(0.005)
    raise AssertionError("it never came about")


def test_a_result_is_sent_while_the_other_jobs_are_worked_on() -> None:
    fake = FakeSwitchboard([{"a": 60.0, "b": 60.0}])

    def work(bench: ScoringBench) -> None:
        assert set(bench.take()) == {"a", "b"}
        bench.deliver("b", scores(1))
        until(lambda: any("b" in posted.results for posted in fake.posted))
        bench.deliver("a", scores(2))

    run_bench(fake, work)
    assert fake.delivered() == {"b": [scores(1, lease="lease-b")], "a": [scores(2, lease="lease-a")]}
    first = next(posted for posted in fake.posted if posted.results)
    assert (first.leases, first.max_jobs) == (["lease-a"], 0)


def test_a_job_joins_when_there_is_room() -> None:
    fake = FakeSwitchboard([{"a": 60.0}, {"b": 60.0}])

    def work(bench: ScoringBench) -> None:
        jobs = bench.take()
        until(lambda: bool(jobs.update(bench.take()) or "b" in jobs))
        for job_id in jobs:
            bench.deliver(job_id, scores(1))

    run_bench(fake, work)
    assert set(fake.delivered()) == {"a", "b"}
    (asked,) = [posted for posted in fake.posted if posted.leases == ["lease-a"] and posted.max_jobs]
    assert asked.max_jobs == 1


def test_two_parts_of_one_job_are_each_delivered_under_their_own_lease() -> None:
    """A worker that has room is handed the rest of the job at hand; neither part may be lost or mixed up."""
    fake = FakeSwitchboard([{"a": 60.0}, {"a": 60.0}])
    keys: list[str] = []

    def work(bench: ScoringBench) -> None:
        while len(keys) < 2:
            keys.extend(bench.take())
            time.sleep(0.005)
        assert [job_of(key) for key in keys] == ["a", "a"]
        for number, key in enumerate(keys, start=1):
            bench.deliver(key, scores(number))

    run_bench(fake, work)
    assert fake.delivered() == {"a": [scores(1, lease="lease-a"), scores(2, lease="lease-a-more")]}


def test_a_job_that_comes_too_late_to_join_is_done_next() -> None:
    fake = FakeSwitchboard([{"a": 60.0}, {"b": 60.0}])

    def work(bench: ScoringBench) -> None:
        jobs = bench.take()
        if "a" in jobs:
            bench.take()  # asks for more, and does not wait for it
            until(lambda: bool(bench.late))
        for job_id in jobs:
            bench.deliver(job_id, scores(1))

    run_bench(fake, work)
    assert fake.delivered() == {name: [scores(1, lease=f"lease-{name}")] for name in ("a", "b")}


def test_what_breaks_down_together_is_done_one_by_one() -> None:
    """The one that is to blame is reported, the others are not."""
    fake = FakeSwitchboard([{"a": 60.0, "bad": 60.0, "c": 60.0}])

    def work(bench: ScoringBench) -> None:
        jobs = bench.take()
        if "a" in jobs:
            bench.deliver("a", scores(1))
        if "bad" in jobs:
            raise MemoryError("too much")
        for job_id in jobs:
            bench.deliver(job_id, scores(2))

    with capture_logs() as logged:
        run_bench(fake, work)
    assert fake.delivered() == {
        "a": [scores(1, lease="lease-a")],
        "bad": [WorkerError(error="MemoryError: too much", lease="lease-bad")],
        "c": [scores(2, lease="lease-c")],
    }
    assert [line["event"] for line in logged if line["log_level"] != "info"] == [
        "jobs are done one by one",
        "job failed",
    ]


def test_a_job_of_which_nothing_comes_has_failed() -> None:
    fake = FakeSwitchboard([{"a": 60.0}])
    with capture_logs():
        run_bench(fake, lambda bench: bench.take().clear())
    assert fake.delivered() == {"a": [WorkerError(error="the worker gave no result", lease="lease-a")]}


def test_jobs_that_are_given_back_are_nobodys_fault() -> None:
    fake = FakeSwitchboard([{"a": 60.0, "b": 60.0}])

    def work(bench: ScoringBench) -> None:
        bench.take()
        bench.deliver("a", scores(1))
        bench.give_back("shutting down")
        bench.deliver("b", scores(1))  # it is over already

    run_bench(fake, work)
    assert fake.delivered() == {
        "a": [scores(1, lease="lease-a")],
        "b": [WorkerError(error="shutting down", blameless=True, lease="lease-b")],
    }
