"""Likes, replies, follows, and the guard of every form."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from pages.stage import Stage
from pages.visitor import Visitor, cards, text_of
from tumblr_sandbox.pages.actions import MAX_REPLY
from tumblr_sandbox.store import browsing, posts, social
from tumblr_sandbox.store.notes import NoteFilter, of_tree
from tumblr_sandbox.store.posts import StoredPost


def kinds_of_notes(stage: Stage, post: StoredPost) -> list[str]:
    with stage.world.database.read() as connection:
        return [note.kind for note in of_tree(connection, post.tree_id, NoteFilter(), limit=99)]


def test_liking_and_not_liking_any_more(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>a</p>")
    visitor.be("quietmarsh")
    path = f"/blog/frank/post/{post.id}"
    for action, pressed, count in (
        (f"/like/{post.id}", "true", "1 note"),
        (f"/unlike/{post.id}", "false", "0 notes"),
    ):
        answer = visitor.send(action, next="/explore?before=9")
        assert answer.headers["Location"] == f"/explore?before=9#post-{post.id}"
        (card,) = cards(visitor.see(path))
        heart = card.select_one("button.heart")
        assert heart is not None
        assert heart["aria-pressed"] == pressed
        assert text_of(card.select_one(".notes")) == count


def test_ones_own_posts_have_other_buttons(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("quietmarsh", "<p>a</p>")
    visitor.be("quietmarsh")
    (card,) = cards(visitor.see(f"/blog/quietmarsh/post/{post.id}"))
    assert card.select_one(".heart") is None
    assert {str(act["aria-label"]) for act in card.select(".act")} == {"Edit", "Delete", "Reply", "Reblog"}
    visitor.send(f"/like/{post.id}")
    assert "cannot like your own" in text_of(visitor.see("/").select_one(".told"))
    assert kinds_of_notes(stage, post) == ["posted"]


def test_replying(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>a</p>")
    visitor.be("quietmarsh")
    path = f"/blog/frank/post/{post.id}"
    answer = visitor.send(f"/reply/{post.id}", text=" <b>hm</b>\r\nyes ", next=path)
    assert answer.headers["Location"] == f"{path}#notes"
    assert text_of(visitor.see(path).select_one("#notes .added")) == "<b>hm</b> yes"
    for text in ("", "  ", "x" * (MAX_REPLY + 1)):
        visitor.send(f"/reply/{post.id}", 400, text=text)


def test_following(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    button = visitor.see("/blog/memefoundry").select_one(".actions form")
    assert button is not None
    assert button["action"] == "/follow/memefoundry"
    visitor.send("/follow/memefoundry", next="/blog/memefoundry")
    button = visitor.see("/blog/memefoundry").select_one(".actions form")
    assert button is not None
    assert button["action"] == "/unfollow/memefoundry"
    visitor.send("/unfollow/memefoundry")
    visitor.send("/follow/quietmarsh", 403)
    visitor.send("/follow/nobody", 404)
    with stage.world.database.read() as connection:
        mine = stage.blog("quietmarsh")
        assert not social.follows(connection, mine.owner_id, stage.blog("memefoundry").id)
        assert social.notifications_of(connection, stage.blog("memefoundry").id, kinds=["follower"])


def test_the_blocked_can_do_nothing(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>a</p>")
    with stage.world.database.write() as connection:
        social.block(connection, stage.blog("frank").id, stage.blog("quietmarsh").id)
    visitor.be("quietmarsh")
    for path, form in ((f"/like/{post.id}", {}), (f"/reply/{post.id}", {"text": "hm"})):
        visitor.send(path, **form)
        assert "You cannot" in text_of(visitor.see("/").select_one(".told"))
    visitor.send(f"/reblog/{post.id}", 400, state="published")
    assert kinds_of_notes(stage, post) == ["posted"]


def test_limits_hold_for_people_too(stage: Stage, visitor: Visitor) -> None:
    stage.world.limits.likes_per_day = 0
    post = stage.write("frank", "<p>a</p>")
    visitor.be("quietmarsh").send(f"/like/{post.id}")
    assert "limit" in text_of(visitor.see("/").select_one(".told"))


@pytest.mark.parametrize(
    "path",
    [
        "/like/{}",
        "/unlike/{}",
        "/reply/{}",
        "/follow/frank",
        "/unfollow/frank",
        "/manage/{}/publish",
        "/delete/{}",
        "/edit/{}",
        "/new",
        "/reblog/{}",
    ],
)
def test_a_guest_is_asked_who_they_are(stage: Stage, visitor: Visitor, path: str) -> None:
    post = stage.write("frank", "<p>a</p>")
    answer = visitor.send(path.format(post.id), text="a", next="/explore")
    assert answer.headers["Location"] == "/accounts?next=/explore"
    assert kinds_of_notes(stage, post) == ["posted"]


# The guard


@pytest.mark.parametrize("given", [None, "", "wrong", "ä"])
def test_forms_need_the_token_of_the_visit(stage: Stage, browser: FlaskClient, given: str | None) -> None:
    post = stage.write("frank", "<p>a</p>")
    form = {} if given is None else {"token": given}
    for path in (
        f"/like/{post.id}",
        "/accounts",
        "/control/advance",
        "/new",
        f"/delete/{post.id}",
        "/blog/frank/ask",
    ):
        answer = browser.post(path, data=form)
        assert answer.status_code == 403
        assert "grown old" in answer.text


def test_the_token_is_of_one_visit(stage: Stage, visitor: Visitor, browser: FlaskClient) -> None:
    stolen = visitor.token()
    other = browser.application.test_client()
    assert other.post("/accounts", data={"token": stolen, "name": "mallory"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 303),
        ({}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "www.tumblr.com", "Origin": "http://evil.example"}, 403),
        ({"Host": "eviltumblr.com"}, 403),
    ],
)
def test_other_sites_cannot_send_forms(
    stage: Stage, visitor: Visitor, headers: dict[str, str], status: int
) -> None:
    form = {"question": "hm?", "token": visitor.token()}
    answer = visitor.client.post("/blog/frank/ask", data=form, headers=headers)
    assert answer.status_code == status


def test_the_cookie_is_no_scripts_business_and_outlives_a_restart(
    stage: Stage, visitor: Visitor, browser: FlaskClient
) -> None:
    answer = browser.get("/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    visitor.be("quietmarsh")
    browser.application.secret_key = None
    assert text_of(visitor.see("/accounts").h1) == "You are quietmarsh"


def test_a_forged_cookie_is_nobody(stage: Stage, visitor: Visitor, browser: FlaskClient) -> None:
    browser.set_cookie("sandbox_visit", "eyJhY2NvdW50IjoiZnJhbmsifQ.aaaa.bbbb")
    assert text_of(visitor.see("/accounts").h1) == "Who are you?"


def test_programs_get_no_cookie(stage: Stage, browser: FlaskClient) -> None:
    for path in ("/v2/blog/frank/avatar", "/sandbox/clock", "/static/sandbox.css"):
        with browser.get(path) as answer:
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "a\nb", ""],
)
def test_nobody_is_led_elsewhere(stage: Stage, visitor: Visitor, elsewhere: str) -> None:
    answer = visitor.send("/accounts", name="quietmarsh", next=elsewhere)
    assert answer.headers["Location"] == "/"


def test_what_is_counted_stays_small(stage: Stage) -> None:
    with stage.world.database.read() as connection:
        assert browsing.count_newer(connection, 0, None) == 7
        assert browsing.count_newer(connection, posts.MAX_ID, None) == 0
