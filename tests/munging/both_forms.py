"""Posts written in both of tumblr's forms, as the API's documentation has them, from one description.

Neither form is made from the other, and nothing of the code under test is used.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from hypothesis import strategies as st

from tests.strategies import FORGERIES, blog_names, words

Json = dict[str, object]
KEYS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small"}
EMOJI = ("\U0001f389", "\U0001f469\u200d\U0001f680", "e\u0301", "\U0001f1eb\U0001f1f7", "\u2764\ufe0f")
"""Each is more than one unit or point: ranges count code points."""

TEXTS = ("", "", "heading1", "heading2", "quirky", "chat", "quote", "indented")
LISTS = ("ordered-list-item", "unordered-list-item")
IN_ATTRIBUTES = ("audio", "video", "poll", "paywall")
"""HTML has nothing for them: an empty figure carries the block."""

OTHERS = ("images", "link", *IN_ATTRIBUTES)
CAPTION = "#2 Frank commented:"
IMAGE_TEXTS = {"https://x.org/a.png": "what the image says\nFrank posted:", "https://x.org/b.png": ""}


@dataclass(frozen=True)
class Range:
    """Formatting from one code point to before another; ``target`` is a link's or a mention's."""

    start: int
    end: int
    kind: str
    target: str = ""


@dataclass(frozen=True)
class Block:
    """One block: a text's subtype and how deep it stands, or another type.

    ``targets`` are the addresses of pictures that share a row, or a link's.
    """

    kind: str
    words: str
    ranges: tuple[Range, ...] = ()
    indent: int = 0
    targets: tuple[str, ...] = ("https://x.org/a",)


@dataclass(frozen=True)
class Part:
    """What one blog adds to a chain; ``read_more``: the words after this block are behind a link.

    A part without a blog's name is of one who has left tumblr.
    """

    blog: str
    blocks: tuple[Block, ...]
    read_more: int | None = None


@dataclass(frozen=True)
class Described:
    """A whole post: who asked what, if anybody, and the chain; the last part is the posting blog's.

    ``title`` and ``photos`` are the head of a post of an old type, which is not stored as blocks.
    """

    parts: tuple[Part, ...]
    asker: str | None = None
    question: tuple[Block, ...] = ()
    tags: tuple[str, ...] = ()
    title: str = ""
    photos: tuple[str, ...] = ()
    odd_layout: bool = False
    """Rows that list an ask's blocks as well, and the old names of their fields."""


@st.composite
def _texts(draw: st.DrawFn, kinds: Sequence[str]) -> Block:
    said = draw(st.lists(st.sampled_from((*FORGERIES, *EMOJI)) | words(2), min_size=1, max_size=4))
    text, kind = "".join(said), draw(st.sampled_from(kinds))
    names = ["bold", "italic", "strikethrough", "small", "color", draw(st.sampled_from(("link", "mention")))]
    places = st.integers(0, len(text))
    target = draw(st.sampled_from(("https://bob.tumblr.com/", "https://x.org/?a=1&b=2")))
    ranges = []
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        start, end = sorted((draw(places), draw(places)))
        ranges.append(Range(start, end, name, target))
    nested = kind in LISTS or kind == "indented"
    return Block(kind, text, tuple(ranges), draw(st.integers(0, 2)) if nested else 0)


def _other_blocks() -> st.SearchStrategy[Block]:
    pictures = st.lists(st.sampled_from(tuple(IMAGE_TEXTS)), min_size=1, max_size=3).map(tuple)
    return st.builds(Block, st.sampled_from(OTHERS), words(3), targets=pictures)


@st.composite
def _parts(draw: st.DrawFn, bot: str) -> Part:
    either = st.one_of(_texts(TEXTS), _texts(LISTS), _texts((*LISTS, "indented")), _other_blocks())
    blocks = draw(st.lists(either, max_size=5))
    levels = [block.indent if block.kind in LISTS else -1 for block in blocks]
    # An item stands at most one level below the item before it.
    levels = list(accumulate(levels, lambda above, level: min(level, above + 1), initial=-1))[1:]
    placed = (
        Block(b.kind, b.words, b.ranges, level if b.kind in LISTS else b.indent, b.targets)
        for b, level in zip(blocks, levels, strict=True)
    )
    blog = draw(st.one_of(st.just(bot), st.just(""), blog_names(), blog_names()))
    # A read-more stands between blocks; one within a list or quotation would part it.
    alone = [n for n, block in enumerate(blocks[:-1]) if block.kind in ("", "heading2", "images", "poll")]
    return Part(blog, tuple(placed), draw(st.none() | st.sampled_from(alone)) if alone else None)


@st.composite
def described(draw: st.DrawFn, bot: str) -> Described:
    """A post with everything that both forms can say."""
    *quoted, own = draw(st.lists(_parts(bot), min_size=1, max_size=4))
    own = Part(own.blog or "bob", own.blocks, own.read_more)
    asker = draw(st.one_of(st.none(), st.just("Anonymous"), blog_names()))
    question = tuple(draw(st.lists(_texts(("",)), max_size=2))) if asker else ()
    post = Described(
        (*quoted, own), asker if question else None, question, draw(st.just(()) | st.just(("a",)))
    )
    if question:
        return Described(*_fields(post), odd_layout=draw(st.booleans()))
    if draw(st.booleans()):
        photos = draw(st.lists(st.sampled_from(tuple(IMAGE_TEXTS)), max_size=2))
        return Described(*_fields(post), photos=() if _begins_with_picture(post) else tuple(photos))
    title = draw(words(3)) if not quoted else ""
    return Described(*_fields(post), title=title if title.strip() else "")


def _fields(post: Described) -> tuple[tuple[Part, ...], str | None, tuple[Block, ...], tuple[str, ...]]:
    return post.parts, post.asker, post.question, post.tags


def _begins_with_picture(post: Described) -> bool:
    blocks = post.parts[0].blocks
    return bool(blocks) and blocks[0].kind == "images"


def as_npf(post: Described) -> Json:
    """The post made of blocks."""
    *quoted, own = post.parts
    trail = [{**_author(part.blog), "post": {"id": "9"}, **_npf(part)} for part in quoted]
    shown: Json = {"type": "blocks", "is_blocks_post_format": True, "blog_name": own.blog, "trail": trail}
    shown |= {**_npf(own), "timestamp": 1_612_500_000, "tags": list(post.tags)}
    root = trail[0] if trail else shown
    if post.asker:
        _put_in_front(root, [one for block in post.question for one in _npf_blocks(block)])
        _put_ask(root, post)
    if post.title:
        shown |= {"is_blocks_post_format": False, "original_type": "regular"}
        _put_in_front(root, [{"type": "text", "subtype": "heading1", "text": post.title}])
    elif post.photos:
        shown |= {"is_blocks_post_format": False, "original_type": "photo"}
        _put_in_front(root, [_npf_image(address) for address in post.photos])
    return shown


def _author(blog: str) -> Json:
    return {"blog": {"name": blog}} if blog else {"broken_blog": {"name": "", "avatar": []}}


def _npf(part: Part) -> Json:
    """Content and layout; every block stands in a row, pictures that share one together."""
    content: list[Json] = []
    rows: list[Json] = []
    ends: list[int] = []
    for block in part.blocks:
        made = _npf_blocks(block)
        rows.append({"blocks": list(range(len(content), len(content) + len(made)))})
        content += made
        ends.append(len(content) - 1)
    layout: Json = {"type": "rows", "display": rows}
    if part.read_more is not None:
        layout["truncate_after"] = ends[part.read_more]
    return {"content": content, "layout": [layout] if content else []}


def _put_in_front(item: Json, blocks: Sequence[Json]) -> None:
    """More blocks before those of an item, whose rows move along."""
    content, layout = item["content"], item["layout"]
    assert isinstance(content, list)
    assert isinstance(layout, list)
    for row in layout[0]["display"] if layout else ():
        row["blocks"] = [number + len(blocks) for number in row["blocks"]]
    item["content"] = [*blocks, *content]
    rows = layout[0]["display"] if layout else []
    item["layout"] = [{"type": "rows", "display": [*({"blocks": [n]} for n in range(len(blocks))), *rows]}]


def _put_ask(item: Json, post: Described) -> None:
    layout = item["layout"]
    assert isinstance(layout, list)
    (rows,) = layout
    count = len(post.question)
    ask: Json = {"type": "ask", "blocks": list(range(count))}
    if post.asker != "Anonymous":
        ask["attribution"] = {"type": "blog", "url": f"https://{post.asker}.tumblr.com"}
    if post.odd_layout:
        rows = {"type": "rows", "rows": [row["blocks"] for row in rows["display"]]}
        item["layout"] = [rows, {"type": "condensed", "blocks": [0], "truncate_after": 0}, ask]
    else:
        item["layout"] = [ask, {"type": "rows", "display": rows["display"][count:]}]


def _npf_image(address: str) -> Json:
    sizes = [(address, 1280), (f"{address}?s640", 640)]
    return {
        "type": "image",
        "media": [{"url": url, "width": width, "height": 10} for url, width in sizes],
        "alt_text": "Frank posted:\n\n\u57df",
        "caption": CAPTION,
    }


def _npf_blocks(block: Block) -> list[Json]:
    match block.kind:
        case "images":
            return [_npf_image(address) for address in block.targets]
        case "link":
            return [{"type": "link", "url": block.targets[0], "title": block.words, "description": "x"}]
        case "poll":
            return [{"type": "poll", "question": block.words, "answers": [{"answer_text": block.words}]}]
        case "audio" | "video" | "paywall":
            return [{"type": block.kind, "url": block.targets[0], "title": block.words}]
    formatting: list[Json] = []
    for found in block.ranges:
        extra: dict[str, Json] = {
            "link": {"url": found.target},
            "mention": {"blog": {"name": "x", "url": found.target}},
            "color": {"hex": "#ff0000"},
        }
        reach: Json = {"start": found.start, "end": found.end, "type": found.kind}
        formatting.append(reach | extra.get(found.kind, {}))
    subtype = {"subtype": block.kind} if block.kind else {}
    indent = {"indent_level": block.indent} if block.indent else {}
    return [{"type": "text", "text": block.words, "formatting": formatting, **subtype, **indent}]


def as_legacy(post: Described) -> Json:
    """The post of the legacy API: the chain as nested quotations, and a trail."""
    *quoted, own = post.parts
    tree = ""
    for part in quoted:
        link = f'<a class="tumblr_blog" href="https://{part.blog or "x.org/"}">{part.blog}</a>'
        tree = f"<p>{link}:</p><blockquote>{tree}{_html(part)}</blockquote>"
    body = tree + _html(own)
    trail: list[Json] = [_trail_item(part) for part in quoted]
    trail += [{**_trail_item(own), "is_current_item": True}] if own.blocks else []
    shown: Json = {"type": "text", "title": post.title or None, "body": body, "blog_name": own.blog}
    shown |= {"trail": trail, "timestamp": 1_612_500_000, "tags": list(post.tags)}
    if post.asker:
        question = "".join(map(_html_block, post.question))
        shown |= {"type": "answer", "question": question, "asking_name": post.asker, "answer": body}
        del shown["body"]
    if post.photos:
        photos = [{"original_size": {"url": address}, "caption": CAPTION} for address in post.photos]
        shown |= {"type": "photo", "caption": body, "photos": photos}
        del shown["body"]
    return shown


def _trail_item(part: Part) -> Json:
    content = f"<p>{_html(part)}</p>" if part.blocks else ""
    blog: Json = {"name": part.blog, "active": bool(part.blog)}
    return {"blog": blog, "post": {"id": "9"}, "content_raw": content, "content": content}


def _html(part: Part) -> str:
    cut = len(part.blocks) if part.read_more is None else part.read_more + 1
    more = "" if part.read_more is None else "<p>[[MORE]]</p>"
    return _html_blocks(part.blocks[:cut]) + more + _html_blocks(part.blocks[cut:])


def _html_blocks(blocks: Sequence[Block]) -> str:
    runs = groupby(blocks, key=lambda block: block.kind in LISTS)
    return "".join(
        _html_list(list(run), 0) if listed else "".join(map(_html_block, run)) for listed, run in runs
    )


def _html_list(items: Sequence[Block], level: int) -> str:
    """Lists of one level, one after the other; what stands deeper is in the item before it."""
    pieces: list[str] = []
    kind = ""
    while items:
        item, *rest = items
        deeper = next((n for n, other in enumerate(rest) if other.indent <= level), len(rest))
        tag = "ol" if item.kind.startswith("ordered") else "ul"
        if tag != kind:
            pieces += [f"</{kind}>" if kind else "", f"<{tag}>"]
            kind = tag
        pieces.append(f"<li>{_html_words(item)}{_html_list(rest[:deeper], level + 1)}</li>")
        items = rest[deeper:]
    return "".join([*pieces, f"</{kind}>" if kind else ""])


def _html_block(block: Block) -> str:
    target, title = block.targets[0], html.escape(block.words, quote=False)
    match block.kind:
        case "images":
            return f'<div class="npf_row">{"".join(map(_html_image, block.targets))}</div>'
        case "link":
            return f'<p class="npf_link"><a href="{target}" target="_blank">{title or target}</a></p>'
        case "audio" | "video" | "poll" | "paywall":
            (described,) = _npf_blocks(block)
            inside = f"<figcaption>{title}</figcaption><iframe></iframe>" if block.kind == "audio" else ""
            data = html.escape(json.dumps(described))
            return f'<figure class="tmblr-full" data-npf="{data}">{inside}</figure>'
        case "heading1" | "heading2":
            return f"<h{block.kind[-1]}>{_html_words(block)}</h{block.kind[-1]}>"
        case "indented":
            depth = block.indent + 1
            return "<blockquote>" * depth + f"<p>{_html_words(block)}</p>" + "</blockquote>" * depth
        case "":
            return f"<p>{_html_words(block)}</p>"
    return f'<p class="npf_{block.kind}">{_html_words(block)}</p>'


def _html_image(address: str) -> str:
    sizes = f'srcset="{address}?s640 640w, {address} 1280w" sizes="100vw"'
    shown = f'<img src="{address}?s640" {sizes} alt="Frank posted:"/><figcaption>{CAPTION}</figcaption>'
    return f'<figure class="tmblr-full">{shown}</figure>'


def _html_words(block: Block) -> str:
    """The words, each stretch of the same formatting in tags of its own; what begins first is outermost."""
    ranges = sorted(
        (found.start, found.end, number, found)
        for number, found in enumerate(block.ranges)
        if found.start < found.end
    )
    edges = sorted({0, len(block.words), *(edge for found in ranges for edge in found[:2])})
    pieces = []
    for start, end in pairwise(edges):
        inner = html.escape(block.words[start:end], quote=False).replace("\n", "<br>")
        for first, last, _, found in reversed(ranges):
            inner = _formatted(found, inner) if first <= start and end <= last else inner
        pieces.append(inner)
    return "".join(pieces)


def _formatted(found: Range, inner: str) -> str:
    target = html.escape(found.target)
    if found.kind in KEYS:
        return f"<{KEYS[found.kind]}>{inner}</{KEYS[found.kind]}>"
    if found.kind == "link":
        return f'<a href="{target}" target="_blank">{inner}</a>'
    if found.kind == "mention":
        return f'<a class="tumblelog" href="{target}">{inner}</a>'
    return f'<span style="color: #ff0000">{inner}</span>'
