"""The status as tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from switchboard.messages import JobLine, StatusReport, WorkerLine

SHOWN_ID_CHARACTERS = 16


def status_tables(status: StatusReport) -> Group:
    """A line of counts, the open jobs, the workers, and the latest failures."""
    parts: list[RenderableType] = [Text(_summary(status))]
    if status.unserved:
        parts.append(Text(f"nobody serves: {', '.join(status.unserved)}"))
    parts.append(_job_table("open jobs", status.jobs))
    parts.append(_worker_table(status.workers))
    if status.failures:
        parts.append(_job_table("latest failures", status.failures))
    return Group(*parts)


def age(seconds: float) -> str:
    """A time span in the largest units that say enough: 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    whole = int(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    if hours:
        return f"{hours} h {minute} min"
    return f"{minutes} min {second} s" if minutes else f"{second} s"


def _summary(status: StatusReport) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in sorted(status.counts.items())) or "no jobs"
    oldest = "" if status.oldest_open_seconds is None else f"; oldest open {age(status.oldest_open_seconds)}"
    retained = f"; {status.retained} texts retained" if status.retained else ""
    return f"{counts}; {status.open_jobs} of at most {status.open_jobs_limit} open{oldest}{retained}"


def _job_table(title: str, jobs: Sequence[JobLine]) -> Table:
    headings = ("job", "type", "state", "age", "candidates", "attempts", "workers", "last error")
    return _table(title, headings, (_job_row(job) for job in jobs))


def _job_row(job: JobLine) -> tuple[str, ...]:
    written = f"{job.accepted} of {job.n_desired}" if job.n_desired else ""
    name = job.id if len(job.id) <= SHOWN_ID_CHARACTERS else job.id[:SHOWN_ID_CHARACTERS] + "…"
    return (
        name,
        job.type,
        job.state,
        age(job.age_seconds),
        written,
        str(job.attempts),
        ", ".join(job.workers),
        job.error or "",
    )


def _worker_table(workers: Sequence[WorkerLine]) -> Table:
    rows = ((w.worker, w.role, age(w.last_contact_seconds), str(w.leases)) for w in workers)
    return _table("workers", ("worker", "role", "last contact", "leases"), rows)


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for number, heading in enumerate(headings):
        # The first column names the thing, and is never cut; the others wrap on a narrow terminal.
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as text: errors may contain brackets of markup
    return table
