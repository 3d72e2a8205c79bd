"""Pages of communities."""

from __future__ import annotations

from pages.stage import HOSTILE, Stage
from pages.visitor import Visitor, cards, text_of


def make(stage: Stage, visitor: Visitor, name: str, **more: object) -> None:
    """A community of frank's."""
    stage.world.rng.seed(name)  # not what the stage's blogs were drawn from
    sent = {"name": name, "admin": "frank", "members": ["quietmarsh"], **more}
    assert visitor.client.post("/sandbox/communities", json=sent).status_code == 200


def test_a_visitor_joins_posts_and_leaves(stage: Stage, visitor: Visitor) -> None:
    make(stage, visitor, "club", title="The Club", description="for all")
    visitor.be("memefoundry")
    assert "The Club" in text_of(visitor.see("/communities").select_one("main"))
    assert "Post" not in [text_of(one) for one in visitor.see("/communities/club").select("button")]
    visitor.send("/communities/club/join", next="/communities/club")
    visitor.send("/communities/club/post", body=f"hello all {HOSTILE}", next="/communities/club")
    (card,) = cards(visitor.see("/communities/club"))
    assert "memefoundry handed this in" in text_of(card)
    assert "<script>alert" not in str(card)
    link = card.select_one("a.time")
    assert link is not None
    visitor.see(str(link["href"]))
    post_id = str(link["href"]).rsplit("/", 1)[1]
    visitor.send(f"/reply/{post_id}", text="me again", next="/communities/club")
    assert "me again" in text_of(visitor.see(str(link["href"])).select_one("#notes"))
    visitor.send("/communities/club/leave", next="/communities/club")
    assert "Join" in [text_of(one) for one in visitor.see("/communities/club").select("main button")]
    visitor.send("/communities/club/post", body="too late", next="/communities/club")
    refused = visitor.see("/communities/club")
    assert "You are not a member" in text_of(refused.select_one(".told"))
    assert len(cards(refused)) == 1


def test_what_is_not_there(stage: Stage, visitor: Visitor) -> None:
    make(stage, visitor, "club")
    visitor.see("/communities/nowhere", 404)
    visitor.see("/communities/frank", 404)
    visitor.see("/blog/@@nowhere/post/1", 404)
    visitor.see("/blog/@@club/ask", 404)
    visitor.be("memefoundry")
    visitor.send("/communities/club/burn", 404)
    visitor.send("/communities/nowhere/join", 404)
    visitor.send("/follow/@@club", 404)
    assert visitor.client.get("/blog/@@club").headers["Location"] == "/communities/club"


def test_a_private_one(stage: Stage, visitor: Visitor) -> None:
    make(stage, visitor, "shed", settings={"visibility": "private"})
    visitor.see("/communities/shed", 403)
    assert "shed" not in text_of(visitor.see("/communities").select_one("main"))
    visitor.be("quietmarsh")
    visitor.send("/communities/shed/post", body="secret")
    (card,) = cards(visitor.see("/communities/shed"))
    link = card.select_one("a.time")
    assert link is not None
    visitor.be("memefoundry")
    visitor.see(str(link["href"]), 403)
    visitor.see(f"/reblog/{str(link['href']).rsplit('/', 1)[1]}", 404)
    assert "secret" not in visitor.client.get("/explore").text


def test_a_guest_is_asked_who_they_are(stage: Stage, visitor: Visitor) -> None:
    make(stage, visitor, "club")
    visitor.see("/communities/club")
    assert "/accounts" in visitor.send("/communities/club/join").headers["Location"]
