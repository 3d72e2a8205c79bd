"""Notes as data: reading, merging, and knowing whether any is missing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumblr.api.notes import Note, NoteList, is_complete, merged, note_list, reaches, read_note, read_notes


def reblog(timestamp: int, blog: str = "bob", said: str = "hm") -> Note:
    return Note("reblog", blog, timestamp, post_id=str(timestamp), parent="frank", said=said)


@pytest.mark.parametrize(
    ("payload", "note"),
    [
        (
            {
                "type": "reblog",
                "blog_name": "bob",
                "timestamp": 5,
                "post_id": "7",
                "reblog_parent_blog_name": "al",
            },
            Note("reblog", "bob", 5, "7", "al"),
        ),
        (
            {"type": "reply", "blog_name": "bob", "timestamp": 5.75, "reply_text": " hi ", "post_id": "7"},
            Note("reply", "bob", 5, said="hi"),
        ),
        (
            {"type": "posted", "blog_name": "al", "timestamp": 1612581212000000},
            Note("posted", "al", 1612581212),
        ),
        ({"type": "reblog", "post_id": 7, "added_text": "so"}, Note("reblog", "", 0, "7", said="so")),
        ({}, Note("", "", 0)),
    ],
)
def test_reading(payload: dict[str, object], note: Note) -> None:
    assert read_note(payload) == note


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4))
def test_reading_never_fails(value: object) -> None:
    read_notes(value)
    read_notes([{"type": value, "timestamp": value, "post_id": value, "added_text": value}])


def test_lists_are_merged_newest_first_without_likes_and_doubles() -> None:
    like = Note("like", "bob", 6)
    assert merged([reblog(3), like], [reblog(5), reblog(3)]) == (reblog(5), reblog(3))


@pytest.mark.parametrize(
    ("notes", "count", "complete"),
    [
        ([reblog(3), Note("posted", "frank", 1)], 50, True),
        ([reblog(3)], 1, False),
        ([reblog(3), reblog(2)], 1, True),
        ([], 0, True),
        ([], 1, False),
    ],
)
def test_completeness(notes: list[Note], count: int, *, complete: bool) -> None:
    assert is_complete(notes, count) is complete


def test_reaching_back() -> None:
    assert reaches([reblog(5), reblog(3)], 4)
    assert not reaches([reblog(5), reblog(3)], 3)  # another one of the same second may be missing
    assert not reaches([], 3)


def test_a_list_survives_as_json() -> None:
    known = NoteList((reblog(5), reblog(3)), 5.0)
    assert note_list(json.loads(json.dumps(known.as_json())), 5.0) == known
