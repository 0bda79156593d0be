/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that everybody may use: binds its name with the mode that it shall have.
 * Safe: the umask decides the mode of a socket at bind; no second call uses the name. The unlink
 * before removes a name, whatever it is, and follows nothing.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/server" };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* What an earlier run may have left. */
	unlink(at.sun_path);
	umask(0111);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	umask(077);
	return listen(s, 5) < 0;
}
