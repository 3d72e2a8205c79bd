"""Plain text out of posts: summaries, slugs, tags, and what a page says of a time."""

from __future__ import annotations

import re
from html.parser import HTMLParser

COMMUNITY = "@@"
"""Begins the names of communities, which no blog's name can begin with."""

SUMMARY_LENGTH = 125
SLUG_LENGTH = 50
MAX_TAGS = 30
MAX_TAG_LENGTH = 140
BLOCK_TAGS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "div", "figure", "hr"}
    | {"figcaption"}
)
_NOT_IN_SLUG = re.compile(r"[^\w\s-]|_")
_BLANK_LINES = re.compile(r"\n{2,}")


_TEXT = re.compile(r"""(?:\s|<[/!?a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*+>)*+[^\s]""")
"""White space and tags, then something else."""


class _TextCollector(HTMLParser):
    """Collects text; the ends of blocks and line breaks become newlines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "br" or tag in BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCK_TAGS:
            self.parts.append("\n")


def plain_text(html: str) -> str:
    """The text of sanitised HTML, one line per paragraph or break, without blank lines at the ends."""
    collector = _TextCollector()
    collector.feed(html)
    collector.close()
    return _BLANK_LINES.sub("\n", "".join(collector.parts)).strip()


def has_text(html: str) -> bool:
    """Whether ``plain_text`` of sanitised HTML finds anything, without reading it all."""
    found = _TEXT.match(html)
    # What looks like a tag at the end, or like white space in other words, is for the parser to say.
    return found is not None and (found.group()[-1] not in "<&" or bool(plain_text(html)))


def summarise(text: str) -> str:
    """One line of plain text, cut at the end of a word before about 125 characters."""
    line = " ".join(text.split())
    if len(line) <= SUMMARY_LENGTH:
        return line
    head = line[: SUMMARY_LENGTH - 3]
    return (head.rsplit(" ", 1)[0] if " " in head else head).rstrip() + "..."


def make_slug(summary: str) -> str:
    """Lowercase words joined by hyphens; whole words up to 50 characters."""
    words = re.split(r"[\s-]+", _NOT_IN_SLUG.sub("", summary.lower()))
    slug = ""
    for word in filter(None, words):
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > SLUG_LENGTH:
            break
        slug = longer
    return slug


def split_tags(text: str) -> list[str]:
    """A posted comma list of tags: trimmed, without empty ones, order and case kept.

    No more than 30 tags of 140 characters; a leading ``#`` stays, and so does the text ``[]``, which
    pytumblr sends for an empty list.
    """
    tags = (tag.strip()[:MAX_TAG_LENGTH] for tag in text.split(","))
    return [tag for tag in tags if tag][:MAX_TAGS]


def blog_name_of(identifier: str) -> str:
    """The blog named by a bare name, ``name.tumblr.com``, an address with any path, or ``@name``.

    A uuid comes back as it is, without the ``.tumblr.com`` that pytumblr puts behind it; a community keeps
    its ``@@``.
    """
    name = identifier.strip()
    name = name if name.startswith(COMMUNITY) else name.removeprefix("@")
    name = re.sub(r"^[a-z]+://", "", name, flags=re.IGNORECASE)
    name = name.split("/", 1)[0]
    name = name.removesuffix(".tumblr.com")
    return name if name.startswith("t:") else name.lower()
