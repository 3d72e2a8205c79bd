"""The settings that the rooms of ``tumblr/`` go by: the sections of the configuration, as they are."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from bot_settings.blog import BlogConfig
from images.settings import ImagesConfig
from mood.settings import MoodConfig
from munging.prompts.formats import PromptFormat
from munging.thread import Identity
from operator_console.settings import ConsoleConfig
from tumblr.settings import (
    AsksConfig,
    BranchTestingConfig,
    CommandsConfig,
    ConversationConfig,
    DampingConfig,
    DashboardConfig,
    DraftsConfig,
    HalloweenConfig,
    LoopConfig,
    MemoryConfig,
    QueueConfig,
    ScreeningConfig,
    TumblrConfig,
    UserListConfig,
)

DAY = 86_400.0


@dataclass(frozen=True)
class BotSettings:
    """The sections by which turns are found and answered, and what follows from several of them."""

    blog: BlogConfig
    tumblr: TumblrConfig
    loop: LoopConfig
    asks: AsksConfig
    conversation: ConversationConfig
    dashboard: DashboardConfig
    damping: DampingConfig
    commands: CommandsConfig
    drafts: DraftsConfig
    user_list: UserListConfig
    halloween: HalloweenConfig
    branch_testing: BranchTestingConfig
    memory: MemoryConfig
    queue: QueueConfig
    screening: ScreeningConfig
    images: ImagesConfig
    mood: MoodConfig
    console: ConsoleConfig
    format: PromptFormat
    """The model's prompt format, in which texts come back, too."""

    @classmethod
    def of(cls, config: object, prompt_format: PromptFormat) -> BotSettings:
        """The sections of the whole configuration."""
        names = [field.name for field in fields(cls) if field.name != "format"]
        return cls(**{name: getattr(config, name) for name in names}, format=prompt_format)

    @cached_property
    def identity(self) -> Identity:
        """Who the bot is."""
        return Identity(blog=self.blog.blog_name, persona=self.blog.persona)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the bot's days."""
        return ZoneInfo(self.blog.timezone)

    @cached_property
    def own_blogs(self) -> frozenset[str]:
        """All blogs that are the bot's, in lower case."""
        return frozenset(name.lower() for name in (self.blog.blog_name, self.blog.dash_blog_name) if name)

    @cached_property
    def avoided_blogs(self) -> frozenset[str]:
        """Blogs that the bot keeps away from, in lower case."""
        return frozenset(name.lower() for name in self.screening.user_avoid_list)

    @cached_property
    def avoided_tags(self) -> tuple[str, ...]:
        """Texts whose tags are removed."""
        return (*self.screening.user_avoid_list, *self.screening.tag_avoid_list)

    def oldest_input(self, now: float) -> float:
        """Unix seconds; what is older is not reacted to: it may be forgotten that it was seen."""
        return max(float(self.tumblr.start_timestamp), now - self.memory.inputs_days * DAY)

    def is_bot(self, blog: str) -> bool:
        """Whether a blog is the bot's."""
        return blog.lower() in self.own_blogs

    def is_operator(self, blog: str) -> bool:
        """Whether a blog is the operator's."""
        operator = self.blog.operator_name
        return operator is not None and blog.casefold() == operator.casefold()

    @property
    def drafts_only(self) -> bool:
        """Whether a human publishes everything."""
        return self.tumblr.publishing == "drafts"

    def pause(self, now: float) -> float:
        """Seconds between two passes at a moment (unix seconds)."""
        start, end = self.loop.peak_hours
        is_peak = start <= datetime.fromtimestamp(now, UTC).astimezone(self.zone).hour < end
        return self.loop.sleep_seconds if is_peak else self.loop.offpeak_sleep_seconds

    @property
    def mean_pause(self) -> float:
        """The pause averaged over a day, in seconds; 160 with the pauses of 60 and 360."""
        start, end = self.loop.peak_hours
        peak_share = (end - start) / 24
        return peak_share * self.loop.sleep_seconds + (1 - peak_share) * self.loop.offpeak_sleep_seconds
