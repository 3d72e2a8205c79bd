"""Progress bars on a terminal; a line now and then where there is none."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress


class Progress:
    """A bar with what is done, the time left, and a figure of one's own, such as the loss."""

    def __init__(self, title: str, total: int, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figure]}"),
        )
        self._bar = RichProgress(*columns, console=console, transient=False)
        self._task = self._bar.add_task(title, total=total, figure="")

    def __enter__(self) -> Progress:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def advance(self, count: int, figure: str = "") -> None:
        """Some more is done."""
        self._bar.update(self._task, advance=count, figure=figure)

    def reach(self, done: int, figure: str = "") -> None:
        """So much is done."""
        self._bar.update(self._task, completed=done, figure=figure)
