"""Settings of the generator with some of them changed."""

from __future__ import annotations

from dataclasses import replace

from autoresponder.jobs.engines import WritingSettings


def changed(settings: WritingSettings, **changes: object) -> WritingSettings:
    """The same, with other values of ``GeneratorConfig``."""
    return replace(settings, generator=settings.generator.model_copy(update=changes))
