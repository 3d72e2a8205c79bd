"""Asks over the API: the inbox, answering into every state, and back."""

from __future__ import annotations

from typing import Any

import pytest

from bench import FakeClock, Served, edit
from tumblr_sandbox.driver import DriverError, SandboxDriver
from tumblr_sandbox.store import accounts, social

ANSWER = "<p>It is.</p>"


def inbox(client: Any) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = client.submission("frank")["posts"]
    return posts


def single(client: Any, post_id: object, **more: object) -> dict[str, Any]:
    (post,) = client.posts("frank", id=post_id, **more)["posts"]
    return dict(post)


def test_an_ask_in_the_inbox(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    ask = driver.ask("frank", "Is it warm?\nand <b>dry</b> & so on", "bob")
    (post,) = inbox(frank)
    assert post["id"] == int(ask)
    assert post["id_string"] == ask
    assert post["state"] == "submission"
    assert post["type"] == "answer"
    assert post["blog_name"] == "frank"
    assert post["asking_name"] == "bob"
    assert post["asking_url"] == "https://bob.tumblr.com/"
    assert post["question"] == "<p>Is it warm?<br>and &lt;b&gt;dry&lt;/b&gt; &amp; so on</p>"
    assert post["answer"] == ""
    assert post["summary"] == "Is it warm? and <b>dry</b> & so on"
    assert post["slug"] == "is-it-warm-and-bdryb-so-on"
    assert post["timestamp"] == int(clock.time)
    assert post["tags"] == []
    assert post["trail"] == []
    assert post["reblog"] == {"comment": "", "tree_html": ""}
    assert post["note_count"] == 0
    assert post["post_url"] == f"https://frank.tumblr.com/post/{ask}/{post['slug']}"
    assert len(post["reblog_key"]) == 8
    assert "is_anonymous" not in post


def test_an_anonymous_ask(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "hm?")
    (post,) = inbox(frank)
    assert (post["asking_name"], post["asking_url"], post["is_anonymous"]) == ("Anonymous", None, True)


def test_an_ask_in_npf(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "one\n\ntwo", "bob")
    (post,) = frank.submission("frank", npf=True)["posts"]
    assert post["type"] == "blocks"
    assert post["content"] == [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    (layout,) = post["layout"]
    assert layout["type"] == "ask"
    assert layout["blocks"] == [0, 1]
    assert layout["attribution"]["url"] == "https://bob.tumblr.com"
    assert layout["attribution"]["blog"]["name"] == "bob"
    assert post["trail"] == []


def test_an_anonymous_ask_in_npf_has_no_attribution(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "hm?")
    (post,) = frank.submission("frank", npf=True)["posts"]
    assert "attribution" not in post["layout"][0]
    assert post["is_anonymous"] is True


def test_the_inbox_is_newest_first_and_paged(frank: Any, driver: SandboxDriver) -> None:
    asks = [driver.ask("frank", f"question {n}", "bob") for n in range(25)]
    first = frank.submission("frank")
    assert [post["id_string"] for post in first["posts"]] == asks[:4:-1]
    rest = frank.submission("frank", offset=first["_links"]["next"]["query_params"]["offset"])
    assert [post["id_string"] for post in rest["posts"]] == asks[4::-1]
    assert "_links" not in rest


@pytest.mark.parametrize(
    ("state", "stored", "keeps_id"),
    [
        ("published", "published", False),
        ("draft", "draft", True),
        ("queue", "queued", True),
        ("queued", "queued", True),
        ("private", "private", True),
    ],
)
def test_answering_into_each_state(
    frank: Any, driver: SandboxDriver, state: str, stored: str, keeps_id: bool
) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    edited = edit(frank, "frank", id=ask, answer=ANSWER, tags="bob,weather", state=state)
    assert (edited["id_string"] == ask) is keeps_id
    assert inbox(frank) == []
    post = single(frank, edited["id"])
    assert post["state"] == stored
    assert post["answer"] == ANSWER
    assert post["question"] == "<p>Is it warm?</p>"
    assert post["tags"] == ["bob", "weather"]
    assert post["reblog"]["comment"] == ANSWER
    assert [entry["content_raw"] for entry in post["trail"]] == [ANSWER]


def test_publishing_gives_a_new_id_and_remembers_the_old(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    edited = edit(frank, "frank", id=ask, answer=ANSWER, state="published")
    assert int(edited["id"]) > int(ask)
    assert single(frank, edited["id"])["genesis_post_id"] == ask
    gone = frank.posts("frank", id=ask)
    assert gone["meta"]["status"] == 404
    assert frank.posts("frank")["posts"][0]["id"] == edited["id"]


def test_others_do_not_see_the_old_id(frank: Any, driver: SandboxDriver, served: Served) -> None:
    carol = served.client(driver.create_user("dave"))
    edited = edit(frank, "frank", id=driver.ask("frank", "?!"), answer=ANSWER, state="published")
    (post,) = carol.posts("frank", id=edited["id"])["posts"]
    assert "genesis_post_id" not in post


def test_back_to_the_inbox_under_the_same_id(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    edit(frank, "frank", id=ask, answer=ANSWER, tags="x", state="draft")
    back = edit(frank, "frank", id=ask, state="submission")
    assert back["id_string"] == ask
    (post,) = inbox(frank)
    assert (post["answer"], post["tags"]) == (ANSWER, ["x"])
    assert frank.drafts("frank")["posts"] == []


def test_back_with_a_placeholder_and_no_tags(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    edit(frank, "frank", id=ask, answer=ANSWER, tags="x", state="draft")
    edit(frank, "frank", id=ask, state="submission", answer="placeholder", tags="")
    (post,) = inbox(frank)
    assert (post["answer"], post["tags"]) == ("placeholder", [])


@pytest.mark.parametrize("state", ["published", "queue", "private"])
def test_an_ask_without_an_answer_goes_nowhere(frank: Any, driver: SandboxDriver, state: str) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    refused = edit(frank, "frank", id=ask, state=state)
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": [{"code": 8001, "message": "Post cannot be empty."}]}
    assert [post["id_string"] for post in inbox(frank)] == [ask]


def test_a_text_post_has_no_way_to_the_inbox(frank: Any) -> None:
    draft = frank.create_text("frank", body="<p>a</p>", state="draft")["id"]
    refused = edit(frank, "frank", id=draft, state="submission")
    assert refused["response"] == {"errors": ["Unknown state - submission"]}


def test_a_published_answer_stays_published(frank: Any, driver: SandboxDriver) -> None:
    edited = edit(frank, "frank", id=driver.ask("frank", "?!"), answer=ANSWER, state="published")
    assert edit(frank, "frank", id=edited["id"], state="submission")["meta"]["status"] == 400


def test_deleting_an_ask(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    assert frank.delete_post("frank", ask) == {"id": int(ask)}
    assert inbox(frank) == []
    assert frank.delete_post("frank", ask)["meta"]["status"] == 404


def test_an_ask_by_id_is_for_the_owner_only(frank: Any, driver: SandboxDriver, served: Served) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    assert single(frank, ask)["state"] == "submission"
    dave = served.client(driver.create_user("dave"))
    assert dave.posts("frank", id=ask)["meta"]["status"] == 404
    assert dave.submission("frank")["meta"]["status"] == 401


def test_an_answer_in_npf_has_the_question_first(frank: Any, driver: SandboxDriver) -> None:
    edited = edit(
        frank, "frank", id=driver.ask("frank", "a\n\nb", "bob"), answer="<p>c</p><p>d</p>", state="published"
    )
    post = single(frank, edited["id"], npf=True)
    assert [block["text"] for block in post["content"]] == ["a", "b", "c", "d"]
    ask, rows = post["layout"]
    assert ask["blocks"] == [0, 1]
    assert rows == {"type": "rows", "display": [{"blocks": [2]}, {"blocks": [3]}]}
    assert (post["asking_name"], post["original_type"]) == ("bob", "note")


def test_a_question_in_html(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "<p>a <script>x</script><b>b</b></p>", "bob", html=True)
    assert inbox(frank)[0]["question"] == "<p>a <b>b</b></p>"


def test_astral_characters_in_a_question(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "\N{OWL} \N{MATHEMATICAL BOLD CAPITAL A} 域?", "bob")
    (post,) = inbox(frank)
    assert post["summary"] == "\N{OWL} \N{MATHEMATICAL BOLD CAPITAL A} 域?"


def test_an_empty_question_is_refused(frank: Any, driver: SandboxDriver) -> None:
    with pytest.raises(DriverError) as refused:
        driver.ask("frank", "   ")
    assert refused.value.status == 409


def test_blocked_and_unwelcome_askers(frank: Any, driver: SandboxDriver) -> None:
    driver.block("frank", "bob")
    with pytest.raises(DriverError, match="blocked"):
        driver.ask("frank", "Is it warm?", "bob")
    driver.set_blog("frank", ask_anon=False)
    with pytest.raises(DriverError, match="no such asks"):
        driver.ask("frank", "Is it warm?")
    driver.ask("frank", "Is it warm?", "carol")
    driver.set_blog("frank", ask=False)
    with pytest.raises(DriverError, match="no such asks"):
        driver.ask("frank", "Is it warm?", "carol")
    assert len(inbox(frank)) == 1


def test_the_asker_is_notified(frank: Any, driver: SandboxDriver, served: Served) -> None:
    edited = edit(frank, "frank", id=driver.ask("frank", "?!", "bob"), answer=ANSWER, state="published")
    with served.world.database.read() as connection:
        bob = accounts.find_blog(connection, "bob")
        assert bob is not None
        (found,) = social.notifications_of(connection, bob.id)
    assert found.kind == "answered_ask"
    assert found.data["post_id"] == edited["id_string"]


def test_reblogging_an_answer_keeps_the_question(frank: Any, driver: SandboxDriver, served: Served) -> None:
    edited = edit(
        frank, "frank", id=driver.ask("frank", "Is it warm?", "bob"), answer=ANSWER, state="published"
    )
    dave = served.client(driver.create_user("dave"))
    key = single(frank, edited["id"])["reblog_key"]
    made = dave.reblog("dave", id=edited["id"], reblog_key=key, comment="<p>so</p>")
    (post,) = dave.posts("dave", id=made["id"])["posts"]
    assert (post["type"], post["asking_name"], post["question"]) == ("answer", "bob", "<p>Is it warm?</p>")
    assert post["answer"].endswith(f"{ANSWER}</blockquote><p>so</p>")
    assert post["summary"] == "Is it warm?"
    (npf,) = dave.posts("dave", id=made["id"], npf=True)["posts"]
    (root,) = npf["trail"]
    assert [block["text"] for block in root["content"]] == ["Is it warm?", "It is."]
    assert root["layout"][0]["type"] == "ask"
    assert (npf["content"], npf["layout"]) == ([{"type": "text", "text": "so"}], [])
