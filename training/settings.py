"""Settings of training: what goes into the corpus, and when a new head takes the place of the one in use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from bot_settings.base import BlogName, NonNegativeFloat, NonNegativeInt, Probability, Section


class CorpusConfig(Section):
    """What the generator is trained on."""

    authors: tuple[BlogName, ...] = Field(
        (),
        description="blogs whose words are trained as the persona's own; default: the blog that posts",
    )
    name_replacements: dict[str, str] = Field(
        {},
        description="words that become others in the corpus, such as the author's name and the persona's: "
        "whole words, in lower case, with a capital and in capitals",
    )
    no_scrape: tuple[BlogName, ...] = Field(
        (), description="blogs that want no part in this: no post in which one of them speaks is used"
    )
    include_private: bool = Field(False, description="use private posts too")
    exclude_tags: tuple[str, ...] = Field(
        ("quotes",), description="posts with one of these tags are left out; case does not count"
    )
    fiction_tags: tuple[str, ...] = Field(
        ("original fiction",), description="tags of the author's fiction, which has a heading of its own"
    )
    exclude_videos: bool = Field(False, description="leave out posts with a video anywhere in their thread")
    exclude_gifs: bool = Field(False, description="leave out posts with a GIF anywhere in their thread")
    most_images: NonNegativeInt | None = Field(
        None, description="posts with more images in their thread are left out; default: no bound"
    )
    share_with_images: Probability = Field(
        1.0, description="share of the posts with images that is used, drawn by the post's id"
    )
    min_characters: NonNegativeInt = Field(10, description="own words shorter than this are left out")
    max_others_ratio: PositiveFloat = Field(
        2.0, description="a post in which others say more than this many times as much is left out"
    )
    enough_own_words: NonNegativeInt = Field(
        250, description="own words from which others may say as much as they like"
    )
    near_duplicate_similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="Jaccard similarity of three-word runs from which the later of two posts is left out"
    )
    deleted: Literal["drop", "keep"] = Field(
        "drop", description="posts of an older backup that a newer, complete one no longer has"
    )
    validation_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.02, description="share of threads that is kept for validation"
    )
    loss_on: Literal["own", "all"] = Field(
        "own", description="what is learned of a thread: the last own turn, or everything that is read"
    )


class PromotionConfig(Section):
    """When a new head replaces the one in use."""

    metric: Literal["auc", "average_precision", "brier"] = Field(
        "auc", description="figure by which two heads are compared on the same rows"
    )
    margin: NonNegativeFloat = Field(0.005, description="by how much the new head must be better")
    weeks: PositiveFloat = Field(2.0, description="newest weeks of posts on which they are compared")
    min_rows: PositiveInt = Field(40, description="labelled rows without which nothing is promoted")


class LabelConfig(Section):
    """How notes become labels."""

    responses_days: PositiveFloat = Field(14.0, description="days of posts that a response is compared with")
    originals_days: PositiveFloat = Field(42.0, description="days of posts that an original is compared with")
    ahead_share: Probability = Field(0.1, description="share of those days that lies after the post")
    low: Probability = Field(0.25, description="quantile up to which a post is disliked")
    high: Probability = Field(0.75, description="quantile from which a post is liked")
    settle_hours: NonNegativeFloat = Field(2.0, description="newer posts have no final count yet")
    months_ahead: NonNegativeInt = Field(
        3, description="months after the present one that texts may claim to be from"
    )


class TrainingConfig(Section):
    """Making and renewing the models."""

    corpus: CorpusConfig = Field(CorpusConfig(), description="what the generator is trained on")
    labels: LabelConfig = Field(LabelConfig(), description="how notes become labels")
    promotion: PromotionConfig = Field(PromotionConfig(), description="when a new head replaces the old one")
    cache_gb: NonNegativeFloat = Field(
        10.0, description="disk for activations of the generator; rows beyond it are computed each time"
    )
