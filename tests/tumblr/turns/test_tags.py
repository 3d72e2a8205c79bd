"""Tags before they are sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr.turns.tags import answer_tags, clean_tags, original_tags, strip_tags


@pytest.mark.parametrize(
    ("tags", "clean"),
    [
        (["soup", "warm soup"], ["soup", "warm soup"]),
        (["soup,", ", warm"], ["soup", "warm"]),
        (["soup, warm"], ["soup", "warm"]),
        (["", "  ", ","], []),
        (["soup<|endoftext|>rest", "x<|y"], ["soup", "x"]),
        (["<|endoftext|>"], []),
    ],
)
def test_clean(tags: list[str], clean: list[str]) -> None:
    assert clean_tags(tags) == clean


@pytest.mark.parametrize(
    ("tags", "asker", "sent"),
    [
        (["soup"], "bob", ["soup", "bob"]),
        (["soup", "bob"], "bob", ["soup", "bob"]),
        (["Anonymous", "soup"], "bob", ["soup", "bob"]),
        (["soup"], "Anonymous", ["soup", "Anonymous"]),
        (["about sourmilkblog", "soup"], "bob", ["soup", "bob"]),
        (["RTS", "rts stuff"], "bob", ["rts stuff", "bob"]),
        ([], "SourMilkBlog", []),
    ],
)
def test_answer(tags: list[str], asker: str, sent: list[str]) -> None:
    assert answer_tags(tags, asker, ["sourmilkblog"]) == sent


def test_original_tags_name_nobody() -> None:
    assert original_tags(["soup", "bad thing"], ["bad", ""]) == ["soup"]


@given(st.lists(st.text(max_size=20)), st.lists(st.text(max_size=5)))
def test_what_is_sent_is_what_tumblr_will_store(tags: list[str], avoided: list[str]) -> None:
    clean = strip_tags(clean_tags(tags), avoided)
    assert [part.strip() for part in ",".join(clean).split(",") if part.strip()] == clean
