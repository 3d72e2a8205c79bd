"""Making the virtual environment: when it is made anew, and what a user reads when that fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from environments import setup

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the setup looks at."""
    for name in (*setup.PINS, "Makefile", "environments/setup.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def ready_environment(home: Path) -> Path:
    """An environment as it is left by a setup that went well."""
    venv = home / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / setup.STAMP).write_text(json.dumps(setup.wanted_stamp(home)), encoding="utf-8")
    return venv


def test_an_environment_that_fits_is_left_alone(checkout: Path) -> None:
    venv = ready_environment(checkout)
    assert setup.reason_to_make(venv, setup.wanted_stamp(checkout)) is None


def test_one_that_is_not_there_or_was_not_finished_is_made(checkout: Path) -> None:
    assert setup.reason_to_make(checkout / ".venv", setup.wanted_stamp(checkout)) == "once; a few minutes"
    venv = ready_environment(checkout)
    (venv / setup.STAMP).write_text("", encoding="utf-8")
    assert setup.reason_to_make(venv, setup.wanted_stamp(checkout)) == "it was not finished"


def test_one_whose_python_is_gone_is_made_again(checkout: Path) -> None:
    venv = ready_environment(checkout)
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/opt/python-of-last-year/bin/python3")
    assert setup.reason_to_make(venv, setup.wanted_stamp(checkout)) == "its Python is gone"


def test_other_pins_and_a_moved_checkout_are_reasons_to_make_it_again(checkout: Path) -> None:
    venv = ready_environment(checkout)
    with (checkout / "constraints.txt").open("a", encoding="utf-8") as pins:
        pins.write("one-more==1\n")
    reason = setup.reason_to_make(venv, setup.wanted_stamp(checkout))
    assert reason == "again, for it was made for other pins"
    moved = checkout.rename(checkout.with_name("moved"))
    reason = setup.reason_to_make(moved / ".venv", setup.wanted_stamp(moved))
    assert reason == "again, for it was made for other pins and folder"


def test_pip_is_told_nothing_that_cannot_work_in_a_virtual_environment() -> None:
    given = {"PIP_USER": "1", "PIP_TARGET": "/x", "PIP_REQUIRE_HASHES": "1", "PIP_INDEX_URL": "https://mine"}
    told = setup.pip_environment(given)
    assert told["PIP_USER"] == "0"
    assert told["PIP_INDEX_URL"] == "https://mine"
    assert "PIP_TARGET" not in told
    assert "PIP_REQUIRE_HASHES" not in told


def test_pips_reason_is_told_without_its_noise() -> None:
    log = """Looking in links: /opt
WARNING: Location '/opt/x' is ignored
ERROR: Ignored the following versions that require a different python version: 4.1.2 Requires-Python >=3.12
ERROR: Could not find a version that satisfies the requirement soupsieve==4.1.2
ERROR: No matching distribution found for soupsieve==4.1.2
"""
    assert setup.last_errors(log) == (
        "Could not find a version that satisfies the requirement soupsieve==4.1.2; "
        "No matching distribution found for soupsieve==4.1.2"
    )
    assert setup.last_errors("\nnothing is called an error\n") == "nothing is called an error"
    assert setup.last_errors("") == ""


def test_a_python_without_a_part_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(setup.SetupError, match=r"has no module sqlite3 - .*make PYTHON=/path/to/python3"):
        setup.check_python()


@pytest.mark.parametrize("name", ["a:b", "a?b", "a\nb"])
def test_a_path_in_which_nothing_can_be_installed_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(setup.SetupError, match=r"the checkout's path contains .* - move it"):
        setup.check_place(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(setup.SetupError, match=r"cannot be written - copy it"):
        setup.check_place(tmp_path)
    tmp_path.chmod(0o700)


def test_torch_is_pinned_as_the_cpu_build_is_asked_for() -> None:
    version = setup.torch_pin(ROOT).removeprefix("torch==")
    assert f"torch=={version}" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make in the copy, as a user does."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_or_missing_python_is_one_clear_error(checkout: Path) -> None:
    old = checkout / "old python's"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o700)
    for python in (str(old), "/no/such/python3"):
        done = make(checkout, "setup", f"PYTHON={python}")
        assert done.returncode == 2
        assert done.stderr.splitlines()[0] == (
            f"error: {python} is not Python 3.11 or newer - install one, or name it: "
            "make PYTHON=/path/to/python3"
        )


def test_an_environment_that_fits_needs_no_other_python(checkout: Path) -> None:
    ready_environment(checkout)
    done = make(checkout, "setup", PATH="/usr/bin:/bin", PYTHONWARNINGS="error", PYTHONOPTIMIZE="2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_pip_that_fails_is_one_clear_error_and_its_log(checkout: Path) -> None:
    done = make(
        checkout,
        "setup",
        f"PYTHON={sys.executable}",
        "TORCH_INDEX=",
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS="",
        PIP_USER="1",
        PIP_CONFIG_FILE="/dev/null",
        PIP_EXTRA_INDEX_URL="",
    )
    assert done.returncode == 2
    said = done.stderr.splitlines()[0]
    assert said.startswith("error: installing the libraries failed: ")
    assert said.endswith(" - all of it is in build/setup.log; when that is put right, run make again")
    assert "No matching distribution found" in (checkout / "build" / "setup.log").read_text(encoding="utf-8")


def pins_of(name: str) -> dict[str, str]:
    """Versions by package, as one of the two files pins them."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {package.lower().replace("_", "-"): version for package, version in pairs}


def test_both_environments_take_what_fits_the_oldest_python() -> None:
    """constraints.txt is tried on the oldest; what both pin, beside urllib3, is one version."""
    ours, backups = pins_of("constraints.txt"), pins_of(setup.BACKUP_PINS)
    shared = (ours.keys() & backups.keys()) - {"urllib3"}
    assert len(shared) > 8
    assert {name: backups[name] for name in shared} == {name: ours[name] for name in shared}
