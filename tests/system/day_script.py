"""What happens in the scripted day: who says what to the bot, when, and what is due for it. Pure.

Three hundred people, drawn with a seed: most ask, some talk under the bot's posts, some only like and follow.
Besides them one sends the same thing over and over, one is known to be a program, one is not known to be one
and has an answer to everything, one is kept on a short lead, and one is to be avoided.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.system.account import HOUR, Due, Sort
from tumblr_sandbox.faults import Fault, FaultKind

OPERATOR = "keeper"
LIMITED = "chatterbox"
AVOIDED = "nuisance"
PROGRAM = "other-bot"
ECHO = "echo"
"""A program that nobody knows to be one: it has an answer to every answer."""

ECHOES = 8
SPAMMER = "spammer"
BAD_WORD = "zorpful"
"""A word that nobody may publish unseen."""

PEOPLE = tuple(f"person-{number:03}" for number in range(300))
WRITERS = tuple(f"writer-{number}" for number in range(5))
"""People whom the bot comes to follow, and whose posts it reads."""

EVERYBODY = (*PEOPLE, *WRITERS, OPERATOR, LIMITED, AVOIDED, PROGRAM, ECHO, SPAMMER)

LENGTH = 24 * HOUR
TOPICS = ("the moon", "bread", "trains", "old books", "the sea", "chess", "clocks", "rain", "tea", "maps")
TONES = ("i love {}, what do you say?", "i hate {}, don't you?", "what do you think about {}?")


FAULTS = (
    Fault(kind=FaultKind.STATUS, status=503, probability=0.02),
    Fault(kind=FaultKind.STATUS, status=500, method="POST PUT", probability=0.05, after_work=True),
    Fault(kind=FaultKind.HTML, probability=0.01),
    Fault(kind=FaultKind.MALFORMED, probability=0.03),
    Fault(kind=FaultKind.CUT, probability=0.02),
    Fault(kind=FaultKind.CUT, method="POST PUT", probability=0.02, after_work=True),
    Fault(kind=FaultKind.NO_ID_STRING, probability=0.05),
    Fault(kind=FaultKind.TEXT_ID, probability=0.05),
    Fault(kind=FaultKind.NO_POSTS, probability=0.01),
    Fault(kind=FaultKind.NO_SCHEDULE, probability=0.02),
    Fault(kind=FaultKind.TIMEOUT, seconds=0.4, method="POST PUT", probability=0.04),
    Fault(kind=FaultKind.THROTTLE, probability=0.005),
    Fault(kind=FaultKind.LIMIT, probability=0.002),
    Fault(kind=FaultKind.LIMIT, headers=False, probability=0.002),
    Fault(kind=FaultKind.NO_LIMIT_HEADERS, probability=0.01),
)
"""All the ways in which tumblr fails, some of them after it has done what it was asked."""


class Deed(StrEnum):
    """What somebody does."""

    ASK = "ask"
    REBLOG = "reblog"
    """Reblog a post of the bot's, and say something."""
    BARE_REBLOG = "bare reblog"
    SIDE_REBLOG = "side reblog"
    """Reblog somebody else's reblog of a post of the bot's, and say something."""
    TALK_BACK = "talk back"
    """Reblog the bot's answer to one's own reblog."""
    REPLY = "reply"
    SIDE_REPLY = "side reply"
    """Reply to somebody else under a post of the bot's."""
    MENTION = "mention"
    POST = "post"
    """Write a post of one's own."""
    LIKE = "like"
    FOLLOW = "follow"
    TAG = "tag"
    """The operator tags drafts: the text says how."""


@dataclass(frozen=True)
class Event:
    """Something that somebody does, so many seconds after the day's beginning."""

    at: float
    who: str
    deed: Deed
    text: str = ""
    sort: Sort = Sort.NOISE
    due: Due = Due.NOTHING
    why: str = "it says nothing to the bot"


def script(seed: int, *, share: float = 1.0, talk: bool = True) -> list[Event]:
    """The day's events, in their order; a smaller ``share`` leaves out as many of the crowd's."""
    rng = random.Random(seed)
    parts = [_asks(rng), _noise(rng), *([_talk(rng)] if talk else [])]
    events = [event for part in parts for event in part if rng.random() < share]
    events += [*_odd_ones(rng), *_commands(rng), *_operator()]
    return sorted(events, key=lambda event: event.at)


def _when(rng: random.Random) -> float:
    """Most in the evening, some at any time."""
    return rng.uniform(0, LENGTH) if rng.random() < 0.5 else rng.triangular(0, LENGTH, 0.3 * LENGTH)


def _words(rng: random.Random, number: int) -> str:
    return f"{rng.choice(TONES).format(rng.choice(TOPICS))} (no {number})"


def _asks(rng: random.Random) -> Iterator[Event]:
    for number, who in enumerate(PEOPLE):
        yield Event(_when(rng), who, Deed.ASK, _words(rng, number), Sort.ASK, Due.ANSWER)
    for number in range(12):
        yield Event(_when(rng), "", Deed.ASK, _words(rng, 1600 + number), Sort.ASK, Due.ANSWER)


def _talk(rng: random.Random) -> Iterator[Event]:
    for number, who in enumerate(rng.sample(PEOPLE, 60)):
        at = rng.uniform(2 * HOUR, LENGTH)
        yield Event(at, who, Deed.REBLOG, _words(rng, 2000 + number), Sort.REBLOG, Due.ANSWER)
        if number % 4 == 0:
            again = at + rng.uniform(1, 3) * HOUR
            yield Event(again, who, Deed.TALK_BACK, _words(rng, 2100 + number), Sort.REBLOG, Due.ANSWER)
    for number, who in enumerate(rng.sample(PEOPLE, 40)):
        at = rng.uniform(2 * HOUR, LENGTH)
        yield Event(at, who, Deed.REPLY, _words(rng, 500 + number), Sort.REPLY, Due.ANSWER)
    for number, who in enumerate(rng.sample(PEOPLE, 20)):
        yield Event(_when(rng), who, Deed.MENTION, _words(rng, 600 + number), Sort.MENTION, Due.ANSWER)
    for number, who in enumerate(rng.sample(PEOPLE, 6)):
        at, why = rng.uniform(4 * HOUR, LENGTH), "it is addressed to somebody else"
        words = f"@person-000 what do you say (no {700 + number})"
        yield Event(at, who, Deed.SIDE_REPLY, words, Sort.REPLY, Due.NOTHING, why)
    for number, who in enumerate(rng.sample(PEOPLE, 8)):
        at, why = rng.uniform(6 * HOUR, LENGTH), "it was reblogged from somebody else"
        yield Event(at, who, Deed.SIDE_REBLOG, _words(rng, 800 + number), Sort.REBLOG, Due.NOTHING, why)


def _noise(rng: random.Random) -> Iterator[Event]:
    for deed, times in ((Deed.LIKE, 180), (Deed.FOLLOW, 90)):
        for who in rng.sample(PEOPLE, times):
            yield Event(rng.uniform(HOUR, LENGTH), who, deed)
    for who in rng.sample(PEOPLE, 45):
        at, why = rng.uniform(2 * HOUR, LENGTH), "it adds nothing"
        yield Event(at, who, Deed.BARE_REBLOG, sort=Sort.REBLOG, why=why)


def _odd_ones(rng: random.Random) -> Iterator[Event]:
    for number in range(12):
        at = 5 * HOUR + 40 * number
        yield Event(at, SPAMMER, Deed.ASK, f"buy more soup now (no {900 + number})", Sort.ASK, Due.ANSWER)
    for number in range(6):
        lead = "they are kept on a short lead"
        at, words = (1 + 3 * number) * HOUR, _words(rng, 1000 + number)
        yield Event(at, LIMITED, Deed.ASK, words, Sort.ASK, Due.CHANCE, lead)
    words = f"is {BAD_WORD} a word? (no 1100)"
    yield Event(3 * HOUR, PEOPLE[7], Deed.ASK, words, Sort.ASK, Due.ANSWER)
    for number in range(3):
        why = "the bot keeps away from them"
        at, words = (4 + 5 * number) * HOUR, _words(rng, 1200 + number)
        yield Event(at, AVOIDED, Deed.REBLOG, words, Sort.REBLOG, Due.NOTHING, why)
    for number in range(3):
        why = "it is a program"
        at, words = (6 + 4 * number) * HOUR, _words(rng, 1300 + number)
        yield Event(at, PROGRAM, Deed.REBLOG, words, Sort.REBLOG, Due.NOTHING, why)
    yield Event(3 * HOUR, ECHO, Deed.REBLOG, "and you? (no 1350)", Sort.REBLOG, Due.ANSWER)
    for number in range(ECHOES):
        why = "the bot does not talk back and forth with one blog for ever"
        at, words = (5 + 2 * number) * HOUR, f"and you? (no {1351 + number})"
        yield Event(at, ECHO, Deed.TALK_BACK, words, Sort.REBLOG, Due.CHANCE, why)


def _commands(rng: random.Random) -> Iterator[Event]:
    for number, who in enumerate(WRITERS):
        yield Event((1 + number) * HOUR, who, Deed.ASK, "!follow", Sort.FOLLOW, Due.DEED)
    for number, who in enumerate(rng.sample(PEOPLE, 4)):
        title = f"Soup Volume {number}"
        yield Event(_when(rng), who, Deed.ASK, f"!review {title}, A. Cook, 4", Sort.REVIEW, Due.ANSWER, title)
    for who in rng.sample(PEOPLE, 3):
        yield Event(_when(rng), who, Deed.ASK, "!mood", Sort.MOOD, Due.ANSWER)
    yield Event(9 * HOUR, PEOPLE[9], Deed.ASK, "!dance with me (no 1400)", Sort.ASK, Due.ANSWER)
    for number, who in enumerate(WRITERS):
        for post in range(3):
            worth = "dull" if post == 1 else "worth a word"
            words = f"A long thought about {TOPICS[number]}, {worth}, that nobody has had before (no {post})."
            at = (7 + 4 * post) * HOUR + 300 * number
            yield Event(at, who, Deed.POST, words, Sort.DASH, Due.CHANCE, "it may be worth a reblog")


def _operator() -> Iterator[Event]:
    yield Event(2.5 * HOUR, OPERATOR, Deed.ASK, "are you well? (no 1500)", Sort.ASK, Due.ANSWER)
    for hour in (6, 10, 14, 18):
        yield Event(hour * HOUR, OPERATOR, Deed.TAG, "rts" if hour % 4 else "a")
