"""Numbered migrations. A database carries the number of the last one in ``PRAGMA user_version``.

Never change one that was released; add another.
"""

from __future__ import annotations

from sqlalchemy import Connection

_FIRST = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value JSON NOT NULL);
CREATE TABLE consumers (key TEXT PRIMARY KEY, secret TEXT NOT NULL, title TEXT NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
CREATE TABLE tokens (
    token TEXT PRIMARY KEY, secret TEXT NOT NULL,
    consumer_key TEXT NOT NULL REFERENCES consumers (key),
    user_id INTEGER NOT NULL REFERENCES users (id)
);
CREATE TABLE blogs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL UNIQUE,
    owner_id INTEGER NOT NULL REFERENCES users (id), is_primary BOOLEAN NOT NULL,
    created INTEGER NOT NULL, settings JSON NOT NULL
);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, blog_id INTEGER NOT NULL REFERENCES blogs (id), genesis_id INTEGER,
    state TEXT NOT NULL, type TEXT NOT NULL, title TEXT,
    content JSON NOT NULL, details JSON NOT NULL, trail JSON NOT NULL,
    tree_id INTEGER NOT NULL, parent JSON, root JSON, tags JSON NOT NULL,
    slug TEXT NOT NULL, summary TEXT NOT NULL, reblog_key TEXT NOT NULL,
    timestamp INTEGER NOT NULL, scheduled INTEGER, queued_state TEXT
);
CREATE INDEX posts_of_blog ON posts (blog_id, state, timestamp DESC, id DESC);
CREATE INDEX posts_by_id ON posts (state, id DESC);
CREATE INDEX posts_genesis ON posts (genesis_id) WHERE genesis_id IS NOT NULL;
CREATE INDEX posts_scheduled ON posts (scheduled) WHERE state = 'queued';
CREATE TABLE notes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, tree_id INTEGER NOT NULL, kind TEXT NOT NULL,
    blog_id INTEGER NOT NULL REFERENCES blogs (id), post_id INTEGER, parent_blog TEXT,
    text TEXT NOT NULL, tags JSON NOT NULL, moment INTEGER NOT NULL
);
CREATE UNIQUE INDEX notes_of_tree ON notes (tree_id, moment DESC);
CREATE INDEX notes_of_post ON notes (post_id);
CREATE TABLE follows (
    user_id INTEGER NOT NULL REFERENCES users (id), blog_id INTEGER NOT NULL REFERENCES blogs (id),
    timestamp INTEGER NOT NULL, PRIMARY KEY (user_id, blog_id)
);
CREATE INDEX followers_of_blog ON follows (blog_id);
CREATE TABLE likes (
    user_id INTEGER NOT NULL REFERENCES users (id), post_id INTEGER NOT NULL,
    timestamp INTEGER NOT NULL, PRIMARY KEY (user_id, post_id)
);
CREATE TABLE blocks (
    blog_id INTEGER NOT NULL REFERENCES blogs (id), blocked_id INTEGER NOT NULL REFERENCES blogs (id),
    PRIMARY KEY (blog_id, blocked_id)
);
CREATE TABLE notifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT, blog_id INTEGER NOT NULL REFERENCES blogs (id),
    kind TEXT NOT NULL, timestamp INTEGER NOT NULL, data JSON NOT NULL
);
CREATE INDEX notifications_of_blog ON notifications (blog_id, timestamp DESC);
CREATE TABLE usage (
    user_id INTEGER NOT NULL REFERENCES users (id), day TEXT NOT NULL, kind TEXT NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (user_id, day, kind)
);
CREATE TABLE rate_windows (
    consumer_key TEXT NOT NULL, length INTEGER NOT NULL, started REAL NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (consumer_key, length)
);
CREATE TABLE nonces (
    consumer_key TEXT NOT NULL, token TEXT NOT NULL, timestamp INTEGER NOT NULL, nonce TEXT NOT NULL,
    PRIMARY KEY (consumer_key, token, timestamp, nonce)
);
"""

_SECOND = """
ALTER TABLE posts ADD COLUMN reblogs_allowed BOOLEAN NOT NULL DEFAULT 1;
ALTER TABLE posts ADD COLUMN muted_until INTEGER;
DROP INDEX posts_by_id;
CREATE INDEX posts_dashboard ON posts (state, id DESC, blog_id);
CREATE INDEX posts_of_state ON posts (blog_id, state, id DESC);
CREATE TABLE post_tags (
    blog_id INTEGER NOT NULL, tag TEXT NOT NULL, post_id INTEGER NOT NULL,
    listed BOOLEAN NOT NULL, timestamp INTEGER NOT NULL, PRIMARY KEY (blog_id, tag, post_id)
) WITHOUT ROWID;
CREATE INDEX posts_tagged ON post_tags (tag, listed, timestamp DESC, post_id DESC);
CREATE INDEX tags_of_post ON post_tags (post_id);
INSERT OR IGNORE INTO post_tags (blog_id, tag, post_id, listed, timestamp)
    SELECT blog_id, casefold(json_each.value), posts.id,
        posts.state = 'published' AND coalesce(posts.parent, 'null') = 'null', posts.timestamp
    FROM posts, json_each(posts.tags);
ALTER TABLE likes ADD COLUMN moment INTEGER NOT NULL DEFAULT 0;
UPDATE likes SET moment = timestamp * 1000000 + rowid % 1000000;
CREATE INDEX likes_of_user ON likes (user_id, moment DESC);
ALTER TABLE notifications ADD COLUMN moment INTEGER NOT NULL DEFAULT 0;
UPDATE notifications SET moment = timestamp * 1000000 + number % 1000000;
CREATE INDEX notifications_by_number ON notifications (blog_id, number DESC);
CREATE INDEX notifications_by_moment ON notifications (blog_id, moment DESC);
CREATE INDEX notifications_by_kind ON notifications (blog_id, kind, moment DESC);
ALTER TABLE blocks ADD COLUMN moment INTEGER NOT NULL DEFAULT 0;
UPDATE blocks SET moment = rowid;
CREATE INDEX blocks_of_blog ON blocks (blog_id, moment DESC);
CREATE TABLE blocked_asks (
    blog_id INTEGER NOT NULL REFERENCES blogs (id), post_id INTEGER NOT NULL,
    PRIMARY KEY (blog_id, post_id)
);
CREATE TABLE media (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE grants (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, secret TEXT NOT NULL,
    consumer_key TEXT NOT NULL REFERENCES consumers (key), user_id INTEGER REFERENCES users (id),
    callback TEXT NOT NULL, expires INTEGER NOT NULL
)
"""

_THIRD = """
CREATE INDEX blogs_gone ON blogs (id, uuid) WHERE json_extract(settings, '$.deactivated');
CREATE INDEX blogs_protected ON blogs (id, uuid) WHERE json_extract(settings, '$.password_protected')
"""

_FOURTH = """
ALTER TABLE posts ADD COLUMN author_id INTEGER REFERENCES blogs (id);
CREATE TABLE communities (
    blog_id INTEGER PRIMARY KEY REFERENCES blogs (id), settings JSON NOT NULL,
    invite_hash TEXT NOT NULL UNIQUE, handle_changed INTEGER
);
CREATE TABLE community_members (
    community_id INTEGER NOT NULL REFERENCES communities (blog_id),
    user_id INTEGER NOT NULL REFERENCES users (id), role TEXT NOT NULL, joined INTEGER NOT NULL,
    last_read INTEGER NOT NULL, seen INTEGER NOT NULL, muted BOOLEAN NOT NULL,
    PRIMARY KEY (community_id, user_id)
);
CREATE INDEX communities_of_user ON community_members (user_id, joined);
CREATE TABLE community_barred (
    community_id INTEGER NOT NULL REFERENCES communities (blog_id),
    user_id INTEGER NOT NULL REFERENCES users (id), kind TEXT NOT NULL,
    PRIMARY KEY (community_id, user_id, kind)
);
CREATE TABLE community_invitations (
    community_id INTEGER NOT NULL REFERENCES communities (blog_id),
    recipient_id INTEGER NOT NULL REFERENCES users (id), sender_id INTEGER NOT NULL REFERENCES users (id),
    message TEXT NOT NULL, moment INTEGER NOT NULL, pending BOOLEAN NOT NULL,
    PRIMARY KEY (community_id, recipient_id)
);
CREATE INDEX invitations_by_moment ON community_invitations (community_id, moment DESC);
CREATE TABLE reactions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id), grapheme TEXT NOT NULL
);
CREATE UNIQUE INDEX reactions_of_post ON reactions (post_id, user_id, grapheme)
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND, _THIRD, _FOURTH)


class DatabaseTooNewError(Exception):
    """The file was written by a later version of the sandbox."""

    def __init__(self, found: int) -> None:
        super().__init__(f"the database has version {found}, this sandbox knows {len(MIGRATIONS)}")


def migrate(connection: Connection) -> None:
    """Bring the database up to date within the caller's transaction."""
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > len(MIGRATIONS):
        raise DatabaseTooNewError(version)
    for script in MIGRATIONS[version:]:
        for statement in filter(str.strip, script.split(";")):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS)}")
