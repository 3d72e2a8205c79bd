"""The command-line faces of the text library: JSON lines in, one JSON line out for each, in order.

A line that cannot be done gives {"id": …, "error": …}; the others go on, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from munging.formats import FORMATS
from munging.json_access import mapping, text
from munging.lines import LINES, Context, Line
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


def configured_identity(path: Path) -> Identity:
    """Who the bot is according to a configuration file; the defaults when there is no such file."""
    blog = mapping(mapping(json.loads(path.read_text("utf-8"))).get("blog")) if path.exists() else {}
    return Identity(text(blog.get("blog_name")) or DEFAULT_BLOG, text(blog.get("persona")) or DEFAULT_PERSONA)


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
        configured = configured_identity(arguments.config)
    except (OSError, ValueError) as error:
        print(f"python -m munging {arguments.command}: {arguments.config}: {error}", file=sys.stderr)
        return 2
    identity = Identity(arguments.blog or configured.blog, arguments.persona or configured.persona)
    context = Context(identity, FORMATS[getattr(arguments, "format", "v10")])
    failed = False
    for answer in answers(LINES[arguments.command], sys.stdin, context):
        print(json.dumps(answer))
        failed = failed or "error" in answer
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
