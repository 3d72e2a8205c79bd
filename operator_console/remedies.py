"""What is wrong, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from switchboard.console_talk import Live
from switchboard.messages import StatusReport

PRESENT_SECONDS = 300.0
"""A worker that was heard of within this time is there."""

PROCESSES = {"generator": "generator_service.py", "selector": "selector.py"}

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"no candidate accepted|NothingAccepted",
        "lower candidates.*_min_words, or train the generator further: it writes too little that may be used",
    ),
    (r"out of memory", "lower generator.batch_size"),
    (r"PromptTooLong", "raise generator.context, if the model reads longer prompts"),
    (r"ServerUnreachable|ServerRefused|ServerFailed", "see to the server that generator.completions names"),
    (r"too old before it was done", "see that a generator and a selector are running and keep up"),
    (r"\b401\b|[Uu]nauthori[sz]ed", "check the keys: python -m bot_config check --online"),
    (r"\b429\b|limit", "nothing: it goes on when tumblr's limit allows"),
    (r"\b403\b|[Ff]orbidden", "see on tumblr whether the blog is blocked there, or the account restricted"),
    (r"\b404\b|[Nn]ot found|gone", "nothing: what it was about is not there any more"),
    (r"\b400\b|refuse|turned .* down", "see in its story what was sent; tumblr does not take it"),
    (r"full|database|disk", "make room on the disk, and see that the database can be written"),
)
OTHERWISE = "see the log of the process: its line at that time says more"


@dataclass(frozen=True)
class Fault:
    """Something that is wrong; ``turn`` is the one that it is about, if it is about one."""

    what: str
    remedy: str
    turn: int | None = None


def faults_of(live: Live, work: StatusReport) -> list[Fault]:
    """Everything that is wrong at the moment, and what failed last."""
    return [*_absences(work), *_failures(live, work)]


def _absences(work: StatusReport) -> Iterator[Fault]:
    present = {one.role for one in work.workers if one.last_contact_seconds <= PRESENT_SECONDS}
    for role, script in PROCESSES.items():
        if role not in present:
            yield Fault(f"no {role} has been heard of for five minutes", f"start {script}")
    for kind in work.unserved:
        if "generator" in present:
            yield Fault(f"no generator does jobs of the type {kind}", "give one a model for it")


def _failures(live: Live, work: StatusReport) -> Iterator[Fault]:
    for turn in live.errors:
        what = f"{turn.kind} of {turn.who or 'nobody'} failed: {turn.reason}"
        yield Fault(what, remedy(turn.reason), turn.turn)
    for job in work.failures:
        reason = job.error or job.state
        if job.state != "cancelled":
            yield Fault(f"a job of the type {job.type} failed: {reason}", remedy(reason))


def remedy(reason: str) -> str:
    """What an operator can do about it."""
    return next((what for pattern, what in REMEDIES if re.search(pattern, reason)), OTHERWISE)
