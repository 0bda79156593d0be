#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Drive programs on a pseudo-terminal: pty_driver.py SCENARIO [PREFIX...]

Each scenario starts programs, the command of each preceded by PREFIX (nothing, or `pale run ... --`),
types, waits for what must appear, and ends with 0, or prints what it saw and ends with 1. It waits
for output and for changes of processes, never for time to pass; DEADLINE only ends what hangs.
"""
import os
import re
import select
import signal
import subprocess
import sys
import time

DEADLINE = 20
PREFIX = sys.argv[2:]
BASH = ["bash", "--norc", "--noprofile", "-i"]


class Wrong(Exception):
    pass


class Terminal:
    """A program that leads a session on a terminal of its own."""

    def __init__(self, command):
        self.seen = ""
        self.at = 0
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            os.execvp(command[0], command)

    def fail(self, what):
        raise Wrong(f"{what}; the terminal showed:\n{self.seen[-3000:]!r}")

    def read(self, until):
        """Read once; False at the end of the session."""
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.fd], [], [], left)[0]:
            self.fail("nothing came in time")
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody holds the other side any more
            data = b""
        self.seen += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern):
        """Wait until the pattern appears after what was matched before."""
        until = time.monotonic() + DEADLINE
        while True:
            match = re.compile(pattern, re.M | re.S).search(self.seen, self.at)
            if match:
                self.at = match.end()
                return match
            if not self.read(until):
                self.fail(f"it ended before {pattern!r}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def do(self, text, pattern):
        # A newline ends a line in every mode of the terminal, a carriage return only in some.
        self.type(text + "\n")
        return self.expect(pattern)

    def stop(self):
        """Type ^Z; back at the prompt of the shell.

        The job is one process, or a pipeline of the shell: what is typed next could go to another
        that has not stopped yet.
        """
        self.type("\x1a")
        self.expect(r"Stopped.*\r\nready> ")

    def end(self, code):
        until = time.monotonic() + DEADLINE
        while self.read(until):
            pass
        _, status = os.waitpid(self.pid, 0)
        got = os.waitstatus_to_exitcode(status)
        if got != code:
            self.fail(f"it ended with {got}, not {code}")


def shell(prefix):
    # Without escape sequences around the prompt.
    os.environ["TERM"] = "dumb"
    term = Terminal(prefix + ["env", "PS1=ready> "] + BASH)
    term.expect(r"ready> ")
    # The prompt appears again only when the shell has the terminal back.
    if "cannot set terminal process group" in term.seen or "no job control" in term.seen:
        term.fail("no job control")
    return term


def job_control(term):
    """Each step waits until what it acts upon runs: "up" comes from the job itself."""
    term.do("echo up; cat", r"\r\nup\r\n")
    term.do("echoed", r"echoed\r\nechoed\r\n")
    term.type("\x03")
    term.expect(r"\^C\r\nready> ")
    term.do("echo code $?", r"code 130\r\nready> ")
    term.do("echo up; cat", r"\r\nup\r\n")
    term.do("one", r"one\r\none\r\n")
    term.stop()
    term.do("jobs", r"\[1\]\+ +Stopped +cat\r\nready> ")
    term.do("fg", r"fg\r\ncat\r\n")
    term.do("two", r"two\r\ntwo\r\n")
    term.type("\x04")
    term.expect(r"ready> ")
    term.do("jobs; echo none", r"jobs; echo none\r\nnone\r\nready> ")
    term.do("seq 100000 | sort -n | tail -1 | cat", r"\r\n100000\r\nready> ")
    term.do("(echo up; exec sleep 1000) | cat", r"\r\nup\r\n")
    term.stop()
    term.do("bg", r"\[1\]\+ .*&\r\nready> ")
    term.do("kill %1; wait %1; echo code $?", r"Terminated.*code 143\r\nready> ")
    # In the background a reader of the terminal stops.
    term.do('cat & until [ "$(jobs -s)" ]; do :; done', r"ready> ")
    term.do("fg", r"\r\ncat\r\n")
    term.do("three", r"three\r\nthree\r\n")
    term.type("\x03")
    term.expect(r"\^C\r\nready> ")


def bash():
    term = shell(PREFIX)
    job_control(term)
    term.do("exit 7", r"exit")
    term.end(7)


def outer():
    term = shell([])
    caged = " ".join(PREFIX + ["sh", "-c", "'echo up; exec cat'"])
    term.do(caged, r"\r\nup\r\n")
    term.do("word", r"word\r\nword\r\n")
    term.stop()
    term.do("jobs", r"Stopped.*\r\nready> ")
    term.do("fg", r"cat'\r\n")
    term.do("again", r"again\r\nagain\r\n")
    term.type("\x04")
    term.expect(r"ready> ")
    term.do(caged, r"\r\nup\r\n")
    term.do("word", r"word\r\nword\r\n")
    term.type("\x03")
    term.expect(r"\^C\r\nready> ")
    term.do("echo code $?", r"code 130\r\nready> ")
    # In a pipeline, at every place.
    caged = " ".join(PREFIX + ["cat"])
    term.do(f"seq 3 | {caged} | sort -r | {caged}", r"\r\n3\r\n2\r\n1\r\nready> ")
    # In the background it stops when it reads the terminal, and goes on in the foreground.
    term.do(f'{caged} & until [ "$(jobs -s)" ]; do :; done', r"\r\n.*ready> ")
    # Over and over: a continue that comes late must not undo the stop after it.
    for _ in range(100):
        term.do("fg", r"cat\r\n")
        term.do("more", r"more\r\nmore\r\n")
        term.stop()
    term.do("kill %1; fg; echo code $?", r"code 143\r\nready> ")
    term.do("exit 3", r"exit")
    term.end(3)


def nested():
    term = shell([])
    for _ in range(2):
        term.do("PS1='outside> '", r"\r\noutside> ")
        term.do(" ".join(PREFIX + ["env", "'PS1=ready> '"] + BASH), r"\r\nready> ")
        job_control(term)
        # A stop of the cage's shell by itself gives the terminal back.
        term.do("kill -STOP $$", r"Stopped.*\r\noutside> ")
        term.do("fg", r"-i\r\n")
        term.do("echo still here", r"\r\nstill here\r\nready> ")
        term.do("exit 5", r"\r\noutside> ")
        term.do("echo code $?", r"code 5\r\noutside> ")
        term.do("PS1='ready> '", r"\r\nready> ")
        job_control(term)
    term.do("exit 0", r"exit")
    term.end(0)


def start(script):
    child = subprocess.Popen(
        PREFIX + ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if child.stdout.readline() != "up\n":
        raise Wrong("it did not start")
    return child


def signals():
    for number in signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT:
        child = start(
            f"trap 'echo got {number:d}; exit 9' {number:d}; echo up; while :; do read x; done"
        )
        child.send_signal(number)
        said, _ = child.communicate(timeout=DEADLINE)
        if (said, child.returncode) != (f"got {number:d}\n", 9):
            raise Wrong(f"signal {number}: {said!r}, code {child.returncode}")
    child = start("echo up; exec cat")
    child.terminate()
    if child.wait(DEADLINE) != -signal.SIGTERM:
        raise Wrong(f"an untrapped SIGTERM: code {child.returncode}")


def stop():
    child = start("echo up; exec cat")
    for _ in range(3):
        child.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise Wrong(f"not stopped: {status}")
        # Everything below stands still as well: nothing is echoed until it goes on.
        child.stdin.write("word\n")
        child.stdin.flush()
        if select.select([child.stdout], [], [], 0)[0]:
            raise Wrong("the program went on")
        child.send_signal(signal.SIGCONT)
        if child.stdout.readline() != "word\n":
            raise Wrong("it did not go on")
    child.stdin.close()
    if child.wait(DEADLINE) != 0:
        raise Wrong(f"code {child.returncode}")


def script():
    os.environ["TERM"] = "dumb"
    command = "env 'PS1=ready> ' " + " ".join(BASH)
    term = Terminal(PREFIX + ["script", "-qe", "-c", command, "record"])
    term.expect(r"ready> ")
    term.do("tty | cut -c1-9", r"\r\n/dev/pts/\r\nready> ")
    job_control(term)
    term.do("exit 4", r"exit")
    term.end(4)
    with open("record", encoding="utf-8") as file:
        if "100000" not in file.read():
            raise Wrong("the record is empty")
    os.unlink("record")


def tmux():
    run = "tmux -f /dev/null -S ./own"
    term = shell(PREFIX)
    term.do("export SHELL=/bin/sh PS1='pane> '; echo set", r"set\r\n.*pane> ")
    # Keys that come at once are keys here, not pasted text.
    own = f"{run} new-session -d -x 80 -y 24 \\; set -g assume-paste-time 0"
    term.do(f"{own} && echo made", r"\r\nmade\r\npane> ")
    term.do(
        f"{run} split-window && {run} send-keys -t 0 'echo $((6 * 7)); {run} wait-for -S ran' Enter"
        # The server may hear of the signal before it has read what the pane printed.
        f" && {run} wait-for ran && for i in $(seq 500); do"
        f" {run} capture-pane -p -t 0 | grep -x 42 && break; done",
        r"\r\n42\r\npane> ",
    )
    term.do(f"{run} list-panes | wc -l", r"\r\n2\r\npane> ")
    term.type(f"TERM=xterm {run} attach\n")
    term.expect(r"\[0\] 0:")
    term.type("echo $((7 * 11))\n")
    term.expect(r"77")
    term.type("\x02d")
    term.expect(r"detached.*pane> ")
    term.do(f"{run} kill-server; exit 2", r"exit")
    term.end(2)
    os.unlink("own")


def less():
    term = Terminal(PREFIX + ["less", "numbers"])
    term.expect(r"\b10\b.*numbers")
    term.type(" ")
    term.expect(r"\b40\b.*:")
    term.type("/777\n")
    term.expect(r"\b790\b")
    term.type("G")
    term.expect(r"\b1000\b.*END")
    term.type("q")
    term.end(0)


def man():
    term = Terminal(PREFIX + ["man", "./own.1"])
    term.expect(r"a page of the test.*last words")
    term.expect(r"Manual page|END|quit")
    term.type("q")
    term.end(0)


def main():
    scenarios = [bash, outer, nested, signals, stop, script, tmux, less, man]
    by_name = {scenario.__name__: scenario for scenario in scenarios}
    try:
        by_name[sys.argv[1]]()
    except Wrong as wrong:
        print(f"{sys.argv[1]}: {wrong}")
        # A server that natively outlives its terminal.
        if os.path.exists("own"):
            subprocess.run(["tmux", "-S", "./own", "kill-server"], check=False)
        sys.exit(1)


main()
