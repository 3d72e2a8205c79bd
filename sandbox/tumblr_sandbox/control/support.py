"""How the control face reads requests, shows posts and notes, and words its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Response, abort, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from tumblr_sandbox.markup.content import Content, post_url
from tumblr_sandbox.records import NoteRecord, PostRecord
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.notes import Note
from tumblr_sandbox.store.posts import StoredPost

Model = TypeVar("Model", bound=BaseModel)


def body(model: type[Model], base: Mapping[str, Any] | None = None) -> Model:
    """The request's JSON as a model, laid over ``base``; 400 with every mistake named."""
    given = request.get_json()
    if not isinstance(given, dict):
        abort(400, "the body must be a JSON object")
    try:
        return model.model_validate({**(base or {}), **given})
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        abort(400, "; ".join(mistakes))


def _refuse(status: int, message: str) -> Response:
    refused = jsonify(error=message)
    refused.status_code = status
    return refused


def on_http_error(error: HTTPException) -> Response:
    """A refusal as JSON."""
    return _refuse(error.code or 500, error.description or error.name)


def on_refusal(error: Exception) -> Response:
    """Something that cannot be done as asked."""
    return _refuse(409, str(error))


def post_record(post: StoredPost, blog: Blog) -> PostRecord:
    asker = post.details.get("asker")
    question = post.details.get("question")
    return PostRecord(
        id=str(post.id),
        blog=blog.name,
        state=post.state,
        type=post.type,
        genesis_id=None if post.genesis_id is None else str(post.genesis_id),
        title=post.title,
        html=post.content.as_html(),
        text=post.content.as_text(),
        question=None if question is None else Content.from_json(question).as_text(),
        asker=None if asker is None else asker["name"],
        anonymous=question is not None and asker is None,
        tags=list(post.tags),
        reblog_key=post.reblog_key,
        parent_id=None if post.parent is None else str(post.parent.id),
        root_id=str(post.tree_id),
        timestamp=post.timestamp,
        scheduled=post.scheduled,
        url=post_url(blog.name, post.id, post.slug),
    )


def note_record(note: Note, blog: Blog) -> NoteRecord:
    return NoteRecord(
        kind=note.kind,
        blog=blog.name,
        timestamp=note.timestamp,
        post_id=None if note.post_id is None else str(note.post_id),
        text=note.text,
    )
