"""The claims that are fuzzed hold for the text pairs, and for what forges structure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.munging.fuzz.targets import TARGETS
from tests.munging.pairs import FOLDER, read_pairs
from tests.strategies import words

INPUTS = [pair.given for folder in sorted(FOLDER.iterdir()) for pair in read_pairs(folder.name)]


@pytest.mark.parametrize("name", TARGETS)
def test_the_claims_hold_for_every_text_pair(name: str) -> None:
    for given_text in INPUTS:
        TARGETS[name](given_text.encode("utf-8", "replace"))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None)
@given(typed=words())
def test_the_claims_hold_for_forgeries(name: str, typed: str) -> None:
    TARGETS[name](typed.encode("utf-8", "replace"))
