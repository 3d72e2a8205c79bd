"""The heads: small networks that read the generator's activations and give two logits per text.

Here are what all heads share and the architecture of 2021; ``later_head`` has the one that came after.
For each layer the head looks at, the residual stream after that block is normalised and attended to by
one query, that of the selection token (the last one of the row); the results are concatenated, go
through one residual MLP, and end in two logits: negative, positive.
A head is bound to the generator whose activations it was trained on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

HeadName = str
HEAD_NAMES: tuple[HeadName, ...] = ("selector", "sentiment")
"""The heads that every generator has; a folder can hold more."""

LOGIT_GAIN = 0.02  # gain of the orthogonal initialisation of the last layer
DEPTHS_2021 = (7 / 48, 23 / 48)  # relative depth of the two blocks that are looked at
TEXT_TYPES = ("responses", "originals")


class Calibration(BaseModel):
    """The line ``alpha * difference + beta`` that turns a raw logit difference into a calibrated one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    alpha: float = 1.0
    beta: float = 0.0

    def apply(self, difference: Tensor) -> Tensor:
        """Calibrate logit differences of any shape."""
        return self.alpha * difference + self.beta


class GeneratorIdentity(BaseModel):
    """Which generator a head belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class HeadSettings(BaseModel):
    """All that is needed to build a head again; the content of its JSON file.

    ``basis`` says what the two outputs are: "logits" is (negative, positive), "sum_difference" is
    (sum, difference), from which positive minus negative is the second output.
    ``max_tokens`` counts the whole row, with the end tokens at both ends.
    ``calibration`` maps a type of text ("responses", "originals") to its line; none is the identity.
    ``reads`` is what the head gets of a candidate: the thread with the candidate in it, the same as
    far as the reviewer reads it, or the candidate's words alone. By default it is the thread, for the
    autoreviewer its review, for the sentiment head the words.

    The rest is for the form "later". ``attention_width`` is the width of queries, keys and values of all
    heads together, the generator's by default; a tower gives ``output_ratio`` times the generator's width;
    ``blocks`` is the number of transformer blocks before a tower's attention, and ``gain_scale``, if set,
    the scale s of their learned output gains exp(s g).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: HeadName = Field(pattern=r"^[a-z][a-z0-9_]*$")
    form: Literal["2021", "later"] = "2021"
    reads: Literal["thread", "review", "words"] = "thread"
    generator: GeneratorIdentity
    layers: tuple[int, ...] = Field(min_length=1)
    width: int = Field(gt=0)
    n_head: int = Field(gt=0)
    mlp_ratio: int = Field(gt=0)
    basis: Literal["logits", "sum_difference"] = "logits"
    max_tokens: int = Field(ge=3)
    attention_dropout: float = Field(0.0, ge=0, lt=1)
    residual_dropout: float = Field(0.0, ge=0, lt=1)
    activation_dropout: float = Field(0.0, ge=0, lt=1)
    calibration: dict[str, Calibration] = Field(default_factory=dict)
    attention_width: int | None = Field(None, gt=0)
    output_ratio: float = Field(1.0, gt=0)
    blocks: int = Field(0, ge=0)
    gain_scale: float | None = Field(None, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _reads_by_name(cls, given: dict[str, object]) -> dict[str, object]:
        usual = {"sentiment": "words", "autoreviewer": "review"}.get(str(given.get("name")), "thread")
        return {"reads": usual, **given}

    @model_validator(mode="after")
    def _fits(self) -> HeadSettings:
        for width in (self.width, self.attention_width or self.width):
            if width % self.n_head:
                raise ValueError(f"n_head {self.n_head} does not divide the width {width}")
        later = {"attention_width", "output_ratio", "blocks", "gain_scale"} & self.model_fields_set
        if self.form == "2021" and any(getattr(self, name) != _DEFAULTS[name] for name in later):
            raise ValueError(f"the form of 2021 has no {', '.join(sorted(later))}")
        if list(self.layers) != sorted(set(self.layers)) or self.layers[0] < 0:
            raise ValueError("layers must be rising block numbers, from 0")
        if unknown := set(self.calibration) - set(TEXT_TYPES):
            raise ValueError(f"calibration of unknown types of text: {sorted(unknown)}")
        return self

    def calibration_of(self, text_type: str) -> Calibration:
        """The line for one type of text."""
        return self.calibration.get(text_type, Calibration())


_DEFAULTS = {"attention_width": None, "output_ratio": 1.0, "blocks": 0, "gain_scale": None}


def head_layers(n_layer: int) -> tuple[int, ...]:
    """The blocks a head looks at in a generator of ``n_layer`` blocks: 7 and 23 of 48, at the same depth."""
    return tuple(sorted({round(depth * n_layer) for depth in DEPTHS_2021}))


def head_heads(width: int, wanted: int) -> int:
    """The number of attention heads nearest to ``wanted`` that divides ``width``, with head size 32 to 64.

    A width that allows no such size (a toy model) gets one head.
    """
    fitting = [n for n in range(1, width + 1) if width % n == 0 and 32 <= width // n <= 64]
    return min(fitting, key=lambda n: (abs(n - wanted), n), default=1)


class PooledAttention(nn.Module):
    """Attention with one query per row, that of the selection position, over the positions up to it."""

    def __init__(self, width: int, n_head: int, dropout: float, residual_dropout: float) -> None:
        super().__init__()
        self.n_head = n_head
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.residual_dropout = nn.Dropout(residual_dropout)

    def forward(self, hidden: Tensor, positions: Tensor) -> Tensor:
        """Pool ``hidden`` (B, T, d) at ``positions`` (B,) into (B, d); what lies behind is not seen."""
        rows, length, width = hidden.shape
        x = self.norm(hidden)  # (B, T, d)
        selected = x[torch.arange(rows, device=x.device), positions]  # (B, d)
        w_q, w_k, w_v = self.qkv.weight.view(3, self.n_head, -1, width)  # (H, d/H, d) each
        b_q, _, b_v = self.qkv.bias.view(3, self.n_head, -1)  # (H, d/H); b_k moves all scores alike
        q = torch.einsum("bd,hsd->bhs", selected, w_q) + b_q  # (B, H, d/H)
        looks_for = torch.einsum("bhs,hsd->bhd", q, w_k)  # q·(W_k x) = (W_kᵀ q)·x
        scores = looks_for @ x.transpose(-1, -2) / math.sqrt(width // self.n_head)  # (B, H, T)
        behind = torch.arange(length, device=x.device) > positions[:, None]  # (B, T)
        weights = self.dropout(scores.masked_fill(behind[:, None, :], -torch.inf).softmax(dim=-1))
        found = weights @ x  # (B, H, d)
        pooled = torch.einsum("bhd,hsd->bhs", found, w_v) + weights.sum(-1, keepdim=True) * b_v
        pooled = pooled.reshape(rows, width)
        out: Tensor = self.residual_dropout(self.out(pooled))
        return out


class ResidualMLP(nn.Module):
    """``z + W2 · drop(gelu(W1 · z))`` with the tanh form of gelu."""

    def __init__(self, width: int, ratio: int, activation_dropout: float, residual_dropout: float) -> None:
        super().__init__()
        self.into = nn.Linear(width, ratio * width)
        self.out = nn.Linear(ratio * width, width)
        self.activation_dropout = nn.Dropout(activation_dropout)
        self.residual_dropout = nn.Dropout(residual_dropout)

    def forward(self, z: Tensor) -> Tensor:
        """Map (B, D) to (B, D)."""
        activated = self.activation_dropout(functional.gelu(self.into(z), approximate="tanh"))
        out: Tensor = z + self.residual_dropout(self.out(activated))
        return out


class Head(nn.Module):
    """A head as its settings describe it; weights are float32 whatever the generator's format is.

    ``towers`` hold one pooling module for each layer, ``mlp`` maps what they give, side by side, onto
    itself, and ``logits`` ends in two outputs. With d the generator's width, n the number of layers, D the
    width of all towers together (n d) and r the MLP's ratio, the weights of the form of 2021 are, by name:
    ``towers.i.norm.weight`` and ``.bias`` (d); ``towers.i.qkv.weight`` (3d, d): queries, keys and values one
    below the other, each one attention head below the other, ``.bias`` (3d); ``towers.i.out.weight`` (d, d),
    ``.bias`` (d); ``mlp.into.weight`` (r D, D), ``.bias`` (r D); ``mlp.out.weight`` (D, r D), ``.bias`` (D);
    ``logits.weight`` (2, D), ``.bias`` (2).
    """

    def __init__(self, settings: HeadSettings) -> None:
        super().__init__()
        self.settings = settings
        self.towers = nn.ModuleList(self.make_tower() for _ in settings.layers)
        joined = len(settings.layers) * round(settings.width * settings.output_ratio)
        self.mlp = self.make_mlp(joined)
        self.logits = nn.Linear(joined, 2)

    def make_tower(self) -> nn.Module:
        """Make what pools one layer's stream (B, T, d), given positions (B,), into one row per text."""
        at = self.settings
        return PooledAttention(at.width, at.n_head, at.attention_dropout, at.residual_dropout)

    def make_mlp(self, joined: int) -> ResidualMLP:
        """Make what maps (B, joined) to (B, joined)."""
        at = self.settings
        return ResidualMLP(joined, at.mlp_ratio, at.activation_dropout, at.residual_dropout)

    def initialise(self, generator: torch.Generator) -> Head:
        """Start afresh: every kernel orthogonal (q, k, v jointly), gain 1, the last 0.02; biases 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                gain = LOGIT_GAIN if module is self.logits else 1.0
                nn.init.orthogonal_(module.weight, gain=gain, generator=generator)
                nn.init.zeros_(module.bias)
        return self

    def forward(self, hidden: Mapping[int, Tensor], positions: Tensor) -> Tensor:
        """Give the two outputs (B, 2) of each row.

        ``hidden`` maps a block's number to the residual stream after it, (B, T, d);
        ``positions`` (B,) is where each row's selection token stands.
        """
        pooled = [
            tower(hidden[layer].float(), positions)
            for layer, tower in zip(self.settings.layers, self.towers, strict=True)
        ]
        outputs: Tensor = self.logits(self.mlp(torch.cat(pooled, dim=-1)))
        return outputs

    def difference(self, outputs: Tensor) -> Tensor:
        """Turn outputs (B, 2) into uncalibrated logit differences (B,), positive minus negative."""
        if self.settings.basis == "sum_difference":
            return outputs[:, 1]
        return outputs[:, 1] - outputs[:, 0]


def fingerprint(head: Head) -> str:
    """SHA-256 (hex) over a head's weights and calibration: the same head, the same scores."""
    digest = hashlib.sha256(head.settings.model_dump_json().encode())
    for name, value in sorted(head.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()
