"""Looking into JSON that somebody else wrote: what is not as expected counts as missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def json_of(words: str) -> object:
    """What a string of JSON says; None if it is none."""
    try:
        return json.loads(words)
    except (ValueError, RecursionError):
        return None


def mapping(value: object) -> Mapping[str, object]:
    """An object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    """An array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def mappings(value: object) -> list[Mapping[str, object]]:
    """The objects in an array."""
    return [entry for entry in sequence(value) if isinstance(entry, dict)]


def text(value: object) -> str:
    """A string; anything else is empty."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """A whole number; anything else, truth values included, is None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
