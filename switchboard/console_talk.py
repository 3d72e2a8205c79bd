"""What the console asks of the bot loop, and what the bot loop answers.

The switchboard carries both without reading them. Times are unix seconds. Texts are plain unless they are
called HTML, which is a stranger's and never shown as it is.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat, JsonValue, TypeAdapter

from switchboard.messages.fields import Label, LongText, Text, Token, WireModel

Version = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Words = Annotated[str, Field(max_length=2000)]
PageSize = Annotated[int, Field(ge=1, le=200)]
TurnNumber = Annotated[int, Field(ge=1)]


class By(WireModel):
    """Who wants something done, as the console has logged them in."""

    who: Label
    role: Literal["operator", "reviewer"]


# What is asked


class AskWaiting(WireModel):
    """What waits for a decision, newest first."""

    ask: Literal["waiting"] = "waiting"
    offset: int = Field(0, ge=0)
    limit: PageSize = 50


class AskHeld(WireModel):
    """One waiting post with everything about it."""

    ask: Literal["held"] = "held"
    turn: TurnNumber


class Decide(WireModel):
    """Decide about a waiting post; takes effect when the time to undo it is over."""

    ask: Literal["decide"] = "decide"
    by: By
    turn: TurnNumber
    action: Literal["approve", "draft", "reject", "again"]
    version: Version
    reason: Words = ""
    length: Literal["", "shorter", "longer"] = ""
    override: bool = False


class Revise(WireModel):
    """Put other words into a waiting post: the operator's, or another candidate."""

    ask: Literal["revise"] = "revise"
    by: By
    turn: TurnNumber
    version: Version
    candidate: int | None = Field(None, ge=0)
    text: Text | None = None
    tags: list[Label] | None = Field(None, max_length=200)


class Undo(WireModel):
    """Take a decision back before it takes effect."""

    ask: Literal["undo"] = "undo"
    by: By
    decision: int = Field(ge=1)


class SetPosting(WireModel):
    """Pause, stop, or resume posting."""

    ask: Literal["posting"] = "posting"
    by: By
    mode: Literal["on", "paused", "stopped", "dry run"]


class AskLive(WireModel):
    """What the bot is doing."""

    ask: Literal["live"] = "live"


class AskAudit(WireModel):
    """The audit log, newest first."""

    ask: Literal["audit"] = "audit"
    before: int | None = None
    limit: PageSize = 100


class Note(WireModel):
    """Something to be kept in the audit log that the bot has no part in, such as a login."""

    ask: Literal["note"] = "note"
    who: Label
    role: Label
    action: Label
    detail: Words = ""


class AskPosts(WireModel):
    """Posts of the post log, newest first: those that hold all words, or were for somebody."""

    ask: Literal["posts"] = "posts"
    words: Words = ""
    who: Label = ""
    before: int | None = None
    limit: PageSize = 50


class AskStory(WireModel):
    """Everything about one post or turn: by the id of the post, of what it answers, or the turn's number."""

    ask: Literal["story"] = "story"
    name: Label


class AskPeople(WireModel):
    """Who has spoken with the bot, the latest first; those whose name begins so."""

    ask: Literal["people"] = "people"
    begins: Label = ""
    limit: PageSize = 100


class AskRecords(WireModel):
    """The post log as flat records, in its order, from behind an entry."""

    ask: Literal["records"] = "records"
    after: int = Field(0, ge=0)
    limit: PageSize = 100


Question: TypeAlias = (
    AskWaiting
    | AskHeld
    | Decide
    | Revise
    | Undo
    | SetPosting
    | AskLive
    | AskAudit
    | Note
    | AskPosts
    | AskStory
    | AskPeople
    | AskRecords
)

QUESTIONS: TypeAdapter[Question] = TypeAdapter(Annotated[Question, Field(discriminator="ask")])


# What is answered


class Refusal(WireModel):
    """The question was understood, and there is no such answer."""

    refused: Text


class DecisionLine(WireModel):
    """A decision, and what became of it."""

    number: int
    turn: int
    action: Label
    who: Label
    role: Label
    state: Label
    created_at: FiniteFloat
    due_at: FiniteFloat
    reason: Text = ""
    outcome: Text = ""
    title: Text = ""


class HeldLine(WireModel):
    """A waiting post in a list."""

    turn: int
    kind: Label
    who: Label
    version: Version
    held_at: FiniteFloat
    said: Text
    text: Text
    tags: list[Label] = Field(default_factory=list)
    reasons: list[Text] = Field(default_factory=list)
    refused: bool = False
    mood: Label = ""


class Waiting(WireModel):
    """What waits for a decision."""

    total: int
    posts: list[HeldLine]
    pending: list[DecisionLine]
    posting: Label
    now: FiniteFloat


class Said(WireModel):
    """One post of a conversation."""

    author: Label
    text: LongText
    by_bot: bool = False
    tags: list[Label] = Field(default_factory=list)


class CandidateLine(WireModel):
    """One of the texts that were written; scores that nobody gave are null."""

    index: int
    text: Text
    tags: list[Label] = Field(default_factory=list)
    chosen: bool = False
    selector: FiniteFloat | None = None
    positive: FiniteFloat | None = None
    rejection: FiniteFloat | None = None
    surprise: FiniteFloat | None = None


class HeldPost(HeldLine):
    """A waiting post with everything about it."""

    conversation: list[Said]
    images: list[Text] = Field(default_factory=list)
    html: LongText
    publish_as: Label
    candidates: list[CandidateLine] = Field(default_factory=list)
    mood_bounds: list[FiniteFloat] = Field(default_factory=list)
    autoreview: FiniteFloat | None = None
    first: Text = ""
    edited: bool = False
    decisions: list[DecisionLine] = Field(default_factory=list)
    url: Text = ""


class Decided(WireModel):
    """What became of a decision; refused: nothing was changed, with the text as it is now, if it waits."""

    decision: DecisionLine
    post: HeldPost | None = None


class PostingLine(WireModel):
    """Whether the bot posts, and the writes that wait for tumblr's answer."""

    mode: Label
    under_way: list[Text] = Field(default_factory=list)
    since: FiniteFloat | None = None
    who: Label = ""


class TurnLine(WireModel):
    """A turn in flight."""

    turn: int
    kind: Label
    who: Label
    state: Label
    seconds: FiniteFloat
    reason: Text = ""
    attempts: int = 0


class LimitLine(WireModel):
    """What tumblr allows a key set still."""

    name: Label
    hour_left: int | None = None
    hour_limit: int | None = None
    hour_resets_in: FiniteFloat | None = None
    day_left: int | None = None
    day_limit: int | None = None
    day_resets_in: FiniteFloat | None = None
    calls: int = 0


class MoodPoint(WireModel):
    """The mood at a moment."""

    at: FiniteFloat
    value: FiniteFloat


class MoodKick(WireModel):
    """Something that moved the mood."""

    at: FiniteFloat
    who: Label
    input_id: Label
    kind: Label
    logit_diff: FiniteFloat


class Live(WireModel):
    """What the bot is doing."""

    posting: PostingLine
    waiting: int
    states: dict[str, int]
    turns: list[TurnLine]
    limits: list[LimitLine]
    posts_today: int
    posts_limit: int
    mood: FiniteFloat
    mood_name: Label
    curve: list[MoodPoint] = Field(default_factory=list)
    kicks: list[MoodKick] = Field(default_factory=list)
    errors: list[TurnLine] = Field(default_factory=list)
    now: FiniteFloat


class AuditLine(WireModel):
    """An entry of the audit log."""

    number: int
    at: FiniteFloat
    who: Label
    role: Label
    action: Label
    about: Label
    detail: Text


class Audit(WireModel):
    """Entries of the audit log, newest first."""

    entries: list[AuditLine]


class Noted(WireModel):
    """It is kept."""

    noted: Token = "yes"


class PostLine(WireModel):
    """A post in a list; ``number`` is its place in the post log."""

    number: int
    post_id: Label
    turn: int
    kind: Label
    who: Label
    state: Label
    at: FiniteFloat
    said: Text
    text: Text
    tags: list[Label] = Field(default_factory=list)


class Posts(WireModel):
    """Posts that were looked for, newest first."""

    posts: list[PostLine]


class StoryStep(WireModel):
    """Something that happened to a turn."""

    at: FiniteFloat
    what: Text
    detail: Text = ""


class Story(WireModel):
    """Everything about one turn and its post."""

    turn: int
    kind: Label
    who: Label
    state: Label
    post_ids: list[Label] = Field(default_factory=list)
    reason: Text = ""
    conversation: list[Said] = Field(default_factory=list)
    prompt: LongText = ""
    mood: Label = ""
    mood_bounds: list[FiniteFloat] = Field(default_factory=list)
    sentiment: FiniteFloat | None = None
    moved_mood: bool = False
    candidates: list[CandidateLine] = Field(default_factory=list)
    html: LongText = ""
    tags: list[Label] = Field(default_factory=list)
    sent_as: Label = ""
    reasons: list[Text] = Field(default_factory=list)
    models: dict[Label, JsonValue] = Field(default_factory=dict)
    answer: Text = ""
    steps: list[StoryStep] = Field(default_factory=list)


class Person(WireModel):
    """Somebody who has spoken with the bot."""

    name: Label
    turns: int
    posts: int
    last_at: FiniteFloat
    notes: list[Label] = Field(default_factory=list)


class People(WireModel):
    """Who has spoken with the bot."""

    people: list[Person]


class Records(WireModel):
    """Records of the post log; ``last`` is the place of the last one."""

    records: list[dict[str, JsonValue]]
    last: int
