"""The form in which the bots of these tests write, and the calls with which they do it.

``WRITE_FORMAT=html`` in the environment has the whole suite write HTML.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pytest

from tumblr_sandbox.faults import Fault
from tumblr_sandbox.records import Call

FORMS = ("blocks", "html")


def usual_form() -> str:
    """The form that bots write in where a test does not say which."""
    return os.environ.get("WRITE_FORMAT", FORMS[0])


def in_both_forms(name: str, cases: Sequence[Any], **options: Any) -> pytest.MarkDecorator:
    """Parametrize by every case in the usual form, and by the first in the other form as well."""
    (other,) = set(FORMS) - {usual_form()}
    pairs = [*((one, usual_form()) for one in cases), (cases[0], other)]
    return pytest.mark.parametrize((name, "form"), pairs, **options)


class Write(StrEnum):
    """What a call changes."""

    CREATE = "create"
    REBLOG = "reblog"
    EDIT = "edit"
    """Also an ask that becomes its answer."""


_CALLS = {
    ("html", Write.CREATE): ("POST", "*/post"),
    ("html", Write.REBLOG): ("POST", "*/post/reblog"),
    ("html", Write.EDIT): ("POST", "*/post/edit"),
    ("blocks", Write.CREATE): ("POST", "*/posts"),
    ("blocks", Write.REBLOG): ("POST", "*/posts"),
    ("blocks", Write.EDIT): ("PUT", "*/posts/*"),
}


def at(fault: Fault, form: str, write: Write) -> Fault:
    """A fault that befalls writes of a kind."""
    method, path = _CALLS[form, write]
    return fault.model_copy(update={"method": method, "path": path})


def write_of(call: Call) -> str:
    """What a call changes, in either form; other calls are named after the end of their address."""
    end = call.path.rstrip("/").rpartition("/")[2]
    if call.method == "PUT":
        return Write.EDIT
    if end == "posts":
        return Write.REBLOG if "parent_post_id" in call.parameters else Write.CREATE
    return Write.CREATE if end == "post" else end
