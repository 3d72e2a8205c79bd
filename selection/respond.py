"""From a finished candidate set to the result that goes back: choose, parse, and say what to retain."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mood.logits import pos_sent
from mood.named import Mood
from munging.prompts.continuation import Continuation, from_classic_continuation
from selection.candidates import Candidate
from selection.choose import Choice, choose
from selection.retention import newly_retained
from selection.settings import STANDARD, SelectionConfig, StrategyName
from selection.strategies import Strategy

MAX_TAGS = 200
"""More tags than this no post carries; what a model writes beyond is cut off."""


@dataclass(frozen=True)
class Request:
    """What is to be chosen, and how; ``uses_retained``: among retained texts too, and it may add to them."""

    uses_retained: bool
    mood: Mood
    strategy: Strategy
    return_all: bool = False


@dataclass(frozen=True)
class Selected:
    """The chosen text and what it was chosen from.

    The `all_` lists cover new and retained candidates, those included that the mood's screen set aside;
    `choice_index` counts in them, `choice_ix` in the list that the screen left. `retained` are texts to add
    to the retention list, `chosen_retained` the one to take out of it.
    """

    post: str
    tags: tuple[str, ...]
    proba: float
    pos_sentiment: float | None
    mirotarg: float | None
    all_proba: tuple[float, ...]
    all_pos_sentiment: tuple[float | None, ...]
    all_mirotarg: tuple[float | None, ...]
    choice_ix: int
    choice_index: int
    screened: int
    autoreview: float | None = None
    all_autoreview: tuple[float | None, ...] | None = None
    retained: tuple[str, ...] = ()
    chosen_retained: str | None = None
    by_chance: bool | None = None
    all_posts: tuple[str, ...] | None = None
    all_tags: tuple[tuple[str, ...], ...] | None = None


def select(
    candidates: Sequence[Candidate],
    retained: Sequence[Candidate],
    request: Request,
    rng: random.Random,
    settings: SelectionConfig = STANDARD,
) -> Selected:
    """Choose one of the candidates, for an original post also of the retained ones (sorted by text).

    Raises NoCandidates if there is nothing to choose from.
    """
    pool = [*candidates, *_offered(retained, request)]
    choice = choose(pool, request.mood, request.strategy, rng, settings)
    parsed = [_parsed(candidate) for candidate in pool]
    chosen = pool[choice.index]
    return Selected(
        post=parsed[choice.index].body,
        tags=parsed[choice.index].tags,
        proba=choice.scores[choice.index],
        pos_sentiment=_positive(chosen),
        mirotarg=chosen.mirotarg,
        all_proba=choice.scores,
        all_pos_sentiment=tuple(_positive(candidate) for candidate in pool),
        all_mirotarg=tuple(candidate.mirotarg for candidate in pool),
        choice_ix=choice.screened_index,
        choice_index=choice.index,
        screened=len(choice.screened),
        autoreview=chosen.autoreview,
        all_autoreview=_reviews(pool),
        retained=_to_retain(pool, choice, request, settings),
        chosen_retained=_taken_out(chosen, retained, request),
        by_chance=choice.by_chance or None,
        all_posts=tuple(p.body for p in parsed) if request.return_all else None,
        all_tags=tuple(p.tags for p in parsed) if request.return_all else None,
    )


def _parsed(candidate: Candidate) -> Continuation:
    found = from_classic_continuation(candidate.text)
    return Continuation(found.body, found.tags[:MAX_TAGS])


def _offered(retained: Sequence[Candidate], request: Request) -> list[Candidate]:
    if not request.uses_retained or request.strategy.name is StrategyName.UNIFORM:
        return []
    return sorted(retained, key=lambda candidate: candidate.text)


def _to_retain(
    pool: Sequence[Candidate], choice: Choice, request: Request, settings: SelectionConfig
) -> tuple[str, ...]:
    if not request.uses_retained:
        return ()
    return newly_retained(pool, choice.scores, choice.index, settings.retention_cutoff)


def _taken_out(chosen: Candidate, retained: Sequence[Candidate], request: Request) -> str | None:
    """The chosen text, if it stands in the retention list; a newly written text may equal a retained one."""
    listed = request.uses_retained and any(candidate.text == chosen.text for candidate in retained)
    return chosen.text if listed else None


def _reviews(pool: Sequence[Candidate]) -> tuple[float | None, ...] | None:
    """The candidates' probabilities of being rejected; None where none has any."""
    reviews = tuple(candidate.autoreview for candidate in pool)
    return None if all(review is None for review in reviews) else reviews


def _positive(candidate: Candidate) -> float | None:
    difference = candidate.sentiment_logit_difference
    return None if difference is None else pos_sent(difference)
