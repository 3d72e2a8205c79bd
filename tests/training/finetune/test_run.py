"""Runs of the generator's training: the same from one seed, whatever stops them and however they are cut."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, set_seed

from autoresponder.jobs.model_folder import load_generator
from tests.training.finetune.toy import SHAPE, THINGS, make_corpus, train
from training.corpus.tokens import encode, load_encoder, with_ends
from training.errors import CheckpointError, UsageError
from training.finetune.checkpoints import newest_whole, seal_checkpoint
from training.finetune.noise import noise_scale
from training.finetune.plan import Lora

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped."""
    out = tmp_path_factory.mktemp("whole") / "model"
    train(corpus, out)
    return out


def losses(folder: Path) -> list[float]:
    return list(json.loads((folder / "losses.json").read_text())["loss"])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def learned(folder: Path) -> dict[str, torch.Tensor]:
    """The weights that have a gradient.

    A bias of the keys moves all scores of a softmax alike. Its gradient is rounding noise around 0, and Adam
    makes steps of full length out of that.
    """
    found = weights(folder)
    for name, value in found.items():
        if name.endswith("c_attn.bias"):
            queries, _keys, values = value.chunk(3)
            found[name] = torch.cat([queries, values])
    return found


def test_the_result_is_a_model_folder_with_a_report(corpus: Path, whole: Path) -> None:
    report = json.loads((whole / "report.json").read_text())
    assert report["steps"] == len(losses(whole)) == 8
    assert report["loss_held_out"] > 0
    assert report["seed"] == 2021
    generator = load_generator(str(whole), device="cpu")
    assert generator.identity.sha256 == report["sha256"]
    assert (whole / "losses.png").stat().st_size > 1000


def test_a_run_that_is_killed_again_and_again_comes_to_the_same_result(
    corpus: Path, whole: Path, tmp_path: Path
) -> None:
    """T18: bit-equal weights and the same losses, with dropout, after SIGKILL at any moment."""
    out = tmp_path / "model"
    run = [sys.executable, "-m", "tests.training.finetune.killing", str(corpus), str(out), "12"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert losses(out) == losses(whole)
    before, after = weights(whole), weights(out)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_two_processes_come_to_the_losses_of_one(corpus: Path, tmp_path: Path) -> None:
    """T17: gloo on the CPU, the batch cut into two processes and micro-batches, against one batch."""
    single = tmp_path / "single"
    changes: Any = {"steps": 4, "dropout": 0.0, "eval_every": 100}
    train(corpus, single, rows="documents", **changes)
    (tmp_path / "config.json").write_text('{"blog": {"blog_name": "frank"}}')
    out = tmp_path / "double"
    options = (
        f"generator --config {tmp_path / 'config.json'} --corpus {corpus} --base new --shape 2,32,2,48 "
        f"--tokenizer {corpus.parent / 'tok'} --steps 4 --batch 4 --micro-batch 1 --length 32 --rate 1e-3 "
        f"--rows documents --out {out} --sample-every 0 --save-every 2 --eval-every 100"
    )
    run = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m",
           "training", *options.split()]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert losses(out) == pytest.approx(losses(single), abs=2e-4)
    after = learned(out)
    difference = {name: float((after[name] - value).abs().max()) for name, value in learned(single).items()}
    assert max(difference.values()) < 1e-6, difference


def test_accumulated_batches_weigh_every_token_alike(corpus: Path, tmp_path: Path) -> None:
    """T17: documents of unequal length, four at once against one by one."""
    reports = {}
    for micro in (4, 1):
        out = tmp_path / str(micro)
        reports[micro] = train(corpus, out, rows="documents", micro_batch=micro, dropout=0.0, steps=3)
    assert losses(tmp_path / "1") == pytest.approx(losses(tmp_path / "4"), abs=2e-5)


def test_adapters_are_refused_where_the_network_is_cut_up(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T27: such a run could not be gone on from."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UsageError, match="--lora does not go with FSDP"):
        train(corpus, tmp_path / "model", lora=Lora(rank=4, alpha=8))
    assert not (tmp_path / "model.work").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").write_bytes(b"short"),
        lambda folder: (folder / "trainer_state.json").unlink(),
        lambda folder: (folder / "optimizer.pt").write_bytes(b""),
        lambda folder: [path.unlink() for path in folder.iterdir()],
        lambda folder: (folder / "manifest.json").write_text("{}"),
    ],
)
def test_only_whole_checkpoints_are_gone_on_from(tmp_path: Path, damage: object) -> None:
    """T19: half-written, emptied or tampered checkpoints, and what is said of them."""
    for step in (2, 4):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        for name in ("model.safetensors", "trainer_state.json", "optimizer.pt"):
            (folder / name).write_bytes(f"{name} at {step}".encode())
        seal_checkpoint(folder, "run")
    assert newest_whole(tmp_path) == (tmp_path / "checkpoint-4", [])
    damage(tmp_path / "checkpoint-4")  # type: ignore[operator]
    newest, passed_over = newest_whole(tmp_path)
    assert newest == tmp_path / "checkpoint-2"
    assert passed_over[0].startswith("checkpoint-4: ")
    (tmp_path / "checkpoint-2" / "optimizer.pt").write_bytes(b"cposix\nsystem\n")  # T30: a pickle that acts
    with pytest.raises(CheckpointError, match=r"no checkpoint .* is whole"):
        newest_whole(tmp_path)


def test_a_network_learns_to_stop(corpus: Path, tmp_path: Path) -> None:
    """T15: after the words of a document comes the end token, which padding must not have hidden."""
    out = tmp_path / "model"
    train(corpus, out, rows="documents", steps=120, batch=16, micro_batch=16, rate=1e-2, dropout=0.0,
          save_every=1000, eval_every=1000)  # fmt: skip
    encoder = load_encoder(str(out))
    network = GPT2LMHeadModel.from_pretrained(out)
    ids = [encoder.eot, *encoder.encode_text(f" Written 7 PM\n {THINGS[7]} {THINGS[0]} number 7")]
    ends = 0.0
    with torch.no_grad():
        ends = float(network(torch.tensor([ids])).logits[0, -1].softmax(-1)[encoder.eot])
    assert ends > 0.1


def test_training_and_serving_read_the_same_ids(corpus: Path) -> None:
    """T16: one end token in front, in both; the same ids as far as the prompt goes."""
    from munging.prompts.formats import Piece, Prompt

    encoder = load_encoder(str(corpus.parent / "tok"))
    prompt = " Frank posted:\n\n Written 3 PM"
    trained, _ = with_ends(encode(prompt, "\n words", encoder, "own"), encoder.eot)
    served = encoder.encode_prompt(Prompt((Piece(prompt, structure=True),)))
    assert trained[: len(served)] == served
    assert trained.count(encoder.eot) == 2


def tied_base(folder: Path, kind: str, tokenizer: Path) -> Path:
    """A small checkpoint whose output is tied to its embedding."""
    encoder = load_encoder(str(tokenizer))
    set_seed(5)
    common: Any = {"vocab_size": len(encoder), "bos_token_id": encoder.eot, "eos_token_id": encoder.eot}
    if kind == "llama":
        config = LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                             num_key_value_heads=1, max_position_embeddings=48, tie_word_embeddings=True,
                             **common)  # fmt: skip
        LlamaForCausalLM(config).save_pretrained(folder)
    else:
        GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=48, **common)).save_pretrained(
            folder
        )
    encoder.tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft asks so
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_adapters_are_merged_into_tied_networks(corpus: Path, tmp_path: Path, kind: str) -> None:
    """T20: what was trained is what is saved, and the output is still the embedding."""
    base = tied_base(tmp_path / "base", kind, corpus.parent / "tok")
    out = tmp_path / "model"
    changes = {"base": base, "shape": None, "tokenizer": base}
    report = train(corpus, out, changes, lora=Lora(rank=4, alpha=8), rate=1e-2, steps=6)
    assert 0 < report["trained_parameters"] < report["parameters"]
    before, after = load_generator(str(base), device="cpu"), load_generator(str(out), device="cpu")
    ids = torch.arange(5)[None]
    with torch.no_grad():
        assert not torch.allclose(before.network(ids).logits, after.network(ids).logits, atol=1e-3)
    assert after.network.config.tie_word_embeddings
    old, new = weights(base), weights(out)
    assert old.keys() == new.keys()
    embedding = "model.embed_tokens.weight" if kind == "llama" else "transformer.wte.weight"
    assert torch.equal(old[embedding], new[embedding])
    assert losses(out)[-1] < losses(out)[0]


def test_a_tokenizer_that_does_not_belong_to_the_network_is_refused(corpus: Path, tmp_path: Path) -> None:
    base = tied_base(tmp_path / "base", "gpt2", corpus.parent / "tok")
    config = json.loads((base / "config.json").read_text()) | {"vocab_size": 200}
    GPT2LMHeadModel(GPT2Config(**config)).save_pretrained(base)
    changes = {"base": base, "shape": None, "tokenizer": base}
    with pytest.raises(UsageError, match="the tokenizer knows 300 tokens, the network 200"):
        train(corpus, tmp_path / "model", changes)


def test_the_noise_scale_of_known_gradients() -> None:
    """Gradients of mean 3 and variance 4 for each row: B_noise is 4 / 9."""
    assert noise_scale([9 + 4 / 2], 9 + 4 / 8, 2, 8) == pytest.approx(4 / 9)
    assert noise_scale([1.0, 1.0], 0.1, 1, 2) is None


def test_a_folder_that_is_there_is_replaced_in_one_step(corpus: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    shutil.copytree(whole, out)
    (out / "old-file").touch()
    train(corpus, out, steps=2, save_every=100)
    assert not (out / "old-file").exists()
    assert SHAPE.layers == json.loads((out / "config.json").read_text())["n_layer"]
