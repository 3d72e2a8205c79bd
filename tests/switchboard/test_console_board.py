"""Questions of the console reach the bot loop, and its answers come back; nothing of it is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from switchboard.errors import SwitchboardBusy, SwitchboardForbidden
from switchboard.messages import ConsoleAsk, ConsoleReply, DeskPoll
from switchboard.messages.console import MAX_CARRIED
from tests.switchboard.service import Service

QUESTION: dict[str, Any] = {"ask": "waiting"}


def ask(service: Service, key: str = "k", wait: float = 20.0) -> ConsoleReply:
    return service.client("console").ask_bot(ConsoleAsk(key=key, question=QUESTION, wait=wait))


def poll(service: Service, instance: str = "one", wait: float = 20.0, **answers: Any) -> list[str]:
    given = DeskPoll(instance=instance, answers=answers, wait=wait)
    return [question.key for question in service.client("client").poll_desk(given).questions]


@pytest.fixture
def asking(service: Service) -> Callable[..., tuple[threading.Thread, list[ConsoleReply]]]:
    """Asks beside the test; the answers come into a list."""

    def start(key: str = "k") -> tuple[threading.Thread, list[ConsoleReply]]:
        answers: list[ConsoleReply] = []
        thread = threading.Thread(target=lambda: answers.append(ask(service, key)), daemon=True)
        thread.start()
        return thread, answers

    return start


def test_an_answer_comes_back_to_whoever_asked(service: Service, asking: Any) -> None:
    thread, answers = asking()
    assert poll(service) == ["k"]
    poll(service, wait=0, k={"total": 3})
    thread.join(10)
    assert answers == [ConsoleReply(answered=True, answer={"total": 3})]
    assert poll(service, wait=0) == []


def test_without_a_bot_there_is_no_answer(service: Service) -> None:
    assert ask(service, wait=0.05) == ConsoleReply(answered=False)
    assert poll(service, wait=0) == []


def test_a_bot_that_has_started_anew_is_told_again(service: Service, asking: Any) -> None:
    thread, answers = asking()
    assert poll(service, "before") == ["k"]
    assert poll(service, "before", wait=0) == []
    assert poll(service, "after") == ["k"]
    poll(service, "after", wait=0, k=1)
    thread.join(10)
    assert answers[0].answer == 1


def test_two_who_ask_under_one_key_get_one_answer(service: Service) -> None:
    service = Service(service.bench, service.settings.model_copy(update={"threads": 12}))
    found: list[ConsoleReply] = []
    threads = [threading.Thread(target=lambda: found.append(ask(service)), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert poll(service) == ["k"]
    while service.parts.console._carried["k"].waiters < 2:
        threading.Event().wait(0.01)
    poll(service, wait=0, k=7)
    for thread in threads:
        thread.join(10)
    assert [reply.answer for reply in found] == [7, 7]


def test_an_answer_that_nobody_waits_for_is_dropped(service: Service) -> None:
    poll(service, wait=0, nobody=1)
    assert ask(service, "nobody", wait=0.05) == ConsoleReply(answered=False)


def test_only_the_console_asks_and_only_the_bot_loop_answers(service: Service) -> None:
    with pytest.raises(SwitchboardForbidden):
        service.client("client").ask_bot(ConsoleAsk(key="k", question=QUESTION, wait=0))
    with pytest.raises(SwitchboardForbidden):
        service.client("console").poll_desk(DeskPoll(instance="x"))


def test_without_a_token_there_is_no_console(service: Service) -> None:
    bare = service.settings.model_copy(update={"console_token": None})
    closed = Service(service.bench, bare)
    assert closed.send("POST", "/console", "console", json={"key": "k", "question": {}}).status_code == 403


def test_so_many_questions_wait_and_no_more(service: Service) -> None:
    board = service.parts.console
    for number in range(MAX_CARRIED):
        board._carry(ConsoleAsk(key=f"k{number}", question=QUESTION))
    with pytest.raises(SwitchboardBusy):
        ask(service, "one more", wait=0)
