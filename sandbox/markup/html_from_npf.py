"""NPF blocks to HTML: what a post that was made in NPF looks like to a client that reads the legacy form."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from sandbox.markup.html import READ_MORE

Block = Mapping[str, Any]

_TAGS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small"}
_LISTS = {"ordered-list-item": "ol", "unordered-list-item": "ul"}
_SUBTYPES = {
    "heading1": ("<h1>", "</h1>"),
    "heading2": ("<h2>", "</h2>"),
    "quote": ('<p class="npf_quote">', "</p>"),
    "quirky": ('<p class="npf_quirky">', "</p>"),
    "chat": ('<p class="npf_chat">', "</p>"),
    "indented": ("<blockquote><p>", "</p></blockquote>"),
}


def npf_to_html(blocks: Sequence[Block], truncate_after: int | None = None) -> str:
    """Blocks as HTML, joined with nothing between; the read-more becomes its mark."""
    if truncate_after is None:
        return "".join(_run(kind, list(run)) for kind, run in groupby(blocks, key=_run_kind))
    cut = truncate_after + 1
    return f"{npf_to_html(blocks[:cut])}<p>{READ_MORE}</p>{npf_to_html(blocks[cut:])}"


def _run_kind(block: Block) -> str:
    """Neighbouring list items share their list; every other block stands alone."""
    return _LISTS.get(str(block.get("subtype")), "")


def _run(kind: str, run: Sequence[Block]) -> str:
    if not kind:
        return "".join(_single(block) for block in run)
    return f"<{kind}>" + "".join(f"<li>{inline_html(block)}</li>" for block in run) + f"</{kind}>"


def _single(block: Block) -> str:
    match block.get("type"):
        case "text":
            opening, closing = _SUBTYPES.get(str(block.get("subtype")), ("<p>", "</p>"))
            return f"{opening}{inline_html(block)}{closing}"
        case "image":
            return _image(block)
        case "link":
            url, title = str(block.get("url", "")), str(block.get("title") or block.get("url", ""))
            return (
                f'<p><a href="{html.escape(url)}" target="_blank">{html.escape(title, quote=False)}</a></p>'
            )
        case _:
            return f'<figure class="tmblr-full" data-npf="{html.escape(json.dumps(dict(block)))}"></figure>'


def _image(block: Block) -> str:
    media = block["media"]
    widest = max(media if isinstance(media, list) else [media], key=lambda one: int(one.get("width") or 0))
    size = "".join(
        f' data-orig-{side}="{int(widest[side])}"' for side in ("height", "width") if widest.get(side)
    )
    alt = html.escape(" ".join(str(block.get("alt_text") or "").split("\n")))
    source = html.escape(str(widest.get("url", "")))
    return (
        f'<div class="npf_row"><figure class="tmblr-full"{size}>'
        f'<img src="{source}"{size} alt="{alt}"></figure></div>'
    )


def inline_html(block: Block) -> str:
    """The text of a block with its formatting as properly nested tags, also where ranges overlap."""
    text = str(block.get("text", ""))
    spans = sorted(
        (max(0, int(f["start"])), min(len(text), int(f["end"])), index, f)
        for index, f in enumerate(block.get("formatting") or [])
    )
    spans = [span for span in spans if span[0] < span[1]]
    edges = sorted({0, len(text)} | {span[0] for span in spans} | {span[1] for span in spans})
    pieces: list[str] = []
    for start, end in pairwise(edges):
        around = [span[3] for span in spans if span[0] <= start and span[1] >= end]
        piece = html.escape(text[start:end], quote=False).replace("\n", "<br>")
        for entry in reversed(around):
            piece = _wrap(entry, piece)
        pieces.append(piece)
    return "".join(pieces)


def _wrap(entry: Block, inner: str) -> str:
    kind = str(entry.get("type"))
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>{inner}</{_TAGS[kind]}>"
    if kind == "link":
        return f'<a href="{html.escape(str(entry["url"]))}" target="_blank">{inner}</a>'
    if kind == "mention":
        return f'<a class="tumblelog" href="{html.escape(str(entry["blog"]["url"]))}">{inner}</a>'
    if kind == "color":
        return f'<span style="color: {html.escape(str(entry["hex"]))}">{inner}</span>'
    return inner
