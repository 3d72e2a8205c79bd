"""Tumblr's answers as plain data: ids are strings from here on, and every field has one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tumblr.errors import MalformedAnswer

ANONYMOUS = "Anonymous"
"""What tumblr calls an asker who does not say who they are."""


def normal_id(value: object) -> str:
    """A post's id as a string of digits, whether tumblr sent a number or text; raises MalformedAnswer."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return str(int(value))
    raise MalformedAnswer(f"tumblr sent a post id that is no number: {str(value)[:40]!r}")


@dataclass(frozen=True)
class TumblrPost:
    """A post of a blog, in any state, as far as the bot reads it."""

    id: str
    state: str
    """published, queued, draft, private or submission."""

    type: str = "text"
    asking_name: str | None = None
    question: str | None = None
    """The question as tumblr sends it (HTML); None for whatever is not an ask."""

    body: str = ""
    """Own text as HTML; of an ask: its answer."""

    summary: str = ""
    tags: tuple[str, ...] = ()
    timestamp: int = 0
    """Unix seconds of publishing; of drafts: of the last save."""

    genesis_post_id: str | None = None
    """The id that a published post had as a draft, queued post or ask."""

    scheduled_publish_time: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_ask(self) -> bool:
        """Whether this is a question to the bot (the inbox also holds readers' submissions)."""
        return self.type == "answer" and self.question is not None

    @property
    def ids(self) -> frozenset[str]:
        """All ids under which this post was known."""
        return frozenset({self.id, self.genesis_post_id} - {None})  # type: ignore[arg-type]


@dataclass(frozen=True)
class PostPage:
    """A page of posts. ``problems`` says what could not be read; those posts are missing."""

    posts: tuple[TumblrPost, ...]
    problems: tuple[str, ...] = ()


def read_post(payload: object) -> TumblrPost:
    """Read one legacy post object; raises MalformedAnswer when it has no id."""
    if not isinstance(payload, Mapping):
        raise MalformedAnswer("tumblr sent a post that is not an object")
    genesis = payload.get("genesis_post_id")
    return TumblrPost(
        id=normal_id(payload.get("id_string") or payload.get("id")),
        state=_text(payload, "state") or "published",
        type=_text(payload, "type") or "text",
        asking_name=_text(payload, "asking_name") or (ANONYMOUS if payload.get("is_anonymous") else None),
        question=_text(payload, "question"),
        body=_text(payload, "body") or _text(payload, "answer") or "",
        summary=(_text(payload, "summary") or "").strip(),
        tags=_texts(payload.get("tags")),
        timestamp=_number(payload, "timestamp") or 0,
        genesis_post_id=normal_id(genesis) if genesis else None,
        scheduled_publish_time=_number(payload, "scheduled_publish_time"),
        payload=payload,
    )


def read_page(response: object) -> PostPage:
    """Read an answer that holds ``posts``; raises MalformedAnswer when it holds none."""
    listed = response.get("posts") if isinstance(response, Mapping) else None
    if not isinstance(listed, list):
        raise MalformedAnswer("tumblr sent a list of posts without posts")
    posts, problems = [], []
    for item in listed:
        try:
            posts.append(read_post(item))
        except MalformedAnswer as error:
            problems.append(str(error))
    return PostPage(tuple(posts), tuple(problems))


def _text(payload: Mapping[str, Any], key: str) -> str | None:
    value = payload.get(key)
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def _number(payload: Mapping[str, Any], key: str) -> int | None:
    value = payload.get(key)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
