"""The three prompts of one answer in the later format: the generator's, the selector's and the reviewer's.

The generator reads the whole thread, in a year drawn anew, for it was trained on the posts of many years
and should not take the present for the last of them. The selector reads what was said since the bot's
turn before, the reviewer that turn as well.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from munging.format_table import PromptFormat
from munging.formats import Prompt, format_time, render
from munging.thread import Identity, Thread

TRAINING_YEARS: Mapping[int, float] = MappingProxyType(dict.fromkeys(range(2012, 2022), 1.0))
"""The years of the posts that the model of 2022 was trained on, with their weights."""


@dataclass(frozen=True)
class AnswerPrompts:
    """What each of the three reads before the bot's turn."""

    generator: Prompt
    selector: Prompt
    reviewer: Prompt


def answer_prompts(
    thread: Thread,
    form: PromptFormat,
    identity: Identity,
    *,
    moment: datetime,
    rng: random.Random,
    years: Mapping[int, float] = TRAINING_YEARS,
) -> AnswerPrompts:
    """The prompts of an answer at a local time; ``years`` maps each year of the training to its weight."""
    thread = thread.awaiting_bot(identity)
    drawn = format_time(with_drawn_year(moment, years, rng), form.time_style)
    now = format_time(moment, form.time_style)
    return AnswerPrompts(
        generator=render(thread, form, identity, written=drawn),
        selector=render(thread.since_bot_spoke(keep=False), form, identity, written=now),
        reviewer=render(thread.since_bot_spoke(keep=True), form, identity, written=now),
    )


def with_drawn_year(moment: datetime, years: Mapping[int, float], rng: random.Random) -> datetime:
    """The same day of a year drawn from a distribution, among the years that have that day.

    Raises ValueError when none of them has it.
    """
    possible = {year: weight for year, weight in years.items() if _exists(moment, year) and weight > 0}
    if not possible:
        raise ValueError(f"no year to draw from has a {moment.day}.{moment.month}.")
    (year,) = rng.choices(list(possible), list(possible.values()))
    return moment.replace(year=year)


def _exists(moment: datetime, year: int) -> bool:
    try:
        moment.replace(year=year)
    except ValueError:
        return False
    return True
