/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system call with the arguments that it came with, as people write it; see call.h. Names and
 * addresses are the program's own bytes, so they are escaped and bounded.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/escape.h"
#include "core/scope.h"
#include "run/why/call.h"

enum {
	TEXT_BYTES = 256, /* of an argument, escaped; what is longer is cut */
};

struct word {
	uint64_t value;
	const char *name;
};

static const struct word open_flags[] = {
	/* Those of several bits before those that they hold. */
	{ O_TMPFILE, "O_TMPFILE" },
	{ O_SYNC, "O_SYNC" },
	{ O_CREAT, "O_CREAT" },
	{ O_EXCL, "O_EXCL" },
	{ O_TRUNC, "O_TRUNC" },
	{ O_APPEND, "O_APPEND" },
	{ O_DIRECTORY, "O_DIRECTORY" },
	{ O_NOFOLLOW, "O_NOFOLLOW" },
	{ O_PATH, "O_PATH" },
	{ O_NONBLOCK, "O_NONBLOCK" },
	{ O_NOCTTY, "O_NOCTTY" },
	{ O_DSYNC, "O_DSYNC" },
	{ O_DIRECT, "O_DIRECT" },
	{ O_NOATIME, "O_NOATIME" },
	{ 0100000, NULL }, /* O_LARGEFILE: of no interest, and the library's own */
	{ O_CLOEXEC, NULL },
	{ 0, NULL },
};

static const struct word at_flags[] = {
	{ AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW" },
	{ AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW" },
	{ AT_EMPTY_PATH, "AT_EMPTY_PATH" },
	{ AT_NO_AUTOMOUNT, NULL },
	{ 0, NULL },
};

static const struct word unlink_flags[] = {
	{ AT_REMOVEDIR, "AT_REMOVEDIR" },
	{ 0, NULL },
};

static const struct word rename_flags[] = {
	{ 1, "RENAME_NOREPLACE" },
	{ 2, "RENAME_EXCHANGE" },
	{ 4, "RENAME_WHITEOUT" },
	{ 0, NULL },
};

static const struct word no_flags[] = { { 0, NULL } };

static const struct word families[] = {
	{ AF_UNIX, "AF_UNIX" },
	{ AF_INET, "AF_INET" },
	{ AF_INET6, "AF_INET6" },
	{ AF_NETLINK, "AF_NETLINK" },
	{ AF_PACKET, "AF_PACKET" },
	{ AF_ALG, "AF_ALG" },
	{ AF_VSOCK, "AF_VSOCK" },
	{ AF_BLUETOOTH, "AF_BLUETOOTH" },
	{ AF_XDP, "AF_XDP" },
	{ 0, NULL },
};

static const struct word types[] = {
	{ SOCK_STREAM, "SOCK_STREAM" },
	{ SOCK_DGRAM, "SOCK_DGRAM" },
	{ SOCK_RAW, "SOCK_RAW" },
	{ SOCK_SEQPACKET, "SOCK_SEQPACKET" },
	{ 0, NULL },
};

static const struct word locks[] = {
	{ LOCK_SH, "LOCK_SH" },
	{ LOCK_EX, "LOCK_EX" },
	{ LOCK_UN, "LOCK_UN" },
	{ 0, NULL },
};

/* What is written so far. */
struct line {
	char *buf;
	size_t size;
	size_t len;
	bool first;
};

static void add(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct line *line, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line->len < line->size ? line->buf + line->len : NULL,
	    line->len < line->size ? line->size - line->len : 0, fmt, args);
	va_end(args);
	line->len += len > 0 ? (size_t)len : 0;
}

static void
next(struct line *line)
{
	if (!line->first)
		add(line, ", ");
	line->first = false;
}

static void
add_text(struct line *line, const char *text)
{
	char safe[TEXT_BYTES];
	size_t len = pale_escape(text, strlen(text), safe, sizeof(safe));

	add(line, "\"%s\"%s", safe, len >= sizeof(safe) ? "..." : "");
}

/* Flags by name, and what has none as a number. */
static void
add_bits(struct line *line, const struct word *words, uint64_t bits, bool begun)
{
	for (; words->value != 0; words++) {
		if ((bits & words->value) != words->value)
			continue;
		bits &= ~words->value;
		if (words->name == NULL)
			continue;
		add(line, "%s%s", begun ? "|" : "", words->name);
		begun = true;
	}
	if (bits != 0 || !begun)
		add(line, "%s0x%" PRIx64, begun ? "|" : "", bits);
}

static void
add_flags(struct line *line, enum pale_does does, uint64_t flags)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	const struct word *words = no_flags;

	flags &= UINT32_MAX;
	if (does == DO_OPEN) {
		next(line);
		add(line, "%s", access[flags & O_ACCMODE]);
		add_bits(line, open_flags, flags & ~(uint64_t)O_ACCMODE, true);
		return;
	}
	if (flags == 0)
		return;
	if (does == DO_UNLINK)
		words = unlink_flags;
	else if (does == DO_RENAME)
		words = rename_flags;
	else if (does == DO_LINK || does == DO_STAT || does == DO_CHMOD || does == DO_CHOWN ||
	    does == DO_UTIME || does == DO_EXEC)
		words = at_flags;
	next(line);
	add_bits(line, words, flags, false);
}

static void
add_mode(struct line *line, const struct pale_call *call, uint64_t mode)
{
	enum pale_does does = pale_sys_row(call->sys)->does;
	int flags = pale_call_arg(call->sys, ARG_FLAGS);

	if (does == DO_OPEN && flags >= 0 &&
	    (call->args[flags] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) == 0)
		return;
	next(line);
	if (S_ISFIFO(mode))
		add(line, "S_IFIFO|");
	else if (S_ISSOCK(mode))
		add(line, "S_IFSOCK|");
	else if (S_ISCHR(mode))
		add(line, "S_IFCHR|");
	else if (S_ISBLK(mode))
		add(line, "S_IFBLK|");
	add(line, "%04o", (unsigned)mode & 07777);
}

static bool
add_word(struct line *line, const struct word *words, uint64_t value)
{
	for (; words->name != NULL; words++) {
		if (words->value == value) {
			add(line, "%s", words->name);
			return true;
		}
	}
	return false;
}

/* The label of the sub-row that stands for this value of this argument alone; NULL if none. */
static const char *
label_of(const struct pale_call *call, unsigned arg)
{
	size_t count;
	const struct pale_sys_sub *subs = pale_sys_subs(call->sys, &count);

	for (size_t i = 0; i < count; i++) {
		if (subs[i].label[0] != '\0' && subs[i].when[0].mask != 0 &&
		    subs[i].when[0].arg == arg && subs[i].when[1].mask == 0 &&
		    pale_sys_sub_matches(&subs[i], call->args))
			return subs[i].label;
	}
	return NULL;
}

/* socket(AF_INET, SOCK_STREAM): its type without the flags in it, and a protocol if it is not 0. */
static void
add_socket(struct line *line, const struct pale_call *call, unsigned arg)
{
	uint64_t value = call->args[arg] & (arg == 1 ? 0xf : UINT32_MAX);

	if (arg == 2 && value == 0)
		return;
	next(line);
	if (arg == 2 || !add_word(line, arg == 0 ? families : types, value))
		add(line, "%" PRIu64, value);
}

static void
add_command(struct line *line, const struct pale_call *call, unsigned arg)
{
	const char *label = label_of(call, arg);
	uint64_t value = call->args[arg] & UINT32_MAX;

	next(line);
	if (call->sys == PALE_SYS_flock && add_word(line, locks, value & ~(uint64_t)LOCK_NB))
		return;
	if (label != NULL)
		add(line, "%s", label);
	else
		add(line, "0x%" PRIx64, value);
}

static void
add_number(struct line *line, const struct pale_call *call, unsigned arg)
{
	next(line);
	add(line, "%d", (int)call->args[arg]);
}

/* Where a relative path starts, unless it is the working directory. */
static void
add_dirfd(struct line *line, int fd, const char *text)
{
	if (fd == AT_FDCWD || (text != NULL && text[0] == '/'))
		return;
	next(line);
	add(line, "%d", fd);
}

size_t
pale_call_print(const struct pale_call *call, const char *const texts[PALE_SYS_NEEDS],
    const char *address, char *buf, size_t size)
{
	const struct pale_sys_row *row = pale_sys_row(call->sys);
	struct line line = { .buf = buf, .size = size, .first = true };
	size_t at = 0;

	if (size > 0)
		buf[0] = '\0';
	add(&line, "%s(", row->name);
	for (unsigned i = 0; i < PALE_SYS_ARGS; i++) {
		uint64_t value = call->args[i];
		const char *text = texts != NULL && at < PALE_SYS_NEEDS ? texts[at] : NULL;

		if (row->does == DO_SOCKET && row->arg[i] != ARG_OUT && i < 3) {
			add_socket(&line, call, i);
			continue;
		}
		switch (row->arg[i]) {
		case ARG_DIRFD:
			add_dirfd(&line, (int)value, text);
			break;
		case ARG_PATH:
			next(&line);
			if (text == NULL)
				add(&line, "?");
			else
				add_text(&line, text);
			at++;
			break;
		case ARG_FLAGS:
			add_flags(&line, row->does, value);
			break;
		case ARG_MODE:
			add_mode(&line, call, value);
			break;
		case ARG_CMD:
			add_command(&line, call, i);
			break;
		case ARG_ADDR:
			if (address != NULL) {
				next(&line);
				add_text(&line, address);
			}
			break;
		case ARG_INT:
		case ARG_FD:
		case ARG_PID:
		case ARG_UID:
		case ARG_SIG:
		case ARG_ID:
			add_number(&line, call, i);
			break;
		case ARG_KEY:
			next(&line);
			add(&line, "0x%08" PRIx64, value & UINT32_MAX);
			break;
		case ARG_NONE:
		case ARG_SIZE:
		case ARG_IN:
		case ARG_OUT:
		case ARG_INOUT:
		case ARG_MEM:
			break;
		}
	}
	add(&line, ")");
	return line.len;
}
