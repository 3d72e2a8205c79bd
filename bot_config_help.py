"""What an operator reads about a configuration: its mistakes, each in one line, and the explained example."""

from __future__ import annotations

import difflib
import json
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Say each mistake in one line: the key's path, and what is expected. Never shows a value."""
    return [_explain_one(found["loc"], found["type"], found["msg"], model) for found in error.errors()]


def _explain_one(location: tuple[int | str, ...], kind: str, message: str, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in location) or "configuration"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), _known_keys(location[:-1], model), n=1)
        return f"{key}: no such setting{f'; did you mean {near[0]!r}?' if near else ''}"
    return f"{key}: {message.removeprefix('Value error, ')}"


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
    if section is not None:
        return _example_of(section, value)
    if field.examples:
        return field.examples[0]
    return json.loads(json.dumps(value, default=str))
