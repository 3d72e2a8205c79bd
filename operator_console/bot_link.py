"""The console's way to the bot loop, by the switchboard, and to what the switchboard itself keeps."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import ValidationError

from operator_console.errors import BotAway, Missing
from switchboard.client import SwitchboardClient
from switchboard.console_talk import Question, Refusal
from switchboard.errors import SwitchboardConflict, SwitchboardError, SwitchboardForbidden
from switchboard.messages import ConsoleAsk, HeadWish, LearningReply, StatusReport, WireModel

Answer = TypeVar("Answer", bound=WireModel)

WAIT_SECONDS = 5.0
"""How long the bot has for an answer."""


class BotLink:
    """Asks the bot. Safe to share between threads."""

    def __init__(self, client: SwitchboardClient) -> None:
        self._client = client

    def ask(self, question: Question, answer: type[Answer], key: str | None = None) -> Answer:
        """The bot's answer. What changes something has a key, under which it may be asked again.

        Raises BotAway when there is none, and Missing when the bot has nothing of the kind.
        """
        body = question.model_dump(mode="json")
        ask = ConsoleAsk(key=key or secrets.token_hex(12), question=body, wait=WAIT_SECONDS)
        with _answered():
            reply = self._client.ask_bot(ask)
        if not reply.answered:
            raise BotAway("the bot does not answer; is tumbl.py running, with console.on?", 5)
        try:
            return answer.model_validate(reply.answer)
        except ValidationError:
            pass
        try:
            refusal = Refusal.model_validate(reply.answer)
        except ValidationError:
            raise BotAway("the bot is of another version than the console") from None
        raise Missing(refusal.refused)

    def work(self) -> StatusReport:
        """Who works for the bot, what they have done today, what has failed. Raises BotAway."""
        with _answered():
            return self._client.work()

    def learned(self) -> LearningReply:
        """What training has reported. Raises BotAway."""
        with _answered():
            return self._client.learned()

    def wish(self, wish: HeadWish) -> None:
        """Have a version of a head put in use. Raises BotAway, and Missing where it does not fit."""
        with _answered():
            self._client.wish(wish)


@contextmanager
def _answered() -> Iterator[None]:
    """Errors of the switchboard as the console tells them."""
    try:
        yield
    except SwitchboardForbidden:
        raise BotAway("the switchboard refuses the console; see switchboard.console_token") from None
    except SwitchboardConflict as conflict:
        raise Missing(conflict.error) from None
    except SwitchboardError:
        raise BotAway("the switchboard does not answer; is bridge_service.py running?", 5) from None
