/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of a call that stands still, as text. They lie in the victim's memory and may
 * change under our eyes: nothing is decided by them, they only name the stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "core/sys.h"
#include "kernel/notify.h"
#include "race/room.h"

enum {
	PAGE = 4096,
};

static size_t
peek(pid_t tid, uint64_t at, void *buf, size_t size)
{
	struct iovec to = { buf, size }, from = { (void *)(uintptr_t)at, size };
	ssize_t got = process_vm_readv(tid, &to, 1, &from, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

/* A string of at most size bytes with its NUL; "" if it cannot be read or is longer. */
static void
peek_string(pid_t tid, uint64_t at, char *buf, size_t size)
{
	size_t have = 0;

	while (at != 0 && have < size) {
		size_t want = PAGE - (size_t)((at + have) % PAGE), got;

		if (want > size - have)
			want = size - have;
		got = peek(tid, at + have, buf + have, want);
		if (got == 0)
			break;
		if (memchr(buf + have, '\0', got) != NULL)
			return;
		have += got;
	}
	buf[0] = '\0';
}

/* Where a relative name starts: the directory as the victim's own root sees it. */
static int
start(pid_t tid, int dirfd, char *buf, size_t size)
{
	char link[64];
	ssize_t len;

	if (dirfd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)tid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tid, dirfd);
	len = readlink(link, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return 0;
}

static void
resolve(pid_t tid, int dirfd, const char *name, char *ret, size_t size)
{
	char dir[PAGE], path[PAGE + 256];

	ret[0] = '\0';
	if (name[0] == '/') {
		(void)pale_path_normalise(name, ret, size);
		return;
	}
	if (start(tid, dirfd, dir, sizeof(dir)) < 0 || dir[0] != '/')
		return;
	if (pale_path_join(dir, name, path, sizeof(path)) == 0)
		(void)pale_path_normalise(path, ret, size);
}

static void
read_address(pid_t tid, uint64_t at, uint64_t len, char *name, size_t size)
{
	struct sockaddr_un address;
	size_t got;

	memset(&address, 0, sizeof(address));
	name[0] = '\0';
	if (at == 0 || len <= sizeof(address.sun_family))
		return;
	got = peek(tid, at, &address, len < sizeof(address) ? (size_t)len : sizeof(address));
	if (got <= sizeof(address.sun_family) || address.sun_family != AF_UNIX)
		return;
	if (address.sun_path[0] == '\0')
		snprintf(
		    name, size, "@%.*s", (int)sizeof(address.sun_path) - 1, address.sun_path + 1);
	else
		snprintf(name, size, "%.*s", (int)sizeof(address.sun_path), address.sun_path);
}

/* The name that a socket of the victim's is bound to; "" for none. */
static void
read_bound(pid_t tid, int fd, char *name, size_t size)
{
	PALE_CLOSE int process = (int)syscall(SYS_pidfd_open, tid, 0);
	PALE_CLOSE int sock = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	struct sockaddr_un address = { 0 };
	socklen_t len = sizeof(address);

	name[0] = '\0';
	if (sock < 0 || getsockname(sock, (struct sockaddr *)&address, &len) < 0 ||
	    address.sun_family != AF_UNIX || len <= sizeof(address.sun_family))
		return;
	if (address.sun_path[0] == '\0')
		snprintf(
		    name, size, "@%.*s", (int)sizeof(address.sun_path) - 1, address.sun_path + 1);
	else
		snprintf(name, size, "%.*s", (int)sizeof(address.sun_path), address.sun_path);
}

static size_t
put_flags(char *buf, size_t size, uint64_t flags)
{
	static const struct {
		int bit;
		const char *name;
	} bits[] = { { O_CREAT, "O_CREAT" }, { O_EXCL, "O_EXCL" }, { O_TRUNC, "O_TRUNC" },
		{ O_APPEND, "O_APPEND" }, { O_NOFOLLOW, "O_NOFOLLOW" },
		{ O_DIRECTORY, "O_DIRECTORY" }, { O_NONBLOCK, "O_NONBLOCK" }, { O_PATH, "O_PATH" },
		{ O_CLOEXEC, "O_CLOEXEC" } };
	static const char *const ways[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "3" };
	size_t at = (size_t)snprintf(buf, size, "%s", ways[flags & O_ACCMODE]);

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]) && at < size; i++)
		if (flags & (unsigned)bits[i].bit)
			at += (size_t)snprintf(buf + at, size - at, "|%s", bits[i].name);
	return at;
}

void
pale_race_read(const struct pale_notify *call, struct pale_race_stop *ret)
{
	const struct pale_sys_row *row;
	unsigned names = 0;
	enum pale_sys sys;
	char *text = ret->text;
	size_t at, size = sizeof(ret->text);
	char name[256];

	memset(ret, 0, sizeof(*ret));
	ret->nr = call->nr;
	if (pale_sys_find_nr(call->nr, &sys) < 0)
		return;
	row = pale_sys_row(sys);
	at = (size_t)snprintf(text, size, "%s(", row->name);
	for (unsigned i = 0; i < PALE_SYS_ARGS && row->arg[i] != ARG_NONE && at < size; i++) {
		uint64_t arg = call->args[i];
		int dirfd =
		    i > 0 && row->arg[i - 1] == ARG_DIRFD ? (int)call->args[i - 1] : AT_FDCWD;
		const char *comma = i > 0 ? ", " : "";
		char flags[160];

		switch ((int)row->arg[i]) {
		case ARG_DIRFD:
			if ((int)arg == AT_FDCWD)
				at += (size_t)snprintf(text + at, size - at, "%sAT_FDCWD", comma);
			else
				at +=
				    (size_t)snprintf(text + at, size - at, "%s%d", comma, (int)arg);
			break;
		case ARG_PATH:
			peek_string(call->tid, arg, name, sizeof(name));
			at += (size_t)snprintf(text + at, size - at, "%s\"%s\"", comma, name);
			/* An empty name is about a descriptor: no name is resolved. */
			if (names < 2 && name[0] != '\0')
				resolve(call->tid, dirfd, name, ret->path[names++],
				    sizeof(ret->path[0]));
			break;
		case ARG_ADDR:
			read_address(call->tid, arg, i + 1 < PALE_SYS_ARGS ? call->args[i + 1] : 0,
			    name, sizeof(name));
			at += (size_t)snprintf(text + at, size - at, "%s\"%s\"", comma, name);
			if (name[0] == '@')
				snprintf(ret->path[0], sizeof(ret->path[0]), "%s", name);
			else if (name[0] != '\0')
				resolve(
				    call->tid, AT_FDCWD, name, ret->path[0], sizeof(ret->path[0]));
			break;
		case ARG_FLAGS:
			if (row->does == DO_OPEN) {
				put_flags(flags, sizeof(flags), arg);
				at += (size_t)snprintf(text + at, size - at, "%s%s", comma, flags);
			} else {
				at += (size_t)snprintf(text + at, size - at, "%s%#llx", comma,
				    (unsigned long long)arg);
			}
			break;
		case ARG_MODE:
			at += (size_t)snprintf(text + at, size - at, "%s%#o", comma, (unsigned)arg);
			break;
		case ARG_KEY:
			snprintf(ret->key, sizeof(ret->key), "%#x", (unsigned)arg);
			at += (size_t)snprintf(text + at, size - at, "%s%s", comma, ret->key);
			break;
		case ARG_ID:
			snprintf(ret->key, sizeof(ret->key), "id:%d", (int)arg);
			at += (size_t)snprintf(text + at, size - at, "%s%d", comma, (int)arg);
			break;
		case ARG_IN:
		case ARG_OUT:
		case ARG_INOUT:
		case ARG_MEM:
			/* An address would differ between runs and says nothing. */
			at += (size_t)snprintf(
			    text + at, size - at, "%s%s", comma, arg == 0 ? "NULL" : "...");
			break;
		default:
			at += (size_t)snprintf(text + at, size - at, "%s%d", comma, (int)arg);
			break;
		}
	}
	if (at < size)
		snprintf(text + at, size - at, ")");
	if (row->does == DO_LISTEN || row->does == DO_ACCEPT) {
		read_bound(call->tid, (int)call->args[0], name, sizeof(name));
		if (name[0] == '@')
			snprintf(ret->path[0], sizeof(ret->path[0]), "%s", name);
		else if (name[0] != '\0')
			resolve(call->tid, AT_FDCWD, name, ret->path[0], sizeof(ret->path[0]));
	}
}
