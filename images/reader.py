"""Addresses of images to the texts in them: cached, else fetched and recognised in the background.

Light enough for the bot's loop: no picture is decoded and no recogniser loaded in this process.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version

import structlog

from bot_network import shown_url
from images.cache import ImageCache, Known
from images.errors import ImageError
from images.fetcher import Fetcher
from images.lines import Frame
from images.pool import WorkerPool
from images.rules import Rules, text_of_frames
from images.settings import ImagesConfig

_MAX_WAITING = 500
"""Images that may wait to be read; more are taken up when somebody asks again."""
_FETCHERS = 2
"""Threads beside those that wait for a worker."""

log = structlog.get_logger()


@dataclass(frozen=True)
class ImageTexts:
    """The texts of the images that were read; ``pending`` are still being read. No text: neither."""

    texts: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()


def rules_of(config: ImagesConfig) -> Rules:
    """The rules for lines of the configured backend."""
    backend = config.rekognition if config.backend == "rekognition" else config.rapidocr
    return Rules(backend.min_confidence, backend.corner)


def reader_key(config: ImagesConfig) -> str:
    """Names the recogniser and its version: what another one read does not hold for it."""
    try:
        release = version("rapidocr") if config.backend == "rapidocr" else "1"
    except PackageNotFoundError:
        release = "none"
    model = config.rapidocr.model.name if config.backend == "rapidocr" and config.rapidocr.model else ""
    captions = "+captions" if config.captions else ""
    return f"{config.backend}-{release}{'+' if model else ''}{model}/{config.max_frames}{captions}"


Captioner = Callable[[bytes], str]
"""A JPEG to what it shows; raises ImageError when that cannot be had now."""


class ImageReader:
    """Reads the text in images. Threads may share one."""

    def __init__(
        self,
        config: ImagesConfig,
        cache: ImageCache,
        fetcher: Fetcher,
        pool: WorkerPool,
        captioner: Captioner | None = None,
    ) -> None:
        """``captioner``: says what an image shows in which nothing is written."""
        self._captioner = captioner
        self._cache = cache
        self._fetcher = fetcher
        self._pool = pool
        self._rules = rules_of(config)
        self._reader = reader_key(config)
        self._threads = ThreadPoolExecutor(config.workers + _FETCHERS, thread_name_prefix="images")
        self._reading: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def texts_of(self, urls: Iterable[str]) -> ImageTexts:
        """The texts known so far; what is not known begins to be read. Does not wait."""
        texts: dict[str, str] = {}
        pending: set[str] = set()
        for url in dict.fromkeys(urls):
            known = self._cache.of_address(url, self._reader)
            if known is None:
                pending.add(url)
                self._begin(url)
            elif text := self._text(known):
                texts[url] = text
        return ImageTexts(texts, frozenset(pending))

    def forget_old(self) -> None:
        """Forget what was read too long ago."""
        self._cache.forget_old()

    def read_all(self, urls: Iterable[str]) -> Mapping[str, str]:
        """The texts of images, waiting until all are read or have failed."""
        wanted = list(dict.fromkeys(urls))
        for start in range(0, len(wanted), _MAX_WAITING):
            part = wanted[start : start + _MAX_WAITING]
            pending = self.texts_of(part).pending
            with self._lock:
                reading = [self._reading[url] for url in pending if url in self._reading]
            wait(reading)
        found = (self.texts_of([url]).texts for url in wanted)
        return {url: text for texts in found for url, text in texts.items()}

    def linger(self, seconds: float) -> bool:
        """Wait until an image that is being read has been read, at most so long; whether one has."""
        with self._lock:
            reading = list(self._reading.values())
        return not reading or bool(wait(reading, seconds, FIRST_COMPLETED).done)

    def _begin(self, url: str) -> None:
        with self._lock:
            if url not in self._reading and len(self._reading) < _MAX_WAITING:
                self._reading[url] = self._threads.submit(self._read, url)

    def _read(self, url: str) -> None:
        try:
            self._read_and_keep(url)
        except Exception as error:
            log.error("an image was not read", url=shown_url(url), exc_info=error)
            self._cache.keep_address_failure(url, ImageError(type(error).__name__, is_permanent=False))
        finally:
            with self._lock:
                self._reading.pop(url, None)

    def _read_and_keep(self, url: str) -> None:
        try:
            data = self._fetcher.fetch(url)
        except ImageError as error:
            log.info("image not fetched", url=shown_url(url), reason=error.reason)
            self._cache.keep_address_failure(url, error)
            return
        content = hashlib.sha256(data).hexdigest()
        if self._cache.of_content(content, self._reader) is None:
            self._recognise(data, content)
        self._cache.keep_address(url, content)

    def _recognise(self, data: bytes, content: str) -> None:
        try:
            frames = self._captioned(data, self.recognise(data))
        except ImageError as error:
            log.info("image not read", content=content[:12], reason=error.reason)
            self._cache.keep_content_failure(content, self._reader, error)
        else:
            self._cache.keep_frames(content, self._reader, frames)

    def recognise(self, data: bytes) -> tuple[Frame, ...]:
        """What a worker recognises in a file; raises ImageError."""
        return tuple(Frame.from_json(frame) for frame in self._pool.ask("read", data).fields["frames"])

    def _captioned(self, data: bytes, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        if self._captioner is None or not frames or text_of_frames(frames, self._rules):
            return frames
        caption = self._captioner(self._pool.ask("thumbnail", data).body)
        return (replace(frames[0], caption=caption), *frames[1:])

    def _text(self, known: Known) -> str:
        frames = known.frames or ()
        return text_of_frames(frames, self._rules) or next((frame.caption for frame in frames), "")

    def close(self) -> None:
        """Stop reading; what was being read is read again another time."""
        self._pool.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._cache.close()
