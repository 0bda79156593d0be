/* SPDX-License-Identifier: BSD-2-Clause */
/* See loopback.h. */
#include "kernel/loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/scope.h"

int
pale_loopback_up(struct pale_err *err)
{
	PALE_CLOSE int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" };

	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &lo) < 0)
		return pale_fail_errno(err, "cannot find the loopback interface");
	lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP);
	if (ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return pale_fail_errno(err, "cannot bring the loopback interface up");
	return 0;
}
