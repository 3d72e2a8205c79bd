"""Which written texts become candidates: the acceptance rules, each a function with a name.

A rule says whether it rejects. They are asked in the order of ``RULES`` and a rejected text is
counted under the first rule that rejected it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from munging.cleaning import without_broken
from munging.control import TAGS
from munging.links import typed_mentions
from munging.prompts.formats import normalize

PROFANE_WORDS = (
    *("shit", "fuck", "sex", "crap", "hell", "damn", "vagina", "penis", "genital", "piss", "gay"),
)
_PROFANE = re.compile(rf"\b(?:{'|'.join(PROFANE_WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class AcceptanceOptions:
    """What a job demands of its candidates; lengths in words (pieces between single spaces)."""

    avoid_if_under: int = 20
    avoid_half_if_under: int = 40
    avoid_if_over: int | None = None
    avoid_if_cut_off: bool = False
    split_on_control_char: bool = True
    avoid_initial_blockquote: bool = True
    avoid_if_profane: bool = False
    allowed_mentions: Collection[str] | None = None
    """Blogs, in lower case, that may be mentioned; None: all."""


@dataclass(frozen=True)
class GeneratedText:
    """A text as the model wrote it, after its prompt.

    ``text`` has no end token; ``ended`` says that the model set one. ``repeating`` is the window
    test's verdict, ``roll`` a uniform number in [0, 1), ``prompt`` the prompt's text.
    """

    text: str
    ended: bool
    repeating: bool = False
    roll: float = 1.0
    prompt: str = ""

    @property
    def body(self) -> str:
        """What follows the first newline; before it stand the tags."""
        return self.text.partition("\n")[2]

    @property
    def words(self) -> int:
        """Number of pieces between single spaces of the body."""
        return len(self.body.split(" "))


Rule = Callable[[GeneratedText, AcceptanceOptions], bool]


def repetitive(written: GeneratedText, _options: AcceptanceOptions) -> bool:
    """Some window of the text had fewer than a fifth of its tokens distinct."""
    return written.repeating


def too_short(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The body has fewer words than ``avoid_if_under``."""
    return written.words < options.avoid_if_under


def rather_short(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The body has fewer words than ``avoid_half_if_under``, and the roll (one half) fell against it."""
    return written.words < options.avoid_half_if_under and written.roll < 0.5


def too_long(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The body has more words than the job wants."""
    return options.avoid_if_over is not None and written.words > options.avoid_if_over


def cut_off(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The model set no end, and the job wants one."""
    return options.avoid_if_cut_off and not written.ended


def opens_with_quote(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The body opens with a quotation, and the job wants none there."""
    return options.avoid_initial_blockquote and written.body.lstrip(" \n").startswith("<blockquote")


def second_tags(written: GeneratedText, _options: AcceptanceOptions) -> bool:
    """The text holds the tag character more than once."""
    return written.text.count(TAGS) > 1


def profane(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The text has one of the profane words, as a word of its own, and the job wants none."""
    return options.avoid_if_profane and _PROFANE.search(written.text) is not None


def mentions_outsider(written: GeneratedText, options: AcceptanceOptions) -> bool:
    """The text @-mentions a blog that the job does not allow."""
    allowed = options.allowed_mentions
    return allowed is not None and any(name not in allowed for name in typed_mentions(written.text))


def repeats_prompt(written: GeneratedText, _options: AcceptanceOptions) -> bool:
    """The body, up to a tag character, already stands in the prompt; an empty one always does."""
    return normalize(written.body).partition(TAGS)[0].strip() in normalize(written.prompt)


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        repetitive,
        too_short,
        rather_short,
        too_long,
        cut_off,
        opens_with_quote,
        second_tags,
        profane,
        mentions_outsider,
        repeats_prompt,
    )
}
SPEAKS_FOR_OTHERS = "speaks_for_others"
RELAXING_ORDER = (
    rather_short.__name__,
    too_short.__name__,
    opens_with_quote.__name__,
    too_long.__name__,
)
"""The rules that are given up, one after the other, when too few texts pass."""


def judge(
    written: GeneratedText,
    options: AcceptanceOptions,
    control_phrase: re.Pattern[str],
    given_up: Collection[str] = (),
) -> tuple[GeneratedText, str | None]:
    """Apply the rules: the text, cut where someone else begins to speak, and the rule that rejects it."""
    written = replace(written, text=without_broken(written.text))
    phrase = control_phrase.search(written.text)
    if phrase:
        if not options.split_on_control_char:
            return written, SPEAKS_FOR_OTHERS
        written = replace(written, text=written.text[: phrase.start()], ended=False)
    for name, rejects in RULES.items():
        if name not in given_up and rejects(written, options):
            return written, name
    return written, None
