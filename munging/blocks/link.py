"""A link in a box of its own: its title, leading where the box leads."""

from __future__ import annotations

from html import escape

from munging.blocks.base import Block, BlockType
from munging.json_access import text


def link_html(block: Block) -> str:
    address = text(block.get("url"))
    words = text(block.get("title")) or text(block.get("display_url")) or address
    return f'<p><a href="{escape(address)}" target="_blank">{escape(words, quote=False)}</a></p>'


BLOCK_TYPE = BlockType(link_html)
