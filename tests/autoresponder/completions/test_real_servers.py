"""Against real servers, where they are installed in an environment; docs/completions.md says how."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from autoresponder.checkup import sample_job
from autoresponder.completions.client import CompletionsClient
from autoresponder.completions.kinds import SERVERS, Sampling
from autoresponder.completions.server import CompletionsServer, Question
from autoresponder.errors import JobError, ModelError, ServerFailedError, ServerUnreachableError
from autoresponder.jobs.model_folder import load_tokenizer
from autoresponder.jobs.runner import Done
from autoresponder.loading import Built, build
from autoresponder.sampling.base import Numbers
from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from switchboard.messages import GenerationResult

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 240.0
NAMES = ("transformers", "llama-cpp-python", "llama.cpp")


@dataclass
class RealServer:
    """A server's command, and the settings that fit it."""

    command: list[str]
    model: Path
    completions: dict[str, object]
    many: bool
    ids: bool
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def start(self) -> None:
        """Until it answers; again on the same port after ``kill``."""
        self.port = self.port or free_port()
        self.process = subprocess.Popen(
            [*self.command, "--port", str(self.port)],
            env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, "the server ended"
            try:
                requests.get(f"http://127.0.0.1:{self.port}/docs", timeout=5)
            except requests.RequestException:
                time.sleep(1)
            else:
                return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """At once, whatever it is doing."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def config(self, **completions: object) -> GeneratorConfig:
        """The generator's settings; the demo's model scores."""
        served = {"url": f"http://127.0.0.1:{self.port}"} | self.completions | completions
        return GeneratorConfig.model_validate(
            {
                "backend": "completions",
                "completions": served,
                "model": str(self.model),
                "scorer": str(ROOT / "demo" / "models" / "tiny"),
                "sampler": {"name": "top_p"},
                "batch_size": 3,
                "threads": 1,
                "max_new_tokens": 60,
                "required_continuation_room": 60,
                "context_tokens": 512,
            }
        )

    def build(self, **completions: object) -> Built:
        """A generator that has tried the server out."""
        return build(self.config(**completions), BlogConfig())


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set; see docs/completions.md")
    return value


def server_named(name: str) -> RealServer:
    """Its command; skips where it is not there."""
    if name == "transformers":
        python, model = python_with("fastapi"), ROOT / "demo" / "models" / "tiny"
        serve = "from transformers.cli.transformers import main; main()"
        return RealServer(
            [python, "-c", serve, "serve", str(model), "--device", "cpu"],
            model,
            {"server": name, "model": str(model), "prompts": "text", "choices_per_request": 1},
            many=False,
            ids=False,
        )
    gguf, folder = variable("COMPLETIONS_GGUF"), Path(variable("COMPLETIONS_GGUF_FOLDER"))
    if name == "llama.cpp":
        program = variable("LLAMA_SERVER")
        command = [program, "--model", gguf, "--parallel", "4", "--ctx-size", "4096", "--threads", "1"]
        return RealServer(command, folder, {"server": name}, many=True, ids=True)
    python = python_with("llama_cpp.server")
    command = [python, "-m", "llama_cpp.server", "--model", gguf, "--n_ctx", "512", "--n_threads", "1"]
    served = {"server": name, "prompts": "text", "choices_per_request": 1, "requests_at_once": 1}
    return RealServer(command, folder, served, many=False, ids=False)


def python_with(module: str) -> str:
    python = f"{variable('COMPLETIONS_SERVERS')}/bin/python"
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} cannot import {module}")
    return python


@pytest.fixture(scope="module", params=NAMES)
def real(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    server = server_named(request.param)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def stopped(server: RealServer) -> Iterator[None]:
    """Meanwhile the server takes requests and does nothing."""
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if server.process is not None:
            os.killpg(server.process.pid, signal.SIGCONT)


def test_a_job_is_written_and_scored(real: RealServer) -> None:
    result, report = real.build().runner.run("job", sample_job())
    assert isinstance(result, GenerationResult)
    assert len(set(result.continuations)) == 3
    assert len(set(result.selection_proba)) == 3
    fields = report.fields()
    assert isinstance(fields["tokens"], int)
    assert fields["tokens"] >= 3


def test_the_same_seed_gives_the_same_text_and_another_one_another(real: RealServer) -> None:
    config = real.config()
    encoder, _ = load_tokenizer(str(real.model))
    client = CompletionsClient(config.completions)
    name = config.completions.model or client.models()[0].id
    server = CompletionsServer(client, config.completions, name, encoder)
    sampling = Sampling("top_p", Numbers(1.0, 1.0, 0.05, 0.035, 60))
    prompt = (encoder.eot, *encoder.encode_text("The river is"))
    texts = [server.write(Question(prompt, 1, 24, seed, sampling)).choices[0].text for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("sampler", ["typical", "mirostat_1"])
def test_every_sampler_that_its_kind_has_is_done(real: RealServer, sampler: str) -> None:
    if sampler not in SERVERS[real.config().completions.server].samplers:
        pytest.skip("this kind of server has it not")
    config = real.config()
    changed = config.model_copy(update={"sampler": config.sampler.model_copy(update={"name": sampler})})
    result, _ = build(changed, BlogConfig()).runner.run("job", sample_job())
    assert isinstance(result, GenerationResult)
    assert result.continuations


def test_what_it_cannot_do_is_refused_by_name(real: RealServer) -> None:
    if real.ids:
        with pytest.raises(ModelError, match="5 texts for one request"):
            build(real.config().model_copy(update={"batch_size": 5}), BlogConfig())
        return
    with pytest.raises(ModelError, match="token ids"):
        real.build(prompts="ids")
    with pytest.raises(ModelError, match="3 texts for one request"):
        real.build(choices_per_request=3)


def test_a_server_that_is_killed_in_mid_answer_and_started_again_finishes_the_job(real: RealServer) -> None:
    runner = real.build().runner
    outcomes: list[Done | JobError] = []
    work = threading.Thread(
        target=lambda: runner.run_together({"job": sample_job()}, lambda _, outcome: outcomes.append(outcome))
    )
    with stopped(real):
        work.start()
        time.sleep(1)  # so that the request is under way
        real.kill()
    real.start()
    work.join(120)
    (outcome,) = outcomes
    assert not isinstance(outcome, ServerFailedError), outcome
    if isinstance(outcome, ServerUnreachableError):  # it took long to start: the job goes back without blame
        outcome = runner.run("job", sample_job())
    assert not isinstance(outcome, JobError)
    assert isinstance(outcome[0], GenerationResult)


def test_a_slow_server_fails_a_request_in_time(real: RealServer) -> None:
    config = real.config()
    encoder, _ = load_tokenizer(str(real.model))
    impatient = config.completions.model_copy(update={"timeout_seconds": 1.0})
    server = CompletionsServer(CompletionsClient(impatient), impatient, "any", encoder)
    with stopped(real), pytest.raises(ServerFailedError, match="no whole answer"):
        server.most_likely((encoder.eot, 5), 4)
