"""Settings of how the bot talks with people on their own blogs: conversations, the dashboard, other bots."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, PositiveFloat, PositiveInt

from bot_settings.base import BlogName, NonNegativeFloat, NonNegativeInt, Probability, Section


class ConversationConfig(Section):
    """Reblogs of the bot's posts, replies to them, posts that name it."""

    reblogs: bool = Field(True, description="answer reblogs of the bot's posts that say something")
    replies: bool = Field(True, description="answer replies to the bot's posts")
    mentions: bool = Field(True, description="answer posts that name the bot")
    posts_to_check: PositiveInt = Field(240, description="newest own posts whose notes are read in a check")
    window_hours: PositiveFloat | None = Field(
        None, description="own posts older than so many hours are not looked at; null: all are"
    )
    mentions_to_check: PositiveInt = Field(200, description="newest mentions that are read at most")
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
    per_hour: NonNegativeInt = Field(
        12, description="answers to one blog in an hour; what is more waits, asks aside; 0: no limit"
    )
    per_day: NonNegativeInt = Field(60, description="the same in a day")


class DashboardConfig(Section):
    """Posts of the blogs that the dashboard account follows."""

    reblog: bool = Field(True, description="reblog what is worth it; needs tumblr.dashboard_keys")
    posts_to_check: PositiveInt = Field(640, description="newest posts that are looked at in a check")
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
    follower_multipliers: dict[str, NonNegativeFloat] = Field(
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
