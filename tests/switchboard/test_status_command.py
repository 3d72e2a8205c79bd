"""`python -m switchboard status`: tables for people, JSON for one job, one clear line when it cannot."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bot_lifecycle import FatalError
from switchboard.__main__ import main
from switchboard.messages import JobLine, StatusReport, WorkerLine
from switchboard.serving import Server
from switchboard.settings import SwitchboardConfig
from switchboard.tables import age, status_tables
from tests.switchboard.service import TOKENS, Service


@pytest.fixture
def config_file(service: Service, tmp_path: Path) -> Iterator[Path]:
    """The configuration of a switchboard that is running."""
    stop = threading.Event()
    server = Server(service.app, SwitchboardConfig(threads=4), any_port=True)
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    yield write_config(tmp_path, server.port, TOKENS["client"])
    stop.set()
    thread.join(10)


def write_config(folder: Path, port: int, token: str) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({"switchboard": {"port": port, "client_token": token}}), encoding="utf-8")
    return path


def test_it_prints_tables(service: Service, config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service.bench.answer("some-answer")
    assert main(["status", "--config", str(config_file)]) == 0
    printed = capsys.readouterr().out
    assert "1 submitted; 1 of at most 200 open" in printed
    assert "some-answer" in printed
    assert "nobody serves: answer" in printed


def test_it_prints_one_job(service: Service, config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service.bench.answer("a")
    capsys.readouterr()
    assert main(["status", "--config", str(config_file), "--id", "a"]) == 0
    assert "how are you?" in json.loads(capsys.readouterr().out)["request"]["prompt"]
    assert main(["status", "--config", str(config_file), "--id", "b"]) == 1
    assert capsys.readouterr().err == "there is no job with the id b\n"


def test_a_switchboard_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    path = write_config(tmp_path, 1, "x")
    with pytest.raises(FatalError, match=r"is bridge_service.py running at http://127.0.0.1:1"):
        main(["status", "--config", str(path)])


def test_a_wrong_token_is_one_clear_line(service: Service, config_file: Path) -> None:
    wrong = write_config(
        config_file.parent, json.loads(config_file.read_text())["switchboard"]["port"], "wrong"
    )
    with pytest.raises(FatalError, match="not allowed"):
        main(["status", "--config", str(wrong)])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 s"), (59.9, "59 s"), (60.0, "1 min 0 s"), (3_725.0, "1 h 2 min"), (90_000.0, "1 d 1 h"),
    ],
)  # fmt: skip
def test_ages_are_given_in_units_that_say_enough(seconds: float, shown: str) -> None:
    assert age(seconds) == shown


def test_tables_show_workers_failures_and_retained_texts() -> None:
    job = JobLine(
        id="x" * 40, type="answer", state="failed", age_seconds=61, accepted=3, n_desired=13, attempts=5,
        workers=["g1", "g2"], error="[bold]broken[/bold]",
    )  # fmt: skip
    worker = WorkerLine(worker="g1", role="generator", last_contact_seconds=2, leases=1)
    report = StatusReport(
        version="1", counts={"failed": 1}, open_jobs=0, open_jobs_limit=200, oldest_open_seconds=3.0,
        failures=[job], workers=[worker], retained=4,
    )  # fmt: skip
    text = render(report)
    assert "oldest open 3 s; 4 texts retained" in text
    assert "3 of 13" in text
    assert "g1, g2" in text
    assert "[bold]broken[/bold]" in text
    assert "x" * 16 + "…" in text


def render(report: StatusReport) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(status_tables(report))
    return captured.get()
