"""Typed configuration: every setting of the bot, validated once, secrets kept secret.

One JSON file serves all four processes; each reads the sections it needs. Keys that begin with
``#`` are comments. A secret is text, or ``{"env": "NAME"}``, or ``{"file": "path"}`` (relative to
the configuration file). Every setting can also come from the environment:
``AUTORESPONDER__SWITCHBOARD__PORT=5000`` goes before the file.

    python -m bot_config check FILE      what is wrong with FILE
    python -m bot_config example         the example file, with every setting explained
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot_config_help import example_of, explain

Probability = Annotated[float, Field(ge=0, le=1)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
BlogName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]


class ConfigError(Exception):
    """A configuration that cannot be used; the text names each key and says what is expected."""


def _read_secret(value: object) -> object:
    """Resolve the ``{"env": …}`` and ``{"file": …}`` forms of a secret."""
    if not isinstance(value, Mapping):
        return value
    match dict(value):
        case {"env": str(name)} if len(value) == 1:
            if name not in os.environ:
                raise ValueError(f"the environment variable {name} is not set")
            return os.environ[name]
        case {"file": str(path)} if len(value) == 1:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"cannot read the secret from {path}: {type(error).__name__}") from None
    raise ValueError('expected the secret as text, or {"env": "NAME"}, or {"file": "path"}')


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("a secret cannot be empty")
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'no time zone is called "{name}"; expected a name such as "US/Pacific"') from None
    return name


Secret = Annotated[SecretStr, BeforeValidator(_read_secret), AfterValidator(_not_empty)]
TimezoneName = Annotated[str, AfterValidator(_known_zone)]


class Section(BaseModel):
    """A part of the configuration: immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KeySet(Section):
    """The four strings with which tumblr knows an application and an account."""

    consumer_key: Secret = Field(
        description="OAuth consumer key of the registered application",
        examples=[{"env": "TUMBLR_CONSUMER_KEY"}],
    )
    consumer_secret: Secret = Field(
        description="OAuth consumer secret of the application", examples=[{"env": "TUMBLR_CONSUMER_SECRET"}]
    )
    token: Secret = Field(description="OAuth token of the account", examples=[{"env": "TUMBLR_TOKEN"}])
    token_secret: Secret = Field(
        description="OAuth token secret of the account", examples=[{"env": "TUMBLR_TOKEN_SECRET"}]
    )


class BlogConfig(Section):
    """Who the bot is."""

    blog_name: BlogName = Field("my-bot", description="tumblr name of the blog that posts")
    dash_blog_name: BlogName | None = Field(
        None, description="tumblr name of the second account, which is to own the dashboard (not read yet)"
    )
    persona: str = Field(
        "Frank", min_length=1, max_length=64, description="name under which the model knows the bot"
    )
    operator_name: BlogName | None = Field(
        None, description="tumblr name of the human owner; asks from them are always drafted"
    )
    timezone: TimezoneName = Field(
        "US/Pacific", description="time zone of peak hours, of the daily mood and of times in prompts"
    )


class TumblrConfig(Section):
    """How tumblr is reached, what is published, where the bot remembers."""

    host: str = Field(
        "https://api.tumblr.com", pattern=r"^https?://[^/\s]+$", description="API host, without a path"
    )
    base_keys: tuple[KeySet, ...] = Field(
        (), description="key sets that may post as the blog", examples=["one set"]
    )
    dashboard_keys: tuple[KeySet, ...] = Field(
        (), description="key sets of the dashboard account (not read yet)"
    )
    publishing: Literal["drafts", "automatic"] = Field(
        "drafts",
        description="drafts: a human publishes everything; automatic: what passes the screening is published",
    )
    database: Path = Field(
        Path("run/tumbl.sqlite"), description="SQLite file of turns, mood inputs and post log"
    )
    timeout_seconds: PositiveFloat = Field(
        8.0, description="time-out of a read, in seconds; doubles at each retry"
    )
    write_timeout_seconds: PositiveFloat = Field(30.0, description="time-out of a write, in seconds")
    max_tries: PositiveInt = Field(3, description="tries of a read before it counts as failed")
    settle_seconds: NonNegativeFloat = Field(
        15.0,
        description="pause before looking whether a write without an answer took effect, in seconds",
    )
    start_timestamp: NonNegativeInt = Field(0, description="unix seconds; nothing older is ever reacted to")


class LoopConfig(Section):
    """The rhythm of the bot's passes."""

    sleep_seconds: NonNegativeFloat = Field(
        60.0, description="pause between passes in peak hours, in seconds"
    )
    offpeak_sleep_seconds: NonNegativeFloat = Field(360.0, description="pause outside peak hours, in seconds")
    peak_hours: tuple[int, int] = Field((8, 24), description="local hours [from, to) of the short pause")
    poll_seconds: PositiveFloat = Field(
        0.5, description="pause between two questions for the texts that are being written, in seconds"
    )
    error_sleep_factor: PositiveFloat = Field(5.0, description="factor of the pause after a failed pass")
    answer_wait_seconds: PositiveFloat = Field(
        1800.0, description="longest wait for an answer or an original post, in seconds"
    )
    judgment_wait_seconds: PositiveFloat = Field(
        300.0, description="longest wait for the scores of a text, in seconds"
    )
    max_attempts: PositiveInt = Field(5, description="attempts at one turn before it counts as failed")
    retry_base_seconds: PositiveFloat = Field(60.0, description="pause before the second attempt; doubles")


class AsksConfig(Section):
    """Whose asks are answered, and how often."""

    limited_users: dict[str, PositiveFloat] = Field(
        {}, description="blog name to hours: about one ask in that time is answered"
    )
    limited_substrings: dict[str, PositiveFloat] = Field(
        {}, description="text to hours: an ask that contains it counts as from a limited user"
    )
    max_characters: PositiveInt = Field(
        10_000, description="a longer question is drafted for the operator's eyes instead of published"
    )


class QueueConfig(Section):
    """Original posts."""

    write_when_below: NonNegativeInt = Field(
        5, description="posts are written while the queue is shorter; 0 is off"
    )
    posts_per_pass: PositiveInt = Field(1, description="original posts asked for in one pass")
    posts_per_day: Annotated[int, Field(ge=1, le=50)] = Field(
        2, description="queue setting of the blog on tumblr, used to foresee when a post is published"
    )
    start_hour: Annotated[float, Field(ge=0, lt=24)] = Field(
        0.0, description="queue setting of the blog: local hour from which the queue is published"
    )
    end_hour: Annotated[float, Field(gt=0, le=24)] = Field(
        24.0, description="queue setting of the blog: local hour until which it is published"
    )


class ScreeningConfig(Section):
    """What may be published without a human's look. All lists are compared in lower case."""

    bad_strings: tuple[str, ...] = Field((), description="texts that may occur nowhere")
    bad_strings_shortwords: tuple[str, ...] = Field((), description="short words that may not occur as words")
    okay_superstrings: tuple[str, ...] = Field((), description="harmless texts that contain a bad one")
    likely_obscured_strings: tuple[str, ...] = Field(
        (), description="texts also searched with spaces and punctuation removed"
    )
    profane_strings: tuple[str, ...] = Field(
        (), description="added to the bad ones for strict_language_users"
    )
    strict_language_users: tuple[str, ...] = Field((), description="askers with whom language is kept clean")
    screened_users: tuple[str, ...] = Field((), description="askers whose answers are always drafted")
    user_avoid_list: tuple[str, ...] = Field((), description="names never to be mentioned or answered")
    tag_avoid_list: tuple[str, ...] = Field((), description="tags that contain one of these are removed")
    screen_anonymous: bool = Field(False, description="draft every answer to an anonymous ask")
    screen_operator: bool = Field(True, description="draft every answer to the operator")


class SwitchboardConfig(Section):
    """The service through which the processes speak."""

    listen_host: str = Field(
        "127.0.0.1", description="address to listen on; any but loopback needs all three tokens"
    )
    port: Port = Field(5000, description="TCP port to listen on")
    url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="address under which the other processes reach it; default: loopback and the port",
    )
    database_url: str = Field(
        "sqlite:///run/switchboard.sqlite",
        description="SQLAlchemy URL; sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
    )
    client_token: Secret | None = Field(None, description="token of tumbl.py and of status readers")
    generator_token: Secret | None = Field(None, description="token of the generators")
    selector_token: Secret | None = Field(None, description="token of the selector")
    threads: Annotated[int, Field(ge=4, le=256)] = Field(32, description="threads that serve requests")
    generation_lease_seconds: PositiveFloat = Field(600.0, description="lease of candidates to a generator")
    raw_select_lease_seconds: PositiveFloat = Field(120.0, description="lease of a scoring job")
    selection_lease_seconds: PositiveFloat = Field(
        120.0, description="lease of a candidate set to the selector"
    )
    max_attempts: PositiveInt = Field(5, description="leases without result before a job has failed")
    delivered_retention_seconds: PositiveFloat = Field(
        86_400.0, description="how long a result is kept once it was fetched"
    )
    undelivered_retention_seconds: PositiveFloat = Field(
        604_800.0, description="how long a result nobody fetched is kept"
    )
    job_expiry_seconds: PositiveFloat = Field(86_400.0, description="age at which an unfinished job expires")
    retention_wait_seconds: NonNegativeFloat = Field(
        60.0, description="longest wait of an original post for the scores of the retained texts"
    )
    max_open_jobs: PositiveInt = Field(
        200, description="open jobs above which submissions are refused for now"
    )
    max_body_bytes: PositiveInt = Field(8 * 1024 * 1024, description="largest request body, in bytes")


class SamplerConfig(Section):
    """How tokens are drawn."""

    name: Literal["two_stage_mirostat", "breakruns", "top_p", "mirostat_1", "middle_p", "typical"] = Field(
        "two_stage_mirostat", description="sampling scheme"
    )
    temperature: PositiveFloat | None = Field(
        None,
        description="temperature, of two_stage_mirostat in its first window; default: 0.9, for breakruns 1.0",
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="nucleus mass; default: 0.9, for breakruns 0.95"
    )
    mirostat_learning_rate: PositiveFloat = Field(0.05, description="step of the surprise controller")
    breakruns_step: NonNegativeFloat = Field(0.035, description="temperature added per token of a run")


class GeneratorConfig(Section):
    """The process that writes and scores candidates."""

    model: str = Field(
        "sandbox/demo_model", description="folder of a checkpoint, or hf://OWNER/NAME on the model hub"
    )
    heads: Path | None = Field(
        None, description='folder of the two heads; default: "heads" in the model folder'
    )
    device: str = Field("auto", description='"auto", "cpu", "cuda" or "cuda:N"')
    dtype: Literal["auto", "float32", "int8", "bfloat16", "float16"] = Field(
        "auto",
        description="number format of the weights; auto: float32 on a CPU, bfloat16 on a GPU; int8: CPU only",
    )
    threads: NonNegativeInt = Field(0, description="CPU threads; 0: one per core")
    prompt_cache_mib: NonNegativeInt = Field(
        256, description="memory for what is known of past prompts, in MiB"
    )
    batch_size: Annotated[int, Field(ge=1, le=64)] = Field(13, description="candidates written at once")
    format: str = Field("v10", description="prompt format the model was trained on")
    sampler: SamplerConfig = Field(SamplerConfig(), description="how tokens are drawn")
    max_new_tokens: PositiveInt = Field(1600, description="longest continuation, in tokens")
    required_continuation_room: PositiveInt = Field(100, description="tokens kept free for writing")
    review_share: Probability = Field(0.15, description="share of original posts that are book reviews")
    fiction_share: Probability = Field(0.15, description="share of original posts that are fiction")
    worker_name: str | None = Field(
        None, max_length=64, description="name in the status; default: host and process"
    )


class SelectionConfig(Section):
    """How one candidate is chosen."""

    retention_cutoff: float = Field(
        0.6, description="selector probability above which an unused original text is retained"
    )
    fiction_delta: float = Field(0.2, description="added to the score of texts tagged as original fiction")
    review_delta: float = Field(0.0, description="added to the score of book reviews")
    image_delta: float = Field(0.0, description="added to the score of texts with image blocks")
    winnow_low: Probability = Field(0.333, description="scores up to this are dropped if a better one exists")
    winnow_high: Probability = Field(0.667, description="the same, tried first")


class CandidatesConfig(Section):
    """How many candidates are written for one post, before the mood adds to it."""

    answer: PositiveInt = Field(13, description="for an answer")
    fiction_or_review: PositiveInt = Field(8, description="for fiction and reviews on demand")
    textpost: PositiveInt = Field(15, description="for an original post")
    rejection_discount: Probability = Field(
        0.5, description="share of the candidates the mood is expected to reject that is written in addition"
    )


class MoodConfig(Section):
    """How the bot feels."""

    updates_file: Path | None = Field(
        None, description="JSON file of dated centres, scales and time constants, which replace those here"
    )
    centre: float = Field(
        0.0, description="sentiment (logit difference) of an input that leaves the mood alone"
    )
    scale: PositiveFloat = Field(0.1, description="size of the reaction to an input")
    tau_hours: PositiveFloat = Field(12.0, description="time in which the mood forgets, in hours")
    rise_hours: PositiveFloat = Field(1.0, description="time in which an input takes effect, in hours")
    step_seconds: PositiveInt = Field(30, description="time step, in seconds; must divide the hour")
    window_days: PositiveFloat = Field(2.5, description="inputs older than this no longer act, in days")
    stale_seconds: NonNegativeFloat = Field(600.0, description="age at which the mood is computed anew")
    ranges: Literal["2021", "2023"] = Field(
        "2021", description="sentiment that each mood accepts: as in 2021, or wider as in 2023"
    )


class Config(BaseSettings):
    """Every setting of the bot."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix="AUTORESPONDER__",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    blog: BlogConfig = Field(BlogConfig(), description="who the bot is")
    tumblr: TumblrConfig = Field(TumblrConfig(), description="how tumblr is reached")
    loop: LoopConfig = Field(LoopConfig(), description="the rhythm of the passes")
    asks: AsksConfig = Field(AsksConfig(), description="whose asks are answered")
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
    mood: MoodConfig = Field(MoodConfig(), description="how the bot feels")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged"
    )

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

    @property
    def switchboard_url(self) -> str:
        """Where the other processes reach the switchboard."""
        return self.switchboard.url or f"http://127.0.0.1:{self.switchboard.port}"


def load_config(path: Path) -> Config:
    """Read and validate a configuration file.

    Raises ConfigError with one line per mistake: the key, and what is expected there.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); see config.example.json") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a JSON object of sections")
    try:
        return Config(**_prepare(raw, path.resolve().parent))
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {line}" for line in explain(error, Config))) from None


def _prepare(value: Any, folder: Path) -> Any:
    """Drop comment keys and resolve the paths of secret files against the configuration's folder."""
    if isinstance(value, dict):
        if set(value) == {"file"} and isinstance(value["file"], str):
            return {"file": str(folder / value["file"])}
        return {key: _prepare(item, folder) for key, item in value.items() if not key.startswith("#")}
    if isinstance(value, list):
        return [_prepare(item, folder) for item in value]
    return value


def example() -> str:
    """The example configuration: every setting with its default and, in a ``#`` key, its meaning."""
    return example_of(Config)


def main(argv: list[str] | None = None) -> int:
    """Check a configuration file, or print the example."""
    parser = argparse.ArgumentParser(prog="bot_config", description="check or show the configuration")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say what is wrong with a file").add_argument("file", type=Path)
    commands.add_parser("example", help="print the example file, with every setting explained")
    arguments = parser.parse_args(argv)
    if arguments.command == "example":
        sys.stdout.write(example())
        return 0
    try:
        load_config(arguments.file)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{arguments.file}: in order\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
