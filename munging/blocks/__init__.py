"""The registry of NPF block types: one module for each, named after what the block's ``type`` says.

A module's ``BLOCK_TYPE`` gives the HTML that tumblr's legacy form has for such a block. One reader of HTML
then serves both forms, so a post that says the same in both gives the same thread. To add a block type is to
add a module and its tests; CONTRIBUTING.md has the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from munging.blocks.base import Block, BlockType

__all__ = ["BLOCK_TYPES", "Block", "BlockType", "is_carried"]

BLOCK_TYPES: Mapping[str, BlockType] = {
    module.name: import_module(f"{__name__}.{module.name}").BLOCK_TYPE
    for module in iter_modules(__path__)
    if module.name != "base"
}
"""Every known block type by its name."""


def is_carried(block: Block) -> bool:
    """Whether HTML has nothing for a block, so that the legacy form carries it whole in an attribute."""
    kind = block.get("type")
    return isinstance(kind, str) and kind in BLOCK_TYPES and BLOCK_TYPES[kind].carried
