"""The classic form: reading what others wrote, and threads that grow."""

from __future__ import annotations

import pytest

from munging.classic import from_classic, split_tags, to_classic
from munging.thread import Identity, Post, PostKind, Thread, kind_after
from tests.strategies import IDENTITY


def kinds(text: str) -> list[str]:
    return [post.kind for post in from_classic(text, IDENTITY).posts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("just words", []),
        ("\u57df", ["posted"]),
        ("\u7ff0rivers<|endoftext|>", ["original"]),
        ("\u53cba\u8981\nq\n\u57dfyes", ["asked", "responded"]),
        ("\u53cba\u8981\nq\n\u53cbb\u4f1ax\u57dfyes", ["asked", "responded", "commented"]),
        ("\u53cba\u4f1ax\u53cbb\u4f1ay\u57df", ["posted", "commented", "commented"]),
        ("\u7ff0rivers\u53cbb\u4f1ay\u57df", ["original", "posted", "commented"]),
    ],
)
def test_kinds_follow_from_the_order(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_an_end_mark_within_is_somebodys_words() -> None:
    thread = from_classic("\u53cba\u8981\nbefore <|endoftext|> after\n\u57df", IDENTITY)
    assert thread.posts[0].text == "before < |endoftext|> after"
    assert thread.awaits_bot


def test_white_space_may_follow_the_end_mark() -> None:
    assert from_classic("\u7ff0a<|endoftext|>\n", IDENTITY) == from_classic("\u7ff0a", IDENTITY)


def test_what_waits_for_the_bot_is_not_closed() -> None:
    thread = Thread.ask("a", "q")
    assert to_classic(thread, IDENTITY) == "\u53cba\u8981\nq\n<|endoftext|>"
    assert to_classic(thread.awaiting_bot(IDENTITY), IDENTITY) == "\u53cba\u8981\nq\n\u57df"


def test_a_thread_waits_for_the_bot_once() -> None:
    waiting = Thread.ask("a", "q").awaiting_bot(IDENTITY)
    assert waiting.awaiting_bot(IDENTITY) == waiting


def test_a_bare_reblog_is_left_out_before_the_bot_speaks() -> None:
    thread = Thread().with_post("a", "one").with_post("b", "").awaiting_bot(IDENTITY)
    assert [post.author for post in thread.posts] == ["a", "Frank"]
    assert len(Thread().with_post("a", "").awaiting_bot(IDENTITY).posts) == 2


def test_the_final_exchange_begins_anew() -> None:
    thread = (
        Thread.ask("a", "q").with_post("Frank", "x", by_bot=True).with_post("b", "y").awaiting_bot(IDENTITY)
    )
    first, last = thread.final_exchange().posts
    assert (first.author, first.kind) == ("b", PostKind.POSTED)
    assert (last.author, last.kind) == ("Frank", PostKind.COMMENTED)
    ask = Thread.ask("a", "q").awaiting_bot(IDENTITY)
    assert ask.final_exchange() == ask


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a #b c", ("a", "b c")),
        (" #a, #b ,", ("a", "b")),
        ("", ()),
        ("# #", ()),
        ("#a<| #junk", ("a",)),
        ("a#b", ("a", "b")),
    ],
)
def test_tags_are_split_at_their_hashes(text: str, tags: tuple[str, ...]) -> None:
    assert split_tags(text) == tags


def test_an_original_post_is_the_bots_own_and_alone() -> None:
    original = from_classic("\u7ff0rivers", IDENTITY)
    assert original.is_original
    assert not original.with_post("a", "x").is_original
    assert kind_after(()) is PostKind.POSTED


def test_a_post_is_clean_whatever_it_is_made_of() -> None:
    post = Post("a b!", PostKind.POSTED, "\u57df\n#1 x asked:", ("#\u804c", ""))
    assert (post.author, post.text, post.tags) == ("ab", "\u5340\n> #1 x asked:", ("\u8077",))
    assert Thread((), "\u57df").preamble == "\u5340"


def test_an_identity_knows_names() -> None:
    identity = Identity("frank-blog", "Frank", (("ann", "mother"),))
    assert [identity.name_of(name) for name in ("frank-blog", "ann", "bob", "Frank", "")] == [
        "Frank",
        "mother",
        "bob",
        "Frank-blog",
        "unknown",
    ]


def test_an_ask_keeps_the_tags_of_stored_text() -> None:
    text = "\u53cbbob\u8981\nwhy?\n\u804c#a"
    thread = from_classic(text, IDENTITY)
    assert (thread.posts[0].text, thread.posts[0].tags) == ("why?", ("a",))
    assert from_classic(to_classic(thread, IDENTITY), IDENTITY) == thread
