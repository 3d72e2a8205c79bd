"""Whatever dies or gets lost at whatever moment: every ask is answered once, every place is filled once."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.tumblr.fakes import DRAFTS, World, queue
from tumblr.api.models import TumblrPost
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import CLOSED, TurnKind, TurnState
from tumblr.turns.turn import Turn

ASKERS = st.sampled_from(["ann", "bob", "cid", None])
OF_TURNS = [
    point
    for point in FailPoint
    if point
    not in {
        FailPoint.AFTER_FOUND,
        FailPoint.AFTER_CHORE,
        FailPoint.AFTER_SENT_BACK,
        FailPoint.DURING_DECISION,
        FailPoint.AFTER_DECISION,
        FailPoint.DURING_JUDGMENT,
        FailPoint.BEFORE_UPLOAD,
        FailPoint.AFTER_UPLOAD,
        FailPoint.AFTER_UPLOAD_DELETED,
    }
]
"""The points that a turn of this small world comes by."""

POINTS = st.sampled_from(list(FailPoint))


class Killed(BaseException):
    """The process has died."""


def die() -> None:
    raise Killed


@pytest.mark.parametrize("point", OF_TURNS)
@pytest.mark.parametrize("queue_below", [0, 1])
def test_a_kill_at_any_point_is_harmless(tmp_path: Path, point: FailPoint, queue_below: int) -> None:
    world = World(tmp_path, queue=queue(queue_below))
    if not queue_below:
        world.tumblr.ask("soup?")
    world.restart(FailPoints(point, die))
    with pytest.raises(Killed):
        world.run(seconds=1)
    world.restart()
    world.run(seconds=10, rounds=6)
    world.stop()
    assert world.tumblr.writes == 1
    assert len([p for p in world.tumblr.posts.values() if p.state in {"published", "queued"}]) == 1


class BotMachine(RuleBasedStateMachine):
    """Asks come, answers get lost, processes die; in between, the account is checked."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.deleted: set[str] = set()
        self.asked: set[str] = set()

    @initialize(drafts_only=st.booleans(), queue_below=st.integers(0, 2))
    def begin(self, drafts_only: bool, queue_below: int) -> None:
        self.world = World(
            Path(self._folder.name),
            tumblr=DRAFTS if drafts_only else {},
            queue=queue(queue_below),
        )

    @rule(asker=ASKERS)
    def someone_asks(self, asker: str | None) -> None:
        self.asked.add(self.world.tumblr.ask("do you like soup?", asker))

    @rule(lost=st.integers(1, 2), there=st.booleans())
    def writes_get_lost(self, lost: int, there: bool) -> None:
        if there:
            self.world.tumblr.lose_request = lost
        else:
            self.world.tumblr.lose_answer = lost

    @rule(text=st.sampled_from(["Soup is warm.", "I am a <b>pot</b> & a lid.\n\nYes."]))
    def the_model_says(self, text: str) -> None:
        self.world.switchboard.text = text

    @rule(automatic=st.booleans(), down=st.booleans())
    def the_switchboard_changes(self, automatic: bool, down: bool) -> None:
        self.world.switchboard.automatic = automatic
        self.world.switchboard.down = down

    @rule()
    def the_switchboard_forgets(self) -> None:
        self.world.switchboard.forget()

    @rule(down=st.booleans())
    def tumblr_changes(self, down: bool) -> None:
        self.world.tumblr.down = down

    @rule(point=POINTS)
    def the_bot_works_until_it_is_killed(self, point: FailPoint) -> None:
        self.world.restart(FailPoints(point, die))
        with contextlib.suppress(Killed):
            self._work()
        self.world.restart()

    @rule(seconds=st.sampled_from([0.0, 1.0, 30.0, 2000.0]))
    def the_bot_works(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self._work()

    @rule(data=st.data())
    def an_asker_takes_the_ask_back(self, data: st.DataObject) -> None:
        waiting = [p.id for p in self.world.tumblr.posts.values() if p.state == "submission"]
        if waiting:
            gone = data.draw(st.sampled_from(waiting))
            self.world.tumblr.remove(gone)
            self.deleted.add(gone)

    @rule(data=st.data())
    def a_queued_post_or_draft_is_published(self, data: st.DataObject) -> None:
        waiting = [p.id for p in self.world.tumblr.posts.values() if p.state in {"queued", "draft"}]
        if waiting:
            self.world.tumblr.publish(data.draw(st.sampled_from(waiting)))

    @rule(data=st.data(), tag=st.sampled_from(["rts", "a"]))
    def the_operator_tags_a_draft(self, data: st.DataObject, tag: str) -> None:
        drafts = [p.id for p in self.world.tumblr.posts.values() if p.state == "draft"]
        if drafts:
            self.world.tumblr.tag(data.draw(st.sampled_from(drafts)), tag)

    def _work(self) -> None:
        if not self.world.tumblr.down:
            self.world.find()
        for _ in range(2):
            self.world.driver.round()

    @invariant()
    def no_ask_is_answered_twice(self) -> None:
        if hasattr(self, "world"):
            answered = Counter(p.genesis_post_id or p.id for p in self._answers())
            assert all(number == 1 for number in answered.values())
            assert set(answered) <= self.asked

    @invariant()
    def every_original_belongs_to_one_turn(self) -> None:
        """A turn makes one post at most, and what is recorded is there."""
        if hasattr(self, "world"):
            originals = [p for p in self.world.tumblr.posts.values() if p.type == "text"]
            turns = [t for t in self._turns() if t.kind is TurnKind.ORIGINAL]
            assert len(originals) <= len(turns)
            recorded = [t.post_id for t in turns if t.post_id is not None]
            assert len(recorded) == len(set(recorded))
            logged = {entry.turn_id for entry in self.world.store.log_entries()}
            made = {t.id for t in self._turns() if t.state in {TurnState.POSTED, TurnState.DRAFTED}}
            assert made <= logged

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def in_the_end_everything_is_answered(self) -> None:
        world = self.world
        world.tumblr.down = world.switchboard.down = False
        world.tumblr.lose_request = world.tumblr.lose_answer = 0
        world.switchboard.automatic = True
        for _ in range(40):
            world.clock.advance(4000)
            self._work()
            if all(turn.state in CLOSED for turn in self._turns()) and not world.tumblr.inbox().posts:
                break
        failed = {t.input_id for t in self._turns() if t.state is TurnState.FAILED}
        answered = {p.genesis_post_id or p.id for p in self._answers()}
        assert answered | self.deleted | failed == self.asked | failed
        originals = [p for p in world.tumblr.posts.values() if p.type == "text"]
        done = [t for t in self._turns() if t.kind is TurnKind.ORIGINAL and t.post_id is not None]
        assert len(originals) == len(done)
        assert world.outbox.open_edits() == []

    def _answers(self) -> list[TumblrPost]:
        posts = self.world.tumblr.posts.values()
        return [p for p in posts if p.type == "answer" and p.state != "submission"]

    def _turns(self) -> list[Turn]:
        found: list[Turn] = []
        with contextlib.suppress(KeyError):
            while True:
                found.append(self.world.store.turn(len(found) + 1))
        return found

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.stop()
        self._folder.cleanup()


TestBot = BotMachine.TestCase
TestBot.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
