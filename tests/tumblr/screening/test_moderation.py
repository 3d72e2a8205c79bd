"""What becomes of a text: the screening's findings and the autoreviewer's probability together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tumblr.fakes import World, queue
from tumblr.screening.moderation import Verdict, judge
from tumblr.screening.word_lists import Finding, Weight, findings
from tumblr.settings import ScreeningConfig
from tumblr.turns.kinds import TurnState
from tumblr.turns.planned_post import ScreenedText

MakeWorld = Callable[..., World]
SOFT, HARD = Finding("listed text 'x'", Weight.PLAIN), Finding("listed text, disguised 'y'")
USER, NEVER = Finding("the operator asks", Weight.USER), Finding("text that is never posted", Weight.REJECT)
ON = ScreeningConfig(autoreview=True)
DOUBT = "the autoreviewer doubts it"


@pytest.mark.parametrize(
    ("found", "score", "original", "reasons", "rejected"),
    [
        ([], 0.0, False, [], False),
        ([], 0.35, False, [], False),
        ([], 0.351, False, [DOUBT], False),
        ([], 0.605, False, [DOUBT], False),
        ([], 0.606, False, [DOUBT], True),
        ([SOFT], 0.153, False, [], False),
        ([SOFT], 0.154, False, [SOFT.text], False),
        ([SOFT], 0.17, True, [], False),
        ([SOFT], 0.179, True, [SOFT.text], False),
        ([SOFT], 0.9, False, [SOFT.text, DOUBT], True),
        ([HARD], 0.01, False, [HARD.text], False),
        ([HARD, SOFT], 0.01, False, [HARD.text], False),
        ([HARD, SOFT], 0.2, False, [HARD.text, SOFT.text], False),
        ([SOFT], None, False, [SOFT.text], False),
        ([USER], 0.01, False, [USER.text], False),
        ([NEVER], 0.01, False, [NEVER.text], True),
        ([NEVER], None, False, [NEVER.text], True),
        ([SOFT, NEVER], 0.01, True, [NEVER.text], True),
    ],
)
def test_the_verdict(
    found: list[Finding], score: float | None, original: bool, reasons: list[str], rejected: bool
) -> None:
    verdict = judge(found, [], score, ON, original=original)
    assert [reason.partition(" (")[0] for reason in verdict.reasons] == reasons
    assert verdict.rejected is rejected


def test_without_thresholds_the_screening_decides_alone() -> None:
    assert judge([SOFT], ["a note"], 0.9, ScreeningConfig(), original=False) == Verdict(("a note", SOFT.text))


def test_a_note_always_counts() -> None:
    assert judge([], ["a note"], 0.0, ON, original=False).reasons == ("a note",)


def test_a_low_threshold_of_rejection_flags_too() -> None:
    verdict = judge([], [], 0.2, ScreeningConfig(autoreview=True, autoreview_reject=0.1), original=False)
    assert verdict.rejected
    assert len(verdict.reasons) == 1


@pytest.mark.parametrize(
    ("asker", "answer", "weight"),
    [
        ("ann", "a zorpful day", Weight.PLAIN),
        ("ann", "such a gnu here", Weight.PLAIN),
        ("ann", "hello badperson", Weight.REVIEW),
        ("ann", "b l i v e t", Weight.REVIEW),
        ("ann", "a fr0bbish day", Weight.REVIEW),
        ("ann", "a quuxish day", Weight.REJECT),
        ("ann", "=======\nhi\n=======", Weight.REVIEW),
        ("watched", "a fine day", Weight.USER),
        ("keeper", "a fine day", Weight.USER),
    ],
)
def test_how_much_a_finding_weighs(asker: str, answer: str, weight: Weight) -> None:
    lists = ScreeningConfig(
        bad_strings=("zorpful",),
        bad_strings_shortwords=("gnu",),
        review_strings=("frobbish",),
        reject_strings=("Quuxish",),
        user_avoid_list=("badperson",),
        likely_obscured_strings=("blivet",),
        screened_users=("watched",),
    )
    (found,) = findings(ScreenedText(asker, "", answer, ()), lists, "keeper")
    assert found.weight is weight


def test_what_is_never_posted_is_written_anew(make_world: MakeWorld) -> None:
    world = make_world(screening={"reject_strings": ["warm"]}, queue=queue(1))
    ask = world.tumblr.ask("soup?")
    world.run(rounds=1)
    (draft,) = world.tumblr.posts.values()  # no original was made
    assert (draft.id, draft.tags) == (ask, ("soup", "bob", "rts"))
    world.switchboard.text = "Cold soup is a salad."
    world.clock.advance(60)
    world.run(seconds=20)
    assert {post.state for post in world.tumblr.posts.values()} == {"published", "queued"}


def test_an_answer_that_the_bot_rejects_is_tried_again_until_it_gives_up(make_world: MakeWorld) -> None:
    world = make_world(screening={"autoreview": True})
    world.switchboard.autoreview = 0.9
    ask = world.tumblr.ask("soup?")
    for _ in range(8):
        world.run(seconds=20, rounds=1)
    assert len(world.store.log_entries()) == 3
    (draft,) = world.tumblr.posts.values()
    assert (draft.id, draft.state, draft.tags) == (ask, "draft", ("soup", "bob"))
    assert world.only_turn().rejections == 2
    assert world.only_turn().state is TurnState.DRAFTED


def test_a_better_text_ends_it(make_world: MakeWorld) -> None:
    world = make_world(screening={"autoreview": True})
    world.switchboard.autoreview = 0.9
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    (draft,) = world.tumblr.posts.values()
    assert draft.tags == ("soup", "bob", "rts")
    world.switchboard.autoreview = 0.1
    world.run(seconds=20)
    (post,) = world.tumblr.posts.values()
    assert (post.state, post.tags) == ("published", ("soup", "bob"))


def test_an_original_that_the_bot_rejects_is_not_made(make_world: MakeWorld) -> None:
    world = make_world(screening={"autoreview": True}, queue=queue(1))
    world.switchboard.autoreview = 0.9
    world.run(rounds=1)
    assert world.tumblr.posts == {}
    turn = world.only_turn()
    assert turn.state is TurnState.SKIPPED
    assert turn.reason is not None
    assert turn.reason.startswith("rejected")
