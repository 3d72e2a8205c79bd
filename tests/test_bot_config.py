"""The configuration: what is accepted, what is refused, and that refusals say what to do."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot_config import SECRETS, Config, ConfigError, example, load_config, main, reference

ROOT = Path(__file__).resolve().parent.parent
KEYS = {"consumer_key": "ck", "consumer_secret": "cs-hidden", "token": "t", "token_secret": "ts-hidden"}


def write(folder: Path, content: Any) -> Path:
    path = folder / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def complaint(folder: Path, content: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, content))
    return str(caught.value)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, {}))
    assert config == Config()
    assert config.tumblr.publishing == "drafts"
    assert config.switchboard.listen_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"switchboard": {"prot": 1}}, "switchboard.prot: no such setting; did you mean 'port'?"),
        ({"swichboard": {}}, "swichboard: no such setting; did you mean 'switchboard'?"),
        ({"switchboard": {"port": "many"}}, "switchboard.port: Input should be a valid integer"),
        ({"switchboard": {"port": 70000}}, "switchboard.port: Input should be less than or equal to 65535"),
        ({"tumblr": {"publishing": "loud"}}, "tumblr.publishing: Input should be 'drafts' or 'automatic'"),
        ({"tumblr": {"host": "api.tumblr.com"}}, "tumblr.host: String should match pattern"),
        ({"blog": {"timezone": "Mars/Base"}}, 'blog.timezone: no time zone is called "Mars/Base"'),
        ({"blog": {"blog_name": "no spaces here"}}, "blog.blog_name: String should match pattern"),
        ({"tumblr": {"base_keys": [{"consumer_key": "x"}]}}, "tumblr.base_keys.0.token: Field required"),
        (
            {"tumblr": {"base_keys": [{**KEYS, "tokn": "y"}]}},
            "tumblr.base_keys.0.tokn: no such setting; did you mean 'token'?",
        ),
        ({"generator": {"review_share": 0.7, "fiction_share": 0.7}}, "add up to more than 1"),
        ({"switchboard": 5}, "switchboard: expected a section in braces"),
        ({"tumblr": {"base_keys": {}}}, "tumblr.base_keys: expected a list in brackets"),
        ({"blog": {"blog_name": 5}}, "blog.blog_name: expected text in quotation marks"),
        ({"asks": {"limited_users": []}}, "asks.limited_users: expected an object in braces"),
        ({"loop": {"slowdown": "perhaps"}}, "loop.slowdown: expected true or false"),
        ({"switchboard": {"port": True}}, "switchboard.port: expected a number, not true or false"),
        ({"conversation": {"window_hours": False}}, "conversation.window_hours: expected a number"),
        (
            '{"switchboard": {"generation_lease_seconds": 1e999}}',
            "generation_lease_seconds: Input should be a",
        ),
        ('{"loop": {"sleep_seconds": NaN}}', "loop.sleep_seconds: Input should be a finite number"),
        ('{"blog": {"persona": "A", "persona": "B"}}', "the key 'persona' stands twice in one place"),
        ("[" * 100_000, "nested too deep"),
        ("{", "not valid JSON"),
        ("[]", "expected a JSON object"),
    ],
)
def test_mistakes_are_named_by_key(tmp_path: Path, content: Any, expected: str) -> None:
    assert expected in complaint(tmp_path, content)


@pytest.mark.parametrize(
    "written",
    ["my-bot", "my-bot.tumblr.com", "https://my-bot.tumblr.com/", "https://www.tumblr.com/my-bot", "@my-bot"],
)
def test_a_blog_may_be_named_as_the_address_bar_has_it(tmp_path: Path, written: str) -> None:
    settings = {
        "blog": {"blog_name": written},
        "asks": {"limited_users": {written: 2.0}},
        "screening": {"screened_users": [written]},
    }
    config = load_config(write(tmp_path, settings))
    assert config.blog.blog_name == "my-bot"
    assert config.asks.limited_users == {"my-bot": 2.0}
    assert config.screening.screened_users == ("my-bot",)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    text = complaint(tmp_path, {"switchboard": {"port": 0}, "queue": {"write_when_below": -1}})
    assert len(text.splitlines()) == 2


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be read \(No such file or directory\); see config\.example"
    ):
        load_config(tmp_path / "none.json")


def test_comment_keys_are_ignored(tmp_path: Path) -> None:
    config = load_config(
        write(tmp_path, {"# note": "mine", "queue": {"# why": "few", "write_when_below": 3}})
    )
    assert config.queue.write_when_below == 3


def test_secrets_come_from_text_environment_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "from-environment")
    (tmp_path / "secret.txt").write_text("from-file\n", encoding="utf-8")
    settings = {
        "client_token": "plain",
        "generator_token": {"env": "MY_TOKEN"},
        "selector_token": {"file": "secret.txt"},
    }
    switchboard = load_config(write(tmp_path, {"switchboard": settings})).switchboard
    tokens = (switchboard.client_token, switchboard.generator_token, switchboard.selector_token)
    assert [token.get_secret_value() for token in tokens if token] == [
        "plain",
        "from-environment",
        "from-file",
    ]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"env": "SURELY_NOT_SET"}, "the environment variable SURELY_NOT_SET is not set"),
        ({"file": "none.txt"}, "cannot read the secret from"),
        ({"url": "x"}, "expected the secret as text"),
        ("", "a secret cannot be empty"),
        ("two\nlines", "a secret is one line"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named(tmp_path: Path, secret: Any, expected: str) -> None:
    text = complaint(tmp_path, {"switchboard": {"client_token": secret}})
    assert "switchboard.client_token" in text
    assert expected in text


@pytest.mark.parametrize(
    "process", ["tumbl", "bridge_service", "generator_service", "selector", "console_service"]
)
def test_a_process_asks_for_the_secrets_that_it_uses_and_no_others(
    process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys in the environment of the process that needs them are not asked of the others."""
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    absent = {"env": "NOT_SET_HERE"}
    path = write(
        tmp_path,
        {
            "tumblr": {name: [dict.fromkeys(KEYS, absent)] for name in ("base_keys", "dashboard_keys")},
            "switchboard": {
                **{f"{role}_token": absent for role in ("client", "generator", "selector", "console")},
                "clients": [{"name": "frank", "token": absent}],
            },
            "generator": {"completions": {"token": absent}},
            "console": {"accounts": [{"name": "keeper", "password_hash": absent}]},
        },
    )
    used = set(importlib.import_module(process).SECRETS)
    with pytest.raises(ConfigError) as caught:
        load_config(path, used)
    asked = {".".join(line.split(": ")[1].split(".")[:2]) for line in str(caught.value).splitlines()}
    assert asked == used <= SECRETS
    assert load_config(path, secrets=()) == Config()


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, {"tumblr": {"base_keys": [KEYS]}}))
    assert "hidden" not in repr(config) + str(config) + config.model_dump_json()
    assert "hidden" not in complaint(
        tmp_path, {"tumblr": {"base_keys": [{**KEYS, "token_secret": ["hidden"]}]}}
    )


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTORESPONDER__SWITCHBOARD__PORT", "6001")
    config = load_config(write(tmp_path, {"switchboard": {"port": 5000, "threads": 8}}))
    assert (config.switchboard.port, config.switchboard.threads) == (6001, 8)
    assert config.switchboard.address == "http://127.0.0.1:6001"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "AUTORESPONDER__SWICHBOARD__PORT",
            "1",
            "SWICHBOARD__PORT: no such setting; did you mean 'switchboard'",
        ),
        ("AUTORESPONDER__SWITCHBOARD__PROT", "1", "switchboard.prot: no such setting; did you mean 'port'?"),
        ("AUTORESPONDER__SWITCHBOARD__PORT", "many", "switchboard.port: Input should be a valid integer"),
        ("AUTORESPONDER__SWITCHBOARD", "port", "sections and lists are written there as JSON"),
        ("AUTORESPONDER__TUMBLR__BASE_KEYS", "[", "sections and lists are written there as JSON"),
    ],
)
def test_a_mistake_in_the_environment_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    assert expected in complaint(tmp_path, {})


SHAPES: list[Any] = [
    *(None, -1, 1.5, 1e308, "", "x\x00"),
    *([], [1], [[]], {}, {"a": 1}, {"env": "SURELY_NOT_SET"}),
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_whatever_shape_settings_have_each_mistake_is_a_line_with_its_key(tmp_path: Path, shape: Any) -> None:
    for name, section in json.loads(example()).items():
        if not isinstance(section, dict):
            continue
        settings = {key: shape for key in section if not key.startswith("#")}
        lines = complaint(tmp_path, {name: settings}).splitlines()
        assert all(line.split(": ")[1].startswith(name) for line in lines)


def test_the_example_in_the_repository_is_the_one_printed() -> None:
    assert (ROOT / "config.example.json").read_text(encoding="utf-8") == example()


def test_the_page_of_settings_in_the_repository_is_the_one_printed() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m bot_config reference > docs/settings.md"


def test_the_page_of_settings_has_all_of_them_and_what_they_are_in_each_preset() -> None:
    rows = {line.split(" | ")[0].strip("| `"): line for line in reference().splitlines() if line[:1] == "|"}
    for name, field in Config.model_fields.items():
        section = getattr(Config(), name)
        keys = (
            [f"{name}.{key}" for key in type(section).model_fields]
            if isinstance(section, BaseModel)
            else [name]
        )
        missing = [
            key for key in keys if key not in rows and not any(row.startswith(f"{key}.") for row in rows)
        ]
        assert missing == [], field
    assert "| `3` | `10` |" in rows["tumblr.max_tries"]
    assert "required" in rows["tumblr.base_keys[].token"]


def test_the_example_is_valid_once_the_secrets_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(f"TUMBLR_{name.upper()}", "x")
    config = load_config(write(tmp_path, example()))
    assert len(config.tumblr.base_keys) == 1
    assert config.model_copy(update={"tumblr": Config().tumblr}) == Config()


def test_every_setting_is_explained() -> None:
    shown = json.loads(example())

    def check(section: dict[str, Any], path: str) -> None:
        for key, value in section.items():
            if key.startswith("#"):
                assert value, f"{path}{key} has no description"
            elif isinstance(value, dict) and any(name.startswith("#") for name in value):
                check(value, f"{path}{key}.")

    check(shown, "")


def test_the_command_line_checks_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(tmp_path, {}))]) == 0
    assert "in order" in capsys.readouterr().out
    assert main(["check", str(write(tmp_path, {"x": 1}))]) == 1
    assert "x: no such setting" in capsys.readouterr().err


def test_the_module_runs_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot_config", "example"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == example()
