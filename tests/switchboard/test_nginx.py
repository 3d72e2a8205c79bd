"""The nginx of docs/operating.md before two switchboards on one PostgreSQL, for real."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from demo.supervisor import free_port
from switchboard.client import Retry, SwitchboardClient
from switchboard.messages import GeneratorPoll, RawSelectRequest
from switchboard.messages.fields import MAX_BODY_BYTES
from tests.switchboard.bench import scores
from tests.switchboard.postgres import PrivateServer
from tests.switchboard.test_bridge_service import Bridge

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx wants folders for, which it makes itself."""

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not on this machine")


class Balancer:
    """nginx as the page has it, before some switchboards."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.port = free_port()
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        text = re.search(
            r"^```\n(upstream .*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        assert text is not None, "the page has no nginx configuration"
        own = re.sub(r"(server \S+:\d+; ?)+", f"{servers} ", text[1], count=1)
        own = own.replace("listen 5000", f"listen 127.0.0.1:{self.port}")
        paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
        user = "user root;\n" if os.geteuid() == 0 else ""  # its workers write into our folder
        head = f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        whole = f"{head}http {{ access_log off; {paths}\n{own} }}\n"
        settings = folder / "nginx.conf"
        settings.write_text(whole, encoding="utf-8")
        self._process = subprocess.Popen([str(NGINX), "-e", f"{folder}/error.log", "-c", str(settings)])
        wait_until_listening(self.port)

    def client(self, role: str) -> SwitchboardClient:
        """A client in a role, with the balancer's address."""
        return SwitchboardClient(
            f"http://127.0.0.1:{self.port}", SecretStr(f"token-{role}"), retry=Retry(attempts=3)
        )

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def wait_until_listening(port: int) -> None:
    """Wait until somebody takes connections."""
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PrivateServer
) -> Iterator[tuple[Bridge, Bridge]]:
    """Two switchboards on one database."""
    url = postgres_server.new_database()
    bridges = [Bridge(tmp_path_factory.mktemp(name), url) for name in ("first", "second")]
    yield bridges[0], bridges[1]
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def balancer(tmp_path: Path, pair: tuple[Bridge, Bridge]) -> Iterator[Balancer]:
    """nginx before them."""
    balancer = Balancer(tmp_path, [bridge.port for bridge in pair])
    yield balancer
    balancer.close()


def done_by_way_of(balancer: Balancer, job_id: str) -> None:
    """A job that is submitted, worked on and fetched through the balancer, the client waiting for its end."""
    client, generator = balancer.client("client"), balancer.client("generator")
    client.submit_raw_select(RawSelectRequest(id=job_id, texts=["one"]))
    ended: list[bool] = []
    waiting = threading.Thread(target=lambda: ended.append(client.get_result(job_id, wait_seconds=25).done))
    waiting.start()
    worker = f"worker.{job_id}"
    jobs = generator.poll_generator(GeneratorPoll(worker=worker, max_jobs=1, wait=10, leases=[])).jobs
    assert list(jobs) == [job_id]
    answer = GeneratorPoll(worker=worker, max_jobs=0, results={job_id: scores(1)}, leases=[])
    assert generator.poll_generator(answer).statuses == {job_id: "accepted"}
    waiting.join()
    assert ended == [True]


def test_jobs_go_through_it_and_on_when_a_switchboard_is_gone(
    balancer: Balancer, pair: tuple[Bridge, Bridge]
) -> None:
    for number in range(4):
        done_by_way_of(balancer, f"both.{number}")
    pair[0].process.kill()
    pair[0].process.wait()
    for number in range(4):
        done_by_way_of(balancer, f"one.{number}")
    pair[0].start()


def test_a_large_body_comes_through(balancer: Balancer) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{balancer.port}/raw_select",
        data=b"{" + b" " * (MAX_BODY_BYTES * 3 // 4),
        headers={"Authorization": "Bearer token-client", "Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 400, "refused by the switchboard, for it is no JSON"
    assert answer.headers["Content-Type"] == "application/json"
