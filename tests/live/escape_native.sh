#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The proof that the attempts of the escape suite are real: without a cage each of them succeeds,
# or says why it cannot be tried here.
ESCAPE_NATIVE=1 exec "$(dirname "$0")/escape.sh" "$@"
