/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a UNIX socket is bound; see unix_diag.h. */
#include "kernel/unix_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	DIAG_BYTES = 1024, /* an answer has a head of 32 and three attributes */
};

uint64_t
pale_unix_cookie(int sock)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(sock, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

bool
pale_unix_bound_at(int *io_diag, int sock, dev_t *ret_dev, ino_t *ret_ino)
{
	uint64_t cookie = pale_unix_cookie(sock);
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} ask = { .head = { .nlmsg_len = sizeof(ask),
		      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		      .nlmsg_flags = NLM_F_REQUEST },
		.req = { .sdiag_family = AF_UNIX,
		    .udiag_states = ~0U,
		    .udiag_show = UDIAG_SHOW_VFS,
		    .udiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) } } };
	_Alignas(struct nlmsghdr) char answer[DIAG_BYTES];
	const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)answer;
	const struct unix_diag_msg *msg =
	    (const struct unix_diag_msg *)(const void *)(answer + NLMSG_HDRLEN);
	struct stat st;
	ssize_t got;
	size_t at = NLMSG_SPACE(sizeof(*msg));

	if (*io_diag < 0)
		*io_diag =
		    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	if (*io_diag < 0 || cookie == 0 || fstat(sock, &st) < 0)
		return false;
	ask.req.udiag_ino = (uint32_t)st.st_ino;
	if (send(*io_diag, &ask, sizeof(ask), 0) < 0)
		return false;
	got = recv(*io_diag, answer, sizeof(answer), 0);
	if (got < (ssize_t)at || head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    msg->udiag_ino != ask.req.udiag_ino ||
	    memcmp(msg->udiag_cookie, ask.req.udiag_cookie, sizeof(msg->udiag_cookie)) != 0)
		return false;
	while (at + sizeof(struct nlattr) <= (size_t)got) {
		const struct nlattr *attr = (const struct nlattr *)(const void *)(answer + at);
		struct unix_diag_vfs vfs;

		if (attr->nla_len < sizeof(*attr) || at + attr->nla_len > (size_t)got)
			return false;
		if (attr->nla_type == UNIX_DIAG_VFS &&
		    attr->nla_len >= sizeof(*attr) + sizeof(vfs)) {
			memcpy(&vfs, attr + 1, sizeof(vfs));
			/* The kernel's own form of a device number. */
			*ret_dev = makedev(vfs.udiag_vfs_dev >> 20, vfs.udiag_vfs_dev & 0xfffff);
			*ret_ino = vfs.udiag_vfs_ino;
			return true;
		}
		at += NLMSG_ALIGN(attr->nla_len);
	}
	return false;
}
