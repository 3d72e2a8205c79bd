"""What happens to communities: made, changed, joined, left, read.

Every function works inside its caller's transaction. Refusals are ``CommunityError``s.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox import ids
from tumblr_sandbox.errors import CommunityError, Refusal
from tumblr_sandbox.markup.text import COMMUNITY
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services.community_rules import Standing
from tumblr_sandbox.services.signup import NameTakenError
from tumblr_sandbox.store import accounts, communities, invitations, reactions
from tumblr_sandbox.store.accounts import Blog, BlogSettings
from tumblr_sandbox.store.communities import Community, CommunitySettings, Member, Role
from tumblr_sandbox.store.posts import StoredPost

ONLINE_SECONDS = 15 * 60
"""Who read within so long counts as online."""


def standing(
    connection: Connection, community: Community, user_id: int | None, link: str | None = None
) -> Standing:
    """What somebody, or a guest, is to a community; ``link`` is the hash of an invite link they named."""
    has_link = community.settings.invite_links_enabled and link == community.invite_hash
    if user_id is None:
        return Standing(has_link=has_link)
    member = communities.member(connection, community.id, user_id)
    invitation = invitations.find(connection, community.id, user_id)
    return Standing(
        role=None if member is None else member.role,
        banned="banned" in communities.barred(connection, community.id, user_id),
        invited=invitation is not None and invitation.pending,
        was_invited=invitation is not None,
        has_link=has_link,
    )


def make(
    connection: Connection,
    founder: Blog,
    handle: str,
    *,
    now: float,
    rng: random.Random,
    title: str,
    description: str,
    settings: CommunitySettings,
) -> Community:
    """Make a community whose first admin is the owner of a blog. Its row among the blogs is theirs."""
    name = COMMUNITY + handle
    owner = accounts.user_by_id(connection, founder.owner_id)
    assert owner is not None
    if accounts.find_place(connection, name) is not None:
        raise NameTakenError(name)
    about = BlogSettings(
        title=title, description=description, ask=False, ask_anon=False, share_following=False
    )
    blog = accounts.add_blog(connection, name, ids.blog_uuid(rng), owner, created=int(now), settings=about)
    made = Community(blog, settings, ids.secret_string(rng))
    communities.add(connection, made)
    admit(connection, made, owner.id, now, role="admin")
    return made


@dataclass(frozen=True)
class Edits:
    """What an admin changes; none leaves a thing as it is."""

    title: str | None = None
    description: str | None = None
    handle: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def edit(connection: Connection, community: Community, edits: Edits, now: float) -> Community:
    """Change a community. Its former handle is free for others."""
    words = {"title": edits.title, "description": edits.description}
    about = {**community.blog.settings.model_dump(), **{k: v for k, v in words.items() if v is not None}}
    blog = replace(community.blog, settings=BlogSettings.model_validate(about))
    settings = CommunitySettings.model_validate({**community.settings.model_dump(), **edits.settings})
    edited = replace(community, blog=blog, settings=settings)
    if edits.handle is not None and edits.handle != community.handle:
        edited = _renamed(connection, edited, edits.handle, now)
    communities.save(connection, edited)
    return edited


def _renamed(connection: Connection, community: Community, handle: str, now: float) -> Community:
    if rules.handle_changes_at(community, now) is not None:
        raise CommunityError(Refusal.HANDLE_TOO_SOON)
    if accounts.find_place(connection, COMMUNITY + handle) is not None:
        raise CommunityError(Refusal.HANDLE_TAKEN)
    return replace(community, blog=replace(community.blog, name=COMMUNITY + handle), handle_changed=int(now))


def new_link(connection: Connection, community: Community, rng: random.Random) -> Community:
    """Make another invite link; the one before is good for nothing any more."""
    changed = replace(community, invite_hash=ids.secret_string(rng))
    communities.save(connection, changed)
    return changed


# Members


def admit(
    connection: Connection, community: Community, user_id: int, now: float, role: Role = "member"
) -> None:
    """Make somebody a member, whatever the rules say; what was posted before counts as read."""
    last_read = communities.newest_post(connection, community.id)
    communities.put_member(connection, community.id, Member(user_id, role, int(now), last_read, int(now)))
    invitations.forget(connection, community.id, user_id)


def join(connection: Connection, community: Community, user_id: int, link: str | None, now: float) -> None:
    """Let somebody in, as a rule; a member already stays one."""
    who = standing(connection, community, user_id, link)
    if who.is_member:
        return
    rules.check_joins(community.settings, who, link, communities.count_members(connection, community.id))
    admit(connection, community, user_id, now)


def leave(connection: Connection, community: Community, user_id: int) -> None:
    """Let a member go, but not the last admin."""
    member = communities.member(connection, community.id, user_id)
    if member is None:
        raise CommunityError(Refusal.MEMBERS_ONLY)
    rules.check_leaves_an_admin(member.role, _admins(connection, community))
    communities.remove_member(connection, community.id, user_id)


def remove(connection: Connection, community: Community, user_id: int, *, ban: bool) -> None:
    """Take a member out, perhaps for good."""
    leave(connection, community, user_id)
    if ban:
        communities.bar(connection, community.id, user_id, "banned")


def set_role(connection: Connection, community: Community, member: Member, role: Role) -> None:
    """Give a member a role; a community keeps an admin."""
    if role != "admin":
        rules.check_leaves_an_admin(member.role, _admins(connection, community))
    communities.put_member(connection, community.id, replace(member, role=role))


def _admins(connection: Connection, community: Community) -> int:
    return communities.count_members(connection, community.id, role="admin")


def set_muted(connection: Connection, community: Community, user_id: int, *, muted: bool) -> None:
    """Hide how much a member has not read, or show it."""
    member = communities.member(connection, community.id, user_id)
    if member is None:
        raise CommunityError(Refusal.MEMBERS_ONLY)
    communities.put_member(connection, community.id, replace(member, muted=muted))


def have_read(connection: Connection, community: Community, user_id: int, now: float) -> None:
    """Somebody looked at what is posted; of a member it is kept."""
    member = communities.member(connection, community.id, user_id)
    if member is not None:
        newest = communities.newest_post(connection, community.id)
        communities.put_member(connection, community.id, replace(member, last_read=newest, seen=int(now)))


# Posts


def may_see(connection: Connection, post: StoredPost, user_id: int | None) -> bool:
    """Whether somebody may see a post, as far as the community that it is in has a say."""
    if not post.in_community:
        return True
    community = communities.of_post(connection, post.blog_id)
    return rules.may_read(community.settings, standing(connection, community, user_id))


def is_member_where(connection: Connection, post: StoredPost, user_id: int) -> bool:
    """Whether somebody may like and reply to a post, as far as the community that it is in has a say."""
    return not post.in_community or communities.member(connection, post.blog_id, user_id) is not None


def lets_out(connection: Connection, post: StoredPost, blog: Blog) -> bool:
    """Whether a post may be reblogged onto a blog, as far as the community that it is in has a say."""
    if not post.in_community or post.blog_id == blog.id:
        return True
    return communities.of_post(connection, post.blog_id).is_public


def delete_post(connection: Connection, post: StoredPost) -> None:
    """Take the reactions to a post away, which is about to go."""
    for reaction in reactions.of_posts(connection, [post.id]):
        reactions.remove(connection, reaction.number)


def check_deletes(connection: Connection, community: Community, post: StoredPost, user_id: int) -> None:
    """Its author may delete a post, and who moderates."""
    if not is_author(connection, post, user_id):
        who = standing(connection, community, user_id)
        if not who.moderates:
            raise CommunityError(Refusal.NOT_PERMITTED)


def is_author(connection: Connection, post: StoredPost, user_id: int) -> bool:
    """Whether somebody wrote a post of a community."""
    author = accounts.blogs_by_id(connection, {post.author_id or 0}).get(post.author_id or 0)
    return author is not None and author.owner_id == user_id
