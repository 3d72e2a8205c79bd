"""What reads and draws images, as configured; without images configured nothing of it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot_lifecycle import FatalError
from images.settings import ImagesConfig
from tumblr.bot import Draw, Drawing
from tumblr.bot_settings import BotSettings

if TYPE_CHECKING:
    from images.pool import WorkerPool
    from images.reader import ImageReader

_MEBIBYTE = 2**20
_LIBRARIES = {"rapidocr": ("rapidocr", "onnxruntime"), "rekognition": ("boto3",)}

log = structlog.get_logger()


def connect_images(
    settings: BotSettings, stack: ExitStack, clock: Callable[[], float], *, dry_run: bool
) -> tuple[ImageReader | None, Draw | None]:
    """Make what reads and what draws; None for what is not configured, and in a dry run nothing draws.

    Raises FatalError when a library for it is missing.
    """
    images = settings.images
    if not images.read and not images.write:
        return None, None
    _check_libraries(images)
    from images.pool import WorkerPool

    pool = WorkerPool(images)
    stack.callback(pool.close)
    reader = _reader(images, settings.tumblr.database.parent, pool, stack, clock) if images.read else None
    if not images.write or dry_run:
        return reader, None
    _check_drawing(pool)
    return reader, lambda text: _draw(pool, text)


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
    settings: ImagesConfig, folder: Path, pool: WorkerPool, stack: ExitStack, clock: Callable[[], float]
) -> ImageReader:
    from images.cache import ImageCache
    from images.fetcher import Fetcher, FetchLimits
    from images.reader import ImageReader

    path = settings.cache or folder / "images.sqlite"
    cache = ImageCache(path, settings.cache_days, clock)
    cache.forget_old()
    limits = FetchLimits(int(settings.max_mebibytes * _MEBIBYTE), settings.fetch_seconds)
    fetcher = Fetcher(limits, settings.hosts, size_variants=settings.size_variants)
    reader = ImageReader(settings, cache, fetcher, pool)
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


def _draw(pool: WorkerPool, text: str) -> Drawing:
    answer = pool.ask("draw", text.encode())
    return Drawing(answer.body, int(answer.fields["width"]), int(answer.fields["height"]))
