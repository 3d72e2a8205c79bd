"""The head of the later years: as that of 2021, but for what its settings can change.

Queries, keys, values and the output have projections of their own, whose width is free; the query comes
from the selection token alone; attention scores are not scaled (a habit of GPT-Neo); the MLP has the exact
gelu and one dropout at its end. Before a tower's attention there can be transformer blocks of its own.
What stands behind the selection token is masked, where the original attended to the padding too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoresponder.heads.head_2021 import Head, HeadSettings, ResidualMLP


class Projections(nn.Module):
    """Separate projections for attention: d to q, k, v of ``inner`` width each, and back to ``out``."""

    def __init__(self, width: int, inner: int, out: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.q, self.k, self.v = (nn.Linear(width, inner) for _ in range(3))
        self.out = nn.Linear(inner, out)

    def initialise_jointly(self, generator: torch.Generator) -> None:
        """Make q, k and v together one orthogonal matrix, as where they are one kernel."""
        parts = (self.q.weight, self.k.weight, self.v.weight)
        joint = nn.init.orthogonal_(torch.cat([part.detach() for part in parts]), generator=generator)
        for part, values in zip(parts, joint.chunk(3), strict=True):
            part.data.copy_(values)

    def split(self, x: Tensor) -> Tensor:
        """Turn (B, n, inner) into (B, H, n, inner/H)."""
        return x.view(*x.shape[:2], self.n_head, -1).transpose(1, 2)

    def attend(self, query: Tensor, x: Tensor, hidden: Tensor, dropout: float) -> Tensor:
        """Let ``query`` (B, n, d) look at ``x`` (B, T, d), but where ``hidden`` (B or 1, n, T) says not."""
        q, k, v = self.split(self.q(query)), self.split(self.k(x)), self.split(self.v(x))
        scores = (q @ k.transpose(-1, -2)).float().masked_fill(hidden[:, None], -torch.inf)
        weights = functional.dropout(scores.softmax(dim=-1), dropout, self.training)  # (B, H, n, T)
        out: Tensor = self.out((weights @ v).transpose(1, 2).flatten(2))
        return out

    def attend_once(self, selected: Tensor, x: Tensor, hidden: Tensor, dropout: float) -> Tensor:
        """As ``attend`` with one query a row, of ``selected`` (B, d); ``hidden`` (B, T) is not seen.

        No key or value is computed: q·(W_k x) = (W_kᵀ q)·x, and a sum of values is W_v of the sum. The keys'
        bias moves all scores of a head alike.
        """
        d = x.shape[-1]
        q = self.q(selected).view(len(x), self.n_head, -1)  # (B, H, a/H)
        w_k, w_v = (part.weight.view(self.n_head, -1, d) for part in (self.k, self.v))  # (H, a/H, d)
        scores = torch.einsum("bhs,hsd->bhd", q, w_k) @ x.transpose(-1, -2)  # (B, H, T)
        weights = scores.float().masked_fill(hidden[:, None], -torch.inf).softmax(dim=-1)
        weights = functional.dropout(weights, dropout, self.training)
        pooled = torch.einsum("bhd,hsd->bhs", weights @ x, w_v)
        pooled = pooled + weights.sum(-1, keepdim=True) * self.v.bias.view(self.n_head, -1)
        out: Tensor = self.out(pooled.flatten(1))
        return out


class ParallelBlock(nn.Module):
    """``x + g_a attention(norm(x)) + g_m mlp(norm(x))``: one norm for both, causal, gains exp(s g) or 1."""

    def __init__(self, settings: HeadSettings) -> None:
        super().__init__()
        d = settings.width
        self.settings = settings
        self.norm = nn.LayerNorm(d, eps=1e-5)
        self.attention = Projections(d, settings.attention_width or d, d, settings.n_head)
        self.into = nn.Linear(d, settings.mlp_ratio * d)
        self.onto = nn.Linear(settings.mlp_ratio * d, d)
        if settings.gain_scale is not None:
            self.gains = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, d) to (B, T, d)."""
        normed = self.norm(x)
        length = x.shape[1]
        later = torch.ones(1, length, length, dtype=torch.bool, device=x.device).triu(1)
        attended = self.attention.attend(normed, normed, later, self.settings.attention_dropout)
        mapped: Tensor = self.onto(functional.gelu(self.into(normed)))
        if self.settings.gain_scale is None:
            return x + attended + mapped
        gains = (self.settings.gain_scale * self.gains).exp()
        return x + gains[0] * attended + gains[1] * mapped


class LaterTower(nn.Module):
    """Blocks, a norm, and attention with one query per row."""

    def __init__(self, settings: HeadSettings) -> None:
        super().__init__()
        d = settings.width
        self.settings = settings
        self.blocks = nn.ModuleList(ParallelBlock(settings) for _ in range(settings.blocks))
        self.norm = nn.LayerNorm(d, eps=1e-5)
        inner, out = settings.attention_width or d, round(settings.output_ratio * d)
        self.attention = Projections(d, inner, out, settings.n_head)

    def forward(self, hidden: Tensor, positions: Tensor) -> Tensor:
        """Pool ``hidden`` (B, T, d) at ``positions`` (B,) into (B, out); what lies behind is not seen."""
        for block in self.blocks:
            hidden = block(hidden)
        x = self.norm(hidden)
        selected = x[torch.arange(len(x), device=x.device), positions]  # (B, d)
        behind = torch.arange(x.shape[1], device=x.device) > positions[:, None]  # (B, T)
        return self.attention.attend_once(selected, x, behind, self.settings.attention_dropout)


class LaterMLP(ResidualMLP):
    """``drop(z + W2 gelu(W1 z))`` with the exact gelu."""

    def forward(self, z: Tensor) -> Tensor:
        """Map (B, D) to (B, D)."""
        out: Tensor = self.residual_dropout(z + self.out(functional.gelu(self.into(z))))
        return out


class LaterHead(Head):
    """A head of the form "later".

    With d the generator's width, a the attention's and o the tower's, D all towers' together and r the
    MLP's ratio, the weights are, by name: ``towers.i.blocks.j.norm`` (d); ``.attention.q``, ``.k``, ``.v``
    (a, d) and ``.out`` (d, a); ``.into`` (r d, d), ``.onto`` (d, r d), ``.gains`` (2); ``towers.i.norm`` (d);
    ``towers.i.attention.q``, ``.k``, ``.v`` (a, d) and ``.out`` (o, a); ``mlp`` and ``logits`` as in 2021.
    Each has its ``.weight`` of that shape and its ``.bias`` as long as the first number.
    """

    def make_tower(self) -> nn.Module:
        return LaterTower(self.settings)

    def make_mlp(self, joined: int) -> ResidualMLP:
        return LaterMLP(joined, self.settings.mlp_ratio, 0.0, self.settings.residual_dropout)

    def initialise(self, generator: torch.Generator) -> Head:
        """Start afresh, as in 2021."""
        super().initialise(generator)
        for module in self.modules():
            if isinstance(module, Projections):
                module.initialise_jointly(generator)
        return self


def make_head(settings: HeadSettings) -> Head:
    """Make a head of the form its settings name, with weights that are still to be read or initialised."""
    return LaterHead(settings) if settings.form == "later" else Head(settings)
