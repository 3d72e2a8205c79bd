"""Public clients against the sandbox: pytumblr, pytumblr2 and tumblr-backup, as anybody installs them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench import Served
from conformance.backups import Backup
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet


@pytest.fixture
def crowd(served: Served, driver: SandboxDriver, keys: KeySet) -> Crowd:
    """People with keys and clients; frank is there, others come when they are named."""
    return Crowd(served.url, driver, {"frank": keys})


@pytest.fixture
def frank2(crowd: Crowd) -> Any:
    """pytumblr2 with frank's keys."""
    return crowd.npf_client("frank")


@pytest.fixture
def backup(served: Served, keys: KeySet, tmp_path: Path) -> Backup:
    """tumblr-backup with the api key of frank's consumer."""
    return Backup(served.url, tmp_path, keys.consumer_key)


def png(width: int, height: int, colour: tuple[int, int, int] = (200, 30, 90)) -> bytes:
    """A picture of one colour."""
    saved = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(saved, "PNG")
    return saved.getvalue()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture file of 900 by 600 pixels."""
    path = tmp_path / "picture.png"
    path.write_bytes(png(900, 600))
    return path


@pytest.fixture
def small_picture(tmp_path: Path) -> Path:
    """A picture file of 120 by 90 pixels."""
    path = tmp_path / "small.png"
    path.write_bytes(png(120, 90, (10, 200, 90)))
    return path
