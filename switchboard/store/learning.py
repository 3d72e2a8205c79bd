"""What training reported about heads, and what the operator wants in use."""

from sqlalchemy import Connection, delete, select

from switchboard.messages import HeadLine, HeadStanding, HeadWish, LearningReply, WeekReport
from switchboard.messages.learning import MAX_HEADS, HeadVersion
from switchboard.store.generating import announce_heads
from switchboard.store.schema import heads, reports, wishes
from switchboard.store.work import Work

WEEK = "week"
_WISHES = select(wishes.c.body).order_by(wishes.c.head).limit(MAX_HEADS)


class WishRefused(Exception):  # noqa: N818 - named for what is wrong
    """What is wanted does not fit what is there; the text says why."""


def report_head(work: Work, standing: HeadStanding) -> None:
    """Keep how a head stands. A wish that this settles, or that came too late, is dropped."""
    known = _line(work.connection, standing.head)
    if standing.only_if_unknown and known is not None:
        return
    is_new = known is None or known.standing.current != standing.current
    if standing.versions is None:
        kept: list[HeadVersion] = [] if known is None else known.standing.versions or []
        standing = standing.model_copy(update={"versions": kept})
    work.connection.execute(delete(heads).where(heads.c.head == standing.head))
    work.connection.execute(
        heads.insert().values(head=standing.head, body=standing.model_dump_json(), reported_at=work.now)
    )
    wish = None if known is None else known.wish
    if wish is not None and (standing.problem or standing.current != wish.instead_of):
        _drop_wish(work, standing.head)
    if is_new:
        announce_heads(work, f"{standing.head}/{standing.current or 'none'}")


def report_week(work: Work, report: WeekReport) -> None:
    """Keep what a weekly run has done, in place of the last one's."""
    work.connection.execute(delete(reports).where(reports.c.name == WEEK))
    work.connection.execute(
        reports.insert().values(name=WEEK, body=report.model_dump_json(), reported_at=work.now)
    )


def wish(work: Work, wanted: HeadWish) -> None:
    """Keep what is wanted until a generator has seen to it; sent again, it is the same wish.

    Raises WishRefused.
    """
    line = _line(work.connection, wanted.head)
    if line is None:
        raise WishRefused(f"nothing is known of a {wanted.head} head")
    standing = line.standing
    if standing.current == wanted.version:
        return
    if standing.current != wanted.instead_of:
        raise WishRefused("another version has come into use since the page was shown")
    known = {one.version for one in standing.versions or ()} | set(standing.before)
    if wanted.version not in known:
        raise WishRefused(f"there is no version {wanted.version}")
    _drop_wish(work, wanted.head)
    work.connection.execute(wishes.insert().values(head=wanted.head, body=wanted.model_dump_json()))


def wanted_heads(connection: Connection) -> list[HeadWish]:
    """What generators are to put in use."""
    return [HeadWish.model_validate_json(body) for body in connection.scalars(_WISHES)]


def learned(connection: Connection) -> LearningReply:
    """Everything that was reported."""
    names = connection.scalars(select(heads.c.head).order_by(heads.c.head)).all()
    lines = [_line(connection, name) for name in names]
    body = connection.scalar(select(reports.c.body).where(reports.c.name == WEEK))
    return LearningReply(
        heads=[line for line in lines if line is not None],
        week=None if body is None else WeekReport.model_validate_json(body),
    )


def _line(connection: Connection, head: str) -> HeadLine | None:
    row = connection.execute(select(heads).where(heads.c.head == head)).one_or_none()
    if row is None:
        return None
    wanted = connection.scalar(select(wishes.c.body).where(wishes.c.head == head))
    return HeadLine(
        standing=HeadStanding.model_validate_json(row.body),
        reported_at=row.reported_at,
        wish=None if wanted is None else HeadWish.model_validate_json(wanted),
    )


def _drop_wish(work: Work, head: str) -> None:
    work.connection.execute(delete(wishes).where(wishes.c.head == head))
