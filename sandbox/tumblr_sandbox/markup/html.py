"""HTML as the sandbox keeps it: which tags survive posting, and how stored HTML is rendered."""

from __future__ import annotations

import html
import re

import nh3

ALLOWED_TAGS = frozenset(
    {"p", "br", "a", "b", "strong", "i", "em", "u", "s", "strike", "del", "small", "sub", "sup"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr"}
    | {"img", "figure", "figcaption", "span", "div"}
)
DROPPED_WITH_CONTENT = frozenset({"script", "style", "iframe", "object", "form", "input"})
ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "title", "style", "data-orig-width", "data-orig-height", "data-npf"},
    "a": {"href", "target"},
    "img": {"src", "alt", "srcset", "sizes"},
}
ALLOWED_CLASSES = frozenset({"tumblr_blog", "tumblelog", "tmblr-full", "tmblr-truncated-link", "read_more"})
READ_MORE = "[[MORE]]"
MAX_TEXT_BYTES = 1_000_000
"""No post holds more text than this."""
MAX_DEPTH = 200
"""Deeper nesting is flattened to text, so that no reader of a post has to recurse further."""

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
_VOID = frozenset({"br", "hr", "img"})
_TYPOGRAPHIC = str.maketrans(
    {
        "'": "&rsquo;",
        "\N{RIGHT SINGLE QUOTATION MARK}": "&rsquo;",
        "\N{LEFT SINGLE QUOTATION MARK}": "&lsquo;",
        "\N{LEFT DOUBLE QUOTATION MARK}": "&ldquo;",
        "\N{RIGHT DOUBLE QUOTATION MARK}": "&rdquo;",
    }
)


def _keep_attribute(_tag: str, attribute: str, value: str) -> str | None:
    """Keep only the classes that tumblr's own markup uses; other attributes pass as they are."""
    if attribute == "class":
        kept = [name for name in value.split() if name in ALLOWED_CLASSES or name.startswith("npf_")]
        return " ".join(kept) or None
    if attribute == "alt":
        return re.sub(r"<[^>]*>", "", value).replace("\n", " ")
    if attribute == "target":
        return "_blank" if value == "_blank" else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(ALLOWED_TAGS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=ALLOWED_ATTRIBUTES,
    attribute_filter=_keep_attribute,
    url_schemes={"http", "https", "mailto"},
    filter_style_properties={"color"},
    link_rel=None,
    strip_comments=True,
)


def sanitise(posted: str) -> str:
    """What is kept of posted HTML: known tags and attributes, every tag closed, nothing that runs.

    Unknown tags are unwrapped, scripts and forms go with their content, text stays as it is with
    ``&``, ``<`` and ``>`` escaped.
    """
    cleaned = _CLEANER.clean(posted).replace("&nbsp;", "\N{NO-BREAK SPACE}")
    if nesting_depth(cleaned) > MAX_DEPTH:
        return "<p>" + html.escape(html.unescape(_TAG.sub("", cleaned)), quote=False) + "</p>"
    return cleaned


def nesting_depth(cleaned: str) -> int:
    """How deep the elements of sanitised HTML are nested."""
    depth = deepest = 0
    for match in _TAG.finditer(cleaned):
        if match.group(2) in _VOID:
            continue
        depth += -1 if match.group(1) else 1
        deepest = max(deepest, depth)
    return deepest


def paragraphs(text: str) -> str:
    """Plain text as HTML: a paragraph for each stretch between blank lines, breaks for newlines."""
    stretches = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{html.escape(s, quote=False).replace(chr(10), '<br>')}</p>" for s in stretches)


def markdown(text: str) -> str:
    """Posted markdown: only its paragraphs are understood; HTML inside it passes."""
    stretches = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "".join(s if s.startswith("<") else f"<p>{s.replace(chr(10), '<br>')}</p>" for s in stretches)


def render_content(stored: str) -> str:
    """Stored HTML as the ``content`` of a trail entry: closed breaks, typographic quotes as entities."""
    pieces = re.split(r"(<[^>]*>)", stored.replace("<br>", "<br />"))
    return "".join(piece if piece.startswith("<") else piece.translate(_TYPOGRAPHIC) for piece in pieces)


def truncated(stored: str, post_url: str) -> str:
    """An ancestor's HTML in a reblog: what follows the read-more mark is replaced by a link."""
    if READ_MORE not in stored:
        return stored
    head = stored.split(READ_MORE, 1)[0]
    link = f'<p><a class="tmblr-truncated-link read_more" href="{html.escape(post_url)}">Keep reading</a></p>'
    return _CLEANER.clean(head.removesuffix("<p>")) + link
