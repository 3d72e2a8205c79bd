"""From a post to a document: what the model reads, and from where on it is to learn."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from munging.control import END
from munging.payload import thread_from_payload
from munging.prompts.formats import (
    OriginalKind,
    PromptFormat,
    normalize,
    original_prompt,
    own_format,
    render,
)
from munging.prompts.times import format_time
from munging.thread import Identity, Thread
from training.corpus.names import Replacer
from training.corpus.post import RawPost

REVIEW_AUTHOR = "Author: <b>"
"""Stands in the body of every book review."""

DOCUMENT_VERSION = 1
"""Goes up whenever the same post would give another document."""


@dataclass(frozen=True)
class Voice:
    """How documents are written: the format, who the bot is, its time zone, and the words to replace.

    The format is kept as the name and the changes (JSON) that it is made from: it travels to other processes.
    """

    format_name: str
    format_changes: str
    identity: Identity
    timezone: str
    replacer: Replacer
    fiction_tags: frozenset[str]
    image_texts: str = ""
    """A file of JSON lines, an image's address and its text in each; empty: images have no texts."""

    @property
    def form(self) -> PromptFormat:
        """The prompt format."""
        return _form(self.format_name, self.format_changes)


@lru_cache(maxsize=4)
def _form(name: str, changes: str) -> PromptFormat:
    return own_format(name, json.loads(changes))


@dataclass(frozen=True)
class Document:
    """A text for the generator, without end marks. ``prompt`` is given, ``target`` is to be written."""

    prompt: str
    target: str

    @property
    def text(self) -> str:
        return self.prompt + self.target


@lru_cache(maxsize=1)
def image_texts_in(path: str) -> dict[str, str]:
    """The texts of images by address, from a file that ``python -m images texts`` wrote.

    Raises OSError, and ValueError for a file of another kind.
    """
    if not path:
        return {}
    with Path(path).open(encoding="utf-8") as lines:
        listed = (json.loads(line) for line in lines if line.strip())
        try:
            return {str(entry["url"]): str(entry["text"]) for entry in listed}
        except (KeyError, TypeError):
            raise ValueError(f"{path} is not what python -m images texts prints") from None


def thread_of(post: RawPost, voice: Voice) -> Thread:
    """The thread that a post ends; the words of the blog in the voice's identity are the persona's."""
    if post.thread is not None:
        return post.thread
    return thread_from_payload(post.payload, voice.identity, image_texts_in(voice.image_texts)).thread


def document_of(post: RawPost, thread: Thread, voice: Voice) -> Document:
    """Print a thread whose last turn is the bot's, with its real date."""
    replaced = voice.replacer.in_thread(thread)
    kind = kind_of(replaced, voice.fiction_tags)
    written = post.written or _written(post.payload, voice)
    if kind in ("fiction", "review"):
        return _special(replaced, kind, voice)
    whole = render(replaced, voice.form, voice.identity, written=written).text
    if replaced.is_original:
        prompt = original_prompt("plain", voice.form, voice.identity, written=written, tags=()).text
    else:
        prompt = render(_unwritten(replaced), voice.form, voice.identity, written=written).text
    return _split(whole, prompt)


def text_document(post: RawPost, voice: Voice) -> Document:
    """A document that was given as model text; end marks in it are dropped."""
    prompt, text = (voice.replacer.in_text(part.replace(END, "")) for part in (post.prompt, post.text or ""))
    return Document(prompt, text)


def kind_of(thread: Thread, fiction_tags: frozenset[str]) -> OriginalKind:
    """Which heading an original post has: fiction by its tags, a review by the field that reviews have."""
    if not thread.is_original:
        return "plain"
    post = thread.posts[0]
    if fiction_tags & {tag.lower() for tag in post.tags}:
        return "fiction"
    return "review" if REVIEW_AUTHOR in post.text else "plain"


def own_words(thread: Thread) -> str:
    """The bot's last turn."""
    return thread.posts[-1].text if thread.posts and thread.posts[-1].by_bot else ""


def others_words(thread: Thread) -> str:
    """What others say in the thread."""
    return "\n".join(post.text for post in thread.posts if not post.by_bot)


def _special(thread: Thread, kind: OriginalKind, voice: Voice) -> Document:
    # The headings of fiction and reviews end in the tags phrase twice: the models of 2021 learned them so.
    post = thread.posts[0]
    prompt = original_prompt(kind, voice.form, voice.identity, tags=()).text
    tags = ",".join(f" #{tag}" for tag in post.tags)
    body = normalize(f"\n{thread.preamble}{post.text}")[1:].strip("\n")
    body = body if body.startswith(" ") or not voice.form.spaced_lines else f" {body}"
    if not voice.form.tags_first:
        return Document(prompt, f"{body}{voice.form.end_tags}{tags.strip()}" if post.tags else body)
    return Document(prompt, f"{tags}\n{body}")


def _unwritten(thread: Thread) -> Thread:
    *others, turn = thread.posts
    return replace(thread, posts=(*others, replace(turn, text="", tags=())))


def _split(whole: str, prompt: str) -> Document:
    """Cut where the prompt, as it is given in serving, ends; the two agree that far in every format."""
    pairs = enumerate(zip(whole, prompt, strict=False))
    shared = next((place for place, (one, other) in pairs if one != other), min(len(whole), len(prompt)))
    return Document(whole[:shared], whole[shared:])


def _written(payload: Mapping[str, object], voice: Voice) -> str | None:
    timestamp = payload.get("timestamp")
    if not isinstance(timestamp, int) or timestamp <= 0:
        return None
    moment = datetime.fromtimestamp(timestamp, UTC).astimezone(ZoneInfo(voice.timezone))
    return format_time(moment, voice.form.time_style)


_WORD = re.compile(r"\w+")


def words_in(text: str) -> list[str]:
    """Words in lower case, as similarity compares them."""
    return _WORD.findall(re.sub(r"<[^>]*>", " ", text).lower())
