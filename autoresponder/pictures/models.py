"""The models for pictures that a generator has beside its own, and the jobs that they do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from autoresponder.errors import JobError
from autoresponder.jobs.model_folder import pick_device, pick_dtype
from autoresponder.pictures.captioner import Captioner
from autoresponder.pictures.painter import Painter
from autoresponder.settings import GeneratorConfig
from switchboard.messages import CaptionJob, CaptionResult, JobType, PictureJob, PictureResult

TEXTS: Sequence[JobType] = ("answer", "textpost", "raw_select")
PICTURE_JOBS = (CaptionJob, PictureJob)


@dataclass(frozen=True)
class PictureModels:
    """What describes pictures and what makes them; None: this generator does not."""

    captioner: Captioner | None = None
    painter: Painter | None = None

    @classmethod
    def load(cls, settings: GeneratorConfig) -> PictureModels:
        """The models that the settings name. Raises ModelError when one cannot be used."""
        device = pick_device(settings.device)
        # There is no int8 for pictures.
        dtype = pick_dtype("auto" if settings.dtype == "int8" else settings.dtype, device)
        captioner = Captioner(settings.captioner, device, dtype) if settings.captioner else None
        painter = None
        if settings.painter:
            painter = Painter(settings.painter, device, dtype, settings.painter_steps)
        return cls(captioner, painter)

    @property
    def capabilities(self) -> list[JobType]:
        """Every type of job that a generator with these models serves."""
        served = list(TEXTS)
        served += ["caption"] if self.captioner is not None else []
        served += ["picture"] if self.painter is not None else []
        return served

    def run(self, job_id: str, job: CaptionJob | PictureJob) -> CaptionResult | PictureResult:
        """Do one job. Raises JobError when it cannot be done."""
        lease = job.lease.token if job.lease else None
        if isinstance(job, CaptionJob):
            if self.captioner is None:
                raise JobError("this generator has no captioner")
            captions = [self.captioner.caption(_decoded(image)) for image in job.images]
            return CaptionResult(captions=captions, model_info={"model": self.captioner.name}, lease=lease)
        if self.painter is None:
            raise JobError("this generator makes no pictures")
        made = self.painter.paint(job.description, job.words, job_id)
        return PictureResult(
            png=base64.b64encode(made.png).decode("ascii"),
            width=made.width,
            height=made.height,
            guidance=made.guidance,
            model_info={"model": self.painter.name},
            lease=lease,
        )


def _decoded(image: str) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except binascii.Error:
        raise JobError("a picture is not in Base64") from None
