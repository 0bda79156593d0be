/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon's socket; each client is greeted with the session key. The chapter's second sample.
 * Flaw: bind takes its mode from the umask, and this daemon, as many, has cleared it: all may
 * connect.
 * CWE-276. 0777: found. 1777: found.
 * Wins: connect_hold before accept4.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
create_sock(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	if (s < 0 || bind(s, (struct sockaddr *)&sun, sizeof(sun)) < 0 || listen(s, 5) < 0)
		return -1;
	return s;
}

int
main(void)
{
	char key[64];
	ssize_t n;
	int c, s, fd = open("home/secret", O_RDONLY);

	umask(0);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	s = create_sock("shared/sock");
	if (n < 0 || s < 0)
		return 1;
	/* Whoever waits is served; then it ends. */
	while ((c = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		send(c, key, (size_t)n, MSG_NOSIGNAL);
		close(c);
	}
	return 0;
}
