"""Linear layers for a CPU: weights packed once as the processor's matrix kernels want them.

``TiledLinear`` is float32 in tiles, where registers are wide. Elsewhere ``PackedLinear`` is float32 through
oneDNN; the library behind PyTorch's own linear layers leaves the wide vector units of many processors unused,
and pays for a layout change at every call.
``Int8Linear`` has a quarter of the bytes to read, and integer arithmetic; where the processor can,
``TiledInt8Linear`` computes the same faster.

How a sum of floats is rounded depends on the shape of the batch it is computed in. In a network of floats
that is too little to matter; before an int8 layer it can tip an activation from one step to the next, which
is a thousand times as much, and then a text depends on its neighbours. So around int8 layers, passes over
whole rows compute attention in float64 (``widen``), of which only rounded results are seen. In steps each row
is computed by itself (``cpu_tiles``, ``cpu_attention``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.activations import NewGELUActivation
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.pytorch_utils import Conv1D

from autoresponder.model.cpu_int8_tiles import LEAST, SUPPORTED, TiledInt8Linear
from autoresponder.model.cpu_kernels import scale_rows
from autoresponder.model.cpu_tiles import WIDE, TiledLayer, TiledLinear
from autoresponder.model.fused import FusedAttention, fuse

USUAL_ROWS = 16  # rows the layout is chosen for; others work as well
IN_FLOAT64 = "sdpa in float64"


class PackedLinear(nn.Module):
    """``y = x Wᵀ + b`` in float32 with W (out, in) in oneDNN's blocked layout."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weights = weight.numel() + (0 if bias is None else bias.numel())
        pack: Any = torch.ops.mkldnn._reorder_linear_weight
        self._packed: Tensor = pack(weight.contiguous(), USUAL_ROWS)
        self._bias = bias
        self._multiply: Any = torch.ops.mkldnn._linear_pointwise

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, in) to (…, out)."""
        y: Tensor
        if x.dim() == 2:
            y = self._multiply(x, self._packed, self._bias, "none", [], "")
            return y
        y = self._multiply(x.flatten(0, -2), self._packed, self._bias, "none", [], "")
        return y.view(*x.shape[:-1], -1)


class Int8Linear(nn.Module):
    """``y = x Wᵀ + b`` in int8: one scale for each output channel, one for each row of x, drawn as it comes.

    ``W ≈ s_w q_w`` and ``x ≈ s_x q_x`` with s the largest magnitude over the largest integer. A scale
    of its own for each row (and not, as usual, one for the batch) keeps a row's result from depending
    on its neighbours. Without VNNI instructions, sums of two products are kept in 16 bits, so
    activations get 7 bits there instead of 8.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weights = weight.numel() + (0 if bias is None else bias.numel())
        wide = bool(torch.cpu._is_vnni_supported())
        self._levels = 127 if wide else 63
        self._zero = 128 if wide else 64
        scales = weight.abs().amax(dim=1).clamp(min=LEAST).double() / 127
        zeros = torch.zeros(len(weight), dtype=torch.long)
        with warnings.catch_warnings():
            # The form in which the kernels take their weights is to go one day, and nothing replaces it yet.
            warnings.simplefilter("ignore", UserWarning)
            quantised = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        operations: Any = torch.ops.quantized
        self._packed = operations.linear_prepack(quantised, None)
        self._bias = bias
        self._multiply = operations.linear_with_input_q_dq_qweight_dq_output_fp32

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, in) to (…, out)."""
        flat = x.reshape(-1, x.shape[-1])
        drawn, scale = torch.empty_like(flat), x.new_empty(len(flat), 1)
        scale_rows(flat.numpy(), LEAST, drawn.numpy(), scale.numpy())
        y: Tensor = self._multiply(drawn, 1 / self._levels, self._zero, self._packed)
        y = y.mul_(scale) if self._bias is None else torch.addcmul(self._bias, y, scale)
        return y if x.dim() == 2 else y.view(*x.shape[:-1], -1)


INT8 = (Int8Linear, TiledInt8Linear)


def pack_linears(network: PreTrainedModel, dtype: str) -> None:
    """Replace every linear layer of a float32 network on a CPU: "float32" exactly, "int8" nearly.

    Embeddings stay as they are, those that share their weights with the last layer too. What is not packed is
    copied, since one tensor that lies in a mapped file of weights keeps all of that file in memory.
    """
    fuse(network)
    make: Callable[[Tensor, Tensor | None], nn.Module]
    if dtype == "int8":
        make = TiledInt8Linear if SUPPORTED else Int8Linear
    else:
        make = TiledLinear if WIDE else PackedLinear
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Linear):
                setattr(parent, name, make(layer.weight.detach(), _own(layer.bias)))
            elif isinstance(layer, Conv1D):
                setattr(parent, name, make(layer.weight.detach().t().contiguous(), _own(layer.bias)))
            elif isinstance(layer, NewGELUActivation):
                setattr(parent, name, nn.GELU("tanh"))  # the same function in one pass over memory
    for kept in (*network.parameters(), *network.buffers()):
        kept.data = kept.data.clone()


def _own(bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.detach().clone()


def is_int8(network: PreTrainedModel) -> bool:
    """Whether a network's linear layers compute in int8."""
    return any(isinstance(module, INT8) for module in network.modules())


def widen(network: PreTrainedModel) -> None:
    """Compute a network's attention over whole rows in float64; GPT-Neo's and GPT-J's own stays as it is."""
    config: Any = network.config
    if config._attn_implementation == "sdpa":
        AttentionInterface.register(IN_FLOAT64, _attend_widely)
        AttentionMaskInterface.register(IN_FLOAT64, sdpa_mask)
        config._attn_implementation = IN_FLOAT64
    for module in network.modules():
        if isinstance(module, FusedAttention):
            module.wide = True


def _attend_widely(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **named: Any
) -> tuple[Tensor, None]:
    """Attention as transformers looks it up: gives (B, T, H, D)."""
    found, _ = sdpa_attention_forward(module, query.double(), key.double(), value.double(), *rest, **named)
    return found.to(query.dtype), None


def count_weights(network: PreTrainedModel) -> int:
    """Number of weights, those in packed layers included; shared ones count where they are kept twice."""
    packed = sum(
        int(m.weights) for m in network.modules() if isinstance(m, (PackedLinear, Int8Linear, TiledLayer))
    )
    return packed + sum(p.numel() for p in network.parameters())
