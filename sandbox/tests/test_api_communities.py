"""Communities as they are documented: the object, who sees it, changes, the timeline."""

from __future__ import annotations

from typing import Any

import pytest

from assembly import Assembly

EVERYBODYS = {
    *("name", "uuid", "title", "description", "about", "guidelines", "visibility", "member_count"),
    *("members_online_count", "mention_tag", "is_member", "can_view", "can_post", "can_edit", "can_interact"),
    *("can_invite", "can_view_comments", "post_count", "unread_post_count", "tags", "created_ts"),
    *("avatar_image", "header_image", "population_cap", "join_type"),
}
ADMINS = {"invite_link", "pending_invitations_count"}
EDITORS = {"handle_can_change", "handle_next_change_ts", "settings"}
CAN = ("can_view", "can_post", "can_edit", "can_interact", "can_invite", "can_view_comments")
DAY = 86_400


# The object


def test_who_sees_what_of_a_community(club: Assembly) -> None:
    assert set(club.carol.get("communities/club")) == EVERYBODYS
    assert set(club.bob.get("communities/club", context="edit")) == EVERYBODYS
    assert set(club.frank.get("communities/club")) == EVERYBODYS | ADMINS
    assert set(club.frank.get("communities/club", context="edit")) == EVERYBODYS | ADMINS | EDITORS


def test_what_stands_in_it(club: Assembly) -> None:
    club.make("shed", title="The Shed", description="tools", settings={"population_cap": 7, "about": "a"})
    shed = club.frank.get("communities/shed")
    told = {
        "name": "shed",
        "title": "The Shed",
        "description": "tools",
        "about": "a",
        "guidelines": [],
        "visibility": "public",
        "join_type": "free",
        "member_count": 1,
        "members_online_count": 1,
        "mention_tag": "@@shed",
        "tags": [],
        "population_cap": 7,
        "created_ts": int(club.clock()),
        "post_count": 0,
        "header_image": [],
    }
    assert {name: shed[name] for name in told} == told
    assert [picture["width"] for picture in shed["avatar_image"]] == [512, 128, 96, 64]
    path = "/" + shed["avatar_image"][0]["url"].split("/", 3)[3]
    assert club.browser.get(path).mimetype == "image/png"
    assert shed["invite_link"].startswith("https://www.tumblr.com/join/")


@pytest.mark.parametrize("named", ["club", "@@club", "CLUB", "uuid"])
def test_a_community_is_named_by_its_handle_or_uuid(club: Assembly, named: str) -> None:
    path = club.uuid if named == "uuid" else named
    assert club.carol.get(f"communities/{path}")["uuid"] == club.uuid


@pytest.mark.parametrize("named", ["nowhere", "frank", "@@", "t:x", "x" * 5000, "%00", "%F0%9F%90%88"])
def test_what_there_is_not(club: Assembly, named: str) -> None:
    assert club.frank.does("GET", f"communities/{named}") == (404, 0)
    assert club.frank.does("GET", f"communities/{named}/timeline") == (404, 0)
    assert club.frank.does("PUT", f"communities/{named}/members") == (404, 0)


def test_what_each_may_do(club: Assembly) -> None:
    def may(person: Any) -> list[str]:
        seen = person.get("communities/club")
        return [name for name in CAN if seen[name]]

    assert may(club.frank) == list(CAN)
    assert may(club.bob) == ["can_view", "can_post", "can_interact", "can_view_comments"]
    assert may(club.carol) == ["can_view", "can_view_comments"]


def test_the_communities_one_joined(club: Assembly) -> None:
    club.clock.advance(5)
    club.make("shed", members=["bob"])
    assert [one["name"] for one in club.bob.get("communities")] == ["club", "shed"]
    assert set(club.frank.get("communities")[0]) == EVERYBODYS | ADMINS
    assert club.carol.get("communities") == []


ALL = (
    *(("GET", "communities"), ("GET", "communities/club"), ("PUT", "communities/club")),
    *(("GET", "communities/club/timeline"), ("GET", "communities/club/members")),
    *(("PUT", "communities/club/members"), ("DELETE", "communities/club/members")),
    *(("PUT", "communities/club/members/bob"), ("DELETE", "communities/club/members/bob")),
    *(("PUT", "communities/club/invitations"), ("GET", "communities/club/invitations")),
    *(("GET", "communities/club/invitations/bob"), ("DELETE", "communities/club/invitations/bob")),
    *(("POST", "communities/club/invite_hash"), ("PUT", "communities/club/mute")),
    *(("DELETE", "communities/club/mute"), ("PUT", "communities/club/posts/1/reactions")),
    ("DELETE", "communities/club/posts/1/reactions/1"),
)


@pytest.mark.parametrize(("method", "path"), ALL)
def test_an_api_key_is_not_enough(club: Assembly, method: str, path: str) -> None:
    for query in ("", "?api_key=key-of-frank"):
        answer = club.browser.open(f"/v2/{path}{query}", method=method)
        assert answer.json is not None
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (401, 1016)


# Who sees it


def test_a_private_community(club: Assembly) -> None:
    club.edit(privacy=1)
    for path in ("", "/timeline", "/members"):
        assert club.carol.does("GET", f"communities/club{path}") == (403, 23001)
        assert club.bob.does("GET", f"communities/club{path}") == (200, None)
    document = club.carol.call("GET", "communities/club")
    error = document["errors"][0]
    assert (document["response"], error["title"]) == ([], "Forbidden")
    assert error["detail"] == "This community is private, and you are not a member."


def test_who_is_invited_sees_a_private_community_but_no_posts(club: Assembly) -> None:
    club.edit(privacy=1)
    assert club.frank.does("PUT", "communities/club/invitations", recipient_blog="carol") == (200, None)
    seen = club.carol.get("communities/club")
    assert seen["invitation"]["type"] == "direct"
    assert seen["invitation"]["sender"]["name"] == "frank"
    assert seen["can_view"] is False
    assert club.carol.does("GET", "communities/club/timeline") == (403, 23002)
    assert club.carol.does("GET", "communities/club/members") == (200, None)
    assert "invitation" not in club.bob.get("communities/club")


def test_who_is_banned_sees_nothing(club: Assembly) -> None:
    club.frank.call("DELETE", "communities/club/members/bob", reason="spam", ban_user=True)
    for method, path in (
        *(
            ("GET", "communities/club"),
            ("GET", "communities/club/timeline"),
            ("GET", "communities/club/members"),
        ),
        *(("PUT", "communities/club/members"), ("PUT", "communities/club/mute")),
        ("PUT", "communities/club/posts/1/reactions"),
    ):
        assert club.bob.does(method, path, slug=":fire:") == (403, 23020)
    assert club.bob.get("communities") == []


# Changes


def test_everything_that_may_be_changed(club: Assembly) -> None:
    wanted = {
        "title": "The Club",
        "description": "d",
        "tags": ["a", "b, c"],
        "about": "long",
        "guidelines": ["be kind", "no, really"],
        "join_type": "invite",
    }
    changed = club.edit(**wanted, privacy=1, invite_links_enabled=False, handle="guild")
    assert {name: changed[name] for name in wanted} == wanted
    assert (changed["visibility"], changed["invite_link"], changed["name"]) == ("private", None, "guild")
    assert changed["settings"] == {"invite_links_enabled": False, "join_type": "invite"}
    again = club.frank.get("communities/guild", context="edit")
    assert again == changed
    assert set(changed) == EVERYBODYS | ADMINS | EDITORS


def test_what_is_not_named_stays(club: Assembly) -> None:
    club.edit(title="The Club", guidelines=["be kind"], tags=["a"])
    changed = club.edit(tags=[])
    assert (changed["title"], changed["guidelines"], changed["tags"]) == ("The Club", ["be kind"], [])


def test_a_form_is_understood_as_well(club: Assembly) -> None:
    sent = {
        "title": "The Club",
        "privacy": "1",
        "tags[0]": "a",
        "tags[1]": "b",
        "invite_links_enabled": "false",
    }
    headers = {"Authorization": "Bearer token-of-frank"}
    assert club.browser.put("/v2/communities/club", data=sent, headers=headers).status_code == 200
    seen = club.frank.get("communities/club", context="edit")
    assert (seen["title"], seen["visibility"], seen["tags"]) == ("The Club", "private", ["a", "b"])
    assert seen["settings"]["invite_links_enabled"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        *({"title": 7}, {"title": ""}, {"title": "x" * 201}, {"description": []}, {"about": "x" * 5001}),
        *({"handle": "no spaces"}, {"handle": "@@x"}, {"handle": ""}, {"handle": "x" * 33}, {"handle": "ä"}),
        *({"privacy": 2}, {"privacy": "private"}, {"privacy": []}, {"join_type": "maybe"}, {"tags": "a"}),
        *({"tags": ["x" * 141]}, {"tags": ["a"] * 31}, {"tags": [[]]}, {"guidelines": {"a": 1}}),
        *({"guidelines": [1]}, {"invite_links_enabled": "perhaps"}, {"title": "x" * 2_000_000}),
    ],
    ids=repr,
)
def test_a_wrong_parameter(club: Assembly, wrong: dict[str, Any]) -> None:
    before = club.frank.get("communities/club", context="edit")
    assert club.frank.does("PUT", "communities/club", **wrong) == (400, 0)
    assert club.frank.get("communities/club", context="edit") == before


def test_only_admins_change_it(club: Assembly) -> None:
    club.frank.call("PUT", "communities/club/members/bob", role="moderator")
    for person in (club.bob, club.carol):
        assert person.does("PUT", "communities/club", title="mine") == (403, 0)
    assert club.frank.get("communities/club")["title"] != "mine"


def test_a_handle_changes_once_in_seven_days(club: Assembly) -> None:
    club.make("shed")
    assert club.frank.does("PUT", "communities/club", handle="shed") == (400, 0)
    changed = club.edit(handle="guild")
    assert changed["handle_can_change"] is False
    assert changed["handle_next_change_ts"] == int(club.clock()) + 7 * DAY
    assert club.frank.does("GET", "communities/club") == (404, 0)
    assert club.frank.does("PUT", "communities/guild", handle="lodge") == (400, 0)
    assert club.frank.does("PUT", "communities/guild", handle="guild", title="t") == (200, None)
    club.make("club")  # the former handle is free
    club.clock.advance(7 * DAY)
    assert club.frank.get("communities/guild", context="edit")["handle_can_change"] is True
    assert club.frank.does("PUT", "communities/guild", handle="lodge") == (200, None)


def test_what_was_posted_stays_under_a_new_handle(club: Assembly) -> None:
    post_id = club.bob.post("@@club")
    club.edit(handle="guild")
    (post,) = club.bob.get("communities/guild/timeline")["timeline"]["elements"]
    assert (post["id_string"], post["blog_name"]) == (post_id, "@@guild")


# The timeline


def test_a_page_of_the_timeline(club: Assembly) -> None:
    ids = [club.bob.post("@@club", f"number {n}") for n in range(5)]
    first = club.frank.get("communities/club/timeline", limit=2)["timeline"]
    assert [one["id_string"] for one in first["elements"]] == [ids[4], ids[3]]
    path, _, query = first["_links"]["next"]["href"].removeprefix("/v2/").partition("?")
    assert query == f"type=recent&limit=2&before_id={ids[3]}"
    rest = club.frank.get(path, **{**first["_links"]["next"]["query_params"], "limit": "3"})["timeline"]
    assert [one["id_string"] for one in rest["elements"]] == ids[2::-1]
    assert "_links" not in rest


def test_a_post_in_the_timeline(club: Assembly) -> None:
    post_id = club.bob.post("@@club", tags="a")
    (post,) = club.carol.get("communities/club/timeline")["timeline"]["elements"]
    assert (post["blog"]["uuid"], post["blog_name"], post["post_author"]) == (club.uuid, "@@club", "bob")
    assert post["content"] == [{"type": "text", "text": "hello"}]
    assert post["post_url"] == f"https://www.tumblr.com/communities/club/post/{post_id}/hello"
    assert post["is_submission"] is True
    assert post["community"].keys() == {
        *("name", "uuid", "title", "member_count", "mention_tag", "can_view", "avatar_image"),
    }
    assert post["reactions"] == []


def test_polls(club: Assembly) -> None:
    club.bob.post("@@club")
    poll = {"type": "poll", "question": "?", "answers": [{"answer_text": "a"}, {"answer_text": "b"}]}
    asked = club.bob.post("@@club", content=[{"type": "text", "text": "so"}, poll])
    found = club.frank.get("communities/club/timeline", type="polls")["timeline"]["elements"]
    assert [one["id_string"] for one in found] == [asked]


def test_discover_has_what_people_care_about(club: Assembly) -> None:
    ids = [club.bob.post("@@club", f"number {n}") for n in range(3)]
    club.frank.call("PUT", f"communities/club/posts/{ids[0]}/reactions", slug=":fire:")
    found = club.frank.get("communities/club/timeline", type="discover")["timeline"]["elements"]
    assert [one["id_string"] for one in found] == [ids[0], ids[2], ids[1]]


@pytest.mark.parametrize(
    "asked", [{"type": "best"}, {"limit": "0"}, {"before_id": "x"}, {"limit": "9" * 400}]
)
def test_a_timeline_that_there_is_not(club: Assembly, asked: dict[str, str]) -> None:
    assert club.bob.does("GET", "communities/club/timeline", **asked) == (400, 0)


def test_what_a_member_has_not_read(club: Assembly) -> None:
    def unread() -> int:
        seen: dict[str, int] = club.frank.get("communities/club")
        return seen["unread_post_count"]

    club.bob.post("@@club")
    club.frank.post("@@club")  # one's own are no news
    assert unread() == 1
    assert club.carol.get("communities/club")["unread_post_count"] == 0
    assert club.frank.does("PUT", "communities/club/mute") == (200, None)
    assert unread() == 0
    assert club.frank.does("DELETE", "communities/club/mute") == (200, None)
    assert unread() == 1
    club.frank.get("communities/club/timeline")
    assert unread() == 0
    club.bob.post("@@club")
    assert (unread(), club.frank.get("communities/club")["post_count"]) == (1, 3)


def test_only_members_mute(club: Assembly) -> None:
    assert club.carol.does("PUT", "communities/club/mute") == (403, 23002)
    assert club.carol.does("DELETE", "communities/club/mute") == (403, 23002)


def test_who_reads_is_online_for_a_while(club: Assembly) -> None:
    club.clock.advance(3600)
    assert club.carol.get("communities/club")["members_online_count"] == 0
    club.bob.get("communities/club/timeline")
    assert club.carol.get("communities/club")["members_online_count"] == 1
