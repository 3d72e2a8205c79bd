"""From the configuration to a generator that is ready to work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count

import torch

from autoresponder.completions.client import CompletionsClient, Retries
from autoresponder.completions.probe import Found, look_at
from autoresponder.completions.server import CompletionsServer
from autoresponder.errors import ModelError, ServerUnreachableError, WritingStoppedError
from autoresponder.generation.generator import CONTEXT_MARGIN, WritingLimits
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.jobs.engines import ServedGenerator, WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel, load_generator, load_heads, load_tokenizer
from autoresponder.jobs.prompts import Voice
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import GeneratorConfig
from bot_network import shown_url
from bot_settings.blog import BlogConfig
from munging.thread import Identity

LONGEST_PAUSE_SECONDS = 30.0  # before an absent server is looked for again
PROBING = Retries(attempts=3, longest_wait_seconds=5.0)


@dataclass(frozen=True)
class Built:
    """A runner that is ready, and what it was made of."""

    runner: JobRunner
    generator: GeneratorModel | ServedGenerator

    @property
    def judge(self) -> GeneratorModel | None:
        """The network whose activations the heads look at."""
        return self.generator if isinstance(self.generator, GeneratorModel) else self.generator.scorer


def build(
    settings: GeneratorConfig,
    blog: BlogConfig,
    *,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], bool] = lambda _: True,
    most_tokens: int | None = None,
) -> Built:
    """Make ready what the settings say: the own engine, or a completions server that is tried out.

    ``wait`` sleeps so many seconds before an absent server is looked for again, and is true where nobody
    wants to wait. Raises ModelError and its kinds, and WritingStoppedError where the process is to stop.
    """
    if settings.backend == "engine":
        return Built(*build_runner(settings, blog, stop=stop, most_tokens=most_tokens))
    generator, heads = _served(settings, stop, wait)
    writing = _shortened(writing_settings(settings, blog, generator.positions), most_tokens)
    return Built(JobRunner(generator, heads, writing, stop=stop), generator)


def _served(
    settings: GeneratorConfig, stop: Callable[[], bool], wait: Callable[[float], bool]
) -> tuple[ServedGenerator, Mapping[HeadName, Head]]:
    if not settings.completions.url:
        raise ModelError("no completions server is named", "set generator.completions.url to its address")
    torch.set_num_threads(settings.threads or os.cpu_count() or 1)
    encoder, positions = load_tokenizer(settings.model)
    scorer = None
    heads: Mapping[HeadName, Head] = {}
    if settings.scorer:
        scorer = load_generator(settings.scorer, device=settings.device, dtype=settings.dtype)
        heads = load_heads(scorer, settings.heads)
    found = _found(settings, encoder, stop, wait)
    server = CompletionsServer(
        CompletionsClient(settings.completions), settings.completions, found.model, encoder
    )
    return ServedGenerator(server, encoder, min(positions, found.longest_row or positions), scorer), heads


def _found(
    settings: GeneratorConfig,
    encoder: TextEncoder,
    stop: Callable[[], bool],
    wait: Callable[[float], bool],
) -> Found:
    """Try the server out as soon as it can be reached."""
    client = CompletionsClient(settings.completions, retries=PROBING)
    for number in count():
        try:
            return look_at(client, settings, encoder, settings.required_continuation_room)
        except ServerUnreachableError as error:
            given_up = wait(min(2.0**number, LONGEST_PAUSE_SECONDS))
            if stop():
                raise WritingStoppedError("the generator is shutting down") from None
            if given_up:
                raise ModelError(
                    f"{shown_url(settings.completions.url)}: {error}",
                    "start the server, or mind generator.completions.url",
                ) from None
    raise AssertionError("unreachable: count has no end")


def build_runner(
    settings: GeneratorConfig,
    blog: BlogConfig,
    *,
    stop: Callable[[], bool] = lambda: False,
    most_tokens: int | None = None,
) -> tuple[JobRunner, GeneratorModel]:
    """Load the model and its heads and put the parts together; texts have at most ``most_tokens``.

    Raises ModelError (and its kinds) when the model cannot be used as configured.
    """
    torch.set_num_threads(settings.threads or os.cpu_count() or 1)
    generator = load_generator(
        settings.model, device=settings.device, dtype=settings.dtype, more_places=settings.more_places
    )
    heads = load_heads(generator, settings.heads)
    writing = _shortened(writing_settings(settings, blog, generator.positions), most_tokens)
    return JobRunner(generator, heads, writing, stop=stop), generator


def _shortened(writing: WritingSettings, most_tokens: int | None) -> WritingSettings:
    if most_tokens is None:
        return writing
    return replace(writing, limits=replace(writing.limits, max_new=min(most_tokens, writing.limits.max_new)))


def writing_settings(settings: GeneratorConfig, blog: BlogConfig, positions: int) -> WritingSettings:
    """How the settings have it written; ``positions`` is the longest row the network can read."""
    form = settings.format
    return WritingSettings(
        settings,
        voice=Voice(form, Identity(blog.blog_name, blog.persona), settings.training_years),
        limits=_limits(settings, positions),
    )


def _limits(settings: GeneratorConfig, positions: int) -> WritingLimits:
    longest = min(positions, settings.context_tokens or positions)
    context, room = longest - CONTEXT_MARGIN, settings.required_continuation_room
    if room >= context:
        raise ModelError(
            f"the model reads {context} tokens, of which {room} are to be kept free for writing",
            "lower generator.required_continuation_room, or raise generator.context_tokens if it is set",
        )
    return WritingLimits(context, room, settings.max_new_tokens)
