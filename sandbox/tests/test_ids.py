"""Post ids, keys and short addresses."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr_sandbox import ids

KNOWN = [
    # id, and the second in which it is known to have been made
    (706888475865137152, 1674141383),  # 2023-01-19 15:16:23 GMT
    (667310229437005824, 1636396626),  # 2021-11-08 18:37:06 GMT
]


@pytest.mark.parametrize(("post_id", "second"), KNOWN)
def test_the_time_in_known_ids(post_id: int, second: int) -> None:
    assert int(ids.post_id_time(post_id)) == second


@given(st.floats(min_value=1.0e9, max_value=4.0e9))
def test_an_id_carries_its_millisecond(moment: float) -> None:
    assert ids.post_id_time(ids.next_post_id(moment, 0)) == pytest.approx(moment, abs=0.001)


def test_an_id_names_a_node_tumblr_has() -> None:
    assert 8 <= (ids.next_post_id(1.7e9, 0) >> ids.SEQUENCE_BITS) & 0b111111 <= 15


@given(st.lists(st.floats(min_value=1.6e9, max_value=1.7e9), min_size=2, max_size=50))
def test_ids_rise_whatever_the_clock_does(moments: list[float]) -> None:
    last = 0
    for moment in moments:
        made = ids.next_post_id(moment, last)
        assert made > last
        last = made


def test_a_full_millisecond_overflows_into_the_next() -> None:
    moment = 1_650_000_000.0
    first = ids.next_post_id(moment, 0)
    full = first | ((1 << ids.SEQUENCE_BITS) - 1)
    following = ids.next_post_id(moment, full)
    assert following > full
    assert ids.post_id_time(following) == pytest.approx(moment + 0.001)


def test_ids_fit_the_store() -> None:
    assert ids.next_post_id(7_000_000_000.0, 0) < 2**63


def test_shapes_of_keys() -> None:
    rng = random.Random(1)
    assert re.fullmatch(r"[A-Za-z0-9]{8}", ids.reblog_key(rng))
    assert re.fullmatch(r"t:[A-Za-z0-9_-]{22}", ids.blog_uuid(rng))
    assert re.fullmatch(r"[A-Za-z0-9]{50}", ids.secret_string(rng))


def test_short_addresses_differ() -> None:
    addresses = {ids.short_url(post_id) for post_id in range(1, 1000)}
    assert len(addresses) == 999
    assert all(address.startswith("https://tmblr.co/Z") for address in addresses)
