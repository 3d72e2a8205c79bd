"""The durable job store. Everything that speaks SQL is in this package."""

from switchboard.store.database import DatabaseUrlError, StoreUnavailable
from switchboard.store.migrations import SchemaTooNew
from switchboard.store.store import JobStore
from switchboard.store.submitting import IdTaken, StoredResult, TooManyOpenJobs
from switchboard.store.work import Transition

__all__ = [
    "DatabaseUrlError",
    "IdTaken",
    "JobStore",
    "SchemaTooNew",
    "StoreUnavailable",
    "StoredResult",
    "TooManyOpenJobs",
    "Transition",
]
