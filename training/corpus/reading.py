"""From a reference to the post itself. What cannot be read is told in the post, never raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from munging.classic import from_classic
from munging.control import ASKED, BOT, NAME, ORIGINAL
from munging.thread import ANONYMOUS, Identity, Post, PostKind, Thread
from munging.user_text import question_from_html
from training.corpus.pages import KNOWN_TYPES, LIKED, PageError, payload_of_page
from training.corpus.post import RawPost, Reference

UNREADABLE, UNKNOWN_TYPE, LIKES = "unreadable", "unknown_type", "liked"


def read_post(reference: Reference, identity: Identity) -> RawPost:
    """Read one post; ``identity`` says who the bot is, in an archive of its own posts."""
    if reference.origin == "lines":
        return _read_line(reference, identity)
    if reference.origin == "html":
        return _read_page(reference, reference.path)
    try:
        payload = json.loads(Path(reference.path).read_text(encoding="utf-8"))
        if not isinstance(payload, dict):
            raise ValueError("not an object")
    except (OSError, ValueError) as error:
        if not reference.fallback:
            return RawPost(reference, "json", drop=UNREADABLE, warning=f"{reference.path}: {error}")
        page = _read_page(reference, reference.fallback)
        return replace(page, warning=f"{reference.path} cannot be read; its page was used")
    return _of_payload(reference, payload)


def _of_payload(reference: Reference, payload: Mapping[str, object]) -> RawPost:
    kind = payload.get("type")
    if kind not in KNOWN_TYPES and not isinstance(payload.get("content"), list):
        return RawPost(reference, "json", payload, drop=UNKNOWN_TYPE)
    return RawPost(reference, "json", with_known_broken_blogs(payload))


def with_known_broken_blogs(payload: Mapping[str, object]) -> Mapping[str, object]:
    """A payload whose trail names nobody by an empty name: such a turn has an unknown author."""
    trail = payload.get("trail")
    if not isinstance(trail, list):
        return payload
    return {**payload, "trail": [_with_author(item) for item in trail if isinstance(item, dict)]}


def _with_author(item: Mapping[str, object]) -> Mapping[str, object]:
    for key in ("blog", "broken_blog"):
        named = item.get(key)
        if isinstance(named, dict) and named.get("name"):
            return item
    return item if item.get("broken_blog_name") else {**item, "broken_blog_name": ANONYMOUS}


def _read_page(reference: Reference, path: str) -> RawPost:
    try:
        html = Path(path).read_text(encoding="utf-8")
        payload = payload_of_page(html, reference.blog, reference.post_id)
    except (OSError, UnicodeDecodeError, PageError) as error:
        return RawPost(reference, "html", drop=UNREADABLE, warning=f"{path}: {error}")
    kind = str(payload["type"])
    if kind.startswith(LIKED):
        return RawPost(reference, "html", payload, drop=LIKES)
    if kind not in KNOWN_TYPES:
        return RawPost(reference, "html", payload, drop=UNKNOWN_TYPE)
    return RawPost(reference, "html", payload)


def _read_line(reference: Reference, identity: Identity) -> RawPost:
    try:
        with Path(reference.path).open("rb") as file:
            file.seek(reference.offset)
            value = json.loads(file.readline())
        if not isinstance(value, dict):
            raise ValueError("not an object")
    except (OSError, ValueError) as error:
        where = f"{reference.path}, byte {reference.offset}"
        return RawPost(reference, "lines", drop=UNREADABLE, warning=f"{where}: {error}")
    if isinstance(value.get("post"), str) and "requested__state" in value:
        return _of_archive(reference, value, identity)
    if isinstance(value.get("type"), str) or isinstance(value.get("content"), list):
        return replace(_of_payload(reference, value), origin="lines")
    if isinstance(value.get("html"), str):
        body = {"type": "text", "body": value["html"], "blog_name": reference.blog or identity.blog}
        return RawPost(reference, "lines", {**body, **_facts(value)})
    if isinstance(value.get("text"), str):
        prompt = value.get("prompt")
        return RawPost(
            reference,
            "lines",
            _facts(value),
            text=value["text"],
            prompt=prompt if isinstance(prompt, str) else "",
        )
    where = f"{reference.path}, byte {reference.offset}"
    return RawPost(
        reference, "lines", drop=UNREADABLE, warning=f"{where}: neither a post nor html nor text in it"
    )


_FACTS = ("id", "tags", "timestamp", "state", "group", "split")


def _facts(value: Mapping[str, object]) -> dict[str, object]:
    return {name: value[name] for name in _FACTS if name in value}


def _of_archive(reference: Reference, value: Mapping[str, object], identity: Identity) -> RawPost:
    """One of the bot's own posts as ``python -m tumblr export`` prints it."""
    thread = archived_thread(value, identity)
    # How the post was sent, not what became of it later: a draft may have been published or thrown away.
    state = {"queue": "published"}.get(str(value["requested__state"]), str(value["requested__state"]))
    facts = {
        "id": value.get("post_id"),
        "state": state,
        "timestamp": int(float(str(value.get("time") or 0))),
        "blog_name": identity.blog,
    }
    written = value.get("v10_timestamp")
    return RawPost(
        reference, "archive", facts, thread=thread, written=written if isinstance(written, str) else ""
    )


def archived_thread(value: Mapping[str, object], identity: Identity) -> Thread:
    """The thread that an archived post ends, with the post's words and tags as the bot's turn."""
    tags = value.get("tags")
    listed = tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
    before = archived_prompt(value, identity)
    text = str(value["post"]).removeprefix(" ")  # the space before a body is the format's
    if before.posts:
        last = replace(before.posts[-1], text=text, tags=listed)
    else:
        last = Post(identity.persona, PostKind.ORIGINAL, text, listed, by_bot=True)
    return replace(before, posts=(*before.posts[:-1], last))


def archived_prompt(value: Mapping[str, object], identity: Identity) -> Thread:
    """The thread that an archived post continued, the bot's empty turn at its end; empty for an original."""
    question = value.get("question")
    if not isinstance(question, str) or not question:
        return Thread()
    if any(mark in question for mark in (NAME, BOT, ORIGINAL, ASKED)):
        return from_classic(question, identity).awaiting_bot(identity)
    asker = value.get("asking_name")
    said = question_from_html(question)
    return Thread.ask(asker if isinstance(asker, str) and asker else ANONYMOUS, said).awaiting_bot(identity)
