"""Settings of the side that faces tumblr: who the bot is, whom it answers, what it may publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from bot_settings.base import (
    BlogName,
    NonNegativeFloat,
    NonNegativeInt,
    Probability,
    Secret,
    Section,
    TimezoneName,
)


class KeySet(Section):
    """The four strings with which tumblr knows an application and an account."""

    consumer_key: Secret = Field(
        description="OAuth consumer key of the registered application",
        examples=[{"env": "TUMBLR_CONSUMER_KEY"}],
    )
    consumer_secret: Secret = Field(
        description="OAuth consumer secret of the application", examples=[{"env": "TUMBLR_CONSUMER_SECRET"}]
    )
    token: Secret = Field(description="OAuth token of the account", examples=[{"env": "TUMBLR_TOKEN"}])
    token_secret: Secret = Field(
        description="OAuth token secret of the account", examples=[{"env": "TUMBLR_TOKEN_SECRET"}]
    )


class BlogConfig(Section):
    """Who the bot is."""

    blog_name: BlogName = Field("my-bot", description="tumblr name of the blog that posts")
    dash_blog_name: BlogName | None = Field(
        None,
        description="tumblr name of the second account, which follows blogs as the bot",
    )
    persona: str = Field(
        "Frank", min_length=1, max_length=64, description="name under which the model knows the bot"
    )
    operator_name: BlogName | None = Field(
        None, description="tumblr name of the human owner; asks from them are always drafted"
    )
    prompt_month: str | None = Field(
        None,
        pattern=r"^(January|February|March|April|May|June|July|August|September|October|November|December) "
        r"\d{4}$",
        description='month that prompts claim instead of the present one, as "December 2020"',
    )
    timezone: TimezoneName = Field(
        "US/Pacific", description="time zone of peak hours, of the daily mood and of times in prompts"
    )


class TumblrConfig(Section):
    """How tumblr is reached, what is published, where the bot remembers."""

    host: str = Field(
        "https://api.tumblr.com", pattern=r"^https?://[^/\s]+$", description="API host, without a path"
    )
    base_keys: tuple[KeySet, ...] = Field(
        (), description="key sets that may post as the blog", examples=["one set"]
    )
    dashboard_keys: tuple[KeySet, ...] = Field(
        (), description="key sets of the dashboard account, which follows blogs as the bot"
    )
    publishing: Literal["drafts", "automatic"] = Field(
        "drafts",
        description="drafts: a human publishes everything; automatic: what passes the screening is published",
    )
    database: Path = Field(
        Path("run/tumbl.sqlite"), description="SQLite file of turns, mood inputs and post log"
    )
    timeout_seconds: PositiveFloat = Field(
        8.0, description="time-out of a read, in seconds; doubles at each retry"
    )
    write_timeout_seconds: PositiveFloat = Field(30.0, description="time-out of a write, in seconds")
    max_tries: PositiveInt = Field(3, description="tries of a read before it counts as failed")
    settle_seconds: NonNegativeFloat = Field(
        15.0,
        description="pause before looking whether a write without an answer took effect, in seconds",
    )
    reread_follows: bool = Field(
        False, description="read anew at the start whom the dashboard account follows"
    )
    post_format: Literal["npf", "legacy"] = Field(
        "npf", description="form in which posts are asked for: as blocks (npf) or as HTML (legacy)"
    )
    start_timestamp: NonNegativeInt = Field(0, description="unix seconds; nothing older is ever reacted to")


class LoopConfig(Section):
    """The rhythm of the bot's passes."""

    sleep_seconds: NonNegativeFloat = Field(
        60.0, description="pause between passes in peak hours, in seconds"
    )
    offpeak_sleep_seconds: NonNegativeFloat = Field(360.0, description="pause outside peak hours, in seconds")
    peak_hours: tuple[int, int] = Field((8, 24), description="local hours [from, to) of the short pause")
    poll_seconds: PositiveFloat = Field(
        0.5, description="pause between two questions for the texts that are being written, in seconds"
    )
    budget: Literal["2021", "2023"] = Field(
        "2021",
        description="rules by which the calls that tumblr allows are spent: 2021 draws for notes and "
        "dashboard together; 2023 looks at the notes as often as possible, the dashboard gets the rest",
    )
    slowdown: bool = Field(True, description="hold back as the blog nears tumblr's limit of posts per day")
    posts_per_day: PositiveInt = Field(250, description="tumblr's limit of published posts per day")
    max_posts_per_step: NonNegativeInt = Field(
        0, description="turns of one kind that are taken up in one pass; 0: as many as there are"
    )
    error_sleep_factor: PositiveFloat = Field(5.0, description="factor of the pause after a failed pass")
    answer_wait_seconds: PositiveFloat = Field(
        1800.0, description="longest wait for an answer or an original post, in seconds"
    )
    judgment_wait_seconds: PositiveFloat = Field(
        300.0, description="longest wait for the scores of a text, in seconds"
    )
    max_attempts: PositiveInt = Field(5, description="attempts at one turn before it counts as failed")
    notes_hours: PositiveFloat = Field(
        18.0, description="hours for which the notes of own posts are remembered after they were read"
    )
    judgments_hours: PositiveFloat = Field(
        12.0, description="hours for which the scores of posts on the dashboard are remembered"
    )
    retry_base_seconds: PositiveFloat = Field(60.0, description="pause before the second attempt; doubles")


class AsksConfig(Section):
    """Whose asks are answered, and how often."""

    limited_users: dict[str, PositiveFloat] = Field(
        {}, description="blog name to hours: about one ask in that time is answered"
    )
    limited_substrings: dict[str, PositiveFloat] = Field(
        {}, description="text to hours: an ask that contains it counts as from a limited user"
    )
    min_words: NonNegativeInt = Field(
        1, description="asks with fewer words are skipped, commands aside; a wide sign counts as two"
    )
    max_images: NonNegativeInt = Field(5, description="asks with more images are skipped; 0: no limit")
    most_waiting: NonNegativeInt = Field(
        0, description="when more asks of one asker wait, a random one is deleted in each pass; 0: none is"
    )
    equity_first: bool = Field(
        False,
        description="of each asker only the oldest ask is looked at, then limited users are left to chance; "
        "else chance comes first, and a lucky newer ask may be answered before an older one",
    )
    fiction_triggers: tuple[str, ...] = Field(
        ("tell me a story", "a story about", "write a story"),
        description="an ask that holds one of these gets a story for an answer",
    )
    max_characters: PositiveInt = Field(
        10_000, description="a longer question is drafted for the operator's eyes instead of published"
    )


class QueueConfig(Section):
    """Original posts."""

    write_when_below: NonNegativeInt = Field(
        5, description="posts are written while the queue is shorter; 0 is off"
    )
    only_today: bool = Field(
        False, description="write none while the last queued post is due on a later date than today's"
    )
    posts_per_pass: PositiveInt = Field(1, description="original posts asked for in one pass")
    posts_per_day: Annotated[int, Field(ge=1, le=50)] = Field(
        2, description="queue setting of the blog on tumblr, used to foresee when a post is published"
    )
    start_hour: Annotated[float, Field(ge=0, lt=24)] = Field(
        0.0, description="queue setting of the blog: local hour from which the queue is published"
    )
    end_hour: Annotated[float, Field(gt=0, le=24)] = Field(
        24.0, description="queue setting of the blog: local hour until which it is published"
    )


class ScreeningConfig(Section):
    """What may be published without a human's look. All lists are compared in lower case."""

    bad_strings: tuple[str, ...] = Field((), description="texts that may occur nowhere")
    bad_strings_shortwords: tuple[str, ...] = Field((), description="short words that may not occur as words")
    review_strings: tuple[str, ...] = Field(
        (), description="texts at which a human has to look, whatever the autoreviewer thinks"
    )
    reject_strings: tuple[str, ...] = Field(
        (),
        description="texts that are never posted: an answer is sent back to be written anew, an original "
        "post or a reblog from the dashboard is not made",
    )
    okay_superstrings: tuple[str, ...] = Field((), description="harmless texts that contain a bad one")
    likely_obscured_strings: tuple[str, ...] = Field(
        (), description="texts also searched with spaces and punctuation removed"
    )
    profane_strings: tuple[str, ...] = Field(
        (), description="added to the bad ones for strict_language_users"
    )
    strict_language_users: tuple[str, ...] = Field((), description="askers with whom language is kept clean")
    screened_users: tuple[str, ...] = Field((), description="askers whose answers are always drafted")
    user_avoid_list: tuple[str, ...] = Field((), description="names never to be mentioned or answered")
    tag_avoid_list: tuple[str, ...] = Field((), description="tags that contain one of these are removed")
    screen_anonymous: bool = Field(False, description="draft every answer to an anonymous ask")
    autoreview: bool = Field(
        False, description="let a model's probability of rejection have its say, where the generator gives it"
    )
    autoreview_accept: Probability = Field(
        0.154, description="below it a listed text is overridden (not avoided users or disguised texts)"
    )
    autoreview_accept_original: Probability = Field(0.179, description="the same for original posts")
    autoreview_flag: Probability = Field(0.35, description="above it a human has to look")
    autoreview_reject: Probability = Field(
        0.605, description="above it the text is sent back; an original post is not made at all"
    )
    screen_operator: bool = Field(True, description="draft every answer to the operator")
