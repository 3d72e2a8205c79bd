"""Check 1: the right keys let one in; each of the four wrong, or a header sent twice, does not."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bench import client_of
from conformance.people import Crowd
from tumblr_sandbox.records import KeySet


def test_the_right_keys(frank: Any) -> None:
    assert frank.info()["user"]["name"] == "frank"


@pytest.mark.parametrize("wrong", list(KeySet.model_fields))
def test_each_string_wrong_in_turn(crowd: Crowd, wrong: str) -> None:
    strings = dict(zip(KeySet.model_fields, crowd.keys("frank").strings(), strict=True))
    keys = KeySet.model_validate({**strings, wrong: "x" + strings[wrong]})
    refused = client_of(crowd.url, keys).info()
    assert refused["meta"] == {"status": 401, "msg": "Unauthorized"}
    assert refused["errors"] == [{"title": "Unauthorized", "code": 1016, "detail": "Unable to authorize"}]


def test_a_header_sent_twice(crowd: Crowd) -> None:
    url = f"{crowd.url}/v2/user/info"
    signed = requests.Request("GET", url, auth=crowd.signed("frank")).prepare()
    with requests.Session() as session:
        statuses = [session.send(signed, timeout=5).status_code for _ in range(2)]
    assert statuses == [200, 401]
