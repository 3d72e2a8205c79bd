"""A stand-in for the bot, for lives without one: it answers from the grammar of the demo model's corpus.

Some of its answers are bad on purpose: short, off topic, repeated, cut off. Whoever learns from the notes
what people like has something to tell apart.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tumblr_sandbox.language.answers import Subject
from tumblr_sandbox.language.tables import Intent, Tables, Thing
from tumblr_sandbox.language.threads import Talk
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.people.actions import FeedItem
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.feed import question_of
from tumblr_sandbox.services.posting import Changes, Writer, Written
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog

SPOILED: Mapping[str, float] = {"": 70, "off_topic": 12, "short": 6, "repeated": 6, "cut_off": 6}
"""How answers turn out, with weights."""
SHORT = ("ok.", "yes.", "Maybe.", "Good question.", "I do not know.", "lol")
ASKS_AT_ONCE = 50
_OPENINGS: Mapping[str, str] = {
    "tell": "tell",
    "explain": "tell",
    "what is": "tell",
    "why": "why",
    "how do": "advice",
    "should": "advice",
    "have you": "experience",
    "do you": "opinion",
}


@dataclass(frozen=True)
class Text:
    """What the stand-in writes."""

    body: str
    tags: tuple[str, ...]


class StandIn:
    """Composes and posts what the bot would say. ``spoils``: whether some of it is bad on purpose."""

    def __init__(
        self, tables: Tables, extractor: FeatureExtractor, writer: Writer, rng: random.Random, *, spoils: bool
    ) -> None:
        self._tables = tables
        self._extractor = extractor
        self._writer = writer
        self._rng = rng
        self._spoils = spoils
        self._talk = Talk(tables, rng)

    def answer_asks(self, connection: Connection, blog: Blog, now: float) -> int:
        """Answer what waits in the inbox; commands are only taken out of it. Gives how many were there."""
        waiting = posts.by_newest_id(connection, blog.id, "submission", limit=ASKS_AT_ONCE)
        for ask in reversed(waiting):
            question = question_of(ask)
            if question.startswith("!"):
                self._writer.delete(connection, ask)
                continue
            asker = (ask.details["asker"] or {}).get("name", "")
            text = self.answer(question, asker)
            changes = Changes(content=_content(text), state="published", tags=text.tags)
            self._writer.edit(connection, blog, ask, changes, now)
        return len(waiting)

    def answer_post(self, connection: Connection, blog: Blog, item: FeedItem, now: float) -> None:
        """Add to a post that was meant for the bot."""
        parent = posts.get(connection, item.id)
        if parent is not None:
            earlier = [item.question, *(words for _, words in item.said)]
            text = self.answer(item.text, item.blog, earlier)
            self._writer.reblog(
                connection, blog, parent, Written(content=_content(text), tags=text.tags), now
            )

    def post(self, connection: Connection, blog: Blog, now: float) -> None:
        """Write something of its own."""
        turn = self._talk.plain().turn
        text = self._spoil(Text(turn.text, turn.tags))
        self._writer.create(connection, blog, Written(content=_content(text), tags=text.tags), now)

    def answer(self, question: str, asker: str = "", earlier: Sequence[str] = ()) -> Text:
        """An answer to a question or remark, in some mood; ``earlier`` is what was said before."""
        thing = self._thing([question, *reversed(earlier)])
        subject = Subject(self._intent(question), thing.turned(), asker=asker)
        turn = self._talk.answerer.answer(subject, self._talk.mood())
        name = (asker,) if asker else ()
        return self._spoil(Text(turn.text, (*turn.tags, *name)))

    def _intent(self, question: str) -> Intent:
        for opening, name in _OPENINGS.items():
            if opening in question.lower():
                return self._tables.intents[name]
        return self._tables.intents["opinion"]

    def _thing(self, texts: Sequence[str]) -> Thing:
        """What texts are about: a thing that a topic knows, else the first text's longest word."""
        for text in texts:
            for topic in sorted(self._extractor.topics_of(text)):
                things = self._tables.topics[topic].things
                named = [thing for thing in things if thing.bare.rstrip("s").lower() in text.lower()]
                if named:
                    return named[0]
        about = sorted(self._extractor.about(texts[0]), key=lambda word: (-len(word), word))
        return Thing(about[0]) if about and "?" in texts[0] else self._talk.grammar.known_thing()

    def _spoil(self, text: Text) -> Text:
        how = self._rng.choices(tuple(SPOILED), tuple(SPOILED.values()))[0] if self._spoils else ""
        if how == "off_topic":
            return Text(self._talk.ask().turn.text, text.tags)
        if how == "short":
            return Text(self._rng.choice(SHORT), text.tags)
        sentences, words = text.body.split(". "), text.body.split()
        if how == "repeated":
            return Text(". ".join([sentences[0].rstrip(".")] * self._rng.randint(3, 6)) + ".", text.tags)
        if how == "cut_off":
            return Text(" ".join(words[: self._rng.randint(2, max(3, len(words) // 2))]), text.tags)
        return text


def _content(text: Text) -> Content:
    return Content(html=paragraphs(text.body))
