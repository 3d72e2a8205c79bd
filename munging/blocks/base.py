"""What a block type is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Block = Mapping[str, object]
"""A block as tumblr gives it."""


@dataclass(frozen=True)
class BlockType:
    """How a block type is read.

    ``html`` gives what the legacy form has for a block. ``carried``: HTML has nothing for it, so the legacy
    form shows an empty figure with the block in its attribute ``data-npf``.
    """

    html: Callable[[Block], str]
    carried: bool = False


def silent(_block: Block) -> str:
    """The HTML of a block without words of its author's."""
    return ""
