"""Faults that change what a good answer says: each takes the answer's ``response`` and changes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.rendering.blog import GONE_BLOG

TEXT_FIELDS = ("body", "answer", "caption", "description", "source")
"""Where a chain stands in the legacy form."""
_BETWEEN_QUOTES = re.compile(r"</blockquote>(?:(?!</?blockquote).)+</blockquote>", re.DOTALL)
_WORDS = re.compile(r"(?:\A|(?<=>))[^<]+")
"""What stands outside of tags."""
_REWRITTEN = str.maketrans(
    {
        "'": "\N{RIGHT SINGLE QUOTATION MARK}",
        '"': "\N{RIGHT DOUBLE QUOTATION MARK}",
        "-": "\N{EM DASH}",
        " ": "\N{NO-BREAK SPACE}",
    }
)
_LINK_OUT = re.compile(r"https?://(?!(?:[a-z0-9-]+\.)*tumblr\.com|127\.0\.0\.1|localhost|t\.umblr\.com)")


def distort(response: Any, fault: Fault) -> Any:
    """The answer as a client gets it under this fault."""
    change = _CHANGES.get(fault.kind)
    if change is not None:
        change(response, fault)
    return response


def changes_answers(fault: Fault) -> bool:
    """Whether a fault is one of these."""
    return fault.kind in _CHANGES


def _posts(response: Any, fault: Fault) -> Iterator[dict[str, Any]]:
    """The posts of an answer that are affected."""
    found = response
    if isinstance(response, dict):
        found = response.get("posts") or response.get("liked_posts") or []
    for post in found:
        if isinstance(post, dict) and fault.post_id in (None, post.get("id_string")):
            yield post


def _without_id_string(response: Any, _fault: Fault) -> None:
    response.pop("id_string", None)


def _with_text_id(response: Any, _fault: Fault) -> None:
    response["id"] = str(response["id"])


def _without_posts(response: Any, _fault: Fault) -> None:
    if isinstance(response, dict):
        response.pop("posts", None)


def _without_schedule(response: Any, fault: Fault) -> None:
    for post in _posts(response, fault):
        post.pop("scheduled_publish_time", None)


def _tear_chain(response: Any, fault: Fault) -> None:
    for post in _posts(response, fault):
        for name in TEXT_FIELDS:
            if isinstance(post.get(name), str):
                post[name] = _BETWEEN_QUOTES.sub("</blockquote></blockquote>", post[name], count=1)


def _break_trail(response: Any, fault: Fault) -> None:
    for post in _posts(response, fault):
        for entry in post.get("trail", ()):
            name = entry.get("blog", {}).get("name")
            if not entry.get("is_current_item") and name and fault.blog in (None, name):
                _break_entry(post, entry, name)
                break


def _break_entry(post: dict[str, Any], entry: dict[str, Any], name: str) -> None:
    """Show a contributor as gone: no name in the chain, no blog in the trail."""
    if "content_raw" not in entry:
        del entry["blog"]
        entry["broken_blog_name"] = name
        entry["post"].pop("id", None)
        return
    entry["blog"] = {**GONE_BLOG}
    for field in TEXT_FIELDS:
        if isinstance(post.get(field), str):
            post[field] = post[field].replace(f">{name}</a>:</p><blockquote>", "></a>:</p><blockquote>")


def _double_ask(response: Any, fault: Fault) -> None:
    for post in _posts(response, fault):
        for holder in (post, *post.get("trail", ())):
            layouts = {layout["type"]: layout for layout in holder.get("layout", ())}
            if {"ask", "rows"} <= layouts.keys():
                rows = layouts["rows"]
                rows["display"] = [{"blocks": [i]} for i in layouts["ask"]["blocks"]] + rows["display"]


def _hide_asks(response: Any, fault: Fault) -> None:
    hidden = [post for post in _posts(response, fault) if fault.blog in (None, post.get("asking_name"))]
    response["posts"] = [post for post in response["posts"] if post not in hidden]


def _shorten_notes(response: Any, fault: Fault) -> None:
    holders = [*_posts(response, fault), *([response] if isinstance(response, dict) else [])]
    for holder in holders:
        shown = [note for note in holder.get("notes", ()) if note["type"] != "posted"]
        if shown:
            holder["notes"].remove(shown[-1])


def _shown(response: Any, fault: Fault) -> Iterator[dict[str, Any]]:
    """The posts of an answer that are affected; also the one of the editor's view."""
    if isinstance(response, dict) and "content" in response:
        yield response
    yield from _posts(response, fault)


def _rewrite(response: Any, fault: Fault) -> None:
    for post in _shown(response, fault):
        holders = (post, post.get("reblog", {}), *post.get("trail", ()))
        for holder in holders:
            for name in (*TEXT_FIELDS, "comment", "tree_html", "content", "content_raw"):
                if isinstance(holder.get(name), str):
                    holder[name] = _WORDS.sub(lambda found: found[0].translate(_REWRITTEN), holder[name])
            for block in holder["content"] if isinstance(holder.get("content"), list) else ():
                if isinstance(block, dict) and "text" in block:
                    block["text"] = block["text"].translate(_REWRITTEN)


def _wrap_links(response: Any, fault: Fault) -> None:
    for post in _shown(response, fault):
        if "source_url" in post:
            post["source_url"] = _wrapped(post["source_url"])
        for holder in (post, *post.get("trail", ())):
            for block in holder.get("content", ()):
                for entry in block.get("formatting", ()) if isinstance(block, dict) else ():
                    if entry["type"] == "link":
                        entry["url"] = _wrapped(entry["url"])


def _wrapped(url: str) -> str:
    if not _LINK_OUT.match(url):
        return url
    return f"https://t.umblr.com/redirect?z={quote(url, safe='')}&t=x"


_CHANGES: dict[FaultKind, Callable[[Any, Fault], None]] = {
    FaultKind.NO_ID_STRING: _without_id_string,
    FaultKind.TEXT_ID: _with_text_id,
    FaultKind.NO_POSTS: _without_posts,
    FaultKind.NO_SCHEDULE: _without_schedule,
    FaultKind.TORN_CHAIN: _tear_chain,
    FaultKind.BROKEN_TRAIL: _break_trail,
    FaultKind.DOUBLE_ASK: _double_ask,
    FaultKind.HIDDEN_ASK: _hide_asks,
    FaultKind.SHORT_NOTES: _shorten_notes,
    FaultKind.WRAPPED_LINKS: _wrap_links,
    FaultKind.REWRITTEN: _rewrite,
}
