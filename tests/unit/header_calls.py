#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The names of the system calls of the C library's headers: header_calls.py OUT.h COMPILER...

Each becomes a line HEADER_CALL(name); its number is left to whoever includes them.
"""
import pathlib
import re
import subprocess
import sys


def main():
    out, *compiler = sys.argv[1:]
    run = subprocess.run(
        [*compiler, "-E", "-dM", "-x", "c", "-"],
        input="#include <asm/unistd.h>\n",
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    names = set(re.findall(r"^#define __NR_(\w+) ", run.stdout, re.MULTILINE))
    # Not calls but where the table ends, and where an architecture has its own.
    names -= {"syscalls", "arch_specific_syscall"}
    pathlib.Path(out).write_text("".join(f"HEADER_CALL({name})\n" for name in sorted(names)))


if __name__ == "__main__":
    main()
