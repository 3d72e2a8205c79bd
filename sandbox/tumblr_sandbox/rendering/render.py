"""Posts as the caller wants them: legacy or NPF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from tumblr_sandbox.rendering.context import Viewer, ViewOptions, gather
from tumblr_sandbox.rendering.legacy import legacy_post
from tumblr_sandbox.rendering.npf import npf_post
from tumblr_sandbox.store.posts import StoredPost

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What goes wrong over a post whose content is not as it was thought to be; others must still be shown."""
log = structlog.get_logger()


def render(
    connection: Connection, found: Sequence[StoredPost], viewer: Viewer, options: ViewOptions
) -> list[dict[str, Any]]:
    """The posts as JSON objects, in the order given; one that cannot be shown is left out."""
    around = gather(connection, found, viewer, options)
    view = npf_post if options.npf else legacy_post
    views = []
    for post in found:
        try:
            views.append(view(post, around))
        except UNREADABLE as error:
            log.warning("a post cannot be shown", post=post.id, error=type(error).__name__)
    return views
