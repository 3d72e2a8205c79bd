"""Settings of what the bot does beside answering: commands, drafts, texts and habits of certain days."""

from __future__ import annotations

from pydantic import AwareDatetime, Field, model_validator

from bot_settings.base import BlogName, NonNegativeInt, Section


class DatedText(Section):
    """A text that is shown from one moment until another."""

    text: str = Field(min_length=1, description="what is shown")
    since: AwareDatetime = Field(description="from then on; with a time zone, as 2021-07-13T00:00:00-07:00")
    until: AwareDatetime = Field(description="until then, as above")

    @model_validator(mode="after")
    def _in_order(self) -> DatedText:
        if self.since >= self.until:
            raise ValueError("expected a time after `since` in `until`")
        return self


class CommandsConfig(Section):
    """What people may order in asks."""

    draft_reviews: bool = Field(True, description="reviews that were ordered are always drafted")
    help_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="page that explains reviews, linked below each"
    )


class DraftsConfig(Section):
    """What becomes of drafts that are sent back."""

    max_rejections: NonNegativeInt = Field(
        3, description="a draft that the bot itself has rejected so often is left to the operator"
    )


class UserListConfig(Section):
    """The end of the bot's life: it answers those on a list, and nobody else."""

    on: bool = Field(
        False,
        description="answer and reblog the listed blogs alone: asks of others are deleted, !follow and "
        "!unfollow aside, and what others say in reblogs, replies and mentions counts as handled",
    )
    blogs: tuple[BlogName, ...] = Field((), description="the blogs that are still answered")


class HalloweenConfig(Section):
    """The night on which people get all that the bot thought of."""

    on: bool = Field(
        False,
        description="whoever talks to the bot in reblogs, replies or mentions gets every candidate as a "
        "post, with numbers as tags",
    )


class BranchTestingConfig(Section):
    """Changed code is tried on the blog, beside the bot in use and without being in its way."""

    on: bool = Field(
        False,
        description="everything is drafted with tags that name the state it would have had, answers together "
        "with the ask's id and question; asks stay in the inbox",
    )
