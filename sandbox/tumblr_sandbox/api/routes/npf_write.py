"""Endpoints that write posts in NPF: create (also a reblog) and edit (also an answer)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from sqlalchemy import Connection

from tumblr_sandbox import media
from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.communities import place_to_post, post_to_edit
from tumblr_sandbox.api.legacy_form import CREATE_STATES, EDIT_STATES
from tumblr_sandbox.api.params import json_document
from tumblr_sandbox.api.refusals import WRONG_TARGET, npf_refusal
from tumblr_sandbox.api.routes.write import created
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.clock import parse_date
from tumblr_sandbox.errors import BadMediaError, BadNpfError, EmptyPostError, NotThatStateError, PostingError
from tumblr_sandbox.markup import npf_check
from tumblr_sandbox.markup import npf_models as npf
from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.npf_check import Draft
from tumblr_sandbox.markup.text import blog_name_of, make_slug, split_tags
from tumblr_sandbox.media import Medium, Upload
from tumblr_sandbox.services import uploads
from tumblr_sandbox.services.posting import Changes, Written, extended_trail, reference
from tumblr_sandbox.services.uploads import Handed
from tumblr_sandbox.store import accounts, posts
from tumblr_sandbox.store.posts import StoredPost

FILM_IN_REBLOG = 8008


class PostedPost(BaseModel):
    """The body of a request. What is not known, such as a trail, is dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    content: list[Any] | None = None
    layout: list[Any] | None = None
    state: str | None = None
    publish_on: str | None = None
    date: str | None = None
    tags: str | list[str] | None = None
    source_url: str | None = Field(None, pattern=r"^(https?://.*)?$", max_length=2000)
    slug: str | None = None
    is_private: bool = False
    interactability_reblog: Literal["everyone", "noone"] | None = None
    parent_tumblelog_uuid: str | None = None
    parent_post_id: int | None = None
    reblog_key: str | None = None
    hide_trail: bool = False
    exclude_trail_items: list[int] = []

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:
        """Programs send whole forms: what is empty in them is not meant. Empty tags clear the tags."""
        if not isinstance(value, dict):
            return value
        kept = {name: one for name, one in value.items() if one != "" or name == "tags"}
        if kept.get("parent_post_id") in (0, "0"):
            del kept["parent_post_id"]
        return kept

    def split_tags(self) -> tuple[str, ...] | None:
        """The tags; none when they are not given."""
        if self.tags is None:
            return None
        return tuple(split_tags(self.tags if isinstance(self.tags, str) else ",".join(self.tags)))

    def when(self) -> int | None:
        """When it is published, or is said to have been, in unix seconds."""
        text = self.publish_on or self.date
        if not text:
            return None
        moment = parse_date(text)
        if moment is None:
            raise BadNpfError("that is no date")
        return moment

    def wanted_state(self, states: dict[str, str]) -> str | None:
        """The state by the name it is kept under; none when it is not given."""
        if not self.state:
            return None
        if self.state not in states:
            raise NotThatStateError(self.state)
        return states[self.state]


_POSTED = TypeAdapter(PostedPost)


def create(identifier: str) -> Response:
    """Write a new post, or reblog the one that ``parent_post_id`` names."""
    try:
        return _create(identifier)
    except PostingError as error:
        raise npf_refusal(error) from None


def _create(identifier: str) -> Response:
    user = support.signed_in()
    world, now = support.world(), support.now()
    posted = npf_check.validated(_POSTED, json_document(request))
    draft, handed = _read_content(posted)
    with support.writing() as connection:
        blog, author = place_to_post(connection, identifier)
        given = handed.keep(connection, user, world.limits, now)
        written = replace(_written(posted, _final(connection, draft, given, now)), author=author)
        if posted.parent_post_id is None:
            if written.content.is_empty():
                raise EmptyPostError
            post = world.writer.create(connection, blog, written, now)
        else:
            parent, hidden = _parent(connection, posted), _hidden(connection, posted)
            written = replace(written, details={}, hidden=hidden)
            post = world.writer.reblog(connection, blog, parent, written, now)
    told = created(blog, post)
    return envelope.answer(
        {"id": told["id_string"], "state": told["state"], "display_text": told["display_text"]}, 201
    )


def edit(identifier: str, post_id: int) -> Response:
    """Replace what a post says; what is not named stays. An ask is answered like this too."""
    try:
        return _edit(identifier, post_id)
    except PostingError as error:
        raise npf_refusal(error) from None


def _edit(identifier: str, post_id: int) -> Response:
    user = support.signed_in()
    world, now = support.world(), support.now()
    posted = npf_check.validated(_POSTED, json_document(request))
    draft, handed = _read_content(posted)
    with support.writing() as connection:
        blog, post = post_to_edit(connection, identifier, post_id)
        if not _may_be_edited(post):
            raise BadNpfError("a post of this type cannot be edited so")
        given = handed.keep(connection, user, world.limits, now)
        content = None if posted.content is None else _final(connection, draft, given, now)
        post = world.writer.edit(connection, blog, post, _changes(posted, post, content), now)
    return envelope.answer({"id": str(post.id)})


def _may_be_edited(post: StoredPost) -> bool:
    return post.is_reblog or post.content.made_in_npf or post.type in ("text", "answer")


def _changes(posted: PostedPost, post: StoredPost, content: Content | None) -> Changes:
    state = posted.wanted_state(EDIT_STATES)
    if posted.is_private and post.is_ask:
        state = "private"
    allowed = posted.interactability_reblog
    return Changes(
        content=content,
        # A title is a block of its own here.
        title="" if content is not None and not post.is_reblog else None,
        state=state,
        tags=posted.split_tags(),
        slug=posted.slug or None,
        date=posted.when(),
        reblogs_allowed=None if allowed is None else allowed == "everyone",
    )


def _written(posted: PostedPost, content: Content) -> Written:
    return Written(
        content=content,
        state=posted.wanted_state(CREATE_STATES) or "published",
        details={"source_url": posted.source_url} if posted.source_url else {},
        tags=posted.split_tags() or (),
        slug=make_slug(posted.slug) if posted.slug else None,
        date=posted.when(),
        reblogs_allowed=posted.interactability_reblog != "noone",
    )


def _parent(connection: Connection, posted: PostedPost) -> StoredPost:
    """The post that is reblogged; its blog and its key must fit."""
    parent = posts.get(connection, posted.parent_post_id or 0)
    blog = accounts.find_place(connection, blog_name_of(posted.parent_tumblelog_uuid or ""))
    fits = parent is not None and blog is not None and parent.blog_id == blog.id
    if parent is None or not fits or parent.reblog_key != posted.reblog_key:
        raise BadNpfError("no post has this id and key", WRONG_TARGET)
    if any(isinstance(block, dict) and block.get("type") == "video" for block in posted.content or ()):
        raise BadNpfError("a reblog holds no films", FILM_IN_REBLOG)
    return parent


def _hidden(connection: Connection, posted: PostedPost) -> frozenset[int]:
    """Which places of the trail are left out."""
    if not posted.hide_trail:
        return frozenset(posted.exclude_trail_items)
    parent = _parent(connection, posted)
    blog = accounts.blogs_by_id(connection, {parent.blog_id})[parent.blog_id]
    return frozenset(range(len(extended_trail(parent, reference(parent, blog)))))


# Content


def _read_content(posted: PostedPost) -> tuple[Draft, Handed]:
    """The checked blocks, and the files that they name, in order."""
    draft = npf_check.read(posted.content, posted.layout)
    files = [
        _file(given) for block in draft.blocks for given in (_media_of(block), *_posters_of(block)) if given
    ]
    return draft, Handed(tuple(files))


def _media_of(block: npf.Posted) -> list[npf.GivenMedium]:
    """The media of a block that name a file of the sandbox's."""
    if isinstance(block, npf.Image):
        return block.media
    if isinstance(block, npf.Recording) and any(m.identifier or m.media_key for m in block.media or ()):
        return block.media or []
    return []


def _posters_of(block: npf.Posted) -> list[list[npf.GivenMedium]]:
    """The posters of a block that name a file of the sandbox's, each alone."""
    posters: list[npf.GivenMedium] = getattr(block, "poster", None) or []
    return [[one] for one in posters if one.identifier or one.media_key]


def _file(given: list[npf.GivenMedium]) -> Upload | str:
    """The file that a block's media name: a part of the request, a key, or an address."""
    for one in given:
        if one.identifier is not None:
            part = request.files.get(one.identifier)
            if part is None:
                raise BadMediaError(f"no part is called {one.identifier}")
            data = part.read()
            return media.read_recording_or_image(data)
        if one.media_key:
            return one.media_key
    url = next((one.url for one in given if one.url), None)
    if url is None:
        raise BadMediaError("the media name no file")
    return uploads.named(url)


def _final(connection: Connection, draft: Draft, given: list[Medium], now: float) -> Content:
    """The content that is kept: media looked up, blogs named."""
    files = iter(given)
    blocks = []
    for block in draft.blocks:
        kept = _with_file(block, next(files)) if _media_of(block) else _plain(connection, block, now)
        own = [next(files) for _ in _posters_of(block)]
        blocks.append(_with_posters(kept, own) if own else kept)
    return draft.content(blocks)


def _with_posters(block: dict[str, Any], own: list[Medium]) -> dict[str, Any]:
    """A block with its posters: those that lie elsewhere, then those that lie here."""
    if any(not medium.width for medium in own):
        raise BadMediaError("a poster is a picture")
    elsewhere = [one for one in block["poster"] if not (one.get("identifier") or one.get("media_key"))]
    return {**block, "poster": [*elsewhere, *(medium.npf()[0] for medium in own)]}


def _with_file(block: npf.Posted, medium: Medium) -> dict[str, Any]:
    kept = block.block()
    if kept["type"] == "image":
        if not medium.width:
            raise BadMediaError("the file is no picture")
        return {**kept, "media": medium.npf()}
    if not medium.type.startswith(kept["type"]):
        raise BadMediaError(f"the file is no {kept['type']}")
    return {
        **kept,
        "provider": "tumblr",
        "url": medium.url,
        "media": {"url": medium.url, "type": medium.type},
    }


def _plain(connection: Connection, block: npf.Posted, now: float) -> dict[str, Any]:
    kept = block.block()
    if isinstance(block, npf.Poll):
        made = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
        return {**_named_poll(kept), "created_at": made, "timestamp": int(now)}
    if isinstance(block, npf.Recording) and block.media:
        # A file of another site's: what is said of it is kept, as nothing is fetched from there.
        kept["media"] = kept["media"][0]
    for entry in kept.get("formatting", ()):
        if entry["type"] == "mention":
            entry["blog"] = _named_blog(connection, entry["blog"]["uuid"])
    return kept


def _named_poll(poll: dict[str, Any]) -> dict[str, Any]:
    """A poll with an id on itself and on each answer."""
    answers = [{"client_id": _client_id(), **answer} for answer in poll["answers"]]
    return {"client_id": _client_id(), **poll, "answers": answers}


def _client_id() -> str:
    return str(uuid.UUID(int=support.world().rng.getrandbits(128), version=4))


def _named_blog(connection: Connection, blog_uuid: str) -> dict[str, str]:
    blog = accounts.find_blog(connection, blog_uuid) if blog_uuid.startswith("t:") else None
    if blog is None:
        raise BadNpfError("no blog has this uuid")
    return {"uuid": blog.uuid, "name": blog.name, "url": blog_url(blog.name)}


ROUTES: tuple[Route, ...] = (
    ("POST", "/blog/<identifier>/posts", create),
    ("PUT", "/blog/<identifier>/posts/<int:post_id>", edit),
)
