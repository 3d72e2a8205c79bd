"""From notes to labels: a post is liked or disliked against the posts of its own kind around its time.

For a post at t its quantile is the share of posts in [t - 0.9 w, t + 0.1 w], in whole days, with at most as
many notes; w is 14 days for responses, 42 for originals. Above the upper quarter of the quantiles a post is
liked, below the lower one disliked, and the middle half is left out. Posts whose window is not complete are
left out too.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from training.settings import LabelConfig

DAY = 86400.0
RESPONSES, ORIGINALS = "responses", "originals"


def quantiles(
    times: Sequence[float], notes: Sequence[float], window_days: float, ahead_share: float, settled: float
) -> list[float | None]:
    """The quantile of each post among those around it; None where the window is not complete.

    ``times`` (unix seconds) rise. ``settled`` is the moment up to which counts are final. The shifts are
    whole days.
    """
    behind = int(window_days * (1 - ahead_share)) * DAY
    ahead = math.ceil(window_days * ahead_share) * DAY  # 12 and 2 days of 14, 37 and 5 of 42
    found: list[float | None] = []
    values = np.asarray(notes, float)
    for time, own in zip(times, values, strict=True):
        if not times or time - behind < times[0] or time + ahead > settled:
            found.append(None)
            continue
        low, high = bisect_left(times, time - behind), bisect_right(times, time + ahead)
        found.append(float((own >= values[low:high]).mean()))
    return found


def labels(
    times: Sequence[float], notes: Sequence[float], text_type: str, settings: LabelConfig, now: float
) -> list[int | None]:
    """1 for liked, 0 for disliked, None for what is left out; posts in any order."""
    order = sorted(range(len(times)), key=lambda i: times[i])
    days = settings.responses_days if text_type == RESPONSES else settings.originals_days
    settled = now - settings.settle_hours * 3600
    usable = [i for i in order if times[i] <= settled]
    found = quantiles(
        [times[i] for i in usable], [notes[i] for i in usable], days, settings.ahead_share, settled
    )
    known = [value for value in found if value is not None]
    result: list[int | None] = [None] * len(times)
    if not known:
        return result
    low, high = np.quantile(known, [settings.low, settings.high])
    for i, value in zip(usable, found, strict=True):
        if value is not None and low < high:
            result[i] = 1 if value >= high else 0 if value <= low else None
    return result
