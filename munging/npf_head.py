"""Posts of the old types shown as blocks: their title and pictures stand among the root's first blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from munging.content import Image
from munging.json_access import text
from munging.npf import Contribution, addresses_of_image

_TITLED = {"regular": "heading1", "conversation": "heading1"}


@dataclass(frozen=True)
class Root:
    """What the oldest post says: what an old type has fields for, and the rest."""

    rest: Contribution
    title: str = ""
    images: tuple[Image, ...] = ()


def without_head(root: Contribution, post: Mapping[str, object]) -> Root:
    """Take apart the first blocks of a post that is not stored as blocks; any other stays whole."""
    if post.get("is_blocks_post_format") is not False or not root.blocks:
        return Root(root)
    kind, first = text(post.get("original_type")), root.blocks[0]
    rest = replace(root, blocks=root.blocks[1:])
    if first.get("type") == "text" and first.get("subtype") == _TITLED.get(kind, ""):
        return Root(rest, title=text(first.get("text")))
    if kind == "link" and first.get("type") == "link":
        return Root(rest, title=text(first.get("title")))
    return _without_pictures(root) if kind == "photo" else Root(root)


def _without_pictures(root: Contribution) -> Root:
    kinds = [block.get("type") for block in root.blocks]
    count = next((index for index, kind in enumerate(kinds) if kind != "image"), len(kinds))
    images = tuple(Image(addresses_of_image(block)) for block in root.blocks[:count])
    return Root(replace(root, blocks=root.blocks[count:]), images=images)
