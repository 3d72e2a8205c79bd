"""What the control face says of the people, and takes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_COUNT = 24
DEFAULT_SEED = 1
MAX_COUNT = 5000
MAX_SPEED = 10_000.0


class PeopleSwitch(BaseModel):
    """How the people are switched. Kept in the database: a sandbox that is started again goes on with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: bool = Field(False, description="whether they live; off, they stand still and forget nothing")
    speed: float = Field(1.0, gt=0, le=MAX_SPEED, description="how much faster than the clock they live")
    count: int = Field(DEFAULT_COUNT, ge=1, le=MAX_COUNT, description="how many live here")
    seed: int = Field(DEFAULT_SEED, ge=0, le=2**53, description="which people: another seed, other people")
    bot: str = Field("frank", max_length=32, description="the blog that they come for")
    wide: bool = Field(
        False, description="whether they also talk about hundreds of things that no topic of theirs has"
    )


class ActionRecord(BaseModel):
    """One thing that a person did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(description="rises by one with each action since the sandbox started")
    time: float = Field(description="unix seconds on the sandbox's clock")
    who: str
    kind: str = Field(
        description="post, ask, answer, reblog, reply, like, follow, unfollow; or refused and one of them"
    )
    whom: str = Field(description="the blog it was done to; empty for new posts")
    post_id: str | None = Field(description="the post it was done to, or that came of it")
    text: str


class PersonRecord(BaseModel):
    """One person, as somebody who looks in from outside sees them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    temperament: str
    likes: list[str] = Field(description="topics they are fond of, the dearest first")
    awake: bool
    silent: bool = Field(description="whether they have gone silent for some days")
    mood: float = Field(description="from -1 (gloomy) to 1 (glad)")
    visits: int = Field(description="how often they have come by")
    next_visit: float = Field(description="seconds until they come by again, at the present speed")


class PeopleState(PeopleSwitch):
    """The switch, and what the people are at."""

    time: float = Field(description="unix seconds on the people's own clock, which their days follow")
    awake: int = Field(description="how many are awake")
    silent: int = Field(description="how many have gone silent")
    actions: dict[str, int] = Field(description="what they did since the sandbox started, by kind")
