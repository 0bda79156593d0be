/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that everybody may use: binds its name and opens it to all with chmod.
 * Flaw: chmod by name follows a link that was put there after bind: a private file becomes public.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before chmod.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/server" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	/* What an earlier run may have left. */
	unlink(at.sun_path);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	if (chmod(at.sun_path, 0666) < 0)
		return 1;
	return listen(s, 5) < 0;
}
