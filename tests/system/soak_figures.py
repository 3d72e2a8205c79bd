"""What is known of a long life, and the figures that are made of it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.system import account as accounting
from tests.system.account import Remembered, Said
from tests.system.soak_plan import SoakPlan
from tests.system.soak_tumbl import TurnedLog
from tumblr_sandbox.records import Call

ROUGHLY = 1.5
"""How much more than in the middle of a life there may be at its end, and still count as bounded."""


@dataclass
class Life:
    """What is known of a life."""

    plan: SoakPlan
    said: list[Said] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    follows: list[Call] = field(default_factory=list)
    befell: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    logged: set[str] = field(default_factory=set)
    """Posts that the post log has told of, before it forgot them or an older copy was put back."""

    skipped: dict[str, accounting.Skipped] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=lambda: Remembered((), {}, ()))
    sizes: dict[str, list[int]] = field(default_factory=dict)
    """Of databases in bytes and of processes in KiB, at the end of each day."""

    training: int | None = None
    sent_back: set[str] = field(default_factory=set)
    is_whole: bool = False
    lived_days: float = 0.0


def figures_of(life: Life, made: accounting.Account, complaints: list[str], log: TurnedLog) -> dict[str, Any]:
    """What is printed of a life."""
    outcomes = Counter(str(line.outcome) for line in made.lines)
    faulty = sum(number for name, number in life.calls.items() if name != "all")
    return {
        "days": life.plan.days,
        "lived_days": round(life.lived_days, 2),
        "whole": life.is_whole,
        "people": len({one.who for one in life.said}),
        "said": len(life.said),
        "became": dict(outcomes),
        "originals": len(made.originals),
        "complaints": complaints,
        "befell": dict(life.befell),
        "deaths": life.deaths,
        "training_status": life.training,
        "calls": life.calls["all"],
        "calls_that_failed": round(faulty / max(1, life.calls["all"]), 3),
        "log_bytes": log.written,
        "mistakes": log.mistakes[:10],
        "sizes": {name: [found[0], max(found), found[-1]] for name, found in life.sizes.items()},
        "unbounded": unbounded(life),
    }


def unbounded(life: Life) -> list[str]:
    """What is still growing in the last third of a life that is long enough for the first to be forgotten."""
    if life.plan.days < 3 * life.plan.inputs_days - 1:
        return []
    third = len(next(iter(life.sizes.values()), ())) // 3
    return [
        name
        for name, found in life.sizes.items()
        if third and max(found[-third:]) > ROUGHLY * max(found[third : 2 * third])
    ]


def is_well(figures: dict[str, Any]) -> bool:
    """Whether the life came to its end, and nothing was lost, doubled, or grew without end."""
    return bool(figures["whole"]) and not (
        figures["complaints"] or figures["mistakes"] or figures["unbounded"]
    )
