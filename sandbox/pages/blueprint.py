"""The pages: a blog, a post with its notes, the ask box, and the wait for an answer."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sandbox import loopback
from sandbox.api import blueprint as api
from sandbox.control import support as control
from sandbox.demo_accounts import DEMO_BLOG
from sandbox.errors import PostingError
from sandbox.markup.content import Content
from sandbox.markup.html import paragraphs
from sandbox.pages.views import PagePost, ago, page_posts, question_of
from sandbox.store import accounts, notes, posts
from sandbox.store.accounts import Blog
from sandbox.store.notes import NoteFilter
from sandbox.store.posts import Selection, StoredPost
from sandbox.views.blog import avatar_url
from sandbox.world import this_world

log = structlog.get_logger()

API_PATHS = ("/v2/", "/api/v2/")
POSTS_PER_PAGE = 10
NOTES_SHOWN = 50
BLOGS_SHOWN = 24
"""How many blogs the bar on top and the ask box offer."""
MAX_QUESTION = 4096
"""Characters, as in a text block of tumblr's."""
ANONYMOUS_CHOICE = ""
"""What the ask box sends for 'anonymous'."""

WAITING = {"submission": "waiting", "draft": "held", "queued": "queued", "private": "private"}
"""What the asker is told of an ask in each state; published is ``answered``, no such post ``gone``."""


def pages_blueprint() -> Blueprint:
    """All pages, to be mounted at the root."""
    blueprint = Blueprint("pages", __name__)
    blueprint.before_request(lambda: this_world().publish_due())
    blueprint.app_errorhandler(HTTPException)(on_error)
    blueprint.get("/")(front)
    blueprint.get("/blog/<name>")(blog_page)
    blueprint.get("/blog/<name>/post/<int:post_id>")(post_page)
    blueprint.get("/blog/<name>/post/<int:post_id>/<slug>")(post_page)
    blueprint.get("/blog/<name>/ask")(ask_page)
    blueprint.post("/blog/<name>/ask")(send_ask)
    blueprint.get("/blog/<name>/asked/<int:ask_id>")(asked_page)
    blueprint.get("/blog/<name>/asked/<int:ask_id>/status")(asked_status)
    return blueprint


def on_error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    """A page that says what went wrong; JSON where programs called."""
    if request.path.startswith(API_PATHS):
        return api.on_http_error(error)
    if request.path.startswith("/sandbox/"):
        return control.on_http_error(error)
    if error.code is None or error.code < 400:
        return error.get_response()
    return _page("error.html", error=error), error.code


def _page(template: str, **values: Any) -> str:
    with this_world().database.read() as connection:
        blogs = accounts.all_blogs(connection, BLOGS_SHOWN)
    return render_template(template, all_blogs=[blog.name for blog in blogs], picture=_picture, **values)


def _picture(name: str, size: int = 64) -> str:
    return avatar_url("", name, size)


def _blog(connection: Connection, name: str) -> Blog:
    blog = accounts.find_blog(connection, name)
    if blog is None:
        abort(404, f"There is no blog called {name}.")
    return blog


def front() -> AnyResponse | str:
    """The way to the first blog: the bot's where there is a bot."""
    if request.host.split(":")[0].endswith(".tumblr.com"):
        return render_template("bare.html", name=request.host.split(".")[0])
    with this_world().database.read() as connection:
        blog = accounts.find_blog(connection, DEMO_BLOG) or next(
            iter(accounts.all_blogs(connection, 1)), None
        )
    return _page("empty.html") if blog is None else redirect(f"/blog/{blog.name}")


def blog_page(name: str) -> str:
    """A blog's posts, newest first, some to the page."""
    number = max(1, request.args.get("page", 1, type=int))
    now = this_world().clock.now()
    with this_world().database.read() as connection:
        blog = _blog(connection, name)
        start = (number - 1) * POSTS_PER_PAGE
        found = posts.of_blog(connection, blog.id, Selection(), limit=POSTS_PER_PAGE + 1, offset=start)
        shown = page_posts(connection, found[:POSTS_PER_PAGE], now)
        waiting = posts.counts_by_state(connection, blog.id).get("submission", 0)
    more = len(found) > POSTS_PER_PAGE
    return _page("blog.html", blog=blog, posts=shown, number=number, more=more, waiting=waiting)


def post_page(name: str, post_id: int, slug: str = "") -> str:  # noqa: ARG001 - the slug is decoration
    """One post with its notes."""
    now = this_world().clock.now()
    with this_world().database.read() as connection:
        blog = _blog(connection, name)
        post = posts.get(connection, post_id)
        if post is None or post.blog_id != blog.id or post.state != "published":
            abort(404, "There is no such post here.")
        shown = page_posts(connection, [post], now)[0]
        return _page("post.html", blog=blog, post=shown, notes=_notes(connection, post, now))


def _notes(connection: Connection, post: StoredPost, now: float) -> list[dict[str, str]]:
    found = notes.of_tree(connection, post.tree_id, NoteFilter(), limit=NOTES_SHOWN)
    blogs = accounts.blogs_by_id(connection, {note.blog_id for note in found})
    return [
        {
            "kind": note.kind,
            "name": blogs[note.blog_id].name,
            "text": note.text,
            "parent": note.parent_blog or "",
            "moment": ago(note.timestamp, now),
        }
        for note in found
    ]


def ask_page(name: str, problem: str = "", question: str = "", asker: str | None = None) -> str:
    """The ask box."""
    with this_world().database.read() as connection:
        blog = _blog(connection, name)
        others = [one for one in accounts.all_blogs(connection, BLOGS_SHOWN) if one.is_primary]
        people = [one.name for one in others if one.owner_id != blog.owner_id]
    chosen = asker if asker is not None else next(iter(people), ANONYMOUS_CHOICE)
    return _page(
        "ask.html",
        blog=blog,
        people=people,
        chosen=chosen,
        problem=problem,
        question=question,
        longest=MAX_QUESTION,
    )


def send_ask(name: str) -> AnyResponse | tuple[str, int]:
    """Take a question from the ask box, and lead to where its answer will be."""
    loopback.only_from_own_pages(request)
    text = request.form.get("question", "").replace("\r\n", "\n")
    asker_name = request.form.get("asker", ANONYMOUS_CHOICE)
    if not text.strip() or len(text) > MAX_QUESTION:
        problem = f"Please write a question of up to {MAX_QUESTION} characters."
        return ask_page(name, problem, text, asker_name), 400
    world = this_world()
    try:
        with world.database.write() as connection:
            blog = _blog(connection, name)
            asker = _blog(connection, asker_name) if asker_name else None
            question = Content(html=paragraphs(text))
            ask = world.writer.ask(connection, blog, question, asker, world.clock.now())
    except PostingError as error:
        return ask_page(name, f"That did not work: {error}.", text, asker_name), 409
    log.info("asked", blog=name, asker=asker_name or "anonymous", ask=ask.id)
    return redirect(f"/blog/{name}/asked/{ask.id}", code=303)


def _find_ask(connection: Connection, blog: Blog, ask_id: int) -> tuple[str, StoredPost | None]:
    """What became of an ask: published it has another id, and remembers this one."""
    post = posts.get(connection, ask_id) or posts.get_born_as(connection, ask_id)
    if post is None or post.blog_id != blog.id or post.type != "answer":
        return "gone", None
    return WAITING.get(post.state, "answered"), post


def asked_page(name: str, ask_id: int) -> str:
    """Where an asker waits for the answer, and reads it."""
    now = this_world().clock.now()
    with this_world().database.read() as connection:
        blog = _blog(connection, name)
        state, post = _find_ask(connection, blog, ask_id)
        answer: PagePost | None = None
        if post is not None and state == "answered":
            answer = page_posts(connection, [post], now)[0]
        question = None if post is None else question_of(post)
    return _page("asked.html", blog=blog, state=state, ask_id=ask_id, question=question, answer=answer)


def asked_status(name: str, ask_id: int) -> Response:
    """What became of an ask, for the page's script."""
    with this_world().database.read() as connection:
        state, _ = _find_ask(connection, _blog(connection, name), ask_id)
    status = jsonify(state=state)
    status.cache_control.no_store = True
    return status
