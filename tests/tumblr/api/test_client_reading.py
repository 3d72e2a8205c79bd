"""Reading what others do: notes, mentions, other blogs' posts, the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.tumblr.api.test_client import HOST, KEYS, Wire, document, page, post
from tests.tumblr.fakes import RULES, FakeClock
from tumblr.api.client import TumblrDashReader, TumblrReader
from tumblr.api.errors import MalformedAnswer
from tumblr.api.models import Mention
from tumblr.api.transport import ReadRequest
from tumblr.api.writer import ReblogTarget, Writing


@pytest.fixture
def wire(clock: FakeClock) -> Iterator[Wire]:
    with requests.Session() as session:
        yield Wire(session, clock)


@pytest.fixture
def dash(wire: Wire) -> Iterator[TumblrDashReader]:
    with requests.Session() as session:
        session.mount("http://", wire.adapter)
        yield TumblrDashReader(
            ReadRequest(KEYS, HOST, session, wire.budget, timeout_seconds=8, max_tries=1), RULES
        )


def test_recent_posts_come_with_their_notes_and_no_more_than_wanted(wire: Wire) -> None:
    liked = [{"type": "like", "blog_name": "bob", "timestamp": 7}]
    wire.will_answer(page(post(9, notes=liked), post(8)), page(post(7), post(6)))
    recent = list(wire.reader.recent(3))
    assert [p.id for p in recent] == ["9", "8", "7"]
    assert [note.blog for note in recent[0].notes] == ["bob"]
    assert [(wire.sent(i)[2]["limit"], wire.sent(i)[2]["offset"]) for i in (0, 1)] == [("3", "0"), ("1", "2")]
    assert wire.sent(0)[2]["notes_info"] == "true"


def test_a_recent_post_that_cannot_be_read_is_passed_over(wire: Wire) -> None:
    wire.will_answer(page(post(9), {"id": None}), page(post(7)), page())
    assert [p.id for p in wire.reader.recent(10)] == ["9", "7"]
    assert wire.sent(1)[2]["offset"] == "2"


def test_notes_are_read_as_a_conversation(wire: Wire) -> None:
    note = {"type": "reply", "blog_name": "bob", "timestamp": 5, "reply_text": "hi"}
    following = {"next": {"query_params": {"before_timestamp": "5000000"}}}
    wire.will_answer(document({"notes": [note], "_links": following}), document({"notes": []}))
    first = wire.reader.notes("3")
    assert (first.notes[0].said, first.next_before) == ("hi", "5000000")
    assert wire.reader.notes("3", first.next_before).next_before is None
    assert wire.sent(1)[2] == {"id": "3", "mode": "conversation", "before_timestamp": "5000000"}


@pytest.mark.parametrize("odd", [[], "x", {}, {"notes": None}])
def test_notes_without_notes_are_malformed(wire: Wire, odd: object) -> None:
    wire.will_answer(document(odd))
    with pytest.raises(MalformedAnswer):
        wire.reader.notes("3")


def mention(number: int, timestamp: int, blog: str = "bob") -> dict[str, object]:
    return {
        "type": "user_mention",
        "target_post_id": str(number),
        "from_tumblelog_name": blog,
        "timestamp": timestamp,
    }


def test_mentions_are_paged_back_to_a_moment(wire: Wire) -> None:
    other = {"type": "like", "target_post_id": "4", "from_tumblelog_name": "bob", "timestamp": 40}
    wire.will_answer(
        document({"notifications": [mention(3, 30), other, mention(2, 20)]}),
        document({"notifications": [mention(2, 20), mention(1, 10)]}),
        document({"notifications": [mention(1, 10)]}),
        document({"notifications": [mention(9, 2)]}),
    )
    assert wire.reader.mentions(5) == [
        Mention("bob", "3", 30),
        Mention("bob", "2", 20),
        Mention("bob", "1", 10),
    ]
    assert [wire.sent(i)[2].get("before") for i in range(4)] == [None, "21", "11", "10"]


def test_no_more_mentions_than_wanted(wire: Wire) -> None:
    wire.will_answer(document({"notifications": [mention(3, 30), mention(2, 20), mention(1, 10)]}))
    assert [m.post_id for m in wire.reader.mentions(0, 2)] == ["3", "2"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_post_of_another_blog_may_be_hidden(wire: Wire, status: int) -> None:
    wire.will_answer(page(post(5, blog_name="bob")), document([], status))
    found = wire.reader.post_of("bob", "5")
    assert found is not None
    assert found.name == "bob:5"
    assert wire.sent(0)[1] == "/v2/blog/bob.tumblr.com/posts"
    assert wire.reader.post_of("bob", "5") is None
    assert wire.reader.post_of("../frank", "5") is None


def test_the_dashboard_is_paged_by_offset(wire: Wire, dash: TumblrDashReader) -> None:
    wire.will_answer(page(post(9), post(8)), page(post(8), post(7)), page())
    assert [p.id for p in dash.dashboard(60)] == ["9", "8", "7"]
    assert [(wire.sent(i)[2]["limit"], wire.sent(i)[2]["offset"]) for i in range(3)] == [
        ("50", "0"),
        ("50", "2"),
        ("50", "4"),
    ]


def test_the_dashboard_after_a_post(wire: Wire, dash: TumblrDashReader) -> None:
    wire.will_answer(page(post(8), post(7)), page(post(9)), page())
    assert [p.id for p in dash.dashboard_after("6", 5)] == ["8", "7", "9"]
    assert [wire.sent(i)[2]["since_id"] for i in range(3)] == ["6", "8", "9"]


def test_whom_the_account_follows(wire: Wire, dash: TumblrDashReader) -> None:
    blogs = [document({"blogs": [{"name": name} for name in names]}) for names in (("a", "b"), ("b",))]
    wire.will_answer(*blogs)
    assert list(dash.following()) == ["a", "b"]
    assert wire.sent(1)[2]["offset"] == "2"


def test_reblogging(wire: Wire) -> None:
    wire.will_answer(document({"id": "77", "state": "published"}, 201))
    answer = wire.writer.reblog(ReblogTarget("bob", "5", "aB3"), Writing("<p>x</p>", ("a",), "draft"))
    assert answer["id"] == "77"
    assert wire.sent()[1] == "/v2/blog/frank.tumblr.com/post/reblog"
    fields = {"id": "5", "reblog_key": "aB3", "comment": "<p>x</p>", "tags": "a", "state": "draft"}
    assert wire.sent()[2] == fields


def test_html_can_be_asked_for(wire: Wire) -> None:
    with requests.Session() as session:
        session.mount("http://", wire.adapter)
        request = ReadRequest(KEYS, HOST, session, wire.budget, timeout_seconds=8, max_tries=1)
        wire.will_answer(page())
        list(TumblrReader(request, RULES, npf=False).queue())
    assert wire.sent()[2]["npf"] == "false"


def test_a_second_with_more_mentions_than_a_page_does_not_end_the_list(wire: Wire) -> None:
    full = [mention(number, 30) for number in (1, 2)]
    wire.will_answer(
        document({"notifications": full}),
        document({"notifications": full}),
        document({"notifications": [mention(3, 10)]}),
        document({"notifications": [mention(3, 10)]}),
        document({"notifications": []}),
    )
    assert [m.post_id for m in wire.reader.mentions(5)] == ["1", "2", "3"]
    assert [wire.sent(i)[2].get("before") for i in range(5)] == [None, "31", "30", "11", "10"]


def test_a_list_that_always_shows_the_same_ends(wire: Wire) -> None:
    wire.will_answer(*[document({"notifications": [mention(1, 30)]})] * 3)
    assert [m.post_id for m in wire.reader.mentions(5)] == ["1"]
