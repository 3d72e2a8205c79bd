"""The account of a day: what was said to the bot, what it said, and whether the limits were kept.

Everything here is computed from what tumblr knows, by functions without side effects. What the bot itself
remembers is only compared with it in the end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tumblr_sandbox.records import Call, PostRecord

POSTING_DAY = ZoneInfo("US/Eastern")
"""Where the day ends by which tumblr counts posts."""

HOUR, DAY = 3600.0, 86_400.0
SPOKEN = ("published", "draft", "queued", "private")
"""States in which a post of the bot's is something it has said."""


class Sort(StrEnum):
    """How something was said to the bot."""

    ASK = "ask"
    REVIEW = "review"
    MOOD = "mood"
    FOLLOW = "follow"
    REBLOG = "reblog"
    REPLY = "reply"
    MENTION = "mention"
    DASH = "dash post"
    NOISE = "like, follow"


class Due(StrEnum):
    """What is due."""

    ANSWER = "an answer"
    DEED = "a deed"
    """A command that leaves no post."""
    NOTHING = "nothing"
    CHANCE = "perhaps an answer"


class Outcome(StrEnum):
    """What became of it."""

    ANSWERED = "answered"
    DRAFTED = "drafted"
    OBEYED = "obeyed"
    LEFT = "left, as it should be"
    LOST = "LOST"
    TWICE = "TWICE"
    UNCALLED = "UNCALLED FOR"


GOOD = (Outcome.ANSWERED, Outcome.DRAFTED, Outcome.OBEYED, Outcome.LEFT)
BAD = (Outcome.LOST, Outcome.TWICE, Outcome.UNCALLED)


@dataclass(frozen=True)
class Said:
    """Something that was said to the bot."""

    sort: Sort
    key: str
    """The id of the ask, reblog or post; of a reply its words, which nobody else has used."""

    who: str
    due: Due
    why: str = ""
    """Why nothing is due, or why it is left to chance."""

    says_something: bool = True
    """Whether it has words of its own; a bare reblog has none."""


@dataclass(frozen=True)
class Line:
    """What became of one thing that was said."""

    said: Said
    outcome: Outcome
    posts: tuple[str, ...] = ()
    """The ids of the bot's posts about it."""


@dataclass(frozen=True)
class Limit:
    """A limit, and how near to it the day came."""

    name: str
    allowed: float
    found: float

    @property
    def is_kept(self) -> bool:
        """Whether the day stayed within it."""
        return self.found <= self.allowed


@dataclass(frozen=True)
class Account:
    """The whole account."""

    lines: tuple[Line, ...]
    originals: tuple[str, ...]
    """Posts that answer nobody."""

    repeated: tuple[str, ...]
    """Originals that say what another one says."""

    limits: tuple[Limit, ...]

    @property
    def table(self) -> Mapping[tuple[Sort, Outcome], int]:
        """How often each came to each."""
        return Counter((line.said.sort, line.outcome) for line in self.lines)

    @property
    def complaints(self) -> list[str]:
        """Everything that does not add up, in words."""
        found = [
            f"{line.outcome}: {line.said.sort} {line.said.key} of {line.said.who} {list(line.posts)}"
            for line in self.lines
            if line.outcome in BAD
        ]
        found += [f"said twice: {post}" for post in self.repeated]
        return found + [
            f"{limit.name}: {limit.found:g} of {limit.allowed:g}"
            for limit in self.limits
            if not limit.is_kept
        ]


def make_account(
    said: Sequence[Said], posts: Sequence[PostRecord], followed: Mapping[str, int], limits: Sequence[Limit]
) -> Account:
    """Compare what was said to the bot with its blog's posts, and with how often it obeyed each person."""
    spoken = [post for post in posts if post.state in SPOKEN]
    inbox = {post.id for post in posts if post.state == "submission"}
    places = _Places(spoken)
    lines = tuple(_line(one, places, inbox, followed) for one in said)
    about = {post_id for line in lines for post_id in line.posts}
    free = [post for post in spoken if post.id not in about]
    texts = Counter(post.text for post in free)
    return Account(
        lines=lines,
        originals=tuple(post.id for post in free),
        repeated=tuple(post.id for post in free if texts[post.text] > 1),
        limits=tuple(limits),
    )


def with_limits(account: Account, *limits: Limit) -> Account:
    """The account with more limits."""
    return replace(account, limits=(*account.limits, *limits))


class _Places:
    """Where a post about something can be found."""

    def __init__(self, spoken: Sequence[PostRecord]) -> None:
        self._spoken = spoken
        self._by_ask: dict[str, list[PostRecord]] = defaultdict(list)
        self._by_parent: dict[str, list[PostRecord]] = defaultdict(list)
        for post in spoken:
            if post.parent_id is not None:
                self._by_parent[post.parent_id].append(post)
            elif post.question is not None:
                self._by_ask[post.genesis_id or post.id].append(post)

    def about(self, one: Said) -> list[PostRecord]:
        """The posts that answer something."""
        match one.sort:
            case Sort.ASK:
                return self._by_ask[one.key]
            case Sort.REBLOG | Sort.MENTION | Sort.DASH:
                return self._by_parent[one.key]
            case Sort.REPLY:
                return [p for p in self._free() if one.key in p.text and one.who in p.html]
            case Sort.REVIEW:
                return [p for p in self._free() if one.key in p.text and one.who in p.html]
            case Sort.MOOD:
                wanted = f"because @{one.who} asked"
                pictures = (p for p in self._free() if p.type == "photo" or "<img" in p.html)
                return [p for p in pictures if wanted in p.text]
        return []

    def _free(self) -> Iterable[PostRecord]:
        return (p for p in self._spoken if p.parent_id is None and p.question is None)


def _line(one: Said, places: _Places, inbox: set[str], followed: Mapping[str, int]) -> Line:
    posts = places.about(one)
    ids = tuple(post.id for post in posts)
    if len(posts) > 1:
        return Line(one, Outcome.TWICE, ids)
    if posts:
        drafted = posts[0].state == "draft"
        fits = Outcome.DRAFTED if drafted else Outcome.ANSWERED
        return Line(one, Outcome.UNCALLED if one.due is Due.NOTHING else fits, ids)
    if one.due is Due.DEED:
        done = one.key not in inbox and followed.get(one.who, 0) > 0
        return Line(one, Outcome.OBEYED if done else Outcome.LOST)
    return Line(one, Outcome.LOST if one.due is Due.ANSWER else Outcome.LEFT)


def calls_limits(calls: Sequence[Call], *, per_hour: int, per_day: int, refused: int) -> list[Limit]:
    """What tumblr allows of calls, by consumer, in windows that begin with a first call.

    ``refused`` is how many refusals are forgiven: a bot that was killed has forgotten what was left.
    """
    turned_away = sum(1 for call in calls if call.status == 429 and call.fault is None)
    by_consumer: dict[str | None, list[float]] = defaultdict(list)
    for call in calls:
        if call.status != 429:
            by_consumer[call.consumer].append(call.time)
    hour = max((busiest_window(times, HOUR) for times in by_consumer.values()), default=0)
    day = max((busiest_window(times, DAY) for times in by_consumer.values()), default=0)
    return [
        Limit("calls in an hour", per_hour, hour),
        Limit("calls in a day", per_day, day),
        Limit("calls refused", refused, turned_away),
    ]


def busiest_window(times: Iterable[float], length: float) -> int:
    """The most calls in one window; a window begins with the first call after the last one's end."""
    most, count, end = 0, 0, float("-inf")
    for moment in sorted(times):
        if moment >= end:
            count, end = 0, moment + length
        count += 1
        most = max(most, count)
    return most


def posts_limits(
    posts: Iterable[PostRecord], calls: Iterable[Call], *, per_day: int, refused: int
) -> list[Limit]:
    """What tumblr allows of posts by its own days; and attempts to post that it refused for that."""
    days = Counter(
        datetime.fromtimestamp(post.timestamp, UTC).astimezone(POSTING_DAY).date()
        for post in posts
        if post.state == "published"
    )
    turned_away = sum(
        1 for call in calls if call.fault is None and call.status in (400, 403) and _publishes(call)
    )
    return [
        Limit("posts in a day", per_day, max(days.values(), default=0)),
        Limit("posts refused", refused, turned_away),
    ]


def _publishes(call: Call) -> bool:
    is_write = call.method in ("POST", "PUT")
    return is_write and call.parameters.get("state", "published") in ("published", "queue")


def talk_limit(lines: Iterable[Line], per_day: int) -> Limit:
    """Answers to one person. Who is anonymous is not one person."""
    people = Counter(line.said.who for line in lines if line.posts and line.said.who)
    return Limit("answers to one person", per_day, max(people.values(), default=0))


def exchange_limit(lines: Iterable[Line], who: str, longest: int) -> Limit:
    """Answers in a thread to somebody who always has one more."""
    answers = sum(
        1 for line in lines if line.posts and line.said.who == who and line.said.sort is Sort.REBLOG
    )
    return Limit("answers to one who always answers", longest, answers)


def pace_limit(calls: Iterable[Call], pause: float, restarts: int) -> Limit:
    """Looks into the inbox in one clock hour: no more than the pauses allow, and one for each new start.

    The inbox is looked at again after notes and after the dashboard; a look may go on to further pages.
    """
    pages = [call for call in calls if call.path.endswith("/posts/submission") and call.status == 200]
    looks = [call for call in pages if call.parameters.get("offset", "0") == "0"]
    hours = Counter(int(call.time // HOUR) for call in looks)
    return Limit(
        "looks into the inbox in an hour", 3 * (HOUR / pause + 1 + restarts), max(hours.values(), default=0)
    )


@dataclass(frozen=True)
class Remembered:
    """What the bot itself remembers: the posts in its log, and how many turns are in each state."""

    logged: tuple[str, ...]
    states: Mapping[str, int]
    open_turns: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()

    def why_not(self, said: Said) -> str:
        """The reason for which something was not answered; empty if none is known."""
        by_words = said.sort is Sort.REPLY
        found = (
            one.reason
            for one in self.skipped
            if said.key in (one.text if by_words else one.input_id.split(":"))
        )
        return next(found, "")


@dataclass(frozen=True)
class Skipped:
    """A turn that was skipped: what it was about, what was said, and the reason."""

    input_id: str
    text: str
    reason: str


def compare(
    account: Account, posts: Iterable[PostRecord], remembered: Remembered, sent_back: Collection[str] = ()
) -> list[str]:
    """Where the bot's memory says something else than tumblr does.

    A draft that was sent back is logged once more when it was answered anew. What was left has a reason, or
    still lies in the inbox, where chance has left it.
    """
    posts = list(posts)
    found = [f"the turn {turn} is left open" for turn in remembered.open_turns]
    logged = Counter(remembered.logged)
    found += [
        f"post {post} is logged {count} times"
        for post, count in logged.items()
        if count > 1 and post not in sent_back
    ]
    spoken = [post for post in posts if post.state in SPOKEN]
    known = {post.id: {post.id, post.genesis_id} for post in spoken}
    found += [f"post {post} is not in the log" for post, ids in known.items() if not ids & set(logged)]
    there = set(sent_back).union(*known.values())  # what answers no ask is deleted when it is sent back
    found += [f"the log has a post {post} that is nowhere" for post in logged if post not in there]
    found += [
        f"left without a reason: {one.sort} {one.key} of {one.who}"
        for one in unexplained(account, posts, remembered)
    ]
    said = sum(1 for line in account.lines if line.posts) + len(account.originals)
    if said != len(spoken):
        found.append(f"the account has {said} posts, the blog {len(spoken)}")
    return found


def unexplained(account: Account, posts: Iterable[PostRecord], remembered: Remembered) -> list[Said]:
    """What was left though nobody knows why. Who says nothing leaves no trace: there is nothing to answer."""
    inbox = {post.id for post in posts if post.state == "submission"}
    left = (line.said for line in account.lines if line.outcome is Outcome.LEFT and line.said.says_something)
    return [said for said in left if said.key not in inbox and not remembered.why_not(said)]
