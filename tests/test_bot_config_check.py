"""``python -m bot_config check``: what would start and then do something else than was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot_config import main
from demo.configuration import KEY_NAMES
from tests.tumblr.live_services import BLOG, Neighbours

KEYS = dict.fromkeys(KEY_NAMES, "Zk3vq8PpWf2LxT9b")
TOKENS = {f"{role}_token": f"token-of-the-{role}" for role in ("client", "generator", "selector")}


def checked(folder: Path, content: dict[str, Any], *options: str) -> int:
    path = folder / "config.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return main(["check", str(path), *options])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"generator": {"model": "no/such/folder"}}, "generator.model: there is no folder no/such/folder"),
        ({"generator": {"heads": "no/heads"}}, "generator.heads: there is no folder no/heads"),
        ({"mood": {"updates_file": "no.json"}}, "mood.updates_file: there is no file no.json"),
        ({"switchboard": {"listen_host": "0.0.0.0"}}, "a token is missing; set switchboard.client_token"),
        ({"switchboard": {"listen_host": "::", "client_token": "abcdefgh"}}, "a token is missing"),
        (
            {"switchboard": {"client_token": "the-same-one", "generator_token": "the-same-one"}},
            "share a token",
        ),
        ({"switchboard": {"client_token": "changeme"}}, "switchboard.client_token: this is a placeholder"),
        ({"tumblr": {"start_timestamp": 1_700_000_000_000}}, "tumblr.start_timestamp: expected unix seconds"),
        ({"queue": {"start_hour": 9, "end_hour": 9}}, "queue: start_hour equals end_hour"),
        ({"blog": {"blog_name": "frank", "operator_name": "Frank"}}, "blog: operator_name is the bot's own"),
        (
            {"blog": {"dash_blog_name": "frank-dash", "operator_name": "frank-dash.tumblr.com"}},
            "blog: operator_name is the bot's own",
        ),
        *(
            (
                {"tumblr": {keys: [{**KEYS, "token": value}]}},
                f"tumblr.{keys}.0.token: this is a placeholder",
            )
            for keys, value in (
                ("base_keys", "..."),
                ("base_keys", "xxxx"),
                ("base_keys", "your token here"),
                ("base_keys", "<token>"),
                ("dashboard_keys", "TUMBLR_TOKEN"),
                ("dashboard_keys", "OAUTH_TOKEN_SECRET"),
            )
        ),
    ],
)
def test_what_would_only_show_later_is_said_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: dict[str, Any], expected: str
) -> None:
    assert checked(tmp_path, content) == 1
    assert expected in capsys.readouterr().err


def test_a_file_that_is_right_is_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = {
        "generator": {"model": str(tmp_path)},
        "tumblr": {"base_keys": [KEYS], "start_timestamp": 1_700_000_000},
        "switchboard": {"listen_host": "0.0.0.0", **TOKENS},
    }
    assert checked(tmp_path, content) == 0
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / 'config.json'}: in order"]


def test_what_is_not_set_yet_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, {}) == 0
    said = capsys.readouterr().out
    assert "generator.model: not set" in said
    assert "tumblr.base_keys: not set" in said


def test_tumblr_is_asked_about_keys_and_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Neighbours(tmp_path) as near:
        keys = dict(zip(KEY_NAMES, near.keys.strings(), strict=True))
        tumblr = {"host": near.driver.base_url, "base_keys": [keys]}
        right = {"blog": {"blog_name": BLOG}, "tumblr": tumblr}
        assert checked(tmp_path, right, "--online") == 0
        capsys.readouterr()
        mistyped = {**right, "blog": {"blog_name": f"{BLOG}x", "operator_name": "nobody-of-this-name"}}
        assert checked(tmp_path, mistyped, "--online") == 1
        said = capsys.readouterr().err
        assert (
            f"tumblr.base_keys.0: the account has the blogs {BLOG}; blog.blog_name '{BLOG}x' is none" in said
        )
        assert f"blog.blog_name: tumblr knows no blog '{BLOG}x'" in said
        assert "blog.operator_name: tumblr knows no blog 'nobody-of-this-name'" in said
        wrong = {**right, "tumblr": {**tumblr, "dashboard_keys": [{**keys, "token": "Zk3vq8PpWf2LxT9b"}]}}
        assert checked(tmp_path, wrong, "--online") == 1
        said = capsys.readouterr().err
        assert "tumblr.dashboard_keys.0: tumblr refuses these four strings" in said
        assert "base_keys" not in said
