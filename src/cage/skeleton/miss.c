/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread that missed a name was doing. It stands still in the walk until the server answers,
 * unless it is killed, so all of this is told and nothing is decided by it. What cannot be read,
 * because the program hides from its own user or is gone, is not known.
 */
#include "cage/skeleton/skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"

enum {
	NAME_BYTES = 32,
	LINE_BYTES = 256, /* of /proc/TID/syscall: nine numbers */
	PAGE = 4096,      /* memory is read up to the next multiple; smaller than no page */
	TRIES = 200,      /* the thread may not be asleep yet when its request is read */
};

static ssize_t
read_file(int proc, pid_t pid, const char *what, char *buf, size_t size)
{
	PALE_CLOSE int fd = -1;
	char name[NAME_BYTES];
	ssize_t got;

	snprintf(name, sizeof(name), "%d/%s", pid, what);
	fd = openat(proc, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[got < 0 ? 0 : got] = '\0';
	return got;
}

/* The number and arguments of the call that the thread is in; "running" means not asleep yet. */
static void
read_call(int proc, pid_t tid, struct pale_skeleton_miss *miss)
{
	char line[LINE_BYTES];
	char *at = line;
	long nr;

	for (int i = 0; i < TRIES; i++) {
		if (read_file(proc, tid, "syscall", line, sizeof(line)) <= 0)
			return;
		if (line[0] != 'r')
			break;
		sched_yield();
	}
	nr = strtol(line, &at, 10);
	if (at == line || nr < 0 || nr > INT32_MAX)
		return;
	miss->nr = (int32_t)nr;
	for (size_t i = 0; i < PALE_SYS_ARGS; i++)
		miss->args[i] = strtoull(at, &at, 16);
}

static void
read_program(int proc, pid_t tgid, char program[PALE_SKELETON_PROGRAM_BYTES])
{
	char line[LINE_BYTES];

	read_file(proc, tgid, "comm", line, sizeof(line));
	line[strcspn(line, "\n")] = '\0';
	memcpy(program, line, strnlen(line, PALE_SKELETON_PROGRAM_BYTES - 1));
}

/* Copy a text of the thread's, page by page. Returns its size with the NUL, or 0. */
static uint16_t
copy_text(pid_t tid, uint64_t address, char *buf)
{
	size_t size = 0;

	while (size < PALE_SKELETON_PATH_BYTES) {
		size_t step = PAGE - (address + size) % PAGE;
		const char *end;

		if (step > PALE_SKELETON_PATH_BYTES - size)
			step = PALE_SKELETON_PATH_BYTES - size;
		if (pale_caller_read(tid, address + size, buf + size, step) < 0)
			return 0;
		end = memchr(buf + size, '\0', step);
		if (end != NULL)
			return (uint16_t)(end - buf + 1);
		size += step;
	}
	return 0;
}

static uint16_t
copy_cwd(int proc, pid_t tid, char *buf)
{
	char name[NAME_BYTES];
	ssize_t got;

	snprintf(name, sizeof(name), "%d/cwd", tid);
	got = readlinkat(proc, name, buf, PALE_SKELETON_PATH_BYTES - 1);
	if (got <= 0)
		return 0;
	buf[got] = '\0';
	return (uint16_t)(got + 1);
}

/* FNV-1a, of 64 bits. */
static uint64_t
mix(uint64_t key, const void *bytes, size_t size)
{
	for (const unsigned char *at = bytes; size > 0; at++, size--)
		key = (key ^ *at) * 0x100000001b3ULL;
	return key;
}

/* Addresses and unused registers differ from one call to the next, and mean nothing. */
static bool
has_meaning(enum pale_arg arg)
{
	return arg == ARG_INT || arg == ARG_FD || arg == ARG_DIRFD || arg == ARG_FLAGS ||
	    arg == ARG_MODE || arg == ARG_CMD;
}

static uint64_t
what_it_says(const struct pale_skeleton_miss *miss, const char *texts, size_t size)
{
	uint64_t key = mix(0xcbf29ce484222325ULL, texts, size);
	enum pale_sys sys;

	key = mix(key, miss->program, sizeof(miss->program));
	key = mix(key, miss->size, sizeof(miss->size));
	key = mix(key, &miss->nr, sizeof(miss->nr));
	if (miss->nr < 0 || pale_sys_find_nr(miss->nr, &sys) < 0)
		return key;
	for (size_t i = 0; i < PALE_SYS_ARGS; i++) {
		if (has_meaning(pale_sys_row(sys)->arg[i]))
			key = mix(key, &miss->args[i], sizeof(miss->args[i]));
	}
	return key;
}

static uint16_t
put_text(char *buf, const char *text)
{
	size_t size = strnlen(text, PALE_SKELETON_PATH_BYTES - 1) + 1;

	memcpy(buf, text, size - 1);
	buf[size - 1] = '\0';
	return (uint16_t)size;
}

/* The directory and the paths of the call, behind each other; returns where they end. */
static size_t
put_texts(const struct pale_skeleton_people *people, pid_t tid, struct pale_skeleton_miss *miss,
    char *record, size_t at)
{
	enum pale_sys sys;
	size_t text = 2;

	miss->size[1] = copy_cwd(people->proc, tid, record + at);
	at += miss->size[1];
	if (miss->nr < 0 || pale_sys_find_nr(miss->nr, &sys) < 0)
		return at;
	for (size_t i = 0; i < PALE_SYS_ARGS && text < PALE_SKELETON_TEXTS; i++) {
		if (pale_sys_row(sys)->arg[i] != ARG_PATH)
			continue;
		miss->size[text] = copy_text(tid, miss->args[i], record + at);
		at += miss->size[text++];
	}
	return at;
}

/* The same for the command's process before it has executed: it has said what it is about to do. */
static size_t
put_trying(const struct pale_skeleton_people *people, struct pale_skeleton_miss *miss, char *record,
    size_t at)
{
	miss->nr = pale_sys_nr(PALE_SYS_execve);
	miss->size[1] = put_text(record + at, people->shared->cwd);
	at += miss->size[1];
	miss->size[2] = put_text(record + at, people->shared->trying);
	return at + miss->size[2];
}

size_t
pale_skeleton_record(const struct pale_skeleton_people *people, pid_t tid, const char *missing,
    char *record, uint64_t *ret_same)
{
	struct pale_skeleton_miss miss = { .tid = tid, .nr = -1 };
	struct pale_caller_status status = { 0 };
	size_t at = sizeof(miss);

	if (tid <= 0 || tid == people->waiter || strlen(missing) >= PALE_SKELETON_PATH_BYTES)
		return 0;
	if (pale_caller_status(people->proc, tid, &status) == 0) {
		/* What the supervisor does for a call is told with that call. */
		if (status.ppid == people->waiter && status.tgid != people->command)
			return 0;
		miss.pid = status.inner_tgid;
		read_program(people->proc, status.tgid, miss.program);
		read_call(people->proc, tid, &miss);
	}
	miss.size[0] = put_text(record + at, missing);
	at += miss.size[0];
	if (miss.nr < 0 && tid == people->command && people->shared->trying[0] != '\0' &&
	    memcmp(miss.program, people->own_name, sizeof(miss.program)) == 0)
		at = put_trying(people, &miss, record, at);
	else
		at = put_texts(people, tid, &miss, record, at);
	memcpy(record, &miss, sizeof(miss));
	*ret_same = what_it_says(&miss, record + sizeof(miss), at - sizeof(miss));
	return at;
}
