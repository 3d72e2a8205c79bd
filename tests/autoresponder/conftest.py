"""A tiny random GPT-2 with its own byte-level tokenizer, made once per test run."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from autoresponder.generation.generator import WritingLimits
from autoresponder.heads.files import save_head
from autoresponder.heads.head_2021 import HEAD_NAMES, GeneratorIdentity, Head, HeadName, HeadSettings
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.prompts import Voice
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.weights import content_hash
from autoresponder.settings import GeneratorConfig
from munging.prompts.formats import FORMATS
from munging.thread import Identity
from switchboard.messages import GenerationJob, GenerationOptions, MoodRecord

END = "<|endoftext|>"
CORPUS = [
    " Conversation between someuser and Frank | 2 posts |\n#1 someuser asked:\n\n hello frank, how are you?",
    "#2 Frank responded:\n\n Written 3 PM February 2021 | Frank's tags: #a, #b\n I am very well, thank you.",
    " Frank posted:\n\n Written 3 PM January 2021 | Frank's tags: #rivers\n A river is a long thought.",
]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    inner = Tokenizer(BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=400,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(CORPUS * 4, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token=END, bos_token=END, clean_up_tokenization_spaces=False
    )


@pytest.fixture(scope="session")
def encoder(tokenizer: PreTrainedTokenizerFast) -> TextEncoder:
    return TextEncoder(tokenizer)


def make_network(vocabulary: int, eot: int, *, layers: int = 4, positions: int = 256) -> GPT2LMHeadModel:
    torch.manual_seed(5)
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=positions,
        n_embd=32,
        n_layer=layers,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=eot,
        eos_token_id=eot,
        initializer_range=0.3,
    )
    network = GPT2LMHeadModel(config)
    network.requires_grad_(requires_grad=False)
    network.train(mode=False)
    return network


@pytest.fixture(scope="session")
def network(encoder: TextEncoder) -> GPT2LMHeadModel:
    return make_network(len(encoder), encoder.eot)


@pytest.fixture(scope="session")
def bare_folder(
    tmp_path_factory: pytest.TempPathFactory, network: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast
) -> Path:
    """A model folder without heads."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def generator(network: GPT2LMHeadModel, encoder: TextEncoder, bare_folder: Path) -> GeneratorModel:
    identity = GeneratorIdentity(name="tiny", sha256=content_hash([bare_folder / "model.safetensors"]))
    return GeneratorModel(network, encoder, identity, bare_folder)


@pytest.fixture(scope="session")
def heads(generator: GeneratorModel) -> Mapping[HeadName, Head]:
    """Heads whose scores differ much from text to text."""
    made = {}
    for seed, name in enumerate(HEAD_NAMES):
        settings = HeadSettings(
            name=name,
            generator=generator.identity,
            layers=(seed, 2),
            width=32,
            n_head=2,
            mlp_ratio=2,
            max_tokens=60,
        )
        made[name] = Head(settings).initialise(torch.Generator().manual_seed(seed)).eval()
        made[name].logits.weight.data.mul_(200)
    return made


@pytest.fixture(scope="session")
def whole_folder(
    tmp_path_factory: pytest.TempPathFactory,
    network: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    heads: Mapping[HeadName, Head],
) -> Path:
    """A model folder with everything in it."""
    folder = tmp_path_factory.mktemp("models") / "whole"
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for head in heads.values():
        save_head(head, folder / "heads")
    return folder


@pytest.fixture(scope="session")
def settings() -> WritingSettings:
    return WritingSettings(
        GeneratorConfig(batch_size=4, prompt_cache_mib=0),
        voice=Voice(FORMATS["v10"], Identity("frank-blog", "Frank")),
        limits=WritingLimits(context=252, window=40, max_new=40),
    )


@pytest.fixture
def runner(generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings) -> JobRunner:
    return JobRunner(generator, heads, settings)


@pytest.fixture(scope="session")
def sample() -> GenerationJob:
    """A job for three candidates, of any length."""
    anything = MoodRecord(name="unrestricted", min_allowed_score=-100.0, max_allowed_score=100.0)
    return GenerationJob(
        type="answer",
        prompt="友someuser要\nhello frank\n域",
        kwargs=GenerationOptions(best_of=3, mood=anything, avoid_if_under=0, avoid_half_if_under=0),
        base_id="base",
        v10_timestamp="3 PM February 2021",
        n_desired=3,
    )


@pytest.fixture
def fragile(network: GPT2LMHeadModel, encoder: TextEncoder) -> GPT2LMHeadModel:
    """A network that gives no numbers for a text with two tildes in it."""
    broken = copy.deepcopy(network)
    (tilde,) = encoder.encode_text("~")

    def spoil(_module: object, inputs: tuple[torch.Tensor], embedded: torch.Tensor) -> torch.Tensor:
        if inputs[0].dim() == 1:  # a step of one token for each row
            return embedded
        tildes = inputs[0] == tilde
        embedded[:, 1:][tildes[:, 1:] & tildes[:, :-1]] = torch.nan
        return embedded

    broken.transformer.wte.register_forward_hook(spoil)
    return broken
