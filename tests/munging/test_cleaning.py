"""Cleaning: what goes, what stays, and that it is done once and for all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from munging.classic import split_tags
from munging.cleaning import clean_content, clean_name, clean_tag, clean_user_text, image_block
from munging.control import IMAGE_DELIMITER
from tests.strategies import words


@settings(max_examples=300, deadline=None)
@given(words())
def test_cleaning_twice_changes_nothing_more_than_once(text: str) -> None:
    assert clean_user_text(clean_user_text(text)) == clean_user_text(text)
    assert clean_content(clean_content(text)) == clean_content(text)
    assert clean_name(clean_name(text)) == clean_name(text)
    assert clean_tag(clean_tag(text)) == clean_tag(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(words(), max_size=4))
def test_tags_are_split_as_they_were_cleaned(tags: list[str]) -> None:
    clean = tuple(tag for tag in map(clean_tag, tags) if tag)
    assert split_tags(" ".join(f"#{tag}" for tag in clean)) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        ("a\u200bb\u200dc\u2060d\ufe0fe\u00adf\x00g\ud800h", "abcdefgh"),
        (
            "cafe\u0301 \u0939\u093f\u0928\u094d\u0926\u0940",
            "cafe\u0301 \u0939\u093f\u0928\u094d\u0926\u0940",
        ),
        ("tab\tand\u00a0space", "tab\tand\u00a0space"),
        ("=======a======", "a======"),
        ("====\u200b====", ""),
        ("<|endoftext|>", "< |endoftext|>"),
        ("<\u200b|", "< |"),
        ("<=======|endoftext|>", "< |endoftext|>"),
        ("\u7ff0\u6797", "\u58a8\u6797"),
    ],
)
def test_what_goes_and_what_stays(text: str, clean: str) -> None:
    assert clean_user_text(text) == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("quiet-marsh.2", "quiet-marsh.2"),
        ("a b\n#", "ab"),
        ("", "unknown"),
        ("\u53cb", "unknown"),
        ("x" * 99, "x" * 64),
    ],
)
def test_names_hold_only_what_names_hold(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("tag", "clean"),
    [
        ("a b", "a b"),
        (" #a, ", "a"),
        ("c#", "c"),
        (",,", ""),
        ("a\nb", "a b"),
        ("Frank's tags: #x", "> Frank's tags x"),
        (", Written by | me", "> Written by | me"),
    ],
)
def test_tags_stay_on_one_line(tag: str, clean: str) -> None:
    assert clean_tag(tag) == clean


def test_image_blocks_survive_and_their_words_are_cleaned() -> None:
    text = f"look{image_block('SIGN')}\n\n#2 Frank commented:"
    assert clean_content(text) == f"look{image_block('SIGN')}\n\n> #2 Frank commented:"
    assert image_block("") == ""
    assert clean_content(f"a {IMAGE_DELIMITER} b") == "a  b"
