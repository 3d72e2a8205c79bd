"""A process that creates posts with a public client, and says which: ``creator.py URL BLOG COUNT KEYS...``.

Prints the ids that it was answered, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytumblr


def create(url: str, blog: str, count: int, keys: list[str]) -> list[int]:
    """Create so many posts, one after the other."""
    make: Any = pytumblr.TumblrRestClient
    client = make(*keys, host=url)
    states = ("published", "draft", "queue")
    return [
        client.create_text(blog, body=f"<p>{blog} {number}</p>", state=states[number % 3])["id"]
        for number in range(count)
    ]


if __name__ == "__main__":
    url, blog, count, *keys = sys.argv[1:]
    sys.stdout.write(json.dumps(create(url, blog, int(count), keys)))
