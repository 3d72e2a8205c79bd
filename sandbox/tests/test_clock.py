"""The clock, and dates as the API writes and reads them."""

from __future__ import annotations

import pytest

from tumblr_sandbox.clock import SandboxClock, gmt_date, parse_date


def test_the_clock_is_its_source_and_an_offset() -> None:
    clock = SandboxClock(lambda: 1000.5, offset=10)
    assert clock.now() == 1010.5
    clock.offset = -0.5
    assert clock.now() == 1000.0


def test_a_date_as_the_api_writes_it() -> None:
    assert gmt_date(1612581212) == "2021-02-06 03:13:32 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2021-02-06 03:13:32 GMT", 1612581212),
        ("2021-02-06 03:13:32", 1612581212),
        ("2021-02-06T03:13:32Z", 1612581212),
        ("2021-02-06T04:13:32+01:00", 1612581212),
        ("2021-02-06", 1612569600),
        ("1612581212", 1612581212),
        ("  1612581212  ", 1612581212),
        ("tomorrow", None),
        ("", None),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("-5", None),
        ("9" * 5000, None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_dates_that_are_posted(text: str, seconds: int | None) -> None:
    assert parse_date(text) == seconds


def test_what_was_written_is_read() -> None:
    assert parse_date(gmt_date(1612581212)) == 1612581212
