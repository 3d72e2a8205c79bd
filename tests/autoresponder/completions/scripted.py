"""A completions server of a few lines, which can be told to fail in the ways that servers fail."""

from __future__ import annotations

import json
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from autoresponder.model.encoding import TextEncoder

WORDS = [
    "river",
    "heron",
    "owl",
    "moon",
    "boat",
    "lamp",
    "fern",
    "bell",
    "goat",
    "train",
    "paint",
    "letter",
    "stone",
    "bread",
    "window",
    "garden",
]
NARROW = 0.01
"""A mass, or a target, under which one token is left."""
LENGTH = 30
"""Words of a text."""

Reply = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's script says, and well where it says nothing."""

    server: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The list of models."""
        self.server.paths.append(self.path)
        if self.server.away:
            self.send(503, "loading")
            return
        listed = [{"id": name, **self.server.about_model} for name in self.server.models]
        self.send(200, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        """Texts."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(body)
            self.server.headers.append(dict(self.headers))
            reply = self.server.script.popleft() if self.server.script else self.server.usual
        reply(self, body)

    def send(self, status: int, content: object, headers: Mapping[str, str] = {}) -> None:
        """A whole answer."""
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


class ScriptedServer(ThreadingHTTPServer):
    """``script`` are the replies to the next requests; what it can do is said by its attributes."""

    daemon_threads = True

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.encoder = encoder
        self.models = ["big"]
        self.about_model: dict[str, object] = {}
        self.away = False  # its front answers that it is not there yet
        self.takes_ids = True
        self.most_texts = 64
        self.filters: tuple[str, ...] = ("top_p", "typical_p", "mirostat_tau")
        self.draws = True
        self.text: Callable[[str], str] = lambda words: f" #river, #owl\n {words}"
        self.finish_reason = "stop"
        self.lock = threading.Lock()
        self.script: deque[Reply] = deque()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """Nobody listens any more."""
        self.shutdown()
        self.server_close()

    def usual(self, handler: Handler, body: dict[str, Any]) -> None:
        """A good answer, or the refusal of what it cannot do."""
        prompt = body["prompt"]
        if isinstance(prompt, list) and not self.takes_ids:
            handler.send(400, {"detail": "prompt must be a string."})
            return
        wanted = min(body.get("n", 1), self.most_texts)
        choices = [
            {"index": place, "text": self.text(self._words(body, place)), "finish_reason": self.finish_reason}
            for place in range(wanted)
        ]
        handler.send(200, {"choices": choices[::-1], "usage": {"prompt_tokens": self._count(prompt)}})

    def _count(self, prompt: str | list[int]) -> int:
        """Tokens of a prompt, as a tokenizer reads them that knows its control tokens in any text."""
        if isinstance(prompt, list):
            return len(prompt)
        return len(self.encoder.tokenizer.encode(prompt, add_special_tokens=False))

    def _words(self, body: dict[str, Any], place: int) -> str:
        nested = json.loads(body.get("generation_config") or "{}")
        narrow = any((body | nested).get(name, 1) < NARROW for name in self.filters)
        greedy = body.get("temperature") == 0
        fixed = narrow or greedy or not self.draws
        chance = random.Random(0 if fixed else body["seed"] + place)
        return " ".join(chance.choice(WORDS) for _ in range(LENGTH))


def status(code: int, headers: Mapping[str, str] = {}, content: object = "trouble") -> Reply:
    """An answer with a status."""
    return lambda handler, _: handler.send(code, content, headers)


def body(content: object) -> Reply:
    """An answer of any content."""
    return lambda handler, _: handler.send(200, content)


def broken_off(handler: Handler, _: object) -> None:
    """Half an answer, and the end of the connection: the server was killed."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"index"')
    handler.close_connection = True


def silent(handler: Handler, _: object) -> None:
    """No answer until the test is over."""
    handler.server.over.wait()
    handler.close_connection = True


def trickling(handler: Handler, _: object) -> None:
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b" ")
    handler.close_connection = True


@contextmanager
def serving(encoder: TextEncoder) -> Iterator[ScriptedServer]:
    """A server that serves meanwhile."""
    server = ScriptedServer(encoder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.stop()
        thread.join()
