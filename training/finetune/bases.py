"""The network that training starts from: a checkpoint, or a small one made anew."""

from __future__ import annotations

import ctypes
import math
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, PreTrainedModel

from autoresponder.model.encoding import TextEncoder
from autoresponder.model.families import FAMILIES
from training.errors import UsageError
from training.finetune.plan import Lora, Shape, TrainingPlan

SPREAD = 0.7
_DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop", "attention_dropout", "resid_dropout", "embed_dropout")
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def load_base(folder: Path, dropout: float, *, on_cpu: bool) -> PreTrainedModel:
    """Load a checkpoint in float32, ready to train. Raises UsageError."""
    automatic: Any = AutoModelForCausalLM
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in FAMILIES:
            raise UsageError(f"{folder} holds a {config.model_type} model; known are {', '.join(FAMILIES)}")
        for name in _DROPOUTS:
            if hasattr(config, name):
                setattr(config, name, dropout)
        model: PreTrainedModel = automatic.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{folder} cannot be loaded: {str(error).strip().splitlines()[0]}") from None
    return _fast(model, on_cpu=on_cpu)


def new_base(shape: Shape, vocabulary: int, end: int, plan: TrainingPlan, *, on_cpu: bool) -> PreTrainedModel:
    """A fresh GPT-2 of a given shape.

    Matrices start with a standard deviation of ``SPREAD / sqrt(width)``: GPT-2's fixed 0.02 is made for
    widths of 768 and more, and leaves attention flat for a few hundred steps at width 192.
    """
    torch.manual_seed(plan.seed)
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=shape.positions,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        resid_pdrop=plan.dropout,
        embd_pdrop=plan.dropout,
        attn_pdrop=plan.dropout,
        activation_function="gelu_pytorch_tanh",
        initializer_range=SPREAD / math.sqrt(shape.width),
        bos_token_id=end,
        eos_token_id=end,
    )
    return _fast(GPT2LMHeadModel(config), on_cpu=on_cpu)


def prepare_for_training(model: PreTrainedModel, plan: TrainingPlan) -> Any:
    """Freeze what is not trained and add adapters, as the plan says."""
    if plan.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})  # type: ignore[no-untyped-call]
        model.config.use_cache = False
        if plan.lora:
            model.enable_input_require_grads()  # type: ignore[no-untyped-call]
    if not plan.train_positions:
        freeze_positions(model)
    return with_lora(model, plan.lora, plan.seed) if plan.lora else model


def freeze_positions(model: PreTrainedModel) -> None:
    """Leave position embeddings and the final norm as they are, as training in 2020 did."""
    for name, parameter in model.named_parameters():
        if ".wpe." in name or ".ln_f." in name or name.endswith(("model.norm.weight", "model.norm.bias")):
            parameter.requires_grad = False


def with_lora(model: PreTrainedModel, lora: Lora, seed: int) -> Any:
    """A network with adapters on all linear layers but the output, which may be tied to the embedding."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        fan_in_fan_out=model.config.model_type == "gpt2",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def check_vocabulary(encoder: TextEncoder, model: PreTrainedModel) -> None:
    """Raise UsageError unless tokenizer and network have the same tokens."""
    if len(encoder) > model.config.vocab_size:
        raise UsageError(
            f"the tokenizer knows {len(encoder)} tokens, the network {model.config.vocab_size}; "
            "use the tokenizer that belongs to the checkpoint"
        )


def use_large_allocations() -> None:
    """Let glibc keep freed memory: giving it back and taking it again halves the speed of training on a
    CPU."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return  # not glibc
    for option, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 1 << 28)):
        mallopt(option, value)


def _fast(model: PreTrainedModel, *, on_cpu: bool) -> PreTrainedModel:
    # On a CPU the fused kernel's way back takes longer than all the rest of a small network.
    model.set_attn_implementation("eager" if on_cpu else "sdpa")
    return model
