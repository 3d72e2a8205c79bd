"""What the sections of the configuration have in common: their types, and how a secret is read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Union, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

Probability = Annotated[float, Field(ge=0, le=1)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _bare_name(value: object) -> object:
    """A blog's name as tumblr shows it: without the address around it."""
    if not isinstance(value, str):
        return value
    name = re.sub(r"^https?://(www\.tumblr\.com/)?|^@", "", value.strip(), flags=re.IGNORECASE).rstrip("/")
    return re.sub(r"\.tumblr\.com$", "", name, flags=re.IGNORECASE)


AnyName = Annotated[str, BeforeValidator(_bare_name)]
"""Who may be anybody, a blog's name or what people call themselves."""

BlogName = Annotated[str, BeforeValidator(_bare_name), Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]


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


def _one_line(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.strip():
        raise ValueError("a secret cannot be empty")
    if not text.isprintable():
        raise ValueError("a secret is one line, without control characters")
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'no time zone is called "{name}"; expected a name such as "US/Pacific"') from None
    return name


Secret = Annotated[SecretStr, BeforeValidator(_read_secret), AfterValidator(_one_line)]
TimezoneName = Annotated[str, AfterValidator(_known_zone)]


def types_of(annotation: object) -> set[object]:
    """The types that a setting may be of, without what else is said about them."""
    if get_origin(annotation) is Annotated:
        return {get_args(annotation)[0]}
    if get_origin(annotation) in (Union, UnionType):
        return set().union(*(types_of(one) for one in get_args(annotation)))
    return {annotation}


class Section(BaseModel):
    """A part of the configuration: immutable, closed to keys it does not know, and all its numbers finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        """Python would take true for 1, and a port would be 1."""
        kinds = types_of(cls.model_fields[str(info.field_name)].annotation)
        if isinstance(value, bool) and kinds & {int, float} and bool not in kinds:
            raise ValueError("expected a number, not true or false")
        return value
