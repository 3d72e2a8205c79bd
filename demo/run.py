"""The demo: a tumblr on this machine, and the bot living on it.

    python -m demo.run [--port 4480] [--switchboard-port 4481] [--run run/demo] [--fresh]

Starts the sandbox and the four processes under supervisord, waits until each answers, prints the
page's address, and stops everything on Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import requests
from pydantic import SecretStr

from bot_config import Config, load_config
from bot_network import session_for
from bot_process import FatalError, Shutdown, run_process
from demo.configuration import POSTS_PER_DAY, write_demo_config
from demo.supervisor import HOME, Supervised
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardError
from tumblr_sandbox.driver import SandboxDriver

PEOPLE, PEOPLE_SPEED = 24, 20.0
"""How many live in a demo at first, and how much faster than the clock."""
MAX_PORT = 65_535
READY_SECONDS = 120.0
POLL_SECONDS = 0.2
STOPPED_STATES = frozenset({"EXITED", "FATAL", "UNKNOWN"})


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The demo's command line; defaults can also come from PORT, SWITCHBOARD_PORT, PEOPLE, PEOPLE_SPEED."""
    parser = argparse.ArgumentParser(prog="demo.run", description="run the bot on a tumblr of this machine")
    parser.add_argument(
        "--port", type=_port, default=os.environ.get("PORT") or "4480", help="port of the pages"
    )
    parser.add_argument(
        "--switchboard-port",
        type=_port,
        default=os.environ.get("SWITCHBOARD_PORT") or "4481",
        help="port of the switchboard",
    )
    parser.add_argument("--run", type=Path, default=HOME / "run" / "demo", help="folder of state and logs")
    parser.add_argument(
        "--model", type=Path, default=HOME / "demo" / "models" / "tiny", help="folder of the model"
    )
    parser.add_argument(
        "--people",
        type=int,
        default=os.environ.get("PEOPLE") or None,
        help=f"how many live in the sandbox; 0: nobody (first start: {PEOPLE})",
    )
    parser.add_argument(
        "--people-speed",
        type=float,
        default=os.environ.get("PEOPLE_SPEED") or None,
        help="how much faster than the clock they live; at 20 about one in a minute speaks to the bot "
        f"(first start: {PEOPLE_SPEED})",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demo left in the folder")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    """A port that others can be told of: 0 would be a different one for everybody who asks."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: expected a number from 1 to {MAX_PORT}")
    return int(text)


def refuse_taken_ports(ports: Iterable[tuple[str, int]]) -> None:
    """Raise FatalError for the first port that something else listens on."""
    for variable, port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                hint = f"stop what uses it, or choose another: make run {variable}={port + 100}"
                raise FatalError(f"port {port} is taken", hint) from None


def wait_until_ready(supervised: Supervised, config: Config, shutdown: Shutdown) -> bool:
    """Wait until every process answers; false when the visitor wants to stop first.

    Raises FatalError when a process gives up, with the end of its log.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        refuse_stopped(supervised)
        if is_ready(supervised, config):
            return True
        if shutdown.wait(POLL_SECONDS):
            return False
    raise FatalError("the processes did not get ready in time", f"read their logs in {supervised.logs}")


def refuse_stopped(supervised: Supervised) -> None:
    """Raise FatalError when a process, or supervisord, has given up."""
    if not supervised.alive:
        raise FatalError("supervisord stopped", f"read {supervised.logs / 'supervisord.out'}")
    for process in supervised.processes().values():
        if process.state in STOPPED_STATES:
            last = supervised.last_lines(process.name)
            raise FatalError(
                f"{process.name} stopped: {last}", f"its log is {supervised.logs / process.name}.log"
            )


def is_ready(supervised: Supervised, config: Config) -> bool:
    """Whether the sandbox serves its page and the switchboard knows a generator and a selector."""
    states = supervised.processes()
    if len(states) < 5 or any(process.state != "RUNNING" for process in states.values()):
        return False
    try:
        with session_for(config.tumblr.host) as session:
            page = session.head(config.tumblr.host, timeout=2)
        with closing(SwitchboardClient(config.switchboard_url, client_token(config))) as client:
            status = client.status()
    except (requests.RequestException, SwitchboardError):
        return False
    return page.status_code < 500 and {"generator", "selector"} <= {worker.role for worker in status.workers}


def lift_call_limits(port: int) -> None:
    """Let the bot look every second, and answer all day long, which real tumblr's limits would not allow."""
    with SandboxDriver(f"http://127.0.0.1:{port}") as driver:
        driver.set_limits(per_hour=1_000_000, per_day=10_000_000, posts_per_day=POSTS_PER_DAY)


def switch_people(port: int, people: int | None, speed: float | None) -> None:
    """Switch the people as the command line says, whatever an earlier start had; none changes nothing."""
    switch: dict[str, object] = {}
    if people is not None:
        switch |= {"on": people > 0, **({"count": people} if people else {})}
    if speed is not None:
        switch["speed"] = speed
    if switch:
        with SandboxDriver(f"http://127.0.0.1:{port}", timeout_seconds=60) as driver:
            driver.set_people(**switch)


def client_token(config: Config) -> SecretStr:
    """The token with which the demo asks the switchboard for its status."""
    token = config.switchboard.client_token
    assert token is not None, "the demo's configuration has all tokens"
    return token


def main(argv: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C."""
    arguments = parse_arguments(argv)
    run = arguments.run.resolve()
    refuse_taken_ports([("PORT", arguments.port), ("SWITCHBOARD_PORT", arguments.switchboard_port)])
    if arguments.fresh:
        shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True, exist_ok=True)
    ports = (arguments.port, arguments.switchboard_port)
    path = write_demo_config(run, arguments.model.resolve(), *ports, follows=True)
    shutdown = Shutdown().install()
    say("starting the sandbox and the four processes ...")
    people, speed = arguments.people, arguments.people_speed
    with Supervised(
        run,
        path,
        arguments.port,
        people=PEOPLE if people is None else people,
        people_speed=PEOPLE_SPEED if speed is None else speed,
    ) as supervised:
        if wait_until_ready(supervised, load_config(path), shutdown):
            lift_call_limits(arguments.port)
            switch_people(arguments.port, people, speed)
            say(f"\n  Ask the bot something:  http://127.0.0.1:{arguments.port}/\n")
            status = f".venv/bin/python -m switchboard status --config {shown(path)}"
            say(f"  what happens inside:    {status} --watch")
            say(f"  one log per process:    {shown(run / 'log')}/")
            say("  stop everything:        Ctrl-C\n")
            while not shutdown.wait(1.0):
                refuse_stopped(supervised)
        say("stopping ...")
    say("stopped; nothing is lost: make run goes on from here")
    return 0


def shown(path: Path) -> str:
    """A path as a visitor in the project's folder would type it."""
    return str(path.relative_to(HOME)) if path.is_relative_to(HOME) else str(path)


def say(text: str) -> None:
    """Tell the visitor something at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_process(main))
