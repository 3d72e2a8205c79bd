"""Branch testing: a bot under test shows what it would do, and is in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from switchboard.messages import AnswerRequest
from tests.tumblr.api.test_payload_forms import npf, npf_item
from tests.tumblr.fakes import OPERATOR, World, an_intent
from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.responding.branch_testing import MARK, as_test, marked
from tumblr.responding.reconcile import Reconciler
from tumblr.screening.moderation import Verdict
from tumblr.turns.inputs import AskInput, SkippedInput
from tumblr.turns.kinds import Action, PostState, TurnKind, TurnState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Endpoint, StoredRequest, Turn

ASK = Turn(
    1,
    TurnKind.ASK,
    "1001",
    "bob",
    TurnState.CHOSEN,
    AskInput(question="soup?\n<b>", question_html="", timestamp=5),
    0.0,
    0.0,
)
CLEAN = Verdict(())
DOUBTFUL = Verdict(("it contains 'salad'",))
REJECTED = Verdict(("the autoreviewer doubts it",), rejected=True)


def composition(
    action: Action, publish_as: PostState = PostState.PUBLISHED, discard: str | None = None
) -> PlannedPost:
    return PlannedPost(action, publish_as, "<p>Warm.</p>", ("soup",), None, "1001", discard=discard)


@pytest.mark.parametrize(
    ("publish_as", "verdict", "state"),
    [
        (PostState.PUBLISHED, CLEAN, "published"),
        (PostState.QUEUE, CLEAN, "queue"),
        (PostState.PUBLISHED, DOUBTFUL, "draft"),
        (PostState.PUBLISHED, REJECTED, "sent back"),
    ],
)
@pytest.mark.parametrize(
    "action", [Action.ANSWER_ASK, Action.CREATE_TEXT, Action.REBLOG, Action.CREATE_PHOTO]
)
def test_a_post_becomes_a_draft_that_names_its_state(
    action: Action, publish_as: PostState, verdict: Verdict, state: str
) -> None:
    shown, tested = as_test(ASK, composition(action, publish_as, discard="1001"), verdict)
    assert shown.tags == (MARK, f"{MARK}: {state}", "soup")
    assert tested == Verdict((*verdict.reasons, "branch testing"))
    assert shown.discard is None


def test_an_answer_becomes_a_post_of_its_own_that_quotes_the_ask() -> None:
    shown, _ = as_test(ASK, composition(Action.ANSWER_ASK), CLEAN)
    assert (shown.action, shown.post_id) == (Action.CREATE_TEXT, None)
    assert shown.html == ("<p>ask 1001 from bob:</p><blockquote>soup?<br>&lt;b&gt;</blockquote><p>Warm.</p>")


@pytest.mark.parametrize("action", [Action.CREATE_TEXT, Action.REBLOG, Action.CREATE_PHOTO])
def test_other_posts_say_what_they_would_have_said(action: Action) -> None:
    before = composition(action)
    shown, _ = as_test(ASK, before, CLEAN)
    assert replace(shown, tags=before.tags) == before


def test_what_makes_no_post_is_done_without_deleting_its_ask() -> None:
    obeyed = composition(Action.FOLLOW, PostState.NONE, discard="1001")
    assert as_test(ASK, obeyed, CLEAN) == (replace(obeyed, discard=None), CLEAN)


@pytest.mark.parametrize(
    ("endpoint", "on", "mark"),
    [("answer", True, "true"), ("answer", False, None), ("raw_select", True, None), ("textpost", True, None)],
)
def test_requests_carry_the_mark_where_there_is_a_field_for_it(
    endpoint: Endpoint, mark: str | None, *, on: bool
) -> None:
    request = StoredRequest(endpoint=endpoint, id="job", fields={"mood": "meh"}, stored_at=0.0)
    found = marked(request, on=on)
    assert found.fields.get("na_beamsplit") == mark
    assert found.id == request.id


@pytest.mark.parametrize("listed", [(), ("soup",)])
def test_an_ask_is_answered_in_a_draft_and_stays_in_the_inbox(
    tmp_path: Path, listed: tuple[str, ...]
) -> None:
    world = World(tmp_path, branch_testing={"on": True}, screening={"bad_strings": listed})
    ask = world.tumblr.ask("soup?")
    world.run()
    world.run()
    (draft,) = world.tumblr.drafts()
    intended = "draft" if listed else "published"
    assert draft.tags[:2] == (MARK, f"{MARK}: {intended}")
    assert f"ask {ask} from bob" in draft.body
    assert "Soup is warm." in draft.body
    assert world.tumblr.posts[ask].state == "submission"
    assert world.only_turn().state is TurnState.DRAFTED
    sent = [job for job in world.switchboard.jobs.values() if isinstance(job, AnswerRequest)]
    assert [job.na_beamsplit for job in sent] == ["true"]
    world.stop()


@pytest.mark.parametrize("question", ["!mood", "!review Soup", "!follow"])
@pytest.mark.parametrize("asker", ["bob", OPERATOR])
def test_asks_that_are_commands_stay_in_the_inbox(tmp_path: Path, question: str, asker: str) -> None:
    world = World(tmp_path, branch_testing={"on": True})
    ask = world.tumblr.ask(question, asker)
    world.run()
    assert world.store.open_turns() == []
    assert world.tumblr.posts.pop(ask).state == "submission"
    assert {post.state for post in world.tumblr.posts.values()} <= {"draft"}
    world.stop()


@pytest.mark.parametrize("sections", [{"asks": {"most_waiting": 2}}, {"user_list": {"on": True}}])
def test_asks_that_would_be_deleted_are_only_skipped(
    world: World, sections: dict[str, dict[str, Any]]
) -> None:
    world.restart(branch_testing={"on": True}, **sections)
    asks = [world.tumblr.ask(f"soup {number}?", "bob") for number in range(3)]
    world.switchboard.automatic = False
    world.run()
    assert TurnState.SKIPPED in {world.store.turn(number).state for number in (1, 2)}
    assert world.outbox.open_edits() == []
    assert set(world.tumblr.posts) == set(asks)


@pytest.mark.parametrize(("own", "theirs", "found"), [(True, True, True), (True, False, False)])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_two_bots_do_not_take_each_others_reblogs_for_their_own(
    world: World, *, own: bool, theirs: bool, found: bool, swapped: bool
) -> None:
    own, theirs = (theirs, own) if swapped else (own, theirs)
    tags = {True: (MARK, "soup"), False: ("soup",)}
    trail = [npf_item("bob", "77", "soup?")]
    post = replace(npf("Warm.", trail=trail), id="1", state="draft", parent_id="77", tags=tags[theirs])
    world.tumblr.posts["1"] = post
    intent = an_intent(action=Action.REBLOG, post_id="77", reblog_key="k", tags=tags[own])
    located = Reconciler(world.tumblr, set, world.clock).locate(replace(ASK, input=SkippedInput()), intent)
    assert (located is not None) is found


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    settings: dict[str, Any] = {"branch_testing": {"on": True}, "queue": {"write_when_below": 1}}
    with Neighbours(tmp_path, **settings) as neighbours:
        yield neighbours


def test_the_settings_reach_the_bot(near: Neighbours) -> None:
    asks = {str(near.driver.ask(BLOG, "What is soup?", who)) for who in ("bob", None)}

    def drafts(state: str) -> list[str]:
        return [post.html for post in near.posts("draft") if post.tags[:2] == [MARK, f"{MARK}: {state}"]]

    def looks() -> int:
        return sum(call.path.endswith("/posts/queue") for call in near.driver.calls())

    process = near.start()
    eventually(lambda: drafts("queue") and len(drafts("published")) == len(asks))
    looked = looks()
    eventually(lambda: looks() > looked + 2)
    status, log = stop(process)
    assert status == 0
    assert "Traceback" not in log
    assert all("What is soup?" in html for html in drafts("published"))
    assert len(drafts("queue")) == 1
    assert {str(post.id) for post in near.posts("submission")} == asks
    assert not near.posts("published")
    assert not near.posts("queued")
