"""Labels, splits, calibration, figures: tables and known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.collect_notes import own_share
from training.errors import NotEnoughDataError
from training.scoring_heads.calibration import fit_logistic
from training.scoring_heads.labels import labels, quantiles
from training.scoring_heads.metrics import auc, reliability
from training.scoring_heads.rows import LEAST, Row, split_rows
from training.settings import LabelConfig
from tumblr.api.notes import Note

DAY = 86400.0


def test_quantiles_are_shares_of_the_posts_around() -> None:
    times = [n * DAY for n in range(20)]
    notes = [float(n % 5) for n in range(20)]
    found = quantiles(times, notes, 14.0, 0.1, settled=19 * DAY)
    assert found[:12] == [None] * 12  # the window begins 12 days before
    assert found[18:] == [None, None]  # and ends two days after
    around = notes[0:15]
    assert found[12] == pytest.approx(sum(one <= notes[12] for one in around) / len(around))


def test_the_middle_half_is_left_out() -> None:
    rng = np.random.default_rng(1)
    times = [n * DAY / 10 for n in range(600)]
    notes = rng.poisson(5, 600).tolist()
    found = labels(times, notes, "responses", LabelConfig(), now=60 * DAY)
    usable = list(found[130:570])
    liked, disliked = usable.count(1), usable.count(0)
    assert 0.2 < liked / len(usable) < 0.45
    assert 0.2 < disliked / len(usable) < 0.45
    most_disliked = max(n for n, label in zip(notes, found, strict=True) if label == 0)
    least_liked = min(n for n, label in zip(notes, found, strict=True) if label == 1)
    assert most_disliked < least_liked + 3
    assert labels(times, [3.0] * 600, "responses", LabelConfig(), now=60 * DAY) == [None] * 600


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 8), st.floats(0, 1e6), st.booleans()), min_size=300, max_size=320))
def test_no_thread_is_in_two_parts_and_the_test_is_the_newest(made: list[tuple[int, float, bool]]) -> None:
    rows = [Row("t", float(liked), f"g{n // 3}", time=time) for n, (_, time, liked) in enumerate(made)]
    try:
        parts = split_rows(rows, 0.2, 0.2)
    except NotEnoughDataError:
        return
    groups = [{row.group for row in part} for part in parts.values()]
    assert sum(map(len, groups)) == len(set().union(*groups))
    newest = {group: max(row.time for row in rows if row.group == group) for group in set().union(*groups)}
    test = groups[2]
    assert min(newest[group] for group in test) >= max(newest[group] for group in groups[0] | groups[1])


def test_rows_without_times_are_split_by_chance() -> None:
    parts = split_rows(
        [Row("t", 1.0, f"g{n}") for n in range(4000)], test_share=0.125, calibration_share=0.05
    )
    shares = {name: len(rows) / 4000 for name, rows in parts.items()}
    assert shares == pytest.approx({"train": 0.825, "calibration": 0.05, "test": 0.125}, abs=0.015)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 10_000), min_size=3 * LEAST, max_size=200, unique=True),
    st.sampled_from([0.05, 0.125, 0.3]),
    st.booleans(),
)
def test_few_rows_are_enough_for_each_part(threads: list[int], share: float, timed: bool) -> None:
    rows = [Row("t", 1.0, f"g{thread}", time=float(thread * timed)) for thread in threads]
    parts = split_rows(rows, test_share=share, calibration_share=0.05)
    assert sum(map(len, parts.values())) == len(rows)
    assert min(map(len, parts.values())) >= LEAST


def test_too_few_rows_are_refused() -> None:
    rows = [Row("t", 1.0, f"g{n}") for n in range(3 * LEAST - 1)]
    with pytest.raises(NotEnoughDataError, match="19 labelled rows for train, at least 20 are needed"):
        split_rows(rows, test_share=0.1, calibration_share=0.1)


def test_calibration_of_rows_that_overlap() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 2, 20_000)
    y = rng.random(20_000) < 1 / (1 + np.exp(-(0.7 * x - 0.4)))
    line = fit_logistic(x, y)
    assert line.alpha == pytest.approx(0.7, abs=0.03)
    assert line.beta == pytest.approx(-0.4, abs=0.05)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_calibration_of_rows_that_can_be_told_apart(scale: float) -> None:
    """The probabilities are what so few rows allow to say, in whatever unit the differences are."""
    x = np.array([-3, -2.5, -1, 1, 2, 2.5]) * scale
    line = fit_logistic(x, [0, 0, 0, 1, 1, 1])
    p = 1 / (1 + np.exp(-(line.alpha * x + line.beta)))
    assert np.isfinite([line.alpha, line.beta]).all()
    assert p[:3].mean() == pytest.approx(1 / 5, abs=0.05)
    assert p[3:].mean() == pytest.approx(4 / 5, abs=0.05)
    with pytest.raises(ValueError, match="both classes"):
        fit_logistic([1.0, 2.0], [1, 1])


def test_figures_of_known_scores() -> None:
    assert auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(0.75)
    assert auc([1, 1, 1, 1], [0, 1, 0, 1]) == 0.5
    curve = reliability([0.05, 0.06, 0.95, 1.0], [0, 1, 1, 1])
    assert [part["rows"] for part in curve] == [2, 2]
    assert curve[0]["was"] == 0.5


def note(kind: str, blog: str, time: int, post_id: str = "") -> Note:
    return Note(kind, blog, time, post_id)


def test_notes_of_a_chain_are_shared_out() -> None:
    """frank's root gets what came before frank's own reblog 2, that one what came before 3, and 3 the
    rest."""
    notes = [
        note("posted", "frank", 1),
        note("like", "a", 2),
        note("reblog", "bob", 3, "77"),
        note("reply", "c", 4),
        note("reblog", "Frank", 5, "2"),
        note("like", "d", 6),
        note("reblog", "frank", 7, "3"),
        note("like", "e", 8),
        note("like", "f", 9),
    ]
    shares = [own_share(notes[::-1], post_id, "frank") for post_id in ("1", "2", "3")]
    assert shares == [3, 1, 2]
    assert own_share(notes[:4:-1], "1", "frank") is None
    at_once = [note("like", "a", 1), note("posted", "frank", 1)]  # newest first
    assert own_share(at_once, "1", "frank") == 1
    assert own_share([note("like", "a", 1)], "9", "frank") is None
