"""The three types of job, mapped to writing and scoring, and from there to what goes over the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from pydantic import JsonValue

from autoresponder.acceptance import AcceptanceOptions
from autoresponder.assignments import AnswerAssignment, Assignment, OriginalShares, TextpostAssignment
from autoresponder.draws import draws_of_try, seeded
from autoresponder.errors import JobError
from autoresponder.generator import Try, Writer, WritingFigures, WritingLimits
from autoresponder.graphs import make_decoder
from autoresponder.head_texts import given_texts, sentiment_text
from autoresponder.heads import Head, HeadName, fingerprint
from autoresponder.job_report import JobReport
from autoresponder.model_folder import GeneratorModel
from autoresponder.prompt_cache import PromptCache
from autoresponder.prompts import Voice
from autoresponder.sampler_settings import SamplerSettings
from autoresponder.scoring import Scorer, Scores
from autoresponder.tries import JobTries
from autoresponder.trunk import Reading
from munging.continuation import to_classic_continuation
from munging.formats import control_phrases
from switchboard.messages import (
    GenerationJob,
    GenerationOptions,
    GenerationResult,
    RawSelectJob,
    RawSelectResult,
)

ModelInfo = dict[str, JsonValue]


@dataclass(frozen=True)
class WritingSettings:
    """How a generator writes; ``slots`` is the number of texts written at once."""

    voice: Voice
    sampler: SamplerSettings
    limits: WritingLimits
    slots: int
    shares: OriginalShares
    prompt_cache_bytes: int = 0


class JobRunner:
    """Does jobs, one at a time, with one generator and its heads."""

    def __init__(
        self,
        generator: GeneratorModel,
        heads: Mapping[HeadName, Head],
        settings: WritingSettings,
        *,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``stop`` is asked while texts are written; true ends the job with WritingStoppedError."""
        self._generator = generator
        self._encoder = generator.encoder
        self._scorer = Scorer(generator.network, generator.encoder, heads)
        self._settings = settings
        self._voice = settings.voice
        self._stop = stop
        self._clock = clock
        self._decoder = make_decoder(
            generator.network,
            settings.slots,
            keep=self._scorer.layers,
            known=PromptCache(settings.prompt_cache_bytes),
        )
        self._sampler = settings.sampler.build(settings.limits.window)
        self._control_phrase = control_phrases(self._voice.form, self._voice.identity)
        self._model_info = model_info(generator, heads, settings)

    def run(
        self, job_id: str, job: GenerationJob | RawSelectJob
    ) -> tuple[GenerationResult | RawSelectResult, JobReport]:
        """Do one job. Raises JobError when it cannot be done, which concerns that job alone.

        The candidates can be made again from the job's id and lease.
        """
        try:
            if isinstance(job, RawSelectJob):
                return self._raw_select(job)
            return self._generate(job_id, job, self._assignment(job))
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()
            raise JobError(
                f"out of memory with {self._settings.slots} texts at once; lower generator.batch_size"
            ) from None

    def _assignment(self, job: GenerationJob) -> Assignment:
        if job.type == "answer":
            return AnswerAssignment(job, self._voice, self._encoder, self._settings.limits.prompt)
        return TextpostAssignment(job, self._voice, self._encoder, self._settings.shares)

    def _generate(
        self, job_id: str, job: GenerationJob, assignment: Assignment
    ) -> tuple[GenerationResult, JobReport]:
        """Write and score the candidates of one lease."""
        lease = job.lease.token if job.lease else None
        tries = self._tries(job_id, job, assignment)
        writing = self._write(tries)
        candidates = tries.candidates()
        texts = [assignment.read(candidate) for candidate in candidates]
        scores, seconds = self._score(
            [text.selector for text in texts],
            [sentiment_text(text.post.body) for text in texts],
            assignment.text_type,
            [candidate.reading for candidate in candidates],
        )
        has_target = self._settings.sampler.uses_target
        result = GenerationResult(
            continuations=[to_classic_continuation(text.post) for text in texts],
            mirotarg=[c.attempt.draws.target if has_target else None for c in candidates],
            selection_proba=scores.selector_probabilities,
            sentiment_logit_diffs=scores.sentiment_logit_differences,
            model_info=self._model_info | ({"relaxed_rules": list(tries.relaxed)} if tries.relaxed else {}),
            lease=lease,
        )
        report = JobReport(
            kind=job.type,
            texts=len(texts),
            scores=scores,
            scoring_seconds=seconds,
            tries=tries.begun,
            rejections=tries.rejections,
            relaxed=tries.relaxed,
            mean_surprise=tries.mean_surprise,
            writing=writing,
        )
        return result, report

    def _tries(self, job_id: str, job: GenerationJob, assignment: Assignment) -> JobTries:
        lease = job.lease.token if job.lease else ""

        def make_try(number: int) -> Try:
            chance = seeded(job_id, lease, number)
            draws = draws_of_try(chance, self._settings.sampler.targets, self._settings.limits.max_new)
            prompt = assignment.prompt(draws.kind)
            return Try(number, prompt.ids, prompt.text, draws)

        return JobTries(job.kwargs.best_of, make_try, acceptance_options(job.kwargs), self._control_phrase)

    def _write(self, tries: JobTries) -> WritingFigures:
        writer = Writer(
            self._decoder,
            self._encoder,
            self._sampler,
            self._settings.limits,
            self._control_phrase,
            stop=self._stop,
            clock=self._clock,
        )
        return writer.run(tries)

    def _raw_select(self, job: RawSelectJob) -> tuple[RawSelectResult, JobReport]:
        written = self._voice.time(job.v8_timestamp, job.v10_timestamp)
        selector, sentiment = zip(
            *(given_texts(text, self._voice, written=written) for text in job.texts), strict=True
        )
        scores, seconds = self._score(selector, sentiment, "originals")
        result = RawSelectResult(
            selection_proba=scores.selector_probabilities,
            sentiment_logit_diffs=scores.sentiment_logit_differences,
            model_info=self._model_info,
            lease=job.lease.token if job.lease else None,
        )
        return result, JobReport(job.type, len(job.texts), scores, seconds)

    def _score(
        self,
        selector: Sequence[str],
        sentiment: Sequence[str],
        text_type: str,
        readings: Sequence[Reading | None] = (),
    ) -> tuple[Scores, float]:
        """Scores, and the seconds they took."""
        began = self._clock()
        scores = self._scorer.score(selector, sentiment, text_type, readings)
        return scores, self._clock() - began


def _is_out_of_memory(error: RuntimeError) -> bool:
    """GPU memory has an error class of its own; the CPU's allocator only has its words."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def acceptance_options(options: GenerationOptions) -> AcceptanceOptions:
    """Take what the acceptance rules need out of a job's options."""
    return AcceptanceOptions(
        avoid_if_under=options.avoid_if_under,
        avoid_half_if_under=options.avoid_half_if_under,
        avoid_if_cut_off=options.avoid_if_cut_off,
        split_on_control_char=options.split_on_control_char,
        avoid_initial_blockquote=options.avoid_initial_blockquote,
        avoid_if_profane=options.avoid_if_profane,
    )


def model_info(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> ModelInfo:
    """Say which models wrote and scored a result, and how; the names change whenever weights do."""
    identity = generator.identity
    hparams = {
        name: head.settings.model_dump(mode="json", exclude={"name", "generator"})
        for name, head in heads.items()
    }
    return {
        "model_name": f"{identity.name}@{identity.sha256[:12]}",
        "ckpt_select": f"selector@{fingerprint(heads['selector'])[:12]}",
        "ckpt_sentiment": f"sentiment@{fingerprint(heads['sentiment'])[:12]}",
        "hparams_select": hparams["selector"],
        "hparams_select_sentiment": hparams["sentiment"],
        "sampling_info": settings.sampler.info(settings.limits.window),
    }
