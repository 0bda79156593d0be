# SPDX-License-Identifier: BSD-2-Clause
# Whom the tests can be. Sourced by the helpers of tests/cli and tests/live.
#
#   USER_ID   whom an ordinary user is played by when the tests run as root

USER_ID=${USER_ID:-1000}

# Everybody whom these tests can be: root can also be a user.
people() {
	[ "$(id -u)" -ne 0 ] || echo root
	echo user
}

# Run a command as $who.
as() {
	if [ "$who" = user ] && [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups "$@"
	else
		"$@"
	fi
}
