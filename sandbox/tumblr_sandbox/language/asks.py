"""One turn of a user: a question or a remark, typed the way that people type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tumblr_sandbox.language.answers import Subject
from tumblr_sandbox.language.grammar import Grammar
from tumblr_sandbox.language.tables import Intent, Thing, Topic, parse_thing

TOPIC_QUESTIONS = 0.2  # share of questions that come from a topic's own list
WITH_REMARK = 0.08  # share of questions that begin with a remark about something else
INTENT_WEIGHTS: Mapping[str, float] = {
    **dict.fromkeys(("opinion", "tell"), 11),
    **dict.fromkeys(("feelings", "who", "should"), 8),
    **dict.fromkeys(("advice", "experience", "where", "greet", "today", "puzzled", "state_bad"), 5),
    **dict.fromkeys(
        ("why", "favourite", "choose", "can", "state_good", "kind", "unkind", "person", "story"), 4
    ),
    **dict.fromkeys(("anystory", "poem", "night", "quality", "ability"), 3),
    **dict.fromkeys(("good_news", "bad_news", "small_news"), 3),
    **dict.fromkeys(("joke", "recommend", "clock", "sum"), 2),
}
_LATELY = ("today", "yesterday", "last night", "this morning", "again", "last week")
_FEELING = ("i am", "i feel", "i'm", "i am feeling", "today i am")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_CLOSED = re.compile(
    r"(do you (like|love|want to|think i should)|should i|is it a good idea|would you(?! rather)) "
)
_NEWS = {"+": "state_good", "-": "state_bad"}  # a topic's remark that begins so is good or bad news
_TURNS = (
    ("i am", "you are"),
    ("i'm", "you are"),
    ("i was", "you were"),
    ("i", "you"),
    ("my", "your"),
    ("me", "you"),
)
_SHORTER = (
    ("what is", "what's"),
    ("how is", "how's"),
    ("who is", "who's"),
    ("i am ", "i'm "),
    ("you are ", "you're "),
    ("cannot", "can't"),
    ("do not", "don't"),
    ("it is ", "it's "),
    ("i will ", "i'll "),
)
_AMERICAN = (
    ("favourite", "favorite"),
    ("colour", "color"),
    ("mathematics", "math"),
    ("neighbour", "neighbor"),
)


@dataclass(frozen=True)
class Question:
    """What a user typed, what it is about, and how glad it is by construction (-4 to 4)."""

    text: str
    subject: Subject
    valence: float


class Asker:
    """Composes turns of users."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._tables = grammar.tables
        self._things = tuple(parse_thing(written) for written in self._tables.slots["unknown"])
        self._plain_things = tuple(
            thing
            for thing in (*self._things, *self._tables.known_things)
            if thing.text[0].islower() and " " not in thing.text
        )
        self._named: Mapping[str, Callable[[], dict[str, str]]] = {
            "activity": lambda: {"do": self._draw("activities")},
            "person": lambda: {"person": self._draw("person")},
            "quality": lambda: {"quality": self._draw("qualities")},
            "doing": lambda: {"doing": self._draw("doings")},
            "sum": self._sum,
            "good_news": lambda: self.news((1, 4)),
            "bad_news": lambda: self.news((-4, -1)),
            "small_news": lambda: self.news((0, 0)),
            "words": lambda: {"words": self._nonsense()},
            "two": self._second,
        }

    def question(self, asker: str, moment: datetime) -> Question:
        """A question of any kind, asked at a moment; ``asker`` is empty for anonymous ones."""
        if self._grammar.chance(TOPIC_QUESTIONS):
            question = self._from_topic(asker)
        else:
            name = self._grammar.rng.choices(tuple(INTENT_WEIGHTS), tuple(INTENT_WEIGHTS.values()))[0]
            question = self.from_intent(self._tables.intents[name], asker, moment=moment)
        return self._after_remark(question) if self._grammar.chance(WITH_REMARK) else question

    def from_intent(
        self, intent: Intent, asker: str, thing: Thing | None = None, moment: datetime | None = None
    ) -> Question:
        """A question with a given intent, about a given thing or any."""
        said = thing or self._thing_for(intent)
        values = self._named[intent.needs]() if intent.needs in self._named else {}
        if moment and intent.needs == "clock":
            values = _clock(moment)
        if intent.needs == "words":
            said = Thing(values["words"])
        phrase = self._grammar.pick(intent.asks)
        typed = self._grammar.fill(phrase, self._hurried(said), values)
        text = typed if intent.needs == "words" else self._typed(typed)
        answered = {name: _turned(value) for name, value in values.items()}
        closed = _CLOSED.match(phrase) is not None
        return Question(text, Subject(intent, said.turned(), answered, closed, asker), intent.valence)

    def news(self, levels: tuple[int, int]) -> dict[str, str]:
        """Something that a user says about their own day, between two levels of gladness."""
        lexicon, kind = self._tables.lexicon, self._grammar.pick(("feeling", "event"))
        words = [w for level in range(levels[0], levels[1] + 1) for w in lexicon[kind].get(str(level), ())]
        word = self._grammar.pick(words)
        feeling = _FEELING[0] if levels == (0, 0) else self._grammar.pick(_FEELING)
        if kind == "feeling":
            return {"remark": f"{feeling} {word}"}
        return {"remark": f"{word} {self._grammar.pick(_LATELY)}" if self._grammar.chance(0.3) else word}

    def thing(self) -> Thing:
        """Something to talk about: mostly known, else a common thing, a qualified one, or a made-up word."""
        draw = self._grammar.rng.random()
        if draw < 0.6:
            return self._grammar.known_thing()
        if draw < 0.8:
            return self._grammar.rng.choice(self._things)
        if draw < 0.9:
            return self._qualified()
        return Thing(self._made_up(), plural=self._grammar.chance(0.2))

    def _from_topic(self, asker: str) -> Question:
        topic = self._grammar.rng.choice(tuple(self._tables.topics.values()))
        phrase = self._grammar.pick(topic.asks)
        mark = phrase[0] if phrase[0] in _NEWS else ""
        phrase = phrase.removeprefix(mark).strip()
        thing = _named_in(phrase, topic) or self._grammar.rng.choice(topic.things)
        closed = _CLOSED.match(phrase) is not None
        intent = self._intent_of(mark, topic, closed=closed)
        typed = self._grammar.fill(phrase, self._hurried(thing))
        return Question(
            self._typed(typed), Subject(intent, thing.turned(), {}, closed, asker), intent.valence
        )

    def _intent_of(self, mark: str, topic: Topic, *, closed: bool) -> Intent:
        """What a topic's question wants: news have their own answers, a closed question an opinion."""
        if mark:
            return self._tables.intents[_NEWS[mark]]
        openers = self._tables.intents["opinion"].openers if closed else self._tables.generic["direct"]
        return Intent(f"topic:{topic.name}", "thing", "topic", topic.tags, (), openers)

    def _thing_for(self, intent: Intent) -> Thing:
        if intent.needs in ("thing", "two", "quality", "doing"):
            return self.thing()
        if intent.topic:
            return self._grammar.rng.choice(self._tables.topics[intent.topic].things)
        return self._grammar.known_thing()

    def _draw(self, slot: str) -> str:
        return self._grammar.pick(self._tables.slots[slot])

    def _sum(self) -> dict[str, str]:
        first, second = self._grammar.rng.randint(1, 12), self._grammar.rng.randint(1, 12)
        return {"a": str(first), "b": str(second), "c": str(first + second)}

    def _after_remark(self, question: Question) -> Question:
        """The question with some news of the asker's in front."""
        sign, levels = self._grammar.rng.choice(((2.5, (1, 4)), (-2.5, (-4, -1)), (0.0, (0, 0))))
        text = f"{self.news(levels)['remark']}. {question.text}"
        return replace(question, text=text, valence=(sign + question.valence) / 2)

    def _second(self) -> dict[str, str]:
        """The other one of two things to choose between."""
        other = self.thing()
        return {"other": other.text, "their_other": "their" if other.plural else "its"}

    def _hurried(self, thing: Thing) -> Thing:
        """People often leave the article out."""
        if thing.topic and self._grammar.chance(0.3):
            return Thing(thing.bare, thing.plural, thing.topic)
        return thing

    def _qualified(self) -> Thing:
        base = self._grammar.rng.choice(self._plain_things)
        return Thing(f"{self._draw('adjectives')} {base.text}", base.plural)

    def _made_up(self) -> str:
        slots, rng = self._tables.slots, self._grammar.rng
        word = "".join(rng.choices(slots["syllables"], k=rng.choice((1, 2, 2, 3)))) + self._grammar.pick(
            slots["endings"]
        )
        return word.capitalize() if self._grammar.chance(0.2) else word

    def _nonsense(self) -> str:
        if self._grammar.chance(0.15):
            return "".join(
                self._grammar.rng.choices("asdfjklghqwertyuiop", k=self._grammar.rng.randint(3, 9))
            )
        return " ".join(self._made_up() for _ in range(self._grammar.rng.choice((1, 1, 2, 2, 3, 4))))

    def _typed(self, text: str) -> str:
        """The text as somebody types it: greetings, short forms, careless capitals and full stops."""
        grammar, slots = self._grammar, self._tables.slots
        for long, short in (*_SHORTER, *_AMERICAN):
            if long in text and grammar.chance(0.4):
                text = text.replace(long, short)
        if grammar.chance(0.15):
            text = text.rstrip("?!.")
        if grammar.chance(0.12):
            text += grammar.pick(slots["farewell"])
        if grammar.chance(0.2):
            text = grammar.pick(slots["greeting"]) + text
        draw = grammar.rng.random()
        if draw < 0.3:
            text = re.sub(r"\bi\b", "I", text[:1].upper() + text[1:])
        return text.upper() if draw > 0.98 else text


def _turned(text: str) -> str:
    """What a user says of themself, as the bot says it of them: I am on my way, you are on your way."""
    for mine, yours in _TURNS:
        text = re.sub(rf"\b{mine}\b", yours, text)
    return text


def _clock(moment: datetime) -> dict[str, str]:
    """The hour, month and year, in English whatever the machine's language is: 3 PM, January, 2021."""
    half = "AM" if moment.hour < 12 else "PM"
    return {
        "hour": f"{moment.hour % 12 or 12} {half}",
        "month": _MONTHS[moment.month - 1],
        "year": str(moment.year),
    }


def _named_in(phrase: str, topic: Topic) -> Thing | None:
    """The thing of a topic that a question names, if it names one."""
    for thing in topic.things:
        words = {thing.bare, thing.bare.removesuffix("s")}
        if any(re.search(rf"\b{re.escape(word)}", phrase, re.IGNORECASE) for word in words):
            return thing
    return None
