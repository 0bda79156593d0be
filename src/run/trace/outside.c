/* SPDX-License-Identifier: BSD-2-Clause */
/* Who answers for the machine's ipc namespace; see outside.h. */
#include "run/trace/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	ANSWER_MS = 500, /* it does not wait for anything; who does not answer is stopped */
};

struct answer {
	bool found;
	int32_t key;
};

static bool
look_id(enum pale_grant_kind kind, int id, int32_t *ret_key)
{
	union {
		struct shmid_ds shm;
		struct msqid_ds msg;
		struct semid_ds sem;
	} ds = { 0 };

	if (kind == PALE_GRANT_SHM && shmctl(id, IPC_STAT, &ds.shm) == 0)
		*ret_key = ds.shm.shm_perm.__key;
	else if (kind == PALE_GRANT_MSG && msgctl(id, IPC_STAT, &ds.msg) == 0)
		*ret_key = ds.msg.msg_perm.__key;
	else if (kind == PALE_GRANT_SEM && semctl(id, 0, IPC_STAT, &ds.sem) == 0)
		*ret_key = ds.sem.sem_perm.__key;
	else
		return false;
	return true;
}

static bool
look_key(enum pale_grant_kind kind, key_t key)
{
	if (key == IPC_PRIVATE)
		return false;
	if (kind == PALE_GRANT_SHM)
		return shmget(key, 0, 0) >= 0;
	return kind == PALE_GRANT_MSG ? msgget(key, 0) >= 0 : semget(key, 0, 0) >= 0;
}

bool
pale_outside_look(const struct pale_outside_question *question, int32_t *ret_key)
{
	char name[NAME_MAX + 2];
	mqd_t queue;

	*ret_key = question->number;
	if (question->kind == PALE_GRANT_MQ) {
		snprintf(name, sizeof(name), "/%s", question->name);
		queue = mq_open(name, (question->access & O_ACCMODE) | O_NONBLOCK | O_CLOEXEC);
		if (queue >= 0)
			mq_close(queue);
		return queue >= 0;
	}
	if (question->by_id)
		return look_id(question->kind, question->number, ret_key);
	return look_key(question->kind, question->number);
}

static _Noreturn void
serve(int sock)
{
	struct pale_outside_question question;
	struct answer answer;

	while (recv(sock, &question, sizeof(question), 0) == (ssize_t)sizeof(question)) {
		question.name[sizeof(question.name) - 1] = '\0';
		answer = (struct answer){ 0 };
		answer.found = pale_outside_look(&question, &answer.key);
		if (send(sock, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

int
pale_outside_start(struct pale_outside *ret)
{
	const struct timeval patience = { .tv_usec = ANSWER_MS * 1000 };
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	*ret = PALE_OUTSIDE_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		/* Nobody is to wait for the end of what the caller has open. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
		    dup2(ends[1], 0) < 0 || close_range(1, ~0U, 0) < 0)
			_exit(1);
		for (int i = 1; i < NSIG; i++)
			(void)signal(i, i == SIGTERM || i == SIGKILL ? SIG_DFL : SIG_IGN);
		serve(0);
	}
	close(ends[1]);
	if (pid < 0 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	*ret = (struct pale_outside){ .sock = ends[0], .pid = pid };
	return 0;
}

void
pale_outside_done(struct pale_outside *outside)
{
	if (outside->sock < 0)
		return;
	close(outside->sock);
	while (waitpid(outside->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*outside = PALE_OUTSIDE_NONE;
}

bool
pale_outside_has(int sock, const struct pale_outside_question *question, int32_t *ret_key)
{
	struct answer answer;

	if (sock < 0 || send(sock, question, sizeof(*question), MSG_NOSIGNAL) < 0 ||
	    recv(sock, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer))
		return false;
	*ret_key = answer.key;
	return answer.found;
}
