"""The thread that waits for questions of the console at the switchboard, and answers them.

It has a connection of its own to the bot's database. What it changes there are decisions, which the bot loop
carries out; the loop need not be free for an answer, and is woken when there is something for it to do.
"""

from __future__ import annotations

import secrets
import threading
from typing import Any

import structlog
from pydantic import ValidationError

from switchboard.client import SwitchboardClient
from switchboard.console_talk import QUESTIONS, Refusal
from switchboard.errors import SwitchboardError
from switchboard.messages import ConsoleQuestion, DeskPoll, WireModel
from tumblr.api.errors import StoreError
from tumblr.console.answers import Answers, NoSuchThing

WAIT_SECONDS = 25.0
"""How long the switchboard lets a poll wait."""

PAUSE_SECONDS = 1.0
"""Between two tries to reach a switchboard that does not answer."""

log = structlog.get_logger()


class ConsoleDesk:
    """Answers the console until it is closed."""

    def __init__(self, switchboard: SwitchboardClient, answers: Answers) -> None:
        self._switchboard = switchboard
        self._answers = answers
        self._instance = secrets.token_hex(8)
        self._closing = threading.Event()
        # A daemon: a poll that waits must not keep the process from stopping.
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._closing.set()

    def _run(self) -> None:
        answered: dict[str, Any] = {}
        is_away = False
        while not self._closing.is_set():
            try:
                poll = DeskPoll(instance=self._instance, answers=answered, wait=WAIT_SECONDS)
                questions = self._switchboard.poll_desk(poll).questions
            except SwitchboardError as error:
                if not is_away:
                    log.warning("the console is not answered", reason=str(error))
                is_away, answered = True, {}  # whoever waited asks again
                self._closing.wait(PAUSE_SECONDS)
                continue
            is_away = False
            answered = {question.key: self.answer(question) for question in questions}

    def answer(self, question: ConsoleQuestion) -> dict[str, Any]:
        """The answer; whatever goes wrong with one question stays with it."""
        answer: WireModel
        try:
            answer = self._answers.answer(QUESTIONS.validate_python(question.question), question.key)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
            answer = Refusal(refused=f"not a question of this version ({place})")
        except NoSuchThing as error:
            answer = Refusal(refused=str(error))
        except StoreError as error:
            log.error("the console is not answered", reason=str(error))
            answer = Refusal(refused=str(error))
        except Exception as error:
            log.error("the console is not answered", question=question.question.get("ask"), exc_info=error)
            answer = Refusal(refused="the bot could not answer; its log says why")
        return answer.model_dump(mode="json")
