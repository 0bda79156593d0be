/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of communication as they hold here; see doors.h. A socket or FIFO is held by its inode
 * from the moment it was looked at, a name that may come later by the directory that will have it:
 * what is renamed meanwhile changes nothing.
 */
#include "run/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/probe.h"
#include "policy/endpoint.h"
#include "run/native.h"
#include "run/plan.h"

static bool
is_unix_path(const struct pale_endpoint *endpoint)
{
	return endpoint->kind == PALE_GRANT_UNIX && endpoint->name[0] == '/';
}

void
pale_doors_done(struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		free(plan->endpoints[i].name);
		if (plan->endpoints[i].dir >= 0)
			close(plan->endpoints[i].dir);
	}
	free(plan->endpoints);
	free(plan->door_sockets);
	pale_ipc_done(&plan->ipc);
	free(plan->objects);
	pale_net_done(&plan->net_found);
	free(plan->native_not);
}

static struct pale_endpoint *
find(const struct pale_plan *plan, enum pale_grant_kind kind, const char *name, int32_t key,
    uint16_t port)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		struct pale_endpoint *one = &plan->endpoints[i];

		if (one->kind == kind && one->key == key && one->port == port &&
		    strcmp(one->name, name) == 0)
			return one;
	}
	return NULL;
}

const struct pale_endpoint *
pale_doors_find_unix(const struct pale_plan *plan, const char *name)
{
	return find(plan, PALE_GRANT_UNIX, name, 0, 0);
}

/* Note an endpoint; a second grant of the same one adds its uses. */
static int
note(struct pale_plan *plan, const struct pale_grant *grant, const char *name,
    struct pale_endpoint **ret, struct pale_err *err)
{
	struct pale_endpoint *one = find(plan, grant->kind, name, grant->key, grant->port);

	if (one == NULL) {
		one = &plan->endpoints[plan->endpoint_count];
		*one = (struct pale_endpoint){
			.kind = grant->kind,
			.name = strdup(name),
			.key = grant->key,
			.port = grant->port,
			.origin = grant->origin,
			.dir = -1,
		};
		if (one->name == NULL)
			return pale_fail(err, -ENOMEM, "out of memory");
		plan->endpoint_count++;
	}
	one->use |= grant->use;
	*ret = one;
	return 0;
}

/* What somebody may have meant who named another kind of thing. */
static int
wrong_kind(const struct pale_grant *grant, const char *path, mode_t mode, struct pale_err *err)
{
	bool is_unix = grant->kind == PALE_GRANT_UNIX;

	pale_fail(err, is_unix ? -ENOTSOCK : -EINVAL, "%s: '%s' is not a %s", grant->origin, path,
	    is_unix ? "UNIX socket" : "FIFO");
	if (S_ISSOCK(mode))
		return pale_remedy(err, "grant it as a socket: --unix %s:connect", path);
	if (S_ISFIFO(mode))
		return pale_remedy(err, "grant it as a FIFO: --fifo %s:read or write", path);
	if (S_ISDIR(mode))
		return pale_remedy(
		    err, "grant what lies in it one by one, or the directory: --dir");
	return pale_remedy(err, "grant a file with --file");
}

static int
resolve_failed(const struct pale_grant *grant, const struct pale_err *words, struct pale_err *err)
{
	int result = pale_fail(err, words->code, "%s: %s", grant->origin, words->text);

	if (words->code == -ENOENT && grant->kind == PALE_GRANT_FIFO)
		return pale_remedy(err, "make it first: mkfifo %s", grant->path);
	if (words->code == -ENOENT && (grant->use & PALE_USE_CONNECT) != 0)
		return pale_remedy(err,
		    "start its server first, or follow the name: --unix %s:connect,follow",
		    grant->path);
	if (words->code == -EMFILE)
		return pale_remedy(err, "each grant takes a descriptor: raise `ulimit -n`");
	return result;
}

static int
resolve_fifo(struct pale_plan *plan, const struct pale_grant *grant, const char *path,
    struct pale_entry *entry, struct pale_err *err)
{
	struct pale_endpoint *endpoint;
	struct pale_err words = { 0 };
	int result = pale_resolve(AT_FDCWD, path, &entry->at, &words);

	if (result < 0)
		return resolve_failed(grant, &words, err);
	if (!S_ISFIFO(entry->at.mode))
		return wrong_kind(grant, entry->at.path, entry->at.mode, err);
	if ((grant->use & PALE_USE_READ) != 0)
		entry->asked |= RS(READ);
	if ((grant->use & PALE_USE_WRITE) != 0)
		entry->asked |= RS(WRITE);
	/* What the supervisor gives with writing to a file it does not give here. */
	entry->asked = pale_rights_close(entry->asked) & ~pale_rights_of_how(PALE_HOW_ASK);
	result = note(plan, grant, entry->at.path, &endpoint, err);
	if (result < 0)
		return result;
	endpoint->there = true;
	endpoint->dev = entry->at.dev;
	endpoint->ino = entry->at.ino;
	endpoint->owner = entry->at.uid;
	entry->path = strdup(entry->at.path);
	return entry->path == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 1;
}

/* The directory and the last name of a path; the directory of "x" is ".". */
static int
split(const char *path, char *dir, size_t size, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash == NULL ? path : slash + 1;
	if (slash == NULL)
		return snprintf(dir, size, ".") < (int)size ? 0 : -ENAMETOOLONG;
	if ((size_t)(slash - path) + 2 > size)
		return -ENAMETOOLONG;
	memcpy(dir, path, (size_t)(slash - path) + 1);
	dir[slash == path ? 1 : slash - path] = '\0';
	return (*ret_name)[0] == '\0' || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0
	    ? -ENOENT
	    : 0;
}

/* A name that is not there: the directory that will have it. */
static int
resolve_later(const struct pale_grant *grant, const char *path, struct pale_entry *entry,
    const struct pale_err *words, struct pale_err *err)
{
	char dir[PATH_MAX];
	struct pale_err above = { 0 };
	const char *name;
	struct stat st;
	int result;

	if ((grant->use & (PALE_USE_BIND | PALE_USE_FOLLOW)) == 0 ||
	    split(path, dir, sizeof(dir), &name) < 0)
		return resolve_failed(grant, words, err);
	result = pale_resolve(AT_FDCWD, dir, &entry->at, &above);
	if (result < 0) {
		pale_fail(err, result, "%s: %s", grant->origin, above.text);
		return pale_remedy(err, "the directory must be there: make it first");
	}
	if (!S_ISDIR(entry->at.mode))
		return pale_fail(
		    err, -ENOTDIR, "%s: '%s' is not a directory", grant->origin, entry->at.path);
	if (fstatat(entry->at.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		pale_fail(err, -ELOOP, "%s: '%s' is a symbolic link that leads nowhere",
		    grant->origin, path);
		return pale_remedy(err, "name the path that it should lead to");
	}
	if (asprintf(&entry->path, "%s/%s", strcmp(entry->at.path, "/") == 0 ? "" : entry->at.path,
		name) < 0) {
		entry->path = NULL;
		return pale_fail(err, -ENOMEM, "out of memory");
	}
	entry->absent = true;
	return 0;
}

/* The machine's directory of a socket that is there; it must still have it. */
static int
open_dir(const struct pale_entry *entry, struct pale_endpoint *endpoint, struct pale_err *err)
{
	char dir[PATH_MAX];
	const char *name;
	struct pale_resolved above = { .fd = -1 };
	struct stat st;
	int result;

	if (entry->absent) {
		endpoint->dir = fcntl(entry->at.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return endpoint->dir < 0 ? pale_fail_errno(err, "cannot keep '%s'", entry->at.path)
					 : 0;
	}
	result = split(entry->path, dir, sizeof(dir), &name);
	if (result == 0)
		result = pale_resolve(AT_FDCWD, dir, &above, err);
	if (result == 0 &&
	    (above.link_count != 0 || fstatat(above.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_dev != entry->at.dev || st.st_ino != entry->at.ino))
		result = pale_fail(
		    err, -ESTALE, "'%s' was replaced while pale was starting", entry->path);
	if (result == 0)
		endpoint->dir = pale_take_fd(&above.fd);
	pale_resolved_done(&above);
	return result;
}

/*
 * A name that is only to be bound is not shown, though something has it: a program removes what was
 * left there before it binds, and could not remove a mount.
 */
static int
leave_out(struct pale_entry *entry, struct pale_err *err)
{
	struct pale_resolved above = { .fd = -1 };
	char dir[PATH_MAX];
	const char *name;
	int result = split(entry->at.path, dir, sizeof(dir), &name);

	if (result == 0)
		result = pale_resolve(AT_FDCWD, dir, &above, err);
	if (result < 0)
		return result;
	entry->path = strdup(entry->at.path);
	above.links = pale_take_ptr(entry->at.links);
	above.link_count = entry->at.link_count;
	entry->at.link_count = 0;
	pale_resolved_done(&entry->at);
	entry->at = above;
	entry->absent = true;
	return entry->path == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 0;
}

static int
resolve_unix(struct pale_plan *plan, const struct pale_grant *grant, const char *path,
    struct pale_entry *entry, struct pale_err *err)
{
	struct pale_endpoint *endpoint;
	struct pale_err words = { 0 };
	struct pale_resolved was;
	int result = pale_resolve(AT_FDCWD, path, &entry->at, &words);

	was = result < 0 ? (struct pale_resolved){ .fd = -1 } : entry->at;
	if (result == -ENOENT)
		result = resolve_later(grant, path, entry, &words, err);
	else if (result < 0)
		result = resolve_failed(grant, &words, err);
	else if (!S_ISSOCK(entry->at.mode))
		result = wrong_kind(grant, entry->at.path, entry->at.mode, err);
	else if ((grant->use & PALE_USE_CONNECT) == 0)
		result = leave_out(entry, err);
	if (result < 0)
		return result;
	if (entry->path == NULL)
		entry->path = strdup(entry->at.path);
	if (entry->path == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	if (strlen(entry->path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		pale_fail(err, -ENAMETOOLONG, "%s: '%s' is longer than a socket's address can be",
		    grant->origin, entry->path);
		return pale_remedy(
		    err, "a program reaches it by a shorter, relative name; move it");
	}
	result = note(plan, grant, entry->path, &endpoint, err);
	if (result == 0 && endpoint->dir < 0)
		result = open_dir(entry, endpoint, err);
	if (result < 0)
		return result;
	/* Only what was looked at counts of it, its strings are gone. */
	if (was.ino != 0) {
		endpoint->there = true;
		endpoint->dev = was.dev;
		endpoint->ino = was.ino;
		endpoint->owner = was.uid;
	}
	return 1;
}

int
pale_doors_resolve(struct pale_plan *plan, const struct pale_grant *grant, const char *path,
    struct pale_entry *entry, struct pale_err *err)
{
	struct pale_endpoint *endpoint;

	if (grant->kind == PALE_GRANT_FIFO)
		return resolve_fifo(plan, grant, path, entry, err);
	if (grant->kind == PALE_GRANT_UNIX && grant->path[0] != '@')
		return resolve_unix(plan, grant, path, entry, err);
	if (grant->key != 0) {
		/* An object of System V has no name but its key, as ipcs(1) shows it. */
		char key[16];

		snprintf(key, sizeof(key), "0x%08x", (unsigned)grant->key);
		return note(plan, grant, key, &endpoint, err);
	}
	return note(plan, grant, grant->path, &endpoint, err);
}

/* Does the program come with a socket that somebody else made? */
static bool
hands_over(const struct pale_plan *plan, const struct pale_compartment *compartment)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind == PALE_GRANT_FD && !entry->reopen && S_ISSOCK(entry->fd_mode))
			return true;
	}
	return compartment->activation;
}

/* Can somebody outside be connected with, so that descriptors could be passed? */
static bool
crosses(const struct pale_plan *plan, const struct pale_compartment *compartment)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		if (plan->endpoints[i].kind == PALE_GRANT_UNIX)
			return true;
	}
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (pale_entry_has_rights(entry) && (entry->rights & RS(CONNECTAT, BINDAT)) != 0)
			return true;
	}
	return hands_over(plan, compartment) || compartment->notify;
}

static int
make_sockets(struct pale_plan *plan, struct pale_err *err)
{
	plan->door_sockets = calloc(plan->endpoint_count + 1, sizeof(*plan->door_sockets));
	if (plan->door_sockets == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];
		bool has_path = is_unix_path(one);

		if (one->kind != PALE_GRANT_UNIX)
			continue;
		plan->door_sockets[plan->doors.socket_count++] = (struct pale_door_socket){
			.path = one->name,
			.dir = one->dir,
			.name = has_path ? strrchr(one->name, '/') + 1 : one->name + 1,
			.dev = one->dev,
			.ino = one->there ? one->ino : 0,
			.owner = one->owner,
			.use = one->use,
		};
	}
	plan->doors.sockets = plan->door_sockets;
	return 0;
}

/*
 * What is passed in can be refused only by a socket that was told to (SO_PASSRIGHTS, Linux 6.16).
 * Without it sockets in writable grants pass what they like, as they do elsewhere, and single ones
 * are granted with that or not at all.
 */
static int
set_passing(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	const char *name = hands_over(plan, compartment) ? "a socket that is handed over"
	    : compartment->notify                        ? "the socket of the service manager"
							 : NULL;

	plan->doors.crosses = crosses(plan, compartment);
	if (!plan->doors.crosses || (!options->no_passrights && pale_probe_passrights()))
		return 0;
	plan->doors.crosses = false;
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];

		if (one->kind == PALE_GRANT_UNIX &&
		    (~one->use & (PALE_USE_SCM_IN | PALE_USE_SCM_OUT)) != 0)
			name = one->name;
	}
	if (name == NULL)
		return 0;
	if ((options->best_effort & PALE_LOSS_PASSING) != 0)
		return pale_plan_notice(plan, err,
		    "descriptors can be passed in and out by %s: before Linux 6.16 no socket can "
		    "refuse them",
		    name);
	pale_fail(err, -EOPNOTSUPP,
	    "nothing here keeps descriptors from being passed by %s: that needs Linux 6.16", name);
	return pale_remedy(
	    err, "grant scm-in and scm-out with it, or accept the loss with --best-effort=passing");
}

/* Which calls are asked about, and which the kernel answers. */
static int
set_gates(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	bool any = plan->doors.socket_count > 0;
	bool connects = false;
	int result = set_passing(plan, compartment, options, err);

	if (result < 0)
		return result;
	if (plan->doors.crosses)
		plan->sys.gates &= ~(1U << GATE_SENDMSG);
	/* A datagram's address lies in memory. */
	if (any || hands_over(plan, compartment))
		plan->sys.gates &= ~(1U << GATE_SENDTO | 1U << GATE_SENDMSG);
	if (!any)
		return 0;
	plan->sys.gates |= 1U << GATE_DGRAM;
	/* What comes in may be a directory, and from there everything outside could be reached. */
	if (!pale_native_none(plan, PALE_USE_SCM_IN))
		plan->landlock_fs |= pale_landlock_fs_bits(options->landlock_abi);
	/* A socket can get an abstract name by itself, and whoever connects to that is no door. */
	if (!pale_native_none(plan, PALE_USE_SCM_IN | PALE_USE_SCM_OUT))
		plan->sys.gates &= ~(1U << GATE_LISTEN);
	if (pale_native_why_not(plan, compartment, options, &plan->native_not) < 0)
		return pale_fail(err, -ENOMEM, "out of memory");
	if (plan->native_not != NULL)
		return 0;
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		struct pale_endpoint *one = &plan->endpoints[i];

		one->native = is_unix_path(one) && (one->use & PALE_USE_CONNECT) != 0;
		connects |= one->native;
	}
	if (!connects)
		return 0;
	/* No descriptor may come in there, so each socket is closed before it is connected. */
	plan->doors.native = true;
	plan->sys.gates &= ~(1U << GATE_SOCKET | 1U << GATE_LISTEN);
	return 0;
}

/*
 * Endpoints of the other kinds: hosts by run/net.h, queues and objects of System V by run/ipc.h.
 * What nothing enforces yet is refused.
 */
static int
make_others(struct pale_plan *plan, struct pale_err *err)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];

		if (one->kind == PALE_GRANT_UNIX || one->kind == PALE_GRANT_FIFO ||
		    one->kind == PALE_GRANT_TCP || one->kind == PALE_GRANT_UDP ||
		    pale_ipc_is_kind(one->kind))
			continue;
		return pale_fail(err, -EOPNOTSUPP, "%s: nothing enforces %s '%s' here", one->origin,
		    pale_endpoint_word(one->kind), one->name);
	}
	return 0;
}

int
pale_doors_make(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	int result = make_sockets(plan, err);

	if (result == 0)
		result = make_others(plan, err);
	if (result == 0)
		result = pale_net_plan(plan, compartment, options, err);
	if (result == 0)
		result = set_gates(plan, compartment, options, err);
	return result < 0 ? result : pale_ipc_plan(plan, compartment, options, err);
}
