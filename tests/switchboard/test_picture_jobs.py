"""Jobs about pictures, from the client through a real switchboard to a generator and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from images.errors import ImageError
from images.settings import ImagesConfig
from munging.figures import Block
from switchboard.messages import (
    CaptionJob,
    CaptionOutcome,
    CaptionRequest,
    CaptionResult,
    GeneratorPoll,
    PictureJob,
    PictureOutcome,
    PictureRequest,
    PictureResult,
    WorkerError,
)
from switchboard.messages.fields import JobType
from tests.switchboard.service import Service
from tumblr.picture_jobs import PictureJobs

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ABLE: list[JobType] = ["answer", "caption", "picture"]


def test_captions_go_all_the_way(service: Service) -> None:
    client, generator = service.client("client"), service.client("generator")
    client.submit_caption(CaptionRequest(id="c", images=[PIXEL, PIXEL]))
    assert generator.poll_generator(GeneratorPoll()).jobs == {}  # it does not say that it can
    job = generator.poll_generator(GeneratorPoll(capabilities=ABLE)).jobs["c"]
    assert isinstance(job, CaptionJob)
    assert job.images == [PIXEL, PIXEL]
    assert generator.poll_generator(GeneratorPoll(capabilities=ABLE)).jobs == {}  # one worker does it
    assert job.lease is not None
    short = CaptionResult(captions=["one"], lease=job.lease.token)
    assert generator.poll_generator(GeneratorPoll(results={"c": short})).statuses == {"c": "refused"}
    whole = CaptionResult(captions=["one", "two"])
    assert generator.poll_generator(GeneratorPoll(results={"c": whole})).statuses == {"c": "accepted"}
    assert generator.poll_generator(GeneratorPoll(results={"c": whole})).statuses == {"c": "duplicate"}
    found = client.get_result("c")
    assert isinstance(found.result, CaptionOutcome)
    assert found.result.captions == ["one", "two"]


def test_pictures_go_all_the_way(service: Service) -> None:
    client, generator = service.client("client"), service.client("generator")
    client.submit_picture(PictureRequest(id="p", description="soup", words="HOT"))
    job = generator.poll_generator(GeneratorPoll(capabilities=ABLE)).jobs["p"]
    assert isinstance(job, PictureJob)
    assert (job.description, job.words) == ("soup", "HOT")
    wrong = CaptionResult(captions=["no picture"])
    assert generator.poll_generator(GeneratorPoll(results={"p": wrong})).statuses == {"p": "refused"}
    made = PictureResult(png=PIXEL, width=1, height=1, guidance=3.0)
    assert generator.poll_generator(GeneratorPoll(results={"p": made})).statuses == {"p": "accepted"}
    found = client.get_result("p").result
    assert isinstance(found, PictureOutcome)
    assert (found.png, found.guidance) == (PIXEL, 3.0)


def served(service: Service, result: CaptionResult | PictureResult | WorkerError) -> None:
    """Wait for a job as a generator, and answer it."""
    generator = service.client("generator")
    while not (jobs := generator.poll_generator(GeneratorPoll(capabilities=ABLE)).jobs):
        pass
    (job_id,) = jobs
    generator.poll_generator(GeneratorPoll(results={job_id: result}))


def test_the_bot_gets_its_captions_and_pictures(service: Service) -> None:
    jobs = PictureJobs(lambda: service.client("client"), ImagesConfig(picture_seconds=60, caption_seconds=60))
    with ThreadPoolExecutor(1) as thread:
        caption = thread.submit(jobs.caption, b"a jpeg")
        served(service, CaptionResult(captions=["a cat"]))
        assert caption.result() == "a cat"
        picture = thread.submit(jobs.picture, Block("NO", "a cat"))
        served(service, PictureResult(png=PIXEL, width=1, height=1, guidance=3.0))
        assert picture.result().png.startswith(b"\x89PNG")
        assert picture.result().guidance == 3.0


def test_a_picture_that_nobody_makes_is_a_failure_of_that_picture(service: Service) -> None:
    jobs = PictureJobs(lambda: service.client("client"), ImagesConfig(picture_seconds=0.05))
    with pytest.raises(ImageError, match=r"0\.05 seconds"):
        jobs.picture(Block("NO", "a cat"))
