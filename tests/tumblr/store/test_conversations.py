"""What is remembered of conversations survives, and one post is spoken for once."""

from __future__ import annotations

import pytest

from tests.tumblr.fakes import FakeClock, a_request, an_ask
from tumblr.api.notes import Note, NoteList
from tumblr.store.conversations import ConversationStore
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn


@pytest.fixture
def conversations(database: Database, clock: FakeClock) -> ConversationStore:
    return ConversationStore(database, clock)


def a_reblog(number: str, who: str = "bob", *handles: str) -> NewTurn:
    return NewTurn(TurnKind.REBLOG, f"{who}:{number}", who, handles=handles)


def test_a_post_is_spoken_for_once(store: TurnStore, conversations: ConversationStore) -> None:
    assert len(store.add([a_reblog("1", "bob", "bob:1", "al:0")])) == 1
    assert conversations.handled(["bob:1", "al:0", "al:9"]) == {"bob:1", "al:0"}
    assert store.add([a_reblog("2", "cat", "cat:2", "al:0")]) == []
    assert store.add([NewTurn(TurnKind.MENTION, "bob:1", "bob", handles=("bob:1",))]) == []
    assert conversations.handled(["cat:2"]) == set()


def test_two_turns_found_at_once_do_not_speak_for_the_same_post(store: TurnStore) -> None:
    assert len(store.add([a_reblog("1", "bob", "al:0"), a_reblog("2", "cat", "al:0")])) == 1


def test_the_same_post_named_twice_is_marked_once(store: TurnStore) -> None:
    assert len(store.add([a_reblog("1", "bob", "bob:1", "bob:1")])) == 1


def test_whom_the_bot_has_answered(
    store: TurnStore, conversations: ConversationStore, clock: FakeClock
) -> None:
    store.add([an_ask("1", "Bob")])
    clock.advance(100)
    store.add([a_reblog("2"), a_reblog("3", "cat"), NewTurn(TurnKind.ASK, "9", "bob", skip_reason="no")])
    store.add([NewTurn(TurnKind.ORIGINAL, "x")])
    failed = store.add([a_reblog("4")])[0]
    store.close(failed, TurnState.FAILED, "x")
    assert conversations.answers_since(0) == {"bob": 2, "cat": 1}
    assert conversations.answers_since(clock.now) == {"bob": 1, "cat": 1}


def test_notes_are_remembered(conversations: ConversationStore) -> None:
    known = NoteList((Note("reply", "bob", 5, said="hi"),), 7.5)
    conversations.keep_notes({"1": NoteList(), "2": NoteList()})
    conversations.keep_notes({"1": known})
    assert conversations.notes(["1", "2", "3"]) == {"1": known, "2": NoteList()}


def test_side_judgments_are_remembered(conversations: ConversationStore) -> None:
    request = a_request("job", "raw_select")
    conversations.ask_side_judgments({"bob:1": request})
    assert conversations.side_judgments(["bob:1", "bob:2"]) == {"bob:1": (request, None)}
    conversations.keep_side_judgments({"bob:1": [0.5, None]})
    assert conversations.side_judgments(["bob:1"]) == {"bob:1": (request, [0.5, None])}
    again = a_request("job2", "raw_select")
    conversations.ask_side_judgments({"bob:1": again})
    assert conversations.side_judgments(["bob:1"]) == {"bob:1": (again, None)}
