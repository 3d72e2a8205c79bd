"""What the weekly training reads of the bot's own memory, where that is on the same machine.

It is copied into the folder of the notes, so that it can go to another machine with them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from training.errors import TrainingError
from training.files import write_atomically, write_json
from tumblr.api.errors import StoreError
from tumblr.responding.post_log import decision_record
from tumblr.store.database import Database
from tumblr.store.reviews import ReviewStore
from tumblr.store.turns import TurnStore

DECISIONS = "decisions.jsonl"
"""What was decided in the console, as ``python -m tumblr export --decisions`` prints it."""

CHANCE = "chance.json"
"""Ids of the posts whose text was drawn by chance alone."""


def export_into(folder: Path, database: Path) -> dict[str, int]:
    """Copy what is known now; nothing where there is no database. Raises TrainingError."""
    if not database.is_file():
        return {}
    try:
        with Database.read(database) as opened:
            decisions = [decision_record(*one) for one in ReviewStore(opened, time.time).seen()]
            chance = [
                logged.post_id
                for logged in TurnStore(opened, time.time).log_entries()
                if (logged.entry["result"] or {}).get("by_chance")
            ]
    except StoreError as error:
        raise TrainingError(str(error)) from None
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in decisions)
    write_atomically(folder / DECISIONS, "".join(lines).encode())
    write_json(folder / CHANCE, chance)
    return {"decisions": len(decisions), "drawn_by_chance": len(chance)}


def drawn_by_chance(folder: Path) -> frozenset[str]:
    """Ids of the posts that were drawn by chance, as far as that was exported."""
    path = folder / CHANCE
    return frozenset(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else frozenset()
