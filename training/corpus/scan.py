"""The first stage: posts are read, munged and filtered, a chunk of them at a time, in any process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from munging.thread import Identity, PostKind, Thread
from training.corpus.documents import (
    Document,
    Voice,
    document_of,
    image_texts_in,
    kind_of,
    own_words,
    text_document,
    thread_of,
    words_in,
)
from training.corpus.filters import Filter
from training.corpus.names import Replacer
from training.corpus.parts import SCANNED, write_part
from training.corpus.post import RawPost, Reference
from training.corpus.reading import UNREADABLE, read_post
from training.corpus.similarity import signature
from training.errors import UsageError
from training.settings import CorpusConfig


@dataclass(frozen=True)
class Rules:
    """All that decides what becomes of a post; travels to the workers."""

    voice: Voice
    filter: Filter


@dataclass(frozen=True)
class Chunk:
    """Posts for one call, and the part that they are written to."""

    references: tuple[Reference, ...]
    rules: Rules
    path: str


def scan_chunk(chunk: Chunk) -> int:
    """Scan a chunk unless its part is there; returns the number of posts."""
    path = Path(chunk.path)
    if not path.is_file():
        write_part(path, [scan_post(reference, chunk.rules) for reference in chunk.references], SCANNED)
    return len(chunk.references)


def scan_post(reference: Reference, rules: Rules) -> dict[str, Any]:
    post = read_post(reference, rules.voice.identity)
    reason = rules.filter.before_munging(post)
    if reason is not None:
        return _row(post, reason=reason)
    if post.text is not None:
        given = text_document(post, rules.voice)
        return _row(post, given, kind="text", own=given.target, roots=_given_roots(post, given))
    try:
        return _munged(post, rules)
    except RecursionError:  # HTML nested so deep that no reader gets through
        return _row(post, reason=UNREADABLE)


def _munged(post: RawPost, rules: Rules) -> dict[str, Any]:
    thread = thread_of(post, rules.voice)
    reason = rules.filter.of_thread(post, thread)
    if reason is not None:
        return _row(post, reason=reason)
    document = document_of(post, thread, rules.voice)
    kind = _kind(thread, rules.voice.fiction_tags)
    return _row(post, document, kind=kind, own=own_words(thread), roots=_roots(post, thread))


def _kind(thread: Thread, fiction_tags: frozenset[str]) -> str:
    if thread.is_original:
        return kind_of(thread, fiction_tags)
    return "ask" if thread.posts[0].kind is PostKind.ASKED and len(thread.posts) == 2 else "chain"


def _row(
    post: RawPost,
    document: Document | None = None,
    *,
    reason: str = "",
    kind: str = "",
    own: str = "",
    roots: Sequence[str] = (),
) -> dict[str, Any]:
    reference, facts = post.reference, post.payload
    text = document.text if document else ""
    return {
        "key": reference.key,
        "blog": str(facts.get("blog_name") or reference.blog),
        "post_id": str(facts.get("id") or reference.post_id),
        "origin": post.origin,
        "visibility": post.visibility,
        "kind": kind,
        "time": _time(facts),
        "reason": reason,
        "warning": post.warning,
        "group": str(facts.get("group") or ""),
        "roots": list(roots),
        "split": str(facts.get("split") or ""),
        "prompt": document.prompt if document else "",
        "target": document.target if document else "",
        "own": own,
        "exact": _digest(" ".join(words_in(own)) + "\0" + _context(document, own)) if text else "",
        "signature": signature(own) if text else b"",
    }


def _context(document: Document | None, own: str) -> str:
    """What tells apart two short answers of the same words: everything before them but the time."""
    if document is None or len(words_in(own)) == 0:
        return document.text if document else ""
    lines = document.prompt.splitlines()
    return "\n".join(lines[:-1] if lines else lines)


def _roots(post: RawPost, thread: Thread) -> list[str]:
    """What names the thread that a post belongs to: ids of root and post, and how the thread begins."""
    facts, roots = post.payload, []
    root = str(facts.get("reblogged_root_id") or _first_in_trail(facts))
    if root.isdigit():
        roots.append(f"post:{root}")
    own = str(facts.get("id") or "")
    if own.isdigit():
        roots.append(f"post:{own}")
    first = thread.posts[0]
    beginning = " ".join(words_in(first.text))
    if (beginning and len(thread.posts) > 1) or (thread.is_original and beginning):
        roots.append(f"text:{_digest(beginning)}")
    return roots or [f"key:{post.reference.key}"]


def _first_in_trail(facts: Mapping[str, object]) -> str:
    trail = facts.get("trail")
    first = trail[0] if isinstance(trail, list) and trail else None
    post = first.get("post") if isinstance(first, dict) else None
    return str(post.get("id") or "") if isinstance(post, dict) else ""


def _given_roots(post: RawPost, document: Document) -> list[str]:
    group = post.payload.get("group")
    return [f"group:{group}"] if group else [f"text:{_digest(' '.join(words_in(document.text)))}"]


def _time(facts: Mapping[str, object]) -> int:
    timestamp = facts.get("timestamp")
    return timestamp if isinstance(timestamp, int) and not isinstance(timestamp, bool) else 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def corpus_rules(
    blog: BlogConfig, generator: GeneratorConfig, settings: CorpusConfig, image_texts: Path | None = None
) -> Rules:
    """The rules as configured: the authors' words are the persona's.

    ``image_texts``: a file of texts in images. Raises UsageError when it cannot be read.
    """
    authors = settings.authors or (blog.blog_name,)
    texts = "" if image_texts is None else str(image_texts.resolve())
    try:
        image_texts_in(texts)
    except (OSError, ValueError) as error:
        raise UsageError(f"{image_texts}: {getattr(error, 'strerror', None) or error}") from None
    voice = Voice(
        format_name=generator.format.based_on,
        format_changes=json.dumps(generator.format.changes(), sort_keys=True),
        identity=Identity(authors[0], blog.persona),
        timezone=blog.timezone,
        replacer=Replacer(settings.name_replacements),
        fiction_tags=frozenset(tag.lower() for tag in settings.fiction_tags),
        image_texts=texts,
    )
    return Rules(voice, Filter(settings, frozenset(author.lower() for author in authors)))
