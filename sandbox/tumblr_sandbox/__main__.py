"""``python -m tumblr_sandbox serve``: a tumblr on this machine."""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import structlog
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from tumblr_sandbox.app import create_app
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.people import command
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import residents_of
from tumblr_sandbox.process import FatalError, Shutdown, configure_logging, run_process, stop_with_parent
from tumblr_sandbox.server import PortTakenError, SandboxServer, listen
from tumblr_sandbox.store.migrations import DatabaseTooNewError
from tumblr_sandbox.world import World, open_world

log = structlog.get_logger()

TLS_PORT = 8766


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tumblr_sandbox", description="A tumblr on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API, the pages and the control face")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: %(default)s)")
    serve.add_argument("--database", type=Path, default=Path("sandbox.db"), help="SQLite file")
    serve.add_argument("--seed-demo", action="store_true", help="make the demo's accounts and first posts")
    serve.add_argument(
        "--publish-queue-every",
        type=float,
        metavar="SECONDS",
        help="also publish one post of every queue at this interval, whatever its slot",
    )
    serve.add_argument(
        "--people",
        type=int,
        default=0,
        metavar="N",
        help="let so many people live here",
    )
    serve.add_argument(
        "--people-speed",
        type=float,
        default=1.0,
        metavar="X",
        help="how fast they live (1: as the clock)",
    )
    serve.add_argument(
        "--tls",
        type=int,
        nargs="?",
        const=TLS_PORT,
        metavar="PORT",
        help="also serve https there, with a certificate made at start (without a number: %(const)s)",
    )
    serve.add_argument(
        "--stop-with-parent",
        action="store_true",
        help="stop when the process that started this one is gone",
    )
    serve.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    command.add_commands(commands)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    arguments = parse_arguments(argv)
    if arguments.command == "people":
        return command.run(arguments)
    if arguments.stop_with_parent:
        stop_with_parent()
    configure_logging(arguments.log_level)
    shutdown = Shutdown().install()
    world = _open(arguments.database)
    try:
        people = wanted_people(arguments)
        if arguments.seed_demo:
            seed_demo(world, people)
        app = create_app(world)
        residents = residents_of(app)
        if people is not None and not residents.was_switched():
            residents.set_switch(people)
        _serve(world, app, arguments, shutdown)
    finally:
        world.close()
    log.info("stopped")
    return 0


def wanted_people(arguments: argparse.Namespace) -> PeopleSwitch | None:
    """How the command line switches the people; none when it says nothing of them."""
    if not arguments.people:
        return None
    try:
        return PeopleSwitch(on=True, count=arguments.people, speed=arguments.people_speed)
    except ValidationError as error:
        raise FatalError(
            "--people or --people-speed is out of range", str(error.errors()[0]["msg"])
        ) from None


def _open(path: Path) -> World:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return open_world(path, time.time, random.SystemRandom())
    except DatabaseTooNewError as error:
        raise FatalError(str(error), "use a newer sandbox, or another --database") from None
    except (SQLAlchemyError, OSError) as error:
        message = f"cannot open the database {path}: {str(error).splitlines()[0]}"
        raise FatalError(message, "name a file that can be written with --database") from None


def _serve(world: World, app: Flask, arguments: argparse.Namespace, shutdown: Shutdown) -> None:
    with ExitStack() as beside:
        if arguments.tls is not None:
            _serve_tls(app, arguments, beside)
        server = _plain_server(world, app, arguments)
        url = f"http://{_in_url(arguments.host)}:{server.port}"
        log.info("serving", url=url, database=arguments.database)
        watcher = threading.Thread(target=_stop_when, args=(shutdown.requested, server), daemon=True)
        watcher.start()
        server.run()


def _plain_server(world: World, app: Flask, arguments: argparse.Namespace) -> SandboxServer:
    try:
        listener = listen(arguments.host, arguments.port)
    except PortTakenError as error:
        raise FatalError(str(error), "stop what listens there, or choose another --port") from None
    except OSError as error:
        raise FatalError(f"cannot listen on {arguments.host}: {error}", "choose another --host") from None
    return SandboxServer(world, app, listener, publish_every=arguments.publish_queue_every)


def _serve_tls(app: Flask, arguments: argparse.Namespace, beside: ExitStack) -> None:
    """Serve https until ``beside`` is closed, and say whom to trust."""
    if not (importlib.util.find_spec("cheroot") and importlib.util.find_spec("trustme")):
        raise FatalError("--tls needs cheroot and trustme", "pip install 'tumblr-sandbox[tls]'")
    from tumblr_sandbox.tls import TlsServer

    authority = arguments.database.with_suffix(".ca.pem").resolve()
    try:
        server = beside.enter_context(TlsServer(app, arguments.host, arguments.tls, authority))
    except OSError as error:
        message = f"cannot serve https at port {arguments.tls} of {arguments.host}: {error}"
        raise FatalError(message, "choose another --tls") from None
    log.info("serving https", secure=f"https://{_in_url(arguments.host)}:{server.port}", authority=authority)


def _stop_when(requested: threading.Event, server: SandboxServer) -> None:
    requested.wait()
    server.stop()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(run_process(main))
