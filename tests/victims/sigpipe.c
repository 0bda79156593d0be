/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that writes a line to each client with write(2).
 * Flaw: a client that has gone already makes write send SIGPIPE, of which the server dies.
 * CWE-248. 0777: found. 1777: found.
 * Wins: close_reader (connect and close) before accept4.
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
		if (write(c, "noon\n", 5) != 5)
			return 1;
		close(c);
	}
	return 0;
}
