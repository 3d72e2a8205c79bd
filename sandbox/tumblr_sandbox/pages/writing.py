"""Pages to write on: new posts, reblogs, edits and answers, and the question whether to delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.errors import BadMediaError, PostingError
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import MAX_TEXT_BYTES
from tumblr_sandbox.media import read_image
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.compose import TEXT, content_of, tags_of, typed_from
from tumblr_sandbox.pages.views import page_posts
from tumblr_sandbox.services.posting import MOVES, Changes, Written
from tumblr_sandbox.services.uploads import MAX_PICTURES, Handed
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store.accounts import Blog, User
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

MAX_TITLE = 500
STATE_WORDS = {
    "published": "Post now",
    "queued": "Add to queue",
    "draft": "Save as draft",
    "private": "Post privately",
    "submission": "Put back into the inbox",
}
WHERE = {
    "published": "Posted.",
    "queued": "Added to the queue.",
    "draft": "Saved as a draft.",
    "private": "Posted privately.",
    "submission": "Put back into the inbox.",
}
PLACES = {"queued": "/queue", "draft": "/drafts", "submission": "/inbox"}
NEW_STATES = ("published", "queued", "draft", "private")

Page = Response | str | tuple[str, int]
Action = Callable[[Connection, Blog, "Typed"], StoredPost]


@dataclass(frozen=True)
class Typed:
    """What a form holds: what was typed, or what there is to change."""

    title: str = ""
    body: str = ""
    form: str = TEXT
    tags: str = ""
    state: str = "published"

    @classmethod
    def from_request(cls) -> Typed:
        """What was sent."""
        sent = request.form
        return cls(
            title=sent.get("title", "").strip(),
            body=sent.get("body", ""),
            form=sent.get("form", TEXT),
            tags=sent.get("tags", ""),
            state=sent.get("state", "published"),
        )

    @classmethod
    def from_post(cls, post: StoredPost) -> Typed:
        """What a post says now."""
        body, form = typed_from(post.content)
        state = "published" if post.state == "submission" else post.state
        return cls(post.title or "", body, form, ", ".join(post.tags), state)

    def problem(self, states: tuple[str, ...]) -> str:
        """What is wrong with it, in a sentence; nothing when it can be tried."""
        if len(self.title) > MAX_TITLE:
            return f"A title has up to {MAX_TITLE} characters."
        if len(self.body.encode()) > MAX_TEXT_BYTES:
            return "This is too long for one post."
        return "" if self.state in states else "Please choose what to do with it."


def new_post() -> Page:

    def create(connection: Connection, mine: Blog, typed: Typed) -> StoredPost:
        world = this_world()
        pictures = _pictures(connection, mine)
        written = Written(
            content=_content(connection, typed),
            type="photo" if pictures else "text",
            details={"photos": pictures} if pictures else {},
            title=None if pictures else typed.title,
            tags=tags_of(typed.tags),
            state=typed.state,
        )
        return world.writer.create(connection, mine, written, world.clock.now())

    with this_world().database.read() as connection:
        mine = session.me(connection)
    if mine is None:
        return layout.ask_who()
    return _form(mine, "New post", Typed(), NEW_STATES, create, parent=None, titled=True)


def reblog(post_id: int) -> Page:
    """Reblog a post, with or without words."""

    def add(connection: Connection, mine: Blog, typed: Typed) -> StoredPost:
        world = this_world()
        written = Written(content=_content(connection, typed), tags=tags_of(typed.tags), state=typed.state)
        parent = layout.post_numbered(connection, post_id)
        return world.writer.reblog(connection, mine, parent, written, world.clock.now())

    with this_world().database.read() as connection:
        mine, parent = session.me(connection), layout.post_numbered(connection, post_id)
    if mine is None:
        return layout.ask_who()
    return _form(mine, "Reblog", Typed(), NEW_STATES, add, parent=parent, titled=False)


def edit(post_id: int) -> Page:
    """Change a post, or answer an ask."""

    def change(connection: Connection, mine: Blog, typed: Typed) -> StoredPost:
        world = this_world()
        changes = Changes(
            content=_content(connection, typed)
            if typed.body != before.body or typed.form != before.form
            else None,
            title=typed.title if titled else None,
            tags=tags_of(typed.tags),
            state=typed.state,
        )
        post = layout.own_post(connection, post_id, mine)
        return world.writer.edit(connection, mine, post, changes, world.clock.now())

    with this_world().database.read() as connection:
        mine = session.me(connection)
        if mine is None:
            return layout.ask_who()
        post = layout.own_post(connection, post_id, mine)
    before, titled = Typed.from_post(post), post.type == "text" and not post.is_reblog
    moves = MOVES[post.state] - (set() if post.is_ask else {"submission"})
    stay = () if post.state == "submission" else (post.state,)
    states = (*stay, *(state for state in STATE_WORDS if state in moves))
    name = "Answer" if post.state == "submission" and post.is_ask else "Edit"
    return _form(mine, name, before, states, change, parent=None if titled else _bare(post), titled=titled)


def _bare(post: StoredPost) -> StoredPost:
    """What stands above the words that are being changed: all but these."""
    return replace(post, content=Content(), tags=())


def _pictures(connection: Connection, mine: Blog) -> list[dict[str, object]]:
    """The pictures that came with the form, kept."""
    files = [sent.read() for sent in request.files.getlist("photos") if sent.filename]
    if len(files) > MAX_PICTURES:
        raise BadMediaError(f"a post has {MAX_PICTURES} pictures at most")
    world, owner = this_world(), User(mine.owner_id, mine.name)
    handed = Handed(tuple(read_image(data) for data in files))
    return [dict(vars(medium)) for medium in handed.keep(connection, owner, world.limits, world.clock.now())]


def _content(connection: Connection, typed: Typed) -> Content:
    return content_of(typed.body, typed.form, lambda name: accounts.find_blog(connection, name) is not None)


def _form(
    mine: Blog,
    name: str,
    before: Typed,
    states: tuple[str, ...],
    action: Action,
    *,
    parent: StoredPost | None,
    titled: bool,
) -> Page:
    """The form, or what came of it."""
    typed, problem = before, ""
    world = this_world()
    if request.method == "POST":
        typed = Typed.from_request()
        problem = typed.problem(states)
        if not problem:
            try:
                with world.database.write() as connection:
                    return _done(action(connection, mine, typed), mine)
            except PostingError as error:
                problem = str(error)[:1].upper() + str(error)[1:]
    with world.database.read() as connection:
        above = [] if parent is None else page_posts(connection, [parent], world.clock.now(), mine)
        html = layout.page(
            connection,
            "write.html",
            name=name,
            typed=typed,
            problem=problem,
            states=states,
            words=STATE_WORDS,
            titled=titled,
            parent=parent,
            above=above[0] if above else None,
            longest_title=MAX_TITLE,
            back=layout.back_path(),
        )
    return (html, 400) if problem else html


def _done(post: StoredPost, mine: Blog) -> Response:
    place = PLACES.get(post.state, f"/blog/{mine.name}/post/{post.id}")
    session.tell(WHERE[post.state], f"/blog/{mine.name}/post/{post.id}" if post.state == "published" else "")
    wanted = layout.back_path()
    return redirect(wanted if wanted != "/" and post.state == "published" else place, code=303)
