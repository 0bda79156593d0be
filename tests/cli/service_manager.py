# SPDX-License-Identifier: BSD-2-Clause
"""A service manager's side of --notify and --listen-fds, for service.bats.

    service_manager.py DIR path|abstract CLIENT COMMAND...

Listens in DIR/s.sock and on a port of the loopback interface, starts the command with both as
descriptors 3 and 4 and a notify socket, prints each notification and from which process it came,
and at READY=1 plays the client: `talk` asks both sockets for a line, `pass` tries to pass a
descriptor to the service, `none` does nothing. Ends the command at the end.
"""
import os
import select
import signal
import socket
import struct
import sys


def listen(where, family):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(where)
    sock.listen(8)
    return sock


def connect(where, family):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(20)
    sock.connect(where)
    return sock


def play(client, unix, tcp):
    if client == "talk":
        for where, family in ((unix, socket.AF_UNIX), (tcp, socket.AF_INET)):
            with connect(where, family) as sock:
                print("answer", sock.makefile().readline().strip(), flush=True)
    if client == "pass":
        with connect(unix, socket.AF_UNIX) as sock:
            try:
                socket.send_fds(sock, [b"x"], [0])
                print("passed", flush=True)
            except PermissionError as error:
                print("refused", error.strerror, flush=True)


def main():
    directory, kind, client, *command = sys.argv[1:]
    name = f"{directory}/n.sock" if kind == "path" else f"@pale-test-{os.getpid()}"
    unix = f"{directory}/s.sock"
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind("\0" + name[1:] if kind == "abstract" else name)
    told.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    listeners = [listen(unix, socket.AF_UNIX), listen(("127.0.0.1", 0), socket.AF_INET)]
    tcp = listeners[1].getsockname()
    pid = os.fork()
    if pid == 0:
        # Away from 3 and 4 first.
        fds = [os.dup2(s.fileno(), 20 + i) for i, s in enumerate(listeners)]
        for i, fd in enumerate(fds):
            os.dup2(fd, 3 + i)
        os.closerange(5, 100)
        os.environ.update(NOTIFY_SOCKET=name, LISTEN_FDS="2", LISTEN_FDNAMES="one:two",
                          LISTEN_PID=os.environ.get("FOR_PID", str(os.getpid())))
        os.execvp(command[0], command)
    done = False
    ended = os.pidfd_open(pid)
    while not done:
        # What is told comes before the end of who tells it.
        ready, _, _ = select.select([told, ended], [], [], 20)
        if told not in ready:
            print("nothing was told", flush=True)
            break
        text, control, _, _ = told.recvmsg(4096, 4096)
        sender = [struct.unpack("3i", c[2])[0] for c in control]
        print("told", text.decode().replace("\n", " "), "by",
              "pale" if sender == [pid] else "another", flush=True)
        if b"READY=1" in text:
            play(client, unix, tcp)
            done = True
    os.kill(pid, signal.SIGTERM)
    print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main()
