"""Typed configuration: every setting of the bot, validated once, secrets kept secret.

One JSON file serves all processes; each reads the sections it needs. Keys that begin with
``#`` are comments. A secret is text, or ``{"env": "NAME"}``, or ``{"file": "path"}`` (relative to
the configuration file). Every setting can also come from the environment:
``AUTORESPONDER__SWITCHBOARD__PORT=5000`` goes before the file.

    python -m bot_config check FILE      what is wrong with FILE; --online: asking tumblr, too
    python -m bot_config example         the example file, with every setting explained
    python -m bot_config reference       all settings as a page, docs/settings.md

``preset`` names the year whose numbers are the defaults; what the file says itself goes before them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from autoresponder.settings import GeneratorConfig
from bot_config_help import example_of, explain, holds_secret, no_such_setting, reference_of, sections_in
from bot_lifecycle import until_unread
from bot_settings.blog import BlogConfig
from bot_settings.presets import PRESETS, PresetName, with_preset
from images.settings import ImagesConfig
from mood.settings import MoodConfig
from operator_console.settings import ConsoleConfig
from selection.settings import SelectionConfig
from switchboard.settings import CandidatesConfig, SwitchboardConfig
from training.settings import TrainingConfig
from tumblr.settings import (
    AsksConfig,
    BranchTestingConfig,
    CommandsConfig,
    ConversationConfig,
    DampingConfig,
    DashboardConfig,
    DraftsConfig,
    HalloweenConfig,
    LoopConfig,
    MemoryConfig,
    QueueConfig,
    ScreeningConfig,
    TumblrConfig,
    UserListConfig,
)

ENVIRONMENT_PREFIX = "AUTORESPONDER__"


class ConfigError(Exception):
    """A configuration that cannot be used; the text names each key and says what is expected."""


class Config(BaseSettings):
    """Every setting of the bot."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    preset: PresetName = Field(
        "2021",
        description="year whose rules and numbers are the defaults of all settings that are not written",
    )
    blog: BlogConfig = Field(BlogConfig(), description="who the bot is")
    tumblr: TumblrConfig = Field(TumblrConfig(), description="how tumblr is reached")
    loop: LoopConfig = Field(LoopConfig(), description="the rhythm of the passes")
    asks: AsksConfig = Field(AsksConfig(), description="whose asks are answered")
    conversation: ConversationConfig = Field(
        ConversationConfig(), description="what is answered on people's own blogs"
    )
    dashboard: DashboardConfig = Field(DashboardConfig(), description="what the bot reblogs unasked")
    damping: DampingConfig = Field(DampingConfig(), description="how long the bot talks with one blog")
    commands: CommandsConfig = Field(CommandsConfig(), description="what people may order in asks")
    drafts: DraftsConfig = Field(DraftsConfig(), description="what becomes of drafts that are sent back")
    user_list: UserListConfig = Field(UserListConfig(), description="whom alone the bot answers at its end")
    halloween: HalloweenConfig = Field(HalloweenConfig(), description="a habit of one night")
    branch_testing: BranchTestingConfig = Field(
        BranchTestingConfig(), description="trying changed code beside the bot in use"
    )
    memory: MemoryConfig = Field(MemoryConfig(), description="how long the bot remembers")
    queue: QueueConfig = Field(QueueConfig(), description="original posts")
    screening: ScreeningConfig = Field(ScreeningConfig(), description="what may be published unseen")
    switchboard: SwitchboardConfig = Field(
        SwitchboardConfig(), description="the service between the processes"
    )
    candidates: CandidatesConfig = Field(
        CandidatesConfig(), description="how many texts are written for a post"
    )
    generator: GeneratorConfig = Field(GeneratorConfig(), description="the process that writes")
    selection: SelectionConfig = Field(SelectionConfig(), description="how one candidate is chosen")
    images: ImagesConfig = Field(ImagesConfig(), description="text in images, read and drawn")
    mood: MoodConfig = Field(MoodConfig(), description="how the bot feels")
    console: ConsoleConfig = Field(ConsoleConfig(), description="the operator's console")
    training: TrainingConfig = Field(TrainingConfig(), description="making and renewing the models")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged"
    )

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, settings: dict[str, Any]) -> dict[str, Any]:
        return with_preset(settings)

    @model_validator(mode="after")
    def _shares_add_up(self) -> Config:
        if self.generator.review_share + self.generator.fiction_share > 1:
            raise ValueError("generator.review_share and generator.fiction_share add up to more than 1")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment go before the file; read nothing else."""
        return env_settings, init_settings


SECRETS = frozenset(
    f"{section}.{name}"
    for section, field in Config.model_fields.items()
    for inner in sections_in(field)
    for name, setting in inner.model_fields.items()
    if holds_secret(setting)
)
"""All settings that are secrets or lists of them, as ``switchboard.client_token``."""


def load_config(path: Path, secrets: Collection[str] | None = None) -> Config:
    """Read and validate a configuration file.

    ``secrets`` names the secrets that are used, as ``switchboard.client_token``; others are left alone, so
    that a process asks for no more than it needs. None: all of them are read.
    Raises ConfigError with one line per mistake: the key, and what is expected there.
    """
    unknown = _unknown_variables()
    if unknown:
        raise ConfigError("\n".join(f"environment variable {line}" for line in unknown))
    settings = read_settings(path)
    if secrets is not None:
        settings = without_secrets(settings, SECRETS - set(secrets))
    try:
        return Config(**settings)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {line}" for line in explain(error, Config))) from None
    except SettingsError as error:
        hint = f"whole sections and lists are written there as JSON, as in {ENVIRONMENT_PREFIX}BLOG={{}}"
        raise ConfigError(f"environment: {error}; {hint}") from None


def without_secrets(settings: Mapping[str, Any], unused: Collection[str]) -> dict[str, Any]:
    """Settings as a file says them, without the secrets that are not used."""
    kept = dict(settings)
    for name in unused:
        section, _, setting = name.partition(".")
        if isinstance(kept.get(section), Mapping):
            kept[section] = {key: value for key, value in kept[section].items() if key != setting}
    return kept


def read_settings(path: Path) -> dict[str, Any]:
    """The settings that a file says, not validated yet. Raises ConfigError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_key_twice)
        settings = _prepare(raw, path.resolve().parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); see config.example.json") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deep to be a configuration") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected a JSON object of sections")
    return settings


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would silently take the last of two equal keys, which is seldom what was meant."""
    settings = dict(pairs)
    if len(settings) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1 and not key.startswith("#"))
        raise ValueError(f"the key {twice!r} stands twice in one place")
    return settings


def _unknown_variables() -> list[str]:
    """Variables with the bot's prefix that name no section; mistakes within one are told later."""
    names = (name for name in sorted(os.environ) if name.upper().startswith(ENVIRONMENT_PREFIX))
    sections = {name: name[len(ENVIRONMENT_PREFIX) :].partition("__")[0].lower() for name in names}
    return [
        no_such_setting(name, section, Config.model_fields)
        for name, section in sections.items()
        if section not in Config.model_fields
    ]


def _prepare(value: Any, folder: Path) -> Any:
    """Drop comment keys and resolve the paths of secret files against the configuration's folder."""
    if isinstance(value, dict):
        if set(value) == {"file"} and isinstance(value["file"], str):
            return {"file": str(folder / value["file"])}
        return {key: _prepare(item, folder) for key, item in value.items() if not key.startswith("#")}
    if isinstance(value, list):
        return [_prepare(item, folder) for item in value]
    return value


def example(preset: PresetName = "2021") -> str:
    """The example configuration: every setting with its default and, in a ``#`` key, its meaning."""
    return example_of(Config, Config(preset=preset))


def reference() -> str:
    """The page of all settings, with what each is in each preset."""
    names: tuple[PresetName, ...] = get_args(PresetName)
    return reference_of(Config, {str(name): Config(preset=name) for name in names})


def main(argv: list[str] | None = None) -> int:
    """Check a configuration file, or print the example."""
    parser = argparse.ArgumentParser(prog="bot_config", description="check or show the configuration")
    commands = parser.add_subparsers(dest="command", required=True)
    checked = commands.add_parser("check", help="say what is wrong with a file")
    checked.add_argument("file", type=Path)
    checked.add_argument(
        "--online", action="store_true", help="also ask tumblr about the keys and the names of blogs"
    )
    shown = commands.add_parser("example", help="print the example file, with every setting explained")
    shown.add_argument("--preset", choices=list(PRESETS), default="2021", help="whose numbers to print")
    commands.add_parser("reference", help="print the page of all settings (docs/settings.md)")
    arguments = parser.parse_args(argv)
    if arguments.command == "reference":
        sys.stdout.write(reference())
        return 0
    if arguments.command == "example":
        sys.stdout.write(example(arguments.preset))
        return 0
    return check(arguments.file, online=arguments.online)


def check(path: Path, *, online: bool) -> int:
    """Say what is wrong with a file, each mistake in a line; 1 if something is."""
    # Here and not above: no process needs them for its settings.
    from bot_config_check import Sections, ask_tumblr, mistakes, unset

    try:
        config = load_config(path)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sections = Sections(config.blog, config.generator, config.mood, config.switchboard, config.tumblr)
    found = mistakes(sections) or (ask_tumblr(sections) if online else [])
    for line in found:
        sys.stderr.write(f"{path}: {line}\n")
    for line in unset(sections):
        sys.stdout.write(f"{path}: {line}\n")
    if not found:
        sys.stdout.write(f"{path}: in order\n")
    return int(bool(found))


def command() -> int:
    """The installed command: ``main``, also behind a reader that goes away."""
    return until_unread(main)


if __name__ == "__main__":
    sys.exit(command())
