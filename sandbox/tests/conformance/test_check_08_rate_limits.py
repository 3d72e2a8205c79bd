"""Check 8: rate limits, as headers and as refusals; windows; tumblr-backup waits."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from bench import FakeClock, Served
from conformance.backups import Backup
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.services import limits

ENOUGH_FOR_A_BACKUP = 12
WAIT_SECONDS = 3


def remaining(client: Any) -> tuple[int, int]:
    data = client.get_ratelimit_data()
    return data["hour"]["remaining"], data["day"]["remaining"]


def test_the_first_call_of_a_window(frank2: Any) -> None:
    frank2.info()
    assert remaining(frank2) == (999, 4999)
    data = frank2.get_ratelimit_data()
    assert (data["hour"]["reset"], data["day"]["reset"]) == (3600, 86400)
    rates = (data["hour"]["max_rate"], data["day"]["max_rate"], data["effective_max_rate"])
    assert all(math.isfinite(rate) and rate > 0 for rate in rates)


def test_call_1001_is_refused(served: Served, frank2: Any, clock: FakeClock, driver: SandboxDriver) -> None:
    frank2.info()
    with served.world.database.note() as connection:
        # Call 2 to 999, counted without being made.
        for _ in range(998):
            limits.count_call(connection, frank2.request.consumer_key, served.world.limits, clock())
    assert frank2.info()["user"]["name"] == "frank"
    assert remaining(frank2) == (0, 4000)
    refused = frank2.info()
    assert refused["meta"] == {"status": 429, "msg": "Limit Exceeded"}
    assert refused["response"] == []
    assert refused["errors"] == [{"title": "Limit Exceeded", "code": 0, "detail": "Minor hiccup. Try again."}]
    assert remaining(frank2)[0] == 0
    driver.set_checks(timestamps=False)
    clock.advance(3600)
    assert frank2.info()["user"]["name"] == "frank"
    assert remaining(frank2) == (999, 3998)


def test_the_throttle_by_address(frank: Any, driver: SandboxDriver) -> None:
    driver.set_limits(per_address_minute=2)
    answers = [frank.info() for _ in range(3)]
    assert ["meta" in answer for answer in answers] == [False, False, True]
    assert answers[2]["response"] == {"error": "Rate Limit Exceeded"}
    assert "errors" not in answers[2]


def test_the_throttle_for_blocks(crowd: Crowd, driver: SandboxDriver) -> None:
    driver.set_limits(blocks_per_minute=1)
    statuses = [crowd.call("GET", "/v2/blog/frank/blocks")["meta"]["status"] for _ in range(2)]
    assert statuses == [200, 429]


def test_tumblr_backup_waits_and_goes_on(
    served: Served, driver: SandboxDriver, backup: Backup, clock: FakeClock
) -> None:
    driver.post("frank", "<p>kept</p>")
    driver.set_limits(per_hour=ENOUGH_FOR_A_BACKUP)
    for _ in range(ENOUGH_FOR_A_BACKUP):
        requests.get(f"{served.url}/v2/blog/frank/info?api_key={backup.key}", timeout=5).close()
    clock.advance(3600 - WAIT_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(backup.run, "frank")
        while not any(call.status == 429 for call in driver.calls()):
            assert not running.done(), running.result().stdout
            time.sleep(0.02)
        # While tumblr-backup sleeps, the window ends.
        clock.advance(WAIT_SECONDS)
        done = running.result()
    assert "Hit hourly ratelimit, sleeping for" in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert len(backup.pages("frank")) == 1
