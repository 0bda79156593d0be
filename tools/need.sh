#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install the Debian packages of tools/packages.txt that are missing; do nothing when none is.
# Asks sudo only when not root and only when something is missing.
set -eu
here=$(dirname "$0")
# Without dpkg's list there is nothing to look up: another distribution, or the inside of a cage.
[ -r /var/lib/dpkg/status ] || exit 0
missing=
for name in $(sed -e 's/#.*//' "$here/packages.txt"); do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) || state=
	[ "$state" = installed ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
echo "pale: installing$missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "pale: these packages are missing and there is no sudo here; as root: apt-get install$missing" >&2
		exit 3
	}
	sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the list is meant to be split
$sudo apt-get update -qq &&
	$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
