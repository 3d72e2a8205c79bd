"""What is fuzzed: bytes in, and claims that hold for whatever they are. An AssertionError is a finding.

The same functions run under atheris (``harness``) and, on a few inputs, in the ordinary tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

from munging.classic import from_classic, to_classic
from munging.cleaning import clean_content, clean_tag, clean_user_text
from munging.control import END, END_PREFIX
from munging.images import images_of_posts
from munging.legacy_html import thread_from_html
from munging.payload import thread_from_payload
from munging.prompts.continuation import (
    from_classic_continuation,
    parse_continuation,
    to_classic_continuation,
)
from munging.prompts.formats import control_phrases, render
from munging.reply_mockup import reply_source
from munging.thread import Identity, Thread
from munging.tumblr_html import to_html
from munging.user_text import question_from_html
from tests.munging.own_formats import ALL

BOT = Identity("frank-blog", "Frank")


def payload(data: bytes) -> None:
    """Any JSON is a post or none; text that is no JSON is a post's body."""
    text = data.decode("utf-8", "replace")
    try:
        post = json.loads(text)
    except (ValueError, RecursionError):
        post = {"type": "text", "blog_name": "bob", "body": text}
    read = thread_from_payload(post, BOT)
    assert all(isinstance(problem, str) for problem in read.problems)
    images_of_posts(post, BOT)
    check_thread(read.thread)


def html(data: bytes) -> None:
    """Any text is a body, a question, or a post that the model wrote."""
    text = data.decode("utf-8", "replace")
    check_thread(thread_from_html(text, BOT))
    question = question_from_html(text)
    assert clean_content(question) == question
    reply_source(text)
    written = to_html(text, BOT)
    assert "<script" not in written
    assert to_html(text, BOT, folded_lines=True).count("<p></p>") <= written.count("<p></p>")


def text(data: bytes) -> None:
    """Any text is somebody's words, stored text, or raw model text."""
    words = data.decode("utf-8", "replace")
    for clean in (clean_user_text, clean_content, clean_tag):
        assert clean(clean(words)) == clean(words)
    assert END_PREFIX not in clean_content(words)
    check_thread(from_classic(words, BOT))
    for form in ALL:
        written = parse_continuation(words, form, BOT)
        carried = from_classic_continuation(to_classic_continuation(written))
        assert from_classic_continuation(to_classic_continuation(carried)) == carried


def check_thread(thread: Thread) -> None:
    """A thread comes back from the classic form, and nothing in it is structure in any format."""
    timeless = Thread(tuple(replace(post, time=None) for post in thread.posts), thread.preamble)
    assert from_classic(to_classic(timeless, BOT), BOT) == timeless
    for form in ALL:
        prompt = render(thread, form, BOT, written="3 PM January 2021")
        assert END not in prompt.text
        phrases = control_phrases(form, BOT)
        assert not any(phrases.search(piece.text) for piece in prompt.pieces if not piece.structure)
        # Two pieces of words are never neighbours: what one ends with cannot make structure of the other.
        kept = [piece for piece in prompt.pieces if piece.text]
        assert all(one.structure or other.structure for one, other in pairwise(kept))


TARGETS: Mapping[str, Callable[[bytes], None]] = {"payload": payload, "html": html, "text": text}
