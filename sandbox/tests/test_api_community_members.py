"""Members of communities: joining, leaving, roles, removal; invitations and invite links."""

from __future__ import annotations

from typing import Any

import pytest

from assembly import Assembly

MEMBERS, INVITATIONS = "communities/club/members", "communities/club/invitations"
OK = (200, None)


def names(answer: dict[str, Any]) -> list[str]:
    return [one["name"] for one in answer["members"]]


def link_of(club: Assembly) -> str:
    """The hash in the present invite link."""
    link: str = club.frank.get("communities/club")["invite_link"]
    return link.removeprefix("https://www.tumblr.com/join/")


def invite(club: Assembly, name: str, **more: Any) -> tuple[int, int | None]:
    """Let frank invite somebody, a second after the last one."""
    club.clock.advance(1)
    return club.frank.does("PUT", INVITATIONS, recipient_blog=name, **more)


# Listed


def test_a_member_in_the_list(club: Assembly) -> None:
    club.browser.post("/sandbox/follows", json={"blog": "frank", "followed": "bob"})
    frank, bob = club.frank.get(MEMBERS)["members"]
    flags = ("is_admin", "is_moderator", "is_following_you", "followed", "is_mutual")
    assert [bob[name] for name in flags] == [False, False, False, True, False]
    assert (frank["is_admin"], bob["joined_ts"]) == (True, int(club.clock()))
    assert (bob["url"], bob["title"]) == ("https://bob.tumblr.com/", "Bob")


def test_members_by_what_they_are(club: Assembly) -> None:
    for name in ("dora", "emil"):
        assert club.one_more(name).does("PUT", MEMBERS) == OK
    club.frank.call("PUT", f"{MEMBERS}/dora", role="moderator")
    for blog, followed in (("bob", "dora"), ("bob", "emil"), ("emil", "bob")):
        club.browser.post("/sandbox/follows", json={"blog": blog, "followed": followed})
    listed = {
        "all": ["frank", "bob", "dora", "emil"],
        "admin": ["frank"],
        "moderator": ["dora"],
        "following": ["dora", "emil"],
        "mutual": ["emil"],
    }
    for which, wanted in listed.items():
        assert names(club.bob.get(MEMBERS, filter=which)) == wanted


def test_pages_of_members(club: Assembly) -> None:
    many = [f"person{n:02}" for n in range(20)]
    for name in many:
        club.one_more(name)
    club.make("crowd", members=many)
    first = club.frank.get("communities/crowd/members")
    assert len(first["members"]) == 20
    assert first["_links"]["next"]["query_params"] == {"filter": "all", "page": "2"}
    last = club.frank.get("communities/crowd/members", page=2)
    assert len(last["members"]) == 1
    assert "_links" not in last
    assert club.frank.get("communities/crowd/members", page=3)["members"] == []


@pytest.mark.parametrize("asked", [{"filter": "nice"}, {"page": "0"}, {"page": "x"}, {"page": "9" * 30}])
def test_a_list_of_members_that_there_is_not(club: Assembly, asked: dict[str, str]) -> None:
    assert club.bob.does("GET", MEMBERS, **asked) == (400, 0)


def test_who_may_see_the_list(club: Assembly) -> None:
    assert names(club.carol.get(MEMBERS)) == ["frank", "bob"]
    club.edit(join_type="invite")
    assert club.carol.does("GET", MEMBERS) == (403, 23002)
    assert names(club.carol.get(MEMBERS, filter="admin")) == ["frank"]
    assert names(club.carol.get(MEMBERS, filter="moderator")) == []
    assert names(club.carol.get(MEMBERS, invite_hash=link_of(club))) == ["frank", "bob"]
    assert invite(club, "carol") == OK
    assert names(club.carol.get(MEMBERS)) == ["frank", "bob"]


# Joining and leaving


def test_joining_a_free_one(club: Assembly) -> None:
    assert club.carol.does("PUT", MEMBERS) == OK
    assert club.carol.does("PUT", MEMBERS) == OK
    assert club.carol.get("communities/club")["is_member"] is True
    assert club.carol.get("communities/club")["member_count"] == 3
    assert club.carol.does("DELETE", MEMBERS) == OK
    assert club.carol.get("communities/club")["is_member"] is False
    assert club.carol.does("DELETE", MEMBERS) == (403, 23002)


@pytest.mark.parametrize(("privacy", "code"), [(0, 23002), (1, 23001)])
def test_one_that_is_not_free(club: Assembly, privacy: int, code: int) -> None:
    club.edit(join_type="invite", privacy=privacy)
    assert club.carol.does("PUT", MEMBERS) == (403, code)
    assert club.carol.does("PUT", MEMBERS, invite_hash="guessed") == (400, 23014)
    assert club.carol.does("PUT", MEMBERS, invite_hash=["x"] * 3) == (403, code)
    assert club.carol.does("PUT", MEMBERS, invite_hash=link_of(club)) == OK


def test_a_private_one_is_never_free(club: Assembly) -> None:
    club.edit(join_type="free", privacy=1)
    assert club.carol.does("PUT", MEMBERS) == (403, 23001)


def test_no_room(club: Assembly) -> None:
    club.make("attic", settings={"population_cap": 2}, members=["bob"])
    assert club.carol.does("PUT", "communities/attic/members") == (403, 23003)
    assert club.frank.does("PUT", "communities/attic/invitations", recipient_blog="carol") == (403, 23003)
    assert club.bob.does("DELETE", "communities/attic/members") == OK
    assert club.carol.does("PUT", "communities/attic/members") == OK


def test_an_invitation_is_taken_up(club: Assembly) -> None:
    club.edit(join_type="invite", privacy=1)
    assert invite(club, "carol") == OK
    assert club.frank.get("communities/club")["pending_invitations_count"] == 1
    assert club.carol.does("PUT", MEMBERS) == OK
    assert club.frank.get(INVITATIONS)["invitations"] == []
    assert club.carol.does("GET", f"{INVITATIONS}/carol") == (404, 0)


def test_an_invitation_that_is_no_more(club: Assembly) -> None:
    club.edit(join_type="invite")
    for person in (club.carol, club.frank):
        assert invite(club, "carol") == OK
        assert person.does("DELETE", f"{INVITATIONS}/carol") == OK
        assert club.carol.does("PUT", MEMBERS) == (403, 23015)


def test_the_last_admin_stays(club: Assembly) -> None:
    assert club.frank.does("DELETE", MEMBERS) == (400, 0)
    assert club.frank.does("PUT", f"{MEMBERS}/frank", role="member") == (400, 0)
    assert club.frank.does("DELETE", f"{MEMBERS}/frank", reason="spam") == (400, 0)
    assert club.frank.does("PUT", f"{MEMBERS}/bob", role="admin") == OK
    assert club.frank.does("PUT", f"{MEMBERS}/frank", role="member") == OK
    assert club.frank.does("PUT", f"{MEMBERS}/frank", role="admin") == (403, 0)
    assert club.frank.does("DELETE", MEMBERS) == OK


# Roles and removal


def test_roles(club: Assembly) -> None:
    for role in ("moderator", "admin", "member"):
        assert club.frank.does("PUT", f"{MEMBERS}/bob", role=role) == OK
        bob = club.frank.get(MEMBERS)["members"][1]
        assert (bob["is_admin"], bob["is_moderator"]) == (role == "admin", role == "moderator")


@pytest.mark.parametrize("role", ["", "owner", "Admin", ["admin"], 7, {"admin": 1}, "x" * 100_000])
def test_a_role_that_there_is_not(club: Assembly, role: Any) -> None:
    assert club.frank.does("PUT", f"{MEMBERS}/bob", role=role) == (400, 0)


def test_only_admins_give_roles_and_remove(club: Assembly) -> None:
    club.frank.call("PUT", f"{MEMBERS}/bob", role="moderator")
    for person in (club.bob, club.carol):
        assert person.does("PUT", f"{MEMBERS}/bob", role="admin") == (403, 0)
        assert person.does("DELETE", f"{MEMBERS}/frank", reason="spam") == (403, 0)


@pytest.mark.parametrize("blog", ["carol", "nobody", "@@club", "t:x", "%00"])
def test_who_is_no_member(club: Assembly, blog: str) -> None:
    assert club.frank.does("PUT", f"{MEMBERS}/{blog}", role="admin") == (404, 0)
    assert club.frank.does("DELETE", f"{MEMBERS}/{blog}", reason="spam") == (404, 0)


@pytest.mark.parametrize(
    "reason", ["community_guidelines", "off_topic", "spam", "inappropriate_behavior", "tumblr_guidelines"]
)
def test_removal_for_a_reason(club: Assembly, reason: str) -> None:
    assert club.frank.does("DELETE", f"{MEMBERS}/bob", reason=reason) == OK
    assert club.bob.get("communities/club")["is_member"] is False
    assert club.bob.does("PUT", MEMBERS) == OK  # not banned


@pytest.mark.parametrize(
    "sent",
    [
        *({}, {"reason": ""}, {"reason": "rude"}, {"reason": "other"}, {"reason": "other", "note": "  "}),
        *({"reason": "spam", "note": "x" * 1001}, {"reason": ["spam"]}, {"reason": "spam", "ban_user": "eh"}),
    ],
    ids=repr,
)
def test_removal_for_no_reason(club: Assembly, sent: dict[str, Any]) -> None:
    assert club.frank.does("DELETE", f"{MEMBERS}/bob", **sent) == (400, 0)
    assert club.bob.get("communities/club")["is_member"] is True


def test_banned(club: Assembly) -> None:
    sent = {"reason": "other", "note": "x" * 1000, "ban_user": True}
    assert club.frank.does("DELETE", f"{MEMBERS}/bob", **sent) == OK
    assert club.bob.does("PUT", MEMBERS, invite_hash=link_of(club)) == (403, 23020)
    assert invite(club, "bob") == (403, 23008)


# Invitations


def test_an_invitation(club: Assembly) -> None:
    assert club.frank.does("PUT", INVITATIONS, recipient_blog="carol.tumblr.com", message="x" * 100) == OK
    (one,) = club.frank.get(INVITATIONS)["invitations"]
    assert (one["sender"]["name"], one["recipient"]["name"]) == ("frank", "carol")
    assert one["sent_on"] == int(club.clock())
    assert club.carol.get(f"{INVITATIONS}/carol") == {"sender": {"name": "frank"}}


def test_whom_one_cannot_invite(club: Assembly) -> None:
    assert invite(club, "bob") == (403, 23009)
    assert invite(club, "carol") == OK
    assert invite(club, "carol") == (403, 23011)
    assert invite(club, "nobody") == (404, 0)
    assert invite(club, "@@club") == (404, 0)
    assert invite(club, "") == (400, 0)
    assert club.frank.does("PUT", INVITATIONS) == (400, 0)
    assert invite(club, "carol", message="x" * 101) == (400, 5041)
    club.one_more("dora")
    club.browser.post("/sandbox/blocks", json={"blog": "dora", "blocked": "frank"})
    assert invite(club, "dora") == (403, 23008)


def test_only_admins_invite(club: Assembly) -> None:
    for person in (club.bob, club.carol):
        assert person.does("PUT", INVITATIONS, recipient_blog="carol") == (403, 0)
        assert person.does("GET", INVITATIONS) == (403, 0)


def test_other_peoples_invitations(club: Assembly) -> None:
    assert invite(club, "carol") == OK
    assert club.bob.does("GET", f"{INVITATIONS}/carol") == (403, 0)
    assert club.frank.does("GET", f"{INVITATIONS}/carol") == (403, 0)
    assert club.bob.does("DELETE", f"{INVITATIONS}/carol") == (403, 0)
    assert club.bob.does("GET", f"{INVITATIONS}/bob") == (404, 0)
    assert club.bob.does("DELETE", f"{INVITATIONS}/bob") == (404, 0)
    assert club.bob.does("GET", f"{INVITATIONS}/nobody") == (404, 0)
    assert len(club.frank.get(INVITATIONS)["invitations"]) == 1


@pytest.mark.parametrize("by_admin", [True, False])
def test_not_to_be_invited_again(club: Assembly, by_admin: bool) -> None:
    assert invite(club, "carol") == OK
    person = club.frank if by_admin else club.carol
    assert person.does("DELETE", f"{INVITATIONS}/carol", do_not_invite="eh") == (400, 0)
    assert person.does("DELETE", f"{INVITATIONS}/carol?do_not_invite=true") == OK
    assert invite(club, "carol") == (403, 23008)
    assert club.carol.does("PUT", MEMBERS) == OK  # it is free to join


def test_pages_of_invitations(club: Assembly) -> None:
    wanted = [f"person{n:02}" for n in range(22)]
    club.world.set_limits({"invitations_per_second": 0})
    for name in wanted:
        club.one_more(name)
        assert club.frank.does("PUT", INVITATIONS, recipient_blog=name) == OK
    first = club.frank.get(INVITATIONS)
    rest = club.frank.get(INVITATIONS, **first["_links"]["next"]["query_params"])
    assert (len(first["invitations"]), "_links" in rest) == (20, False)
    listed = [one["recipient"]["name"] for one in first["invitations"] + rest["invitations"]]
    assert listed == wanted[::-1]


def test_one_a_second_and_so_many_a_day(club: Assembly) -> None:
    for name in ("dora", "emil"):
        club.one_more(name)
    assert club.frank.does("PUT", INVITATIONS, recipient_blog="carol") == OK
    document = club.frank.call("PUT", INVITATIONS, recipient_blog="dora")
    assert document["meta"] == {"status": 429, "msg": "Limit Exceeded"}
    assert document["errors"][0]["title"] == "Limit Exceeded"
    club.world.set_limits({"invitations_per_day": 2})
    assert invite(club, "dora") == OK
    assert invite(club, "emil") == (429, 0)
    club.clock.advance(86_400)
    assert invite(club, "emil") == OK


# Links


def test_a_new_link_ends_the_old_one(club: Assembly) -> None:
    club.edit(privacy=1)
    old = link_of(club)
    answer = club.frank.call("POST", "communities/club/invite_hash")["response"]
    assert answer == {"invite_link": club.frank.get("communities/club")["invite_link"]}
    assert club.carol.does("PUT", MEMBERS, invite_hash=old) == (400, 23014)
    assert club.carol.does("PUT", MEMBERS, invite_hash=link_of(club)) == OK


def test_links_that_are_disabled(club: Assembly) -> None:
    link = link_of(club)
    club.edit(invite_links_enabled=False, join_type="invite")
    assert club.frank.does("POST", "communities/club/invite_hash") == (403, 23017)
    assert club.carol.does("PUT", MEMBERS, invite_hash=link) == (400, 23014)


def test_only_admins_make_links(club: Assembly) -> None:
    assert club.bob.does("POST", "communities/club/invite_hash") == (403, 23012)
    assert club.carol.does("POST", "communities/club/invite_hash") == (403, 23012)
