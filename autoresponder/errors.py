"""What can go wrong with the model and its work, by name, each saying what to do about it.

``ModelError`` and below mean that the process cannot start: they are FatalErrors, which a process
prints as one line. ``JobError`` and below concern one job: it goes back to the switchboard and the
process lives.
"""

from __future__ import annotations

from bot_lifecycle import FatalError


class ModelError(FatalError):
    """The generator or a head cannot be used until a human acts."""


class ModelMissingError(ModelError):
    """A folder or a file of the model is not there."""


class ModelCorruptError(ModelError):
    """A file of the model is there but cannot be read as what it should be."""


class TokenizerMismatchError(ModelError):
    """The tokenizer does not belong to the checkpoint, or could let text pass as control tokens."""


class HeadMismatchError(ModelError):
    """A head was trained on another generator, or does not fit this one."""


class JobError(Exception):
    """One job could not be done; the text is reported to the switchboard."""


class PromptTooLongError(JobError):
    """A prompt does not fit into the context even when all that may be left out is left out."""


class NotFiniteError(JobError):
    """The network gave values that are not finite numbers."""


class NothingAcceptedError(JobError):
    """No candidate passed the acceptance rules, not even the relaxed ones."""


class ServerRefusedError(JobError):
    """The server that writes refuses a request; to ask again would change nothing."""


class ServerFailedError(JobError):
    """The server that writes fails, breaks off, is too slow or answers nonsense, again and again."""


class ServerUnreachableError(JobError):
    """The server that writes is away or busy, again and again; the job is not to blame."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        """``wait_seconds`` is the patience that the server asks for, if it does."""
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class WritingStoppedError(JobError):
    """The process is to stop while it writes; the job is not to blame."""
