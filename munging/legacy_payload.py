"""Posts as tumblr's legacy API gives them: which field holds the chain, and when to distrust it.

The chain's HTML stands in one of a few fields, by type of post. tumblr's HTML of newer posts is often
wrong; then, and wherever it names other speakers than the trail does, the thread is built from the trail.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from munging.assembly import Turn, set_off
from munging.cleaning import clean_name, clean_user_text
from munging.content import PARAGRAPH_END, PAYLOAD, Image, Part, read_content
from munging.html_tree import Nodes, children, is_too_deep, parse_fragment
from munging.json_access import mapping, mappings, text
from munging.legacy_html import Chain, read_chain, turns_of_chain
from munging.thread import Identity

_TOO_LONG = 10**20
_BODY_FIELDS = ("body", "answer", "caption", "description")
_ATTRIBUTED_QUOTE = re.compile(
    r'<p><a\b(?=[^<>]*\bclass="tumblr_blog")[^<>]*+>[^<>]*+</a>:</p>\s*+<blockquote>', re.IGNORECASE
)
_TWO_QUOTES_END = re.compile(r"</blockquote>\s*</blockquote>\Z", re.IGNORECASE)
_READ_MORE = re.compile(r"<p>\s*\[\[MORE\]\]\s*</p>|\[\[MORE\]\]")
_BOXED = re.compile(
    r"<p>(<(?:div|p|figure|h[1-6]|blockquote|ul|ol)\b.*</(?:div|p|figure|h[1-6]|blockquote|ul|ol)>)</p>",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class LegacyPost:
    """What a legacy payload says, before it is a thread. ``turns`` ends with the posting blog's own."""

    preamble: str
    turns: tuple[Turn, ...]
    problems: tuple[str, ...] = ()


def read_legacy(
    payload: Mapping[str, object],
    blog: str,
    identity: Identity,
    image_texts: Mapping[str, str],
    rebuild: Collection[str],
) -> LegacyPost:
    """The turns of a payload whose own words are ``blog``'s, and the text before them."""
    body, problems = _body(payload)
    front = _front(payload, image_texts)
    title = title_text(text(payload.get("title")))
    trail = mappings(payload.get("trail"))
    chain = read_chain(nodes_of(body), PAYLOAD)
    if is_too_deep(body):
        problems = (*problems, "body: nested too deeply, its end may be missing")
    if trail and (is_malformed(body) or _is_listed(trail, rebuild) or not _agree(chain, trail)):
        turns = _turns_of_trail(trail, front, blog, identity, image_texts)
        return LegacyPost(title, tuple(turns), problems)
    before, turns = turns_of_chain(chain.with_front(front), blog, identity, PAYLOAD, image_texts)
    return LegacyPost(title + before, tuple(turns), problems)


def title_text(title: str) -> str:
    """A title as it stands before a thread."""
    cleaned = clean_user_text(" ".join(title.split()))
    return f"<h2>{cleaned}</h2>\n" if cleaned else ""


def pictures(images: Iterable[Image], image_texts: Mapping[str, str]) -> list[Part]:
    """A photo post's pictures as content; those without text leave no trace."""
    parts: list[Part] = []
    for image in images:
        parts += [image, PARAGRAPH_END] if image.text(image_texts) else []
    return parts


def _front(payload: Mapping[str, object], image_texts: Mapping[str, str]) -> list[Part]:
    """What a post of an old type says before its caption: the pictures, or the words that are quoted."""
    if payload.get("type") == "quote":
        words = text(payload.get("text"))
        return read_content(nodes_of(f"<blockquote><p>{words}</p></blockquote>"), PAYLOAD) if words else []
    return pictures([_photo(photo) for photo in mappings(payload.get("photos"))], image_texts)


def _photo(photo: Mapping[str, object]) -> Image:
    sizes = [mapping(photo.get("original_size")), *mappings(photo.get("alt_sizes"))]
    return Image(tuple(dict.fromkeys(url for size in sizes if (url := text(size.get("url"))))))


def is_malformed(body: str) -> bool:
    """Whether a body shows one of the two faults of tumblr's HTML for chains with newer posts.

    Its quotations end two at a time, or words stand before or between the attributed quotations.
    """
    head, end, _ = body.rpartition("</blockquote>")
    if end and _TWO_QUOTES_END.search(head[-100:] + end):
        return True
    parts = _ATTRIBUTED_QUOTE.split(body.replace("\n", ""))
    return any(part.strip() for part in parts[:-1])


def _body(payload: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The field with the chain, and what was wrong about it."""
    kind = text(payload.get("type"))
    if kind == "quote":
        source = text(payload.get("source"))
        return (source if "<" in source or not source else f"<p>{source}</p>"), ()
    if kind == "link" and (reblog := mapping(payload.get("reblog"))):
        return text(reblog.get("tree_html")) + _unboxed(text(reblog.get("comment"))), ()
    present = [field for field in _BODY_FIELDS if payload.get(field) is not None]
    if not present:
        return "", ("no body, answer, caption or description",)
    value = payload[present[0]]
    problems = () if isinstance(value, str) else (f"{present[0]}: not a string",)
    return (_lines(text(value)) if kind == "chat" else text(value)), problems


def _lines(body: str) -> str:
    """A chat's text, which is HTML in a chain and plain lines in an old original post."""
    if "<p" in body or "<br" in body:
        return body
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in body.splitlines() if line.strip())


def nodes_of(fragment: str) -> Nodes:
    """What is in a fragment of HTML, without the mark of a read-more."""
    tree = parse_fragment(_READ_MORE.sub("", fragment))
    return Nodes("") if tree is None else children(tree)


def _unboxed(contribution: str) -> str:
    """A contribution without the paragraph that tumblr puts around one made of blocks."""
    found = _BOXED.fullmatch(contribution)
    return found[1] if found else contribution


def _is_listed(trail: Sequence[Mapping[str, object]], rebuild: Collection[str]) -> bool:
    numbers = (mapping(item.get("post")).get("id") for item in trail)
    # A number too long for an id is not worth printing, and Python refuses to print the longest.
    short = (number for number in numbers if not isinstance(number, int) or number < _TOO_LONG)
    return any(str(number) in rebuild for number in short if isinstance(number, str | int))


def _agree(chain: Chain, trail: Sequence[Mapping[str, object]]) -> bool:
    """Whether the body quotes whom the trail lists. Anybody can type a quotation; nobody can type a trail."""
    listed = [clean_name(blog_of_item(item)) for item in trail if not item.get("is_current_item")]
    return [clean_name(author) for author in chain.authors] == listed


def blog_of_item(item: Mapping[str, object]) -> str:
    """The blog of an item of a trail, also of one whose blog is gone; empty when nothing names it."""
    for named in (mapping(item.get("blog")).get("name"), mapping(item.get("broken_blog")).get("name")):
        if isinstance(named, str) and named:
            return named
    return text(item.get("broken_blog_name"))


def _turns_of_trail(
    trail: Sequence[Mapping[str, object]],
    front: Sequence[Part],
    blog: str,
    identity: Identity,
    image_texts: Mapping[str, str],
) -> list[Turn]:
    """A trail's turns, oldest first; the last is the posting blog's, empty if the trail has none of it."""
    current = next((item for item in trail if item.get("is_current_item")), {})
    turns: list[Turn] = []
    for item in [*(item for item in trail if not item.get("is_current_item")), current]:
        own = item is current
        chain = Chain.of_one(nodes_of(_unboxed(_raw(item)))).with_front(() if turns else front)
        said = turns_of_chain(chain, blog if own else blog_of_item(item), identity, PAYLOAD, image_texts)[1]
        turns += said if own else set_off(said, oldest=not turns)
    return turns


def _raw(item: Mapping[str, object]) -> str:
    return text(item.get("content_raw")) or text(item.get("content"))
