"""The text the generator reads: conversations in the V10 format, by the printer that serves the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from munging.prompts.formats import V10, OriginalKind, normalize, original_prompt, render
from munging.prompts.times import format_time
from munging.thread import ANONYMOUS, Identity, Post, PostKind, Thread
from tumblr_sandbox.demo_accounts import BOT
from tumblr_sandbox.language.threads import Conversation

DEMO_IDENTITY = Identity(blog=BOT.name, persona=BOT.title)
"""The bot as the demo's model knows it from the documents it was trained on."""

_ORIGINALS: Mapping[str, OriginalKind] = {"plain": "plain", "fiction": "fiction", "review": "review"}
_FICTION_TAG = " #original fiction"  # already stands at the end of a fiction's prompt


def thread_of(conversation: Conversation) -> Thread:
    """The conversation with the bot's turn, written, as its last post."""
    thread = before(conversation)
    if not thread.posts:
        thread = Thread((Post(DEMO_IDENTITY.persona, PostKind.ORIGINAL, by_bot=True),))
    last = replace(thread.posts[-1], text=conversation.body, tags=conversation.turn.tags)
    return replace(thread, posts=(*thread.posts[:-1], last))


def before(conversation: Conversation) -> Thread:
    """The conversation with an empty turn of the bot at its end; empty before an original post."""
    thread = Thread()
    for said in conversation.said:
        author = said.author or ANONYMOUS
        if said.asked:
            thread = Thread.ask(author, said.text)
        else:
            author = DEMO_IDENTITY.persona if said.by_bot else author
            thread = thread.with_post(author, said.text, by_bot=said.by_bot)
    return thread.awaiting_bot(DEMO_IDENTITY) if conversation.said else thread


def prompt_text(conversation: Conversation) -> str:
    """What stands before the bot's turn when it is asked to write it."""
    written = format_time(conversation.moment, V10.time_style)
    if original := _ORIGINALS.get(conversation.kind):
        return original_prompt(original, V10, DEMO_IDENTITY, written=written).text
    told = conversation.kind == "told"
    return render(before(conversation), V10, DEMO_IDENTITY, written=written, fiction=told).text


def document_text(conversation: Conversation) -> str:
    """The whole document: the prompt, then tags and body as the model is to write them."""
    if conversation.kind in ("fiction", "review", "told"):
        tags = "".join(f" #{tag}," for tag in conversation.turn.tags).removesuffix(",")
        return f"{prompt_text(conversation).removesuffix(_FICTION_TAG)}{tags}\n{indented(conversation.body)}"
    return judged_text(conversation)


def judged_text(conversation: Conversation) -> str:
    """The finished thread as the selector reads it: tags in the line of the time, whatever the kind."""
    written = format_time(conversation.moment, V10.time_style)
    return render(thread_of(conversation), V10, DEMO_IDENTITY, written=written).text


def posted_text(conversation: Conversation) -> str:
    """As ``judged_text``, but a fiction or review has its tags on a line of their own, as it was written."""
    if conversation.kind not in ("fiction", "review"):
        return judged_text(conversation)
    start = V10.phrase(V10.original, DEMO_IDENTITY)
    tags = ", ".join(f"#{tag}" for tag in conversation.turn.tags)
    return f"{start} {tags}\n{indented(conversation.body)}"


def indented(body: str) -> str:
    """A body as it stands in a document: each line that begins with a word after a space."""
    lines = normalize(f"\n{body}")[1:]
    return lines if lines.startswith(" ") else f" {lines}"
