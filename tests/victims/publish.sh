#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Publishes the news, unless there are news already.
# Flaw: "[ -e" looks at the name, and ">" uses it: a link that comes in between is followed.
# CWE-367. 0777: found. 1777: found where fs.protected_symlinks is 0 (the name is not there at first).
# Wins: symlink before openat.
set -e
[ -e shared/news ] || echo "nothing new" >shared/news
