"""The tables, as queries see them. ``migrations.py`` makes them; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", JSON))

consumers = Table(
    "consumers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("secret", Text),
    Column("title", Text),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("created", Integer),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token", Text, primary_key=True),
    Column("secret", Text),
    Column("consumer_key", Text),
    Column("user_id", Integer),
)

blogs = Table(
    "blogs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("uuid", Text),
    Column("owner_id", Integer),
    Column("is_primary", Boolean),
    Column("created", Integer),
    Column("settings", JSON),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("blog_id", Integer),
    Column("genesis_id", Integer),
    Column("state", Text),
    Column("type", Text),
    Column("title", Text),
    Column("content", JSON),
    Column("details", JSON),
    Column("trail", JSON),
    Column("tree_id", Integer),
    Column("parent", JSON),
    Column("root", JSON),
    Column("tags", JSON),
    Column("slug", Text),
    Column("summary", Text),
    Column("reblog_key", Text),
    Column("timestamp", Integer),
    Column("scheduled", Integer),
    Column("queued_state", Text),
    Column("reblogs_allowed", Boolean),
    Column("muted_until", Integer),
    Column("author_id", Integer),
)

post_tags = Table(
    "post_tags",
    metadata,
    Column("blog_id", Integer, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("post_id", Integer, primary_key=True),
    Column("listed", Boolean),
    Column("timestamp", Integer),
)

notes = Table(
    "notes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("tree_id", Integer),
    Column("kind", Text),
    Column("blog_id", Integer),
    Column("post_id", Integer),
    Column("parent_blog", Text),
    Column("text", Text),
    Column("tags", JSON),
    Column("moment", Integer),
)

follows = Table(
    "follows",
    metadata,
    Column("user_id", Integer, primary_key=True),
    Column("blog_id", Integer, primary_key=True),
    Column("timestamp", Integer),
)

likes = Table(
    "likes",
    metadata,
    Column("user_id", Integer, primary_key=True),
    Column("post_id", Integer, primary_key=True),
    Column("timestamp", Integer),
    Column("moment", Integer),
)

blocks = Table(
    "blocks",
    metadata,
    Column("blog_id", Integer, primary_key=True),
    Column("blocked_id", Integer, primary_key=True),
    Column("moment", Integer),
)

blocked_asks = Table(
    "blocked_asks",
    metadata,
    Column("blog_id", Integer, primary_key=True),
    Column("post_id", Integer, primary_key=True),
)

notifications = Table(
    "notifications",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("blog_id", Integer),
    Column("kind", Text),
    Column("timestamp", Integer),
    Column("data", JSON),
    Column("moment", Integer),
)

media = Table(
    "media",
    metadata,
    Column("key", Text, primary_key=True),
    Column("type", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("data", LargeBinary),
)

grants = Table(
    "grants",
    metadata,
    Column("token", Text, primary_key=True),
    Column("kind", Text),
    Column("secret", Text),
    Column("consumer_key", Text),
    Column("user_id", Integer),
    Column("callback", Text),
    Column("expires", Integer),
)

usage = Table(
    "usage",
    metadata,
    Column("user_id", Integer, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("count", Integer),
)

rate_windows = Table(
    "rate_windows",
    metadata,
    Column("consumer_key", Text, primary_key=True),
    Column("length", Integer, primary_key=True),
    Column("started", Float),
    Column("count", Integer),
)

nonces = Table(
    "nonces",
    metadata,
    Column("consumer_key", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("timestamp", Integer, primary_key=True),
    Column("nonce", Text, primary_key=True),
)

communities = Table(
    "communities",
    metadata,
    Column("blog_id", Integer, primary_key=True),
    Column("settings", JSON),
    Column("invite_hash", Text),
    Column("handle_changed", Integer),
)

community_members = Table(
    "community_members",
    metadata,
    Column("community_id", Integer, primary_key=True),
    Column("user_id", Integer, primary_key=True),
    Column("role", Text),
    Column("joined", Integer),
    Column("last_read", Integer),
    Column("seen", Integer),
    Column("muted", Boolean),
)

community_barred = Table(
    "community_barred",
    metadata,
    Column("community_id", Integer, primary_key=True),
    Column("user_id", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
)

community_invitations = Table(
    "community_invitations",
    metadata,
    Column("community_id", Integer, primary_key=True),
    Column("recipient_id", Integer, primary_key=True),
    Column("sender_id", Integer),
    Column("message", Text),
    Column("moment", Integer),
    Column("pending", Boolean),
)

reactions = Table(
    "reactions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("post_id", Integer),
    Column("user_id", Integer),
    Column("grapheme", Text),
)
