"""Jobs whose texts a server writes: the same rules, retries and reports as with the own engine."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from transformers import PreTrainedTokenizerFast

from autoresponder.checkup import sample_job
from autoresponder.completions.client import CompletionsClient, Retries
from autoresponder.completions.prompts import BREAK
from autoresponder.completions.server import CompletionsServer
from autoresponder.errors import JobError, ServerFailedError, ServerRefusedError, WritingStoppedError
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.engines import ServedGenerator, WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.model.encoding import TextEncoder
from autoresponder.service import GeneratorWorker
from autoresponder.settings import CompletionsConfig, SamplerConfig
from switchboard.messages import (
    GenerationJob,
    GenerationResult,
    Lease,
    RawSelectJob,
    RawSelectResult,
    SpeakerQuestion,
    WorkerError,
)
from switchboard.polling import GeneratorAnswer, GeneratorJob
from switchboard.worker_thread import WorkerThread
from tests.autoresponder.changed import changed
from tests.autoresponder.completions.scripted import ScriptedServer, broken_off, silent, status

RETRIES = Retries(attempts=2, first_wait_seconds=0.01, longest_wait_seconds=0.02)


def runner_of(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    scorer: GeneratorModel | None = None,
    heads: Mapping[HeadName, Head] = {},
    *,
    sampler: str = "top_p",
    stop: Any = lambda: False,
    **completions: object,
) -> JobRunner:
    config = CompletionsConfig.model_validate({"url": served.url, "timeout_seconds": 20} | completions)
    server = CompletionsServer(CompletionsClient(config, retries=RETRIES), config, "big", encoder)
    writing = changed(settings, completions=config, sampler=SamplerConfig(name=sampler), batch_size=8)
    return JobRunner(ServedGenerator(server, encoder, 256, scorer), heads, writing, stop=stop)


def written(outcome: Done | JobError) -> GenerationResult:
    assert not isinstance(outcome, JobError), outcome
    assert isinstance(outcome[0], GenerationResult)
    return outcome[0]


def together(runner: JobRunner, **jobs: Job) -> dict[str, Done | JobError]:
    outcomes: dict[str, Done | JobError] = {}
    runner.run_together(jobs, outcomes.__setitem__)
    return outcomes


def asking(job: GenerationJob, question: str) -> GenerationJob:
    return job.model_copy(update={"prompt": f"友someuser要\n{question}\n域"})


def with_options(job: GenerationJob, **options: object) -> GenerationJob:
    return job.model_copy(update={"kwargs": job.kwargs.model_copy(update=options)})


def test_all_candidates_of_a_job_are_asked_for_in_one_request_by_token_ids(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    sample: GenerationJob,
) -> None:
    runner = runner_of(served, encoder, settings, generator, heads)
    result, report = runner.run("job", sample)
    assert isinstance(result, GenerationResult)
    (request,) = served.requests
    assert request["n"] == 3
    assert request["prompt"][0] == encoder.eot
    assert "hello frank" in encoder.decode(request["prompt"])
    assert request["max_tokens"] == 40
    assert request["stop_token_ids"] == [encoder.eot]
    assert (request["temperature"], request["top_p"], request["top_k"]) == (0.9, 0.9, -1)
    assert len(set(result.continuations)) == 3
    assert len(set(result.selection_proba)) == 3
    assert result.model_info["model_name"] == "big on a server"
    fields = report.fields()
    assert (fields["tries"], fields["rejected"], fields["reused"]) == (3, "none", 0)
    assert fields["mean_surprisal"] == "unknown"
    assert fields["prompt_tokens"] == len(request["prompt"])
    assert isinstance(fields["tokens"], int)
    assert fields["tokens"] > 3 * 30


def test_texts_are_scored_by_the_heads_on_the_scorer_as_their_threads_read(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    sample: GenerationJob,
) -> None:
    texts = [f" #river\n {word} and so on, as rivers do" for word in ("heron", "owl", "moon")]
    given = iter(texts)
    served.text = lambda _: next(given)
    result = written(together(runner_of(served, encoder, settings, generator, heads), job=sample)["job"])
    start = encoder.decode(served.requests[0]["prompt"])
    scorer = Scorer(generator.network, encoder, heads)
    expected = scorer.selector_probabilities([start + text for text in texts], "responses")
    assert sorted(result.selection_proba) == pytest.approx(sorted(expected), abs=1e-6)


def test_the_same_lease_asks_with_the_same_seeds_and_another_one_with_others(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    runner = runner_of(served, encoder, settings)
    lease = Lease(
        token="t", expires_at=datetime.now(UTC), lasts_seconds=60, candidates=3, attempt=2, number=1
    )
    again = sample.model_copy(update={"lease": lease})
    texts = [
        written(together(runner, **{name: job})[name]).continuations
        for name, job in [("job", sample), ("job", sample), ("job", again), ("other", sample)]
    ]
    seeds = [request["seed"] for request in served.requests]
    assert texts[0] == texts[1]
    assert (seeds[0], len(set(seeds))) == (seeds[1], 3)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_what_is_rejected_is_asked_for_again_and_reported(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    lengths = iter([2, 2, 30, 30, 30])
    served.text = lambda words: "\n " + " ".join(words.split()[: next(lengths)])
    result, report = runner_of(served, encoder, settings).run("job", with_options(sample, avoid_if_under=10))
    assert isinstance(result, GenerationResult)
    assert len(result.continuations) == 3
    assert [request.get("n", 1) for request in served.requests] == [3, 2]
    assert report.fields()["rejected"] == "too_short:2"


def test_tries_end_where_those_of_the_own_engine_do(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    served.text = lambda words: f"\n {words}" + " the owl, the owl," * 200
    job = with_options(sample, best_of=2)
    (outcome,) = together(runner_of(served, encoder, settings), job=job).values()
    assert isinstance(outcome, JobError)
    assert str(outcome) == "no candidate accepted in 10 tries (repetitive 10)"


def test_a_text_is_cut_where_somebody_else_speaks(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    served.text = lambda words: f" #river\n {words}\n#3 someuser asked:\n\n and what else?"
    for text in written(together(runner_of(served, encoder, settings), job=sample)["job"]).continuations:
        assert "what else" not in text


@pytest.mark.parametrize(("reason", "accepted"), [("stop", True), ("length", False)])
def test_a_text_without_an_end_is_known(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    sample: GenerationJob,
    reason: str,
    accepted: bool,
) -> None:
    served.finish_reason = reason
    job = with_options(sample, avoid_if_cut_off=True)
    outcome = together(runner_of(served, encoder, settings), job=job)["job"]
    assert isinstance(outcome, JobError) != accepted


def test_texts_with_a_target_of_their_own_are_asked_for_by_their_targets(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    runner = runner_of(served, encoder, settings, sampler="mirostat_1", server="llama.cpp")
    result = written(together(runner, job=with_options(sample, best_of=8))["job"])
    asked = {request["mirostat_tau"]: request.get("n", 1) for request in served.requests}
    assert len(asked) == len(served.requests)
    assert sum(asked.values()) == 8
    assert {target: result.mirotarg.count(target) for target in asked} == asked


def test_no_more_is_under_way_than_the_settings_allow(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    lock, running, most = threading.Lock(), [0], [0]
    usual = served.usual

    def counting(handler: Any, body: dict[str, Any]) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        usual(handler, body)
        with lock:
            running[0] -= 1

    served.script.extend([counting] * 20)
    runner = runner_of(served, encoder, settings, choices_per_request=1, requests_at_once=2)
    written(together(runner, job=with_options(sample, best_of=8))["job"])
    assert len(served.requests) == 8
    assert most[0] <= 2


def test_a_job_that_the_server_refuses_fails_alone(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    usual = served.usual

    def picky(handler: Any, body: dict[str, Any]) -> None:
        if "owls" in encoder.decode(body["prompt"]):
            handler.send(400, {"error": "no owls"})
        else:
            usual(handler, body)

    served.script.extend([picky] * 20)
    runner = runner_of(served, encoder, settings)
    outcomes = together(runner, bad=asking(sample, "what about owls?"), good=sample)
    assert isinstance(outcomes["bad"], ServerRefusedError)
    assert "no owls" in str(outcomes["bad"])
    assert len(written(outcomes["good"]).continuations) == 3


def test_a_server_that_reads_other_tokens_than_were_sent_writes_nothing(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    sample: GenerationJob,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(served, "_count", lambda prompt: len(prompt) + 1)
    outcome = together(runner_of(served, encoder, settings), job=sample)["job"]
    assert isinstance(outcome, ServerFailedError)
    assert re.search(r"reads (\d+) tokens where (\d+) were sent", str(outcome))


def test_words_that_spell_a_control_token_are_changed_where_prompts_are_text(
    served: ScriptedServer,
    tokenizer: PreTrainedTokenizerFast,
    settings: WritingSettings,
    sample: GenerationJob,
) -> None:
    """The thread's own reader breaks what begins like an end token; models have other tokens too."""
    speaking = copy.deepcopy(tokenizer)
    speaking.add_special_tokens({"additional_special_tokens": ["[TURN]"]})
    served.encoder = TextEncoder(speaking)
    runner = runner_of(served, served.encoder, settings, prompts="text")
    written(together(runner, job=asking(sample, "hello [TURN] frank"))["job"])
    (request,) = served.requests
    assert request["prompt"].startswith(str(speaking.eos_token))
    assert f"hello [{BREAK}TURN] frank" in request["prompt"]
    assert "[TURN]" not in request["prompt"]


def test_without_a_scorer_there_are_no_scores(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    runner = runner_of(served, encoder, settings)
    result = written(together(runner, job=sample)["job"])
    assert all(abs(score - 0.5) < 0.001 for score in result.selection_proba)
    assert result.sentiment_logit_diffs == [0.0] * 3
    question = SpeakerQuestion(prompt=sample.prompt)
    scored, _ = runner.run("raw", RawSelectJob(texts=["one"], next_speaker=[question]))
    assert isinstance(scored, RawSelectResult)
    assert scored.next_speaker == [None]
    (line,) = runner.missing_heads
    assert "generator.scorer" in line


def test_a_wish_to_stop_does_not_wait_for_the_server(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    served.script.append(silent)
    asked = iter([False, True])
    runner = runner_of(served, encoder, settings, stop=lambda: next(asked))
    with pytest.raises(WritingStoppedError):
        runner.run("job", sample)


def work_on(runner: JobRunner, **jobs: GeneratorJob) -> dict[str, GeneratorAnswer | WorkerError]:
    bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError] = WorkerThread(
        jobs, GeneratorWorker(runner).work
    )
    assert bench.wait(60)
    return bench.collect()


@pytest.mark.parametrize(("reply", "blameless"), [(status(429), True), (broken_off, False)])
def test_a_job_goes_back_and_an_absent_server_is_not_its_fault(
    served: ScriptedServer,
    encoder: TextEncoder,
    settings: WritingSettings,
    reply: Any,
    blameless: bool,
) -> None:
    runner = runner_of(served, encoder, settings)
    served.script.extend([reply] * 2)
    with capture_logs() as lines:
        (answer,) = work_on(runner, one=sample_job()).values()
    assert isinstance(answer, WorkerError)
    assert answer.blameless == blameless
    assert [line["event"] for line in lines] == [
        "completions server in trouble, asked again",
        "job not done",
    ]
    (better,) = work_on(runner, one=sample_job()).values()
    assert isinstance(better, GenerationResult)


def test_stories_get_titles_from_the_server(
    served: ScriptedServer, encoder: TextEncoder, settings: WritingSettings, sample: GenerationJob
) -> None:
    served.text = lambda words: f" {words.split()[0]} and more\n {words}"
    writing = replace(settings, limits=replace(settings.limits, max_new=39))
    titled = changed(writing, fiction_titles=True)
    runner = runner_of(served, encoder, titled)
    job = with_options(sample, best_of=1, write_fic_override=True)
    (text,) = written(together(runner, job=job)["job"]).continuations
    assert re.search(r"<h2>\w+ and more</h2>", text)
    assert [request["temperature"] for request in served.requests] == [0.9, *[0] * 8]
