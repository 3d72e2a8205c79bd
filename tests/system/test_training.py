"""From a scrape to a bot that serves, in small: every command of docs/training.md on a sandbox's own blog."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import generator_service
from autoresponder.loading import build
from bot_config import load_config
from switchboard.job_factory import mood_record
from switchboard.messages import GenerationJob, GenerationOptions, GenerationResult
from tests.training.blog import BLOG, Blog, sandbox
from training.__main__ import main
from tumblr_sandbox.__main__ import main as tumblr_sandbox

ROOT = Path(__file__).resolve().parents[2]
TOOL = Path(sys.prefix) / "tumblr-backup" / "bin" / "python"
REDIRECTED = ROOT / "sandbox" / "tests" / "conformance" / "redirected_backup.py"
DAYS = 30

pytestmark = pytest.mark.timeout(1500)

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    """A blog that people have read for some weeks, up to now."""
    database = tmp_path / "lived.db"
    lived = ("people", "live", "--days", DAYS, "--count", 10, "--seed", 1, "--database", database)
    assert tumblr_sandbox(list(map(str, lived))) == 0
    with sandbox(database, tmp_path) as blog:
        blog.driver.set_limits(per_hour=1_000_000, per_day=10_000_000)
        blog.configure(
            training={
                "labels": {"responses_days": 5, "originals_days": 5, "low": 0.45, "high": 0.55},
                "promotion": {"min_rows": 20},
                "corpus": {"near_duplicate_similarity": 0.9},
            },
            generator={"model": str(tmp_path / "model"), "device": "cpu"},
        )
        yield blog


@pytest.fixture
def run(blog: Blog, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the blog's folder; its report."""

    def call(*arguments: object, statuses: tuple[int, ...] = (0,)) -> dict[str, Any]:
        first, *rest = map(str, arguments)
        status = main([first, "--config", str(blog.folder / "config.json"), *rest])
        out, err = capsys.readouterr()
        assert status in statuses, err[-2000:]
        return dict(json.loads(out.splitlines()[-1]))

    return call


def back_up(blog: Blog) -> Path:
    """The real tumblr-backup, with an api key, as an operator runs it."""
    settings = blog.folder / "settings" / "tumblr-backup"
    settings.mkdir(parents=True)
    (settings / "config.json").write_text(json.dumps({"oauth_consumer_key": blog.keys.consumer_key}))
    places = {"XDG_CONFIG_HOME": str(settings.parent), "XDG_STATE_HOME": str(blog.folder / "state")}
    command = [str(TOOL), str(REDIRECTED), "--json", "--skip-images", BLOG]
    environment = {**os.environ, "SANDBOX_URL": blog.driver.base_url, **places}
    done = subprocess.run(
        command, cwd=blog.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    return blog.folder / BLOG


def test_from_a_scrape_to_a_bot_that_serves(
    blog: Blog, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(blog.folder)
    scraped = back_up(blog)
    written = len(list((scraped / "json").glob("*.json")))
    assert written == len(blog.driver.posts(BLOG, "published"))

    prepared = run("prepare", "--out", "corpus", "--workers", 1, scraped)
    assert prepared["read"] == written == prepared["kept"] + sum(prepared["dropped"].values())
    assert prepared["kept"] > written / 3

    new = ("--base", "new", "--shape", "4,32,2,256", "--vocabulary", 512, "--rows", "documents")
    steps = ("--steps", 20, "--batch", 8, "--micro-batch", 8, "--rate", 3e-3, "--sample-every", 0)
    trained = run("generator", "--corpus", "corpus", "--out", "model", *new, *steps)
    assert trained["perplexity_held_out"] < 512, "better than to guess among all tokens"

    felt = run("sentiment", "--corpus", "corpus", "--texts", 400, "--epochs", 1)
    assert felt["promoted"]
    assert felt["test"]["all"]["rows"] >= 20

    noted = run("notes", "--out", "notes")
    assert not noted["partial"]
    assert noted["published"] >= written
    assert noted["notes"] > 0

    first = run("selector", "--notes", "notes", "--epochs", 1)
    assert first["promoted"]
    week = run("weekly", "--notes", "notes", "--epochs", 1, "--seed", 7, statuses=(0, 4))
    assert week["collected"]["changed"] == 0
    assert week["selector"]["comparison"]["incumbent"] is not None
    in_use = week["selector"]["version"] if week["selector"]["promoted"] else first["version"]

    assert generator_service.main(["--config", "config.json", "--check"]) == 0
    assert "candidate" in capsys.readouterr().out
    config = load_config(blog.folder / "config.json")
    runner = build(config.generator, config.blog, most_tokens=40).runner
    assert runner.missing_heads == []
    # After so little training every other text is empty. A job makes five tries for each of `best_of`.
    mood = mood_record("unrestricted")
    options = GenerationOptions(mood=mood, best_of=10, avoid_if_under=0, avoid_half_if_under=0)
    prompt = "友bob要\nDo you like herons?\n域"
    job = GenerationJob(type="answer", prompt=prompt, kwargs=options, base_id="a", n_desired=10)
    result, _ = runner.run("a", job)
    assert isinstance(result, GenerationResult)
    assert result.continuations
    assert all(0 < score < 1 for score in result.selection_proba)
    assert result.model_info["ckpt_select"] == f"selector@{in_use.rpartition('-')[2]}"
