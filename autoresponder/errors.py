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


class WritingStoppedError(JobError):
    """The process is to stop while it writes; the job is not to blame."""
