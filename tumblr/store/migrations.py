"""How an older database becomes one of today: numbered steps, each run once, in its own order.

A step is what it was when it was released and is never changed; a new one is added. The file remembers how
far it came. The whole way is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

Step = Sequence[str | Callable[[Connection], None]]
"""SQL statements, and what is done beside them."""

_FIRST_TABLES: Step = (
    """CREATE TABLE turns (
        id INTEGER NOT NULL PRIMARY KEY, kind VARCHAR NOT NULL, input_id VARCHAR NOT NULL,
        who VARCHAR NOT NULL, state VARCHAR NOT NULL, input TEXT NOT NULL, created_at FLOAT NOT NULL,
        updated_at FLOAT NOT NULL, attempts INTEGER NOT NULL, not_before FLOAT NOT NULL, request TEXT,
        judgment_request TEXT, judgment TEXT, result TEXT, chosen_at FLOAT, intent TEXT, post_id VARCHAR,
        reason TEXT, settled BOOLEAN NOT NULL, UNIQUE (kind, input_id))""",
    "CREATE INDEX ix_turns_state ON turns (state)",
    "CREATE INDEX ix_turns_settled ON turns (settled)",
    "CREATE INDEX ix_turns_post_id ON turns (post_id)",
    """CREATE TABLE mood_inputs (
        kind VARCHAR NOT NULL, who VARCHAR NOT NULL, input_id VARCHAR NOT NULL,
        input_timestamp INTEGER NOT NULL, logit_diff FLOAT NOT NULL, generated_p75 FLOAT, time FLOAT NOT NULL,
        PRIMARY KEY (kind, who, input_id, input_timestamp))""",
    "CREATE INDEX ix_mood_inputs_time ON mood_inputs (time)",
    """CREATE TABLE post_log (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, turn_id INTEGER NOT NULL,
        input_id VARCHAR NOT NULL, post_id VARCHAR NOT NULL, state VARCHAR NOT NULL,
        created_at FLOAT NOT NULL, entry TEXT NOT NULL)""",
    "CREATE INDEX ix_post_log_post_id ON post_log (post_id)",
    "CREATE INDEX ix_post_log_input_id ON post_log (input_id)",
    *(
        f"CREATE TRIGGER post_log_no_{verb.lower()} BEFORE {verb} ON post_log "
        "BEGIN SELECT RAISE(ABORT, 'the post log is only ever appended to'); END"
        for verb in ("UPDATE", "DELETE")
    ),
)

_COMMANDS_AND_BUDGET: Step = (
    "ALTER TABLE turns ADD COLUMN rejections INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE chores (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, turn_id INTEGER, action VARCHAR NOT NULL,
        post_id VARCHAR NOT NULL, fields TEXT NOT NULL, reason TEXT NOT NULL, created_at FLOAT NOT NULL,
        attempts INTEGER NOT NULL, not_before FLOAT NOT NULL, done_at FLOAT, outcome TEXT)""",
    "CREATE INDEX ix_chores_done_at ON chores (done_at)",
    "CREATE TABLE follows (name VARCHAR NOT NULL PRIMARY KEY, since FLOAT NOT NULL)",
    "CREATE TABLE marks (name VARCHAR NOT NULL PRIMARY KEY, value TEXT NOT NULL, updated_at FLOAT NOT NULL)",
    """CREATE TABLE checks (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, sort VARCHAR NOT NULL, requests INTEGER NOT NULL,
        seconds FLOAT NOT NULL, created_at FLOAT NOT NULL)""",
)

_CONVERSATIONS: Step = (
    "CREATE TABLE handled_posts (post VARCHAR NOT NULL PRIMARY KEY, turn_id INTEGER NOT NULL)",
    "CREATE INDEX ix_handled_posts_turn_id ON handled_posts (turn_id)",
    """CREATE TABLE note_lists (
        post_id VARCHAR NOT NULL PRIMARY KEY, notes TEXT NOT NULL, newest FLOAT NOT NULL,
        read_at FLOAT NOT NULL)""",
    "CREATE INDEX ix_note_lists_read_at ON note_lists (read_at)",
    """CREATE TABLE side_judgments (
        name VARCHAR NOT NULL PRIMARY KEY, request TEXT NOT NULL, scores TEXT, asked_at FLOAT NOT NULL)""",
    "CREATE INDEX ix_side_judgments_asked_at ON side_judgments (asked_at)",
)

_PUBLISHED: Step = (
    "CREATE TABLE published_as (post_id VARCHAR NOT NULL PRIMARY KEY, former_id VARCHAR NOT NULL)",
    "CREATE INDEX ix_published_as_former_id ON published_as (former_id)",
)

_CONVERSATION_KINDS = ("reblog", "reply", "mention", "dash")


def current_input(kind: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a turn of some kind as it was stored before inputs had versions, in the form of version 1.

    One that has a version stays as it is.
    """
    if "version" in stored:
        return dict(stored)
    if not stored or (kind in _CONVERSATION_KINDS and "prompt" not in stored):
        return {"version": 1, "kind": "skipped", **stored}
    if kind != "command":
        return {"version": 1, "kind": kind, **stored}
    command = {"nothing": "pid"}.get(stored["command"], stored["command"])
    known = {"version": 1, "kind": kind, "timestamp": stored["timestamp"], "command": command}
    return known | ({"argument": stored["hidden_ask"]} if "hidden_ask" in stored else {})


def _give_inputs_versions(connection: Connection) -> None:
    rows = connection.execute(text("SELECT id, kind, input FROM turns")).all()
    for number, kind, stored in rows:
        changed = json.dumps(current_input(kind, json.loads(stored)), ensure_ascii=False)
        connection.execute(
            text("UPDATE turns SET input = :input WHERE id = :id"), {"input": changed, "id": number}
        )


_OUTBOX_AND_INPUTS: Step = (
    "ALTER TABLE chores RENAME TO outbox",
    "DROP INDEX ix_chores_done_at",
    "CREATE INDEX ix_outbox_done_at ON outbox (done_at)",
    _give_inputs_versions,
)


def _name_reblogged_blogs(connection: Connection) -> None:
    """Where it is stored what will be reblogged, name its blog: posts made of blocks need it."""
    for number, kind, input_id, stored, sent in connection.execute(
        text("SELECT id, kind, input_id, input, intent FROM turns WHERE state IN ('found', 'posting')")
    ).all():
        about, intent = json.loads(stored), json.loads(sent) if sent else {}
        # A treat is named after the turn that it comes from, as in reblog:bob:77#2.
        treat = about["post"] if kind == "treat" and "post" in about else {}
        blog = input_id.split(":")[1] if treat and input_id.count(":") == 2 else about.get("blog")
        for planned in (intent, treat):
            if planned.get("action") == "reblog" and blog:
                planned["target"] = planned.get("target") or blog
        changed = {"input": json.dumps(about, ensure_ascii=False), "intent": sent and json.dumps(intent)}
        connection.execute(
            text("UPDATE turns SET input = :input, intent = :intent WHERE id = :id"),
            {**changed, "id": number},
        )


_REBLOGGED_BLOGS: Step = (_name_reblogged_blogs,)

_REVIEWS: Step = (
    "ALTER TABLE turns ADD COLUMN review TEXT",
    """CREATE TABLE decisions (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, key VARCHAR NOT NULL UNIQUE,
        turn_id INTEGER NOT NULL, action VARCHAR NOT NULL, version VARCHAR NOT NULL, who VARCHAR NOT NULL,
        role VARCHAR NOT NULL, reason TEXT NOT NULL, override BOOLEAN NOT NULL,
        state VARCHAR NOT NULL, created_at FLOAT NOT NULL, due_at FLOAT NOT NULL, outcome TEXT NOT NULL,
        seen TEXT)""",
    "CREATE INDEX ix_decisions_turn_id ON decisions (turn_id)",
    "CREATE INDEX ix_decisions_state ON decisions (state)",
    """CREATE TABLE audit (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, key VARCHAR UNIQUE, at FLOAT NOT NULL,
        who VARCHAR NOT NULL, role VARCHAR NOT NULL, action VARCHAR NOT NULL, about VARCHAR NOT NULL,
        detail TEXT NOT NULL)""",
    *(
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever appended to'); END"
        for verb in ("UPDATE", "DELETE")
    ),
)


def _index_posts(connection: Connection) -> None:
    """Make the words of the posts that are there findable."""
    for number, entry in connection.execute(text("SELECT number, entry FROM post_log")).all():
        words = searched_words(json.loads(entry))
        connection.execute(
            text(
                "INSERT INTO post_words (rowid, who, said, words, tags) "
                "VALUES (:n, :who, :said, :words, :tags)"
            ),
            {"n": number, **words},
        )


def searched_words(entry: Mapping[str, Any]) -> dict[str, str]:
    """What a post is found by: who was answered, what was said, the post's words and tags."""
    said, result, intent = entry.get("input") or {}, entry.get("result") or {}, entry.get("intent") or {}
    named = ("question", "prompt", "text", "said")
    return {
        "who": str(entry.get("who") or ""),
        "said": "\n".join(str(said[name]) for name in named if said.get(name)),
        "words": str(result.get("post") or ""),
        "tags": "\n".join(map(str, intent.get("tags") or ())),
    }


_SEARCH: Step = (
    "CREATE VIRTUAL TABLE post_words USING fts5(who, said, words, tags)",
    "CREATE INDEX ix_turns_who ON turns (who, state, updated_at)",
    _index_posts,
)

_FORGETTING: Step = (
    "ALTER TABLE turns ADD COLUMN emptied BOOLEAN NOT NULL DEFAULT 0",
    "CREATE INDEX ix_turns_emptied ON turns (emptied, updated_at)",
    "DROP TRIGGER post_log_no_delete",
    """CREATE TRIGGER post_log_no_delete BEFORE DELETE ON post_log WHEN OLD.created_at >= coalesce(
        (SELECT CAST(value AS REAL) FROM marks WHERE name = 'post_log begins'), 0)
        BEGIN SELECT RAISE(ABORT,
        'the post log is only ever appended to, and its oldest part forgotten'); END""",
    "DROP TRIGGER audit_no_delete",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.at >= coalesce(
        (SELECT CAST(value AS REAL) FROM marks WHERE name = 'audit begins'), 0)
        BEGIN SELECT RAISE(ABORT,
        'the audit log is only ever appended to, and its oldest part forgotten'); END""",
)

_LENGTHS: Step = (
    "ALTER TABLE turns ADD COLUMN words TEXT",
    "ALTER TABLE decisions ADD COLUMN length VARCHAR NOT NULL DEFAULT ''",
)

MIGRATIONS: tuple[Step, ...] = (
    _FIRST_TABLES,
    _COMMANDS_AND_BUDGET,
    _CONVERSATIONS,
    _PUBLISHED,
    _OUTBOX_AND_INPUTS,
    _REBLOGGED_BLOGS,
    _REVIEWS,
    _SEARCH,
    _FORGETTING,
    _LENGTHS,
)


def migrate(connection: Connection) -> int:
    """Bring the file up to date within the caller's transaction; the answer is its version.

    Raises ValueError when the file was written by a newer version of this program.
    """
    version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
    if version > len(MIGRATIONS):
        raise ValueError(f"its schema is version {version}, this program knows {len(MIGRATIONS)}")
    for step in MIGRATIONS[version:]:
        for statement in step:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                statement(connection)
    connection.execute(text(f"PRAGMA user_version = {len(MIGRATIONS)}"))
    return len(MIGRATIONS)
