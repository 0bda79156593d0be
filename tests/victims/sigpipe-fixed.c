/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that writes a line to each client.
 * Safe: MSG_NOSIGNAL makes of a client that has gone an error of this one call, which is passed
 * over.
 * CWE-248 avoided. 0777: silent. 1777: silent.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/time" };
	int c, s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	umask(0);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0)
		return 1;
	while ((c = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		send(c, "noon\n", 5, MSG_NOSIGNAL);
		close(c);
	}
	return 0;
}
