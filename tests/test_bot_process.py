"""Arguments, configuration and fatal errors of a process, as an operator meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot_lifecycle import FatalError
from bot_process import FATAL_EXIT_STATUS, load_process_config, parse_process_arguments, run_process


def test_a_fatal_error_is_one_line_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise FatalError("no keys", "put them into tumblr.base_keys")

    assert run_process(main) == FATAL_EXIT_STATUS
    assert capsys.readouterr().err == "error: no keys - put them into tumblr.base_keys\n"


def test_a_wrong_configuration_is_fatal_and_says_how_to_check(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"a": 1, "b": 2}', encoding="utf-8")
    with pytest.raises(FatalError) as caught:
        load_process_config(path)
    assert "a: no such setting" in str(caught.value)
    assert "b: no such setting" in str(caught.value)
    assert f"python -m bot_config check {path}" in caught.value.hint


def test_arguments_have_a_configuration_and_what_the_process_adds() -> None:
    arguments = parse_process_arguments(
        "x", ["--once"], lambda parser: parser.add_argument("--once", action="store_true")
    )
    assert arguments.config == Path("config.json")
    assert arguments.once
