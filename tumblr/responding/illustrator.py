"""The image blocks of a text as images: drawn by a worker, uploaded with a draft that is deleted at once.

Tumblr gives a picture an address when it is posted, and keeps it when the post is gone. So the pictures of a
text are uploaded as a photo draft with a tag of its own; its addresses are read, and it goes. Whatever is
left of one after a crash has that tag and is deleted by the next look at the drafts (``finders.drafts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

import structlog

from munging.figures import Block, Figure, blocks_to_draw, has_blocks, with_figures
from tumblr.api.errors import Forbidden, Refused
from tumblr.api.models import Photo
from tumblr.bot import Bot, Draw, Drawing
from tumblr.responding.publisher import Publisher
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.tags import UPLOADED
from tumblr.turns.turn import Turn

MOST_IMAGES = 10
"""Pictures drawn for one post; tumblr takes so many in a photo post."""

COMPUTER_MADE = "computer generated image"
_THREADS = 4
"""Posts whose pictures are made at once: a generator may need minutes for one."""

log = structlog.get_logger()


class Illustrator:
    """Makes image blocks images. Drawing goes on beside other turns; a turn waits for its own."""

    def __init__(self, bot: Bot, draw: Draw, publisher: Publisher, *, as_drafts: bool) -> None:
        self._draw = draw
        self._publisher = publisher
        self._reader = bot.tumblr.reader
        self._fail_points = bot.fail_points
        self._as_drafts = as_drafts
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="drawing")
        self._drawing: dict[int, Future[list[Drawing | None]]] = {}

    def illustrated(self, turn: Turn, planned: PlannedPost) -> PlannedPost | None:
        """A post with its image blocks as figures; None while they are being drawn.

        What cannot be drawn or uploaded stays as it is, and the post waits as a draft. Raises the errors of
        ``tumblr.api.errors`` that another try may do without.
        """
        blocks = blocks_to_draw(planned.html)
        if not blocks:
            return _with_notes(planned, self._as_drafts, has_images=False)
        if turn.id not in self._drawing:
            self._drawing[turn.id] = self._threads.submit(self._draw_all, blocks)
        drawing = self._drawing[turn.id]
        if not drawing.done():
            return None
        drawn = self._drawn(turn, drawing)
        figures = None if drawn is None else self._uploaded(turn, blocks, drawn)
        self._drawing.pop(turn.id, None)
        if figures is None:
            return _with_notes(planned, self._as_drafts, has_images=False)
        tags = _tags_of([drawing for drawing in drawn or () if drawing is not None])
        html = with_figures(planned.html, figures)
        made = replace(planned, html=html, tags=(*planned.tags, *tags))
        return _with_notes(made, self._as_drafts, has_images=True)

    @property
    def is_busy(self) -> bool:
        """Whether something is being drawn, or is drawn and waits to be taken up."""
        return bool(self._drawing)

    def linger(self, seconds: float) -> bool:
        """Wait for something to be drawn, at most so long; whether it is."""
        return bool(wait(self._drawing.values(), seconds, FIRST_COMPLETED).done)

    def _drawn(self, turn: Turn, drawing: Future[list[Drawing | None]]) -> list[Drawing | None] | None:
        error = drawing.exception()
        if error is None:
            return drawing.result()
        log.warning("images were not drawn", turn=turn.name, reason=str(error))
        return None

    def _draw_all(self, blocks: Sequence[Block]) -> list[Drawing | None]:
        """A drawing of each block, None for an empty one; no drawings at all when one fails."""
        if len(blocks) > MOST_IMAGES:
            raise ValueError(f"{len(blocks)} images are more than {MOST_IMAGES}")
        return [self._draw(block) if block.alt_text else None for block in blocks]

    def _uploaded(
        self, turn: Turn, blocks: Sequence[Block], drawn: Sequence[Drawing | None]
    ) -> list[Figure | None] | None:
        pngs = [drawing.png for drawing in drawn if drawing is not None]
        if not pngs:
            return None
        self._fail_points.reach(FailPoint.BEFORE_UPLOAD)
        try:
            draft = self._publisher.upload(pngs, [UPLOADED])
        except (Refused, Forbidden) as error:
            log.warning("images were not uploaded", turn=turn.name, reason=str(error))
            return None
        self._fail_points.reach(FailPoint.AFTER_UPLOAD)
        photos = self._reader.photos(draft)
        self._publisher.delete(draft)
        self._fail_points.reach(FailPoint.AFTER_UPLOAD_DELETED)
        if len(photos) != len(pngs):
            log.warning("images were not uploaded", turn=turn.name, reason=f"{len(photos)} of {len(pngs)}")
            return None
        log.info("images uploaded", turn=turn.name, images=len(photos))
        found = iter(photos)
        return [
            None if drawing is None else _figure(next(found), block, drawing)
            for block, drawing in zip(blocks, drawn, strict=True)
        ]

    def close(self) -> None:
        """Stop drawing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _figure(photo: Photo, block: Block, drawing: Drawing) -> Figure:
    made = "" if drawing.guidance is None else "A picture made by a computer: "
    return Figure(photo.url, photo.width, photo.height, made + block.alt_text)


def _tags_of(drawn: Sequence[Drawing]) -> list[str]:
    """Tags that say that pictures were made of descriptions, and how strictly by them."""
    scales = sorted({drawing.guidance for drawing in drawn if drawing.guidance is not None})
    return [COMPUTER_MADE, *(f"guidance scale {scale:g}" for scale in scales)] if scales else []


def _with_notes(planned: PlannedPost, as_drafts: bool, *, has_images: bool) -> PlannedPost:
    """With the reasons why a human has to look first."""
    notes = list(planned.notes)
    if has_blocks(planned.html):
        notes.append("an image block was not drawn")
    if has_images and as_drafts:
        notes.append("it has drawn images")
    return replace(planned, notes=tuple(notes))
