"""From the configuration to the rules of the corpus."""

from __future__ import annotations

import json

from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from munging.thread import Identity
from training.corpus.documents import Voice
from training.corpus.filters import Filter
from training.corpus.names import Replacer
from training.corpus.scan import Rules
from training.settings import CorpusConfig


def corpus_rules(blog: BlogConfig, generator: GeneratorConfig, settings: CorpusConfig) -> Rules:
    """The rules as configured: the authors' words are the persona's."""
    authors = settings.authors or (blog.blog_name,)
    voice = Voice(
        format_name=generator.format.based_on,
        format_changes=json.dumps(generator.format.changes(), sort_keys=True),
        identity=Identity(authors[0], blog.persona),
        timezone=blog.timezone,
        replacer=Replacer(settings.name_replacements),
        fiction_tags=frozenset(tag.lower() for tag in settings.fiction_tags),
    )
    return Rules(voice, Filter(settings, frozenset(author.lower() for author in authors)))
