"""The acceptance rules as a table, and what happens when too few texts pass."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from autoresponder.errors import NothingAcceptedError
from autoresponder.generation.acceptance import (
    RULES,
    SPEAKS_FOR_OTHERS,
    AcceptanceOptions,
    GeneratedText,
    judge,
)
from autoresponder.generation.draws import AttemptDraws
from autoresponder.generation.generator import Finished, GenerationAttempt
from autoresponder.jobs.attempts import ATTEMPTS_PER_CANDIDATE, JobAttempts

PHRASE = re.compile(r"(?m)^#\d+ \S+ commented:")
NOT_LONG = AcceptanceOptions(avoid_if_under=0, avoid_half_if_under=0)
TEN = " one two three four five six seven eight nine"


BOB_ONLY = AcceptanceOptions(0, 0, allowed_mentions=["bob-2"])


def text(body: str, tags: str = " #a") -> GeneratedText:
    return GeneratedText(f"{tags}\n{body}", ended=True)


@pytest.mark.parametrize(
    ("written", "options", "rule"),
    [
        (text(TEN), AcceptanceOptions(10, 10), None),
        (text(TEN), AcceptanceOptions(11, 11), "too_short"),
        (text(TEN.replace(" ", "\n")), AcceptanceOptions(2, 2), "too_short"),
        (GeneratedText("no newline, so it is all tags", ended=True), AcceptanceOptions(2, 2), "too_short"),
        (GeneratedText(f" #a\n{TEN}", ended=True, roll=0.49), AcceptanceOptions(5, 11), "rather_short"),
        (GeneratedText(f" #a\n{TEN}", ended=True, roll=0.5), AcceptanceOptions(5, 11), None),
        (GeneratedText(" #a\n hello", ended=False), NOT_LONG, None),
        (
            GeneratedText(" #a\n hello", ended=False),
            AcceptanceOptions(0, 0, avoid_if_cut_off=True),
            "cut_off",
        ),
        (text(" \n <blockquote>a</blockquote>"), NOT_LONG, "opens_with_quote"),
        (text(" a <blockquote>b</blockquote>"), NOT_LONG, None),
        (text(" <blockquote>a"), AcceptanceOptions(0, 0, avoid_initial_blockquote=False), None),
        (text(" a职#b"), NOT_LONG, None),
        (text(" a职#b职#c"), NOT_LONG, "second_tags"),
        (text(" what the hell"), NOT_LONG, None),
        (text(" what the HELL!"), AcceptanceOptions(0, 0, avoid_if_profane=True), "profane"),
        (text(" hello from sussex"), AcceptanceOptions(0, 0, avoid_if_profane=True), None),
        (text(" a river", tags=" #damn"), AcceptanceOptions(0, 0, avoid_if_profane=True), "profane"),
        (text(" hi @ann and @Bob-2!"), NOT_LONG, None),
        (text(" hi @ann and @Bob-2!"), BOB_ONLY, "mentions_outsider"),
        (text(" hi @Bob-2, (@bob-2) @bob-2."), BOB_ONLY, None),
        (text(" hi @bob-22"), BOB_ONLY, "mentions_outsider"),
        (text(" write to ann@example.org, see x/@ann, 5 @ 6"), BOB_ONLY, None),
        (text(" hi", tags=" #@ann"), BOB_ONLY, "mentions_outsider"),
        (text(" hi @bob-2"), AcceptanceOptions(0, 0, allowed_mentions=()), "mentions_outsider"),
        (GeneratedText(" #a\n a  river ", ended=True, prompt="is it a  river?"), NOT_LONG, "repeats_prompt"),
        (GeneratedText(" #a\n ‘a’ river", ended=True, prompt="say 'a' river"), NOT_LONG, "repeats_prompt"),
        (GeneratedText(" #a\n a river职#b", ended=True, prompt="a river"), NOT_LONG, "repeats_prompt"),
        (GeneratedText(" #a\n a lake", ended=True, prompt="is it a river?"), NOT_LONG, None),
        (text(""), NOT_LONG, "repeats_prompt"),
        (text(" one two three"), AcceptanceOptions(0, 0, avoid_if_over=3), "too_long"),
        (text(" one two"), AcceptanceOptions(0, 0, avoid_if_over=3), None),
        (GeneratedText(f" #a\n{TEN}", ended=True, repeating=True), NOT_LONG, "repetitive"),
    ],
)
def test_rules(written: GeneratedText, options: AcceptanceOptions, rule: str | None) -> None:
    assert judge(written, options, PHRASE)[1] == rule


def test_the_first_rule_that_rejects_is_counted() -> None:
    both = GeneratedText(" #a\n <blockquote>hell", ended=True)
    options = AcceptanceOptions(5, 5, avoid_if_profane=True)
    assert [judge(both, options, PHRASE, given_up)[1] for given_up in ((), ("too_short",))] == [
        "too_short",
        "opens_with_quote",
    ]


def test_the_text_is_cut_where_someone_else_speaks() -> None:
    written = GeneratedText(" #a\n mine\n#3 bob commented:\n\n his", ended=True)
    cut, rule = judge(written, NOT_LONG, PHRASE)
    assert (cut.text, cut.ended, rule) == (" #a\n mine\n", False, None)
    assert judge(written, AcceptanceOptions(3, 3), PHRASE)[1] == "too_short"


def test_or_it_is_rejected() -> None:
    written = GeneratedText(" #a\n mine\n#3 bob commented:\n\n his", ended=True)
    assert judge(written, AcceptanceOptions(split_on_control_char=False), PHRASE)[1] == SPEAKS_FOR_OTHERS


def test_every_rule_says_what_it_means() -> None:
    assert all(rule.__doc__ for rule in RULES.values())


def make_attempt(number: int) -> GenerationAttempt:
    return GenerationAttempt(number, (0,), "", AttemptDraws(kind=0.0, roll=0.0, target=2.0, tokens=()))


LONG, MIDDLING, SHORT = f" #a\n{TEN}", " #a\n one two three", " #a\n one"
QUOTE, HERS = " #a\n <blockquote>", " #a\n#1 ann commented:"
OPTIONS = AcceptanceOptions(avoid_if_under=3, avoid_half_if_under=8)


def run(
    wanted: int, texts: Sequence[str], *, at_once: int = 1, options: AcceptanceOptions = OPTIONS
) -> JobAttempts:
    """Write the given texts over and over, a few at a time, and let them be judged."""
    tries = JobAttempts(wanted, make_attempt, options, PHRASE)
    while True:
        begun = [attempt for _ in range(at_once) if (attempt := tries.next_attempt())]
        if not begun:
            return tries
        for attempt in reversed(begun):
            written = GeneratedText(texts[attempt.number % len(texts)], ended=True, roll=attempt.draws.roll)
            tries.finish(Finished(attempt, written, tokens=10 + attempt.number, mean_surprisal=2.0))


@pytest.mark.parametrize("at_once", [1, 2, 3, 9])
def test_rejected_tries_are_made_up_for_and_order_is_kept(at_once: int) -> None:
    tries = run(3, [SHORT, LONG, MIDDLING, LONG], at_once=at_once)
    assert [c.attempt.number for c in tries.candidates()] == [1, 3, 5]
    assert tries.begun == 6
    assert tries.rejections == {"too_short": 2, "rather_short": 1}
    assert tries.relaxed == ()
    assert tries.mean_surprisal == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("texts", "relaxed", "taken"),
    [
        ([MIDDLING, SHORT, QUOTE], ("rather_short",), [0, 3]),
        ([SHORT, QUOTE], ("rather_short", "too_short"), [0, 2]),
        ([QUOTE, HERS], ("rather_short", "too_short", "opens_with_quote"), [0, 2]),
    ],
    ids=["first the roll", "then the length", "then quotations"],
)
def test_rules_are_given_up_in_order_when_too_few_pass(
    texts: Sequence[str], relaxed: tuple[str, ...], taken: list[int]
) -> None:
    tries = run(2, texts)
    assert [c.attempt.number for c in tries.candidates()] == taken
    assert tries.relaxed == relaxed
    assert tries.begun == ATTEMPTS_PER_CANDIDATE * 2


def test_fewer_than_wanted_may_pass_even_so() -> None:
    tries = run(2, [HERS] * 9 + [LONG])
    assert [c.attempt.number for c in tries.candidates()] == [9]


def test_none_at_all_is_an_error_that_says_why() -> None:
    with pytest.raises(NothingAcceptedError, match="in 10 tries"):
        run(2, [HERS]).candidates()


def test_what_breaks_a_rule_that_stays_is_never_taken() -> None:
    repeating = JobAttempts(1, make_attempt, OPTIONS, PHRASE)
    while attempt := repeating.next_attempt():
        repeating.finish(Finished(attempt, GeneratedText(LONG, ended=True, repeating=True), 1, 1.0))
    with pytest.raises(NothingAcceptedError, match="repetitive 5"):
        repeating.candidates()


def test_where_everything_is_too_long_the_shortest_are_taken() -> None:
    tries = run(2, [LONG, MIDDLING, SHORT], options=AcceptanceOptions(0, 0, avoid_if_over=1))
    assert [c.written.text for c in tries.candidates()] == [SHORT, SHORT]
    assert "too_long" in tries.relaxed
