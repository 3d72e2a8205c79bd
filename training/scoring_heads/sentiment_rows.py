"""Rows for the sentiment head: from a file, or from a teacher's judgment of the corpus's texts.

A target is a logit difference, positive minus negative. Of VADER's compound score c in [-1, 1] it is the log
odds of (1 + c) / 2; of a classifier's folder the difference of its two logits.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from autoresponder.jobs.head_texts import sentiment_text
from munging.prompts.continuation import parse_continuation
from training.corpus.store import Corpus
from training.errors import UsageError
from training.scoring_heads.liked import Reading
from training.scoring_heads.rows import Row

Teacher = Callable[[Sequence[str]], list[float]]

VADER = "vader"
BATCH = 32
_MOST_SURE = 0.982  # log odds of 4
_FIRST_TOKENS = 200


def rows_by_teacher(texts: Iterable[str], teacher: Teacher) -> list[Row]:
    """A row for each different text that is not empty."""
    known = list(dict.fromkeys(text for text in texts if text.strip()))
    targets = teacher(known)
    return [
        Row(text, target, hashlib.sha256(text.encode()).hexdigest()[:16])
        for text, target in zip(known, targets, strict=True)
    ]


def corpus_texts(corpus: Corpus, reading: Reading, most: int, seed: int) -> list[str]:
    """The bot's words in documents drawn by chance, as the sentiment head reads them."""
    rng = random.Random(seed)
    chosen: list[str] = []
    for number, row in enumerate(corpus.rows(["target"])):
        body = sentiment_text(parse_continuation(row["target"], reading.form, reading.identity).body).strip()
        if not body:
            continue
        if len(chosen) < most:
            chosen.append(body)
        elif (place := rng.randrange(number + 1)) < most:
            chosen[place] = body
    return chosen


def make_teacher(name: str) -> Teacher:
    """VADER, or a transformers classifier with two classes, from a folder. Raises UsageError."""
    if name == VADER:
        return _vader()
    if not Path(name).is_dir():
        raise UsageError(f"--teacher {name} is neither {VADER} nor the folder of a classifier")
    return _classifier(Path(name))


def _vader() -> Teacher:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()

    def judge(texts: Sequence[str]) -> list[float]:
        return [_log_odds((1 + analyzer.polarity_scores(text)["compound"]) / 2) for text in texts]

    return judge


def _log_odds(share: float) -> float:
    clipped = min(max(share, 1 - _MOST_SURE), _MOST_SURE)
    return math.log(clipped / (1 - clipped))


def _classifier(folder: Path) -> Teacher:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} is no classifier: {str(error).splitlines()[0]}") from None
    if network.config.num_labels != 2:
        raise UsageError(f"{folder} has {network.config.num_labels} classes; two are needed, negative first")

    @torch.inference_mode()
    def judge(texts: Sequence[str]) -> list[float]:
        found: list[float] = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer(
                list(texts[start : start + BATCH]),
                truncation=True,
                max_length=_FIRST_TOKENS,
                padding=True,
                return_tensors="pt",
            )
            logits = network(**batch).logits
            found += (logits[:, 1] - logits[:, 0]).tolist()
        return found

    return judge
