"""Keeping the trouble with one thing from the others: one odd post must not stop the look that found it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from tumblr.api.errors import StoreError, TumblrError

MOST_LOOKS = 64
"""Looks for which something is left alone at most."""

REMEMBERED = 1000
"""Things whose failures are remembered; the oldest are forgotten first."""

T = TypeVar("T")

log = structlog.get_logger()


@dataclass
class _Failures:
    number: int = 0
    looks_left: int = 0
    """Looks for which it is still left alone."""


class Quarantine:
    """Does things that may fail, each on its own. What failed is left alone for 1, 2, 4 … 64 looks."""

    def __init__(self) -> None:
        self._failed: dict[str, _Failures] = {}

    def run(self, name: str, do: Callable[[], T]) -> T | None:
        """What ``do`` gives; None when it fails, which is logged, or is left alone.

        Errors of tumblr and of the store are raised: they are not about one thing.
        """
        past = self._failed.get(name)
        if past is not None and past.looks_left > 0:
            past.looks_left -= 1
            return None
        try:
            done = do()
        except (TumblrError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this one thing
            self._remember(name, error)
            return None
        self._failed.pop(name, None)
        return done

    def _remember(self, name: str, error: Exception) -> None:
        past = self._failed.setdefault(name, _Failures())
        past.number += 1
        past.looks_left = min(2 ** (past.number - 1), MOST_LOOKS)
        log.error("left alone", about=name, failures=past.number, looks=past.looks_left, exc_info=error)
        for oldest in list(self._failed)[:-REMEMBERED]:
            del self._failed[oldest]
