"""Posts that are about what they show: a language model learns little from their words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from munging.payload import is_npf
from training.settings import CorpusConfig
from tumblr.api.payload_forms import legacy_words, npf_words

_GIF = re.compile(r"https?:[^\s\"'<>]+\.gif", re.IGNORECASE)


def what_it_shows(payload: Mapping[str, object], key: str, settings: CorpusConfig) -> str | None:
    """The reason to leave a post out for what it shows; None to keep it.

    Of posts with images a share is kept. The draw is made by ``key``, so it is the same in every run.
    """
    words = npf_words(payload) if is_npf(payload) else legacy_words(payload)
    if settings.exclude_videos and words.has_video:
        return "video"
    if settings.exclude_gifs and _GIF.search(json.dumps(payload).replace("\\/", "/")):
        return "gif"
    if settings.most_images is not None and words.images > settings.most_images:
        return "many_images"
    if words.images and _draw(key) >= settings.share_with_images:
        return "image_draw"
    return None


def _draw(key: str) -> float:
    """A number from 0 to 1 that belongs to a post."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
