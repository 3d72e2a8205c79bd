"""docs/protocol.md says what the code does: endpoints, fields, states, statuses, limits, settings."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from switchboard import messages
from switchboard.app import ROUTES
from switchboard.messages import WireModel
from switchboard.messages.fields import JobState, ResultStatus
from switchboard.settings import SwitchboardConfig
from tests.switchboard.service import Service

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|")
]
MODELS = {
    name: model
    for name, model in vars(messages).items()
    if inspect.isclass(model) and issubclass(model, WireModel) and model is not WireModel
}


def row_of(name: str) -> str:
    """What a table says about a message."""
    (row,) = (" ".join(row[1:]) for row in ROWS if row[0] == name)
    return row


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_endpoint_is_on_the_page_with_its_role() -> None:
    documented = {(row[0], row[1].strip("`"), row[2]) for row in ROWS if row[0] in ("GET", "POST")}
    assert documented == {(method, path, role or "none") for method, path, role, _name in ROUTES}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_field_of_a_message_is_on_the_page(name: str) -> None:
    said = quoted(row_of(name))
    for base in re.findall(r"the fields of a (\w+)", row_of(name)):
        said |= quoted(row_of(base))
    missing = set(MODELS[name].model_fields) - said
    assert not missing
    invented = {word for word in said if word.isidentifier()} - set(MODELS[name].model_fields) - {"all_"}
    assert not invented


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_field_is_described_in_the_code(name: str) -> None:
    undescribed = [field for field, info in MODELS[name].model_fields.items() if not info.description]
    assert undescribed == []


def test_every_state_and_status_is_on_the_page() -> None:
    first_cells = {row[0].strip("`") for row in ROWS}
    assert set(get_args(JobState)) <= first_cells
    assert set(get_args(ResultStatus)) <= first_cells


def test_every_setting_is_on_the_page_and_no_other() -> None:
    rows = ROWS[ROWS.index(["settings", ""]) + 2 :]
    said = set().union(*(quoted(row[0]) for row in rows))
    assert said == set(SwitchboardConfig.model_fields)


def test_every_figure_for_prometheus_is_on_the_page(service: Service) -> None:
    text = service.send("GET", "/metrics").text
    figures = {
        name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if not name.endswith("_created")
    }
    documented = {row[0].strip("`").partition("{")[0] for row in ROWS if row[0].startswith("`switchboard_")}
    assert documented == figures


def test_limits_on_the_page_are_those_of_the_code() -> None:
    limits = PAGE[PAGE.index("## Limits") : PAGE.index("## Settings")].replace("\n", " ")
    fields = messages.fields
    numbers = [
        f"Body {fields.MAX_BODY_BYTES // 1024 // 1024} MiB",
        f"question {fields.MAX_QUESTION_CHARACTERS:,} characters".replace(",", " "),
        f"a text {fields.MAX_TEXT_CHARACTERS:,} characters".replace(",", " "),
        f"{fields.MAX_TEXTS} texts, candidates, results, leases or jobs",
        f"id {fields.MAX_ID_CHARACTERS} characters",
        f"names and times {fields.MAX_LABEL_CHARACTERS}",
        f"JSON {fields.MAX_JSON_DEPTH} levels deep",
        f"`wait` at most {fields.MAX_WAIT_SECONDS:g} seconds",
        f"At most {SwitchboardConfig().max_open_jobs} jobs are open",
    ]
    assert [number for number in numbers if number not in limits] == []
    assert {fields.MAX_TEXTS, fields.MAX_CANDIDATES_PER_BATCH, fields.MAX_JOBS_PER_POLL} == {64}
    assert f"at most {fields.MAX_RETAINED_TEXTS} texts" in PAGE
