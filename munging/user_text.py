"""Users' words: an ask's question as text, and cleaning (see ``cleaning``)."""

from __future__ import annotations

from collections.abc import Mapping

from munging.cleaning import clean_name, clean_user_text, image_block
from munging.content import QUESTION, content_text, read_content
from munging.html_tree import children, parse_fragment

__all__ = ["clean_name", "clean_user_text", "image_block", "question_from_html"]


def question_from_html(question: str, image_texts: Mapping[str, str] | None = None) -> str:
    """An ask's question, as tumblr gives it, as clean text: one line for each paragraph or line.

    ``image_texts`` maps image addresses to the text recognised in them. What the user typed is cleaned
    before the texts of images are put in, so that no user can write an image block.
    """
    body = parse_fragment(question)
    if body is None:
        return ""
    return content_text(read_content(children(body), QUESTION), image_texts or {}).strip("\n")
