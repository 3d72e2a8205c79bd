"""Communities as the API shows them, and what stands beside their posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox.rendering.blog import avatars, short_blog
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services.communities import ONLINE_SECONDS
from tumblr_sandbox.services.community_rules import Standing
from tumblr_sandbox.store import accounts, communities, invitations, posts, reactions, social
from tumblr_sandbox.store.accounts import Blog, User
from tumblr_sandbox.store.communities import Community, Member
from tumblr_sandbox.store.reactions import Reaction


def short_community(community: Community, who: Standing, members: int, base_url: str) -> dict[str, Any]:
    """The few things about a community that stand beside its posts."""
    return {
        "name": community.handle,
        "uuid": community.blog.uuid,
        "title": community.blog.title,
        "member_count": members,
        "mention_tag": community.blog.name,
        "can_view": rules.may_read(community.settings, who),
        "avatar_image": avatars(base_url, community.blog.name),
    }


def full_community(
    connection: Connection, community: Community, user: User, who: Standing, base_url: str, now: float
) -> dict[str, Any]:
    """All about a community; its admins see more."""
    settings, count = community.settings, communities.count_members
    members = count(connection, community.id)
    view = {
        **short_community(community, who, members, base_url),
        "description": community.blog.settings.description,
        "about": settings.about,
        "guidelines": list(settings.guidelines),
        "visibility": settings.visibility,
        "join_type": settings.join_type,
        "members_online_count": count(connection, community.id, seen_since=int(now) - ONLINE_SECONDS),
        **_permissions(community, who),
        "post_count": communities.count_posts(connection, community.id),
        "unread_post_count": _unread(connection, community, user),
        "tags": list(settings.tags),
        "created_ts": community.blog.created,
        "header_image": [],
        "population_cap": settings.population_cap,
    }
    if who.invited:
        view["invitation"] = _invitation_of(connection, community, user, base_url)
    return view | (_for_admins(connection, community) if who.is_admin else {})


def _permissions(community: Community, who: Standing) -> dict[str, bool]:
    return {
        "is_member": who.is_member,
        "can_post": who.is_member,
        "can_edit": who.is_admin,
        "can_interact": who.is_member,
        "can_invite": who.is_admin,
        "can_view_comments": rules.may_read(community.settings, who),
    }


def _unread(connection: Connection, community: Community, user: User) -> int:
    """How much a member has not read: nothing where they do not want to know."""
    member = communities.member(connection, community.id, user.id)
    if member is None or member.muted:
        return 0
    return communities.count_unread(connection, community.id, member)


def _invitation_of(connection: Connection, community: Community, user: User, base_url: str) -> dict[str, Any]:
    found = invitations.find(connection, community.id, user.id)
    assert found is not None
    (sender,) = people(connection, [found.sender_id], base_url)
    return {"type": "direct", "sender": sender}


def _for_admins(connection: Connection, community: Community) -> dict[str, Any]:
    return {
        "invite_link": invite_link(community),
        "pending_invitations_count": invitations.count_pending(connection, community.id),
    }


def invite_link(community: Community) -> str | None:
    """The address by which one may join; none where links are disabled."""
    hash_ = community.invite_hash
    return f"https://www.tumblr.com/join/{hash_}" if community.settings.invite_links_enabled else None


def editable(community: Community, now: float) -> dict[str, Any]:
    """What an admin who edits the community sees besides."""
    changes_at = rules.handle_changes_at(community, now)
    settings = community.settings
    return {
        "handle_can_change": changes_at is None,
        "handle_next_change_ts": changes_at,
        "settings": {"invite_links_enabled": settings.invite_links_enabled, "join_type": settings.join_type},
    }


# People


def people(connection: Connection, user_ids: Sequence[int], base_url: str) -> list[dict[str, Any]]:
    """The blogs under which some users act, in their order."""
    blogs = accounts.primary_blogs(connection, user_ids)
    updated = posts.newest_time(connection, [blog.id for blog in blogs])
    return [
        {**short_blog(blog, updated.get(blog.id, blog.created)), "avatar": avatars(base_url, blog.name)}
        for blog in blogs
    ]


def member_list(
    connection: Connection, found: Sequence[Member], viewer: Blog, base_url: str
) -> list[dict[str, Any]]:
    """Members, and how they and the viewer stand to each other."""
    user_ids = [member.user_id for member in found]
    blogs = accounts.primary_blogs(connection, user_ids)
    followed = set(social.followed_ids(connection, viewer.owner_id))
    views = people(connection, user_ids, base_url)
    return [
        view | _membership(member, blog.id in followed, social.follows(connection, member.user_id, viewer.id))
        for view, member, blog in zip(views, found, blogs, strict=True)
    ]


def _membership(member: Member, followed: bool, follows: bool) -> dict[str, Any]:
    return {
        "joined_ts": member.joined,
        "is_admin": member.role == "admin",
        "is_moderator": member.role == "moderator",
        "is_following_you": follows,
        "followed": followed,
        "is_mutual": followed and follows,
    }


# Reactions


def reactions_beside(connection: Connection, post_ids: Sequence[int], user: User) -> dict[int, list[Any]]:
    """What stands under each of some posts: each emoji once, who came first comes first."""
    found: dict[int, dict[str, list[Reaction]]] = {post_id: {} for post_id in post_ids}
    for one in reactions.of_posts(connection, post_ids):
        found[one.post_id].setdefault(one.grapheme, []).append(one)
    return {
        post_id: [_reaction(grapheme, these, user) for grapheme, these in by_grapheme.items()]
        for post_id, by_grapheme in found.items()
    }


def _reaction(grapheme: str, these: list[Reaction], user: User) -> dict[str, Any]:
    mine = next((str(one.number) for one in these if one.user_id == user.id), None)
    return {"grapheme": grapheme, "count": len(these), "reaction_id": mine}
