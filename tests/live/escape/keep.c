/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world as it was before an attempt, made again after it. A second name of each file is kept,
 * so that what was removed comes back as the same inode: servers stay bound to their sockets. What
 * was written to, or changed its mode, gets its bytes and its mode again.
 */
#include "driver.h"

#include <ftw.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/xattr.h>

enum {
	NAMES_MAX = 512,
	WALK_FDS = 16,
	LETTERS = 3,
};

struct kept {
	char path[PATH_SIZE];
	struct stat st;
	char *bytes; /* of a regular file */
};

static const char *const trees[] = { "outside", "ro", "rw", "doors" };
static struct kept kept[NAMES_MAX];
static size_t kept_count;

static struct kept *
find_kept(const char *path)
{
	for (size_t i = 0; i < kept_count; i++)
		if (strcmp(kept[i].path, path) == 0)
			return &kept[i];
	return NULL;
}

/* The counters are mapped, and the numbers are written by the driver. */
static bool
is_ours(const char *path)
{
	return strcmp(path, at("ro/board")) == 0 || strcmp(path, at("ro/world")) == 0;
}

static int
keep_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	struct kept *k = &kept[kept_count];
	int fd;

	(void)kind;
	(void)where;
	must(kept_count < NAMES_MAX, "too many names");
	snprintf(k->path, sizeof(k->path), "%s", path);
	k->st = *st;
	if (S_ISREG(st->st_mode) && !is_ours(path) && st->st_size > 0) {
		k->bytes = malloc((size_t)st->st_size);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		must(k->bytes != NULL && fd >= 0 &&
			read(fd, k->bytes, (size_t)st->st_size) == st->st_size,
		    path);
		close(fd);
	}
	if (!S_ISDIR(st->st_mode))
		must(link(path, at("keep/%zu", kept_count)) == 0 && lstat(path, &k->st) == 0, path);
	kept_count++;
	return 0;
}

void
keep_world(void)
{
	must(mkdir(at("keep"), 0700) == 0, "keep");
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		must(nftw(at("%s", trees[i]), keep_one, WALK_FDS, FTW_PHYS) == 0, trees[i]);
}

static int
remove_new(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	const struct kept *k = find_kept(path);

	(void)kind;
	(void)where;
	if (k != NULL &&
	    (S_ISDIR(st->st_mode) ? S_ISDIR(k->st.st_mode) : st->st_ino == k->st.st_ino))
		return 0;
	if (S_ISDIR(st->st_mode))
		rmdir(path);
	else
		unlink(path);
	return 0;
}

static void
restore_bytes(struct kept *k)
{
	char names[256];
	ssize_t size;
	int fd = open(k->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 && chmod(k->path, 0600) == 0)
		fd = open(k->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	must(fd >= 0, k->path);
	if (k->bytes != NULL)
		must(write(fd, k->bytes, (size_t)k->st.st_size) == k->st.st_size, k->path);
	size = flistxattr(fd, names, sizeof(names));
	for (ssize_t i = 0; i < size; i += (ssize_t)strlen(names + i) + 1)
		fremovexattr(fd, names + i);
	if (strstr(k->path, "/prey.17") != NULL)
		fsetxattr(fd, "user.given", "x", 1, 0);
	fchmod(fd, k->st.st_mode & 07777);
	close(fd);
	lstat(k->path, &k->st);
}

static void
restore_one(struct kept *k, size_t at_index)
{
	struct stat st;
	bool there = lstat(k->path, &st) == 0;

	if (S_ISDIR(k->st.st_mode)) {
		if (!there)
			must(mkdir(k->path, 0755) == 0, k->path);
		if (!there || st.st_mode != k->st.st_mode)
			chmod(k->path, k->st.st_mode & 07777);
		return;
	}
	if (!there)
		must(link(at("keep/%zu", at_index), k->path) == 0 && lstat(k->path, &st) == 0,
		    k->path);
	if (is_ours(k->path) ||
	    (st.st_ctim.tv_sec == k->st.st_ctim.tv_sec &&
		st.st_ctim.tv_nsec == k->st.st_ctim.tv_nsec))
		return;
	if (S_ISREG(k->st.st_mode))
		restore_bytes(k);
	else if (!S_ISLNK(k->st.st_mode))
		chmod(k->path, k->st.st_mode & 07777);
	lstat(k->path, &k->st);
}

static void
restore_objects(void)
{
	struct world *w = &state->world;
	struct {
		long type;
		char text[8];
	} letter = { 1, "letter" };
	struct msqid_ds queue;
	struct mq_attr attr;
	char *memory = shmat(w->shm_id, NULL, 0);
	mqd_t mq;
	int fd;

	if (memory != (char *)-1) {
		strcpy(memory, SECRET);
		shmdt(memory);
	}
	semctl(w->sem_id, 0, SETVAL, 0);
	semctl(w->doors.sem_id, 0, SETVAL, 0);
	while (msgctl(w->msg_id, IPC_STAT, &queue) == 0 && queue.msg_qnum < LETTERS &&
	    msgsnd(w->msg_id, &letter, sizeof(letter.text), IPC_NOWAIT) == 0)
		;
	mq = mq_open(w->doors.mq_name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (mq >= 0 && mq_getattr(mq, &attr) == 0 && attr.mq_curmsgs == 0)
		mq_send(mq, "granted", 8, 0);
	if (mq >= 0)
		mq_close(mq);
	fd = shm_open(w->shm_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	fd = open(w->tmp_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0) {
		must(write(fd, SECRET, strlen(SECRET)) > 0, w->tmp_path);
		close(fd);
	}
}

void
restore_world(void)
{
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		nftw(at("%s", trees[i]), remove_new, WALK_FDS, FTW_PHYS | FTW_DEPTH);
	for (size_t i = 0; i < kept_count; i++)
		restore_one(&kept[i], i);
	restore_objects();
}
