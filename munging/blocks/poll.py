"""A poll: its question, and its answers as a list."""

from __future__ import annotations

from html import escape

from munging.blocks.base import Block, BlockType
from munging.json_access import mappings, text


def poll_html(block: Block) -> str:
    """The question as a paragraph, the answers as list items."""
    answers = (text(answer.get("answer_text")) for answer in mappings(block.get("answers")))
    listed = "".join(f"<li>{escape(answer, quote=False)}</li>" for answer in answers)
    return f"<p>{escape(text(block.get('question')), quote=False)}</p><ul>{listed}</ul>"


BLOCK_TYPE = BlockType(poll_html, carried=True)
