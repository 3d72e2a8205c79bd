"""What the commands that make heads share: the generator, the run, the version, and whether it is put in
use."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from autoresponder.heads.head_2021 import Head
from autoresponder.heads.versions import version_folder
from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from munging.thread import Identity
from training.command import Outcome, Sections
from training.errors import ExitStatus, NotEnoughDataError
from training.files import locked, write_json
from training.scoring_heads.head_run import HeadRun, make_trained_head, scores
from training.scoring_heads.labels import ORIGINALS
from training.scoring_heads.liked import Reading
from training.scoring_heads.promotion import (
    Comparison,
    compare,
    heads_folder,
    incumbent,
    learned_until,
    newest,
    promote,
    remove_unused,
    store_version,
)
from training.scoring_heads.recipes import recipe_for
from training.scoring_heads.rows import Row
from training.scoring_heads.thresholds import Judged, WantedRates, choose_thresholds, rates_at
from training.scoring_heads.told import announce, report_head

KEPT_VERSIONS = 10
WEEK = 7 * 86400.0


@dataclass(frozen=True)
class HeadPlaces:
    """A generator, the folder of its heads, and a folder for what is computed on the way."""

    generator: GeneratorModel
    heads: Path
    work: Path


def open_places(arguments: argparse.Namespace, sections: Sections) -> HeadPlaces:
    """Load the generator that the options or the configuration name."""
    settings = sections.generator
    named = arguments.model
    generator = load_generator(
        named or settings.model,
        device=arguments.device,
        dtype="float32",
        more_places=() if named else settings.more_places,
    )
    configured = arguments.heads or (None if named else settings.heads)
    heads = heads_folder(generator.folder, configured)
    return HeadPlaces(generator, heads, arguments.work or heads.with_name(f"{heads.name}.work"))


def reading_of(sections: Sections) -> Reading:
    """How texts are printed for heads."""
    form = sections.generator.format
    return Reading(form, Identity(sections.blog.blog_name, sections.blog.persona), sections.blog.timezone)


def make_head_version(
    name: str,
    parts: Mapping[str, Sequence[Row]],
    arguments: argparse.Namespace,
    sections: Sections,
    places: HeadPlaces,
    wanted: WantedRates | None = None,
) -> Outcome:
    """Train a head, keep it as a version, and put it in use if it is better than the one in use.

    With ``wanted`` its thresholds are chosen as well, on rows that it has not learned from.
    """
    recipe = recipe_for(
        name,
        places.generator.network,
        form=arguments.form,
        epochs=arguments.epochs,
        rate=arguments.rate,
        batch=arguments.batch,
        attention_width=arguments.attention_width,
        seed=arguments.seed,
    )
    run = HeadRun(places.generator, recipe, places.work, sections.training.cache_gb * 1e9)
    made = make_trained_head(run, parts, Console(stderr=True))
    if wanted is not None:
        made.report["thresholds"] = _thresholds(made.head, places.generator, parts, wanted)
    old = incumbent(places.generator, places.heads, name)
    version = store_version(made, places.heads)
    report: dict[str, Any] = made.report | {"version": version, "heads": str(places.heads)}
    report.pop("losses")
    status = ExitStatus.DONE
    if arguments.keep_old:
        report["promoted"] = False
    else:
        comparison = _compared(made.head, old, places, parts["test"], run.is_classifier, sections)
        report["comparison"] = comparison.facts() if comparison else None
        report["promoted"] = comparison is None or comparison.is_better
        if report["promoted"]:
            report["replaced"] = promote(places.heads, name, version)
        else:
            status = ExitStatus.NOT_PROMOTED
    remove_unused(places.heads, name, KEPT_VERSIONS)
    if report["promoted"]:
        report["announced"] = announce(sections, places.heads, name)
    else:
        report_head(sections, places.heads, name)
    write_json(version_folder(places.heads, name, version).parent / "report.json", report)
    return Outcome(report, status)


def _thresholds(
    head: Head, generator: GeneratorModel, parts: Mapping[str, Sequence[Row]], wanted: WantedRates
) -> dict[str, object]:
    """Thresholds that keep to the wanted rates on the calibration rows, and what they do to the test rows."""

    judged = {
        name: Judged.of(
            1 / (1 + np.exp(-scores(head, generator, parts[name]))),
            [row.target > 0 for row in parts[name]],
            [row.text_type == ORIGINALS for row in parts[name]],
        )
        for name in ("calibration", "test")
    }
    chosen = choose_thresholds(judged["calibration"], wanted)
    return {
        "screening.autoreview_accept": chosen.accept_below,
        "screening.autoreview_accept_original": chosen.accept_originals_below,
        "screening.autoreview_reject": chosen.reject_above,
        "wanted": asdict(wanted),
        "last_week": rates_at(chosen, _last_week(judged["test"], parts["test"])),
        **{name: rates_at(chosen, texts) for name, texts in judged.items()},
    }


def _last_week(texts: Judged, rows: Sequence[Row]) -> Judged:
    """Of texts that the head has not learned from those of the newest week."""
    newest = max((row.time for row in rows), default=0.0)
    recent = np.array([row.time >= newest - WEEK for row in rows], bool)
    return Judged(texts.probabilities[recent], texts.rejected[recent], texts.originals[recent])


def _compared(
    head: Head,
    old: Head | None,
    places: HeadPlaces,
    rows: Sequence[Row],
    is_classifier: bool,
    sections: Sections,
) -> Comparison | None:
    """The comparison with the head in use, on rows that neither has learned from.

    None where none is in use, or the head gives no probability.
    """
    if old is None or not is_classifier:
        return None
    settings = sections.training.promotion
    learned = learned_until(places.heads, head.settings.name)
    unseen = [row for row in rows if row.time > learned or not learned]
    try:
        return compare(head, old, places.generator, newest(unseen, settings.weeks), settings)
    except NotEnoughDataError:
        # The weeks may be thin where the test rows are not.
        return compare(head, old, places.generator, unseen, settings)


def head_lock(places: HeadPlaces, command: str) -> Any:
    """One run at a time for each folder of heads."""
    return locked(places.heads, command)


def now() -> float:
    """The time that labels are made for (unix seconds)."""
    return time.time()
