"""One step of writing: a token for every row goes through the network, without transformers around it.

A block is a few large operations; called through its modules it is some hundred small ones, which on a CPU
cost several times what reading the weights costs. There is one class for each way of building a block; the
weights are those of transformers' network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.activations import SiLUActivation

from autoresponder.generation.cache_slots import Form, SlotCache, Turn
from autoresponder.model.cpu_tiles import GATED, NORMED, TiledLayer
from autoresponder.model.families import longest_row
from autoresponder.model.fused import signed
from autoresponder.model.trunk import blocks_of

LEAST_TABLE = 1024  # positions for which rotary tables are made at first


class JoinedLayers:
    """A Llama-like block of tiled layers, each of which does what stands before and behind it as well."""

    def __init__(self, block: Any) -> None:
        self._attention, self._mlp = block.self_attn, block.mlp
        self._norms = [
            (norm.weight.detach().numpy(), norm.eps)
            for norm in (block.input_layernorm, block.post_attention_layernorm)
        ]

    @classmethod
    def of(cls, block: Any) -> JoinedLayers | None:
        """Those of a block; None where it is of another kind."""
        is_tiled = isinstance(block.self_attn.qkv, TiledLayer)
        is_gated_by_silu = isinstance(block.mlp.act, SiLUActivation)
        has_two_norms = not hasattr(block, "pre_feedforward_layernorm")
        return cls(block) if is_tiled and is_gated_by_silu and has_two_norms else None

    def heads(self, x: Tensor) -> Tensor:
        """Queries, keys and values (B, H + 2K, D) of the residual stream (B, d)."""
        qkv = self._attention.qkv.multiply(x.numpy(), NORMED, self._norms[0])
        heads: Tensor = self._attention.parted(torch.from_numpy(qkv))
        return heads

    def fed(self, x: Tensor, seen: Tensor) -> Tensor:
        """Add to the residual stream (B, d), in place, what a block gives whose attention has ``seen``."""
        stream = x.numpy()
        self._attention.out.multiply(seen.numpy(), into=stream)
        gate_up = self._mlp.gate_up.multiply(stream, NORMED, self._norms[1])
        self._mlp.down.multiply(gate_up, GATED, into=stream)
        return x


class Stepper(ABC):
    """Runs a network on one token for each of B rows, whose past is in a ``SlotCache``."""

    def __init__(self, network: PreTrainedModel, keep: Collection[int] = ()) -> None:
        """``keep`` are blocks whose residual streams the cache is to remember."""
        self._network: Any = network
        self._base: Any = network.base_model
        self._blocks: list[Any] = list(blocks_of(network))
        self._forms = [self._form(block) for block in self._blocks]
        self._keep = frozenset(keep)

    def reach(self, positions: int) -> None:  # noqa: B027 - most networks have nothing to make
        """Make ready for rows of so many positions."""

    def step(self, tokens: Tensor, positions: Tensor, cache: SlotCache) -> Tensor:
        """The logits (B, V) after ``tokens`` (B,), which stand at ``positions`` (B,)."""
        x = self._begin(tokens, positions)  # (B, d)
        for layer, block in enumerate(self._blocks):
            x = self._block(block, x, cache, layer)
            if layer in self._keep:
                cache.keep_stream(layer, x)
        logits: Tensor = self._network.get_output_embeddings()(self._end(x))
        return logits.float()

    @abstractmethod
    def _form(self, block: Any) -> Form:
        """What a block's attention is like."""

    @abstractmethod
    def _begin(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """What the first block reads (B, d)."""

    @abstractmethod
    def _block(self, block: Any, x: Tensor, cache: SlotCache, layer: int) -> Tensor:
        """The residual stream (B, d) after a block."""

    def _end(self, x: Tensor) -> Tensor:
        """The last norm."""
        normed: Tensor = self._base.ln_f(x)
        return normed


class LlamaStepper(Stepper):
    """Llama and its kin: RMS norms, rotary embedding, grouped queries; Gemma has two norms more in each."""

    def __init__(self, network: PreTrainedModel, keep: Collection[int] = ()) -> None:
        super().__init__(network, keep)
        config: Any = network.config
        self._kinds: list[str | None] = [None] * len(self._blocks)
        if config.model_type == "gemma3_text":
            self._kinds = list(config.layer_types)
        self._joined = [JoinedLayers.of(block) for block in self._blocks]
        self._tables: dict[str | None, Turn] = {}
        self._here: dict[str | None, Turn] = {}

    def reach(self, positions: int) -> None:
        """Make the rotary tables long enough, twice as long as before; they grow with the rows in use."""
        have = len(self._tables[self._kinds[0]][0]) if self._tables else 0
        if positions <= have:
            return
        # Beyond the longest row some scalings would compute other frequencies for all positions.
        count = max(positions, min(max(2 * have, LEAST_TABLE), longest_row(self._network.config)))
        at = torch.arange(count, device=self._network.device)[None]
        like = torch.empty(0, dtype=self._network.dtype, device=self._network.device)
        for kind in set(self._kinds):
            named = {} if kind is None else {"layer_type": kind}
            cos, sin = self._base.rotary_emb(like, at, **named)  # (1, n, D)
            self._tables[kind] = (cos[0], signed(sin[0]))

    def _form(self, block: Any) -> Form:
        return Form(block.self_attn.queries, block.self_attn.scaling, block.self_attn.window)

    def _begin(self, tokens: Tensor, positions: Tensor) -> Tensor:
        self._here = {
            kind: (cos[positions], sin[positions])  # (B, D)
            for kind, (cos, sin) in self._tables.items()
        }
        x: Tensor = self._base.embed_tokens(tokens)
        return x

    def _block(self, block: Any, x: Tensor, cache: SlotCache, layer: int) -> Tensor:
        turn = self._here[self._kinds[layer]]
        if (joined := self._joined[layer]) is not None:
            return joined.fed(x, cache.attend(layer, joined.heads(x), self._forms[layer], turn))
        heads = block.self_attn.heads(block.input_layernorm(x))  # (B, H + 2K, D)
        seen = block.self_attn.out(cache.attend(layer, heads, self._forms[layer], turn))
        if self._kinds[layer] is None:
            x = x + seen
            return x + _fed(block.mlp, block.post_attention_layernorm(x))
        x = x + block.post_attention_layernorm(seen)
        return x + _fed(block.post_feedforward_layernorm, _fed(block.mlp, block.pre_feedforward_layernorm(x)))

    def _end(self, x: Tensor) -> Tensor:
        normed: Tensor = self._base.norm(x)
        return normed


class GPT2Stepper(Stepper):
    """GPT-2: learned positions, layer norms, one layer for queries, keys and values."""

    def _form(self, block: Any) -> Form:
        return Form(block.attn.num_heads, block.attn.scaling)

    def _begin(self, tokens: Tensor, positions: Tensor) -> Tensor:
        x: Tensor = self._base.wte(tokens) + self._base.wpe(positions)
        return x

    def _block(self, block: Any, x: Tensor, cache: SlotCache, layer: int) -> Tensor:
        attention = block.attn
        heads = attention.c_attn(block.ln_1(x)).view(len(x), 3 * attention.num_heads, -1)  # (B, 3H, D)
        x = x + attention.c_proj(cache.attend(layer, heads, self._forms[layer], None))
        return x + _mlp(block.mlp, block.ln_2(x))


class GPTNeoStepper(GPT2Stepper):
    """GPT-Neo: unscaled scores, and a window in every block whose attention is local."""

    def _form(self, block: Any) -> Form:
        attention = block.attn.attention
        window = attention.config.window_size if attention.attention_type == "local" else None
        return Form(attention.num_heads, 1.0, window)

    def _block(self, block: Any, x: Tensor, cache: SlotCache, layer: int) -> Tensor:
        attention, normed = block.attn.attention, block.ln_1(x)
        heads = torch.cat(_three(attention, normed, attention.num_heads), dim=1)
        x = x + attention.out_proj(cache.attend(layer, heads, self._forms[layer], None))
        return x + _mlp(block.mlp, block.ln_2(x))


class GPTJStepper(Stepper):
    """GPT-J: attention and feed-forward layers beside each other, neighbours as rotary pairs."""

    def _form(self, block: Any) -> Form:
        return Form(block.attn.num_attention_heads, 1 / float(block.attn.scale_attn))

    def _begin(self, tokens: Tensor, positions: Tensor) -> Tensor:
        self._at = positions
        x: Tensor = self._base.wte(tokens)
        return x

    def _block(self, block: Any, x: Tensor, cache: SlotCache, layer: int) -> Tensor:
        attention, normed = block.attn, block.ln_1(x)
        q, k, v = _three(attention, normed, attention.num_attention_heads)
        sin, cos = attention.embed_positions[self._at].to(x.dtype)[:, None].chunk(2, dim=-1)  # (B, 1, r / 2)
        q, k = (_rotated_pairs(heads, sin, cos, attention.rotary_dim) for heads in (q, k))
        heads = torch.cat((q, k, v), dim=1)
        seen = attention.out_proj(cache.attend(layer, heads, self._forms[layer], None))
        fed: Tensor = seen + _mlp_j(block.mlp, normed) + x
        return fed


STEPPERS: dict[str, type[Stepper]] = {
    "gpt2": GPT2Stepper,
    "gpt_neo": GPTNeoStepper,
    "gptj": GPTJStepper,
    "llama": LlamaStepper,
    "mistral": LlamaStepper,
    "qwen2": LlamaStepper,
    "qwen3": LlamaStepper,
    "gemma3_text": LlamaStepper,
}


def _fed(layer: Any, x: Tensor) -> Tensor:
    fed: Tensor = layer(x)
    return fed


def _three(attention: Any, normed: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values (B, H, D) of three layers."""
    q, k, v = (
        layer(normed).view(len(normed), heads, -1)
        for layer in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    return q, k, v


def _mlp(mlp: Any, x: Tensor) -> Tensor:
    fed: Tensor = mlp.c_proj(mlp.act(mlp.c_fc(x)))
    return fed


def _mlp_j(mlp: Any, x: Tensor) -> Tensor:
    fed: Tensor = mlp.fc_out(mlp.act(mlp.fc_in(x)))
    return fed


def _rotated_pairs(heads: Tensor, sin: Tensor, cos: Tensor, width: int | None) -> Tensor:
    """Rotary embedding of the first ``width`` numbers of heads (B, H, D), whose neighbours are pairs."""
    turned, rest = (heads, None) if width is None else (heads[..., :width], heads[..., width:])
    first, second = turned[..., ::2], turned[..., 1::2]  # (B, H, r / 2)
    pairs = torch.stack([first * cos - second * sin, second * cos + first * sin], dim=-1).flatten(-2)
    return pairs if rest is None else torch.cat([pairs, rest], dim=-1)
