"""What every API endpoint does first: who calls, how much they may, which blog they mean."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Response, g, request
from sqlalchemy import Connection

from tumblr_sandbox.api import authentication, envelope
from tumblr_sandbox.api.authentication import Caller
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.markup.text import blog_name_of
from tumblr_sandbox.rendering.context import Viewer, ViewOptions
from tumblr_sandbox.services import limits
from tumblr_sandbox.services.limits import RateState
from tumblr_sandbox.store import accounts, social
from tumblr_sandbox.store.accounts import Blog, User
from tumblr_sandbox.world import World, this_world

Route = tuple[str, str, Callable[..., Response]]
"""Method, path below the API's root, and what answers there."""


def authenticate() -> None:
    """Authenticate the caller and count the call; raise the document of refusal."""
    world = this_world()
    now = world.clock.now()
    g.caller, g.rate = Caller(), None
    throttled = False
    with world.database.note() as connection:
        throttled = _is_throttled(connection, world, now)
        g.caller = authentication.authenticate(connection, request, world.checks, now)
        if g.caller.consumer is not None:
            g.rate = limits.count_call(connection, g.caller.consumer, world.limits, now)
    if throttled:
        raise envelope.throttled()
    if g.rate is not None and g.rate.exceeded:
        raise envelope.limit_exceeded()
    world.publish_due()


def _is_throttled(connection: Connection, world: World, now: float) -> bool:
    """Count the call for its address, and calls about blocks on their own."""
    figures, address = world.limits, request.remote_addr
    counted = []
    if figures.per_address_minute:
        counted.append((f"address {address}", figures.per_address_minute))
    if "/blocks" in request.path:
        counted.append((f"blocks {address}", figures.blocks_per_minute))
    throttled = [limits.is_throttled(connection, name, most, now) for name, most in counted]
    return any(throttled)


def caller() -> Caller:
    """Who sent this request; nobody before ``authenticate`` let them in."""
    return g.get("caller") or Caller()


def rate_state() -> RateState | None:
    """What is left to this request's consumer."""
    state: RateState | None = g.get("rate")
    return state


def reading() -> AbstractContextManager[Connection]:
    """A view of the database for this request."""
    return this_world().database.read()


def writing() -> AbstractContextManager[Connection]:
    """A transaction of this request."""
    return this_world().database.write()


def now() -> float:
    """Unix seconds on the sandbox's clock."""
    return this_world().clock.now()


def parameters() -> Parameters:
    return Parameters(request)


def base_url() -> str:
    """Where the caller reaches this sandbox."""
    return request.host_url.rstrip("/")


def signed_in() -> User:
    """The user who signed this request, else 401."""
    user = caller().user
    if user is None:
        raise envelope.unauthorized()
    return user


def need_key() -> None:
    """Refuse a caller who has neither an api key nor a signature."""
    if caller().consumer is None:
        raise envelope.unauthorized()


def viewer(connection: Connection) -> Viewer:
    """The caller as one who looks at posts."""
    user = caller().user
    if user is None:
        return Viewer()
    owned = accounts.blogs_of(connection, user)
    return Viewer(user, frozenset(blog.id for blog in owned))


def view_options(asked: Parameters) -> ViewOptions:
    """How the caller wants posts."""
    return ViewOptions(
        base_url=base_url(),
        npf=asked.flag("npf", default=is_from_dashboard()),
        reblog_info=asked.flag("reblog_info"),
        notes_info=asked.flag("notes_info"),
        plain=asked.text("filter") == "text",
    )


def named_blog(connection: Connection, identifier: str) -> Blog:
    """The blog an address or a parameter names, else 404."""
    blog = accounts.find_blog(connection, blog_name_of(identifier))
    if blog is None or blog.settings.deactivated:
        raise envelope.not_found()
    return blog


def visible_blog(connection: Connection, identifier: str) -> Blog:
    """The same, refused when the caller may not see it."""
    blog = named_blog(connection, identifier)
    user = caller().user
    if blog.settings.password_protected and (user is None or user.id != blog.owner_id):
        raise envelope.blocked()
    if user is None:
        if blog.settings.dashboard_only and not is_from_dashboard():
            raise envelope.dashboard_only()
        return blog
    if social.is_blocked(connection, blog.id, accounts.primary_blog(connection, user.id).id):
        raise envelope.blocked()
    return blog


def is_from_dashboard() -> bool:
    """Whether this is one of the calls that tumblr's own pages make: under ``/api``, with a bearer key.

    They see blogs that only the signed-in see, and read NPF.
    """
    bearer = request.headers.get("Authorization", "").lower().startswith("bearer ")
    return bearer and caller().consumer is not None and request.path.startswith("/api/")


def own_blog(connection: Connection, identifier: str) -> Blog:
    """The blog named, which must be the signed-in user's, else 401."""
    user = signed_in()
    blog = named_blog(connection, identifier)
    if blog.owner_id != user.id:
        raise envelope.unauthorized()
    return blog


def has_fault(kind: FaultKind) -> bool:
    """Whether a fault of this kind is injected into this request."""
    fault: Fault | None = g.get("fault")
    return fault is not None and fault.kind == kind


def world() -> World:
    return this_world()
