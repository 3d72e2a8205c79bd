"""Reblog chains in the legacy form: nested blockquotes.

Let c0 (root), c1 ... ck be the posts on the way from the root that added content. Then
``quote(i)`` = attribution of ci + blockquote of ``full(i)``, ``full(0)`` = own(c0) and
``full(i)`` = ``quote(i-1)`` + own(ci).
"""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

from tumblr_sandbox.markup.content import TrailItem, contributors
from tumblr_sandbox.markup.html import truncated


def quote(trail: Sequence[TrailItem], gone: Collection[str] = ()) -> str:
    """The whole trail as one quotation of its last contributor; empty when nobody added anything.

    Blogs that are ``gone``, by their uuids, are not named.
    """
    quoted = ""
    for item in contributors(trail):
        full = quoted + truncated(item.own_html(), item.post.url)
        name = "" if item.post.blog_uuid in gone else html.escape(item.post.blog_name)
        address = html.escape(item.post.url)
        quoted = f'<p><a class="tumblr_blog" href="{address}">{name}</a>:</p><blockquote>{full}</blockquote>'
    return quoted
