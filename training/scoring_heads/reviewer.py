"""The autoreviewer from all that says what a human would reject: its rows, the head, its thresholds."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from training.command import Outcome, Sections
from training.errors import UsageError
from training.noted import read_standing
from training.scoring_heads.decided import decided_rows, read_decisions
from training.scoring_heads.files import class_rows_from
from training.scoring_heads.making import HeadPlaces, make_head_version, now, reading_of
from training.scoring_heads.reviewed import Reviewed, read_log, reviewed_rows
from training.scoring_heads.rows import Row, split_rows
from training.scoring_heads.thresholds import WantedRates

AUTOREVIEWER = "autoreviewer"


@dataclass
class Judgments:
    """Rows of texts that a human has decided about, and how many texts became what."""

    rows: list[Row] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)

    def add(self, found: Reviewed) -> None:
        """Take in what another source says."""
        self.rows += found.rows
        self.texts.update(found.counts)


def rows_in(path: Path) -> Judgments:
    """Rows that were labelled elsewhere."""
    return Judgments(list(class_rows_from(path)))


def of_console(decisions: Path, sections: Sections, seed: int) -> Reviewed:
    """What was decided in the console."""
    months = sections.training.labels.months_ahead
    return decided_rows(list(read_decisions(decisions)), reading_of(sections), months, now(), seed)


def of_drafts(log: Path, notes: Path | None, sections: Sections, seed: int) -> Reviewed:
    """What became of drafts. Raises UsageError where nobody has looked."""
    if notes is None:
        raise UsageError("--log needs --notes, which says what became of the drafts")
    standing = read_standing(notes)
    if standing.read_at is None:
        raise UsageError(
            f"{notes} does not say what became of drafts yet; run: python -m training notes --out {notes}"
        )
    months = sections.training.labels.months_ahead
    return reviewed_rows(list(read_log(log)), standing, reading_of(sections), months, now(), seed)


def wanted_rates(arguments: argparse.Namespace) -> WantedRates:
    """The rates that are put up with. Raises UsageError."""
    wanted = WantedRates(arguments.false_accept, arguments.false_reject)
    if not (0 <= wanted.false_accept <= 1 and 0 <= wanted.false_reject <= 1):
        raise UsageError("--false-accept and --false-reject are shares, from 0 to 1")
    return wanted


def make_autoreviewer(
    judgments: Judgments,
    wanted: WantedRates,
    arguments: argparse.Namespace,
    sections: Sections,
    places: HeadPlaces,
) -> Outcome:
    """Train it, and choose its thresholds, which are not set by themselves. Raises NotEnoughDataError."""
    parts = split_rows(judgments.rows, test_share=0.15, calibration_share=0.2)
    outcome = make_head_version(AUTOREVIEWER, parts, arguments, sections, places, wanted)
    return Outcome({**outcome.report, "texts": dict(judgments.texts)}, outcome.status)
