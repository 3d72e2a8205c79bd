"""tumblr-backup's own judgment of payloads: JSON posts on stdin, what is wrong with each on stdout.

Runs in tumblr-backup's own environment. Of posts in NPF every block and layout must fit its models; of
legacy posts the answer says whether it takes them for reblogs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter, ValidationError
from tumblr_backup.is_reblog import post_is_reblog
from tumblr_backup.npf.models import ContentBlock, Layout

BLOCKS, LAYOUTS = TypeAdapter(list[ContentBlock]), TypeAdapter(list[Layout])


def judge(post: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with a post's blocks and layouts, or whether it is a reblog."""
    if "content" not in post:
        return {"is_reblog": post_is_reblog(post)}
    try:
        for holder in (post, *post["trail"]):
            BLOCKS.validate_python(holder["content"])
            LAYOUTS.validate_python(holder["layout"])
    except ValidationError as error:
        return {"wrong": str(error)}
    return {"wrong": None}


if __name__ == "__main__":
    sys.stdout.write(json.dumps([judge(post) for post in json.load(sys.stdin)]))
