"""Posts written in both of tumblr's forms, as the API's documentation has them, from one description."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, permutations

from hypothesis import strategies as st

from tests.strategies import FORGERIES, blog_names, words

Json = dict[str, object]
KEYS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small"}


@dataclass(frozen=True)
class Run:
    """Words with two kinds of formatting, one in the other, or less; ``target`` is a link or a mention."""

    words: str
    kinds: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Block:
    """One block: a text's subtype, or ``image`` or ``link``, whose address is the first run's target."""

    kind: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Part:
    """What one blog adds to a chain."""

    blog: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Described:
    """A whole post: who asked what, if anybody, and the chain; the last part is the posting blog's."""

    parts: tuple[Part, ...]
    asker: str | None = None
    question: tuple[Block, ...] = ()
    tags: tuple[str, ...] = ()


def _runs() -> st.SearchStrategy[tuple[Run, ...]]:
    names = ("bold", "italic", "strikethrough", "small", "color", "link", "mention")
    pairs = [pair for pair in permutations(names, 2) if set(pair) != {"link", "mention"}]
    kinds = st.sampled_from([(), *((name,) for name in names), *pairs])
    said = st.one_of(st.sampled_from(FORGERIES), words(3))
    run = st.builds(Run, said, kinds, st.sampled_from(("https://bob.tumblr.com/", "https://x.org/?a=1&b=2")))
    return st.lists(run, min_size=1, max_size=2).map(tuple)


def _blocks(kinds: Sequence[str], max_size: int) -> st.SearchStrategy[tuple[Block, ...]]:
    return st.lists(st.builds(Block, st.sampled_from(kinds), _runs()), max_size=max_size).map(tuple)


TEXTS = ("", "", "heading1", "heading2", "quirky", "chat", "quote", "indented")
LISTS = ("ordered-list-item", "unordered-list-item")


@st.composite
def described(draw: st.DrawFn, bot: str) -> Described:
    """A post with everything that both forms can say."""
    blogs = st.one_of(st.just(bot), blog_names())
    part = st.builds(Part, blogs, _blocks((*TEXTS, *LISTS, "image", "link"), 4))
    parts = draw(st.lists(part, min_size=1, max_size=4))
    asker = draw(st.one_of(st.none(), st.just("Anonymous"), blog_names()))
    question = draw(_blocks(("",), 2)) if asker else ()
    return Described(tuple(parts), asker if question else None, question, draw(st.just(()) | st.just(("a",))))


def as_npf(post: Described) -> Json:
    """The post made of blocks."""
    *quoted, own = post.parts
    trail = [{"blog": {"name": part.blog}, "post": {"id": "9"}, **_npf(part.blocks)} for part in quoted]
    shown: Json = {"type": "blocks", "is_blocks_post_format": True, "blog_name": own.blog, "trail": trail}
    shown |= {**_npf(own.blocks), "timestamp": 1_612_500_000, "tags": list(post.tags)}
    if post.asker:
        _put_ask(trail[0] if trail else shown, post)
    return shown


def _npf(blocks: Sequence[Block]) -> Json:
    return {"content": [_npf_block(block) for block in blocks], "layout": []}


def _put_ask(item: Json, post: Described) -> None:
    content = item["content"]
    assert isinstance(content, list)
    count = len(post.question)
    layout: Json = {"type": "ask", "blocks": list(range(count))}
    if post.asker != "Anonymous":
        layout["attribution"] = {"type": "blog", "url": f"https://{post.asker}.tumblr.com"}
    rows = {"type": "rows", "display": [{"blocks": [count + index]} for index in range(len(content))]}
    item |= {"content": [*map(_npf_block, post.question), *content], "layout": [layout, rows]}


def _npf_block(block: Block) -> Json:
    if block.kind == "image":
        return {"type": "image", "media": [{"url": f"{block.runs[0].target}a.png", "width": 640}]}
    if block.kind == "link":
        return {"type": "link", "url": block.runs[0].target, "title": block.runs[0].words}
    formatting: list[Json] = []
    position = 0
    for run in block.runs:
        extra: Mapping[str, Json] = {
            "link": {"url": run.target},
            "mention": {"blog": {"name": "x", "url": run.target}},
            "color": {"hex": "#ff0000"},
        }
        for kind in run.kinds if run.words else ():
            reach: Json = {"start": position, "end": position + len(run.words), "type": kind}
            formatting.append({**reach, **extra.get(kind, {})})
        position += len(run.words)
    text = "".join(run.words for run in block.runs)
    subtype = {"subtype": block.kind} if block.kind else {}
    return {"type": "text", "text": text, "formatting": formatting, **subtype}


def as_legacy(post: Described) -> Json:
    """The post of the legacy API: the chain as nested quotations, and a trail."""
    *quoted, own = post.parts
    tree = ""
    for part in quoted:
        link = f'<a class="tumblr_blog" href="https://{part.blog}.tumblr.com/post/9">{part.blog}</a>'
        tree = f"<p>{link}:</p><blockquote>{tree}{_html(part.blocks)}</blockquote>"
    body = tree + _html(own.blocks)
    trail: list[Json] = [_trail_item(part) for part in quoted]
    trail += [{**_trail_item(own), "is_current_item": True}] if own.blocks else []
    shown: Json = {"type": "text", "title": None, "body": body, "blog_name": own.blog, "trail": trail}
    if post.asker:
        question = _html(post.question)
        shown |= {"type": "answer", "question": question, "asking_name": post.asker, "answer": body}
        del shown["body"]
    return shown | {"timestamp": 1_612_500_000, "tags": list(post.tags)}


def _trail_item(part: Part) -> Json:
    content = f"<p>{_html(part.blocks)}</p>" if part.blocks else ""
    return {"blog": {"name": part.blog}, "post": {"id": "9"}, "content_raw": content, "content": content}


def _html(blocks: Sequence[Block]) -> str:
    runs = groupby(blocks, key=lambda block: block.kind if block.kind in LISTS else "")
    return "".join(
        _html_list(kind, list(run)) if kind else "".join(map(_html_block, run)) for kind, run in runs
    )


def _html_list(kind: str, items: Sequence[Block]) -> str:
    tag = "ol" if kind.startswith("ordered") else "ul"
    return f"<{tag}>" + "".join(f"<li>{_html_runs(item.runs)}</li>" for item in items) + f"</{tag}>"


def _html_block(block: Block) -> str:
    target, inner = html.escape(block.runs[0].target), _html_runs(block.runs)
    match block.kind:
        case "image":
            return (
                f'<div class="npf_row"><figure class="tmblr-full"><img src="{target}a.png"/></figure></div>'
            )
        case "link":
            title = html.escape(block.runs[0].words, quote=False) or target
            return f'<p class="npf_link"><a href="{target}" target="_blank">{title}</a></p>'
        case "heading1" | "heading2":
            return f"<h{block.kind[-1]}>{inner}</h{block.kind[-1]}>"
        case "indented":
            return f'<blockquote class="npf_indented"><p>{inner}</p></blockquote>'
        case "":
            return f"<p>{inner}</p>"
    return f'<p class="npf_{block.kind}">{inner}</p>'


def _html_runs(runs: Sequence[Run]) -> str:
    return "".join(_html_run(run) for run in runs if run.words)


def _html_run(run: Run) -> str:
    inner = html.escape(run.words, quote=False).replace("\n", "<br>")
    for kind in reversed(run.kinds):
        inner = _formatted(kind, inner, html.escape(run.target))
    return inner


def _formatted(kind: str, inner: str, target: str) -> str:
    if kind in KEYS:
        return f"<{KEYS[kind]}>{inner}</{KEYS[kind]}>"
    if kind == "link":
        return f'<a href="{target}" target="_blank">{inner}</a>'
    if kind == "mention":
        return f'<a class="tumblelog" href="{target}">{inner}</a>'
    return f'<span style="color: #ff0000">{inner}</span>'
