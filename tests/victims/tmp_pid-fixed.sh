#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes its report into a temporary directory of its own.
# Safe: after cd it is "." that is looked at, which no rename can change: it must be ours, and lie where
# it was made, so that it is neither another's directory nor one of ours behind a link. mktemp made it
# 0700, so nobody else can put a name into it.
# CWE-377 avoided. 0777: silent. 1777: silent.
set -eu
world=$(pwd -P)
dir=$(mktemp -d shared/tmp.XXXXXXXXXX)
cd "$dir"
[ -O . ]
[ "$(/bin/pwd -P)" = "$world/$dir" ]
set -C
echo "report of today" >report
