"""Llama-like networks with fewer, larger layers: queries, keys and values in one; gate and up in one.

What is replaced computes the same from the same weights, for whole rows (``forward``, called by
transformers) as for a step of one token each (called by ``autoresponder.generation.steps``).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from autoresponder.model.cpu_kernels import norm_rows

FUSABLE = ("llama", "mistral", "qwen2", "qwen3", "gemma3_text")
"""Kinds of network whose attention and feed-forward layers are called alike."""


class RMSNorm(nn.Module):
    """Root mean square norm in float32: ``x / sqrt(mean(x²) + eps) · weight``.

    On a CPU PyTorch's own is a dozen small operations.
    """

    def __init__(self, weight: Tensor, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Norm the last dimension."""
        if x.device.type != "cpu":
            return functional.rms_norm(x, self.weight.shape, self.weight, self.eps)
        rows = x.reshape(-1, x.shape[-1])
        out = torch.empty_like(rows)
        norm_rows(rows.numpy(), self.weight.numpy(), self.eps, out.numpy())
        return out.view(x.shape)


class FusedAttention(nn.Module):
    """Self-attention with grouped queries: H heads for queries, K for keys and values, each of size D."""

    def __init__(self, plain: Any) -> None:
        """Take over transformers' layer, whose weights are moved."""
        super().__init__()
        self.layer_idx: int = plain.layer_idx
        self.size: int = plain.head_dim
        self.queries = plain.q_proj.out_features // self.size  # H
        self.keys = plain.k_proj.out_features // self.size  # K
        self.scaling: float = plain.scaling
        self.window: int | None = getattr(plain, "sliding_window", None)
        if plain.config.model_type == "mistral":  # the same in all blocks, and not kept in each
            self.window = plain.config.sliding_window
        self.qkv = _side_by_side(plain.q_proj, plain.k_proj, plain.v_proj)
        self.out = plain.o_proj
        self.q_norm, self.k_norm = getattr(plain, "q_norm", None), getattr(plain, "k_norm", None)
        self.num_key_value_groups = self.queries // self.keys  # read by transformers' attention
        self.is_causal = True
        self.wide = False  # whether attention over whole rows is computed in float64

    def heads(self, hidden: Tensor) -> Tensor:
        """Queries, keys and values (…, H + 2K, D) of hidden states (…, d), not rotated yet."""
        return self.parted(self.qkv(hidden))

    def parted(self, qkv: Tensor) -> Tensor:
        """The heads (…, H + 2K, D) of what ``qkv`` gives (…, (H + 2K) D)."""
        heads = qkv.view(*qkv.shape[:-1], -1, self.size)
        if self.q_norm is not None and self.k_norm is not None:
            queries, keys = heads[..., : self.queries, :], heads[..., self.queries : -self.keys, :]
            queries.copy_(self.q_norm(queries))
            keys.copy_(self.k_norm(keys))
        return heads

    def split(self, hidden: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (…, H, D), keys and values (…, K, D) of hidden states (…, d), rotated by (…, 1, D).

        ``sin`` is as ``signed`` gives it.
        """
        heads = self.heads(hidden)
        turned = rotated(heads[..., : -self.keys, :], cos, sin)
        return turned[..., : self.queries, :], turned[..., self.queries :, :], heads[..., -self.keys :, :]

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None,
        past_key_values: Any = None,
        **_kwargs: object,
    ) -> tuple[Tensor, None]:
        """Whole rows (B, T, d), as transformers calls its own layer."""
        cos, sin = (table[:, :, None] for table in position_embeddings)  # (B, T, 1, D)
        q, k, v = self.split(hidden_states, cos, signed(sin))
        q, k, v = (heads.transpose(1, 2) for heads in (q, k, v))  # (B, H or K, T, D)
        if past_key_values is not None:
            k, v = past_key_values.update(k, v, self.layer_idx)
        if self.wide:
            q, k, v = q.double(), k.double(), v.double()
        attention: Any = sdpa_attention_forward
        found, _ = attention(self, q, k, v, attention_mask, scaling=self.scaling)  # (B, T, H, D)
        return self.out(found.flatten(2).to(hidden_states.dtype)), None


class FusedMLP(nn.Module):
    """``down(act(gate(x)) · up(x))`` with gate and up in one layer."""

    def __init__(self, plain: Any) -> None:
        super().__init__()
        self.gate_up = _side_by_side(plain.gate_proj, plain.up_proj)
        self.down = plain.down_proj
        self.act = plain.act_fn

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, d) to (…, d)."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        down: Tensor = self.down(self.act(gate) * up)
        return down


def rotated(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding (Su et al. 2021) of heads (…, D); the pairs' two coordinates are a head's halves.

    ``sin`` is as ``signed`` gives it.
    """
    return torch.addcmul(heads * cos, heads.roll(heads.shape[-1] // 2, -1), sin)


def signed(sin: Tensor) -> Tensor:
    """The sines of angles (…, D) as ``rotated`` takes them: with the first half negative."""
    first, second = sin.chunk(2, dim=-1)
    return torch.cat([-first, second], dim=-1)


def fuse(network: PreTrainedModel) -> None:
    """Replace the layers of a Llama-like network by fused ones; any other network stays as it is."""
    config: Any = network.config
    if config.model_type not in FUSABLE:
        return
    base: Any = network.base_model
    for block in base.layers:
        if not isinstance(block.self_attn, FusedAttention):
            block.self_attn = FusedAttention(block.self_attn)
            block.mlp = FusedMLP(block.mlp)
    if network.dtype == torch.float32:  # shorter formats are rounded where transformers rounds them
        for parent in list(network.modules()):
            for name, layer in list(parent.named_children()):
                if type(layer).__name__.endswith("RMSNorm") and not isinstance(layer, RMSNorm):
                    setattr(parent, name, _norm(layer))


def _norm(layer: Any) -> RMSNorm:
    gemma = type(layer).__name__.startswith("Gemma")  # holds weight - 1
    weight = layer.weight.detach()
    return RMSNorm(weight + 1 if gemma else weight, layer.eps if gemma else layer.variance_epsilon)


def _side_by_side(*layers: nn.Linear) -> nn.Linear:
    """One linear layer that gives the outputs of several, one after the other."""
    weight = torch.cat([layer.weight.detach() for layer in layers])
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    made.weight = nn.Parameter(weight, requires_grad=False)
    biases = [layer.bias for layer in layers]
    if any(bias is not None for bias in biases):
        zeros = [weight.new_zeros(layer.out_features) for layer in layers]
        parts = [zero if bias is None else bias.detach() for bias, zero in zip(biases, zeros, strict=True)]
        made.bias = nn.Parameter(torch.cat(parts), requires_grad=False)
    return made
