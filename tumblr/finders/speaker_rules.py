"""Whether a thread is one in which the bot would speak next, by what the model expects. Pure.

The model says how likely the bot's name stands where the next speaker's does, behind the thread and behind
the last line alone. By how much the thread makes it likelier is what counts: a name that is always likely
says nothing about a thread.
"""

from __future__ import annotations

import math

from munging.prompts.next_speaker import SpeakerForm, has_bot_spoken
from munging.thread import Identity, Thread
from switchboard.messages import SpeakerQuestion
from switchboard.messages.fields import MAX_TEXT_CHARACTERS
from tumblr.finders.dashboard_rules import Verdict
from tumblr.settings import DashboardConfig
from tumblr.turns.threads import prompt_of

LEAST_PROBABILITY = 1e-5
"""Added to each probability, so that two that are next to nothing count as equal."""

LEAST_NOISE = 1e-6


def speaker_question(thread: Thread, identity: Identity, form: SpeakerForm) -> SpeakerQuestion | None:
    """What is asked about a thread that waits for the bot; None when there is nothing to ask.

    In a whole thread in which the bot has spoken its name is expected anyway.
    """
    if form == "full" and has_bot_spoken(thread):
        return None
    return SpeakerQuestion(prompt=prompt_of(thread, identity, MAX_TEXT_CHARACTERS), form=form)


def shift(after_thread: float, after_line: float) -> float:
    """By how much a thread makes the bot's name likelier: the difference of the probabilities' logarithms."""
    return math.log(after_thread + LEAST_PROBABILITY) - math.log(after_line + LEAST_PROBABILITY)


def judge_speaker(shift: float | None, chance: float, rules: DashboardConfig) -> Verdict:
    """Whether the bot would speak next: e^shift times the noise is not under the cut-off.

    ``chance`` is a draw in [0, 1); the noise is exp(ln(speaker_noise) * chance). Without a shift nobody
    knows, and the bot stays silent.
    """
    if shift is None:
        return Verdict(is_worthy=False, why="the generator does not say whether the bot would speak next")
    ratio, noise = math.exp(shift), math.exp(math.log(rules.speaker_noise + LEAST_NOISE) * chance)
    found = f"the thread makes the bot's name {ratio:.3g} times as likely (times {noise:.2f} by chance)"
    if ratio * noise < rules.speaker_cutoff:
        return Verdict(is_worthy=False, why=f"{found}, less than {rules.speaker_cutoff:g}")
    return Verdict(is_worthy=True, why=found)
