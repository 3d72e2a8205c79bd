"""The control face: what only the sandbox can do. JSON in and out, for programs on this machine.

Here: accounts, what people do, and looking. The switches are in ``control_switches``.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import Connection
from werkzeug.exceptions import HTTPException

from tumblr_sandbox import loopback
from tumblr_sandbox.control import messages, switches
from tumblr_sandbox.control.support import body, note_record, on_http_error, on_refusal, post_record
from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs, sanitise
from tumblr_sandbox.services import communities, interactions, signup
from tumblr_sandbox.services.posting import Written
from tumblr_sandbox.services.signup import NameTakenError
from tumblr_sandbox.store import accounts, notes, posts
from tumblr_sandbox.store.accounts import Blog, BlogSettings
from tumblr_sandbox.store.notes import NoteFilter
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

log = structlog.get_logger()

ALL_POSTS = 100_000


def control_blueprint() -> Blueprint:
    """The whole control face, to be mounted at ``/sandbox``."""
    blueprint = Blueprint("control", __name__)
    blueprint.before_request(lambda: loopback.only_from_here(request))
    blueprint.register_error_handler(HTTPException, on_http_error)
    blueprint.register_error_handler(PostingError, on_refusal)
    blueprint.register_error_handler(NameTakenError, on_refusal)
    blueprint.get("/users")(list_users)
    blueprint.post("/users")(create_user)
    blueprint.post("/blogs")(create_blog)
    blueprint.post("/communities")(create_community)
    blueprint.patch("/blogs/<name>")(change_blog)
    blueprint.get("/blogs/<name>/posts")(list_posts)
    blueprint.get("/posts/<int:post_id>/notes")(list_notes)
    blueprint.post("/asks")(ask)
    blueprint.post("/submissions")(submit)
    blueprint.post("/posts")(post)
    blueprint.post("/reblogs")(reblog)
    blueprint.post("/replies")(reply)
    blueprint.post("/likes")(like)
    blueprint.post("/follows")(follow)
    blueprint.post("/blocks")(block)
    switches.add_routes(blueprint)
    return blueprint


def _blog(connection: Connection, name: str) -> Blog:
    blog = accounts.find_blog(connection, name)
    if blog is None:
        abort(404, f"no blog {name}")
    return blog


def _post(connection: Connection, post_id: int) -> StoredPost:
    found = posts.get(connection, post_id)
    if found is None:
        abort(404, f"no post {post_id}")
    return found


def list_users() -> Response:
    with this_world().database.read() as connection:
        return jsonify(users=[user.name for user in accounts.all_users(connection)])


def create_user() -> Response:
    """Make a user; the answer is the key set, in the clear."""
    wanted, world = body(messages.NewUser), this_world()
    keys = wanted.keys or signup.random_keys(world.rng)
    settings = BlogSettings(title=wanted.title)
    with world.database.write() as connection:
        signup.make_user(
            connection, wanted.name, keys, now=world.clock.now(), rng=world.rng, settings=settings
        )
    names = ("consumer_key", "consumer_secret", "oauth_token", "oauth_secret")
    return jsonify(dict(zip(names, keys.strings(), strict=True)))


def create_blog() -> Response:
    """Give a user one more blog."""
    wanted, world = body(messages.NewBlog), this_world()
    settings = BlogSettings(title=wanted.title)
    with world.database.write() as connection:
        owner = accounts.find_user(connection, wanted.user)
        if owner is None:
            abort(404, f"no user {wanted.user}")
        signup.make_blog(
            connection, owner, wanted.name, now=world.clock.now(), rng=world.rng, settings=settings
        )
    return jsonify(name=wanted.name)


def create_community() -> Response:
    """Make a community with its first admin and members."""
    wanted, world = body(messages.NewCommunity), this_world()
    now = world.clock.now()
    with world.database.write() as connection:
        made = communities.make(
            connection,
            _blog(connection, wanted.admin),
            wanted.name,
            now=now,
            rng=world.rng,
            title=wanted.title,
            description=wanted.description,
            settings=wanted.settings,
        )
        for name in wanted.members:
            owner_id = _blog(connection, name).owner_id
            if owner_id != made.blog.owner_id:
                communities.admit(connection, made, owner_id, now)
    return jsonify(name=made.handle, uuid=made.blog.uuid, invite_hash=made.invite_hash)


def change_blog(name: str) -> Response:
    """Change some of a blog's settings."""
    with this_world().database.write() as connection:
        blog = _blog(connection, name)
        settings = body(BlogSettings, base=blog.settings.model_dump())
        accounts.save_settings(connection, blog, settings)
    return jsonify(settings.model_dump())


def list_posts(name: str) -> Response:
    """The posts of a blog, or of ``@@community``, in any state or in one; newest id first."""
    state = request.args.get("state")
    with this_world().database.read() as connection:
        blog = accounts.find_place(connection, name) or _blog(connection, name)
        found = posts.by_newest_id(connection, blog.id, state, limit=ALL_POSTS)
        return jsonify(posts=[post_record(one, blog).model_dump() for one in found])


def list_notes(post_id: int) -> Response:
    """All notes of a post's tree, newest first."""
    with this_world().database.read() as connection:
        found = notes.of_tree(connection, _post(connection, post_id).tree_id, NoteFilter(), limit=ALL_POSTS)
        blogs = accounts.blogs_by_id(connection, {note.blog_id for note in found})
        shown = [note_record(note, blogs[note.blog_id]).model_dump() for note in found]
        return jsonify(notes=shown)


def _made(post_id: int) -> Response:
    return jsonify(id=str(post_id))


def ask() -> Response:
    """Put a question into a blog's inbox."""
    wanted, world = body(messages.NewAsk), this_world()
    question = Content(html=sanitise(wanted.question) if wanted.html else paragraphs(wanted.question))
    with world.database.write() as connection:
        asker = None if wanted.asker is None else _blog(connection, wanted.asker)
        target = _blog(connection, wanted.blog)
        made = world.writer.ask(connection, target, question, asker, world.clock.now())
    log.info("asked", blog=wanted.blog, asker=wanted.asker or "anonymous", ask=made.id)
    return _made(made.id)


def submit() -> Response:
    """Hand in a text post."""
    wanted, world = body(messages.NewSubmission), this_world()
    written = Written(content=Content(html=sanitise(wanted.html)), title=wanted.title)
    with world.database.write() as connection:
        author = None if wanted.author is None else _blog(connection, wanted.author)
        blog = _blog(connection, wanted.blog)
        return _made(world.writer.submit(connection, blog, written, author, world.clock.now()).id)


def post() -> Response:
    """Write a text post."""
    wanted, world = body(messages.NewPost), this_world()
    written = Written(
        content=Content(html=sanitise(wanted.html)),
        title=wanted.title,
        tags=tuple(wanted.tags),
        state=wanted.state,
    )
    with world.database.write() as connection:
        blog = _blog(connection, wanted.blog)
        return _made(world.writer.create(connection, blog, written, world.clock.now()).id)


def reblog() -> Response:
    wanted, world = body(messages.NewReblog), this_world()
    written = Written(content=Content(html=sanitise(wanted.html)), tags=tuple(wanted.tags))
    with world.database.write() as connection:
        blog, parent = _blog(connection, wanted.blog), _post(connection, wanted.post_id)
        return _made(world.writer.reblog(connection, blog, parent, written, world.clock.now()).id)


def _done(**more: Any) -> Response:
    return jsonify(done=True, **more)


def reply() -> Response:
    wanted, world = body(messages.NewReply), this_world()
    with world.database.write() as connection:
        blog, target = _blog(connection, wanted.blog), _post(connection, wanted.post_id)
        interactions.reply(connection, blog, target, wanted.text, world.clock.now())
    return _done()


def like() -> Response:
    """Like a post; once more changes nothing."""
    wanted, world = body(messages.NewLike), this_world()
    with world.database.write() as connection:
        blog, target = _blog(connection, wanted.blog), _post(connection, wanted.post_id)
        interactions.like(connection, blog, target, world.limits, world.clock.now())
    return _done()


def follow() -> Response:
    """Let a blog's owner follow another blog."""
    wanted, world = body(messages.NewFollow), this_world()
    with world.database.write() as connection:
        blog, followed = _blog(connection, wanted.blog), _blog(connection, wanted.followed)
        interactions.follow(connection, blog, followed, world.limits, world.clock.now())
    return _done()


def block() -> Response:
    """Let a blog block another."""
    wanted = body(messages.NewBlock)
    with this_world().database.write() as connection:
        interactions.block(connection, _blog(connection, wanted.blog), _blog(connection, wanted.blocked))
    return _done()
