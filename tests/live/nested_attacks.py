#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Attack the supervisor of a cage from inside, by its way to cages inside: nested_attacks.py ATTACK

Each attack speaks the protocol of docs/internals/nested.md itself, without `pale`, and says what it
should not. It ends with 0 if nothing was won and the supervisor still answers, else with 1 and what
happened. It waits for answers, never for time to pass.
"""
import array
import ctypes
import os
import random
import resource
import socket
import struct
import sys
import threading

CONTROL, NEST = 10001, 0x70616C656E657374
LIBC = ctypes.CDLL(None, use_errno=True)
HEAD = struct.Struct("<7Ii2B6x2Q")
MESSAGE = struct.Struct("<IiI1024s1024s")
SIGNAL, CONTINUE, READY, NOTICE, FAILED, STOPPED, ENDED = range(1, 8)
EAGAIN = 11


class Won(Exception):
    pass


def ask():
    """A socket to whoever would make a cage, or -errno."""
    fd = LIBC.syscall(CONTROL, ctypes.c_ulong(NEST), 0, 0, 0, 0, 0)
    if fd < 0:
        return -ctypes.get_errno()
    return socket.socket(fileno=fd)


def request(policy, args=("/bin/true",), env=(), origins=(), effort=0, abi=99, size=None, count=None):
    """The two parts of a request: its head, and the texts that it speaks of."""
    body = b"".join(text.encode() + b"\0" for text in (policy, *origins, *args, *env))
    head = HEAD.pack(
        1,
        len(body) if size is None else size,
        len(policy.encode()),
        len(origins),
        len(args) if count is None else count,
        len(env),
        effort,
        abi,
        0,  # paranoid
        1,  # bare
        0,
        0,
    )
    return head, body


def say(sock, head, body):
    try:
        sock.send(head)
        for at in range(0, len(body), 32768):
            sock.send(body[at:at + 32768])
    except (BrokenPipeError, ConnectionResetError):
        pass


def answers(sock):
    """All that is said until the end."""
    said = []
    while True:
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            return said
        kind, value, stage, text, remedy = MESSAGE.unpack(data)
        said.append((kind, value, text.rstrip(b"\0").decode()))
        if kind in (FAILED, ENDED):
            return said


def run(*args, **kwargs):
    sock = ask()
    if isinstance(sock, int):
        raise Won(f"the supervisor does not answer any more: {sock}")
    say(sock, *request(*args, **kwargs))
    return answers(sock)


BASE = "execute('/usr')\nmaybe_execute('/bin', '/lib', '/lib64')\n"


def works():
    said = run(BASE, args=("/bin/sh", "-c", "exit 7"))
    if said[-1][:2] != (ENDED, 7 << 8):
        raise Won(f"an honest request is not served: {said}")


def refused(said):
    if said and said[-1][0] == ENDED:
        raise Won(f"it ran: {said}")


def garbage():
    rng = random.Random(20100804)
    for size in 0, 1, 47, 55, 56, 57, 4096:
        sock = ask()
        sock.send(rng.randbytes(size))
        refused(answers(sock))
    head, body = request(BASE)
    for at in range(len(head)):
        for value in 0, 1, 127, 255, rng.randrange(256):
            # A byte that is what it was, and those that only ask for less, may be served.
            changed = bytearray(head)
            changed[at] = value
            sock = ask()
            say(sock, bytes(changed), body)
            sock.shutdown(socket.SHUT_WR)
            answers(sock)
    for cut in 0, 1, len(body) // 2, len(body) - 1:
        sock = ask()
        say(sock, head, body[:cut])
        sock.shutdown(socket.SHUT_WR)
        refused(answers(sock))
    for policy in "include('/etc/passwd')", "include('/proc/self/environ')", "read(", "\x01", "'" * 9:
        said = run(policy + "\n")
        refused(said)
        if any("root:" in text for _, _, text in said):
            raise Won(f"a file is shown: {said}")
    refused(run(BASE, args=()))
    refused(run(BASE, args=("/bin/true",), env=("=x",)))
    refused(run(BASE, size=0xFFFFFFFF))
    for count in 2, 1 << 20, 0xFFFFFFFF:
        refused(run(BASE, count=count))


def huge():
    head, body = request(BASE + "#" * (1 << 20))
    sock = ask()
    say(sock, head, body)
    refused(answers(sock))
    refused(run("".join(f"read('/usr/{n}')\n" for n in range(5000))))


def flood():
    held = []
    while not isinstance(held[-1] if held else None, int):
        held.append(ask())
        if len(held) > 100:
            raise Won("there is no bound")
    if held[-1] != -EAGAIN or len(held) != 65:
        raise Won(f"after {len(held)}: {held[-1]}")
    for sock in held[:-1]:
        sock.close()
    # The supervisor hears of their ends when it hears of them.
    for _ in range(100000):
        sock = ask()
        if not isinstance(sock, int):
            return
    raise Won("slots are lost")


def threads():
    """Many at once, some of which go away."""
    def one(seed):
        rng = random.Random(seed)
        for _ in range(20):
            sock = ask()
            if isinstance(sock, int):
                continue
            head, body = request(BASE)
            what = rng.randrange(3)
            if what == 0:
                say(sock, head, body[:rng.randrange(len(body))])
            elif what == 1:
                say(sock, head, body)
            else:
                say(sock, head, body)
                answers(sock)
            sock.close()
    all_of_them = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()


def descriptors():
    """What 0 to 2 and granted numbers are when they are fetched is what counts."""
    for what in "directory", "socket", "path", "closed":
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                sock = ask()
                if what == "directory":
                    os.dup2(os.open("/usr", os.O_RDONLY), 0)
                elif what == "socket":
                    os.dup2(socket.socketpair()[0].detach(), 0)
                elif what == "path":
                    os.dup2(os.open("/", os.O_PATH), 0)
                else:
                    os.close(0)
                say(sock, *request(BASE))
                refused(answers(sock))
                code = 0
            finally:
                os._exit(code)
        if os.waitpid(pid, 0)[1] != 0:
            raise Won(f"{what} as standard input")
    for policy in "fd(99, 'read')", "fd(100000, 'read')", "fd(1048576, 'read')":
        refused(run(BASE + policy + "\n"))
    fd = os.open("/usr", os.O_RDONLY)
    refused(run(BASE + f"fd({fd}, 'read,write,create,lookup')\n"))
    said = run(
        BASE + f"proc('self')\nfd({fd}, 'read,lookup,fstat')\n",
        args=("/bin/sh", "-c", f"cd -P /proc/self/fd/{fd}/.. && test -e bin && test ! -e proc"),
    )
    if said[-1][:2] != (ENDED, 0):
        raise Won(f"a directory: {said}")


def rights():
    """More than the cage has: pale(1) would not ask for it, this does."""
    for policy in (
        "write('/usr')", "dir('/usr', 'read,chmod,fchmod')", "dir('/usr', 'lookup,flock')",
        "device('/dev/kmsg')", "device('/usr/bin/true')", "proc('full')", "net('host')",
        "net('loopback')", "tcp('127.0.0.1:80')", "udp('*:*')", "unix('@x', 'connect')",
        "unix('/run/x', 'connect,follow')", "tmp_exec('/tmp')", "exec_writable()\nwrite('/tmp')",
        "tcp('localhost:80')", "write('/')", "execute('/')", "execute('/etc')", "execute('/tmp')",
        "notify()", "listen_fds()",
    ):
        for effort in 0, 0xFFFFFFFF:
            for abi in 99, 0, -1, 3:
                said = run(BASE + policy + "\n", effort=effort, abi=abi)
                if said and said[-1][0] == ENDED and policy != "dir('/usr', 'lookup,flock')":
                    raise Won(f"{policy} with {effort:x}, {abi}: {said}")


def limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
    said = run(BASE + "limit('fsize=unlimited', 'nofile=unlimited')\n",
               args=("/bin/sh", "-c", "test $(ulimit -f) -le 8 && test $(ulimit -Hn) -le 200"))
    if said[-1][:2] != (ENDED, 0):
        raise Won(f"limits are higher: {said}")


def orphan():
    """The one who asked is gone before it says what it wants."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        sock = ask()
        socket.send_fds(theirs, [b"x"], [sock.fileno()])
        os._exit(0)
    _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    os.waitpid(pid, 0)
    sock = socket.socket(fileno=fds[0])
    say(sock, *request(BASE))
    refused(answers(sock))


def passing():
    """Descriptors that are sent along are nobody's."""
    sock = ask()
    head, body = request(BASE)
    fd = os.open("/usr", os.O_RDONLY)
    try:
        sock.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 200))])
    except PermissionError:
        sock.send(head)
    sock.send(body)
    if answers(sock)[-1][:2] != (ENDED, 0):
        raise Won("not served")


def processes():
    """Nobody can be looked at or held: all numbers of this pid namespace are tried."""
    sock = ask()
    ptrace_attach, getfd = 16, 438
    for pid in range(1, 400):
        if pid == os.getpid():
            continue
        if LIBC.ptrace(ptrace_attach, pid, 0, 0) == 0:
            raise Won(f"{pid} can be traced")
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            continue
        for fd in range(16):
            if LIBC.syscall(getfd, pidfd, fd, 0) >= 0:
                raise Won(f"descriptor {fd} of {pid}")
    sock.close()


ATTACKS = {f.__name__: f for f in (garbage, huge, flood, threads, descriptors, rights, limits, orphan,
                                   passing, processes)}


def main():
    try:
        works()
        ATTACKS[sys.argv[1]]()
        if sys.argv[1] != "limits":
            works()
    except Won as won:
        print(f"{sys.argv[1]}: {won}")
        return 1
    return 0


sys.exit(main())
