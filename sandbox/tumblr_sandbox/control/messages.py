"""What the control face takes: one model for each request."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tumblr_sandbox.records import KeySet
from tumblr_sandbox.services.signup import NAME_PATTERN
from tumblr_sandbox.store.communities import CommunitySettings


class Message(BaseModel):
    """Common ground: unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewUser(Message):
    """A user with a blog of the same name; without keys random ones are made."""

    name: str = Field(pattern=NAME_PATTERN)
    title: str = Field("", max_length=200)
    keys: KeySet | None = None


class NewBlog(Message):
    """One more blog for a user."""

    user: str
    name: str = Field(pattern=NAME_PATTERN)
    title: str = Field("", max_length=200)


class NewCommunity(Message):
    """A community; who owns the blog ``admin`` is its first admin, and the others are members at once."""

    name: str = Field(pattern=NAME_PATTERN)
    admin: str
    members: list[str] = Field(default_factory=list, max_length=1000)
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=2000)
    settings: CommunitySettings = CommunitySettings()


class NewAsk(Message):
    """A question for a blog; without an asker it is anonymous. Plain text, or HTML if it says so."""

    blog: str
    question: str = Field(min_length=1, max_length=100_000)
    asker: str | None = None
    html: bool = False


class NewSubmission(Message):
    """A post handed in to a blog; without an author it is anonymous."""

    blog: str
    html: str = Field(min_length=1, max_length=1_000_000)
    title: str = Field("", max_length=500)
    author: str | None = None


class NewPost(Message):
    blog: str
    html: str = Field(max_length=1_000_000)
    title: str = Field("", max_length=500)
    tags: list[str] = Field(default_factory=list, max_length=30)
    state: Literal["published", "queued", "draft", "private"] = "published"


class NewReblog(Message):
    """A reblog onto a blog, with or without own words."""

    blog: str
    post_id: int
    html: str = Field("", max_length=1_000_000)
    tags: list[str] = Field(default_factory=list, max_length=30)


class NewReply(Message):
    blog: str
    post_id: int
    text: str = Field(min_length=1, max_length=10_000)


class NewLike(Message):
    blog: str
    post_id: int


class NewFollow(Message):
    blog: str
    followed: str


class NewBlock(Message):
    blog: str
    blocked: str


class ClockOffset(Message):
    """How far the clock is ahead of real time, in seconds."""

    offset: float = Field(ge=-1e9, le=1e9)


class ClockStep(Message):
    """How far to move the clock, in seconds."""

    seconds: float = Field(ge=-1e9, le=1e9)


class OAuthChecks(Message):
    nonces: bool = True
    timestamps: bool = True


class LimitFigures(Message):
    """Calls by consumer, actions by user and day, queued posts by blog."""

    per_hour: int = Field(1000, ge=0)
    per_day: int = Field(5000, ge=0)
    posts_per_day: int = Field(250, ge=0)
    follows_per_day: int = Field(200, ge=0)
    likes_per_day: int = Field(1000, ge=0)
    images_per_day: int = Field(250, ge=0)
    videos_per_day: int = Field(20, ge=0)
    blogs_per_day: int = Field(10, ge=0)
    followed_blogs: int = Field(5000, ge=0)
    queued_posts: int = Field(1000, ge=0)
    blocks_per_minute: int = Field(60, ge=0, description="calls about blocks, by consumer")
    invitations_per_day: int = Field(250, ge=0, description="into communities, by who invites")
    invitations_per_second: int = Field(1, ge=0, description="the same; 0: not counted by the second")
    per_address_minute: int = Field(0, ge=0, description="calls from one address; 0: not counted")
