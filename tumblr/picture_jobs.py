"""Captions and pictures from the generator, through the switchboard; loaded only where configured."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import TypeVar

from images.errors import ImageError, RecogniserError
from images.settings import ImagesConfig
from munging.figures import Block
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import (
    CaptionOutcome,
    CaptionRequest,
    PictureOutcome,
    PictureRequest,
    SubmitReply,
    request_id,
)
from switchboard.messages.fields import MAX_WAIT_SECONDS
from tumblr.bot import Drawing

CLIENT = "tumbl-images"
Outcome = TypeVar("Outcome", CaptionOutcome, PictureOutcome)


class PictureJobs:
    """Asks a generator and waits for it; each call is made in a thread of its own. Threads may share one."""

    def __init__(self, connect: Callable[[], SwitchboardClient], settings: ImagesConfig) -> None:
        self._connect = connect
        self._settings = settings

    def caption(self, jpeg: bytes) -> str:
        """What a picture shows. Raises ImageError when that cannot be had now."""
        images = [base64.b64encode(jpeg).decode("ascii")]
        request = CaptionRequest(id=request_id("caption", {"images": images}), client=CLIENT, images=images)
        found = self._ask(
            request.id,
            lambda client: client.submit_caption(request),
            CaptionOutcome,
            self._settings.caption_seconds,
        )
        return found.captions[0]

    def picture(self, block: Block) -> Drawing:
        """A picture of what a block describes. Raises ImageError when it cannot be had."""
        fields = {"description": block.description, "words": block.words}
        request = PictureRequest(id=request_id("picture", fields), client=CLIENT, **fields)
        made = self._ask(
            request.id,
            lambda client: client.submit_picture(request),
            PictureOutcome,
            self._settings.picture_seconds,
        )
        return Drawing(base64.b64decode(made.png), made.width, made.height, made.guidance)

    def _ask(
        self,
        job_id: str,
        submit: Callable[[SwitchboardClient], SubmitReply],
        kind: type[Outcome],
        seconds: float,
    ) -> Outcome:
        client = self._connect()
        try:
            submit(client)
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                reply = client.get_result(job_id, min(left, MAX_WAIT_SECONDS))
                if isinstance(reply.result, kind):
                    client.acknowledge(job_id)
                    return reply.result
                if reply.done or reply.state == "unknown":
                    raise RecogniserError(reply.error or "no result came of it", is_permanent=False)
            client.cancel(job_id)
        except SwitchboardError as error:
            raise RecogniserError(f"the switchboard: {error}", is_permanent=False) from None
        finally:
            client.close()
        raise ImageError(f"no generator has answered in {seconds:g} seconds", is_permanent=False)
