"""Writing to a blog: what a writer does, and the one that writes HTML through tumblr's legacy endpoints.

A process that must not change anything is given no ``TumblrWriter``, and there is no other way to write.
``block_writer.py`` has the other one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tumblr.api.client import full_blog_name
from tumblr.api.errors import MalformedAnswer, PicturesRefused
from tumblr.api.models import normal_id
from tumblr.api.transport import UncheckedClient, Writes


@dataclass(frozen=True)
class Writing:
    """What is written into a post: HTML, tags, and the state that it is to have."""

    html: str
    tags: Sequence[str]
    state: str
    figures: Mapping[str, bytes] = field(default_factory=dict)
    """PNGs that go along with the post, by name: the HTML shows them under ``cid:NAME``."""


@dataclass(frozen=True)
class ReblogTarget:
    """The post that is reblogged: its blog, its id, its key."""

    blog: str
    post_id: str
    reblog_key: str


class TumblrWriter(ABC):
    """Changes one blog's posts. Whoever holds no such object cannot change anything.

    The answer to every write holds the id that the post has now, as a string. All raise the errors of
    ``tumblr.api.errors``.
    """

    takes_figures: bool
    """Whether pictures go along with a post. Otherwise they are uploaded before."""

    def __init__(self, request: Writes, blog: str) -> None:
        self._client = UncheckedClient(request)
        self.blog = full_blog_name(blog)

    @abstractmethod
    def create(self, post: Writing) -> Mapping[str, Any]:
        """Create a post; the answer holds its state."""

    @abstractmethod
    def create_photo(self, post: Writing, png: bytes) -> Mapping[str, Any]:
        """Create a post that is a picture with a caption; the answer holds its state."""

    @abstractmethod
    def reblog(self, target: ReblogTarget, post: Writing) -> Mapping[str, Any]:
        """Reblog a post of any blog; the answer holds the reblog's state."""

    @abstractmethod
    def answer(self, ask_id: str, post: Writing) -> Mapping[str, Any]:
        """Make an ask into its answer."""

    @abstractmethod
    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change an own post or ask: its ``tags`` (separated by commas), ``state`` or ``answer``."""

    @abstractmethod
    def upload(self, pngs: Sequence[bytes], tags: Sequence[str]) -> str:
        """Create a draft with pictures, for their addresses; its id. Only where none go along with a post."""

    def delete(self, post_id: str) -> None:
        """Delete an own post or ask."""
        self._post("post/delete", {"id": post_id})

    def _post(self, path: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        # Not by pytumblr's own methods: they send an empty list of tags as the tag "[]".
        return written(self._client.send_api_request("post", f"/v2/blog/{self.blog}/{path}", fields))


class HtmlWriter(TumblrWriter):
    """Writes posts as HTML."""

    takes_figures = False

    def create(self, post: Writing) -> Mapping[str, Any]:
        """Create a text post."""
        return self._post("post", {"type": "text", "body": _html(post), **_fields(post)})

    def create_photo(self, post: Writing, png: bytes) -> Mapping[str, Any]:
        return self._create_photos({"caption": _html(post), **_fields(post)}, [png])

    def reblog(self, target: ReblogTarget, post: Writing) -> Mapping[str, Any]:
        """Reblog a post; its blog is not asked for."""
        whom = {"id": target.post_id, "reblog_key": target.reblog_key}
        return self._post("post/reblog", {**whom, "comment": _html(post), **_fields(post)})

    def answer(self, ask_id: str, post: Writing) -> Mapping[str, Any]:
        """Give an ask an answer, tags and a new state."""
        return self.edit(ask_id, {"answer": _html(post), **_fields(post)})

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change fields; what is not named stays."""
        return self._post("post/edit", {"id": post_id, **fields})

    def upload(self, pngs: Sequence[bytes], tags: Sequence[str]) -> str:
        """Create a photo draft."""
        return str(self._create_photos({"tags": ",".join(tags), "state": "draft"}, pngs)["id"])

    def _create_photos(self, fields: Mapping[str, str], pngs: Sequence[bytes]) -> Mapping[str, Any]:
        files = {
            "data" if len(pngs) == 1 else f"data[{number}]": (f"image{number}.png", png)
            for number, png in enumerate(pngs)
        }
        return written(self._client.upload(f"/v2/blog/{self.blog}/post", {"type": "photo", **fields}, files))


def _html(post: Writing) -> str:
    if post.figures:  # planned when posts were written as blocks
        raise PicturesRefused("posts that are written as HTML take no pictures along")
    return post.html


def _fields(post: Writing) -> dict[str, str]:
    return {"tags": ",".join(post.tags), "state": post.state}


def written(response: object) -> Mapping[str, Any]:
    """The answer to a write, its id a string; raises MalformedAnswer for any other."""
    if not isinstance(response, Mapping):
        raise MalformedAnswer("tumblr's answer to a write is not an object")
    return {**response, "id": normal_id(response.get("id_string") or response.get("id"))}
