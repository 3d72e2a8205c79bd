"""What is asked for, and what becomes of it, as the preset and the model's prompt format have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot_config import Config
from tests.tumblr.fakes import START, outcome
from tumblr.build import settings_of
from tumblr.responding.handlers.base import TurnHandler
from tumblr.responding.handlers.registry import turn_handlers
from tumblr.turns.inputs import parse_input
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import Turn

THREAD = "友bob会soup?\n域"
POST = {
    "blog": "bob",
    "post_id": "7",
    "reblog_key": "k",
    "url": "https://x",
    "timestamp": 5,
    "text": "soup?",
    "said": "soup?",
    "prompt": THREAD,
    "why": "",
}
INPUTS: dict[TurnKind, dict[str, Any]] = {
    TurnKind.ASK: {"question": "soup?", "question_html": "<p>soup?</p>", "timestamp": 5},
    TurnKind.ORIGINAL: {"publish_time": START},
    TurnKind.REVIEW: {"lines": ("Title: <b>Soup</b>",), "timestamp": 5},
    **dict.fromkeys((TurnKind.REBLOG, TurnKind.MENTION, TurnKind.DASH), POST),
    TurnKind.REPLY: {
        "blog": "bob",
        "post_id": "7",
        "post_url": "https://x",
        "summary": "Soup",
        "timestamp": 5,
        "text": "soup?",
        "prompt": THREAD,
        "why": "",
    },
}


def kinds(**settings: Any) -> dict[TurnKind, TurnHandler]:
    return turn_handlers(settings_of(Config(**settings)))


def turn(kind: TurnKind, **changes: Any) -> Turn:
    moment = START.timestamp()
    said = parse_input({"kind": kind, **INPUTS[kind], **changes})
    return Turn(1, kind, "5", "bob", TurnState.FOUND, said, moment, moment)


@pytest.mark.parametrize(
    ("question", "in_2021", "in_2023"),
    [
        ("Tell me a STORY", True, True),
        ("do you know a story about soup", True, True),
        ("please write a story", True, True),
        ("tell me the story of soup", False, True),
        ("write a fanfic", False, True),
        ("would you write a fic?", False, True),
        ("what is the story?", False, False),
    ],
)
def test_who_asks_for_a_story_gets_one(question: str, in_2021: bool, in_2023: bool) -> None:
    asked = turn(TurnKind.ASK, question_html=f"<p>{question}</p>")
    for preset, wanted in (("2021", in_2021), ("2023", in_2023)):
        request, _ = kinds(preset=preset)[TurnKind.ASK].requests(asked, "meh", datetime.now(UTC))
        assert request.fields["write_fic_override"] is wanted


def test_the_words_that_ask_for_a_story_are_the_operators() -> None:
    chosen = kinds(asks={"fiction_triggers": ["Once Upon"]})[TurnKind.ASK]
    asked = turn(TurnKind.ASK, question_html="<p>once upon a time</p>")
    assert chosen.requests(asked, "meh", START)[0].fields["write_fic_override"]


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize(
    ("form", "folded"), [("v9", False), ("v10", False), ("later", True), ("later-end-tags", True)]
)
def test_paragraphs_end_as_the_prompt_format_has_it(kind: TurnKind, form: str, folded: bool) -> None:
    composed = kinds(generator={"format": form})[kind].compose(turn(kind), outcome(post="one\n\ntwo"))
    assert ("<p>one</p><p>two</p>" in composed.html) is folded
    assert ("<p>one</p><p></p><p>two</p>" in composed.html) is not folded


@pytest.mark.parametrize(("length", "looked_at"), [(10_000, False), (10_001, True)])
def test_a_long_question_is_for_a_human(length: int, looked_at: bool) -> None:
    asked = turn(TurnKind.ASK, question="x" * length)
    composed = kinds()[TurnKind.ASK].compose(asked, outcome())
    assert composed.notes == (("the question is longer than 10000 characters",) if looked_at else ())
