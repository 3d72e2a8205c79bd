"""The third stage: documents as token ids, and the packed stream that the trainer reads.

A document stands between end tokens. Of each token is kept whether it is learned: the end token after a
document always is, what was given to the model is not. The stream is cut into blocks of one length; the
trainer may cut it elsewhere. An end token separates documents and nothing else, for no text becomes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from datasets import Features, List, Value
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from autoresponder.model.encoding import TextEncoder
from training.corpus.parts import read_parts, write_part
from training.errors import UsageError
from training.files import digest_of, sha256_of

ENCODED = Features(
    {"split": Value("string"), "input_ids": List(Value("int32")), "learned_from": Value("int32")}
)
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")

LossOn = Literal["own", "all"]


@dataclass(frozen=True)
class Encoded:
    """A document's ids without end tokens, and the place of the first that is learned."""

    ids: Sequence[int]
    learned_from: int


@dataclass(frozen=True)
class TokenChunk:
    """A part of documents for one call, and the part of ids that they are written to."""

    documents: str
    tokenizer: str
    loss_on: LossOn
    path: str


def tokenizer_digest(folder: Path) -> str:
    """What decides the ids of a tokenizer: the bytes of its files, whatever was done with it in memory."""
    files = [folder / name for name in _TOKENIZER_FILES if (folder / name).is_file()]
    if not files:
        raise UsageError(f"{folder} has no tokenizer.json; name a model folder with --tokenizer")
    return digest_of([(path.name, sha256_of(path)) for path in files])


@lru_cache(maxsize=2)
def load_encoder(folder: str) -> TextEncoder:
    """The tokenizer of a folder, with which no text becomes a control token."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"the tokenizer in {folder} cannot be read: {reason}") from None
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise UsageError(f"the tokenizer in {folder} has no tokenizer.json form")
    return TextEncoder(tokenizer)


def encode_chunk(chunk: TokenChunk) -> int:
    """Encode a part of documents unless that is done; returns the number of tokens."""
    path = Path(chunk.path)
    if not path.is_file():
        encoder = load_encoder(chunk.tokenizer)
        rows = [
            {"split": row["split"], **vars_of(encode(row["prompt"], row["target"], encoder, chunk.loss_on))}
            for row in read_parts([Path(chunk.documents)], ["split", "prompt", "target"])
        ]
        write_part(path, rows, ENCODED)
    return sum(len(row["input_ids"]) for row in read_parts([path], ["input_ids"]))


def vars_of(encoded: Encoded) -> Mapping[str, Any]:
    """The columns of an encoded document."""
    return {"input_ids": list(encoded.ids), "learned_from": encoded.learned_from}


def encode(prompt: str, target: str, encoder: TextEncoder, loss_on: LossOn) -> Encoded:
    """Encode a document in one go; a token on the border of prompt and target counts as target."""
    whole = encoder.tokenizer(
        prompt + target,
        add_special_tokens=False,
        split_special_tokens=True,
        return_offsets_mapping=True,
        verbose=False,
    )
    ids, offsets = whole["input_ids"], whole["offset_mapping"]
    if loss_on == "all" or not prompt:
        return Encoded(ids, 0)
    border = next((place for place, (_, end) in enumerate(offsets) if end > len(prompt)), len(ids))
    return Encoded(ids, border)


def with_ends(encoded: Encoded, end: int) -> tuple[list[int], list[bool]]:
    """A document between end tokens, and which tokens are learned: its own, and the end after it.

    The first token never is: in a stream it would be guessed from the end of somebody else's thread.
    """
    ids = [end, *encoded.ids, end]
    first = max(1, encoded.learned_from)
    learned = [place > first for place in range(len(ids))]
    learned[-1] = True
    return ids, learned


def stream(rows: Iterable[Mapping[str, Any]], end: int) -> Iterator[tuple[int, bool]]:
    """All tokens of all documents, one end token between two, each with whether it is learned."""
    yield end, False
    for row in rows:
        ids, learned = with_ends(Encoded(row["input_ids"], row["learned_from"]), end)
        yield from zip(ids[1:], learned[1:], strict=True)


def blocks(tokens: Iterable[tuple[int, bool]], length: int) -> Iterator[dict[str, Any]]:
    """Cut a stream into rows of ``length`` tokens; the last may be shorter."""
    ids: list[int] = []
    learned: list[bool] = []
    for token, is_learned in tokens:
        ids.append(token)
        learned.append(is_learned)
        if len(ids) == length:
            yield {"input_ids": ids, "trained": learned}
            ids, learned = [], []
    if ids:
        yield {"input_ids": ids, "trained": learned}
