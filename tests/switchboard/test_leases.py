"""Leases, on both databases: who works on what until when, and what happens when nothing comes back."""

from __future__ import annotations

import pytest

from switchboard.messages import WorkerError
from switchboard.settings import SwitchboardConfig
from tests.switchboard.bench import START, Bench, choice, generation_result, scores
from tests.switchboard.conftest import MakeBench


def error(lease: str | None, text: str = "out of memory", *, blameless: bool = False) -> WorkerError:
    return WorkerError(error=text, lease=lease, blameless=blameless)


def test_single_shot_work_is_given_to_one_worker_at_a_time(bench: Bench) -> None:
    bench.raw_select()
    assert "r" in bench.poll("g1").jobs
    assert bench.poll("g2").jobs == {}
    bench.answer()
    bench.generate("a")
    assert "a" in bench.select("s1").SELECTION_PROMPT_STACK
    assert bench.select("s2").SELECTION_PROMPT_STACK == {}


def test_a_lease_says_how_long_it_lasts(bench: Bench) -> None:
    bench.raw_select()
    lease = bench.poll().jobs["r"].lease
    assert lease is not None
    assert lease.lasts_seconds == bench.settings.raw_select_lease_seconds
    assert lease.expires_at.timestamp() == START + lease.lasts_seconds
    assert lease.attempt == 1


def test_leases_of_a_job_are_numbered_whatever_became_of_them(bench: Bench) -> None:
    """So that the texts written under each can be made from a seed of their own."""
    bench.answer()

    def number(worker: str) -> int:
        lease = bench.poll(worker, batch_size=4).jobs["a"].lease
        assert lease is not None
        return lease.number

    numbers = [number(worker) for worker in ("g1", "g2")]
    bench.post("a", error(bench.lease_of("a", "g3", batch_size=4), blameless=True), "g3")
    assert [*numbers, number("g3")] == [0, 1, 3]


def test_work_whose_lease_ended_is_handed_out_again(bench: Bench) -> None:
    bench.answer()
    bench.lease_of("a", "dead")
    bench.clock.advance(bench.settings.generation_lease_seconds - 1)
    assert bench.poll("g2").jobs == {}
    bench.clock.advance(1)
    lease = bench.poll("g2").jobs["a"].lease
    assert lease is not None
    assert lease.attempt == 2


def test_a_job_survives_its_killed_generator(bench: Bench) -> None:
    bench.answer()
    bench.post("a", generation_result(5, lease=bench.lease_of("a", "dead", batch_size=5)), "dead")
    bench.lease_of("a", "dead", batch_size=5)
    bench.clock.advance(bench.settings.generation_lease_seconds)
    bench.finish("a")
    assert bench.state("a") == "finished"


def test_a_heartbeat_keeps_a_lease(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    for _ in range(5):
        bench.clock.advance(bench.settings.raw_select_lease_seconds - 1)
        renewed = bench.poll("g1", leases=[token], max_jobs=0).leases
        assert renewed == {token: bench.settings.raw_select_lease_seconds}
    assert bench.poll("g2").jobs == {}
    assert bench.line("r")["attempts"] == 0


def test_a_lease_that_is_over_is_not_renewed(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    bench.clock.advance(bench.settings.raw_select_lease_seconds)
    assert bench.poll("g1", leases=[token], max_jobs=0).leases == {}


def test_a_selector_cannot_renew_a_generators_lease(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    assert bench.select("s1", leases=[token], max_jobs=0).leases == {}


def test_an_idle_poll_with_all_leases_named_takes_nothing_away(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    assert bench.poll("g1", leases=[token]).leases == {token: 120.0}
    assert bench.poll("g2").jobs == {}


def test_a_restarted_worker_gives_back_what_its_earlier_run_held(bench: Bench) -> None:
    bench.raw_select()
    bench.poll("g1", instance="first", leases=[])
    lease = bench.poll("g1", instance="second", leases=[]).jobs["r"].lease
    assert lease is not None
    assert lease.attempt == 2


def test_a_lease_lost_with_a_reply_is_given_again_without_blame(bench: Bench) -> None:
    bench.raw_select()
    bench.poll("g1", instance="same", leases=[])
    lease = bench.poll("g1", instance="same", leases=[]).jobs["r"].lease
    assert lease is not None
    assert lease.attempt == 1


def test_a_worker_that_names_no_leases_at_all_loses_none(bench: Bench) -> None:
    bench.raw_select()
    bench.poll("g1")
    assert bench.poll("g1").jobs == {}


def test_leases_of_one_worker_do_not_concern_another(bench: Bench) -> None:
    bench.raw_select()
    bench.lease_of("r", "g1")
    assert bench.poll("g2", leases=[]).jobs == {}
    assert bench.select("g1", leases=[]).leases == {}
    assert bench.poll("g3").jobs == {}


def test_a_reported_failure_ends_the_lease_at_once_and_counts(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    assert bench.post("r", error(token)) == "accepted"
    assert bench.post("r", error(token)) == "stale_lease"
    assert bench.line("r")["attempts"] == 1
    assert bench.line("r")["error"] == "out of memory"
    assert "r" in bench.poll("g2").jobs


def test_a_failure_without_a_running_lease_is_nobodys(bench: Bench) -> None:
    bench.raw_select()
    assert bench.post("r", error(None)) == "stale_lease"
    assert bench.post("r", error("made up")) == "stale_lease"
    assert bench.post("unheard.of", error("made up")) == "unknown"
    assert bench.line("r")["attempts"] == 0


def test_a_worker_that_stops_does_not_blame_the_job(bench: Bench) -> None:
    bench.raw_select()
    assert bench.post("r", error(bench.lease_of("r"), blameless=True)) == "accepted"
    assert bench.line("r")["attempts"] == 0
    assert "r" in bench.poll("g2").jobs


@pytest.mark.parametrize("by", ["error", "silence"])
def test_after_the_last_attempt_the_job_has_failed_with_its_last_error(bench: Bench, by: str) -> None:
    bench.raw_select()
    for attempt in range(bench.settings.max_attempts):
        token = bench.lease_of("r")
        if by == "error":
            bench.post("r", error(token, f"crash {attempt}"))
        else:
            bench.clock.advance(bench.settings.raw_select_lease_seconds)
            bench.store.sweep()
    found = bench.store.result("r")
    assert (found.done, found.state, found.body) == (True, "failed", None)
    assert found.error is not None
    assert ("crash 4" if by == "error" else "without a result") in found.error
    assert bench.poll("g2").jobs == {}


def test_a_poison_job_does_not_block_those_behind_it(make_bench: MakeBench) -> None:
    bench = make_bench(SwitchboardConfig(max_attempts=3))
    bench.answer("poison")
    bench.answer("good")
    bench.generate("poison")
    bench.generate("good")
    served: list[str] = []
    while bench.state("poison") != "failed":
        (job_id, job), *_ = bench.select(max_jobs=1).SELECTION_PROMPT_STACK.items()
        assert job.lease is not None
        token = job.lease.token
        if job_id == "good":
            bench.post_choice("good", choice("good", job.kwargs.mood, lease=token))
        else:
            bench.post_choice("poison", error(token, "cannot choose"))
        served.append(job_id)
    assert served == ["poison", "good", "poison", "poison"]
    assert bench.state("good") == "finished"


def test_a_job_that_breaks_generators_does_not_block_those_behind_it(bench: Bench) -> None:
    for job_id in ("poison", "good"):
        bench.raw_select(job_id)
    lease = bench.poll(max_jobs=1).jobs["poison"].lease
    assert lease is not None
    bench.post("poison", error(lease.token))
    assert list(bench.poll("g2", max_jobs=1).jobs) == ["good"]


def test_a_job_that_is_given_up_leaves_no_lease_behind(bench: Bench) -> None:
    for job_id, ends in (("a", bench.store.cancel), ("b", bench.store.clear)):
        bench.answer(job_id)
        bench.lease_of(job_id)
        ends(job_id)
    assert bench.store.leases_by_worker() == {}


def test_a_new_stage_starts_without_failed_attempts(bench: Bench) -> None:
    bench.answer()
    for _ in range(4):
        bench.post("a", error(bench.lease_of("a")))
    bench.generate("a")
    assert bench.line("a")["attempts"] == 0


def test_late_candidates_are_taken_if_they_are_still_needed(bench: Bench) -> None:
    bench.answer()
    token = bench.lease_of("a", batch_size=13)
    bench.clock.advance(bench.settings.generation_lease_seconds + 1)
    bench.poll("other", batch_size=1)
    assert bench.post("a", generation_result(13, lease=token)) == "accepted"
    assert bench.state("a") == "generated"


def test_a_late_single_shot_result_is_taken_if_there_is_none_yet(bench: Bench) -> None:
    bench.raw_select()
    late = bench.lease_of("r", "slow")
    bench.clock.advance(bench.settings.raw_select_lease_seconds)
    second = bench.lease_of("r", "fast")
    assert bench.post("r", scores(2, lease=late, value=0.1), "slow") == "accepted"
    assert bench.post("r", scores(2, lease=second, value=0.9), "fast") == "stale_lease"
    body = bench.store.result("r").body
    assert body is not None
    assert "0.1" in body


def test_a_worker_gets_only_what_it_serves(bench: Bench) -> None:
    bench.answer()
    bench.raw_select()
    assert set(bench.poll("scorer", capabilities=["raw_select"]).jobs) == {"r"}
    assert bench.poll("poster", capabilities=["textpost"]).jobs == {}
    assert bench.poll("nothing", capabilities=[]).jobs == {}


def test_no_more_jobs_are_handed_out_than_asked_for_oldest_first(bench: Bench) -> None:
    for number in range(4):
        bench.raw_select(f"r{number}")
    assert list(bench.poll(max_jobs=2).jobs) == ["r0", "r1"]
    assert list(bench.poll(max_jobs=0).jobs) == []
    assert list(bench.poll(max_jobs=9).jobs) == ["r2", "r3"]


def test_running_leases_are_kept_over_a_restart(bench: Bench) -> None:
    bench.raw_select()
    token = bench.lease_of("r")
    bench.clock.advance(60)
    bench.restart()
    assert bench.poll("g2").jobs == {}
    assert bench.post("r", scores(2, lease=token)) == "accepted"


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_jumped_by_a_day_while_down_delays_nothing_beyond_a_lease(
    bench: Bench, jump: float
) -> None:
    bench.raw_select()
    bench.lease_of("r")
    bench.clock.advance(jump)
    bench.restart()
    bench.clock.advance(bench.settings.raw_select_lease_seconds)
    assert "r" in bench.poll("g2").jobs


def test_an_idle_poll_writes_nothing(bench: Bench) -> None:
    bench.transitions.clear()
    commits: list[int] = []
    bench.store.observe(lambda transitions: commits.append(len(transitions)))
    bench.poll("g1", leases=[], instance="x")
    bench.select("s1", leases=[], instance="x")
    bench.store.sweep()
    assert commits == []


def test_a_job_that_kills_its_worker_does_not_take_the_others_with_it(bench: Bench) -> None:
    jobs = {"poison", "a", "b", "c"}
    for job_id in ("poison", "a", "b", "c"):
        bench.raw_select(job_id)
    for run in range(20):
        handed = bench.poll("g1", instance=f"run {run}", leases=[], max_jobs=4).jobs
        if "poison" in handed:
            continue  # the worker dies with all that it holds, and comes back as another run
        for job_id in handed:
            bench.post(job_id, scores(2))
    assert {job_id: bench.state(job_id) for job_id in jobs} == {
        "poison": "failed",
        "a": "finished",
        "b": "finished",
        "c": "finished",
    }


def test_a_suspect_is_worked_on_alone(bench: Bench) -> None:
    bench.raw_select("suspect")
    bench.post("suspect", WorkerError(error="broken", lease=bench.lease_of("suspect")))
    bench.raw_select("a")
    bench.raw_select("b")
    assert set(bench.poll("g1").jobs) == {"a", "b"}
    assert set(bench.poll("g1").jobs) == set()
    assert set(bench.poll("g2").jobs) == {"suspect"}
    bench.raw_select("c")
    assert set(bench.poll("g2").jobs) == set()
    assert set(bench.poll("g1").jobs) == {"c"}
