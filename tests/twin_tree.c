/* SPDX-License-Identifier: BSD-2-Clause */
#include "twin_tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "model/state.h"

enum {
	PATH_BYTES = 512,
};

void
twin_must(bool done, const char *what, const char *name)
{
	if (!done)
		ck_abort_msg("%s %s: %s", what, name, strerror(errno));
}

static void
real_path(const struct pale_model *model, unsigned inode, char *ret, const char *top)
{
	snprintf(ret, PATH_BYTES, "%s%s", top,
	    inode == PALE_MODEL_ROOT ? "" : model->inode_paths[inode]);
}

static void
make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path);
	twin_must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind", path);
	close(fd);
}

static void
make_inode(const struct pale_model *model, unsigned i, const char *top)
{
	const struct pale_inode *inode = &model->initial->inodes[i];
	uid_t uid = model->users[inode->owner];
	char path[PATH_BYTES], value;
	int fd;

	real_path(model, i, path, top);
	switch ((enum pale_inode_type)inode->type) {
	case PALE_INODE_DIR:
		twin_must(i == PALE_MODEL_ROOT || mkdir(path, 0700) == 0, "mkdir", path);
		break;
	case PALE_INODE_FILE:
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		value = (char)('@' + inode->content);
		twin_must(
		    fd >= 0 && (inode->content == 0 || write(fd, &value, 1) == 1), "open", path);
		close(fd);
		break;
	case PALE_INODE_LINK:
		twin_must(symlink(model->rests[inode->target].text, path) == 0, "symlink", path);
		break;
	case PALE_INODE_FIFO:
		twin_must(mkfifo(path, 0600) == 0, "mkfifo", path);
		break;
	case PALE_INODE_SOCKET:
		make_socket(path);
		break;
	case PALE_INODE_FREE:
	default:
		return;
	}
	twin_must(lchown(path, uid, uid) == 0, "lchown", path);
	twin_must(inode->type == PALE_INODE_LINK || chmod(path, inode->mode) == 0, "chmod", path);
}

void
twin_make_tree(const struct pale_model *model, const char *top)
{
	for (unsigned i = 1; i <= model->inode_count; i++)
		make_inode(model, i, top);
}

/* A System V object; by whoever is to be its creator. */
static void
make_object(const struct pale_model *model, const struct pale_sysv *object)
{
	key_t key = (key_t)model->keys[object->key];
	int flags = IPC_CREAT | IPC_EXCL | object->mode, id = -1;
	char *memory;

	twin_must(seteuid(model->users[object->creator]) == 0, "seteuid", "");
	if (object->kind == PALE_SYSV_MSG)
		id = msgget(key, flags);
	else if (object->kind == PALE_SYSV_SEM)
		id = semget(key, 1, flags);
	else
		id = shmget(key, 4096, flags);
	twin_must(seteuid(0) == 0 && id >= 0, "cannot make", "an object");
	if (object->kind == PALE_SYSV_SEM)
		twin_must(semctl(id, 0, SETVAL, object->count) == 0, "semctl", "SETVAL");
	if (object->kind != PALE_SYSV_SHM || object->values[0] == 0)
		return;
	memory = shmat(id, NULL, 0);
	twin_must(memory != (void *)-1, "shmat", "");
	memory[0] = (char)('@' + object->values[0]);
	shmdt(memory);
}

void
twin_make_objects(const struct pale_model *model)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		if (model->initial->sysv[i].kind != PALE_SYSV_FREE)
			make_object(model, &model->initial->sysv[i]);
	}
}
