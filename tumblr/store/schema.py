"""The tables of the bot's database as they are today; ``migrations.py`` makes them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("input_id", String, nullable=False),
    Column("who", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("input", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("request", Text),
    Column("judgment_request", Text),
    Column("judgment", Text),
    Column("result", Text),
    Column("chosen_at", Float),
    Column("intent", Text),
    Column("post_id", String, index=True),
    Column("reason", Text),
    Column("settled", Boolean, nullable=False, index=True),  # the switchboard may forget the turn's jobs
    Column("rejections", Integer, nullable=False, server_default="0"),  # texts the bot itself sent back
    Column("review", Text),
    Column("words", Text),  # how long the next text should be
    Column("emptied", Boolean, nullable=False, server_default="0"),  # its texts are forgotten, not its names
    UniqueConstraint("kind", "input_id"),
    Index("ix_turns_emptied", "emptied", "updated_at"),
)

mood_inputs = Table(
    "mood_inputs",
    metadata,
    Column("kind", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("input_id", String, primary_key=True),
    Column("input_timestamp", Integer, primary_key=True),
    Column("logit_diff", Float, nullable=False),
    Column("generated_p75", Float),
    Column("time", Float, nullable=False, index=True),
)

post_log = Table(
    "post_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("turn_id", Integer, nullable=False),
    Column("input_id", String, nullable=False, index=True),
    Column("post_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("entry", Text, nullable=False),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("turn_id", Integer),  # this turn waits until the edit is made
    Column("action", String, nullable=False),
    Column("post_id", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("done_at", Float, index=True),
    Column("outcome", Text),
    sqlite_autoincrement=True,
)
"""Changes to tumblr that are due and do no harm when they are made twice."""

follows = Table(
    "follows",
    metadata,
    Column("name", String, primary_key=True),
    Column("since", Float, nullable=False),
)
"""Whom the dashboard account follows."""

marks = Table(
    "marks",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Float, nullable=False),
)
"""Single values that are remembered, such as how far a list was read."""

checks = Table(
    "checks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("sort", String, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,
)
"""What the past checks cost."""

handled_posts = Table(
    "handled_posts",
    metadata,
    Column("post", String, primary_key=True),  # BLOG:ID
    Column("turn_id", Integer, nullable=False, index=True),
)
"""Posts of others that a turn has spoken for: the post itself, and the last words in its thread."""

note_lists = Table(
    "note_lists",
    metadata,
    Column("post_id", String, primary_key=True),
    Column("notes", Text, nullable=False),
    Column("newest", Float, nullable=False),  # everything up to this moment has been read
    Column("read_at", Float, nullable=False, index=True),
)
"""What people have said about own posts, as far as it was read."""

side_judgments = Table(
    "side_judgments",
    metadata,
    Column("name", String, primary_key=True),  # what was judged
    Column("request", Text, nullable=False),
    Column("scores", Text),
    Column("asked_at", Float, nullable=False, index=True),
)
"""What the heads say about texts that are no turn's, asked before it is sent."""

published_as = Table(
    "published_as",
    metadata,
    Column("post_id", String, primary_key=True),
    Column("former_id", String, nullable=False, index=True),
)
"""Tumblr gives a post another id when it is published; the former one is that of the draft or queued post."""

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),  # the same for the same decision sent again
    Column("turn_id", Integer, nullable=False, index=True),
    Column("action", String, nullable=False),
    Column("version", String, nullable=False),  # of the text that was seen
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("length", String, nullable=False, server_default=""),  # of a text that is to be written again
    Column("override", Boolean, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("seen", Text),  # what the text was when it was decided about, for the autoreviewer's rows
    sqlite_autoincrement=True,
)
"""What the operator and the reviewers decided about posts that waited."""

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String, unique=True),
    Column("at", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("action", String, nullable=False),
    Column("about", String, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""What was done in the console, by whom and when; only ever appended to."""
