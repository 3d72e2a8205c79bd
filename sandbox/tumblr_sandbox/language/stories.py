"""Things that are told: short fiction, the small stories in answers, poems, book reviews."""

from __future__ import annotations

from dataclasses import dataclass

from tumblr_sandbox.language.grammar import Grammar, Sentence, capital
from tumblr_sandbox.language.tables import VALENCE, Thing

_BEATS = ("begin", "want", "trouble", "help", "turn")
FICTION_WORDS = 100  # a fiction must have this many words to be accepted
_STARS = {"sad": (1, 2), "low": (2, 3), "plain": (3,), "good": (4,), "happy": (5,)}


@dataclass(frozen=True)
class Review:
    """A book review: what book, how many stars, and what is said about it."""

    title: str
    author: str
    stars: int
    sentences: tuple[Sentence, ...]


def fiction(grammar: Grammar, thing: Thing, mood: int) -> list[list[Sentence]]:
    """A story of more than a hundred words, in paragraphs."""
    hero = _hero(grammar)
    paragraphs = [
        _told(grammar, ("begin", "want"), thing, hero),
        _told(grammar, ("trouble", "extra", "help"), thing, hero),
        [*_told(grammar, ("turn",), thing, hero), _ending(grammar, mood, thing, hero)],
    ]
    while sum(len(s.text.split()) for part in paragraphs for s in part) < FICTION_WORDS + 10:
        part = grammar.rng.choice(paragraphs[:2])
        told = {s.text for paragraph in paragraphs for s in paragraph}
        more = _told(grammar, (grammar.pick(("extra", "want", "trouble", "help")),), thing, hero)
        part.extend(s for s in more if s.text not in told)
    return paragraphs


def small_story(grammar: Grammar, thing: Thing, mood: int) -> list[Sentence]:
    """A story in four or five sentences."""
    hero = _hero(grammar)
    middle = grammar.rng.sample(("want", "trouble", "help", "turn"), grammar.rng.choice((2, 3)))
    beats = ("begin", *(beat for beat in _BEATS if beat in middle))
    return [*_told(grammar, beats, thing, hero), _ending(grammar, mood, thing, hero)]


def poem_lines(grammar: Grammar, thing: Thing, mood: int) -> list[Sentence]:
    """Three lines; the last one carries the mood."""
    phrases = grammar.tables.stories["poem"]
    return [
        grammar.sentence(phrases["first"], role="fact", thing=thing),
        grammar.sentence(phrases["second"], role="fact"),
        grammar.in_mood(phrases, mood),
    ]


def review(grammar: Grammar, thing: Thing, mood: int) -> Review:
    """A review of a book that does not exist."""
    phrases, rng = grammar.tables.reviews, grammar.rng
    values = {
        "adj": grammar.pick(phrases["adjectives"]),
        "noun": grammar.pick(phrases["nouns"]),
        "title": capital(thing.bare),
    }
    title = grammar.fill(grammar.pick(phrases["titles"]).replace("{Thing}", "{title}"), thing, values)
    tier = grammar.tier(mood)
    middle = [grammar.fill(phrase, thing) for phrase in rng.sample(phrases["middle"], rng.choice((1, 2, 3)))]
    verdicts = rng.sample(phrases[tier], 2)
    sentences = (
        grammar.sentence(phrases["frame"], role="fact", thing=thing),
        *(Sentence(capital(text), role="fact") for text in middle),
        *(Sentence(text, VALENCE[tier]) for text in verdicts),
    )
    return Review(title, grammar.fill("{author}"), rng.choice(_STARS[tier]), sentences)


def _hero(grammar: Grammar) -> dict[str, str]:
    who, pronoun, possessive = grammar.pick(grammar.tables.stories["heroes"]).split("|")
    phrases = grammar.tables.stories
    return {
        "hero": who,
        "name": who.split(" named ")[1],
        "pro": pronoun,
        "poss": possessive,
        "where": grammar.pick(phrases["where"]),
        "where2": grammar.pick(phrases["where2"]),
    }


def _told(grammar: Grammar, beats: tuple[str, ...], thing: Thing, hero: dict[str, str]) -> list[Sentence]:
    phrases = grammar.tables.stories
    return [grammar.sentence(phrases[beat], role="fact", thing=thing, values=hero) for beat in beats]


def _ending(grammar: Grammar, mood: int, thing: Thing, hero: dict[str, str]) -> Sentence:
    return grammar.in_mood(grammar.tables.stories, mood, thing=thing, values=hero)
