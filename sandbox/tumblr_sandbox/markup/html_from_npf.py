"""NPF blocks to HTML: what a post that was made in NPF looks like to a client that reads the legacy form."""

from __future__ import annotations

import html
import json
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise, takewhile
from typing import Any

from tumblr_sandbox.markup.html import READ_MORE

Block = Mapping[str, Any]

_TAGS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small"}
MAX_SHOWN_WIDTH = 640
_CONTAINERS = {"ordered-list-item": "ol", "unordered-list-item": "ul", "indented": "blockquote"}
_SUBTYPES = {
    "heading1": ("<h1>", "</h1>"),
    "heading2": ("<h2>", "</h2>"),
    "quote": ('<p class="npf_quote">', "</p>"),
    "quirky": ('<p class="npf_quirky">', "</p>"),
    "chat": ('<p class="npf_chat">', "</p>"),
}


def npf_to_html(
    blocks: Sequence[Block], truncate_after: int | None = None, rows: Sequence[Block] | None = None
) -> str:
    """Blocks as HTML, joined with nothing between; the read-more becomes its mark.

    Pictures that stand in one row share their ``npf_row``.
    """
    row_of = {index: number for number, row in enumerate(rows or ()) for index in row["blocks"]}
    numbered = list(enumerate(blocks))
    if truncate_after is None:
        return _runs(numbered, row_of)
    cut = truncate_after + 1
    return f"{_runs(numbered[:cut], row_of)}<p>{READ_MORE}</p>{_runs(numbered[cut:], row_of)}"


def _runs(numbered: Sequence[tuple[int, Block]], row_of: Mapping[int, int]) -> str:
    """Neighbours share their lists and quotations, pictures of a row their row; other blocks stand alone."""

    def kind(one: tuple[int, Block]) -> tuple[str, int]:
        index, block = one
        if _depth(block):
            return "nested", 0
        return ("row", row_of.get(index, -1 - index)) if block.get("type") == "image" else ("", index)

    runs = ((name, [block for _, block in run]) for (name, _), run in groupby(numbered, key=kind))
    return "".join(_RUNS[name](run) for name, run in runs)


def _depth(block: Block) -> int:
    """How many lists and quotations a block stands in; its indent counts those around its own."""
    subtype = str(block.get("subtype") or "")
    if block.get("type") != "text" or (subtype and subtype not in _CONTAINERS):
        return 0
    return int(block.get("indent_level") or 0) + (subtype in _CONTAINERS)


def _nested(items: Sequence[Block]) -> str:
    """Lists and quotations in each other. What is not said to be a list around an item is a quotation."""
    pieces: list[str] = []
    around: list[str] = []
    for item in items:
        kind, depth = _CONTAINERS.get(str(item.get("subtype"))), _depth(item)
        while len(around) > depth or (len(around) == depth and kind not in (None, around[-1])):
            pieces.append(_CLOSING[around.pop()])
        another = len(around) == depth
        while len(around) < depth:
            around.append(kind if kind and len(around) == depth - 1 else "blockquote")
            pieces.append(_OPENING[around[-1]])
        if kind not in ("ol", "ul"):
            pieces.append(f"<p>{inline_html(item)}</p>")
        else:
            pieces.append(f"</li><li>{inline_html(item)}" if another else inline_html(item))
    return "".join(pieces) + "".join(_CLOSING[one] for one in reversed(around))


_OPENING = {"ol": "<ol><li>", "ul": "<ul><li>", "blockquote": "<blockquote>"}
_CLOSING = {"ol": "</li></ol>", "ul": "</li></ul>", "blockquote": "</blockquote>"}


def _row(images: Sequence[Block]) -> str:
    return f'<div class="npf_row">{"".join(_figure(block) for block in images)}</div>'


def _alone(blocks: Sequence[Block]) -> str:
    return "".join(_single(block) for block in blocks)


_RUNS = {"nested": _nested, "row": _row, "": _alone}


def _single(block: Block) -> str:
    match block.get("type"):
        case "text":
            opening, closing = _SUBTYPES.get(str(block.get("subtype")), ("<p>", "</p>"))
            return f"{opening}{inline_html(block)}{closing}"
        case "link":
            url, title = str(block.get("url", "")), str(block.get("title") or block.get("url", ""))
            return (
                f'<p><a href="{html.escape(url)}" target="_blank">{html.escape(title, quote=False)}</a></p>'
            )
        case _:
            carried = html.escape(json.dumps(dict(block)))
            return f'<figure class="tmblr-full" data-npf="{carried}">{_player(block)}</figure>'


def _player(block: Block) -> str:
    """What plays a sound or film: its file, or the site where it lies; nothing for other blocks."""
    kind = block.get("type")
    if kind not in ("audio", "video"):
        return ""
    given = block.get("media")
    medium = given[0] if isinstance(given, list) and given else given
    if isinstance(medium, Mapping) and medium.get("url"):
        source, name = html.escape(str(medium["url"])), html.escape(str(medium.get("type") or f"{kind}/*"))
        return f'<{kind} controls="controls"><source src="{source}" type="{name}"></{kind}>'
    iframe = block.get("embed_iframe")
    embedded = iframe.get("url") if isinstance(iframe, Mapping) else None
    address = html.escape(str(embedded or block.get("embed_url") or block.get("url") or ""))
    return f'<iframe src="{address}"></iframe>'


def _figure(block: Block) -> str:
    """A picture: shown no wider than 640 pixels, every size offered."""
    given = block["media"]
    media = sorted(
        given if isinstance(given, list) else [given],
        key=lambda one: int(one.get("width") or 0),
        reverse=True,
    )
    widest = media[0]
    shown = next((one for one in media if int(one.get("width") or 0) <= MAX_SHOWN_WIDTH), media[-1])
    size = "".join(
        f' data-orig-{side}="{int(widest[side])}"' for side in ("height", "width") if widest.get(side)
    )
    offered = ", ".join(f"{one['url']} {one['width']}w" for one in reversed(media) if one.get("width"))
    several = (
        f' srcset="{html.escape(offered)}" sizes="(max-width: {int(widest["width"])}px) 100vw, '
        + (f'{int(widest["width"])}px"')
        if len(media) > 1
        else ""
    )
    alt = html.escape(" ".join(str(block.get("alt_text") or "").split("\n")))
    source = html.escape(str(shown.get("url", "")))
    return f'<figure class="tmblr-full"{size}><img src="{source}"{size}{several} alt="{alt}"></figure>'


def inline_html(block: Block) -> str:
    """The text of a block with its formatting as properly nested tags, also where ranges overlap.

    Of ranges of one kind that overlap the one that began last counts, so that no piece of text stands in more
    than a tag of each kind: the cost is that of sorting the ranges.
    """
    text = str(block.get("text", ""))
    spans = sorted(
        (max(0, int(f["start"])), min(len(text), int(f["end"])), index, f)
        for index, f in enumerate(block.get("formatting") or [])
    )
    spans = [span for span in spans if span[0] < span[1]]
    edges = sorted({0, len(text)} | {span[0] for span in spans} | {span[1] for span in spans})
    waiting, covering, tags = deque(spans), _OpenSpans(), _Tags()
    for start, end in pairwise(edges):
        while waiting and waiting[0][0] <= start:
            covering.add(waiting.popleft())
        tags.write(
            html.escape(text[start:end], quote=False).replace("\n", "<br>"), covering.outermost_first(start)
        )
    return tags.closed()


class _Tags:
    """HTML as it grows: what the next piece shares with the one before is not closed between them."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._open: list[tuple[str, str]] = []

    def write(self, piece: str, around: list[Block]) -> None:
        """Add a piece of text that stands in these formats, the outermost first."""
        wanted = [tag for tag in map(_tag, around) if tag is not None]
        shared = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._open, wanted, strict=False))
        )
        self._close_down_to(shared)
        self._written += [opening for opening, _ in wanted[shared:]]
        self._open += wanted[shared:]
        self._written.append(piece)

    def closed(self) -> str:
        """All of it."""
        self._close_down_to(0)
        return "".join(self._written)

    def _close_down_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._written.append(self._open.pop()[1])


_Span = tuple[int, int, int, Block]


class _OpenSpans:
    """The ranges that a place in the text lies in, those of each kind on a stack."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[_Span]] = {}

    def add(self, span: _Span) -> None:
        kind = str(span[3].get("type"))
        self._by_kind.setdefault("link" if kind == "mention" else kind, []).append(span)

    def outermost_first(self, place: int) -> list[Block]:
        """One range of each kind, the one that began last, where any is still open."""
        found = []
        for stack in self._by_kind.values():
            while stack and stack[-1][1] <= place:
                stack.pop()
            if stack:
                found.append(stack[-1])
        return [span[3] for span in sorted(found, key=lambda span: span[:3])]


def _tag(entry: Block) -> tuple[str, str] | None:
    """The tags before and behind what a format covers; none for one that is not shown."""
    kind = str(entry.get("type"))
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>", f"</{_TAGS[kind]}>"
    if kind == "link":
        return f'<a href="{html.escape(str(entry["url"]))}" target="_blank">', "</a>"
    if kind == "mention":
        return f'<a class="tumblelog" href="{html.escape(str(entry["blog"]["url"]))}">', "</a>"
    if kind == "color":
        return f'<span style="color: {html.escape(str(entry["hex"]))}">', "</span>"
    return None
