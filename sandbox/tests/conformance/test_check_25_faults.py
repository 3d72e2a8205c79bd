"""Check 25: under each fault clients get the documented document; when it is off all is as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from bench import FakeClock, Served, edit, new_world
from conformance.backups import Backup, judged
from conformance.chains import make_chain, post_of
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.faults import Fault, FaultKind

INFO = "*/user/info"
Read = Callable[[], Any]


@pytest.fixture
def client(frank: Any) -> Any:
    """pytumblr, which must be well before and after."""
    assert frank.info()["user"]["name"] == "frank"
    return frank


def under(driver: SandboxDriver, fault: Fault, read: Read) -> Any:
    """What a client reads under a fault; before and after it reads the same."""
    before = read()
    driver.add_fault(fault)
    answer = read()
    driver.clear_faults()
    assert read() == before
    return answer


def raw(crowd: Crowd, path: str = "/v2/user/info") -> requests.Response:
    with requests.get(crowd.url + path, auth=crowd.signed("frank"), timeout=5) as reply:
        return reply


@pytest.mark.parametrize("status", [500, 503])
def test_server_errors_with_html(client: Any, frank2: Any, driver: SandboxDriver, status: int) -> None:
    fault = Fault(kind=FaultKind.STATUS, path=INFO, status=status)
    assert under(driver, fault, client.info)["meta"]["status"] == 500
    assert under(driver, fault, frank2.info)["meta"]["status"] == status


@pytest.mark.parametrize("refused", [FaultKind.LEGACY_REFUSED, FaultKind.BLOCKS_REFUSED])
def test_one_form_of_writing_is_refused_with_nginxs_page_and_the_other_works(
    client: Any, frank2: Any, driver: SandboxDriver, refused: FaultKind
) -> None:
    """As the legacy endpoints answer some since December 2025 (tumblr/docs, issue 153)."""
    said = [{"type": "text", "text": "soup"}]
    theirs = int(driver.post("bob", "<p>is it warm?</p>"))
    key = client.posts("bob", id=theirs)["posts"][0]["reblog_key"]
    legacy: list[Read] = [
        lambda: client.create_text("frank", body="<p>soup</p>"),
        lambda: edit(client, "frank", id=mine, tags="soup"),
        lambda: client.reblog("frank", id=theirs, reblog_key=key),
    ]
    blocks: list[Read] = [
        lambda: frank2.create_post("frank", content=said),
        lambda: frank2.edit_post("frank", mine, content=said),
        lambda: frank2.reblog_post("frank", "bob", theirs, content=said),
    ]
    mine = int(legacy[0]()["id"])
    driver.add_fault(Fault(kind=refused))
    closed, open_ = (legacy, blocks) if refused is FaultKind.LEGACY_REFUSED else (blocks, legacy)
    assert ["id" in call() for call in (*closed, *open_)] == [False] * 3 + [True] * 3
    assert [call.status for call in driver.calls() if call.fault] == [403] * 3
    assert client.delete_post("frank", mine)["id"] == mine


@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("kind", [FaultKind.LIMIT, FaultKind.THROTTLE])
def test_both_forms_of_429(
    client: Any, crowd: Crowd, driver: SandboxDriver, kind: FaultKind, headers: bool
) -> None:
    fault = Fault(kind=kind, path=INFO, headers=headers)
    answer = under(driver, fault, client.info)
    assert answer["meta"]["status"] == 429
    assert ("errors" in answer) == (kind == FaultKind.LIMIT)
    driver.add_fault(fault)
    left = raw(crowd).headers.get("X-Ratelimit-Perhour-Remaining")
    assert (left == "0", left is None) == (kind == FaultKind.LIMIT and headers, not headers)


def test_tumblr_backup_gives_up_without_a_reset(driver: SandboxDriver, backup: Backup, crowd: Crowd) -> None:
    driver.post("frank", "<p>a</p>")
    driver.add_fault(Fault(kind=FaultKind.LIMIT, path="*/posts", headers=False))
    assert backup.run("frank").returncode != 0
    driver.clear_faults()
    assert backup.run("frank").returncode == 0


@pytest.mark.parametrize("kind", [FaultKind.TIMEOUT, FaultKind.CUT])
def test_no_answer(client: Any, driver: SandboxDriver, kind: FaultKind) -> None:
    driver.add_fault(Fault(kind=kind, path=INFO, seconds=0.1, count=1))
    with pytest.raises(requests.ConnectionError):
        client.info()
    assert client.info()["user"]["name"] == "frank"


def test_answers_that_are_no_json(client: Any, frank2: Any, driver: SandboxDriver) -> None:
    for kind in (FaultKind.HTML, FaultKind.MALFORMED):
        answer = under(driver, Fault(kind=kind, path=INFO), client.info)
        assert answer["meta"]["status"] == 500
    assert frank2.info()["user"]["name"] == "frank"


def test_wrong_keys_all_of_a_sudden(client: Any, driver: SandboxDriver) -> None:
    answer = under(driver, Fault(kind=FaultKind.UNAUTHORIZED, path=INFO), client.info)
    assert answer["errors"][0]["code"] == 1016


def test_headers_that_are_missing(crowd: Crowd, frank2: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.NO_LIMIT_HEADERS, count=1))
    frank2.info()
    with pytest.raises(KeyError):
        frank2.get_ratelimit_data()
    frank2.info()
    assert frank2.get_ratelimit_data()["effective_remaining"] > 0


def test_a_follow_that_does_nothing(client: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.FOLLOW_IGNORED, count=1))
    assert client.follow("bob")["blog"]["followed"] is True
    assert client.following()["blogs"] == []
    client.follow("bob")
    assert len(client.following()["blogs"]) == 1


def test_a_schedule_that_is_missing(client: Any, driver: SandboxDriver) -> None:
    client.create_text("frank", body="a", state="queue")
    fault = Fault(kind=FaultKind.NO_SCHEDULE)
    (post,) = under(driver, fault, lambda: client.queue("frank")["posts"])
    assert "scheduled_publish_time" not in post


def test_ids_as_of_march_2022(client: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.TEXT_ID, count=1))
    made = client.create_text("frank", body="a")
    assert made["id"] == made["id_string"]
    driver.add_fault(Fault(kind=FaultKind.NO_ID_STRING, count=1))
    assert "id_string" not in client.create_text("frank", body="a")
    assert client.create_text("frank", body="a")["id_string"]


def test_posts_without_posts(client: Any, driver: SandboxDriver) -> None:
    for read in (lambda: client.posts("frank"), client.dashboard, lambda: client.drafts("frank")):
        assert "posts" not in under(driver, Fault(kind=FaultKind.NO_POSTS), read)


def test_a_torn_chain(crowd: Crowd, driver: SandboxDriver) -> None:
    chain = make_chain(crowd)
    frank, cora = crowd.client("frank"), chain["cora"]
    fault = Fault(kind=FaultKind.TORN_CHAIN, post_id=cora["id_string"])
    body = under(driver, fault, lambda: post_of(frank, "cora", cora["id"]))["body"]
    assert body.rpartition("</blockquote>")[0].endswith("</blockquote>")
    assert ("<p>two</p>" in body, "<p>one</p>" in body, body.endswith("<p>three</p>")) == (False, True, True)
    other = under(driver, fault, lambda: post_of(frank, "dave", chain["dave"]["id"]))["body"]
    assert "<p>two</p>" in other


def test_a_broken_trail(crowd: Crowd, driver: SandboxDriver) -> None:
    chain = make_chain(crowd)
    frank, frank2, cora = crowd.client("frank"), crowd.npf_client("frank"), chain["cora"]
    fault = Fault(kind=FaultKind.BROKEN_TRAIL, blog="alice")
    legacy = under(driver, fault, lambda: post_of(frank, "cora", cora["id"]))
    gone, whole, _ = legacy["trail"]
    assert (gone["blog"]["name"], gone["blog"]["active"], gone["blog"]["theme"]) == ("", False, [])
    assert whole["blog"]["name"] == "frank"
    assert "></a>:</p><blockquote><p>one</p>" in legacy["body"]
    npf = under(driver, fault, lambda: post_of(frank2, "cora", cora["id"]))
    entry = npf["trail"][0]
    assert (entry["broken_blog_name"], "blog" in entry, "id" in entry["post"]) == ("alice", False, False)
    assert judged([npf]) == [{"wrong": None}]
    # pytumblr2's converter wants an id there, which tumblr does not give either.
    frank2.legacy_conversion_on()
    driver.add_fault(fault)
    with pytest.raises(KeyError):
        post_of(frank2, "cora", cora["id"])


def test_an_ask_whose_blocks_are_listed_twice(client: Any, frank2: Any, driver: SandboxDriver) -> None:
    made = edit(client, "frank", id=driver.ask("frank", "Is it?"), answer="<p>Yes.</p>", state="published")
    fault = Fault(kind=FaultKind.DOUBLE_ASK)
    post = under(driver, fault, lambda: frank2.get_single_post("frank", made["id"]))
    assert post["layout"][1]["display"] == [{"blocks": [0]}, {"blocks": [1]}]
    assert judged([post]) == [{"wrong": None}]


def test_a_silenced_sender(client: Any, driver: SandboxDriver) -> None:
    hidden, shown = driver.ask("frank", "1", "bob"), driver.ask("frank", "2", "carol")
    fault = Fault(kind=FaultKind.HIDDEN_ASK, blog="bob")
    found = under(driver, fault, lambda: client.submission("frank")["posts"])
    assert [post["id_string"] for post in found] == [shown]
    driver.add_fault(fault)
    assert client.posts("frank", id=hidden)["posts"][0]["question"] == "<p>1</p>"
    edit(client, "frank", id=hidden, answer="<p>a</p>", state="draft")
    assert len(client.drafts("frank")["posts"]) == 1


@pytest.mark.parametrize("status", [503, 404])
def test_a_post_that_goes_between_listing_and_reblog(
    client: Any, frank2: Any, driver: SandboxDriver, status: int
) -> None:
    post_id = driver.post("bob", "<p>a</p>")
    (post,) = client.posts("bob")["posts"]
    driver.add_fault(Fault(kind=FaultKind.TARGET_GONE, post_id=post_id, status=status))
    refused = client.reblog("frank", id=post["id"], reblog_key=post["reblog_key"])
    wanted = 404 if status == 404 else 400
    assert refused["meta"]["status"] == wanted
    if wanted == 400:
        assert refused["response"] == {"errors": ["Invalid ID or reblog_key specified"]}
    npf = frank2.reblog_post("frank", "bob", int(post_id), content=[])
    assert (npf["meta"]["status"], npf["errors"][0]["code"]) == (wanted, 0 if wanted == 404 else 8002)
    assert client.create_text("frank", body="a")["id"]
    driver.clear_faults()
    assert client.reblog("frank", id=post["id"], reblog_key=post["reblog_key"])["id"]


def test_a_target_that_may_not_be_reblogged(client: Any, frank2: Any, driver: SandboxDriver) -> None:
    closed, open_ = driver.post("bob", "<p>a</p>"), driver.post("bob", "<p>b</p>")
    keys = {post["id_string"]: post["reblog_key"] for post in client.posts("bob")["posts"]}
    driver.add_fault(Fault(kind=FaultKind.TARGET_REFUSED, post_id=closed))
    refused = client.reblog("frank", id=closed, reblog_key=keys[closed])
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You cannot reblog this post."]}
    assert frank2.reblog_post("frank", "bob", int(closed), content=[])["meta"]["status"] == 403
    assert client.reblog("frank", id=open_, reblog_key=keys[open_])["id"]


def test_dashboard_pages_that_repeat(client: Any, driver: SandboxDriver) -> None:
    for number in range(4):
        client.create_text("frank", body=str(number))
    first = client.dashboard(limit=2)["posts"]
    fault = Fault(kind=FaultKind.REPEATED_PAGES)
    assert under(driver, fault, lambda: client.dashboard(limit=2, offset=2)["posts"]) == first


def test_a_list_of_notes_that_is_too_short(client: Any, driver: SandboxDriver) -> None:
    root = driver.post("frank", "<p>a</p>")
    for word in ("a", "b", "c"):
        driver.reply("bob", root, word)
    fault = Fault(kind=FaultKind.SHORT_NOTES)
    notes = under(driver, fault, lambda: client.notes("frank", id=root))
    assert [note.get("reply_text", "") for note in notes["notes"]] == ["c", "b", ""]
    assert notes["total_notes"] == 3
    (post,) = under(driver, fault, lambda: client.posts("frank", id=root, notes_info=True)["posts"])
    assert (post["note_count"], len(post["notes"])) == (3, 3)


def test_links_that_are_wrapped(client: Any, frank2: Any, driver: SandboxDriver) -> None:
    made = client.create_text("frank", body='<p><a href="https://example.com/?a=1">x</a></p>')
    fault = Fault(kind=FaultKind.WRAPPED_LINKS)
    post = under(driver, fault, lambda: frank2.get_single_post("frank", made["id"]))
    url = post["content"][0]["formatting"][0]["url"]
    assert url == "https://t.umblr.com/redirect?z=https%3A%2F%2Fexample.com%2F%3Fa%3D1&t=x"


def test_words_that_are_rewritten(client: Any, frank2: Any, driver: SandboxDriver) -> None:
    made = client.create_text("frank", body='<p title="-">it\'s "soup" - <b>hot</b></p>')
    fault = Fault(kind=FaultKind.REWRITTEN)
    post = under(driver, fault, lambda: frank2.get_single_post("frank", made["id"]))
    said = "it\u2019s\xa0\u201dsoup\u201d\xa0\u2014\xa0hot"
    assert (post["content"][0]["text"], post["content"][0]["formatting"][0]["start"]) == (said, 14)
    legacy = under(driver, fault, lambda: client.posts("frank", id=made["id"]))["posts"][0]
    assert legacy["body"] == f'<p title="-">{said.removesuffix("hot")}<b>hot</b></p>'


def test_by_chance(client: Any, driver: SandboxDriver) -> None:
    driver.add_fault(Fault(kind=FaultKind.STATUS, path=INFO, probability=0.5))
    met = {"user" in client.info() for _ in range(40)}
    assert met == {True, False}


def test_faults_limits_and_checks_outlive_a_restart(
    served: Served, client: Any, driver: SandboxDriver, clock: FakeClock
) -> None:
    driver.add_fault(Fault(kind=FaultKind.STATUS, path=INFO, count=3))
    client.info()
    driver.set_limits(per_hour=7)
    driver.set_checks(nonces=False, timestamps=False)
    world = new_world(served.world.database.path, clock)
    try:
        ((_, fault),) = world.faults.active().items()
        assert (fault.kind, fault.count) == (FaultKind.STATUS, 2)
        assert (world.limits.per_hour, world.checks.nonces, world.checks.timestamps) == (7, False, False)
    finally:
        world.close()


def test_every_kind_is_tried_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind.name for kind in FaultKind if f"FaultKind.{kind.name}" not in text] == []
