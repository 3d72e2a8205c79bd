"""The environments, one function each: it returns what was seen, or raises CaseFailed or SkippedCase."""

from __future__ import annotations

import os
import pty
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot_http import direct_session
from demo.supervisor import HOME, free_port
from environments.demo_runs import (
    STOP_SECONDS,
    CaseFailed,
    Demo,
    all_gone,
    command_of,
    eventually,
    started,
    still_there,
)

OLDEST = (3, 11)
PYTHONS = ("/usr/bin/python3.*", "/usr/local/bin/python3.*", "~/.pyenv/versions/3.*/bin/python3.*")
ROOMS = ("tests/munging", "tests/mood", "tests/selection", "tests/switchboard", "tests/tumblr")
ODD_NAME = "it's a 100% path"
DISK_BYTES = 96 * 1024 * 1024
FULL_SECONDS = 20.0


class SkippedCase(Exception):  # noqa: N818 - named for what happened
    """The case cannot be tried on this machine; the text says why."""


def pythons() -> dict[str, Path]:
    """The Pythons at hand that are new enough: the oldest and the newest of each minor version."""
    found: dict[tuple[int, ...], Path] = {}
    for pattern in PYTHONS:
        base = Path(pattern).expanduser()
        for path in sorted(Path("/").glob(str(base)[1:])):
            if path.suffix[1:].isdecimal():
                asked = [str(path), "-c", "import sys; print(*sys.version_info[:3])"]
                said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
                version = tuple(map(int, said))
                if version >= OLDEST:
                    found.setdefault(version, path)
    minors = {version[:2] for version in found}
    ends = [end(v for v in found if v[:2] == minor) for minor in sorted(minors) for end in (min, max)]
    return {".".join(map(str, version)): found[version] for version in dict.fromkeys(ends)}


@contextmanager
def checkout(name: str = "checkout", *, owner: int | None = None) -> Iterator[Path]:
    """A copy of the project, as somebody has it who has just cloned it."""
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder, name)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=HOME,
            capture_output=True,
            check=True,
        )
        for file in listed.stdout.decode().rstrip("\0").split("\0"):
            if (HOME / file).is_file():
                (home / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(HOME / file, home / file)
        if owner is not None:
            for path in (home, *home.rglob("*")):
                os.chown(path, owner, -1)
        yield home


def make_setup(
    home: Path, python: str | Path, *, changes: Mapping[str, str] | None = None, user: int | None = None
) -> float:
    """``make setup`` in a checkout; the seconds it took. Raises CaseFailed."""
    began = time.monotonic()
    done = subprocess.run(
        ["make", "setup", f"PYTHON={python}"],
        cwd=home,
        env={**_plain_environment(), **(changes or {})},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CaseFailed(f"make setup: {(done.stderr or done.stdout).strip().splitlines()[0]}")
    return time.monotonic() - began


def _plain_environment() -> dict[str, str]:
    """The environment without what the surrounding make has put into it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def disk_use(folder: Path) -> str:
    """What a folder takes, in gigabytes."""
    size = sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))
    return f"{size / 1e9:.1f} GB"


def first_answer(home: Path, run: Path, **options: object) -> str:
    """Start the demo, ask, and say how long the answer took. Raises CaseFailed."""
    with started(home, run, **options) as demo:  # type: ignore[arg-type]
        demo.wait_until_ready()
        return f"first answer after {demo.answer():.0f} s"


def on_python(python: Path) -> str:
    """From a fresh checkout to the first answer, and the tests of the rooms."""
    with checkout() as home:
        seconds = make_setup(home, python)
        own = home / ".venv" / "bin" / "python"
        answer = first_answer(home, home / "run" / "demo", python=own)
        tests = [str(own), "-m", "pytest", "-q", "-n", "2", *ROOMS]
        done = subprocess.run(tests, cwd=home, capture_output=True, text=True, check=False)
        result = done.stdout.strip().splitlines()[-1:] or [done.stderr.strip()[-200:]]
        if done.returncode:
            kept = _keep(f"tests-{python.name}.log", done.stdout + done.stderr)
            raise CaseFailed(f"the room tests: {result[0]}; all they said is in {kept}")
        return f"setup {seconds:.0f} s, {disk_use(home / '.venv')}; {answer}; {result[0]}"


def _keep(name: str, text: str) -> Path:
    """Write what a case said into this checkout, for the case's own is gone when it ends."""
    path = HOME / "build" / "environments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def odd_path() -> str:
    """A checkout whose path has a space, an apostrophe and a percent sign."""
    with checkout(ODD_NAME) as home:
        make_setup(home, sys.executable)
        return first_answer(home, home / "run" / "demo", python=home / ".venv" / "bin" / "python")


def moved_checkout() -> str:
    """A checkout that was moved after its setup is set up again by itself."""
    with checkout() as home:
        make_setup(home, sys.executable)
        moved = home.rename(home.with_name("moved"))
        make_setup(moved, sys.executable)
        script = (moved / ".venv" / "bin" / "supervisord").read_text(encoding="utf-8").splitlines()[0]
        if str(moved) not in script:
            raise CaseFailed(f"a script still begins with {script}")
        return "made again"


def with_environment(**changes: str) -> str:
    """Environment variables that users have."""
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        values = {name: value.replace("FOLDER", folder) for name, value in changes.items()}
        for name in ("TMPDIR",):
            if name in values:
                Path(values[name]).mkdir(parents=True, exist_ok=True)
        return first_answer(HOME, Path(folder, "über", "demo"), changes=values)


def few_descriptors() -> str:
    """``ulimit -n 256``."""
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        prefix = ["sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"]
        return first_answer(HOME, Path(folder, "demo"), prefix=prefix)


def user_without_rights() -> str:
    """A user who owns nothing but the checkout, with a HOME that is not there, and pip's user mode on."""
    if os.geteuid() != 0:
        raise SkippedCase("needs root, to become another user")
    user = pwd.getpwnam("nobody").pw_uid
    python = next((path for path in pythons().values() if str(path).startswith("/usr/")), None)
    if python is None:
        raise SkippedCase("needs a Python that every user can read")
    changes = {"HOME": "/nonexistent", "PIP_USER": "1"}
    with checkout(owner=user) as home:
        make_setup(home, python, changes=changes, user=user)
        own = home / ".venv" / "bin" / "python"
        return first_answer(home, home / "run" / "demo", python=own, changes=changes, user=user)


def wheel() -> str:
    """The built wheel in an environment of its own: started by its commands, with its state elsewhere."""
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        with checkout() as home:
            _must([sys.executable, "-m", "venv", f"{folder}/bot"])
            own = Path(folder, "bot", "bin")
            _must([str(own / "python"), "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, str(home)])
            built = next(Path(folder).glob("*.whl"))
            pins = ["--constraint", str(home / "constraints.txt")]
            _must([str(own / "python"), "-m", "pip", "install", "-q", *pins, str(built)])
        before = {path for path in own.parent.rglob("*") if path.suffix != ".pyc"}
        state = Path(folder, "state")
        state.mkdir()
        port = free_port()
        (state / "config.json").write_text(f'{{"switchboard": {{"port": {port}}}}}', encoding="utf-8")
        _must([str(own / "autoresponder-config"), "check", "config.json"], state)
        with subprocess.Popen(
            [str(own / "autoresponder-bridge")], cwd=state, stderr=subprocess.DEVNULL
        ) as bridge:
            kept = eventually((state / "run" / "switchboard.sqlite").exists, STOP_SECONDS)
            bridge.terminate()
        after = {path for path in own.parent.rglob("*") if path.suffix != ".pyc"}
        new = {path.name for path in after - before} - {"__pycache__"}
        if not kept or new:
            raise CaseFailed(
                f"state beside the configuration: {kept}; new where it is installed: {sorted(new)}"
            )
        return f"{built.stat().st_size / 1e6:.1f} MB; kept its state where it was started"


def _must(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CaseFailed(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


@contextmanager
def _running() -> Iterator[Demo]:
    with (
        tempfile.TemporaryDirectory(prefix="environments-") as folder,
        started(HOME, Path(folder, "demo")) as demo,
    ):
        demo.wait_until_ready()
        yield demo


def _must_be_gone(pids: Mapping[str, int]) -> str:
    began = time.monotonic()
    if not eventually(lambda: all_gone(pids), STOP_SECONDS):
        raise CaseFailed(f"still there: {', '.join(still_there(pids))}")
    return f"{len(pids)} processes gone within {time.monotonic() - began:.1f} s"


def killed(name: str) -> str:
    """SIGKILL for the demo or supervisord takes the others along."""
    with _running() as demo:
        pids = demo.pids()
        os.kill(pids[name], signal.SIGKILL)
        return _must_be_gone(pids)


def closed_terminal() -> str:
    """The terminal in which the demo runs is closed."""
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        run, port = Path(folder, "demo"), free_port()
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(HOME)
            command = command_of(sys.executable, run, port, free_port())
            os.execv(command[0], command)  # noqa: S606 - a list
        said = b""
        while b"Ask the bot" not in said:
            said += os.read(terminal, 1024)
        with subprocess.Popen(["true"], stdout=subprocess.PIPE, text=True) as nobody:
            pids = Demo(nobody, run, port, 0, 0.0).pids() | {"demo": pid}
        os.close(terminal)
        try:
            return _must_be_gone(pids)
        finally:
            os.waitpid(pid, os.WNOHANG)


def second_run() -> str:
    """A second demo in the same folder is refused, and the first one goes on."""
    with _running() as demo:
        command = command_of(sys.executable, demo.run, 4999, 4998)
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
        if done.returncode != 2 or str(demo.process.pid) not in done.stderr:
            raise CaseFailed(f"the second ended with {done.returncode}: {done.stderr.strip()}")
        demo.answer()
        return done.stderr.strip()


def full_disk() -> str:
    """A disk that fills up while the demo runs, and has room again later."""
    if os.geteuid() != 0:
        raise SkippedCase("needs root, to mount a small disk")
    with tempfile.TemporaryDirectory(prefix="environments-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            raise SkippedCase("no small disk can be mounted here")
        try:
            with started(HOME, Path(folder, "demo")) as demo:
                demo.wait_until_ready()
                filler = Path(folder, "filler")
                _fill(filler)
                with direct_session() as session:
                    page = session.get(f"http://127.0.0.1:{demo.port}/", timeout=30).status_code
                time.sleep(FULL_SECONDS)
                if demo.process.poll() is not None:
                    raise CaseFailed("the demo ended of the full disk")
                filler.unlink()
                demo.answer()
                return f"page {page} on the full disk; answered when there was room"
        finally:
            subprocess.run(["umount", folder], check=False)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


UNREACHABLE = "http://127.0.0.1:9"
CASES: dict[str, Callable[[], str]] = {
    **{f"Python {version}": partial(on_python, path) for version, path in pythons().items()},
    "path with space, apostrophe, %": odd_path,
    "moved checkout": moved_checkout,
    "wheel": wheel,
    "unreachable proxy": partial(
        with_environment, http_proxy=UNREACHABLE, https_proxy=UNREACHABLE, HTTP_PROXY=UNREACHABLE
    ),
    "unreachable socks proxy": partial(
        with_environment, ALL_PROXY="socks5h://127.0.0.1:9", all_proxy="socks5h://127.0.0.1:9"
    ),
    "POSIX locale, non-ASCII path": partial(with_environment, LC_ALL="POSIX", LANG="POSIX"),
    "very long TMPDIR": partial(with_environment, TMPDIR=f"FOLDER/{'t' * 200}"),
    "256 file descriptors": few_descriptors,
    "user without rights, no HOME": user_without_rights,
    "signals: closed terminal": closed_terminal,
    "signals: killed demo": partial(killed, "demo"),
    "signals: killed supervisord": partial(killed, "demo.supervisor"),
    "second run": second_run,
    "full disk": full_disk,
}
