"""Posted NPF, checked and brought into the form that is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from tumblr_sandbox.errors import BadNpfError
from tumblr_sandbox.markup import npf_models as npf
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import MAX_TEXT_BYTES

MAX_BLOCKS = 1000
MAX_MENTIONS = 50
MAX_INLINE_LINKS = 100
MAX_OF_KIND = {"text": 1000, "link": 10, "image": 30, "video": 10, "audio": 10}
BAD_ANSWER = 8016
"""The code for an ask's blocks that are not where they belong."""

_BLOCKS = TypeAdapter(list[npf.Block])
_LAYOUTS = TypeAdapter(list[npf.Layout])
Model = TypeVar("Model")


@dataclass(frozen=True)
class Draft:
    """Checked blocks, whose media are still as they were given; indices of rows fit them.

    ``asked`` says which blocks are the question of an ask, as far as the author said so.
    """

    blocks: tuple[npf.Posted, ...]
    rows: tuple[dict[str, Any], ...] | None = None
    truncate_after: int | None = None
    asked: frozenset[int] = frozenset()

    def content(self, blocks: Sequence[dict[str, Any]]) -> Content:
        """What is kept, once the blocks are final: without a question, and without empty ends."""
        kept = [index for index in range(len(blocks)) if index not in self.asked]
        kept = _without_empty_ends(kept, blocks)
        new_index = {old: new for new, old in enumerate(kept)}
        cut = None
        if self.truncate_after is not None:
            cut = sum(1 for index in kept if index <= self.truncate_after) - 1
        return Content(
            blocks=tuple(blocks[index] for index in kept),
            rows=None if self.rows is None else tuple(_moved(self.rows, new_index)),
            truncate_after=cut if cut is not None and cut < len(kept) - 1 else None,
        )


def read(content: object, layout: object) -> Draft:
    """Check what was posted; ``BadNpfError`` says what is wrong with it."""
    blocks = validated(_BLOCKS, content if content is not None else [])
    if sum(len(block.model_dump_json()) for block in blocks) > MAX_TEXT_BYTES:
        raise BadNpfError("the post is larger than a megabyte")
    _check_amounts(blocks)
    layouts = validated(_LAYOUTS, layout if layout is not None else [])
    if max(Counter(one.type for one in layouts).values(), default=0) > 1:
        raise BadNpfError("there is more than one layout of a type")
    draft = Draft(tuple(blocks))
    # The rows may leave the question out, so it must be known before them.
    for one in sorted(layouts, key=lambda one: one.type != "ask"):
        draft = _with_layout(draft, one)
    return draft


def validated(adapter: TypeAdapter[Model], value: object) -> Model:
    """What was posted as models, or ``BadNpfError`` about the first mistake."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadNpfError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _check_amounts(blocks: Sequence[npf.Block]) -> None:
    kinds: Counter[str] = Counter(block.type for block in blocks)
    formats = Counter(
        one.type for block in blocks if isinstance(block, npf.Text) for one in block.formatting or ()
    )
    own_films = sum(1 for block in blocks if block.type == "video" and block.media)
    too_many = (
        len(blocks) > MAX_BLOCKS,
        any(kinds[kind] > most for kind, most in MAX_OF_KIND.items()),
        formats["mention"] > MAX_MENTIONS,
        formats["link"] > MAX_INLINE_LINKS,
        own_films > 1,
    )
    if any(too_many):
        raise BadNpfError("there are too many blocks, links or mentions")


def _with_layout(draft: Draft, layout: npf.Layout) -> Draft:
    count = len(draft.blocks)
    if isinstance(layout, npf.Ask):
        if not all(0 <= index < count for index in layout.blocks):
            raise BadNpfError("the ask names blocks that are not there", BAD_ANSWER)
        return Draft(draft.blocks, draft.rows, draft.truncate_after, frozenset(layout.blocks))
    if isinstance(layout, npf.Condensed):
        return draft
    _check_rows(draft, layout)
    rows = tuple(row.block() for row in layout.display)
    return Draft(draft.blocks, rows, _read_more(layout, count), draft.asked)


def _read_more(layout: npf.Rows, count: int) -> int | None:
    """The last block before the read-more; as documented, one behind all blocks or amid a row is ignored."""
    cut = layout.truncate_after
    if cut is None or not -1 <= cut < count - 1:
        return None
    amid = any(min(row.blocks) <= cut < max(row.blocks) for row in layout.display)
    return None if amid else cut


def _check_rows(draft: Draft, layout: npf.Rows) -> None:
    """Every block stands in one row; only pictures share theirs."""
    listed = sorted(index for row in layout.display for index in row.blocks)
    everything = list(range(len(draft.blocks)))
    answered = [index for index in everything if index not in draft.asked]
    if listed not in (everything, answered):
        raise BadNpfError("the rows do not list every block once")
    shared = (index for row in layout.display if len(row.blocks) > 1 for index in row.blocks)
    if any(not isinstance(draft.blocks[index], npf.Image) for index in shared):
        raise BadNpfError("only pictures share a row")


def _without_empty_ends(kept: list[int], blocks: Sequence[dict[str, Any]]) -> list[int]:
    """The blocks between the first and the last that say something."""
    telling = [place for place, index in enumerate(kept) if not _is_empty(blocks[index])]
    return kept[telling[0] : telling[-1] + 1] if telling else []


def _is_empty(block: dict[str, Any]) -> bool:
    return block["type"] == "text" and not str(block["text"]).strip()


def _moved(rows: Sequence[dict[str, Any]], new_index: dict[int, int]) -> list[dict[str, Any]]:
    """Rows of the blocks that are kept, under their new indices."""
    moved = ({**row, "blocks": [new_index[i] for i in row["blocks"] if i in new_index]} for row in rows)
    return [row for row in moved if row["blocks"]]
