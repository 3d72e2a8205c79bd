"""How people talk: phrases about what they care about, typed in their own manner."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tumblr_sandbox.language.asks import Asker
from tumblr_sandbox.language.grammar import Grammar, capital
from tumblr_sandbox.language.tables import FOLDER, Tables, Thing, parse_thing
from tumblr_sandbox.people.characters import Person

OWN_THING = 0.75
"""Share of what somebody says that is about one of their favourite topics."""
WIDE_THING = 0.5
"""Share of what somebody says that is about something else altogether, where people talk about everything."""
MAX_TAGS = 4
_SIGNS = ("!!", "!", " :)", " lol", " <3", "", "")
_SENTENCE_START = re.compile(r"(^|[.!?\n]\s*)([a-z])")


def load_phrases() -> dict[str, list[str]]:
    """What people say, from the file beside the corpus's own phrases."""
    path = FOLDER / "phrases" / "people.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


class Speaker:
    """One person's words, drawn with a given generator.

    ``bot`` is the bot's name. ``wide``: they also talk about things that no topic has.
    """

    def __init__(
        self,
        tables: Tables,
        phrases: Mapping[str, Sequence[str]],
        person: Person,
        bot: str,
        rng: random.Random,
        *,
        wide: bool = False,
    ) -> None:
        self._grammar = Grammar(tables, rng)
        self._phrases = phrases
        self._person = person
        self._bot = bot
        self._rng = rng
        self._wide = wide

    def say(self, kind: str, *, about: str = "") -> str:
        """A phrase of a kind; ``about`` is what a question had been about."""
        return self._typed(self._filled(self._rng.choice(self._phrases[kind]), self.thing(), about))

    def post(self, mood: float) -> tuple[str, tuple[str, ...]]:
        """A post with its tags; the mood shows now and then."""
        kind = "posts"
        if abs(mood) > 0.3 and self._rng.random() < abs(mood):
            kind = "glad_posts" if mood > 0 else "sad_posts"
        thing = self.thing()
        text = self._typed(self._filled(self._rng.choice(self._phrases[kind]), thing))
        return text, self.tags("tags", thing)

    def tags(self, kind: str, thing: Thing | None = None) -> tuple[str, ...]:
        """Up to four tags."""
        about = thing or self.thing()
        drawn = self._rng.sample(self._phrases[kind], self._rng.randint(0, MAX_TAGS))
        return tuple(dict.fromkeys(self._filled(tag, about).lower() for tag in drawn))

    def question(self, time: float) -> str:
        """Something to ask the bot, of the kind it was brought up on."""
        asker = Asker(self._grammar)
        moment = datetime.fromtimestamp(time, UTC).replace(tzinfo=None)
        if self._rng.random() < OWN_THING:
            intents = self._grammar.tables.intents
            name = self._rng.choice(("opinion", "tell", "favourite", "experience", "why", "advice", "story"))
            return asker.from_intent(intents[name], self._person.name, self.thing(), moment).text
        return asker.question(self._person.name, moment).text

    def review_command(self) -> str:
        """A request for a book review: title, and perhaps author and rating."""
        title = self._filled(self._rng.choice(self._phrases["review_titles"]), self.thing()).replace(",", "")
        parts = [
            capital(title),
            self._grammar.pick(self._grammar.tables.slots["author"]),
            str(self._rng.randint(1, 5)),
        ]
        return "!review " + ", ".join(parts[: self._rng.randint(1, 3)])

    def thing(self) -> Thing:
        """Something to talk about, mostly a favourite where people keep to their topics."""
        if self._wide and self._rng.random() < WIDE_THING:
            return parse_thing(self._rng.choice(self._grammar.tables.slots["unknown"]))
        fond = self._person.favourites
        if fond and self._rng.random() < OWN_THING:
            return self._rng.choice(self._grammar.tables.topics[self._rng.choice(fond)].things)
        return self._grammar.known_thing()

    def _filled(self, phrase: str, thing: Thing, about: str = "") -> str:
        pick = self._rng.choice
        values = {
            "bot": self._bot,
            "bare": thing.bare,
            "asked": about or thing.bare,
            "role": pick(self._phrases["roles"]),
            "did": pick(self._phrases["did"]),
            "do": pick(self._grammar.tables.slots["activities"]),
            "adjective": pick(self._grammar.tables.slots["adjectives"]),
            "quality": pick(self._grammar.tables.slots["qualities"]),
        }
        return self._grammar.fill(phrase, thing, values)

    def _typed(self, text: str) -> str:
        """The text in this person's manner of typing; tags, mentions and markup stay as they are."""
        style = self._person.style
        if style == "lower":
            return text.lower()
        if style == "loud":
            signed = text + self._rng.choice(_SIGNS)
            return signed.upper() if self._rng.random() < 0.15 and "@" not in signed else signed
        if style == "proper":
            ended = text if text.endswith((".", "!", "?", ")", ">")) else text + "."
            begun = _SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), ended)
            return re.sub(r"\bi\b", "I", begun)
        return text
