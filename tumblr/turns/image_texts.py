"""Images in what a turn is about: which there are, and their texts put in once they are recognised.

A turn is written down before its images are read. Its texts hold a numbered block for each image, and its
input the addresses; when the turn is begun, the blocks become the recognised texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from munging.images import with_image_texts
from munging.thread import Thread


def image_fields(addresses: Sequence[str], descriptions: Mapping[str, str]) -> dict[str, Any]:
    """The fields of an input that tell of the images that were met; none when there are none."""
    if not addresses:
        return {}
    known = {address: descriptions[address] for address in addresses if address in descriptions}
    return {"images": tuple(addresses), "alt_texts": known}


def thread_with_texts(thread: Thread, addresses: Sequence[str], texts: Mapping[str, str]) -> Thread:
    """A thread with the texts of its images in place of their blocks."""
    posts = (replace(post, text=with_image_texts(post.text, addresses, texts)) for post in thread.posts)
    return replace(thread, posts=tuple(posts))
