"""Posts made of blocks (NPF): blocks and layout to the HTML that tumblr's legacy form has for them.

One reader then serves both forms, so a post that says the same in both gives the same thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from munging.blocks import BLOCK_TYPES, Block
from munging.blocks.text import inline_html
from munging.json_access import mapping, mappings, sequence, text, whole
from munging.links import blog_of_address

DEEPEST_INDENT = 7
"""The deepest indent that tumblr knows."""

_LISTS = {"ordered-list-item": "ol", "unordered-list-item": "ul"}


@dataclass(frozen=True)
class Ask:
    """An ask in a post's layout: who asked (empty if it does not say), and the question's blocks."""

    asker: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Contribution:
    """What one blog added: its blocks in the order of display, without those of the ask."""

    blocks: tuple[Block, ...]
    ask: Ask | None = None
    problems: tuple[str, ...] = ()


def read_contribution(item: Mapping[str, object]) -> Contribution:
    """The content and layout of a post or of an item of its trail."""
    content = sequence(item.get("content"))
    blocks = [mapping(entry) for entry in content]
    layout = mappings(item.get("layout"))
    ask = next((entry for entry in layout if entry.get("type") == "ask"), None)
    asked = dict.fromkeys(() if ask is None else _indices(ask.get("blocks"), len(blocks)))
    shown = [index for index in _order(layout, len(blocks)) if index not in asked]
    return Contribution(
        blocks=tuple(blocks[index] for index in shown),
        ask=None if ask is None else Ask(_asker(ask), tuple(blocks[index] for index in asked)),
        problems=tuple(_problems(item, content)),
    )


def _problems(item: Mapping[str, object], content: Sequence[object]) -> list[str]:
    if not isinstance(item.get("content"), list):
        return ["content: not a list"]
    kinds = enumerate(text(mapping(entry).get("type")) for entry in content)
    return [f"content[{index}]: unknown block {kind!r}" for index, kind in kinds if kind not in BLOCK_TYPES]


def _indices(value: object, count: int) -> list[int]:
    """The numbers of blocks that exist, each once."""
    numbers = (whole(entry) for entry in sequence(value))
    return list(dict.fromkeys(number for number in numbers if number is not None and 0 <= number < count))


def _order(layout: Sequence[Mapping[str, object]], count: int) -> list[int]:
    """The blocks as rows show them; blocks in no row come after, in their own order."""
    listed: list[int] = []
    for entry in layout:
        rows = [*mappings(entry.get("display")), *({"blocks": row} for row in sequence(entry.get("rows")))]
        for row in rows:
            listed += _indices(row.get("blocks"), count)
    return list(dict.fromkeys([*listed, *range(count)]))


def _asker(ask: Mapping[str, object]) -> str:
    attribution = mapping(ask.get("attribution"))
    blog = mapping(attribution.get("blog"))
    address = text(attribution.get("url")) or text(blog.get("url"))
    return text(blog.get("name")) or blog_of_address(address)


def blocks_html(blocks: Sequence[Block]) -> str:
    """Blocks as HTML. Neighbouring list items and quotations share their list or quotation."""
    writer = _Writer()
    for block in blocks:
        writer.write(block)
    writer.move_to([])
    return "".join(writer.pieces)


@dataclass
class _Writer:
    """Writes blocks one after the other, inside the lists and quotations that are open."""

    pieces: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def write(self, block: Block) -> None:
        subtype = text(block.get("subtype"))
        if block.get("type") == "text" and subtype in _LISTS:
            self._write_item(block, _LISTS[subtype])
            return
        self.move_to(["blockquote"] * _quotations(block))
        kind = BLOCK_TYPES.get(text(block.get("type")))
        self.pieces.append(kind.html(block) if kind else "")

    def _write_item(self, block: Block, tag: str) -> None:
        outer = self._open[: _indent(block)] if "blockquote" not in self._open else []
        path = [*outer, *[tag] * (_indent(block) - len(outer) + 1)]
        if self.move_to(path) == len(path):
            self.pieces.append("</li><li>")
        self.pieces.append(inline_html(block))

    def move_to(self, path: list[str]) -> int:
        """Close and open what stands between here and there; how many levels stayed open."""
        shared = 0
        while shared < min(len(path), len(self._open)) and path[shared] == self._open[shared]:
            shared += 1
        for tag in reversed(self._open[shared:]):
            self.pieces.append(f"</{tag}>" if tag == "blockquote" else f"</li></{tag}>")
        for tag in path[shared:]:
            self.pieces.append(f"<{tag}>" if tag == "blockquote" else f"<{tag}><li>")
        self._open = path
        return shared


def _indent(block: Block) -> int:
    return min(max(whole(block.get("indent_level")) or 0, 0), DEEPEST_INDENT)


def _quotations(block: Block) -> int:
    """How many quotations a block stands in; a plain block with an indent stands in that many."""
    if block.get("type") != "text":
        return 0
    return _indent(block) + (block.get("subtype") == "indented")
