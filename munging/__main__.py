"""The command-line faces of the text library: JSON lines in, one JSON line out for each, in order.

A line that cannot be done gives {"id": …, "error": …}; the others go on and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from munging.faces import FACES, FaceError
from munging.formats import FORMATS
from munging.thread import Identity


def main(arguments: Sequence[str]) -> int:
    """Answer every line of standard input; 1 when a line could not be done."""
    options = _parse(arguments)
    identity = Identity(options.blog, options.persona)
    face = partial(FACES[options.command], identity=identity, form=FORMATS[options.format])
    failed = False
    for answer in answers(sys.stdin.buffer, face):
        failed = failed or "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return int(failed)
