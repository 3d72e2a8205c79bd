"""Whose words a post's are: every place where tumblr names a blog, for it leaves one out now and then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from munging.json_access import mapping, text
from munging.links import blog_of_address
from munging.thread import ANONYMOUS

Payload = Mapping[str, object]


def blog_of_post(payload: Payload) -> str:
    """The blog whose words a post is; may be empty.

    That is the blog that shows it, or the reader who sent it in, or the member of a community who wrote it.
    """
    if (payload.get("is_submission") or _is_in_community(payload)) and (author := _author(payload)):
        return author
    return text(payload.get("blog_name")) or _name(payload.get("blog")) or _named_by(payload.get("post_url"))


def asker_of_post(payload: Payload) -> str:
    """Who asked the question of a post; ``Anonymous`` if nobody says."""
    if payload.get("is_anonymous") is True:
        return ANONYMOUS
    return text(payload.get("asking_name")) or _named_by(payload.get("asking_url")) or ANONYMOUS


def blog_of_item(item: Payload) -> str:
    """The blog of an item of a trail, also of one whose blog is gone; empty when the item names none."""
    if _is_in_community(item) and (author := _author(item)):
        return author
    named = _name(item.get("blog")) or _name(item.get("broken_blog"))
    return named or text(item.get("broken_blog_name"))


def blogs_of_trail(items: Sequence[Payload], payload: Payload, quoted: Sequence[str], bot: str) -> list[str]:
    """The blogs of a trail's items, each as the item names it or else another field of the post.

    ``quoted`` are the blogs that the post's HTML names, if it names as many. Anybody can write HTML, and the
    bot's blog is not gone: nobody becomes the bot by it.
    """
    names = quoted if len(quoted) == len(items) else [""] * len(items)
    found: list[str] = []
    for item, quoted_name in zip(items, names, strict=True):
        name = blog_of_item(item)
        if not name:
            name = _elsewhere(item, payload) or quoted_name
            name = "" if name == bot else name
        found.append(name)
    return found


def _elsewhere(item: Payload, payload: Payload) -> str:
    """The blog that a reblog's own fields name for an item of its trail."""
    number = id_of_item(item)
    for which in ("root", "from"):
        known = payload.get(f"reblogged_{which}_id")
        is_it = number and isinstance(known, int | str) and str(known) == number
        if is_it or (which == "root" and item.get("is_root_item") is True):
            return text(payload.get(f"reblogged_{which}_name")) or _named_by(
                payload.get(f"reblogged_{which}_url")
            )
    return ""


def id_of_item(item: Payload) -> str:
    """The id of a trail item's post; empty when it has none."""
    number = mapping(item.get("post")).get("id")
    # A number too long for an id is not worth printing, and Python refuses to print the longest.
    if isinstance(number, int) and not isinstance(number, bool):
        return str(number) if 0 < number < 10**20 else ""
    return text(number)


def _is_in_community(payload: Payload) -> bool:
    blog = mapping(payload.get("blog"))
    return bool(payload.get("community") or blog.get("is_community") or blog.get("community"))


def _author(payload: Payload) -> str:
    return text(payload.get("post_author")) or _name(payload.get("author_blog"))


def _name(blog: object) -> str:
    found = mapping(blog)
    return text(found.get("name")) or _named_by(found.get("url"))


def _named_by(address: object) -> str:
    return blog_of_address(text(address))
