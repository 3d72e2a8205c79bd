"""The command-line faces of the text library: JSON lines in, one JSON line out for each, in order.

A line that cannot be done gives {"id": …, "error": …}; the others go on, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from bot_lifecycle import until_unread
from munging.json_access import mapping, sequence, text
from munging.lines import LINES, POSTS_TO_REBUILD, Context, Line
from munging.prompts.formats import FORMATS
from munging.thread import Identity

DEFAULT_BLOG, DEFAULT_PERSONA = "my-bot", "Frank"


def answers(kind: type[Line], lines: Iterable[str], context: Context) -> Iterator[dict[str, object]]:
    """One answer per line; a line that cannot be done is answered with what is wrong and why."""
    for line in lines:
        if not line.strip():
            continue
        name: object = None
        try:
            row = json.loads(line)
            name = row.get("id") if isinstance(row, dict) else None
            yield {"id": name, **kind.model_validate(row).answer(context)}
        except ValidationError as error:
            first = error.errors()[0]
            yield {"id": name, "error": f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"}
        except (ValueError, RecursionError) as error:
            yield {"id": name, "error": str(error)}


def configured(path: Path) -> Context:
    """What a configuration file says of the bot; the defaults when there is no such file."""
    settings = mapping(json.loads(path.read_text("utf-8"))) if path.exists() else {}
    blog, talk = mapping(settings.get("blog")), mapping(settings.get("conversation"))
    name, persona = text(blog.get("blog_name")), text(blog.get("persona"))
    rebuild = talk.get("rebuilt_posts")
    return Context(
        Identity(name or DEFAULT_BLOG, persona or DEFAULT_PERSONA),
        rebuild=POSTS_TO_REBUILD if rebuild is None else frozenset(map(text, sequence(rebuild))),
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    who = argparse.ArgumentParser(add_help=False)
    who.add_argument("--blog", help="the bot's blog (default: from the configuration)")
    who.add_argument("--persona", help="the bot's name in prompts (default: from the configuration)")
    who.add_argument("--config", type=Path, default=Path("config.json"), help="default: config.json")
    top = argparse.ArgumentParser(prog="python -m munging", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, kind in LINES.items():
        command = commands.add_parser(name, parents=[who], help=f"JSON lines: {kind.__doc__}")
        if name in ("prompt", "continuation", "to-html"):
            command.add_argument("--format", choices=FORMATS, default="v10", help="default: v10")
    return top


def main(argv: list[str] | None = None) -> int:
    """Answer standard input. 1: some line could not be done; 2: nothing could, one line says why."""
    arguments = parser().parse_args(argv)
    try:
        context = configured(arguments.config)
    except (OSError, ValueError) as error:
        print(f"python -m munging {arguments.command}: {arguments.config}: {error}", file=sys.stderr)
        return 2
    known = context.identity
    identity = Identity(arguments.blog or known.blog, arguments.persona or known.persona)
    context = replace(context, identity=identity, form=FORMATS[getattr(arguments, "format", "v10")])
    failed = False
    for answer in answers(LINES[arguments.command], sys.stdin, context):
        print(json.dumps(answer))
        failed = failed or "error" in answer
    return int(failed)


if __name__ == "__main__":
    sys.exit(until_unread(main))
