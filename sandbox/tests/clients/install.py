"""Environments of their own for the published programs that the tests run: ``python -m clients.install``.

They lie in ``SANDBOX_PROGRAMS``, or in the folder ``programs`` of the environment that runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(os.environ.get("SANDBOX_PROGRAMS") or Path(sys.prefix) / "programs")
FROM_PYPI = {
    "authlib": ["authlib==1.9.10", "requests"],
    "authomatic": ["authomatic==1.3.0", "werkzeug"],
    "django-allauth": ["django-allauth[socialaccount]==65.21.1"],
    "gallery-dl": ["gallery-dl==1.32.18"],
    "jrnl2tumblr": ["jrnl2tumblr==0.1.3"],
    "npf-renderer": ["npf-renderer==0.13.0", "pytumblr==0.1.2"],
    "pelican": ["pelican==4.12.0", "beautifulsoup4"],
    "py3tumblr": ["py3tumblr==0.0.6"],
    "python-tumblpy": ["python-tumblpy==1.1.4"],
    "pytumblr-aio": ["pytumblr-aio==0.0.2"],
    "social-auth-core": ["social-auth-core==7.0.0"],
    "socialreaper": ["socialreaper==1.0.3"],
    "tumblr-2-album": ["tumblr-2-album==0.0.40"],
    "tumblr-download": ["tumblr-download==3.0.0", "beautifulsoup4"],
    "tumblr-scraper": ["tumblr-scraper==0.1.0"],
    "tumblrdotcom": ["tumblrdotcom==0.3.3"],
    "yt-dlp": ["yt-dlp==2026.10.26"],
}
FROM_NPM = {
    "bell": ["@hapi/bell@13.2.0", "@hapi/hapi@21.4.10"],
    "grant": ["grant@5.4.24", "express@5.3.0", "express-session@1.19.0"],
    "passport-tumblr": ["passport-tumblr@0.1.2", "passport@0.7.0", "express@5.3.0", "express-session@1.19.0"],
    "tumblr.js": ["tumblr.js@5.0.1"],
    "tumblr.js-3": ["tumblr.js@3.0.0"],
}


def python_of(name: str) -> Path:
    """The interpreter of a program's environment, whether it is there or not."""
    return FOLDER / name / "bin" / "python"


def modules_of(name: str) -> Path:
    """The packages of an environment for node, whether they are there or not."""
    return FOLDER / name / "node_modules"


def main() -> int:
    """Make what is missing; the exit status counts what could not be made."""
    failed = []
    for name, wanted in FROM_PYPI.items():
        if not python_of(name).exists():
            venv.create(FOLDER / name, with_pip=True)
            # Isolated: what stands in PYTHONPATH is not of the program's environment.
            command = [str(python_of(name)), "-I", "-m", "pip", "install", "--quiet", *wanted]
            if subprocess.run(command, check=False).returncode:
                failed.append(name)
    npm = shutil.which("npm")
    for name, wanted in FROM_NPM.items():
        if npm is None:
            print(f"{name}: no npm here", file=sys.stderr)
        elif not modules_of(name).exists():
            command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER / name), *wanted]
            if subprocess.run(command, check=False).returncode:
                failed.append(name)
    if failed:
        print(f"not installed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
