"""Log lines and stops, as an operator meets them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import pytest
import structlog

from bot_lifecycle import UNREAD_EXIT_STATUS, Shutdown, configure_logging

ROOT = Path(__file__).resolve().parent.parent


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


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (["-m", "bot_config", "reference"], 0),
        (["-m", "mood", "daily"], 20_000),
        (["-m", "munging", "classic"], 20_000),
        (["-m", "tumblr", "screening"], 20_000),
    ],
)
def test_a_reader_that_goes_away_is_no_error(command: list[str], lines: int) -> None:
    """As behind ``head``: the output is more than a pipe holds, and nobody reads it."""
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.write("{}\n" * lines)
            process.stdin.close()
        said = process.stderr.read()
        assert process.wait(timeout=60) == UNREAD_EXIT_STATUS
    assert said == ""


STUCK = """
import socket
from bot_lifecycle import Shutdown
Shutdown(0.1).install()
listener = socket.create_server(("127.0.0.1", 0))
waiting = socket.create_connection(listener.getsockname())
print("waiting", flush=True)
waiting.recv(1)
"""


def test_a_process_that_waits_for_an_answer_stops_all_the_same() -> None:
    with subprocess.Popen([sys.executable, "-c", STUCK], cwd=ROOT, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"waiting\n"
        process.terminate()
        assert process.wait(60) == 0
