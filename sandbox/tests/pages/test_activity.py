"""The activity page."""

from __future__ import annotations

from bench import FakeClock
from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.pages.activity import EVENTS_PER_PAGE


def lines(visitor: Visitor, path: str = "/activity") -> list[str]:
    return [text_of(one) for one in visitor.see(path).select(".events li > div")]


def test_everything_that_happens_is_told(stage: Stage, visitor: Visitor) -> None:
    visitor.be("newcomer")
    assert "Nothing happened yet" in visitor.see("/activity").get_text()
    mine = stage.write("newcomer", "<p>hello</p>")
    stage.like("quietmarsh", mine)
    stage.reply("tinplate-owl", mine, "hm")
    stage.reblog("memefoundry", mine, "<p>well</p>")
    stage.reblog("crimewave-jam", mine)
    stage.ask("why?", None, blog="newcomer")
    stage.answer(stage.ask("who?", "newcomer"), "<p>I.</p>")
    assert text_of(visitor.see("/").select_one(".rail a[href='/activity']")) == "Activity 6 new"
    assert lines(visitor) == [
        "frank answered your question (new) just now who?",
        "Somebody asked you (new) just now why?",
        "crimewave-jam reblogged your post (new) just now hello",
        "memefoundry reblogged your post and said (new) just now well hello",
        "tinplate-owl replied to your post (new) just now hm hello",
        "quietmarsh liked your post (new) just now hello",
    ]
    assert text_of(visitor.see("/").select_one(".rail a[href='/activity']")) == "Activity"
    assert "(new)" not in lines(visitor)[0]
    assert lines(visitor, "/activity?show=likes") == ["quietmarsh liked your post just now hello"]
    assert len(lines(visitor, "/activity?show=nonsense")) == 6


def test_likes_of_a_post_stand_together(stage: Stage, visitor: Visitor, clock: FakeClock) -> None:
    one, other = (stage.write("quietmarsh", f"<p>{word}</p>") for word in ("one", "two"))
    stage.like("frank", one)
    clock.advance(60)
    stage.like("tinplate-owl", one)
    stage.reply("memefoundry", one, "hm")
    for name in ("memefoundry", "crimewave-jam"):
        stage.like(name, one)
        stage.like(name, other)
    visitor.be("quietmarsh")
    assert lines(visitor)[:3] == [
        "crimewave-jam and memefoundry liked your post (new) just now two",
        "crimewave-jam and 3 others liked your post (new) just now one",
        "memefoundry replied to your post (new) just now hm one",
    ]
    link = visitor.see("/activity").select_one("a[href$='#notes']")
    assert link is not None
    kinds = visitor.see(str(link["href"]).partition("#")[0]).select("#notes ol li")
    assert len(kinds) == 4


def test_days_are_named(stage: Stage, visitor: Visitor, clock: FakeClock) -> None:
    mine = stage.write("quietmarsh", "<p>hello</p>")
    for name in ("tinplate-owl", "memefoundry", "crimewave-jam"):
        clock.advance(86_400)
        stage.like(name, mine)
    visitor.be("quietmarsh")
    days = [text_of(one) for one in visitor.see("/activity?show=likes").select(".events h2")]
    assert days[:2] == ["Today", "Yesterday"]
    assert len(days) >= 3


def test_older_activity_is_a_page_away(stage: Stage, visitor: Visitor) -> None:
    mine = stage.write("quietmarsh", "<p>hello</p>")
    for number in range(EVENTS_PER_PAGE + 2):
        stage.reply("frank", mine, f"reply {number}")
    visitor.be("quietmarsh")
    page = visitor.see("/activity?show=replies")
    following = page.select_one("a[rel=next]")
    assert following is not None
    rest = visitor.see(str(following["href"]))
    assert "reply 1" in text_of(rest.select_one(".added"))
    assert len(rest.select(".events li")) == 2 + 1  # and one of the demo's own


def test_activity_of_posts_that_are_gone(stage: Stage, visitor: Visitor) -> None:
    mine = stage.write("quietmarsh", "<p>hello</p>")
    stage.like("frank", mine)
    visitor.be("quietmarsh").send(f"/delete/{mine.id}")
    assert "frank liked your post (new) just now" in lines(visitor)[0]
