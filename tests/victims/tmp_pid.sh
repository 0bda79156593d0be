#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes its report into a temporary file that is named after its process.
# Flaw: the name can be guessed, and ">" follows the link that was put there before.
# CWE-377. 0777: found. 1777: found where fs.protected_symlinks is 0 (the name is not there at first).
# Wins: symlink before openat.
set -e
echo "report of today" >"shared/tmp.$$"
