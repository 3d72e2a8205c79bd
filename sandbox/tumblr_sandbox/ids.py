"""Identifiers of the API: post ids, reblog keys, blog uuids, short addresses."""

from __future__ import annotations

import base64
import random
import string

ID_EPOCH_MS = 10**12
"""Post ids count milliseconds from here (9 September 2001)."""
ID_NODE = 8
"""Which of tumblr's id makers we claim to be; real ones are 8 to 15."""
SEQUENCE_BITS = 14
NODE_BITS = 6
TIME_SHIFT = SEQUENCE_BITS + NODE_BITS

_KEY_ALPHABET = string.ascii_letters + string.digits
_SHORT_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def next_post_id(unix_seconds: float, last: int) -> int:
    """A post id for this moment, above ``last`` whatever the clock says.

    ``id = ((unix_ms - 10^12) << 20) | (node << 14) | sequence``; when the clock stands still or runs
    back, the sequence number counts on from the last id, and overflows into the next millisecond.
    """
    fresh = max(0, int(unix_seconds * 1000) - ID_EPOCH_MS) << TIME_SHIFT | ID_NODE << SEQUENCE_BITS
    if fresh > last:
        return fresh
    if (last + 1) & ((1 << SEQUENCE_BITS) - 1):
        return last + 1
    return ((last >> TIME_SHIFT) + 1) << TIME_SHIFT | ID_NODE << SEQUENCE_BITS


def post_id_time(post_id: int) -> float:
    """The unix seconds at which a post id was made."""
    return ((post_id >> TIME_SHIFT) + ID_EPOCH_MS) / 1000


def reblog_key(rng: random.Random) -> str:
    """Eight letters and digits."""
    return "".join(rng.choices(_KEY_ALPHABET, k=8))


def blog_uuid(rng: random.Random) -> str:
    """``t:`` and 22 characters of base64url."""
    return "t:" + base64.urlsafe_b64encode(rng.randbytes(16)).decode("ascii").rstrip("=")


def secret_string(rng: random.Random) -> str:
    """A consumer key, token or secret: 50 letters and digits, as tumblr's are."""
    return "".join(rng.choices(_KEY_ALPHABET, k=50))


def short_url(post_id: int) -> str:
    """The short address of a post: its id in base 62."""
    digits = ""
    while post_id:
        post_id, digit = divmod(post_id, 62)
        digits = _SHORT_ALPHABET[digit] + digits
    return f"https://tmblr.co/Z{digits}"
