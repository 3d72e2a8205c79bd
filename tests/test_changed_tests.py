"""The inner loop runs the tests of what changed and of what imports it, and no others."""

from __future__ import annotations

import pytest

from tests.changed_tests import called_for

SOURCES = {
    "mood/named.py": "",
    "selection/choose.py": "from mood.named import Mood",
    "selector.py": "import selection.choose",
    "bot_config.py": "",
    "tumblr/loop.py": "from tumblr.api import client",
    "tumblr/api/client.py": "import requests",
    "tumblr/store/turns.py": "",
    "sandbox/tumblr_sandbox/world.py": "",
    "sandbox/tumblr_sandbox/api/posts.py": "",
}
TESTS = [
    "tests/test_architecture.py",
    "tests/test_docs.py",
    "tests/test_bot_config.py",
    "tests/test_selector.py",
    "tests/mood/test_named.py",
    "tests/mood/test_daily.py",
    "tests/selection/test_choose.py",
    "tests/tumblr/test_loop.py",
    "tests/tumblr/api/test_client.py",
    "tests/tumblr/store/test_turns.py",
    "tests/system/test_ask.py",
    "sandbox/tests/test_world.py",
    "sandbox/tests/api/test_posts.py",
]

FILES = {
    **SOURCES,
    **dict.fromkeys(TESTS, ""),
    "tests/tumblr/fakes.py": "",
    "tests/tumblr/api/test_client.py": "from tests.tumblr.fakes import FakeClock",
}


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ([], []),
        (["README.md"], ["tests/test_docs.py"]),
        (["bot_config.py"], ["tests/test_bot_config.py"]),
        (
            ["mood/named.py"],
            ["tests/mood/test_daily.py", "tests/mood/test_named.py", "tests/selection/test_choose.py"],
        ),
        (["selection/choose.py"], ["tests/selection/test_choose.py", "tests/test_selector.py"]),
        (["tumblr/api/client.py"], ["tests/tumblr/api/test_client.py", "tests/tumblr/test_loop.py"]),
        (["tumblr/store/turns.py"], ["tests/tumblr/store/test_turns.py"]),
        (["tests/mood/test_daily.py"], ["tests/mood/test_daily.py"]),
        (["tests/mood/conftest.py"], ["tests/mood/test_daily.py", "tests/mood/test_named.py"]),
        (["tests/system/test_ask.py"], []),
        (["sandbox/tumblr_sandbox/world.py"], ["sandbox/tests/test_world.py"]),
        (["sandbox/tumblr_sandbox/api/posts.py"], ["sandbox/tests/api/test_posts.py"]),
        (["tests/tumblr/fakes.py"], ["tests/tumblr/api/test_client.py"]),
        (["mood/gone.py"], []),
    ],
)
def test_which_tests_a_change_calls_for(changed: list[str], wanted: list[str]) -> None:
    assert called_for(changed, FILES) == sorted([*wanted, "tests/test_architecture.py"])
