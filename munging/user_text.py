"""An ask's question as clean text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from munging.cleaning import CleanText, join_clean
from munging.content import content_text, read_content
from munging.html_tree import nodes_of, with_words

_ENTITY = re.compile(r"&(?=(?:amp|lt|gt);)")


def question_from_html(question: str, image_texts: Mapping[str, str] | None = None) -> str:
    """An ask's question, as tumblr gives it, as clean text: one line for each paragraph or line.

    ``image_texts`` maps image addresses to the text recognised in them. What the user typed is cleaned
    before the texts of images are put in, so that no user can write an image block.
    """
    return question_text(question, image_texts or {})


def question_text(question: str, image_texts: Mapping[str, str], *, encoded: bool = False) -> CleanText:
    """The same; with ``encoded`` the characters that HTML has to encode stay as tumblr gives them."""
    nodes = nodes_of(with_words(_ENTITY.sub("&amp;", question) if encoded else question))
    said = content_text(read_content(nodes, "\n", encoded=encoded), image_texts)
    return join_clean([said.strip("\n")])
