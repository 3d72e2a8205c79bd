"""Continuations: nothing the model writes breaks the wire, and cutting where others begin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from munging.continuation import (
    Continuation,
    from_classic_continuation,
    parse_continuation,
    to_classic_continuation,
)
from munging.formats import FORMATS, V10, PromptFormat, control_phrases
from tests.strategies import IDENTITY, words


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@settings(max_examples=150, deadline=None)
@given(text=words())
def test_what_was_carried_once_is_carried_again(form: PromptFormat, text: str) -> None:
    written = parse_continuation(text, form, IDENTITY)
    carried = from_classic_continuation(to_classic_continuation(written))
    assert from_classic_continuation(to_classic_continuation(carried)) == carried
    assert len(carried.tags) <= len(written.tags) + 3


@pytest.mark.parametrize(
    ("text", "body", "tags"),
    [
        ("Soup\u804c#a #b<|endoftext|>", "Soup", ("a", "b")),
        ("Soup\u804c<|endoftext|>", "Soup", ()),
        ("Soup", "Soup", ()),
        ("Soup<|endoftext|>more", "Soup", ()),
        ("\u7ff0Soup\u804c", "Soup", ()),
    ],
)
def test_reading_the_wire(text: str, body: str, tags: tuple[str, ...]) -> None:
    assert from_classic_continuation(text) == Continuation(body, tags)


def test_the_models_tag_mark_is_a_word() -> None:
    assert to_classic_continuation(Continuation("\u6211\u7684\u804c\u4e1a", ("a",))) == (
        "\u6211\u7684\u8077\u4e1a\u804c#a<|endoftext|>"
    )


@pytest.mark.parametrize(
    "rest",
    [
        "#3 quietmarsh commented:\n\nno",
        " Frank posted:\n\nno",
        " Conversation between a and b | 2 posts |\nno",
    ],
)
def test_text_ends_where_somebody_else_begins(rest: str) -> None:
    found = control_phrases(V10, IDENTITY).search(f" #a\nSoup.\n\n{rest}")
    assert found is not None
    assert found.string[: found.start()].rstrip("\n") == " #a\nSoup."


def test_text_without_control_phrases_is_whole() -> None:
    assert control_phrases(V10, IDENTITY).search("Soup #1\n") is None
