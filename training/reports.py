"""The pictures that training commands leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autoresponder.heads.standing import running_mean


def plot_losses(path: Path, runs: Mapping[str, Sequence[float]]) -> None:
    """Draw the loss of each step of each run, with its running mean, one panel each, as PNG."""
    figure = Figure(figsize=(8, 2.6 * len(runs)), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (name, losses) in enumerate(runs.items(), 1):
        axes = figure.add_subplot(len(runs), 1, place)
        axes.plot(losses, color="#c8d4e0", linewidth=0.7)
        axes.plot(running_mean(losses), color="#20507a", linewidth=1.4)
        axes.set(title=name, xlabel="step", ylabel="loss")
    figure.savefig(path, dpi=110)


def plot_reliability(path: Path, curve: Sequence[Mapping[str, float]]) -> None:
    """Draw what was said against what was, with the number of rows as the size of the marks, as PNG."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
    most = max(part["rows"] for part in curve)
    axes.scatter(
        [part["said"] for part in curve],
        [part["was"] for part in curve],
        s=[20 + 120 * part["rows"] / most for part in curve],
        color="#20507a",
    )
    axes.set(xlabel="probability said", ylabel="share that was", xlim=(0, 1), ylim=(0, 1))
    figure.savefig(path, dpi=110)
