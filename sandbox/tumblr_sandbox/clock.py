"""The sandbox's clock: real time plus an offset that the control face moves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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


def iso_date(timestamp: int) -> str:
    """A time in ISO 8601: ``2021-02-06T03:13:32Z``."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_date(text: str) -> int | None:
    """Read a posted date; GMT without a zone; none if it cannot be read.

    ISO 8601, unix seconds, the API's own form, RFC 5322 as in mail, that of JavaScript's ``Date``, and the
    forms that people write.
    """
    cleaned = _REMARK.sub("", text).strip()
    if cleaned.isdecimal():
        seconds: int | None = int(cleaned[:MAX_DIGITS])
    else:
        seconds = next((found for read in _READERS if (found := _seconds(read, cleaned)) is not None), None)
    return seconds if seconds is not None and 0 <= seconds <= LAST_SECOND else None


def _seconds(read: Callable[[str], datetime], text: str) -> int | None:
    try:
        moment = read(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _own_form(text: str) -> datetime:
    return datetime.fromisoformat(_ZULU.sub("", text))


def _as_written(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(_ZULU.sub("", text), form)  # noqa: DTZ007 - GMT where it names no zone


_REMARK = re.compile(r"\(.*\)\s*$")
_JAVASCRIPT = "%a %b %d %Y %H:%M:%S GMT%z"
_ZULU = re.compile(r"\s*(?:GMT|UTC)$")
_READERS: tuple[Callable[[str], datetime], ...] = (
    _own_form,
    _as_written(_JAVASCRIPT),  # which that of mail would take for GMT
    parsedate_to_datetime,
    *map(
        _as_written,
        (
            *("%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S %z"),
            *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%m/%d/%Y %H:%M", "%m/%d/%Y"),
            *("%B %d, %Y %H:%M", "%B %d, %Y", "%b %d, %Y %H:%M", "%b %d, %Y", "%d %B %Y %H:%M", "%d %B %Y"),
            *("%B %d, %Y %I:%M %p", "%m/%d/%Y %I:%M %p", "%Y-%m-%d %I:%M %p"),
        ),
    ),
)
