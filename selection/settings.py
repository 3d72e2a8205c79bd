"""The settings of how one candidate is chosen."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from bot_settings.base import Probability, Section


class StrategyName(StrEnum):
    """The strategies by which one of several scored candidates is drawn."""

    ARGMAX = "argmax"
    EPS_GREEDY = "eps_greedy"
    PROPORTIONAL = "proportional"
    PROPORTIONAL_WINNOWED = "proportional_winnowed"
    UNIFORM = "uniform"


class SelectionConfig(Section):
    """How one candidate is chosen."""

    retention_cutoff: float = Field(
        0.6, description="selector probability above which an unused original text is retained"
    )
    fiction_delta: float = Field(0.2, description="added to the score of texts tagged as original fiction")
    review_delta: float = Field(0.0, description="added to the score of book reviews")
    image_delta: float = Field(0.0, description="added to the score of texts with image blocks")
    quotes_delta: float = Field(0.0, description="added to the score of texts tagged as quotes")
    guidelines_delta: float = Field(
        0.0, description="added to the score of texts with an image that was removed for breaking guidelines"
    )
    pseudo_text_delta: float = Field(
        0.0,
        description="added to the score of texts with an image that has no text though its caption says so",
    )
    answer_strategy: StrategyName = Field(
        StrategyName.PROPORTIONAL_WINNOWED, description="how one candidate for an answer is drawn"
    )
    answer_eps: Probability = Field(0.1, description="share of uniform draws of eps_greedy, for an answer")
    textpost_strategy: StrategyName = Field(
        StrategyName.PROPORTIONAL_WINNOWED, description="how one candidate for an original post is drawn"
    )
    textpost_eps: Probability = Field(
        0.25, description="share of uniform draws of eps_greedy, for an original post"
    )
    winnow_low: Probability = Field(0.333, description="scores up to this are dropped if a better one exists")
    winnow_high: Probability = Field(0.667, description="the same, tried first")


STANDARD = SelectionConfig()
"""As it is when nothing is set."""
