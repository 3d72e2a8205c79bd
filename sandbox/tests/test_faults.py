"""Faults: each is switched on, seen by the client, and gone again."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from bench import Served, edit
from tumblr_sandbox.driver import DriverError, SandboxDriver
from tumblr_sandbox.faults import Fault, FaultKind, Faults

INFO = "*/user/info"


def raw(frank: Any, path: str = "/v2/user/info") -> requests.Response:
    with requests.get(frank.request.host + path, auth=frank.request.oauth, timeout=5) as reply:
        return reply


def test_a_fault_matches_by_method_and_path() -> None:
    fault = Fault(kind=FaultKind.CUT, path="*/post/edit", method="post")
    assert fault.matches("POST", "/v2/blog/frank/post/edit")
    assert fault.matches("POST", "/v2/blog/frank/post/edit/")
    assert not fault.matches("GET", "/v2/blog/frank/post/edit")
    assert not fault.matches("POST", "/v2/blog/frank/post")
    writes = Fault(kind=FaultKind.CUT, method="post PUT")
    assert [writes.matches(method, "/x") for method in ("POST", "PUT", "GET")] == [True, True, False]


def test_faults_fire_as_often_as_said() -> None:
    faults = Faults(random.Random(1))
    number = faults.add(Fault(kind=FaultKind.STATUS, count=2))
    assert [faults.draw("GET", "/x") is not None for _ in range(3)] == [True, True, False]
    assert faults.active() == {}
    assert not faults.remove(number)


def test_faults_fire_by_chance() -> None:
    faults = Faults(random.Random(1))
    faults.add(Fault(kind=FaultKind.STATUS, probability=0.25))
    fired = sum(faults.draw("GET", "/x") is not None for _ in range(1000))
    assert 200 < fired < 300


def test_the_first_fault_that_fires_acts() -> None:
    faults = Faults(random.Random(1))
    faults.add(Fault(kind=FaultKind.CUT, path="/a"))
    faults.add(Fault(kind=FaultKind.STATUS))
    assert [getattr(faults.draw("GET", path), "kind", None) for path in ("/a", "/b")] == [
        FaultKind.CUT,
        FaultKind.STATUS,
    ]


@pytest.mark.parametrize("wrong", [{"probability": 2}, {"count": 0}, {"status": 200}, {"nonsense": 1}])
def test_faults_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "cut", **wrong})


@pytest.mark.parametrize(("status", "shown"), [(503, 500), (500, 500), (502, 500), (520, 500)])
def test_a_status_with_html(frank: Any, driver: SandboxDriver, status: int, shown: int) -> None:
    driver.add_fault(Fault(kind=FaultKind.STATUS, status=status, path=INFO, count=2))
    reply = raw(frank)
    assert reply.status_code == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert frank.info()["meta"]["status"] == shown
    assert frank.info()["user"]["name"] == "frank"


def test_html_instead_of_json(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.HTML, count=1))
    assert "Malformed JSON or HTML" in frank.info()["response"]["error"]


def test_wrong_keys(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.UNAUTHORIZED, path=INFO))
    assert frank.info()["errors"][0]["code"] == 1016
    driver.clear_faults()
    assert "user" in frank.info()


def test_a_malformed_body_after_the_work(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.MALFORMED, path="*/post", count=1))
    broken = frank.create_text("frank", body="<p>a</p>")
    assert broken["meta"]["status"] == 500
    assert [post.html for post in driver.posts("frank")] == ["<p>a</p>"]


def test_silence_after_the_work(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?")
    driver.add_fault(Fault(kind=FaultKind.TIMEOUT, path="*/post/edit", seconds=0.05, count=1))
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        edit(frank, "frank", id=ask, answer="<p>a</p>", state="published")
    assert time.monotonic() - began >= 0.05
    (post,) = driver.posts("frank")
    assert (post.genesis_id, post.state) == (ask, "published")
    call = driver.calls(path="*/post/edit")[-1]
    assert (call.status, call.fault, call.user) == (0, "timeout", "frank")


def test_silence_longer_than_the_clients_patience(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.TIMEOUT, seconds=60, count=1))
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{frank.request.host}/v2/user/info", auth=frank.request.oauth, timeout=0.1)
    # Whoever still waits is woken when the sandbox stops, so this test ends at once.


@pytest.mark.parametrize(("after_work", "posts"), [(False, 0), (True, 1)])
def test_a_cut_connection(frank: Any, driver: SandboxDriver, after_work: bool, posts: int) -> None:
    driver.add_fault(Fault(kind=FaultKind.CUT, after_work=after_work, path="*/post", count=1))
    with pytest.raises(requests.ConnectionError):
        frank.create_text("frank", body="<p>a</p>")
    assert len(driver.posts("frank")) == posts


@pytest.mark.parametrize("headers", [True, False])
def test_an_exhausted_key(frank: Any, driver: SandboxDriver, headers: bool) -> None:
    driver.add_fault(Fault(kind=FaultKind.LIMIT, count=1, headers=headers))
    reply = raw(frank)
    assert reply.status_code == 429
    assert reply.json()["errors"][0]["title"] == "Limit Exceeded"
    assert reply.headers.get("X-Ratelimit-Perhour-Remaining") == ("0" if headers else None)


def test_the_throttle_by_address(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.THROTTLE, count=1))
    reply = raw(frank)
    assert reply.status_code == 429
    assert reply.json() == {
        "meta": {"status": 429, "msg": "Limit Exceeded"},
        "response": {"error": "Rate Limit Exceeded"},
    }
    assert int(reply.headers["X-Ratelimit-Perhour-Remaining"]) > 900


def test_missing_limit_headers(frank: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.NO_LIMIT_HEADERS, count=1))
    reply = raw(frank)
    assert reply.status_code == 200
    assert not any(name.startswith("X-Ratelimit") for name in reply.headers)
    assert "X-Ratelimit-Perhour-Limit" in raw(frank).headers


def test_a_missing_schedule(frank: Any, driver: SandboxDriver) -> None:
    frank.create_text("frank", body="<p>a</p>", state="queue")
    driver.add_fault(Fault(kind=FaultKind.NO_SCHEDULE, path="*/queue", count=1))
    assert "scheduled_publish_time" not in frank.queue("frank")["posts"][0]
    assert "scheduled_publish_time" in frank.queue("frank")["posts"][0]


def test_the_switchboard_of_faults(driver: SandboxDriver) -> None:
    first = driver.add_fault(Fault(kind=FaultKind.CUT, count=3))
    second = driver.add_fault(Fault(kind=FaultKind.HTML, path="/v2/*"))
    assert driver.faults() == {
        first: Fault(kind=FaultKind.CUT, count=3),
        second: Fault(kind=FaultKind.HTML, path="/v2/*"),
    }
    driver._call("DELETE", f"/faults/{first}")
    assert list(driver.faults()) == [second]
    with pytest.raises(DriverError) as refused:
        driver._call("DELETE", f"/faults/{first}")
    assert refused.value.status == 404


def test_faults_leave_the_control_face_and_the_pages_alone(served: Served, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.CUT))
    assert driver.now() > 0
    with requests.get(served.url, timeout=5) as reply:
        assert reply.status_code == 200
