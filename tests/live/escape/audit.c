/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the outside looks like before and after. The probe's own word is not enough: a call may fail
 * and still have acted. Everything outside and in the read-only grants must have the same names,
 * contents and change times; victims, servers, queues and the terminal must not have noticed.
 */
#include "driver.h"

#include <dirent.h>
#include <ftw.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <termios.h>

enum {
	WALK_FDS = 16,
	TEXT_SIZE = 1 << 18,
	WHO_PROCESS = 1,
};

struct snapshot {
	char *tree, *mounts;
	struct termios modes;
	int nice_victim, nice_leader;
	long io_victim, io_leader;
	unsigned long letters;
};

static struct snapshot before, after;
static char *collecting;
static size_t collected;

static uint64_t
hash_file(const char *path)
{
	uint64_t hash = 14695981039346656037ULL;
	unsigned char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOATIME);
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ buffer[i]) * 1099511628211ULL;
	close(fd);
	return hash;
}

static int
collect_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	const char *name = path + strlen(state->dir);
	/* The driver moves a directory out and back itself, and mounts on another. */
	bool own, noise = strncmp(name, "/ro/later", 9) == 0;
	int n;

	/* What is bound at a granted name stays, as it does natively. */
	if (noise || strcmp(name, "/doors/mine") == 0)
		return 0;
	/* What is used as it was granted changes its times; names are bound in the directory. */
	own = strcmp(name, "/outside") == 0 || strcmp(name, "/ro/board") == 0 ||
	    strcmp(name, "/doors") == 0 || strncmp(name, "/doors/fifo", 11) == 0;

	(void)kind;
	(void)where;
	n = snprintf(collecting + collected, TEXT_SIZE - collected,
	    "%s %o %u:%u links %lu size %ld inode %lu changed %ld.%09ld modified %ld.%09ld "
	    "%016lx\n",
	    name, st->st_mode, st->st_uid, st->st_gid, own ? 0 : st->st_nlink,
	    own ? 0 : (long)st->st_size, own ? 0 : st->st_ino, own ? 0 : st->st_ctim.tv_sec,
	    own ? 0 : st->st_ctim.tv_nsec, own ? 0 : st->st_mtim.tv_sec,
	    own ? 0 : st->st_mtim.tv_nsec, S_ISREG(st->st_mode) && !own ? hash_file(path) : 0);
	if (n > 0 && collected + (size_t)n < TEXT_SIZE)
		collected += (size_t)n;
	return 0;
}

static char *
collect_trees(void)
{
	char *text = calloc(1, TEXT_SIZE);

	must(text != NULL, "memory");
	collecting = text;
	collected = 0;
	nftw(at("outside"), collect_one, WALK_FDS, FTW_PHYS);
	nftw(at("ro"), collect_one, WALK_FDS, FTW_PHYS);
	nftw(at("bin"), collect_one, WALK_FDS, FTW_PHYS);
	nftw(at("doors"), collect_one, WALK_FDS, FTW_PHYS);
	return text;
}

static char *
collect_mounts(void)
{
	char *text = calloc(1, TEXT_SIZE), *line = NULL;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t size = 0, used = 0;

	must(text != NULL && file != NULL, "mountinfo");
	while (getline(&line, &size, file) > 0)
		if (strstr(line, "/later") == NULL && used + strlen(line) < TEXT_SIZE)
			used += (size_t)sprintf(text + used, "%s", line);
	free(line);
	fclose(file);
	return text;
}

static void
look(struct snapshot *s)
{
	struct msqid_ds ds = { 0 };

	s->tree = collect_trees();
	s->mounts = collect_mounts();
	s->nice_victim = getpriority(PRIO_PROCESS, (id_t)state->world.victim);
	s->io_victim = syscall(SYS_ioprio_get, WHO_PROCESS, state->world.victim);
	msgctl(state->world.msg_id, IPC_STAT, &ds);
	s->letters = ds.msg_qnum;
	tcgetattr(state->slave, &s->modes);
}

void
audit_before(void)
{
	look(&before);
}

/* The first line that differs, for the report. Directories are listed in a stable order. */
static bool
same_text(const char *a, const char *b, char *detail, size_t size)
{
	const char *start = b;

	if (strcmp(a, b) == 0)
		return true;
	for (; *a == *b; a++, b++)
		if (*b == '\n')
			start = b + 1;
	snprintf(detail, size, "%.*s", (int)strcspn(start, "\n"), start);
	return false;
}

static bool
memory_kept(void)
{
	const char *memory = shmat(state->world.shm_id, NULL, SHM_RDONLY);
	bool good = memory != (const char *)-1 && strcmp(memory, SECRET) == 0;

	if (memory != (const char *)-1)
		shmdt(memory);
	return good;
}

static bool
posix_kept(void)
{
	struct mq_attr attr = { 0 };
	mqd_t queue = mq_open(state->world.mq_name, O_RDONLY | O_NONBLOCK);
	int fd = shm_open(state->world.shm_name, O_RDONLY, 0);
	bool good = queue >= 0 && fd >= 0 && mq_getattr(queue, &attr) == 0 && attr.mq_curmsgs == 0;

	if (queue >= 0)
		mq_close(queue);
	if (fd >= 0)
		close(fd);
	return good;
}

static char found[PATH_SIZE + 64];

static int
find_privileged(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)kind;
	(void)where;
	if ((S_ISREG(st->st_mode) && (st->st_mode & 06000) != 0) || S_ISCHR(st->st_mode) ||
	    S_ISBLK(st->st_mode))
		snprintf(found, sizeof(found), "%.400s", path);
	return found[0] != '\0';
}

static bool
no_privileged(void)
{
	found[0] = '\0';
	nftw(at("rw"), find_privileged, WALK_FDS, FTW_PHYS);
	return found[0] == '\0';
}

/* A name in a shared directory that only the cage's own attempts and controls use. */
static bool
no_names(const char *dir)
{
	DIR *all = opendir(dir);
	struct dirent *entry;

	found[0] = '\0';
	while (all != NULL && (entry = readdir(all)) != NULL)
		if (strncmp(entry->d_name, "pale-own", 8) == 0 ||
		    strncmp(entry->d_name, "sem.pale-own", 12) == 0 ||
		    strncmp(entry->d_name, "pale-escape-own", 15) == 0 ||
		    strncmp(entry->d_name, "pale-escape-written", 19) == 0)
			snprintf(found, sizeof(found), "%s/%.200s", dir, entry->d_name);
	if (all != NULL)
		closedir(all);
	return found[0] == '\0';
}

static bool
no_processes(void)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;
	char path[300], line[256];
	const char *probe = at("bin/probe");
	ssize_t n;
	int fd;

	found[0] = '\0';
	while (all != NULL && (entry = readdir(all)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
		if (n > 0 && memmem(line, (size_t)n, probe, strlen(probe)) != NULL)
			snprintf(found, sizeof(found), "process %.20s", entry->d_name);
	}
	if (all != NULL)
		closedir(all);
	return found[0] == '\0';
}

static bool
terminal_kept(char *detail, size_t size)
{
	int waiting = -1, exclusive = -1;

	ioctl(state->slave, FIONREAD, &waiting);
	ioctl(state->slave, TIOCGEXCL, &exclusive);
	snprintf(detail, size, "%d characters wait, exclusive %d", waiting, exclusive);
	return waiting == 0 && exclusive == 0 &&
	    memcmp(&before.modes.c_iflag, &after.modes.c_iflag,
		offsetof(struct termios, c_line) - offsetof(struct termios, c_iflag)) == 0;
}

void
audit_after(void)
{
	const struct board *b = state->board;
	char detail[1024] = "";

	look(&after);
	tap_outside(same_text(before.tree, after.tree, detail, sizeof(detail)),
	    "everything outside and read-only has its names, contents and change times", detail);
	tap_outside(same_text(before.mounts, after.mounts, detail, sizeof(detail)),
	    "no mount was added or removed", detail);
	snprintf(detail, sizeof(detail), "%u and %u signals", b->victim_signals, b->group_signals);
	tap_outside(b->victim_signals == 0 && b->group_signals == 0, "nobody got a signal", detail);
	tap_outside(kill(state->world.victim, 0) == 0 && kill(state->server, 0) == 0,
	    "victim and server live", "");
	snprintf(detail, sizeof(detail), "nice %d, i/o priority %ld", after.nice_victim,
	    after.io_victim);
	tap_outside(before.nice_victim == after.nice_victim && before.io_victim == after.io_victim,
	    "the victim's priorities are as before", detail);
	snprintf(detail, sizeof(detail), "%u streams, %u datagrams, %u from the fifo", b->streams,
	    b->datagrams, b->fifo_bytes);
	tap_outside(b->streams == 0 && b->datagrams == 0 && b->fifo_bytes == 0,
	    "no server was called", detail);
	snprintf(detail, sizeof(detail), "%lu letters", after.letters);
	tap_outside(memory_kept() && semctl(state->world.sem_id, 0, GETVAL) == 0 &&
		after.letters == before.letters,
	    "the System V objects are as before", detail);
	tap_outside(posix_kept(), "the POSIX queue and memory object are as before", "");
	tap_outside(terminal_kept(detail, sizeof(detail)), "the terminal is as before", detail);
	tap_outside(
	    no_privileged(), "the writable grant holds no set-user-id file and no device", found);
	tap_outside(no_names("/tmp"), "nothing was left in /tmp", found);
	tap_outside(no_names("/dev/shm"), "nothing was left in /dev/shm", found);
	tap_outside(no_processes(), "no process of the cage is left", found);
}
