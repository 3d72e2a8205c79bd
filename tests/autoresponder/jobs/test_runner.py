"""Jobs from the wire to the wire, with a tiny network that writes nonsense."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import torch
from transformers import GPT2LMHeadModel

from autoresponder.errors import JobError, NotFiniteError, PromptTooLongError, WritingStoppedError
from autoresponder.generation.generator import WritingLimits
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner, acceptance_options
from autoresponder.model.encoding import TextEncoder
from autoresponder.sampling.base import TARGETS_2021
from autoresponder.settings import SamplerConfig
from munging.prompts.continuation import from_classic_continuation
from switchboard.messages import (
    GenerationJob,
    GenerationOptions,
    GenerationResult,
    Lease,
    RawSelectJob,
    RawSelectResult,
)
from tests.autoresponder.changed import changed

MOOD = {"name": "unrestricted", "min_allowed_score": -100.0, "max_allowed_score": 100.0}


def lease(token: str = "lease-1", candidates: int = 3, number: int = 0) -> Lease:
    return Lease(
        token=token,
        expires_at=datetime(2021, 2, 6, tzinfo=UTC),
        lasts_seconds=600.0,
        candidates=candidates,
        attempt=1,
        number=number,
    )


def job(
    kind: str = "answer", wanted: int = 3, token: str = "lease-1", number: int = 0, **options: object
) -> GenerationJob:
    lenient = {"best_of": wanted, "mood": MOOD, "avoid_if_under": 0, "avoid_half_if_under": 0}
    return GenerationJob(
        type=kind,
        prompt="友someuser要\nhello frank\n域" if kind == "answer" else "",
        kwargs=GenerationOptions.model_validate(lenient | options),
        base_id="base",
        v10_timestamp="3 PM February 2021",
        n_desired=wanted,
        lease=lease(token, wanted, number),
    )


def generate(runner: JobRunner, one: GenerationJob, job_id: str = "job-1") -> GenerationResult:
    result, _ = runner.run(job_id, one)
    assert isinstance(result, GenerationResult)
    return result


def test_an_answer_job_gives_scored_candidates_in_classic_form(runner: JobRunner) -> None:
    result, report = runner.run("job-1", job(wanted=6))
    assert isinstance(result, GenerationResult)
    assert len(result.continuations) == 6
    assert all(text.endswith("<|endoftext|>") and text.count("职") == 1 for text in result.continuations)
    assert set(result.mirotarg) <= set(TARGETS_2021)
    assert all(0 <= p <= 1 for p in result.selection_proba)
    assert len(set(result.sentiment_logit_diffs)) == 6
    assert result.lease == "lease-1"
    line = report.fields()
    assert line["texts"] == 6
    assert line["tries"] == 6 + sum(report.rejections.values())
    assert set(line) == {
        *(
            "kind",
            "texts",
            "prompt_tokens",
            "prompt_known",
            "prefill_ms",
            "tokens",
            "tokens_per_s",
            "tries",
            "rejected",
        ),
        *("relaxed", "mean_surprisal", "scoring_ms", "reused", "selector", "sentiment"),
    }


def test_texts_follow_from_the_jobs_id_and_the_number_of_its_lease(runner: JobRunner) -> None:
    first = generate(runner, job())
    assert generate(runner, job()) == first
    assert generate(runner, job(token="lease-2")).continuations == first.continuations
    assert generate(runner, job(number=1)).continuations != first.continuations
    assert generate(runner, job(), job_id="job-2").continuations != first.continuations


@pytest.mark.parametrize("slots", [1, 2, 9])
def test_candidates_do_not_depend_on_how_many_are_written_at_once(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    runner: JobRunner,
    slots: int,
) -> None:
    """Neither when some are rejected on the way."""
    picky = job(wanted=4, avoid_if_under=8, avoid_half_if_under=12)
    result = generate(JobRunner(generator, heads, changed(settings, batch_size=slots)), picky)
    expected = generate(runner, picky)
    assert result.continuations == expected.continuations
    assert result.selection_proba == pytest.approx(expected.selection_proba, abs=1e-4)


def test_rules_are_relaxed_and_flagged_when_nothing_passes(runner: JobRunner) -> None:
    result, report = runner.run("job-1", job(wanted=2, avoid_if_under=1000))
    assert isinstance(result, GenerationResult)
    assert len(result.continuations) == 2
    assert report.tries == 10
    assert report.relaxed == ("rather_short", "too_short")
    assert result.model_info["relaxed_rules"] == ["rather_short", "too_short"]


def test_forced_tags_stand_first(runner: JobRunner) -> None:
    result = generate(runner, job(forced_tags_string="#soup, #food"))
    for text in result.continuations:
        assert from_classic_continuation(text).tags[:2] == ("soup", "food")


def test_the_cut_to_the_final_exchange_changes_selector_scores_only(runner: JobRunner) -> None:
    chain = "友alice会first post域my comment友bob会bob text域"
    whole, cut = (
        generate(runner, job(selector_cut_to_final_exchange=cut).model_copy(update={"prompt": chain}))
        for cut in (False, True)
    )
    assert whole.continuations == cut.continuations
    assert whole.sentiment_logit_diffs == pytest.approx(cut.sentiment_logit_diffs, abs=1e-4)
    assert whole.selection_proba != cut.selection_proba


def test_original_posts_are_drawn_by_their_shares(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    def textposts(share: float) -> GenerationResult:
        writing = changed(settings, review_share=0.0, fiction_share=share)
        runner = JobRunner(generator, heads, writing)
        return generate(runner, job("textpost", wanted=5), "job-2")

    fiction, plain, mixed = (textposts(share) for share in (1.0, 0.0, 0.5))
    tagged = [
        ["original fiction" in "".join(from_classic_continuation(text).tags) for text in result.continuations]
        for result in (fiction, plain, mixed)
    ]
    assert all(tagged[0])
    assert not any(tagged[1])
    assert len(set(tagged[2])) == 2
    assert not any("Frank posted" in text or "Written 3 PM" in text for text in plain.continuations)


def test_raw_select_scores_each_text_as_it_would_alone(runner: JobRunner) -> None:
    texts = ["a river职#a", "友alice会first post友bob会second域", "翰a much longer text about rivers " * 3]
    result, report = runner.run("job-1", RawSelectJob(texts=texts, lease=lease()))
    assert isinstance(result, RawSelectResult)
    assert report.fields()["kind"] == "raw_select"
    assert "tries" not in report.fields()
    for i, text in enumerate(texts):
        alone, _ = runner.run("job-2", RawSelectJob(texts=[text], lease=lease()))
        assert isinstance(alone, RawSelectResult)
        assert result.selection_proba[i] == pytest.approx(alone.selection_proba[0], abs=1e-4)
        assert result.sentiment_logit_diffs[i] == pytest.approx(alone.sentiment_logit_diffs[0], abs=1e-4)


def test_the_time_reaches_the_selector_alone(runner: JobRunner) -> None:
    early, late = (
        runner.run("job-1", RawSelectJob(texts=["a river"], v10_timestamp=time))[0]
        for time in ("3 PM February 2021", "4 AM May 2021")
    )
    assert isinstance(early, RawSelectResult)
    assert isinstance(late, RawSelectResult)
    assert early.selection_proba != late.selection_proba
    assert early.sentiment_logit_diffs == pytest.approx(late.sentiment_logit_diffs, abs=1e-4)


def test_a_result_says_what_wrote_it(runner: JobRunner, generator: GeneratorModel) -> None:
    info = generate(runner, job()).model_info
    assert info["model_name"] == f"tiny@{generator.identity.sha256[:12]}"
    assert {"ckpt_select", "ckpt_sentiment", "hparams_select", "hparams_select_sentiment"} <= set(info)
    assert info["ckpt_select"] != info["ckpt_sentiment"]
    sampling = info["sampling_info"]
    assert isinstance(sampling, dict)
    assert (sampling["MIRO"], sampling["T"], sampling["pre_continue_T"]) == (True, 1.0, 0.9)
    assert "relaxed_rules" not in info


def test_without_mirostat_candidates_have_no_target(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    settings = changed(settings, sampler=SamplerConfig(name="breakruns"))
    assert generate(JobRunner(generator, heads, settings), job()).mirotarg == [None] * 3


def test_a_prompt_too_long_for_the_context_is_shortened_or_fails_alone(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings, runner: JobRunner
) -> None:
    long = job().model_copy(update={"prompt": f"友someuser要\n{'hello frank ' * 200}\n域"})
    _, report = runner.run("job-1", long)
    assert report.fields()["prompt_tokens"] == 252 - 40
    cramped = replace(settings, limits=WritingLimits(context=60, window=40, max_new=40))
    with pytest.raises(PromptTooLongError):
        JobRunner(generator, heads, cramped).run("job-1", long)


def test_a_network_that_breaks_fails_the_job(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    network: GPT2LMHeadModel,
) -> None:
    broken = copy.deepcopy(network)
    broken.transformer.ln_f.weight.data.fill_(torch.nan)
    with pytest.raises(NotFiniteError):
        JobRunner(replace(generator, network=broken), heads, settings).run("job-1", job())


@pytest.mark.parametrize(
    ("error", "becomes", "says"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), JobError, r"lower generator\.batch_size"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory"),
            JobError,
            r"lower generator\.batch_size",
        ),
        (RuntimeError("could not create a primitive"), JobError, r"lower generator\.batch_size"),
        (MemoryError(), JobError, r"lower generator\.batch_size"),
        (RuntimeError("shapes differ"), RuntimeError, "shapes differ"),
    ],
    ids=["GPU", "CPU", "oneDNN", "Python", "a mistake of ours"],
)
def test_too_little_memory_fails_the_job_and_the_next_one_is_done(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    error: Exception,
    becomes: type[Exception],
    says: str,
) -> None:
    failures = iter([error])

    def exhausted() -> bool:
        for failure in failures:
            raise failure
        return False

    runner = JobRunner(generator, heads, settings, stop=exhausted)
    with pytest.raises(becomes, match=says):
        runner.run("job-1", job())
    result, _ = runner.run("job-1", job())
    assert result == JobRunner(generator, heads, settings).run("job-1", job())[0]


def test_a_job_is_left_when_the_process_is_to_stop(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    with pytest.raises(WritingStoppedError):
        JobRunner(generator, heads, settings, stop=lambda: True).run("job-1", job())


def test_the_acceptance_options_are_the_jobs(encoder: TextEncoder) -> None:
    given: dict[str, Any] = {
        "avoid_if_under": 7,
        "avoid_half_if_under": 9,
        "avoid_if_over": 60,
        "avoid_if_cut_off": True,
        "split_on_control_char": False,
        "avoid_initial_blockquote": False,
        "avoid_if_profane": True,
        "allowed_mentions": ["frank"],
    }
    assert vars(acceptance_options(job(**given).kwargs)) == given


def test_a_retry_finds_its_prompt_known(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    sample: GenerationJob,
) -> None:
    """All of the prompt but its last token, which is the first to be stepped."""
    runner = JobRunner(generator, heads, changed(settings, prompt_cache_mib=10))
    first, again = (runner.run(job_id, sample)[1].fields() for job_id in ("job", "job again"))
    assert first["prompt_known"] == 0
    assert again["prompt_known"] == again["prompt_tokens"] - 1  # type: ignore[operator]
