"""May a text be published without a human's look?

What is looked at is the whole of it: who asks, the question, the answer, the tags. Lists of texts come
from the operator. Whatever is found is a reason; any reason makes the post a draft.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from urllib.parse import urlsplit

from munging.links import typed_mentions
from munging.npf_from_html import mentioned_blogs
from tumblr.api.models import ANONYMOUS
from tumblr.screening.lookalikes import as_shown, by_shape, readings, visible
from tumblr.settings import ScreeningConfig
from tumblr.turns.planned_post import ScreenedText

CONTEXT = 25
"""Characters shown on each side of what was found."""

IMAGE_DELIMITER = re.compile(r"={7}")
_TARGET = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_TYPED = re.compile(r"""\b(?:https?://|www\.)[^\s<>"']+""", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|io|co|me|ru|xyz|link|site|shop|app|ly|gg|tv|biz)\b(?!\()",
    re.IGNORECASE,
)
"""An address without its scheme, which many programs make a link of."""

WORD_EDGE = r"(?<![^\W_])", r"(?![^\W_])"


class Weight(StrEnum):
    """How much a reason weighs."""

    PLAIN = "plain"
    """A listed text, which one who understands the whole may know to be harmless: it can be overridden."""

    REVIEW = "review"
    """A human has to look."""

    USER = "user"
    """The same, because of who asks."""

    REJECT = "reject"
    """The text is not to be posted at all."""


@dataclass(frozen=True)
class Finding:
    """A reason why a human should look first."""

    text: str
    weight: Weight = Weight.REVIEW


def findings(
    draft: ScreenedText,
    lists: ScreeningConfig,
    operator: str | None = None,
    *,
    images_are_made: bool = False,
    at_home: Iterable[str] = (),
) -> list[Finding]:
    """The reasons why a human should look first; none means that it may be published.

    ``operator`` is the name whose asks are always looked at; ``images_are_made`` tells that an image block in
    the text will become an image before it is posted; ``at_home`` are names that may always be mentioned.
    """
    asker = draft.asker.casefold()
    reasons = [Finding(reason, Weight.USER) for reason in _asker_reasons(asker, lists, operator)]
    if not images_are_made and IMAGE_DELIMITER.search(draft.answer):
        reasons.append(Finding("an image block that is not made into an image"))
    if lists.link_hosts is not None:
        hosts = foreign_hosts(draft.answer, lists.link_hosts)
        reasons += [Finding(f"a link to {host}") for host in hosts]
    if lists.mentions == "thread":
        reasons += [Finding(f"a mention of @{name}") for name in _outsiders(draft, at_home)]
    about_text = {finding.text: finding for finding in _text_findings(draft.text, asker, lists)}
    return [*reasons, *about_text.values()]


def _outsiders(draft: ScreenedText, at_home: Iterable[str]) -> list[str]:
    """The blogs that the answer mentions and that do not speak in the conversation."""
    inside = {name.lower() for name in (draft.asker, *draft.speakers, *at_home)}
    named = dict.fromkeys([*sorted(mentioned_blogs(draft.answer)), *typed_mentions(draft.answer)])
    return [name for name in named if name not in inside]


def _asker_reasons(asker: str, lists: ScreeningConfig, operator: str | None) -> Iterator[str]:
    if operator is not None and asker == operator.casefold():
        yield "the operator asks"
    if asker in _folded(lists.screened_users):
        yield "a screened user asks"
    if lists.screen_anonymous and asker == ANONYMOUS.casefold():
        yield "an anonymous asker"


def _text_findings(text: str, asker: str, lists: ScreeningConfig) -> Iterator[Finding]:
    strict = asker in _folded(lists.strict_language_users)
    okay = None if strict else _any_of(map(_flexible, _folded(lists.okay_superstrings)))
    patterns = _patterns(lists, strict=strict)
    ways = dict.fromkeys((text, as_shown(text)))
    seen = dict.fromkeys(seen for way in ways for seen in (visible(way), visible(by_shape(way))))
    for reading in (reading for way in seen for part in _outside(way, okay) for reading in readings(part)):
        for pattern, what, weight in patterns:
            yield from (Finding(found, weight) for found in _found(pattern, reading, what))
        yield from map(Finding, _obscured(_folded(lists.likely_obscured_strings), reading))


def _patterns(lists: ScreeningConfig, *, strict: bool) -> list[tuple[re.Pattern[str] | None, str, Weight]]:
    """What is looked for as it stands, what it is called, and how much it weighs."""
    bad = [*lists.bad_strings, *(lists.profane_strings if strict else ())]
    words = (
        rf"{WORD_EDGE[0]}{_flexible(word)}{WORD_EDGE[1]}" for word in _folded(lists.bad_strings_shortwords)
    )
    return [
        (_texts(bad), "listed text", Weight.PLAIN),
        (_any_of(words), "listed word", Weight.PLAIN),
        (_texts(lists.user_avoid_list), "listed text", Weight.REVIEW),
        (_texts(lists.review_strings), "text to be looked at", Weight.REVIEW),
        (_texts(lists.reject_strings), "text that is never posted", Weight.REJECT),
    ]


def _texts(listed: Iterable[str]) -> re.Pattern[str] | None:
    return _any_of(map(_flexible, _folded(listed)))


def _outside(text: str, okay: re.Pattern[str] | None) -> list[str]:
    """What is left when harmless texts are cut out; the parts beside a cut are not joined."""
    return [text] if okay is None else [segment for segment in okay.split(text) if segment]


def _found(pattern: re.Pattern[str] | None, text: str, what: str) -> Iterator[str]:
    hit = None if pattern is None else pattern.search(text)
    if hit is not None:
        yield _reason(what, hit.group(), text, hit.start(), hit.end())


def _obscured(wanted: Iterable[str], text: str) -> Iterator[str]:
    """Texts whose letters are there in a row, whatever stands between them.

    When white space or signs stand between, the letters must begin where a word begins or end where one
    ends: in the middle of two innocent words they are chance.
    """
    places = [place for place, character in enumerate(text) if character.isalnum()]
    letters = "".join(text[place] for place in places)
    for listed in wanted:
        bare = "".join(character for character in listed if character.isalnum())
        for hit in re.finditer(f"(?={re.escape(bare)})", letters) if bare else ():
            first, last = places[hit.start()], places[hit.start() + len(bare) - 1]
            if _is_one_piece(places, hit.start(), len(bare)) or _at_an_edge(text, first, last):
                yield _reason("listed text, disguised", listed, text, first, last + 1)
                break


def _is_one_piece(places: Sequence[int], start: int, length: int) -> bool:
    return places[start + length - 1] - places[start] == length - 1


def _at_an_edge(text: str, first: int, last: int) -> bool:
    begins = first == 0 or not text[first - 1].isalnum()
    ends = last + 1 == len(text) or not text[last + 1].isalnum()
    return begins or ends


def _reason(what: str, listed: str, text: str, start: int, end: int) -> str:
    around = text[max(0, start - CONTEXT) : end + CONTEXT]
    return f"{what} {' '.join(listed.split())!r} in {' '.join(around.split())!r}"


def _folded(texts: Iterable[str]) -> list[str]:
    """The listed texts as they are compared; the longest first, so that it is the one that is named."""
    return sorted({folded for text in texts if (folded := visible(text).strip())}, key=lambda t: (-len(t), t))


def _flexible(listed: str) -> str:
    """A pattern for a listed text in which any white space stands for any other."""
    return r"\s+".join(re.escape(word) for word in listed.split())


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(pattern for pattern in patterns if pattern)
    return re.compile(joined) if joined else None


def foreign_hosts(text: str, hosts: Collection[str]) -> list[str]:
    """The hosts that a text links to or names as addresses, but for some and what lies below them."""
    own = tuple(host.lower().strip(".") for host in hosts)
    found = dict.fromkeys(_hosts(text))
    return [host for host in found if not any(host == one or host.endswith(f".{one}") for one in own)]


def _hosts(text: str) -> Iterator[str]:
    for target in _TARGET.finditer(text):
        yield _host(unescape(target[1] or target[2] or target[3] or ""))
    words = re.sub(r"<[^<>]*>", " ", text)
    for typed in (*_TYPED.finditer(words), *_DOMAIN.finditer(words)):
        yield _host(typed.group().rstrip(".,;:!?)'"))


def _host(address: str) -> str:
    """The host of an address in lower case; what has none is named as it is."""
    address = address.strip()
    try:
        parts = urlsplit(address if "://" in address or address.startswith("//") else f"//{address}")
        return (parts.hostname or address).removeprefix("www.").rstrip(".")
    except ValueError:
        return address
