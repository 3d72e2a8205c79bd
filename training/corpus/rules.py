"""From the configuration to the rules of the corpus."""

from __future__ import annotations

import json

from bot_config import Config
from munging.thread import Identity
from training.corpus.documents import Voice
from training.corpus.filters import Filter
from training.corpus.names import Replacer
from training.corpus.scan import Rules


def corpus_rules(config: Config) -> Rules:
    """The rules as configured: the authors' words are the persona's."""
    settings, blog = config.training.corpus, config.blog
    authors = settings.authors or (blog.blog_name,)
    voice = Voice(
        format_name=config.generator.format.based_on,
        format_changes=json.dumps(config.generator.format.changes(), sort_keys=True),
        identity=Identity(authors[0], blog.persona),
        timezone=blog.timezone,
        replacer=Replacer(settings.name_replacements),
        fiction_tags=frozenset(tag.lower() for tag in settings.fiction_tags),
    )
    return Rules(voice, Filter(settings, frozenset(author.lower() for author in authors)))
