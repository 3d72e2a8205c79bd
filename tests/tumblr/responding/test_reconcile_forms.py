"""A post whose confirmation was lost is found again in a real sandbox, whichever form it was written in."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from munging.figures import ATTACHED, Figure, figure_name, with_figures
from munging.tumblr_html import to_html
from tests.tumblr.sandboxed import FRANK, Place, png, sandboxed
from tumblr.api.client import TumblrReader
from tumblr.responding.publisher import Publisher
from tumblr.responding.reconcile import Doubtful, Reconciler
from tumblr.turns.inputs import AskInput, OriginalInput, ThreadInput
from tumblr.turns.kinds import Action, PostState, TurnKind, TurnState
from tumblr.turns.turn import Intent, Turn
from tumblr_sandbox.faults import Fault, FaultKind

FORMATTED = to_html('<h2>It\'s "soup"</h2>- <b>warm</b>\n<ul><li>one</li><li>two</li></ul>', FRANK)
OTHERS = [
    '<p><a class="tumblelog" href="https://bob.tumblr.com/">@bob</a> it is warm</p>',
    "<p>soup</p><p>[[MORE]]</p><p>is warm</p>",
    "<p>!?</p>",
]
STATES = {PostState.PUBLISHED: "published", PostState.DRAFT: "draft", PostState.QUEUE: "queued"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One sandbox for all: what one test has posted is logged for the next."""
    with sandboxed(tmp_path_factory.mktemp("reconciled")) as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """The sandbox, well again afterwards."""
    yield shared
    shared.relax()


def a_turn(place: Place, action: Action) -> tuple[Turn, dict[str, Any]]:
    """A turn, and what its intent is about."""
    now = time.time()
    about: dict[str, Any] = {}
    if action is Action.ANSWER_ASK:
        ask = place.driver.ask("frank", '<p>it\'s "warm" - is it?</p>', "bob", html=True)
        asked = AskInput(question_html='<p>it\'s "warm" - is it?</p>', question="?", timestamp=int(now))
        return Turn(1, TurnKind.ASK, ask, "bob", TurnState.POSTING, asked, now, now), {"post_id": ask}
    if action is Action.REBLOG:
        theirs = place.driver.post("bob", "<p>is it?</p>")
        about = {"post_id": theirs, "target": "bob", "reblog_key": place.target("bob", theirs).reblog_key}
        said = ThreadInput(
            kind=TurnKind.REBLOG, blog="bob", post_id=theirs, reblog_key=about["reblog_key"], url="",
            timestamp=int(now), text="", said="", prompt="", why="",
        )  # fmt: skip
        return Turn(1, TurnKind.REBLOG, f"bob:{theirs}", "bob", TurnState.POSTING, said, now, now), about
    when = OriginalInput.model_validate({"publish_time": "2021-02-06T12:00:00Z"})
    return Turn(1, TurnKind.ORIGINAL, "slot", "", TurnState.POSTING, when, now, now), about


def is_found(place: Place, form: str, action: Action, state: PostState, text: str) -> None:
    """Post something; then it is found in both forms, and not before."""
    turn, about = a_turn(place, action)
    logged = {post.id for post in place.driver.posts("frank")} - {turn.input_id}
    intent = Intent(action=action, state=state, html=text, tags=("bob",), stored_at=time.time(), **about)
    reconcilers = [reconciler_over(reader, logged) for reader in place.readers.values()]
    assert [one.locate(turn, intent) for one in reconcilers] == [None, None]
    posted = Publisher(place.writers[form]).carry_out(intent)
    found = [one.locate(turn, intent) for one in reconcilers]
    assert [one and (one.post_id, one.state) for one in found] == [(posted.post_id, STATES[state])] * 2
    place.writers[form].delete(posted.post_id)


def reconciler_over(reader: TumblrReader, logged: set[str]) -> Reconciler:
    return Reconciler(reader, lambda: logged, time.time)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", [Action.ANSWER_ASK, Action.REBLOG, Action.CREATE_TEXT])
@pytest.mark.parametrize("form", ["blocks", "html"])
def test_what_was_posted_is_found_though_tumblr_shows_it_rewritten(
    place: Place, form: str, action: Action, state: PostState
) -> None:
    place.driver.add_fault(Fault(kind=FaultKind.REWRITTEN))
    is_found(place, form, action, state, FORMATTED)


@pytest.mark.parametrize("text", OTHERS)
@pytest.mark.parametrize("form", ["blocks", "html"])
def test_whatever_was_posted_is_found(place: Place, form: str, text: str) -> None:
    is_found(place, form, Action.CREATE_TEXT, PostState.DRAFT, text)


@pytest.mark.parametrize("form", ["blocks", "html"])
def test_a_picture_with_a_caption_is_found(place: Place, form: str) -> None:
    turn, _ = a_turn(place, Action.CREATE_PHOTO)
    logged = {post.id for post in place.driver.posts("frank")}
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
    intent = Intent(
        action=Action.CREATE_PHOTO, state=PostState.PUBLISHED, html="<p>because @bob asked</p>", tags=(),
        stored_at=time.time(), image=picture,
    )  # fmt: skip
    posted = Publisher(place.writers[form]).carry_out(intent)
    for reader in place.readers.values():
        found = reconciler_over(reader, logged).locate(turn, intent)
        assert found is not None
        assert found.post_id == posted.post_id


def test_a_picture_without_a_word_is_for_a_human_to_judge(place: Place) -> None:
    """Another of the bot's posts may show a picture and say nothing, too."""
    turn, _ = a_turn(place, Action.CREATE_TEXT)
    logged = {post.id for post in place.driver.posts("frank")}
    row = "<p>=======</p>"
    html = with_figures(
        f"{row}<p>a</p>{row}", [Figure(f"{ATTACHED}{figure_name(0)}", 4, 3, "soup", exact=True)]
    )
    writer = place.writers["blocks"]
    intent = Intent(
        action=Action.CREATE_TEXT, state=PostState.PUBLISHED, html=html, tags=(), stored_at=time.time(),
        figures=(base64.b64encode(png()).decode(),),
    )  # fmt: skip
    posted = Publisher(writer).carry_out(intent)
    for reader in place.readers.values():
        with pytest.raises(Doubtful) as caught:
            reconciler_over(reader, logged).locate(turn, intent)
        assert caught.value.post_id == posted.post_id
