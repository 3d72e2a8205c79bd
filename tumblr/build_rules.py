"""The bot's rules as the configuration says: how the mood moves, what is screened."""

from __future__ import annotations

from bot_config import Config
from bot_lifecycle import FatalError
from mood.system import MoodSystem
from mood.updates import read_system
from munging.formats import PromptFormat, own_format
from tumblr.screening.moderation import Thresholds
from tumblr.screening.word_lists import ScreeningRules


def mood_system(config: Config) -> MoodSystem:
    """How the mood moves; raises FatalError when the settings or the file of dated updates cannot be used."""
    mood = config.mood
    try:
        return read_system(mood)
    except (OSError, ValueError) as error:
        where = f" (updates_file {mood.updates_file})" if mood.updates_file else ""
        raise FatalError(f"mood{where}: {error}", "fix it and start again") from None


def prompt_format(config: Config) -> PromptFormat:
    """The format of the prompts, in which texts come back, too."""
    settings = config.generator.format
    return own_format(settings.based_on, settings.changes())


def avoided_tags(config: Config) -> tuple[str, ...]:
    """Texts whose tags are removed."""
    return (*config.screening.user_avoid_list, *config.screening.tag_avoid_list)


def screening_rules(config: Config) -> ScreeningRules:
    """The operator's lists."""
    lists = config.screening
    return ScreeningRules(
        bad_strings=lists.bad_strings,
        shortwords=lists.bad_strings_shortwords,
        review_strings=lists.review_strings,
        reject_strings=lists.reject_strings,
        okay_superstrings=lists.okay_superstrings,
        obscured_strings=lists.likely_obscured_strings,
        profane_strings=lists.profane_strings,
        strict_users=frozenset(lists.strict_language_users),
        screened_users=frozenset(lists.screened_users),
        avoided_users=lists.user_avoid_list,
        operator=config.blog.operator_name if lists.screen_operator else None,
        screen_anonymous=lists.screen_anonymous,
        images_are_made=config.images.write,
    )


def review_thresholds(config: Config) -> Thresholds | None:
    """What the autoreviewer's probabilities lead to; None when it has no say."""
    lists = config.screening
    if not lists.autoreview:
        return None
    return Thresholds(
        accept=lists.autoreview_accept,
        accept_original=lists.autoreview_accept_original,
        flag=lists.autoreview_flag,
        reject=lists.autoreview_reject,
    )
