"""What the switchboard answers to the bot loop."""

from pydantic import Field, FiniteFloat, JsonValue, field_validator

from switchboard.messages.fields import (
    ErrorText,
    Identifier,
    JobState,
    JobType,
    Label,
    WireModel,
    WorkerName,
)
from switchboard.messages.pictures import CaptionOutcome, PictureOutcome
from switchboard.messages.results import RawSelectOutcome, SelectionOutcome


class SubmitReply(WireModel):
    """What a submission is answered: whether the id was known before, and where its job stands."""

    collision: bool = Field(description="true: this request was there already; no second job was made")
    state: JobState = Field("submitted", description="state of the job")


class ResultReply(WireModel):
    """The answer to a question for a result."""

    done: bool = Field(description="true: nothing more will come")
    result: SelectionOutcome | RawSelectOutcome | CaptionOutcome | PictureOutcome | None = Field(
        None, description='"" on the wire until done'
    )
    state: JobState = Field(description="state of the job; unknown: submit it again")
    error: ErrorText | None = Field(None, description="why there will be no result")

    @field_validator("result", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class StateReply(WireModel):
    """The state of a job after /ack or /cancel."""

    state: JobState = Field(description="state of the job; unknown: there is no such job")


class ClearedReply(WireModel):
    """What /done or /alldone cleared."""

    cleared_from: list[Label] = Field(
        default_factory=list, description="job, result (or both), or ids of jobs"
    )


class ErrorReply(WireModel):
    """The body of every refusal."""

    error: str = Field(description="what is wrong")
    field: str = Field("", description="the field at fault, if one is")


class JobLine(WireModel):
    """One job as /status shows it."""

    id: Identifier = Field(description="request id")
    type: JobType = Field(description="kind of job")
    state: JobState = Field(description="where it stands")
    age_seconds: FiniteFloat = Field(description="since it was submitted")
    accepted: int = Field(description="candidates in")
    n_desired: int = Field(description="candidates wanted")
    attempts: int = Field(description="tries that ended without a result in this stage")
    workers: list[Label] = Field(default_factory=list, description="workers that hold a lease on it")
    internal: bool = Field(False, description="true: the switchboard's own scoring of the retention list")
    error: ErrorText | None = Field(None, description="the last error")


class WorkerLine(WireModel):
    """One worker as /status shows it; known since the switchboard's last start."""

    worker: WorkerName = Field(description="its name")
    role: Label = Field(description="generator or selector")
    last_contact_seconds: FiniteFloat = Field(description="since its last poll")
    capabilities: list[JobType] = Field(default_factory=list, description="types of job it serves")
    leases: int = Field(description="leases it holds")


class WorkDone(WireModel):
    """What one generator has done on the present day (UTC)."""

    worker: Label = Field(description="its name")
    texts: int = Field(description="candidates that were written, texts that were scored")
    tokens: int = Field(description="tokens that were written, those of refused tries too")
    seconds: FiniteFloat = Field(description="time that it worked")
    speed: FiniteFloat | None = Field(None, description="tokens a second of what it wrote last")


class StatusReport(WireModel):
    """What the switchboard is doing (GET /status). No prompt text, unless one job is asked for by id."""

    version: Label = Field(description="version of the store's schema")
    counts: dict[JobState, int] = Field(default_factory=dict, description="jobs in each state")
    open_jobs: int = Field(description="jobs that count against the limit")
    open_jobs_limit: int = Field(description="submissions beyond it are answered 429")
    oldest_open_seconds: FiniteFloat | None = Field(None, description="age of the oldest open job")
    jobs: list[JobLine] = Field(default_factory=list, description="open jobs, oldest first, at most 100")
    failures: list[JobLine] = Field(default_factory=list, description="latest failed jobs, at most 20")
    workers: list[WorkerLine] = Field(default_factory=list, description="workers by last contact")
    work: list[WorkDone] = Field(default_factory=list, description="what generators have done today")
    unserved: list[JobType] = Field(default_factory=list, description="types of open jobs that nobody serves")
    retained: int = Field(0, description="texts in the retention list")
    retained_unscored: int = Field(0, description="of these, texts without a score")
    swept: dict[str, int] = Field(default_factory=dict, description="removed since the last start, by reason")
    job: dict[str, JsonValue] | None = Field(None, description="the job asked for by id, with its prompt")
