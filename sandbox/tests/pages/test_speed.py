"""Pages ask the store as often for a full page as for a short one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from pages.stage import Stage, furnish
from pages.visitor import Visitor
from tumblr_sandbox.world import World


@contextmanager
def queries(world: World) -> Iterator[list[str]]:
    """The statements that the database was given meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(world.database._full, "before_cursor_execute", note)
    yield asked
    event.remove(world.database._full, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/", "/explore", "/blog/frank", "/drafts", "/inbox", "/activity"])
def test_more_posts_take_no_more_queries(world: World, visitor: Visitor, path: str) -> None:
    furnish(world)
    stage = Stage(world)
    visitor.be("frank")
    visitor.see(path)
    with queries(world) as before:
        visitor.see(path)
    for number in range(8):
        stage.write("frank", f"<p>{number}</p>", tags=("a",))
        stage.write("frank", f"<p>{number}</p>", state="draft")
        stage.like("memefoundry", stage.answer(stage.ask("why?"), "<p>so</p>"))
        stage.ask("what?", "crimewave-jam")
    with queries(world) as after:
        visitor.see(path)
    assert len(after) <= len(before)
    assert len(after) < 30
