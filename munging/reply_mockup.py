"""Replies to posts, which tumblr cannot answer: shown as a post that quotes the reply, and read back."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace

from munging.cleaning import clean_name, clean_user_text
from munging.html_tree import Element, Nodes, children, classes, parse_fragment, text_of
from munging.links import post_id_of_address, safe_target
from munging.thread import Thread

_PHRASE = " replied to your post  "


@dataclass(frozen=True)
class ReplySource:
    """Where a reply mock-up comes from: the number of the post that was replied to, and who replied."""

    post_id: int
    blog_name: str


@dataclass(frozen=True)
class FoundMockup:
    """A mock-up at the beginning of some nodes: its source, the reply, and what follows it.

    ``wrapped``: its first line is a paragraph, as in a post that has been posted.
    """

    source: ReplySource
    wrapped: bool
    between: Nodes
    reply: Nodes
    after: Nodes


def reply_mockup(
    *, post_url: str, post_summary: str, reply_blog_name: str, reply_blog_url: str, reply_body: str
) -> str:
    """A reply as HTML that stands before the bot's answer; words are escaped, the summary on one line."""
    summary = html.escape(post_summary.replace("\n", " "), quote=False)
    return (
        f'<a class="tumblelog" href="{_attribute(reply_blog_url)}">@{html.escape(reply_blog_name)}</a>'
        f'{_PHRASE}<a href="{_attribute(post_url)}">\u201c{summary}\u201d</a>'
        f"<p><blockquote>{html.escape(reply_body, quote=False)}</blockquote></p>"
    )


def reply_source(body: str) -> ReplySource | None:
    """Which post a mock-up replies to, and who replied, linked or not; None for any other body.

    Mentions of others may stand before the one who replied.
    """
    tree = parse_fragment(body)
    nodes = Nodes("") if tree is None else _without_mentions(children(tree))
    found = _opening(nodes)
    return found[0] if found else None


def with_reply(thread: Thread, blog_name: str, reply: str) -> Thread:
    """The thread of a post that somebody replied to, with their reply as its last post.

    A turn of the bot that the thread waits for stays last, and empty.
    """
    text = f"{clean_user_text(reply)}\n\n"
    if not thread.awaits_bot:
        return thread.with_post(blog_name, text)
    *posts, turn = thread.posts
    replied = replace(thread, posts=tuple(posts)).with_post(blog_name, text)
    return replied.with_post(turn.author, "", by_bot=True)


def find_mockup(nodes: Nodes) -> FoundMockup | None:
    """The mock-up that some nodes begin with, if its quotation follows.

    The replier's name is a mention. What the bot writes itself has none, so that nobody can talk it into
    putting words into somebody's mouth.
    """
    opening = _opening(nodes) if _begins_with_mention(nodes) else None
    if opening is None:
        return None
    source, wrapped, rest = opening
    for index, element in enumerate(rest):
        if element.tag == "blockquote":
            after = Nodes(element.tail or "", tuple(rest[index + 1 :]))
            return FoundMockup(source, wrapped, Nodes("", tuple(rest[:index])), children(element), after)
        if text_of(element).strip() or (element.tail or "").strip():
            return None
    return None


def _begins_with_mention(nodes: Nodes) -> bool:
    if nodes.elements and nodes.elements[0].tag == "p" and not nodes.lead.strip():
        nodes = children(nodes.elements[0])
    return bool(nodes.elements) and not nodes.lead.strip() and "tumblelog" in classes(nodes.elements[0])


def _without_mentions(nodes: Nodes) -> Nodes:
    """Some nodes without the mentions that they begin with and that nothing but spaces follows."""
    if nodes.elements and nodes.elements[0].tag == "p" and not nodes.lead.strip():
        inner = _without_mentions(children(nodes.elements[0]))
        # The opening's own paragraph, if it is one: what follows it does not matter here.
        return inner if _opening_words(inner) else Nodes("", nodes.elements)
    elements = nodes.elements
    while len(elements) > 1 and "tumblelog" in classes(elements[0]) and not (elements[0].tail or "").strip():
        elements = elements[1:]
    return nodes if elements is nodes.elements else Nodes("", elements)


def _opening(nodes: Nodes) -> tuple[ReplySource, bool, Sequence[Element]] | None:
    """Source, whether the opening is a paragraph, and the elements after it."""
    if nodes.lead.strip() or not nodes.elements or nodes.elements[0].tag != "p":
        found = _opening_words(nodes)
        return found and (found[0], False, found[1])
    inner = _opening_words(children(nodes.elements[0]))
    return (inner[0], True, nodes.elements[1:]) if inner and not inner[1] else None


def _opening_words(nodes: Nodes) -> tuple[ReplySource, Sequence[Element]] | None:
    name, lead, elements = "", nodes.lead, nodes.elements
    if elements and "tumblelog" in classes(elements[0]) and not lead.strip():
        name, lead = text_of(elements[0]), elements[0].tail or ""
        elements = elements[1:]
    said, phrase, rest = (name + lead).partition(_PHRASE)
    said = said.strip()
    if not phrase or rest or not said.startswith("@") or not elements or elements[0].tag != "a":
        return None
    post_id = post_id_of_address(elements[0].get("href"))
    if post_id is None or (elements[0].tail or "").strip():
        return None
    return ReplySource(post_id, clean_name(said)), elements[1:]


def _attribute(address: str) -> str:
    return html.escape(safe_target(address))
