"""What people say becomes turns, once, or is skipped with a reason; what has to wait is found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import START, World
from tumblr.api.client import TumblrDashReader
from tumblr.api.errors import (
    Forbidden,
    LimitReached,
    MalformedAnswer,
    NotFound,
    Refused,
    TumblrUnavailable,
)
from tumblr.api.models import Mention, TumblrPost, post_name
from tumblr.api.notes import Note
from tumblr.finders.conversation_rules import BY_HAND
from tumblr.finders.conversation_sources import MENTIONS_READ
from tumblr.finders.other_posts import OtherPosts
from tumblr.responding.post_log import explain
from tumblr.turns.inputs import ThreadInput
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn, Turn

MakeWorld = Callable[..., World]
NOW = int(START.timestamp())


class Talk:
    """A world with people who talk to the bot, and the finder that hears them."""

    def __init__(self, world: World, **sections: dict[str, Any]) -> None:
        self.world = world
        self.tumblr = world.tumblr
        self.sections: dict[str, dict[str, Any]] = {
            "blog": {"operator_name": "boss"},
            "screening": {"user_avoid_list": ["mallory"]},
            "damping": {"per_hour": 3},
            **sections,
        }
        self.begin()

    def begin(self) -> None:
        """Start the bot's process."""
        self.world.restart(**self.sections)
        self.world.cursors.replace_follows(["friend"])
        self.find = next(step.find for step in self.world.loop.steps if step.name == "conversations")

    def own_post(self, number: int = 5, **changes: Any) -> TumblrPost:
        """A published post of the bot's."""
        fields = {
            "id": number,
            "id_string": str(number),
            "blog_name": "frank",
            "trail": [],
            "timestamp": NOW - 100,
        }
        post = npf("soup", post_url=f"https://frank.tumblr.com/post/{number}", **{**fields, **changes})
        self.tumblr.posts[post.id] = post
        self.tumblr.notes_on[post.id] = [Note("posted", "frank", NOW - 100)]
        return post

    def reblog(
        self, on: TumblrPost, number: int, who: str = "bob", said: str = "is it, though?", **more: Any
    ) -> str:
        """Somebody reblogs a post of the bot's."""
        trail = [npf_item("frank", on.id, "soup")]
        post = npf(said, **{"id": number, "id_string": str(number), "blog_name": who, "trail": trail, **more})
        self.tumblr.others[post.name] = post
        note = Note("reblog", who, NOW + number, str(number), more.get("parent", "frank"), said)
        self.tumblr.notes_on[on.id].append(note)
        return post.name

    def reply(self, on: TumblrPost, said: str, who: str = "bob", at: int = 40) -> None:
        """Somebody replies to a post of the bot's."""
        self.tumblr.notes_on[on.id].append(Note("reply", who, NOW + at, said=said))

    def mention(self, number: int, who: str = "ann") -> None:
        """Somebody names the bot."""
        post = npf("hey @frank you", id=number, id_string=str(number), blog_name=who, trail=[])
        self.tumblr.others[post.name] = post
        self.tumblr.mentioned.append(Mention(who, str(number), NOW + number))

    def look(self) -> dict[str, str | None]:
        """What is found now, and why it is skipped."""
        found = self.find()
        self.world.store.add(found)
        return {
            f"{turn.kind} {turn.input_id}": turn.skip_reason
            for turn in found
            if turn.waits_for is None or turn.skip_reason is not None
        }

    def answer(self) -> list[Turn]:
        """Find, and drive until nothing moves."""
        found = self.world.store.add(self.find())
        stored = [turn for turn in found if turn.state is not TurnState.WAITING]
        for _ in range(3):
            self.world.driver.round()
        return [self.world.store.turn(turn.id) for turn in stored]


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


def test_a_reblog_is_answered_by_a_reblog(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    (turn,) = talk.answer()
    assert (turn.kind, turn.input_id, turn.who, turn.state) == (
        TurnKind.REBLOG,
        "bob:20",
        "bob",
        TurnState.POSTED,
    )
    post = talk.tumblr.posts[turn.post_id or ""]
    assert (post.parent_id, post.tags, post.state) == ("20", ("soup", "bob"), "published")
    request = talk.world.store.log_entries()[0].entry["requests"][0]["fields"]
    assert request["question"] == "域\n\nsoup\n\n\n友bob会is it, though?\n\n\n域"
    assert (request["exact_prompt"], request["selector_cut_to_final_exchange"]) == (True, True)
    (moved,) = talk.world.store.mood_inputs()
    assert (moved.kind, moved.who, moved.input_id, moved.input_timestamp) == (
        "reblog",
        "bob",
        "bob:20",
        NOW + 20,
    )
    assert talk.look() == {}


def test_a_reply_is_answered_by_a_post_that_shows_it(talk: Talk) -> None:
    talk.reply(talk.own_post(), "why, though & how?")
    (turn,) = talk.answer()
    assert (turn.kind, turn.input_id, turn.state) == (TurnKind.REPLY, f"bob:5:{NOW + 40}", TurnState.POSTED)
    post = talk.tumblr.posts[turn.post_id or ""]
    assert post.tags == ("soup",)
    assert "@bob</a> replied to your post  <a" in post.body
    assert "why, though &amp; how?" in post.body
    assert talk.world.store.mood_inputs()[0].kind == TurnKind.REPLY
    assert talk.look() == {}


def test_a_mention_is_answered_by_a_reblog(talk: Talk) -> None:
    talk.mention(30)
    (turn,) = talk.answer()
    assert (turn.kind, turn.state) == (TurnKind.MENTION, TurnState.POSTED)
    assert talk.tumblr.posts[turn.post_id or ""].parent_id == "30"
    assert talk.world.store.mood_inputs()[0].kind == TurnKind.REBLOG
    talk.look()
    assert talk.world.cursors.cursor(MENTIONS_READ) == NOW + 30


def test_a_reblog_that_names_the_bot_is_answered_once(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    talk.tumblr.mentioned.append(Mention("bob", "20", NOW + 20))
    assert len(talk.answer()) == 1
    assert talk.answer() == []
    assert len([post for post in talk.tumblr.posts.values() if post.parent_id]) == 1


def test_reasons_for_not_answering(talk: Talk) -> None:
    post = talk.own_post()
    talk.reblog(post, 20, "ann", parent="bob")
    talk.reblog(post, 21, "mallory")
    talk.reblog(post, 22, "gone")
    del talk.tumblr.others["gone:22"]
    talk.reblog(post, 23, "frank")
    talk.reblog(post, 24, "bare", said="")
    talk.reply(post, "@ann hm", "friend", 50)
    talk.reply(post, "hm", "stranger", 51)
    assert talk.look() == {
        "reblog ann:20": "it was reblogged from bob, not from the bot",
        "reblog mallory:21": "mallory is in the thread, whom the bot avoids",
        "reblog gone:22": "it cannot be read: deleted, or hidden from the bot",
        f"reply friend:23:{NOW + 50}": "it is addressed to somebody else",
        f"reply stranger:23:{NOW + 51}": "the bot does not follow stranger, and others take part",
    }
    assert talk.look() == {}


def test_a_reply_to_a_reblog_by_the_bot_is_about_that_post(talk: Talk) -> None:
    post = talk.own_post()
    mine = talk.own_post(23, trail=[npf_item("ann", "9", "one")])
    talk.tumblr.notes_on[post.id].append(Note("reblog", "frank", NOW + 23, mine.id, "ann", "soup"))
    talk.reply(post, "@frank hm")
    assert talk.look() == {f"reply bob:23:{NOW + 40}": None}


@pytest.mark.parametrize(
    ("ignored", "reasons"),
    [
        ((), [None, None, None]),
        (("23",), ["the post 23 is not to be answered"] * 2 + [None]),
        (("53",), ["the post 53 is not to be answered"] * 3),
    ],
)
def test_with_a_reply_to_an_ignored_post_all_older_replies_are_given_up(
    world: World, ignored: tuple[str, ...], reasons: list[str | None]
) -> None:
    talk = Talk(world, conversation={"ignored_posts": ignored})
    post = talk.own_post()
    talk.reply(post, "@frank hello there", "ann", 10)
    for number, who in ((23, "bob"), (53, "cat")):
        mine = talk.own_post(number, trail=[npf_item("frank", "5", "soup")])
        talk.tumblr.notes_on[mine.id] = []
        talk.tumblr.notes_on[post.id].append(Note("reblog", "frank", NOW + number, mine.id, "ann", "soup"))
        talk.reply(post, "@frank hello there", who, number + 10)
    talk.tumblr.notes_on[post.id].sort(key=lambda note: -note.timestamp)
    names = [f"reply ann:5:{NOW + 10}", f"reply bob:23:{NOW + 33}", f"reply cat:53:{NOW + 63}"]
    assert talk.look() == dict(zip(names, reasons, strict=True))


def test_the_replies_to_other_posts_than_the_ignored_one_are_answered(world: World) -> None:
    talk = Talk(world, conversation={"ignored_posts": ["23"]})
    first, second = talk.own_post(5), talk.own_post(6)
    talk.tumblr.notes_on[first.id].append(Note("reblog", "frank", NOW + 23, "23", "ann", "soup"))
    talk.reply(first, "@frank hello there", "ann", 40)
    talk.reply(second, "hello there", "bob", 30)
    assert talk.look() == {
        f"reply ann:23:{NOW + 40}": "the post 23 is not to be answered",
        f"reply bob:6:{NOW + 30}": None,
    }


def test_a_reply_with_nothing_of_the_bots_before_it(talk: Talk) -> None:
    post = talk.own_post(trail=[npf_item("ann", "9", "one")])
    talk.tumblr.notes_on[post.id] = [Note("posted", "ann", NOW - 500)]
    talk.reply(post, "hm", "friend")
    assert talk.look() == {f"reply friend:5:{NOW + 40}": "nothing of the bot's comes before it"}


def test_a_reply_to_a_post_that_is_gone(talk: Talk) -> None:
    post = talk.own_post()
    talk.tumblr.notes_on[post.id].append(Note("reblog", "frank", NOW + 23, "23", "ann", "soup"))
    talk.reply(post, "@frank hm")
    assert talk.look() == {f"reply bob:23:{NOW + 40}": "the post that it answers is gone"}


def test_what_was_answered_by_hand_is_not_answered_again(talk: Talk) -> None:
    post = talk.own_post()
    talk.reblog(post, 20)
    talk.own_post(25, trail=[npf_item("frank", "5", "soup"), npf_item("bob", "20", "is it, though?")])
    assert talk.look() == {"reblog bob:20": "the blog has answered it by hand"}


def test_of_one_blog_one_reblog_and_one_reply_at_a_time(talk: Talk) -> None:
    post = talk.own_post()
    talk.reblog(post, 20, said="so what is it about then")
    talk.reblog(post, 21, said="and what about salad then")
    talk.reply(post, "@frank hello there dear bot")
    talk.mention(22, "bob")
    assert talk.look() == {"reblog bob:20": None, f"reply bob:5:{NOW + 40}": None}
    assert talk.look() == {}
    talk.world.driver.round()
    talk.world.driver.round()
    assert list(talk.look()) == ["reblog bob:21"]


def test_mentions_that_have_to_wait_are_found_again(talk: Talk) -> None:
    for number in (30, 31, 32):
        talk.mention(number, "ann")
    for name in ("ann:30", "ann:31", "ann:32"):
        assert list(talk.look()) == [f"mention {name}"]
        for _ in range(2):
            talk.world.driver.round()
    assert talk.look() == {}


def test_no_more_answers_to_one_blog_than_its_rate(talk: Talk) -> None:
    post = talk.own_post()
    for number in range(20, 25):
        talk.reblog(post, number)
    answered = [len(talk.answer()) for _ in range(5)]
    assert answered == [1, 1, 1, 0, 0]
    talk.world.clock.advance(3601)
    assert [len(talk.answer()) for _ in range(3)] == [1, 1, 0]


def test_a_thread_that_has_gone_to_and_fro_long_enough(make_world: Callable[..., World]) -> None:
    talk = Talk(make_world(), damping={"longest_exchange": 2})
    said = [("frank", "1"), ("bob", "2"), ("frank", "3"), ("bob", "4"), ("frank", "5")]
    trail = [npf_item(who, number, "word") for who, number in said]
    talk.reblog(talk.own_post(), 20, trail=trail)
    assert talk.look() == {"reblog bob:20": "the bot and bob have gone back and forth 2 times"}


def test_two_programs_that_take_turns_in_a_thread_are_left_alone_in_the_end(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), damping={"longest_exchange": 12, "longest_thread": 3})
    post = talk.own_post()
    trail = [npf_item("frank", post.id, "soup")]
    answered = []
    for number in range(20, 32, 2):
        who = "bob" if number % 4 else "cat"
        talk.reblog(post, number, who, trail=trail)
        answered += [turn.state for turn in talk.answer()]
        trail += [npf_item(who, str(number), "is it, though?"), npf_item("frank", str(number + 1), "yes")]
    assert answered == [TurnState.POSTED] * 3 + [TurnState.SKIPPED] * 3


@pytest.mark.parametrize(
    ("damping", "repliers", "answers"),
    [
        ({"longest_thread": 3}, ["bob", "cat"], 3),
        ({"longest_exchange": 2}, ["bob"], 2),
        ({"longest_exchange": 2}, ["bob", "cat"], 5),
    ],
)
def test_answers_to_replies_are_one_thread_though_each_is_a_post_of_its_own(
    make_world: MakeWorld, damping: dict[str, int], repliers: list[str], answers: int
) -> None:
    talk = Talk(make_world(), damping=damping)
    post, answered = talk.own_post(), 0
    for number in range(5):
        talk.reply(post, "@frank and then?", repliers[number % len(repliers)], 40 + number)
        (turn,) = talk.answer()
        if turn.state is TurnState.SKIPPED:
            break
        answered += 1
        post = talk.own_post(int(turn.post_id or ""))
    assert answered == answers


def test_limited_blogs_and_crowds_are_left_to_chance(make_world: Callable[..., World]) -> None:
    limited = Talk(make_world(), asks={"limited_users": {"bob": 1e9}})
    limited.reblog(limited.own_post(), 20)
    assert limited.look() == {}
    crowd = Talk(make_world(), conversation={"auto_limit_above": 2})
    post = crowd.own_post()
    for number in range(20, 23):
        crowd.reblog(post, number)
    crowd.sections["loop"] = {"sleep_seconds": 1e-6, "offpeak_sleep_seconds": 1e-6}
    crowd.begin()
    assert crowd.look() == {}


def test_old_posts_and_old_words_are_left_alone(make_world: Callable[..., World]) -> None:
    talk = Talk(make_world(), tumblr={"start_timestamp": NOW - 50}, conversation={"window_hours": 1.0})
    old = talk.own_post()
    talk.reblog(old, 20)
    assert talk.look() == {}
    late = talk.own_post(6, timestamp=NOW)
    talk.tumblr.notes_on[late.id].append(Note("reply", "friend", NOW - 60, said="hm"))
    assert talk.look() == {}
    talk.reblog(late, 21)
    assert list(talk.look()) == ["reblog bob:21"]


def test_notes_beyond_those_that_come_with_a_post_are_asked_for_once(talk: Talk) -> None:
    post = talk.own_post()
    for number in range(20, 28):
        talk.reblog(post, number, f"p{number}")
    pages: list[str | None] = []
    read = talk.tumblr.notes
    talk.tumblr.notes = lambda post_id, before=None: (pages.append(before), read(post_id, before))[1]  # type: ignore[method-assign, func-returns-value]
    assert len(talk.look()) == 8
    assert len(pages) == 3
    talk.begin()
    talk.reblog(post, 30, "late")
    assert list(talk.look()) == ["reblog late:30"]
    assert len(pages) == 3


@pytest.mark.parametrize("error", [Forbidden("no"), Refused("Invalid ID or reblog_key specified")])
def test_a_post_that_may_not_be_reblogged_is_skipped(talk: Talk, error: Exception) -> None:
    talk.reblog(talk.own_post(), 20)
    talk.tumblr.refuse = error  # type: ignore[assignment]
    (turn,) = talk.answer()
    assert turn.state is TurnState.SKIPPED
    assert (turn.reason or "").startswith("it cannot be reblogged")


def test_a_post_that_is_deleted_meanwhile_is_skipped(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    talk.tumblr.refuse = NotFound("gone")
    (turn,) = talk.answer()
    assert turn.state is TurnState.POSTING
    talk.tumblr.others.clear()
    talk.world.clock.advance(60)
    talk.world.driver.round()
    assert talk.world.store.turn(turn.id).state is TurnState.SKIPPED


@pytest.mark.parametrize(("lost", "writes"), [("lose_request", 1), ("lose_answer", 1)])
@pytest.mark.parametrize("kind", ["reblog", "reply"])
def test_a_call_without_an_answer_is_never_made_twice(talk: Talk, kind: str, lost: str, writes: int) -> None:
    post = talk.own_post()
    if kind == "reblog":
        talk.reblog(post, 20)
    else:
        talk.reply(post, "so, soup?")
    setattr(talk.tumblr, lost, 1)
    (turn,) = talk.answer()
    assert turn.state is TurnState.POSTING
    for _ in range(4):
        talk.world.clock.advance(60)
        talk.world.driver.round()
    assert talk.world.store.turn(turn.id).state is TurnState.POSTED
    assert talk.tumblr.writes == writes
    assert len(talk.tumblr.posts) == 2


def test_what_cannot_be_read_now_is_found_later(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    talk.mention(30)
    read = talk.tumblr.post_of

    def fail(*_: str) -> TumblrPost | None:
        raise TumblrUnavailable("down")

    talk.tumblr.post_of = fail  # type: ignore[assignment, method-assign]
    assert talk.look() == {}
    talk.tumblr.post_of = read  # type: ignore[method-assign]
    assert len(talk.look()) == 2


def test_without_notifications_the_rest_goes_on(talk: Talk) -> None:
    def missing(*_: object) -> list[Mention]:
        raise NotFound("no such path")

    talk.tumblr.mentions = missing  # type: ignore[assignment, method-assign]
    talk.reblog(talk.own_post(), 20)
    assert list(talk.look()) == ["reblog bob:20"]


def test_a_limit_ends_the_look(talk: Talk) -> None:
    def limit(*_: object) -> list[Mention]:
        raise LimitReached("used up", 60.0)

    talk.tumblr.mentions = limit  # type: ignore[assignment, method-assign]
    with pytest.raises(LimitReached):
        talk.find()


def test_the_other_account_may_see_more(talk: Talk) -> None:
    post = npf("x", blog_name="bob")

    class Elsewhere(TumblrDashReader):
        def __init__(self) -> None:
            pass

        def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
            return replace(post) if post_name(blog, post_id) == post.name else None

    posts = OtherPosts(replace(talk.world.bot.tumblr, dashboard=Elsewhere()))
    assert posts.get("bob", "12") == post
    assert posts.get("bob", "13") is None


def test_screening_looks_at_what_others_said_since_the_bot(talk: Talk) -> None:
    trail = [npf_item("ann", "1", "badword"), npf_item("frank", "3", "soup"), npf_item("cat", "4", "middle")]
    talk.reblog(talk.own_post(), 20, trail=trail, said="end of it")
    (turn,) = talk.world.store.add(talk.find())
    assert isinstance(turn.input, ThreadInput)
    assert turn.input.said == "middle\nend of it"


def test_a_new_turn_speaks_for_its_post_alone_when_it_says_something(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    found: list[NewTurn] = talk.find()
    assert found[0].handles == ("bob:20",)


def test_the_post_log_says_why(talk: Talk) -> None:
    talk.reblog(talk.own_post(), 20)
    talk.answer()
    told = explain(talk.world.store.log_entries()[0])
    assert "input: reblog bob:20 from bob" in told
    assert "said: is it, though?" in told
    assert "why: bob has reblogged it from frank and said something" in told
    assert "candidate 0: selector 0.700" in told


def test_a_post_that_cannot_be_read_holds_up_no_other(talk: Talk) -> None:
    soup = talk.own_post()
    odd, other = talk.reblog(soup, 20), talk.reblog(soup, 21, "ann")
    talk.tumblr.others[odd] = replace(talk.tumblr.others[odd], trail=(None,))  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logged:
        assert talk.look() == {f"reblog {other}": None}
    assert [event["about"] for event in logged if event["log_level"] == "error"] == [odd]


def test_what_waits_is_answered_though_its_post_is_no_longer_looked_at(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), conversation={"posts_to_check": 1}, damping={"per_hour": 1})
    old = talk.own_post()
    for number in (20, 21):
        talk.reblog(old, number)
    assert [turn.input_id for turn in talk.answer()] == ["bob:20"]
    talk.own_post(90, timestamp=NOW + 90)
    talk.world.clock.advance(3601)
    assert [turn.input_id for turn in talk.answer()] == ["bob:21"]


def test_what_was_answered_by_hand_while_it_waited_is_skipped(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), damping={"per_hour": 1})
    post = talk.own_post()
    for number in (20, 21):
        talk.reblog(post, number)
    talk.answer()
    talk.own_post(25, trail=[npf_item("frank", "5", "soup"), npf_item("bob", "21", "is it, though?")])
    assert talk.look() == {"reblog bob:21": BY_HAND}


def test_more_unread_mentions_than_a_look_takes_are_all_read(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), conversation={"mentions_to_check": 50, "auto_limit_above": 0})
    talk.look()
    for number in range(100, 316):
        talk.mention(number, f"p{number}")
    found: list[str] = []
    for _ in range(6):
        found += talk.look()
    assert found == [f"mention p{number}:{number}" for number in range(100, 316)]
    assert talk.world.cursors.cursor(MENTIONS_READ) == NOW + 315


def test_of_the_mentions_before_the_first_look_the_newest_are_read(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), conversation={"mentions_to_check": 2})
    for number in (30, 31, 32):
        talk.mention(number, f"p{number}")
    assert list(talk.look()) == ["mention p31:31", "mention p32:32"]
    assert talk.look() == {}


def test_a_mention_that_can_never_be_read_is_given_up_after_hours_not_before(talk: Talk) -> None:
    talk.mention(30, "odd")
    read = talk.tumblr.post_of

    def fail(blog: str, post_id: str) -> TumblrPost | None:
        if blog == "odd":
            raise MalformedAnswer("tumblr sent a post that is not an object")
        return read(blog, post_id)

    talk.tumblr.post_of = fail  # type: ignore[method-assign]
    for _ in range(6):
        assert talk.look() == {}
        assert talk.world.cursors.cursor(MENTIONS_READ) == NOW + 30
        talk.world.clock.advance(3600)
    assert talk.look() == {"mention odd:30": "it could not be read for hours"}
    talk.mention(40)
    assert list(talk.look()) == ["mention ann:40"]
    talk.look()
    assert talk.world.cursors.cursor(MENTIONS_READ) == NOW + 40


def test_a_mention_in_a_thread_whose_last_words_are_answered_is_skipped_and_read(talk: Talk) -> None:
    talk.mention(30, "ann")
    assert list(talk.look()) == ["mention ann:30"]
    trail = [npf_item("ann", "30", "hey @frank you")]
    bare = npf("", id=40, id_string="40", blog_name="bob", trail=trail, content=[])
    talk.tumblr.others[bare.name] = bare
    talk.tumblr.mentioned.append(Mention("bob", "40", NOW + 40))
    assert talk.look() == {"mention bob:40": "ann:30 is answered already"}
    talk.look()
    assert talk.world.cursors.cursor(MENTIONS_READ) == NOW + 40
