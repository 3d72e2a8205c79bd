"""Drafts that are sent back though the store does not know them: what they answer is found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytumblr import TumblrRestClient

from munging.reply_mockup import reply_mockup
from munging.thread import Thread
from tests.tumblr.fakes import DRAFTS, RULES, START, World
from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.api.models import TumblrPost, read_post
from tumblr.api.notes import Note
from tumblr.api.payload_forms import TrailEntry
from tumblr.finders.lost_inputs import quoted
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.inputs import ReplyInput, ThreadInput
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr_sandbox.records import PostRecord

MakeWorld = Callable[..., World]
NOW = int(START.timestamp())
URL = "https://frank.tumblr.com/post/50/soup-is-warm"


def reply(said: str, age: int = 0, who: str = "bob") -> Note:
    return Note("reply", who, NOW - age, said=said)


@pytest.mark.parametrize(
    ("replies", "html", "found"),
    [
        (["soup"], "<p>soup &amp; more</p>", "soup"),
        (["soup", "soup and salad"], "<p>soup and\n salad</p>", "soup and salad"),
        (["soup", "bread"], "<p>bread</p>", "bread"),
        (["soup", "bread"], "<p>tea</p>", None),
        (["soup"], "<p>tea</p>", "soup"),  # there is no other
        ([], "<p>tea</p>", None),
        (["a < b"], "<p>a &lt; b</p>", "a < b"),
    ],
)
def test_which_reply_is_quoted(replies: list[str], html: str, found: str | None) -> None:
    note = quoted([reply(said, age) for age, said in enumerate(replies)], html)
    assert (None if note is None else note.said) == found


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(tumblr=DRAFTS)
    own = TumblrPost(
        "50", "published", blog="frank", body="<p>Soup is warm.</p>", url=URL, timestamp=NOW - 99
    )
    made.tumblr.posts["50"] = replace(own, summary="Soup is warm.", note_count=9, thread=soup("50", "frank"))
    return made


def soup(post_id: str, blog: str) -> Thread:
    payload = {"id": int(post_id), "type": "text", "blog_name": blog, "body": "<p>Soup is warm.</p>"}
    return read_post(payload, RULES).thread


def mockup(said: str, who: str = "bob") -> str:
    return reply_mockup(
        post_url=URL,
        post_summary="Soup is warm.",
        reply_blog_name=who,
        reply_blog_url=f"https://{who}.tumblr.com/",
        reply_body=said,
    )


def draft(world: World, post_id: str = "900", **fields: object) -> str:
    made = TumblrPost(post_id, "draft", blog="frank", tags=("rts",), timestamp=NOW)
    world.tumblr.posts[post_id] = replace(made, **fields)  # type: ignore[arg-type]
    return post_id


def test_the_answer_to_a_reply_is_found_by_the_reply_that_it_quotes(world: World) -> None:
    world.tumblr.notes_on["50"] = [reply("soup?", 9), reply("and salad?", 5), reply("soup?", 1, "ann")]
    draft(world, body=f"{mockup('and salad?')}<p>Salad is cold.</p>")
    (turn,) = world.find()
    assert (turn.kind, turn.input_id, turn.who) == (TurnKind.REPLY, f"bob:50:{NOW - 5}", "bob")
    assert isinstance(turn.input, ReplyInput)
    assert turn.input.text == "and salad?"
    (chore,) = world.outbox.open_edits()
    assert (chore.action, chore.post_id, chore.turn_id) == ("delete", "900", turn.id)
    assert world.find() == []


def test_a_reply_whose_turn_is_known_without_its_draft_begins_anew(world: World) -> None:
    world.tumblr.notes_on["50"] = [reply("soup?", 9)]
    draft(world, body=mockup("soup?"))
    (turn,) = world.find()
    world.stop()
    world.start()  # as after a restore, when the answer was stored as posted by no id
    with world.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE turns SET state = 'drafted'")
        connection.exec_driver_sql("DELETE FROM outbox")
    assert world.find() == []
    assert world.store.turn(turn.id).state is TurnState.FOUND
    assert [chore.post_id for chore in world.outbox.open_edits()] == ["900"]


def test_a_second_draft_for_an_answered_reply_is_only_deleted(world: World) -> None:
    world.tumblr.notes_on["50"] = [reply("soup?", 9)]
    draft(world, body=mockup("soup?"))
    (turn,) = world.find()
    with world.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE turns SET state = 'drafted', post_id = '901'")
        connection.exec_driver_sql("DELETE FROM outbox")
    world.tumblr.posts["901"] = replace(world.tumblr.posts["900"], id="901", tags=())
    assert world.find() == []
    assert world.store.turn(turn.id).state is TurnState.DRAFTED
    assert [(chore.post_id, chore.turn_id) for chore in world.outbox.open_edits()] == [("900", None)]


@pytest.mark.parametrize(
    ("notes", "body", "reason"),
    [
        ([], mockup("soup?"), "no reply of bob to 50"),
        ([reply("tea?"), reply("bread?", 1)], mockup("soup?"), "no reply of bob to 50"),
        ([reply("soup?", who="ann")], mockup("soup?"), "no reply of bob to 50"),
        ([reply("soup?")], mockup("soup?").replace("/50/", "/51/"), "the post that was replied to is gone"),
        ([], "<p>Soup is warm.</p>", "it answers nobody that is known"),
    ],
)
def test_what_nobody_can_tell_is_left_and_told_of_once(
    world: World, capsys: pytest.CaptureFixture[str], notes: list[Note], body: str, reason: str
) -> None:
    world.tumblr.notes_on["50"] = notes
    draft(world, body=body)
    assert world.find() + world.find() == []
    assert world.outbox.open_edits() == []
    assert "".join(capsys.readouterr()).count(reason) == 1


MENTION = '<p>hey <a href="https://frank.tumblr.com/">@frank</a></p>'


@pytest.mark.parametrize(
    ("trail", "body", "kind"),
    [
        ((TrailEntry("frank", "50"),), "<p>is it?</p>", TurnKind.REBLOG),
        ((), MENTION, TurnKind.MENTION),
        ((), "<p>a heron</p>", TurnKind.DASH),
    ],
)
def test_a_reblog_is_found_by_the_post_that_it_reblogs(
    world: World, trail: tuple[TrailEntry, ...], body: str, kind: TurnKind
) -> None:
    theirs = TumblrPost("77", "published", blog="bob", body=body, trail=trail, timestamp=NOW, reblog_key="k")
    world.tumblr.others["bob:77"] = replace(theirs, is_reblog=bool(trail), thread=soup("77", "bob"))
    draft(world, is_reblog=True, parent_id="77", trail=(*trail, TrailEntry("bob", "77")))
    (turn,) = world.find()
    assert isinstance(turn.input, ThreadInput)
    assert (turn.kind, turn.input_id, turn.input.reblog_key) == (kind, "bob:77", "k")
    assert [chore.post_id for chore in world.outbox.open_edits()] == ["900"]


def test_a_reblog_whose_thread_is_answered_otherwise_or_gone_is_left(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    draft(world, "900", is_reblog=True, parent_id="77", trail=(TrailEntry("bob", "77"),))
    assert world.find() == []
    assert "it cannot be read" in "".join(capsys.readouterr())
    theirs = TumblrPost("77", "published", blog="bob", body="<p>a heron</p>", timestamp=NOW)
    world.tumblr.others["bob:77"] = replace(theirs, thread=soup("77", "bob"))
    draft(world, "902", is_reblog=True, parent_id="77", reblogged_from="bob")
    (turn,) = world.find()[:1]
    assert turn.input_id == "bob:77"


@pytest.fixture
def near(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Neighbours]:
    with Neighbours(tmp_path) as neighbours:
        neighbours.rewrite("tumblr", post_format=request.param, publishing="drafts")
        neighbours.rewrite("queue", write_when_below=1)
        neighbours.driver.create_user("ann")
        # Passes follow each other so fast that no smaller limit would let each of them read the notes.
        neighbours.driver.set_limits(per_hour=10**9, per_day=10**9)
        yield neighbours


def kinds(near: Neighbours) -> list[tuple[str, TurnState]]:
    with Database.read(near.folder / "tumbl.sqlite") as database:
        store = TurnStore(database, lambda: 0.0)
        found = [store.turn(number) for number in range(1, 1 + sum(store.counts().values()))]
    return sorted((turn.kind, turn.state) for turn in found)


def send_back(near: Neighbours, *drafts: PostRecord) -> None:
    """What the operator does."""
    client = TumblrRestClient(*near.keys.strings(), host=near.driver.base_url)  # type: ignore[no-untyped-call]
    for post in drafts:
        client.edit_post(BLOG, id=post.id, tags=["rts"])


FOUR = [(kind, TurnState.DRAFTED) for kind in ("ask", "mention", "original", "reblog", "reply")]


@pytest.mark.parametrize("near", ["npf", "legacy"], indirect=True)
def test_in_a_sandbox_every_kind_is_found_again_by_a_bot_that_has_forgotten_all(near: Neighbours) -> None:
    driver = near.driver
    post = driver.post(BLOG, "<p>Soup is warm.</p>")
    ask = driver.ask(BLOG, "soup?", "bob")
    said = driver.reblog("bob", post, "<p>is it though, I wonder</p>")
    driver.reply("ann", post, f"@{BLOG} I like soup & salad")
    named = driver.post(
        "ann", f'<p>hey <a class="tumblelog" href="https://{BLOG}.tumblr.com/">@{BLOG}</a></p>'
    )
    process = near.start()
    eventually(lambda: kinds(near) == FOUR)
    stop(process)
    for file in near.folder.glob("tumbl.sqlite*"):
        file.unlink()
    first = near.posts("draft")
    assert len(first) == len(FOUR)
    send_back(near, *first)
    process = near.start()
    answers = [one for one in FOUR if one[0] != "original"]  # the draft of the original is still there
    eventually(lambda: kinds(near) == answers and not any(p.tags == ["rts"] for p in replies(near)))
    status, log = stop(process)
    assert (status, "Traceback" in log) == (0, False)
    second = near.posts("draft")
    assert sorted(p.parent_id or "" for p in second) == sorted(["", "", "", said, named])
    again = {p.id for p in first} & {p.id for p in second}
    (original,) = [p for p in first if p.id in again and p.id != ask]
    assert "replied to your post" not in original.html
    assert again == {ask, original.id}  # the answer to an ask is the ask; an original cannot be sent back
    assert sum("replied to your post" in p.html for p in second) == 1


def replies(near: Neighbours) -> list[PostRecord]:
    return [p for p in near.posts("draft") if "replied to your post" in p.html or p.parent_id]
