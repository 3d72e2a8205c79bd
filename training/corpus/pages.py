"""A post saved as an HTML page by tumblr-utils or tumblr-backup, as the payload that it was made from.

A page is ``<article class=TYPE id=p-ID>`` with a header (date and links), perhaps a heading, the content, and
a footer (tags, source, notes). What belongs to the page and not to its author is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bs4 import BeautifulSoup, Tag

KNOWN_TYPES = frozenset({"text", "photo", "link", "quote", "video", "audio", "answer", "chat", "blocks"})
LIKED = "liked-"
_PLAYERS = ("video", "audio", "iframe", "embed", "object", "script")


class PageError(ValueError):
    """The page cannot be read as a saved post."""


def payload_of_page(html: str, blog: str, post_id: str) -> Mapping[str, object]:
    """Read a page; ``type`` of the payload may be one that nobody knows.

    The heading of an answer is its question, whose asker the page does not name. The heading of a link is
    the linked page's title, which is not the author's. Raises PageError.
    """
    article = BeautifulSoup(html, "lxml").find("article")
    if not isinstance(article, Tag):
        raise PageError("no article in the page")
    kind = _kind(article)
    payload: dict[str, object] = {
        "id": post_id,
        "blog_name": blog,
        "type": kind,
        "tags": _tags(article),
        "timestamp": _timestamp(article),
    }
    _remove_furniture(article)
    heading = _take_heading(article)
    body = article.decode_contents().strip()
    if kind == "answer":
        return payload | {"question": heading.decode_contents() if heading else "", "answer": body}
    title = heading.get_text(" ", strip=True) if heading and kind in ("text", "chat") else ""
    if kind in KNOWN_TYPES:
        payload["type"] = "text"
    return payload | {"title": title, "body": body}


def _kind(article: Tag) -> str:
    classes = article.get("class")
    if isinstance(classes, str):
        return classes
    return str(classes[0]) if classes else ""


def _tags(article: Tag) -> list[str]:
    footer = article.find("footer")
    if not isinstance(footer, Tag):
        return []
    texts = (link.get_text(strip=True) for link in footer.find_all("a"))
    return [text.removeprefix("#") for text in texts if text.startswith("#")]


def _timestamp(article: Tag) -> int:
    time = article.find("time")
    written = time.get("datetime") if isinstance(time, Tag) else None
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _remove_furniture(article: Tag) -> None:
    for part in article.find_all(("header", "footer"), recursive=False):
        part.decompose()
    for part in article.find_all(("details", "ol")):
        if part.name == "details" or "notes" in (part.get("class") or ()):
            part.decompose()
    for part in article.find_all(_PLAYERS):
        part.decompose()


def _take_heading(article: Tag) -> Tag | None:
    """The page's own heading, which stands before everything else; taken out of the article."""
    first = next((child for child in article.children if isinstance(child, Tag) or str(child).strip()), None)
    return first.extract() if isinstance(first, Tag) and first.name == "h2" else None
