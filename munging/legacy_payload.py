"""Posts as tumblr's legacy API gives them: which field holds the chain, and when to distrust it.

The chain's HTML stands in one of a few fields, by type of post. tumblr's HTML of newer posts is often
wrong; then, and wherever it names other speakers than the trail does, the thread is built from the trail.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from munging.assembly import Turn, set_off
from munging.cleaning import clean_name, clean_user_text
from munging.content import Image, Part, read_content
from munging.html_tree import is_too_deep, nodes_of, with_words
from munging.json_access import mapping, mappings, text
from munging.legacy_html import Chain, read_chain, turns_of_chain
from munging.names import blogs_of_trail, id_of_item
from munging.thread import PARAGRAPH_END, Identity

_BODY_FIELDS = ("body", "answer", "caption", "description")
_ATTRIBUTED_QUOTE = re.compile(r"<p><a( [^<>]*+)>[^<>]*+</a>:</p>\s*+<blockquote>")
_QUOTE_END = "</blockquote>"
_BOXED = re.compile(
    r"<p>(<(?:div|p|figure|h[1-6]|blockquote|ul|ol)\b.*</(?:div|p|figure|h[1-6]|blockquote|ul|ol)>)</p>",
    re.DOTALL | re.IGNORECASE,
)
_MARKED_UP = re.compile(r"</(?:p|blockquote|div|ul|ol)>|<br\s*/?>", re.IGNORECASE)


class LegacyPost(NamedTuple):
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
    chain = read_chain(nodes_of(body))
    if is_too_deep(body):
        problems = (*problems, "body: nested too deeply, its end may be missing")
    past = [item for item in trail if not item.get("is_current_item")]
    quoted = chain.authors
    if trail and (past or quoted):
        names = blogs_of_trail(past, payload, quoted, identity.blog)
        if is_malformed(body) or _is_listed(trail, rebuild) or not _agree(quoted, names):
            own = next((_raw(item) for item in trail if item.get("is_current_item")), _comment(payload))
            said = [*zip(names, map(_raw, past), strict=True), (blog, own)]
            return LegacyPost(title, tuple(_turns_of_trail(said, front, identity, image_texts)), problems)
    before, turns = turns_of_chain(chain.with_front(front), blog, identity, image_texts)
    return LegacyPost(title + before, tuple(turns), problems)


def title_text(title: str) -> str:
    """A title as it stands before a thread."""
    cleaned = clean_user_text(" ".join(title.split()))
    return f"<h2>{cleaned}</h2>\n" if cleaned else ""


def pictures(images: Iterable[tuple[Image, str]], image_texts: Mapping[str, str]) -> list[Part]:
    """A photo post's pictures as content, each with its caption; those without text leave no trace."""
    parts: list[Part] = []
    for image, caption in images:
        parts += [image, PARAGRAPH_END] if image.text(image_texts) else []
        parts += [*read_content(nodes_of(caption)), PARAGRAPH_END] if caption.strip() else []
    return parts


def _front(payload: Mapping[str, object], image_texts: Mapping[str, str]) -> list[Part]:
    """What a post of an old type says before its caption: the pictures, or the words that are quoted."""
    if payload.get("type") == "quote":
        words = with_words(text(payload.get("text")))
        return read_content(nodes_of(f"<blockquote><p>{words}</p></blockquote>")) if words else []
    photos = mappings(payload.get("photos"))
    return pictures(((_photo(photo), text(photo.get("caption"))) for photo in photos), image_texts)


def _photo(photo: Mapping[str, object]) -> Image:
    sizes = [mapping(photo.get("original_size")), *mappings(photo.get("alt_sizes"))]
    return Image(tuple(dict.fromkeys(url for size in sizes if (url := text(size.get("url"))))))


def is_malformed(body: str) -> bool:
    """Whether a body shows one of the two faults of tumblr's HTML for chains with newer posts.

    Its quotations end two at a time, or words stand before or between the attributed quotations.
    """
    if body.rpartition(_QUOTE_END)[0][-100:].rstrip().lower().endswith(_QUOTE_END):
        return True
    if "tumblr_blog" not in body:
        return False
    flat, read = body.replace("\n", "").lower(), 0
    for quote in _ATTRIBUTED_QUOTE.finditer(flat):
        if ' class="tumblr_blog"' not in quote[1]:
            continue
        if flat[read : quote.start()].strip():
            return True
        read = quote.end()
    return False


def _body(payload: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The field with the chain, and what was wrong about it."""
    kind = text(payload.get("type"))
    if kind == "quote":
        source = with_words(text(payload.get("source")))
        return (source if "<" in source or not source else f"<p>{source}</p>"), ()
    if kind == "link" and (reblog := mapping(payload.get("reblog"))):
        return text(reblog.get("tree_html")) + _comment(payload), ()
    present = [field for field in _BODY_FIELDS if payload.get(field) is not None]
    if not present:
        return "", ("no body, answer, caption or description",)
    value = payload[present[0]]
    problems = () if isinstance(value, str) else (f"{present[0]}: not a string",)
    return (_lines(text(value)) if kind == "chat" else text(value)), problems


def _lines(body: str) -> str:
    """A chat's text, which is HTML in a chain and plain lines in an old original post."""
    if _MARKED_UP.search(body) or not body.strip():
        return body
    return f"<p>{html.escape(body.strip(), quote=False)}</p>"


def _comment(payload: Mapping[str, object]) -> str:
    """What the posting blog added, by the field for it."""
    return _unboxed(text(mapping(payload.get("reblog")).get("comment")))


def _unboxed(contribution: str) -> str:
    """A contribution without the paragraph that tumblr puts around one made of blocks."""
    found = _BOXED.fullmatch(contribution)
    return found[1] if found else contribution


def _is_listed(trail: Sequence[Mapping[str, object]], rebuild: Collection[str]) -> bool:
    return bool(rebuild) and any(id_of_item(item) in rebuild for item in trail)


def _agree(quoted: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the body quotes whom the trail lists. Anybody can type a quotation; nobody can type a trail."""
    return list(map(clean_name, quoted)) == list(map(clean_name, names))


def _turns_of_trail(
    said: Sequence[tuple[str, str]],
    front: Sequence[Part],
    identity: Identity,
    image_texts: Mapping[str, str],
) -> list[Turn]:
    """The turns of what each blog said, oldest first; the last is the posting blog's, and may be empty."""
    turns: list[Turn] = []
    for number, (blog, words) in enumerate(said, 1):
        chain = Chain.of_one(nodes_of(words)).with_front(() if turns else front)
        found = turns_of_chain(chain, blog, identity, image_texts)[1]
        turns += found if number == len(said) else set_off(found, oldest=not turns)
    return turns


def _raw(item: Mapping[str, object]) -> str:
    return _unboxed(text(item.get("content_raw")) or text(item.get("content")))
