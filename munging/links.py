"""Links in posts: where they may point, which of them name a blog, and which blog that is."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from munging.html_tree import Element, classes, text_of

AUTHOR_CLASSES = frozenset({"tumblr_blog", "username", "js-hover-trigger-TumblelogPopover"})
"""Classes of the links that name whom a quotation is from."""

PLAIN_CLASSES = frozenset(
    {"tumblr_blog", "tumblelog", "tmblr-truncated-link", "notification_target", "post_info_link"}
)
"""Classes of the links that only their words are kept of: mentions, and tumblr's own furniture."""

_SCHEMES = frozenset({"", "http", "https", "mailto", "tumblr"})
_UNSAFE = re.compile(r"[\s\"<>\x00-\x1f\x7f]")
_BLOG_HOST = re.compile(r"([0-9A-Za-z-]+)\.tumblr\.com")
_BLOG_PATH = re.compile(r"/(?:blog/(?:view/)?|@)?([0-9A-Za-z-]+)(?:/|$)")
_NO_BLOG_PATHS = frozenset(
    {
        *("about", "activity", "apps", "ask", "blog", "changes", "communities", "customize", "dashboard"),
        *("developers", "docs", "domains", "edit", "explore", "follow", "followers", "following", "help"),
        *("inbox", "jobs", "labs", "likes", "live", "login", "logo", "logout", "mega-editor", "messaging"),
        *("new", "oauth", "oembed", "p", "policy", "post", "press", "privacy", "radar", "reblog", "register"),
        *("search", "security", "settings", "share", "shop", "spotlight", "support", "svc", "tag", "tagged"),
        *("themes", "tips", "topics", "trending", "tumblrmart", "video", "widgets"),
    }
)
"""What stands first in tumblr's own addresses, where a blog's name may stand."""
_NO_BLOG_HOSTS = frozenset(
    {"api", "assets", "embed", "help", "href", "media", "mx", "safe", "secure", "static", "support", "www"}
)
"""Hosts of tumblr's own."""
_WRAPPED = re.compile(r"https?://t\.umblr\.com/redirect\?", re.IGNORECASE)
_TYPED_MENTION = re.compile(r"(?<![\w@./])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?)(?!\w)")
"""A mention as tumblr reads it: not the middle of a mail address."""
_POST_ID = re.compile(r"/([0-9]{1,20})(?:[/?#]|$)")


def is_plain_link_text(link: Element) -> bool:
    """Whether a link is a mention or a part of tumblr's furniture, so that only its words count."""
    return not PLAIN_CLASSES.isdisjoint(classes(link))


def safe_target(target: str | None) -> str:
    """A link's target as it may stand in text: on one line, without quotes; empty when it may run code."""
    if not target:
        return ""
    cleaned = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", target.strip())
    return cleaned if _scheme(cleaned) in _SCHEMES else ""


def _scheme(target: str) -> str:
    head = re.split(r"[/?#]", target, maxsplit=1)[0]
    return head.partition(":")[0].lower() if ":" in head else ""


def unwrapped(address: str) -> str:
    """Where a link leads that tumblr has wrapped (``t.umblr.com/redirect?z=…``); any other as it is."""
    if not _WRAPPED.match(address):
        return address
    return next(iter(parse_qs(address.partition("?")[2]).get("z", [])), address)


def blog_of_address(address: str | None) -> str:
    """The blog that an address of tumblr's belongs to; empty for any other address."""
    try:
        parts = urlsplit(address or "")
        host = parts.hostname or ""
    except ValueError:
        return ""
    if host in ("www.tumblr.com", "tumblr.com", "m.tumblr.com", "at.tumblr.com"):
        found = _BLOG_PATH.match(parts.path)
        return found[1] if found and found[1].lower() not in _NO_BLOG_PATHS else ""
    named = _BLOG_HOST.fullmatch(host)
    return named[1] if named and named[1] not in _NO_BLOG_HOSTS else ""


def post_id_of_address(address: str | None) -> int | None:
    """The number of the post that an address points to."""
    found = _POST_ID.search(address or "")
    return int(found[1]) if found else None


def is_author_link(element: Element, *, in_first_place: bool) -> bool:
    """Whether a link names a quotation's author: by its class or, in a post's first place, by its target."""
    if element.tag != "a":
        return False
    if not AUTHOR_CLASSES.isdisjoint(classes(element)):
        return True
    return in_first_place and not is_plain_link_text(element) and bool(blog_of_address(element.get("href")))


def author_named_by(link: Element) -> str:
    """The name of the blog that a link is about: its words, else its target's; may be empty."""
    return text_of(link).strip().removeprefix("@") or blog_of_address(link.get("href"))


def typed_mentions(text: str) -> list[str]:
    """The names, in lower case, of the blogs that a text mentions by typing ``@name``, as tumblr reads it."""
    return [name.lower() for name in _TYPED_MENTION.findall(text)]
