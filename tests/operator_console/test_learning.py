"""What the bot learns from, and another version of a head: on the page, by way of the switchboard, once."""

from __future__ import annotations

import re

import pytest

from switchboard.messages import (
    GeneratorPoll,
    GeneratorPollReply,
    HeadOfWeek,
    HeadStanding,
    HeadVersion,
    HeadWish,
    NotesOfWeek,
    WeekReport,
)
from switchboard.store import JobStore
from tests.operator_console.stage import Stage

OLD, NOW, NEW = "20261101T030000000000-aaa", "20261108T030000000000-bbb", "20261115T030000000000-ccc"
DAY = 86_400.0


def version(name: str, auc: float) -> HeadVersion:
    return HeadVersion(
        version=name,
        made_at=1.79e9,
        rows=320,
        metrics={"auc": auc, "brier": 0.2, "rows": 40},
        losses=[0.7, 0.5, 0.4],
        reliability=[(0.2, 0.25), (0.8, 0.7)],
    )


STANDING = HeadStanding(
    head="selector",
    current=NOW,
    before=["", OLD],
    versions=[version(OLD, 0.61), version(NOW, 0.66), version(NEW, 0.71)],
)
WEEK = WeekReport(
    at=1.79e9,
    collected={"posts": 812, "decisions": 75},
    heads=[
        HeadOfWeek(head="selector", version=NEW, metric="auc", rows=88, challenger=0.71, incumbent=0.66),
        HeadOfWeek(
            head="autoreviewer",
            version="v1",
            promoted=True,
            thresholds={"screening.autoreview_accept": 0.21},
            last_week={"rows": 31, "accepted": 0.5, "sent_back": 0.1, "left_to_a_human": 0.4},
        ),
    ],
    weeks=[
        NotesOfWeek(start=1.79e9 + week * 7 * DAY, posts=100, notes=400 + week * 100, chance_posts=10,
                    chance_notes=40)
        for week in range(3)
    ],
)  # fmt: skip


def report_all(store: JobStore) -> None:
    """A week's training."""
    store.report_head(STANDING)
    store.report_week(WEEK)


@pytest.fixture
def heads(stage: Stage) -> JobStore:
    """What training has reported."""
    store = stage.keep_heads()
    report_all(store)
    return store


def test_the_page_shows_versions_with_figures_and_curves_and_the_week(stage: Stage, heads: JobStore) -> None:
    page = stage.browser("helper").get("/learning").text
    for shown in (OLD, NOW, NEW, "0.71", "0.66", "812", "screening.autoreview_accept", "0.21", "50.0 %"):
        assert shown in page
    rows = re.findall(r"<tr[^>]*><td><code>([^<]+)</code>.*?</tr>", page, re.DOTALL)
    assert rows[-3:] == [NEW, NOW, OLD]
    assert page.count("<polyline") == 2 + 1 + 3 * 3  # notes and chance, the versions, curves of each
    assert "<td>4.00</td>" in page
    assert "/learning/use" not in page  # a reviewer changes nothing


def test_nothing_reported_yet_says_how(stage: Stage) -> None:
    page = stage.browser().get("/learning").text
    assert "python -m training weekly" in page


def test_a_promotion_is_asked_for_once_and_is_in_the_audit_log(stage: Stage, heads: JobStore) -> None:
    browser = stage.browser()
    form = browser.form("/learning", "/learning/use", "Promote")
    assert (form["version"], form["instead_of"]) == (NEW, NOW)
    for _ in range(2):  # two clicks
        assert browser.post("/learning/use", form).status_code == 302
    assert "keeper wants" in browser.get("/learning").text
    audit = browser.get("/audit").text
    assert audit.count("use selector") == 1
    assert NEW in audit
    heads.report_head(HeadStanding(head="selector", current=NEW, before=["", OLD, NOW]))
    page = browser.get("/learning").text
    assert "keeper wants" not in page
    assert heads.learned().heads[0].standing.versions == STANDING.versions
    browser.post("/learning/use", form)  # sent again when it is done
    assert "keeper wants" not in browser.get("/learning").text


def test_what_a_generator_says_at_its_start_is_kept_where_nothing_is_known(stage: Stage) -> None:
    store = stage.keep_heads()
    at_start = HeadStanding(head="selector", current=OLD, versions=[version(OLD, 0.61)], only_if_unknown=True)
    store.report_head(at_start)
    assert OLD in stage.browser().get("/learning").text
    report_all(store)
    store.report_head(at_start)  # of another machine, whose heads are older
    assert store.learned().heads[0].standing.current == NOW


def test_what_has_changed_since_the_page_was_shown_is_left(stage: Stage, heads: JobStore) -> None:
    browser = stage.browser()
    back = browser.form("/learning", "/learning/use", "Roll back")
    assert back["version"] == OLD
    heads.report_head(HeadStanding(head="selector", current=NEW, before=["", OLD, NOW]))
    browser.post("/learning/use", back)
    assert "Nothing was done: another version has come into use" in browser.get("/learning").text
    assert heads.learned().heads[0].wish is None


def test_only_an_operator_changes_heads_and_only_from_the_page(stage: Stage, heads: JobStore) -> None:
    form = stage.browser().form("/learning", "/learning/use", "Promote")
    helper = stage.browser("helper")
    own = helper.form("/live", "/logout")
    assert helper.post("/learning/use", form | own).status_code == 403
    keeper = stage.browser()
    assert keeper.post("/learning/use", form | {"form_token": "x"}).status_code == 403
    assert heads.learned().heads[0].wish is None


@pytest.mark.parametrize("wrong", [{"head": "../x"}, {"version": "a/b"}, {"key": "!"}])
def test_a_form_that_is_no_form_of_ours_is_refused(
    stage: Stage, heads: JobStore, wrong: dict[str, str]
) -> None:
    browser = stage.browser()
    form = browser.form("/learning", "/learning/use", "Promote") | wrong
    assert browser.post("/learning/use", form).status_code == 400


def test_a_wish_is_handed_to_generators_until_it_is_settled(heads: JobStore) -> None:
    wish = HeadWish(head="selector", version=OLD, instead_of=NOW, who="keeper")
    heads.wish(wish)
    reply = heads.exchange_generator(GeneratorPoll())
    assert reply.wishes == [wish]
    assert GeneratorPollReply.from_wire(reply.to_wire()) == reply
    assert "$wishes" not in reply.to_wire(jobs_alone=True)
    heads.report_head(STANDING)  # a training that changed nothing
    assert heads.exchange_generator(GeneratorPoll()).wishes == [wish]
    heads.report_head(HeadStanding(head="selector", current=OLD, before=[""]))
    reply = heads.exchange_generator(GeneratorPoll())
    assert (reply.wishes, reply.heads) == ([], f"selector/{OLD}")


def test_a_wish_that_was_overtaken_is_dropped_with_the_reason(stage: Stage, heads: JobStore) -> None:
    heads.wish(HeadWish(head="selector", version=OLD, instead_of=NOW, who="keeper"))
    heads.report_head(HeadStanding(head="selector", current=NOW, before=["", OLD], problem="it is broken"))
    assert heads.learned().heads[0].wish is None
    assert "not done: it is broken" in stage.browser().get("/learning").text
