"""The mood on the command line.

daily, range and series answer JSON lines on standard input with JSON lines. now, graph and tune read the
bot's history of mood inputs: JSON lines in a file, as mood/history.py describes them. How the mood moves is
what the bot's configuration says, where there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from bot_config import Config, ConfigError, load_config
from bot_lifecycle import until_unread
from mood.commands.lines import DailyLine, RangeLine, SeriesLine
from mood.commands.report import now_report, tuning_report
from mood.dated_settings import read_system
from mood.history import localized, parse_history
from mood.named import RANGES
from mood.series import Stretch, mood_series, with_trial

Line = DailyLine | RangeLine | SeriesLine
LINES: dict[str, type[Line]] = {"daily": DailyLine, "range": RangeLine, "series": SeriesLine}
TUNING_STEP_SECONDS = 600.0
FINEST_SECONDS, MOST_POINTS = 30.0, 5_000  # of a graph


def answers(kind: type[Line], lines: Iterable[str]) -> Iterator[dict[str, object]]:
    """One answer per line; a line that cannot be done is answered with what is wrong and why."""
    for line in lines:
        if not line.strip():
            continue
        name: object = None
        try:
            row = json.loads(line)
            name = row.get("id") if isinstance(row, dict) else None
            yield {"id": name, **kind.model_validate(row).answer()}
        except ValidationError as error:
            first = error.errors()[0]
            yield {"id": name, "error": f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"}
        except (ValueError, ArithmeticError, RecursionError) as error:
            yield {"id": name, "error": str(error)}


def answer_lines(arguments: argparse.Namespace) -> int:
    """daily, range, series: 1 if some line could not be done."""
    failed = False
    for answer in answers(LINES[arguments.command], sys.stdin):
        print(json.dumps(answer))
        failed = failed or "error" in answer
    return int(failed)


class History:
    """What now, graph and tune have in common: the inputs, the system, and the moment that is looked at."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        path: Path = arguments.config
        settings = load_config(path, secrets=()) if path.exists() else Config()
        self.zone = ZoneInfo(arguments.timezone or settings.blog.timezone)
        path = arguments.history
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        self.inputs = parse_history(text.splitlines(), self.zone)
        self.system = read_system(settings.mood, arguments.updates)
        self.ranges = settings.mood.ranges
        self.at = localized(arguments.at or datetime.now(UTC), self.zone)

    def stretch(self, length: timedelta, every_seconds: float) -> Stretch:
        """The last stretch of this length."""
        return Stretch(self.at - length, self.at, self.zone, every_seconds)


def show_now(arguments: argparse.Namespace) -> int:
    """now: the mood, and the sentiment it accepts."""
    history = History(arguments)
    print(
        now_report(
            history.inputs, history.at, history.zone, history.system, arguments.ranges or history.ranges
        )
    )
    return 0


def tune(arguments: argparse.Namespace) -> int:
    """tune: how centre and scale behaved over past weeks, and a dated update that keeps the balance."""
    history = History(arguments)
    stretch = history.stretch(timedelta(weeks=arguments.weeks), TUNING_STEP_SECONDS)
    print(tuning_report(history.inputs, stretch, history.system, arguments.extreme))
    return 0


def draw_graph(arguments: argparse.Namespace) -> int:
    """graph: the mood of the last days as a PNG, or a comparison with trial centres and scales."""
    from mood import graph  # matplotlib takes a second to load, and the other commands do without

    history = History(arguments)
    length = timedelta(days=arguments.days)
    stretch = history.stretch(length, max(FINEST_SECONDS, length.total_seconds() / MOST_POINTS))
    actual = mood_series(history.inputs, stretch, history.system)
    trials = [
        graph.Trial(
            graph.trial_label(centre, scale),
            mood_series(history.inputs, stretch, with_trial(history.system, stretch, centre, scale)),
            graph.trial_style(centre, scale),
        )
        for centre, scale in _trials(arguments.centre, arguments.scale)
    ]
    milestones = [localized(milestone, history.zone) for milestone in arguments.milestone]
    if trials or milestones:
        picture = graph.draw_trials(actual, trials, history.zone, milestones=milestones)
    else:
        picture = graph.draw_mood(actual, history.zone)
    out: Path = arguments.out
    path = out / graph.graph_name(history.at) if out.is_dir() else out
    path.write_bytes(picture)
    print(path)
    return 0


def _trials(centres: Sequence[float], scales: Sequence[float]) -> list[tuple[float | None, float | None]]:
    """Each trial centre, each trial scale, and each pair of them."""
    return [*((c, None) for c in centres), *((None, s) for s in scales), *product(centres, scales)]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m mood", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, kind in LINES.items():
        commands.add_parser(name, help=f"JSON lines: {kind.__doc__}").set_defaults(run=answer_lines)
    common = _history_options()
    now = commands.add_parser("now", parents=[common], help="the mood, and the sentiment it accepts")
    now.add_argument("--ranges", choices=tuple(RANGES), help="instead of the configuration's mood.ranges")
    now.set_defaults(run=show_now)
    graph = commands.add_parser("graph", parents=[common], help="draw the mood, or compare settings")
    graph.add_argument("--out", type=Path, default=Path(), help="PNG file or folder (default: here)")
    graph.add_argument("--days", type=float, default=1.0, help="length of the graph (default: 1)")
    graph.add_argument("--centre", type=float, nargs="*", default=[], help="trial centres")
    graph.add_argument("--scale", type=float, nargs="*", default=[], help="trial scales")
    graph.add_argument(
        "--milestone", type=datetime.fromisoformat, nargs="*", default=[], help="dates to mark"
    )
    graph.set_defaults(run=draw_graph)
    tuning = commands.add_parser("tune", parents=[common], help="propose a dated update of centre and scale")
    tuning.add_argument("--weeks", type=float, default=4.0, help="weeks to judge by (default: 4)")
    tuning.add_argument(
        "--extreme",
        type=float,
        help="also fit the scale: share of time that extreme moods may take, such as 0.1",
    )
    tuning.set_defaults(run=tune)
    return top


def _history_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--history", type=Path, required=True, help="file of mood inputs; - is standard input"
    )
    options.add_argument("--at", type=datetime.fromisoformat, help="moment, ISO (default: now)")
    options.add_argument(
        "--config",
        type=Path,
        default=Path("config.json"),
        help="configuration (default: config.json)",
    )
    options.add_argument("--timezone", help="zone of local times, instead of the configuration's")
    options.add_argument("--updates", type=Path, help="file of dated updates, instead of the configuration's")
    return options


def main(argv: list[str] | None = None) -> int:
    """Run one command. 1: some line could not be done; 2: nothing could, one line says why."""
    arguments = parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except BrokenPipeError:
        raise
    except (ConfigError, OSError, ValueError, ArithmeticError, ZoneInfoNotFoundError) as error:
        print(f"python -m mood {arguments.command}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(until_unread(main))
