"""Ask the mood library on the command line: JSON lines in, JSON lines out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from mood.lines import DailyLine, RangeLine, SeriesLine

LINES: dict[str, type[DailyLine | RangeLine | SeriesLine]] = {
    "daily": DailyLine,
    "range": RangeLine,
    "series": SeriesLine,
}


def answers(
    kind: type[DailyLine | RangeLine | SeriesLine], lines: Iterable[str]
) -> Iterator[dict[str, object]]:
    """One answer per line; a line that cannot be done is answered with what is wrong and why."""
    for line in lines:
        if not line.strip():
            continue
        name: object = None
        try:
            row = json.loads(line)
            name = row.get("id") if isinstance(row, dict) else None
            yield {"id": name, **kind.model_validate(row).answer()}
        except ValidationError as error:
            first = error.errors()[0]
            yield {"id": name, "error": f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"}
        except ValueError as error:
            yield {"id": name, "error": str(error)}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 1 if some line could not be done."""
    parser = argparse.ArgumentParser(prog="python -m mood", description=__doc__)
    parser.add_argument("command", choices=sorted(LINES), help="what is asked about each line")
    arguments = parser.parse_args(argv)
    failed = False
    for answer in answers(LINES[arguments.command], sys.stdin):
        print(json.dumps(answer, ensure_ascii=False))
        failed = failed or "error" in answer
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
