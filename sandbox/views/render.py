"""Posts as the caller wants them: legacy or NPF."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

from sandbox.announce import mentionable
from sandbox.markup.npf_from_html import Block
from sandbox.store.posts import StoredPost
from sandbox.views.context import Viewer, ViewOptions, gather
from sandbox.views.legacy import legacy_post
from sandbox.views.npf import npf_post


def render(
    connection: Connection, found: Sequence[StoredPost], viewer: Viewer, options: ViewOptions
) -> list[dict[str, Any]]:
    """The posts as JSON objects, in the order given."""
    around = gather(connection, found, viewer, options)
    if not options.npf:
        return [legacy_post(post, around) for post in found]

    @cache
    def mentioned(name: str) -> Block | None:
        return mentionable(connection, name)

    return [npf_post(post, around, mentioned) for post in found]
