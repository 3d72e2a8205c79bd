"""What each GGUF architecture is called in a checkpoint, and what its converter changed.

The converter of llama.cpp reorders the rows of queries and keys for ``llama`` alone (its rotary embedding
turns neighbouring pairs there), adds 1 to the norm weights of ``gemma3``, and turns GPT-2's matrices round.
All of that is undone here; an architecture that is not in the table is refused, because what would have to
be undone for it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.gguf_import.header import GgufError, GgufHeader

Settings = dict[str, Any]
"""Entries of a checkpoint's config.json."""

LLAMA_3_LOW, LLAMA_3_HIGH, LLAMA_3_ORIGINAL = 1.0, 4.0, 8192
"""What every published Llama 3 has; the file's tensor of factors must come out of them."""


@dataclass(frozen=True)
class Architecture:
    """How a file of one architecture is read.

    ``names`` maps a tensor's name in the file to that in a checkpoint, ``{}`` standing for a block's number.
    """

    settings: Callable[[GgufHeader, str], Settings]
    names: Mapping[str, str]
    permuted: frozenset[str] = frozenset()
    """Endings of tensors whose rows the converter reordered."""
    transposed: frozenset[str] = frozenset()
    """Endings of tensors that a checkpoint has the other way round."""
    norms_plus_one: bool = False
    """Whether norm weights hold 1 more than in a checkpoint."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Tensors that are no weights, with the configuration's word for what they hold."""


def _common(header: GgufHeader, name: str) -> Settings:
    """Settings that all Llama-like architectures share."""
    width = header.whole(f"{name}.embedding_length")
    heads = header.whole(f"{name}.attention.head_count")
    size = header.whole(f"{name}.attention.key_length", max(1, width // heads))
    if header.whole(f"{name}.attention.value_length", size) != size:
        raise GgufError("keys and values of different widths, which no supported architecture has")
    if header.whole(f"{name}.rope.dimension_count", size) != size:
        raise GgufError("a rotary embedding of a part of each head, which no supported architecture has")
    if header.metadata.get(f"{name}.expert_count"):
        raise GgufError("a mixture of experts; only dense networks are supported")
    return {
        "vocab_size": _vocabulary(header),
        "hidden_size": width,
        "intermediate_size": header.whole(f"{name}.feed_forward_length"),
        "num_hidden_layers": header.whole(f"{name}.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": header.whole(f"{name}.attention.head_count_kv", heads),
        "head_dim": size,
        "max_position_embeddings": header.whole(f"{name}.context_length"),
        "rms_norm_eps": header.number(f"{name}.attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": "output.weight" not in header.tensors,
        "rope_parameters": _rotary(header, name),
    }


def _vocabulary(header: GgufHeader) -> int:
    if "token_embd.weight" not in header.tensors:
        raise GgufError("the file has no token_embd.weight: it is no whole language model")
    return header.tensors["token_embd.weight"].shape[0]


def _rotary(header: GgufHeader, name: str) -> Settings:
    """The rotary embedding; a scaling of a kind that is not known is refused, never left out."""
    theta = header.number(f"{name}.rope.freq_base", 10000.0)
    kind = header.metadata.get(f"{name}.rope.scaling.type", "none")
    if kind == "none":
        return {"rope_type": "default", "rope_theta": theta}
    if kind == "linear":
        factor = header.number(f"{name}.rope.scaling.factor")
        return {"rope_type": "linear", "rope_theta": theta, "factor": factor}
    raise GgufError(f"the rotary scaling {kind!r}; none, linear and Llama 3's are supported")


def _llama(header: GgufHeader, name: str) -> Settings:
    biased = "blk.0.attn_q.bias" in header.tensors
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        **_common(header, name),
        "attention_bias": biased,
        "mlp_bias": "blk.0.ffn_up.bias" in header.tensors,
    }


def _qwen(model_type: str, architecture: str) -> Callable[[GgufHeader, str], Settings]:
    def settings(header: GgufHeader, name: str) -> Settings:
        return {"model_type": model_type, "architectures": [architecture], **_common(header, name)}

    return settings


def _gemma_3(header: GgufHeader, name: str) -> Settings:
    common = _common(header, name)
    rotary = common.pop("rope_parameters")
    layers = int(common["num_hidden_layers"])
    if layers > 34:  # from 27 B on the attention is scaled by another width, which the file does not say
        raise GgufError(f"Gemma 3 with {layers} blocks; those of 270 M to 4 B are supported")
    return {
        "model_type": "gemma3_text",
        "architectures": ["Gemma3ForCausalLM"],
        **common,
        "query_pre_attn_scalar": common["head_dim"],
        "sliding_window": header.whole(f"{name}.attention.sliding_window"),
        "layer_types": [
            "full_attention" if number % 6 == 0 else "sliding_attention" for number in range(1, layers + 1)
        ],
        "rope_parameters": {
            "full_attention": rotary,
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    }


def _gpt_2(header: GgufHeader, name: str) -> Settings:
    width = header.whole(f"{name}.embedding_length")
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": _vocabulary(header),
        "n_positions": header.whole(f"{name}.context_length"),
        "n_embd": width,
        "n_layer": header.whole(f"{name}.block_count"),
        "n_head": header.whole(f"{name}.attention.head_count"),
        "n_inner": header.whole(f"{name}.feed_forward_length", 4 * width),
        "layer_norm_epsilon": header.number(f"{name}.attention.layer_norm_epsilon"),
        "activation_function": "gelu_new",
        "tie_word_embeddings": "output.weight" not in header.tensors,
    }


def llama_3_scaling(factors: NDArray[np.float32], settings: Settings) -> Settings:
    """Llama 3's rotary settings, from the factors (head size / 2,) by which a file divides the frequencies.

    Raises GgufError where the factors are not those of Llama 3's formula.
    """
    theta, size = settings["rope_parameters"]["rope_theta"], settings["head_dim"]
    frequencies = theta ** -(np.arange(0, size, 2, dtype=np.float64) / size)  # (size / 2,)
    factor = round(float(factors.max()), 3)
    if factors.shape != frequencies.shape or factor <= 1:
        raise GgufError("the tensor rope_freqs.weight does not hold Llama 3's factors")
    turns = LLAMA_3_ORIGINAL * frequencies / (2 * math.pi)  # within the length it was trained on
    share = np.clip((turns - LLAMA_3_LOW) / (LLAMA_3_HIGH - LLAMA_3_LOW), 0, 1)
    expected = 1 / ((1 - share) / factor + share)
    if not np.allclose(factors, expected, rtol=1e-4):
        raise GgufError("the tensor rope_freqs.weight does not hold Llama 3's factors")
    return {
        "rope_type": "llama3",
        "rope_theta": theta,
        "factor": factor,
        "low_freq_factor": LLAMA_3_LOW,
        "high_freq_factor": LLAMA_3_HIGH,
        "original_max_position_embeddings": LLAMA_3_ORIGINAL,
    }


_ENDS = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_BLOCK = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_GEMMA_NORMS = {
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def _blocks(parts: Mapping[str, str], *endings: str) -> dict[str, str]:
    return {
        f"blk.{{}}.{old}.{ending}": f"model.layers.{{}}.{new}.{ending}"
        for old, new in parts.items()
        for ending in endings
    }


_GPT_2_BLOCK = {
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}

ARCHITECTURES: Mapping[str, Architecture] = {
    "llama": Architecture(
        _llama,
        {**_ENDS, **_blocks(_BLOCK, "weight", "bias"), **_blocks(_NORMS, "weight")},
        permuted=frozenset({"attn_q.weight", "attn_k.weight", "attn_q.bias", "attn_k.bias"}),
        computed={"rope_freqs.weight": "rope_parameters"},
    ),
    "qwen2": Architecture(
        _qwen("qwen2", "Qwen2ForCausalLM"),
        {**_ENDS, **_blocks(_BLOCK, "weight", "bias"), **_blocks(_NORMS, "weight")},
    ),
    "qwen3": Architecture(
        _qwen("qwen3", "Qwen3ForCausalLM"),
        {**_ENDS, **_blocks(_BLOCK, "weight"), **_blocks(_NORMS, "weight"), **_blocks(_HEAD_NORMS, "weight")},
    ),
    "gemma3": Architecture(
        _gemma_3,
        {
            **_ENDS,
            **_blocks(_BLOCK, "weight"),
            **_blocks(_GEMMA_NORMS, "weight"),
            **_blocks(_HEAD_NORMS, "weight"),
        },
        norms_plus_one=True,
    ),
    "gpt2": Architecture(
        _gpt_2,
        {
            "token_embd.weight": "transformer.wte.weight",
            "position_embd.weight": "transformer.wpe.weight",
            "output_norm.weight": "transformer.ln_f.weight",
            "output_norm.bias": "transformer.ln_f.bias",
            "output.weight": "lm_head.weight",
            **{
                f"blk.{{}}.{old}.{ending}": f"transformer.h.{{}}.{new}.{ending}"
                for old, new in _GPT_2_BLOCK.items()
                for ending in ("weight", "bias")
            },
        },
        transposed=frozenset({"attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight"}),
    ),
}


def architecture_of(header: GgufHeader) -> tuple[str, Architecture]:
    """The architecture of a file, with its name. Raises GgufError for one that is not in the table."""
    name = header.text("general.architecture")
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise GgufError(f"the architecture {name!r} is not supported; the importer knows {known}")
    return name, ARCHITECTURES[name]


def row_order(rows: int, heads: int) -> NDArray[np.int64]:
    """For each row of a query or key matrix in a checkpoint, the file's row that it is.

    The converter turned (heads, 2, size / 2) into (heads, size / 2, 2).
    """
    in_file = np.arange(rows).reshape(heads, rows // heads // 2, 2)
    return in_file.swapaxes(1, 2).reshape(-1)
