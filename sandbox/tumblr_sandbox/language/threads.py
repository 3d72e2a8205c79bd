"""Whole conversations that end with a turn of the bot."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tumblr_sandbox.language.answers import Answerer, Subject, Turn
from tumblr_sandbox.language.asks import Asker
from tumblr_sandbox.language.grammar import Grammar
from tumblr_sandbox.language.stories import Review, fiction, review
from tumblr_sandbox.language.tables import Tables, Thing

ANONYMOUS_SHARE = 0.45
KIND_WEIGHTS: Mapping[str, float] = {
    "ask": 66,
    "chain": 13,
    "plain": 11,
    "fiction": 4,
    "review": 4,
    "told": 2,
}
_FIRST = datetime(2018, 1, 1)  # noqa: DTZ001 - a wall-clock time, as it stands in the text
_YEARS = 13


@dataclass(frozen=True)
class Said:
    """A turn before the bot's last one; ``author`` is empty for an anonymous asker."""

    author: str
    text: str
    asked: bool = False
    by_bot: bool = False
    valence: float = 0.0


@dataclass(frozen=True)
class Conversation:
    """A conversation up to and with a turn of the bot.

    ``kind``: ask, chain (of reblogs), told (an ask answered with a fiction), plain, fiction, review
    (the last three are original posts). ``moment`` is the bot's wall-clock time.
    """

    kind: str
    said: tuple[Said, ...]
    turn: Turn
    moment: datetime
    book: Review | None = None

    @property
    def body(self) -> str:
        """The body of the bot's turn as it is posted."""
        if self.book is None:
            return self.turn.text
        fields = (
            ("Title", self.book.title),
            ("Author", self.book.author),
            ("Rating", f"{self.book.stars}/5 stars"),
        )
        return "\n\n".join((*(f"{name}: <b>{value}</b>" for name, value in fields), self.turn.text))


class Talk:
    """Composes conversations, one after another, from one random generator."""

    def __init__(self, tables: Tables, rng: random.Random) -> None:
        self.grammar = Grammar(tables, rng)
        self.asker = Asker(self.grammar)
        self.answerer = Answerer(self.grammar)
        self._kinds: Mapping[str, Callable[[], Conversation]] = {
            "ask": self.ask,
            "chain": self.chain,
            "plain": self.plain,
            "fiction": self.fiction,
            "review": self.review,
            "told": self.told,
        }

    def conversation(self) -> Conversation:
        """A conversation of any kind."""
        kind = self.grammar.rng.choices(tuple(KIND_WEIGHTS), tuple(KIND_WEIGHTS.values()))[0]
        return self._kinds[kind]()

    def ask(self) -> Conversation:
        """Somebody asks, the bot answers; the mood of the question pulls at that of the answer."""
        asker = self._name_or_nobody()
        moment = self.moment()
        question = self.asker.question(asker, moment)
        said = Said(asker, question.text, asked=True, valence=question.valence)
        mood = self.pulled(self.mood(), question.valence)
        return Conversation("ask", (said,), self.answerer.answer(question.subject, mood), moment)

    def chain(self) -> Conversation:
        """A post that is reblogged once to thrice before the bot adds to it."""
        names = self.grammar.rng.sample(self.grammar.tables.slots["askers"], 2)
        thing = self.asker.thing()
        turn = self._remark(thing.turned(), names[-1])
        first, second = (self._post(name, thing) for name in names)
        shape = self.grammar.rng.random()
        if shape < 0.4:
            return Conversation("chain", (first,), self._remark(thing.turned(), names[0]), self.moment())
        if shape < 0.65:
            return Conversation("chain", (first, second), turn, self.moment())
        own = Said("", self._remark(thing.turned(), "").text, by_bot=True)
        return Conversation(
            "chain", (first, own, second) if shape < 0.85 else (own, second), turn, self.moment()
        )

    def plain(self) -> Conversation:
        """A post of the bot's own, on a thing that it knows."""
        thing = self.grammar.known_thing()
        thing = thing.turned() if thing.text.startswith("your ") else thing
        mood = self.mood()
        subject = Subject(self.grammar.tables.intents["today"], thing)
        opener = self.grammar.in_mood(subject.intent.openers, mood, "opener", thing=thing)
        said = [
            *self.answerer.about(thing, mood, self.grammar.rng.choice((2, 3, 4))),
            self.answerer.fact(thing),
        ]
        if self.grammar.chance(0.4):
            said.append(self.answerer.joke(thing))
        turn = Turn(((opener, *said),), self.answerer.tags(subject, mood), thing)
        return Conversation("plain", (), turn, self.moment())

    def fiction(self) -> Conversation:
        """A short story, posted by itself."""
        return Conversation("fiction", (), self._tale(self._noun()), self.moment())

    def told(self) -> Conversation:
        """A short story, asked for."""
        asker = self._name_or_nobody()
        intent = self.grammar.tables.intents["story" if self.grammar.chance(0.6) else "anystory"]
        question = self.asker.from_intent(intent, asker)
        said = Said(asker, question.text, asked=True)
        return Conversation("told", (said,), self._tale(question.subject.thing), self.moment())

    def review(self) -> Conversation:
        """A review of a book that does not exist."""
        thing = self._noun()
        mood = self.mood()
        book = review(self.grammar, thing, mood)
        tags = ("book review", *self._story_tags(thing, mood))
        return Conversation("review", (), Turn((book.sentences,), tags, thing), self.moment(), book)

    def mood(self) -> int:
        """A mood for the bot's turn."""
        return self.grammar.mood()

    def pulled(self, mood: int, valence: float) -> int:
        """Now and then a glad or sad question moves the mood one step its way."""
        step = (valence > 1) - (valence < -1)
        return max(-4, min(4, mood + step)) if self.grammar.chance(0.4) else mood

    def moment(self) -> datetime:
        """Some hour of some day, more often by day than by night."""
        day = _FIRST + timedelta(days=self.grammar.rng.randrange(365 * _YEARS))
        hour = self.grammar.rng.choices(range(24), [2] * 8 + [5] * 16)[0]
        return day.replace(hour=hour, minute=self.grammar.rng.randrange(60))

    def _remark(self, thing: Thing, author: str) -> Turn:
        """What the bot adds to somebody's post about a thing."""
        intent = self.grammar.tables.intents[self.grammar.pick(("opinion", "experience", "tell"))]
        return self.answerer.answer(Subject(intent, thing, asker=author), self.mood())

    def _post(self, author: str, thing: Thing) -> Said:
        intents = self.grammar.tables.intents
        name = self.grammar.pick(("state_good", "state_bad", "opinion", "tell"))
        question = self.asker.from_intent(intents[name], author, thing)
        return Said(author, question.text, valence=question.valence)

    def _tale(self, thing: Thing) -> Turn:
        mood = self.mood()
        told = tuple(tuple(part) for part in fiction(self.grammar, thing, mood))
        return Turn(told, ("original fiction", *self._story_tags(thing, mood)), thing)

    def _story_tags(self, thing: Thing, mood: int) -> tuple[str, ...]:
        return self.answerer.tags(Subject(self.grammar.tables.intents["story"], thing), mood)

    def _noun(self) -> Thing:
        thing = self.grammar.known_thing() if self.grammar.chance(0.7) else self.asker.thing()
        return Thing(thing.text.removeprefix("my ").removeprefix("your "), thing.plural, thing.topic)

    def _name_or_nobody(self) -> str:
        return (
            ""
            if self.grammar.chance(ANONYMOUS_SHARE)
            else self.grammar.pick(self.grammar.tables.slots["askers"])
        )
