/* SPDX-License-Identifier: BSD-2-Clause */
/* The scratch tree through FUSE; see pass.h. Nodes are descriptors, and none is ever forgotten. */
#include "replay/pass.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/mountcap.h"

unsigned
pale_pass_components(const char *path)
{
	unsigned count = 0;

	if (path == NULL)
		return 0;
	for (; *path != '\0'; path += strcspn(path, "/")) {
		path += strspn(path, "/");
		count += *path != '\0';
	}
	return count;
}

/* The number of what a descriptor refers to, which is taken. 0: no room, or none. */
static uint64_t
number_node(struct pale_pass *pass, int fd, struct stat *ret_st)
{
	PALE_CLOSE int owned = fd;

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return 0;
	for (size_t i = 0; i < pass->node_count; i++)
		if (pass->nodes[i].ino == ret_st->st_ino)
			return PALE_FUSE_ROOT + i;
	if (pass->node_count == PALE_PASS_NODES) {
		errno = ENFILE;
		return 0;
	}
	pass->nodes[pass->node_count].ino = ret_st->st_ino;
	pass->nodes[pass->node_count].fd = pale_take_fd(&owned);
	return PALE_FUSE_ROOT + pass->node_count++;
}

static int
node_fd(const struct pale_pass *pass, uint64_t node)
{
	if (node < PALE_FUSE_ROOT || node - PALE_FUSE_ROOT >= pass->node_count)
		return -1;
	return pass->nodes[node - PALE_FUSE_ROOT].fd;
}

uint64_t
pale_pass_ino(const struct pale_pass *pass, uint64_t node)
{
	return node_fd(pass, node) < 0 ? 0 : pass->nodes[node - PALE_FUSE_ROOT].ino;
}

/* An open descriptor of a node: what O_PATH cannot do. */
static int
reopen(const struct pale_pass *pass, int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	return openat(pass->play->proc, path, flags | O_CLOEXEC | O_NONBLOCK);
}

/* ---- answers ---- */

static void
answer_entry(struct pale_pass *pass, const struct pale_fuse_request *request, int dir)
{
	struct stat st;
	uint64_t node =
	    number_node(pass, openat(dir, request->name, O_PATH | O_NOFOLLOW | O_CLOEXEC), &st);

	if (node == 0)
		pale_fuse_refuse(pass->device, request, errno);
	else
		pale_fuse_answer_entry_once(pass->device, request, node, &st);
}

static void
answer_attr(const struct pale_pass *pass, const struct pale_fuse_request *request)
{
	int fd = node_fd(pass, request->node);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		pale_fuse_refuse(pass->device, request, fd < 0 ? ESTALE : errno);
	else
		pale_fuse_answer_attr_once(pass->device, request, &st);
}

static void
answer_names(const struct pale_pass *pass, const struct pale_fuse_request *request, int fd)
{
	struct pale_fuse_entries entries = { .max = sizeof(entries.bytes) };
	int open_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = open_fd < 0 ? NULL : fdopendir(open_fd);
	const struct dirent *entry;

	if (dir == NULL) {
		pale_fuse_refuse(pass->device, request, errno);
		if (open_fd >= 0)
			close(open_fd);
		return;
	}
	if (request->size < entries.max)
		entries.max = request->size;
	for (uint64_t i = 0; (entry = readdir(dir)) != NULL; i++)
		if (i >= request->offset &&
		    !pale_fuse_put_entry(
			&entries, entry->d_name, entry->d_ino, i + 1, entry->d_type))
			break;
	closedir(dir);
	pale_fuse_answer_text(pass->device, request, entries.bytes, entries.used);
}

static void
answer_data(const struct pale_pass *pass, const struct pale_fuse_request *request, int fd)
{
	bool reads = request->ask == PALE_FUSE_READ;
	PALE_CLOSE int data = reopen(pass, fd, reads ? O_RDONLY : O_WRONLY);
	char bytes[PALE_FUSE_ENTRIES];
	size_t size = request->size < sizeof(bytes) ? request->size : sizeof(bytes);
	ssize_t done = -1;

	if (data >= 0)
		done = reads ? pread(data, bytes, size, (off_t)request->offset)
			     : pwrite(data, request->bytes, size, (off_t)request->offset);
	if (done < 0)
		pale_fuse_refuse(pass->device, request, errno);
	else if (reads)
		pale_fuse_answer_text(pass->device, request, bytes, (size_t)done);
	else
		pale_fuse_answer_written(pass->device, request, (size_t)done);
}

static int
set_attr(const struct pale_pass *pass, const struct pale_fuse_change *change, int fd)
{
	PALE_CLOSE int data = change->set_length ? reopen(pass, fd, O_WRONLY) : -1;
	char path[32];

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	if (change->set_length && (data < 0 || ftruncate(data, (off_t)change->length) < 0))
		return -1;
	if ((change->set_uid || change->set_gid) &&
	    fchownat(fd, "", change->set_uid ? change->uid : (uid_t)-1,
		change->set_gid ? change->gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
		return -1;
	return change->set_mode ? fchmodat(pass->play->proc, path, change->mode, 0) : 0;
}

/* What was made belongs to whoever asked for it. */
static int
make(const struct pale_pass *pass, const struct pale_fuse_request *request, int dir)
{
	const struct pale_fuse_change *change = &request->change;
	char path[32];
	int result;

	switch ((int)change->kind) {
	case PALE_FUSE_LINK:
		result = symlinkat(change->target, dir, request->name);
		break;
	case PALE_FUSE_JOIN:
		snprintf(path, sizeof(path), "self/fd/%d", node_fd(pass, change->other));
		return linkat(pass->play->proc, path, dir, request->name, AT_SYMLINK_FOLLOW);
	default:
		result = S_ISDIR(change->mode)
		    ? mkdirat(dir, request->name, change->mode & 07777)
		    : mknodat(dir, request->name, change->mode, change->rdev);
	}
	if (result == 0 && pass->play->users)
		result =
		    fchownat(dir, request->name, change->uid, change->gid, AT_SYMLINK_NOFOLLOW);
	return result;
}

static void
answer_change(struct pale_pass *pass, const struct pale_fuse_request *request, int fd)
{
	const struct pale_fuse_change *change = &request->change;
	int result;

	switch (change->kind) {
	case PALE_FUSE_MAKE:
	case PALE_FUSE_LINK:
	case PALE_FUSE_JOIN:
		if (make(pass, request, fd) < 0)
			pale_fuse_refuse(pass->device, request, errno);
		else
			answer_entry(pass, request, fd);
		return;
	case PALE_FUSE_SET:
		if (set_attr(pass, change, fd) < 0)
			pale_fuse_refuse(pass->device, request, errno);
		else
			answer_attr(pass, request);
		return;
	case PALE_FUSE_REMOVE:
		result = unlinkat(fd, request->name, change->directory ? AT_REMOVEDIR : 0);
		break;
	case PALE_FUSE_MOVE:
	default:
		result = renameat2(
		    fd, request->name, node_fd(pass, change->other), change->target, change->flags);
	}
	pale_fuse_refuse(pass->device, request, result < 0 ? errno : 0);
}

static void
answer(struct pale_pass *pass, const struct pale_fuse_request *request)
{
	int fd = node_fd(pass, request->node);
	char text[PATH_MAX];
	struct statvfs fs;
	ssize_t got;

	if (request->ask == PALE_FUSE_DONE)
		return;
	if (fd < 0) {
		pale_fuse_refuse(pass->device, request, ESTALE);
		return;
	}
	switch (request->ask) {
	case PALE_FUSE_LOOKUP:
		answer_entry(pass, request, fd);
		break;
	case PALE_FUSE_GETATTR:
		answer_attr(pass, request);
		break;
	case PALE_FUSE_READLINK:
		got = readlinkat(fd, "", text, sizeof(text));
		if (got < 0)
			pale_fuse_refuse(pass->device, request, errno);
		else
			pale_fuse_answer_text(pass->device, request, text, (size_t)got);
		break;
	case PALE_FUSE_READDIR:
		answer_names(pass, request, fd);
		break;
	case PALE_FUSE_STATFS:
		if (fstatvfs(fd, &fs) < 0)
			pale_fuse_refuse(pass->device, request, errno);
		else
			pale_fuse_answer_statfs(pass->device, request, &fs);
		break;
	case PALE_FUSE_READ:
	case PALE_FUSE_WRITE:
		answer_data(pass, request, fd);
		break;
	case PALE_FUSE_CHANGE:
		answer_change(pass, request, fd);
		break;
	case PALE_FUSE_DONE:
		break;
	}
}

/* ---- stops ---- */

static struct pale_pass_gate *
gate_of(struct pale_pass *pass, const struct pale_fuse_request *request)
{
	for (size_t i = 0; i < PALE_COUNT(pass->gates); i++)
		if (pass->gates[i].active && pass->gates[i].tid == request->tid)
			return &pass->gates[i];
	return NULL;
}

/* A link that is found on the way adds its components. */
static void
count_link(const struct pale_pass *pass, struct pale_pass_gate *gate,
    const struct pale_fuse_request *request)
{
	char text[PATH_MAX];
	ssize_t got =
	    readlinkat(node_fd(pass, request->node), request->name, text, sizeof(text) - 1);

	if (got < 0)
		return;
	text[got] = '\0';
	gate->total += pale_pass_components(text);
}

static void
take(struct pale_pass *pass, const struct pale_fuse_request *request)
{
	struct pale_pass_gate *gate = gate_of(pass, request);

	if (gate != NULL && request->ask == PALE_FUSE_LOOKUP)
		count_link(pass, gate, request);
	if (gate != NULL && request->ask == PALE_FUSE_GETATTR && !request->is_open &&
	    !(gate->creates && gate->passed >= gate->total)) {
		if (gate->passed >= gate->open) {
			gate->held = true;
			gate->request = *request;
			return;
		}
		gate->passed++;
	}
	answer(pass, request);
}

void
pale_pass_open(struct pale_pass *pass, unsigned p, unsigned stops)
{
	struct pale_pass_gate *gate = &pass->gates[p];

	if (stops > gate->open)
		gate->open = stops;
	if (!gate->held || gate->passed >= gate->open)
		return;
	gate->held = false;
	gate->passed++;
	answer(pass, &gate->request);
}

int
pale_pass_serve(struct pale_pass *pass)
{
	struct pale_fuse_request request;
	int result;

	while ((result = pale_fuse_take(pass->device, pass->room, &request)) == 0 ||
	    result == -ENOENT || result == -EINTR)
		if (result == 0)
			take(pass, &request);
	return result == -EAGAIN ? 0 : result;
}

int
pale_pass_start(
    struct pale_pass *pass, const struct pale_play *play, int *ret_front, struct pale_err *err)
{
	PALE_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	PALE_CLOSE int mount = -1;
	struct stat st;
	int result;

	*pass = (struct pale_pass){ .play = play, .device = -1 };
	result = pale_fuse_open(&pass->device);
	if (result < 0)
		return pale_fail(err, result,
		    result == -EACCES
			? "to stop a walk /dev/fuse is needed, which is root's here: run as "
			  "root"
			: "to stop a walk /dev/fuse is needed: %s",
		    strerror(-result));
	if (number_node(pass, fcntl(play->tree, F_DUPFD_CLOEXEC, 0), &st) != PALE_FUSE_ROOT)
		return pale_fail_errno(err, "cannot hold the scratch tree");
	result = pale_fuse_mount(
	    pass->device, "pale", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &mount, err);
	if (result == 0)
		result = pale_mountcap_attach(mount, root, "", err);
	if (result == 0)
		*ret_front = pale_take_fd(&mount);
	return result;
}
