"""The ask box, the wait for an answer, and what became of the questions asked in this browser."""

from __future__ import annotations

import structlog
from flask import Response, jsonify, redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.views import FATES, PagePost, Voice, ago, page_posts, question_of
from tumblr_sandbox.store import accounts, posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

log = structlog.get_logger()

MAX_QUESTION = 4096
"""Characters, as in a text block of tumblr's."""


def ask_page(name: str, problem: str = "", question: str = "") -> str:
    with this_world().database.read() as connection:
        return layout.page(
            connection,
            "ask.html",
            blog=layout.blog_named(connection, name),
            problem=problem,
            question=question,
            longest=MAX_QUESTION,
            anonymous="anonymous" in request.form,
        )


def send_ask(name: str) -> AnyResponse | tuple[str, int]:
    """Take a question from the ask box, and lead to where its answer will be."""
    text = request.form.get("question", "").replace("\r\n", "\n")
    if not text.strip() or len(text) > MAX_QUESTION:
        return ask_page(name, f"Please write a question of up to {MAX_QUESTION} characters.", text), 400
    world = this_world()
    try:
        with world.database.write() as connection:
            blog = layout.blog_named(connection, name)
            asker = None if "anonymous" in request.form else session.me(connection)
            question = Content(html=paragraphs(text))
            ask = world.writer.ask(connection, blog, question, asker, world.clock.now())
    except PostingError as error:
        return ask_page(name, f"That did not work: {error}.", text), 409
    session.remember_ask(blog.name, ask.id)
    log.info("asked", blog=name, asker="anonymous" if asker is None else asker.name, ask=ask.id)
    return redirect(f"/blog/{blog.name}/asked/{ask.id}", code=303)


def find_ask(connection: Connection, blog: Blog, ask_id: int) -> tuple[str, StoredPost | None]:
    """What became of an ask: published it has another id, and remembers this one."""
    post = posts.get(connection, ask_id) or posts.get_born_as(connection, ask_id)
    if post is None or post.blog_id != blog.id or post.type != "answer":
        return "gone", None
    return FATES.get(post.state, "answered"), post


def asked_page(name: str, ask_id: int) -> str:
    """Where an asker waits for the answer, and reads it."""
    now = this_world().clock.now()
    with this_world().database.read() as connection:
        blog, mine = layout.blog_named(connection, name), session.me(connection)
        fate, post = find_ask(connection, blog, ask_id)
        answer: PagePost | None = None
        if post is not None and fate == "answered":
            answer = page_posts(connection, [post], now, mine, whole=True)[0]
        question = None if post is None else question_of(post)
        return layout.page(
            connection,
            "asked.html",
            blog=blog,
            fate=fate,
            ask_id=ask_id,
            question=question,
            answer=answer,
            keeper=mine is not None and mine.owner_id == blog.owner_id,
        )


def asked_status(name: str, ask_id: int) -> Response:
    """What became of an ask, for the page's script."""
    with this_world().database.read() as connection:
        fate, _ = find_ask(connection, layout.blog_named(connection, name), ask_id)
    status = jsonify(state=fate)
    status.cache_control.no_store = True
    return status


def questions_page() -> str:
    """What this browser asked, and what became of it."""
    now = this_world().clock.now()
    with this_world().database.read() as connection:
        listed: list[tuple[Blog, str, int, Voice | None, str]] = []
        for name, ask_id in session.asks():
            blog = accounts.find_blog(connection, name)
            if blog is None:
                continue
            fate, post = find_ask(connection, blog, ask_id)
            question = None if post is None else question_of(post)
            listed.append((blog, fate, ask_id, question, "" if post is None else ago(post.timestamp, now)))
        bot = accounts.find_blog(connection, DEMO_BLOG)
        return layout.page(connection, "questions.html", questions=listed, bot=bot)
