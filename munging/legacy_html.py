"""Post bodies in tumblr's legacy form: reblog chains as nested quotations.

``<p><a class="tumblr_blog" href="…">B</a>:</p><blockquote>(A's part) B's text</blockquote>own text``:
an author's link stands before the quotation that holds that author's chain and text, and what follows
the outermost quotation is the posting blog's own. At each level only the first such pair is the chain;
any other is a quotation that somebody typed, and stays content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from munging.assembly import Facts, Turn, assemble, set_off
from munging.classic import split_tags
from munging.cleaning import clean_name, clean_user_text
from munging.content import Part, content_text, read_content
from munging.html_tree import Element, Nodes, children, nodes_of, text_of
from munging.links import author_named_by, is_author_link
from munging.reply_mockup import FoundMockup, find_mockup
from munging.thread import ANONYMOUS, PARAGRAPH_END, Identity, Thread

_COLON = re.compile(r"\s*:?\s*$")
_ASK_HEADING = re.compile(r"\s*([0-9A-Za-z-]+) asked:\s*(.*)", re.DOTALL)
_WRAPPERS = frozenset({"div", "article", "section", "main"})


class Level(NamedTuple):
    """One level of a chain: who speaks (None: the posting blog), and what stands around the quotation.

    ``beside`` are words between the quoted author's name and the quotation.
    """

    author: str | None
    before: tuple[Part, ...]
    beside: tuple[Part, ...]
    after: Nodes


class Chain(NamedTuple):
    """A body taken apart: its levels, outermost first."""

    levels: tuple[Level, ...]

    @classmethod
    def of_one(cls, nodes: Nodes) -> Chain:
        """Nodes that are one blog's words throughout: a quotation in them is one that they typed."""
        return cls((Level(None, (), (), nodes),))

    def with_front(self, parts: Sequence[Part]) -> Chain:
        """The chain with more content at the beginning of what its oldest post says."""
        if not parts:
            return self
        root = self.levels[-1]
        return Chain((*self.levels[:-1], root._replace(beside=(*parts, *root.beside))))

    @property
    def authors(self) -> tuple[str, ...]:
        """The blogs that are quoted, oldest first."""
        return tuple(level.author or "" for level in reversed(self.levels[1:]))


def thread_from_html(html: str, identity: Identity, image_texts: Mapping[str, str] | None = None) -> Thread:
    """The thread of a body that stands alone; its own words are the bot's.

    A heading "NAME asked: …" at its beginning is an ask, and the links of a footer are tags. A payload
    has fields for those facts: see ``payload.thread_from_payload``.
    """
    nodes = nodes_of(html)
    if not nodes:
        return Thread()
    texts = image_texts or {}
    nodes, tags = _without_footer(_unwrapped(nodes))
    ask, nodes = _asked_heading(nodes)
    chain = read_chain(nodes)
    if ask is None and len(chain.levels) > 1:
        ask, root = _asked_heading(chain.levels[-1].after)
        chain = Chain((*chain.levels[:-1], chain.levels[-1]._replace(after=root)))
    preamble, turns = turns_of_chain(chain, identity.blog, identity, texts)
    *quoted, own = turns
    return assemble(own, identity, quoted=quoted, ask=ask, preamble=preamble, facts=Facts(tags))


def read_chain(nodes: Nodes) -> Chain:
    """Take a body's nested quotations apart. It costs time linear in the body's length."""
    levels: list[Level] = []
    author: str | None = None
    while found := _find_quotation(nodes):
        beside = [*read_content(found.beside), PARAGRAPH_END] if found.beside else []
        levels.append(Level(author, tuple(read_content(found.before)), tuple(beside), found.after))
        author, nodes = found.author, found.quoted
    levels.append(Level(author, (), (), nodes))
    return Chain(tuple(levels))


def turns_of_chain(
    chain: Chain, blog: str, identity: Identity, image_texts: Mapping[str, str]
) -> tuple[str, list[Turn]]:
    """The text before everything, and a chain's turns, oldest first; the last is of the posting ``blog``.

    What stands before the outermost quotation was written by nobody in particular; within a quotation
    it belongs to the one who is quoted.
    """
    turns: list[Turn] = []
    for level in reversed(chain.levels):
        if level.author is None:
            turns += _turns_of_level(blog, level.beside, level.after, identity, image_texts)
            break
        around = (*level.before, *level.beside)
        said = _turns_of_level(level.author, around, level.after, identity, image_texts)
        turns += set_off(said, oldest=not turns)
    return content_text(chain.levels[0].before, image_texts), turns


def _turns_of_level(
    speaker: str,
    around: Sequence[Part],
    after: Nodes,
    identity: Identity,
    image_texts: Mapping[str, str],
) -> list[Turn]:
    # Only the bot mocks up replies; in anybody else's post the same words are only words.
    mockup = find_mockup(after) if speaker == identity.blog and not around else None
    if mockup is None:
        parts = [*around, *read_content(after)]
        return [Turn(speaker, content_text(parts, image_texts, own=speaker == identity.blog))]
    own = Turn(speaker, content_text(read_content(mockup.after), image_texts, own=True))
    return [_reply_turn(mockup, image_texts), own]


def _reply_turn(mockup: FoundMockup, image_texts: Mapping[str, str]) -> Turn:
    lead = PARAGRAPH_END if mockup.wrapped else ""
    parts = [lead, *read_content(mockup.between), *read_content(mockup.reply), "\n"]
    return Turn(mockup.source.blog_name, content_text(parts, image_texts))


class _Quotation(NamedTuple):
    """A quotation among some nodes. ``beside`` is what stands between the author's name and the quotation."""

    author: str
    before: Nodes
    beside: Nodes
    quoted: Nodes
    after: Nodes


def _find_quotation(nodes: Nodes) -> _Quotation | None:
    elements = nodes.elements
    for index, (named, quote) in enumerate(pairwise(elements), start=1):
        if quote.tag != "blockquote" or (named.tail or "").strip(" \n\r\t:"):
            continue
        first = index == 1 and not nodes.lead.strip()
        if (attribution := _attribution(named, in_first_place=first)) is not None:
            link, beside = attribution
            return _Quotation(
                author_named_by(link),
                Nodes(nodes.lead, elements[: index - 1]),
                beside,
                _unwrapped(children(quote)),
                Nodes(quote.tail or "", elements[index + 1 :]),
            )
    return None


def _attribution(element: Element, *, in_first_place: bool) -> tuple[Element, Nodes] | None:
    """The author's link in an element that names whom the next quotation is from, and what else is in it."""
    if element.tag == "a":
        found = is_author_link(element, in_first_place=in_first_place)
        return (element, Nodes("")) if found and _COLON.match(element.tail or "") else None
    if element.tag != "p" or not len(element) or (element.text or "").strip():
        return None
    link = element[0]
    if not is_author_link(link, in_first_place=in_first_place):
        return None
    words, rest = (link.tail or "").lstrip(), tuple(element)[1:]
    if not words.startswith(":") and (words or rest):
        return None
    words = words.removeprefix(":").lstrip()
    return link, Nodes(words, rest)


def _unwrapped(nodes: Nodes) -> Nodes:
    """What is inside a division that holds everything."""
    while len(nodes.elements) == 1 and nodes.elements[0].tag in _WRAPPERS and not nodes.lead.strip():
        wrapper = nodes.elements[0]
        if (wrapper.tail or "").strip():
            break
        nodes = children(wrapper)
    return nodes


def _asked_heading(nodes: Nodes) -> tuple[Turn | None, Nodes]:
    """The ask in a heading that some nodes begin with, and the nodes after it."""
    if nodes.lead.strip() or not nodes.elements or nodes.elements[0].tag != "h2":
        return None, nodes
    heading = nodes.elements[0]
    found = _ASK_HEADING.fullmatch(text_of(heading))
    if found is None:
        return None, nodes
    asker = ANONYMOUS if found[1] == ANONYMOUS else clean_name(found[1])
    ask = Turn(asker, clean_user_text(found[2].rstrip()))
    return ask, Nodes(heading.tail or "", nodes.elements[1:])


def _without_footer(nodes: Nodes) -> tuple[Nodes, tuple[str, ...]]:
    """The nodes before a page's footer, and the tags that the footer lists."""
    if not nodes.elements or nodes.elements[-1].tag != "footer":
        return nodes, ()
    links = (text_of(link).strip() for link in nodes.elements[-1].iter("a"))
    tags = [clean_user_text(text) for text in links if text.startswith("#")]
    return Nodes(nodes.lead, nodes.elements[:-1]), split_tags(" ".join(tags))
