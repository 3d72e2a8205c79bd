"""The wire's messages: the single definition of the protocol, used by both ends.

Submissions come in from the bot loop (client role), jobs go out to generators and selectors, their results
come back, and the bot loop fetches one result per job. docs/protocol.md tells the story around them.
"""

from switchboard.messages.console import (
    ConsoleAsk,
    ConsoleQuestion,
    ConsoleReply,
    DeskPoll,
    DeskPollReply,
)
from switchboard.messages.fields import JobState, JobType, ResultStatus, WireModel
from switchboard.messages.jobs import (
    GenerationJob,
    GenerationOptions,
    Lease,
    MoodRecord,
    RawSelectJob,
    SelectionJob,
    SpeakerQuestion,
)
from switchboard.messages.pictures import (
    CaptionJob,
    CaptionOutcome,
    CaptionRequest,
    CaptionResult,
    PictureJob,
    PictureOutcome,
    PictureRequest,
    PictureResult,
)
from switchboard.messages.polls import (
    GeneratorPoll,
    GeneratorPollReply,
    HeadsAnnouncement,
    SelectorPoll,
    SelectorPollReply,
)
from switchboard.messages.replies import (
    ClearedReply,
    ErrorReply,
    JobLine,
    ResultReply,
    StateReply,
    StatusReport,
    SubmitReply,
    WorkerLine,
)
from switchboard.messages.results import (
    GenerationResult,
    RawSelectOutcome,
    RawSelectResult,
    SelectionOutcome,
    SelectionResult,
    SpeakerOdds,
    WorkerError,
)
from switchboard.messages.submissions import (
    AnswerRequest,
    ClientReference,
    JobReference,
    RawSelectRequest,
    ResultQuery,
    TextpostRequest,
    request_id,
)

__all__ = [
    "AnswerRequest",
    "CaptionJob",
    "CaptionOutcome",
    "CaptionRequest",
    "CaptionResult",
    "ClearedReply",
    "ClientReference",
    "ConsoleAsk",
    "ConsoleQuestion",
    "ConsoleReply",
    "DeskPoll",
    "DeskPollReply",
    "ErrorReply",
    "GenerationJob",
    "GenerationOptions",
    "GenerationResult",
    "GeneratorPoll",
    "GeneratorPollReply",
    "HeadsAnnouncement",
    "JobLine",
    "JobReference",
    "JobState",
    "JobType",
    "Lease",
    "MoodRecord",
    "PictureJob",
    "PictureOutcome",
    "PictureRequest",
    "PictureResult",
    "RawSelectJob",
    "RawSelectOutcome",
    "RawSelectRequest",
    "RawSelectResult",
    "ResultQuery",
    "ResultReply",
    "ResultStatus",
    "SelectionJob",
    "SelectionOutcome",
    "SelectionResult",
    "SelectorPoll",
    "SelectorPollReply",
    "SpeakerOdds",
    "SpeakerQuestion",
    "StateReply",
    "StatusReport",
    "SubmitReply",
    "TextpostRequest",
    "WireModel",
    "WorkerError",
    "WorkerLine",
    "request_id",
]
