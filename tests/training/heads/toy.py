"""A generator of a few thousand weights, rows that a head can learn, and a configuration."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils.logging import disable_progress_bar

from training.noted import NotedPost, write_noted
from training.tokenizer import train_tokenizer

WORDS = ["rain", "cats", "soup", "trains", "river", "lamp", "boat", "heron", "reed", "fog"]
DAY = 86400.0
NOW = 1_796_107_200.0
"""The time in tests: texts say hour and month, so what a head learns in a few epochs depends on them."""


def make_model(folder: Path, seed: int = 3) -> Path:
    """An untrained generator of four layers, whose streams still tell words apart."""
    texts = [f"#1 bob asked:\n\n {word} #2 Frank responded: love hate {word}" for word in WORDS]
    tokenizer = train_tokenizer(texts * 3, 320)
    torch.manual_seed(seed)
    disable_progress_bar()  # type: ignore[no-untyped-call]  # commands' standard error is looked at
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=4, n_head=2, n_positions=96,
        bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id, initializer_range=0.3,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def rows_file(path: Path, count: int = 200, *, sentiment: bool = False, turned: bool = False) -> Path:
    """Texts that are liked when they say love; turned: when they say hate."""
    rng = random.Random(1)
    lines = []
    for number in range(count):
        liked = rng.random() < 0.5
        said = "love" if liked != turned else "hate"
        text = f" I {said} {rng.choice(WORDS)} and {rng.choice(WORDS)}"
        target = (3.0 if liked else -3.0) if sentiment else float(liked)
        kind = ("responses", "originals")[number % 2]
        lines.append(
            {"text": text, "target": target, "group": f"g{number}", "text_type": kind, "time": number * DAY}
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def noted_posts(now: float, days: int = 80, a_day: int = 12) -> list[NotedPost]:
    """Answers and originals of so many days, liked when they say love."""
    rng = random.Random(2)
    posts = []
    for number in range(days * a_day):
        likes = rng.random() < 0.5
        words = f"I {'love' if likes else 'hate'} {rng.choice(WORDS)} and {rng.choice(WORDS)}"
        is_ask = number % 2 == 0
        thread = f"友bob要\n{rng.choice(WORDS)}?\n域{words}" if is_ask else f"翰{words}"
        posts.append(
            NotedPost(
                id=str(1000 + number),
                time=now - days * DAY + number * DAY / a_day,
                kind="ask" if is_ask else "original",
                thread=thread,
                tags=("a tag", "bob"),
                notes=rng.randrange(10, 20) if likes else rng.randrange(0, 5),
            )
        )
    return posts


def write_notes(folder: Path, posts: Sequence[NotedPost]) -> Path:
    """A folder as ``notes`` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_noted(folder, posts)
    return folder


def configuration(folder: Path, **training: object) -> Path:
    """A configuration file with a switchboard that nobody runs."""
    path = folder / "config.json"
    settings = {
        "blog": {"blog_name": "frank"},
        "switchboard": {"url": "http://127.0.0.1:9"},
        "training": training,
    }
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path
