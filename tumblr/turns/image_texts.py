"""Images in what a turn is about: which there are, and their texts put in once they are recognised.

A turn is written down before its images are read. Its texts hold a numbered block for each image, and its
input the addresses; when the turn is begun, the blocks become the recognised texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from munging.images import ImagePlaces, alt_texts, with_image_texts
from munging.thread import Thread

ADDRESSES, DESCRIPTIONS = "images", "alt_texts"
_TEXTS = ("question", "prompt", "text", "said")
"""Fields of an input that may hold blocks of images."""


def image_fields(places: ImagePlaces | None, payload: object) -> dict[str, Any]:
    """What an input has to say of the images that were met; nothing when there are none."""
    if places is None or not places.addresses:
        return {}
    descriptions = alt_texts(payload)
    known = {address: descriptions[address] for address in places.addresses if address in descriptions}
    return {ADDRESSES: list(places.addresses), DESCRIPTIONS: known}


def with_texts(turn_input: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """An input with the texts of its images, by address, in place of their blocks."""
    addresses = turn_input[ADDRESSES]
    rest = {name: value for name, value in turn_input.items() if name not in (ADDRESSES, DESCRIPTIONS)}
    said = {name: str(rest[name]) for name in _TEXTS if name in rest}
    return {**rest, **{name: with_image_texts(text, addresses, texts) for name, text in said.items()}}


def thread_with_texts(thread: Thread, addresses: Sequence[str], texts: Mapping[str, str]) -> Thread:
    """A thread with the texts of its images in place of their blocks."""
    posts = (replace(post, text=with_image_texts(post.text, addresses, texts)) for post in thread.posts)
    return replace(thread, posts=tuple(posts))
