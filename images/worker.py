"""The process that decodes, recognises and draws: a crash, a hang or a leak of a library costs one image.

Started by ``pool``; speaks over the socket whose number is its argument (see ``wire``). Dies with its parent.
"""

from __future__ import annotations

import io
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from images.errors import ImageError, RecogniserError
from images.settings import ImagesConfig
from images.wire import Message, receive, send

_GRACE = 5
"""Seconds after a request's deadline when the process ends itself, should its parent be gone."""
_MEBIBYTE = 2**20


class Worker:
    """Does what it is asked, one request after the other; libraries are loaded when first needed."""

    def __init__(self, config: ImagesConfig) -> None:
        self._config = config
        self._backend: Any = None
        self._artist: Any = None
        self._commands: Mapping[str, Callable[[Message], Message]] = {
            "prepare": self._prepare,
            "read": self._read,
            "draw": self._draw,
            "thumbnail": self._thumbnail,
            "shaping": self._shaping,
        }

    def do(self, request: Message) -> Message:
        """The answer to a request; what cannot be done is an answer too."""
        try:
            return self._commands[request.fields["command"]](request)
        except ImageError as error:
            return failure(error)
        except MemoryError:
            return failure(RecogniserError("there is too little memory for it", is_permanent=True))

    def _prepare(self, _request: Message) -> Message:
        return Message({"version": self._loaded().version})

    def _loaded(self) -> Any:
        if self._backend is None:
            from images.backends import load_backend

            self._backend = load_backend(self._config)
        return self._backend

    def _read(self, request: Message) -> Message:
        from images.recognise import read_picture

        frames = read_picture(request.body, self._loaded(), self._config)
        return Message({"frames": [frame.to_json() for frame in frames]})

    def _thumbnail(self, request: Message) -> Message:
        from images.recognise import thumbnail

        return Message({}, thumbnail(request.body, self._config))

    def _shaping(self, _request: Message) -> Message:
        from images.drawing.fonts import can_shape

        return Message({"shapes": can_shape()})

    def _draw(self, request: Message) -> Message:
        if self._artist is None:
            from images.drawing import Artist

            self._artist = Artist.of(self._config)
        image = self._artist.draw(request.body.decode("utf-8"))
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return Message({"width": image.width, "height": image.height}, out.getvalue())


def failure(error: ImageError) -> Message:
    """The answer that says what went wrong."""
    return Message({"error": error.reason, "is_permanent": error.is_permanent})


def main(number: int) -> None:
    """Serve requests from the socket with this number until it is closed."""
    channel = socket.socket(fileno=number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    config = ImagesConfig.model_validate(receive(channel).fields)
    most = config.worker_mebibytes * _MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worker = Worker(config)
    while True:
        try:
            request = receive(channel)
        except EOFError:
            return
        signal.alarm(int(request.fields["seconds"]) + _GRACE)
        answer = worker.do(request)
        signal.alarm(0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        send(channel, Message({**answer.fields, "peak_mebibytes": peak}, answer.body))


if __name__ == "__main__":
    main(int(sys.argv[1]))
