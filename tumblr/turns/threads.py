"""Threads as the bot is about to continue them, built from a post's data alone.

To answer a post the bot reblogs it: the thread is the one that tumblr would show in that reblog, before the
bot has written anything into it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from munging.classic import to_classic
from munging.control import TAGS
from munging.json_access import mapping, mappings, sequence, text
from munging.links import safe_target
from munging.payload import blog_of_post, is_npf, thread_from_payload
from munging.reply_mockup import with_reply
from munging.thread import Identity, Post, Thread
from switchboard.messages.fields import MAX_QUESTION_CHARACTERS, MAX_TEXT_CHARACTERS
from tumblr.api.models import TumblrPost

_BODY_FIELDS = ("body", "answer", "caption", "description")


def thread_to_answer(
    post: TumblrPost,
    identity: Identity,
    rebuilt: Collection[str] = (),
    image_texts: Mapping[str, str] | None = None,
) -> Thread:
    """The thread of a post with an empty turn of the bot at its end.

    ``rebuilt``: ids of posts; a thread in HTML that holds one of them is read from its trail.
    """
    payload = as_reblogged(post, identity.blog)
    read = thread_from_payload(payload, identity, image_texts, rebuild=rebuilt)
    return read.thread.awaiting_bot(identity)


def thread_of_reply(
    context: TumblrPost,
    replier: str,
    reply: str,
    identity: Identity,
    rebuilt: Collection[str] = (),
    image_texts: Mapping[str, str] | None = None,
) -> Thread:
    """The thread of an own post with somebody's reply to it, and an empty turn of the bot at its end."""
    thread = thread_to_answer(context, identity, rebuilt, image_texts)
    return with_reply(thread, identity.name_of(replier), reply)


def as_reblogged(post: TumblrPost, blog: str) -> dict[str, Any]:
    """A post's payload as tumblr would give it for a reblog by ``blog`` that adds nothing yet."""
    payload = {key: value for key, value in post.payload.items() if key not in ("tags", "is_submission")}
    rest = _blocks(post, payload) if is_npf(payload) else _html(post, payload)
    return {**payload, "blog_name": blog, "state": "published", **rest}


def _blocks(post: TumblrPost, payload: Mapping[str, Any]) -> dict[str, Any]:
    trail = mappings(payload.get("trail"))
    if sequence(payload.get("content")):
        own = {key: payload.get(key) for key in ("content", "layout")}
        trail.append({"post": {"id": post.id}, "blog": {"name": blog_of_post(payload)}, **own})
    return {"trail": trail, "content": [], "layout": []}


def _html(post: TumblrPost, payload: Mapping[str, Any]) -> dict[str, Any]:
    reblog, kind = mapping(payload.get("reblog")), text(payload.get("type"))
    tree, comment = text(reblog.get("tree_html")), text(reblog.get("comment"))
    items = mappings(payload.get("trail"))
    trail = [{key: item[key] for key in item if key != "is_current_item"} for item in items]
    if tree and not comment.strip():
        return {"trail": trail}  # a reblog that added nothing looks as one of it would
    field = next((name for name in _BODY_FIELDS if payload.get(name) is not None), "body")
    field = "source" if kind == "quote" else field
    whole = tree + comment if kind == "link" else text(payload.get(field))
    author = f'<a class="tumblr_blog" href="{escape(safe_target(post.url))}">{escape(post.blog)}</a>'
    quoted = f"<p>{author}:</p><blockquote>{whole}</blockquote>"
    return {"trail": trail, field: quoted, "reblog": {"tree_html": quoted, "comment": ""}}


def prompt_of(thread: Thread, identity: Identity, limit: int = MAX_QUESTION_CHARACTERS) -> str:
    """A thread that waits for the bot, as the switchboard carries it; its oldest posts make room."""
    while len(printed := to_classic(thread, identity)) > limit and (thread.preamble or len(thread.posts) > 2):
        keep = thread.posts if thread.preamble else thread.posts[1:]
        thread = Thread(keep)
    if len(printed) <= limit:
        return printed
    *_, said, turn = thread.posts
    spare = len(said.text) - (len(printed) - limit)
    return to_classic(Thread((replace(said, text=said.text[: max(0, spare)]), turn)), identity)


def text_to_judge(thread: Thread, identity: Identity, stand_in: str) -> str:
    """A thread as it is judged for the dashboard: as if the bot were about to answer.

    What the bot has said in it counts as said by ``stand_in``; nobody's tags are in it, its own are empty.
    """
    posts = tuple(_without_bot(post, stand_in) for post in thread.posts[:-1])
    waiting = Thread((*posts, thread.posts[-1]), thread.preamble)
    return prompt_of(waiting, identity, MAX_TEXT_CHARACTERS - len(TAGS)) + TAGS


def said_since_bot(thread: Thread) -> str:
    """What others have said in a thread after the bot's last words in it."""
    said: list[str] = []
    for post in reversed(thread.posts):
        if post.by_bot and (post.text or post.tags):
            break
        said.append(post.text)
    return "\n".join(text.strip() for text in reversed(said) if text.strip())


def exchanges_with(thread: Thread, who: str) -> int:
    """How often the bot has answered in a thread since anybody but it and one other has spoken.

    A thread that the bot began is not its answer to anybody.
    """
    spoken = 0
    for index, post in reversed(list(enumerate(thread.posts))):
        if post.by_bot:
            spoken += index > 0 and bool(post.text or post.tags)
        elif post.author.lower() != who.lower():
            break
    return spoken


def _without_bot(post: Post, stand_in: str) -> Post:
    author, by_bot = (stand_in, False) if post.by_bot else (post.author, False)
    return replace(post, author=author, by_bot=by_bot, tags=())
