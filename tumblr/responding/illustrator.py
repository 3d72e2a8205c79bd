"""The image blocks of a text as images: drawn by a worker, and sent along with the post that shows them.

Posts that are written as HTML take none along. Tumblr gives a picture an address when it is posted, and
keeps it when the post is gone. So the pictures of such a text are uploaded before, as a photo draft with a
tag of its own; its addresses are read, and it goes. Whatever is left of one after a crash has that tag and is
deleted by the next look at the drafts (``finders.drafts``).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

import structlog

from munging.figures import ATTACHED, Block, Figure, blocks_to_draw, figure_name, has_blocks, with_figures
from tumblr.api.errors import Forbidden, PictureLimitReached, Refused
from tumblr.api.models import Photo
from tumblr.bot import Bot, Draw, Drawing
from tumblr.responding.publisher import Publisher
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.tags import UPLOADED
from tumblr.turns.turn import Turn

MOST_IMAGES = 10
"""Pictures drawn for one post; tumblr takes so many in a photo post."""

MOST_BYTES = 10_000_000
"""Bytes of one picture; tumblr takes no more."""

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
        made = None if drawn is None else self._placed(turn, planned, blocks, drawn)
        self._drawing.pop(turn.id, None)
        return _with_notes(made or planned, self._as_drafts, has_images=made is not None)

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
        drawn = [self._draw(block) if block.alt_text else None for block in blocks]
        largest = max((len(drawing.png) for drawing in drawn if drawing is not None), default=0)
        if largest > MOST_BYTES:
            raise ValueError(f"an image of {largest} bytes is larger than {MOST_BYTES}")
        return drawn

    def _placed(
        self, turn: Turn, planned: PlannedPost, blocks: Sequence[Block], drawn: Sequence[Drawing | None]
    ) -> PlannedPost | None:
        """The post with its images as figures; None when there are none."""
        there = [drawing for drawing in drawn if drawing is not None]
        takes_figures = self._publisher.takes_figures
        places = _attached(there) if takes_figures else self._uploaded(turn, there)
        if not places:
            return None
        found = iter(places)
        figures = [
            None if drawing is None else _figure(next(found), block, drawing, exact=takes_figures)
            for block, drawing in zip(blocks, drawn, strict=True)
        ]
        made = replace(
            planned, html=with_figures(planned.html, figures), tags=(*planned.tags, *_tags_of(there))
        )
        if not takes_figures:
            return made
        pngs = tuple(base64.b64encode(drawing.png).decode("ascii") for drawing in there)
        return replace(made, figures=pngs, undrawn=planned.html)

    def _uploaded(self, turn: Turn, drawn: Sequence[Drawing]) -> list[Photo]:
        """The images as tumblr serves them, uploaded with a draft; none when they cannot be had."""
        if not drawn:
            return []
        pngs = [drawing.png for drawing in drawn]
        self._fail_points.reach(FailPoint.BEFORE_UPLOAD)
        try:
            draft = self._publisher.upload(pngs, [UPLOADED])
        except (Refused, Forbidden, PictureLimitReached) as error:
            log.warning("images were not uploaded", turn=turn.name, reason=str(error))
            return []
        self._fail_points.reach(FailPoint.AFTER_UPLOAD)
        photos = self._reader.photos(draft)
        self._publisher.delete(draft)
        self._fail_points.reach(FailPoint.AFTER_UPLOAD_DELETED)
        if len(photos) != len(pngs):
            log.warning("images were not uploaded", turn=turn.name, reason=f"{len(photos)} of {len(pngs)}")
            return []
        log.info("images uploaded", turn=turn.name, images=len(photos))
        return photos

    def close(self) -> None:
        """Stop drawing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _attached(drawn: Sequence[Drawing]) -> list[Photo]:
    """The images as they go along with their post."""
    return [
        Photo(f"{ATTACHED}{figure_name(number)}", drawing.width, drawing.height)
        for number, drawing in enumerate(drawn)
    ]


def _figure(photo: Photo, block: Block, drawing: Drawing, *, exact: bool) -> Figure:
    made = "" if drawing.guidance is None else "A picture made by a computer: "
    return Figure(photo.url, photo.width, photo.height, made + block.alt_text, exact)


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
