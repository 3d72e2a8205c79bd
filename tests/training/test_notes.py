"""What readers did, collected from a sandbox: shared out, incremental, and whole when the run was not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import training.collect_notes
from munging.thread import Identity
from tests.training.blog import BLOG, Blog, blog_in_sandbox
from training.__main__ import load_sections, main
from training.collect_notes import Collected, Pacer, collect
from training.files import locked
from training.noted import NotedPost, read_noted, read_standing
from training.progress import Progress
from tumblr_sandbox.faults import Fault, FaultKind

IDENTITY = Identity(BLOG, "Frank")
Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    with blog_in_sandbox(tmp_path, "bob", "carol") as blog:
        blog.configure()
        yield blog


@pytest.fixture
def run(blog: Blog, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; gives its status, its report, and what it said."""

    def call(*arguments: object, config: str = "config.json") -> tuple[int, dict[str, Any], str]:
        given = list(map(str, arguments))
        status = main([given[0], "--config", str(blog.folder / config), *given[1:]])
        out, err = capsys.readouterr()
        return status, json.loads(out.splitlines()[-1]) if status == 0 else {}, err

    return call


def write_posts(blog: Blog, count: int) -> list[str]:
    """Own posts, a minute apart."""
    ids = []
    for number in range(count):
        ids.append(blog.driver.post(BLOG, f"<p>herons and reeds, number {number}</p>"))
        blog.driver.advance(60)
    return ids


def test_notes_of_a_chain_are_shared_out_among_the_bots_turns(blog: Blog, run: Run) -> None:
    driver = blog.driver

    def then(act: Callable[[], Any]) -> Any:
        driver.advance(10)
        return act()

    root = driver.post(BLOG, "<p>Do herons sleep?</p>", tags=["herons"])
    then(lambda: driver.like("carol", root))
    said = then(lambda: driver.reblog("bob", root, "<p>Standing up.</p>"))
    again = then(lambda: driver.reblog(BLOG, said, "<p>On one leg!</p>"))
    for act in (
        lambda: driver.like("bob", again),
        lambda: driver.reply("carol", again, "which one?"),
        lambda: driver.like("carol", again),
    ):
        then(act)
    driver.reblog(BLOG, driver.post("bob", "<p>My own words.</p>"))  # bare: it says nothing of the bot's
    status, report, _ = run("notes", "--out", blog.folder / "notes")
    assert status == 0
    assert (report["posts"], report["partial"], report["published"]) == (2, False, 3)
    found = read_noted(blog.folder / "notes")
    assert {number: post.notes for number, post in found.items()} == {root: 2, again: 3}
    assert (found[root].kind, found[again].kind) == ("original", "reblog")
    assert found[root].tags == ("herons",)
    assert found[again].root == root
    assert "On one leg!" in found[again].thread


def test_only_what_changed_is_read_again(blog: Blog, run: Run) -> None:
    ids = write_posts(blog, 4)
    for number in ids:
        blog.driver.like("bob", number)
    run("notes", "--out", blog.folder / "notes")
    calls = len(blog.driver.calls())
    blog.driver.like("carol", ids[1])
    _, report, _ = run("notes", "--out", blog.folder / "notes")
    assert (report["new"], report["changed"], report["looked_at"]) == (0, 1, 4)
    later = [call.path for call in blog.driver.calls()[calls:]]
    assert sum(path.endswith("/notes") for path in later) == 1
    assert read_noted(blog.folder / "notes")[ids[1]].notes == 2


def test_drafts_and_queued_posts_wait(blog: Blog, run: Run) -> None:
    published = blog.driver.post(BLOG, "<p>out</p>")
    waiting = {blog.driver.post(BLOG, "<p>later</p>", state=state) for state in ("draft", "queued")}
    run("notes", "--out", blog.folder / "notes")
    standing = read_standing(blog.folder / "notes")
    assert standing.whole
    assert standing.published == {published}
    assert standing.waiting == waiting


class Interrupted(Pacer):
    """Lets something go wrong at a call, and counts the seconds that are waited for."""

    def __init__(self, blog: Blog, stack: ExitStack, faults: dict[int, Fault]) -> None:
        super().__init__(load_sections(blog.folder / "config.json").connect(stack), self.wait)
        self._driver = blog.driver
        self._faults = faults
        self.waited: list[float] = []
        self.calls = 0

    def call(self, ask: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls in self._faults:
            self._driver.add_fault(self._faults[self.calls])
        return super().call(ask)

    def wait(self, seconds: float) -> None:
        """No test waits a minute; the fault that was injected is gone by then."""
        self.waited.append(seconds)
        for key_set in self._pool.key_sets():
            key_set.budget._closed_until = 0.0


def collected(
    blog: Blog, known: dict[str, NotedPost], faults: dict[int, Fault]
) -> tuple[Collected, list[float]]:
    with ExitStack() as stack, Progress("posts", 1, Console(quiet=True)) as progress:
        pacer = Interrupted(blog, stack, faults)
        found = collect(pacer, known, IDENTITY, since=0, most=1000, progress=progress, keep=lambda _: None)
    return found, pacer.waited


def test_a_page_that_cannot_be_read_leaves_old_counts(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """T28: of five pages the third is malformed, and a call is refused once; no count falls to zero."""
    monkeypatch.setattr(training.collect_notes, "PAGE", 4)
    ids = write_posts(blog, 20)
    for number in ids:
        blog.driver.like("bob", number)
    known = collected(blog, {}, {})[0].posts
    assert {post.notes for post in known.values()} == {1}
    blog.driver.like("carol", ids[0])  # on the fifth page, and one on the third
    blog.driver.like("carol", ids[10])
    malformed = Fault(kind=FaultKind.MALFORMED, path="*/posts", count=1)
    throttle = Fault(kind=FaultKind.THROTTLE, path="*/posts", count=1)
    found, waited = collected(blog, known, {2: throttle, 3: malformed})
    assert waited == [60.0]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("posts 8 to 12: ")
    assert found.posts.keys() == set(ids)
    assert {number: post.notes for number, post in found.posts.items() if post.notes != 1} == {ids[0]: 2}
    again = collected(blog, found.posts, {})[0]
    assert not again.problems
    assert again.posts[ids[10]].notes == 2


def test_a_used_up_limit_ends_the_run_and_the_next_goes_on(
    blog: Blog, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the old half of a first run that was cut short is read."""
    monkeypatch.setattr(training.collect_notes, "PAGE", 4)
    ids = write_posts(blog, 12)
    for number in ids:
        blog.driver.like("bob", number)
    blog.driver.advance(100 * 86_400)  # beyond the days that later runs look back
    fresh = write_posts(blog, 4)
    fault = blog.driver.add_fault(Fault(kind=FaultKind.LIMIT, path="*/notes", count=1))
    assert fault
    status, report, _ = run("notes", "--out", blog.folder / "notes")
    assert status == 0
    assert report["partial"]
    assert report["posts"] == len(fresh)
    assert "after 5 posts: tumblr allows no more calls" in report["problems"][0]
    assert not read_standing(blog.folder / "notes").whole
    _, report, _ = run("notes", "--out", blog.folder / "notes")
    assert not report["partial"]
    assert read_noted(blog.folder / "notes").keys() == {*ids, *fresh}


def test_the_last_calls_of_an_hour_are_the_bots(blog: Blog, run: Run) -> None:
    """With a quarter of the calls left the pauses are so long that the rest is for another run."""
    ids = write_posts(blog, 12)
    for number in ids:
        blog.driver.like("bob", number)
    blog.driver.set_limits(per_hour=10, per_day=10)
    _, report, _ = run("notes", "--out", blog.folder / "notes")
    assert report["partial"]
    assert "which the bot needs" in report["problems"][0]
    assert 0 < sum(post.notes for post in read_noted(blog.folder / "notes").values()) < 12


@pytest.mark.parametrize(
    ("kind", "wanted", "calls"),
    [(FaultKind.UNAUTHORIZED, "tumblr.base_keys", 1), (FaultKind.STATUS, "503", None)],
)
def test_tumblr_that_cannot_be_read_at_all_is_an_error(
    blog: Blog, run: Run, kind: FaultKind, wanted: str, calls: int | None
) -> None:
    blog.driver.add_fault(Fault(kind=kind))
    status, _, said = run("notes", "--out", blog.folder / "notes")
    assert status == (2 if kind is FaultKind.UNAUTHORIZED else 1)
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert wanted in line
    assert calls in (None, len(blog.driver.calls()))
    assert not (blog.folder / "notes" / "posts.jsonl").exists()


def test_two_halves_exchange_the_posts_through_a_place(blog: Blog, run: Run, tmp_path: Path) -> None:
    """The machine with the keys writes; the other, which has none, finds posts, and too few of them."""
    ids = write_posts(blog, 3)
    place = f"file://{tmp_path / 'place'}"
    status, report, _ = run("weekly", "--only", "collect", "--place", place, "--notes", tmp_path / "here")
    assert status == 0
    assert report["collected"]["posts"] == 3
    blog.configure("there.json", tumblr={"base_keys": []})
    options = ("--only", "train", "--place", place, "--notes", tmp_path / "there", "--model", "none")
    status, _, said = run("weekly", *options, config="there.json")
    assert status == 3
    assert "labelled rows" in said
    assert read_noted(tmp_path / "there").keys() == set(ids)
    assert read_standing(tmp_path / "there").published == set(ids)
    missing = ("weekly", "--only", "train", "--place", f"file://{tmp_path / 'nowhere'}", "--notes", tmp_path)
    status, _, said = run(*missing, "--model", "none", config="there.json")
    assert status == 2
    assert said.count("\n") == 1
    assert "nowhere" in said


@pytest.mark.parametrize("command", [("notes", "--out"), ("weekly", "--notes")])
def test_a_second_run_is_refused_while_the_first_is_at_it(
    run: Run, tmp_path: Path, command: tuple[str, str]
) -> None:
    with locked(tmp_path / "notes", "another"):
        status, _, said = run(*command, tmp_path / "notes")
    assert status == 75
    assert "in use by another" in said
