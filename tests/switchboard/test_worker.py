"""The loop of a worker: nothing is lost, nothing blocks, leases are kept, and it stops when told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from switchboard.errors import (
    SwitchboardBusy,
    SwitchboardConflict,
    SwitchboardError,
    SwitchboardForbidden,
    SwitchboardRefused,
    SwitchboardUnreachable,
)
from switchboard.messages import (
    GenerationJob,
    GenerationResult,
    RawSelectJob,
    RawSelectResult,
    SelectionResult,
    WorkerError,
)
from switchboard.polling import (
    Exchanged,
    GeneratorAnswer,
    GeneratorExchange,
    GeneratorJob,
    RetainedText,
    SelectionWork,
    SelectorExchange,
)
from switchboard.worker import (
    FIRST_BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    PollTimings,
    run_worker,
)
from tests.switchboard.bench import choice, generation_result, scores
from tests.switchboard.fake_switchboard import QUICK, FakeSwitchboard, score
from tests.switchboard.service import Service


def test_a_result_goes_out_under_its_lease() -> None:
    fake = FakeSwitchboard([{"a": 60.0}])
    fake.run(score)
    assert fake.delivered() == {"a": [scores(1, lease="lease-a")]}


def test_results_are_kept_while_the_switchboard_is_away() -> None:
    away = SwitchboardUnreachable("away")
    fake = FakeSwitchboard([{"a": 60.0}, away, SwitchboardBusy("full disk", 5.0), away, away])
    with capture_logs() as logged:
        fake.run(score)
    assert fake.delivered() == {"a": [scores(1, lease="lease-a")] * 5}
    assert [seconds for seconds in fake.stop.waited if seconds] == [1.0, 2.0, 4.0, 8.0]
    assert [line["event"] for line in logged if "reach" in line["event"]] == [
        *["switchboard out of reach"] * 4, "switchboard back in reach",
    ]  # fmt: skip


def test_back_off_ends_at_a_minute() -> None:
    fake = FakeSwitchboard([SwitchboardUnreachable("away")] * 1100)
    with capture_logs():
        fake.run(score)
    assert max(fake.stop.waited) == LONGEST_BACKOFF_SECONDS
    assert min(seconds for seconds in fake.stop.waited if seconds) == FIRST_BACKOFF_SECONDS


def test_a_job_that_raises_is_reported_and_the_next_is_served() -> None:
    def handle(job_id: str, job: str) -> RawSelectResult:
        if job_id == "bad":
            raise ZeroDivisionError("a private text")
        return scores(1)

    fake = FakeSwitchboard([{"bad": 60.0}, {"good": 60.0}])
    with capture_logs() as logged:
        fake.run(handle)
    delivered = fake.delivered()
    assert delivered["bad"] == [WorkerError(error="ZeroDivisionError: a private text", lease="lease-bad")]
    assert delivered["good"] == [scores(1, lease="lease-good")]
    assert "private" not in str(logged)


def test_of_several_jobs_each_is_delivered_before_the_next_and_all_leases_are_renewed() -> None:
    fake = FakeSwitchboard([{"a": 60.0, "b": 60.0}])
    fake.run(score)
    first = next(posted for posted in fake.posted if "a" in posted.results)
    assert (first.leases, first.max_jobs) == (["lease-b"], 0)


def test_leases_are_renewed_while_the_work_goes_on() -> None:
    renewed = threading.Event()

    class Watching(FakeSwitchboard):
        def next_step(self, max_jobs: int) -> dict[str, float] | SwitchboardError:
            if max_jobs == 0 and self.posted[-1].leases == ["lease-a"]:
                renewed.set()
            return super().next_step(max_jobs)

    def handle(job_id: str, job: str) -> RawSelectResult:
        assert renewed.wait(10)
        return scores(1)

    fake = Watching([{"a": 0.3}])
    fake.run(handle)
    assert fake.delivered() == {"a": [scores(1, lease="lease-a")]}


def test_a_result_that_is_refused_does_not_hold_up_the_others() -> None:
    class Picky(FakeSwitchboard):
        def __call__(
            self,
            results: Mapping[str, RawSelectResult | WorkerError],
            leases: Sequence[str],
            *,
            max_jobs: int,
            wait_seconds: float,
        ) -> Exchanged[str]:
            answered = super().__call__(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
            if any(key == "bad" and isinstance(one, RawSelectResult) for key, one in results.items()):
                raise SwitchboardRefused(400, "wrong length", "results.bad")
            return answered

    away = SwitchboardUnreachable("away")
    fake = Picky([{"bad": 60.0, "good": 60.0}, away, away])
    with capture_logs():
        fake.run(score)
    last_of_bad = fake.delivered()["bad"][-1]
    assert isinstance(last_of_bad, WorkerError)
    assert (last_of_bad.error, last_of_bad.lease) == ("result refused: wrong length", "lease-bad")
    assert fake.delivered()["good"][-1] == scores(1, lease="lease-good")


def serve(service: Service, write: Callable[[str, int], GeneratorAnswer], jobs: int) -> Counter[str]:
    """Serve a switchboard as a generator until so many jobs were begun; how often each was."""
    begun: Counter[str] = Counter()
    stop = threading.Event()

    def handle(job_id: str, job: GeneratorJob) -> GeneratorAnswer:
        assert isinstance(job, GenerationJob)
        begun[job_id] += 1
        if begun.total() >= jobs:
            stop.set()
        return write(job_id, job.kwargs.best_of)

    exchange = GeneratorExchange(service.client("generator"), worker="gpu-1", batch_size=13)
    with capture_logs():
        run_worker(exchange, handle, stop, QUICK)
    return begun


def unfit(**fields: Any) -> GenerationResult:
    return generation_result(13).model_copy(update=fields)


@pytest.mark.parametrize(
    "result",
    [
        unfit(continuations=["a\x00"] * 13),
        unfit(continuations=["half a character \ud800"] * 13),
        unfit(mirotarg=[None]),
        unfit(selection_proba=[2.0] * 13),
        unfit(model_info={"notes": ["x" * 9_000_000]}),
    ],
    ids=["NUL", "not Unicode", "lengths", "out of range", "too large"],
)
def test_a_job_whose_results_are_refused_fails_after_its_attempts_and_the_others_are_served(
    service: Service, result: GenerationResult
) -> None:
    attempts = service.bench.settings.max_attempts
    for job_id in ("bad", "good"):
        service.bench.answer(job_id)
    begun = serve(service, lambda job, n: result if job == "bad" else generation_result(n), attempts + 1)
    assert begun == {"good": 1, "bad": attempts}
    assert service.bench.state("good") == "generated"
    failed = service.bench.store.result("bad")
    assert failed.state == "failed"
    assert "result refused" in str(failed.error)


def test_one_bad_candidate_costs_one_candidate(service: Service) -> None:
    service.bench.answer("a")
    texts = ["one", "two\x00", *(f"text {number}" for number in range(11)), "the last"]

    def write(_job: str, n: int) -> GenerationResult:
        written = [texts.pop(0) for _ in range(n)]
        return generation_result(n).model_copy(update={"continuations": written})

    serve(service, write, 2)
    assert service.bench.state("a") == "generated"
    assert service.bench.take_set("a").continuations == [
        "one",
        *(f"text {number}" for number in range(11)),
        "the last",
    ]


def test_a_selector_whose_choice_is_refused_does_not_starve_the_others(service: Service) -> None:
    bench, stop = service.bench, threading.Event()
    for job_id in ("bad", "good"):
        bench.answer(job_id)
        bench.generate(job_id)
    begun: Counter[str] = Counter()

    def choose(job_id: str, work: SelectionWork) -> SelectionResult:
        begun[job_id] += 1
        if begun.total() > bench.settings.max_attempts:
            stop.set()
        post = "bad\x00" if job_id == "bad" else "fine"
        return choice(job_id, work.job.kwargs.mood).model_copy(update={"post": post})

    with capture_logs():
        run_worker(SelectorExchange(service.client("selector"), worker="s"), choose, stop, QUICK)
    assert begun == {"good": 1, "bad": bench.settings.max_attempts}
    assert (bench.state("bad"), bench.state("good")) == ("failed", "finished")


@pytest.mark.parametrize(
    "error",
    [SwitchboardForbidden(403, "no"), SwitchboardConflict(409, "twin"), SwitchboardRefused(400, "old")],
)
def test_what_only_a_human_can_mend_is_raised(error: SwitchboardError) -> None:
    with pytest.raises(type(error)):
        FakeSwitchboard([error]).run(score)


def test_told_to_stop_it_gives_back_what_it_cannot_finish() -> None:
    never = threading.Event()
    fake = FakeSwitchboard([{"a": 60.0, "b": 60.0}])

    def handle(job_id: str, job: str) -> RawSelectResult:
        fake.stop.set()
        never.wait(20)
        return scores(1)

    fake.run(handle)
    never.set()
    given_back = fake.posted[-1].results
    assert set(given_back) == {"a", "b"}
    assert all(isinstance(one, WorkerError) and one.blameless for one in given_back.values())


def test_told_to_stop_it_still_delivers_what_is_nearly_done() -> None:
    fake = FakeSwitchboard([{"a": 60.0}])

    def handle(job_id: str, job: str) -> RawSelectResult:
        fake.stop.set()
        return scores(1)

    fake.run(handle, PollTimings(wait_seconds=0.0, idle_seconds=0.0, grace_seconds=10.0, tick_seconds=0.005))
    assert fake.delivered() == {"a": [scores(1, lease="lease-a")]}


def test_a_poll_that_could_not_wait_is_followed_by_a_rest() -> None:
    fake = FakeSwitchboard([{}, {}])
    fake.run(score, PollTimings(wait_seconds=3.0, idle_seconds=1.0))
    assert len(fake.stop.waited) == 3
    assert all(0.0 < seconds <= 1.0 for seconds in fake.stop.waited)


# --- against the real service


def test_a_generator_and_a_selector_bring_an_answer_to_its_end(service: Service) -> None:
    bench = service.bench
    bench.raw_select("r", ["one"])
    bench.answer()
    stop = threading.Event()

    def write(job_id: str, job: GeneratorJob) -> GeneratorAnswer:
        if isinstance(job, RawSelectJob):
            return scores(len(job.texts))
        assert isinstance(job, GenerationJob)
        if bench.line(job_id)["accepted"] + job.kwargs.best_of >= 13:
            stop.set()
        return generation_result(job.kwargs.best_of, text="ha")

    generator = GeneratorExchange(service.client("generator"), worker="g", batch_size=5)
    run_worker(generator, write, stop, QUICK)
    assert (bench.state("r"), bench.state("a")) == ("finished", "generated")
    assert len(bench.line("a")["continuations"]) == 13

    bench.select(retention_stack=["kept", "sunk"], max_jobs=0)
    (scoring,) = bench.poll().jobs
    bench.post(scoring, scores(2, value=0.7))
    chosen = threading.Event()
    offered: list[tuple[RetainedText, ...]] = []

    def choose(job_id: str, work: SelectionWork) -> SelectionResult:
        chosen.set()
        offered.append(work.retained)
        return choice(job_id, work.job.kwargs.mood, post=work.job.continuations[0])

    def dropped(retained: Sequence[RetainedText]) -> list[str]:
        return [one.text for one in retained if one.text == "sunk"]

    selector = SelectorExchange(service.client("selector"), worker="s", dropped=dropped)
    run_worker(selector, choose, chosen, QUICK)
    assert bench.state("a") == "finished"
    assert [one.text for one in offered[0]] == ["kept", "sunk"]
    assert bench.select().RETENTION_STACK == ["kept"]


def test_a_restarted_generator_gets_its_unfinished_work_back_at_once(service: Service) -> None:
    service.bench.raw_select()
    client = service.client("generator")
    first = GeneratorExchange(client, worker="g")({}, [], max_jobs=1, wait_seconds=0)
    again = GeneratorExchange(client, worker="g")({}, [], max_jobs=1, wait_seconds=0)
    assert set(first.jobs) == set(again.jobs) == {"r"}
    assert first.tokens != again.tokens
    assert again.lease_seconds == {"r": 120.0}
    other = GeneratorExchange(client, worker="other", capabilities=["answer"])
    assert other({}, [], max_jobs=1, wait_seconds=0).jobs == {}


def test_candidates_without_keys_get_those_of_their_lease(service: Service) -> None:
    service.bench.answer()
    exchange = GeneratorExchange(service.client("generator"), worker="g", batch_size=2)
    for _ in range(2):
        brought = exchange({}, [], max_jobs=1, wait_seconds=0)
        same = generation_result(2, lease=brought.tokens["a"], text="the same")
        assert exchange({"a": same}, [], max_jobs=0, wait_seconds=0).statuses == {"a": "accepted"}
    assert service.bench.line("a")["accepted"] == 4
