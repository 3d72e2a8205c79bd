"""What can end a training command, each with the exit status that a monitor sees."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses of all training commands."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ENOUGH_DATA = 3
    NOT_PROMOTED = 4
    LOCKED = 75


class TrainingError(Exception):
    """The command cannot go on; the text says why and what to do, in one line."""

    status = ExitStatus.FAILED


class UsageError(TrainingError):
    """The command was called, or configured, in a way that cannot work."""

    status = ExitStatus.USAGE


class NotEnoughDataError(TrainingError):
    """The input does not suffice: too few posts, or one class only."""

    status = ExitStatus.NOT_ENOUGH_DATA


class LockedError(TrainingError):
    """Another run holds the lock."""

    status = ExitStatus.LOCKED


class CheckpointError(TrainingError):
    """No checkpoint of a run can be used."""
