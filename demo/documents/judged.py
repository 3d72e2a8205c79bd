"""Rows for the two heads, whose targets are known by construction.

Sentiment: how glad a text is, as a logit difference from -4 to 4. Selector: a made-up readership likes
answers that are on topic, specific, funny and longer, and dislikes short, generic and broken ones. Each
text gets a number of notes from that taste and from chance; the best quarter is positive, the worst
negative, and the middle half is left out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TypeVar

from demo.documents.rendering import indented, judged_text, posted_text
from tumblr_sandbox.language.answers import Turn
from tumblr_sandbox.language.grammar import Grammar, Sentence
from tumblr_sandbox.language.threads import Conversation, Talk

T = TypeVar("T")

QUARTER = 0.25
NOISE = 0.35  # standard deviation of what readers do for no reason, in log notes
SPOILED_WEIGHTS: Mapping[str, float] = {
    "": 60,
    "off_topic": 20,
    "short": 6,
    "shuffled": 5,
    "repeated": 5,
    "cut_off": 4,
}
_SHORT = (
    "ok.",
    "yes.",
    "I do not know.",
    "Good question.",
    "Maybe.",
    "lol",
    "I think so.",
    "What?",
    "Thank you.",
)


@dataclass(frozen=True)
class SentimentRow:
    """A text and how glad it is."""

    text: str
    target: float


@dataclass(frozen=True)
class SelectorRow:
    """A finished thread, its type, and whether readers liked it (1) or not (0)."""

    text: str
    text_type: str
    target: int


@dataclass(frozen=True)
class Noted:
    """A conversation, what was done to spoil it, and the notes it got."""

    conversation: Conversation
    spoiled: str
    notes: int


def sentiment_rows(talk: Talk, count: int) -> list[SentimentRow]:
    """Texts of the bot, questions of users, and plain remarks, with how glad they are."""
    makers: Sequence[tuple[Callable[[], SentimentRow], float]] = (
        (lambda: _of_turn(talk), 0.65),
        (lambda: _of_question(talk), 0.15),
        (lambda: remark(talk.grammar), 0.2),
    )
    functions, weights = zip(*makers, strict=True)
    return [talk.grammar.rng.choices(functions, weights)[0]() for _ in range(count)]


def remark(grammar: Grammar) -> SentimentRow:
    """Something a user says about themself or the world, with a word from the lexicon."""
    lexicon = grammar.tables.lexicon
    kind = grammar.pick(("feeling", "quality", "event"))
    level = grammar.pick(tuple(lexicon[kind]))
    word = grammar.pick(lexicon[kind][level])
    text = grammar.fill(grammar.pick(lexicon["frames"][kind]), grammar.known_thing(), {"word": word})
    return SentimentRow(_spaced(text, grammar.rng), float(level))


def selector_rows(talk: Talk, count: int) -> list[SelectorRow]:
    """Liked and disliked threads out of ``count`` noted ones, by quarters of each type of text."""
    noted = [note(talk) for _ in range(count)]
    rows: list[SelectorRow] = []
    for text_type in ("responses", "originals"):
        own = [item for item in noted if type_of(item.conversation) == text_type]
        for item, target in labelled(own):
            printed = posted_text if talk.grammar.chance(0.5) else judged_text
            rows.append(SelectorRow(printed(item.conversation), text_type, target))
    talk.grammar.rng.shuffle(rows)
    return rows


def type_of(conversation: Conversation) -> str:
    """Whether a conversation ends with a response or is a post of the bot's own."""
    return "responses" if conversation.said else "originals"


def labelled(noted: Sequence[Noted]) -> list[tuple[Noted, int]]:
    """The best and the worst quarter of what was noted."""
    return labelled_by_notes(noted, [item.notes for item in noted])


def labelled_by_notes(texts: Sequence[T], notes: Sequence[int]) -> list[tuple[T, int]]:
    """The best and the worst quarter: quantile is the share of texts with at most as many notes."""
    ordered = sorted(notes)
    if not ordered:
        return []
    low, high = (ordered[int(share * (len(ordered) - 1))] for share in (QUARTER, 1 - QUARTER))
    counted = zip(texts, notes, strict=True)
    return [(text, int(count > low)) for text, count in counted if count <= low or count >= high]


def note(talk: Talk) -> Noted:
    """A conversation, perhaps spoiled, with the notes that the readership gives it."""
    rng = talk.grammar.rng
    conversation = talk.conversation()
    spoiled = rng.choices(tuple(SPOILED_WEIGHTS), tuple(SPOILED_WEIGHTS.values()))[0]
    if spoiled == "off_topic" and not conversation.said:
        spoiled = ""  # a post of one's own has no topic that it could miss
    if spoiled:
        conversation = replace(conversation, turn=spoil(talk, conversation.turn, spoiled), book=None)
    return Noted(conversation, spoiled, _poisson(taste(conversation, spoiled), rng))


def taste(conversation: Conversation, spoiled: str) -> float:
    """Expected notes before chance: what the made-up readership likes."""
    turn = conversation.turn
    words = len(conversation.body.split())
    liking = 1.6 + 0.7 * math.log(max(words, 3) / 30)
    liking += 0.3 * turn.count("fact") if turn.count("fact") < 4 else 0.6  # stories are all facts
    liking += 0.6 * turn.count("funny")
    liking -= {"": 0.0, "off_topic": 2.0, "short": 0.5}.get(spoiled, 2.5)
    return math.exp(liking)


def spoil(talk: Talk, turn: Turn, how: str) -> Turn:
    rng = talk.grammar.rng
    if how == "off_topic":
        return _other_turn(talk, turn)
    if how == "short":
        return _reworded(turn, rng.choice(_SHORT))
    words = turn.text.split()
    if how == "shuffled":
        rng.shuffle(words)
        return _reworded(turn, " ".join(words))
    if how == "repeated":
        return _reworded(turn, " ".join([rng.choice(turn.sentences).text] * rng.randint(3, 6)))
    return _reworded(turn, " ".join(words[: rng.randint(2, max(3, len(words) // 2))]))


def _other_turn(talk: Talk, turn: Turn) -> Turn:
    """The answer to another question, about another topic."""
    while True:
        other = talk.ask().turn
        if other.thing.text != turn.thing.text and (
            other.thing.topic != turn.thing.topic or not turn.thing.topic
        ):
            return other


def _reworded(turn: Turn, text: str) -> Turn:
    return replace(turn, paragraphs=((Sentence(text),),))


def _poisson(mean: float, rng: random.Random) -> int:
    """A number of notes: Poisson, with the mean itself blurred (normal approximation above 30)."""
    mean *= math.exp(rng.gauss(0, NOISE))
    if mean > 30:
        return max(0, round(NormalDist(mean, math.sqrt(mean)).inv_cdf(rng.uniform(1e-9, 1 - 1e-9))))
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def _of_turn(talk: Talk) -> SentimentRow:
    conversation = talk.conversation()
    words = conversation.body.replace("<b>", "").replace("</b>", "")
    return SentimentRow(_spaced(words, talk.grammar.rng), round(conversation.turn.valence, 3))


def _of_question(talk: Talk) -> SentimentRow:
    question = talk.asker.question("", talk.moment())
    return SentimentRow(_spaced(question.text, talk.grammar.rng), question.valence)


def _spaced(text: str, rng: random.Random) -> str:
    """Texts come with and without a space in front; the head should not mind."""
    return indented(text) if rng.random() < 0.5 else indented(text).lstrip(" ")
