"""The endpoints of communities themselves: those one joined, one of them, its timeline, muting."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from tumblr_sandbox.api import communities as api
from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.communities import Visit
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.rendering.community import reactions_beside, short_community
from tumblr_sandbox.rendering.context import ViewOptions
from tumblr_sandbox.rendering.render import render
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services.communities import Edits
from tumblr_sandbox.services.signup import NAME_PATTERN
from tumblr_sandbox.store import communities, notes, posts, reactions
from tumblr_sandbox.store.posts import StoredPost, Timeline

PAGE = 20
DISCOVERED_AMONG = 200
"""So many of the latest posts are looked at for those that people care about most."""
TIMELINES = ("recent", "polls", "discover")
VISIBILITY = {0: "public", 1: "private"}


class PostedEdits(BaseModel):
    """The body of a change. What is not known is dropped; how long things may be was decided here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=2000)
    handle: str | None = Field(None, pattern=NAME_PATTERN)
    privacy: Literal[0, 1] | None = None
    tags: list[Annotated[str, Field(min_length=1, max_length=140)]] | None = Field(None, max_length=30)
    about: str | None = Field(None, max_length=5000)
    guidelines: list[Annotated[str, Field(min_length=1, max_length=500)]] | None = Field(None, max_length=30)
    invite_links_enabled: bool | None = None
    join_type: Literal["free", "invite"] | None = None

    def edits(self) -> Edits:
        """The same, as the service takes it."""
        given = {
            "visibility": None if self.privacy is None else VISIBILITY[self.privacy],
            "tags": self.tags,
            "about": self.about,
            "guidelines": self.guidelines,
            "invite_links_enabled": self.invite_links_enabled,
            "join_type": self.join_type,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        return Edits(self.title, self.description, self.handle, settings)


def joined() -> Response:
    """The communities that the caller is a member of, whole."""
    user = support.signed_in()
    with support.reading() as connection:
        found = communities.joined_by(connection, user.id)
        visits = [Visit(one, user, service.standing(connection, one, user.id)) for one in found]
        return envelope.answer([api.whole(connection, visit) for visit in visits])


def info(handle: str) -> Response:
    """One community, with what can be edited in ``context=edit``."""
    support.signed_in()
    with support.reading() as connection:
        visit = api.visit(connection, handle)
        rules.check_sees(visit.settings, visit.who)
        edit_context = support.parameters().text("context") == "edit"
        return envelope.answer(api.whole(connection, visit, edit=edit_context))


def edit(handle: str) -> Response:
    """Change a community; what is not named stays."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_admin(visit.who)
        changed = service.edit(connection, visit.community, _edits(asked), support.now())
        view = api.whole(connection, Visit(changed, visit.user, visit.who), edit=True)
    return envelope.answer(view)


def _edits(asked: Parameters) -> Edits:
    given = api.body(asked, "tags", "guidelines")
    given = {name: int(v) if name == "privacy" and v in ("0", "1") else v for name, v in given.items()}
    try:
        return PostedEdits.model_validate(given).edits()
    except ValidationError as error:
        wrong = error.errors()[0]
        raise envelope.bad_parameter(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None


def timeline(handle: str) -> Response:
    """What is posted in a community; with it the caller has read the community."""
    support.signed_in()
    asked = support.parameters()
    kind = asked.text("type") or "recent"
    if kind not in TIMELINES:
        raise envelope.bad_parameter("type must be one of recent, polls, discover")
    with support.reading() as connection:
        visit = api.visit(connection, handle)
        rules.check_reads(visit.settings, visit.who)
        answer = _timeline(connection, visit, kind, asked)
    if visit.who.is_member:
        with support.world().database.note() as connection:
            service.have_read(connection, visit.community, visit.user.id, support.now())
    return envelope.answer({"timeline": answer})


def _timeline(connection: Connection, visit: Visit, kind: str, asked: Parameters) -> dict[str, Any]:
    limit = asked.limit(PAGE, PAGE)
    if kind == "discover":
        return {"elements": _elements(connection, visit, _most_noted(connection, visit)[:limit])}
    part = Timeline(before_id=asked.place("before_id"), block="poll" if kind == "polls" else None)
    found = posts.timeline(connection, [visit.community.id], part, limit=limit + 1)
    answer: dict[str, Any] = {"elements": _elements(connection, visit, found[:limit])}
    if len(found) > limit:
        query = {"type": kind, "limit": str(limit), "before_id": str(found[limit - 1].id)}
        answer |= links.next_link(f"/v2/communities/{visit.community.handle}/timeline", query)
    return answer


def _most_noted(connection: Connection, visit: Visit) -> list[StoredPost]:
    """The latest posts, those with most notes and reactions first."""
    found = posts.timeline(connection, [visit.community.id], Timeline(), limit=DISCOVERED_AMONG)
    noted = notes.counts(connection, {post.tree_id for post in found})
    reacted = reactions.counts(connection, [post.id for post in found])
    return sorted(found, key=lambda post: -noted.get(post.tree_id, 0) - reacted.get(post.id, 0))


def _elements(connection: Connection, visit: Visit, found: list[StoredPost]) -> list[dict[str, Any]]:
    """Posts in NPF, with what only posts of communities have."""
    options = ViewOptions(base_url=support.base_url(), npf=True)
    beside = reactions_beside(connection, [post.id for post in found], visit.user)
    members = communities.count_members(connection, visit.community.id)
    short = short_community(visit.community, visit.who, members, support.base_url())
    views = render(connection, found, support.viewer(connection), options)
    return [{**view, "community": short, "reactions": beside[view["id"]]} for view in views]


def mute(handle: str) -> Response:
    """Hide the number of unread posts."""
    return _set_muted(handle, muted=True)


def unmute(handle: str) -> Response:
    """Show the number of unread posts."""
    return _set_muted(handle, muted=False)


def _set_muted(handle: str, *, muted: bool) -> Response:
    support.signed_in()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_member(visit.who)
        service.set_muted(connection, visit.community, visit.user.id, muted=muted)
    return envelope.answer([])


ROUTES: tuple[Route, ...] = (
    ("GET", "/communities", joined),
    ("GET", "/communities/<handle>", info),
    ("PUT", "/communities/<handle>", edit),
    ("GET", "/communities/<handle>/timeline", timeline),
    ("PUT", "/communities/<handle>/mute", mute),
    ("DELETE", "/communities/<handle>/mute", unmute),
)
