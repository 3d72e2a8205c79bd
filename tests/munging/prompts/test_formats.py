"""Prompt formats: times, headers, beginnings, and where somebody else's turn begins."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings

from munging.prompts.documents import plain_prompt, render_classic
from munging.prompts.formats import (
    FORMATS,
    V9,
    V10,
    OriginalKind,
    PromptFormat,
    control_phrases,
    original_prompt,
    render,
)
from munging.prompts.normalize import normalize
from munging.prompts.times import format_time
from munging.thread import Identity, Post, PostKind, Thread
from tests.strategies import IDENTITY, threads, words

ALL = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)


@pytest.mark.parametrize(
    ("hour", "v8", "v10"),
    [(0, "12:07 AM", "12 AM"), (1, "1:07 AM", "1 AM"), (12, "12:07 PM", "12 PM"), (23, "11:07 PM", "11 PM")],
)
def test_times_have_twelve_hours(hour: int, v8: str, v10: str) -> None:
    moment = datetime(2021, 1, 31, hour, 7, 59)  # noqa: DTZ001 (a local wall-clock time)
    assert format_time(moment, "v8") == v8
    assert format_time(moment, "v10") == f"{v10} January 2021"


def conversation(*authors: str) -> Thread:
    thread = Thread()
    for author in authors:
        thread = thread.with_post(author, "word", by_bot=author == "Frank")
    return thread


@pytest.mark.parametrize(
    ("authors", "v10", "v9"),
    [
        (("a",), "#1 a posted:", "#1 a wrote:"),
        (("a", "a"), " Posts by a |", " A series of blog posts by a |"),
        (
            ("a", "b", "a"),
            " Conversation between a and b | 3 posts |",
            " A blog conversation between a and b | 3 posts |",
        ),
        (
            ("Frank", "b", "c"),
            " Conversation between Frank, b and c | 3 posts |",
            " A blog conversation between Frank, b and c | 3 posts |",
        ),
    ],
)
def test_the_header_says_who_speaks(authors: tuple[str, ...], v10: str, v9: str) -> None:
    thread = conversation(*authors)
    assert render(thread, V10, IDENTITY).text.split("\n")[0] == v10
    assert render(thread, V9, IDENTITY).text.split("\n")[0] == v9


def test_an_original_post_that_was_answered_counts_in_the_newer_format_only() -> None:
    original = Post("Frank", PostKind.ORIGINAL, "rivers", by_bot=True)
    thread = Thread((original,)).with_post("bob", "same").awaiting_bot(IDENTITY)
    assert render(thread, V10, IDENTITY).text.startswith(" Conversation between Frank and bob | 3 posts |")
    assert render(thread, V9, IDENTITY).text.startswith(
        " A blog conversation between bob and Frank | 2 posts |"
    )


@ALL
@pytest.mark.parametrize("kind", ["plain", "review", "fiction"])
def test_a_bare_beginning_is_recognised_as_one(form: PromptFormat, kind: OriginalKind) -> None:
    whole = original_prompt(kind, form, IDENTITY, written="3 PM January 2021")
    tags = ("original fiction",) if kind == "fiction" else ()
    start = form.start(kind, IDENTITY)
    assert plain_prompt(start, form, IDENTITY, "3 PM January 2021", tags) == whole.text


def test_forced_tags_of_a_beginning() -> None:
    text = original_prompt("plain", V10, IDENTITY, written="3 PM January 2021", tags=("a", "b")).text
    assert text == " Frank posted:\n\n Written 3 PM January 2021 | Frank's tags: #a, #b"


@ALL
@settings(max_examples=60, deadline=None)
@given(thread=threads())
def test_a_prompt_ends_where_the_model_goes_on(form: PromptFormat, thread: Thread) -> None:
    text = render(thread.awaiting_bot(IDENTITY), form, IDENTITY, written="3 PM January 2021").text
    assert text.endswith(form.phrase(form.tags, IDENTITY) if form.tags_first else "3 PM January 2021\t\n")
    assert not text.startswith("\n")


@ALL
def test_control_phrases_are_found_where_a_turn_begins(form: PromptFormat) -> None:
    thread = conversation("a", "Frank", "b")
    phrases = control_phrases(form, IDENTITY)
    text = render(thread, form, IDENTITY).text
    assert len(phrases.findall(text)) == 4
    assert not phrases.search("I said: #1 is best. Frank posted: no.")


def test_several_documents_have_one_header() -> None:
    text = "\u7ff0one\n\n<|endoftext|>\u53cbbob\u4f1atwo<|endoftext|>"
    printed = render_classic(text, V10, IDENTITY, training=True).text
    assert printed == (
        " Conversation between Frank and bob | 2 posts |\n Frank posted:\n\n one<|endoftext|>"
        "#1 bob posted:\n\n Frank's tags:\n two<|endoftext|>"
    )


def test_a_prompt_in_pieces_is_the_same_text() -> None:
    prompt = render(conversation("a", "Frank"), V10, Identity("x", "Frank"))
    assert [piece.text for piece in prompt.pieces if not piece.structure] == [" word", " word"]
    assert prompt.text == "".join(piece.text for piece in prompt.pieces)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("\u201cIt\u2019s\u201d\u00a0so", '"It\'s" so'),
        ("a\n\n\n\n\nb", "a\n\n b"),
        ("a\nb\n- c\n\u00e9", "a\n b\n- c\n\u00e9"),
        ("One.  Two!  Three?  Four.   Five  six", "One. Two! Three? Four.   Five  six"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_normalising(text: str, normal: str) -> None:
    assert normalize(text) == normal


@settings(max_examples=100, deadline=None)
@given(words())
def test_normalising_twice_changes_nothing_more_than_once(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
