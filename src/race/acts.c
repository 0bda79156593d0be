/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adversary's actions, a function for each row of actions.def. Each returns 0, or -errno as the
 * kernel said; none is more than what any program of that user could do.
 */
#include "race/acts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	NAMES_MAX = 256, /* mirrored of one directory */
};

static bool
hold(struct pale_race_own *own, int fd)
{
	if (own->held_count == PALE_RACE_HELD_MAX) {
		close(fd);
		return false;
	}
	own->held[own->held_count++] = fd;
	return true;
}

/* Take away what has this name: remove it, or where that cannot be, rename it aside. */
static int
clear(const char *path)
{
	char aside[300];

	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (rmdir(path) == 0)
		return 0;
	snprintf(aside, sizeof(aside), "%s.aside", path);
	return rename(path, aside) == 0 ? 0 : -errno;
}

static int
link_to(const char *path, const char *target)
{
	int rc = clear(path);

	if (rc == 0 && symlink(target, path) < 0)
		rc = -errno;
	return rc;
}

static int
do_unlink(struct pale_race_own *own, const char *path)
{
	struct stat st;

	(void)own;
	if (lstat(path, &st) < 0)
		return -errno;
	return clear(path);
}

static int
do_symlink(struct pale_race_own *own, const char *path)
{
	return link_to(path, own->protected);
}

static int
do_symlink_own(struct pale_race_own *own, const char *path)
{
	(void)own;
	return link_to(path, PALE_RACE_LAIR "/own");
}

static int
do_hardlink(struct pale_race_own *own, const char *path)
{
	int rc = clear(path);

	if (rc == 0 && link(own->protected, path) < 0)
		rc = -errno;
	return rc;
}

static int
do_fifo(struct pale_race_own *own, const char *path)
{
	int rc = clear(path);

	(void)own;
	if (rc == 0 && (mkfifo(path, 0666) < 0 || chmod(path, 0666) < 0))
		rc = -errno;
	return rc;
}

static int
put_file(const char *path, mode_t mode, const char *text)
{
	int rc = clear(path);
	PALE_CLOSE int fd =
	    rc < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (rc < 0)
		return rc;
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}

static int
do_own_file(struct pale_race_own *own, const char *path)
{
	(void)own;
	return put_file(path, 0666, PALE_RACE_MARK "\n");
}

static int
do_plant_exec(struct pale_race_own *own, const char *path)
{
	(void)own;
	return put_file(path, 0755, "#!/bin/sh\n: >" PALE_RACE_LAIR "/ran/$$\n");
}

static int
do_own_dir(struct pale_race_own *own, const char *path)
{
	int rc = clear(path);

	(void)own;
	if (rc == 0 && (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0))
		rc = -errno;
	return rc;
}

/* The directory that what is protected lies in. */
static int
do_dir_symlink(struct pale_race_own *own, const char *path)
{
	char dir[256];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", own->protected);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir)
		*slash = '\0';
	return link_to(path, dir);
}

static int
do_dir_mirror(struct pale_race_own *own, const char *path)
{
	static const char mirror[] = PALE_RACE_LAIR "/mirror";
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[600];

	(void)mkdir(mirror, 0777);
	(void)chmod(mirror, 0777);
	for (int i = 0; dir != NULL && i < NAMES_MAX && (entry = readdir(dir)) != NULL; i++) {
		snprintf(name, sizeof(name), "%s/%s", mirror, entry->d_name);
		(void)!symlink(own->protected, name);
	}
	if (dir != NULL)
		closedir(dir);
	return link_to(path, mirror);
}

static int
do_exchange(struct pale_race_own *own, const char *path)
{
	snprintf(own->aside, sizeof(own->aside), "%s.pale", path);
	if (symlink(own->protected, own->aside) < 0)
		return -errno;
	if (renameat2(AT_FDCWD, own->aside, AT_FDCWD, path, RENAME_EXCHANGE) < 0) {
		int error = errno;

		(void)unlink(own->aside);
		return -error;
	}
	snprintf(own->swapped, sizeof(own->swapped), "%s", path);
	return 0;
}

static int
do_parent_swap(struct pale_race_own *own, const char *path)
{
	char aside[300];

	(void)own;
	snprintf(aside, sizeof(aside), "%s.aside", path);
	if (rename(path, aside) < 0 || mkdir(path, 0777) < 0 || chmod(path, 0777) < 0)
		return -errno;
	return 0;
}

static int
do_parent_link(struct pale_race_own *own, const char *path)
{
	char aside[300];

	snprintf(aside, sizeof(aside), "%s.aside", path);
	if (rename(path, aside) < 0)
		return -errno;
	return do_dir_symlink(own, path);
}

static int
name_socket(struct sockaddr_un *address, const char *path, socklen_t *ret_len)
{
	size_t len = strlen(path);

	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, len);
	*ret_len = sizeof(*address);
	if (path[0] == '@') {
		address->sun_path[0] = '\0';
		*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	}
	return 0;
}

static int
do_squat_socket(struct pale_race_own *own, const char *path)
{
	PALE_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t len;
	int rc = name_socket(&address, path, &len);

	if (rc == 0 && path[0] != '@')
		rc = clear(path);
	if (rc < 0)
		return rc;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 8) < 0)
		return -errno;
	if (path[0] != '@')
		(void)chmod(path, 0777);
	return hold(own, pale_take_fd(&fd)) ? 0 : -EMFILE;
}

static int
do_connect_hold(struct pale_race_own *own, const char *path)
{
	PALE_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t len;
	int rc = name_socket(&address, path, &len);

	if (rc < 0)
		return rc;
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, len) < 0)
		return -errno;
	(void)send(fd, PALE_RACE_MARK "\n", sizeof(PALE_RACE_MARK), MSG_NOSIGNAL);
	return hold(own, pale_take_fd(&fd)) ? 0 : -EMFILE;
}

static int
do_open_read(struct pale_race_own *own, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return hold(own, fd) ? 0 : -EMFILE;
}

static int
do_open_write(struct pale_race_own *own, const char *path)
{
	/* A FIFO without a reader is opened both ways, or nothing could be put into it. */
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, PALE_RACE_MARK "\n", sizeof(PALE_RACE_MARK)) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	if (own->held_count < PALE_RACE_HELD_MAX)
		own->mute[own->held_count] = true;
	return hold(own, fd) ? 0 : -EMFILE;
}

bool
pale_race_listen(struct pale_race_own *own, int fd)
{
	static char buf[65536];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *cmsg = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	if (got < 0 && errno == ENOTSOCK)
		got = read(fd, buf, sizeof(buf));
	if (got > 0 && pale_race_holds(buf, (size_t)got, PALE_RACE_SECRET))
		own->heard = true;
	/* A descriptor that is passed is listened to as one that was opened. */
	if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS) {
		int passed;

		memcpy(&passed, CMSG_DATA(cmsg), sizeof(passed));
		(void)hold(own, passed);
	}
	return got > 0;
}

static int
do_drain(struct pale_race_own *own, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool any = false;

	if (fd < 0)
		return -errno;
	for (int i = 0; i < PALE_RACE_READS_MAX && pale_race_listen(own, fd); i++)
		any = true;
	close(fd);
	return any ? 0 : -ENODATA;
}

static int
do_close_reader(struct pale_race_own *own, const char *path)
{
	/* Be the reader first, where it is none yet. */
	if (own->held_count == 0) {
		int rc = do_connect_hold(own, path);

		if (rc < 0)
			rc = do_open_read(own, path);
		if (rc < 0)
			return rc;
	}
	while (own->held_count > 0)
		close(own->held[--own->held_count]);
	return 0;
}

static int
do_chmod_own(struct pale_race_own *own, const char *path)
{
	struct stat st;

	(void)own;
	if (lstat(path, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return chmod(path, (st.st_mode & 07777) == 0777 ? 0 : 0777) < 0 ? -errno : 0;
}

static int
do_squat_msg(struct pale_race_own *own, const char *path)
{
	(void)path;
	return msgget(own->request->key, IPC_CREAT | IPC_EXCL | 0666) < 0 ? -errno : 0;
}

static int
do_squat_shm(struct pale_race_own *own, const char *path)
{
	(void)path;
	return shmget(own->request->key, PALE_RACE_MESSAGE_BYTES, IPC_CREAT | IPC_EXCL | 0666) < 0
	    ? -errno
	    : 0;
}

static int
do_squat_sem(struct pale_race_own *own, const char *path)
{
	(void)path;
	return semget(own->request->key, 8, IPC_CREAT | IPC_EXCL | 0666) < 0 ? -errno : 0;
}

/* The object that the stop is about; kind 'm', 'h' or 'e', as the second letter of its calls. */
static int
find_object(const struct pale_race_request *request, char *ret_kind)
{
	int id;

	*ret_kind = request->kind;
	if (request->id >= 0)
		return request->id;
	/* The stop names none (shmdt, or another call): then the first that there is. */
	if (request->key == 0) {
		struct shmid_ds segment;
		struct msqid_ds queue;

		*ret_kind = request->kind == 'm' ? 'm' : 'h';
		id = *ret_kind == 'm' ? msgctl(0, MSG_STAT, &queue) : shmctl(0, SHM_STAT, &segment);
		return id < 0 ? -errno : id;
	}
	if ((id = msgget(request->key, 0)) >= 0)
		*ret_kind = 'm';
	else if ((id = shmget(request->key, 0, 0)) >= 0)
		*ret_kind = 'h';
	else if ((id = semget(request->key, 0, 0)) >= 0)
		*ret_kind = 'e';
	return id < 0 ? -errno : id;
}

static int
do_ipc_rmid(struct pale_race_own *own, const char *path)
{
	char kind;
	int id = find_object(own->request, &kind), rc;

	(void)path;
	if (id < 0)
		return id;
	if (kind == 'm')
		rc = msgctl(id, IPC_RMID, NULL);
	else if (kind == 'h')
		rc = shmctl(id, IPC_RMID, NULL);
	else
		rc = semctl(id, 0, IPC_RMID);
	return rc < 0 ? -errno : 0;
}

struct message {
	long type;
	char text[PALE_RACE_MESSAGE_BYTES];
};

int
pale_race_read_queue(struct pale_race_own *own, int id)
{
	struct message message;
	ssize_t got = msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT | MSG_NOERROR);

	if (got < 0)
		return -errno;
	own->heard |= pale_race_holds(message.text, (size_t)got, PALE_RACE_SECRET);
	return 0;
}

int
pale_race_read_segment(struct pale_race_own *own, int id)
{
	struct shmid_ds ds;
	const char *at;

	if (shmctl(id, IPC_STAT, &ds) < 0)
		return -errno;
	at = shmat(id, NULL, SHM_RDONLY);
	if (at == (void *)-1)
		return -errno;
	own->heard |= pale_race_holds(at, ds.shm_segsz, PALE_RACE_SECRET);
	shmdt(at);
	return 0;
}

static int
do_ipc_read(struct pale_race_own *own, const char *path)
{
	char kind;
	int id = find_object(own->request, &kind);

	(void)path;
	if (id < 0)
		return id;
	if (kind == 'e')
		return -EINVAL;
	return kind == 'm' ? pale_race_read_queue(own, id) : pale_race_read_segment(own, id);
}

static int
do_ipc_write(struct pale_race_own *own, const char *path)
{
	struct message message = { .type = 1, .text = PALE_RACE_MARK "\n" };
	char kind, *at;
	int id = find_object(own->request, &kind);

	(void)path;
	if (id < 0)
		return id;
	own->wrote_ipc = true;
	if (kind == 'm')
		return msgsnd(id, &message, sizeof(PALE_RACE_MARK), IPC_NOWAIT) < 0 ? -errno : 0;
	if (kind != 'h')
		return -EINVAL;
	at = shmat(id, NULL, 0);
	if (at == (void *)-1)
		return -errno;
	memcpy(at, PALE_RACE_MARK, sizeof(PALE_RACE_MARK));
	shmdt(at);
	return 0;
}

static int (*const acts[PALE_RACE_ACTION_COUNT])(struct pale_race_own *own, const char *path) = {
	[PALE_RACE_unlink] = do_unlink,
	[PALE_RACE_symlink] = do_symlink,
	[PALE_RACE_symlink_own] = do_symlink_own,
	[PALE_RACE_hardlink] = do_hardlink,
	[PALE_RACE_fifo] = do_fifo,
	[PALE_RACE_own_file] = do_own_file,
	[PALE_RACE_own_dir] = do_own_dir,
	[PALE_RACE_dir_symlink] = do_dir_symlink,
	[PALE_RACE_dir_mirror] = do_dir_mirror,
	[PALE_RACE_exchange] = do_exchange,
	[PALE_RACE_parent_swap] = do_parent_swap,
	[PALE_RACE_parent_link] = do_parent_link,
	[PALE_RACE_squat_socket] = do_squat_socket,
	[PALE_RACE_connect_hold] = do_connect_hold,
	[PALE_RACE_swap_socket] = do_squat_socket,
	[PALE_RACE_open_read] = do_open_read,
	[PALE_RACE_open_write] = do_open_write,
	[PALE_RACE_drain] = do_drain,
	[PALE_RACE_close_reader] = do_close_reader,
	[PALE_RACE_plant_exec] = do_plant_exec,
	[PALE_RACE_squat_msg] = do_squat_msg,
	[PALE_RACE_squat_shm] = do_squat_shm,
	[PALE_RACE_squat_sem] = do_squat_sem,
	[PALE_RACE_ipc_rmid] = do_ipc_rmid,
	[PALE_RACE_ipc_read] = do_ipc_read,
	[PALE_RACE_ipc_write] = do_ipc_write,
	[PALE_RACE_chmod_own] = do_chmod_own,
};

void
pale_race_act(struct pale_race_own *own, const struct pale_race_request *request,
    struct pale_race_reply *reply)
{
	const char *name = pale_race_actions[request->action].name;
	char path[256];
	unsigned up = request->up;
	int rc;

	memcpy(path, request->path[0], sizeof(path));
	if (pale_race_actions[request->action].at[0] == 'P' && up == 0)
		up = 1;
	for (; up > 0; up--) {
		char *slash = strrchr(path, '/');

		if (slash == NULL || slash == path)
			break;
		*slash = '\0';
	}
	own->request = request;
	own->protected = request->protected;
	if (acts[request->action] == NULL)
		rc = -ENOSYS;
	else if (path[0] == '\0' && pale_race_actions[request->action].at[0] != 'K')
		rc = -ENOENT;
	else
		rc = acts[request->action](own, path);
	if (rc == 0)
		reply->acted = PALE_RACE_ACTED;
	else
		reply->acted = rc == -EACCES || rc == -EPERM ? PALE_RACE_DENIED : PALE_RACE_NO_USE;
	snprintf(reply->text, sizeof(reply->text), "%s %.180s%s%s", name,
	    path[0] != '\0' ? path : "the key", rc == 0 ? "" : ": ", rc == 0 ? "" : strerror(-rc));
}
