/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that writes one file at the end; see scribe.h. */
#include "run/learn/scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/uapi.h"
#include "policy/policy.h"

enum {
	NAME_BYTES = NAME_MAX + 1,
	TRIES = 100, /* of names for the new file */
	/* The only descriptors of the process. */
	SERVE_SOCK = 0,
	SERVE_DIR = 1,
	SERVE_END = 2,
};

/* Where the file is. */
struct place {
	int dir; /* O_PATH */
	char name[NAME_BYTES];
	const char *path; /* for messages */
};

static int
open_place(struct place *place, const char *path, struct pale_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	PALE_FREE char *dir = NULL;

	if (name[0] == '\0' || strlen(name) >= sizeof(place->name) || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return pale_fail(err, -EINVAL, "'%s' is no name of a file", path);
	strcpy(place->name, name);
	place->path = path;
	dir = slash == NULL ? strdup(".")
	    : slash == path ? strdup("/")
			    : strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	place->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->dir < 0)
		return pale_fail_errno(err, "cannot use the directory of '%s'", path);
	return 0;
}

/* Refuse what is no regular file. Returns 1 if the file is there, 0 if not. */
static int
check_type(const struct place *place, struct pale_err *err)
{
	struct stat st;

	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : pale_fail_errno(err, "cannot look at '%s'", place->path);
	if (S_ISLNK(st.st_mode)) {
		pale_fail(err, -ELOOP,
		    "'%s' is a link, and what is learned is not written "
		    "through one",
		    place->path);
		return pale_remedy(err, "name the file itself");
	}
	if (!S_ISREG(st.st_mode)) {
		pale_fail(err, -EINVAL, "'%s' is no regular file", place->path);
		return pale_remedy(err, "name a file that is there or can be made");
	}
	return 1;
}

static int
read_old(const struct place *place, char **ret_text, size_t *ret_size, struct pale_err *err)
{
	PALE_CLOSE int fd = openat(
	    place->dir, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	PALE_FREE char *text = malloc((size_t)PALE_POLICY_BYTES_MAX + 2);
	size_t used = 0;
	ssize_t len = 1;
	struct stat st;

	if (text == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	if (fd < 0 || fstat(fd, &st) < 0)
		return pale_fail_errno(err, "cannot read '%s'", place->path);
	if (!S_ISREG(st.st_mode))
		return pale_fail(err, -EINVAL, "'%s' is no regular file", place->path);
	while (len > 0 && used <= PALE_POLICY_BYTES_MAX) {
		len = read(fd, text + used, (size_t)PALE_POLICY_BYTES_MAX + 1 - used);
		if (len < 0)
			return pale_fail_errno(err, "cannot read '%s'", place->path);
		used += (size_t)len;
	}
	if (used > PALE_POLICY_BYTES_MAX)
		return pale_fail(
		    err, -EFBIG, "'%s' has more than %d bytes", place->path, PALE_POLICY_BYTES_MAX);
	text[used] = '\0';
	*ret_text = pale_take_ptr(text);
	*ret_size = used;
	return 0;
}

/* Make the new file beside the old; its name in ret. */
static int
make_new(const struct place *place, char ret_name[static NAME_BYTES])
{
	int fd = -1;

	for (unsigned i = 0; fd < 0 && i < TRIES; i++) {
		snprintf(ret_name, NAME_BYTES, ".pale-learn.%d.%u", (int)getpid(), i);
		fd = openat(place->dir, ret_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return -errno;
	}
	return fd < 0 ? -EEXIST : fd;
}

/* Replace the file. Returns 0 or -errno. */
static int
replace(const struct place *place, const char *text, size_t size)
{
	char name[NAME_BYTES];
	PALE_CLOSE int fd = make_new(place, name);
	size_t done = 0;
	int result = 0;

	if (fd < 0) {
		result = fd;
		fd = -1;
		return result;
	}
	while (result == 0 && done < size) {
		ssize_t len = write(fd, text + done, size - done);

		if (len < 0)
			result = -errno;
		else
			done += (size_t)len;
	}
	if (result == 0 && fsync(fd) < 0)
		result = -errno;
	if (result == 0)
		result = check_type(place, NULL) < 0 ? -ELOOP : 0;
	if (result == 0 && renameat(place->dir, name, place->dir, place->name) < 0)
		result = -errno;
	if (result < 0)
		unlinkat(place->dir, name, 0);
	return result;
}

/* Read exactly so many bytes; false at an end before. */
static bool
take(int sock, void *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t len = read(sock, (char *)buf + used, size - used);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		used += (size_t)len;
	}
	return true;
}

static bool
give(int sock, const void *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t len = send(sock, (const char *)buf + used, size - used, MSG_NOSIGNAL);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		used += (size_t)len;
	}
	return true;
}

/* The life of the process: a text that came whole is written, of anything else nothing is. */
static void
serve(const struct place *place, int sock)
{
	uint64_t size = 0;
	char *text;
	int result = -EIO;

	if (!take(sock, &size, sizeof(size)) || size > PALE_POLICY_BYTES_MAX)
		return;
	text = malloc((size_t)size + 1);
	if (text != NULL && take(sock, text, (size_t)size))
		result = replace(place, text, (size_t)size);
	give(sock, &result, sizeof(result));
	free(text);
}

/* Can a file be made there, and what is to be replaced be replaced? Tried, as root is asked too. */
static int
try_place(const struct place *place, struct pale_err *err)
{
	char name[NAME_BYTES];
	int fd = make_new(place, name);

	if (fd < 0) {
		errno = -fd;
		pale_fail_errno(err, "cannot make a file beside '%s'", place->path);
		return pale_remedy(err, "let what is learned go to a directory of yours");
	}
	close(fd);
	unlinkat(place->dir, name, 0);
	return 0;
}

static int
start_process(struct pale_scribe *scribe, const struct place *place, struct pale_err *err)
{
	int ends[2];
	struct place inner;
	pid_t parent = getpid();
	int sock;
	int dir;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return pale_fail_errno(err, "cannot make a pair of sockets");
	scribe->pid = fork();
	if (scribe->pid == 0) {
		sigset_t all;

		/* ^C ends the program that is learned; what was learned is still written. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		inner = *place;
		inner.dir = SERVE_DIR;
		/* Above the two, so that neither overwrites the other. */
		sock = fcntl(ends[1], F_DUPFD, SERVE_END);
		dir = fcntl(place->dir, F_DUPFD, SERVE_END);
		if (dup2(sock, SERVE_SOCK) < 0 || dup2(dir, SERVE_DIR) < 0)
			_exit(0);
		/* A pipe or terminal of the program's must not be held open here. */
		syscall(SYS_close_range, (unsigned)SERVE_END, ~0U, 0U);
		serve(&inner, SERVE_SOCK);
		_exit(0);
	}
	close(ends[1]);
	if (scribe->pid < 0) {
		close(ends[0]);
		return pale_fail_errno(err, "cannot start a process");
	}
	scribe->sock = ends[0];
	return 0;
}

int
pale_scribe_start(struct pale_scribe *scribe, const char *path, char **ret_text, size_t *ret_size,
    struct pale_err *err)
{
	struct place place = { .dir = -1 };
	PALE_FREE char *text = NULL;
	size_t size = 0;
	int result = open_place(&place, path, err);

	*scribe = PALE_SCRIBE_NONE;
	if (result == 0)
		result = check_type(&place, err);
	if (result > 0)
		result = read_old(&place, &text, &size, err);
	if (result == 0)
		result = try_place(&place, err);
	if (result == 0)
		result = start_process(scribe, &place, err);
	if (place.dir >= 0)
		close(place.dir);
	if (result < 0)
		return result;
	*ret_text = pale_take_ptr(text);
	*ret_size = size;
	return 0;
}

int
pale_scribe_write(struct pale_scribe *scribe, const char *text, size_t size, struct pale_err *err)
{
	uint64_t length = size;
	int result = -EPIPE;
	int rc;

	if (scribe->sock < 0 || !give(scribe->sock, &length, sizeof(length)) ||
	    !give(scribe->sock, text, size) || !take(scribe->sock, &rc, sizeof(rc)))
		pale_fail(err, result, "the process that writes what was learned is gone");
	else if (rc < 0) {
		errno = -rc;
		result = pale_fail_errno(err, "cannot write what was learned");
	} else {
		result = 0;
	}
	pale_scribe_end(scribe);
	return result;
}

void
pale_scribe_end(struct pale_scribe *scribe)
{
	if (scribe->sock >= 0)
		close(scribe->sock);
	if (scribe->pid > 0)
		while (waitpid(scribe->pid, NULL, 0) < 0 && errno == EINTR)
			;
	*scribe = PALE_SCRIBE_NONE;
}
