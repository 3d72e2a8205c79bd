"""The mark from which on a post is for paying readers: it has no words of its author's."""

from __future__ import annotations

from munging.blocks.base import BlockType, silent

BLOCK_TYPE = BlockType(silent, carried=True)
