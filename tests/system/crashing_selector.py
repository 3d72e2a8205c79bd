"""The real selector, made to die around the delivery of a choice.

python -m tests.system.crashing_selector --config FILE --dies before-delivery|after-delivery
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import selector
from bot_lifecycle import Shutdown, configure_logging
from bot_process import load_process_config
from switchboard.client import Retry, SwitchboardClient
from switchboard.messages import SelectionResult, WorkerError
from switchboard.polling import Exchanged, RetainedText, SelectionWork, SelectorExchange
from switchboard.worker import PollTimings
from tests.system.stub_generator import DEATHS
from tumblr.turns.fail_points import kill_this_process


class MortalExchange(SelectorExchange):
    """Trades choices for candidate sets, and kills the process around the first delivery."""

    def __init__(
        self,
        client: SwitchboardClient,
        *,
        worker: str,
        dropped: Callable[[Sequence[RetainedText]], list[str]],
        dies: str,
    ) -> None:
        super().__init__(client, worker=worker, dropped=dropped)
        self._dies = dies

    def __call__(
        self,
        results: Mapping[str, SelectionResult | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[SelectionWork]:
        """One poll."""
        if results and self._dies == "before-delivery":
            kill_this_process()
        brought = super().__call__(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        if results and self._dies == "after-delivery":
            kill_this_process()
        return brought


def main() -> int:
    """Serve until death."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--dies", choices=DEATHS, required=True)
    arguments = parser.parse_args()
    config = load_process_config(arguments.config)
    configure_logging("selector", config.log_level)
    chooser = selector.Selector(config.selection, random.Random())
    client = SwitchboardClient(
        config.switchboard.address, config.switchboard.selector_token, retry=Retry(attempts=1)
    )
    exchange = MortalExchange(client, worker="mortal", dropped=chooser.dropped, dies=arguments.dies)
    selector.serve(exchange, chooser, Shutdown().install().requested, PollTimings())
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
