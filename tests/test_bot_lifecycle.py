"""Log lines and stops, as an operator meets them."""

from __future__ import annotations

import os
import signal

import pytest
import structlog

from bot_lifecycle import Shutdown, configure_logging


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
