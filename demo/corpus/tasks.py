"""What is to be written: answers to the grammar's, the templates' and the model's questions, and much else.

Tasks follow from the seed; those of the second round also from what was written in the first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demo.corpus.tables import Topics
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import ANONYMOUS_SHARE, Said, Talk

ANSWERS = 2
"""Texts that are written for each task."""
ALONE = frozenset({"question", "theirs"})
"""Forms of what others write, of which one text each is wanted."""
HURRIED_SHARE = 0.4
"""Of questions: typed without capitals in the document, as people do."""


@dataclass(frozen=True)
class Book:
    """A book that does not exist, and what it gets."""

    title: str
    author: str
    stars: int


@dataclass(frozen=True)
class Task:
    """A text to be written.

    ``form`` names the voice, ``turns`` is what the model reads, ``said`` the thread before the bot's turn as
    the document has it. ``group`` holds together what must not be split; ``about`` is what the text is about.
    """

    key: str
    form: str
    source: str
    turns: tuple[str, ...]
    said: tuple[Said, ...] = ()
    group: str = ""
    about: str = ""
    book: Book | None = None


@dataclass(frozen=True)
class Sizes:
    """How many tasks of each sort."""

    grammar: int = 600
    templates: int = 1000
    plain: int = 1
    """Times that each question without a topic is asked."""
    written: int = 450
    """Questions that the model writes itself."""
    comments: int = 250
    follow_ups: int = 200
    replies: int = 200
    posts: int = 250
    stories: int = 350
    told: int = 120
    reviews: int = 250

    def scaled(self, share: float) -> Sizes:
        """The same mixture, smaller or larger."""
        return Sizes(**{name: max(1, round(count * share)) for name, count in vars(self).items()})


@dataclass
class Planner:
    """Draws tasks, one sort after another, from random generators of their own."""

    topics: Topics
    seed: int
    sizes: Sizes
    _names: Sequence[str] = field(init=False)
    _authors: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        slots = load_tables().slots
        self._names, self._authors = slots["askers"], slots["author"]

    def first(self) -> list[Task]:
        """What can be written at once, in an order in which every part of it has all sorts."""
        return self._mixed(
            "first",
            self._from_grammar,
            self._from_templates,
            self._plain,
            self._told,
            self._posts,
            self._stories,
            self._reviews,
            self._others_questions,
            self._others_posts,
        )

    def second(self, written: Mapping[str, str]) -> list[Task]:
        """What goes on from texts of the first round, by their tasks' keys."""
        by_form: dict[str, list[tuple[str, str]]] = {}
        for key, text in sorted(written.items()):
            by_form.setdefault(key.partition("/")[0], []).append((key, text))
        go_on = _GoingOn(self, by_form, {task.key: task for task in self.first()})
        return self._mixed("second", go_on.asked, go_on.commented, go_on.followed, go_on.replied)

    def _mixed(self, name: str, *sorts: Callable[[random.Random], Iterator[Task]]) -> list[Task]:
        """All tasks, shuffled; each sort has a random generator of its own, by its name."""
        tasks = [task for sort in sorts for task in sort(self._rng(sort.__name__))]
        self._rng(name).shuffle(tasks)
        return tasks

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")

    def _from_grammar(self, rng: random.Random) -> Iterator[Task]:
        talk = Talk(load_tables(), rng)
        for number in range(self.sizes.grammar):
            conversation = talk.ask()
            text = conversation.said[0].text
            if not self.topics.keeps_apart(text):
                about = conversation.turn.thing.bare
                yield self.ask(f"ask/grammar/{number}", "grammar", text, _cased(text), rng, about)

    def _from_templates(self, rng: random.Random) -> Iterator[Task]:
        for number in range(self.sizes.templates):
            kind = rng.choice(tuple(self.topics.kinds))
            pattern = rng.choice(self.topics.kinds[kind])
            about, other = rng.sample(self.topics.known, 2)
            text = fill(pattern, about, other)
            if not self.topics.keeps_apart(text):
                yield self.ask(f"ask/template/{number}", kind, text, text, rng, about)

    def _plain(self, rng: random.Random) -> Iterator[Task]:
        for kind, asks in self.topics.plain.items():
            for number, text in enumerate([*asks] * self.sizes.plain):
                yield self.ask(f"ask/plain/{kind}/{number}", kind, text, text, rng)

    def _told(self, rng: random.Random) -> Iterator[Task]:
        talk = Talk(load_tables(), rng)
        for number in range(self.sizes.told):
            said = talk.told().said[0]
            if not self.topics.keeps_apart(said.text):
                task = self.ask(f"told/{number}", "grammar", said.text, _cased(said.text), rng)
                yield Task(task.key, "told", task.source, task.turns, task.said, task.group)

    def _posts(self, rng: random.Random) -> Iterator[Task]:
        yield from self._about("post", "Write a post about {t}.", self.sizes.posts, rng)

    def _stories(self, rng: random.Random) -> Iterator[Task]:
        yield from self._about("story", "Write a very short story about {t}.", self.sizes.stories, rng)

    def _others_questions(self, rng: random.Random) -> Iterator[Task]:
        yield from self._about("question", "Topic: {t}", round(1.25 * self.sizes.written), rng)

    def _others_posts(self, rng: random.Random) -> Iterator[Task]:
        yield from self._about("theirs", "Topic: {t}", self.sizes.comments, rng)

    def _about(self, form: str, pattern: str, count: int, rng: random.Random) -> Iterator[Task]:
        for number in range(count):
            about = rng.choice(self.topics.known)
            yield Task(f"{form}/{number}", form, "topic", (fill(pattern, about),), group=about, about=about)

    def _reviews(self, rng: random.Random) -> Iterator[Task]:
        for number in range(self.sizes.reviews):
            book = draw_book(self.topics, self._authors, rng)
            said = f'Review the book "{book.title}" by {book.author}. You give it {book.stars} of 5 stars.'
            yield Task(f"review/{number}", "review", "topic", (said,), group=book.title, book=book)

    def ask(self, key: str, source: str, typed: str, cased: str, rng: random.Random, about: str = "") -> Task:
        """An answer to a question, as it was typed; the model reads it with care for capitals (``cased``)."""
        shown = typed.lower() if rng.random() < HURRIED_SHARE else typed
        asker = "" if rng.random() < ANONYMOUS_SHARE else rng.choice(self._names)
        said = (Said(asker, shown, asked=True),)
        return Task(key, "ask", source, (cased,), said, group=about or cased.lower(), about=about)

    def comment(self, key: str, source: str, text: str, rng: random.Random) -> Task:
        """A comment on somebody's post."""
        name = rng.choice(self._names)
        shown = text.lower() if rng.random() < HURRIED_SHARE else text
        return Task(key, "comment", source, (f"{name} wrote: {text}",), (Said(name, shown),), group=text)

    def follow_up(self, ask: Task, answer: str, rng: random.Random) -> Task:
        """An answer to what an asker says of an answer."""
        remark = rng.choice(self.topics.follow_ups)
        said = (
            *ask.said,
            Said("", _body(answer).lower(), by_bot=True),
            Said(ask.said[0].author or rng.choice(self._names), remark.lower()),
        )
        turns = (*ask.turns, answer, remark)
        return Task(f"follow/{ask.key}", "ask", "follow", turns, said, ask.group, ask.about)

    def reply(self, key: str, post: str, text: str, rng: random.Random) -> Task:
        """An answer to what somebody says of a post of Frank's, whose key and text are given."""
        name, remark = rng.choice(self._names), rng.choice(self.topics.replies)
        body = _body(text)
        turns = (f"You wrote: {body}\n{name} replied: {remark}",)
        said = (Said("", body.lower(), by_bot=True), Said(name, remark))
        return Task(key, "reply", "follow", turns, said, group=post)


@dataclass(frozen=True)
class _GoingOn:
    """Tasks that go on from texts of the first round, which are (key, text) by form."""

    planner: Planner
    written: Mapping[str, Sequence[tuple[str, str]]]
    first: Mapping[str, Task]

    def asked(self, rng: random.Random) -> Iterator[Task]:
        for key, text in self._some("question", self.planner.sizes.written, rng):
            if not self.planner.topics.keeps_apart(text):
                new, about = key.replace("question/", "ask/model/"), self.first[key].about
                yield self.planner.ask(new, "model", text, text, rng, about)

    def commented(self, rng: random.Random) -> Iterator[Task]:
        for key, text in self.written.get("theirs", ()):
            if not self.planner.topics.keeps_apart(text):
                yield self.planner.comment(key.replace("theirs/", "comment/model/"), "model", text, rng)

    def followed(self, rng: random.Random) -> Iterator[Task]:
        for key, text in self._some("ask", self.planner.sizes.follow_ups, rng):
            yield self.planner.follow_up(self.first[key], text, rng)

    def replied(self, rng: random.Random) -> Iterator[Task]:
        found = self.written.get("post", ())
        for number in range(min(self.planner.sizes.replies, 2 * len(found))):
            yield self.planner.reply(f"reply/{number}", *rng.choice(found), rng)

    def _some(self, form: str, most: int, rng: random.Random) -> list[tuple[str, str]]:
        found = self.written.get(form, ())
        return rng.sample(found, min(len(found), most))


def fill(pattern: str, about: str, other: str = "") -> str:
    """A pattern with topics in place; its first letter is a capital."""
    text = pattern.replace("{t}", about).replace("{u}", other)
    return text[:1].upper() + text[1:]


def draw_book(topics: Topics, authors: Sequence[str], rng: random.Random) -> Book:
    """A book that does not exist."""
    books = topics.books
    title = rng.choice(books["titles"])
    for mark, words in (("{a}", "adjectives"), ("{n}", "nouns"), ("{p}", "plurals"), ("{m}", "people")):
        title = title.replace(mark, rng.choice(books[words]))
    return Book(title, rng.choice(authors), rng.choices((1, 2, 3, 4, 5), (1, 2, 3, 4, 3))[0])


def _cased(text: str) -> str:
    """A question as somebody careful would type it: the model answers those better."""
    text = text.lower() if text.isupper() else text
    text = f"{text[:1].upper()}{text[1:]}".replace(" i ", " I ").replace(" i'", " I'")
    return text if text.endswith(("?", ".", "!", ")", "3")) else f"{text}."


def _body(answer: str) -> str:
    """An answer without its tags."""
    return answer.partition("\n#")[0].strip()
