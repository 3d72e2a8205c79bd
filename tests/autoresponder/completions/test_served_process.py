"""The generator process with a server that writes: started before it, checked, and wrongly set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import generator_service
from autoresponder.errors import ModelError, ModelMissingError, WritingStoppedError
from autoresponder.jobs.engines import ServedGenerator
from autoresponder.loading import build
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from tests.autoresponder.completions.scripted import ScriptedServer, serving


def settings_for(url: str, folder: Path, **changes: object) -> dict[str, object]:
    """With the tokenizer of a folder, whose network scores."""
    return {
        "backend": "completions",
        "completions": {"url": url, "timeout_seconds": 20},
        "model": str(folder),
        "scorer": str(folder),
        "sampler": {"name": "top_p"},
        "device": "cpu",
        "threads": 1,
        "max_new_tokens": 40,
    } | changes


def config_for(url: str, folder: Path, **changes: object) -> GeneratorConfig:
    return GeneratorConfig.model_validate(settings_for(url, folder, **changes))


@pytest.fixture
def config_file(served: ScriptedServer, whole_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"generator": settings_for(served.url, whole_folder)}))
    return path


def test_a_check_asks_the_server_and_scores_here(
    served: ScriptedServer, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generator_service.main(["--config", str(config_file), "--check"]) == 0
    said = capsys.readouterr()
    assert said.out.count("candidate  selector") == 3
    for words in ("server     big", "4 blocks", "tokens_per_s"):
        assert words in said.out
    assert "check: the server is asked for 3 texts of at most 200 tokens, twice" in said.err
    assert max(request["max_tokens"] for request in served.requests) <= 40


def test_a_check_does_not_wait_for_a_server_that_is_not_there(
    served: ScriptedServer, config_file: Path, pauses: list[float]
) -> None:
    served.stop()
    with pytest.raises(ModelError, match=f"{served.url}: the server cannot be reached - start the server"):
        generator_service.main(["--config", str(config_file), "--check"])


def test_a_server_that_comes_later_is_waited_for_in_one_line(
    encoder: TextEncoder, whole_folder: Path, pauses: list[float]
) -> None:
    with serving(encoder) as served:
        waits: list[float] = []

        def until_it_is_there(seconds: float) -> bool:
            waits.append(seconds)
            served.away = len(waits) < 3
            return False

        served.away = True
        with capture_logs() as lines:
            built = build(config_for(served.url, whole_folder), BlogConfig(), wait=until_it_is_there)
    assert isinstance(built.generator, ServedGenerator)
    assert built.generator.server.model == "big"
    assert waits == [1, 2, 4]
    assert [line["event"] for line in lines] == [
        "completions server in trouble, asked again",
        "completions server answers again",
    ]


def test_a_wish_to_stop_ends_the_waiting(
    served: ScriptedServer, whole_folder: Path, pauses: list[float]
) -> None:
    served.away = True
    with pytest.raises(WritingStoppedError):
        build(config_for(served.url, whole_folder), BlogConfig(), stop=lambda: True, wait=lambda _: True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"completions": {}}, "generator.completions.url"),
        ({"model": ""}, "generator.model"),
        ({"model": "/nowhere"}, "/nowhere"),
        ({"model": "s3://bucket/model"}, "s3://bucket/model"),
        ({"scorer": "/nowhere"}, "/nowhere"),
        ({"heads": "/nowhere"}, "/nowhere"),
        ({"sampler": {"name": "two_stage_mirostat"}}, "generator.sampler.name to top_p"),
    ],
)
def test_settings_that_cannot_work_say_why(
    served: ScriptedServer, whole_folder: Path, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        build(config_for(served.url, whole_folder, **changes), BlogConfig())


def test_the_tokenizer_alone_is_needed_of_a_model_that_is_served_elsewhere(
    served: ScriptedServer, whole_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((whole_folder / name).read_bytes())
    built = build(config_for(served.url, folder, scorer=""), BlogConfig())
    assert built.judge is None
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelMissingError, match=r"tokenizer\.json"):
        build(config_for(served.url, folder, scorer=""), BlogConfig())


@pytest.mark.parametrize(("longest", "positions"), [(None, 256), (128, 128), (4096, 256)])
def test_no_row_is_longer_than_the_server_reads(
    served: ScriptedServer, whole_folder: Path, longest: int | None, positions: int
) -> None:
    served.about_model = {} if longest is None else {"max_model_len": longest}
    config = config_for(served.url, whole_folder, scorer="", required_continuation_room=40)
    built = build(config, BlogConfig())
    assert isinstance(built.generator, ServedGenerator)
    assert built.generator.positions == positions
