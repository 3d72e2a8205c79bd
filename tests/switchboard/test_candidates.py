"""Counting candidates, on both databases: each once, exactly as many as wanted, whoever sends them."""

from __future__ import annotations

from switchboard.job_factory import JobRules
from switchboard.messages import GenerationJob
from switchboard.settings import CandidatesConfig, SwitchboardConfig
from tests.switchboard.bench import Bench, generation_result
from tests.switchboard.conftest import MakeBench


def test_a_generator_is_handed_as_many_candidates_as_it_writes_at_once(bench: Bench) -> None:
    bench.answer()
    job = bench.poll(batch_size=8).jobs["a"]
    assert isinstance(job, GenerationJob)
    assert job.lease is not None
    assert (job.kwargs.best_of, job.lease.candidates, job.n_desired) == (8, 8, 13)


def test_candidates_under_lease_and_accepted_never_exceed_those_wanted(bench: Bench) -> None:
    bench.answer()
    counts = [bench.poll(f"g{n}", batch_size=5).jobs["a"].lease for n in range(3)]
    assert [lease.candidates for lease in counts if lease is not None] == [5, 5, 3]
    assert bench.poll("g9").jobs == {}


def test_two_generators_race_on_one_job_and_both_contribute(make_bench: MakeBench) -> None:
    bench = make_bench(None, JobRules(CandidatesConfig(answer=17), rejection_sample=()))
    bench.answer()
    contributed: dict[str, int] = {"g1": 0, "g2": 0}
    while bench.state("a") in ("submitted", "generating"):
        for worker in contributed:
            job = bench.poll(worker, batch_size=3).jobs.get("a")
            if job is None or job.lease is None:
                continue
            lease = job.lease
            keys = [f"{lease.token}:{index}" for index in range(lease.candidates)]
            result = generation_result(lease.candidates, lease=lease.token, keys=keys)
            assert bench.post("a", result, worker) == "accepted"
            assert bench.post("a", result, worker) == "duplicate"
            contributed[worker] += lease.candidates
    assert sum(contributed.values()) == 17
    assert min(contributed.values()) > 0
    assert len(bench.take_set("a").continuations) == 17


def test_posting_a_batch_again_changes_nothing_also_after_a_restart(bench: Bench) -> None:
    bench.answer()
    batch = generation_result(4, lease=bench.lease_of("a", batch_size=4))
    assert bench.post("a", batch) == "accepted"
    assert bench.post("a", batch) == "duplicate"
    bench.restart()
    assert bench.post("a", batch) == "duplicate"
    assert bench.line("a")["accepted"] == 4


def test_of_a_partly_known_batch_only_the_new_part_counts(bench: Bench) -> None:
    bench.answer()
    bench.post("a", generation_result(3, keys=["k0", "k1", "k2"]))
    assert bench.post("a", generation_result(3, keys=["k2", "k3", "k4"])) == "accepted"
    assert bench.line("a")["accepted"] == 5


def test_a_key_that_occurs_twice_in_a_batch_counts_once(bench: Bench) -> None:
    bench.answer()
    bench.post("a", generation_result(3, keys=["k", "k", "other"]))
    assert bench.line("a")["accepted"] == 2


def test_equal_texts_with_different_keys_are_two_candidates(bench: Bench) -> None:
    bench.answer()
    first = generation_result(1, keys=["one"])
    assert bench.post("a", first) == "accepted"
    assert bench.post("a", first.model_copy(update={"candidate_keys": ["two"]})) == "accepted"
    assert bench.line("a")["continuations"] == ["text 0", "text 0"]


def test_without_keys_text_and_scores_tell_candidates_apart(bench: Bench) -> None:
    bench.answer()
    batch = generation_result(1)
    assert bench.post("a", batch) == "accepted"
    assert bench.post("a", batch) == "duplicate"
    assert bench.post("a", batch.model_copy(update={"mirotarg": [2.5]})) == "accepted"


def test_candidates_beyond_those_wanted_are_dropped(bench: Bench) -> None:
    bench.answer()
    assert bench.post("a", generation_result(20)) == "accepted"
    assert bench.state("a") == "generated"
    assert bench.post("a", generation_result(1, text="late")) == "surplus"
    assert len(bench.take_set("a").continuations) == 13


def test_a_job_that_wants_none_still_gets_one(make_bench: MakeBench) -> None:
    bench = make_bench(None, JobRules(CandidatesConfig(textpost=2), rejection_sample=()))
    bench.select(retention_stack=["kept 1", "kept 2", "kept 3"])
    bench.textpost()
    job = bench.poll().jobs["t"]
    assert isinstance(job, GenerationJob)
    assert job.lease is not None
    assert (job.n_desired, job.kwargs.best_of) == (0, 1)
    assert bench.post("t", generation_result(1, lease=job.lease.token)) == "accepted"
    assert bench.state("t") == "generated"


def test_late_candidates_shrink_what_others_are_to_write(bench: Bench) -> None:
    bench.answer()
    slow = bench.lease_of("a", "slow", batch_size=8)
    bench.clock.advance(bench.settings.generation_lease_seconds)
    fast = bench.poll("fast", batch_size=8).jobs["a"].lease
    assert fast is not None
    rest = bench.poll("third", batch_size=8).jobs["a"].lease
    assert rest is not None
    assert (fast.candidates, rest.candidates) == (8, 5)
    assert bench.post("a", generation_result(8, lease=slow, text="slow"), "slow") == "accepted"
    # Five are missing now: they stay with the earlier of the two, and the other one's lease is over.
    assert bench.poll("fourth").jobs == {}
    assert bench.poll("fast", leases=[fast.token], max_jobs=0).leases
    assert not bench.poll("third", leases=[rest.token], max_jobs=0).leases
    assert bench.post("a", generation_result(8, lease=fast.token, text="fast"), "fast") == "accepted"
    assert bench.state("a") == "generated"
    assert bench.post("a", generation_result(5, lease=rest.token, text="rest"), "third") == "surplus"


def test_more_may_follow_under_one_lease(bench: Bench) -> None:
    bench.answer()
    token = bench.lease_of("a", batch_size=6)
    assert bench.post("a", generation_result(2, lease=token, text="first", more=True)) == "accepted"
    left = bench.poll("g2").jobs["a"].lease
    assert left is not None
    assert left.candidates == 13 - 6
    assert bench.post("a", generation_result(1, lease=token, text="second")) == "accepted"
    freed = bench.poll("g3").jobs["a"].lease
    assert freed is not None
    assert freed.candidates == 3


def test_the_candidate_set_is_in_order_of_arrival_with_each_ones_model(bench: Bench) -> None:
    bench.answer()
    first = generation_result(7, text="first").model_copy(update={"model_info": {"model_name": "small"}})
    bench.post("a", first)
    bench.post("a", generation_result(6, text="second"))
    job = bench.take_set("a")
    assert job.continuations == [f"first {n}" for n in range(7)] + [f"second {n}" for n in range(6)]
    assert [info["model_name"] for info in job.model_infos] == ["small"] * 7 + ["toy"] * 6
    assert job.selection_proba == [0.5] * 13
    assert job.sentiment_logit_diffs == [0.25] * 13
    assert job.mirotarg == [2.0] * 13


def test_progress_forgives_earlier_failures(make_bench: MakeBench) -> None:
    bench = make_bench(SwitchboardConfig(max_attempts=2))
    bench.answer()
    for _ in range(5):
        bench.lease_of("a", batch_size=1)
        bench.clock.advance(bench.settings.generation_lease_seconds)
        bench.post("a", generation_result(1, keys=[f"at {bench.clock.now}"]))
    assert bench.state("a") == "generating"
    assert bench.line("a")["accepted"] == 5
