#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the scenarios as data: embed_scenarios.py OUTPUT SCENARIO..."""
import os
import sys

output, *files = sys.argv[1:]
with open(output, "w", encoding="ascii") as out:
    out.write("/* Made by tools/embed_scenarios.py. */\n")
    out.write('#include "cli/check/scenario.h"\n\n')
    out.write("const struct pale_scenario pale_scenarios[] = {\n")
    for path in sorted(files, key=lambda path: os.path.basename(path)[: -len(".pale")]):
        with open(path, "rb") as file:
            text = file.read()
        name = os.path.basename(path)[: -len(".pale")]
        out.write('\t{ "%s", %d,\n' % (name, len(text)))
        for line in text.splitlines(keepends=True):
            # Octal, always of three digits: no digit that follows can belong to it.
            quoted = "".join(
                chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in line
            )
            out.write('\t  "%s"\n' % quoted)
        out.write("\t},\n")
    out.write('\t{ 0, 0, "" },\n};\n')
    out.write("const unsigned long pale_scenario_count = %d;\n" % len(files))
