"""From the configuration to the rules of the corpus."""

from __future__ import annotations

import json
from pathlib import Path

from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from munging.thread import Identity
from training.corpus.documents import Voice, image_texts_in
from training.corpus.filters import Filter
from training.corpus.names import Replacer
from training.corpus.scan import Rules
from training.errors import UsageError
from training.settings import CorpusConfig


def corpus_rules(
    blog: BlogConfig, generator: GeneratorConfig, settings: CorpusConfig, image_texts: Path | None = None
) -> Rules:
    """The rules as configured: the authors' words are the persona's.

    ``image_texts``: a file of texts in images. Raises UsageError when it cannot be read.
    """
    authors = settings.authors or (blog.blog_name,)
    texts = "" if image_texts is None else str(image_texts.resolve())
    try:
        image_texts_in(texts)
    except (OSError, ValueError) as error:
        raise UsageError(f"{image_texts}: {getattr(error, 'strerror', None) or error}") from None
    voice = Voice(
        format_name=generator.format.based_on,
        format_changes=json.dumps(generator.format.changes(), sort_keys=True),
        identity=Identity(authors[0], blog.persona),
        timezone=blog.timezone,
        replacer=Replacer(settings.name_replacements),
        fiction_tags=frozenset(tag.lower() for tag in settings.fiction_tags),
        image_texts=texts,
    )
    return Rules(voice, Filter(settings, frozenset(author.lower() for author in authors)))
