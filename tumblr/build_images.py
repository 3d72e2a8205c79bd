"""What reads and draws images, as configured; without images configured nothing of it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot_lifecycle import FatalError
from images.settings import ImagesConfig
from tumblr.build_tumblr import Tumblr
from tumblr.responding.illustrator import Drawing, Illustrator
from tumblr.responding.post_images import PostImages
from tumblr.turns.fail_points import FailPoints

if TYPE_CHECKING:
    from images.pool import WorkerPool

_MEBIBYTE = 2**20
_LIBRARIES = {"rapidocr": ("rapidocr", "onnxruntime"), "rekognition": ("boto3",)}

log = structlog.get_logger()


@dataclass(frozen=True)
class Images:
    """What the bot does with images; None: it does not."""

    texts: PostImages | None = None
    illustrator: Illustrator | None = None


def connect_images(
    settings: ImagesConfig,
    folder: Path,
    tumblr: Tumblr,
    stack: ExitStack,
    clock: Callable[[], float],
    fail_points: FailPoints,
) -> Images:
    """Make what reads and draws. Raises FatalError when a library for it is missing.

    ``folder``: where the bot keeps its databases.
    """
    if not settings.read and not settings.write:
        return Images()
    _check_libraries(settings)
    from images.pool import WorkerPool

    pool = WorkerPool(settings)
    stack.callback(pool.close)
    texts = _post_images(settings, folder, pool, stack, clock) if settings.read else None
    publisher = tumblr.publisher
    if not settings.write or publisher is None:
        return Images(texts)
    _check_drawing(pool)
    illustrator = Illustrator(
        lambda text: _draw(pool, text),
        publisher,
        tumblr.reader,
        fail_points,
        as_drafts=settings.write_as_drafts,
    )
    stack.callback(illustrator.close)
    return Images(texts, illustrator)


def _check_libraries(settings: ImagesConfig) -> None:
    reading = _LIBRARIES[settings.backend] if settings.read else ()
    wanted = (*reading, *(("bidi",) if settings.write else ()))
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        raise FatalError(
            f"images need {', '.join(missing)}",
            "pip install 'autoresponder[images]', or set images.read and images.write to false",
        )


def _post_images(
    settings: ImagesConfig, folder: Path, pool: WorkerPool, stack: ExitStack, clock: Callable[[], float]
) -> PostImages:
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
    return PostImages(reader, settings, clock)


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
