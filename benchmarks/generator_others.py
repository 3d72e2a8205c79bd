"""Other engines on the same weights, where they are installed: CTranslate2 and vLLM.

Neither has Mirostat, gives activations to the heads, or is needed for anything else here. They write as
many tokens as our loop does, with temperature 0.9 and, where they have it, top-p 0.9.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

Write = Callable[[int], object]
"""Writes so many candidates."""


def other_ways(network: PreTrainedModel, prompt: Sequence[int], new: int) -> dict[str, Write]:
    """The engines that can be imported, each loaded with the network's weights."""
    makers = {"ctranslate2": _ctranslate2, "vllm": _vllm}
    return {name: make(network, prompt, new) for name, make in makers.items() if find_spec(name)}


def _ctranslate2(network: PreTrainedModel, prompt: Sequence[int], new: int) -> Write:
    """Batched writing of CTranslate2; a prompt is one row for each candidate."""
    engine: Any = importlib.import_module("ctranslate2")
    words = [f"t{number}" for number in range(network.config.vocab_size)]
    with tempfile.TemporaryDirectory() as folder:
        _convert(engine, network, words, Path(folder) / "made")
        on = "cuda" if network.device.type == "cuda" else "cpu"
        generator = engine.Generator(str(Path(folder) / "made"), device=on)
    row = [words[number] for number in prompt]

    def write(count: int) -> object:
        return generator.generate_batch(
            [row] * count,
            min_length=new,
            max_length=new,
            sampling_temperature=0.9,
            sampling_topp=0.9,
            sampling_topk=0,
            include_prompt_in_result=False,
        )

    return write


def _convert(engine: Any, network: PreTrainedModel, words: list[str], target: Path) -> None:
    """Write the network's weights in CTranslate2's form, with a made-up name for each token."""
    converters: Any = importlib.import_module("ctranslate2.converters.transformers")
    loader: Any = converters._MODEL_LOADERS["GPT2Config"]  # the way round a tokenizer
    spec = loader.get_model_spec(network)
    spec.register_vocabulary(words)
    spec.config.bos_token = spec.config.eos_token = spec.config.unk_token = words[-1]
    spec.validate()
    spec.optimize(quantization=None)
    target.mkdir()
    spec.save(str(target))
    assert engine.contains_model(str(target))


def _vllm(network: PreTrainedModel, prompt: Sequence[int], new: int) -> Write:
    """Writing of vLLM, which forks a prompt's state as ours does."""
    engine: Any = importlib.import_module("vllm")
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        model = engine.LLM(model=folder, skip_tokenizer_init=True, gpu_memory_utilization=0.5)

    def write(count: int) -> object:
        wishes = engine.SamplingParams(
            n=count, temperature=0.9, top_p=0.9, min_tokens=new, max_tokens=new, detokenize=False
        )
        return model.generate({"prompt_token_ids": list(prompt)}, wishes)

    return write
