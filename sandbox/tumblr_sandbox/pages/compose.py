"""What people type into forms: plain text with names and addresses in it, or HTML; tags; and back again."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.html import paragraphs, sanitise
from tumblr_sandbox.markup.text import MAX_TAG_LENGTH, MAX_TAGS

TEXT, HTML = "text", "html"
_TYPED = re.compile(
    r"(?P<address>https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])|(?<![\w@/])@(?P<name>[a-z0-9][a-z0-9-]{0,31})"
)
_LINK = re.compile(r'<a(?: class="tumblelog")? href="[^"]*">([^<]*)</a>')
_BREAK = re.compile(r"<br ?/?>")


def html_of_text(text: str, is_blog: Callable[[str], bool]) -> str:
    """Typed text as HTML: paragraphs; addresses and the names of blogs become links."""

    def linked(found: re.Match[str]) -> str:
        name, address = found["name"], found["address"]
        if name is not None:
            url = blog_url(name)
            return f'<a class="tumblelog" href="{url}">@{name}</a>' if is_blog(name) else str(found[0])
        return f'<a href="{address}">{address}</a>'

    return sanitise(_TYPED.sub(linked, paragraphs(text))) if text.strip() else ""


def content_of(body: str, form: str, is_blog: Callable[[str], bool]) -> Content:
    """What was typed, as a post's own words."""
    body = body.replace("\r\n", "\n")
    return Content(html=sanitise(body) if form == HTML else html_of_text(body, is_blog))


def text_of_html(stored: str) -> str | None:
    """The text that ``html_of_text`` makes such HTML from; none when there is more in it than that."""
    bare = _LINK.sub(lambda found: found[1], stored)
    inner = bare.removeprefix("<p>").removesuffix("</p>").split("</p><p>")
    lines = [_BREAK.sub("\n", stretch) for stretch in inner]
    if any("<" in stretch for stretch in lines):
        return None
    text = html.unescape("\n\n".join(lines))
    return text if paragraphs(text) == _BREAK.sub("<br>", bare) or not stored else None


def typed_from(content: Content) -> tuple[str, str]:
    """What to put into the form to change a contribution, and in which form it is."""
    stored = content.as_html()
    text = text_of_html(stored)
    return (stored, HTML) if text is None else (text, TEXT)


def tags_of(typed: str) -> tuple[str, ...]:
    """Typed tags: parted by commas or by ``#``, each once, as many and as long as tumblr keeps."""
    parts = (part.strip()[:MAX_TAG_LENGTH].strip() for part in re.split(r"[,#\n]", typed))
    return tuple(dict.fromkeys(part for part in parts if part))[:MAX_TAGS]
