"""The whole story of a post: what it answers, what it was chosen from, who decided what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from munging.classic import from_classic
from munging.prompts.formats import render
from munging.thread import Identity
from switchboard.console_talk import PostLine, Story, StoryStep
from switchboard.job_factory import answer_prompt
from switchboard.messages import AnswerRequest, SelectionOutcome
from switchboard.messages.fields import MAX_QUESTION_CHARACTERS
from tumblr.bot_settings import BotSettings
from tumblr.console.waiting import candidates_of, clean, label, labels, said_in, short
from tumblr.responding.handlers.base import parse_request
from tumblr.responding.post_log import logged_input
from tumblr.turns.review import Decision
from tumblr.turns.turn import LogEntry, StoredRequest, Turn


def post_line(logged: LogEntry, identity: Identity) -> PostLine:
    """A post in a list."""
    entry = logged.entry
    intent = entry.get("intent") or {}
    said = said_in(logged_input(entry), entry.get("who") or "", "", identity)
    return PostLine(
        number=logged.number,
        post_id=label(logged.post_id),
        turn=logged.turn_id,
        kind=label(entry["kind"]),
        who=label(entry.get("who") or ""),
        state=label(logged.state),
        at=logged.created_at,
        said=short(said[-1].text) if said else "",
        text=short((entry.get("result") or {}).get("post") or ""),
        tags=labels(intent.get("tags") or ()),
    )


def story_of(
    turn: Turn,
    logged: Sequence[LogEntry],
    decisions: Iterable[Decision],
    settings: BotSettings,
    *,
    moved: bool,
) -> Story:
    """Everything about a turn; ``logged`` is what the post log says of it.

    ``moved``: its input has moved the mood.
    """
    entry: dict[str, Any] = dict(logged[-1].entry) if logged else {}
    result = turn.result
    if result is None and entry.get("result"):
        result = SelectionOutcome.model_validate(entry["result"])
    judged = turn.judgment
    intent = entry.get("intent") or (turn.intent.model_dump(mode="json") if turn.intent else {})
    review = turn.review
    reasons = intent.get("reasons") or (review.reasons if review else ())
    return Story(
        turn=turn.id,
        kind=turn.kind,
        who=label(turn.who),
        state=turn.state,
        post_ids=list(dict.fromkeys(label(one.post_id) for one in logged)),
        reason=short(turn.reason or ""),
        conversation=said_in(turn.input, turn.who, _classic(turn), settings.identity),
        prompt=_prompt(turn, settings)[:MAX_QUESTION_CHARACTERS],
        mood="" if result is None else result.mood.name,
        mood_bounds=[] if result is None else [result.mood.min_allowed_score, result.mood.max_allowed_score],
        sentiment=None if judged is None else judged.logit_diff,
        moved_mood=moved,
        candidates=[] if result is None else candidates_of(result),
        html=clean(intent.get("html") or (review.html if review else "")),
        tags=labels(intent.get("tags") or (review.tags if review else ())),
        sent_as=label(str(intent.get("state") or "")),
        reasons=[clean(reason) for reason in reasons],
        models={} if result is None else dict(result.model_info),
        answer=short(str(entry.get("answer") or "")),
        steps=sorted(_steps(turn, logged, decisions), key=lambda step: step.at),
    )


def _steps(turn: Turn, logged: Sequence[LogEntry], decisions: Iterable[Decision]) -> Iterable[StoryStep]:
    yield StoryStep(at=turn.created_at, what="it was found to be the bot's turn")
    if turn.request is not None:
        yield StoryStep(at=turn.request.stored_at, what="a text was asked for", detail=turn.request.id)
    if turn.chosen_at is not None:
        yield StoryStep(at=turn.chosen_at, what="a text was chosen")
    if turn.review is not None:
        why = "; ".join(turn.review.reasons)
        yield StoryStep(at=turn.review.held_at, what="it was held for the operator", detail=short(why))
    for one in decisions:
        detail = "; ".join(filter(None, (one.reason, str(one.state), one.outcome)))
        yield StoryStep(
            at=one.created_at, what=f"{one.who} ({one.role}) decided: {one.action}", detail=short(detail)
        )
    if turn.intent is not None:
        yield StoryStep(at=turn.intent.stored_at, what="what would be sent to tumblr was stored")
    for entry in logged:
        yield StoryStep(at=entry.created_at, what=f"it was {entry.state} on tumblr", detail=entry.post_id)


def _classic(turn: Turn) -> str:
    request = _answer(turn.request)
    return "" if request is None else answer_prompt(request)


def _answer(stored: StoredRequest | None) -> AnswerRequest | None:
    request = None if stored is None else parse_request(stored)
    return request if isinstance(request, AnswerRequest) else None


def _prompt(turn: Turn, settings: BotSettings) -> str:
    """The prompt in the model's format, before the generator fits it into the model's context."""
    request = _answer(turn.request)
    if request is None:
        return ""
    thread = from_classic(answer_prompt(request), settings.identity).awaiting_bot(settings.identity)
    form = settings.format
    written = request.v10_timestamp if form.time_style == "v10" else request.v8_timestamp
    fiction = bool(request.write_fic_override)
    return render(thread, form, settings.identity, written=written or None, fiction=fiction).text
