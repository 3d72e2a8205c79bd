"""Builders of candidates, as tests want to read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selection.candidates import Candidate

MakeCandidate = Callable[..., Candidate]


@pytest.fixture
def make() -> MakeCandidate:
    """A candidate in classic form from a body, with scores."""

    def build(
        body: str = "a post",
        probability: float = 0.5,
        sentiment: float | None = 0.0,
        *,
        retained: bool = False,
        mirotarg: float | None = 2.0,
    ) -> Candidate:
        return Candidate(f"{body}职#one, #two<|endoftext|>", probability, sentiment, mirotarg, retained)

    return build
