"""What the console knows of a generator's heads: which are in use, and which the operator wants in use.

Whoever asks says which version was in use when it was decided. So a wish that has been carried out, or was
overtaken, does nothing a second time, whatever was killed or started again in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from autoresponder.errors import ModelError
from autoresponder.heads.files import load_head
from autoresponder.heads.head_2021 import GeneratorIdentity
from autoresponder.heads.standing import standings_at_start
from autoresponder.heads.versions import (
    NO_VERSIONS,
    HeadVersions,
    change_versions,
    read_current,
    version_folder,
)
from switchboard.errors import SwitchboardError, SwitchboardRefused
from switchboard.messages import HeadStanding, HeadWish
from switchboard.messages.fields import MAX_ERROR_CHARACTERS

OVERTAKEN = "another version has come into use since it was asked for"

log = structlog.get_logger()


class HeadWishes:
    """Sees to wishes in one folder of heads, and reports what became of them.

    At first it says which versions are there; of several generators the first is heard.
    """

    def __init__(
        self,
        folder: Path,
        identity: GeneratorIdentity,
        size: tuple[int, int],
        report: Callable[[HeadStanding], None],
    ) -> None:
        """``size``: the generator's blocks and its longest row. ``report`` tells the switchboard."""
        self._folder = folder
        self._identity = identity
        self._size = size
        self._report = report
        self._passed_over: set[HeadWish] = set()
        self._is_known = False

    def see_to(self, wishes: Sequence[HeadWish]) -> None:
        """Carry out what is wanted; what is not here is left for a generator that has it."""
        if not self._is_known:
            self._is_known = self._say_what_is_here()
        for wish in wishes:
            if self._is_here(wish):
                try:
                    self._see_to(wish)
                except ModelError as error:
                    self._pass_over(wish, str(error))
            else:
                self._pass_over(wish, "there is no such version here")

    def _say_what_is_here(self) -> bool:
        try:
            for standing in standings_at_start(self._folder):
                self._report(standing)
        except (ModelError, SwitchboardRefused) as error:
            log.warning("heads not reported", reason=str(error))
        except SwitchboardError:
            return False  # it is away or busy; the next poll is soon
        return True

    def _pass_over(self, wish: HeadWish, reason: str) -> None:
        """Say once why a wish is left to others."""
        if wish not in self._passed_over:
            self._passed_over.add(wish)
            log.warning("wanted head left alone", head=wish.head, version=wish.version, reason=reason)

    def _is_here(self, wish: HeadWish) -> bool:
        here = version_folder(self._folder, wish.head, wish.version) if wish.version else self._folder
        return here.is_dir()

    def _see_to(self, wish: HeadWish) -> None:
        problem = self._problem(wish) or self._put_in_use(wish)
        versions = read_current(self._folder).heads.get(wish.head, NO_VERSIONS)
        if not problem and versions.current != wish.version:
            problem = OVERTAKEN
        log.info("wanted head seen to", head=wish.head, version=versions.current, problem=problem)
        standing = HeadStanding(
            head=wish.head,
            current=versions.current,
            before=list(versions.before),
            problem=problem[:MAX_ERROR_CHARACTERS],
        )
        try:
            self._report(standing)
        except SwitchboardError as error:  # the wish comes again with the next poll
            log.warning("head not reported", head=wish.head, reason=str(error))

    def _put_in_use(self, wish: HeadWish) -> str:
        try:
            change_versions(self._folder, wish.head, lambda old: wished(old, wish))
        except OSError as error:
            return f"the generator cannot write to {self._folder}: {error.strerror or error}"
        return ""

    def _problem(self, wish: HeadWish) -> str:
        """Why a version cannot be used; empty when it can."""
        if not wish.version:
            return ""
        folder = version_folder(self._folder, wish.head, wish.version)
        n_layer, positions = self._size
        try:
            load_head(folder, wish.head, self._identity, n_layer=n_layer, positions=positions)
        except ModelError as error:
            return str(error)
        return ""


def wished(old: HeadVersions, wish: HeadWish) -> HeadVersions:
    """The versions as they are wanted: the one before the present one is gone back to, another follows it.

    As they are where something else has been put in use meanwhile.
    """
    if old.current != wish.instead_of or old.current == wish.version:
        return old
    is_back = bool(old.before) and old.before[-1] == wish.version
    return old.rolled_back() if is_back else old.followed_by(wish.version)
