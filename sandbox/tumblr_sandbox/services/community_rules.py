"""What somebody may do in a community: decisions, without a database.

Where the documentation leaves a rule open it was decided here: private communities cannot be joined freely;
who is invited sees a private community but not what is posted in it; only members react, reply and like.
"""

from __future__ import annotations

from dataclasses import dataclass

from tumblr_sandbox.errors import CommunityError, Refusal
from tumblr_sandbox.store.communities import Community, CommunitySettings, Role

HANDLE_REST_SECONDS = 7 * 86_400
"""A handle that was changed stays for so long."""
ALWAYS_LISTED = frozenset({"admin", "moderator"})
"""Who of a public community's members is listed to everybody."""


@dataclass(frozen=True)
class Standing:
    """What somebody is to a community.

    ``has_link`` says that they named the present invite link, ``invited`` that an invitation is pending,
    ``was_invited`` that there was one.
    """

    role: Role | None = None
    banned: bool = False
    invited: bool = False
    was_invited: bool = False
    has_link: bool = False

    @property
    def is_member(self) -> bool:
        return self.role is not None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def moderates(self) -> bool:
        """Whether they may delete what others posted."""
        return self.role in ("admin", "moderator")


def _is_public(settings: CommunitySettings) -> bool:
    return settings.visibility == "public"


def is_free(settings: CommunitySettings) -> bool:
    """Whether everybody may join."""
    return _is_public(settings) and settings.join_type == "free"


def may_read(settings: CommunitySettings, who: Standing) -> bool:
    """Whether they may see what is posted."""
    return not who.banned and (who.is_member or _is_public(settings))


def check_sees(settings: CommunitySettings, who: Standing) -> None:
    """They must be allowed to see the community itself."""
    if who.banned:
        raise CommunityError(Refusal.BANNED)
    if not (may_read(settings, who) or who.invited or who.has_link):
        raise CommunityError(Refusal.PRIVATE)


def check_reads(settings: CommunitySettings, who: Standing) -> None:
    """They must be allowed to see what is posted."""
    check_sees(settings, who)
    if not may_read(settings, who):
        raise CommunityError(Refusal.MEMBERS_ONLY)


def check_lists_members(settings: CommunitySettings, who: Standing, which: str) -> None:
    """They must be allowed to see the list of the members, or of those with a role."""
    check_sees(settings, who)
    open_to_all = is_free(settings) or (_is_public(settings) and which in ALWAYS_LISTED)
    if not (open_to_all or who.is_member or who.invited or who.has_link):
        raise CommunityError(Refusal.MEMBERS_ONLY)


def check_member(who: Standing) -> None:
    """They must be a member."""
    if who.banned:
        raise CommunityError(Refusal.BANNED)
    if not who.is_member:
        raise CommunityError(Refusal.MEMBERS_ONLY)


def check_admin(who: Standing) -> None:
    """They must be an admin."""
    if who.banned:
        raise CommunityError(Refusal.BANNED)
    if not who.is_admin:
        raise CommunityError(Refusal.NOT_PERMITTED)


def check_joins(settings: CommunitySettings, who: Standing, link: str | None, members: int) -> None:
    """They must be allowed to become a member, and there must be room; ``link`` is what they named as one."""
    if who.banned:
        raise CommunityError(Refusal.BANNED)
    if link and not who.has_link:
        raise CommunityError(Refusal.WRONG_HASH)
    if not (who.has_link or who.invited or is_free(settings)):
        if who.was_invited:
            raise CommunityError(Refusal.INVITATION_GONE)
        raise CommunityError(Refusal.MEMBERS_ONLY if _is_public(settings) else Refusal.PRIVATE)
    check_room(settings, members)


def check_room(settings: CommunitySettings, members: int) -> None:
    """One more member must fit in."""
    if settings.population_cap is not None and members >= settings.population_cap:
        raise CommunityError(Refusal.FULL)


def check_can_be_invited(
    settings: CommunitySettings, recipient: Standing, *, barred: bool, members: int
) -> None:
    """Somebody must be one who can be invited; ``barred`` says that they do not want to be, or may not."""
    check_room(settings, members)
    if recipient.is_member:
        raise CommunityError(Refusal.ALREADY_MEMBER)
    if barred or recipient.banned:
        raise CommunityError(Refusal.CANNOT_JOIN)
    if recipient.invited:
        raise CommunityError(Refusal.ALREADY_INVITED)


def check_leaves_an_admin(who: Role, admins: int) -> None:
    """A community keeps an admin, whatever becomes of this one."""
    if who == "admin" and admins <= 1:
        raise CommunityError(Refusal.LAST_ADMIN)


def handle_changes_at(community: Community, now: float) -> int | None:
    """When the handle may change again, in unix seconds; none if it may now."""
    if community.handle_changed is None:
        return None
    moment = community.handle_changed + HANDLE_REST_SECONDS
    return moment if now < moment else None
