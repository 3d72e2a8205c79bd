"""``import``: a GGUF file becomes a model folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.gguf", help="a model in GGUF form")
    parser.add_argument("out", type=Path, metavar="OUT", help="model folder to write; must not be there")
    parser.add_argument(
        "--end-token",
        help="token that begins and ends documents, such as <|endoftext|>; default: the file's own, which "
        "for a model of conversations is often another",
    )
    parser.add_argument(
        "--adapter", type=Path, help="folder of a LoRA adapter, which is added to the weights"
    )


def _run(arguments: argparse.Namespace, _sections: Sections) -> Outcome:
    from training.adapter import Adapter
    from training.gguf_import.convert import import_gguf

    adapter = None if arguments.adapter is None else Adapter(arguments.adapter)
    return Outcome(import_gguf(arguments.file, arguments.out, end_token=arguments.end_token, adapter=adapter))


COMMAND = Command(
    name="import",
    summary="a model in GGUF form becomes a model folder",
    about="""
    Makes a model folder of a GGUF file: weights as safetensors, configuration, tokenizer. Llama, Mistral,
    Qwen 2 and 3, Gemma 3 and GPT-2, in every quantisation that the gguf library can undo; what was quantised
    becomes float32. Everything is checked before anything is written; the folder is complete or not there.
    """,
    add_arguments=_add_arguments,
    run=_run,
    place=15,
)
