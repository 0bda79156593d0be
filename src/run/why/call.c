/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls as people write them; see call.h. */
#include "run/why/call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "core/suggest.h"

enum {
	WORD_BYTES = 64,
	LABELS_MAX = 128, /* known values of one call, for suggestions */
};

/* What the library calls otherwise than the kernel. */
static const struct {
	const char *name;
	const char *call;
} library[] = {
	{ "exec", "execve" },
	{ "execv", "execve" },
	{ "execvp", "execve" },
	{ "fopen", "openat" },
	{ "fstatat", "newfstatat" },
	{ "mkfifo", "mknod:S_IFIFO" },
	{ "mkfifoat", "mknodat:S_IFIFO" },
	{ "opendir", "openat:O_DIRECTORY" },
	{ "pread", "pread64" },
	{ "pwrite", "pwrite64" },
	{ "readdir", "getdents64" },
	{ "recv", "recvfrom" },
	{ "remove", "unlink" },
	{ "send", "sendto" },
	{ "umount", "umount2" },
	{ "waitpid", "wait4" },
};

/* Values that many calls know, beside the labels of sys.def. */
static const struct {
	const char *name;
	enum pale_arg arg; /* the first argument of this kind takes it */
	uint64_t mask;
	uint64_t value;
	enum pale_does does; /* only calls that do this, or DO_NOTHING for any */
} values[] = {
	{ "O_RDONLY", ARG_FLAGS, O_ACCMODE, O_RDONLY },
	{ "O_WRONLY", ARG_FLAGS, O_ACCMODE, O_WRONLY },
	{ "O_RDWR", ARG_FLAGS, O_ACCMODE, O_RDWR },
	{ "O_CREAT", ARG_FLAGS, O_CREAT, O_CREAT },
	{ "O_EXCL", ARG_FLAGS, O_EXCL, O_EXCL },
	{ "O_TRUNC", ARG_FLAGS, O_TRUNC, O_TRUNC },
	{ "O_APPEND", ARG_FLAGS, O_APPEND, O_APPEND },
	{ "O_CLOEXEC", ARG_FLAGS, O_CLOEXEC, O_CLOEXEC },
	{ "O_DIRECTORY", ARG_FLAGS, O_DIRECTORY, O_DIRECTORY },
	{ "O_NOFOLLOW", ARG_FLAGS, O_NOFOLLOW, O_NOFOLLOW },
	{ "O_NONBLOCK", ARG_FLAGS, O_NONBLOCK, O_NONBLOCK },
	{ "O_NOCTTY", ARG_FLAGS, O_NOCTTY, O_NOCTTY },
	{ "O_PATH", ARG_FLAGS, O_PATH, O_PATH },
	{ "O_SYNC", ARG_FLAGS, O_SYNC, O_SYNC },
	{ "O_TMPFILE", ARG_FLAGS, O_TMPFILE, O_TMPFILE },
	{ "AT_SYMLINK_NOFOLLOW", ARG_FLAGS, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW },
	{ "AT_REMOVEDIR", ARG_FLAGS, AT_REMOVEDIR, AT_REMOVEDIR },
	{ "S_ISUID", ARG_MODE, S_ISUID, S_ISUID },
	{ "S_ISGID", ARG_MODE, S_ISGID, S_ISGID },
	{ "S_IFREG", ARG_MODE, S_IFMT, S_IFREG },
	{ "S_IFIFO", ARG_MODE, S_IFMT, S_IFIFO },
	{ "S_IFSOCK", ARG_MODE, S_IFMT, S_IFSOCK },
	{ "S_IFCHR", ARG_MODE, S_IFMT, S_IFCHR },
	{ "S_IFBLK", ARG_MODE, S_IFMT, S_IFBLK },
	{ "IPC_RMID", ARG_CMD, UINT32_MAX, IPC_RMID, DO_SYSV },
	{ "IPC_SET", ARG_CMD, UINT32_MAX, IPC_SET, DO_SYSV },
	{ "IPC_EXCL", ARG_FLAGS, IPC_EXCL, IPC_EXCL, DO_SYSV },
	{ "AF_ALG", ARG_CMD, UINT32_MAX, AF_ALG, DO_SOCKET },
	{ "AF_BLUETOOTH", ARG_CMD, UINT32_MAX, AF_BLUETOOTH, DO_SOCKET },
	{ "AF_PACKET", ARG_CMD, UINT32_MAX, AF_PACKET, DO_SOCKET },
	{ "AF_VSOCK", ARG_CMD, UINT32_MAX, AF_VSOCK, DO_SOCKET },
	{ "AF_XDP", ARG_CMD, UINT32_MAX, AF_XDP, DO_SOCKET },
};

int
pale_call_arg(enum pale_sys sys, enum pale_arg kind)
{
	for (int i = 0; i < PALE_SYS_ARGS; i++) {
		if (pale_sys_row(sys)->arg[i] == kind)
			return i;
	}
	return -1;
}

bool
pale_call_acts_on_name(enum pale_sys sys)
{
	enum pale_does does = pale_sys_row(sys)->does;

	return does == DO_MKDIR || does == DO_MKNOD || does == DO_UNLINK || does == DO_RENAME ||
	    does == DO_LINK || does == DO_SYMLINK || does == DO_BIND;
}

bool
pale_call_follows(const struct pale_call *call)
{
	static const char *const not_following[] = { "lstat", "lchown", "lgetxattr", "lsetxattr",
		"llistxattr", "lremovexattr" };
	const struct pale_sys_row *row = pale_sys_row(call->sys);
	int flags = pale_call_arg(call->sys, ARG_FLAGS);
	uint64_t nofollow = row->does == DO_OPEN ? O_NOFOLLOW | O_EXCL : AT_SYMLINK_NOFOLLOW;

	if (pale_call_acts_on_name(call->sys) || row->does == DO_READLINK)
		return false;
	if (flags >= 0 && (call->args[flags] & nofollow) != 0)
		return false;
	for (size_t i = 0; i < PALE_COUNT(not_following); i++) {
		if (strcmp(row->name, not_following[i]) == 0)
			return false;
	}
	return true;
}

/* O_TMPFILE: its path is that of a directory, in which a file is made that has no name. */
static bool
makes_nameless(const struct pale_call *call)
{
	int flags = pale_call_arg(call->sys, ARG_FLAGS);

	return pale_sys_row(call->sys)->does == DO_OPEN && flags >= 0 &&
	    (call->args[flags] & O_TMPFILE) == O_TMPFILE;
}

pale_rights
pale_call_needed(const struct pale_call *call, int which, bool exists)
{
	const struct pale_sys_row *row = pale_sys_row(call->sys);
	pale_rights need = 0;

	if (which != 1)
		need |= pale_sys_need(call->sys, call->args);
	if (which != 0)
		need |= row->need[1];
	if (row->does == DO_CONNECT)
		need |= RS(CONNECTAT);
	if (row->does == DO_BIND)
		need |= RS(BINDAT);
	if (row->does == DO_OPEN && exists && !makes_nameless(call))
		need &= ~RS(CREATE);
	/* The kernel opens a program to read it, and Landlock sees that. */
	if (row->does == DO_EXEC)
		need |= RS(READ);
	/* Locks of records are the kernel's alone: it tells nobody whose they would be. */
	if ((row->by & BY_SUPERVISOR) == 0)
		need &= ~pale_rights_of_how(PALE_HOW_ASK);
	/* Rights of sockets and the like mean nothing for a path. */
	return need & ~pale_rights_of_how(PALE_HOW_NEVER);
}

static void
set(struct pale_call *call, unsigned arg, uint64_t mask, uint64_t value)
{
	call->args[arg] = (call->args[arg] & ~mask) | value;
}

/* The n-th part of a label such as "AF_UNIX, SOCK_DGRAM"; its length is 0 behind the last. */
static size_t
label_part(const char *label, size_t n, const char **ret_part)
{
	for (; n > 0 && *label != '\0'; n--) {
		label += strcspn(label, ",");
		label += strspn(label, ", ");
	}
	*ret_part = label;
	return strcspn(label, ",");
}

static size_t
count_conds(const struct pale_sys_sub *sub)
{
	size_t count = 0;

	while (count < PALE_SYS_CONDS && sub->when[count].mask != 0)
		count++;
	return count;
}

static void
set_cond(struct pale_call *call, const struct pale_sys_cond *cond)
{
	set(call, cond->arg, cond->mask, cond->value);
}

/*
 * A label of the call's own sub-rows, or one part of one whose parts stand for its conditions, one
 * each.
 */
static bool
take_label(struct pale_call *call, const char *word)
{
	size_t count;
	const struct pale_sys_sub *subs = pale_sys_subs(call->sys, &count);
	const char *part;

	for (size_t i = 0; i < count; i++) {
		if (subs[i].label[0] == '\0' || strcasecmp(subs[i].label, word) != 0)
			continue;
		for (size_t c = 0; c < count_conds(&subs[i]); c++)
			set_cond(call, &subs[i].when[c]);
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		size_t conds = count_conds(&subs[i]);

		if (subs[i].label[0] == '\0' || label_part(subs[i].label, conds, &part) != 0)
			continue;
		for (size_t c = 0; c < conds; c++) {
			size_t len = label_part(subs[i].label, c, &part);

			if (len == 0 || strlen(word) != len || strncasecmp(part, word, len) != 0)
				continue;
			set_cond(call, &subs[i].when[c]);
			return true;
		}
	}
	return false;
}

static bool
take_value(struct pale_call *call, const char *word)
{
	for (size_t i = 0; i < PALE_COUNT(values); i++) {
		int arg = pale_call_arg(call->sys, values[i].arg);

		if (arg < 0 || strcasecmp(values[i].name, word) != 0 ||
		    (values[i].does != DO_NOTHING &&
			values[i].does != pale_sys_row(call->sys)->does))
			continue;
		set(call, (unsigned)arg, values[i].mask, values[i].value);
		return true;
	}
	return false;
}

static bool
take_number(struct pale_call *call, const char *word)
{
	int arg = pale_call_arg(call->sys, ARG_CMD);
	uint64_t number;
	char *end;

	if (arg < 0)
		arg = pale_call_arg(call->sys, ARG_FLAGS);
	if (arg < 0)
		arg = pale_call_arg(call->sys, ARG_INT);
	errno = 0;
	number = strtoull(word, &end, 0);
	if (arg < 0 || end == word || *end != '\0' || errno != 0 || word[0] == '-')
		return false;
	call->args[arg] |= number;
	return true;
}

static int
unknown_value(const struct pale_call *call, const char *word, struct pale_err *err)
{
	const char *known[LABELS_MAX];
	const char *name = pale_sys_row(call->sys)->name;
	const char *near;
	size_t count;
	size_t known_count = 0;
	const struct pale_sys_sub *subs = pale_sys_subs(call->sys, &count);

	for (size_t i = 0; i < count && known_count < PALE_COUNT(known); i++) {
		if (subs[i].label[0] != '\0')
			known[known_count++] = subs[i].label;
	}
	for (size_t i = 0; i < PALE_COUNT(values) && known_count < PALE_COUNT(known); i++) {
		if (pale_call_arg(call->sys, values[i].arg) >= 0)
			known[known_count++] = values[i].name;
	}
	pale_fail(err, -EINVAL, "'%s' is no known argument of %s", word, name);
	near = pale_suggest(word, known, known_count);
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	if (known_count > 0)
		return pale_remedy(err, "for example %s:%s; a number will do", name, known[0]);
	return pale_remedy(err, "write %s alone", name);
}

static int
unknown_call(const char *name, struct pale_err *err)
{
	const char *known[PALE_SYS_COUNT + PALE_COUNT(library)];
	const char *near;
	size_t count = 0;

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++)
		known[count++] = pale_sys_row((enum pale_sys)i)->name;
	for (size_t i = 0; i < PALE_COUNT(library); i++)
		known[count++] = library[i].name;
	pale_fail(err, -EINVAL, "there is no system call '%s'", name);
	near = pale_suggest(name, known, count);
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	return pale_remedy(err, "write it as in its manual page, for example open or unlinkat");
}

static int
take_values(struct pale_call *call, const char *at, struct pale_err *err)
{
	char word[WORD_BYTES];

	/* A whole label may hold commas. */
	if (*at != '\0' && take_label(call, at))
		return 0;
	while (*at != '\0') {
		size_t len = strcspn(at, "|,");

		snprintf(
		    word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word)), at);
		if (len > 0 && !take_label(call, word) && !take_value(call, word) &&
		    !take_number(call, word))
			return unknown_value(call, word, err);
		at += len + (at[len] != '\0');
	}
	return 0;
}

int
pale_call_parse(const char *text, struct pale_call *ret, struct pale_err *err)
{
	size_t len = strcspn(text, ":");
	const char *written = text[len] == ':' ? text + len + 1 : "";
	const char *implied = "";
	char name[WORD_BYTES];
	int result;

	*ret = (struct pale_call){ 0 };
	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name)), text);
	for (size_t i = 0; i < PALE_COUNT(library); i++) {
		size_t call_len = strcspn(library[i].call, ":");

		if (strcmp(library[i].name, name) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)call_len, library[i].call);
		implied = library[i].call + call_len + (library[i].call[call_len] == ':');
		break;
	}
	if (pale_sys_find(name, &ret->sys) < 0)
		return unknown_call(name, err);
	result = take_values(ret, implied, err);
	return result < 0 ? result : take_values(ret, written, err);
}
