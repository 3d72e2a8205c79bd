"""The demo's configuration: the bot on a tumblr of this machine, publishing by itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot_process import TOKENS
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.demo_seed import BOT_POSTS_PER_DAY

CENTRE, SCALE = 0.7, 0.2
"""Of the mood: what an idle question comes to with the demo's model, whose answers are rather glad; and twice
the usual weight of a word, as a demo hears from few people."""

POSTS_PER_DAY = 5000
"""In a demo people talk all day to the bot, whose limit would be reached in some hours on tumblr."""
DASHBOARD_POSTS = 20
"""The newest posts on its dashboard that the demo's bot looks at: each costs the generator a reading."""
DASHBOARD_CUTOFF = 0.12
"""The demo's selector has read finished answers only and finds nothing in a thread that waits for one: a
post's score is what the mood and chance add. With this some of the posts that suit the mood pass."""
THREADS = 1
"""Of the generator: a second one gains a network as small as the demo's nothing, and waits at every step for
the core on which the other processes run."""
REAL_GENERATOR: Mapping[str, Any] = {
    "sampler": {"name": "penalised"},
    "max_new_tokens": 400,
    "context_tokens": 2048,
    "batch_size": 24,
}
"""Of the real model: the sampler with which it was measured, no longer texts than it has learned, and as many
texts at once as an answer mostly wants: 24 together take 0.8 of the processor time of 13 and then 11."""
REAL_CENTRE, REAL_SCALE = 1.25, 0.2
"""Of the mood with the real model, which is gladder still: 27 inputs of the demo's people came to 1.28 in the
mean and 1.21 in the median, with a standard deviation of 0.40."""
REAL_DASHBOARD_CUTOFF = 0.25
"""With the real model, whose selector gives one post of the dashboard in five a score above 0.15: what the
bot writes about them keeps people waiting for their answers."""
REAL_CANDIDATES: Mapping[str, int] = {
    "fiction_min_words": 45,
    "textpost_min_words": 15,
    "textpost_half_min_words": 20,
}
"""Of the real model: it has learned stories of 45 to 112 words, and posts of 15 to 110."""
KEEPER = "keeper"
"""Who may log in at the demo's console."""

UNDO_SECONDS = 20.0
HELD_WORDS = ("ghost", "robot")
"""What the demo's bot says of these waits in the console, so that there is something to decide."""

KEY_NAMES = ("consumer_key", "consumer_secret", "token", "token_secret")


def sandbox_database(run: Path) -> Path:
    """Where a demo's tumblr is kept."""
    return run / "sandbox.sqlite"


def demo_settings(
    run: Path,
    model: Path,
    sandbox_port: int,
    switchboard_port: int,
    *,
    follows: bool = False,
    heads: Path | None = None,
) -> dict[str, Any]:
    """The settings of a demo whose state is kept in ``run``; the switchboard's tokens are drawn anew.

    ``follows``: the bot's account is its dashboard account too, so that it follows people who ask for it,
    and reblogs what it likes of theirs. ``heads``: those of the real model, which have a folder of their own.
    """
    real = heads is not None
    generator = {"heads": str(heads), **REAL_GENERATOR} if real else {"threads": THREADS}
    keys = dict(zip(KEY_NAMES, demo_keys(DEMO_BLOG, sandbox_database(run)).strings(), strict=True))
    return {
        "blog": {"blog_name": DEMO_BLOG, "timezone": "UTC"},
        "tumblr": {
            "host": f"http://127.0.0.1:{sandbox_port}",
            "base_keys": [keys],
            "dashboard_keys": [keys] if follows else [],
            "publishing": "automatic",
            "database": str(run / "tumbl.sqlite"),
        },
        "loop": {
            "sleep_seconds": 1,
            "offpeak_sleep_seconds": 1,
            "retry_base_seconds": 2,
            "posts_per_day": POSTS_PER_DAY,
        },
        "dashboard": {
            "posts_to_check": DASHBOARD_POSTS,
            "selection_cutoff": REAL_DASHBOARD_CUTOFF if real else DASHBOARD_CUTOFF,
        },
        "queue": {"write_when_below": 2, "posts_per_day": BOT_POSTS_PER_DAY},
        "switchboard": {
            "port": switchboard_port,
            "database_url": f"sqlite:///{run / 'switchboard.sqlite'}",
            **{name: secrets.token_urlsafe(24) for name in TOKENS},
        },
        "generator": {"model": str(model), **generator},
        "candidates": dict(REAL_CANDIDATES) if real else {},
        "mood": {"centre": REAL_CENTRE if real else CENTRE, "scale": REAL_SCALE if real else SCALE},
        "images": {"read": True, "write": True, "hosts": [f"127.0.0.1:{sandbox_port}"], "worker_threads": 1},
    }


def console_settings(run: Path, port: int, password_hash: str) -> dict[str, Any]:
    """The section of a console with one operator, whose password is drawn anew for each start."""
    keeper = {"name": KEEPER, "role": "operator", "password_hash": password_hash}
    return {
        "on": True,
        "port": port,
        "accounts": [keeper],
        "database": str(run / "console.sqlite"),
        "undo_seconds": UNDO_SECONDS,
    }


def write_demo_config(
    run: Path,
    model: Path,
    sandbox_port: int,
    switchboard_port: int,
    *,
    follows: bool = False,
    heads: Path | None = None,
    console: Mapping[str, Any] | None = None,
) -> Path:
    """Write the demo's configuration into ``run``, readable by its owner alone, and return its path."""
    settings = demo_settings(run, model, sandbox_port, switchboard_port, follows=follows, heads=heads)
    if console is not None:
        settings["console"] = dict(console)
        settings["screening"] = {"review_strings": list(HELD_WORDS)}
    path = run / "config.json"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return path
