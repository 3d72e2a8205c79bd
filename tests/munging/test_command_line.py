"""The command line: JSON lines in and out, in order, each with its id, and mistakes told line by line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from munging.__main__ import configured, main
from munging.lines import LINES, POSTS_TO_REBUILD
from munging.thread import Identity

Captured = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
BOT = ["--blog", "frank", "--persona", "Frank"]


def run(
    arguments: list[str],
    lines: list[str],
    capsys: Captured,
    monkeypatch: Patch,
) -> tuple[int, list[dict[str, object]]]:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    status = main(arguments)
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lines_are_answered_in_order_and_mistakes_do_not_stop_the_others(
    capsys: Captured, monkeypatch: Patch
) -> None:
    lines = [
        '{"id": "a", "html": "<p>one</p>"}',
        '{"id": "b"}',
        "",
        "not json",
        '{"id": "c", "html": 7}',
        "[1]",
        '{"id": "d", "payload": {"type": "blocks", "content": [{"type": "text", "text": "x"}]}}',
    ]
    status, answers = run(["classic", *BOT], lines, capsys, monkeypatch)
    assert status == 1
    assert [answer["id"] for answer in answers] == ["a", "b", None, "c", None, "d"]
    assert answers[0]["text"] == "\u7ff0one\n\n<|endoftext|>"
    assert "give either html or payload" in str(answers[1]["error"])
    assert "html: " in str(answers[3]["error"])
    assert answers[5]["text"] == "\u7ff0x\n\n<|endoftext|>"


@pytest.mark.parametrize(
    ("command", "line", "answer"),
    [
        ("classic", {"html": ""}, {"text": ""}),
        ("prompt", {"classic": "\u57df"}, {"text": "#1 Frank posted:\n\n Frank's tags:"}),
        (
            "prompt",
            {"payload": {"type": "text", "blog_name": "bob", "body": "<p>hi</p>"}},
            {"text": " Conversation between bob and Frank | 2 posts |\n#1 bob posted:\n\n hi\n\n"
             "#2 Frank commented:\n\n Frank's tags:"},
        ),
        ("continuation", {"text": " #a, #b\nhello"}, {"post": "hello", "tags": ["a", "b"]}),
        ("to-html", {"text": "a\nb"}, {"html": "<p>a</p><p>b</p>"}),
        ("from-html", {"html": "<p>a</p><p>b</p>"}, {"text": "a\nb"}),
        ("reply-source", {"html": "<p>x</p>"}, {"post_id": None, "blog_name": None}),
    ],
)  # fmt: skip
def test_each_face_answers(
    command: str,
    line: dict[str, object],
    answer: dict[str, object],
    capsys: Captured,
    monkeypatch: Patch,
) -> None:
    status, answers = run([command, *BOT], [json.dumps({"id": 1, **line})], capsys, monkeypatch)
    assert (status, answers) == (0, [{"id": 1, **answer}])


@pytest.mark.parametrize("form", ["v8", "v9"])
def test_the_format_is_chosen_by_an_option(form: str, capsys: Captured, monkeypatch: Patch) -> None:
    line = json.dumps({"id": 1, "classic": "\u57df", "timestamp": "2021-02-06T15:07:00"})
    _, answers = run(["prompt", "--format", form, *BOT], [line], capsys, monkeypatch)
    expected = "#1 Frank wrote:\n\n Posted at 3:07 PM | Frank tagged this post as:"
    assert answers == [{"id": 1, "text": expected}]


def test_an_unknown_time_is_a_mistake(capsys: Captured, monkeypatch: Patch) -> None:
    lines = ['{"id": 1, "classic": "\u57df", "timestamp": "teatime"}']
    status, answers = run(["prompt", *BOT], lines, capsys, monkeypatch)
    assert status == 1
    assert "teatime" in str(answers[0]["error"])


def test_the_configuration_says_who_the_bot_is(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    assert configured(path).identity == Identity("my-bot", "Frank")
    assert configured(path).rebuild == POSTS_TO_REBUILD
    path.write_text(
        '{"blog": {"blog_name": "a-bot", "persona": "Ada"}, "conversation": {"rebuilt_posts": ["7"]}}'
    )
    assert configured(path).identity == Identity("a-bot", "Ada")
    assert configured(path).rebuild == {"7"}


def test_a_broken_configuration_is_one_clear_line(
    tmp_path: Path, capsys: Captured, monkeypatch: Patch
) -> None:
    path = tmp_path / "config.json"
    path.write_text("{")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["classic", "--config", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"python -m munging classic: {path}: ")
    assert error.count("\n") == 1


def test_it_runs_as_a_program() -> None:
    line = json.dumps({"id": 1, "html": "<p>caf\u00e9</p>"})
    done = subprocess.run(
        [sys.executable, "-m", "munging", "classic", *BOT],
        input=line,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"id": 1, "text": "\u7ff0caf\u00e9\n\n<|endoftext|>"}


def test_the_help_names_every_command(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(command in said for command in LINES)
