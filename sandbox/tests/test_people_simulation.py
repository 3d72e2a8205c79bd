"""Simulation in a sandbox: people's actions done, remembered, and gone on with after a restart."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench import FakeClock, new_world
from tumblr_sandbox import __main__ as command
from tumblr_sandbox.demo_accounts import DEMO_BLOG, PEOPLE
from tumblr_sandbox.demo_seed import BEGAN_HOURS_AGO, NEIGHBOURS, PAST_HOURS, UNANSWERED_HOURS, seed_demo
from tumblr_sandbox.errors import DayLimitError
from tumblr_sandbox.language.tables import load_tables, parse_thing
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.media import key_in
from tumblr_sandbox.people.actions import Answer, Ask, Follow, Like, Memory, Reblog, Reply, Unfollow, Write
from tumblr_sandbox.people.backfill import Backfill
from tumblr_sandbox.people.executor import ActionExecutor, ActionFailedError, like_all
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import LONGEST_STEP, VISITS_PER_STEP, Residents
from tumblr_sandbox.people.stand_in import StandIn
from tumblr_sandbox.people.words import load_phrases
from tumblr_sandbox.process import FatalError
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.rendering.screenshots import WIDTH
from tumblr_sandbox.services import interactions
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.services.posting import Written
from tumblr_sandbox.store import accounts, media, posts, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import Selection, StoredPost
from tumblr_sandbox.world import World

START = 1_700_000_000.0
TABLES = ("posts", "notes", "likes", "follows", "notifications", "usage", "blogs")


def dump(path: Path, tables: tuple[str, ...] = TABLES) -> dict[str, list[Any]]:
    """Everything that is in some tables."""
    with closing(sqlite3.connect(path)) as connection, connection:
        found = {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables
        }
    connection.close()
    return found


def lived(path: Path, *, seed: int = 1, days: float = 0.5, parts: int = 1) -> dict[str, list[Any]]:
    """A sandbox after so many days of simulation, lived in one go or in several."""
    world = new_world(path, FakeClock(START), seed=5)
    seed_demo(world)
    world.close()
    for _ in range(parts):
        world = new_world(path, FakeClock(START), seed=5)
        Backfill(world, PeopleSwitch(count=20, seed=seed)).live(START, days=days / parts)
        world.close()
    return dump(path)


def blog_of(world: World, name: str) -> Blog:
    with world.database.read() as connection:
        blog = accounts.find_blog(connection, name)
    assert blog is not None
    return blog


def posts_of(world: World, name: str) -> list[StoredPost]:
    with world.database.read() as connection:
        blog = accounts.find_blog(connection, name)
        assert blog is not None
        return posts.of_blog(connection, blog.id, Selection(), limit=10_000)


# Offline


def test_the_same_seed_gives_the_same_life_and_another_seed_another(tmp_path: Path) -> None:
    once = lived(tmp_path / "1.sqlite")
    assert once == lived(tmp_path / "2.sqlite")
    other = lived(tmp_path / "3.sqlite", seed=2)
    assert other["posts"] != once["posts"]


def test_a_life_has_everything_in_it(tmp_path: Path) -> None:
    found = lived(tmp_path / "1.sqlite", days=1)
    kinds = {row[2] for row in found["notes"]}
    assert kinds == {"posted", "like", "reblog", "reply"}
    assert len(found["posts"]) > 60
    assert len(found["likes"]) > 150
    notified = {row[2] for row in found["notifications"]}
    assert {"like", "answered_ask", "reblog", "reply"} <= notified


def test_a_life_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "1.sqlite"
    found = lived(path, days=0.5, parts=3)
    times = [row[-1] for row in found["notes"]]
    assert max(times) / 1e6 > START + 0.4 * 86_400
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT value FROM settings WHERE name LIKE 'person/%'").fetchall()
    connection.close()
    memories = [Memory.from_json(json.loads(value)) for (value,) in rows]
    assert len(memories) == 20
    assert sum(memory.visits for memory in memories) > 40
    assert all(memory.next_at >= START for memory in memories)


def test_the_command_line_tells_what_happened_and_what_is_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "1.sqlite"
    crowd = ["--count", "30", "--seed", "3", "--database", str(path)]
    live = ["people", "live", "--days", "1", "--from", "2021-02-06", *crowd]
    assert command.main(live) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["visits"] > 50
    assert told["until"] == 1_612_656_000
    assert command.main(["people", "tastes", *crowd]) == 0
    truth = json.loads(capsys.readouterr().out)
    assert len(truth["people"]) == 30
    judged = truth["posts"]
    assert sum(post["likes"] for post in judged) > 0
    assert all(0 < post["expected_likes"] < 30 for post in judged)


# The demo's past


@pytest.fixture(scope="module")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's first database: the past takes a second to live."""
    path = tmp_path_factory.mktemp("demo") / "sandbox.sqlite"
    world = new_world(path, FakeClock(START))
    seed_demo(world, PeopleSwitch(on=True, count=24, speed=60))
    world.close()
    return path


@pytest.fixture
def demo(demo_path: Path, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A demo that begins with some people's past."""
    clock.time = START
    world = new_world(Path(shutil.copy(demo_path, tmp_path)), clock)
    yield world
    world.close()


def test_the_demo_begins_with_a_past_and_some_asks_that_wait(demo: World, clock: FakeClock) -> None:
    own = posts_of(demo, DEMO_BLOG)
    assert len(own) > 30
    assert all(clock.time - BEGAN_HOURS_AGO * 3600 <= post.timestamp <= clock.time for post in own)
    times = [post.timestamp for post in sorted(own, key=lambda post: post.id)]
    assert times == sorted(times)
    with demo.database.read() as connection:
        frank = accounts.find_blog(connection, DEMO_BLOG)
        assert frank is not None
        waiting = posts.by_newest_id(connection, frank.id, "submission", limit=50)
    assert 0 < len(waiting) < 10
    assert all(clock.time - ask.timestamp < UNANSWERED_HOURS * 3600 + 600 for ask in waiting)


def test_what_the_real_bot_would_answer_again_did_not_happen(demo: World, clock: FakeClock) -> None:
    since = clock.time - UNANSWERED_HOURS * 3600
    early = clock.time - PAST_HOURS * 3600
    frank = blog_of(demo, DEMO_BLOG)
    with demo.database.read() as connection:
        said = connection.exec_driver_sql(
            "SELECT notes.moment FROM notes JOIN posts ON notes.tree_id = posts.id "
            "WHERE posts.blog_id = ? AND notes.text != '' AND notes.parent_blog = 'frank'",
            (frank.id,),
        ).all()
    assert not [moment for (moment,) in said if early < moment / 1e6 < since]


def test_the_demos_accounts_have_neighbours(demo: World) -> None:
    with demo.database.read() as connection:
        for account in PEOPLE:
            blog = accounts.find_blog(connection, account.name)
            assert blog is not None
            assert len(social.followed_ids(connection, blog.owner_id)) == NEIGHBOURS + 1


# In a running sandbox


def step_until(residents: Residents, visits: int) -> None:
    """Let the people live until so many visits were made."""
    made = 0
    while made < visits:
        made += residents.step(1.0)


def test_the_demos_people_go_on_living(demo: World) -> None:
    residents = Residents(demo)
    before = residents.state()
    assert (before.on, before.count) == (True, 24)
    step_until(residents, 10)
    assert residents.state().time > before.time
    assert sum(person.visits for person in residents.people()) > 10


def test_killed_and_started_again_they_go_on(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "1.sqlite"
    world = new_world(path, clock)
    residents = Residents(world)
    seed_demo(world)
    residents.set_switch(PeopleSwitch(on=True, count=12, speed=3000))
    step_until(residents, 15)
    visits = {person.name: person.visits for person in residents.people()}
    time = residents.state().time
    world.close()
    clock.advance(10 * 86_400)
    world = new_world(path, clock)
    residents = Residents(world)
    assert {person.name: person.visits for person in residents.people()} == visits
    state = residents.state()
    assert state.on
    assert time - 3000 * LONGEST_STEP <= state.time <= time
    assert residents.step(0.001) <= 1
    step_until(residents, 5)
    world.close()


def test_a_machine_that_slept_is_not_flooded(world: World) -> None:
    residents = Residents(world)
    seed_demo(world)
    residents.set_switch(PeopleSwitch(on=True, count=12, speed=1))
    assert residents.step(30 * 86_400) <= 1
    residents.set_switch(PeopleSwitch(on=True, count=12, speed=10_000))
    assert residents.step(1e9) <= VISITS_PER_STEP


def test_off_they_do_nothing_and_on_again_they_remember(world: World) -> None:
    residents = Residents(world)
    seed_demo(world)
    on = PeopleSwitch(on=True, count=12, speed=3000)
    residents.set_switch(on)
    step_until(residents, 10)
    visits = sum(person.visits for person in residents.people())
    residents.set_switch(on.model_copy(update={"on": False}))
    assert residents.step(5.0) == 0
    residents.set_switch(on)
    assert sum(person.visits for person in residents.people()) == visits


def test_another_seed_brings_other_people_and_more_of_them_can_come(world: World) -> None:
    residents = Residents(world)
    seed_demo(world)
    residents.set_switch(PeopleSwitch(on=True, count=5))
    first = [person.name for person in residents.people()]
    residents.set_switch(PeopleSwitch(on=True, count=8))
    assert [person.name for person in residents.people()][:5] == first
    residents.set_switch(PeopleSwitch(on=True, count=5, seed=2))
    assert [person.name for person in residents.people()] != first


def test_they_talk_about_everything_where_they_are_told_to(world: World) -> None:
    tables = load_tables()
    others = {parse_thing(written).text for written in tables.slots["unknown"]}
    residents = Residents(world)
    seed_demo(world)
    on = PeopleSwitch(on=True, count=12, speed=5000)
    named, seen = [], 0
    for wide in (False, True):
        residents.set_switch(on.model_copy(update={"wide": wide}))
        step_until(residents, 80)
        done = residents.actions(after=seen)
        seen = done[-1].number
        said = " ".join(record.text for record in done).lower()
        named.append(sum(thing in said for thing in others))
    assert named[1] > 2 * named[0] + 3


def test_they_live_without_a_bot_too(world: World) -> None:
    residents = Residents(world)
    residents.set_switch(PeopleSwitch(on=True, count=8, speed=5000))
    step_until(residents, 40)
    kinds = set(residents.state().actions)
    assert "refused ask" in kinds
    assert "post" in kinds


def test_they_answer_what_a_visitor_asks_them(world: World, clock: FakeClock) -> None:
    residents = Residents(world)
    seed_demo(world)
    residents.set_switch(PeopleSwitch(on=True, count=3, speed=5000))
    name = residents.people()[0].name
    question = Content(html="<p>what is your favourite soup?</p>")
    with world.database.write() as connection:
        asked = world.writer.ask(
            connection, blog_of(world, name), question, blog_of(world, "quietmarsh"), clock()
        )
    visits = 0
    while residents.people()[0].visits == visits:
        residents.step(1.0)
    with world.database.read() as connection:
        answered = posts.get_born_as(connection, asked.id)
    assert answered is not None
    assert answered.state == "published"


# Actions


@pytest.fixture
def executor(world: World) -> ActionExecutor:
    return ActionExecutor(world.writer, Limits())


def test_words_are_posted_and_asked_about_as_pictures(
    world: World, keys: KeySet, executor: ActionExecutor, clock: FakeClock
) -> None:
    bob, carol = blog_of(world, "bob"), blog_of(world, "carol")
    with world.database.write() as connection:
        post = executor.do(connection, bob, Write("a <b> & c", is_picture=True), clock())
        ask = executor.do(connection, carol, Ask("bob", "what is this?", pictured="soup"), clock())
        assert post is not None
        assert ask is not None
        (image,) = post.content.as_npf().blocks
        assert image["type"] == "image"
        assert image["media"][0]["width"] == WIDTH
        question = str(ask.details["question"]) if "question" in ask.details else ask.content.html
        assert "what is this?" in question
        key = key_in(question.partition('src="')[2].partition('"')[0])
        assert key is not None
        kept = media.read(connection, key)
    assert kept is not None
    with Image.open(io.BytesIO(kept.data)) as picture:
        assert picture.size == (kept.medium.width, kept.medium.height)


def test_every_action_is_done(world: World, keys: KeySet, executor: ActionExecutor, clock: FakeClock) -> None:
    bob, carol = blog_of(world, "bob"), blog_of(world, "carol")
    with world.database.write() as connection:
        post = executor.do(connection, bob, Write("hello @carol & @nobody-here", ("a tag",)), clock())
        assert post is not None
        assert 'class="tumblelog" href="https://carol.tumblr.com/"' in post.content.html
        assert "nobody-here</a>" not in post.content.html
        assert social.notifications_of(connection, carol.id)[0].kind == "user_mention"
        reblog = executor.do(connection, carol, Reblog(post.id, "yes", ("me",)), clock())
        assert reblog is not None
        assert reblog.parent is not None
        executor.do(connection, carol, Reply(post.id, "hi"), clock())
        executor.do(connection, carol, Like(post.id), clock())
        executor.do(connection, carol, Follow("bob"), clock())
        assert social.follows(connection, carol.owner_id, bob.id)
        executor.do(connection, carol, Unfollow("bob"), clock())
        assert not social.follows(connection, carol.owner_id, bob.id)
        ask = executor.do(connection, carol, Ask("bob", "why?", anonymous=True), clock())
        assert ask is not None
        assert ask.details["asker"] is None
        answer = executor.do(connection, bob, Answer(ask.id, "because"), clock())
        assert answer is not None
        assert answer.state == "published"


@pytest.mark.parametrize(
    "action", [Reply(1, "x"), Like(1), Reblog(1), Ask("nobody", "x"), Follow("nobody"), Answer(1, "x")]
)
def test_what_cannot_be_done_is_said_so(
    world: World, keys: KeySet, executor: ActionExecutor, clock: FakeClock, action: Reply
) -> None:
    with world.database.write() as connection, pytest.raises(ActionFailedError):
        executor.do(connection, blog_of(world, "bob"), action, clock())


def test_likes_by_the_dozen_are_the_same_as_likes_one_by_one(tmp_path: Path) -> None:
    def liked(path: Path, *, together: bool) -> dict[str, list[Any]]:
        world = new_world(path, FakeClock(START))
        seed_demo(world)
        frank, marsh = blog_of(world, DEMO_BLOG), blog_of(world, "quietmarsh")
        owl = blog_of(world, "tinplate-owl")
        with world.database.write() as connection:
            mine = world.writer.create(connection, marsh, Written(content=Content(html="<p>x</p>")), START)
            theirs = [
                world.writer.create(connection, frank, Written(content=Content(html=f"<p>{n}</p>")), START)
                for n in range(4)
            ]
            theirs += [world.writer.reblog(connection, owl, theirs[0], Written(), START)]
            interactions.like(connection, marsh, theirs[1], Limits(), START + 1)
            wanted, figures = [mine, *theirs], Limits(likes_per_day=4)
            if together:
                like_all(connection, marsh, wanted, figures, START + 2)
            else:
                for post in theirs[:1] + theirs[2:]:
                    if post.id != theirs[1].id:
                        _try_like(connection, marsh, post, figures)
        world.close()
        return dump(path)

    assert liked(tmp_path / "a.sqlite", together=True) == liked(tmp_path / "b.sqlite", together=False)


def _try_like(connection: Any, blog: Blog, post: StoredPost, figures: Limits) -> None:
    try:
        interactions.like(connection, blog, post, figures, START + 2)
    except DayLimitError:
        return


def test_memories_survive_the_store() -> None:
    memory = Memory(5.5, visits=2, seen=9, asked=((1, "a"), (2, "b")), mood=-0.25)
    assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


def test_the_stand_in_takes_commands_away_and_answers_on_topic(world: World, clock: FakeClock) -> None:

    tables = load_tables()
    extractor = FeatureExtractor(tables, load_phrases())
    stand_in = StandIn(tables, extractor, world.writer, random.Random(1), spoils=False)
    seed_demo(world)
    frank = blog_of(world, DEMO_BLOG)
    with world.database.write() as connection:
        for text in ("!mood", "what do you think about owls?"):
            world.writer.ask(connection, frank, Content(html=f"<p>{text}</p>"), None, clock())
        stand_in.answer_asks(connection, frank, clock())
        assert posts.by_newest_id(connection, frank.id, "submission", limit=9) == []
    newest = posts_of(world, DEMO_BLOG)[0]
    assert "owl" in newest.content.as_text().lower()
    about = [
        extractor.features(stand_in.answer(f"tell me about {t}").body, t).on_topic
        for t in ("tea", "chess", "fog")
    ]
    assert sum(about) >= 2


def test_the_command_line_says_who_lives_here() -> None:
    wanted = command.wanted_people(command.parse_arguments(["serve", "--people", "9", "--people-speed", "2"]))
    assert wanted == PeopleSwitch(on=True, count=9, speed=2)
    assert command.wanted_people(command.parse_arguments(["serve"])) is None
    with pytest.raises(FatalError, match="--people"):
        command.wanted_people(command.parse_arguments(["serve", "--people", "9999999"]))
