"""Sampling schemes by name: which samplers, in which order, with which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from autoresponder.sampling.base import (
    TARGETS_2021,
    Breakruns,
    Chain,
    Mirostat2,
    Sampler,
    Temperature,
    TopP,
    TwoStage,
)
from autoresponder.sampling.rare import MiddleP, Mirostat1, Typical

Scheme = Literal["two_stage_mirostat", "breakruns", "top_p", "mirostat_1", "middle_p", "typical"]
DEFAULTS = {"breakruns": (1.0, 0.95), "middle_p": (0.95, 0.85), "typical": (1.0, 0.9)}


@dataclass(frozen=True)
class SamplerSettings:
    """A sampling scheme and its numbers; none stands for the scheme's own default.

    two_stage_mirostat (2021): temperature 0.9 and top-p 0.9 in the first window, Mirostat 2 at
    temperature 1 from there on. breakruns (later): temperature 1.0, top-p 0.95. top_p: plain.
    mirostat_1: throughout, at temperature 1. middle_p (2020): temperature 0.95, 0.85 of the mass from
    the middle. typical (tried in 2022): temperature 1.0, mass 0.9, at least 2 tokens. ``top_p`` is the
    mass that any of them keeps.
    """

    scheme: Scheme = "two_stage_mirostat"
    temperature: float | None = None
    top_p: float | None = None
    mirostat_rate: float = 0.05
    breakruns_step: float = 0.035
    targets: Sequence[float] = TARGETS_2021

    @property
    def uses_target(self) -> bool:
        """Whether candidates have a target surprise at all."""
        return self.scheme in ("two_stage_mirostat", "mirostat_1")

    def resolved(self) -> tuple[float, float]:
        """Temperature and top-p with the scheme's defaults in place."""
        temperature, top_p = DEFAULTS.get(self.scheme, (0.9, 0.9))
        return (
            temperature if self.temperature is None else self.temperature,
            top_p if self.top_p is None else self.top_p,
        )

    def build(self, window: int) -> Sampler:
        """Make the sampler; ``window`` is the number of tokens of the first stage."""
        temperature, top_p = self.resolved()
        if self.scheme == "breakruns":
            return Chain(Breakruns(temperature, self.breakruns_step), TopP(top_p))
        if self.scheme == "mirostat_1":
            return Mirostat1(self.mirostat_rate)
        if self.scheme == "middle_p":
            return Chain(Temperature(temperature), MiddleP.retaining(top_p))
        if self.scheme == "typical":
            return Chain(Temperature(temperature), Typical(top_p, least=2))
        plain = Chain(Temperature(temperature), TopP(top_p))
        if self.scheme == "top_p":
            return plain
        return TwoStage(plain, Mirostat2(self.mirostat_rate), window)

    def info(self, window: int) -> dict[str, JsonValue]:
        """What a result says of its sampling, under the names of the wire."""
        temperature, top_p = self.resolved()
        two_stage = self.scheme == "two_stage_mirostat"
        chopped = (1 - top_p) / 2 if self.scheme == "middle_p" else None
        return {
            "MIRO": self.uses_target,
            "MIRO_LR": self.mirostat_rate,
            "MIRO_ONLY_ON_CONTINUE": two_stage,
            "length": window,
            "T": 1.0 if self.uses_target else temperature,
            "p": 0.0 if self.uses_target or chopped is not None else top_p,
            "chop_lowest": chopped,
            "chop_highest": chopped,
            "pre_continue_length": window,
            "pre_continue_T": temperature,
            "pre_continue_p": top_p,
            "BREAKRUNS_TAU": self.breakruns_step if self.scheme == "breakruns" else None,
        }
