"""From the configuration to a generator that is ready to work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import torch

from autoresponder.errors import ModelError
from autoresponder.generation.generator import CONTEXT_MARGIN, WritingLimits
from autoresponder.jobs.model_folder import GeneratorModel, load_generator, load_heads
from autoresponder.jobs.prompts import Voice
from autoresponder.jobs.runner import JobRunner, WritingSettings
from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from munging.thread import Identity


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
    writing = writing_settings(settings, blog, generator.positions)
    if most_tokens is not None:
        limits = replace(writing.limits, max_new=min(most_tokens, writing.limits.max_new))
        writing = replace(writing, limits=limits)
    return JobRunner(generator, heads, writing, stop=stop), generator


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
