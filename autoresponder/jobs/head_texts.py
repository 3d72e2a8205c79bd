"""What the heads get to read of a candidate, or of a text somebody asks about.

The selector reads the thread with the candidate in it, as the model would have read it, or only its end;
the reviewer the same, or a little more of it; the sentiment head reads the candidate's words alone.
"""

from __future__ import annotations

import re
from dataclasses import replace

from autoresponder.jobs.prompts import AnswerPrompt, Voice
from munging.classic import from_classic
from munging.control import BOT, NAME, ORIGINAL, bare
from munging.prompts.continuation import Continuation
from munging.prompts.formats import normalize, render
from munging.thread import Thread

_HTML_TAG = re.compile(r"<[^>]*?>")
_MARKS = re.compile(bare(f"[{NAME}{BOT}{ORIGINAL}]"))


def sentiment_text(body: str) -> str:
    """Words alone: normalised, without HTML tags; no prompt, no tags, no time."""
    return _HTML_TAG.sub("", normalize(body))


def answer_selector_text(
    prompt: AnswerPrompt, raw: str, written: Continuation, voice: Voice, *, cut_to_final_exchange: bool
) -> str:
    """The thread with the candidate as the bot's turn, its tags and the time in the turn's first line.

    ``raw`` is the model's text; it is used where the prompt is model text already. In a format of separate
    prompts the selector reads what was said since the bot's turn before.
    """
    thread = _answered(prompt, written)
    if thread is None:
        return normalize(prompt.text + raw)
    if voice.form.separate_prompts:
        thread = thread.since_bot_spoke(keep=False)
    elif cut_to_final_exchange:
        thread = thread.final_exchange()
    return render(thread, voice.form, voice.identity, written=prompt.present).text


def answer_reviewer_text(prompt: AnswerPrompt, selector: str, written: Continuation, voice: Voice) -> str:
    """What the reviewer reads: what the selector does, and in a format of separate prompts a turn more."""
    thread = _answered(prompt, written)
    if thread is None or not voice.form.separate_prompts:
        return selector
    thread = thread.since_bot_spoke(keep=True)
    return render(thread, voice.form, voice.identity, written=prompt.present).text


def _answered(prompt: AnswerPrompt, written: Continuation) -> Thread | None:
    if prompt.thread is None:
        return None
    *others, turn = prompt.thread.posts
    # The space before the body is the format's, which prints it again.
    turn = replace(turn, text=written.body.removeprefix(" "), tags=written.tags)
    return replace(prompt.thread, posts=(*others, turn))


def textpost_selector_text(prompt: str, raw: str, voice: Voice) -> str:
    """The post as the model wrote it; reviews and fiction begin like any post."""
    text = prompt + raw
    plain = voice.form.phrase(voice.form.original, voice.identity)
    for start in (voice.form.review, voice.form.fiction):
        text = text.replace(voice.form.phrase(start, voice.identity), plain)
    return normalize(text)


def given_texts(text: str, voice: Voice, *, written: str | None) -> tuple[str, str]:
    """Selector text and sentiment text of a classic text somebody asks about.

    A text without any speaker mark is taken for an original post of the bot's.
    """
    marked = text if _MARKS.search(text) else ORIGINAL + text
    thread = from_classic(marked, voice.identity)
    selector = render(thread, voice.form, voice.identity, written=written).text
    return selector, sentiment_text(_words(thread))


def _words(thread: Thread) -> str:
    """Everything anybody says in a thread, without marks, names and tags."""
    return "\n".join(text for text in (thread.preamble, *(post.text for post in thread.posts)) if text)
