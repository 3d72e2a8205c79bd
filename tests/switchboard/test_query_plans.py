"""No request reads a whole table of jobs or leases, however many there are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from tests.switchboard.bench import Bench, generation_result, scores

MANY = 20_000
TABLES = ("jobs", "leases")
COUNT = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})"
JOBS = f"""INSERT INTO jobs (id, kind, client, payload_hash, internal, state, wanted, accepted, attempts,
    offered, free, turn, submitted_at, state_at)
    {COUNT} SELECT 'other.' || i, 'answer', 'client ' || (i % 40), '', false,
        CASE i % 1000 WHEN 2 THEN 'generated' ELSE 'generating' END, 13, 0, 0,
        CASE i % 1000 WHEN 2 THEN 2 ELSE i % 2 END, i % 2, i, :now, :now FROM n"""
LEASES = f"""INSERT INTO leases
    (token, job_id, stage, worker, instance, candidates, lasts_seconds, expires_at)
    {COUNT} SELECT 'held.' || i, 'other.' || i, 'generation', 'worker ' || (i % 500), '1', 13, 600.0,
        :now + 600.0 FROM n"""


def whole_tables_read(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """Which tables a database would read from end to end for a statement."""
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        steps = [str(row[-1]) for row in plan]
        return [
            step
            for step in steps
            if step.startswith("SCAN") and "USING" not in step and step.split()[1] in TABLES
        ]
    plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    return [row[0] for row in plan if any(f"Seq Scan on {table}" in row[0] for table in TABLES)]


def fill(bench: Bench) -> None:
    """Many jobs, each leased to some worker."""
    with bench.store._database.write() as connection:
        for statement in (JOBS, LEASES):
            connection.execute(text(statement), {"now": bench.clock.now})


def work_through(bench: Bench) -> None:
    """The verbs of a job's life, and the polls that find nothing."""
    bench.answer("mine")
    bench.raw_select("scored", client="another")
    bench.poll("g1")
    bench.post("scored", scores(2))
    bench.post("mine", generation_result(13, keys=[str(number) for number in range(13)]))
    bench.select("s1", max_jobs=1)
    bench.poll(None)
    bench.store.result("mine")
    bench.store.cancel("mine")
    bench.store.acknowledge("scored")


@pytest.mark.parametrize("analysed", [False, True])
def test_no_request_reads_a_whole_table(bench: Bench, analysed: bool) -> None:
    fill(bench)
    engine: Engine = bench.store._database.engine
    if analysed:
        with bench.store._database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    seen: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "DELETE"):
            seen.setdefault(statement, parameters[0] if is_many else parameters)

    event.listen(engine, "before_cursor_execute", note)
    work_through(bench)
    event.remove(engine, "before_cursor_execute", note)
    with bench.store._database.read() as connection:
        found = {statement: whole_tables_read(connection, statement, seen[statement]) for statement in seen}
    assert len(seen) > 15
    assert {statement: steps for statement, steps in found.items() if steps} == {}
