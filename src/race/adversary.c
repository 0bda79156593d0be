/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adversary: an ordinary process of another user in the victim's namespaces, with no right but
 * that user's. It does what it is asked, one action at a time, and says whether the kernel let it.
 * What it opens it holds until the end, when it looks whether the secret has come to it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "race/acts.h"

/* May we add, remove or replace this name, or one of those above it? */
static bool
can_reach(const char *path)
{
	char part[256];
	struct stat dir, st;

	snprintf(part, sizeof(part), "%s", path);
	for (;;) {
		char *slash = strrchr(part, '/');
		char name[256];

		if (slash == NULL || slash == part)
			return false;
		snprintf(name, sizeof(name), "%s", part);
		*slash = '\0';
		/* Only what was there before the victim's lookup can be replaced in a sticky one.
		 */
		if (access(part, W_OK | X_OK) < 0 || stat(part, &dir) < 0)
			continue;
		if (!(dir.st_mode & S_ISVTX) || dir.st_uid == getuid() || lstat(name, &st) < 0 ||
		    st.st_uid == getuid())
			return true;
	}
}

/* An object that we may open is one that we can reach, too: a FIFO, socket or file of the victim */
static bool
can_use(const char *path)
{
	return access(path, R_OK) == 0 || access(path, W_OK) == 0;
}

static void
read_tree(struct pale_race_own *own, const char *path, unsigned depth)
{
	DIR *dir = depth > PALE_RACE_WALK_DEPTH ? NULL : opendir(path);
	struct dirent *entry;
	char name[4096];

	if (dir == NULL)
		return;
	while (!own->heard && (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >=
			sizeof(name) ||
		    lstat(name, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			read_tree(own, name, depth + 1);
		} else if ((S_ISREG(st.st_mode) && st.st_size > 0) || S_ISFIFO(st.st_mode)) {
			PALE_CLOSE int fd =
			    open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

			if (fd >= 0)
				(void)pale_race_listen(own, fd);
		}
	}
	closedir(dir);
}

static void
read_ipc(struct pale_race_own *own)
{
	struct msqid_ds queue;
	struct shm_info segments;
	struct msginfo queues;
	struct shmid_ds segment;
	int last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&queues);

	for (int i = 0; i <= last; i++) {
		int id = msgctl(i, MSG_STAT, &queue);

		while (id >= 0 && pale_race_read_queue(own, id) == 0)
			;
	}
	last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&segments);
	for (int i = 0; i <= last; i++) {
		int id = shmctl(i, SHM_STAT, &segment);

		if (id >= 0)
			(void)pale_race_read_segment(own, id);
	}
}

/* What has come to what it holds, and to the queues and segments that it may read. */
static void
look(struct pale_race_own *own)
{
	unsigned count = own->held_count;

	for (unsigned i = 0; i < count; i++) {
		int peer = accept4(own->held[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer >= 0 && own->held_count < PALE_RACE_HELD_MAX)
			own->held[own->held_count++] = peer;
		else if (peer >= 0)
			close(peer);
	}
	for (unsigned i = 0; i < own->held_count; i++)
		for (int n = 0; !own->mute[i] && n < PALE_RACE_READS_MAX; n++)
			if (!pale_race_listen(own, own->held[i]))
				break;
	if (!own->wrote_ipc)
		read_ipc(own);
}

static void
finish(struct pale_race_own *own, struct pale_race_reply *reply)
{
	look(own);
	read_tree(own, "/tmp", 0);
	read_tree(own, "/dev/shm", 0);
	read_tree(own, "/run", 0);
	reply->yes = own->heard;
}

static void
answer(struct pale_race_own *own, const struct pale_race_request *request,
    struct pale_race_reply *reply)
{
	switch (request->ask) {
	case PALE_RACE_ASK_ACT:
		pale_race_act(own, request, reply);
		break;
	case PALE_RACE_ASK_REACH:
		for (int i = 0; i < 2; i++)
			if (request->path[i][0] != '\0')
				reply->yes |=
				    can_reach(request->path[i]) || can_use(request->path[i]);
		break;
	case PALE_RACE_ASK_PEEK:
		look(own);
		break;
	case PALE_RACE_ASK_RESTORE:
		if (renameat2(AT_FDCWD, own->aside, AT_FDCWD, own->swapped, RENAME_EXCHANGE) == 0)
			(void)unlink(own->aside);
		break;
	case PALE_RACE_ASK_FINISH:
		finish(own, reply);
		break;
	}
}

void
pale_race_adversary(const struct pale_race_setup *setup, int sock)
{
	static struct pale_race_own own;
	struct pale_race_request request;

	if (dup3(sock, 3, O_CLOEXEC) < 0 && sock != 3)
		_exit(1);
	close_range(4, ~0U, 0);
	umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	if (setgroups(0, NULL) < 0 ||
	    setresgid(setup->adversary, setup->adversary, setup->adversary) < 0 ||
	    setresuid(setup->adversary, setup->adversary, setup->adversary) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir("/") < 0)
		_exit(1);
	while (recv(3, &request, sizeof(request), 0) == (ssize_t)sizeof(request)) {
		struct pale_race_reply reply;

		memset(&reply, 0, sizeof(reply));
		answer(&own, &request, &reply);
		if (send(3, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}
