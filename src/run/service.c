/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service manager hands to a service; see service.h. The descriptors stay the sockets that
 * they are; that those of AF_UNIX refuse what clients pass is seen to where the cage starts.
 */
#include "run/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/env.h"
#include "cage/cage.h"
#include "core/rights.h"
#include "core/scope.h"

enum {
	FIRST_FD = 3, /* SD_LISTEN_FDS_START */
};

static const char notify_origin[] = "--notify";
static const char listen_origin[] = "--listen-fds";

/* A number as a service manager writes it; -1 for anything else. */
static long
number(const char *text)
{
	char *end;
	long value;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	return *end == '\0' && errno == 0 ? value : -1;
}

static int
grant_notify(struct pale_compartment *compartment, char *const *env, struct pale_err *err)
{
	const char *path = pale_env_find(env, "NOTIFY_SOCKET");
	struct pale_grant grant = {
		.kind = PALE_GRANT_UNIX,
		.path = (char *)(uintptr_t)path,
		.use = PALE_USE_CONNECT,
		.fd = -1,
		.origin = (char *)(uintptr_t)notify_origin,
	};
	int result;

	if (path == NULL || path[0] == '\0') {
		compartment->notify = false;
		return 0;
	}
	if ((path[0] != '/' && path[0] != '@') || path[1] == '\0') {
		pale_fail(err, -EINVAL, "%s: NOTIFY_SOCKET is '%s', which is no UNIX socket",
		    notify_origin, path);
		return pale_remedy(err, "leave it out, or unset the variable");
	}
	result = pale_compartment_grant(compartment, &grant, err);
	return result < 0 ? result : pale_compartment_env(compartment, "NOTIFY_SOCKET", err);
}

static int
grant_fd(struct pale_compartment *compartment, int fd, struct pale_err *err)
{
	struct pale_grant grant = {
		.kind = PALE_GRANT_FD,
		.rights = RS(READ, WRITE),
		.fd = fd,
		.origin = (char *)(uintptr_t)listen_origin,
	};
	struct stat st;

	if (fstat(fd, &st) < 0) {
		pale_fail(
		    err, -EBADF, "%s: descriptor %d of LISTEN_FDS is not open", listen_origin, fd);
		return pale_remedy(err, "start pale as the service manager does: directly");
	}
	if (!S_ISSOCK(st.st_mode)) {
		pale_fail(err, -ENOTSOCK, "%s: descriptor %d is no socket", listen_origin, fd);
		return pale_remedy(err,
		    "sockets are what is kept; grant what it is with --fd %d:RIGHTS, or by its "
		    "name",
		    fd);
	}
	return pale_compartment_grant(compartment, &grant, err);
}

static int
grant_listen(
    struct pale_compartment *compartment, char *const *env, pid_t pid, struct pale_err *err)
{
	const char *count_text = pale_env_find(env, "LISTEN_FDS");
	long count = number(count_text);
	int result = 0;

	/* As sd_listen_fds(3): what was meant for somebody else is not for us. */
	if (count_text == NULL || number(pale_env_find(env, "LISTEN_PID")) != pid || count == 0) {
		compartment->activation = false;
		return 0;
	}
	if (count < 0 || count > PALE_SERVICE_FDS_MAX) {
		pale_fail(err, -EINVAL, "%s: LISTEN_FDS is '%s', and at most %d are kept",
		    listen_origin, count_text, PALE_SERVICE_FDS_MAX);
		return pale_remedy(err, "it is the number of descriptors from %d on", FIRST_FD);
	}
	for (int fd = FIRST_FD; result == 0 && fd < FIRST_FD + (int)count; fd++)
		result = grant_fd(compartment, fd, err);
	if (result == 0)
		result = pale_compartment_env(compartment, "LISTEN_FDS", err);
	if (result == 0)
		result = pale_compartment_env(compartment, "LISTEN_FDNAMES", err);
	/* The command's own number, known when it has one. */
	return result < 0 ? result : pale_compartment_env(compartment, "LISTEN_PID=0", err);
}

int
pale_service_grants(
    struct pale_compartment *compartment, char *const *env, pid_t pid, struct pale_err *err)
{
	int result = 0;

	if (compartment->notify)
		result = grant_notify(compartment, env, err);
	if (result == 0 && compartment->activation)
		result = grant_listen(compartment, env, pid, err);
	return result;
}

int
pale_service_slot(char **env, char **ret_slot, struct pale_err *err)
{
	static const char name[] = "LISTEN_PID=";
	char *room;

	*ret_slot = NULL;
	for (; *env != NULL; env++) {
		if (strncmp(*env, name, sizeof(name) - 1) != 0)
			continue;
		room = calloc(1, sizeof(name) + PALE_CAGE_PID_BYTES);
		if (room == NULL)
			return pale_fail(err, -ENOMEM, "out of memory");
		memcpy(room, name, sizeof(name) - 1);
		free(*env);
		*env = room;
		*ret_slot = room + sizeof(name) - 1;
		break;
	}
	return 0;
}
