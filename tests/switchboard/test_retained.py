"""The retention list, on both databases: one owner, scores by exact text, one transaction with the result."""

from __future__ import annotations

from switchboard.job_factory import JobRules
from switchboard.messages import GenerationJob, RawSelectJob, SelectorPollReply
from switchboard.messages.fields import MAX_RETAINED_TEXTS
from switchboard.settings import CandidatesConfig
from switchboard.store.retention import RETENTION_SCORE_AGE_SECONDS
from tests.switchboard.bench import Bench, choice, scores


def scoring_job(bench: Bench) -> tuple[str, RawSelectJob]:
    """Take the switchboard's own scoring job as a generator."""
    ((job_id, job),) = bench.poll(capabilities=["raw_select"]).jobs.items()
    assert isinstance(job, RawSelectJob)
    assert job_id.startswith("retention.")
    return job_id, job


def keep(bench: Bench, *texts: str, value: float = 0.7) -> None:
    """Put texts into the list, with scores."""
    bench.select(retention_stack=list(texts), max_jobs=0)
    job_id, job = scoring_job(bench)
    assert bench.post(job_id, scores(len(job.texts), value=value)) == "accepted"


def listed(reply: SelectorPollReply) -> dict[str, float]:
    return dict(zip(reply.RETENTION_STACK, reply.RETENTION_STACK_PROBA, strict=True))


def test_texts_are_scored_by_the_generators_before_they_are_shown(bench: Bench) -> None:
    assert listed(bench.select(retention_stack=["b", "a", "b", ""])) == {}
    job_id, job = scoring_job(bench)
    assert (job.texts, job.v10_timestamp) == (["a", "b"], "3 PM February 2021")
    bench.post(job_id, scores(2, value=0.75))
    reply = bench.select()
    assert listed(reply) == {"a": 0.75, "b": 0.75}
    assert reply.RETENTION_STACK_SENTIMENT == [1.0, 1.0]
    assert bench.state(job_id) == "unknown"


def test_texts_that_are_known_are_not_scored_again(bench: Bench) -> None:
    keep(bench, "a")
    bench.select(retention_stack=["a"])
    assert bench.poll().jobs == {}


def test_old_scores_are_made_anew_and_used_meanwhile(bench: Bench) -> None:
    keep(bench, "a", value=0.7)
    bench.clock.advance(RETENTION_SCORE_AGE_SECONDS + 1)
    bench.textpost()
    job_id, _job = scoring_job(bench)
    assert listed(bench.select()) == {"a": 0.7}
    bench.post(job_id, scores(1, value=0.8))
    assert listed(bench.select()) == {"a": 0.8}


def test_scores_in_flight_are_never_given_to_other_texts(bench: Bench) -> None:
    bench.select(retention_stack=["a", "b"], max_jobs=0)
    job_id, _job = scoring_job(bench)
    bench.select(retention_dropped=["a"], retention_stack=["c"], max_jobs=0)
    bench.post(job_id, scores(2, value=0.9))
    assert listed(bench.select()) == {"b": 0.9}
    _second, job = scoring_job(bench)
    assert job.texts == ["c"]


def test_the_chosen_text_leaves_the_list_with_the_result(bench: Bench) -> None:
    keep(bench, "a", "b")
    bench.textpost()
    bench.generate("t")
    job = bench.take_set("t")
    assert job.lease is not None
    result = choice(
        "t", job.kwargs.mood, post="a", lease=job.lease.token, chosen_retained="a", retained=["a", "new"]
    )
    assert bench.post_choice("t", result) == "accepted"
    bench.restart()
    assert listed(bench.select()) == {"b": 0.7}
    assert scoring_job(bench)[1].texts == ["new"]


def test_a_retained_text_is_chosen_once_only(bench: Bench) -> None:
    keep(bench, "a")
    for job_id in ("t1", "t2"):
        bench.textpost(job_id)
        bench.generate(job_id)
    sets = bench.select().SELECTION_PROMPT_STACK
    statuses = []
    for job_id, job in sets.items():
        assert job.lease is not None
        result = choice(job_id, job.kwargs.mood, post="a", lease=job.lease.token, chosen_retained="a")
        statuses.append(bench.post_choice(job_id, result))
    assert statuses == ["accepted", "refused"]
    assert bench.line("t2")["attempts"] == 1
    assert "t2" in bench.select().SELECTION_PROMPT_STACK


def test_dropped_texts_leave_the_list(bench: Bench) -> None:
    keep(bench, "a", "b")
    assert listed(bench.select(retention_dropped=["a", "never there"])) == {"b": 0.7}
    assert bench.store.status().retained == 1


def test_an_empty_list_needs_no_scores(bench: Bench) -> None:
    bench.select(retention_stack=[])
    bench.textpost()
    assert set(bench.poll().jobs) == {"t"}
    bench.finish("t")
    assert bench.state("t") == "finished"


def test_a_post_that_is_only_tried_out_spares_the_list(bench: Bench) -> None:
    keep(bench, "a", "b")
    bench.clock.advance(RETENTION_SCORE_AGE_SECONDS + 1)
    bench.textpost(spare_retained=True)
    (given,) = bench.poll().jobs.values()
    assert isinstance(given, GenerationJob)
    assert given.kwargs.spare_retained
    bench.textpost("earnest")
    _scores, earnest = sorted(bench.poll().jobs.values(), key=lambda one: isinstance(one, GenerationJob))
    assert isinstance(earnest, GenerationJob)
    assert earnest.n_desired == given.n_desired - 2


def test_a_text_post_waits_for_scores_a_while_and_not_for_ever(bench: Bench) -> None:
    bench.select(retention_stack=["unscored"], max_jobs=0)
    bench.textpost()
    bench.answer()
    bench.generate("t")
    bench.generate("a")
    assert set(bench.select().SELECTION_PROMPT_STACK) == {"a"}
    bench.clock.advance(bench.settings.retention_wait_seconds)
    reply = bench.select()
    assert set(reply.SELECTION_PROMPT_STACK) == {"t"}
    assert listed(reply) == {}


def test_a_text_post_goes_on_as_soon_as_the_scores_are_in(bench: Bench) -> None:
    bench.select(retention_stack=["a"], max_jobs=0)
    job_id, _job = scoring_job(bench)
    bench.textpost()
    bench.generate("t")
    assert bench.select().SELECTION_PROMPT_STACK == {}
    bench.post(job_id, scores(1))
    assert set(bench.select().SELECTION_PROMPT_STACK) == {"t"}


def test_retained_texts_make_fewer_new_candidates_necessary(bench: Bench) -> None:
    keep(bench, "a", "b", "c")
    bench.textpost()
    assert bench.line("t")["request"]["n_desired"] == 15 - 3


def test_only_retained_texts_that_fit_the_mood_count_if_the_operator_wants_it_so(bench: Bench) -> None:
    bench.rules = JobRules(
        CandidatesConfig(textpost=4, rejection_discount=0.4, retained_first=True),
        rejection_sample=(-20.0, 0.0),
    )
    keep(bench, "a", "b")  # their sentiment is 1.0
    bench.textpost("fits", mood="only_happy")  # -0.4055 and up: half of the sample is rejected
    assert bench.line("fits")["request"]["n_desired"] == 2 + round(0.4 * 2)
    bench.textpost("misfits", mood="only_sad")
    assert bench.line("misfits")["request"]["n_desired"] == 4 + round(0.4 * 12)
    keep(bench, "c", "d", "e")
    bench.textpost("enough", mood="only_happy")
    assert bench.line("enough")["request"]["n_desired"] == 1


def test_the_list_has_a_limit(bench: Bench) -> None:
    bench.select(retention_stack=[f"text {n}" for n in range(MAX_RETAINED_TEXTS)], max_jobs=0)
    bench.select(retention_stack=["one more"], max_jobs=0)
    assert bench.store.status().retained == MAX_RETAINED_TEXTS


def test_scoring_that_failed_is_tried_again_for_the_next_post(bench: Bench) -> None:
    bench.select(retention_stack=["a"], max_jobs=0)
    job_id, _job = scoring_job(bench)
    bench.store.cancel(job_id)
    bench.textpost()
    assert any(name.startswith("retention.") for name in bench.poll().jobs)
