"""Presets: the rules and numbers of a year, as defaults that the operator's own settings go before.

The bot of 2021 is what the sections' own defaults say. Each later preset is a table of what differs from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

PresetName: TypeAlias = Literal["2021", "2023"]

PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "2021": {},
        "2023": {
            "loop": {
                "offpeak_sleep_seconds": 300.0,
                "budget": "2023",
                "max_posts_per_step": 5,
                "judgments_hours": 18.0,
            },
            "tumblr": {"max_tries": 10},
            "asks": {
                "most_waiting": 2,
                "equity_first": True,
                "fiction_triggers": (
                    "tell me a story",
                    "a story about",
                    "write a story",
                    "tell me the story of",
                    "write a fanfic",
                    "write a fic",
                ),
            },
            "conversation": {"posts_to_check": 350},
            "dashboard": {
                "posts_to_check": 350,
                "paging": "since_id",
                "rules": "2023",
                "max_characters": 10_000,
                "speaker_test": "masked",
                "selection_cutoff": 0.0,
                "continuation": "delta",
                "continuation_cutoff": 0.0,
                "batch": 0,
            },
            "queue": {"write_when_below": 24, "only_today": True},
            "candidates": {
                "answer": 5,
                "fiction_or_review": 2,
                "textpost": 4,
                "rejection_discount": 0.4,
                "growth_decimals": 3,
                "retained_first": True,
                "answer_min_words": 1,
                "answer_half_min_words": 3,
                "fiction_min_words": 75,
                "textpost_min_words": 3,
                "textpost_half_min_words": 3,
                "mentions": "thread",
            },
            "generator": {"fiction_titles": True},
            "selection": {
                "retention_cutoff": 0.45,
                "fiction_delta": 0.0,
                "quotes_delta": -0.3,
                "guidelines_delta": -0.25,
                "pseudo_text_delta": -0.6,
                "winnow_low": 0.167,
                "winnow_high": 0.833,
                "answer_strategy": "eps_greedy",
                "answer_eps": 0.075,
                "textpost_strategy": "eps_greedy",
                "textpost_eps": 0.15,
            },
            "screening": {"autoreview": True},
            "mood": {"ranges": "2023", "tau_hours": 4.0},
        },
    }
)
"""Preset to section to setting to value."""


def with_preset(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they were written, completed by those of the preset that they name.

    An unknown preset completes nothing; that it is unknown is for the validation to say.
    """
    completed = dict(settings)
    chosen = PRESETS.get(str(settings.get("preset", "")), {})
    for section, values in chosen.items():
        written = completed.get(section, {})
        if isinstance(written, Mapping):
            completed[section] = {**values, **written}
    return completed
