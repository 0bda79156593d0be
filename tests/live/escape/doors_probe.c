/* SPDX-License-Identifier: BSD-2-Clause */
/* What the attempts on granted endpoints share; see doors_probe.h. */
#include "doors_probe.h"

#include <poll.h>

enum {
	PATIENCE_MS = 3000, /* for a byte of somebody outside, who is there */
};

const char *
door(const char *name)
{
	return in_world("doors/%s", name);
}

static int
open_socket(int type)
{
	return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

static socklen_t
name_of(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
	return sizeof(*addr);
}

int
door_connect(int type, const char *path)
{
	struct sockaddr_un addr;
	socklen_t size = name_of(&addr, path);
	int fd = open_socket(type);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, size) == 0)
		return fd;
	close(fd);
	return -1;
}

int
door_connect_bytes(const char *abstract, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = open_socket(SOCK_STREAM);

	memcpy(addr.sun_path + 1, abstract, len);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0)
		return fd;
	close(fd);
	return -1;
}

long
door_bind(const char *path)
{
	struct sockaddr_un addr;
	socklen_t size = name_of(&addr, path);
	int fd = open_socket(SOCK_STREAM);
	long ret = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&addr, size);

	if (ret == 0)
		unlink(path);
	return ret;
}

long
door_send(enum door_send how, int type, const char *first, const char *second)
{
	struct sockaddr_un to[2];
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct mmsghdr many[2] = { 0 };
	int ends[2], fd;

	for (int i = 0; i < 2; i++) {
		many[i].msg_hdr = (struct msghdr){ .msg_name = &to[i],
			.msg_namelen = name_of(&to[i],
			    i == 0               ? first
				: second != NULL ? second
						 : ""),
			.msg_iov = &part,
			.msg_iovlen = 1 };
	}
	if (how == SEND_PAIR)
		fd = socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0 ? -1 : ends[0];
	else
		fd = open_socket(type);
	if (fd < 0)
		return -1;
	switch (how) {
	case SEND_TO:
	case SEND_PAIR:
		return sendto(fd, "x", 1, 0, (struct sockaddr *)&to[0], sizeof(to[0]));
	case SEND_MSG:
		return sendmsg(fd, &many[0].msg_hdr, 0);
	case SEND_MANY:
		if (sendmmsg(fd, many, 2, 0) == 2)
			return 0;
		/* The first went and the second did not: now why. */
		return sendmmsg(fd, &many[1], 1, 0);
	case SEND_CONNECTED:
		if (connect(fd, (struct sockaddr *)&to[0], sizeof(to[0])) < 0)
			return -1;
		return sendto(fd, "x", 1, 0, (struct sockaddr *)&to[1], sizeof(to[1]));
	}
	return -1;
}

long
door_allow(int type, const char *path)
{
	int fd = door_connect(type, path), one = 1;

	return fd < 0 ? -1 : setsockopt(fd, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &one, sizeof(one));
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * 4)];
};

long
door_pass(int fd, bool many)
{
	return door_pass_this(fd, open(rw(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC), many);
}

long
door_pass_this(int fd, int passed, bool many)
{
	union control control = { 0 };
	struct iovec part = { (char[1]){ 'p' }, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part,
				       .msg_iovlen = 1,
				       .msg_control = &control,
				       .msg_controllen = CMSG_SPACE(sizeof(int)) } };

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &passed, sizeof(passed));
	if (many)
		return sendmmsg(fd, &message, 1, MSG_NOSIGNAL);
	return sendmsg(fd, &message.msg_hdr, MSG_NOSIGNAL);
}

/* The descriptor that comes with the next byte, or -1. */
static int
next_descriptor(int fd)
{
	struct pollfd one = { fd, POLLIN, 0 };
	union control control = { 0 };
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int came;

	if (poll(&one, 1, PATIENCE_MS) != 1 || recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1 ||
	    CMSG_FIRSTHDR(&message) == NULL || control.head.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&came, CMSG_DATA(&control.head), sizeof(came));
	return came;
}

bool
door_take(int fd)
{
	int came = next_descriptor(fd);

	return came >= 0 && sees_outside(came);
}

bool
door_receive(int fd)
{
	return next_descriptor(fd) >= 0;
}

int
door_serve(const char *path)
{
	struct sockaddr_un addr;
	socklen_t size = name_of(&addr, path);
	int fd = open_socket(SOCK_STREAM);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, size) < 0 || listen(fd, 4) < 0)
		return -1;
	return fd;
}

int
door_meet(const char *path, const char *name, bool pass)
{
	int fd, peer;
	unsigned before = board->door_descriptors;
	char answer[ASK_SIZE];

	unlink(path);
	fd = door_serve(path);
	if (fd < 0)
		return got(-1);
	if (!ask(answer, "meet %s", name) || strcmp(answer, "ok") != 0)
		return broken("nobody connects");
	peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	unlink(path);
	if (peer < 0)
		return got(-1);
	if (!pass)
		return door_take(peer) ? ESCAPED : EPERM;
	if (door_pass(peer, false) < 0)
		return got(-1);
	return grew(&board->door_descriptors, before) ? ESCAPED : EPERM;
}

struct sockaddr_in
door_address(int last, int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(0x7f000000U + (unsigned)last) };
}
