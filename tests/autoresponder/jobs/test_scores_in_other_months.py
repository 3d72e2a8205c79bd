"""What the selector would say of a job's candidates, had they been written in other months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from autoresponder.generation.acceptance import GeneratedText
from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.generation.generator import GenerationAttempt
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.jobs.assignments import AnswerAssignment, TextpostAssignment
from autoresponder.jobs.attempts import Candidate
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.prompts import Voice
from autoresponder.jobs.report import JobReport
from autoresponder.jobs.runner import JobRunner
from autoresponder.loading import build_runner
from autoresponder.model.encoding import TextEncoder
from autoresponder.service import GeneratorWorker
from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from munging.prompts.formats import FORMATS
from munging.prompts.times import other_months
from switchboard.messages import GenerationJob, GenerationResult, WorkerError
from switchboard.polling import GeneratorAnswer, GeneratorJob
from switchboard.worker_thread import WorkerThread
from tests.autoresponder.changed import changed

PLAIN = {"review_share": 0.0, "fiction_share": 0.0}
REVIEWS = {"review_share": 1.0, "fiction_share": 0.0}


@pytest.fixture
def watchful(settings: WritingSettings) -> WritingSettings:
    return changed(settings, alternative_timestamps=True, **PLAIN)


@pytest.fixture
def timed(sample: GenerationJob) -> GenerationJob:
    times = {"v8_timestamp": "3:07 PM", "v10_timestamp": "3 PM February 2021"}
    return sample.model_copy(update=times)


def run(runner: JobRunner, job: GenerationJob) -> tuple[GenerationResult, JobReport]:
    result, report = runner.run("job", job)
    assert isinstance(result, GenerationResult)
    return result, report


def test_the_months_are_those_of_three_years_without_october() -> None:
    times = other_months("11 AM October 2023")
    assert len(times) == 33
    assert times["2019-01"] == "11 AM January 2019"
    assert times["2021-12"] == "11 AM December 2021"
    assert not any("October" in time for time in times.values())


@pytest.mark.parametrize("written", [None, "", "3:07 PM", "3 PM January"])
def test_a_time_without_month_and_year_has_no_others(written: str | None) -> None:
    assert other_months(written) == {}


@pytest.mark.parametrize("kind", ["answer", "textpost"])
def test_candidates_are_scored_in_every_month_and_the_result_stays_the_same(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    watchful: WritingSettings,
    timed: GenerationJob,
    kind: str,
) -> None:
    job = timed.model_copy(update={"type": kind})
    usual, quiet = run(JobRunner(generator, heads, changed(watchful, alternative_timestamps=False)), job)
    result, report = run(JobRunner(generator, heads, watchful), job)
    assert result == usual
    assert quiet.by_month == []
    assert [len(scores) for scores in report.by_month] == [33] * len(result.continuations)
    own = [scores["2021-02"] for scores in report.by_month]
    assert own == pytest.approx(result.selection_proba, abs=1e-4)
    assert all(len(set(scores.values())) > 1 for scores in report.by_month)


def test_another_months_text_differs_in_nothing_but_the_time(
    encoder: TextEncoder, settings: WritingSettings, timed: GenerationJob
) -> None:
    voice, time = settings.voice, "3 PM May 2019"
    answer = AnswerAssignment(timed, voice, encoder, budget=200)
    post = TextpostAssignment(timed, voice, encoder, GeneratorConfig.model_validate(PLAIN))
    words = " | Frank's tags: #rivers\n A river is a long thought."
    for assignment, start in ((answer, "#2 Frank responded:"), (post, " Frank posted:")):
        prompt = assignment.prompt(0.5)
        attempt = GenerationAttempt(
            0, prompt.ids, prompt.text, draws_of_attempt(seeded("job", 0, 0), (2.0,), 40)
        )
        candidate = Candidate(attempt, GeneratedText(words, ended=True))
        text = assignment.selector_text_at(candidate, time)
        assert f"{start}\n\n Written 3 PM May 2019 | Frank's tags: #rivers\n A river is a long" in text
        assert text.replace(time, timed.v10_timestamp) == assignment.read(candidate).selector


@pytest.mark.parametrize("case", ["no time", "review", "clock alone"])
def test_a_text_that_tells_no_month_has_no_scores_in_others(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    watchful: WritingSettings,
    timed: GenerationJob,
    case: str,
) -> None:
    job, settings = timed, watchful
    if case == "no time":
        job = timed.model_copy(update={"v10_timestamp": ""})
    elif case == "review":
        job, settings = timed.model_copy(update={"type": "textpost"}), changed(watchful, **REVIEWS)
    else:
        settings = replace(watchful, voice=Voice(FORMATS["v8"], watchful.voice.identity))
    _, report = run(JobRunner(generator, heads, settings), job)
    assert not any(report.by_month)
    assert list(report.month_lines()) == []


def test_with_the_setting_each_candidate_has_a_log_line_with_its_months(
    whole_folder: Path, timed: GenerationJob
) -> None:
    config = {"model": str(whole_folder), "device": "cpu", "threads": 1, "max_new_tokens": 40}
    config |= {"alternative_timestamps": True}
    runner, _ = build_runner(GeneratorConfig.model_validate(config), BlogConfig())
    with capture_logs() as lines:
        bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError] = WorkerThread(
            {"one": timed}, GeneratorWorker(runner).work
        )
        assert bench.wait(60)
    result = bench.collect()["one"]
    assert isinstance(result, GenerationResult)
    done, *others = lines
    assert done["event"] == "job done"
    assert {(line["event"], line["job"]) for line in others} == {("candidate in other months", "one")}
    assert [line["candidate"] for line in others] == list(range(len(result.continuations)))
    for line, score in zip(others, result.selection_proba, strict=True):
        scores = dict(pair.split(":") for pair in line["selector"].split(","))
        assert len(scores) == 33
        assert float(scores["2021-02"]) == pytest.approx(score, abs=6e-4)
