"""Leads whatever a Python program asks of tumblr.com to a sandbox: to its https port what is meant for 443.

Runs in the program's own environment, before the program.
"""

from __future__ import annotations

import os
import socket
from typing import Any

_find, _connect, _connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
_STAND_IN = "127.0.0.2"
"""Stands for tumblr between the look-up of a name and the connection: some libraries take only the address
from the one, and their own port to the other."""
_PORTS = {443: int(os.environ["SANDBOX_TLS_PORT"]), 80: int(os.environ["SANDBOX_PORT"])}


def _found(host: Any, *arguments: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and (name == "tumblr.com" or name.endswith(".tumblr.com")):
        host = _STAND_IN
    return _find(host, *arguments, **options)


def _place(address: Any) -> Any:
    if isinstance(address, tuple) and address[0] == _STAND_IN:
        return ("127.0.0.1", _PORTS.get(address[1], address[1]))
    return address


socket.getaddrinfo = _found
socket.socket.connect = lambda self, address: _connect(self, _place(address))  # type: ignore[method-assign]
socket.socket.connect_ex = lambda self, address: _connect_ex(self, _place(address))  # type: ignore[method-assign]
