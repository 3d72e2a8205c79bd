"""Log lines, stops and fatal errors, as an operator meets them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import structlog

from bot_process import (
    FATAL_EXIT_STATUS,
    FatalError,
    Shutdown,
    configure_logging,
    load_process_config,
    parse_process_arguments,
    run_process,
)


def test_a_log_line_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("tumbl")
    structlog.get_logger().info("answer posted", ask="12", text="two words\nand a line")
    structlog.get_logger().debug("not shown")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    stamp, level, process, *rest = lines[0].split()
    assert stamp.endswith("Z")
    assert (level, process) == ("info", "tumbl")
    assert " ".join(rest) == 'answer posted ask=12 text="two words\\nand a line"'


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("tumbl")
    try:
        raise ValueError("boom")
    except ValueError:
        structlog.get_logger().exception("item failed")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "ValueError: boom" in lines[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    try:
        shutdown = Shutdown().install()
        assert not shutdown.wait(0)
        os.kill(os.getpid(), number)
        assert shutdown.wait(5)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


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
