"""Check 24: tumblr-backup saves a whole blog, in all its ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.backups import Backup
from tumblr_sandbox.driver import SandboxDriver

COUNT = 60

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


@pytest.fixture
def full(frank: Any, driver: SandboxDriver, picture: Path) -> dict[str, str]:
    """frank has more posts than fit on a page, some tagged, some old, one photo, one reblog; bodies by id."""
    made = {
        driver.post("frank", f"<p>post {n}</p>", tags=["even"] if n % 2 == 0 else []): ""
        for n in range(COUNT)
    }
    old = frank.create_text("frank", body="<p>old</p>", date="2020-05-06 12:00:00 GMT")["id_string"]
    photo = frank.create_photo("frank", data=str(picture), caption="<p>seen</p>")["id_string"]
    reblog = driver.reblog("frank", driver.post("bob", "<p>root</p>"), "<p>on top</p>")
    made |= dict.fromkeys((old, photo, reblog), "")
    for offset in (0, 50):
        for post in frank.posts("frank", limit=50, offset=offset)["posts"]:
            made[post["id_string"]] = post.get("body") or post["caption"]
    return made


def test_a_full_backup(backup: Backup, full: dict[str, str], picture: Path) -> None:
    done = backup.run("frank", "--json")
    assert done.returncode == 0, done.stderr
    saved = backup.posts("frank")
    assert {post_id: post.get("body") or post["caption"] for post_id, post in saved.items()} == full
    assert backup.pages("frank").keys() == full.keys()
    media = backup.folder / "frank" / "media"
    assert [path.read_bytes() for path in media.iterdir()] == [picture.read_bytes()]
    theme = [path.name for path in (backup.folder / "frank" / "theme").iterdir()]
    assert any(name.startswith("avatar") for name in theme)
    assert "style.css" in theme


def test_incrementally(backup: Backup, full: dict[str, str], driver: SandboxDriver) -> None:
    assert backup.run("frank").returncode == 0
    new = driver.post("frank", "<p>new</p>")
    before = len(driver.calls(path="*/posts"))
    assert backup.run("frank", "--incremental").returncode == 0
    assert backup.pages("frank").keys() == {*full, new}
    assert len(driver.calls(path="*/posts")) - before < 4


def test_by_tag_and_by_period(backup: Backup, full: dict[str, str]) -> None:
    assert backup.run("frank", "--tags", "Even").returncode == 0
    assert len(backup.pages("frank")) == COUNT / 2
    assert backup.run("frank", "--period", "2020", "-O", "old").returncode == 0
    assert [page.count("<p>old</p>") for page in backup.pages("old").values()] == [1]


def test_likes(backup: Backup, frank: Any, driver: SandboxDriver) -> None:
    made = [driver.post("bob", f"<p>{n}</p>") for n in range(COUNT)]
    for post_id in made:
        driver.like("frank", post_id)
    refused = backup.run("frank", "--likes")
    assert "does not have public likes" in refused.stdout + refused.stderr
    driver.set_blog("frank", share_likes=True)
    done = backup.run("frank", "--likes", "-O", "likes")
    assert done.returncode == 0, done.stderr
    assert backup.pages("likes").keys() == set(made)


def test_a_blog_for_the_dashboard_only(backup: Backup, frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("bob", "<p>root</p>")
    made = driver.reblog("frank", root, "<p>some <b>bold</b> words</p>")
    driver.set_blog("frank", dashboard_only=True)
    done = backup.run("frank")
    assert "Found dashboard-only blog, trying internal API" in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert "<p>some <strong>bold</strong> words</p>" in backup.pages("frank")[made]
    assert len(frank.posts("frank")["posts"]) == 1
