"""Tables for the rules about the dashboard."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mood.logits import logit
from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import settings_for
from tumblr.api.models import TumblrPost
from tumblr.bot_settings import BotSettings
from tumblr.finders.dashboard_rules import (
    Judged,
    judge,
    least_score,
    mood_buff,
    why_not_length,
    why_not_static,
)
from tumblr.settings import DashboardConfig


def rules(screening: dict[str, Any] | None = None, **dashboard: Any) -> BotSettings:
    """Settings of a bot that keeps away from mallory, with these of the dashboard."""
    lists = {"user_avoid_list": ["Mallory"], **(screening or {})}
    return settings_for(blog={"dash_blog_name": "frank-dash"}, screening=lists, dashboard=dashboard)


FOLLOWS = {"alice", "carol"}
ALICE = [npf_item("alice", "9", "one")]
WITH_BOT = [*ALICE, npf_item("frank", "10", "two"), npf_item("bob", "11", "three")]
LAST_BOT = [*ALICE, npf_item("frank", "10", "two")]
IMAGE = {"type": "image", "media": [{"url": "u"}]}


@pytest.mark.parametrize(
    ("post", "worthy_2021", "worthy_2023"),
    [
        (npf("hm", trail=ALICE), True, True),
        (npf("", trail=ALICE), True, True),
        (npf("hm", trail=[]), True, True),
        (npf("hm", trail=[], blog_name="dora"), False, False),
        (npf("hm", trail=[npf_item("dora", "9", "one")]), False, False),
        (npf("hm @Frank", trail=[npf_item("dora", "9", "one")]), True, True),
        (npf("hm", trail=[npf_item("frank", "9", "one")]), False, False),  # answers the bot
        (npf("", trail=LAST_BOT), False, False),
        (npf("hm", trail=LAST_BOT), False, False),
        (npf("hm", trail=WITH_BOT), True, False),
        (npf("hm", trail=ALICE, note_count=1500), False, True),
        (npf("", trail=ALICE, note_count=1500), False, False),
        (npf("hm", trail=ALICE, note_count=1499), True, True),
        (npf("hm", trail=[], content=[{"type": "video"}]), False, False),
        (npf("hm", trail=[], content=[IMAGE]), True, False),  # no text
        (npf("hm", trail=[], content=[IMAGE] * 11 + [{"type": "text", "text": "x"}]), True, False),
        (npf("hm", trail=ALICE, tags=["Long Post"]), False, False),
        (npf("hm", trail=[*ALICE, npf_item("mallory", "10", "x")]), False, False),
        (npf("hm", trail=ALICE, source_title="mallory"), False, False),
        (npf("hm", trail=[{"broken_blog_name": "", "content": [], "layout": []}]), False, False),
    ],
)
def test_what_a_post_has_to_be_like(post: TumblrPost, *, worthy_2021: bool, worthy_2023: bool) -> None:
    for year, worthy in (("2021", worthy_2021), ("2023", worthy_2023)):
        settings = rules(tag_avoid_list=["long post"], rules=year)
        assert (why_not_static(post, settings, FOLLOWS) is None) is worthy


def test_posts_that_are_always_looked_at() -> None:
    post = npf("hm", trail=WITH_BOT, note_count=9999)
    assert why_not_static(post, rules(forced_posts=["12"]), set()) is None


def test_reblogs_that_say_nothing_may_be_left_alone() -> None:
    settings = rules(require_comment=True)
    assert why_not_static(npf("", trail=ALICE), settings, FOLLOWS) is not None
    assert why_not_static(npf("x", trail=ALICE), settings, FOLLOWS) is None


@pytest.mark.parametrize(
    ("mood", "positive", "buff"),
    [(0.9, 0.9, 0.8), (0.9, 0.1, -0.8), (0.1, 0.1, 0.8), (0.5, 0.3, 0.0), (0.3, 0.2, 0.4944)],
)
def test_how_well_a_post_suits_the_mood(mood: float, positive: float, buff: float) -> None:
    assert mood_buff(mood, positive) == pytest.approx(buff, abs=5e-5)


@hypothesis_settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_mood_adds_less_than_its_scale(mood: float, positive: float) -> None:
    assert -1.0 <= mood_buff(mood, positive) <= 1.0
    assert mood_buff(mood, positive) == pytest.approx(mood_buff(positive, mood))


RULES = rules(follower_multipliers={"Carol": 0.5})


@pytest.mark.parametrize(
    ("who", "judged", "mood", "chance", "named", "worthy"),
    [
        ("bob", Judged(0.51, None), None, 0.0, False, True),
        ("bob", Judged(0.50, None), None, 0.0, False, False),
        ("bob", Judged(0.45, None), None, 0.6, False, True),
        ("bob", Judged(0.55, None), None, -0.6, False, False),
        ("bob", Judged(0.39, logit(0.9)), 0.9, 0.0, False, True),  # + 0.12
        ("bob", Judged(0.61, logit(0.9)), 0.1, 0.0, False, False),  # - 0.12
        ("Carol", Judged(0.9, None), None, 0.0, False, False),
        ("bob", Judged(0.1, None), None, 0.0, True, True),
        ("bob", Judged(0.9, logit(0.09)), None, 0.0, True, False),
        ("bob", Judged(0.9, logit(0.11)), None, 0.0, False, True),
    ],
)
def test_what_is_worth_a_reblog(
    who: str, judged: Judged, mood: float | None, chance: float, *, named: bool, worthy: bool
) -> None:
    verdict = judge(who, judged, mood, chance, RULES, named=named)
    assert verdict.is_worthy is worthy
    assert verdict.why


@pytest.mark.parametrize(
    ("review", "most", "worthy"),
    [(0.605, 0.605, False), (0.604, 0.605, True), (None, 0.605, True), (0.99, None, True)],
)
@pytest.mark.parametrize("named", [True, False])
def test_what_a_human_would_reject_is_left_alone(
    review: float | None, most: float | None, *, worthy: bool, named: bool
) -> None:
    lists = {"autoreview": most is not None, "autoreview_reject": most or 0.0}
    verdict = judge("bob", Judged(0.9, None, review), None, 0.0, rules(lists), named=named)
    assert verdict.is_worthy is worthy


@pytest.mark.parametrize(("length", "fine"), [(9, False), (10, True), (20, True), (21, False)])
def test_lengths(length: int, *, fine: bool) -> None:
    assert (why_not_length("x" * length, DashboardConfig(max_characters=20)) is None) is fine


@pytest.mark.parametrize(
    ("settings", "least"),
    [
        (DashboardConfig(), 0.5),
        (DashboardConfig(continuation="roll"), 0.325),
        (DashboardConfig(continuation="delta", continuation_cutoff=0.0), 0.7),
        (DashboardConfig(continuation="delta", continuation_cutoff=0.1), 0.8),
    ],
)
def test_what_the_bots_own_words_are_held_against(settings: DashboardConfig, least: float) -> None:
    assert least_score(Judged(0.7, None), 0.25, settings) == pytest.approx(least)
