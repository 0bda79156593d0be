/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of tasks, and whether they all wait; see tasks.h. */
#include "race/tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "core/sys.h"

enum {
	PROC_BYTES = 4096,
};

static bool
read_proc(char *buf, size_t size, const char *path)
{
	PALE_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static long
status_field(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at == NULL ? 0 : (long)strtoull(at + strlen(name), NULL, base);
}

static struct pale_race_task *
find(struct pale_race_tasks *tasks, pid_t tid)
{
	for (unsigned i = tasks->count; i-- > 0;)
		if (tasks->list[i].tid == tid && !tasks->list[i].ended)
			return &tasks->list[i];
	return NULL;
}

static struct pale_race_task *
add(struct pale_race_tasks *tasks, pid_t tid, pid_t tgid)
{
	struct pale_race_task *task;

	if (tasks->count == PALE_RACE_TASKS_MAX)
		return NULL;
	task = &tasks->list[tasks->count++];
	*task = (struct pale_race_task){ .tid = tid, .tgid = tgid, .number = tasks->count };
	return task;
}

void
pale_race_task_children(struct pale_race_tasks *tasks, struct pale_race_task *task)
{
	struct pale_race_task *leader = find(tasks, task->tgid), *child;
	char path[64], list[PROC_BYTES], *at = list, *end;

	if (leader == NULL)
		leader = task;
	/* The kernel lists a thread's children in the order of their birth. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)task->tgid, (int)task->tid);
	if (!read_proc(list, sizeof(list), path))
		return;
	for (;;) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at)
			return;
		at = end;
		if (find(tasks, pid) != NULL)
			continue;
		child = add(tasks, pid, pid);
		if (child == NULL)
			return;
		snprintf(
		    child->path, sizeof(child->path), "%.36s.%u", leader->path, ++leader->children);
	}
}

struct pale_race_task *
pale_race_task_get(struct pale_race_tasks *tasks, pid_t tid)
{
	struct pale_race_task *task = find(tasks, tid), *above;
	char path[64], status[PROC_BYTES];
	pid_t tgid, parent;

	if (task != NULL)
		return task;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (!read_proc(status, sizeof(status), path))
		return NULL;
	tgid = (pid_t)status_field(status, "\nTgid:", 10);
	parent = (pid_t)status_field(status, "\nPPid:", 10);
	above = find(tasks, tgid != tid ? tgid : parent);
	if (tgid == tid && above != NULL) {
		pale_race_task_children(tasks, above);
		task = find(tasks, tid);
		if (task != NULL)
			return task;
	}
	task = add(tasks, tid, tgid);
	if (task == NULL)
		return NULL;
	task->dropped = above != NULL && above->dropped;
	if (above == NULL)
		/* The first, or an orphan whose parent ended without a stop. */
		snprintf(
		    task->path, sizeof(task->path), task->number == 1 ? "1" : "%u", task->number);
	else if (tgid != tid)
		snprintf(
		    task->path, sizeof(task->path), "%.36st%u", above->path, ++above->threads + 1);
	else
		snprintf(
		    task->path, sizeof(task->path), "%.36s.%u", above->path, ++above->children);
	return task;
}

static bool
is_timed(int nr, const unsigned long args[6])
{
	switch (nr) {
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_rt_sigtimedwait:
		return true;
#ifdef SYS_poll
	case SYS_poll:
		return (int)args[2] >= 0;
	case SYS_select:
		return args[4] != 0;
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
		return (int)args[3] >= 0;
	case SYS_ppoll:
		return args[2] != 0;
	case SYS_pselect6:
		return args[4] != 0;
	case SYS_futex:
		return args[3] != 0;
	case SYS_semtimedop:
		return args[3] != 0;
	default:
		return false;
	}
}

static bool
is_serving(const struct pale_sys_row *row)
{
	return row->does == DO_ACCEPT || strstr(row->name, "poll") != NULL ||
	    strstr(row->name, "select") != NULL;
}

static enum pale_race_rest
thread_rest(pid_t pid, pid_t tid, char *ret, size_t size)
{
	char path[64], text[PROC_BYTES];
	unsigned long args[6] = { 0 };
	enum pale_sys sys;
	const char *name;
	long caught;
	int nr;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	if (!read_proc(text, sizeof(text), path))
		return PALE_RACE_RUNS;
	name = strstr(text, "\nState:\t");
	if (name != NULL && (name[8] == 'Z' || name[8] == 'X'))
		return PALE_RACE_BLOCKED;
	if (name == NULL || name[8] != 'S')
		return PALE_RACE_RUNS;
	/* An alarm may be set. */
	caught = status_field(text, "\nSigCgt:", 16);
	if (caught & 1L << 13)
		return PALE_RACE_RUNS;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	if (!read_proc(text, sizeof(text), path) ||
	    sscanf(text, "%d %lx %lx %lx %lx %lx %lx", &nr, &args[0], &args[1], &args[2], &args[3],
		&args[4], &args[5]) != 7)
		return PALE_RACE_RUNS;
	if (pale_sys_find_nr(nr, &sys) < 0 || is_timed(nr, args))
		return PALE_RACE_RUNS;
	if (is_serving(pale_sys_row(sys)))
		return PALE_RACE_WAITS;
	if (pale_sys_row(sys)->does != DO_WAIT || ret[0] == '\0')
		snprintf(ret, size, "%s", pale_sys_row(sys)->name);
	return PALE_RACE_BLOCKED;
}

static enum pale_race_rest
process_rest(pid_t pid, uid_t adversary, char *ret, size_t size, unsigned depth)
{
	enum pale_race_rest rest = PALE_RACE_BLOCKED, one;
	char path[64], children[PROC_BYTES], *at, *end;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (depth > PALE_RACE_TASKS_MAX || (stat(path, &st) == 0 && st.st_uid == adversary))
		return PALE_RACE_BLOCKED;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid <= 0)
			continue;
		/* Init itself waits for all the others. */
		one = depth == 0 ? PALE_RACE_BLOCKED : thread_rest(pid, tid, ret, size);
		rest = one < rest ? one : rest;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
		(void)read_proc(children, sizeof(children), path);
		for (at = children; rest != PALE_RACE_RUNS; at = end) {
			pid_t child = (pid_t)strtol(at, &end, 10);

			if (end == at)
				break;
			one = process_rest(child, adversary, ret, size, depth + 1);
			rest = one < rest ? one : rest;
		}
	}
	if (dir != NULL)
		closedir(dir);
	return rest;
}

enum pale_race_rest
pale_race_tasks_rest(pid_t init, uid_t adversary, char *ret, size_t size)
{
	ret[0] = '\0';
	return process_rest(init, adversary, ret, size, 0);
}
