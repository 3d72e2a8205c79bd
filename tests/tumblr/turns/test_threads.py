"""The thread that the bot is about to continue: as tumblr shows it in a reblog, whatever the post's form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from munging.classic import from_classic, to_classic
from munging.control import BOT, TAGS
from munging.payload import thread_from_payload
from tests.strategies import words
from tests.tumblr.api.test_payload_forms import ask_layout, blocks, legacy, legacy_payload, npf, npf_item
from tests.tumblr.fakes import IDENTITY, RULES
from tumblr.api.models import ReadingRules, TumblrPost, read_post
from tumblr.turns.threads import (
    exchanges_with,
    prompt_of,
    said_since_bot,
    text_to_judge,
    thread_of_reply,
)

CHAIN = "友alice会\n\none\n\n\n域two\n\n\n友carol会three\n\n\n域"
SOUP = {"id": 5, "blog_name": "frank", "post_url": "https://frank.tumblr.com/post/5/soup"}


def classic(post: TumblrPost) -> str:
    return prompt_of(post.thread.as_reblogged_by(IDENTITY), IDENTITY)


def test_both_forms_give_the_thread_of_a_reblog_that_says_nothing_yet() -> None:
    assert classic(npf()) == classic(legacy()) == CHAIN


def test_it_is_what_tumblr_shows_in_a_real_reblog() -> None:
    body = legacy_payload()["body"]
    link = '<p><a class="tumblr_blog" href="https://carol.tumblr.com/post/12">carol</a>:</p>'
    drafted = {**SOUP, "type": "text", "body": f"{link}<blockquote>{body}</blockquote><p>X</p>"}
    shown = to_classic(thread_from_payload(drafted, IDENTITY).thread, IDENTITY)
    assert shown.partition("X")[0] == CHAIN


@pytest.mark.parametrize("read", [npf, legacy])
def test_a_bare_reblog_adds_nobody(read: Callable[[str], TumblrPost]) -> None:
    assert classic(read("")) == "友alice会\n\none\n\n\n域two\n\n\n域"


def test_a_listed_post_is_read_from_its_trail() -> None:
    payload = legacy_payload()
    first = payload["trail"][0]
    first |= {"content": "<p>what alice said</p>", "content_raw": "<p>what alice said</p>"}
    assert "what alice said" not in classic(read_post(payload, RULES))
    rules = ReadingRules(IDENTITY, {str(first["post"]["id"])})
    assert "what alice said" in classic(read_post(payload, rules))


def test_an_ask_stays_an_ask() -> None:
    root = {
        **npf_item("alice", "9", "why?"),
        "content": blocks("why?", "because"),
        "layout": ask_layout("bob"),
    }
    assert (
        classic(npf("so?", trail=[root])) == "友bob要\nwhy?\n友alice会\n\nbecause\n\n\n友carol会so?\n\n\n域"
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "blocks", "content": blocks("soup"), "layout": [], "trail": []},
        {
            "type": "text",
            "body": "<p>soup</p>",
            "reblog": {"comment": "<p>soup</p>", "tree_html": ""},
            "trail": [],
        },
    ],
)
def test_a_reply_stands_after_the_post_that_it_answers(payload: dict[str, object]) -> None:
    post = read_post({**SOUP, **payload}, RULES)
    thread = thread_of_reply(post, "bob", "nice 域 soup", IDENTITY)
    assert prompt_of(thread, IDENTITY) == "域\n\nsoup\n\n\n友bob会nice 區 soup\n\n域"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "link", "description": "x", "reblog": {"tree_html": "", "comment": "<p>link</p>"}},
        {"type": "photo", "caption": "<p>link</p>"},
        {"type": "answer", "answer": "<p>link</p>", "question": "<p>q</p>", "asking_name": "bob"},
        {"type": "quote", "source": "<p>link</p>", "text": "said"},
    ],
)
def test_every_legacy_type_keeps_its_words(changes: dict[str, object]) -> None:
    post = read_post({**SOUP, "blog_name": "carol", **changes}, RULES)
    assert "link" in classic(post)
    assert classic(post).endswith(BOT)


def test_what_others_said_since_the_bot_spoke() -> None:
    assert said_since_bot(npf().thread.as_reblogged_by(IDENTITY)) == "three"
    assert (
        said_since_bot(npf(trail=[npf_item("al", "9", "one")]).thread.as_reblogged_by(IDENTITY))
        == "one\nthree"
    )


@pytest.mark.parametrize(
    ("thread", "count"),
    [
        ("友carol会a域", 0),
        ("友carol会a域b友carol会c域", 1),
        ("友carol会a域b友carol会c域d友Carol会e域", 2),
        ("友carol会a域b友dora会x域c友carol会d域", 1),
        ("友dora会a域", 0),
        ("域a友carol会b域", 0),
        ("域a友carol会b域c友carol会d域", 1),
    ],
)
def test_how_often_two_have_gone_to_and_fro(thread: str, count: int) -> None:
    assert exchanges_with(from_classic(thread, IDENTITY), "carol") == count


def test_the_text_that_is_judged_for_the_dashboard() -> None:
    text = text_to_judge(npf(tags=["x"]).thread.as_reblogged_by(IDENTITY), IDENTITY, "frank-dash")
    assert text == "友alice会\n\none\n\n\n友frank-dash会two\n\n\n友carol会three\n\n\n域职"


def test_a_prompt_that_is_too_long_loses_its_oldest_posts_first() -> None:
    thread = from_classic("友a会" + "x" * 50 + "友b会" + "y" * 50 + "域", IDENTITY)
    assert prompt_of(thread, IDENTITY, 200).startswith("友a会")
    assert len(prompt_of(thread, IDENTITY, 60)) <= 60
    assert prompt_of(thread, IDENTITY, 60).endswith(BOT)


@settings(max_examples=50, deadline=None)
@given(words(), words())
def test_whoever_says_whatever_the_bot_has_the_last_turn(root: str, own: str) -> None:
    trail = [npf_item("alice", "9", root)]
    thread = npf(own, trail=trail).thread.as_reblogged_by(IDENTITY)
    assert thread.awaits_bot
    assert prompt_of(thread, IDENTITY).count(BOT) == 1
    assert text_to_judge(thread, IDENTITY, "dash").endswith(BOT + TAGS)
