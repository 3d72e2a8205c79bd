"""A picture, with its caption."""

from __future__ import annotations

from html import escape

from munging.blocks.base import Block, BlockType
from munging.json_access import mapping, mappings, text, whole


def addresses_of_image(block: Block) -> tuple[str, ...]:
    """Every address that an image is known under, the widest size first."""
    media = block.get("media")
    sizes = mappings(media) or [mapping(media)]
    sizes = sorted(sizes, key=lambda size: -(whole(size.get("width")) or 0))
    return tuple(dict.fromkeys(address for size in sizes if (address := text(size.get("url")))))


def image_html(block: Block) -> str:
    """A figure with the picture under all its addresses."""
    addresses, caption = addresses_of_image(block), text(block.get("caption"))
    shown = "<img>"
    if addresses:
        others = escape(", ".join(f"{address} 1w" for address in addresses))
        shown = f'<img src="{escape(addresses[0])}" srcset="{others}">'
    if caption:
        shown += f"<figcaption>{escape(caption, quote=False)}</figcaption>"
    return f"<figure>{shown}</figure>"


BLOCK_TYPE = BlockType(image_html)
