"""The pictures that training commands leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autoresponder.heads.standing import running_mean


def plot_losses(path: Path, losses: Sequence[float], held_out: Mapping[int, float] | None = None) -> None:
    """Draw the loss of each step with its running mean, and that of the held-out rows by step, as PNG."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = range(1, len(losses) + 1)
    axes.plot(steps, losses, color="#c8d4e0", linewidth=0.7, label="each step")
    axes.plot(steps, running_mean(losses), color="#20507a", linewidth=1.4, label="running mean")
    if held_out:
        axes.plot(*zip(*sorted(held_out.items()), strict=True), "o-", color="#b4532a", label="held-out rows")
    axes.set(xlabel="step", ylabel="loss")
    axes.legend(frameon=False)
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
