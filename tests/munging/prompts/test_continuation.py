"""Continuations: nothing the model writes breaks the wire, and cutting where others begin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from munging.classic import from_classic, to_classic
from munging.prompts.continuation import (
    Continuation,
    from_classic_continuation,
    parse_continuation,
    to_classic_continuation,
)
from munging.prompts.formats import FORMATS, V10, PromptFormat, control_phrases
from munging.thread import Post, PostKind, Thread
from munging.tumblr_html import to_html
from tests.strategies import IDENTITY, words

MARKED = st.text(st.sampled_from("\u53cb\u4f1a\u57df\u7ff0\u804c\u8981\u2060<|a "), max_size=8)
"""The marks of the classic form, what escapes them, and what an end mark begins with."""


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


@settings(max_examples=150, deadline=None)
@given(text=MARKED, tags=st.lists(MARKED, max_size=2))
def test_the_bots_words_are_carried_as_written(text: str, tags: list[str]) -> None:
    kept = tuple(tag for word in tags if (tag := word.strip(" ,\n\t").replace("#", "").strip(" ,")))
    written = Continuation(f"\u6211{text}", tuple(tag for tag in kept if "<|" not in tag))
    assert from_classic_continuation(to_classic_continuation(written)) == written


@pytest.mark.parametrize(
    "word", ["\u670b\u53cb", "\u533a\u57df", "\u804c\u4e1a", "\u7ff0\u6797", "\u793e\u4f1a", "\u9700\u8981"]
)
def test_words_that_hold_a_mark_stay_words(word: str) -> None:
    thread = Thread((Post("Frank", PostKind.ORIGINAL, word, (word,), by_bot=True),))
    read = from_classic(to_classic(thread, IDENTITY), IDENTITY)
    assert read == thread
    assert (read.posts[0].text, read.posts[0].tags) == (word, (word,))
    assert parse_continuation(f" #{word}\n{word}", V10, IDENTITY) == Continuation(word, (word,))
    assert to_html(word, IDENTITY) == f"<p>{word}</p>"


@pytest.mark.parametrize("broken", ["\ufffd", "\x00", "\x07", "\x1b", "\x7f", "\x9b", "\uffff"])
@pytest.mark.parametrize("place", ["{}a b", "a{} b", "a b{}"])
def test_what_is_no_text_is_dropped_wherever_a_text_breaks(broken: str, place: str) -> None:
    text = place.format(broken)
    assert parse_continuation(f" #c\n{text}", V10, IDENTITY).body == "a b"
    assert from_classic_continuation(f"{text}\u804c#c<|endoftext|>").body == "a b"
    assert to_html(text, IDENTITY) == "<p>a b</p>"


def test_line_breaks_of_any_kind_are_newlines_and_emoji_stay_whole() -> None:
    text = "a\vb\fc\r\nd \U0001f469\u200d\U0001f680 \u2764\ufe0f"
    assert from_classic_continuation(text).body == "a\nb\nc\nd \U0001f469\u200d\U0001f680 \u2764\ufe0f"


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_a_heading_in_the_middle_of_a_line_ends_the_bots_text(form: PromptFormat) -> None:
    verb = form.verbs[PostKind.COMMENTED]
    ends = control_phrases(form, IDENTITY, within_lines=True)
    for text in (f" #a\nW#2 name {verb}:\n\nno", f" #a\nW #3 a-b {verb} : no"):
        found = ends.search(text)
        assert found is not None
        assert text[: found.start()].strip() == "#a\nW"
    assert ends.search(" #a\nW #2 is what the name commented on: yes") is None


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
