"""Carries the console's questions to the bot loop, and the answers back.

Nothing of it is stored. A question is worth something only while somebody waits for its answer; what was to
be done and was not answered for is asked for again under the same key, and the bot loop does it once.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from switchboard.long_polls import LongPoll, Notifier
from switchboard.messages import ConsoleAsk, ConsoleQuestion, ConsoleReply, DeskPoll, DeskPollReply
from switchboard.messages.console import MAX_CARRIED

PLACES = 8
"""Questions that wait at once: a thread each. One more for the bot loop, which waits for them."""


QUESTIONS, ANSWER = "$questions", "$answer:"
"""What is waited for: any question, the answer to one."""


class TooManyQuestions(Exception):  # noqa: N818 - named for what is wrong
    """So many questions wait already that another one is not taken."""


@dataclass
class _Carried:
    """A question that somebody waits for; ``told`` is the bot loop's start that it was given to."""

    question: ConsoleQuestion
    waiters: int = 0
    told: str | None = None
    answers: list[JsonValue] = field(default_factory=list)


class ConsoleBoard:
    """The questions that are waited for at the moment."""

    def __init__(self, notifier: Notifier, places: int) -> None:
        self._notifier = notifier
        self._asking = LongPoll(notifier, places)
        self._answering = LongPoll(notifier, 1)
        self._lock = threading.Lock()
        self._carried: dict[str, _Carried] = {}

    def ask(self, ask: ConsoleAsk) -> ConsoleReply:
        """Carry a question, and wait for its answer. Raises TooManyQuestions."""
        carried = self._carry(ConsoleQuestion(key=ask.key, question=ask.question))
        self._notifier.tell(QUESTIONS)
        try:
            answers = self._asking.until(f"{ANSWER}{ask.key}", lambda: carried.answers, bool, ask.wait)
        finally:
            self._drop(ask.key, carried)
        return ConsoleReply(answered=bool(answers), answer=answers[0] if answers else None)

    def poll(self, poll: DeskPoll) -> DeskPollReply:
        """Take the bot loop's answers, and wait for questions that it has not been told of."""
        self._take(poll.answers)
        questions = self._answering.until(QUESTIONS, lambda: self._untold(poll.instance), bool, poll.wait)
        return DeskPollReply(questions=questions)

    def _carry(self, question: ConsoleQuestion) -> _Carried:
        with self._lock:
            if question.key not in self._carried and len(self._carried) >= MAX_CARRIED:
                raise TooManyQuestions
            carried = self._carried.setdefault(question.key, _Carried(question))
            carried.waiters += 1
            return carried

    def _drop(self, key: str, carried: _Carried) -> None:
        with self._lock:
            carried.waiters -= 1
            if carried.waiters == 0 and self._carried.get(key) is carried:
                del self._carried[key]

    def _take(self, answers: Mapping[str, JsonValue]) -> None:
        with self._lock:
            known = [(self._carried[key], answer) for key, answer in answers.items() if key in self._carried]
            for carried, answer in known:
                carried.answers.append(answer)
        for carried, _answer in known:
            self._notifier.tell(f"{ANSWER}{carried.question.key}")

    def _untold(self, instance: str) -> list[ConsoleQuestion]:
        with self._lock:
            new = [one for one in self._carried.values() if one.told != instance and not one.answers]
            for carried in new:
                carried.told = instance
            return [carried.question for carried in new]
