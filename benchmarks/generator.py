"""Speed of the generator against the ways it replaces, in one run on the same random weights.

    .venv/bin/python -m benchmarks.generator [--sizes small medium] [--candidates 1 4 13 32] [--plot FILE]
    .venv/bin/python -m benchmarks.generator --model FOLDER [--gguf F32.gguf Q8_0.gguf]

Three ways to write N continuations of one prompt: one `generate` call for each (as the bot of 2021 did),
`generate(num_return_sequences=N)`, and the writing loop of this project. First all must give the same tokens
in greedy mode, in float32, or nothing is measured. A roofline comes from a copy and a matrix product in the
same run; a step reads all weights, and the keys and values that its rows look at. Where CTranslate2 or vLLM
can be imported, a way of theirs is measured too. Memory is what a way needs at its peak beyond what is there
before it begins: weights stay out. Of our ways, the growth with the length of the texts is measured too. A
table and lines fitted to the times stand at the end; the last line is JSON; `--plot FILE` draws the times.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from benchmarks.generator_llama_cpp import llama_cpp_ways
from benchmarks.generator_others import other_ways
from benchmarks.generator_ours import Ours, same_greedy_tokens
from benchmarks.generator_report import draw, grown, roofline, table
from benchmarks.machine import bandwidth, compute, processor
from benchmarks.memory import Peak

SHAPES = {  # width, blocks, heads
    "tiny": (64, 2, 2),
    "small": (768, 12, 12),
    "medium": (1024, 24, 16),
    "large": (1280, 36, 20),
    "xl": (1600, 48, 25),
}

LLAMAS: dict[str, dict[str, Any]] = {
    "llama-1b": {  # Llama 3.2
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": True,
    },
    "llama-tiny": {
        "vocab_size": 50_257,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
}
LENGTHS_CANDIDATES = 13  # of an answer
PEAKED = 8.0  # gain of the last norm; without it random weights give nearly even probabilities


def make_network(size: str, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    """A checkpoint, or a shape with random weights about as peaked as a trained network's."""
    torch.manual_seed(1)
    auto: Any = AutoModelForCausalLM
    network: Any
    if size in SHAPES:
        width, blocks, heads = SHAPES[size]
        network = GPT2LMHeadModel(GPT2Config(n_embd=width, n_layer=blocks, n_head=heads))
        network.transformer.ln_f.weight.data.mul_(PEAKED)
    elif size in LLAMAS:
        network = LlamaForCausalLM(LlamaConfig(**LLAMAS[size]))
        network.model.norm.weight.data.mul_(PEAKED)
    else:
        network = auto.from_pretrained(size, dtype=dtype)
    network.generation_config.eos_token_id = None  # so that `generate` writes as much as every other way
    network.requires_grad_(requires_grad=False)
    network.train(mode=False)
    placed: PreTrainedModel = network.to(device=device, dtype=dtype)
    return placed


def shape_of(size: str) -> tuple[int, int]:
    """Width of the keys of a position, and the number of blocks."""
    if size in SHAPES:
        return SHAPES[size][0], SHAPES[size][1]
    config: Any = LlamaConfig(**LLAMAS[size]) if size in LLAMAS else AutoConfig.from_pretrained(size)
    heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    each = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return heads * each, config.num_hidden_layers


def generate(network: Any, prompt: Sequence[int], new: int, copies: int = 1, *, sample: bool = True) -> Any:
    """Transformers' own way."""
    row = torch.tensor([prompt], device=network.device)
    return network.generate(
        row,
        attention_mask=torch.ones_like(row),
        do_sample=sample,
        **({"top_p": 0.9, "temperature": 0.9, "top_k": 0} if sample else {}),
        num_return_sequences=copies,
        max_new_tokens=new,
        pad_token_id=0,
    )


def timed(
    work: Callable[[], object], repeats: int, clock: Callable[[], float], device: torch.device
) -> tuple[float, float]:
    """Median time in seconds, and the MiB it took at its peak beyond what was there."""
    times = []
    with Peak(device) as peak:
        for _ in range(repeats):
            began = clock()
            work()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(clock() - began)
    return statistics.median(times), peak.mib


def check_greedy(size: str, prompt: Sequence[int], new: int, device: torch.device) -> None:
    """Raise AssertionError unless our loop and `generate` agree, token by token."""
    network = make_network(size, device, torch.float32)
    reference = generate(network, prompt, new, sample=False)[0, len(prompt) :].tolist()
    same_greedy_tokens(Ours(network, "float32"), prompt, reference)


def our_ways(size: str, arguments: argparse.Namespace, device: torch.device) -> dict[str, Ours]:
    """Our loop, in every number format there is."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    ways = {"ours": Ours(make_network(size, device, dtype), "float32")}
    if arguments.int8 and device.type == "cpu":
        ways["ours_int8"] = Ours(make_network(size, device, dtype), "int8")
    return ways


def measure_lengths(
    size: str, arguments: argparse.Namespace, device: torch.device
) -> Iterator[dict[str, object]]:
    """How the time of our ways grows with the number of tokens, for one number of candidates."""
    prompt = prompt_of(arguments.prompt)
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    for way, engine in our_ways(size, arguments, device).items():
        engine.prepare(LENGTHS_CANDIDATES)
        for new in arguments.lengths:
            figures = engine.measure(prompt, new, LENGTHS_CANDIDATES, arguments.repeats, clock)
            kept = {name: figures[name] for name in ("seconds", "prefill_s", "decode_s", "scoring_s")}
            yield {"size": size, "way": way, "n": LENGTHS_CANDIDATES, "new": new, **kept}


def prompt_of(length: int) -> list[int]:
    """Ids that do not repeat themselves soon."""
    return [1 + (7 * place) % 40_000 for place in range(length)]


def measure_size(
    size: str, arguments: argparse.Namespace, device: torch.device
) -> Iterator[dict[str, object]]:
    """Rows of figures for one size; for each N all ways, one after the other."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    prompt = prompt_of(arguments.prompt)
    new, repeats = arguments.new, arguments.repeats
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    check_greedy(size, prompt, new, device)
    network = make_network(size, device, dtype)
    ways = our_ways(size, arguments, device)
    others = other_ways(network, prompt, new) if size in SHAPES else {}
    others |= llama_cpp_ways(arguments.gguf, prompt, new, arguments.threads)
    if device.type == "cuda":  # kernels are loaded once
        generate(network, prompt, 2)
    one, one_mib = timed(partial(generate, network, prompt, new), repeats, clock, device)
    for count in arguments.candidates:
        together, together_mib = timed(partial(generate, network, prompt, new, count), repeats, clock, device)
        replaced: dict[str, object] = {
            "original_s": round(one * count, 3),
            "original_mib": one_mib,
            "original_tokens_per_s": round(new / one, 1),
            "original_candidates_per_s": round(1 / one, 2),
            "generate_s": round(together, 3),
            "generate_mib": together_mib,
            "generate_tokens_per_s": round(count * new / together, 1),
            "generate_candidates_per_s": round(count / together, 2),
        }
        for name, write in others.items():
            replaced[f"{name}_s"] = round(timed(partial(write, count), repeats, clock, device)[0], 3)
        for way, engine in ways.items():
            with Peak(device) as peak:
                began = time.perf_counter()
                engine.prepare(count)  # on a GPU, this captures the graphs
                prepared = time.perf_counter() - began
                figures = engine.measure(prompt, new, count, repeats, clock)
            yield {
                "size": size,
                "n": count,
                "way": way,
                "prompt": len(prompt),
                "new": new,
                **replaced,
                **figures,
                "mib": peak.mib,
                "prepare_s": round(prepared, 2),
                "original_first_s": round(one, 3),
                "generate_first_s": round(together, 3),
                "times_original": round(one * count / figures["seconds"], 2),
                "times_generate": round(together / figures["seconds"], 2),
                "candidates_per_s": round(count / figures["seconds"], 2),
            }


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=[*SHAPES, *LLAMAS], default=["small"])
    parser.add_argument("--model", dest="sizes", nargs=1, help="a checkpoint's folder, instead of a shape")
    parser.add_argument(
        "--gguf",
        nargs="*",
        type=Path,
        default=[],
        help="the same model as files for llama.cpp, if it is here",
    )
    parser.add_argument("--candidates", nargs="+", type=int, default=[1, 4, 13, 32])
    parser.add_argument("--prompt", type=int, default=300, help="tokens of the prompt")
    parser.add_argument("--new", type=int, default=100, help="tokens of each candidate")
    parser.add_argument(
        "--lengths", nargs="*", type=int, default=[25, 50, 100, 200], help="tokens, to show the growth"
    )
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--no-int8", dest="int8", action="store_false")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="count CPU seconds instead of wall time: for a busy machine, with --threads 1",
    )
    parser.add_argument("--plot", type=Path, default=None)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    arguments = options(argv)
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    machine = {"copy_bytes_per_s": bandwidth(device), "flops_per_s": compute(device)}
    print({name: f"{value / 1e9:.1f} G" for name, value in machine.items()}, flush=True)
    rows: list[dict[str, Any]] = []
    lengths: list[dict[str, Any]] = []
    for size in arguments.sizes:
        for row in measure_size(size, arguments, device):
            rows.append(row | roofline(row, shape_of(size), device, machine))
            print(rows[-1], flush=True)
        for row in measure_lengths(size, arguments, device):
            lengths.append(row)
            print(row, flush=True)
    growth = [*grown(rows, "n"), *grown(lengths, "new")]
    print(table(rows))
    for line in growth:
        print(line)
    if arguments.plot:
        draw(rows, lengths, arguments.plot)
    summary = {
        "rows": rows,
        "lengths": lengths,
        "growth": growth,
        "machine": {name: round(value / 1e9, 1) for name, value in machine.items()},
        "processor": processor(device),
        "threads": arguments.threads,
        "clock": "cpu" if arguments.cpu_time else "wall",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
