"""The three types of job, mapped to writing and scoring, and from there to what goes over the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import torch
from pydantic import JsonValue

from autoresponder.errors import JobError
from autoresponder.generation.acceptance import AcceptanceOptions
from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.generation.generator import GenerationAttempt
from autoresponder.heads.head_2021 import Head, HeadName, fingerprint
from autoresponder.heads.next_speaker import NextSpeaker
from autoresponder.heads.scoring import Scorer, Scores, unknown_probabilities, unknown_scores
from autoresponder.jobs.assignments import AnswerAssignment, Assignment, TextpostAssignment
from autoresponder.jobs.attempts import Candidate, JobAttempts
from autoresponder.jobs.engines import (
    OwnEngine,
    ServedEngine,
    ServedGenerator,
    WritingSettings,
    is_out_of_memory,
)
from autoresponder.jobs.head_texts import given_texts, sentiment_text
from autoresponder.jobs.merged_attempts import MergedAttempts
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.report import JobReport
from autoresponder.model.trunk import Reading
from autoresponder.sampling.base import TARGETS_2021
from autoresponder.sampling.registry import sampling_info, scheme_of
from munging.classic import from_classic
from munging.prompts.continuation import Continuation, to_classic_continuation
from munging.prompts.formats import control_phrases
from munging.prompts.next_speaker import speaker_prompt
from munging.prompts.times import other_months
from switchboard.messages import (
    GenerationJob,
    GenerationOptions,
    GenerationResult,
    RawSelectJob,
    RawSelectResult,
    SpeakerOdds,
    SpeakerQuestion,
)
from switchboard.worker_thread import job_of

T = TypeVar("T")

ModelInfo = dict[str, JsonValue]
WIRE_NAMES = {
    "selector": ("ckpt_select", "hparams_select"),
    "sentiment": ("ckpt_sentiment", "hparams_select_sentiment"),
}
AUTOREVIEWER = "autoreviewer"
"""The head whose probabilities, that a human would reject a text, go over the wire with the usual scores."""

Job = GenerationJob | RawSelectJob
Done = tuple[GenerationResult | RawSelectResult, JobReport]
Deliver = Callable[[str, Done | JobError], None]
"""Takes what became of a job, by its id."""


@dataclass(frozen=True)
class _Scoring:
    """The heads in use, and what results say of them; without a network to look at there are none."""

    heads: Mapping[HeadName, Head]
    scorer: Scorer | None
    info: ModelInfo

    def score(
        self,
        selector: Sequence[str],
        sentiment: Sequence[str],
        text_type: str,
        readings: Sequence[Reading | None] = (),
        reviewer: Sequence[str] | None = None,
    ) -> Scores:
        """As ``Scorer.score`` does."""
        if self.scorer is None:
            return unknown_scores(selector)
        return self.scorer.score(selector, sentiment, text_type, readings, reviewer)

    def selector_probabilities(self, threads: Sequence[str], text_type: str) -> list[float]:
        """As ``Scorer.selector_probabilities`` does."""
        if self.scorer is None:
            return unknown_probabilities(threads)
        return self.scorer.selector_probabilities(threads, text_type)


class JobRunner:
    """Does jobs with one generator and its heads; the texts of several are written side by side."""

    def __init__(
        self,
        generator: GeneratorModel | ServedGenerator,
        heads: Mapping[HeadName, Head],
        settings: WritingSettings,
        *,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``stop`` is asked while texts are written; true ends the work with WritingStoppedError."""
        self._judge = generator if isinstance(generator, GeneratorModel) else generator.scorer
        scorer = self._scorer_of(heads)
        self._engine: OwnEngine | ServedEngine
        if isinstance(generator, GeneratorModel):
            layers = scorer.layers if scorer is not None else ()
            self._engine = OwnEngine(generator, settings, layers, stop, clock)
        else:
            self._engine = ServedEngine(generator, settings, stop, clock)
        self._scoring = _Scoring(heads, scorer, model_info(self._engine.name, heads, settings))
        self._next_speaker = (
            None
            if self._judge is None
            else NextSpeaker(self._judge.network, self._judge.encoder, self._judge.positions)
        )
        self._settings = settings
        self._voice = settings.voice
        self._clock = clock
        self._text_end = control_phrases(self._voice.form, self._voice.identity, within_lines=True)

    def _scorer_of(self, heads: Mapping[HeadName, Head]) -> Scorer | None:
        return None if self._judge is None else Scorer(self._judge.network, self._judge.encoder, heads)

    def take_heads(self, heads: Mapping[HeadName, Head]) -> None:
        """Score jobs that begin from now on with other heads; a job in flight keeps those it began with.

        Raises ModelError for a head that looks at blocks which are not watched while writing.
        """
        scorer = self._scorer_of(heads)
        if scorer is not None:
            self._engine.check_watched(scorer.layers)
        self._scoring = _Scoring(heads, scorer, model_info(self._engine.name, heads, self._settings))

    @property
    def missing_heads(self) -> list[str]:
        """What the bot does without, as lines for the operator."""
        if self._judge is None:
            return ["no generator.scorer: candidates are chosen at random, and the mood's screen is off"]
        return missing_heads(self._scoring.heads, str(self._judge.folder))

    def warm_up(self) -> None:
        """Make everything ready that is made once, so that no job waits for it.

        Raises ModelError when there is too little memory for that.
        """
        self._engine.warm_up()

    def run(self, job_id: str, job: Job) -> Done:
        """Do one job. Raises JobError when it cannot be done, which concerns that job alone."""
        outcomes: list[Done | JobError] = []
        self.run_together({job_id: job}, lambda _, outcome: outcomes.append(outcome))
        (outcome,) = outcomes
        if isinstance(outcome, JobError):
            raise outcome
        return outcome

    def run_together(
        self,
        jobs: Mapping[str, Job],
        deliver: Deliver,
        more: Callable[[], Mapping[str, Job]] = dict,
    ) -> None:
        """Do jobs side by side, and deliver what became of each under its key as soon as it is over.

        A key is the job's id, or what ``switchboard.worker_thread.key_of`` made of it. ``more`` is asked,
        while texts are written and there is room, for jobs that are to join. A job that cannot be done is
        delivered as its JobError, and the others go on. What concerns all of them is raised:
        WritingStoppedError, or a JobError when memory runs out; then some are not delivered. A job's
        candidates can be made again from its id and the number of its lease, whatever else is in the batch.
        """
        try:
            self._run(jobs, deliver, more)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()
            raise JobError(
                f"out of memory with {self._settings.generator.batch_size} texts at once; "
                "lower generator.batch_size"
            ) from None

    def _run(self, jobs: Mapping[str, Job], deliver: Deliver, more: Callable[[], Mapping[str, Job]]) -> None:
        def join() -> None:
            for key, job in more().items():
                self._begin(key, job, merged, deliver)

        merged = MergedAttempts(join)
        for key, job in jobs.items():
            self._begin(key, job, merged, deliver)
        self._engine.writer.run(merged)

    def _begin(self, key: str, job: Job, merged: MergedAttempts, deliver: Deliver) -> None:
        """Let a writing job join the others; do a scoring job, which is quick, at once."""
        if isinstance(job, RawSelectJob):
            deliver(key, _outcome(lambda: self._raw_select(job)))
            return
        assignment = _outcome(lambda: self._assignment(job))
        if isinstance(assignment, JobError):
            deliver(key, assignment)
            return
        tries, scoring = self._tries(job_of(key), job, assignment), self._scoring
        merged.add(
            tries,
            done=lambda: deliver(key, _outcome(lambda: self._finish(job, assignment, tries, scoring))),
            failed=partial(deliver, key),
        )

    def _assignment(self, job: GenerationJob) -> Assignment:
        if job.type == "answer":
            return AnswerAssignment(job, self._voice, self._engine.encoder, self._settings.limits.prompt)
        return TextpostAssignment(job, self._voice, self._engine.encoder, self._settings.generator)

    def _finish(
        self, job: GenerationJob, assignment: Assignment, tries: JobAttempts, scoring: _Scoring
    ) -> Done:
        """Score the candidates of one lease."""
        candidates = tries.candidates()
        texts = [assignment.read(candidate) for candidate in candidates]
        scores, seconds = self._score(
            [text.selector for text in texts],
            [sentiment_text(text.post.body) for text in texts],
            assignment.text_type,
            [candidate.reading for candidate in candidates],
            [text.reviewer for text in texts],
            scoring=scoring,
        )
        has_target = scheme_of(self._settings.generator.sampler).has_target
        result = GenerationResult(
            continuations=[
                to_classic_continuation(self._titled(text.post, job, candidate, assignment))
                for text, candidate in zip(texts, candidates, strict=True)
            ],
            mirotarg=[c.attempt.draws.target if has_target else None for c in candidates],
            selection_proba=scores.selector_probabilities,
            sentiment_logit_diffs=scores.sentiment_logit_differences,
            autoreview=scores.further.get(AUTOREVIEWER),
            model_info=scoring.info | ({"relaxed_rules": list(tries.relaxed)} if tries.relaxed else {}),
            lease=job.lease.token if job.lease else None,
        )
        report = JobReport.of_writing(job.type, scores, seconds, tries)
        if self._settings.generator.alternative_timestamps:
            report.by_month = [
                self._by_month(job, candidate, assignment, scoring) for candidate in candidates
            ]
        return result, report

    def _by_month(
        self, job: GenerationJob, candidate: Candidate, assignment: Assignment, scoring: _Scoring
    ) -> dict[str, float]:
        """The selector's probability in each of the other months; none for a text that tells no time."""
        times = other_months(self._voice.time(job.v8_timestamp, job.v10_timestamp))
        texts = [assignment.selector_text_at(candidate, time) for time in times.values()]
        if len(set(texts)) <= 1:
            return {}
        scores = scoring.selector_probabilities(texts, assignment.text_type)
        return dict(zip(times, scores, strict=True))

    def _titled(
        self, post: Continuation, job: GenerationJob, candidate: Candidate, assignment: Assignment
    ) -> Continuation:
        """A story with its title above it, if stories are to have one; anything else as it is."""
        if not self._settings.generator.fiction_titles or not assignment.is_fiction(candidate):
            return post
        title = self._engine.titles.title(post.body, f"{job.base_id} {candidate.attempt.number}")
        return replace(post, body=f"<h2>{title}</h2>\n{post.body.lstrip()}") if title else post

    def _tries(self, job_id: str, job: GenerationJob, assignment: Assignment) -> JobAttempts:
        lease = job.lease.number if job.lease else 0

        def make_attempt(number: int) -> GenerationAttempt:
            chance = seeded(job_id, lease, number)
            draws = draws_of_attempt(chance, TARGETS_2021, self._settings.limits.max_new)
            prompt = assignment.prompt(draws.kind)
            return GenerationAttempt(number, prompt.ids, prompt.text, draws)

        return JobAttempts(job.kwargs.best_of, make_attempt, acceptance_options(job.kwargs), self._text_end)

    def _raw_select(self, job: RawSelectJob) -> Done:
        written = self._voice.time(job.v8_timestamp, job.v10_timestamp)
        selector, sentiment = zip(
            *(given_texts(text, self._voice, written=written) for text in job.texts), strict=True
        )
        scoring = self._scoring
        scores, seconds = self._score(selector, sentiment, "originals", scoring=scoring)
        began = self._clock()
        speakers = None if job.next_speaker is None else self._next_speakers(job.next_speaker)
        seconds += self._clock() - began
        result = RawSelectResult(
            selection_proba=scores.selector_probabilities,
            sentiment_logit_diffs=scores.sentiment_logit_differences,
            autoreview=scores.further.get(AUTOREVIEWER),
            next_speaker=speakers,
            model_info=scoring.info,
            lease=job.lease.token if job.lease else None,
        )
        return result, JobReport(job.type, len(job.texts), scores, seconds)

    def _next_speakers(self, questions: Sequence[SpeakerQuestion | None]) -> list[SpeakerOdds | None]:
        """How likely the bot is to speak next in each thread; unknown without a network."""
        if self._next_speaker is None:
            return [None] * len(questions)
        form, identity = self._voice.form, self._voice.identity
        prompts = [
            speaker_prompt(from_classic(one.prompt, identity), form, identity, one.form)
            for one in questions
            if one is not None
        ]
        found = iter(self._next_speaker.odds(prompts))
        return [None if one is None else SpeakerOdds(**vars(next(found))) for one in questions]

    def _score(
        self,
        selector: Sequence[str],
        sentiment: Sequence[str],
        text_type: str,
        readings: Sequence[Reading | None] = (),
        reviewer: Sequence[str] | None = None,
        *,
        scoring: _Scoring,
    ) -> tuple[Scores, float]:
        """Scores, and the seconds they took."""
        began = self._clock()
        scores = scoring.score(selector, sentiment, text_type, readings, reviewer)
        return scores, self._clock() - began


def missing_heads(heads: Mapping[HeadName, Head], model: str) -> list[str]:
    """A line for each of the usual heads that is not there: what happens without it, and how it is made."""
    without = {
        "selector": "candidates are chosen at random",
        "sentiment": "the mood's screen is off",
    }
    return [
        f"no {name} head: {what}; make one with: python -m training {name} --model {model}"
        for name, what in without.items()
        if name not in heads
    ]


def _outcome(work: Callable[[], T]) -> T | JobError:
    """What work gives, or the JobError it ends with."""
    try:
        return work()
    except JobError as error:
        return error


def acceptance_options(options: GenerationOptions) -> AcceptanceOptions:
    """Take what the acceptance rules need out of a job's options."""
    return AcceptanceOptions(
        avoid_if_under=options.avoid_if_under,
        avoid_half_if_under=options.avoid_half_if_under,
        avoid_if_over=options.avoid_if_over,
        avoid_if_cut_off=options.avoid_if_cut_off,
        split_on_control_char=options.split_on_control_char,
        avoid_initial_blockquote=options.avoid_initial_blockquote,
        avoid_if_profane=options.avoid_if_profane,
        allowed_mentions=options.allowed_mentions,
    )


def model_info(name: str, heads: Mapping[HeadName, Head], settings: WritingSettings) -> ModelInfo:
    """Say which models wrote and scored a result, and how; the names change whenever weights do."""
    info: ModelInfo = {
        "model_name": name,
        "sampling_info": sampling_info(settings.generator.sampler, settings.limits.window),
    }
    for name, head in heads.items():
        checkpoint, hparams = WIRE_NAMES.get(name, (f"ckpt_{name}", f"hparams_{name}"))
        info[checkpoint] = f"{name}@{fingerprint(head)[:12]}"
        info[hparams] = head.settings.model_dump(mode="json", exclude={"name", "generator"})
    return info
