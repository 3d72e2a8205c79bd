"""What training reports about heads, for the operator's console, and what the operator wants in use.

The switchboard keeps the last report of each head. It reads of them which version is in use; the rest is
between training and the console.
"""

from typing import Annotated

from pydantic import Field, FiniteFloat, StringConstraints

from switchboard.messages.fields import ErrorText, Label, Probability, WireModel

MAX_VERSIONS = 32
MAX_POINTS = 200
MAX_WEEKS = 60
MAX_HEADS = 8

HeadName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
VersionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$")]
"""Of a head; the empty name stands for the one that came with the model, or for none."""

Count = Annotated[int, Field(ge=0)]
Figures = Annotated[dict[Label, FiniteFloat | None], Field(max_length=32)]


class HeadVersion(WireModel):
    """A version of a head that is kept, with how it came out on texts that it had not learned from."""

    version: VersionName = Field(description="its name")
    made_at: FiniteFloat | None = Field(None, description="when it was kept (unix seconds)")
    rows: Count = Field(0, description="texts that it learned from")
    metrics: Figures = Field(default_factory=dict, description="figures on texts that it did not learn from")
    losses: list[FiniteFloat] = Field(
        default_factory=list, max_length=MAX_POINTS, description="the loss over its training, evenly spaced"
    )
    reliability: list[tuple[Probability, Probability]] = Field(
        default_factory=list,
        max_length=MAX_POINTS,
        description="pairs: the probability that it said, the share that it was",
    )


class HeadStanding(WireModel):
    """Which version of a head is in use, and which there are (POST /heads, JSON)."""

    head: HeadName = Field(description="selector, sentiment, autoreviewer, …")
    current: VersionName = Field(description="the version in use")
    before: list[VersionName] = Field(
        default_factory=list, max_length=MAX_VERSIONS, description="those that it replaced, newest last"
    )
    versions: list[HeadVersion] | None = Field(
        None, max_length=MAX_VERSIONS, description="those that are kept, oldest first; null: as reported last"
    )
    problem: ErrorText = Field("", description="why what the operator wanted in use was not put in use")
    only_if_unknown: bool = Field(
        False, description="keep it only if this head was never reported: a generator says it at its start"
    )


class HeadWish(WireModel):
    """A version of a head that the operator wants in use (POST /wish, JSON); a generator sees to it."""

    head: HeadName = Field(description="which head")
    version: VersionName = Field(description="the version that is to be in use")
    instead_of: VersionName = Field(
        description="the version that was in use when it was decided; if another one is, nothing is done"
    )
    who: Label = Field(description="who wants it")


class HeadLine(WireModel):
    """A head as the switchboard knows it."""

    standing: HeadStanding = Field(description="what was reported last")
    reported_at: FiniteFloat = Field(description="when (unix seconds)")
    wish: HeadWish | None = Field(None, description="what is to be put in use and is not yet")


class HeadOfWeek(WireModel):
    """What a weekly run has made of one head."""

    head: HeadName = Field(description="which head")
    version: VersionName = Field("", description="the version that was made; empty: none was")
    promoted: bool = Field(False, description="whether it is in use")
    metric: Label = Field("", description="by which it was compared with the one in use")
    rows: Count = Field(0, description="texts on which both were measured")
    challenger: FiniteFloat | None = Field(None, description="how the new one came out")
    incumbent: FiniteFloat | None = Field(None, description="how the one in use came out")
    problem: ErrorText = Field("", description="why none was made")
    thresholds: Figures = Field(default_factory=dict, description="of the autoreviewer, by setting")
    last_week: Figures = Field(
        default_factory=dict, description="what these would have done to the texts of the last week"
    )


class NotesOfWeek(WireModel):
    """How the posts of one week were liked, and those among them that were drawn by chance."""

    start: FiniteFloat = Field(description="its first moment (unix seconds)")
    posts: Count = Field(description="the bot's posts")
    notes: Count = Field(description="their notes")
    chance_posts: Count = Field(0, description="of these, posts whose text was drawn by chance alone")
    chance_notes: Count = Field(0, description="their notes")


class WeekReport(WireModel):
    """What a weekly run has done (POST /week, JSON)."""

    at: FiniteFloat = Field(description="when it ended (unix seconds)")
    collected: Figures = Field(default_factory=dict, description="posts and notes, as far as it collected")
    heads: list[HeadOfWeek] = Field(default_factory=list, max_length=MAX_HEADS, description="by head")
    weeks: list[NotesOfWeek] = Field(
        default_factory=list, max_length=MAX_WEEKS, description="the last weeks, oldest first"
    )


class LearningReply(WireModel):
    """Everything that was reported (GET /learning)."""

    heads: list[HeadLine] = Field(default_factory=list, description="by name")
    week: WeekReport | None = Field(None, description="the last weekly run")
