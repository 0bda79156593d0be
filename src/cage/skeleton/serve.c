/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server of the root that tells of what is missing; see skeleton.h. It answers what the tmpfs
 * answers: each node is a name in there, numbered as they come, and none is ever forgotten, for
 * there are as many as the plan has. What exists is kept by the kernel for ever, which is why
 * nothing but a miss ever gets here twice; and which is needed, for a name that the kernel had to
 * ask for again and that got another answer would lose what is mounted on it.
 *
 * It can be ended by nobody but its waiter and whoever may kill that: it is in no namespace of the
 * cage. It ends when the waiter or the mount does.
 */
#include "cage/skeleton/skeleton.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caps.h"
#include "kernel/fuse.h"
#include "kernel/notify.h"

enum {
	PLACE_SOCK = 0, /* its descriptors; all others are closed */
	PLACE_PROC = 1,
	ABOVE_PLACES = 16,
	MISSES = 4096, /* names that are counted at a time */
	TOLD = 8192,   /* records that are remembered */
	NODE_STEP = 64,
	NODES_MAX = 1 << 20, /* a plan has fewer */
};

struct node {
	char *path; /* in the tree, without a slash in front; "" for the top */
	ino_t ino;
	bool is_dir;
};

/* How often in a row a name was missed by what had been told; by a hash of the name. */
struct misses {
	uint64_t key;
	unsigned count;
};

struct server {
	struct pale_skeleton_shared *shared;
	struct pale_skeleton_people people;
	int device;   /* -1 until the mount was made */
	int tree;     /* -1 until there is one */
	bool started; /* misses are told */
	struct node *nodes;
	size_t node_count;
	struct misses misses[MISSES];
	uint64_t told[TOLD]; /* what records said, each at its remainder: the last one stays */
	char room[PALE_FUSE_BYTES];
	char record[PALE_SKELETON_RECORD_BYTES];
};

/* The number of a node, made if it has none; 0 if there is no memory for it. */
static uint64_t
number_node(struct server *server, const char *path, const struct stat *st)
{
	for (size_t i = 0; i < server->node_count; i++) {
		if (server->nodes[i].ino == st->st_ino)
			return PALE_FUSE_ROOT + i;
	}
	if (server->node_count % NODE_STEP == 0) {
		struct node *more = server->node_count >= NODES_MAX
		    ? NULL
		    : reallocarray(server->nodes, server->node_count + NODE_STEP, sizeof(*more));

		if (more == NULL)
			return 0;
		server->nodes = more;
	}
	server->nodes[server->node_count] = (struct node){
		.path = strdup(path), .ino = st->st_ino, .is_dir = S_ISDIR(st->st_mode)
	};
	if (server->nodes[server->node_count].path == NULL)
		return 0;
	return PALE_FUSE_ROOT + server->node_count++;
}

static const struct node *
find_node(const struct server *server, uint64_t number)
{
	if (number < PALE_FUSE_ROOT || number - PALE_FUSE_ROOT >= server->node_count)
		return NULL;
	return &server->nodes[number - PALE_FUSE_ROOT];
}

static int
stat_node(const struct server *server, const char *path, struct stat *ret)
{
	return fstatat(server->tree, path, ret, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno
											 : 0;
}

/* Was it missed so often without news that the kernel shall keep it? FNV-1a, of 64 bits. */
static bool
count_miss(struct server *server, const char *path, bool news)
{
	uint64_t key = 0xcbf29ce484222325ULL;
	struct misses *slot;

	for (; *path != '\0'; path++)
		key = (key ^ (unsigned char)*path) * 0x100000001b3ULL;
	slot = &server->misses[key % MISSES];
	if (slot->key != key || news)
		*slot = (struct misses){ .key = key };
	return ++slot->count >= PALE_SKELETON_MISSES;
}

/*
 * Before the answer, as long as whoever missed it stands still. Returns whether the kernel may keep
 * the answer.
 */
static bool
tell(struct server *server, pid_t tid, const char *missing)
{
	uint64_t same = 0;
	size_t size = pale_skeleton_record(&server->people, tid, missing, server->record, &same);
	uint64_t *told;
	bool news;

	if (size == 0)
		return false;
	told = &server->told[same % TOLD];
	news = *told != same;
	if (news && send(PLACE_SOCK, server->record, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EPIPE || errno == ECONNRESET)
			_exit(0);
		__atomic_fetch_add(&server->shared->unheard, 1, __ATOMIC_RELAXED);
	} else {
		*told = same;
	}
	return count_miss(server, missing, news);
}

static void
do_lookup(struct server *server, const struct node *dir, const struct pale_fuse_request *request)
{
	char path[PALE_SKELETON_PATH_BYTES];
	const char *in_tree = path + 1;
	struct stat st;
	uint64_t number;
	int result;
	int len = snprintf(path, sizeof(path), "/%s%s%s", dir->path,
	    dir->path[0] == '\0' ? "" : "/", request->name);

	if (len < 0 || (size_t)len >= sizeof(path)) {
		pale_fuse_refuse(server->device, request, ENAMETOOLONG);
		return;
	}
	result = stat_node(server, in_tree, &st);
	if (result == -ENOENT) {
		pale_fuse_answer_missing(
		    server->device, request, server->started && tell(server, request->tid, path));
		return;
	}
	number = result < 0 ? 0 : number_node(server, in_tree, &st);
	if (number == 0)
		pale_fuse_refuse(server->device, request, result < 0 ? -result : ENOMEM);
	else
		pale_fuse_answer_entry(server->device, request, number, &st);
}

static void
do_readlink(struct server *server, const struct node *node, const struct pale_fuse_request *request)
{
	char target[PALE_SKELETON_PATH_BYTES];
	ssize_t got = readlinkat(server->tree, node->path, target, sizeof(target));

	if (got < 0)
		pale_fuse_refuse(server->device, request, errno);
	else
		pale_fuse_answer_text(server->device, request, target, (size_t)got);
}

/* The tree does not change any more when a program reads it, so an entry has a number. */
static void
do_readdir(struct server *server, const struct node *node, const struct pale_fuse_request *request)
{
	struct pale_fuse_entries entries = { .max = sizeof(entries.bytes) };
	int fd = openat(server->tree, node->path[0] == '\0' ? "." : node->path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		pale_fuse_refuse(server->device, request, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (request->size < entries.max)
		entries.max = request->size;
	for (uint64_t i = 0; (entry = readdir(dir)) != NULL; i++) {
		if (i >= request->offset &&
		    !pale_fuse_put_entry(
			&entries, entry->d_name, entry->d_ino, i + 1, entry->d_type))
			break;
	}
	closedir(dir);
	pale_fuse_answer_text(server->device, request, entries.bytes, entries.used);
}

static void
serve(struct server *server, const struct pale_fuse_request *request)
{
	const struct node *node = find_node(server, request->node);
	struct statvfs fs;
	struct stat st;
	int result = 0;

	if (!server->started)
		server->people.command = request->tid; /* who builds the root */
	if (request->ask == PALE_FUSE_STATFS)
		result = fstatvfs(server->tree, &fs) < 0 ? -errno : 0;
	else if (node == NULL)
		result = -ESTALE;
	else if (request->ask == PALE_FUSE_GETATTR)
		result = stat_node(server, node->path, &st);
	if (result < 0) {
		pale_fuse_refuse(server->device, request, -result);
		return;
	}
	switch (request->ask) {
	case PALE_FUSE_LOOKUP:
		do_lookup(server, node, request);
		break;
	case PALE_FUSE_GETATTR:
		pale_fuse_answer_attr(server->device, request, &st);
		break;
	case PALE_FUSE_READLINK:
		do_readlink(server, node, request);
		break;
	case PALE_FUSE_READDIR:
		do_readdir(server, node, request);
		break;
	case PALE_FUSE_STATFS:
		pale_fuse_answer_statfs(server->device, request, &fs);
		break;
	case PALE_FUSE_READ:
	case PALE_FUSE_WRITE:
	case PALE_FUSE_CHANGE:
		pale_fuse_refuse(server->device, request, ENOSYS);
		break;
	case PALE_FUSE_DONE:
		break;
	}
}

/* Messages come in this order: the device, the tree, and the word that it is complete. */
static void
take_message(struct server *server)
{
	struct stat st;
	size_t count;
	char byte;
	int fd = -1;

	if (server->tree < 0) {
		if (pale_notify_receive(PLACE_SOCK, &fd, 1, &count) < 0)
			_exit(0);
		if (server->device < 0) {
			server->device = fd;
			return;
		}
		server->tree = fd;
		if (stat_node(server, "", &st) < 0 || number_node(server, "", &st) == 0)
			_exit(1);
	} else {
		if (recv(PLACE_SOCK, &byte, 1, 0) != 1)
			_exit(0);
		/* Directories grew while they were known. */
		for (size_t i = 0; i < server->node_count; i++) {
			if (server->nodes[i].is_dir)
				pale_fuse_forget_attr(server->device, PALE_FUSE_ROOT + i);
		}
		server->started = true;
	}
	if (send(PLACE_SOCK, "", 1, MSG_NOSIGNAL) != 1)
		_exit(0);
}

/*
 * Signals of the terminal are not for it, it holds no descriptor but its own, and has no
 * capability: as the owner of the cage's user namespace it may look into the cage all the same.
 */
static void
settle(int sock, pid_t waiter)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int high = fcntl(sock, F_DUPFD, ABOVE_PLACES);
	int proc_high = fcntl(proc, F_DUPFD, ABOVE_PLACES);
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "pale-root", 0, 0, 0);
	if (getppid() != waiter || dup2(high, PLACE_SOCK) < 0 || dup2(proc_high, PLACE_PROC) < 0 ||
	    close_range(PLACE_PROC + 1, ~0U, 0) < 0 || chdir("/") < 0 ||
	    pale_caps_keep(0, NULL) < 0)
		_exit(1);
	/* Changed credentials take this away. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != waiter)
		_exit(0);
}

void
pale_skeleton_serve(int sock, struct pale_skeleton_shared *shared, pid_t waiter)
{
	static struct server server = { .device = -1, .tree = -1 };

	server.shared = shared;
	server.people =
	    (struct pale_skeleton_people){ .proc = PLACE_PROC, .waiter = waiter, .shared = shared };
	prctl(PR_GET_NAME, server.people.own_name, 0, 0, 0);
	settle(sock, waiter);
	for (;;) {
		struct pollfd polled[] = {
			{ .fd = PLACE_SOCK, .events = POLLIN },
			/* Before there is a tree, only the kernel itself asks, who waits. */
			{ .fd = server.device, .events = POLLIN },
		};
		struct pale_fuse_request request;
		int result;

		if (poll(polled, PALE_COUNT(polled), -1) < 0)
			continue;
		if (polled[0].revents != 0) {
			take_message(&server);
			continue;
		}
		if (polled[1].revents == 0)
			continue;
		__atomic_store_n(&shared->asked, shared->asked | 1, __ATOMIC_RELAXED);
		result = pale_fuse_take(server.device, server.room, &request);
		if (result == -ENODEV)
			_exit(0);
		if (result == 0 && server.tree < 0 && request.ask != PALE_FUSE_DONE)
			pale_fuse_refuse(server.device, &request, EAGAIN);
		else if (result == 0 && request.ask != PALE_FUSE_DONE)
			serve(&server, &request);
		__atomic_store_n(&shared->asked, shared->asked + 1, __ATOMIC_RELAXED);
	}
}
