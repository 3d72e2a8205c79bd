"""The settings that the rooms of ``tumblr/`` go by: what is read, answered and published, in sections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from bot_settings.base import (
    AnyName,
    BlogName,
    NonNegativeFloat,
    NonNegativeInt,
    Probability,
    Secret,
    Section,
)

LAST_SECOND = 2**32
"""Unix seconds of the year 2106; what is later was meant as milliseconds."""


Days = Annotated[int, Field(ge=1, le=36_500)]
"""Whole days, a hundred years at most."""


class ApiKeys(Section):
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


class TumblrConfig(Section):
    """How tumblr is reached, what is published, where the bot remembers."""

    host: str = Field(
        "https://api.tumblr.com", pattern=r"^https?://[^/\s]+$", description="API host, without a path"
    )
    base_keys: tuple[ApiKeys, ...] = Field(
        (), description="key sets that may post as the blog", examples=["one set"]
    )
    dashboard_keys: tuple[ApiKeys, ...] = Field(
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
    late_seconds: NonNegativeFloat = Field(
        120.0,
        description="how long a new post whose confirmation was lost is looked for before it is sent again, "
        "in seconds",
    )
    withdraw_twins: bool = Field(
        False,
        description="delete the second of two posts that tumblr has made of one; false: it is only told of",
    )
    reread_follows: bool = Field(
        False, description="read anew at the start whom the dashboard account follows"
    )
    post_format: Literal["npf", "legacy"] = Field(
        "npf", description="form in which posts are asked for: as blocks (npf) or as HTML (legacy)"
    )
    write_format: Literal["blocks", "html"] = Field(
        "blocks",
        description="form in which posts are written: as blocks, or as HTML by tumblr's legacy endpoints",
    )
    start_timestamp: NonNegativeInt = Field(0, description="unix seconds; nothing older is ever reacted to")

    @field_validator("start_timestamp")
    @classmethod
    def _in_seconds(cls, value: int) -> int:
        if value > LAST_SECOND:
            raise ValueError("expected unix seconds; so many are thousands of years ahead, or milliseconds")
        return value


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

    limited_users: dict[AnyName, PositiveFloat] = Field(
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


class ConversationConfig(Section):
    """Reblogs of the bot's posts, replies to them, posts that name it."""

    reblogs: bool = Field(True, description="answer reblogs of the bot's posts that say something")
    replies: bool = Field(True, description="answer replies to the bot's posts")
    mentions: bool = Field(True, description="answer posts that name the bot")
    posts_to_check: PositiveInt = Field(240, description="newest own posts whose notes are read in a check")
    window_hours: PositiveFloat | None = Field(
        None, description="own posts older than so many hours are not looked at; null: all are"
    )
    mentions_to_check: PositiveInt = Field(
        200,
        description="unread mentions that are taken up in a check, the oldest first; of those before the "
        "bot's first check only so many of the newest are read",
    )
    indirect_reblogs: bool = Field(
        False, description="answer also reblogs that were not taken from the bot but from somebody else"
    )
    ignored_posts: tuple[str, ...] = Field(
        (), description="ids of posts: no thread that holds one of them is answered"
    )
    rebuilt_posts: tuple[str, ...] = Field(
        ("621279018200760320",),
        description="ids of posts: a thread in HTML that holds one of them is read from its trail instead",
    )
    welcome_repliers: tuple[BlogName, ...] = Field(
        (), description="blogs whose replies are answered though the bot does not follow them"
    )
    priorities: bool = Field(
        True, description="answer first what costs least (short threads, many words); false: the oldest"
    )
    stop_above_cost: FiniteFloat | None = Field(
        None, description="what costs as much or more is left alone; null: nothing is"
    )
    auto_limit_above: NonNegativeInt = Field(
        8,
        description="a blog of which more waits gets about one answer in an hour from then on; 0 is off",
    )


class DampingConfig(Section):
    """What keeps the bot from talking to another bot for ever."""

    automated_accounts: tuple[BlogName, ...] = Field(
        (), description="blogs that are known to be run by a program; they get no answers"
    )
    longest_exchange: NonNegativeInt = Field(
        12, description="answers to one blog in one thread without anybody else joining in; 0: no limit"
    )
    longest_thread: NonNegativeInt = Field(
        30, description="answers in one thread, whoever takes part in it, be it several programs; 0: no limit"
    )
    per_hour: NonNegativeInt = Field(
        12, description="answers to one blog in an hour; what is more waits, asks aside; 0: no limit"
    )
    per_day: NonNegativeInt = Field(60, description="the same in a day")


class DashboardConfig(Section):
    """Posts of the blogs that the dashboard account follows."""

    reblog: bool = Field(True, description="reblog what is worth it; needs tumblr.dashboard_keys")
    posts_to_check: PositiveInt = Field(
        640,
        description="newest posts that are looked at in a check; up to four times as many, if they are new",
    )
    paging: Literal["offset", "since_id"] = Field(
        "offset", description="offset: the newest posts; since_id: those after the last that was seen"
    )
    rules: Literal["2021", "2023"] = Field(
        "2021",
        description="2021: not right after the bot has spoken; 2023: no thread with the bot in it, none "
        "without text or with more than ten images, and many notes matter only without a comment",
    )
    forced_posts: tuple[str, ...] = Field(
        (),
        description="ids of posts that are judged whatever their kind, author or notes; if their score "
        "makes them worth it, any text for them is posted",
    )
    tag_avoid_list: tuple[str, ...] = Field(
        (), description="posts with a tag that contains one of these are left alone"
    )
    require_comment: bool = Field(False, description="leave reblogs alone that say nothing of their own")
    note_limit: PositiveInt = Field(1500, description="posts with so many notes or more are left alone")
    min_characters: NonNegativeInt = Field(10, description="shortest thread, in characters")
    max_characters: PositiveInt | None = Field(None, description="longest thread, in characters")
    selection_cutoff: FiniteFloat = Field(
        0.5, description="score (selector probability, mood and chance) above which a post is worth it"
    )
    mood_buff: NonNegativeFloat = Field(0.15, description="how much the mood adds to the score at most")
    random_buff: NonNegativeFloat = Field(0.1, description="how much chance adds or takes at most")
    max_negativity: Probability = Field(
        0.9, description="posts whose probability of being negative is as high or higher are left alone"
    )
    speaker_test: Literal["off", "masked", "full"] = Field(
        "off",
        description="leave posts alone that do not make the bot likelier to speak next, as the generator "
        "expects it; masked: by the last post without its author's name; full: by the whole thread",
    )
    speaker_cutoff: NonNegativeFloat = Field(
        0.75, description="least factor by which a post makes the bot's name likelier, chance included"
    )
    speaker_noise: Annotated[float, Field(ge=1)] = Field(
        4.0, description="factor that chance makes of it at most; 1: none"
    )
    follower_multipliers: dict[AnyName, NonNegativeFloat] = Field(
        {}, description="blog name to a factor of the score of its posts"
    )
    continuation: Literal["score", "roll", "delta"] = Field(
        "score",
        description="what the bot's own words are held against: score: continuation_cutoff; roll: a draw "
        "from 0.15 to 0.85; delta: the selector's probability of the post, plus continuation_cutoff",
    )
    continuation_cutoff: FiniteFloat = Field(
        0.5, description="least selector probability (score), or least gain (delta), to be posted"
    )
    batch: NonNegativeInt = Field(4, description="posts that are judged in one request; 0: all at once")


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

    @model_validator(mode="after")
    def _some_hours(self) -> QueueConfig:
        if self.start_hour == self.end_hour:
            raise ValueError("start_hour equals end_hour, which leaves no time; all day is 0 to 24")
        return self


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
    strict_language_users: tuple[AnyName, ...] = Field(
        (), description="askers with whom language is kept clean"
    )
    screened_users: tuple[AnyName, ...] = Field((), description="askers whose answers are always drafted")
    user_avoid_list: tuple[str, ...] = Field((), description="names never to be mentioned or answered")
    link_hosts: tuple[str, ...] | None = Field(
        ("tumblr.com",),
        description="hosts, with all below them, to which the bot may link unseen; a text with another "
        "address in it is drafted, for people can have the bot repeat what they type; null: any host",
    )
    mentions: Literal["thread", "anyone"] = Field(
        "thread",
        description="whom the bot may @-mention unseen: thread: who speaks in the conversation, the bot and "
        "its operator; a text that mentions another blog is drafted",
    )
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


class MemoryConfig(Section):
    """How long the bot remembers; all of it is forgotten in small steps, while the bot works."""

    texts_days: Days = Field(
        365,
        description="days that the post log is kept, and the texts of turns that are over: so far back reach "
        "`python -m tumblr why` and `export`, and the console's search",
    )
    inputs_days: Days = Field(
        730, description="days that the bot knows what it has seen; nothing older is ever reacted to"
    )
    mood_days: Days = Field(
        365,
        description="days that what moved the mood is kept; never less than twice mood.window_days",
    )
    audit_days: Days = Field(730, description="days that the console's audit log is kept")

    @model_validator(mode="after")
    def _names_outlive_texts(self) -> MemoryConfig:
        if self.inputs_days < self.texts_days:
            raise ValueError("inputs_days must not be less than texts_days")
        return self


class BranchTestingConfig(Section):
    """Changed code is tried on the blog, beside the bot in use and without being in its way."""

    on: bool = Field(
        False,
        description="everything is drafted with tags that name the state it would have had, answers together "
        "with the ask's id and question; asks stay in the inbox",
    )
