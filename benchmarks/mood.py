"""How long one question for the mood takes: closed form and running state against scipy's integration.

    python -m benchmarks.mood [--inputs 500] [--history 100000]

From the project's root, as a module: started as a file it would hide the package of the same name. All
variants answer the same question in one run. The last line is JSON; times are in microseconds, the median of
several tries.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from scipy import signal

from mood.dynamics import DEFAULT, MoodCurve, mood_at, mood_value
from mood.system import MoodInput, kicks
from tumblr.moods.current import Moods
from tumblr.store.database import Database
from tumblr.store.schema import mood_inputs
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind

PACIFIC = ZoneInfo("US/Pacific")
NOW = datetime(2021, 2, 6, 12, tzinfo=PACIFIC)
WINDOW = timedelta(seconds=DEFAULT.window_seconds)


def made_up(number: int, span: timedelta, rng: random.Random) -> list[MoodInput]:
    """That many inputs over a span of time up to now."""
    times = sorted(NOW - span * rng.random() for _ in range(number))
    return [MoodInput(moment, rng.gauss(0, 3), rng.gauss(-0.5, 2)) for moment in times]


def by_integration(inputs: list[MoodInput]) -> float:
    """The mood by scipy.signal.lsim over every step of the window, with zero-order hold."""
    h, constants = DEFAULT.step_seconds, DEFAULT.time_constants.initial
    a, b = h / constants.tau_seconds, h / constants.rise_seconds
    now = NOW.timestamp()
    first = int((now - DEFAULT.window_seconds) // h)
    pushes = np.zeros(round(now / h) - first + 1)
    moments, sizes = kicks(inputs, DEFAULT)
    np.add.at(pushes, (moments // h).astype(int) - first, sizes)
    plant = (np.array([[-a, 1.0], [0.0, -b]]), np.array([[0.0], [0.15 * b]]), np.array([[1.0, 0.0]]), 0.0)
    _, series, _ = signal.lsim(plant, pushes, np.arange(len(pushes)), interp=False)
    return mood_at(float(series[-1]), now, PACIFIC)


def running(inputs: list[MoodInput]) -> Callable[[], float]:
    """Questions to a running state, each a minute later than the one before, each after a new input."""
    curve = MoodCurve()
    curve.add_inputs(inputs)
    moment = NOW.timestamp()
    curve.offset(moment)
    rng = random.Random(1)

    def ask() -> float:
        nonlocal moment
        moment += 60
        curve.add(moment - 30, rng.gauss(0, 2))
        return mood_at(curve.offset(moment), moment, PACIFIC)

    return ask


@contextmanager
def in_the_bot(history: list[MoodInput]) -> Iterator[Callable[[], float]]:
    """Questions to the bot itself, whose database holds a long history; each a quarter of an hour later."""
    rows = [
        {
            "kind": TurnKind.ASK,
            "who": "somebody",
            "input_id": str(number),
            "input_timestamp": int(one.moment),
            "logit_diff": one.logit_diff,
            "generated_p75": one.generated_p75,
            "time": one.moment,
        }
        for number, one in enumerate(history)
    ]
    with tempfile.TemporaryDirectory() as folder, Database.open(Path(folder) / "tumbl.sqlite") as database:
        with database.transaction() as connection:
            connection.execute(mood_inputs.insert(), rows)
        moods = Moods(TurnStore(database, time.time), PACIFIC, DEFAULT, stale_seconds=0)
        moments = (NOW + timedelta(minutes=15 * number) for number in count())
        moods.at(next(moments))
        yield lambda: moods.at(next(moments)).value


def microseconds(ask: Callable[[], float], tries: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1e6, 1)


def main() -> None:
    """Measure, compare the values, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=500, help="inputs in the window of 2.5 days")
    parser.add_argument("--history", type=int, default=100_000, help="inputs in the long history")
    arguments = parser.parse_args()
    rng = random.Random(2021)
    inputs = made_up(arguments.inputs, WINDOW, rng)
    history = made_up(arguments.history, WINDOW * (arguments.history / arguments.inputs), rng)
    integrated, exact = by_integration(inputs), mood_value(inputs, NOW, timezone=PACIFIC)
    with in_the_bot(history) as ask:
        bot = microseconds(ask, 101)
    result = {
        "benchmark": "mood",
        "inputs": arguments.inputs,
        "history": arguments.history,
        "lsim_us": microseconds(lambda: by_integration(inputs), 15),
        "from_nothing_us": microseconds(lambda: mood_value(inputs, NOW, timezone=PACIFIC), 101),
        "running_us": microseconds(running(inputs), 1001),
        "running_long_history_us": microseconds(running(history), 1001),
        "in_the_bot_us": bot,
        "difference": abs(integrated - exact),
    }
    print(f"{arguments.inputs} inputs in the window; one question for the mood:")
    print(f"  integrating every step (lsim)   {result['lsim_us']:>10} us")
    print(f"  closed form, from nothing       {result['from_nothing_us']:>10} us")
    print(f"  running state                   {result['running_us']:>10} us")
    print(f"  the same, {arguments.history} in history {result['running_long_history_us']:>10} us")
    print(f"  the same in the bot, on its database {result['in_the_bot_us']:>5} us")
    ratio = result["lsim_us"] / result["running_long_history_us"]
    print(f"the running state is {ratio:.0f} times as fast as lsim")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
