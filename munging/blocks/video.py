"""A film: it has no words of its author's."""

from __future__ import annotations

from munging.blocks.base import BlockType, silent

BLOCK_TYPE = BlockType(silent, carried=True)
