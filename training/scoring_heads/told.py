"""What training tells the switchboard: which versions of a head there are, and what a week has come to.

Running generators take up what is in use; the operator's console shows the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from autoresponder.heads.standing import standing_of
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import HeadStanding, WeekReport
from switchboard.messages.learning import MAX_VERSIONS
from training.command import Sections
from training.scoring_heads.promotion import versions_of


def announce(sections: Sections, heads: Path, name: str) -> bool:
    """Tell running generators which version of a head is in use, and everybody which there are.

    False when the switchboard cannot be reached: they keep the heads that they have, and a line says how to
    tell them later. Whoever starts later reads the heads in use anyway.
    """
    standing = _standing(heads, name)
    version = standing.current

    def send(client: SwitchboardClient) -> None:
        client.announce(f"{name}/{version or 'none'}")
        client.report_head(standing)

    again = f"`python -m training promote {name} --version {version}`" if version else "restarting them"
    return _tell(sections, send, f"running generators were not told ({{}}); {again} does it")


def report_head(sections: Sections, heads: Path, name: str) -> bool:
    """Tell which versions of a head there are, where the one in use has stayed."""
    standing = _standing(heads, name)
    return _tell(sections, lambda client: client.report_head(standing), "the console was not told ({})")


def report_week(sections: Sections, report: WeekReport) -> bool:
    """Tell what a week has come to."""
    return _tell(sections, lambda client: client.report_week(report), "the console was not told ({})")


def _tell(sections: Sections, send: Callable[[SwitchboardClient], None], otherwise: str) -> bool:
    settings = sections.switchboard
    client = SwitchboardClient(settings.address, settings.generator_token, retry=Retry(attempts=3))
    try:
        send(client)
    except SwitchboardError as error:
        Console(stderr=True).print(otherwise.format(error), markup=False)
        return False
    finally:
        client.close()
    return True


def _standing(heads: Path, name: str) -> HeadStanding:
    return standing_of(heads, name, versions_of(heads, name)[-MAX_VERSIONS:])
