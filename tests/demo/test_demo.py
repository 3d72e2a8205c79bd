"""The demo's own edges: ports, configuration, and what a visitor is told."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
import sys
import threading
from configparser import RawConfigParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot_config import load_config
from bot_lifecycle import FatalError
from demo.configuration import write_demo_config
from demo.run import main, parse_arguments, refuse_taken_ports, switch_people, tell_of_stopped
from demo.supervisor import HOME, ProcessState, Supervised
from tumblr_sandbox.people.records import PeopleState


def test_a_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FatalError, match=rf"port {port} is taken .*make run PORT={port + 100}"):
            refuse_taken_ports([("PORT", port)])
        with pytest.raises(FatalError, match="is taken"):
            main(["--port", str(port), "--run", str(tmp_path / "demo")])
    assert not (tmp_path / "demo").exists(), "nothing is written before it is clear that the demo can start"


def test_a_port_that_an_earlier_demo_holds_names_its_process() -> None:
    listening = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); "
    listening += "print(s.getsockname()[1], flush=True); time.sleep(60)"
    python = Path(sys.executable).resolve()
    for folder, who in ((HOME, "an earlier demo of this checkout"), (Path("/"), re.escape(str(python)))):
        with subprocess.Popen(
            [python, "-c", listening], stdout=subprocess.PIPE, text=True, cwd=folder
        ) as one:
            assert one.stdout is not None
            port = int(one.stdout.readline())
            says = rf"port {port} is taken by {who}.* \(process {one.pid}\) - stop it with: kill {one.pid},"
            with pytest.raises(FatalError, match=says):
                refuse_taken_ports([("SWITCHBOARD_PORT", port)])
            one.kill()


def test_ports_come_from_the_environment_or_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "5101")
    arguments = parse_arguments(["--switchboard-port", "5102"])
    assert (arguments.port, arguments.switchboard_port) == (5101, 5102)


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "5000.0"])
def test_what_is_no_port_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    monkeypatch.setenv("SWITCHBOARD_PORT", port)
    with pytest.raises(SystemExit, match="2"):
        parse_arguments([])
    assert "--switchboard-port: " in (said := capsys.readouterr().err)
    assert "is no port: expected a number from 1 to 65535" in said


@pytest.mark.parametrize("people", ["-1", "many", "1.5", "5001"])
def test_what_is_no_number_of_people_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], people: str
) -> None:
    monkeypatch.setenv("PEOPLE", people)
    with pytest.raises(SystemExit, match="2"):
        parse_arguments([])
    assert f"{people!r} is no number of people: expected one from 0 to 5000" in capsys.readouterr().err


@pytest.mark.parametrize("speed", ["0", "-2", "fast", "nan", "inf", "10001"])
def test_what_is_no_speed_is_one_clear_error(capsys: pytest.CaptureFixture[str], speed: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_arguments([f"--people-speed={speed}"])
    assert f"{speed!r} is no speed: expected more than 0, at most 10000" in capsys.readouterr().err


def test_both_ports_the_same_is_one_clear_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(["--port", "4480", "--switchboard-port", "4480"])
    assert "--port and --switchboard-port are both 4480" in capsys.readouterr().err


def test_so_do_the_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEOPLE", raising=False)
    assert parse_arguments([]).people is None
    monkeypatch.setenv("PEOPLE", "0")
    monkeypatch.setenv("PEOPLE_SPEED", "2.5")
    arguments = parse_arguments([])
    assert (arguments.people, arguments.people_speed) == (0, 2.5)


def test_the_model_is_named_in_the_environment_or_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODEL", "frank")
    assert parse_arguments([]).model == "frank"
    assert parse_arguments(["--model", "tiny"]).model == "tiny"


@pytest.mark.parametrize("follows", [True, False])
def test_the_demos_bot_follows_people_with_its_own_account(tmp_path: Path, *, follows: bool) -> None:
    config = load_config(write_demo_config(tmp_path, tmp_path / "model", 5101, 5102, follows=follows))
    assert config.tumblr.dashboard_keys == (config.tumblr.base_keys if follows else ())


def test_the_demo_configuration_is_valid_private_and_publishes(tmp_path: Path) -> None:
    path = write_demo_config(tmp_path, tmp_path / "model", 5101, 5102)
    config = load_config(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config.tumblr.publishing == "automatic"
    assert config.tumblr.host == "http://127.0.0.1:5101"
    tokens = [
        config.switchboard.client_token,
        config.switchboard.generator_token,
        config.switchboard.selector_token,
    ]
    assert len({token.get_secret_value() for token in tokens if token}) == 3


def test_the_real_model_has_heads_and_a_sampler_of_its_own(tmp_path: Path) -> None:
    small = load_config(write_demo_config(tmp_path, tmp_path / "model", 5101, 5102))
    assert (small.generator.heads, small.generator.sampler.name) == (None, "two_stage_mirostat")
    real = load_config(write_demo_config(tmp_path, tmp_path / "model", 5101, 5102, heads=tmp_path / "heads"))
    assert real.generator.heads == tmp_path / "heads"
    assert real.generator.sampler.name == "penalised"


@pytest.mark.parametrize("name", ["deploy/supervisord.conf", "demo/supervisord.conf"])
def test_the_supervisor_files_run_the_four_processes(name: str) -> None:
    parser = RawConfigParser(inline_comment_prefixes=None)
    path = HOME / name
    parser.read([path, path.parent / parser_include(path)], encoding="utf-8")
    programs = {
        section.partition(":")[2]: parser[section]
        for section in parser.sections()
        if section.startswith("program:")
    }
    assert {"bridge", "generator", "selector", "tumbl"} <= set(programs)
    for program in programs.values():
        assert program["exitcodes"] == "0,2"
        assert program["autorestart"] == "unexpected"
        assert program["directory"] == "%(ENV_AUTORESPONDER_HOME)s", "paths in the configuration begin there"


def parser_include(path: Path) -> str:
    parser = RawConfigParser()
    parser.read(path, encoding="utf-8")
    return parser["include"]["files"]


def test_systemd_units_start_the_doors_that_exist_and_may_write_where_they_have_to() -> None:
    units = sorted((HOME / "deploy" / "systemd").glob("*.service"))
    processes = {"bridge", "generator", "selector", "tumbl", "console"}
    assert {unit.stem.removeprefix("autoresponder-") for unit in units} == {*processes, "weekly"}
    for unit in units:
        parser = RawConfigParser()
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read(unit, encoding="utf-8")
        service = parser["Service"]
        if service.get("Type") == "oneshot":  # started by its timer, and not again when it fails
            assert unit.with_suffix(".timer").is_file()
            assert service["ExecStart"].split()[1:4] == ["-m", "training", "weekly"]
        else:
            assert (HOME / service["ExecStart"].split()[1]).is_file()
            assert service["RestartPreventExitStatus"].split() == ["0", "2"]
        # With the disk read-only, large requests and graphs still need somewhere for temporary files.
        assert (service["ProtectSystem"], service["PrivateTmp"]) == ("strict", "true")
        assert service["ReadWritePaths"] == f"{service['WorkingDirectory']}/run"


def test_units_begin_after_what_they_need_and_after_the_clock_is_right() -> None:
    begun_after = {
        "bridge": {"network-online.target", "postgresql.service"},
        "generator": {"network-online.target", "autoresponder-bridge.service"},
        "selector": {"network-online.target", "autoresponder-bridge.service"},
        "tumbl": {"network-online.target", "time-sync.target", "autoresponder-bridge.service"},
    }
    for name, wanted in begun_after.items():
        parser = RawConfigParser()
        parser.read(HOME / "deploy" / "systemd" / f"autoresponder-{name}.service", encoding="utf-8")
        assert set(parser["Unit"]["After"].split()) == wanted
        # A target comes only if somebody wants it; the switchboard may be on another machine.
        assert set(parser["Unit"]["Wants"].split()) == {one for one in wanted if one.endswith(".target")}


class Staged(Supervised):
    """Processes in the states that a test gives them."""

    def __init__(self, folder: Path, **states: str) -> None:
        super().__init__(folder, folder / "config.json", 1)
        self.states = states

    def processes(self) -> dict[str, ProcessState]:
        return {name: ProcessState(name, state, 1) for name, state in self.states.items()}

    def last_line(self, name: str) -> str:
        return f"error: {name} can go on no more - do something"


def test_a_process_that_gives_up_is_told_of_once_and_takes_no_other_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    staged, told = Staged(tmp_path, sandbox="RUNNING", generator="EXITED", tumbl="RUNNING"), frozenset[str]()
    for _ in range(3):
        told = tell_of_stopped(staged, told)
    said = capsys.readouterr().out
    assert said == (
        "generator stopped: generator can go on no more - do something; the others go on "
        "(it has not begun a log)\n"
    )
    staged.states["generator"] = "RUNNING"
    told = tell_of_stopped(staged, told)
    staged.states["generator"] = "EXITED"
    tell_of_stopped(staged, told)
    assert capsys.readouterr().out == said


def test_logs_of_a_process_that_never_wrote_are_empty(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, tmp_path / "config.json", 1)
    assert supervised.last_line("tumbl") == ""
    assert supervised.processes() == {}
    assert not supervised.alive
    supervised.stop()


@pytest.mark.parametrize(
    ("people", "speed", "sent"),
    [
        (None, None, {}),
        (0, None, {"on": False}),
        (8, None, {"on": True, "count": 8}),
        (None, 2.5, {"speed": 2.5}),
    ],
)
def test_the_command_line_has_the_last_word_on_the_people(
    people: int | None, speed: float | None, sent: dict[str, object]
) -> None:
    received: list[dict[str, object]] = []

    class ControlFace(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = PeopleState(time=0, awake=0, silent=0, actions={}).model_dump_json().encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), ControlFace) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        switch_people(server.server_port, people, speed, wide=True)
        server.shutdown()
        thread.join()
    assert received == [{"wide": True, **sent}]
