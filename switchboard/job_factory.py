"""From a submission to the job that workers get: prompt, options, number of candidates. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mood.named import Ranges, mood_by_name
from mood.rejection import FALLBACK_SAMPLE, candidates_wanted, expected_rejection
from munging.control import ASKED, BOT, NAME, SAID
from munging.user_text import clean_user_text
from switchboard.messages import (
    AnswerRequest,
    GenerationJob,
    GenerationOptions,
    MoodRecord,
    RawSelectJob,
    RawSelectRequest,
    TextpostRequest,
)
from switchboard.messages.fields import MAX_LABEL_CHARACTERS, MAX_MENTIONS, JobType

_SPEAKER = re.compile(f"{NAME}([^{NAME}{SAID}{ASKED}\n]+)[{SAID}{ASKED}]")


@dataclass(frozen=True)
class Drawing:
    """How one candidate is drawn: the selector's strategy, and the share of uniform draws of eps_greedy."""

    strategy: str = "proportional_winnowed"
    eps: float = 0.1


@dataclass(frozen=True)
class LeastWords:
    """Words below which candidates are refused: all of them, or half of them."""

    answer: int = 10
    answer_half: int = 15
    fiction: int = 100
    textpost: int = 20
    textpost_half: int = 40


@dataclass(frozen=True)
class DraftSettings:
    """How many candidates are written for what, how one is drawn, with whom language is kept clean."""

    answer_candidates: int = 13
    fiction_or_review_candidates: int = 8
    textpost_candidates: int = 15
    rejection_discount: float = 0.5
    growth_decimals: int = 0  # to which the number that would leave enough is rounded before the discount
    rejection_sample: Sequence[float] = FALLBACK_SAMPLE  # sentiment logit differences of earlier candidates
    strict_language_users: frozenset[str] = field(default_factory=frozenset)
    mood_ranges: Ranges = "2021"
    answer_drawing: Drawing = Drawing()
    textpost_drawing: Drawing = Drawing(eps=0.25)
    least_words: LeastWords = LeastWords()
    mentionable: frozenset[str] | None = None  # who may be @-mentioned beside a thread's people; None: all
    retained_first: bool = False  # take off the retained texts that fit the mood before growing, not after


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
    body: GenerationJob | RawSelectJob
    growth: Growth | None = None
    """Set when the number wanted is to be reckoned anew from the retained texts."""


Submission = AnswerRequest | TextpostRequest | RawSelectRequest


def draft(request: Submission, settings: DraftSettings) -> NewJob:
    """The job for a submission. Raises mood.named.UnknownMood."""
    if isinstance(request, RawSelectRequest):
        scoring = raw_select_job(request.texts, _first(request.v8_timestamps), _first(request.v10_timestamps))
        scoring = scoring.model_copy(update={"next_speaker": request.next_speaker})
        return NewJob(
            request.id, request.client, "raw_select", payload_hash("raw_select", request), 0, scoring
        )
    job = (
        _answer_job(request, settings)
        if isinstance(request, AnswerRequest)
        else _textpost_job(request, settings)
    )
    growth = _textpost_growth(job, settings) if job.type == "textpost" and settings.retained_first else None
    return NewJob(
        request.id, request.client, job.type, payload_hash(job.type, request), job.n_desired, job, growth
    )


def _textpost_growth(job: GenerationJob, settings: DraftSettings) -> Growth:
    mood = job.kwargs.mood
    return Growth(
        settings.textpost_candidates,
        _rejected_share(mood, settings),
        settings.rejection_discount,
        settings.growth_decimals,
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


def _answer_job(request: AnswerRequest, settings: DraftSettings) -> GenerationJob:
    mood = mood_record(request.mood, settings.mood_ranges)
    short = request.write_fic_override or request.write_review_override
    base = settings.fiction_or_review_candidates if short else settings.answer_candidates
    words, prompt = settings.least_words, answer_prompt(request)
    options = GenerationOptions(
        mood=mood,
        return_all_conts=request.return_all_conts,
        selector_cut_to_final_exchange=request.selector_cut_to_final_exchange,
        forced_tags_string=request.forced_tags_string,
        write_fic_override=request.write_fic_override,
        strategy=settings.answer_drawing.strategy,
        eps=settings.answer_drawing.eps,
        avoid_if_under=words.fiction if request.write_fic_override else words.answer,
        avoid_half_if_under=words.answer_half,
        avoid_if_profane=request.asking_name.lower() in settings.strict_language_users,
        allowed_mentions=_allowed_mentions(prompt, settings),
    )
    return GenerationJob(
        type="answer",
        prompt=prompt,
        kwargs=options,
        base_id=request.id,
        v8_timestamp=request.v8_timestamp,
        v10_timestamp=request.v10_timestamp,
        n_desired=_grown(base, mood, settings),
    )


def _textpost_job(request: TextpostRequest, settings: DraftSettings) -> GenerationJob:
    mood = mood_record(request.mood, settings.mood_ranges)
    options = GenerationOptions(
        mood=mood,
        return_all_conts=request.return_all_conts,
        prompt_from_dataset=True,
        strategy=settings.textpost_drawing.strategy,
        eps=settings.textpost_drawing.eps,
        avoid_if_under=settings.least_words.textpost,
        avoid_half_if_under=settings.least_words.textpost_half,
        allowed_mentions=_allowed_mentions("", settings),
    )
    return GenerationJob(
        type="textpost",
        kwargs=options,
        base_id=request.id,
        v8_timestamp=request.v8_timestamp,
        v10_timestamp=request.v10_timestamp,
        n_desired=_grown(settings.textpost_candidates, mood, settings),
    )


def answer_prompt(request: AnswerRequest) -> str:
    """The prompt in classic form: as given, or a bare question put between the marks of a turn."""
    if request.exact_prompt:
        return request.question
    name, question = clean_user_text(request.asking_name), clean_user_text(request.question)
    return f"{NAME}{name}{ASKED}\n{question}\n{BOT}"


def _allowed_mentions(prompt: str, settings: DraftSettings) -> list[str] | None:
    """Who may be mentioned in the answer to a classic prompt: who speaks in it last, and some always."""
    if settings.mentionable is None:
        return None
    speakers = [name.strip().lower()[:MAX_LABEL_CHARACTERS] for name in _SPEAKER.findall(prompt)]
    named = dict.fromkeys([*sorted(settings.mentionable), *reversed(speakers)])
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


def _grown(base: int, mood: MoodRecord, settings: DraftSettings) -> int:
    """More candidates, so that enough are left when the mood has rejected its share."""
    share = _rejected_share(mood, settings)
    return candidates_wanted(base, share, settings.rejection_discount, settings.growth_decimals)


def _rejected_share(mood: MoodRecord, settings: DraftSettings) -> float:
    return expected_rejection(mood_by_name(mood.name, settings.mood_ranges), settings.rejection_sample)
