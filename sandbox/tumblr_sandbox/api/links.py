"""Links to the next page, and the places in time that they name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from tumblr_sandbox.api import envelope
from tumblr_sandbox.api.params import Parameters

MICROSECONDS = 1_000_000
MICROSECONDS_FROM = 10**14
"""A time this large is in microseconds."""


def link(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """A link as the API writes them; ``path`` begins with ``/v2``."""
    return {"href": f"{path}?{urlencode(query)}", "method": "GET", "query_params": dict(query)}


def next_link(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The part of an answer that links to the next page."""
    return {"_links": {"next": link(path, query)}}


PLACES = frozenset({"offset", "before", "after", "before_id", "page_number"})
"""Parameters that say where a page begins; a link to the next page has its own."""


def echoed(asked: Parameters, *kept: str) -> dict[str, str]:
    """What a caller asked for, as links repeat it: all but the key and the place of the page, of which
    ``kept`` stay."""
    left_out = (PLACES | {"api_key"}) - {*kept}
    return {name: value for name, value in asked.as_dict().items() if name not in left_out}


def read_moment(name: str, text: str | None) -> int | None:
    """A place in time in microseconds: given in seconds, seconds with a fraction, or microseconds.

    None at 0, which is the default wherever one is documented.
    """
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise envelope.bad_parameter(f"{name} must be a number") from None
    if not value.is_finite() or abs(value) >= 2**62:
        raise envelope.bad_parameter(f"{name} is no time")
    return int(value if value >= MICROSECONDS_FROM else value * MICROSECONDS) or None


def place_between(last: int, following: int) -> str:
    """Where a page begins that follows ``last``, in seconds: whole ones unless those would pass over
    something of the same second. Both are moments in microseconds."""
    seconds, rest = divmod(last, MICROSECONDS)
    return str(seconds) if seconds != following // MICROSECONDS else f"{seconds}.{rest:06d}"
