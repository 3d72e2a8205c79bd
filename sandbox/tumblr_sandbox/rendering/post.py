"""What the legacy and the NPF form of a post have in common."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tumblr_sandbox.clock import gmt_date
from tumblr_sandbox.ids import short_url
from tumblr_sandbox.markup.content import PostRef, post_url
from tumblr_sandbox.rendering.blog import short_blog
from tumblr_sandbox.rendering.context import Surroundings
from tumblr_sandbox.store.posts import StoredPost


def head_fields(post: StoredPost, around: Surroundings, kind: str) -> dict[str, Any]:
    """The fields that a post of either form begins with, up to its note count."""
    blog = around.blogs[post.blog_id]
    view: dict[str, Any] = {
        "object_type": "post",
        "type": kind,
        "blog_name": blog.name,
        "blog": short_blog(blog, around.updated.get(blog.id, blog.created)),
        "id": post.id,
        "id_string": str(post.id),
        "post_url": post_url(blog.name, post.id, post.slug),
        "slug": post.slug,
        "date": gmt_date(post.timestamp),
        "timestamp": post.timestamp,
        "state": post.state,
        "reblog_key": post.reblog_key,
        "tags": list(post.tags),
        "short_url": short_url(post.id),
        "summary": post.summary,
        "is_blocks_post_format": post.content.made_in_npf,
        "should_open_in_legacy": not post.content.made_in_npf,
        "recommended_source": None,
        "recommended_color": None,
        "followed": blog.id in around.followed,
    }
    if blog.settings.pinned_post == post.id:
        view["is_pinned"] = True
    if around.viewer.user is not None:
        view["liked"] = post.id in around.liked
    view["note_count"] = around.note_counts.get(post.tree_id, 0)
    return view | _source_fields(post) | _submission_fields(post, around)


def _submission_fields(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """Who handed a post in that is no ask, or wrote it for a community."""
    if post.author_id is not None:
        return {"is_submission": True, "post_author": around.blogs[post.author_id].name}
    if "submitter" not in post.details or post.is_reblog:
        return {}
    name = post.details["submitter"]
    if name is not None:
        return {"is_submission": True, "post_author": name}
    return {"is_submission": True, "anonymous_name": "", "anonymous_email": ""}


def tail_fields(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """The fields that a post of either form ends with."""
    own = around.viewer.owns(post.blog_id if post.author_id is None else post.author_id)
    signed_in = around.viewer.user is not None
    view: dict[str, Any] = {
        "can_like": signed_in and not own,
        "can_reblog": signed_in and post.state == "published" and (own or post.reblogs_allowed),
        "can_send_in_message": True,
        "can_reply": signed_in,
        "display_avatar": True,
        "interactability_reblog": interactability(post),
    }
    if own:
        view |= _owner_fields(post)
    if around.options.reblog_info:
        view |= _reblog_info(post)
    if around.options.notes_info:
        view["notes"] = around.note_lists.get(post.tree_id, [])
    return view


def interactability(post: StoredPost) -> str:
    """Who may reblog a post, in tumblr's words."""
    return "everyone" if post.reblogs_allowed else "noone"


def _source_fields(post: StoredPost) -> dict[str, Any]:
    if post.root is None:
        source = post.details.get("source_url")
        return {} if not source else {"source_url": source, "source_title": urlsplit(source).hostname}
    view: dict[str, Any] = {"source_url": post.root.url, "source_title": post.root.blog_name}
    if post.parent is not None:
        view["parent_post_url"] = post.parent.url
    return view


def _owner_fields(post: StoredPost) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if post.genesis_id is not None:
        view["genesis_post_id"] = str(post.genesis_id)
    if post.muted_until is not None:
        view |= {"muted": True, "mute_end_timestamp": post.muted_until}
    if post.state == "queued":
        view["queued_state"] = post.queued_state
        view["scheduled_publish_time"] = post.scheduled
    return view


def _reblog_info(post: StoredPost) -> dict[str, Any]:
    view: dict[str, Any] = {}
    for prefix, ref in (("reblogged_from", post.parent), ("reblogged_root", post.root)):
        if ref is not None:
            view |= _whereabouts(prefix, ref)
    return view


def _whereabouts(prefix: str, ref: PostRef) -> dict[str, Any]:
    return {
        f"{prefix}_id": str(ref.id),
        f"{prefix}_url": ref.url,
        f"{prefix}_name": ref.blog_name,
        f"{prefix}_title": ref.blog_title,
        f"{prefix}_uuid": ref.blog_uuid,
        f"{prefix}_can_message": True,
        f"{prefix}_following": False,
    }
