"""The sandbox's clock: real time plus an offset that the control face moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


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
    if cleaned.isdecimal():
        return int(cleaned)
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())
