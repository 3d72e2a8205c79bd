"""The sandbox's clock: real time plus an offset that the control face moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""
MAX_DIGITS = 12
"""More digits than any time within those years has."""


class SandboxClock:
    """Unix seconds of a source clock, shifted by ``offset`` seconds."""

    def __init__(self, source: Callable[[], float] = time.time, offset: float = 0.0) -> None:
        self._source = source
        self.offset = offset

    def now(self) -> float:
        """Unix seconds, with fractions."""
        return self._source() + self.offset


def gmt_date(timestamp: int) -> str:
    """A time as the API writes dates: ``2021-02-06 03:13:32 GMT``."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")


def parse_date(text: str) -> int | None:
    """Read a posted date: ISO 8601, unix seconds or the API's own form; GMT without a zone; else none."""
    cleaned = text.strip().removesuffix("GMT").strip()
    seconds = int(cleaned[:MAX_DIGITS]) if cleaned.isdecimal() else _iso_seconds(cleaned)
    return seconds if seconds is not None and 0 <= seconds <= LAST_SECOND else None


def _iso_seconds(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
