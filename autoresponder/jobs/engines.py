"""What writes the texts of jobs: a network of this process, or a server that is asked for completions."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import torch

from autoresponder.completions.server import CompletionsServer
from autoresponder.completions.writer import CompletionsWriter
from autoresponder.errors import ModelError
from autoresponder.generation.generator import Writer, WritingLimits
from autoresponder.generation.graphs import make_decoder
from autoresponder.generation.prompt_cache import PromptCache
from autoresponder.heads.head_2021 import head_layers
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.prompts import Voice
from autoresponder.jobs.titles import TitleWriter, most_likely_line
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.trunk import blocks_of
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import GeneratorConfig
from munging.prompts.formats import control_phrases

Stop = Callable[[], bool]
Clock = Callable[[], float]


@dataclass(frozen=True)
class WritingSettings:
    """How a generator writes: the settings, and what follows from them, from others and from the model."""

    generator: GeneratorConfig
    voice: Voice
    limits: WritingLimits


@dataclass(frozen=True)
class ServedGenerator:
    """A model on a completions server, its tokenizer, and the network that scores what it writes, if any."""

    server: CompletionsServer
    encoder: TextEncoder
    positions: int
    """The longest row that is sent and written, in tokens."""
    scorer: GeneratorModel | None = None


class OwnEngine:
    """A network of this process; what the heads look at is kept while it writes."""

    def __init__(
        self,
        generator: GeneratorModel,
        settings: WritingSettings,
        layers: Collection[int],
        stop: Stop = lambda: False,
        clock: Clock = time.perf_counter,
    ) -> None:
        """``layers`` are the blocks that the heads look at; the usual ones are watched in any case."""
        network, encoder = generator.network, generator.encoder
        self.encoder = encoder
        self.name = f"{generator.identity.name}@{generator.identity.sha256[:12]}"
        self.titles = TitleWriter(partial(most_likely_line, network, encoder), encoder, generator.positions)
        self._kept_layers = frozenset(head_layers(len(blocks_of(network)))) | frozenset(layers)
        self._settings = settings
        self._decoder = make_decoder(
            network,
            settings.generator.batch_size,
            keep=self._kept_layers,
            known=PromptCache(settings.generator.prompt_cache_mib * 2**20),
            context=settings.limits.context,
        )
        self.writer = Writer(
            self._decoder,
            encoder,
            build_sampler(settings.generator.sampler, settings.limits.window),
            settings.limits,
            control_phrases(settings.voice.form, settings.voice.identity),
            stop=stop,
            clock=clock,
        )

    def check_watched(self, layers: Collection[int]) -> None:
        """Raise ModelError unless all these blocks are watched while writing."""
        if not self._kept_layers.issuperset(layers):
            raise ModelError(
                f"the new heads look at blocks {sorted(layers)}, of which some are not watched",
                "start the generator again",
            )

    def warm_up(self) -> None:
        """Make everything ready that is made once. Raises ModelError when memory is too little for it."""
        try:
            self._decoder.warm_up()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise ModelError(
                f"there is too little memory for {self._settings.generator.batch_size} texts of "
                f"{self._settings.limits.context} tokens at once",
                "lower generator.batch_size or generator.context_tokens",
            ) from None


class ServedEngine:
    """A completions server; nobody sees its activations, so whatever is scored is read by the scorer."""

    def __init__(
        self,
        generator: ServedGenerator,
        settings: WritingSettings,
        stop: Stop = lambda: False,
        clock: Clock = time.perf_counter,
    ) -> None:
        server, encoder = generator.server, generator.encoder
        self.encoder = encoder
        self.name = f"{server.model} on a server"
        self.titles = TitleWriter(server.most_likely, encoder, generator.positions)
        self.writer = CompletionsWriter(
            server, encoder, settings.generator, settings.limits, stop=stop, clock=clock
        )

    def check_watched(self, layers: Collection[int]) -> None:
        """Any heads may be taken up."""

    def warm_up(self) -> None:
        """Nothing is made here."""


def is_out_of_memory(error: Exception) -> bool:
    """PyTorch has a class for it on a GPU; the CPU's allocator, CUDA, cuBLAS and oneDNN have words."""
    said = str(error).lower()
    words = ("can't allocate memory", "out of memory", "alloc_failed", "could not create a primitive")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(word in said for word in words)
