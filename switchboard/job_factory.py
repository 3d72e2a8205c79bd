"""From a submission to the job that workers get: prompt, options, number of candidates. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mood.named import FALLBACK_SAMPLE, Ranges, candidates_wanted, expected_rejection, mood_by_name
from mood.settings import MoodConfig
from munging.classic import speakers
from munging.cleaning import clean_user_text
from munging.control import ASKED, BOT, NAME
from selection.settings import SelectionConfig
from switchboard.messages import (
    AnswerRequest,
    CaptionJob,
    CaptionRequest,
    GenerationJob,
    GenerationOptions,
    MoodRecord,
    PictureJob,
    PictureRequest,
    RawSelectJob,
    RawSelectRequest,
    TextpostRequest,
)
from switchboard.messages.fields import MAX_LABEL_CHARACTERS, MAX_MENTIONS, JobType
from switchboard.settings import CandidatesConfig


@dataclass(frozen=True)
class JobRules:
    """What decides how many candidates are written for what, how one is drawn, and what is refused."""

    candidates: CandidatesConfig = field(default_factory=CandidatesConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    mood: MoodConfig = field(default_factory=MoodConfig)
    prim_askers: frozenset[str] = frozenset()  # in lower case: with them language is kept clean
    mentionable: frozenset[str] | None = None  # who may be @-mentioned beside a thread's people; None: all
    rejection_sample: Sequence[float] = FALLBACK_SAMPLE  # sentiment logit differences of earlier candidates


@dataclass(frozen=True)
class Growth:
    """How the number of candidates wanted grows for those that the mood will reject."""

    base: int
    rejected_share: float
    discount: float
    decimals: int
    mood: MoodRecord

    def wanted(self, retained_sentiments: Iterable[float]) -> int:
        """Candidates to write when texts with these sentiments are retained: at least one, before it grows.

        Only those inside the mood's bounds make new ones unnecessary.
        """
        low, high = self.mood.min_allowed_score, self.mood.max_allowed_score
        fitting = sum(low < sentiment < high for sentiment in retained_sentiments)
        base = max(1, self.base - fitting)
        return candidates_wanted(base, self.rejected_share, self.discount, self.decimals)


@dataclass(frozen=True)
class NewJob:
    """A job that is not stored yet."""

    id: str
    client: str
    kind: JobType
    payload_hash: str
    wanted: int
    body: GenerationJob | RawSelectJob | CaptionJob | PictureJob
    growth: Growth | None = None
    """Set when the number wanted is to be computed again from the retained texts."""


Submission = AnswerRequest | TextpostRequest | RawSelectRequest | CaptionRequest | PictureRequest


def draft(request: Submission, rules: JobRules) -> NewJob:
    """The job for a submission. Raises mood.named.UnknownMood."""
    if isinstance(request, RawSelectRequest):
        scoring = raw_select_job(request.texts, _first(request.v8_timestamps), _first(request.v10_timestamps))
        scoring = scoring.model_copy(update={"next_speaker": request.next_speaker})
        return NewJob(
            request.id, request.client, "raw_select", payload_hash("raw_select", request), 0, scoring
        )
    if isinstance(request, CaptionRequest):
        return _single_shot(request, CaptionJob(images=request.images))
    if isinstance(request, PictureRequest):
        return _single_shot(request, PictureJob(description=request.description, words=request.words))
    job = _answer_job(request, rules) if isinstance(request, AnswerRequest) else _textpost_job(request, rules)
    growth = (
        _textpost_growth(job, rules) if job.type == "textpost" and rules.candidates.retained_first else None
    )
    return NewJob(
        request.id, request.client, job.type, payload_hash(job.type, request), job.n_desired, job, growth
    )


def _single_shot(request: CaptionRequest | PictureRequest, job: CaptionJob | PictureJob) -> NewJob:
    return NewJob(request.id, request.client, job.type, payload_hash(job.type, request), 0, job)


def _textpost_growth(job: GenerationJob, rules: JobRules) -> Growth:
    mood = job.kwargs.mood
    return Growth(
        rules.candidates.textpost,
        _rejected_share(mood, rules),
        rules.candidates.rejection_discount,
        rules.candidates.growth_decimals,
        mood,
    )


def payload_hash(kind: JobType, request: Submission) -> str:
    """Tells two requests under one id apart; who sends the request makes no difference."""
    fields: dict[str, Any] = request.model_dump(mode="json", exclude={"id", "client"})
    canonical = json.dumps([kind, fields], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def raw_select_job(texts: Sequence[str], v8_timestamp: str, v10_timestamp: str) -> RawSelectJob:
    """A job that scores texts, all of them under one time."""
    return RawSelectJob(texts=list(texts), v8_timestamp=v8_timestamp, v10_timestamp=v10_timestamp)


def _first(times: Sequence[str]) -> str:
    return times[0] if times else ""


def _answer_job(request: AnswerRequest, rules: JobRules) -> GenerationJob:
    mood = mood_record(request.mood, rules.mood.ranges)
    short = request.write_fic_override or request.write_review_override
    base = rules.candidates.fiction_or_review if short else rules.candidates.answer
    words, prompt = rules.candidates, answer_prompt(request)
    options = GenerationOptions(
        mood=mood,
        return_all_conts=request.return_all_conts,
        selector_cut_to_final_exchange=request.selector_cut_to_final_exchange,
        forced_tags_string=request.forced_tags_string,
        write_fic_override=request.write_fic_override,
        strategy=rules.selection.answer_strategy,
        eps=rules.selection.answer_eps,
        avoid_if_under=words.fiction_min_words if request.write_fic_override else words.answer_min_words,
        avoid_half_if_under=words.answer_half_min_words,
        avoid_if_profane=request.asking_name.lower() in rules.prim_askers,
        allowed_mentions=_allowed_mentions(prompt, rules),
    )
    return GenerationJob(
        type="answer",
        prompt=prompt,
        kwargs=_of_length(options, request),
        base_id=request.id,
        v8_timestamp=request.v8_timestamp,
        v10_timestamp=request.v10_timestamp,
        n_desired=_grown(base, mood, rules),
    )


def _textpost_job(request: TextpostRequest, rules: JobRules) -> GenerationJob:
    mood = mood_record(request.mood, rules.mood.ranges)
    options = GenerationOptions(
        mood=mood,
        return_all_conts=request.return_all_conts,
        spare_retained=request.spare_retained,
        prompt_from_dataset=True,
        strategy=rules.selection.textpost_strategy,
        eps=rules.selection.textpost_eps,
        avoid_if_under=rules.candidates.textpost_min_words,
        avoid_half_if_under=rules.candidates.textpost_half_min_words,
        allowed_mentions=_allowed_mentions("", rules),
    )
    return GenerationJob(
        type="textpost",
        kwargs=_of_length(options, request),
        base_id=request.id,
        v8_timestamp=request.v8_timestamp,
        v10_timestamp=request.v10_timestamp,
        n_desired=_grown(rules.candidates.textpost, mood, rules),
    )


def _of_length(options: GenerationOptions, request: AnswerRequest | TextpostRequest) -> GenerationOptions:
    """With the length that is wanted: a text that shall be short may be shorter than others."""
    least, most = request.least_words, request.most_words
    under, half = options.avoid_if_under, options.avoid_half_if_under
    if most is not None:
        under, half = min(under, most // 2), min(half, most // 2)
    if least is not None:
        under = max(under, least)
    lengths = {"avoid_if_under": under, "avoid_half_if_under": half, "avoid_if_over": most}
    return options.model_copy(update=lengths)


def answer_prompt(request: AnswerRequest) -> str:
    """The prompt in classic form: as given, or a bare question put between the marks of a turn."""
    if request.exact_prompt:
        return request.question
    name, question = clean_user_text(request.asking_name), clean_user_text(request.question)
    return f"{NAME}{name}{ASKED}\n{question}\n{BOT}"


def _allowed_mentions(prompt: str, rules: JobRules) -> list[str] | None:
    """Who may be mentioned in the answer to a classic prompt: who speaks in it last, and some always."""
    if rules.mentionable is None:
        return None
    spoke = [name.lower()[:MAX_LABEL_CHARACTERS] for name in speakers(prompt)]
    named = dict.fromkeys([*sorted(rules.mentionable), *reversed(spoke)])
    return list(named)[:MAX_MENTIONS]


def mood_record(name: str, ranges: Ranges = "2021") -> MoodRecord:
    """The mood of this name as jobs carry it. Raises mood.named.UnknownMood."""
    mood = mood_by_name(name, ranges)
    return MoodRecord(
        name=mood.name,
        score_fn=mood.score_fn,
        min_allowed_score=mood.min_allowed_score,
        max_allowed_score=mood.max_allowed_score,
    )


def _grown(base: int, mood: MoodRecord, rules: JobRules) -> int:
    """More candidates, so that enough are left when the mood has rejected its share."""
    share = _rejected_share(mood, rules)
    return candidates_wanted(
        base, share, rules.candidates.rejection_discount, rules.candidates.growth_decimals
    )


def _rejected_share(mood: MoodRecord, rules: JobRules) -> float:
    return expected_rejection(mood_by_name(mood.name, rules.mood.ranges), rules.rejection_sample)
