#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write profiles as a C file: tools/embed.py OUT.c PROFILE.pale ..."""
import pathlib
import sys


def literal(line):
    """One line of a text as a C string, every byte that is not plain ASCII as an octal escape."""
    out = []
    for byte in line:
        char = chr(byte)
        if char == "\n":
            out.append("\\n")
        elif char in '"\\?':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '\t"' + "".join(out) + '"\n'


def main():
    out, *paths = sys.argv[1:]
    paths = sorted((pathlib.Path(path) for path in paths), key=lambda path: path.stem)
    names = "".join(f'\t"{path.stem}",\n' for path in paths)
    texts = ""
    for path in paths:
        data = path.read_bytes()
        lines = "".join(literal(line) for line in data.splitlines(keepends=True))
        texts += f"\t{{ .size = {len(data)}, .text =\n{lines}\t}},\n"
    pathlib.Path(out).write_text(
        "/* Made by tools/embed.py; edit profiles/ instead. */\n"
        '#include "policy/embedded.h"\n\n'
        f"const char *const pale_embedded_names[] = {{\n{names}\tNULL,\n}};\n\n"
        f"const struct pale_embedded pale_embedded_texts[] = {{\n{texts}}};\n"
    )


if __name__ == "__main__":
    main()
