"""What members post into communities, and where it does not show; reactions."""

from __future__ import annotations

from typing import Any

import pytest

from assembly import Assembly, Person

OK = (200, None)


def timeline(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get("communities/club/timeline")["timeline"]["elements"]
    return found


@pytest.fixture
def post_id(club: Assembly) -> str:
    """A post of bob's in the club."""
    return club.bob.post("@@club", "from the club", tags="cats")


# Posting


def test_a_post_belongs_to_the_community(club: Assembly, post_id: str) -> None:
    assert [one["id_string"] for one in timeline(club.bob)] == [post_id]
    assert club.bob.get("blog/bob/posts")["posts"] == []
    assert club.bob.get("user/dashboard")["posts"] == []
    assert club.bob.get("tagged", tag="cats") == []
    assert [blog["name"] for blog in club.frank.get("user/info")["user"]["blogs"]] == ["frank"]
    assert club.bob.get("user/limits")["user"]["posts"]["remaining"] == 249
    answer = club.frank.get("blog/@@club/posts", npf="true")
    (read,) = answer["posts"]
    assert (read["id_string"], read["post_author"]) == (post_id, "bob")
    assert "admin" not in answer["blog"]
    recorded = club.browser.get("/sandbox/blogs/@@club/posts").json
    assert recorded is not None
    assert [one["id"] for one in recorded["posts"]] == [post_id]


@pytest.mark.parametrize(
    "path", ["/", "/explore", "/blog/bob", "/tagged/cats", "/blog/bob/rss", "/search?q=@@club"]
)
def test_no_page_shows_it(club: Assembly, post_id: str, path: str) -> None:
    answer = club.browser.get(path, follow_redirects=True)
    assert answer.status_code in (200, 404)
    assert "from the club" not in answer.text
    assert post_id not in answer.text


def test_only_members_post(club: Assembly) -> None:
    content = [{"type": "text", "text": "a"}]
    assert club.carol.does("POST", "blog/@@club/posts", content=content) == (403, 23002)
    assert club.carol.does("POST", f"blog/{club.uuid}/posts", content=content) == (403, 23002)
    assert club.carol.does("POST", "blog/@@nowhere/posts", content=content) == (404, 0)
    club.frank.call("DELETE", "communities/club/members/bob", reason="spam", ban_user=True)
    assert club.bob.does("POST", "blog/@@club/posts", content=content) == (403, 23020)


@pytest.mark.parametrize("state", ["draft", "queue", "private", "submission"])
def test_posts_of_communities_are_published(club: Assembly, state: str) -> None:
    content = [{"type": "text", "text": "a"}]
    assert club.bob.does("POST", "blog/@@club/posts", content=content, state=state) == (400, 8001)


@pytest.mark.parametrize(
    "sent", [{}, {"content": []}, {"content": "x"}, {"content": [{"type": "hm"}]}], ids=repr
)
def test_a_post_that_is_none(club: Assembly, sent: dict[str, Any]) -> None:
    assert club.bob.does("POST", "blog/@@club/posts", **sent)[0] == 400
    assert timeline(club.bob) == []


def test_its_author_edits_it(club: Assembly, post_id: str) -> None:
    content = [{"type": "text", "text": "better"}]
    path = f"blog/@@club/posts/{post_id}"
    assert club.frank.does("PUT", path, content=content) == (401, 1016)
    assert club.carol.does("PUT", path, content=content) == (403, 23002)
    assert club.bob.does("PUT", path, content=content, state="draft") == (400, 8001)
    assert club.bob.does("PUT", path, content=content) == OK
    assert timeline(club.bob)[0]["content"] == content


@pytest.mark.parametrize(
    ("who", "role", "answer"),
    [
        ("bob", "member", OK),
        ("dora", "member", (403, 0)),
        ("dora", "moderator", OK),
        ("dora", "admin", OK),
        ("carol", None, (403, 0)),
    ],
)
def test_who_deletes_it(
    club: Assembly, post_id: str, who: str, role: str | None, answer: tuple[int, int | None]
) -> None:
    people = {"bob": club.bob, "carol": club.carol, "dora": club.one_more("dora")}
    people["dora"].call("PUT", "communities/club/members")
    if role is not None:
        club.frank.call("PUT", f"communities/club/members/{who}", role=role)
    club.frank.call("PUT", f"communities/club/posts/{post_id}/reactions", slug=":fire:")
    assert people[who].does("POST", "blog/@@club/post/delete", id=post_id) == answer
    assert len(timeline(club.bob)) == (0 if answer == OK else 1)


# A community is no blog


@pytest.mark.parametrize("named", ["@@club", "club"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "info"),
        ("GET", "avatar"),
        ("GET", "followers"),
        ("GET", "following"),
        ("GET", "likes"),
        ("GET", "posts/draft"),
        ("GET", "posts/1"),
        ("GET", "notifications"),
        ("POST", "post"),
        ("POST", "blocks"),
    ],
)
def test_what_only_blogs_have(club: Assembly, named: str, method: str, path: str) -> None:
    assert club.frank.does(method, f"blog/{named}/{path}", type="text", body="a") == (404, 0)


def test_nobody_follows_or_asks_a_community(club: Assembly) -> None:
    for name in ("@@club", "club", club.uuid):
        assert club.bob.does("POST", "user/follow", url=name) == (404, 0)
        assert club.browser.post("/sandbox/asks", json={"blog": name, "question": "?"}).status_code == 404


def test_a_blog_may_be_called_like_a_community(club: Assembly) -> None:
    twin = club.one_more("club")
    twin.post("club", "from the blog")
    assert club.bob.get("blog/club/info")["blog"]["uuid"] != club.uuid
    assert timeline(club.bob) == []
    club.bob.post("@@club", "hello @@club")
    assert twin.get("blog/club/notifications")["notifications"] == []


def test_there_is_no_post_by_id(club: Assembly, post_id: str) -> None:
    assert club.bob.does("GET", f"communities/club/posts/{post_id}") == (404, 0)


def test_private_posts_stay_private(club: Assembly, post_id: str) -> None:
    club.edit(privacy=1)
    for path in ("posts", f"posts?id={post_id}", f"notes?id={post_id}"):
        assert club.carol.does("GET", f"blog/@@club/{path}") == (403, 23001)
        assert club.bob.does("GET", f"blog/@@club/{path}") == OK
    key = timeline(club.bob)[0]["reblog_key"]
    reblog = {"parent_tumblelog_uuid": club.uuid, "parent_post_id": post_id, "reblog_key": key}
    for person in (club.carol, club.bob):
        assert person.does("POST", f"blog/{person.name}/posts", **reblog) == (403, 8002)
        assert person.does("POST", f"blog/{person.name}/post/reblog", id=post_id, reblog_key=key)[0] == 403


def test_no_page_shows_a_private_post(club: Assembly, post_id: str) -> None:
    club.edit(privacy=1)
    for path in (f"/reblog/{post_id}", f"/blog/bob/post/{post_id}", f"/blog/@@club/post/{post_id}"):
        answer = club.browser.get(path, follow_redirects=True)
        assert "from the club" not in answer.text


# Notes


def test_members_like_and_reply(club: Assembly, post_id: str) -> None:
    key = timeline(club.bob)[0]["reblog_key"]
    assert club.frank.does("POST", "user/like", id=post_id, reblog_key=key) == OK
    assert club.bob.does("POST", "user/like", id=post_id, reblog_key=key)[0] == 403  # their own
    assert club.carol.does("POST", "user/like", id=post_id, reblog_key=key)[0] == 403
    for name, status in (("frank", 200), ("carol", 409)):
        reply = {"blog": name, "post_id": int(post_id), "text": "oh"}
        assert club.browser.post("/sandbox/replies", json=reply).status_code == status
    told = club.bob.get("blog/bob/notifications")["notifications"]
    assert [(one["type"], one["target_tumblelog_uuid"]) for one in told] == [
        ("reply", club.uuid),
        ("like", club.uuid),
    ]
    notes = club.carol.get("blog/@@club/notes", id=post_id)["notes"]
    assert [(one["type"], one["blog_name"]) for one in notes] == [
        ("reply", "frank"),
        ("like", "frank"),
        ("posted", "@@club"),
    ]
    assert club.frank.get("user/likes")["liked_posts"] == []
    assert club.frank.does("POST", "user/unlike", id=post_id, reblog_key=key) == OK


def test_a_public_post_is_reblogged(club: Assembly, post_id: str) -> None:
    key = timeline(club.bob)[0]["reblog_key"]
    reblog = {"parent_tumblelog_uuid": club.uuid, "parent_post_id": post_id, "reblog_key": key}
    club.carol.post("carol", "look", **reblog)
    (post,) = club.carol.get("blog/carol/posts", npf="true", reblog_info="true")["posts"]
    assert (post["reblogged_root_name"], post["trail"][0]["blog"]["uuid"]) == ("@@club", club.uuid)
    assert "post_author" not in post
    assert [one["type"] for one in club.bob.get("blog/bob/notifications")["notifications"]] == ["reblog"]
    legacy = club.carol.get("blog/carol/posts")["posts"]
    assert "https://www.tumblr.com/communities/club/" in legacy[0]["body"]
    assert club.browser.get("/blog/carol").status_code == 200


def test_who_the_author_blocks_does_not_reblog(club: Assembly, post_id: str) -> None:
    key = timeline(club.bob)[0]["reblog_key"]
    club.browser.post("/sandbox/blocks", json={"blog": "bob", "blocked": "carol"})
    reblog = {"parent_tumblelog_uuid": club.uuid, "parent_post_id": post_id, "reblog_key": key}
    assert club.carol.does("POST", "blog/carol/posts", **reblog) == (403, 8002)


def test_a_reblog_into_the_community_is_its_own_business(club: Assembly) -> None:
    post_id = club.carol.post("carol", "mine")
    (post,) = club.carol.get("blog/carol/posts", npf="true")["posts"]
    reblog = {"parent_tumblelog_uuid": post["blog"]["uuid"], "reblog_key": post["reblog_key"]}
    club.bob.post("@@club", "see", parent_post_id=post_id, **reblog)
    (shown,) = timeline(club.bob)
    assert (shown["post_author"], shown["trail"][0]["blog"]["name"]) == ("bob", "carol")
    assert club.carol.get("blog/carol/notes", id=post_id)["total_notes"] == 0
    assert club.carol.get("blog/carol/notifications")["notifications"] == []


def test_only_members_hear_that_they_are_mentioned(club: Assembly) -> None:
    carols, franks = (p.get("user/info")["user"]["blogs"][0]["uuid"] for p in (club.carol, club.frank))
    for uuid in (carols, franks):
        mention = {"start": 0, "end": 2, "type": "mention", "blog": {"uuid": uuid}}
        club.bob.post("@@club", content=[{"type": "text", "text": "you", "formatting": [mention]}])
    assert club.carol.get("blog/carol/notifications")["notifications"] == []
    (told,) = club.frank.get("blog/frank/notifications")["notifications"]
    assert (told["type"], told["from_tumblelog_name"], told["target_tumblelog_name"]) == (
        "user_mention",
        "bob",
        "@@club",
    )


# Reactions


def reactions(person: Person) -> list[tuple[str, int]]:
    return [(one["grapheme"], one["count"]) for one in timeline(person)[0]["reactions"]]


def test_reactions(club: Assembly, post_id: str) -> None:
    path = f"communities/club/posts/{post_id}/reactions"
    assert club.bob.does("PUT", path, slug=":thumbs_up:") == OK
    assert club.frank.does("PUT", path, grapheme="👍") == OK
    assert club.frank.does("PUT", path, grapheme="👍") == OK
    assert club.frank.does("PUT", path, slug=":fire:", grapheme="👍") == OK
    assert reactions(club.carol) == [("👍", 2), ("🔥", 1)]
    assert timeline(club.carol)[0]["reactions"][0]["reaction_id"] is None
    mine = timeline(club.frank)[0]["reactions"][1]["reaction_id"]
    assert club.bob.does("DELETE", f"{path}/{mine}") == (404, 0)  # somebody else's
    assert club.frank.does("DELETE", f"{path}/{mine}") == OK
    assert club.frank.does("DELETE", f"{path}/👍") == OK
    assert club.frank.does("DELETE", f"{path}/👍") == (404, 0)
    assert reactions(club.bob) == [("👍", 1)]


EMOJI = ["👍", "👍🏽", "❤️", "👩‍🚀", "🏳️‍🌈", "🇩🇪", "1️⃣", "☕"]


@pytest.mark.parametrize("grapheme", EMOJI)
def test_what_is_an_emoji(club: Assembly, post_id: str, grapheme: str) -> None:
    path = f"communities/club/posts/{post_id}/reactions"
    assert club.bob.does("PUT", path, grapheme=grapheme) == OK
    assert reactions(club.bob) == [(grapheme, 1)]


@pytest.mark.parametrize(
    "sent",
    [
        *(
            {},
            {"slug": ""},
            {"slug": "fire"},
            {"slug": ":no_such_thing:"},
            {"slug": ":latin_small_letter_a:"},
        ),
        *(
            {"slug": ":" + "x" * 100_000 + ":"},
            {"grapheme": "a"},
            {"grapheme": "👍👍"},
            {"grapheme": "\u200d"},
        ),
        *({"grapheme": "👍" * 50_000}, {"grapheme": ["👍"]}, {"grapheme": 7}, {"grapheme": "<b>"}),
        *({"grapheme": "\ud83d"}, {"grapheme": "\0"}, {"slug": {"a": ":fire:"}}),
    ],
    ids=lambda sent: repr(sent)[:40],
)
def test_what_is_none(club: Assembly, post_id: str, sent: dict[str, Any]) -> None:
    assert club.bob.does("PUT", f"communities/club/posts/{post_id}/reactions", **sent) == (400, 0)


def test_how_many_reactions(club: Assembly, post_id: str) -> None:
    path = f"communities/club/posts/{post_id}/reactions"
    emoji = [chr(ord("🍅") + n) for n in range(21)]
    people = [club.bob, club.frank, club.one_more("dora"), club.one_more("emil"), club.carol]
    for n, person in enumerate(people):
        person.call("PUT", "communities/club/members")
        for one in emoji[5 * n : 5 * n + 5][: 5 if n < 4 else 0]:
            assert person.does("PUT", path, grapheme=one) == OK
    assert club.bob.does("PUT", path, grapheme=emoji[7]) == (400, 22002)
    assert club.carol.does("PUT", path, grapheme=emoji[20]) == (400, 22001)
    assert club.carol.does("PUT", path, grapheme=emoji[7]) == OK  # which is there already


def test_who_reacts_to_what(club: Assembly, post_id: str) -> None:
    club.make("shed", members=["bob"])
    assert club.carol.does("PUT", f"communities/club/posts/{post_id}/reactions", slug=":fire:") == (
        403,
        23002,
    )
    assert club.carol.does("DELETE", f"communities/club/posts/{post_id}/reactions/1") == (403, 23002)
    own = club.bob.post("bob")
    for place in (f"shed/posts/{post_id}", f"club/posts/{own}", "club/posts/0", "club/posts/" + "9" * 400):
        assert club.bob.does("PUT", f"communities/{place}/reactions", slug=":fire:") == (404, 0)
