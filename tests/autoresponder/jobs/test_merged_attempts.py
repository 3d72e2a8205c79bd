"""Jobs that share a batch: each comes out as it would alone, whatever becomes of the others."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import pytest
from transformers import GPT2LMHeadModel

from autoresponder.errors import JobError, NotFiniteError, PromptTooLongError, WritingStoppedError
from autoresponder.generation.generator import WritingLimits
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.model.cpu_linear import pack_linears
from switchboard.messages import GenerationJob, GenerationResult, RawSelectJob, RawSelectResult
from tests.autoresponder.changed import changed

Outcomes = dict[str, Done | JobError]


@pytest.fixture
def some_jobs(sample: GenerationJob) -> dict[str, Job]:
    """Answers to different threads, one twice; a post of the bot's own; texts to be scored."""
    prompts = ["友someuser要\nhello frank\n域", "友alice会first post域my comment友bob会bob text域"]
    sample = sample.model_copy(update={"kwargs": sample.kwargs.model_copy(update={"best_of": 2})})
    answers = [sample.model_copy(update={"prompt": prompt}) for prompt in [*prompts, prompts[0]]]
    picky = sample.kwargs.model_copy(update={"best_of": 2, "avoid_if_under": 8})
    return {
        "one": answers[0],
        "two": answers[1].model_copy(update={"kwargs": picky}),
        "three": answers[2],
        "post": sample.model_copy(update={"type": "textpost", "prompt": ""}),
        "scores": RawSelectJob(texts=["a river职#a", "hello frank"]),
    }


def together(runner: JobRunner, jobs: Mapping[str, Job]) -> Outcomes:
    outcomes: Outcomes = {}
    runner.run_together(jobs, outcomes.__setitem__)
    assert set(outcomes) == set(jobs)
    return outcomes


def check_like_alone(outcomes: Outcomes, runner: JobRunner, jobs: Mapping[str, Job]) -> None:
    for job_id, job in jobs.items():
        alone, _ = runner.run(job_id, job)
        outcome = outcomes[job_id]
        assert not isinstance(outcome, JobError)
        result = outcome[0]
        if isinstance(result, GenerationResult):
            assert isinstance(alone, GenerationResult)
            assert result.continuations == alone.continuations
            assert result.mirotarg == alone.mirotarg
        assert result.selection_proba == pytest.approx(alone.selection_proba, abs=1e-4)
        assert result.sentiment_logit_diffs == pytest.approx(alone.sentiment_logit_diffs, abs=1e-3)


@pytest.mark.parametrize("slots", [1, 3, 16])
def test_each_job_comes_out_as_it_would_alone(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
    slots: int,
) -> None:
    outcomes = together(JobRunner(generator, heads, changed(settings, batch_size=slots)), some_jobs)
    check_like_alone(outcomes, JobRunner(generator, heads, settings), some_jobs)


def test_with_a_prompt_cache_too(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
) -> None:
    caching = JobRunner(generator, heads, changed(settings, prompt_cache_mib=10))
    plain = JobRunner(generator, heads, settings)
    together(caching, some_jobs)
    check_like_alone(together(caching, some_jobs), plain, some_jobs)  # now every prompt is known


def test_in_int8_too(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
) -> None:
    """Activations are quantised row by row, so neighbours do not matter."""
    quantised = copy.deepcopy(generator.network)
    pack_linears(quantised, "int8")
    runner = JobRunner(replace(generator, network=quantised), heads, changed(settings, batch_size=16))
    check_like_alone(together(runner, some_jobs), runner, some_jobs)


def test_a_job_is_delivered_as_soon_as_it_is_done(runner: JobRunner, some_jobs: dict[str, Job]) -> None:
    """Scores at once, then of jobs of one size the oldest first: the slots are its own before another's."""
    assert list(together(runner, some_jobs))[:2] == ["scores", "one"]


def test_small_jobs_do_not_wait_for_a_large_one_nor_it_for_ever_for_them(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    sample: GenerationJob,
) -> None:
    """One text at a time: the large job has one of three when it is overtaken, by three jobs and no more."""

    def asking(count: int) -> GenerationJob:
        return sample.model_copy(update={"kwargs": sample.kwargs.model_copy(update={"best_of": count})})

    jobs: dict[str, Job] = {"large": asking(3), **{name: asking(1) for name in "abcde"}}
    outcomes = together(JobRunner(generator, heads, changed(settings, batch_size=1)), jobs)
    assert list(outcomes) == ["a", "b", "c", "large", "d", "e"]
    check_like_alone(outcomes, JobRunner(generator, heads, settings), jobs)


def test_figures_are_each_jobs_own(runner: JobRunner, some_jobs: dict[str, Job]) -> None:
    outcomes = together(runner, some_jobs)
    for job_id in ("one", "two", "three", "post"):
        outcome = outcomes[job_id]
        assert not isinstance(outcome, JobError)
        line = outcome[1].fields()
        alone = runner.run(job_id, some_jobs[job_id])[1].fields()
        for same in ("prompt_tokens", "tokens", "tries", "rejected", "mean_surprisal", "texts"):
            assert line[same] == alone[same]


def test_a_prompt_that_does_not_fit_fails_alone(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
) -> None:
    limits = WritingLimits(context=80, window=40, max_new=40)
    runner = JobRunner(generator, heads, replace(settings, limits=limits))
    post = some_jobs["post"]
    outcomes = together(runner, {"long": some_jobs["two"], "post": post})
    assert isinstance(outcomes["long"], PromptTooLongError)
    check_like_alone({"post": outcomes["post"]}, runner, {"post": post})


@pytest.mark.parametrize("slots", [3, 16])
def test_a_job_whose_numbers_break_fails_alone_and_leaves_no_trace(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
    fragile: GPT2LMHeadModel,
    slots: int,
) -> None:
    """The slots it had are used by the others' rows after it."""
    settings = changed(settings, batch_size=slots, prompt_cache_mib=10)
    poison = some_jobs["one"].model_copy(update={"prompt": "友someuser要\nhello ~ ~~ frank\n域"})
    runner = JobRunner(replace(generator, network=fragile), heads, settings)
    outcomes = together(runner, {"two": some_jobs["two"], "poison": poison, **some_jobs})
    assert isinstance(outcomes.pop("poison"), NotFiniteError)
    check_like_alone(outcomes, JobRunner(replace(generator, network=fragile), heads, settings), some_jobs)


def test_a_job_joins_while_others_are_written(runner: JobRunner, some_jobs: dict[str, Job]) -> None:
    later: list[dict[str, Job]] = [{}, *({name: some_jobs[name]} for name in ("three", "post"))]
    arrivals = iter(later)
    outcomes: Outcomes = {}
    first = {"one": some_jobs["one"]}
    runner.run_together(first, outcomes.__setitem__, lambda: next(arrivals, {}))
    joined = first | {name: some_jobs[name] for name in ("three", "post")}
    assert set(outcomes) == set(joined)
    check_like_alone(outcomes, runner, joined)


def test_a_wish_to_stop_ends_the_work_and_what_is_done_stays_done(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    some_jobs: dict[str, Job],
) -> None:
    outcomes: Outcomes = {}
    runner = JobRunner(generator, heads, settings, stop=lambda: len(outcomes) > 1)
    with pytest.raises(WritingStoppedError):
        runner.run_together(some_jobs, outcomes.__setitem__)
    assert list(outcomes) == ["scores", "one"]
    assert isinstance(outcomes["scores"], tuple)
    assert isinstance(outcomes["scores"][0], RawSelectResult)
