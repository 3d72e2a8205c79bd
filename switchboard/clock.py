"""The switchboard's clock."""

import time


class SteadyClock:
    """Unix seconds that never jump while the process runs, whatever is done to the machine's clock.

    It reads the wall clock once, at its start, and goes on from there with the monotonic one.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Now."""
        return self._offset + time.monotonic()
