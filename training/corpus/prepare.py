"""Preparing a corpus: list, scan, choose, write; then tokens. Each stage goes on where it was stopped."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from rich.console import Console

from training.corpus.choose import Choice, choose
from training.corpus.documents import DOCUMENT_VERSION, image_texts_in
from training.corpus.parts import DOCUMENTS, TOKENS, PartWriter, read_parts
from training.corpus.pool import Pool
from training.corpus.post import Reference
from training.corpus.scan import Chunk, Rules, scan_chunk
from training.corpus.sources import Listing, list_sources
from training.corpus.store import VERSION, Corpus, open_corpus, save_manifest, table_of
from training.corpus.tokens import (
    ENCODED,
    LossOn,
    TokenChunk,
    blocks,
    encode_chunk,
    load_encoder,
    stream,
    tokenizer_digest,
)
from training.errors import NotEnoughDataError
from training.files import MANIFEST, digest_of
from training.progress import Progress

IN_CHUNK = 500
ROWS_IN_PART = 20_000
SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Sources:
    """What the operator names, and how much may be wrong with it."""

    paths: tuple[Path, ...]
    keep_deleted: bool = False
    allow_partial: bool = False


@dataclass(frozen=True)
class Packing:
    """How token streams are made: the tokenizer's folder, the block's length, what is learned, the order."""

    tokenizer: Path
    block: int
    loss_on: LossOn
    seed: int

    @property
    def key(self) -> str:
        """What identifies the streams that come out, beside the documents."""
        facts = [tokenizer_digest(self.tokenizer), self.block, self.loss_on, self.seed, DOCUMENT_VERSION]
        return digest_of(facts)[:16]


def prepare_documents(
    sources: Sources, rules: Rules, out: Path, pool: Pool, console: Console
) -> tuple[Corpus, dict[str, object]]:
    """Make the documents of a corpus, and the report. Raises NotEnoughDataError when none is left."""
    began = time.monotonic()
    listing = list_sources(
        sources.paths, keep_deleted=sources.keep_deleted, allow_partial=sources.allow_partial
    )
    key = digest_of([VERSION, DOCUMENT_VERSION, _facts(rules), _identities(listing.references)])[:16]
    work = out / f".work-{key}"
    parts = _scan(listing.references, rules, work, pool, console)
    choice = choose(parts, rules.filter.settings, work / "cache", console)
    _add_listing(choice, listing)
    kept = sum(1 for split in choice.splits if split)
    report = _report(listing, choice, kept) | {"key": key}
    if not kept:
        why = ", ".join(f"{reason} {count}" for reason, count in choice.dropped.most_common())
        raise NotEnoughDataError(f"of {listing.read} posts none is left: {why}")
    corpus = _write(out, key, parts, choice)
    report["lengths"] = _lengths(corpus)
    report["seconds"] = round(time.monotonic() - began, 1)
    for leftover in out.glob(".work-*"):
        shutil.rmtree(leftover)
    return corpus, report


def prepare_tokens(
    corpus: Corpus, packing: Packing, pool: Pool, console: Console
) -> tuple[str, dict[str, int]]:
    """Make the corpus's token streams for a tokenizer, unless it has them; their key, and tokens by split."""
    key = packing.key
    if corpus.tokens(key, "train") is None:
        _pack(corpus, packing, pool, console)
    made = open_corpus(corpus.folder).manifest["tokens"][key]
    return key, {split: made[split]["tokens"] for split in SPLITS}


def _scan(
    references: Sequence[Reference], rules: Rules, work: Path, pool: Pool, console: Console
) -> list[Path]:
    starts = range(0, len(references), IN_CHUNK)
    paths = [work / f"scanned-{number:06}.parquet" for number in range(len(starts))]

    def chunks() -> Iterator[Chunk]:
        for start, path in zip(starts, paths, strict=True):
            yield Chunk(tuple(references[start : start + IN_CHUNK]), rules, str(path))

    with Progress("reading posts", len(references), console) as progress:
        for count in pool.map(scan_chunk, chunks()):
            progress.advance(count)
    return paths


def _write(out: Path, key: str, parts: Sequence[Path], choice: Choice) -> Corpus:
    target, new = out / f"documents-{key}", out / f".documents-{key}.new"
    shutil.rmtree(new, ignore_errors=True)
    writer = PartWriter(new, DOCUMENTS, ROWS_IN_PART)
    for index, row in enumerate(read_parts(parts)):
        if choice.splits[index]:
            own = {name: row[name] for name in DOCUMENTS if name not in ("group", "split")}
            writer.add(own | {"group": choice.groups[index], "split": choice.splits[index]})
    writer.close()
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)
    documents = [target / path.name for path in writer.parts]
    tokens = {}
    if (out / MANIFEST).is_file() and (known := open_corpus(out)).digest == key:
        tokens = known.manifest["tokens"]  # the same documents again: what was made of them stays
    save_manifest(out, key, table_of(out, documents, writer.rows), tokens)
    return open_corpus(out)


def _pack(corpus: Corpus, packing: Packing, pool: Pool, console: Console) -> None:
    key = packing.key
    work = corpus.folder / f".work-tokens-{key}-{corpus.digest}"
    encoded = [work / path.name for path in corpus.documents]
    chunks = (
        TokenChunk(str(documents), str(packing.tokenizer), packing.loss_on, str(path))
        for documents, path in zip(corpus.documents, encoded, strict=True)
    )
    with Progress("tokenising", len(encoded), console) as progress:
        for _ in pool.map(encode_chunk, chunks):
            progress.advance(1)
    rows = Dataset.from_parquet(
        [str(path) for path in encoded], features=ENCODED, cache_dir=str(work / "cache")
    )
    splits = np.array(rows.with_format("numpy").select_columns(["split"])[:]["split"])
    end = load_encoder(str(packing.tokenizer)).eot
    tables: dict[str, Any] = {}
    target, new = corpus.folder / f"tokens-{key}-{corpus.digest}", work / "packed"
    shutil.rmtree(new, ignore_errors=True)
    for split in SPLITS:
        chosen = np.flatnonzero(splits == split)
        chosen = np.random.default_rng(packing.seed).permutation(chosen)
        writer = PartWriter(new / split, TOKENS, max(1, ROWS_IN_PART * 64 // packing.block))
        total = 0
        for block in blocks(stream((rows[int(index)] for index in chosen), end), packing.block):
            total += len(block["input_ids"])
            writer.add(block)
        writer.close()
        tables[split] = (writer, total)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)
    made = {
        split: table_of(corpus.folder, [target / split / path.name for path in writer.parts], writer.rows)
        | {"tokens": total, "block": packing.block, "tokenizer": tokenizer_digest(packing.tokenizer)}
        for split, (writer, total) in tables.items()
    }
    known = corpus.manifest["tokens"] | {key: made}
    save_manifest(corpus.folder, corpus.digest, corpus.manifest["documents"], known)
    shutil.rmtree(work)


def _facts(rules: Rules) -> object:
    """Everything in the rules that decides what comes out, as plain values."""
    voice = rules.voice
    return [
        rules.filter.settings.model_dump(mode="json"),
        sorted(rules.filter.authors),
        [voice.format_name, voice.format_changes],
        asdict(voice.identity),
        voice.timezone,
        sorted(image_texts_in(voice.image_texts).items()),
    ]


def _identities(references: Sequence[Reference]) -> list[tuple[object, ...]]:
    """Each post with the state of its file, so that a changed file is read again."""
    states: dict[str, tuple[int, int]] = {}
    found: list[tuple[object, ...]] = []
    for reference in references:
        if reference.path not in states:
            state = Path(reference.path).stat()
            states[reference.path] = (state.st_size, state.st_mtime_ns)
        found.append((reference.path, reference.offset, *states[reference.path]))
    return found


def _add_listing(choice: Choice, listing: Listing) -> None:
    for reason, count in (("duplicate", listing.older_copies), ("deleted", listing.deleted)):
        if count:
            choice.dropped[reason] += count


def _report(listing: Listing, choice: Choice, kept: int) -> dict[str, object]:
    splits = Counter(split for split in choice.splits if split)
    return {
        "command": "prepare",
        "sources": list(listing.sources),
        "read": listing.read,
        "kept": kept,
        "dropped": dict(sorted(choice.dropped.items())),
        "splits": dict(splits),
        "groups": len({group for group in choice.groups if group}),
        "warnings": choice.warnings[:20],
        "warnings_count": len(choice.warnings),
        "examples_dropped": choice.examples,
    }


def _lengths(corpus: Corpus) -> dict[str, object]:
    """Characters of prompts and targets, and what kinds of documents and origins there are."""
    lengths: dict[str, list[int]] = {"prompt": [], "target": []}
    kinds: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for row in corpus.rows(["prompt", "target", "kind", "origin"]):
        for name, own in lengths.items():
            own.append(len(row[name]))
        kinds[row["kind"]] += 1
        origins[row["origin"]] += 1
    quantiles = {
        name: dict(zip(("least", "median", "p90", "most"), _quantiles(own), strict=True))
        for name, own in lengths.items()
    }
    return {"characters": quantiles, "kinds": dict(kinds), "origins": dict(origins)}


def _quantiles(values: Sequence[int]) -> list[int]:
    return [int(value) for value in np.quantile(np.asarray(values), [0, 0.5, 0.9, 1], method="lower")]
