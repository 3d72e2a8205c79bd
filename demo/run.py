"""The demo: a tumblr on this machine, and the bot living on it.

    python -m demo.run [--port 4480] [--switchboard-port 4481] [--console-port 4482]
                       [--run run/demo] [--fresh]

Starts the sandbox, the four processes and the operator's console under supervisord, waits until each
answers, prints the addresses of the pages, and stops everything on Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from itertools import combinations
from pathlib import Path

import requests
from pydantic import SecretStr

from bot_config import Config, load_config
from bot_http import session_for
from bot_lifecycle import FatalError, Shutdown
from bot_process import run_process
from demo.configuration import KEEPER, POSTS_PER_DAY, console_settings, write_demo_config
from demo.lock import only_demo_in
from demo.ports import FIRST_FREE_TO_ALL, PortError, check_port
from demo.pretrained import choose_model
from demo.supervisor import HOME, Supervised
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardError
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.people.records import MAX_COUNT, MAX_SPEED

PEOPLE, PEOPLE_SPEED = 24, 20.0
"""How many live in a demo at first, and how much faster than the clock."""
DEFAULT_MODEL = "frank"
MAX_PORT = 65_535
READY_SECONDS = 300.0
"""A slow disk takes a minute or two to load PyTorch for the first time."""
POLL_SECONDS = 0.2
STOPPED_STATES = frozenset({"EXITED", "FATAL", "UNKNOWN"})


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; PORT, SWITCHBOARD_PORT, CONSOLE_PORT, MODEL, PEOPLE and PEOPLE_SPEED give its
    defaults."""
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
    parser.add_argument(
        "--console-port",
        type=_port,
        default=os.environ.get("CONSOLE_PORT") or "4482",
        help="port of the operator's console",
    )
    parser.add_argument("--run", type=Path, default=HOME / "run" / "demo", help="folder of state and logs")
    parser.add_argument(
        "--model",
        default=os.environ.get("MODEL") or DEFAULT_MODEL,
        help="frank: a real language model, fetched once; tiny: the small one in the repository; or a folder "
        f"(default: {DEFAULT_MODEL})",
    )
    parser.add_argument(
        "--people",
        type=_people,
        default=os.environ.get("PEOPLE") or None,
        help=f"how many live in the sandbox; 0: nobody (first start: {PEOPLE})",
    )
    parser.add_argument(
        "--people-speed",
        type=_speed,
        default=os.environ.get("PEOPLE_SPEED") or None,
        help="how much faster than the clock they live; at 20 about one in a minute speaks to the bot "
        f"(first start: {PEOPLE_SPEED})",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demo left in the folder")
    arguments = parser.parse_args(argv)
    ports = {"--port": arguments.port, "--switchboard-port": arguments.switchboard_port}
    ports["--console-port"] = arguments.console_port
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port == same:
            parser.error(f"{one} and {other} are both {port}: each needs one of its own")
    return arguments


def _port(text: str) -> int:
    """A port that others can be told of: 0 would be a different one for everybody who asks."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: expected a number from 1 to {MAX_PORT}")
    return int(text)


def _people(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_COUNT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of people: expected one from 0 to {MAX_COUNT}"
        )
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= MAX_SPEED:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no speed: expected more than 0, at most {MAX_SPEED:.0f}"
        )
    return speed


def refuse_taken_ports(ports: Iterable[tuple[str, int]]) -> None:
    """Raise FatalError for the first port that cannot be had, with who has it and what to do."""
    for variable, port in ports:
        try:
            check_port(port)
        except PortError as error:
            other = f"make run {variable}={port + 100 if port >= FIRST_FREE_TO_ALL else port + 8000}"
            holder = error.listener
            if holder is None:
                hint = f"stop what uses it, or choose another: {other}"
                raise FatalError(str(error), hint) from None
            earlier = holder.folder == HOME or str(HOME) in holder.command
            who = "an earlier demo of this checkout" if earlier else holder.command[:80]
            hint = f"stop it with: kill {holder.pid}, or choose another: {other}"
            raise FatalError(f"{error} by {who} (process {holder.pid})", hint) from None


def wait_until_ready(supervised: Supervised, config: Config, shutdown: Shutdown) -> bool:
    """Wait until every process answers; false when the visitor wants to stop first.

    Raises FatalError when a process gives up, with the end of its log.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        refuse_dead(supervised)
        for name, reason in stopped(supervised).items():
            raise FatalError(f"{name} stopped: {reason}", where_to_read(supervised, name))
        if is_ready(supervised, config):
            return True
        if shutdown.wait(POLL_SECONDS):
            return False
    raise FatalError("the processes did not get ready in time", f"read their logs in {supervised.logs}")


def refuse_dead(supervised: Supervised) -> None:
    """Raise FatalError when supervisord has ended."""
    if not supervised.alive:
        said = supervised.last_said()
        raise FatalError(
            f"supervisord stopped{said and ': '}{said}", "if nobody has stopped it, start again with make run"
        )


def stopped(supervised: Supervised) -> dict[str, str]:
    """The processes that have given up, by name, each with the last that it said."""
    return {
        process.name: (supervised.last_line(process.name) or process.error).removeprefix("error: ")
        or "it said nothing"
        for process in supervised.processes().values()
        if process.state in STOPPED_STATES
    }


def where_to_read(supervised: Supervised, name: str) -> str:
    """Where more stands about a process that has given up."""
    log = supervised.logs / f"{name}.log"
    return f"its log is {log}" if log.exists() else "it has not begun a log"


def tell_of_stopped(supervised: Supervised, told: frozenset[str]) -> frozenset[str]:
    """Say once of each process that has given up that it has; the answer is those that are told of.

    The others go on: what they do not need of it still works.
    """
    now = stopped(supervised)
    for name, reason in now.items():
        if name not in told:
            say(f"{name} stopped: {reason}; the others go on ({where_to_read(supervised, name)})")
    return frozenset(now)


def is_ready(supervised: Supervised, config: Config) -> bool:
    """Whether the sandbox serves its page and the switchboard knows a generator and a selector."""
    states = supervised.processes()
    if len(states) < 5 + config.console.on or any(process.state != "RUNNING" for process in states.values()):
        return False
    try:
        with session_for(config.tumblr.host) as session:
            page = session.head(config.tumblr.host, timeout=2)
        with closing(SwitchboardClient(config.switchboard.address, client_token(config))) as client:
            status = client.status()
        if config.console.on:
            with session_for(console_address(config)) as session:
                session.get(f"{console_address(config)}/health", timeout=2)
    except (requests.RequestException, SwitchboardError):
        return False
    return page.status_code < 500 and {"generator", "selector"} <= {worker.role for worker in status.workers}


def lift_call_limits(port: int) -> None:
    """Let the bot look every second, and answer all day long, which real tumblr's limits would not allow."""
    with SandboxDriver(f"http://127.0.0.1:{port}") as driver:
        driver.set_limits(per_hour=1_000_000, per_day=10_000_000, posts_per_day=POSTS_PER_DAY)


def switch_people(port: int, people: int | None, speed: float | None, *, wide: bool) -> None:
    """Switch the people as the command line says, whatever an earlier start had; none changes nothing.

    ``wide``: they talk about everything, since the bot's model can answer that.
    """
    switch: dict[str, object] = {"wide": wide}
    if people is not None:
        switch |= {"on": people > 0, **({"count": people} if people else {})}
    if speed is not None:
        switch["speed"] = speed
    with SandboxDriver(f"http://127.0.0.1:{port}", timeout_seconds=60) as driver:
        driver.set_people(**switch)


def console_address(config: Config) -> str:
    """Where the console is on this machine."""
    return f"http://127.0.0.1:{config.console.port}"


def client_token(config: Config) -> SecretStr:
    """The token with which the demo asks the switchboard for its status."""
    token = config.switchboard.client_token
    assert token is not None, "the demo's configuration has all tokens"
    return token


def main(argv: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C."""
    arguments = parse_arguments(argv)
    run = arguments.run.resolve()
    with only_demo_in(run) as lock:
        named = {"PORT": arguments.port, "SWITCHBOARD_PORT": arguments.switchboard_port}
        refuse_taken_ports([*named.items(), ("CONSOLE_PORT", arguments.console_port)])
        password = secrets.token_urlsafe(9)
        path = prepare(run, arguments, password)
        return serve(run, path, arguments, lock, password)


def prepare(run: Path, arguments: argparse.Namespace, password: str) -> Path:
    """Make the folder and the configuration in it, with the console's password.

    Raises FatalError where that cannot be written.
    """
    if arguments.fresh:
        shutil.rmtree(run, ignore_errors=True)
    # Here and not above: of those who import this module only a demo with a console hashes a password.
    from operator_console.passwords import hash_of

    ports = (arguments.port, arguments.switchboard_port)
    try:
        run.mkdir(parents=True, exist_ok=True)
        console = console_settings(run, arguments.console_port, hash_of(password))
        model = choose_model(arguments.model, say)
        return write_demo_config(run, model.folder, *ports, follows=True, heads=model.heads, console=console)
    except OSError as error:
        where = f"{error.filename or run} cannot be written ({error.strerror})"
        raise FatalError(where, "see whom it belongs to, or choose another folder with --run") from None


def serve(run: Path, path: Path, arguments: argparse.Namespace, lock: int, password: str) -> int:
    """Start everything, say where it is, and stop it when that is wished."""
    shutdown = Shutdown().install()
    say("starting the sandbox, the four processes and the console ...")
    people, speed = arguments.people, arguments.people_speed
    with Supervised(
        run,
        path,
        arguments.port,
        people=PEOPLE if people is None else people,
        people_speed=PEOPLE_SPEED if speed is None else speed,
        console=True,
        keep_open=[lock],
    ) as supervised:
        config = load_config(path)
        if wait_until_ready(supervised, config, shutdown):
            lift_call_limits(arguments.port)
            switch_people(arguments.port, people, speed, wide=config.generator.heads is not None)
            say(f"\n  Ask the bot something:  http://127.0.0.1:{arguments.port}/\n")
            say(f"  the operator's console: http://127.0.0.1:{arguments.console_port}/")
            say(f"                          as {KEEPER}, password {password}\n")
            status = f".venv/bin/python -m switchboard status --config {shown(path)}"
            say(f"  what happens inside:    {status} --watch")
            say(f"  one log per process:    {shown(run / 'log')}/")
            say("  stop everything:        Ctrl-C\n")
            told: frozenset[str] = frozenset()
            while not shutdown.wait(1.0):
                refuse_dead(supervised)
                told = tell_of_stopped(supervised, told)
        say("stopping ...")
    say("stopped; nothing is lost: make run goes on from here")
    return 0


def shown(path: Path) -> str:
    """A path as a visitor in the project's folder would type it."""
    return str(path.relative_to(HOME)) if path.is_relative_to(HOME) else str(path)


def say(text: str) -> None:
    """Tell the visitor something at once, unless the terminal has been closed."""
    with suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_process(main))
