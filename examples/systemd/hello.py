#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Answer on every socket that was handed over; tell the service manager when ready."""
import os
import selectors
import socket

FIRST = 3  # SD_LISTEN_FDS_START


def notify(text):
    name = os.environ.get("NOTIFY_SOCKET")
    if name is None:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(text.encode(), "\0" + name[1:] if name[0] == "@" else name)


def handed_over():
    if int(os.environ.get("LISTEN_PID", "0")) != os.getpid():
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=fd) for fd in range(FIRST, FIRST + count)]


def main():
    names = os.environ.get("LISTEN_FDNAMES", "")
    waiting = selectors.DefaultSelector()
    for listener in handed_over():
        waiting.register(listener, selectors.EVENT_READ)
    notify("READY=1\nSTATUS=listening on " + names)
    while waiting.get_map():
        for key, _ in waiting.select():
            with key.fileobj.accept()[0] as client:
                client.sendall(b"hello from process %d\n" % os.getpid())


if __name__ == "__main__":
    main()
