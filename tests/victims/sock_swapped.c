/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server and client in one: listens at a name, connects to that name, and sends the key.
 * Flaw: between bind and connect the name may become another's socket, who then gets the key.
 * CWE-923. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: swap_socket before connect.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/server" };
	char key[64];
	ssize_t n;
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
	int fd = open("home/secret", O_RDONLY);

	umask(077);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	if (n < 0 || s < 0 || c < 0)
		return 1;
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0)
		return 1;
	if (connect(c, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	return send(c, key, (size_t)n, MSG_NOSIGNAL) != n;
}
