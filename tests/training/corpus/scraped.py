"""Backups as the tools write them, small."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from bot_config import Config
from bot_settings.blog import BlogConfig
from training.corpus.pool import Here, Pool
from training.corpus.prepare import Sources, prepare_documents
from training.corpus.scan import corpus_rules
from training.corpus.store import Corpus
from training.settings import CorpusConfig, TrainingConfig

QUIET = Console(quiet=True)
LONG = "the heron stood in the reeds for an hour and I stood on the bridge and we did not discuss it"


def config(persona: str = "Frank", **corpus: Any) -> Config:
    return Config(
        blog=BlogConfig(blog_name="frank", persona=persona),
        training=TrainingConfig(corpus=CorpusConfig(**corpus)),
    )


def post(number: int, said: str = LONG, **fields: Any) -> dict[str, Any]:
    body = {} if "answer" in fields else {"body": f"<p>{said}</p>"}
    return {
        "id": number,
        "id_string": str(number),
        "type": "text",
        "state": "published",
        "blog_name": "frank",
        "timestamp": 1_600_000_000 + number,
        "tags": [],
        **body,
        **fields,
    }


def item(blog: str, content: str, post_id: str | None = None, **fields: Any) -> dict[str, Any]:
    named = {"blog": {"name": blog}} if blog else {}
    return {**named, "content_raw": f"<p>{content}</p>", "post": {"id": post_id}, **fields}


def page(
    kind: str, number: int, content: str, *, heading: str = "", footer: str = "", notes: str = ""
) -> str:
    """A post's page as the tools write it, attributes without quotes."""
    h2 = f"<h2>{heading}</h2>\n" if heading else ""
    return (
        "<!DOCTYPE html>\n<meta charset=utf-8>\n<title>a blog</title>\n"
        f"<article class={kind} id=p-{number}>\n<header>\n"
        f"<p><time datetime=2020-09-13T12:26:{number % 60:02}Z>09/13/20 12:26:40</time>\n"
        f"<a class=llink href=../posts/{number}.html>¶</a>\n<a href=https://tmblr.co/x>●</a>\n"
        "<a href=https://a.tumblr.com/post/1>⬀</a>\n<a href=https://b.tumblr.com/post/1>⬈</a>\n</header>\n"
        f"{h2}{content}\n<footer>{footer} — 12 notes {notes}</footer>\n</article>\n"
    )


def backup(folder: Path, posts: Mapping[int, Mapping[str, Any] | str], **pages: str) -> Path:
    """A folder with ``json/ID.json``, and pages by id (``p1=...``)."""
    for number, content in posts.items():
        path = folder / "json" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    for name, html in pages.items():
        path = folder / "posts" / f"{name.removeprefix('p')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    return folder


def prepare(
    out: Path,
    *paths: Path,
    settings: Config | None = None,
    pool: Pool | None = None,
    keep_deleted: bool = False,
    allow_partial: bool = False,
    image_texts: Path | None = None,
) -> tuple[Corpus, dict[str, Any]]:
    """Prepare the documents of some sources, without tokens."""
    whole = settings or config()
    rules = corpus_rules(whole.blog, whole.generator, whole.training.corpus, image_texts)
    sources = Sources(paths, keep_deleted, allow_partial)
    corpus, report = prepare_documents(sources, rules, out, pool or Here(), QUIET)
    return corpus, dict(report)


def documents(corpus: Corpus) -> dict[str, str]:
    """The text of each document by the post's id."""
    return {row["post_id"]: row["prompt"] + row["target"] for row in corpus.rows()}


def targets(corpus: Corpus) -> dict[str, str]:
    """What is learned of each document by the post's id."""
    return {row["post_id"]: row["target"] for row in corpus.rows()}
