"""One turn of the bot: an answer that begins with what was asked and stays in one mood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tumblr_sandbox.language.grammar import Grammar, Sentence, gladness
from tumblr_sandbox.language.stories import poem_lines, small_story
from tumblr_sandbox.language.tables import VALENCE, Intent, Thing

KNOWN_BY_GENERIC = 0.12  # share of sentences about a known thing that could be about anything
_OWN_PHRASES = ("activity", "people", "good_news", "bad_news", "small_news")
_YES = {"sad": "No.", "low": "Not really.", "plain": "Maybe.", "good": "Yes.", "happy": "Yes!"}


@dataclass(frozen=True)
class Subject:
    """What a question is about: its intent, the thing as the bot would name it, other slots."""

    intent: Intent
    thing: Thing
    values: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False  # a question that can be answered with yes or no
    asker: str = ""  # name of the one who asks; empty when anonymous


@dataclass(frozen=True)
class Turn:
    """What the bot says: sentences in paragraphs, tags, and what is known about it by construction."""

    paragraphs: tuple[tuple[Sentence, ...], ...]
    tags: tuple[str, ...]
    thing: Thing
    joint: str = " "  # what stands between the sentences of a paragraph

    @property
    def text(self) -> str:
        """The body as it is posted."""
        return "\n\n".join(self.joint.join(s.text for s in paragraph) for paragraph in self.paragraphs)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph)

    @property
    def valence(self) -> float:
        """How glad the turn is, as a logit difference from -4 to 4."""
        return gladness(self.sentences)

    def count(self, role: str) -> int:
        """How many sentences have a role."""
        return sum(sentence.role == role for sentence in self.sentences)


class Answerer:
    """Composes turns of the bot."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._generic = grammar.tables.generic

    def answer(self, subject: Subject, mood: int) -> Turn:
        """Answer in a mood: an opening that names what was asked, some sentences, perhaps a close."""
        opening = self._opening(subject, mood)
        tags = self.tags(subject, mood)
        if subject.intent.then in ("story", "poem"):
            return self._told(subject, mood, opening, tags)
        body = [*opening, *self._body(subject, mood), *self._closing(subject, mood)]
        once = {sentence.text: sentence for sentence in body}
        return Turn(_paragraphs(self._grammar, list(once.values())), tags, subject.thing)

    def about(self, thing: Thing, mood: int, count: int) -> list[Sentence]:
        """Several sentences about a thing, all in one mood, no two of which begin alike."""
        found: dict[str, Sentence] = {}
        for _ in range(4 * count):
            sentence = self._about(thing, mood)
            found.setdefault(" ".join(sentence.text.split()[:3]), sentence)
            if len(found) == count:
                break
        return list(found.values())

    def fact(self, thing: Thing) -> Sentence:
        """Something that is said to be so about a thing."""
        topic = self._grammar.tables.topics.get(thing.topic)
        facts = (topic.facts.get(thing.text) or topic.facts.get(thing.turned().text)) if topic else None
        return self._grammar.sentence(facts or self._generic["facts"], role="fact", thing=thing)

    def joke(self, thing: Thing) -> Sentence:
        """Something silly about a thing."""
        topic = self._grammar.tables.topics.get(thing.topic)
        jokes = topic.funny if topic and self._grammar.chance(0.7) else self._generic["funny"]
        return self._grammar.sentence(jokes, role="funny", thing=thing)

    def tags(self, subject: Subject, mood: int) -> tuple[str, ...]:
        """One to four tags: the thing, its topic, what was wanted, the mood."""
        grammar = self._grammar
        named = [subject.values.get("do") or subject.values.get("person") or subject.thing.bare]
        topic = grammar.tables.topics.get(subject.thing.topic) if named == [subject.thing.bare] else None
        if subject.intent.needs in ("none", "clock", "sum"):
            named = []
        if "remark" in subject.values:
            named, topic = [], None
        offered = [*(name.lower() for name in named), *(grammar.rng.sample(topic.tags, 2) if topic else ())]
        tags = offered[: grammar.rng.randint(1, 3)]
        if grammar.chance(0.5) or not tags:
            tags.append(grammar.pick(subject.intent.tags))
        if grammar.chance(0.4):
            tags.append(grammar.pick(self._generic["mood_tags"][grammar.tier(mood)]))
        return tuple(dict.fromkeys(tags))

    def _opening(self, subject: Subject, mood: int) -> list[Sentence]:
        tier = self._grammar.tier(mood)
        opener = self._grammar.sentence(
            subject.intent.openers[tier], VALENCE[tier], "opener", thing=subject.thing, values=subject.values
        )
        if (
            subject.closed
            and self._grammar.chance(0.5)
            and not opener.text.startswith(("Yes", "No", "Do not"))
        ):
            opener = replace(opener, text=f"{_YES[tier]} {opener.text}")
        return [opener]

    def _body(self, subject: Subject, mood: int) -> list[Sentence]:
        """The middle of an answer; which sentences belong there depends on what was wanted."""
        grammar, thing, then = self._grammar, subject.thing, subject.intent.then
        if then == "advice":
            advice = grammar.sentence(self._generic["advice"], thing=thing)
            return [advice, *self._mixed(thing, mood, 1)]
        if then == "facts":
            return [self.fact(thing), *self._mixed(thing, mood, 1)]
        if then == "funny":
            return [self.joke(thing), *self._mixed(thing, mood, 1)]
        if then in _OWN_PHRASES:
            return self._special(then, subject, mood)
        return self._mixed(thing, mood, grammar.rng.choice((1, 2, 2, 3)))

    def _special(self, kind: str, subject: Subject, mood: int) -> list[Sentence]:
        phrases = self._generic[kind]
        said = [self._grammar.in_mood(phrases, mood, thing=subject.thing, values=subject.values)]
        if self._grammar.chance(0.4):
            funny = self._grammar.sentence(
                phrases["funny"], role="funny", thing=subject.thing, values=subject.values
            )
            said.append(funny)
        return said

    def _mixed(self, thing: Thing, mood: int, count: int) -> list[Sentence]:
        said = self.about(thing, mood, count)
        if self._grammar.chance(0.35):
            said.insert(self._grammar.rng.randint(0, len(said)), self.fact(thing))
        if self._grammar.chance(0.2):
            said.append(self.joke(thing))
        return said

    def _about(self, thing: Thing, mood: int) -> Sentence:
        topic = self._grammar.tables.topics.get(thing.topic)
        general = topic is None or self._grammar.chance(KNOWN_BY_GENERIC)
        tiers = self._generic if general or topic is None else topic.tiers
        return self._grammar.in_mood(tiers, mood, thing=thing)

    def _closing(self, subject: Subject, mood: int) -> list[Sentence]:
        if not self._grammar.chance(0.25):
            return []
        named = subject.asker and self._grammar.chance(0.6)
        closers = self._generic["named_closers" if named else "closers"]
        return [self._grammar.in_mood(closers, mood, "closer", values={"asker": subject.asker})]

    def _told(self, subject: Subject, mood: int, opening: list[Sentence], tags: tuple[str, ...]) -> Turn:
        if subject.intent.then == "poem":
            lines = poem_lines(self._grammar, subject.thing, mood)
            first = (replace(opening[0], text=opening[0].text + "\n\n" + lines[0].text), *lines[1:])
            return Turn((first,), tags, subject.thing, joint="\n")
        told = tuple(small_story(self._grammar, subject.thing, mood))
        return Turn((tuple(opening), told), tags, subject.thing)


def _paragraphs(grammar: Grammar, sentences: Sequence[Sentence]) -> tuple[tuple[Sentence, ...], ...]:
    """Mostly one paragraph; longer texts are sometimes broken in two."""
    if len(sentences) < 4 or grammar.chance(0.6):
        return (tuple(sentences),)
    cut = grammar.rng.randint(2, len(sentences) - 2)
    return tuple(sentences[:cut]), tuple(sentences[cut:])
