"""Posts as the caller wants them: legacy or NPF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox.rendering.context import Viewer, ViewOptions, gather
from tumblr_sandbox.rendering.legacy import legacy_post
from tumblr_sandbox.rendering.npf import npf_post
from tumblr_sandbox.store.posts import StoredPost


def render(
    connection: Connection, found: Sequence[StoredPost], viewer: Viewer, options: ViewOptions
) -> list[dict[str, Any]]:
    """The posts as JSON objects, in the order given."""
    around = gather(connection, found, viewer, options)
    view = npf_post if options.npf else legacy_post
    return [view(post, around) for post in found]
