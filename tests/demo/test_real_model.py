"""The demo's real model: ``make model`` is the operator's commands, and they make one that serves."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
import stamina
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM

from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import load_generator, load_heads
from demo.corpus.__main__ import main as have_written
from demo.supervisor import HOME
from tests.training.gguf_files import byte_level, write_gguf
from training.__main__ import main as train
from training.adapter import Adapter
from training.gguf_import.convert import import_gguf

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
"""peft asks so."""
SMALL = {
    "write": "--scale 0.001 --threads 1",
    "readers": "--most 110 --threads 1",
    "generator": "--steps 3 --save-every 50 --eval-every 3 --length 120",
    "sentiment": "--epochs 1",
    "selector": "--epochs 1 --attention-width 32",
}
"""What makes each command short; of two values for an option the last one counts."""
ANSWER = "bees number {n} are busy in garden {n}, and {w} they dance {n} maps"
MOODS = ("gladly", "sadly, and it is terrible, that", "i love it that", "today", "i hate that")


def recipe() -> list[list[str]]:
    """The commands of ``make model``, each with its arguments."""
    told = subprocess.run(["make", "-n", "model"], cwd=HOME, capture_output=True, text=True, check=True)
    lines = told.stdout.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if "demo/models/frank" in line or "build/frank" in line]


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama with the marks of a chat."""
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    tokenizer = byte_level(ByteLevel(add_prefix_space=False))
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=0,
    )
    write_gguf(path, "llama", LlamaForCausalLM(config), tokenizer)
    return path


@pytest.fixture(scope="module")
def made(gguf_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the recipe makes, in small: the folder in which it has run."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched, stamina.set_testing(True):
        patched.setattr("demo.corpus.served.MOST_TOKENS", 8)
        patched.setattr("demo.corpus.run.USUAL_MOST", 4)
        patched.setattr("demo.corpus.run.MOST_TOKENS", {})
        patched.chdir(folder)
        (folder / "demo").mkdir()
        (folder / "demo" / "frank.json").write_bytes((HOME / "demo" / "frank.json").read_bytes())
        for call in recipe():
            run(call, gguf_file, folder)
    return folder


def run(call: list[str], gguf_file: Path, folder: Path) -> None:
    """A command of the recipe; the file in place of the package index, plain texts in place of a model's."""
    if call[0].endswith("python"):
        module, arguments = call[2], call[3:]
        if module == "demo.pretrained":
            out = Path(arguments[arguments.index("--out") + 1])
            adapter = Adapter(Path(arguments[-1])) if "--adapter" in arguments else None
            import_gguf(gguf_file, out, end_token="<|endoftext|>", adapter=adapter)
        elif module == "demo.corpus":
            have_written([*arguments, *SMALL[arguments[0]].split()])
            if arguments[0] == "write":
                write_documents(folder / "build" / "frank" / "documents.jsonl")
        else:
            assert train([*arguments, *SMALL.get(arguments[0], "").split()]) == 0, call
    else:
        subprocess.run(shlex.join(call).replace("'&&'", "&&"), shell=True, check=True)


def write_documents(path: Path) -> None:
    """Documents as the corpus has them, each with words of its own."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(240):
            words = ANSWER.format(n=number, w=MOODS[number % len(MOODS)])
            line = {
                "prompt": " Frank posted:\n\n Written 3 PM May 2021",
                "text": f" | Frank's tags: #bees\n {words}.",
                "group": str(number),
            }
            file.write(json.dumps(line) + "\n")


def test_the_recipe_goes_the_whole_way_by_the_operators_commands() -> None:
    calls = [call[2:4] for call in recipe() if call[0].endswith("python")]
    assert [call[0] if call[0] == "demo.pretrained" else " ".join(call) for call in calls] == [
        "demo.pretrained",
        "demo.corpus write",
        "training prepare",
        "training generator",
        "demo.pretrained",
        "training sentiment",
        "demo.corpus readers",
        "training selector",
    ]


def test_adapter_and_heads_serve_together(made: Path) -> None:
    generator = load_generator(str(made / "build" / "frank" / "model"))
    heads = load_heads(generator, made / "demo" / "models" / "frank" / "heads")
    scores = Scorer(generator.network, generator.encoder, heads).score(["I love rain"], ["good"], "responses")
    assert 0 < scores.selector_probabilities[0] < 1
    assert len(scores.sentiment_logit_differences) == 1


def test_the_adapter_is_what_was_trained(made: Path) -> None:
    """The folder that is converted with it writes as the one that was tuned does."""
    tuned, merged = (
        load_generator(str(made / "build" / "frank" / name)).network for name in ("tuned", "model")
    )
    base = load_generator(str(made / "build" / "frank" / "base")).network
    ids = torch.arange(2, 30)[None]
    with torch.inference_mode():
        torch.testing.assert_close(merged(ids).logits, tuned(ids).logits, atol=1e-4, rtol=1e-4)
        assert not torch.allclose(base(ids).logits, tuned(ids).logits, atol=1e-4)
