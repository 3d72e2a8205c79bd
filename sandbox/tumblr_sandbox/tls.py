"""The sandbox over TLS, beside its plain port: for clients that speak nothing but https.

The authority and its certificate are made at start. Whoever is to trust it is given the authority's file.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from flask import Flask

NAMES = (
    *("localhost", "127.0.0.1", "::1"),
    *("tumblr.com", "*.tumblr.com", "*.media.tumblr.com"),
)
"""Whose certificate it is: this machine's, and that of the hosts which a client may be redirected from."""
THREADS = 12


class TlsServer:
    """Serves an application over TLS while entered; ``authority`` is the file for the CA's certificate.

    Raises OSError where the address cannot be had.
    """

    def __init__(self, app: Flask, host: str, port: int, authority: Path) -> None:
        names = NAMES if host in NAMES else (*NAMES, host)
        made = trustme.CA(organization_name="tumblr sandbox")
        self._files = ExitStack()
        pair = made.issue_cert(*names).private_key_and_cert_chain_pem
        # cheroot reads a certificate from a file; this one is private, and gone when the server is.
        path = self._files.enter_context(pair.tempfile())
        self._server = Server((host, port), app, numthreads=THREADS, server_name="sandbox")
        self._server.ssl_adapter = BuiltinSSLAdapter(path, path)
        self._thread = threading.Thread(target=self._server.serve, name="tls", daemon=True)
        try:
            self._server.prepare()
            made.cert_pem.write_to_path(authority)
        except OSError:
            self._files.close()
            raise
        self.port = int(self._server.bind_addr[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()
        self._files.close()
