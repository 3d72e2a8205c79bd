"""Blogs as the API shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox.markup.content import blog_url
from tumblr_sandbox.store import accounts, posts, social
from tumblr_sandbox.store.accounts import Blog, User
from tumblr_sandbox.store.posts import Selection

AVATAR_SIZES = (16, 24, 30, 40, 48, 64, 96, 128, 512)
INFO_AVATAR_SIZES = (512, 128, 96, 64)
ANONYMOUS = "anonymous"
"""Whose picture stands beside anonymous asks."""

THEME: dict[str, Any] = {
    "avatar_shape": "square",
    "background_color": "#FAFAFA",
    "body_font": "Helvetica Neue",
    "header_bounds": "",
    "header_image": "",
    "header_image_focused": "",
    "header_image_scaled": "",
    "header_stretch": True,
    "link_color": "#00B8FF",
    "show_avatar": True,
    "show_description": True,
    "show_header_image": True,
    "show_title": True,
    "title_color": "#000000",
    "title_font": "Gibson",
    "title_font_weight": "bold",
}


GONE_BLOG: dict[str, Any] = {
    "name": "",
    "active": False,
    "theme": [],
    "share_likes": False,
    "share_following": False,
    "can_be_followed": False,
}
"""What a trail says of a contributor whose blog is gone."""


def avatar_url(base_url: str, name: str, size: int) -> str:
    """Where a blog's picture is served; the path has ``media.tumblr.com`` in it, as image caches expect."""
    return f"{base_url}/64.media.tumblr.com/avatar_{name}_{size}.png"


def avatars(base_url: str, name: str) -> list[dict[str, Any]]:
    """A blog's picture in the sizes that its info lists."""
    return [
        {"width": size, "height": size, "url": avatar_url(base_url, name, size)} for size in INFO_AVATAR_SIZES
    ]


def short_blog(blog: Blog, updated: int) -> dict[str, Any]:
    """The few things about a blog that stand in every post."""
    return {
        "name": blog.name,
        "title": blog.title,
        "description": blog.settings.description,
        "url": blog_url(blog.name),
        "uuid": blog.uuid,
        "updated": updated,
    }


def blog_info(connection: Connection, blog: Blog, base_url: str, viewer: User | None) -> dict[str, Any]:
    """All about a blog; its owner sees more, and only the signed-in see whether they follow it."""
    public = Selection()
    total = posts.count(connection, blog.id, public)
    updated = posts.newest_time(connection, [blog.id]).get(blog.id, blog.created)
    info = {
        **short_blog(blog, updated),
        "posts": total,
        "total_posts": total,
        "ask": blog.settings.ask,
        "ask_anon": blog.settings.ask_anon,
        "ask_page_title": blog.settings.ask_page_title,
        "asks_allow_media": True,
        "can_submit": False,
        "can_subscribe": False,
        "can_chat": True,
        "is_nsfw": False,
        "share_likes": blog.settings.share_likes,
        "subscribed": False,
        "avatar": avatars(base_url, blog.name),
        "theme": THEME,
    }
    if viewer is not None:
        mine = accounts.primary_blog(connection, viewer.id)
        info["followed"] = social.follows(connection, viewer.id, blog.id)
        info["is_blocked_from_primary"] = social.is_blocked(connection, mine.id, blog.id)
    if viewer is not None and viewer.id == blog.owner_id and not blog.is_community:
        info |= owner_info(connection, blog)
    return info


def owner_info(connection: Connection, blog: Blog) -> dict[str, Any]:
    """What only the owner of a blog sees."""
    counts = posts.counts_by_state(connection, blog.id)
    return {
        "admin": True,
        "followers": social.follower_count(connection, blog.id),
        "drafts": counts.get("draft", 0),
        "queue": counts.get("queued", 0),
        "messages": counts.get("submission", 0),
        "primary": blog.is_primary,
        "type": "public",
        "tweet": "N",
    }
