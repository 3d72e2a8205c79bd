"""The kinds of server: what each calls the numbers of a sampler, and what none of them can be asked for.

A server that applies fewer or other filters than it is asked for says nothing, so all filters that a sampler
does not have are switched off by name, and ``probe`` looks whether what was asked for is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from autoresponder.sampling.base import Numbers

Fields = dict[str, JsonValue]

TOP_P, TYPICAL, MIROSTAT_1 = "top_p", "typical", "mirostat_1"


@dataclass(frozen=True)
class Sampling:
    """What one text is drawn with; ``target`` in bits, for samplers that have one."""

    name: str
    numbers: Numbers
    target: float | None = None


@dataclass(frozen=True)
class ServerKind:
    """A kind of server; ``fields`` gives the fields of a request that say how tokens are drawn, and end."""

    samplers: tuple[str, ...]
    fields: Callable[[Sampling, int], Fields]
    """From the sampling and the id of the end token."""


def _vllm(sampling: Sampling, end: int) -> Fields:
    """Its own defaults come from the model's generation_config.json."""
    return {
        "temperature": sampling.numbers.temperature,
        "top_p": sampling.numbers.top_p,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "stop_token_ids": [end],
        "add_special_tokens": False,
        "logprobs": 0,  # of the drawn tokens alone
    }


def _llama_cpp(sampling: Sampling, _end: int) -> Fields:
    """llama.cpp's server applies ``samplers`` in their order; Mirostat replaces all but the temperature."""
    numbers = sampling.numbers
    common: Fields = {"temperature": numbers.temperature, "repeat_penalty": 1.0, "logprobs": 1}
    if sampling.name == MIROSTAT_1:
        return {
            **common,
            "temperature": 1.0,
            "mirostat": 1,
            "mirostat_tau": sampling.target,
            "mirostat_eta": numbers.mirostat_rate,
        }
    named = "typical_p" if sampling.name == TYPICAL else "top_p"
    filter_ = "typ_p" if sampling.name == TYPICAL else "top_p"
    return {**common, "samplers": ["temperature", filter_], named: numbers.top_p}


def _llama_cpp_python(sampling: Sampling, _end: int) -> Fields:
    """Its order is fixed: top-p before the temperature."""
    numbers = sampling.numbers
    common: Fields = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
    if sampling.name == MIROSTAT_1:
        return {
            **common,
            "temperature": 1.0,
            "top_p": 1.0,
            "mirostat_mode": 1,
            "mirostat_tau": sampling.target,
            "mirostat_eta": numbers.mirostat_rate,
        }
    return {**common, "temperature": numbers.temperature, "top_p": numbers.top_p}


def _transformers(sampling: Sampling, end: int) -> Fields:
    """It refuses fields that OpenAI's interface has not, and draws only if a generation_config says so."""
    numbers = sampling.numbers
    config: Fields = {"do_sample": True, "top_k": 0, "eos_token_id": end, "pad_token_id": end}
    if sampling.name == TYPICAL:
        config["typical_p"] = numbers.top_p
    return {
        "temperature": numbers.temperature,
        "top_p": 1.0 if sampling.name == TYPICAL else numbers.top_p,
        "generation_config": json.dumps(config),
    }


SERVERS: Mapping[str, ServerKind] = {
    "vllm": ServerKind((TOP_P,), _vllm),
    "llama.cpp": ServerKind((TOP_P, TYPICAL, MIROSTAT_1), _llama_cpp),
    "llama-cpp-python": ServerKind((TOP_P, MIROSTAT_1), _llama_cpp_python),
    "transformers": ServerKind((TOP_P, TYPICAL), _transformers),
}
"""By the name that the configuration has for it."""
