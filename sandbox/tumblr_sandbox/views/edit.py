"""A post as its editor needs it: what was written, and where it stands."""

from __future__ import annotations

from typing import Any

from tumblr_sandbox.clock import gmt_date
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.views.context import Surroundings
from tumblr_sandbox.views.npf import npf_post
from tumblr_sandbox.views.post import interactability


def edit_view(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """The post in NPF for an editor. Ids are strings here."""
    shown = npf_post(post, around)
    scheduled = post.scheduled if post.queued_state == "scheduled" else None
    return {
        "object_type": "post",
        "type": "blocks",
        "id": str(post.id),
        "tumblelog_uuid": around.blogs[post.blog_id].uuid,
        "parent_post_id": None if post.parent is None else str(post.parent.id),
        "parent_tumblelog_uuid": None if post.parent is None else post.parent.blog_uuid,
        "reblog_key": post.reblog_key,
        "trail": shown["trail"],
        "content": shown["content"],
        "layout": shown["layout"],
        "state": post.state,
        "tags": list(post.tags),
        "date": gmt_date(post.timestamp),
        "slug": post.slug,
        "queued_state": post.queued_state,
        "scheduled_publish_time": post.scheduled,
        "publish_on": None if scheduled is None else gmt_date(scheduled),
        "interactability_reblog": interactability(post),
    }
