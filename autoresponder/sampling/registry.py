"""Samplers by name. A file of this folder is a sampler; nothing else has a list of them."""

from __future__ import annotations

from importlib import import_module

from pydantic import JsonValue

from autoresponder.sampling.base import Numbers, Sampler, Scheme
from autoresponder.settings import SamplerConfig


def scheme_of(config: SamplerConfig) -> Scheme:
    """The sampler that a configuration names."""
    scheme: Scheme = import_module(f"autoresponder.sampling.{config.name}").SCHEME
    return scheme


def numbers_of(config: SamplerConfig, window: int) -> Numbers:
    """A configuration's numbers, the sampler's own where it has none; ``window`` is in tokens."""
    scheme = scheme_of(config)
    return Numbers(
        temperature=scheme.temperature if config.temperature is None else config.temperature,
        top_p=scheme.top_p if config.top_p is None else config.top_p,
        mirostat_rate=config.mirostat_learning_rate,
        breakruns_step=config.breakruns_step,
        window=window,
    )


def build_sampler(config: SamplerConfig, window: int) -> Sampler:
    """Make the sampler; ``window`` is the number of tokens of the first stage."""
    return scheme_of(config).build(numbers_of(config, window))


def sampling_info(config: SamplerConfig, window: int) -> dict[str, JsonValue]:
    """What a result says of its sampling, under the names of the wire."""
    scheme, numbers = scheme_of(config), numbers_of(config, window)
    return {
        "MIRO": scheme.has_target,
        "MIRO_LR": numbers.mirostat_rate,
        "MIRO_ONLY_ON_CONTINUE": False,
        "length": window,
        "T": 1.0 if scheme.has_target else numbers.temperature,
        "p": 0.0 if scheme.has_target else numbers.top_p,
        "chop_lowest": None,
        "chop_highest": None,
        "pre_continue_length": window,
        "pre_continue_T": numbers.temperature,
        "pre_continue_p": numbers.top_p,
        "BREAKRUNS_TAU": None,
        **scheme.info(numbers),
    }
