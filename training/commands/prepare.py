"""``prepare``: a corpus from a scraped blog."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Make a corpus for the generator from what was scraped.

SOURCE is a backup's folder (of tumblr-backup, or of the older tumblr-utils; JSON, HTML or both; one blog, or
a folder of several), a file of the bot's own posts (python -m tumblr export), or a file of JSON lines: a post
as the API gives it, {"html": …}, or {"text": …, "prompt": …} that is model text already. What it is shows
from its content.

Each post becomes a document in the format of generator.format. Left out, and counted: private posts, asks not
answered in public, posts in which a blog of training.corpus.no_scrape speaks, bare reblogs, posts that are
too short or mostly others' words, copies and near copies (the oldest own post stays), posts deleted since.
Threads are never split between training and validation. Tokens are made for the tokenizer of --tokenizer.

The run can be stopped at any moment; the same command goes on with it. With --scheduler the work is done by
the workers of a Dask cluster, which must see SOURCE and --out under the same paths.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help="what was scraped")
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        help="model folder whose tokenizer is used (default: generator.model, if it is a folder; else none)",
    )
    parser.add_argument("--block", type=int, default=1024, help="tokens in a packed block (default: 1024)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, as tcp://host:8786")
    parser.add_argument(
        "--allow-partial", action="store_true", help="use a backup that is not whole, or limited on purpose"
    )
    parser.add_argument(
        "--image-texts",
        type=Path,
        metavar="FILE",
        help="texts in images, as python -m images texts prints them (default: images have no texts)",
    )
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N finished samples first")
    parser.add_argument("--seed", type=int, default=2021, help="order of the documents (default: 2021)")


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from rich.console import Console

    from training.corpus.pool import make_pool
    from training.corpus.prepare import Packing, Sources, prepare_documents, prepare_tokens
    from training.corpus.scan import corpus_rules
    from training.corpus.store import samples
    from training.files import locked, write_json

    console = Console(stderr=True)
    out: Path = arguments.out
    pool = make_pool(arguments.workers, arguments.scheduler)
    settings = sections.training.corpus
    sources = Sources(tuple(arguments.sources), settings.deleted == "keep", arguments.allow_partial)
    with locked(out, "prepare"):
        corpus, report = prepare_documents(
            sources,
            corpus_rules(sections.blog, sections.generator, settings, arguments.image_texts),
            out,
            pool,
            console,
        )
        tokenizer = _tokenizer(arguments.tokenizer, sections.generator.model)
        if tokenizer is not None:
            packing = Packing(tokenizer, arguments.block, settings.loss_on, arguments.seed)
            key, tokens = prepare_tokens(corpus, packing, pool, console)
            report["tokens"] = {"key": key, "tokenizer": str(tokenizer), **tokens}
        report["settings"] = settings.model_dump(mode="json")
        report["seed"] = arguments.seed
        write_json(out / "report.json", report)
        for sample in samples(corpus, arguments.show, arguments.seed):
            sys.stdout.write(sample + "\n\n")
    return Outcome(report)


def _tokenizer(named: Path | None, model: str) -> Path | None:
    if named is not None:
        return named
    folder = Path(model)
    return folder if (folder / "tokenizer.json").is_file() else None


COMMAND = Command("prepare", "a corpus from a scraped blog", ABOUT, _add_arguments, _run, place=10)
