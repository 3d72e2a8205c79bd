"""What one post says: HTML nodes to text with the few inline tags that the model was trained on."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from munging.cleaning import clean_user_text, image_block
from munging.html_tree import Element, Nodes, children, classes, parse_fragment, text_of
from munging.json_access import json_of, mapping
from munging.links import is_plain_link_text, safe_target
from munging.npf import IN_ATTRIBUTES, blocks_html

PARAGRAPH_END = "\n\n"

_KEPT = frozenset({"b", "i", "u", "em", "strong", "blockquote", "h2"})
_LISTS = frozenset({"ul", "ol", "li"})
_TRANSPARENT = frozenset({"p", "br", "img", "div", "figure", "body"})
_DROPPED = frozenset({"header", "script", "style", "noscript", "template", "title"})
_UNMARKED = frozenset({"span", "small", "strike", "s", "del", "sub", "sup", "font"})
"""Formatting that leaves no trace in a post made of blocks, nor then in the same post as HTML."""
_CARRIERS = frozenset({"div", "figure"})
_EMPTY = frozenset({"br", "hr", "img", "wbr"})
_END_OF_BLOCK = {"blockquote": "\n", "h2": "\n"}
_QUOTE_END = "</blockquote>\n"
_BLANK = " \t\r\n\f"


@dataclass(frozen=True)
class Image:
    """A picture in a post, by all the addresses it is known under, best first."""

    addresses: tuple[str, ...]

    def text(self, image_texts: Mapping[str, str]) -> str:
        """The text recognised in it; empty when there is none."""
        return next((image_texts[url] for url in self.addresses if image_texts.get(url)), "")


Part = str | Image


@dataclass(frozen=True)
class Reading:
    """How a body is read.

    ``is_page``: the HTML stands alone, as on a web page, and its headings and footer say who asked and
    what the tags are. In a payload those facts have fields of their own, so words are only words, and a
    post made of blocks is put back together: level-one headings and quotes as blocks have them.
    ``line_end`` stands after a paragraph and for a line break.
    """

    is_page: bool
    line_end: str = PARAGRAPH_END


PAGE = Reading(is_page=True)
PAYLOAD = Reading(is_page=False)
QUESTION = Reading(is_page=False, line_end="\n")


def content_text(parts: Iterable[Part], image_texts: Mapping[str, str]) -> str:
    """Put parts together. Words are cleaned before images are put in, so nobody can write an image block."""
    pieces: list[str] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
        else:
            pieces += [clean_user_text("".join(run)), image_block(clean_user_text(part.text(image_texts)))]
            run = []
    return "".join([*pieces, clean_user_text("".join(run))])


def read_content(nodes: Nodes, reading: Reading) -> list[Part]:
    """The parts of some nodes' content."""
    writer = _Writer(reading)
    writer.write_text(nodes.lead)
    for element in nodes.elements:
        writer.write(element)
    return writer.parts


def image_of(element: Element) -> Image:
    """The image of an ``img`` element."""
    candidates = [entry.split()[0] for entry in (element.get("srcset") or "").split(",") if entry.strip()]
    addresses = [element.get("src"), *candidates]
    return Image(tuple(dict.fromkeys(url for url in addresses if url)))


class _Writer:
    """Walks nodes in order and writes their content as parts."""

    def __init__(self, reading: Reading) -> None:
        self.parts: list[Part] = []
        self._reading = reading
        self._list: Element | None = None
        self._traceless = _EMPTY | _DROPPED | (frozenset() if reading.is_page else _UNMARKED)

    def write(self, element: Element) -> None:
        walker = etree.iterwalk(element, events=("start", "end"))
        for event, node in walker:
            if event == "end":
                self._end(node)
                self.write_text(node.tail)
            elif self._stands_for_block(node) or not self._start(node):
                walker.skip_subtree()
            else:
                self.write_text(node.text)

    def write_text(self, text: str | None) -> None:
        if not text:
            return
        if self._list is not None:
            self.parts.append(html.escape(text, quote=False))
        elif text.strip(_BLANK) or not text.strip(" "):
            self.parts.append(text)

    def _start(self, node: Element) -> bool:
        """Write what stands before a node's content; whether the content is to be written too."""
        tag = self._tag(node)
        if tag in _DROPPED:
            return False
        if tag in _UNMARKED and not self._reading.is_page:
            return True
        if tag == "img":
            self.parts.append(image_of(node))
        elif self._is_mention_in_list(node, tag):
            return True
        elif self._list is not None or tag in _LISTS:
            self._list = node if self._list is None else self._list
            self.parts.append(_verbatim_start(node, tag))
        elif tag == "a":
            self._link(node)
            return False
        elif tag == "blockquote":
            self._quote()
        elif tag in _KEPT:
            self.parts.append(f"<{tag}>")
        elif tag not in _TRANSPARENT:
            self.parts += [text_of(node), *_images(node)]
            return False
        return True

    def _end(self, node: Element) -> None:
        tag = self._tag(node)
        if self._list is not None:
            if tag not in self._traceless and not self._is_mention_in_list(node, tag):
                self.parts.append(f"</{tag}>")
            if node is self._list:
                self._list = None
            return
        if tag in ("br", "img", "p"):
            self.parts.append(self._reading.line_end)
        elif tag == "blockquote":
            self.parts.append(_QUOTE_END if node.tag != "p" else PARAGRAPH_END + _QUOTE_END)
        elif tag in _KEPT:
            self.parts.append(f"</{tag}>{_END_OF_BLOCK.get(tag, '')}")

    def _stands_for_block(self, node: Element) -> bool:
        """Write the block that an element carries in an attribute; whether it did, and says no more."""
        if self._reading.is_page or self._list is not None or node.tag not in _CARRIERS:
            return False
        block = mapping(json_of(node.get("data-npf") or ""))
        if block.get("type") not in IN_ATTRIBUTES:
            return False
        shown = parse_fragment(blocks_html([block]))
        if shown is not None:
            self.parts += read_content(children(shown), self._reading)
        return True

    def _is_mention_in_list(self, node: Element, tag: str) -> bool:
        """Whether a link in a list is one of those that only the words are kept of, as outside of lists."""
        return self._list is not None and tag == "a" and is_plain_link_text(node)

    def _tag(self, node: Element) -> str:
        tag = str(node.tag)
        if self._reading.is_page:
            return tag
        if tag == "h1":
            return "h2"
        return "blockquote" if tag == "p" and "npf_quote" in classes(node) else tag

    def _quote(self) -> None:
        # Blocks say how deep each paragraph is quoted, not where one quotation ends and the next begins.
        if not self._reading.is_page and self.parts and self.parts[-1] == _QUOTE_END:
            if str(self.parts[-2]).endswith("\n"):
                self.parts.pop()  # an outer quotation that ends here as well may go on, too
            else:
                self.parts[-1] = PARAGRAPH_END
        elif self.parts and self.parts[-1] == PARAGRAPH_END + _QUOTE_END and not self._reading.is_page:
            self.parts[-1] = PARAGRAPH_END
        else:
            self.parts.append("<blockquote>")

    def _link(self, node: Element) -> None:
        text, target = text_of(node), safe_target(node.get("href"))
        if target and not is_plain_link_text(node) and (text or not _images(node)):
            text = f'<a href="{target}">{text}</a>'
        self.parts += [text, *_images(node)]


def _images(node: Element) -> list[Part]:
    found: list[Part] = []
    for image in node.iter("img"):
        found += [image_of(image), PARAGRAPH_END]
    return found


def _verbatim_start(node: Element, tag: str) -> str:
    target = safe_target(node.get("href")) if tag == "a" else ""
    attributes = f' href="{html.escape(target)}"' if target else ""
    return f"<{tag}{attributes}/>" if tag in _EMPTY else f"<{tag}{attributes}>"
