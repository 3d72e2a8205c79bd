"""What one post says: HTML nodes to text with the few inline tags that the model was trained on."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from lxml import etree

from munging.blocks import is_carried
from munging.cleaning import CleanText, clean_user_text, image_block, join_clean
from munging.html_tree import Element, Nodes, nodes_of
from munging.json_access import json_of, mapping
from munging.links import is_plain_link_text, safe_target
from munging.npf import blocks_html
from munging.thread import PARAGRAPH_END

_KEPT = frozenset({"b", "i", "u", "em", "strong"})
_LISTS = frozenset({"ul", "ol", "li"})
_DROPPED = frozenset({"header", "script", "style", "noscript", "template", "title"})
_CARRIERS = frozenset({"div", "figure"})
_EMPTY = frozenset({"br", "hr", "img", "wbr"})
_HEADINGS = frozenset({"h1", "h2"})
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "dialog", "div"),
        *(
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ),
        *("hgroup", "hr", "legend", "li", "main", "nav", "ol", "optgroup", "option", "p", "pre", "search"),
        *("section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    }
)
"""What a browser puts on a line of its own."""
_CELLS = frozenset({"td", "th"})
_QUOTE_END = "</blockquote>\n"
_BLANK = " \t\r\n\f"


@dataclass(frozen=True)
class Image:
    """A picture in a post, by all the addresses it is known under, best first."""

    addresses: tuple[str, ...]

    def text(self, image_texts: Mapping[str, str]) -> str:
        """The text recognised in it; empty when there is none."""
        return next((seen for url in self.addresses if (seen := image_texts.get(url, "")).strip()), "")


Part = str | Image


def content_text(parts: Sequence[Part], image_texts: Mapping[str, str], *, own: bool = False) -> CleanText:
    """Put parts together. Words are cleaned before images are put in, so nobody can write an image block.

    ``own``: they are the bot's words.
    """
    if Image not in map(type, parts):
        return clean_user_text("".join(cast("Sequence[str]", parts)), own=own)
    words: list[str] = []
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, str):
            words.append(part)
        elif seen := part.text(image_texts):
            pieces += [clean_user_text("".join(words), own=own), image_block(clean_user_text(seen))]
            words = []
    return join_clean([*pieces, clean_user_text("".join(words), own=own)])


def read_content(nodes: Nodes, line_end: str = PARAGRAPH_END, *, encoded: bool = False) -> list[Part]:
    """The parts of some nodes' content; ``line_end`` stands after a paragraph and for a line break.

    With ``encoded`` the words in the nodes are encoded as they are to be printed.
    """
    if not nodes.elements and not nodes.lead:
        return []
    writer = _Writer(line_end, encoded=encoded)
    writer.write(nodes)
    return writer.parts


def image_of(element: Element) -> Image:
    """The image of an ``img`` element."""
    candidates = [entry.split()[0] for entry in (element.get("srcset") or "").split(",") if entry.strip()]
    addresses = [element.get("src"), *candidates]
    return Image(tuple(dict.fromkeys(url for url in addresses if url)))


class _Writer:
    """Walks nodes in order and writes their content as parts.

    The few tags that are kept are written, and of any other formatting and of links only the words within.
    A list is written whole, as it is.
    """

    # Defaults of the class, for a writer is made for each few words.
    _whole: Element | None = None  # the list that is being written whole
    _words_of: Element | None = None  # the element of which only the words are written
    _link = 0  # where the link began whose words are being written
    _link_end = ""
    _after: Sequence[Part] = ()  # images within a link, which stand behind it
    _in_line = False  # whether words stand on the line that is being written
    _breaks = ""  # what stands before the next words, if words stand on the line

    def __init__(self, line_end: str, *, encoded: bool) -> None:
        self.parts: list[Part] = []
        self._line_end = line_end
        self._encoded = encoded

    def write(self, nodes: Nodes) -> None:
        if nodes.lead:
            self._text(nodes.lead)
        for element in nodes.elements:
            if len(element):
                self._walk(element)
                continue
            if self._start(element) and (text := element.text):  # most paragraphs hold words alone
                self._text(text)
            self._end(element)
            if tail := element.tail:
                self._text(tail)

    def _walk(self, element: Element) -> None:
        walker = etree.iterwalk(element, events=("start", "end"))
        for event, node in walker:
            if event == "end":
                self._end(node)
                if tail := node.tail:
                    self._text(tail)
            elif self._start(node):
                if text := node.text:
                    self._text(text)
            else:
                walker.skip_subtree()

    def _text(self, text: str) -> None:
        if self._whole is not None:
            self.parts.append(text if self._encoded else html.escape(text, quote=False))
        elif text.strip(_BLANK):
            if self._breaks:
                self._break_line()
            self.parts.append(text)
            self._in_line = True
        elif self._breaks and self._in_line:
            return
        elif not text.strip(" ") or (self._words_of is not None and self._in_line):
            self.parts.append(text)

    def _break_line(self) -> None:
        """Words are to follow: they begin a line if the edge of a block lies between."""
        if self._breaks and self._in_line:
            self.parts.append(self._breaks)
            self._in_line = False
        self._breaks = ""

    def _mark(self, markup: str) -> None:
        """Write what ends a line, or what sets words off by itself."""
        self.parts.append(markup)
        self._breaks, self._in_line = "", False

    def _start(self, node: Element) -> bool:
        """Write what stands before a node's content; whether the content is to be written too."""
        tag = node.tag
        if self._whole is not None:
            if tag not in _DROPPED:
                self.parts.append(image_of(node) if tag == "img" else _verbatim_start(node, tag))
        elif self._words_of is None:
            return _STARTS.get(tag, _Writer._start_words)(self, node)
        elif tag == "img":
            self._image(node)
        elif tag == "br" or tag in _BLOCKS:
            self._breaks = self._line_end
        elif tag in _CELLS:
            self._breaks = self._breaks or " "
        return tag not in _DROPPED

    def _end(self, node: Element) -> None:
        tag = node.tag
        if self._whole is not None:
            if tag not in _EMPTY and tag not in _DROPPED:
                self.parts.append(f"</{tag}>")
            if node is self._whole:
                self._whole = None
        elif self._words_of is None:
            if end := _ENDS.get(tag):
                end(self, node)
        else:
            if node is self._words_of:
                self._words_of = None
                self._end_link()
            if tag in _BLOCKS:
                self._breaks = self._line_end

    # What begins and ends outside of lists and of elements that are only words

    def _start_words(self, node: Element) -> bool:
        self._words_of = node
        if node.tag in _BLOCKS:
            self._breaks = self._line_end
        return True

    def _start_kept(self, node: Element) -> bool:
        self._break_line()
        self.parts.append(f"<{node.tag}>")
        return True

    def _end_kept(self, node: Element) -> None:
        self.parts.append(f"</{node.tag}>")

    def _start_paragraph(self, node: Element) -> bool:
        self._breaks = self._line_end
        if _is_quote(node):
            self._start_quote(node)
        return True

    def _end_paragraph(self, node: Element) -> None:
        self._mark(PARAGRAPH_END + _QUOTE_END if _is_quote(node) else self._line_end)

    def _start_box(self, node: Element) -> bool:
        self._breaks = self._line_end
        return not (node.get("data-npf") and self._stands_for_block(node))

    def _end_box(self, _node: Element) -> None:
        self._breaks = self._line_end

    def _start_heading(self, _node: Element) -> bool:
        self._mark("<h2>")
        return True

    def _end_heading(self, _node: Element) -> None:
        self._mark("</h2>\n")

    def _start_list(self, node: Element) -> bool:
        self._whole = node
        self._mark(_verbatim_start(node, node.tag))
        return True

    def _start_nothing(self, _node: Element) -> bool:
        return True

    def _drop(self, _node: Element) -> bool:
        return False

    def _image(self, node: Element) -> bool:
        if self._words_of is not None and self._words_of.tag == "a":
            self._after = [*self._after, image_of(node), PARAGRAPH_END]
        else:
            self.parts.append(image_of(node))
            self._mark(self._line_end)
        return True

    def _start_link(self, node: Element) -> bool:
        """A link's words, in its markup if it leads somewhere; mentions are words alone."""
        self._break_line()
        self._words_of, self._link = node, len(self.parts)
        if target := "" if is_plain_link_text(node) else safe_target(node.get("href")):
            self.parts.append(f'<a href="{target}">')
            self._link_end = "</a>"
        return True

    def _end_link(self) -> None:
        """End a link whose words have been written, if it is one."""
        if self._link_end:
            if self._after and len(self.parts) == self._link + 1:
                self.parts.pop()  # a picture alone is shown as one that leads nowhere
            else:
                self.parts.append(self._link_end)
            self._link_end = ""
        if self._after:
            self.parts += self._after
            self._after, self._breaks, self._in_line = (), "", False

    def _stands_for_block(self, node: Element) -> bool:
        """Write the block that an element carries in an attribute; whether it did, and says no more."""
        block = mapping(json_of(node.get("data-npf")))
        if not is_carried(block):
            return False
        self.write(nodes_of(blocks_html([block])))
        return True

    def _start_quote(self, _node: Element) -> bool:
        # Blocks say how deep each paragraph is quoted, not where one quotation ends and the next begins.
        before = self.parts[-1] if self.parts else ""
        self._breaks, self._in_line = "", False
        if before == _QUOTE_END and str(self.parts[-2]).endswith("\n"):
            self.parts.pop()  # an outer quotation that ends here as well may go on, too
        elif before in (_QUOTE_END, PARAGRAPH_END + _QUOTE_END):
            self.parts[-1] = PARAGRAPH_END
        else:
            self.parts.append("<blockquote>")
        return True

    def _end_quote(self, _node: Element) -> None:
        self._mark(_QUOTE_END)


_STARTS: Mapping[str, Callable[[_Writer, Element], bool]] = {
    **dict.fromkeys(_KEPT, _Writer._start_kept),
    **dict.fromkeys(_LISTS, _Writer._start_list),
    **dict.fromkeys(_HEADINGS, _Writer._start_heading),
    **dict.fromkeys(_CARRIERS, _Writer._start_box),
    **dict.fromkeys(_DROPPED, _Writer._drop),
    "p": _Writer._start_paragraph,
    "a": _Writer._start_link,
    "img": _Writer._image,
    "blockquote": _Writer._start_quote,
    "br": _Writer._start_nothing,
    "body": _Writer._start_nothing,
}
_ENDS: Mapping[str, Callable[[_Writer, Element], None]] = {
    **dict.fromkeys(_KEPT, _Writer._end_kept),
    **dict.fromkeys(_HEADINGS, _Writer._end_heading),
    **dict.fromkeys(_CARRIERS, _Writer._end_box),
    "p": _Writer._end_paragraph,
    "br": _Writer._end_paragraph,
    "blockquote": _Writer._end_quote,
}


def _is_quote(node: Element) -> bool:
    """Whether a paragraph is a block that is a quotation."""
    return "npf_quote" in node.get("class", "")


def _verbatim_start(node: Element, tag: str) -> str:
    """A start tag with its attributes, except those that could run code."""
    pieces = [f"<{tag}"]
    for name, value in node.attrib.items():
        shown = safe_target(value) if name in ("href", "src") else value.replace("\n", " ")
        if shown and not name.startswith("on"):
            pieces.append(f' {name}="{html.escape(shown)}"')
    pieces.append("/>" if tag in _EMPTY else ">")
    return "".join(pieces)
