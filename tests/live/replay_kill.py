#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kill one process of a replay at some moment; nothing of it may be left.

    replay_kill.py ROUNDS SEED COMMAND...

The command plays witnesses without end. In each round it is started, one of its processes (itself,
the director, the stage, an actor) is killed with SIGKILL after a random number of looks, and where
that was not the command itself, it has to end by itself with status 3 and say so. Then all that it
started must be gone: they have its arguments, for no actor executes anything.
"""
import os
import random
import signal
import subprocess
import sys
import time


def family(mark):
    """Processes with the argument `mark`, oldest first."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            pass
    return sorted(found)


def gone(mark, seconds=20):
    end = time.monotonic() + seconds
    while family(mark):
        if time.monotonic() > end:
            return False
    return True


def main():
    rounds, seed, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    chance = random.Random(seed)
    # A word that nothing else has; the command takes and ignores it.
    for number in range(rounds):
        mark = f"mark-{os.getpid()}-{number}".encode()
        child = subprocess.Popen(
            command + ["--mark", mark], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(chance.randrange(1, 12)):
            victims = family(mark)
        victims = [v for v in victims if v >= child.pid] or [child.pid]
        victim = chance.choice(victims)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            victim = child.pid  # it had ended already: the command instead
            child.kill()
        if victim != child.pid:
            # A replay of which a part was killed fails, or was just over: then the next one goes on.
            try:
                child.wait(0.2)
            except subprocess.TimeoutExpired:
                child.kill()
        out = child.communicate()[0].decode()
        if child.returncode not in (3, -signal.SIGKILL):
            sys.exit(f"seed {seed} round {number}: status {child.returncode}\n{out}")
        if child.returncode == 3 and ": " not in out:
            sys.exit(f"seed {seed} round {number}: it says only: {out}")
        if not gone(mark):
            sys.exit(f"seed {seed} round {number}: left are {family(mark)}")
    print(f"{rounds} rounds")


main()
