"""How well text in images is read, whether what is drawn is read back, and what an image costs.

    python -m benchmarks.images                     everything (about ten minutes on two cores)
    python -m benchmarks.images rates --thumbnails docs/images
    python -m benchmarks.images tuning              error rates of thresholds, on the set that chooses them
    python -m benchmarks.images round-trip --texts 500
    python -m benchmarks.images cost --images 1000

From the project's root. The pictures are made by tests/images/specimens.py. Costs are CPU time, so that
other work on the machine matters little. The last line is JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from images.backends import Backend, load_backend
from images.cache import ImageCache
from images.drawing import Artist
from images.lines import Frame
from images.pool import WorkerPool
from images.reader import reader_key, rules_of
from images.recognise import read_picture
from images.rules import Rules, text_of_frames
from images.settings import ImagesConfig
from tests.images.error_rate import errors
from tests.images.sentences import TEST, TUNING
from tests.images.specimens import Specimen, page, png, specimens

CONFIG = ImagesConfig(worker_threads=1)
THUMBNAIL = (240, 150)
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
CORNERS = (0.0, 0.01, 0.02, 0.03, 0.05)
ROUND_TRIP_SCRIPTS = ("latin", "accents", "chinese", "japanese")
REPORT_EVERY = 100


@dataclass(frozen=True)
class Tally:
    """Wrong characters and all characters of some pictures, and the seconds they took."""

    pictures: int = 0
    wrong: int = 0
    characters: int = 0
    seconds: float = 0.0

    def plus(self, wrong: int, characters: int, seconds: float = 0.0) -> Tally:
        """With one more picture."""
        return Tally(
            self.pictures + 1, self.wrong + wrong, self.characters + characters, self.seconds + seconds
        )

    def as_json(self) -> dict[str, float]:
        """Its figures; the rate is in per cent."""
        rate = 100 * self.wrong / self.characters if self.characters else 0.0
        return {
            "pictures": self.pictures,
            "wrong": self.wrong,
            "characters": self.characters,
            "error_rate_percent": round(rate, 2),
            "cpu_ms_per_picture": round(1000 * self.seconds / self.pictures),
        }


def rates(backend: Backend, thumbnails: Path | None) -> dict[str, Any]:
    """The error rate of every kind of test picture, and of every group of kinds."""
    kinds: defaultdict[str, Tally] = defaultdict(Tally)
    groups: defaultdict[str, Tally] = defaultdict(Tally)
    shown: set[str] = set()
    for specimen in specimens("test"):
        kind = "formats" if specimen.group == "format" and specimen.kind != "animated" else specimen.kind
        began = time.process_time()
        frames = read_picture(specimen.data, backend, CONFIG)
        seconds = time.process_time() - began
        wrong, characters = errors(specimen.truth, text_of_frames(frames, rules_of(CONFIG)))
        kinds[f"{specimen.group}: {kind}"] = kinds[f"{specimen.group}: {kind}"].plus(
            wrong, characters, seconds
        )
        groups[specimen.group] = groups[specimen.group].plus(wrong, characters, seconds)
        if wrong:
            print(f"{specimen.name}: {wrong} of {characters}", flush=True)
        if thumbnails is not None and kind not in shown:
            save_thumbnail(specimen, thumbnails / f"reading-{slug(kind)}.png")
            shown.add(kind)
    for name, tally in (*kinds.items(), *groups.items()):
        figures = tally.as_json()
        rate = figures["error_rate_percent"]
        print(f"| {name} | {figures['pictures']} | {figures['characters']} | {rate} % |")
    return {name: tally.as_json() for name, tally in (*kinds.items(), *groups.items())}


def slug(kind: str) -> str:
    """A kind's name in a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", kind).strip("-")


def save_thumbnail(specimen: Specimen, path: Path) -> None:
    """A small picture of a test picture."""
    with Image.open(io.BytesIO(specimen.data)) as opened:
        small = opened.convert("RGB")
    small.thumbnail(THUMBNAIL)
    path.write_bytes(png(small.quantize(32), optimize=True))


def tuning(backend: Backend) -> dict[str, Any]:
    """Wrong characters on the tuning set, for each least confidence and each size of the corners."""
    read = [(one.truth, read_picture(one.data, backend, CONFIG)) for one in specimens("tuning")]
    table = {
        f"corner {corner}": {
            str(least): sum(
                errors(truth, text_of_frames(found, Rules(least, corner)))[0] for truth, found in read
            )
            for least in CONFIDENCES
        }
        for corner in CORNERS
    }
    for corner, row in table.items():
        print(corner, row)
    return table


def generated_texts(count: int) -> Iterator[tuple[str, str]]:
    """Texts of one to six sentences or heaps of words, by script; the same every time."""
    chance = random.Random("round trip")
    for number in range(count):
        script = ROUND_TRIP_SCRIPTS[number % len(ROUND_TRIP_SCRIPTS)]
        sentences = [*TEST[script], *TUNING[script]]
        if " " in sentences[0]:
            words = " ".join(sentences).split()
            chosen = [
                " ".join(chance.choices(words, k=chance.randint(3, 12))) for _ in range(chance.randint(1, 4))
            ]
        else:
            pieces = [piece for one in sentences for piece in re.split("(?<=[。，、])", one) if piece]
            chosen = [
                "".join(chance.choices(pieces, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 4))
            ]
        yield script, "\n".join(chosen)


def round_trip(backend: Backend, count: int) -> dict[str, Any]:
    """Draw texts and read them back."""
    artist = Artist.of(CONFIG)
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for number, (script, text) in enumerate(generated_texts(count), 1):
        began = time.process_time()
        frames = read_picture(png(artist.draw(text)), backend, CONFIG)
        wrong, characters = errors(text, text_of_frames(frames, rules_of(CONFIG)))
        for name in (script, "all"):
            tallies[name] = tallies[name].plus(wrong, characters, time.process_time() - began)
        if number % REPORT_EVERY == 0:
            print(f"{number} texts: {tallies['all'].as_json()}", flush=True)
    return {name: tally.as_json() for name, tally in tallies.items()}


def cost(backend: Backend, count: int) -> dict[str, Any]:
    """What one image costs inline, by the pool and from the cache; the memory of workers over many images."""
    data = [one.data for one in specimens("tuning") if one.group == "plain"][:8]
    figures: dict[str, Any] = {
        "inline_ms": timed(lambda: [read_picture(one, backend, CONFIG) for one in data], 8)
    }
    pool = WorkerPool(CONFIG)
    try:
        began = time.perf_counter()
        pool.ask("prepare", seconds=CONFIG.worker_start_seconds)
        figures["worker_start_seconds"] = round(time.perf_counter() - began, 2)
        figures["pool_ms"] = timed(lambda: [pool.ask("read", one) for one in data], 8)
        figures["draw_ms"] = timed(lambda: [pool.ask("draw", b"a few words, drawn " * 8) for _ in data], 8)
        figures["worker_peak_mib"] = worker_memory(pool, count)
    finally:
        pool.close()
    figures["cache_hit_ms"] = cache_hit()
    return figures


def timed(work: Callable[[], object], pictures: int) -> float:
    """Wall milliseconds for each picture: the shorter of two rounds."""
    rounds = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - began)
    return round(1000 * min(rounds) / pictures, 1)


def worker_memory(pool: WorkerPool, count: int) -> dict[str, int]:
    """The peak of the present worker's memory in MiB, over many images of different sizes."""
    chance = random.Random("memory")
    peaks: dict[str, int] = {}
    for number in range(1, count + 1):
        words = " ".join(chance.choices(" ".join(TUNING["latin"]).split(), k=chance.randint(2, 60)))
        image, _ = page([(words, "DejaVuSans.ttf", chance.randint(12, 30))], width=chance.randint(200, 900))
        answer = pool.ask("read", png(image))
        if number % REPORT_EVERY == 0 or number == count:
            peaks[str(number)] = int(answer.fields["peak_mebibytes"])
            print(f"{number} images: {peaks[str(number)]} MiB", flush=True)
    return peaks


def cache_hit() -> float:
    """Milliseconds for an image that is known."""
    with tempfile.TemporaryDirectory() as folder:
        cache = ImageCache(Path(folder) / "images.sqlite", 10)
        reader = reader_key(CONFIG)
        cache.keep_frames("content", reader, (Frame(10, 10),))
        cache.keep_address("url", "content")
        found = timed(lambda: [cache.of_address("url", reader) for _ in range(200)], 200)
        cache.close()
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line names, or everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("rates", "tuning", "round-trip", "cost")
    parser.add_argument("part", nargs="?", choices=parts, help="default: all but tuning")
    parser.add_argument("--texts", type=int, default=500, help="texts that are drawn and read back")
    parser.add_argument("--images", type=int, default=1000, help="images that the memory is watched over")
    parser.add_argument("--thumbnails", type=Path, help="folder for small pictures of each kind")
    arguments = parser.parse_args(argv)
    backend = load_backend(CONFIG)
    work: dict[str, Callable[[], dict[str, Any]]] = {
        "rates": lambda: rates(backend, arguments.thumbnails),
        "tuning": lambda: tuning(backend),
        "round-trip": lambda: round_trip(backend, arguments.texts),
        "cost": lambda: cost(backend, arguments.images),
    }
    chosen = [arguments.part] if arguments.part else ["rates", "round-trip", "cost"]
    print(json.dumps({part: work[part]() for part in chosen}))


if __name__ == "__main__":
    main()
