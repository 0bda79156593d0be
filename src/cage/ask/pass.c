/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may pass descriptors to whom; see pass.h.
 *
 * Whether the other side of a socket is in the cage is told by, in this order:
 *   - a socket that the program came with is never;
 *   - one that is open for descriptors is, as every socket that crosses was closed (and no door
 *     lets descriptors in, which could be sockets that nobody closed);
 *   - one that was connected through a door that lets them out may send them (a small ring of
 *     cookies, the kernel's own names of sockets; what falls out of it is refused), and so may one
 *     that was accepted where a door was bound (the kernel's socket diagnosis says so);
 *   - the process that connected or listened there: ourselves, on behalf of the cage, or one that
 *     lives in the caller's pid namespace.
 *
 * Attacks: a socket that is bound by such a door, and connected elsewhere; one connected to an
 * outsider while another thread has it opened, or while a message waits in it (a socket with a call
 * under way is neither bound nor connected again); a datagram socket that changes its peer, or gets
 * a name that everybody can send to (never opened); an end of a pair that is passed out and then
 * leads in (no UNIX socket is, unless descriptors may come in there too); a number of a process
 * that is another's by now, or was before (pidfds are compared).
 */
#include "cage/ask/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/uapi.h"
#include "kernel/unix_diag.h"

static int
number_of(int sock, int option, int otherwise)
{
	int value = otherwise;
	socklen_t size = sizeof(value);

	return getsockopt(sock, SOL_SOCKET, option, &value, &size) == 0 ? value : otherwise;
}

static int
set_rights(int sock, int value)
{
	return setsockopt(sock, SOL_SOCKET, SO_PASSRIGHTS, &value, sizeof(value)) < 0 ? -errno : 0;
}

void
pale_pass_open(int sock)
{
	/* A datagram socket can have another peer any time, and one whose peer is gone hears all.
	 */
	if (number_of(sock, SO_TYPE, SOCK_DGRAM) != SOCK_DGRAM)
		(void)set_rights(sock, 1);
}

static bool
is_open(int sock)
{
	return number_of(sock, SO_PASSRIGHTS, 0) == 1;
}

bool
pale_pass_is_connected(int sock)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return getpeername(sock, (struct sockaddr *)&peer, &size) == 0;
}

/* Is a worker about to connect the same socket, or to send? */
static bool
is_under_way(const struct pale_supervisor *supervisor, int sock)
{
	struct stat ours;
	struct stat other;

	if (supervisor->waiting_count == 0)
		return false;
	if (fstat(sock, &ours) < 0)
		return true;
	for (size_t i = 0; i < PALE_WAITING_MAX; i++) {
		if (supervisor->waiting[i].worker != 0 &&
		    fstat(supervisor->waiting[i].fd, &other) == 0 && other.st_ino == ours.st_ino &&
		    other.st_dev == ours.st_dev)
			return true;
	}
	return false;
}

static bool
grants(const struct pale_door_socket *door, enum pale_door_use use)
{
	return door != NULL && (door->use & (unsigned)use) != 0;
}

/* Do all doors, or any, have a use? */
static size_t
count_doors(const struct pale_supervisor *supervisor, enum pale_door_use use)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisor->doors->socket_count; i++)
		count += grants(&supervisor->doors->sockets[i], use);
	return count;
}

static bool
all_or_none(const struct pale_supervisor *supervisor, enum pale_door_use use)
{
	size_t count = count_doors(supervisor, use);

	return count == 0 || count == supervisor->doors->socket_count;
}

bool
pale_pass_is_native(const struct pale_supervisor *supervisor, const struct pale_ask_target *target)
{
	/* The kernel does not tell which door it was, so they must be alike. */
	return supervisor->doors->native && target->is_mount &&
	    (target->door->use & PALE_DOOR_FOLLOW) == 0 &&
	    all_or_none(supervisor, PALE_DOOR_SCM_IN) && all_or_none(supervisor, PALE_DOOR_SCM_OUT);
}

static bool
was_connected_by_door(const struct pale_supervisor *supervisor, int sock)
{
	uint64_t cookie = pale_unix_cookie(sock);

	for (size_t i = 0; cookie != 0 && i < PALE_PASSING_MAX; i++) {
		if (supervisor->passing[i] == cookie)
			return true;
	}
	return false;
}

static void
remember(struct pale_supervisor *supervisor, int sock)
{
	if (was_connected_by_door(supervisor, sock))
		return;
	supervisor->passing[supervisor->passing_next] = pale_unix_cookie(sock);
	supervisor->passing_next = (supervisor->passing_next + 1) % PALE_PASSING_MAX;
}

static void
forget(struct pale_supervisor *supervisor, int sock)
{
	uint64_t cookie;

	if (count_doors(supervisor, PALE_DOOR_SCM_OUT) == 0)
		return;
	cookie = pale_unix_cookie(sock);
	for (size_t i = 0; i < PALE_PASSING_MAX; i++) {
		if (supervisor->passing[i] == cookie)
			supervisor->passing[i] = 0;
	}
}

static bool is_bound_by_door(struct pale_supervisor *supervisor, int sock);

int
pale_pass_before_connect(
    struct pale_supervisor *supervisor, int sock, const struct pale_ask_target *target)
{
	bool in = grants(target->door, PALE_DOOR_SCM_IN) && !supervisor->doors->native;

	if (!supervisor->doors->crosses)
		return 0;
	/* A message that waits in it goes to the peer that it then has. */
	if (is_under_way(supervisor, sock))
		return -EALREADY;
	if (number_of(sock, SO_TYPE, SOCK_DGRAM) == SOCK_DGRAM)
		return pale_pass_before_send(supervisor, sock);
	if (pale_pass_is_connected(sock))
		return -EISCONN;
	/* Where it is bound says of what it accepts that descriptors may go there. */
	if (!grants(target->door, PALE_DOOR_SCM_OUT) && is_bound_by_door(supervisor, sock))
		return -EINVAL;
	forget(supervisor, sock);
	return set_rights(sock, in) < 0 && !in ? -EACCES : 0;
}

int
pale_pass_before_send(struct pale_supervisor *supervisor, int sock)
{
	if (!supervisor->doors->crosses)
		return 0;
	/* It may have had another peer. */
	forget(supervisor, sock);
	return set_rights(sock, 0) < 0 ? -EACCES : 0;
}

bool
pale_pass_opens(const struct pale_supervisor *supervisor, const struct pale_ask_target *target)
{
	return supervisor->doors->crosses &&
	    (target->hidden || grants(target->door, PALE_DOOR_SCM_IN));
}

void
pale_pass_may_connect(
    struct pale_supervisor *supervisor, int sock, const struct pale_ask_target *target)
{
	if (supervisor->doors->crosses && grants(target->door, PALE_DOOR_SCM_OUT))
		remember(supervisor, sock);
}

/* --- The process at the other side --- */

/* The pid namespace of a process that still lives, as an inode; 0 where we may not look. */
static ino_t
namespace_of(int pidfd)
{
	PALE_CLOSE int fd = pidfd < 0 ? -1 : ioctl(pidfd, PIDFD_GET_PID_NAMESPACE, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/*
 * The number that pidfds of a process have as their inode: no other process ever gets it. 0 before
 * Linux 6.9, where all have the same.
 */
static ino_t
number_of_process(int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (pidfd < 0 || fstatfs(pidfd, &fs) < 0 || (uint32_t)fs.f_type != PID_FS_MAGIC)
		return 0;
	return fstat(pidfd, &st) == 0 ? st.st_ino : 0;
}

static ino_t
own_number(struct pale_supervisor *supervisor)
{
	if (supervisor->own_number == 0) {
		PALE_CLOSE int ours = (int)syscall(SYS_pidfd_open, getpid(), 0);

		supervisor->own_number = number_of_process(ours);
	}
	return supervisor->own_number;
}

static bool
is_peer_inside(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock)
{
	PALE_CLOSE int pidfd = number_of(sock, SO_PEERPIDFD, -1);
	ino_t theirs;
	ino_t number;
	bool inside;

	if (pidfd < 0)
		return false;
	/* Ours: we have connected or listened for the cage. Somebody who is dead may have had our
	 * number before. Who was found to be inside stays there. */
	number = own_number(supervisor) == 0 ? 0 : number_of_process(pidfd);
	if (number != 0 &&
	    (number == supervisor->own_number || number == supervisor->inside_number))
		return true;
	theirs = namespace_of(pidfd);
	/* All callers live in one. */
	if (supervisor->pid_namespace == 0 && supervisor->last.tid == call->tid &&
	    pale_ask_holds(supervisor, call))
		supervisor->pid_namespace = namespace_of(supervisor->last.pidfd);
	inside = theirs != 0 && theirs == supervisor->pid_namespace;
	if (inside)
		supervisor->inside_number = number;
	return inside;
}

void
pale_pass_connected(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_target *target)
{
	if (!supervisor->doors->crosses)
		return;
	pale_pass_may_connect(supervisor, sock, target);
	if (grants(target->door, PALE_DOOR_SCM_IN))
		pale_pass_open(sock);
	/* A server in a grant that can be changed may be the cage's own or not. */
	if (target->door == NULL && !target->hidden &&
	    number_of(sock, SO_TYPE, SOCK_DGRAM) != SOCK_DGRAM &&
	    is_peer_inside(supervisor, call, sock))
		pale_pass_open(sock);
}

/* --- Where a socket is bound --- */

static bool
is_bound_inside(struct pale_supervisor *supervisor, int sock)
{
	dev_t dev;
	ino_t ino;

	return pale_unix_bound_at(&supervisor->diag, sock, &dev, &ino) &&
	    pale_ask_is_hidden(supervisor, dev);
}

/* The kernel tells the lower half of a number only, and this one uses the upper, too. */
static bool
has_long_inodes(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || (uint32_t)fs.f_type == XFS_SUPER_MAGIC;
}

/* Is it, or was it accepted from, a socket bound by a door that lets descriptors out? */
static bool
is_bound_by_door(struct pale_supervisor *supervisor, int sock)
{
	dev_t dev;
	ino_t ino;

	/* One of datagrams accepts nothing, and has any peer. */
	if (count_doors(supervisor, PALE_DOOR_SCM_OUT) == 0 ||
	    number_of(sock, SO_TYPE, SOCK_DGRAM) == SOCK_DGRAM)
		return false;
	if (!pale_unix_bound_at(&supervisor->diag, sock, &dev, &ino))
		return false;
	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		const struct pale_door_socket *door = &supervisor->doors->sockets[i];
		PALE_CLOSE int fd = -1;
		struct stat st;

		if (grants(door, PALE_DOOR_BIND) && grants(door, PALE_DOOR_SCM_OUT) &&
		    door->dir >= 0 && pale_ask_open_door(door, &fd) == 0 && fstat(fd, &st) == 0 &&
		    st.st_dev == dev && st.st_ino == ino && !has_long_inodes(fd))
			return true;
	}
	return false;
}

int
pale_pass_before_bind(
    struct pale_supervisor *supervisor, int sock, const struct pale_door_socket *door)
{
	if (!supervisor->doors->crosses)
		return 0;
	/* Nobody connects to a name of what is connected itself. */
	if (pale_pass_is_connected(sock))
		return grants(door, PALE_DOOR_SCM_OUT) &&
			number_of(sock, SO_TYPE, SOCK_DGRAM) != SOCK_DGRAM
		    ? -EINVAL
		    : 0;
	if (is_under_way(supervisor, sock))
		return -EALREADY;
	if (grants(door, PALE_DOOR_SCM_IN))
		return 0;
	return set_rights(sock, 0) < 0 ? -EACCES : 0;
}

void
pale_pass_bound(struct pale_supervisor *supervisor, int sock)
{
	/* Where the kernel connects, it may be about to connect this. */
	if (supervisor->doors->crosses && !supervisor->doors->native &&
	    !pale_pass_is_connected(sock) && is_bound_inside(supervisor, sock))
		pale_pass_open(sock);
}

void
pale_pass_listens(struct pale_supervisor *supervisor, int sock)
{
	if (supervisor->doors->crosses && !is_open(sock) && is_bound_inside(supervisor, sock))
		pale_pass_open(sock);
}

/* --- Out --- */

/* Did the program come with it? */
static bool
is_inherited(const struct pale_supervisor *supervisor, int sock)
{
	struct stat st;

	if (supervisor->inherited_count > PALE_INHERITED_MAX || fstat(sock, &st) < 0)
		return true;
	for (size_t i = 0; i < supervisor->inherited_count; i++) {
		if (supervisor->inherited[i] == st.st_ino)
			return true;
	}
	return false;
}

void
pale_pass_inherit(struct pale_supervisor *supervisor, int fd)
{
	struct stat st;

	if (!supervisor->doors->crosses || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	/* That of another family takes no descriptors. */
	(void)set_rights(fd, 0);
	if (supervisor->inherited_count < PALE_INHERITED_MAX)
		supervisor->inherited[supervisor->inherited_count] = st.st_ino;
	/* One more than there is room for: nothing is known, so all are taken for such. */
	if (supervisor->inherited_count <= PALE_INHERITED_MAX)
		supervisor->inherited_count++;
}

/* A UNIX socket outside would let descriptors in, by its other end. */
static bool
holds_unix(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (number_of(fds[i], SO_DOMAIN, -1) == AF_UNIX)
			return true;
	}
	return false;
}

/* Does each door that lets descriptors out let them in, too? */
static bool
every_way_is_both(const struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		const struct pale_door_socket *door = &supervisor->doors->sockets[i];

		if (grants(door, PALE_DOOR_SCM_OUT) && !grants(door, PALE_DOOR_SCM_IN))
			return false;
	}
	return true;
}

/* Does a socket lead to a door that lets descriptors out? */
static bool
leads_to_door(struct pale_supervisor *supervisor, int sock)
{
	/* Where the kernel connects nothing else outside can be reached. */
	if (supervisor->doors->native)
		return all_or_none(supervisor, PALE_DOOR_SCM_OUT);
	return was_connected_by_door(supervisor, sock) || is_bound_by_door(supervisor, sock);
}

int
pale_pass_judge(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    int type, const struct pale_ask_target *target, const int *fds, size_t count)
{
	if (!supervisor->doors->crosses)
		return 0;
	if (target != NULL)
		return grants(target->door, PALE_DOOR_SCM_OUT) &&
			(grants(target->door, PALE_DOOR_SCM_IN) || !holds_unix(fds, count))
		    ? 0
		    : -EPERM;
	if (is_inherited(supervisor, sock))
		return -EPERM;
	if (count_doors(supervisor, PALE_DOOR_SCM_IN) == 0 && is_open(sock))
		return 0;
	if (count_doors(supervisor, PALE_DOOR_SCM_OUT) > 0 &&
	    (every_way_is_both(supervisor) || !holds_unix(fds, count)) &&
	    leads_to_door(supervisor, sock))
		return 0;
	if (type == SOCK_DGRAM)
		return -EPERM;
	return is_peer_inside(supervisor, call, sock) ? 0 : -EPERM;
}
