/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing is granted of INET yet; see ask_inet.h. */
#include "cage/ask_inet.h"

#include <errno.h>
#include <unistd.h>

int
pale_ask_inet_connect(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	(void)supervisor;
	(void)call;
	(void)addr;
	close(sock);
	return -EACCES;
}

int
pale_ask_inet_bind(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	(void)supervisor;
	(void)call;
	(void)addr;
	close(sock);
	return -EACCES;
}

bool
pale_ask_inet_may_send(const struct pale_doors *doors, int sock, const struct pale_ask_addr *addr)
{
	(void)doors;
	(void)sock;
	(void)addr;
	return false;
}

bool
pale_ask_inet_may_listen(const struct pale_doors *doors, int sock)
{
	(void)doors;
	(void)sock;
	return false;
}
