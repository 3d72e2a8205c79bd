"""Posts' words as HTML for a page: cleaned once more on the way out, and bound to this machine."""

from __future__ import annotations

import html
import json
import re

import nh3
from markupsafe import Markup

from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import ALLOWED_TAGS, READ_MORE
from tumblr_sandbox.media import SERVED_UNDER, to_served

_TUMBLR_LINK = re.compile(r"https?://([a-z0-9-]+)\.tumblr\.com(?:/post/(\d+)(?:/[^/]*)?|/?)")
_OWN_MEDIA = re.compile(rf"(?:https?://[^/]+)?(/{re.escape(SERVED_UNDER)}/.+)")
_RECORDING = re.compile(r'<figure class="tmblr-full" data-npf="([^"]*)">.*?</figure>')
"""What stands in HTML for a block that has no other form."""
_CLASSES = frozenset({"tumblelog", "npf_quote", "npf_quirky", "npf_chat", "npf_row", "npf_recording"})


def local_address(address: str) -> str:
    """The sandbox's page of a blog or post on tumblr; any other address as it is."""
    found = _TUMBLR_LINK.fullmatch(address)
    if found is None:
        return address
    name, post_id = found.groups()
    return f"/blog/{name}/post/{post_id}" if post_id else f"/blog/{name}"


def own_media(address: str) -> str | None:
    """Where this sandbox serves a picture or sound; none for files that lie elsewhere."""
    found = _OWN_MEDIA.fullmatch(to_served(address, ""))
    return None if found is None else found.group(1)


def _attribute(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("a", "href"):
        return local_address(value)
    if (tag, attribute) == ("img", "src"):
        return own_media(value)
    if attribute == "class":
        return " ".join(name for name in value.split() if name in _CLASSES) or None
    return value


# Styles are gone (the pages' policy allows none), pictures of other hosts do not load: they keep their words.
_CLEANER = nh3.Cleaner(
    tags=set(ALLOWED_TAGS),
    attributes={"a": {"href"}, "img": {"src", "alt"}, "*": {"class", "title"}},
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    strip_comments=True,
)


def _named_recording(found: re.Match[str]) -> str:
    """A line that names a sound or film in the place of its block."""
    try:
        block = json.loads(html.unescape(found.group(1)))
    except (ValueError, RecursionError):
        return ""  # anybody may write such an attribute
    if not isinstance(block, dict) or block.get("type") not in ("audio", "video"):
        return ""
    url = str(block.get("url") or "")
    title = html.escape(str(block.get("title") or url or block["type"]), quote=False)
    link = f'<a href="{html.escape(own_media(url) or url)}">{title}</a>'
    return f'<p class="npf_recording">{"♪" if block["type"] == "audio" else "▶"} {link}</p>'


def clean(stored: str) -> Markup:
    """HTML that is safe to show, whoever wrote it."""
    return Markup(_CLEANER.clean(stored))  # noqa: S704 - this is what makes it safe


def shown(content: Content, path: str = "") -> Markup:
    """A contribution for a page; given a ``path``, what is behind the read-more waits there."""
    stored = _RECORDING.sub(_named_recording, content.as_html())
    if READ_MORE not in stored:
        return clean(stored)
    head, rest = stored.split(READ_MORE, 1)
    if not path:
        return clean(f"{head}<hr>{rest}")
    return clean(f'{head.removesuffix("<p>")}<p><a href="{html.escape(path)}">Keep reading</a></p>')
