"""What reads and draws images, as configured; without images configured nothing of it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot_lifecycle import FatalError
from images.settings import ImagesConfig
from munging.figures import Block
from switchboard.client import SwitchboardClient
from tumblr.bot import Draw, Drawing
from tumblr.bot_settings import BotSettings

if TYPE_CHECKING:
    from images.pool import WorkerPool
    from images.reader import ImageReader
    from tumblr.picture_jobs import PictureJobs

_MEBIBYTE = 2**20
_LIBRARIES = {"rapidocr": ("rapidocr", "onnxruntime"), "rekognition": ("boto3",)}

log = structlog.get_logger()


def connect_images(
    settings: BotSettings,
    stack: ExitStack,
    clock: Callable[[], float],
    switchboard: Callable[[], SwitchboardClient],
    *,
    dry_run: bool,
) -> tuple[ImageReader | None, Draw | None]:
    """Make what reads and what draws; None for what is not configured, and in a dry run nothing draws.

    ``switchboard`` makes a client of its own for each thread that asks for captions and pictures.

    Raises FatalError when a library for it is missing.
    """
    images = settings.images
    if not images.read and not images.write:
        return None, None
    _check_libraries(images)
    from images.pool import WorkerPool

    pool = WorkerPool(images)
    stack.callback(pool.close)
    jobs = _picture_jobs(images, switchboard) if images.captions or images.pictures else None
    folder = settings.tumblr.database.parent
    reader = _reader(images, folder, pool, jobs, stack, clock) if images.read else None
    if not images.write or dry_run:
        return reader, None
    _check_drawing(pool)
    return reader, partial(_draw, pool, jobs if images.pictures else None)


def _picture_jobs(settings: ImagesConfig, switchboard: Callable[[], SwitchboardClient]) -> PictureJobs:
    from tumblr.picture_jobs import PictureJobs

    return PictureJobs(switchboard, settings)


def _check_libraries(settings: ImagesConfig) -> None:
    reading = _LIBRARIES[settings.backend] if settings.read else ()
    wanted = (*reading, *(("bidi",) if settings.write else ()))
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        raise FatalError(
            f"images need {', '.join(missing)}",
            "pip install 'autoresponder[images]', or set images.read and images.write to false",
        )


def _reader(
    settings: ImagesConfig,
    folder: Path,
    pool: WorkerPool,
    jobs: PictureJobs | None,
    stack: ExitStack,
    clock: Callable[[], float],
) -> ImageReader:
    from images.cache import ImageCache
    from images.fetcher import Fetcher, FetchLimits
    from images.reader import ImageReader

    path = settings.cache or folder / "images.sqlite"
    cache = ImageCache(path, settings.cache_days, clock)
    cache.forget_old()
    limits = FetchLimits(int(settings.max_mebibytes * _MEBIBYTE), settings.fetch_seconds)
    fetcher = Fetcher(limits, settings.hosts, size_variants=settings.size_variants)
    captioner = jobs.caption if jobs is not None and settings.captions else None
    reader = ImageReader(settings, cache, fetcher, pool, captioner)
    stack.callback(reader.close)
    return reader


def _check_drawing(pool: WorkerPool) -> None:
    from images.errors import ImageError

    try:
        shapes = pool.ask("shaping").fields["shapes"]
    except ImageError as error:
        raise FatalError(f"text cannot be drawn: {error.reason}", "set images.write to false") from None
    if not shapes:
        log.warning(
            "drawn Arabic is not joined, and emoji of several parts are drawn as their first",
            hint="install FriBiDi (on Debian: apt-get install libfribidi0)",
        )


def _draw(pool: WorkerPool, jobs: PictureJobs | None, block: Block) -> Drawing:
    """A picture of what a block describes, if a generator makes one; else its words, or its description."""
    if jobs is not None and block.description:
        from images.errors import ImageError

        try:
            return jobs.picture(block)
        except ImageError as error:
            log.warning("a picture is drawn as words", reason=error.reason)
    answer = pool.ask("draw", (block.words.strip() or block.description).encode())
    return Drawing(answer.body, int(answer.fields["width"]), int(answer.fields["height"]))
