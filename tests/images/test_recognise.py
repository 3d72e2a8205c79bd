"""Real pictures read by the real recogniser, in its worker and from the command line: one of each kind.

The whole table of error rates is made by ``python -m benchmarks.images``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from images.errors import ImageError
from images.lines import Frame
from images.pool import WorkerPool, check_backend
from images.reader import rules_of
from images.rules import text_of_frames
from images.settings import ImagesConfig
from tests.images.error_rate import errors
from tests.images.specimens import Specimen, specimens
from tests.images.test_pictures import EPS, huge_png

CONFIG = ImagesConfig(image_seconds=120, worker_start_seconds=120, worker_threads=1)
ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = [
    "light-latin-0", "dark-accents-1", "text-chinese-", "text-japanese-", "hand-0", "pale-0", "turned+4",
    "tiny-latin-9", "photo-0", "meme-0", "cmyk-unmarked", "rgba-white", "exif-6", "png-grey-16", "avif.avif",
    "animated.gif", "nothing-0",
]  # fmt: skip
ALL = specimens("test")
CHOSEN = [next(one for one in ALL if one.name.startswith(name)) for name in NAMES]


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with_workers = WorkerPool(CONFIG)
    yield with_workers
    with_workers.close()


def read(pool: WorkerPool, data: bytes) -> str:
    frames = [Frame.from_json(frame) for frame in pool.ask("read", data).fields["frames"]]
    return text_of_frames(frames, rules_of(CONFIG))


@pytest.mark.parametrize("specimen", CHOSEN, ids=lambda one: one.name)
def test_one_picture_of_each_kind(pool: WorkerPool, specimen: Specimen) -> None:
    wrong, characters = errors(specimen.truth, read(pool, specimen.data))
    assert wrong <= max(2, 0.05 * characters)


@pytest.mark.parametrize("data", [EPS, huge_png(), b""], ids=["eps", "60,000 x 60,000", "empty"])
def test_what_is_refused_costs_one_image(pool: WorkerPool, data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        pool.ask("read", data)
    assert caught.value.is_permanent


def test_what_we_draw_we_read(pool: WorkerPool) -> None:
    text = "Naïve façade, déjà vu\n今日はとても天気がいい\n他说他不喜欢下雨的日子"
    drawn = pool.ask("draw", text.encode()).body
    wrong, characters = errors(text, read(pool, drawn))
    assert wrong <= 0.01 * characters


def test_markup_in_a_picture_stays_text(pool: WorkerPool) -> None:
    """What is done with it is the business of those who print it; reading neither runs nor drops it."""
    drawn = pool.ask("draw", b"<img src=x onerror=alert(1)>").body
    assert "onerror" in read(pool, drawn)


def test_too_little_memory_is_an_error_of_one_image() -> None:
    with pytest.raises(ImageError):
        check_backend(ImagesConfig(worker_mebibytes=300, worker_start_seconds=120))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs CPU affinity")
def test_it_starts_on_a_single_cpu() -> None:
    core = min(os.sched_getaffinity(0))
    command = ("taskset", "-c", str(core), sys.executable, "-m", "images.worker")
    assert check_backend(CONFIG, command=command).startswith("rapidocr-")


def test_the_command_line(tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.png"
    command = [sys.executable, "-m", "images"]
    drawing = subprocess.run(
        [*command, "draw", "--out", str(drawn)], input=b"reblog if you agree", cwd=ROOT, check=False
    )
    assert drawing.returncode == 0
    (tmp_path / "text.png").write_text("no picture")
    files = [str(drawn), str(tmp_path / "text.png"), str(tmp_path / "none.png"), str(drawn)]
    reading = subprocess.run([*command, "read", *files], capture_output=True, cwd=ROOT, check=False)
    first, broken, missing, last = (json.loads(line) for line in reading.stdout.splitlines())
    assert reading.returncode == 1
    assert first["text"] == "reblog if you agree"
    (line,) = first["lines"]
    assert line["text"] == "reblog if you agree"
    assert 0.7 < line["confidence"] <= 1
    left, top, right, bottom = line["box"]
    assert 0 < left < right < 1
    assert 0 < top < bottom < 1
    assert {"file", "error"} == set(broken) == set(missing)
    assert last == first
    assert subprocess.run([*command, "read"], capture_output=True, cwd=ROOT, check=False).returncode == 2


def test_a_strip_is_read_and_not_shrunk(pool: WorkerPool) -> None:
    lines = [f"this is line number {number}" for number in range(60)]
    tall = pool.ask("draw", "\n".join(lines).encode()).body
    assert errors("\n".join(lines), read(pool, tall))[0] <= 6


def test_addresses_in_any_text_are_read_into_a_cache_and_told(tmp_path: Path) -> None:
    picture = tmp_path / "sign.png"
    command = [sys.executable, "-m", "images"]
    subprocess.run([*command, "draw", "--out", str(picture)], input=b"soup of the day", cwd=ROOT, check=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        page = (
            f'{{"body":"<img src=\\"http:\\/\\/{host}\\/sign.png\\">"}} <a href="https://example.org/x.png">'
        )
        cache = str(tmp_path / "images.sqlite")
        filling = subprocess.run(
            [*command, "fill", "--cache", cache, "--host", host],
            input=page.encode(),
            capture_output=True,
            cwd=ROOT,
            check=False,
        )
        server.shutdown()
    assert json.loads(filling.stdout) == {"images": 2, "with_text": 1}
    told = subprocess.run([*command, "texts", "--cache", cache], capture_output=True, cwd=ROOT, check=True)
    (line,) = told.stdout.splitlines()
    assert json.loads(line) == {"url": f"http://{host}/sign.png", "text": "soup of the day"}
