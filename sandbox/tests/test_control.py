"""The control face and its driver."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from bench import FakeClock, Served, edit
from tumblr_sandbox.driver import DriverError, SandboxDriver
from tumblr_sandbox.loopback import host_is_plain, is_loopback
from tumblr_sandbox.records import KeySet


def test_users_with_random_keys_and_with_given_ones(driver: SandboxDriver, served: Served) -> None:
    first = driver.create_user("first")
    assert len(set(first.strings())) == 4
    given = KeySet.model_validate(
        {"consumer_key": "k", "consumer_secret": "s", "oauth_token": "t", "oauth_secret": "u"}
    )
    assert driver.create_user("second", keys=given) == given
    shared = given.model_copy(update={"oauth_token": "t2"})
    assert driver.create_user("third", keys=shared) == shared
    assert driver.users() == ["first", "second", "third"]
    assert served.client(shared).info()["user"]["name"] == "third"


def test_secrets_do_not_show(driver: SandboxDriver) -> None:
    keys = driver.create_user("first")
    for secret in (keys.strings()[1], keys.strings()[3]):
        assert secret not in repr(keys)


@pytest.mark.parametrize(
    ("name", "status"),
    [("frank", 409), ("", 400), ("Upper", 400), ("a b", 400), ("-x", 400), ("x" * 40, 400)],
)
def test_names_that_cannot_be(driver: SandboxDriver, keys: KeySet, name: str, status: int) -> None:
    with pytest.raises(DriverError) as refused:
        driver.create_user(name)
    assert refused.value.status == status
    assert driver.users() == ["frank", "bob", "carol"]


def test_a_token_belongs_to_one_user(driver: SandboxDriver, keys: KeySet) -> None:
    with pytest.raises(DriverError) as refused:
        driver.create_user("new", keys=keys)
    assert refused.value.status == 409
    assert "new" not in driver.users()


def test_posts_and_their_records(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    ask = driver.ask("frank", "a\n\nb & c", "bob")
    root = driver.post("bob", "<p>x</p>", title="T", tags=["one", "two"])
    reblog = driver.reblog("frank", root, "<p>y</p>")
    queued = driver.post("frank", "<p>z</p>", state="queued")
    records = driver.posts("frank")
    assert [record.id for record in records] == [queued, reblog, ask]
    in_queue, second, first = records
    assert (first.question, first.asker, first.anonymous, first.html) == ("a\nb & c", "bob", False, "")
    assert (second.parent_id, second.root_id, second.text) == (root, root, "y")
    assert (second.anonymous, second.question) == (False, None)
    assert in_queue.scheduled is not None
    assert in_queue.scheduled > clock.time
    (original,) = driver.posts("bob")
    assert (original.title, original.tags, original.url) == (
        "T",
        ["one", "two"],
        f"https://bob.tumblr.com/post/{root}/t",
    )
    assert [record.id for record in driver.posts("frank", "submission")] == [ask]
    published = edit(frank, "frank", id=ask, answer="<p>so</p>", state="published")
    assert driver.posts("frank", "published")[0].genesis_id == ask
    assert driver.posts("frank", "published")[0].id == published["id_string"]


def test_notes_and_social_actions(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("frank", "<p>x</p>")
    driver.like("bob", root)
    driver.like("bob", root)
    driver.reply("carol", root, "nice")
    assert [(note.kind, note.blog, note.text) for note in driver.notes(root)] == [
        ("reply", "carol", "nice"),
        ("like", "bob", ""),
        ("posted", "frank", ""),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/asks", {"blog": "nobody", "question": "x"}, 404),
        ("POST", "/asks", {"blog": "frank", "question": "x", "asker": "nobody"}, 404),
        ("POST", "/asks", {"blog": "frank"}, 400),
        ("POST", "/asks", {"blog": "frank", "question": "x", "more": 1}, 400),
        ("POST", "/posts", {"blog": "frank", "html": " "}, 409),
        ("POST", "/posts", {"blog": "frank", "html": "x", "state": "nonsense"}, 400),
        ("POST", "/reblogs", {"blog": "frank", "post_id": 1}, 404),
        ("POST", "/reblogs", {"blog": "frank", "post_id": 2**70}, 404),
        ("POST", "/blogs", {"user": "nobody", "name": "x"}, 404),
        ("POST", "/blogs", {"user": "frank", "name": "bob"}, 409),
        ("PATCH", "/blogs/frank", {"posts_per_day": 51}, 400),
        ("PATCH", "/blogs/frank", {"timezone": "Mars/Base"}, 400),
        ("PATCH", "/blogs/frank", {"timezone": "../../etc/passwd"}, 400),
        ("PATCH", "/blogs/nobody", {}, 404),
        ("GET", "/blogs/nobody/posts", None, 404),
        ("GET", "/posts/1/notes", None, 404),
        ("PUT", "/clock", {"offset": "soon"}, 400),
        ("POST", "/faults", {"kind": "nonsense"}, 400),
        ("GET", "/nonsense", None, 404),
    ],
)
def test_refusals_say_why(
    driver: SandboxDriver, keys: KeySet, method: str, path: str, body: Any, status: int
) -> None:
    with pytest.raises(DriverError) as refused:
        driver._call(method, path, body)
    assert refused.value.status == status
    assert str(status) in str(refused.value)


def test_a_body_that_is_no_object(served: Served) -> None:
    for body in ("[1]", "nonsense"):
        url, headers = f"{served.url}/sandbox/asks", {"Content-Type": "application/json"}
        with requests.post(url, data=body, headers=headers, timeout=5) as reply:
            assert reply.status_code == 400
            assert "error" in reply.json()


def test_the_clock(driver: SandboxDriver, clock: FakeClock) -> None:
    assert driver.now() == clock.time
    driver.set_clock_offset(100)
    driver.advance(50.5)
    assert driver.now() == clock.time + 150.5


def test_the_record_of_calls(frank: Any, driver: SandboxDriver) -> None:
    frank.info()
    frank.create_text("frank", body="<p>a</p>", tags=["x"])
    first, second = driver.calls()
    assert (first.method, first.path, first.status, first.user) == ("GET", "/v2/user/info", 200, "frank")
    assert (second.method, second.path, second.status) == ("POST", "/v2/blog/frank.tumblr.com/post", 201)
    assert second.parameters == {"type": "text", "body": "<p>a</p>", "tags": "x"}
    assert driver.calls(after=first.number) == [second]
    assert driver.calls(path="*/info") == [first]
    assert driver.calls(method="post") == [second]


def test_waiting_for_a_sandbox(driver: SandboxDriver) -> None:
    driver.wait_until_ready()
    with SandboxDriver("http://127.0.0.1:9") as nobody, pytest.raises(TimeoutError):
        nobody.wait_until_ready(0.1)


# Who may use it


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "www.tumblr.com"}, 403),
    ],
)
def test_other_sites_are_kept_out(browser: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert browser.get("/sandbox/clock", headers=headers).status_code == status


def test_other_machines_are_kept_out(browser: FlaskClient) -> None:
    elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
    assert browser.get("/sandbox/clock", environ_overrides=elsewhere).status_code == 403
    assert browser.get("/", environ_overrides=elsewhere).status_code == 200


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_addresses(address: str | None, here: bool) -> None:
    assert is_loopback(address) is here


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("127.0.0.1:8765", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("192.168.0.7:80", True),
        ("evil.example:80", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_plain_hosts(host: str, plain: bool) -> None:
    assert host_is_plain(host) is plain


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]
)
def test_control_is_refused_to_whoever_comes_through_a_proxy(served: Served, header: str) -> None:
    value = {"Forwarded": "for=127.0.0.1", "X-Forwarded-Proto": "http"}.get(header, "127.0.0.1")
    with requests.get(f"{served.url}/sandbox/users", headers={header: value}, timeout=20) as reply:
        assert (reply.status_code, reply.json()) == (403, {"error": "only from this machine"})
    with requests.get(f"{served.url}/sandbox/users", timeout=20) as reply:
        assert reply.status_code == 200
