"""The dashboard: read, judged, decided upon, each post once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import pytest
import structlog

from mood.system import MoodSystem
from switchboard.messages import SpeakerQuestion
from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import START, ZONE, World, settings_for
from tumblr.api.client import TumblrDashReader
from tumblr.api.models import TumblrPost
from tumblr.finders.dashboard import DashFinder
from tumblr.finders.dashboard_rules import Judged
from tumblr.finders.side_judgments import Question, SideJudge, Unjudged
from tumblr.moods.current import Moods
from tumblr.pacing.throttle import Throttle
from tumblr.turns.inputs import ThreadInput
from tumblr.turns.kinds import TurnKind
from tumblr.turns.turn import NewTurn

DAWN = int(START.timestamp()) - 86_400


class FakeDash(TumblrDashReader):
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


class FakeJudge(SideJudge):
    """Knows the scores that a test gave it."""

    def __init__(self) -> None:
        self.scores: dict[str, Judged | Unjudged] = {}
        self.asked: list[dict[str, Question]] = []

    def judge(self, questions: Mapping[str, Question]) -> dict[str, Judged | Unjudged]:
        self.asked.append(dict(questions))
        return {name: self.scores[name] for name in questions if name in self.scores}


class Dashboard:
    """A finder, what it reads, and a world to store what it finds in."""

    def __init__(
        self,
        world: World,
        throttle: Throttle | None = None,
        dash: FakeDash | None = None,
        heads: FakeJudge | None = None,
        /,
        dashboard: dict[str, Any] | None = None,
        **sections: dict[str, Any],
    ) -> None:
        self.world = world
        self.dash = dash or FakeDash()
        self.heads = heads or FakeJudge()
        world.cursors.replace_follows(["alice", "carol"])
        settings = settings_for(
            blog={"dash_blog_name": "frank-dash"},
            dashboard={"posts_to_check": 100, **(dashboard or {})},
            **sections,
        )
        bot = replace(world.bot, tumblr=replace(world.bot.tumblr, dashboard=self.dash))
        moods = Moods(bot.turns, ZONE, MoodSystem(), stale_seconds=0)
        self.finder = DashFinder(
            bot, settings, moods, judge=self.heads, throttle=lambda: throttle or Throttle()
        )

    def post(self, number: int, score: float | None = 0.9, **more: Any) -> TumblrPost:
        fields = {"id": number, "id_string": str(number), "timestamp": DAWN + number, "trail": [], **more}
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
    assert isinstance(turn.input, ThreadInput)
    assert turn.input.prompt == "友carol会\n\nsomething long enough\n\n\n域"
    assert turn.input.least == 0.5
    assert "score" in turn.input.why
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


def test_all_that_has_come_since_the_last_look_is_read_be_it_more_than_usual(dashboard: Dashboard) -> None:
    dashboard.post(20)
    dashboard.look()
    for number in range(21, 321):
        dashboard.post(number)
    assert len(dashboard.look()) == 300


def test_posts_of_the_dashboard_that_are_passed_over_are_told_of(dashboard: Dashboard) -> None:
    dashboard.post(20)
    dashboard.look()
    for number in range(21, 521):
        dashboard.post(number)
    with structlog.testing.capture_logs() as logged:
        assert len(dashboard.look()) == 400
    assert [event["event"] for event in logged] == ["older posts of the dashboard are passed over"]


@pytest.mark.parametrize(
    ("sections", "throttle", "begun"),
    [
        ({}, Throttle(), 7),
        ({"loop": {"max_posts_per_step": 5}}, Throttle(), 5),
        ({}, Throttle(posts_factor=0.5), 2),
        ({"asks": {"limited_users": {"carol": 1e9}}}, Throttle(), 0),
    ],
)
def test_no_more_than_the_pace_and_chance_allow(
    world: World, sections: dict[str, dict[str, Any]], throttle: Throttle, begun: int
) -> None:
    dashboard = Dashboard(world, throttle, **sections)
    for number in range(20, 27):
        dashboard.post(number)
    assert len(dashboard.look()) == begun


FORCED: dict[str, Any] = {"forced_posts": ["20"]}


@pytest.mark.parametrize(("rules", "least"), [(FORCED, None), ({}, 0.5)])
def test_any_text_for_a_post_that_is_forced_is_good_enough(
    world: World, rules: dict[str, Any], least: float | None
) -> None:
    dashboard = Dashboard(world, dashboard=rules)
    dashboard.post(20)
    (turn,) = dashboard.look()
    assert isinstance(turn.input, ThreadInput)
    assert turn.input.least == least
    assert "names the bot" not in turn.input.why


@pytest.mark.parametrize(
    ("rules", "reason"), [(FORCED, None), ({}, "it has 9999 notes")], ids=["forced", "other"]
)
def test_a_post_that_is_forced_is_judged_whatever_it_is_like(
    world: World, rules: dict[str, Any], reason: str | None
) -> None:
    dashboard = Dashboard(world, dashboard=rules)
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
    speaker = {} if judged.shift is None else CALM
    dashboard = Dashboard(world, dashboard={**FORCED, **speaker})
    post = dashboard.post(20)
    dashboard.heads.scores[post.name] = judged
    (turn,) = dashboard.look()
    assert (turn.skip_reason or "").startswith(reason)


CALM: dict[str, Any] = {"speaker_test": "masked", "speaker_noise": 1.0}
LIKELY, EVEN, UNLIKELY = math.log(3.0), math.log(0.8), math.log(0.7)


@pytest.mark.parametrize(
    ("rules", "shift", "reason"),
    [
        (CALM, LIKELY, None),
        (CALM, EVEN, None),
        (CALM, UNLIKELY, "the thread makes the bot's name 0.7 times as likely"),
        ({**CALM, "speaker_cutoff": 0.5}, UNLIKELY, None),
        ({**CALM, "speaker_noise": 1e9}, UNLIKELY, None),
        (CALM, None, "the generator does not say"),
        ({}, None, None),
    ],
)
def test_the_bot_reblogs_where_it_would_speak_next(
    world: World, rules: dict[str, Any], shift: float | None, reason: str | None
) -> None:
    dashboard = Dashboard(world, dashboard=rules)
    post = dashboard.post(20)
    dashboard.heads.scores[post.name] = Judged(0.9, 0.0, None, shift)
    (turn,) = dashboard.look()
    assert (turn.skip_reason is None) is (reason is None)
    assert (turn.skip_reason or "").startswith(reason or "")
    if rules and reason is None:
        assert isinstance(turn.input, ThreadInput)
        assert "the thread makes the bot's name" in turn.input.why


@pytest.mark.parametrize("form", ["masked", "full"])
def test_what_is_asked_is_the_thread_that_waits_for_the_bot(
    world: World, form: Literal["masked", "full"]
) -> None:
    dashboard = Dashboard(world, dashboard={"speaker_test": form})
    trail = [npf_item("alice", "9", "what do you all think")]
    dashboard.post(20, trail=trail)
    dashboard.look()
    (question,) = dashboard.heads.asked[0].values()
    prompt = "友alice会\n\nwhat do you all think\n\n\n友carol会something long enough\n\n\n域"
    assert question.speaker == SpeakerQuestion(prompt=prompt, form=form)


def test_a_whole_thread_in_which_the_bot_has_spoken_is_as_likely_as_ever(world: World) -> None:
    dashboard = Dashboard(world, dashboard={"speaker_test": "full", "speaker_noise": 1.0})
    trail = [npf_item(name, str(id_), "some words of mine") for id_, name in ((8, "frank"), (9, "alice"))]
    dashboard.post(20, trail=trail)
    assert said(dashboard.look()) == {"carol:20": None}
    assert next(iter(dashboard.heads.asked[0].values())).speaker is None


def test_reading_on_from_the_last_post_skips_nothing(world: World) -> None:
    dashboard = Dashboard(world, dashboard={"paging": "since_id"})
    dashboard.post(20)
    waiting = dashboard.post(21, score=None)
    dashboard.look()
    dashboard.post(22)
    assert said(dashboard.look()) == {"carol:22": None}
    again = Dashboard(world, None, dashboard.dash, dashboard.heads, dashboard={"paging": "since_id"})
    dashboard.heads.scores[waiting.name] = Judged(0.9, None)
    assert said(again.look()) == {"carol:21": None}
    again.look()
    assert world.cursors.cursor("dashboard read") == "22"


def test_a_post_that_cannot_be_read_holds_up_no_other(dashboard: Dashboard) -> None:
    odd = dashboard.post(20)
    dashboard.dash.posts[0] = replace(odd, trail=(None,))  # type: ignore[arg-type]
    dashboard.post(21)
    with structlog.testing.capture_logs() as logged:
        assert said(dashboard.look()) == {"carol:21": None}
    assert [event["about"] for event in logged if event["log_level"] == "error"] == [odd.name]
