"""The switchboard's command line.

python -m switchboard status --config FILE            jobs, workers and ages, as a table
python -m switchboard status --config FILE --watch    the same, again and again until Ctrl-C
python -m switchboard status --config FILE --id ID    one job with everything about it, as JSON
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown
from bot_network import shown_url
from bot_process import load_process_config, run_process
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.tables import status_tables

WATCH_SECONDS = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Show what a running switchboard is doing."""
    arguments = _parse(argv)
    config = load_process_config(arguments.config, used=("switchboard.client_token",))
    client = SwitchboardClient(
        config.switchboard.address,
        config.switchboard.client_token,
        timeout_seconds=5,
        retry=Retry(attempts=1),
    )
    try:
        if arguments.id is not None:
            return _show_job(client, arguments.id)
        return _watch(client) if arguments.watch else _show(client)
    except SwitchboardError as error:
        raise FatalError(str(error), _hint(config, arguments.config)) from None
    finally:
        client.close()


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="switchboard", description="look at a running switchboard")
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="show jobs, workers and ages")
    status.add_argument("--config", type=Path, default=Path("config.json"), help="configuration file")
    status.add_argument("--watch", action="store_true", help="go on showing until Ctrl-C")
    status.add_argument("--id", help="show one job with its prompt and candidates, as JSON")
    return parser.parse_args(argv)


def _hint(config: Config, path: Path) -> str:
    return (
        f"is bridge_service.py running at {shown_url(config.switchboard.address)}, with the tokens of {path}?"
    )


def _show(client: SwitchboardClient) -> int:
    Console().print(status_tables(client.status()))
    return 0


def _show_job(client: SwitchboardClient, job_id: str) -> int:
    job = client.status(job_id).job
    if job is None:
        print(f"there is no job with the id {job_id}", file=sys.stderr)
        return 1
    print(json.dumps(job, indent=2, ensure_ascii=False))
    return 0


def _watch(client: SwitchboardClient) -> int:
    shutdown = Shutdown().install()
    with Live(status_tables(client.status()), auto_refresh=False) as live:
        while not shutdown.wait(WATCH_SECONDS):
            live.update(status_tables(client.status()), refresh=True)
    return 0


if __name__ == "__main__":
    sys.exit(run_process(main))
