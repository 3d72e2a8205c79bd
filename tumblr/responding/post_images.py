"""The texts in the images of a post: recognised, or the descriptions that their poster gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import structlog

from images.settings import ImagesConfig
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings

if TYPE_CHECKING:  # loaded only where images are read
    from images.reader import ImageReader

log = structlog.get_logger()


class PostImages:
    """Has the images of posts read, and says when they are."""

    def __init__(self, reader: ImageReader, settings: ImagesConfig, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._settings = settings
        self._clock = clock

    @classmethod
    def of(cls, bot: Bot, settings: BotSettings) -> Self | None:
        """Over the bot's reader; None when images are not read."""
        return None if bot.image_reader is None else cls(bot.image_reader, settings.images, bot.clock)

    def texts(
        self, addresses: Sequence[str], descriptions: Mapping[str, str], since: float
    ) -> Mapping[str, str] | None:
        """The texts by address; None while images are being read that have been waited for not too long.

        ``since`` is when they began to be waited for (unix seconds).
        """
        wanted = list(addresses)[-self._settings.max_images :]
        chosen = {} if self._settings.alt_text == "never" else {a: descriptions.get(a, "") for a in wanted}
        described = {address: words for address, words in chosen.items() if words}
        if self._settings.alt_text == "first":
            wanted = [address for address in wanted if address not in described]
        found = self._reader.texts_of(wanted)
        if found.pending and abs(self._clock() - since) < self._settings.post_seconds:
            return None
        if found.pending:
            log.warning("images were not read in time", images=len(found.pending))
        return {**described, **found.texts}

    def linger(self, seconds: float) -> bool:
        """Wait until some image is read, at most so long; whether one is."""
        return self._reader.linger(seconds)
