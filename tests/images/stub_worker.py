"""A worker whose behaviour its requests decide: the body of a request says what it does."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

from images.wire import Message, receive, send

FRAME = {"width": 10, "height": 10, "lines": [["hello", 0.99, []]]}


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    receive(channel)  # its settings
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        request = receive(channel)
        if request.fields["command"] == "prepare":
            send(channel, Message({"version": "stub"}))
            continue
        word = request.body.decode()
        if word == "hang":
            threading.Event().wait()
        elif word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "babble":
            channel.sendall(b"\xff" * 100)
            threading.Event().wait()
        elif word == "refuse":
            send(channel, Message({"error": "not a picture", "is_permanent": True}))
        else:
            peak = int(word) if word.isdecimal() else 1
            fields = {"frames": [FRAME], "pid": os.getpid(), "peak_mebibytes": peak}
            send(channel, Message(fields, os.environ.get("TMPDIR", "").encode()))


if __name__ == "__main__":
    main()
