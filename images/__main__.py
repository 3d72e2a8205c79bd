"""Read the text in picture files, or draw text as a picture.

python -m images read FILE…                 a JSON line for each file
python -m images draw --out FILE.png        text from standard input
python -m images fill --cache FILE          read every image that standard input names, into a cache
python -m images texts --cache FILE         print what a cache knows, for python -m training prepare
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot_lifecycle import configure_logging
from images.cache import ImageCache
from images.errors import ImageError
from images.fetcher import Fetcher, FetchLimits
from images.lines import Frame, Line
from images.pool import WorkerPool
from images.reader import ImageReader, reader_key, rules_of
from images.reading_order import in_reading_order
from images.rules import Rules, is_kept, text_of_frames
from images.settings import ImagesConfig

WRONG_USE = 2
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+\.(?:png|jpe?g|gif|webp|avif|pnj|gifv)\b", re.IGNORECASE)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit status."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "texts":
        return texts(arguments.cache, arguments.min_confidence)
    configure_logging("images")
    config = ImagesConfig(hosts=arguments.host if arguments.command == "fill" else [])
    pool = WorkerPool(config)
    try:
        match arguments.command:
            case "read":
                return read(arguments.file, pool)
            case "draw":
                return draw(arguments.out, pool)
        return fill(arguments.cache, config, pool)
    finally:
        pool.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="images", description="read text in pictures, or draw it")
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("read", help="print for each file its text, as a JSON line")
    reading.add_argument("file", nargs="+", type=Path)
    drawing = commands.add_parser("draw", help="draw the text on standard input as the bot would post it")
    drawing.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    filling = commands.add_parser("fill", help="read the images whose addresses stand in standard input")
    filling.add_argument("--cache", type=Path, required=True, metavar="FILE", help="where texts are kept")
    filling.add_argument("--host", action="append", default=[], help="further hosts, as in images.hosts")
    telling = commands.add_parser("texts", help="print what was read, a JSON line for each address")
    telling.add_argument("--cache", type=Path, required=True, metavar="FILE", help="where texts are kept")
    telling.add_argument(
        "--min-confidence", type=float, metavar="SHARE", help="least confidence; default: the recogniser's"
    )
    return parser


def fill(path: Path, config: ImagesConfig, pool: WorkerPool) -> int:
    """Read every image of tumblr's that standard input names, in whatever form it stands there."""
    named = _ADDRESS.findall(sys.stdin.read().replace("\\/", "/"))
    wanted = list(dict.fromkeys(html.unescape(address) for address in named))
    limits = FetchLimits(int(config.max_mebibytes * 2**20), config.fetch_seconds)
    fetcher = Fetcher(limits, config.hosts, size_variants=config.size_variants)
    reader = ImageReader(config, ImageCache(path, config.cache_days), fetcher, pool)
    try:
        found = reader.read_all(wanted)
    finally:
        reader.close()
    print(json.dumps({"images": len(wanted), "with_text": len(found)}))
    return 0


def texts(path: Path, min_confidence: float | None) -> int:
    """Print the text of every image that a cache knows."""
    if not path.is_file():
        print(f"error: {path} is not there", file=sys.stderr)
        return WRONG_USE
    config = ImagesConfig()
    rules = rules_of(config)
    if min_confidence is not None:
        rules = replace(rules, min_confidence=min_confidence)
    cache = ImageCache(path, config.cache_days)
    for url, known in cache.texts_known(reader_key(config)):
        if text := text_of_frames(known.frames or (), rules):
            print(json.dumps({"url": url, "text": text}, ensure_ascii=False))
    cache.close()
    return 0


def read(files: Sequence[Path], pool: WorkerPool) -> int:
    """Print what stands in each file; 1 when one could not be read."""
    rules = rules_of(ImagesConfig())
    status = 0
    for file in files:
        try:
            answer = pool.ask("read", file.read_bytes())
        except OSError as error:
            line: dict[str, Any] = {"file": str(file), "error": error.strerror or type(error).__name__}
        except ImageError as error:
            line = {"file": str(file), "error": error.reason}
        else:
            frames = [Frame.from_json(frame) for frame in answer.fields["frames"]]
            line = {"file": str(file), **as_json(frames, rules)}
        status = 1 if "error" in line else status
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return status


def as_json(frames: Sequence[Frame], rules: Rules) -> dict[str, Any]:
    """The text of a picture and the lines that it is made of."""
    kept = (Frame(frame.width, frame.height, _kept(frame, rules)) for frame in frames)
    lines = [line for frame in kept for row in in_reading_order(frame) for line in row]
    return {
        "text": text_of_frames(frames, rules),
        "lines": [
            {"text": line.text, "confidence": round(line.confidence, 4), "box": _rounded(line.box)}
            for line in lines
        ],
    }


def _kept(frame: Frame, rules: Rules) -> tuple[Line, ...]:
    return tuple(line for line in frame.lines if is_kept(line, rules))


def _rounded(box: tuple[float, ...] | None) -> list[float] | None:
    return None if box is None else [round(side, 4) for side in box]


def draw(out: Path, pool: WorkerPool) -> int:
    """Draw what stands on standard input; 1 when it cannot be drawn or written."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
        out.write_bytes(pool.ask("draw", text.encode()).body)
    except UnicodeDecodeError:
        print("error: standard input is not UTF-8", file=sys.stderr)
        return WRONG_USE
    except ImageError as error:
        print(f"error: {error.reason}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {out} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
