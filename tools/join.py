#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Put what programs print into a text: tools/join.py OUT IN [MARK PROGRAM]...

A line that holds @MARK@ is replaced by what the program prints, given the mark.
"""
import pathlib
import subprocess
import sys


def main():
    out, source, *pairs = sys.argv[1:]
    programs = dict(zip(pairs[::2], pairs[1::2]))
    lines = []
    for line in pathlib.Path(source).read_text().splitlines(keepends=True):
        mark = line.split("@")[1] if line.count("@") == 2 else None
        if mark in programs:
            line = subprocess.run([programs.pop(mark), mark], check=True, stdout=subprocess.PIPE, text=True).stdout
        lines.append(line)
    if programs:
        sys.exit(f"{source}: no line for {', '.join(programs)}")
    pathlib.Path(out).write_text("".join(lines))


if __name__ == "__main__":
    main()
