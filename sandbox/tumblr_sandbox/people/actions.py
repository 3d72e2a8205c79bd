"""What people see, what they do, and what they keep in mind: plain data between the world and their minds."""

from __future__ import annotations

from dataclasses import dataclass, field

from tumblr_sandbox.people.features import Features

# What they do


@dataclass(frozen=True)
class Write:
    """Write a post; ``@name`` in the text is a mention."""

    text: str
    tags: tuple[str, ...] = ()
    is_picture: bool = False
    """Whether the words are posted as a picture of them."""


@dataclass(frozen=True)
class Ask:
    """Put a question into a blog's inbox."""

    blog: str
    text: str
    anonymous: bool = False
    pictured: str = ""
    """Words that go along as a picture of them."""


@dataclass(frozen=True)
class Answer:
    """Answer an ask in their inbox."""

    ask_id: int
    text: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reblog:
    """Reblog a post, with words or without."""

    post_id: int
    text: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    post_id: int
    text: str


@dataclass(frozen=True)
class Like:
    post_id: int


@dataclass(frozen=True)
class Follow:
    blog: str


@dataclass(frozen=True)
class Unfollow:
    """Follow a blog no longer."""

    blog: str


Action = Write | Ask | Answer | Reblog | Reply | Like | Follow | Unfollow


# What they see


@dataclass(frozen=True)
class FeedItem:
    """A published post as people see it. ``said`` holds who spoke before, oldest first, with their words."""

    id: int
    blog: str
    text: str
    features: Features
    born_as: int | None = None
    """The id it had in the inbox."""
    question: str = ""
    asker: str | None = None
    is_ask: bool = False
    parent: str | None = None
    """Whose post it reblogs."""
    said: tuple[tuple[str, str], ...] = ()
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class InboxAsk:
    """An ask in a person's inbox."""

    id: int
    text: str


@dataclass(frozen=True)
class ReceivedReply:
    """A reply to a post of a person."""

    post_id: int
    blog: str
    text: str


@dataclass(frozen=True)
class View:
    """What somebody finds when they come by: all of it new since the last visit.

    ``crowded`` says that the bot has more to answer than it can: people are patient and say nothing to it.
    ``only_asks`` says that it listens to nothing but asks yet.
    """

    dashboard: tuple[FeedItem, ...] = ()
    for_me: tuple[FeedItem, ...] = ()
    inbox: tuple[InboxAsk, ...] = ()
    heard: tuple[ReceivedReply, ...] = ()
    following: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()
    crowded: bool = False
    only_asks: bool = False


@dataclass(frozen=True)
class Memory:
    """What somebody keeps in mind from visit to visit. Times are unix seconds of the people's own clock."""

    next_at: float
    visits: int = 0
    seen: int = 0
    """The highest post id they have come across."""
    heard: int = 0
    """The highest notification they have read."""
    silent_until: float = 0.0
    mood: float = 0.0
    """From -1 to 1."""
    asked: tuple[tuple[int, str], ...] = ()
    """Their latest asks to the bot, with or without a name: the ask's id, and its text."""

    def to_json(self) -> dict[str, object]:
        """The form the store keeps."""
        return {**vars(self), "asked": [list(ask) for ask in self.asked]}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> Memory:
        """Read what ``to_json`` wrote."""
        asked = value["asked"]
        assert isinstance(asked, list)
        kept = {**value, "asked": tuple((int(number), str(text)) for number, text in asked)}
        return cls(**kept)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Plan:
    """What somebody decided to do on a visit, and how they left."""

    memory: Memory
    actions: tuple[Action, ...] = field(default=())
