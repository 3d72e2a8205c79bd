"""A post whose confirmation was lost is found, whatever tumblr rewrote in it or left out of it."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.caption import KickLine, mood_caption
from tests.tumblr.fakes import RULES
from tumblr.api.client import TumblrReader
from tumblr.responding.reconcile import Doubtful, Reconciler, TargetGone, fingerprint, twins_of
from tumblr.turns.inputs import AskInput, ShowMoodInput, ThreadInput
from tumblr.turns.kinds import Action, PostState, TurnKind, TurnState
from tumblr.turns.turn import Intent, Turn

NOW = 1_700_000_000.0
SAID = "<p>“Well”, said the frog — it’s a fine pond…</p>"
PARENT = {
    "id": "77",
    "blog_name": "bob",
    "type": "text",
    "body": "<p>hi</p>",
    "reblog_key": "k",
    "timestamp": 5,
}


@dataclass
class Served:
    """What tumblr answers: own published posts, and the post of bob's that may be reblogged."""

    own: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=lambda: [PARENT])
    clock_behind: float = 0.0
    consumer_key: str = ""

    def get(self, url: str, params: Mapping[str, Any]) -> Any:
        if url.endswith(("/queue", "/draft")) or params.get("offset"):
            return {"posts": []}
        if "/bob." in url:
            return {"posts": [post for post in self.others if post["id"] == params["id"]]}
        wanted = params.get("id")
        return {"posts": [post for post in self.own if wanted in (None, post["id"])]}


def own(**fields: Any) -> dict[str, Any]:
    said = {
        "id": "900",
        "blog_name": "frank",
        "type": "text",
        "state": "published",
        "timestamp": int(NOW) + 5,
    }
    return {**said, "tags": ["bob"], **fields}


def intent(action: Action = Action.REBLOG, text: str = SAID) -> Intent:
    return Intent(
        action=action,
        state=PostState.PUBLISHED,
        html=text,
        tags=("bob", "frogs"),
        post_id="77",
        stored_at=NOW,
    )


ASKED = AskInput(question_html="<p>soup?</p>", question="soup?", timestamp=5)
TURN = Turn(
    1, TurnKind.REBLOG, "bob:77", "bob", TurnState.POSTING,
    ThreadInput(
        kind=TurnKind.REBLOG, blog="bob", post_id="77", reblog_key="k", url="", timestamp=5, text="", said="",
        prompt="", why="",
    ), NOW, NOW,
)  # fmt: skip


def located(
    served: Served, wanted: Intent, logged: frozenset[str] = frozenset(), turn: Turn = TURN
) -> str | None:
    found = Reconciler(TumblrReader(served, RULES), lambda: logged, lambda: NOW).locate(turn, wanted)
    return None if found is None else found.post_id


REWRITTEN = [
    '<p>"Well", said the frog - it\'s a fine pond...</p>',
    "<p>&ldquo;Well&rdquo;, said the frog &mdash; it&rsquo;s a fine pond&hellip;</p>",
    "<p>“Well”, said\u00a0the frog — it’s a\u200b fine pond…</p>",
    "<div><p>“WELL”, said the frog --</p><p>it’s a fine pond</p></div>",
]


@pytest.mark.parametrize("text", REWRITTEN)
@pytest.mark.parametrize("action", [Action.CREATE_TEXT, Action.CREATE_PHOTO])
def test_a_post_is_found_under_what_tumblr_made_of_its_text(action: Action, text: str) -> None:
    assert located(Served([own(body=text)]), intent(action)) == "900"


@pytest.mark.parametrize("text", REWRITTEN)
@pytest.mark.parametrize(
    "parentage",
    [
        {"reblogged_from_id": "77"},
        {"parent_post_id": "77"},
        {"reblogged_from_url": "https://bob.tumblr.com/post/77/hi"},
        {"parent_post_url": "https://bob.tumblr.com/post/77"},
        {"parent_post_url": "https://bob.tumblr.com/"},
        {"reblogged_from_id": None, "reblogged_from_name": "bob"},
        {},
    ],
)
def test_a_reblog_is_found_by_whichever_sign_of_its_parent_is_there(
    parentage: dict[str, Any], text: str
) -> None:
    trail = [{"post": {"id": "77"}, "blog": {"name": "bob"}, "content": "<p>hi</p>", "is_root_item": True}]
    assert located(Served([own(body=text, trail=trail, **parentage)]), intent()) == "900"


def test_a_reblog_of_another_post_is_another_reblog() -> None:
    assert located(Served([own(body=SAID, reblogged_from_id="78")]), intent()) is None


def test_a_post_that_the_log_tells_of_is_not_it() -> None:
    served = Served([own(body=SAID, reblogged_from_id="77")])
    assert located(served, intent(), frozenset({"900"})) is None


@pytest.mark.parametrize("action", [Action.CREATE_TEXT, Action.REBLOG])
def test_what_is_nearly_the_same_is_for_a_human_to_judge(action: Action) -> None:
    cut = "<p>“Well”, said the frog — it’s a fine</p>"
    with pytest.raises(Doubtful) as caught:
        located(Served([own(body=cut)]), intent(action))
    assert caught.value.post_id == "900"


@pytest.mark.parametrize("action", [Action.CREATE_TEXT, Action.REBLOG])
def test_other_words_are_another_post(action: Action) -> None:
    served = Served([own(body="<p>something else entirely, about soup</p>"), own(id="901", body="<p>no</p>")])
    assert located(served, intent(action)) is None


def test_a_clock_of_tumblrs_that_is_hours_behind_hides_nothing() -> None:
    served = Served(
        [own(body=SAID, reblogged_from_id="77", timestamp=int(NOW - 2 * 3600))], clock_behind=7200.0
    )
    assert located(served, intent()) == "900"


def test_an_answered_ask_is_found_on_a_clock_that_is_hours_behind() -> None:
    ask = Turn(1, TurnKind.ASK, "55", "bob", TurnState.POSTING, ASKED, NOW, NOW)
    said = {"asking_name": "bob", "question": "<p>soup?</p>", "answer": REWRITTEN[0]}
    answer = own(type="answer", timestamp=int(NOW - 7200), **said)
    assert located(Served([answer], clock_behind=7200.0), intent(Action.ANSWER_ASK), turn=ask) == "900"


REBLOGGED = {"parent_post_id": "77", "parent_post_url": "https://bob.tumblr.com/post/77"}
ANSWERED = {"type": "answer", "asking_name": "bob", "question": "<p>soup?</p>"}


def test_a_reblog_in_the_thread_of_an_ask_is_not_the_asks_answer() -> None:
    ask = Turn(1, TurnKind.ASK, "55", "bob", TurnState.POSTING, ASKED, NOW, NOW)
    reblog = own(**ANSWERED, **REBLOGGED, answer=SAID)
    answer = own(id="800", **ANSWERED, answer=SAID)
    assert located(Served([reblog, answer]), intent(Action.ANSWER_ASK), turn=ask) == "800"
    with pytest.raises(TargetGone):
        located(Served([reblog]), intent(Action.ANSWER_ASK), turn=ask)


def test_of_two_answers_to_like_asks_the_one_that_says_the_same_is_it() -> None:
    ask = Turn(1, TurnKind.ASK, "55", "bob", TurnState.POSTING, ASKED, NOW, NOW)
    nearly = own(id="800", **ANSWERED, answer="<p>“Well”, said the frog — it’s a fine</p>")
    same = own(**ANSWERED, answer=SAID)
    assert located(Served([nearly, same]), intent(Action.ANSWER_ASK), turn=ask) == "900"
    assert located(Served([nearly]), intent(Action.ANSWER_ASK), turn=ask) == "800"


@pytest.mark.parametrize("action", [Action.CREATE_TEXT, Action.REBLOG])
def test_the_answer_to_an_ask_is_no_other_post_however_alike(action: Action) -> None:
    assert located(Served([own(**ANSWERED, answer=SAID)]), intent(action)) is None


def test_a_reblog_without_a_sign_of_its_parent_in_the_thread_of_an_ask_is_for_a_human_to_judge() -> None:
    thread = dataclasses.replace(TURN, input=TURN.input.model_copy(update={"prompt": "bob asked: soup?"}))
    with pytest.raises(Doubtful):
        located(Served([own(**ANSWERED, answer=SAID)]), intent(), turn=thread)


@pytest.mark.parametrize("thread", [{}, ANSWERED])
def test_a_twin_is_found_in_any_thread(thread: dict[str, Any]) -> None:
    said = {"answer": SAID} if thread else {"body": SAID}
    served = Served([own(**thread, **REBLOGGED, **said)])
    reconciler = Reconciler(TumblrReader(served, RULES), frozenset, lambda: NOW)
    twins = twins_of(intent(), reconciler.may_be_twins([intent()]))
    assert [twin.id for twin in twins] == ["900"]


def test_a_target_that_is_gone_is_said_to_be_gone() -> None:
    with pytest.raises(TargetGone):
        located(Served([], others=[]), intent())


SHOW_MOOD = dataclasses.replace(TURN, kind=TurnKind.MOOD, input=ShowMoodInput(timestamp=5, days=1))


def test_a_picture_of_the_mood_is_found_though_another_would_say_more() -> None:
    later = mood_caption(1, "bob", raised=[KickLine(1.5 + n, f"friend{n}", "") for n in range(9)])
    photo = own(type="photo", caption=mood_caption(1, "bob"), photos=[])
    assert located(Served([photo]), intent(Action.CREATE_PHOTO, later), turn=SHOW_MOOD) == "900"


@pytest.mark.parametrize(("days", "asker"), [(2, "bob"), (1, "ann"), (1, "")])
def test_a_picture_of_the_mood_for_another_order_is_not_it(days: int, asker: str) -> None:
    photo = own(type="photo", caption=mood_caption(days, asker), photos=[])
    wanted = intent(Action.CREATE_PHOTO, mood_caption(1, "bob"))
    assert located(Served([photo]), wanted, turn=SHOW_MOOD) is None


QUOTES = str.maketrans({'"': "“", "'": "’", "-": "—", " ": "\u00a0"})


@given(st.text(max_size=60).filter(lambda text: any(map(str.isalnum, text))))
def test_a_fingerprint_ignores_what_platforms_rewrite(text: str) -> None:
    written = fingerprint(f"<p>{html.escape(text)}</p>")
    assert fingerprint(f"<p>{html.escape(text.translate(QUOTES))}</p>") == written
    assert fingerprint(f"<div><b>{html.escape(text)}</b></div>") == written


def test_a_post_is_found_although_the_clock_was_ahead_when_its_intent_was_stored() -> None:
    ahead = intent(Action.CREATE_TEXT).model_copy(update={"stored_at": NOW + 5 * 3600})
    assert located(Served([own(body=SAID)]), ahead) == "900"
