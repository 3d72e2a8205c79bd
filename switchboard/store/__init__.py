"""The durable job store. Everything that speaks SQL is in this package."""

from switchboard.store.database import DatabaseUrlError, StoreFull, StoreRefused, StoreUnavailable
from switchboard.store.migrations import SchemaTooNew
from switchboard.store.store import JobStore
from switchboard.store.submitting import IdTaken, StoredResult, TooManyOpenJobs
from switchboard.store.work import Changes, Transition

__all__ = [
    "Changes",
    "DatabaseUrlError",
    "IdTaken",
    "JobStore",
    "SchemaTooNew",
    "StoreFull",
    "StoreRefused",
    "StoreUnavailable",
    "StoredResult",
    "TooManyOpenJobs",
    "Transition",
]
