"""The families of networks that can be served, and what of a checkpoint's configuration is refused by name.

What the engine would leave out or compute otherwise than transformers is refused, before weights are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig

from autoresponder.errors import ModelCorruptError, ModelError
from autoresponder.model.weights import COPY_AGAIN

FAMILIES: Mapping[str, str] = {
    "gpt2": "GPT-2",
    "gpt_neo": "GPT-Neo",
    "gptj": "GPT-J",
    "llama": "Llama 1 to 3, SmolLM 2 and their like",
    "mistral": "Mistral",
    "qwen2": "Qwen 2 and 2.5",
    "qwen3": "Qwen 3",
    "gemma3_text": "Gemma 3, text alone",
}
"""``model_type`` in config.json, and who is meant; dense networks, each tested against transformers."""

ROTARY = ("default", "linear", "dynamic", "yarn", "llama3", "longrope")
NUMBERS = ("vocab_size", "max_position_embeddings", "n_positions", "num_hidden_layers", "n_layer", "n_embd")
UNSET = (
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "use_bidirectional_attention",
    "add_cross_attention",
    "reorder_and_upcast_attn",
)
"""Settings that change what is computed, and that no supported checkpoint has on."""
CONVERT = "convert the checkpoint, or use another"


def check_config_file(folder: Path) -> None:
    """Look into config.json before transformers does. Raises ModelError and its kinds."""
    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError) as error:
        raise ModelCorruptError(f"{path} cannot be loaded ({error})", COPY_AGAIN) from None
    kind = content.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ModelError(f"{folder} holds a {kind} model", f"a checkpoint of {known} is needed")
    for name in NUMBERS:
        value = content.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ModelCorruptError(f"{path} cannot be loaded: {name} is {value!r}, no number", COPY_AGAIN)
    if content.get("quantization_config"):
        hint = "use the checkpoint it was made from; generator.dtype int8 quantises when it is loaded"
        raise ModelError(f"{folder} holds quantised weights, which are not read", hint)
    if (folder / "adapter_config.json").is_file():
        raise ModelError(f"{folder} holds an adapter, which is not read", "merge it into the weights first")


def check_config(config: PretrainedConfig, folder: Path) -> None:
    """Refuse what the engine does not compute. Raises ModelError with the setting's name."""
    for refuses in (_unknown_rotary, _other_attention):
        reason = refuses(config)
        if reason:
            raise ModelError(f"the model in {folder} {reason}, which is not supported", CONVERT)


def _unknown_rotary(config: Any) -> str | None:
    for rotary in _rotaries(config):
        kind = rotary.get("rope_type", "default")
        if kind not in ROTARY:
            return f"has the rotary scaling {kind!r}"
        if rotary.get("partial_rotary_factor", 1) != 1:
            return "turns a part of each head only (partial_rotary_factor)"
    return None


def _other_attention(config: Any) -> str | None:
    return next((f"has {name} set" for name in UNSET if getattr(config, name, None)), None)


def _rotaries(config: Any) -> list[dict[str, Any]]:
    """The rotary settings, of which a network may have one for each kind of block."""
    rotary = getattr(config, "rope_parameters", None) or {}
    nested = [value for value in rotary.values() if isinstance(value, dict)]
    return nested if nested else [rotary]


def longest_row(config: Any) -> int:
    """The longest row that is computed rightly, in tokens.

    "longrope" takes other frequencies for all positions as soon as a row is longer than the original length,
    so what was computed before would have to be computed anew; there rows end at that length.
    """
    longest = int(config.max_position_embeddings)
    originals = [
        int(rotary["original_max_position_embeddings"])
        for rotary in _rotaries(config)
        if rotary.get("rope_type") == "longrope" and rotary.get("original_max_position_embeddings")
    ]
    return min([longest, *originals])
