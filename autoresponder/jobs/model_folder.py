"""A model folder, loaded: the network, its tokenizer, its heads, and what it is called.

config.json  model.safetensors  tokenizer.json  tokenizer_config.json
heads/selector.safetensors  heads/selector.json  heads/sentiment.safetensors  heads/sentiment.json
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils.logging import disable_progress_bar

from autoresponder.errors import ModelCorruptError, ModelError, ModelMissingError, TokenizerMismatchError
from autoresponder.heads.files import heads_in, load_head
from autoresponder.heads.head_2021 import GeneratorIdentity, Head, HeadName
from autoresponder.model.cpu_linear import pack_linears
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.families import check_config, check_config_file, longest_row
from autoresponder.model.fused import fuse
from autoresponder.model.identity import identity_hash
from autoresponder.model.trunk import blocks_of
from autoresponder.model.weights import COPY_AGAIN, find_model, find_tokenizer, weight_files

T = TypeVar("T")

OLD_BUFFERS = re.compile(
    r"\.(attn|attention)\.(bias|masked_bias)$|\.rotary_emb\.inv_freq$|\.embed_positions$"
)
"""Masks and tables that older versions of transformers saved among the weights."""
MOST_PADDING = 512  # rows without a token at the end of a vocabulary
ROUND_TRIP = "Hello, world! It's 3 PM on 25 May 2021:\n\n  naïve café, (日本語) and 🙂"
TOKENIZER_HINT = "use the tokenizer files that belong to this checkpoint"


@dataclass(frozen=True)
class GeneratorModel:
    """A generator ready to write, without its heads."""

    network: PreTrainedModel
    encoder: TextEncoder
    identity: GeneratorIdentity
    folder: Path

    @property
    def positions(self) -> int:
        """The longest row the network can read, in tokens."""
        return longest_row(self.network.config)


def pick_device(device: str) -> torch.device:
    """Resolve a device's name; "auto" is the GPU where there is one."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        chosen = torch.device("meta")
    if chosen.type not in ("cpu", "cuda"):
        raise ModelError(f'the engine runs on no device "{device}"', 'use "auto", "cpu", "cuda" or "cuda:N"')
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ModelError("generator.device asks for a GPU and none is usable", 'set it to "auto" or "cpu"')
    return chosen


def pick_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Resolve a number format; "auto" is float32 on a CPU, bfloat16 on a GPU.

    int8 is made from float32, on a CPU alone.
    """
    if dtype == "int8" and device.type != "cpu":
        raise ModelError("generator.dtype int8 is for CPUs", 'set it to "auto" or "bfloat16" on a GPU')
    if dtype == "auto":
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    return {
        "int8": torch.float32,
        "float32": torch.float32,
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
    }[dtype]


def load_generator(
    model: str, *, device: str = "auto", dtype: str = "auto", more_places: Sequence[str] = ()
) -> GeneratorModel:
    """Load a checkpoint of one of the known kinds from the first place that has it, ready to write.

    On a CPU its linear layers are packed, in float32 or int8: it cannot be trained or saved then.
    Raises the errors of ``autoresponder.errors``: a missing or broken file, a pickled checkpoint, a
    tokenizer that does not match.
    """
    folder = find_model(model, more_places)
    files = weight_files(folder)
    target = pick_device(device)
    format_ = pick_dtype(dtype, target)
    network = _load_network(folder, format_, target)
    encoder = _load_encoder(folder, network.config)
    _drop_padding(network, len(encoder))
    fuse(network)
    if target.type == "cpu" and format_ is torch.float32:
        pack_linears(network, "int8" if dtype == "int8" else "float32")
    identity = GeneratorIdentity(name=folder.resolve().name, sha256=identity_hash(folder, files))
    return GeneratorModel(network, encoder, identity, folder)


def load_tokenizer(model: str) -> tuple[TextEncoder, int]:
    """The tokenizer of a model that is served elsewhere, of any family, and the longest row that it reads.

    Raises the errors of ``autoresponder.errors``: a missing or broken file, a tokenizer that does not match.
    """
    folder = find_tokenizer(model)
    config: Any = _as_told(
        f"{folder} cannot be loaded", lambda: AutoConfig.from_pretrained(folder, local_files_only=True)
    )
    text: PretrainedConfig = config.get_text_config()
    return _load_encoder(folder, text), longest_row(text)


def load_heads(generator: GeneratorModel, folder: Path | None = None) -> Mapping[HeadName, Head]:
    """Load all heads onto the generator's device; by default from ``heads`` in its folder."""
    where = folder if folder is not None else generator.folder / "heads"
    if folder is not None and not folder.is_dir():
        raise ModelMissingError(
            f"there is no folder {folder}", "name the folder of the heads in generator.heads"
        )
    size = {"n_layer": len(blocks_of(generator.network)), "positions": generator.positions}
    return {
        name: load_head(where, name, generator.identity, **size).to(generator.network.device)
        for name in heads_in(where)
    }


def _load_network(folder: Path, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    disable_progress_bar()  # type: ignore[no-untyped-call]  # the log has one line for each event
    check_config_file(folder)
    config: PretrainedConfig = _as_told(
        f"{folder} cannot be loaded", lambda: AutoConfig.from_pretrained(folder, local_files_only=True)
    )
    check_config(config, folder)
    try:
        placed, report = _as_told(f"{folder} cannot be loaded", lambda: _read(folder, config, dtype, device))
    except torch.OutOfMemoryError:
        raise ModelError(
            f"{folder} does not fit into the memory of {device}",
            "use a smaller generator.dtype, or a smaller model",
        ) from None
    _check_weights(folder, report)
    placed.requires_grad_(requires_grad=False)
    placed.train(mode=False)
    return placed


def _read(
    folder: Path, config: PretrainedConfig, dtype: torch.dtype, device: torch.device
) -> tuple[PreTrainedModel, Mapping[str, Any]]:
    """Read the weights, with the attention that the engine knows whatever the configuration wishes."""
    own = config.model_type in ("gpt_neo", "gptj")
    architecture: Any = AutoModelForCausalLM
    network, report = architecture.from_pretrained(
        folder,
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation="eager" if own else "sdpa",
        output_loading_info=True,
    )
    return network.to(device), report


def _drop_padding(network: PreTrainedModel, tokens: int) -> None:
    """Let the last layer give logits for tokens alone: a row without a token is never drawn."""
    changeable: Any = network
    last = changeable.get_output_embeddings()
    if last.out_features > tokens:
        cut = torch.nn.Linear(last.in_features, tokens, bias=last.bias is not None, device="meta")
        cut.weight = torch.nn.Parameter(last.weight[:tokens], requires_grad=False)
        if last.bias is not None:
            cut.bias = torch.nn.Parameter(last.bias[:tokens], requires_grad=False)
        changeable.set_output_embeddings(cut)


def _as_told(failed: str, read: Callable[[], T]) -> T:
    """What ``read`` gives; whatever transformers makes of a strange file becomes one line."""
    try:
        return read()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - its errors for files are of many kinds, none documented
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelCorruptError(f"{failed}: {lines[0]}", COPY_AGAIN) from None


def _check_weights(folder: Path, report: Mapping[str, Any]) -> None:
    """Raise ModelCorruptError unless every weight has a place and every place a weight."""
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelCorruptError(
            f"the weights in {folder} lack {missing[0]} and {len(missing) - 1} more", COPY_AGAIN
        )
    surplus = sorted(name for name in report["unexpected_keys"] if not OLD_BUFFERS.search(name))
    if surplus:
        raise ModelCorruptError(
            f"config.json in {folder} has no place for {surplus[0]} and {len(surplus) - 1} more weights",
            "use the config.json that belongs to these weights",
        )


def _load_encoder(folder: Path, config: PretrainedConfig) -> TextEncoder:
    if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
        raise ModelMissingError(f"{folder} has no tokenizer.json", TOKENIZER_HINT)
    tokenizer = _as_told(
        f"the tokenizer in {folder} cannot be read",
        lambda: AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True),
    )
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(f"the tokenizer in {folder} has no tokenizer.json form", TOKENIZER_HINT)
    encoder = TextEncoder(tokenizer)
    _check_match(encoder, config, folder)
    return encoder


def _check_match(encoder: TextEncoder, config: PretrainedConfig, folder: Path) -> None:
    padding = config.vocab_size - len(encoder)
    if padding and (not 0 < padding < MOST_PADDING or config.vocab_size % 64):
        raise TokenizerMismatchError(
            f"the tokenizer in {folder} knows {len(encoder)} tokens, the network {config.vocab_size}",
            TOKENIZER_HINT,
        )
    if encoder.decode(encoder.encode_text(ROUND_TRIP)) != ROUND_TRIP:
        raise TokenizerMismatchError(
            f"the tokenizer in {folder} does not give back a text it has read", TOKENIZER_HINT
        )
    ends = config.eos_token_id  # one, or as many as a checkpoint for conversation has
    if ends is not None and encoder.eot not in (ends if isinstance(ends, list) else [ends]):
        raise TokenizerMismatchError(
            f"the end token in {folder} is {encoder.eot} for the tokenizer, "
            f"{config.eos_token_id} for the network",
            TOKENIZER_HINT,
        )
