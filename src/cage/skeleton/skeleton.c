/* SPDX-License-Identifier: BSD-2-Clause */
/* The root that tells of what is missing, the waiter's side of it; see skeleton.h. */
#include "cage/skeleton/skeleton.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/fuse.h"
#include "kernel/notify.h"

enum {
	ACK_SECONDS = 10, /* the server answers within microseconds, or something is wrong */
};

bool
pale_skeleton_available(void)
{
	PALE_CLOSE int device = -1;

	return pale_fuse_open(&device) == 0;
}

int
pale_skeleton_start(struct pale_skeleton *skeleton, struct pale_err *err)
{
	const struct timeval patience = { .tv_sec = ACK_SECONDS };
	PALE_CLOSE int ours = -1;
	PALE_CLOSE int theirs = -1;
	struct pale_skeleton_shared *shared;
	pid_t waiter = getpid();
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return pale_fail_errno(err, "cannot make a socket for the root's server");
	ours = ends[0];
	theirs = ends[1];
	if (setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return pale_fail_errno(err, "cannot set a limit of time for the root's server");
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return pale_fail_errno(err, "cannot share memory with the root's server");
	pid = fork();
	if (pid == 0)
		pale_skeleton_serve(theirs, shared, waiter);
	if (pid < 0) {
		pale_fail_errno(err, "cannot start the root's server");
		munmap(shared, sizeof(*shared));
		return err == NULL ? -EAGAIN : err->code;
	}
	*skeleton = (struct pale_skeleton){
		.server = pid, .sock = pale_take_fd(&ours), .mount = -1, .shared = shared
	};
	return 0;
}

int
pale_skeleton_mount(struct pale_skeleton *skeleton, struct pale_err *err)
{
	PALE_CLOSE int device = -1;
	int result = pale_fuse_open(&device);

	if (result < 0)
		return pale_fail(err, result, "cannot open /dev/fuse: %s", strerror(-result));
	result = pale_fuse_mount(device, "pale",
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	    &skeleton->mount, err);
	/* The server's is the only copy that stays: when it ends, the kernel knows. */
	if (result == 0)
		result = pale_notify_pass(skeleton->sock, &device, 1, err);
	return result;
}

static int
wait_for_ack(const struct pale_skeleton *skeleton, struct pale_err *err)
{
	char byte;

	if (recv(skeleton->sock, &byte, 1, 0) == 1)
		return 0;
	return pale_fail(err, -EPIPE, "the process that serves the cage's root has ended");
}

int
pale_skeleton_show(const struct pale_skeleton *skeleton, int tree, struct pale_err *err)
{
	int result = pale_notify_pass(skeleton->sock, &tree, 1, err);

	return result < 0 ? result : wait_for_ack(skeleton, err);
}

int
pale_skeleton_go(const struct pale_skeleton *skeleton, struct pale_err *err)
{
	if (send(skeleton->sock, "", 1, MSG_NOSIGNAL) != 1)
		return pale_fail_errno(err, "cannot reach the process that serves the cage's root");
	return wait_for_ack(skeleton, err);
}

void
pale_skeleton_trying(const struct pale_skeleton *skeleton, const char *path, const char *cwd)
{
	snprintf(skeleton->shared->trying, sizeof(skeleton->shared->trying), "%s", path);
	snprintf(skeleton->shared->cwd, sizeof(skeleton->shared->cwd), "%s", cwd);
}

/* The texts of a record, NULL where there is none. Returns false for what is no record. */
static bool
read_texts(const char *record, size_t size, const char *texts[PALE_SKELETON_TEXTS])
{
	struct pale_skeleton_miss head;
	size_t at = sizeof(head);

	if (size < sizeof(head))
		return false;
	memcpy(&head, record, sizeof(head));
	for (size_t i = 0; i < PALE_SKELETON_TEXTS; i++) {
		if (head.size[i] > size - at ||
		    (head.size[i] > 0 && record[at + head.size[i] - 1] != '\0'))
			return false;
		texts[i] = head.size[i] == 0 ? NULL : record + at;
		at += head.size[i];
	}
	return texts[0] != NULL;
}

int
pale_skeleton_hear(
    const struct pale_skeleton *skeleton, const struct pale_watch_hook *watch, int proc)
{
	char record[PALE_SKELETON_RECORD_BYTES];
	const char *texts[PALE_SKELETON_TEXTS];
	struct pale_heard_call heard = { .how = PALE_HEARD_MISSING, .proc = proc, .listener = -1 };
	struct pale_skeleton_miss head;
	char program[PALE_SKELETON_PROGRAM_BYTES + 1] = "";
	ssize_t got = recv(skeleton->sock, record, sizeof(record), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	if (got == 0)
		return -EPIPE;
	if (watch == NULL || !read_texts(record, (size_t)got, texts))
		return 0;
	memcpy(&head, record, sizeof(head));
	memcpy(program, head.program, sizeof(head.program));
	heard.call.tid = head.tid;
	heard.call.nr = head.nr;
	memcpy(heard.call.args, head.args, sizeof(head.args));
	if (head.nr < 0 || pale_sys_find_nr(head.nr, &heard.sys) < 0)
		heard.sys = PALE_SYS_COUNT;
	heard.pid = head.pid;
	heard.program = program[0] == '\0' ? NULL : program;
	heard.missing = texts[0];
	heard.cwd = texts[1];
	for (size_t i = 0; i < PALE_SYS_NEEDS; i++)
		heard.text[i] = texts[2 + i];
	watch->hear(watch->state, &heard);
	return 0;
}

void
pale_skeleton_look(struct pale_skeleton *skeleton, uint64_t now_ms)
{
	uint64_t asked = __atomic_load_n(&skeleton->shared->asked, __ATOMIC_RELAXED);

	if (now_ms < skeleton->next_look_ms)
		return;
	/* Looks, not time: when everything was stopped and goes on, they begin anew. */
	skeleton->next_look_ms = now_ms + PALE_SKELETON_TICK_MS;
	if (asked % 2 == 0 || asked != skeleton->seen_asked)
		skeleton->stuck_looks = 0;
	else if (++skeleton->stuck_looks == PALE_SKELETON_STUCK)
		kill(skeleton->server, SIGKILL);
	skeleton->seen_asked = asked;
}

uint64_t
pale_skeleton_unheard(const struct pale_skeleton *skeleton)
{
	return skeleton->shared == NULL
	    ? 0
	    : __atomic_load_n(&skeleton->shared->unheard, __ATOMIC_RELAXED);
}

void
pale_skeleton_stop(struct pale_skeleton *skeleton)
{
	if (skeleton->server <= 0)
		return;
	kill(skeleton->server, SIGKILL);
	while (waitpid(skeleton->server, NULL, 0) < 0 && errno == EINTR)
		continue;
	skeleton->server = -1;
}

void
pale_skeleton_done(struct pale_skeleton *skeleton)
{
	pale_skeleton_stop(skeleton);
	if (skeleton->sock >= 0)
		close(pale_take_fd(&skeleton->sock));
	if (skeleton->mount >= 0)
		close(pale_take_fd(&skeleton->mount));
	if (skeleton->shared != NULL)
		munmap(skeleton->shared, sizeof(*skeleton->shared));
	skeleton->shared = NULL;
}
