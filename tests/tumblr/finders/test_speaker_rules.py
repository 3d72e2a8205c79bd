"""Whether the bot would speak next, from two probabilities and chance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from munging.prompts.next_speaker import SpeakerForm
from munging.thread import Thread
from switchboard.messages import SpeakerQuestion
from switchboard.messages.fields import MAX_TEXT_CHARACTERS
from tests.tumblr.fakes import IDENTITY
from tumblr.finders.speaker_rules import judge_speaker, shift, speaker_question
from tumblr.settings import DashboardConfig

RULES = DashboardConfig()
LIKELINESS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("after_thread", "after_line", "ratio"),
    [
        (0.2, 0.1, 0.20001 / 0.10001),
        (0.1, 0.1, 1.0),
        (0.0, 0.0, 1.0),
        (1e-9, 0.0, 1.0),  # next to nothing either way
        (0.0, 0.09999, 1e-4),
        (1.0, 0.0, 100_001.0),
    ],
)
def test_by_how_much_a_thread_makes_the_name_likelier(
    after_thread: float, after_line: float, ratio: float
) -> None:
    assert math.exp(shift(after_thread, after_line)) == pytest.approx(ratio, rel=2e-4)


@pytest.mark.parametrize(
    ("ratio", "chance", "speaks"),
    [
        (0.7500001, 0.0, True),
        (0.7499, 0.0, False),
        (0.375001, 0.5, True),  # times two: the square root of four
        (0.3749, 0.5, False),
        (0.1876, 0.9999, True),
        (0.1874, 0.9999, False),  # no chance makes more than four of one
        (100.0, 0.0, True),
    ],
)
def test_ratio_times_noise_is_not_under_the_cutoff(ratio: float, chance: float, *, speaks: bool) -> None:
    verdict = judge_speaker(math.log(ratio), chance, RULES)
    assert verdict.is_worthy is speaks
    assert verdict.why.startswith(f"the thread makes the bot's name {ratio:.3g} times as likely")


def test_without_noise_chance_has_no_say() -> None:
    calm = DashboardConfig(speaker_noise=1.0)
    assert [judge_speaker(math.log(0.76), chance, calm).is_worthy for chance in (0.0, 0.99)] == [True, True]
    assert [judge_speaker(math.log(0.74), chance, calm).is_worthy for chance in (0.0, 0.99)] == [False, False]


def test_what_nobody_says_counts_as_no() -> None:
    assert not judge_speaker(None, 0.99, RULES).is_worthy


@given(LIKELINESS, LIKELINESS, st.floats(0, 1, exclude_max=True))
def test_a_likelier_name_is_never_worse(low: float, line: float, chance: float) -> None:
    """Whatever the probabilities, there is a verdict; what is enough for one thread is for a likelier one."""
    high = min(1.0, low * 1.5 + 0.01)
    less, more = (judge_speaker(shift(after, line), chance, RULES).is_worthy for after in (low, high))
    assert more >= less


def thread(*turns: tuple[str, str]) -> Thread:
    made = Thread()
    for author, text in turns:
        made = made.with_post(author, text, by_bot=author == "Frank")
    return made.awaiting_bot(IDENTITY)


@pytest.mark.parametrize(
    ("turns", "form", "asked"),
    [
        ([("bob", "hi")], "masked", "友bob会hi域"),
        ([("bob", "hi")], "full", "友bob会hi域"),
        ([("Frank", "hi"), ("bob", "so")], "masked", "域hi友bob会so域"),
        ([("Frank", "hi"), ("bob", "so")], "full", None),
    ],
)
def test_what_is_asked(turns: list[tuple[str, str]], form: SpeakerForm, asked: str | None) -> None:
    wanted = None if asked is None else SpeakerQuestion(prompt=asked, form=form)
    assert speaker_question(thread(*turns), IDENTITY, form) == wanted


def test_a_question_fits_the_wire_however_long_the_thread() -> None:
    long = thread(*(("bob", "word " * 5000) for _ in range(4)), ("eve", "x" * 2 * MAX_TEXT_CHARACTERS))
    question = speaker_question(long, IDENTITY, "masked")
    assert question is not None
    assert len(question.prompt) <= MAX_TEXT_CHARACTERS
    assert "友eve会" in question.prompt
