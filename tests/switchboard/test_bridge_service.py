"""The process: it refuses what is unsafe, stops cleanly, and loses nothing when it is killed."""

from __future__ import annotations

import itertools
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from flask import Flask
from pydantic import SecretStr

import bridge_service
from bot_config import Config
from bot_http import direct_session
from bot_lifecycle import FatalError, Shutdown, SteadyClock
from bot_network import is_loopback, local_url
from bot_process import load_process_config
from demo.supervisor import free_port
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import (
    AnswerRequest,
    GenerationJob,
    GeneratorPoll,
    RawSelectRequest,
    SelectionOutcome,
    SelectorPoll,
)
from switchboard.settings import Role, SwitchboardConfig
from tests.switchboard.bench import choice, generation_result
from tests.switchboard.postgres import PrivateServer

ROOT = Path(bridge_service.__file__).parent
TOKENS: dict[str, Any] = {
    f"{role}_token": SecretStr(f"token-{role}") for role in ("client", "generator", "selector")
}


class Bridge:
    """A running bridge_service.py, and clients of it; can be killed and started again."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.config = folder / "config.json"
        database_url = database_url or f"sqlite:///{folder / 'jobs.sqlite'}"
        section = {"port": self.port, "database_url": database_url}
        section |= {name: token.get_secret_value() for name, token in TOKENS.items()}
        self.config.write_text(json.dumps({"switchboard": section}), encoding="utf-8")
        self.log = (folder / "log").open("ab")
        self.clients = {
            role: SwitchboardClient(
                f"http://127.0.0.1:{self.port}", SecretStr(f"token-{role}"), retry=Retry(attempts=1)
            )
            for role in ("client", "generator", "selector")
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "bridge_service.py"), "--config", str(self.config)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=ROOT)
        end = time.monotonic() + 30
        while True:
            try:
                self.clients["client"].status()
            except SwitchboardError:
                assert self.process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                return self.process

    def kill_and_restart(self) -> None:
        """As hard as it gets."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.start()

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path)
    yield bridge
    bridge.close()


@pytest.fixture
def bridge_on_each(tmp_path: Path, database_url: str) -> Iterator[Bridge]:
    """A bridge on SQLite, and one on PostgreSQL."""
    bridge = Bridge(tmp_path, database_url)
    yield bridge
    bridge.close()


def test_killed_after_each_message_the_client_gets_its_one_result(bridge: Bridge) -> None:
    client, generator, selector = bridge.clients.values()
    request = AnswerRequest(id="a", question="are you there?", asking_name="bob")
    assert not client.submit_answer(request).collision
    bridge.kill_and_restart()
    assert client.submit_answer(request).collision
    job = generator.poll_generator(GeneratorPoll(worker="g", batch_size=64)).jobs["a"]
    bridge.kill_and_restart()
    assert isinstance(job, GenerationJob)
    assert job.lease is not None
    batch = GeneratorPoll(worker="g", results={"a": generation_result(13, lease=job.lease.token)}, max_jobs=0)
    assert generator.poll_generator(batch).statuses == {"a": "accepted"}
    bridge.kill_and_restart()
    assert generator.poll_generator(batch).statuses == {"a": "duplicate"}
    chosen = selector.poll_selector(SelectorPoll(worker="s")).SELECTION_PROMPT_STACK["a"]
    bridge.kill_and_restart()
    assert chosen.lease is not None
    result = choice("a", chosen.kwargs.mood, post="I am", lease=chosen.lease.token)
    answered = SelectorPoll(worker="s", results={"a": result}, max_jobs=0)
    assert selector.poll_selector(answered).statuses == {"a": "accepted"}
    bridge.kill_and_restart()
    assert selector.poll_selector(answered).statuses == {"a": "duplicate"}
    first = client.get_result("a")
    bridge.kill_and_restart()
    assert client.get_result("a") == first
    assert isinstance(first.result, SelectionOutcome)
    assert first.result.post == "I am"
    client.acknowledge("a")
    bridge.kill_and_restart()
    assert client.status().counts == {"acknowledged": 1}


def test_killed_while_many_submit_it_has_every_job_that_it_answered_for(bridge_on_each: Bridge) -> None:
    bridge = bridge_on_each
    client = bridge.clients["client"]
    answered: list[str] = []
    enough = threading.Event()

    def submit_until_it_dies(who: int) -> None:
        for number in itertools.count():
            job_id = f"{who}.{number}"
            try:
                client.submit_raw_select(RawSelectRequest(id=job_id, texts=["one"]))
            except SwitchboardError:
                return
            answered.append(job_id)
            if len(answered) >= 40:
                enough.set()

    threads = [threading.Thread(target=submit_until_it_dies, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    bridge.process.send_signal(signal.SIGKILL)
    bridge.process.wait()
    for thread in threads:
        thread.join()
    bridge.start()
    assert {client.get_result(job_id).state for job_id in answered} == {"submitted"}
    # Of each thread one more may have been stored whose answer was lost on the way.
    assert len(answered) <= client.status().open_jobs <= len(answered) + len(threads)


def test_it_stops_cleanly_and_says_nothing_secret(bridge: Bridge, tmp_path: Path) -> None:
    request = AnswerRequest(id="a", question="a very private question", asking_name="bob")
    bridge.clients["client"].submit_answer(request)
    bridge.process.send_signal(signal.SIGTERM)
    assert bridge.process.wait(10) == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    lines = [line for line in log.splitlines() if line]
    assert "listening" in lines[0]
    assert "job submitted" in lines[1]
    assert lines[-1].endswith("stopped")
    assert not any(word in log for word in ("private", "token-", "Traceback"))


def test_a_taken_port_is_one_clear_line(bridge: Bridge) -> None:
    command = [sys.executable, str(ROOT / "bridge_service.py"), "--config", str(bridge.config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False)
    assert second.returncode == 2
    (line,) = second.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1 port {bridge.port}" in line
    assert "choose another switchboard.port" in line


# --- what it refuses


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_another_address_needs_all_three_tokens(host: str) -> None:
    for missing in TOKENS:
        config = SwitchboardConfig(listen_host=host, **{**TOKENS, missing: None})
        with pytest.raises(FatalError, match=r"set switchboard\.client_token"):
            bridge_service.check_tokens(config)
    bridge_service.check_tokens(SwitchboardConfig(listen_host=host, **TOKENS))


def config_in(folder: Path, **switchboard: Any) -> Path:
    """A configuration whose tokens, where it has none, are kept in this folder."""
    path = folder / "config.json"
    section = {"token_file": str(folder / "run" / "tokens"), **switchboard}
    path.write_text(json.dumps({"switchboard": section}), encoding="utf-8")
    return path


def tokens_of(config: Config) -> list[str | None]:
    roles: tuple[Role, ...] = ("client", "generator", "selector")
    tokens = (config.switchboard.token_of(role) for role in roles)
    return [None if token is None else token.get_secret_value() for token in tokens]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_for_this_machine_alone_tokens_are_drawn_once(tmp_path: Path, host: str) -> None:
    path = config_in(tmp_path, listen_host=host, selector_token="the-selector's-own")
    with ThreadPoolExecutor(8) as pool:
        configs = list(pool.map(load_process_config, [path] * 8))
    bridge_service.check_tokens(configs[0].switchboard)
    tokens = tokens_of(configs[0])
    assert tokens[2] == "the-selector's-own"
    assert min(len(str(token)) for token in tokens[:2]) >= 32
    assert all(tokens_of(config) == tokens for config in configs)
    alone = load_process_config(path, ("switchboard.generator_token",))
    assert tokens_of(alone) == [None, tokens[1], None]
    assert (tmp_path / "run" / "tokens").stat().st_mode & 0o077 == 0
    assert [kept.name for kept in (tmp_path / "run").iterdir()] == ["tokens"]


def test_tokens_for_a_switchboard_elsewhere_are_not_made_up(tmp_path: Path) -> None:
    path = config_in(tmp_path, url="https://switchboard.example.org")
    config = load_process_config(path)
    assert tokens_of(config) == [None, None, None]
    assert not (tmp_path / "run").exists()
    with pytest.raises(FatalError, match="a token is missing"):
        bridge_service.check_tokens(config.switchboard)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ('{"client_token": "c", "generator_token": "g", "selector_token": "s"}', 0o644, "chmod 600"),
        ('{"client_token": "c"}', 0o600, "remove it"),
        ("[]", 0o600, "remove it"),
        ("not json", 0o600, "remove it"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_trusted_is_one_clear_error(
    tmp_path: Path, content: str, mode: int, said: str
) -> None:
    path = config_in(tmp_path)
    kept = tmp_path / "run" / "tokens"
    kept.parent.mkdir()
    kept.write_text(content, encoding="utf-8")
    kept.chmod(mode)
    with pytest.raises(FatalError, match=said):
        load_process_config(path)


def test_tokens_that_cannot_be_kept_are_one_clear_error(tmp_path: Path) -> None:
    path = config_in(tmp_path, token_file="/proc/none/tokens")
    with pytest.raises(FatalError, match="set the tokens in the configuration"):
        load_process_config(path)


def test_roles_may_not_share_a_token() -> None:
    config = SwitchboardConfig(client_token=SecretStr("same"), generator_token=SecretStr("same"))
    with pytest.raises(FatalError, match="share a token"):
        bridge_service.check_tokens(config)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "must begin with sqlite"),
        ("no url", "cannot be used"),
        ("sqlite://", "must be a file"),
        ("sqlite:////proc/none/jobs.sqlite", "database_url"),
        ("postgresql+psycopg://bot:pass-word@localhost:many/x", "cannot be used"),
        ("postgresql+psycopg://bot:pass-word@localhost:99999/x", "invalid port number"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_clearly(url: str, said: str) -> None:
    config = Config(switchboard=SwitchboardConfig(database_url=url))
    with pytest.raises(FatalError, match=said) as raised:
        bridge_service.open_store(config, SteadyClock())
    assert "pass-word" not in str(raised.value)


def test_a_database_that_a_server_does_not_have_is_final_at_once(postgres_server: PrivateServer) -> None:
    url = postgres_server.new_database().replace("/postgres?", "/no-such-database?")
    config = Config(switchboard=SwitchboardConfig(database_url=url))
    with pytest.raises(FatalError, match=r"does not exist.* - .*database_url"):
        bridge_service.open_store(config, SteadyClock())


class Waiting(Shutdown):
    """Sleeping moves a clock, and does what a test wants; the stop is requested after so many sleeps."""

    def __init__(self, then: Callable[[int], object] = lambda _: None, most: int = 1000) -> None:
        super().__init__()
        self.now = 0.0
        self.sleeps = 0
        self._then = then
        self._most = most

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.sleeps += 1
        self._then(self.sleeps)
        return self.sleeps >= self._most


NO_SERVER = Config(
    switchboard=SwitchboardConfig(database_url="postgresql+psycopg://nobody@127.0.0.1:1/x?connect_timeout=2")
)


def test_a_database_server_that_does_not_come_is_waited_for_ten_minutes_with_few_words() -> None:
    waiting = Waiting()
    with (
        structlog.testing.capture_logs() as logged,
        pytest.raises(FatalError, match=r"nothing stored was lost - .*database_url"),
    ):
        bridge_service.wait_for_store(NO_SERVER, SteadyClock(), waiting, lambda: waiting.now)
    assert 600 <= waiting.now <= 630
    assert len(logged) == waiting.sleeps <= 25


def test_who_waits_for_a_database_server_can_be_stopped() -> None:
    waiting = Waiting(most=2)
    assert bridge_service.wait_for_store(NO_SERVER, SteadyClock(), waiting, lambda: waiting.now) is None


def test_a_database_server_that_comes_up_later_is_waited_for(postgres_server: PrivateServer) -> None:
    config = Config(switchboard=SwitchboardConfig(database_url=postgres_server.new_database()))
    postgres_server.halt()
    waiting = Waiting(lambda sleeps: postgres_server.start() if sleeps == 2 else None)
    store = bridge_service.wait_for_store(config, SteadyClock(), waiting, lambda: waiting.now)
    assert store is not None
    store.close()
    assert waiting.sleeps == 2


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    config = Config(switchboard=SwitchboardConfig(database_url=url))
    store = bridge_service.open_store(config, SteadyClock())
    with store._database.write() as connection:
        connection.exec_driver_sql("INSERT INTO schema_versions VALUES (99, 0)")
    store.close()
    with pytest.raises(FatalError, match="schema version 99"):
        bridge_service.open_store(config, SteadyClock())


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_text("my novel " * 1000, encoding="utf-8")
    config = Config(switchboard=SwitchboardConfig(database_url=f"sqlite:///{path}"))
    with pytest.raises(FatalError, match="file is not a database"):
        bridge_service.open_store(config, SteadyClock())
    assert path.read_text(encoding="utf-8").startswith("my novel")


def test_settings_reach_the_parts() -> None:
    config = Config.model_validate(
        {
            "candidates": {"answer": 5},
            "screening": {"strict_language_users": ["Prim"]},
        }
    )
    rules = bridge_service.job_rules(config)
    assert rules.candidates.answer == 5
    assert rules.prim_askers == {"prim"}
    assert rules.mentionable is None


def test_the_numbers_and_rules_of_2023_reach_the_parts() -> None:
    blog = {"blog_name": "Frank", "dash_blog_name": "frank-dash", "operator_name": "keeper"}
    config = Config.model_validate({"preset": "2023", "blog": blog})
    rules = bridge_service.job_rules(config)
    assert rules.candidates.growth_decimals == 3
    assert rules.mentionable == frozenset({"frank", "frank-dash", "keeper"})


def test_help_says_what_it_is() -> None:
    command = [sys.executable, str(ROOT / "bridge_service.py"), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert "--config" in shown.stdout
    assert "durable jobs between" in shown.stdout


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def name_localhost(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let localhost be these addresses, whatever this machine's /etc/hosts says."""
    real = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **options: Any) -> list[Any]:
        names = addresses if host == "localhost" else (host,)
        return [answer for name in names for answer in real(name, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize("addresses", [("127.0.0.1", "::1"), ("::1",), ("127.0.0.1", "2001:db8::1")])
def test_localhost_may_be_two_addresses_or_the_one_of_ipv6(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    if "::1" in addresses and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    name_localhost(monkeypatch, *addresses)
    app = Flask("service")
    app.extensions["switchboard"] = SimpleNamespace(notifier=SimpleNamespace(close=lambda: None))
    app.get("/status")(lambda: {"counts": {}, "workers": []})
    stop = threading.Event()
    server = bridge_service.listen(app, SwitchboardConfig(listen_host="localhost", port=free_port()))
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    try:
        here = [address for address in addresses if is_loopback(address)]
        for host in [*here, "localhost"]:
            with direct_session() as session:
                assert session.get(f"{local_url(host, server.port)}/status", timeout=5).ok
    finally:
        stop.set()
        thread.join()


def test_an_address_of_another_machine_is_one_clear_error() -> None:
    app = Flask("service")
    with pytest.raises(FatalError, match=r"cannot listen on 192\.0\.2\.1 port .* - .*switchboard\.port"):
        bridge_service.listen(app, SwitchboardConfig(listen_host="192.0.2.1", port=free_port()))
