"""What an operator reads about a configuration: its mistakes, each in one line, and the explained example."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bot_settings.base import types_of


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Say each mistake in one line: the key's path, and what is expected. Never shows a value."""
    return [_explain_one(found["loc"], found["type"], found["msg"], model) for found in error.errors()]


def _explain_one(location: tuple[int | str, ...], kind: str, message: str, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in location) or "configuration"
    if kind == "extra_forbidden":
        return no_such_setting(key, str(location[-1]), _known_keys(location[:-1], model))
    return f"{key}: {_IN_JSON.get(kind) or message.removeprefix('Value error, ')}"


_IN_JSON = {
    "dict_type": 'expected an object in braces, such as {"key": "value"}',
    "model_type": 'expected a section in braces, such as {"setting": "value"}',
    "list_type": 'expected a list in brackets, such as ["one", "two"]',
    "tuple_type": 'expected a list in brackets, such as ["one", "two"]',
    "set_type": 'expected a list in brackets, such as ["one", "two"]',
    "frozen_set_type": 'expected a list in brackets, such as ["one", "two"]',
    "string_type": 'expected text in quotation marks, such as "text"',
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}
"""What is expected, in the words of the file; pydantic's own messages speak of Python's types."""


def no_such_setting(key: str, name: str, known: Iterable[str]) -> str:
    """What is said of a key whose last part is none of those that are known there."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"{key}: no such setting{f'; did you mean {near[0]!r}?' if near else ''}"


def _known_keys(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            continue
        nested = _section_of(model.model_fields[part]) if part in model.model_fields else None
        if nested is None:
            return []
        model = nested
    return list(model.model_fields)


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a setting holds, by itself or in a list."""
    for candidate in (field.annotation, *getattr(field.annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def sections_in(field: FieldInfo) -> list[type[BaseModel]]:
    """The section that a setting holds, by itself or in a list: none or one."""
    section = _section_of(field)
    return [] if section is None else [section]


def holds_secret(field: FieldInfo) -> bool:
    """Whether a setting is a secret, or holds sections with one."""
    return SecretStr in types_of(field.annotation) or any(
        holds_secret(setting) for section in sections_in(field) for setting in section.model_fields.values()
    )


def example_of(model: type[BaseModel], values: BaseModel) -> str:
    """A file with every setting of a model: its value or example, and its meaning in a ``#`` key."""
    return json.dumps(_example_of(model, values), indent=2, ensure_ascii=False) + "\n"


def _example_of(model: type[BaseModel], values: BaseModel | None) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        shown[f"# {name}"] = field.description
        value = field.get_default() if values is None else getattr(values, name)
        shown[name] = _example_value(field, value)
    return shown


def _example_value(field: FieldInfo, value: Any) -> Any:
    section = _section_of(field)
    is_list = field.annotation is not section
    if section is not None and is_list:
        return [_example_of(section, None)] if field.examples else []
    if field.examples:
        return field.examples[0]
    if section is not None:
        return _example_of(section, value)
    return json.loads(json.dumps(value, default=str))


def reference_of(model: type[BaseModel], presets: Mapping[str, BaseModel]) -> str:
    """A page in Markdown with every setting of a model: what it is in each preset, and what it means."""
    parts = [_REFERENCE_HEAD]
    plain = {name: field for name, field in model.model_fields.items() if _section_of(field) is None}
    parts.append(_reference_table("", plain, presets))
    for name, field in model.model_fields.items():
        section = _section_of(field)
        if section is not None:
            values = {preset: getattr(settings, name) for preset, settings in presets.items()}
            parts.append(f"## {name}: {field.description}\n\n{_reference_of(name, section, values)}")
    return "\n".join(parts)


_REFERENCE_HEAD = """# All settings

Made by `python -m bot_config reference`. The columns of years are the presets: what a setting is when the
file does not say it. What the parts do, and how to set them up, is in [operating.md](operating.md).
"""


def _reference_of(path: str, section: type[BaseModel], values: Mapping[str, Any]) -> str:
    """The table of a section, and after it those of the sections in it."""
    tables = [_reference_table(f"{path}.", section.model_fields, values)]
    for name, field in section.model_fields.items():
        inner = _section_of(field)
        if inner is not None:
            single = field.annotation is inner
            held = {preset: getattr(value, name) if single else None for preset, value in values.items()}
            tables.append(_reference_of(f"{path}.{name}" if single else f"{path}.{name}[]", inner, held))
    return "\n".join(tables)


def _reference_table(prefix: str, fields: Mapping[str, FieldInfo], values: Mapping[str, Any]) -> str:
    rows = [["setting", *values, "meaning"], ["---"] * (len(values) + 2)]
    for name, field in fields.items():
        if field.annotation is not _section_of(field):
            shown = [_reference_value(field, value, name) for value in values.values()]
            rows.append([f"`{prefix}{name}`", *shown, (field.description or "").replace("|", "\\|")])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _reference_value(field: FieldInfo, settings: Any, name: str) -> str:
    if settings is None and field.is_required():
        return "required"
    value = field.get_default() if settings is None else getattr(settings, name)
    text = json.dumps(value, default=str, ensure_ascii=False)
    return "-" if text in ("null", "[]", "{}") else f"`{text.replace('|', chr(92) + '|')}`"
