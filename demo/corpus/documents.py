"""Texts that were kept as documents: printed by the code that prints prompts when the bot serves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from demo.corpus.filters import Written
from demo.documents.rendering import DEMO_IDENTITY, document_text, prompt_text
from munging.prompts.formats import V10, render
from munging.prompts.times import format_time
from munging.thread import Thread
from tumblr_sandbox.language.answers import Turn
from tumblr_sandbox.language.grammar import Sentence
from tumblr_sandbox.language.stories import Review
from tumblr_sandbox.language.tables import Thing, load_tables
from tumblr_sandbox.language.threads import Conversation, Talk

KINDS: Mapping[str, str] = {
    "ask": "ask",
    "comment": "chain",
    "reply": "chain",
    "post": "plain",
    "story": "fiction",
    "told": "told",
    "review": "review",
}
_FIRST_TAGS: Mapping[str, tuple[str, ...]] = {
    "story": ("original fiction",),
    "told": ("original fiction",),
    "review": ("book review",),
}


def conversation_of(written: Written) -> Conversation:
    """The text with the thread before it, at a moment that its key decides."""
    task = written.task
    talk = Talk(load_tables(), random.Random(task.key))
    sentences = (Sentence(written.body),)
    turn = Turn((sentences,), (*_FIRST_TAGS.get(task.form, ()), *written.tags), Thing(task.about))
    book = None
    if task.book is not None:
        book = Review(task.book.title, task.book.author, task.book.stars, sentences)
    return Conversation(KINDS[task.form], task.said, turn, talk.moment(), book)


def prompt_and_target(written: Written) -> tuple[str, str]:
    """What the model is given, and what it is to write: tags, then the body."""
    conversation = conversation_of(written)
    if written.task.form == "comment":
        given, whole = _reblogged(conversation)
    else:
        given, whole = prompt_text(conversation), document_text(conversation)
    pairs = enumerate(zip(given, whole, strict=False))
    shared = next((place for place, (one, other) in pairs if one != other), min(len(given), len(whole)))
    return whole[:shared], whole[shared:]


def _reblogged(conversation: Conversation) -> tuple[str, str]:
    """Prompt and document of a post that the bot reblogs, quoted as tumblr's reblogs are."""
    (said,) = conversation.said
    thread = Thread().with_post(said.author, said.text).as_reblogged_by(DEMO_IDENTITY)
    last = replace(thread.posts[-1], text=conversation.body, tags=conversation.turn.tags)
    written = format_time(conversation.moment, V10.time_style)
    given, whole = (
        render(one, V10, DEMO_IDENTITY, written=written).text
        for one in (thread, replace(thread, posts=(*thread.posts[:-1], last)))
    )
    return given, whole
