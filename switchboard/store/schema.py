"""The tables. Small columns that are searched stand apart from the bodies, which can be large."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

versions = Table(
    "schema_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Double, nullable=False),
)

# All times are unix seconds of the store's clock.
jobs = Table(
    "jobs",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(128), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("client", String(64), nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wanted", Integer, nullable=False),  # candidates; 0 for raw_select
    Column("accepted", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),  # that ended without a result, in this stage
    Column("leased", Integer, nullable=False, server_default="0"),  # times it was, in all
    # What of it may be leased now, kept up with every change: 0 nothing, 1 by a generator, 2 by a selector.
    Column("offered", Integer, nullable=False, server_default="0"),
    Column("free", Integer, nullable=False, server_default="0"),  # candidates that nobody has; 1 for a whole
    Column("turn", Double, nullable=False, server_default="0"),  # when it is its client's turn
    Column("error", Text),
    Column("submitted_at", Double, nullable=False),
    Column("state_at", Double, nullable=False),
    Column("delivered_at", Double),
    Index("jobs_by_offer", "offered", "attempts", "turn", "seq"),
    Index("jobs_by_client", "client", "state"),
    Index("jobs_by_end", "state", "state_at"),
)

clients = Table(
    "clients",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("open", Integer, nullable=False),  # jobs without an end
    Column("turn", Double, nullable=False),  # where the turn of its next job begins
)

requests = Table(
    "requests",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("body", Text, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("body", Text, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("position", Integer, nullable=False),  # order of arrival
    Column("continuation", Text, nullable=False),
    Column("mirotarg", Double),
    Column("selection_proba", Double, nullable=False),
    Column("sentiment_logit_diff", Double, nullable=False),
    Column("autoreview", Double),
    Column("model_info", Text, nullable=False),
    Column("worker", String(64)),
)

leases = Table(
    "leases",
    metadata,
    Column("token", String(128), primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),  # generation or selection
    Column("worker", String(64)),
    Column("instance", String(200), nullable=False),
    Column("candidates", Integer, nullable=False),  # still expected under it; 0 for single-shot work
    Column("lasts_seconds", Double, nullable=False),  # from each renewal
    Column("expires_at", Double, nullable=False, index=True),
    Index("leases_by_worker", "worker", "stage"),
)

retained = Table(
    "retained",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the text, which can be too long for an index
    Column("text", Text, nullable=False),
    Column("added_at", Double, nullable=False),
    Column("selection_proba", Double),
    Column("sentiment_logit_diff", Double),
    Column("autoreview", Double),
    Column("scored_at", Double),
    Column("scoring_job", String(128)),  # the job that is asked for its scores
)

announced = Table(
    "announced",
    metadata,
    Column("name", String(64), primary_key=True),  # of what: "heads"
    Column("version", String(200), nullable=False),
    Column("announced_at", Double, nullable=False),
)
"""What workers are to take up, one version of each."""

heads = Table(
    "heads",
    metadata,
    Column("head", String(32), primary_key=True),
    Column("body", Text, nullable=False),
    Column("reported_at", Double, nullable=False),
)

work_done = Table(
    "work_done",
    metadata,
    Column("day", String(10), primary_key=True),  # in UTC, as 2026-12-01
    Column("worker", String(64), primary_key=True),
    Column("texts", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("speed", Double),  # tokens a second, of what was written last
)

wishes = Table(
    "wishes",
    metadata,
    Column("head", String(32), primary_key=True),
    Column("body", Text, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("name", String(32), primary_key=True),  # of what: "week"
    Column("body", Text, nullable=False),
    Column("reported_at", Double, nullable=False),
)
