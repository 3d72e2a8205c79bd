"""What the models say about texts that belong to no turn yet: asked in batches, read when it is there.

What is asked is stored before it is sent, so that a restart asks for the same job again and not for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog

from switchboard.errors import SwitchboardError, SwitchboardForbidden
from switchboard.messages import (
    RawSelectOutcome,
    RawSelectRequest,
    SpeakerQuestion,
    request_id,
)
from switchboard.messages.fields import MAX_TEXTS
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.dashboard_rules import Judged
from tumblr.finders.speaker_rules import shift
from tumblr.responding.handlers.base import parse_request, times_for_prompts
from tumblr.turns.turn import StoredRequest

log = structlog.get_logger()


@dataclass(frozen=True)
class Question:
    """A text to be scored, and perhaps a thread of which is asked who speaks next."""

    text: str
    speaker: SpeakerQuestion | None = None


@dataclass(frozen=True)
class Unjudged:
    """It could not be judged."""

    reason: str


class SideJudge:
    """Has texts judged."""

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        self._bot = bot
        self._zone = settings.zone
        self._batch = min(settings.dashboard.batch, MAX_TEXTS) or MAX_TEXTS

    def judge(self, questions: Mapping[str, Question]) -> dict[str, Judged | Unjudged]:
        """What is known about some texts, each under its name. What is not known yet is asked for."""
        known = self._bot.conversations.side_judgments(questions)
        self._ask({name: one for name, one in questions.items() if name not in known})
        pending = {name: request for name, (request, scores) in known.items() if scores is None}
        self._collect(pending, questions)
        scored = self._bot.conversations.side_judgments(questions)
        return {name: _judged(scores) for name, (_, scores) in scored.items() if scores is not None}

    def _ask(self, questions: Mapping[str, Question]) -> None:
        for part in _parts(questions, self._batch):
            now = self._bot.clock()
            times = times_for_prompts(self._bot.now, self._zone)
            fields = {**_fields(part.values()), "v10_timestamps": [times["v10_timestamp"]]}
            number = request_id("raw_select", {**fields, "about": list(part), "at": now})
            request = StoredRequest(endpoint="raw_select", id=number, fields=fields, stored_at=now)
            self._bot.conversations.ask_side_judgments(dict.fromkeys(part, request))
            self._submit(request)

    def _submit(self, request: StoredRequest) -> bool:
        message = parse_request(request)
        assert isinstance(message, RawSelectRequest)
        try:
            self._bot.switchboard.submit_raw_select(message)
        except SwitchboardForbidden:
            raise
        except SwitchboardError as error:
            log.warning("not judged yet", job=request.id[:12], reason=str(error))
            return False
        return True

    def _collect(self, pending: Mapping[str, StoredRequest], questions: Mapping[str, Question]) -> None:
        for request in {one.id: one for one in pending.values()}.values():
            about = [name for name, one in pending.items() if one.id == request.id]
            try:
                reply = self._bot.switchboard.get_result(request.id)
            except SwitchboardForbidden:
                raise
            except SwitchboardError as error:
                log.warning("not judged yet", job=request.id[:12], reason=str(error))
                return
            if reply.state == "unknown":
                self._submit(request)
            elif reply.done:
                outcome = reply.result if isinstance(reply.result, RawSelectOutcome) else None
                self._bot.conversations.keep_side_judgments(
                    {name: _scores(outcome, request, questions[name]) for name in about}
                )
                self._acknowledge(request)

    def _acknowledge(self, request: StoredRequest) -> None:
        try:
            self._bot.switchboard.acknowledge(request.id)
        except SwitchboardForbidden:
            raise
        except SwitchboardError as error:
            log.debug("the switchboard will forget it by itself", job=request.id, reason=str(error))


def _fields(questions: Iterable[Question]) -> dict[str, list[Any]]:
    """Texts, and what is asked about their threads if anything is, as a request carries them."""
    pairs = [(one.text, one.speaker.model_dump() if one.speaker else None) for one in questions]
    texts: dict[str, list[Any]] = {"texts": [text for text, _ in pairs]}
    speakers = [speaker for _, speaker in pairs]
    return texts | ({"next_speaker": speakers} if any(speakers) else {})


def _scores(outcome: RawSelectOutcome | None, request: StoredRequest, question: Question) -> list[Any]:
    """What there is about one text of a request; empty when there is nothing.

    Probability, logit difference, probability of being rejected, and the two of the bot as next speaker.
    """
    texts = request.fields["texts"]
    asked = list(zip(texts, request.fields.get("next_speaker") or [None] * len(texts), strict=True))
    own = question.text, question.speaker.model_dump() if question.speaker else None
    if outcome is None or own not in asked:
        return []
    place = asked.index(own)
    odds = outcome.next_speaker[place] if outcome.next_speaker else None
    review = outcome.autoreview[place] if outcome.autoreview else None
    scores = [outcome.selection_proba[place], outcome.sentiment_logit_diffs[place], review]
    return scores + ([odds.after_thread, odds.after_line] if odds else [])


def _judged(scores: Sequence[Any]) -> Judged | Unjudged:
    if not scores:
        return Unjudged("the heads could not judge it")
    probability, logit_diff, *rest = scores
    review, *odds = rest or [None]
    return Judged(probability, logit_diff, review, shift(*odds) if odds else None)


def _parts(questions: Mapping[str, Question], size: int) -> Iterator[dict[str, Question]]:
    items = iter(questions.items())
    while part := dict(islice(items, size)):
        yield part
