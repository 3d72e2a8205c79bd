"""The generator's door: what it answers to jobs, to a wish to stop, and to an operator's mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from structlog.testing import capture_logs

import generator_service
from autoresponder import service
from autoresponder.checkup import TOKENS, Progress, check_up, sample_job
from autoresponder.errors import JobError, ModelError
from autoresponder.generation.decoder import Decoder
from autoresponder.jobs.runner import JobRunner
from autoresponder.loading import build, build_runner, writing_settings
from autoresponder.pictures.models import PictureModels
from autoresponder.sampling.registry import numbers_of
from autoresponder.service import GeneratorWorker, worker_name
from autoresponder.settings import GeneratorConfig
from bot_lifecycle import FatalError, Shutdown
from bot_process import run_process
from bot_settings.blog import BlogConfig
from switchboard.messages import GenerationResult, WorkerError
from switchboard.polling import GeneratorAnswer, GeneratorJob
from switchboard.settings import SwitchboardConfig
from switchboard.worker_thread import WorkerThread


def config_for(folder: Path, **generator: object) -> GeneratorConfig:
    settings = {"model": str(folder), "device": "cpu", "threads": 1, "max_new_tokens": 40}
    return GeneratorConfig.model_validate(settings | generator)


@pytest.fixture
def runner(whole_folder: Path) -> JobRunner:
    return build_runner(config_for(whole_folder), BlogConfig())[0]


def work_on(runner: JobRunner, **jobs: GeneratorJob) -> dict[str, GeneratorAnswer | WorkerError]:
    """What a bench with these jobs has on it when the work is over."""
    bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError] = WorkerThread(
        jobs, GeneratorWorker(runner).work
    )
    assert bench.wait(60)
    assert not bench.left
    return bench.collect()


def test_jobs_are_done_and_logged_in_one_line_each(runner: JobRunner) -> None:
    with capture_logs() as lines:
        results = work_on(runner, one=sample_job(), two=sample_job())
    for result in results.values():
        assert isinstance(result, GenerationResult)
        assert len(result.continuations) == 3
    assert [(line["event"], line["job"]) for line in lines] == [("job done", "one"), ("job done", "two")]
    assert all(line["tries"] >= 3 for line in lines)


def test_a_wish_to_stop_gives_all_jobs_back_without_blame(whole_folder: Path) -> None:
    runner, _ = build_runner(config_for(whole_folder), BlogConfig(), stop=lambda: True)
    for answer in work_on(runner, one=sample_job(), two=sample_job()).values():
        assert isinstance(answer, WorkerError)
        assert answer.blameless


def test_a_job_that_cannot_be_done_is_logged_with_its_reason(whole_folder: Path) -> None:
    runner, _ = build_runner(config_for(whole_folder, required_continuation_room=240), BlogConfig())
    with capture_logs() as lines:
        (failure,) = work_on(runner, one=sample_job()).values()
    assert isinstance(failure, WorkerError)
    assert "PromptTooLongError" in failure.error
    assert not failure.blameless
    assert lines[0]["event"] == "job not done"
    assert "context" in lines[0]["reason"]


def test_the_worker_has_a_name_that_outlives_a_restart(whole_folder: Path) -> None:
    assert worker_name(config_for(whole_folder)) == worker_name(config_for(whole_folder))
    assert worker_name(config_for(whole_folder, worker_name="gpu 1/ü")) == "gpu-1--"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"required_continuation_room": 252}, "252"),
        ({"heads": "/nowhere"}, "/nowhere"),
        ({"model": "/nowhere"}, "/nowhere"),
        ({"device": "abacus"}, "abacus"),
    ],
)
def test_a_configuration_that_cannot_work_says_why(
    whole_folder: Path, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        build_runner(config_for(whole_folder, **changes), BlogConfig())


def test_the_configuration_reaches_the_writing(whole_folder: Path) -> None:
    config = config_for(
        whole_folder,
        batch_size=5,
        review_share=0.2,
        sampler={"name": "breakruns", "temperature": 1.1, "top_p": 0.8, "breakruns_step": 0.04},
    )
    settings = writing_settings(config, BlogConfig(), positions=1024)
    assert (settings.limits.context, settings.limits.prompt, settings.limits.max_new) == (1020, 920, 40)
    assert (settings.generator.batch_size, settings.generator.review_share) == (5, 0.2)
    numbers = numbers_of(settings.generator.sampler, window=100)
    assert (numbers.temperature, numbers.top_p) == (1.1, 0.8)
    assert settings.generator.sampler.breakruns_step == 0.04


@pytest.mark.parametrize(("wanted", "context"), [(None, 1020), (200, 196), (5000, 1020)])
def test_a_row_is_as_long_as_wanted_and_as_the_network_can_read(
    whole_folder: Path, wanted: int | None, context: int
) -> None:
    config = config_for(whole_folder, context_tokens=wanted)
    assert writing_settings(config, BlogConfig(), positions=1024).limits.context == context


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("CUDA error: out of memory"), MemoryError()],
    ids=["PyTorch", "CUDA", "Python"],
)
def test_too_little_memory_for_what_is_made_at_the_start_is_one_line(
    whole_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    def cramped(_decoder: object) -> None:
        raise error

    monkeypatch.setattr(Decoder, "warm_up", cramped)
    path = str(write_config(whole_folder, tmp_path))
    assert run_process(lambda: generator_service.main(["--config", path, "--check"])) == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error"))
    assert "13 texts of 252 tokens" in line
    assert "generator.batch_size or generator.context_tokens" in line


def test_what_is_made_once_is_made_before_the_first_job_is_asked_for(
    whole_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Decoder, "warm_up", lambda _: done.append("warm up"))
    monkeypatch.setattr(service, "serve", lambda *_: done.append("serve"))
    assert generator_service.main(["--config", str(write_config(whole_folder, tmp_path))]) == 0
    assert done == ["warm up", "serve"]


@pytest.mark.parametrize(("openmp", "threads", "warned"), [(False, 2, 1), (False, 1, 0), (True, 2, 0)])
def test_threads_that_cannot_share_attention_are_told(
    whole_folder: Path, monkeypatch: pytest.MonkeyPatch, openmp: bool, threads: int, warned: int
) -> None:
    monkeypatch.setattr(service, "OPENMP", openmp)
    config = config_for(whole_folder)
    built = build(config, BlogConfig())
    shutdown = Shutdown()
    shutdown.requested.set()
    wanted = config.model_copy(update={"threads": threads})
    with capture_logs() as lines:
        service.serve(
            wanted, SwitchboardConfig(), built.runner, PictureModels.load(config), shutdown, built.judge
        )
    assert sum(line["event"] == "attention and int8 layers run on one thread" for line in lines) == warned
    assert all("libgomp1" in line["hint"] for line in lines if line["log_level"] == "warning")


def write_config(folder: Path, tmp_path: Path, **generator: object) -> Path:
    path = tmp_path / "config.json"
    settings = {"model": str(folder), "device": "cpu", "threads": 1, "max_new_tokens": 40}
    path.write_text(json.dumps({"generator": settings | generator}))
    return path


def test_a_check_writes_three_candidates_and_says_what_it_ran_on(
    whole_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generator_service.main(["--config", str(write_config(whole_folder, tmp_path)), "--check"]) == 0
    out = capsys.readouterr().out
    assert out.count("candidate  selector") == 3
    for word in ("torch", "transformers", "python", "tokens_per_s", "MiB resident", "4 blocks", "whole"):
        assert word in out


def test_a_check_of_a_model_that_cannot_write_is_one_clear_error(whole_folder: Path, tmp_path: Path) -> None:
    path = write_config(whole_folder, tmp_path, required_continuation_room=240)
    with pytest.raises(FatalError, match="does not fit into the context"):
        generator_service.main(["--config", str(path), "--check"])


def test_a_missing_model_is_one_line_and_status_2(tmp_path: Path) -> None:
    path = write_config(tmp_path / "nothing", tmp_path)
    command = [sys.executable, generator_service.__file__, "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: there is no model folder")
    assert "generator.model" in line


def test_a_mistake_in_the_configuration_is_told_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    done = door_without("torch", tmp_path / "nowhere.json")
    assert done.returncode == 2
    assert "nowhere.json: cannot be read" in done.stderr


def test_a_library_that_is_not_installed_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = door_without("torch", write_config(tmp_path / "nothing", tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line == "error: the generator needs torch - install it and its like with: pip install '.[ml]'"


def door_without(library: str, config: Path) -> subprocess.CompletedProcess[str]:
    """Run the door where a library cannot be imported."""
    program = (
        "import sys; sys.modules[sys.argv[1]] = None; import generator_service as process, bot_process\n"
        "sys.exit(bot_process.run_process(lambda: process.main(sys.argv[2:])))"
    )
    command = [sys.executable, "-c", program, library, "--config", str(config)]
    where = Path(generator_service.__file__).parent
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=where)


def test_a_check_says_how_long_it_will_take_and_how_far_it_is() -> None:
    """A step of half a second: the bound is told after eight steps, then a line every two seconds."""
    said: list[str] = []
    times = iter(number / 2 for number in range(100))
    progress = Progress(lambda: len(said) == 3, said.append, 3, lambda: next(times))
    asked = 1
    while not progress():
        asked += 1
    steps = 2 * 6 * (TOKENS + 1)
    assert said == [
        "check: a step takes 500 ms: at most 180 s\n",
        f"check: 12 steps of at most {steps}\n",
        f"check: 16 steps of at most {steps}\n",
    ]
    assert asked == 17


def test_a_check_that_takes_too_long_ends(
    whole_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step of a minute: after the fourth it has been three minutes, and a little."""
    times = iter(60.1 * number for number in range(100))
    monkeypatch.setattr(Progress.__init__, "__defaults__", (lambda: next(times),))
    path = str(write_config(whole_folder, tmp_path))
    assert run_process(lambda: generator_service.main(["--config", path, "--check"])) == 2
    first, *_, last = capsys.readouterr().err.splitlines()
    assert "ends after 180 s at the latest" in first
    assert last.startswith("error: the model loads, but 180 s are too few - use a smaller model")
    assert next(times) == 60.1 * 4


def test_a_check_is_bounded_whatever_the_model_could_write(whole_folder: Path) -> None:
    config = config_for(whole_folder, max_new_tokens=8000)
    said: list[str] = []
    progress = Progress(lambda: False, said.append, config.batch_size)
    runner, generator = build_runner(config, BlogConfig(), stop=progress, most_tokens=TOKENS)
    with suppress(JobError):
        check_up(runner, generator)
    assert 0 < progress._steps <= progress.most_steps
