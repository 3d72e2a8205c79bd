"""What waits for the operator, in the console's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from munging.classic import from_classic
from munging.thread import Identity, Thread
from switchboard.console_talk import CandidateLine, DecisionLine, HeldLine, HeldPost, Said
from switchboard.job_factory import answer_prompt
from switchboard.messages import AnswerRequest, SelectionOutcome
from switchboard.messages.fields import MAX_LABEL_CHARACTERS
from tumblr.responding.handlers.base import parse_request
from tumblr.turns.inputs import AskInput, ReplyInput, ThreadInput, TurnInput, WithImages
from tumblr.turns.review import Decision, Review
from tumblr.turns.turn import Turn

LINE_CHARACTERS = 400
"""Of a text in a list."""


def held_line(turn: Turn, identity: Identity) -> HeldLine:
    """A waiting turn in a list."""
    review, chosen = _of(turn)
    conversation = said_before(turn, identity)
    return HeldLine(
        turn=turn.id,
        kind=turn.kind,
        who=turn.who[:MAX_LABEL_CHARACTERS],
        version=review.version,
        held_at=review.held_at,
        said=short(conversation[-1].text) if conversation else "",
        text=short(chosen.post),
        tags=labels(review.tags),
        reasons=[clean(reason) for reason in review.reasons],
        refused=review.refused,
        mood=chosen.mood.name,
    )


def held_post(turn: Turn, identity: Identity, decisions: Iterable[Decision]) -> HeldPost:
    """A waiting turn with everything about it."""
    review, chosen = _of(turn)
    line = held_line(turn, identity)
    return HeldPost(
        **line.model_dump(exclude={"text"}),
        text=clean(chosen.post).removeprefix(" "),
        conversation=said_before(turn, identity),
        images=images_of(turn),
        html=clean(review.html),
        publish_as=review.publish_as,
        candidates=candidates_of(chosen),
        mood_bounds=[chosen.mood.min_allowed_score, chosen.mood.max_allowed_score],
        autoreview=chosen.autoreview,
        first=clean(review.first),
        edited=chosen.post != review.first or review.own_tags is not None,
        decisions=[decision_line(one) for one in decisions],
        url=turn.input.url if isinstance(turn.input, ThreadInput) else "",
    )


def decision_line(decision: Decision, title: str = "") -> DecisionLine:
    """A decision in a list; ``title`` says what it is about."""
    return DecisionLine(
        number=decision.number,
        turn=decision.turn_id,
        action=decision.action,
        who=decision.who,
        role=decision.role,
        state=decision.state,
        created_at=decision.created_at,
        due_at=decision.due_at,
        reason=decision.reason,
        outcome=decision.outcome,
        title=short(title),
    )


def said_before(turn: Turn, identity: Identity) -> list[Said]:
    """The conversation that a turn answers, as far as the model was shown it."""
    return said_in(turn.input, turn.who, _prompt_of(turn), identity)


def said_in(about: TurnInput, who: str, prompt: str, identity: Identity) -> list[Said]:
    """The conversation in an input; ``prompt`` is what was asked for, in classic form, if anything was."""
    match about:
        case AskInput() as ask:
            return [Said(author=label(who), text=clean(ask.question))]
        case ThreadInput() | ReplyInput():
            return [*_posts(prompt or about.prompt, identity)]
    words = "\n".join(filter(None, (getattr(about, name, "") for name in ("question", "text"))))
    return [Said(author=label(who), text=clean(words))] if words else []


def candidates_of(chosen: SelectionOutcome) -> list[CandidateLine]:
    """All texts that were written, with what the models say of them."""
    texts = chosen.all_posts or []
    return [
        CandidateLine(
            index=index,
            text=clean(text).removeprefix(" "),
            tags=labels(chosen.all_tags[index]) if chosen.all_tags and index < len(chosen.all_tags) else [],
            chosen=index == chosen.choice_index,
            selector=_at(chosen.all_proba, index),
            positive=_at(chosen.all_pos_sentiment, index),
            rejection=_at(chosen.all_autoreview or (), index),
            surprise=_at(chosen.all_mirotarg, index),
        )
        for index, text in enumerate(texts)
    ]


def images_of(turn: Turn) -> list[str]:
    """Addresses of the pictures in what is answered, as far as they are known."""
    return list(turn.input.images)[:50] if isinstance(turn.input, WithImages) else []


def labels(tags: Iterable[str]) -> list[str]:
    """Tags as messages carry them."""
    return [label(tag) for tag in tags]


def _prompt_of(turn: Turn) -> str:
    """The prompt that was asked for, in classic form; empty when nothing was."""
    request = None if turn.request is None else parse_request(turn.request)
    return answer_prompt(request) if isinstance(request, AnswerRequest) else ""


def _posts(prompt: str, identity: Identity) -> Iterable[Said]:
    thread: Thread = from_classic(prompt, identity)
    for post in thread.posts:
        if post.text.strip() or post.tags:
            tags = labels(post.tags)
            yield Said(author=label(post.author), text=clean(post.text), by_bot=post.by_bot, tags=tags)


def _of(turn: Turn) -> tuple[Review, SelectionOutcome]:
    if turn.review is None or turn.result is None:
        raise ValueError(f"{turn.name} does not wait for a decision")
    return turn.review, turn.result


def _at(values: Sequence[float | None], index: int) -> float | None:
    return values[index] if index < len(values) else None


def label(text: str) -> str:
    """A name as messages carry it."""
    return clean(text)[:MAX_LABEL_CHARACTERS]


def short(text: str) -> str:
    """A text in a list."""
    words = clean(text).strip()
    return words if len(words) <= LINE_CHARACTERS else f"{words[: LINE_CHARACTERS - 1]}…"


def clean(text: str) -> str:
    """A text without what no message may hold."""
    return text.replace("\x00", "")
