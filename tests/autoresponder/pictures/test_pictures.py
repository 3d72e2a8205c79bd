"""Captions and pictures by description, with tiny models of random weights."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path

import pytest
import torch
from PIL import Image

from autoresponder.errors import JobError, ModelError
from autoresponder.pictures.captioner import Captioner
from autoresponder.pictures.models import PictureModels
from autoresponder.pictures.painter import Painter, guidance_of
from autoresponder.settings import GeneratorConfig
from switchboard.messages import CaptionJob, CaptionResult, PictureJob, PictureResult
from tests.autoresponder.pictures.tiny import captioner_folder, painter_folder, picture

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Captioner:
    return Captioner(str(captioner_folder(tmp_path_factory.mktemp("captioner"))), CPU, torch.float32)


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painter_folder(tmp_path_factory.mktemp("painter"))


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "1", "CMYK"])
def test_pictures_of_every_form_get_a_caption(captioner: Captioner, mode: str) -> None:
    said = captioner.caption(picture(mode))
    assert said
    assert said == captioner.caption(picture(mode))
    assert "<e>" not in said


@pytest.mark.parametrize("size", [(1, 200), (200, 1), (3, 3)])
def test_what_is_too_small_is_skipped(captioner: Captioner, size: tuple[int, int]) -> None:
    assert captioner.caption(picture("L", size)) == ""


@pytest.mark.parametrize("data", [b"", b"<svg/>", picture()[:40]])
def test_what_is_no_picture_fails_its_job_alone(captioner: Captioner, data: bytes) -> None:
    with pytest.raises(JobError):
        captioner.caption(data)


def test_a_description_becomes_a_picture_the_same_for_the_same_job(painting: Path) -> None:
    painter = Painter(str(painting), CPU, torch.float32, 2)
    made = painter.paint("a cat in a hat", "", "job-1")
    with Image.open(io.BytesIO(made.png)) as image:
        assert image.size == (made.width, made.height)
    assert painter.paint("a cat in a hat", "", "job-1").png == made.png
    assert painter.paint("a cat in a hat", "", "job-2").png != made.png


def test_the_guidance_scales() -> None:
    chance = random.Random(1)
    assert {guidance_of("", chance) for _ in range(200)} == {2, 3, 4, 5, 6}
    assert {guidance_of("NO", chance) for _ in range(200)} == {2, 3, 4}
    assert guidance_of("short\n" + "a line of thirty characters or more", chance) == 1


def test_half_precision_on_a_cpu_is_refused_at_the_start(painting: Path) -> None:
    with pytest.raises(ModelError, match="float16"):
        Painter(str(painting), CPU, torch.float16, 2)


def test_a_folder_of_something_else_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="captioner"):
        Captioner(str(tmp_path), CPU, torch.float32)
    with pytest.raises(ModelError, match="pipeline"):
        Painter(str(tmp_path), CPU, torch.float32, 2)


def test_jobs_are_done_by_the_models_that_are_there(captioner: Captioner, painting: Path) -> None:
    models = PictureModels(captioner, Painter(str(painting), CPU, torch.float32, 1))
    image = base64.b64encode(picture()).decode()
    said = models.run("a", CaptionJob(images=[image, image]))
    assert isinstance(said, CaptionResult)
    assert len(said.captions) == 2
    made = models.run("b", PictureJob(description="soup", words="HOT"))
    assert isinstance(made, PictureResult)
    assert base64.b64decode(made.png).startswith(b"\x89PNG")
    assert models.capabilities == ["answer", "textpost", "raw_select", "caption", "picture"]


def test_a_generator_without_such_models_serves_texts_alone() -> None:
    models = PictureModels.load(GeneratorConfig())
    assert models.capabilities == ["answer", "textpost", "raw_select"]
    with pytest.raises(JobError):
        models.run("b", PictureJob(description="soup"))
