"""The dashboard: read, judged, decided upon, each post once."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
import structlog

from switchboard.messages import SpeakerQuestion
from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import IDENTITY, NO_LIMITS, EvenTemper, World
from tumblr.api.models import TumblrPost
from tumblr.finders.conversation_rules import BlogRelations
from tumblr.finders.damping import Damping
from tumblr.finders.dashboard import DashFinder, DashRules
from tumblr.finders.dashboard_rules import Continuation, DynamicRules, Judged, StaticRules
from tumblr.finders.side_judgments import Question, Unjudged
from tumblr.finders.speaker_rules import SpeakerRules
from tumblr.finders.waiting import Limited
from tumblr.pacing.throttle import Throttle
from tumblr.store.conversations import ConversationStore
from tumblr.turns.turn import NewTurn, TurnKind

COMPANY = BlogRelations("frank", frozenset({"frank", "frank-dash"}))
RULES = DashRules(StaticRules(), DynamicRules(), Continuation(), Damping(), NO_LIMITS, posts=100)


class FakeDash:
    """A dashboard, newest first."""

    def __init__(self) -> None:
        self.posts: list[TumblrPost] = []
        self.read = 0

    def dashboard(self, number: int, offset: int = 0) -> Iterator[TumblrPost]:
        for post in self.posts[offset : offset + number]:
            self.read += 1
            yield post

    def dashboard_after(self, post_id: str, pages: int) -> Iterator[TumblrPost]:
        return (post for post in reversed(self.posts) if int(post.id) > int(post_id))

    def following(self) -> Iterator[str]:
        return iter(())

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        return None


@dataclass
class FakeJudge:
    """Knows the scores that a test gave it."""

    scores: dict[str, Judged | Unjudged] = field(default_factory=dict)
    asked: list[dict[str, Question]] = field(default_factory=list)

    def judge(self, questions: Mapping[str, Question]) -> dict[str, Judged | Unjudged]:
        self.asked.append(dict(questions))
        return {name: self.scores[name] for name in questions if name in self.scores}


@dataclass
class Dashboard:
    """A finder, what it reads, and a world to store what it finds in."""

    world: World
    rules: DashRules = RULES
    pace: Throttle = field(default_factory=Throttle)
    dash: FakeDash = field(default_factory=FakeDash)
    heads: FakeJudge = field(default_factory=FakeJudge)

    def __post_init__(self) -> None:
        self.finder = DashFinder(
            self.dash,
            self.world.store,
            ConversationStore(self.world.database, self.world.clock),
            self.world.values,
            self.heads,
            EvenTemper(),
            self.rules,
            company=COMPANY,
            identity=IDENTITY,
            stand_in="frank-dash",
            follows=lambda: {"alice", "carol"},
            share=lambda: 1.0,
            pace=lambda: self.pace,
            rng=random.Random(0),
            clock=self.world.clock,
        )

    def post(self, number: int, score: float | None = 0.9, **more: Any) -> TumblrPost:
        fields = {"id": number, "id_string": str(number), "timestamp": number, "trail": [], **more}
        post = npf("something long enough", **fields)
        self.dash.posts.insert(0, post)
        if score is not None:
            self.heads.scores[post.name] = Judged(score, 0.0)
        return post

    def look(self) -> list[NewTurn]:
        """Read and decide, and store what was found."""
        turns = [*self.finder.find(), *self.finder.decide()]
        self.world.store.add(turns)
        return turns


@pytest.fixture
def dashboard(world: World) -> Dashboard:
    return Dashboard(world)


def said(turns: list[NewTurn]) -> dict[str, str | None]:
    return {turn.input_id: turn.skip_reason for turn in turns}


def test_a_post_that_is_worth_it_becomes_a_turn_once(dashboard: Dashboard) -> None:
    dashboard.post(20)
    (turn,) = dashboard.look()
    assert (turn.kind, turn.input_id, turn.who, turn.skip_reason) == (
        TurnKind.DASH,
        "carol:20",
        "carol",
        None,
    )
    assert turn.input["prompt"] == "友carol会\n\nsomething long enough\n\n\n域"
    assert turn.input["least"] == 0.5
    assert "score" in turn.input["why"]
    text = "友carol会\n\nsomething long enough\n\n\n域职"
    assert dashboard.heads.asked[0] == {"carol:20": Question(text)}
    assert dashboard.look() == []


def test_what_is_left_alone_says_why_and_is_not_judged(dashboard: Dashboard) -> None:
    dashboard.post(20, blog_name="dora")
    dashboard.post(21, note_count=2000)
    dashboard.post(22, score=0.1)
    dashboard.post(23, blog_name="frank")
    reasons = said(dashboard.look())
    assert reasons.pop("carol:22", "").startswith("its score")  # type: ignore[union-attr]
    assert reasons == {
        "dora:20": "the bot does not follow dora, who began it",
        "carol:21": "it has 2000 notes",
    }
    assert list(dashboard.heads.asked[0]) == ["carol:22"]


def test_scores_are_waited_for_without_reading_again(dashboard: Dashboard) -> None:
    post = dashboard.post(20, score=None)
    assert dashboard.look() == []
    read = dashboard.dash.read
    dashboard.heads.scores[post.name] = Unjudged("no heads")
    assert said(dashboard.finder.decide()) == {"carol:20": "no heads"}
    assert dashboard.dash.read == read


def test_several_bare_reblogs_of_the_same_words_are_answered_once(dashboard: Dashboard) -> None:
    trail = [npf_item("alice", "9", "something long enough")]
    for number, blog in ((20, "carol"), (21, "dora")):
        dashboard.post(number, content=[], blog_name=blog, trail=trail)
    dashboard.look()
    (answered,) = dashboard.world.store.open_turns()
    assert answered.input_id == "carol:20"
    assert said(dashboard.look()) == {"dora:21": "alice:9 is answered already"}


def test_known_posts_end_the_reading(dashboard: Dashboard) -> None:
    for number in range(20, 120):
        dashboard.post(number)
    dashboard.look()
    dashboard.dash.read = 0
    assert dashboard.look() == []
    assert dashboard.dash.read == 50


@pytest.mark.parametrize(
    ("changes", "pace", "begun"),
    [
        ({}, Throttle(), 7),
        ({"cap": 5}, Throttle(), 5),
        ({}, Throttle(posts_factor=0.5), 2),
        ({"limited": Limited({"carol": 1e9}, {}, 160.0)}, Throttle(), 0),
    ],
)
def test_no_more_than_the_pace_and_chance_allow(
    world: World, changes: dict[str, Any], pace: Throttle, begun: int
) -> None:
    dashboard = Dashboard(world, replace(RULES, **changes), pace)
    for number in range(20, 27):
        dashboard.post(number)
    assert len(dashboard.look()) == begun


FORCED = StaticRules(forced=frozenset({"20"}))


@pytest.mark.parametrize(("static", "least"), [(FORCED, None), (StaticRules(), 0.5)])
def test_any_text_for_a_post_that_is_forced_is_good_enough(
    world: World, static: StaticRules, least: float | None
) -> None:
    dashboard = Dashboard(world, replace(RULES, static=static))
    dashboard.post(20)
    (turn,) = dashboard.look()
    assert turn.skip_reason is None
    assert turn.input["least"] == least
    assert "names the bot" not in turn.input["why"]


@pytest.mark.parametrize(
    ("static", "reason"), [(FORCED, None), (StaticRules(), "it has 9999 notes")], ids=["forced", "other"]
)
def test_a_post_that_is_forced_is_judged_whatever_it_is_like(
    world: World, static: StaticRules, reason: str | None
) -> None:
    dashboard = Dashboard(world, replace(RULES, static=static))
    dashboard.post(20, note_count=9999)
    assert said(dashboard.look()) == {"carol:20": reason}


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        (Judged(0.01, 0.0), "its score"),
        (Judged(0.9, -9.0), "it is negative"),
        (Judged(0.9, 0.0, None, math.log(0.1)), "the thread makes the bot's name"),
    ],
)
def test_a_post_that_is_forced_has_to_pass_its_judgment(world: World, judged: Judged, reason: str) -> None:
    speaker = None if judged.shift is None else SpeakerRules(noise=1.0)
    dashboard = Dashboard(world, replace(RULES, static=FORCED, speaker=speaker))
    post = dashboard.post(20)
    dashboard.heads.scores[post.name] = judged
    (turn,) = dashboard.look()
    assert (turn.skip_reason or "").startswith(reason)


LIKELY, EVEN, UNLIKELY = math.log(3.0), math.log(0.8), math.log(0.7)


@pytest.mark.parametrize(
    ("rules", "shift", "reason"),
    [
        (SpeakerRules(noise=1.0), LIKELY, None),
        (SpeakerRules(noise=1.0), EVEN, None),
        (SpeakerRules(noise=1.0), UNLIKELY, "the thread makes the bot's name 0.7 times as likely"),
        (SpeakerRules(noise=1.0, cutoff=0.5), UNLIKELY, None),
        (SpeakerRules(noise=1e9), UNLIKELY, None),
        (SpeakerRules(noise=1.0), None, "the generator does not say"),
        (None, None, None),
    ],
)
def test_the_bot_reblogs_where_it_would_speak_next(
    world: World, rules: SpeakerRules | None, shift: float | None, reason: str | None
) -> None:
    dashboard = Dashboard(world, replace(RULES, speaker=rules))
    post = dashboard.post(20)
    dashboard.heads.scores[post.name] = Judged(0.9, 0.0, None, shift)
    (turn,) = dashboard.look()
    assert (turn.skip_reason is None) is (reason is None)
    assert (turn.skip_reason or "").startswith(reason or "")
    if rules is not None and reason is None:
        assert "the thread makes the bot's name" in turn.input["why"]


@pytest.mark.parametrize("form", ["masked", "full"])
def test_what_is_asked_is_the_thread_that_waits_for_the_bot(
    world: World, form: Literal["masked", "full"]
) -> None:
    dashboard = Dashboard(world, replace(RULES, speaker=SpeakerRules(form)))
    trail = [npf_item("alice", "9", "what do you all think")]
    dashboard.post(20, trail=trail)
    dashboard.look()
    (question,) = dashboard.heads.asked[0].values()
    prompt = "友alice会\n\nwhat do you all think\n\n\n友carol会something long enough\n\n\n域"
    assert question.speaker == SpeakerQuestion(prompt=prompt, form=form)


def test_a_whole_thread_in_which_the_bot_has_spoken_is_as_likely_as_ever(world: World) -> None:
    static = StaticRules()
    dashboard = Dashboard(world, replace(RULES, static=static, speaker=SpeakerRules("full", noise=1.0)))
    trail = [npf_item(name, str(id_), "some words of mine") for id_, name in ((8, "frank"), (9, "alice"))]
    dashboard.post(20, trail=trail)
    assert said(dashboard.look()) == {"carol:20": None}
    assert next(iter(dashboard.heads.asked[0].values())).speaker is None


def test_reading_on_from_the_last_post_skips_nothing(world: World) -> None:
    dashboard = Dashboard(world, replace(RULES, paging="since_id"))
    dashboard.post(20)
    waiting = dashboard.post(21, score=None)
    dashboard.look()
    dashboard.post(22)
    assert said(dashboard.look()) == {"carol:22": None}
    again = Dashboard(world, replace(RULES, paging="since_id"), dash=dashboard.dash, heads=dashboard.heads)
    dashboard.heads.scores[waiting.name] = Judged(0.9, None)
    assert said(again.look()) == {"carol:21": None}
    again.look()
    assert world.values.mark("dashboard read") == "22"


def test_a_post_that_cannot_be_read_holds_up_no_other(dashboard: Dashboard) -> None:
    odd = dashboard.post(20)
    dashboard.dash.posts[0] = replace(odd, trail=(None,))  # type: ignore[arg-type]
    dashboard.post(21)
    with structlog.testing.capture_logs() as logged:
        assert said(dashboard.look()) == {"carol:21": None}
    assert [event["about"] for event in logged if event["log_level"] == "error"] == [odd.name]
