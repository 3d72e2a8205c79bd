"""Which texts are not learned, and why. The rules, in the order in which they are tried:

``unfinished``   did not end by itself, or in the middle of a sentence
``length``       fewer or more words than its form may have
``format``       marks of a chat or a prompt, addresses, lists, headings, placeholders, words of the page
``assistant``    speaks as a helper or as a language model
``unsafe``       a word of the list of what the demo does not want to say
``language``     characters or words that are not plain English
``repetition``   a sentence twice, five words in a row twice, or few different words
``example``      five words in a row of a worked example
``parrot``       says the question again
``off_topic``    names nothing of what it was asked (three in four are dropped)

And of what is left as a whole:

``far``          of the answers to one kind of question among those that are furthest from what was asked
``opening``      begins like too many others
``tags``         no tag that could be used

Near copies are dropped later, by ``python -m training prepare``.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sklearn.feature_extraction.text import TfidfVectorizer

from demo.corpus.tables import Persona
from demo.corpus.tasks import ALONE, Task

WORDS = {
    "ask": (12, 95),
    "comment": (12, 95),
    "reply": (10, 80),
    "post": (15, 110),
    "story": (40, 92),
    "told": (40, 92),
    "review": (20, 90),
    "question": (3, 30),
    "theirs": (6, 60),
}
"""Least and most words by form."""
MOST_TAGS, MOST_TAG_WORDS, MOST_TAG_LETTERS = 4, 4, 28
KNOWN_WORD = 3
"""Texts that must have a word for it to stand in a tag."""
OFF_TOPIC_KEPT = 0.25
DIFFERENT_SHARE = 0.6
"""Of the words of a text, those that must be different."""
RUN = 5
OPENING_SHARE, TOLD_OPENING_SHARE = 0.04, 0.25
"""Of the documents of one form, those that may begin with the same word. Stories and reviews begin alike."""
TOLD = ("story", "told", "review")

NEAR_SHARE = 0.6
"""Of the answers to one kind of question, those that are kept: the nearest to their questions."""
ANSWERING = frozenset({"ask", "comment", "reply"})

_FORMAT = re.compile(
    r"<\|?|\||\bhttps?:|www\.|@\w|```|\*|__|^\s*[-•\d]+[.)]?\s|^#+\s|\[|\]|\{|\}|https?|"
    r"\b(?:user|assistant|system|frank|topic|title|post|reply|tags?|question|answer)\s*:|"
    r"\byou (?:wrote|replied)\b|\b(?:wrote|replied|asked|posted|commented):|"
    r"\bplain sentences\b|\btags? on a line\b",
    re.IGNORECASE | re.MULTILINE,
)
_ASSISTANT = re.compile(
    r"\b(?:as an? (?:ai|artificial|language|assistant|digital|virtual|creature)|language model|"
    r"(?:an|your) ai\b|ai assistant|virtual assistant|chatbot|happy to help|glad to help|here to help|"
    r"(?:can|could|may) i help|help you with|assist|feel free to|let me know if|hope (?:this|that) helps|"
    r"great question|don't hesitate|certainly!|sure!|of course!|my programming|"
    r"i was (?:trained|programmed)|made of software)\b",
    re.IGNORECASE,
)
_UNSAFE = re.compile(
    r"\b(?:suicid\w*|kill (?:my|your)self|self.harm|rap(?:e|ed|ing|ist)|murder\w*|nazi\w*|hitler|terroris\w*|"
    r"porn\w*|sex\w*|nude\w*|naked|penis|vagina|fuck\w*|shit\w*|bitch\w*|cunt\w*|slut\w*|whore\w*|nigg\w*|"
    r"fag(?:got)?s?|retard\w*|cocaine|heroin|meth|overdose|bomb\w*|gun|guns|slave\w*|jews?|muslims?|"
    r"trump|biden|obama|republicans?|democrats?|skin|racis[mt]\w*)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z']+")
_COMMON_WORDS = """
the a an and or but of to in on at for with is are was were be been it its i you he she they we
my your his her their our me him them this that these those not no so as if when what which who
how why do does did have has had can will would could just about from by than then there here
all one some any more
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_QUOTES = '"\u201c\u201d'
_ENDS = re.compile(r"[.!?][\"')]*$")


@dataclass(frozen=True)
class Written:
    """A finished text: its task, which of the task's answers it is, its words, and its tags."""

    task: Task
    number: int
    body: str
    tags: tuple[str, ...]

    @property
    def first_word(self) -> str:
        """The word it begins with."""
        return next(iter(words(self.body)), "")


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower().replace("\u2019", "'"))


class Filter:
    """Judges single texts; what it keeps is taken apart."""

    def __init__(self, persona: Persona) -> None:
        self._runs = {
            form: {run for _, answered in voice.examples for run in _runs(words(answered), RUN)}
            for form, voice in persona.voices.items()
        }

    def judge(self, task: Task, number: int, text: str, *, ended: bool) -> Written | str:
        """The text taken apart, or the name of the rule that drops it."""
        body, _, last = text.strip().partition("\n#")
        body = _unquoted(re.sub(r"\s*\n\s*", " ", body.replace("\u2019", "'")).strip())
        written = Written(task, number, body, () if task.form in ALONE else _tags(last))
        rules: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("unfinished", lambda: not ended or not _is_finished(body)),
            ("length", lambda: not _has_length(task.form, body)),
            ("format", lambda: bool(_FORMAT.search(f"{body} {last.replace('#', '')}"))),
            ("assistant", lambda: bool(_ASSISTANT.search(f"{body} {last}"))),
            ("unsafe", lambda: bool(_UNSAFE.search(f"{body} {last}"))),
            ("language", lambda: not is_english(body)),
            ("repetition", lambda: repeats(body)),
            ("example", lambda: bool(self._runs[task.form] & set(_runs(words(body), RUN)))),
            ("parrot", lambda: task.form not in ALONE and _says_again(task.turns[-1], body)),
            ("off_topic", lambda: task.form not in (*ALONE, "review") and _is_beside_the_point(written)),
        )
        return next((name for name, drops in rules if drops()), written)


def _is_finished(body: str) -> bool:
    return _ENDS.search(body) is not None and not sum(body.count(mark) for mark in _QUOTES) % 2


def _has_length(form: str, body: str) -> bool:
    least, most = WORDS[form]
    return least <= len(words(body)) <= most


def _says_again(question: str, body: str) -> bool:
    return bool(set(_runs(words(question), RUN)) & set(_runs(words(body), RUN)))


def _is_beside_the_point(written: Written) -> bool:
    return not is_on_topic(written) and _number(written) > OFF_TOPIC_KEPT


def _unquoted(text: str) -> str:
    """A text without the quotation marks around the whole of it."""
    inner = text[1:-1].strip()
    around = len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
    return inner if around and not set(inner) & set(_QUOTES) else text


def is_english(text: str) -> bool:
    """Whether a text is plain English: few strange characters, and function words as always."""
    said = words(text)
    strange = sum(not (character.isascii() or character in "éèïü—–…") for character in text)
    return strange <= len(text) / 200 and sum(word in _COMMON for word in said) >= 0.2 * len(said)


def repeats(text: str) -> bool:
    """Whether a text says a sentence or five words in a row twice, or has few different words."""
    sentences = [" ".join(words(part)) for part in re.split(r"[.!?]+", text) if part.strip()]
    said = words(text)
    runs = _runs(said, RUN)
    return (
        len(set(sentences)) < len(sentences)
        or len(set(runs)) < len(runs)
        or len(set(said)) < DIFFERENT_SHARE * len(said)
    )


def is_on_topic(written: Written) -> bool:
    """Whether an answer or its tags name something of what was said before it."""
    asked = _stems(" ".join(said.text for said in written.task.said) or written.task.about)
    return not asked or bool(asked & _stems(f"{written.body} {' '.join(written.tags)}"))


def limit_openings(
    texts: Sequence[Written], share: float = OPENING_SHARE, told_share: float = TOLD_OPENING_SHARE
) -> list[Written]:
    """Drop texts until of each form at most a share begin with the same word; which, their keys decide."""
    kept = sorted(texts, key=_number)
    while True:
        forms = Counter(text.task.form for text in kept)
        counts: Counter[tuple[str, str]] = Counter()
        after: list[Written] = []
        for text in kept:
            begun = (text.task.form, text.first_word)
            most = told_share if text.task.form in TOLD else share
            if counts[begun] < max(1, most * forms[text.task.form]):
                counts[begun] += 1
                after.append(text)
        if len(after) == len(kept):
            return after
        kept = after


def keep_near(texts: Sequence[Written], share: float = NEAR_SHARE) -> list[Written]:
    """Drop the answers that say least of what they were asked, of each kind of question; others stay.

    Nearness is the cosine of TF-IDF of what was said last and of the answer. Among equals their keys decide.
    """
    answers = [text for text in texts if text.task.form in ANSWERING]
    kept = {id(text) for text in texts} - {id(text) for text in answers}
    near = _nearness(answers) if answers else []
    kinds: dict[tuple[str, str], list[tuple[float, float, Written]]] = {}
    for text, cosine in zip(answers, near, strict=True):
        kinds.setdefault((text.task.form, text.task.source), []).append((-cosine, _number(text), text))
    for own in kinds.values():
        own.sort(key=lambda one: one[:2])
        kept |= {id(text) for _, _, text in own[: math.ceil(share * len(own))]}
    return [text for text in texts if id(text) in kept]


def _nearness(answers: Sequence[Written]) -> list[float]:
    asked = [text.task.said[-1].text for text in answers]
    bodies = [text.body for text in answers]
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit([*asked, *bodies])
    products = vectors.transform(asked).multiply(vectors.transform(bodies))
    return [round(float(cosine), 6) for cosine in products.sum(axis=1).A1]


def lower_cased(written: Written) -> Written:
    """As Frank types: without capitals, but for stories and reviews."""
    if written.task.form in TOLD:
        return written
    return replace(written, body=written.body.lower())


def with_known_tags(texts: Sequence[Written]) -> list[Written]:
    """Leave out tags with a word that hardly any text has: the model makes up compounds, and misspells.

    The first tag is what the text was to be about, where no other names it; a text without any is left out.
    """
    counts = Counter(word for text in texts for word in set(words(text.body)))
    known = {word for word, count in counts.items() if count >= KNOWN_WORD} | {
        word for text in texts for said in _asked(text) for word in words(said)
    }
    chosen = [replace(text, tags=_chosen(text, known)) for text in texts]
    return [text for text in chosen if text.tags]


def _chosen(text: Written, known: set[str]) -> tuple[str, ...]:
    tags = [tag for tag in text.tags if set(words(tag)) <= known]
    about = text.task.about.lower()
    if about and not any(_stems(tag) & _stems(about) for tag in tags):
        tags.insert(0, about)
    different: dict[str, str] = {}
    for tag in tags:
        different.setdefault(" ".join(sorted(_stems(tag))) or tag, tag)
    return tuple(different.values())[:MOST_TAGS]


def _asked(text: Written) -> list[str]:
    return [said.text for said in text.task.said] or [text.task.about]


def _tags(line: str) -> tuple[str, ...]:
    """The tags of a line."""
    found = []
    for tag in re.split(r"[,#\n]+", line.lower()):
        tag = " ".join(re.sub(r"[^a-z0-9' ]+", " ", tag).split())
        if tag and len(tag) <= MOST_TAG_LETTERS and len(tag.split()) <= MOST_TAG_WORDS and tag != "frank":
            found.append(tag)
    return tuple(dict.fromkeys(found))


def _stems(text: str) -> set[str]:
    return {word[:5] for word in words(text) if word not in _COMMON and len(word) > 2}


def _runs(said: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(said[i : i + length]) for i in range(len(said) - length + 1)]


def _number(written: Written) -> float:
    """A number in [0, 1) that follows from a text's key."""
    name = f"{written.task.key} {written.number}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64
