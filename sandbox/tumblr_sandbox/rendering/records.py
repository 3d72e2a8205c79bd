"""Posts and notes as the control face shows them."""

from __future__ import annotations

from tumblr_sandbox.markup.content import Content, post_url
from tumblr_sandbox.records import NoteRecord, PostRecord
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.notes import Note
from tumblr_sandbox.store.posts import StoredPost


def post_record(post: StoredPost, blog: Blog) -> PostRecord:
    """A post as the control face shows it."""
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
    """A note as the control face shows it."""
    return NoteRecord(
        kind=note.kind,
        blog=blog.name,
        timestamp=note.timestamp,
        post_id=None if note.post_id is None else str(note.post_id),
        text=note.text,
    )
