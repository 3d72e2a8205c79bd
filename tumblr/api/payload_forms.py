"""The two forms of a post: who says what in it, read from HTML with a trail or from blocks with a trail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup

from munging.blocks import Block
from munging.json_access import mapping, mappings, text
from munging.names import blog_of_item
from munging.npf import Contribution, blocks_html, read_contribution
from tumblr.api.payload_numbers import digits

_BODY_FIELDS = ("body", "answer", "caption", "description")
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_OLD_TYPES = {"regular": "text", "conversation": "chat", "note": "answer"}


@dataclass(frozen=True)
class TrailEntry:
    """Who spoke in a thread: the blog (empty when it is gone), and their post if tumblr names it."""

    blog: str
    post_id: str | None

    @property
    def name(self) -> str | None:
        """What the post is called here; None when tumblr does not name it."""
        return f"{self.blog.lower()}:{self.post_id}" if self.blog and self.post_id else None


@dataclass(frozen=True)
class Words:
    """What is said in a post; the fields are those of ``TumblrPost``."""

    type: str
    body: str
    question: str | None
    asker: str | None
    trail: tuple[TrailEntry, ...]
    images: int
    has_video: bool
    has_text: bool


def legacy_words(payload: Mapping[str, object]) -> Words:
    """What a legacy payload says. Its trail holds the post itself too, which is left out here."""
    present = (text(payload.get(name)) for name in _BODY_FIELDS)
    whole_chain = next((words for words in present if words), "")
    reblog = mapping(payload.get("reblog"))
    question = payload.get("question")
    kind = text(payload.get("type")) or "text"
    trail = mappings(payload.get("trail"))
    said = f"{whole_chain} {text(payload.get('text'))} {text(question)} {text(payload.get('title'))}"
    return Words(
        type=kind,
        body=text(reblog.get("comment")) if text(reblog.get("tree_html")) else whole_chain,
        question=question if isinstance(question, str) else None,
        asker=None,
        trail=tuple(_entry(item) for item in trail if not item.get("is_current_item")),
        images=len(mappings(payload.get("photos"))) + len(_IMAGE.findall(whole_chain)),
        has_video=kind == "video",
        has_text=bool(BeautifulSoup(said, "lxml").get_text().strip()),
    )


def npf_words(payload: Mapping[str, object]) -> Words:
    """What a payload made of blocks says."""
    items = [*mappings(payload.get("trail")), payload]
    contributions = [read_contribution(item) for item in items]
    ask, own = contributions[0].ask, contributions[-1]
    blocks = [block for contribution in contributions for block in _all_blocks(contribution)]
    kinds = {text(block.get("type")) for block in blocks}
    original = text(payload.get("original_type"))
    return Words(
        type="answer" if ask else _legacy_type(original, contributions[0].blocks),
        body=blocks_html(own.blocks),
        question=None if ask is None else blocks_html(ask.blocks),
        asker=None if ask is None else ask.asker or None,
        trail=tuple(map(_entry, items[:-1])),
        images=sum(block.get("type") == "image" for block in blocks),
        has_video="video" in kinds or original == "video",
        has_text=any(text(block.get("text")).strip() for block in blocks if block.get("type") == "text"),
    )


def _entry(item: Mapping[str, object]) -> TrailEntry:
    return TrailEntry(blog_of_item(item), digits(mapping(item.get("post")).get("id")))


def _all_blocks(contribution: Contribution) -> list[Block]:
    asked = contribution.ask.blocks if contribution.ask else ()
    return [*asked, *contribution.blocks]


def _legacy_type(original: str, blocks: Iterable[Block]) -> str:
    """The type that a post of blocks has in the legacy form: the first that applies."""
    kinds = [text(block.get("type")) for block in blocks]
    subtypes = [text(block.get("subtype")) for block in blocks]
    for kind in ("video", "image", "audio"):
        if kind in kinds:
            return {"image": "photo"}.get(kind, kind)
    if "quote" in subtypes or subtypes.count("chat") > 1 or "link" in kinds:
        return "quote" if "quote" in subtypes else "chat" if subtypes.count("chat") > 1 else "link"
    found = _OLD_TYPES.get(original, original)
    return found if found and found != "answer" else "text"
