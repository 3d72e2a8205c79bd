"""Tables for the rules about reblogs and replies."""

from __future__ import annotations

import pytest

from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import settings_for
from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note
from tumblr.api.payload_forms import TrailEntry
from tumblr.finders.conversation_rules import (
    answered_by_hand,
    context_note,
    context_of,
    cost,
    is_safe,
    tip,
    why_not_context,
    why_not_in_thread,
    why_not_reblog,
    why_not_reply,
)
from tumblr.finders.damping import Exchanges, Talked, why_not_talk

SETTINGS = settings_for(
    blog={"dash_blog_name": "frank-dash", "operator_name": "boss"},
    screening={"user_avoid_list": ["Mallory"]},
    conversation={"ignored_posts": ["666"], "welcome_repliers": ["Pal"]},
    damping={"automated_accounts": ["Robo"], "longest_exchange": 3, "per_hour": 2, "per_day": 4},
)
POSTED = Note("posted", "frank", 10)


def reblog(blog: str, timestamp: int, parent: str = "frank", post_id: str = "7") -> Note:
    return Note("reblog", blog, timestamp, post_id, parent, "so")


def reply(said: str = "hm", blog: str = "bob", timestamp: int = 50) -> Note:
    return Note("reply", blog, timestamp, said=said)


OWN = TumblrPost(id="1", state="published", blog="frank", body="<p>x</p>")


@pytest.mark.parametrize(
    ("note", "answered"),
    [
        (reblog("bob", 20), True),
        (reblog("bob", 20, parent="Frank"), True),
        (reblog("bob", 20, parent="ann"), False),
        (reblog("bob", 20, post_id="666"), False),
    ],
)
def test_reblogs_of_the_bots_own_words(note: Note, *, answered: bool) -> None:
    assert (why_not_reblog(note, SETTINGS) is None) is answered


@pytest.mark.parametrize(
    ("entry", "fine"),
    [
        (TrailEntry("ann", "3"), True),
        (TrailEntry("Mallory", "3"), False),
        (TrailEntry("ann", "666"), False),
        (TrailEntry("", None), True),
    ],
)
def test_threads_to_keep_away_from(entry: TrailEntry, *, fine: bool) -> None:
    assert (why_not_in_thread([entry], SETTINGS) is None) is fine


@pytest.mark.parametrize(
    ("said", "blog", "others", "answered"),
    [
        ("hm", "bob", [], True),  # safe
        ("hm", "bob", [reblog("ann", 30)], False),
        ("hm", "Friend", [reblog("ann", 30)], True),  # followed
        ("hm", "pal", [reblog("ann", 30)], True),  # always welcome
        (" @frank hm", "bob", [reblog("ann", 30)], True),
        ("@Frank", "bob", [reblog("ann", 30)], True),
        ("@frank-dash hm", "bob", [], False),
        ("@ann hm", "friend", [], False),
        ("@franklin hm", "friend", [], False),
        ("hm", "bob", [reblog("ann", 60)], True),  # reblogged only later
    ],
)
def test_replies_that_are_meant_for_the_bot(
    said: str, blog: str, others: list[Note], *, answered: bool
) -> None:
    this = reply(said, blog)
    notes = sorted([this, POSTED, *others], key=lambda note: -note.timestamp)
    assert (why_not_reply(this, notes, OWN, SETTINGS, {"friend"}) is None) is answered


def test_a_thread_that_somebody_else_began_is_not_safe() -> None:
    theirs = npf("two", trail=[npf_item("alice", "9", "one")])
    assert not is_safe(reply(), [reply(), POSTED], theirs, SETTINGS)


def test_a_reply_answers_the_newest_older_words_of_the_bot() -> None:
    this, own_reblog = reply(), reblog("frank", 40, "bob", "77")
    notes = [reblog("frank", 60, "bob", "88"), this, reblog("ann", 45), own_reblog, POSTED]
    assert context_note(notes, this, SETTINGS) == own_reblog
    assert context_note([this, POSTED], this, SETTINGS) == POSTED
    assert context_note([this, reblog("ann", 45)], this, SETTINGS) is None


def test_the_post_behind_a_context_note() -> None:
    in_thread = npf(
        "x", trail=[npf_item("ann", "3", "a"), npf_item("frank", "4", "b"), npf_item("frank", "6", "c")]
    )
    assert context_of(reblog("frank", 40, post_id="77"), OWN, SETTINGS) == "77"
    assert context_of(POSTED, OWN, SETTINGS) == "1"
    assert context_of(POSTED, in_thread, SETTINGS) == "4"
    assert context_of(POSTED, npf("x"), settings_for(blog={"blog_name": "other"})) is None


def test_threads_that_the_operator_has_joined_get_no_reply() -> None:
    joined = npf("x", trail=[npf_item("frank", "3", "a"), npf_item("boss", "4", "b")])
    begun = npf("x", trail=[npf_item("boss", "3", "a")])
    assert why_not_context(OWN, joined, SETTINGS) is not None
    assert why_not_context(OWN, begun, SETTINGS) is None
    avoided = npf("x", trail=[npf_item("mallory", "3", "a")])
    assert why_not_context(avoided, OWN, SETTINGS) is not None


def test_what_the_blog_has_reblogged_is_answered() -> None:
    own = npf("two", blog_name="frank", trail=[npf_item("frank", "1", "a"), npf_item("bob", "2", "b")])
    bare = npf("", blog_name="frank", trail=[npf_item("ann", "3", "a"), npf_item("frank", "4", "b")])
    assert answered_by_hand([own, bare, OWN], SETTINGS) == {"bob:2", "ann:3"}


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (npf("three"), "carol:12"),
        (npf("", trail=[npf_item("alice", "9", "one"), npf_item("bob", "10", "two")]), "bob:10"),
        (npf(""), None),
        (npf("", trail=[{"broken_blog_name": "gone", "content": [], "layout": []}]), None),
    ],
)
def test_the_tip_of_a_thread(post: TumblrPost, expected: str | None) -> None:
    assert tip(post, SETTINGS) == expected


@pytest.mark.parametrize(
    ("said", "posts", "summary", "expected"),
    [
        ("one two three four", 3, "", 2.6),
        ("one two three", 3, "", 8.7),
        ("one", 3, "", 18.9),
        ("", 2, "", 18.0),
        ("w " * 80, 10, "", 5.0),
        ("w " * 50, 10, "My Year in Review!", 20.0),
    ],
)
def test_costs(said: str, posts: int, summary: str, expected: float) -> None:
    assert cost(said, posts, summary) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("who", "exchanges", "fine"),
    [
        ("bob", 2, True),
        ("bob", 3, False),
        ("Robo", 0, False),
        ("frank", 0, False),
        ("frank-dash", 0, False),
    ],
)
def test_whom_the_bot_does_not_talk_to(who: str, exchanges: int, *, fine: bool) -> None:
    assert (why_not_talk(who, SETTINGS, Exchanges(with_one=exchanges)) is None) is fine


@pytest.mark.parametrize(("most", "answers", "fine"), [(3, 2, True), (3, 3, False), (0, 99, True)])
def test_a_thread_gets_so_many_answers_whoever_takes_part(most: int, answers: int, *, fine: bool) -> None:
    settings = settings_for(damping={"longest_thread": most})
    assert (why_not_talk("bob", settings, Exchanges(in_thread=answers)) is None) is fine


@pytest.mark.parametrize(
    ("who", "hour", "day", "room"),
    [
        ("Bob", {"bob": 1}, {"bob": 3}, True),
        ("bob", {"bob": 2}, {"bob": 2}, False),
        ("bob", {}, {"bob": 4}, False),
        ("Anonymous", {"anonymous": 9}, {"anonymous": 99}, True),
    ],
)
def test_rates(who: str, hour: dict[str, int], day: dict[str, int], *, room: bool) -> None:
    assert Talked(hour, day).has_room(who, SETTINGS.damping) is room
    assert Talked(hour, day).has_room(who, settings_for().damping)
