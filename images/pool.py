"""A bounded pool of worker processes, each with one image at a time and a deadline for it."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from images.errors import ImageError, RecogniserError, WorkerError
from images.settings import ImagesConfig
from images.wire import Message, receive, send

WORKER = (sys.executable, "-m", "images.worker")
_ROOT = Path(__file__).resolve().parent.parent
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "OPENBLAS_CORETYPE")
_LAST_BREATH = 1.0
_LAST_WORDS = 300
"""Characters at the end of what a worker wrote that are looked at when it ended by itself."""
"""Seconds for a process that hung up to end by itself, so that its status is known."""
_RSS_SHARE = 0.5
"""A process whose memory once reached this share of its address space is replaced after the image."""


class WorkerPool:
    """Sends requests to worker processes. Threads may share one; processes start when first needed."""

    def __init__(self, config: ImagesConfig, *, command: Sequence[str] = WORKER) -> None:
        self._config = config
        self._command = tuple(command)
        self._idle: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(config.workers):
            self._idle.put(None)
        self._running: set[_Process] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def ask(self, command: str, body: bytes = b"", *, seconds: float | None = None) -> Message:
        """Have a worker do something, waiting for one to be free; ``seconds`` count from then.

        Raises the ImageError that the worker answers with, or WorkerError when it crashes or takes too
        long: then it is killed, and the next request gets a new one.
        """
        process = self._idle.get()
        keeps = False
        try:
            if process is None:
                process = self._start()
            answer = self._ask(process, command, body, seconds or self._config.image_seconds)
            keeps = not process.is_worn(self._config)
        finally:
            if process is not None and not keeps:
                self._end(process)
            self._idle.put(process if keeps else None)
        return _checked(answer)

    def _ask(self, process: _Process, command: str, body: bytes, seconds: float) -> Message:
        try:
            return process.ask(Message({"command": command, "seconds": seconds}, body), seconds)
        except TimeoutError:
            raise WorkerError(f"it took more than {seconds:g} seconds") from None
        except (EOFError, OSError, ValueError):
            raise WorkerError(f"its worker {process.end(_LAST_BREATH)}") from None

    def _start(self) -> _Process:
        with self._lock:
            if self._is_closed:
                raise WorkerError("the bot is stopping")
            process = _Process(self._command, self._config)
            self._running.add(process)
        return process

    def _end(self, process: _Process) -> None:
        process.end()
        with self._lock:
            self._running.discard(process)

    def close(self) -> None:
        """End all workers, busy or not; what they work on fails with WorkerError."""
        with self._lock:
            self._is_closed = True
            running = list(self._running)
        for process in running:
            process.end()


def check_backend(config: ImagesConfig, *, command: Sequence[str] = WORKER) -> str:
    """Start a worker, load the recogniser, end it; its version. Raises ImageError when it cannot be used."""
    pool = WorkerPool(config, command=command)
    try:
        return str(pool.ask("prepare", seconds=config.worker_start_seconds).fields["version"])
    finally:
        pool.close()


def _checked(answer: Message) -> Message:
    if "error" in answer.fields:
        error: type[ImageError] = RecogniserError
        raise error(str(answer.fields["error"]), is_permanent=bool(answer.fields.get("is_permanent")))
    return answer


class _Process:
    """One worker process and the socket to it."""

    def __init__(self, command: Sequence[str], config: ImagesConfig) -> None:
        self._channel, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=_environment(config),
                start_new_session=True,  # Ctrl-C in a terminal is for the bot alone
            )
        self._images = 0
        self._peak = 0
        self._is_configured = False
        self._has_backend = False
        self._config = config
        self._lock = threading.Lock()

    def ask(self, request: Message, seconds: float) -> Message:
        """The worker's answer; raises TimeoutError, EOFError, OSError or ValueError."""
        if not self._is_configured:
            self._channel.settimeout(seconds)
            send(self._channel, Message(_revealed(self._config)))
            self._is_configured = True
        if request.fields["command"] == "read" and not self._has_backend:
            # Loading the libraries is not the first image's time.
            starting = self._config.worker_start_seconds
            _checked(self._exchange(Message({"command": "prepare", "seconds": starting}), starting))
            self._has_backend = True
        answer = self._exchange(request, seconds)
        self._images += 1
        self._peak = max(self._peak, int(answer.fields.get("peak_mebibytes", 0)))
        return answer

    def _exchange(self, request: Message, seconds: float) -> Message:
        deadline = time.monotonic() + seconds
        self._channel.settimeout(seconds)
        send(self._channel, request)
        return receive(self._channel, deadline)

    def is_worn(self, config: ImagesConfig) -> bool:
        """Whether it has done enough, or has grown: libraries give little memory back."""
        return self._images >= config.worker_images or self._peak > _RSS_SHARE * config.worker_mebibytes

    def end(self, patience: float = 0.0) -> str:
        """Kill it if it still runs after some seconds; says how it ended."""
        with self._lock:
            self._channel.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
            ended_itself = self._process.poll()
            if ended_itself is None:
                self._process.kill()
                self._process.wait()
            last_words = self._last_words()
            self._said.close()
            return "was stopped" if ended_itself is None else f"ended with status {ended_itself}{last_words}"

    def _last_words(self) -> str:
        """The last line that the process wrote, such as an exception's, in brackets, if there is one."""
        if self._said.closed:
            return ""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _LAST_WORDS))
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" ({''.join(filter(str.isprintable, last))})" if last else ""


def _environment(config: ImagesConfig) -> dict[str, str]:
    """What a worker is told of the world: none of the bot's secrets but AWS's, if it is AWS that reads."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    if config.backend == "rekognition":
        kept |= {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    # ONNX runtime and OpenCV set their threads from the machine's cores unless they are told.
    threads = {name: str(config.worker_threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    paths = [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**kept, **threads, "PYTHONPATH": os.pathsep.join(paths)}


def _revealed(config: ImagesConfig) -> Mapping[str, Any]:
    """The settings as JSON values, with the secrets that the worker needs: they go over the socket alone."""
    shown: dict[str, Any] = config.model_dump(mode="json")
    for name in ("access_key", "secret_key"):
        secret: SecretStr | None = getattr(config.rekognition, name)
        shown["rekognition"][name] = None if secret is None else secret.get_secret_value()
    return shown
