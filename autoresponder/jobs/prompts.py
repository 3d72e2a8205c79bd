"""From a job to what the model reads, fitted into the context without losing the prompt's own form."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from autoresponder.errors import PromptTooLongError
from autoresponder.model.encoding import UNFINISHED, TextEncoder
from munging.classic import from_classic, split_tags
from munging.prompts.formats import OriginalKind, Piece, Prompt, PromptFormat, original_prompt, render
from munging.prompts.times import TRAINING_YEARS, in_drawn_year
from munging.thread import Identity, PostKind, Thread

LEAST_POSTS = 2  # the bot's turn and the post before it
MOST_CHARACTERS = 32  # for a token of the budget; a thread with more is not tried whole


@dataclass(frozen=True)
class Voice:
    """Who writes, and in which prompt format."""

    form: PromptFormat
    identity: Identity
    years: Mapping[int, float] = field(default_factory=lambda: TRAINING_YEARS)
    """Years that the generator may be told, with their weights, in a format of separate prompts."""

    def time_to_write(self, present: str | None, job_id: str) -> str | None:
        """The time that the generator is told for an answer; the same whenever the job is done."""
        if present is None or not self.form.separate_prompts:
            return present
        return in_drawn_year(present, self.years, random.Random(job_id))

    def time(self, v8: str, v10: str) -> str | None:
        """Pick the time string of this format out of a job's two; none when it is empty."""
        return (v10 if self.form.time_style == "v10" else v8) or None

    def review_start(self) -> str:
        """The phrase with which a book review begins."""
        return self.form.phrase(self.form.review, self.identity)


@dataclass(frozen=True)
class FittedPrompt:
    """A prompt's ids, the end token in front, and its text."""

    ids: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class AnswerPrompt:
    """The prompt of an answer job.

    ``thread`` awaits the bot; it is none when the job's prompt is model text already, which is so
    when it begins as a book review does. ``written`` is the time that the generator is told, ``present``
    the one that the heads are told.
    """

    thread: Thread | None
    text: str
    written: str | None
    forced_tags: tuple[str, ...] = ()
    fiction: bool = False
    present: str | None = None

    @classmethod
    def of(
        cls,
        classic: str,
        voice: Voice,
        *,
        present: str | None,
        job_id: str = "",
        forced_tags: str = "",
        fiction: bool = False,
    ) -> AnswerPrompt:
        """Read a job's classic prompt; ``present`` is the job's time."""
        text, written = classic.rstrip(), voice.time_to_write(present, job_id)
        if text.startswith(voice.review_start()):
            return cls(None, text, written, present=present)
        thread = from_classic(text, voice.identity)
        if not thread.awaits_bot:
            thread = thread.awaiting_bot(voice.identity)
        return cls(thread, text, written, split_tags(forced_tags), fiction, present)

    def render(self, thread: Thread, voice: Voice) -> Prompt:
        """Print a thread as this prompt does."""
        return render(
            thread,
            voice.form,
            voice.identity,
            written=self.written,
            tags=self.forced_tags,
            fiction=self.fiction,
        )

    def fit(self, voice: Voice, encoder: TextEncoder, budget: int) -> FittedPrompt:
        """Encode into at most ``budget`` tokens.

        Of a thread, whole posts are dropped from its beginning; the header and the numbers are those of
        what remains. Of the last post before the bot's turn the beginning is cut, if it alone is too
        long. Raises PromptTooLongError when even without its words the form does not fit.
        """
        if self.thread is None:
            ids = encoder.encode_prompt(Prompt((Piece(self.text, structure=False),)))
            return FittedPrompt((ids[0], *ids[1:][-(budget - 1) :]), self.text)
        return fit_thread(self.thread, lambda thread: self.render(thread, voice), encoder, budget)


def fit_thread(
    thread: Thread, print_thread: Callable[[Thread], Prompt], encoder: TextEncoder, budget: int
) -> FittedPrompt:
    """Shorten a thread from its beginning until its print has at most ``budget`` tokens.

    The preamble goes first, then whole posts, then the beginning of the last post before the bot's. How many
    posts stay is searched from the end on, so that a thread of thousands costs no more than what fits.
    """

    def fitted(shorter: Thread) -> tuple[list[int], str]:
        prompt = print_thread(shorter)
        return encoder.encode_prompt(prompt), prompt.text

    if sum(len(post.text) for post in thread.posts) <= MOST_CHARACTERS * budget:
        ids, text = fitted(thread)
        if len(ids) <= budget:
            return FittedPrompt(tuple(ids), text)
    kept = _most_posts(len(thread.posts), lambda count: len(fitted(_last_posts(thread, count))[0]) <= budget)
    thread = _last_posts(thread, kept)
    while True:
        ids, text = fitted(thread)
        if len(ids) <= budget:
            return FittedPrompt(tuple(ids), text)
        thread = _cut(thread, len(ids) - budget, encoder)


def _most_posts(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number of posts, from ``LEAST_POSTS`` to ``count``, that fits; the least if none does."""
    good, tried = min(count, LEAST_POSTS), min(count, 2 * LEAST_POSTS)
    while tried > good and fits(tried):
        good, tried = tried, min(count, 2 * tried)
    while tried - good > 1:
        middle = (good + tried) // 2
        good, tried = (middle, tried) if fits(middle) else (good, middle)
    return good


def _last_posts(thread: Thread, count: int) -> Thread:
    """The last posts of a thread, without its preamble."""
    first, *rest = thread.posts[-count:]
    if count < len(thread.posts) and first.kind is not PostKind.ORIGINAL:
        first = replace(first, kind=PostKind.POSTED)
    return Thread((first, *rest))


def _cut(thread: Thread, surplus: int, encoder: TextEncoder) -> Thread:
    """Cut the beginning of the first post, which is the last before the bot's. Raises PromptTooLongError."""
    first, *rest = thread.posts
    words = encoder.encode_text(first.text)
    if not rest or not words:
        raise PromptTooLongError("the prompt does not fit into the context, even without anyone's words")
    kept = encoder.decode(words[surplus:]).lstrip(UNFINISHED)
    return Thread((replace(first, text=kept), *rest))


def fit_original(
    kind: OriginalKind, voice: Voice, encoder: TextEncoder, *, written: str | None
) -> FittedPrompt:
    """Encode the beginning of an unprompted post; it is always short."""
    prompt = original_prompt(kind, voice.form, voice.identity, written=written)
    return FittedPrompt(tuple(encoder.encode_prompt(prompt)), prompt.text)


def original_kind(roll: float, *, review_share: float, fiction_share: float) -> OriginalKind:
    """What an unprompted post becomes, by a uniform roll: a review, a piece of fiction, or plain."""
    if roll < review_share:
        return "review"
    return "fiction" if roll < review_share + fiction_share else "plain"
