"""GGUF files as llama.cpp's converter writes them, from small networks of transformers.

The names come from the ``gguf`` library; what the converter does to the weights is written here from its
description, not from the importer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

END = "<|endoftext|>"
CORPUS = [
    "hello frank, how are you? I'm fine, it's 1234 o'clock on 7 May 2021.",
    "A river is a long thought.\n\n#1 someuser asked:\n\n  what about 56 rivers?",
    "naïve café, 日本語 and emoji 🙂🙂 — what's that?",
]
SIZE: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0}
LLAMA_LIKE: dict[str, Any] = {
    **SIZE,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
CONFIGS: Mapping[str, PretrainedConfig] = {
    "llama": LlamaConfig(**LLAMA_LIKE, head_dim=8, tie_word_embeddings=False),
    "llama with biases": LlamaConfig(
        **LLAMA_LIKE, head_dim=32, attention_bias=True, tie_word_embeddings=True
    ),
    "qwen2": Qwen2Config(**LLAMA_LIKE, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**LLAMA_LIKE, head_dim=16, tie_word_embeddings=False),
    "gemma3": Gemma3TextConfig(
        **(LLAMA_LIKE | {"num_hidden_layers": 7}),
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=16,
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
    ),
    "gpt2": GPT2Config(**SIZE, n_embd=64, n_layer=2, n_head=4, n_positions=128),
}
NAMES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "llama with biases": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma3": gguf.MODEL_ARCH.GEMMA3,
    "gpt2": gguf.MODEL_ARCH.GPT2,
}


def byte_level(
    split: pre_tokenizers.PreTokenizer, *, whole_words: bool = False, composed: bool = False
) -> PreTrainedTokenizerFast:
    """A trained byte-level tokenizer with an end token and a speaker's token.

    ``whole_words``: a word that is a token is not merged; ``composed``: text is brought into NFC first.
    """
    inner = Tokenizer(BPE(ignore_merges=whole_words))
    if composed:
        inner.normalizer = normalizers.NFC()
    inner.pre_tokenizer = split
    inner.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=400,
        special_tokens=[END, "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(CORPUS * 4, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token=END, bos_token=END, clean_up_tokenization_spaces=False
    )


def sentence_piece() -> PreTrainedTokenizerFast:
    """A trained tokenizer in SentencePiece's manner: a sign for spaces, bytes for what is not known."""
    inner = Tokenizer(BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    inner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    inner.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    specials = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = BpeTrainer(vocab_size=420, special_tokens=specials[:3], show_progress=False)
    inner.train_from_iterator([*(CORPUS[:2] * 4)], trainer)
    content = inner.to_str()
    model = json.loads(content)
    vocabulary: dict[str, int] = model["model"]["vocab"]
    for byte in specials[3:]:
        vocabulary.setdefault(byte, len(vocabulary))
    rebuilt = Tokenizer.from_str(json.dumps(model))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=rebuilt, eos_token="</s>", bos_token="<s>", unk_token="<unk>"
    )


def make_network(kind: str, vocabulary: int) -> PreTrainedModel:
    """A network with random weights, none of them 0 or 1, biases and norms included."""
    torch.manual_seed(11)
    config = CONFIGS[kind]
    config.vocab_size = vocabulary
    auto: Any = AutoModelForCausalLM
    network: PreTrainedModel = auto.from_config(config)
    for parameter in network.parameters():
        parameter.data.normal_(std=0.5)
    network.train(mode=False)
    return network


def write_gguf(
    path: Path,
    kind: str,
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    *,
    pre: str = "gpt-2",
    quantisation: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    extra: Mapping[str, NDArray[np.float32]] | None = None,
    adds_bos: bool | None = None,
) -> None:
    """Write a network and its tokenizer; ``adds_bos`` is a flag of the file, which may lack it."""
    arch = NAMES[kind]
    name = gguf.MODEL_ARCH_NAMES[arch]
    config: Any = network.config
    writer = gguf.GGUFWriter(path, name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    if name == "gpt2":
        writer.add_feed_forward_length(4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        if hasattr(config, "head_dim"):
            writer.add_key_length(config.head_dim)
            writer.add_value_length(config.head_dim)
        writer.add_rope_freq_base(_theta(config))
    if name == "gemma3":
        writer.add_sliding_window(config.sliding_window)
    add_tokenizer(writer, tokenizer, pre)
    if adds_bos is not None:
        writer.add_add_bos_token(adds_bos)
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for own, value in network.state_dict().items():
        if own == "lm_head.weight" and config.tie_word_embeddings:
            continue
        there = names.get_name(own, try_suffixes=(".weight", ".bias"))
        assert there is not None, own
        data = as_converted(name, own, value.detach().numpy(), config)
        if data.ndim == 2 and quantisation is not gguf.GGMLQuantizationType.F32:
            packed = gguf.quants.quantize(np.ascontiguousarray(data), quantisation)
            writer.add_tensor(there, packed, raw_dtype=quantisation)
        else:
            writer.add_tensor(there, np.ascontiguousarray(data))
    for there, data in (extra or {}).items():
        writer.add_tensor(there, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _theta(config: Any) -> float:
    rotary = config.rope_parameters
    return float(rotary.get("full_attention", rotary)["rope_theta"])


def as_converted(name: str, own: str, data: NDArray[Any], config: Any) -> NDArray[Any]:
    """What the converter makes of a tensor."""
    if name == "llama" and (".q_proj." in own or ".k_proj." in own):
        heads = config.num_attention_heads if ".q_proj." in own else config.num_key_value_heads
        halves = data.reshape(heads, 2, data.shape[0] // heads // 2, *data.shape[1:])
        return halves.swapaxes(1, 2).reshape(data.shape)
    if name == "gemma3" and own.endswith("norm.weight"):
        return data + 1
    if name == "gpt2" and own.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return data.T
    return data


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast, pre: str) -> None:
    """Write a tokenizer as the converter does."""
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    specials = set(tokenizer.all_special_tokens) | {"<|im_start|>"}
    kinds = [3 if token in specials else 6 if token.startswith("<0x") else 1 for token in tokens]
    if tokenizer.unk_token:
        kinds[tokens.index(tokenizer.unk_token)] = 2
        writer.add_tokenizer_model("llama")
        rank = {"".join(pair): place for place, pair in enumerate(model["merges"], 1)}
        writer.add_token_scores([-float(rank.get(token, len(rank) + 1)) for token in tokens])
        writer.add_unk_token_id(tokens.index(tokenizer.unk_token))
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
