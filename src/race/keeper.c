/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keeper of a world: makes the template (everything read-only, a /dev of a few harmless
 * devices, few capabilities to inherit, one processor) and runs executions as it is told. It holds
 * no descriptor but its socket, so that no other world's keeper is kept alive by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/capability.h>

#include "kernel/uapi.h"
#include "race/room.h"

/* What a root victim or a setup script may still have: nothing that reaches out of the world. */
static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
	CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE, CAP_IPC_OWNER };

static void
drop_bounds(void)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool keep = false;

		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			keep |= kept[i] == cap;
		if (!keep)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
}

/* Victim, gate and adversary take turns; on one processor that costs half. */
static void
pin(pid_t number)
{
	cpu_set_t all, one;
	unsigned want;

	if (sched_getaffinity(0, sizeof(all), &all) < 0 || CPU_COUNT(&all) == 0)
		return;
	want = (unsigned)number % (unsigned)CPU_COUNT(&all);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || want-- != 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static int
make_dev(struct pale_err *err)
{
	static const struct {
		const char *name;
		unsigned minor;
	} nodes[] = { { "null", 3 }, { "zero", 5 }, { "full", 7 }, { "random", 8 },
		{ "urandom", 9 } };
	char path[64];

	if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,mode=755") < 0)
		return pale_fail_errno(err, "cannot mount a /dev of the world");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		snprintf(path, sizeof(path), "/dev/%s", nodes[i].name);
		if (mknod(path, S_IFCHR | 0666, makedev(1, nodes[i].minor)) < 0 ||
		    chmod(path, 0666) < 0)
			return pale_fail_errno(err, "cannot make %s of the world", path);
	}
	if (mkdir("/dev/shm", 0755) < 0 || symlink("/proc/self/fd", "/dev/fd") < 0 ||
	    symlink("/proc/self/fd/0", "/dev/stdin") < 0 ||
	    symlink("/proc/self/fd/1", "/dev/stdout") < 0 ||
	    symlink("/proc/self/fd/2", "/dev/stderr") < 0)
		return pale_fail_errno(err, "cannot fill /dev of the world");
	return 0;
}

static int
make_template(struct pale_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (unshare(CLONE_NEWNS) < 0)
		return pale_fail_errno(err, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return pale_fail_errno(err, "cannot make the mounts private");
	if (make_dev(err) < 0)
		return err->code;
	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return pale_fail_errno(err, "cannot make the machine's files read-only");
	return 0;
}

void
pale_race_keep(struct pale_race_world *world)
{
	struct pale_race_room *room = world->room;
	char turn = PALE_RACE_TURN;

	if (world->control != 3) {
		dup3(world->control, 3, O_CLOEXEC);
		world->control = 3;
	}
	close_range(4, ~0U, 0);
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setsid();
	umask(022);
	pin(getpid());
	drop_bounds();
	if (chdir("/") < 0)
		room->code = pale_fail_errno(&room->err, "cannot enter /");
	else
		room->code = make_template(&room->err);
	if (send(world->control, &turn, 1, MSG_NOSIGNAL) != 1 || room->code < 0)
		return;
	while (recv(world->control, &turn, 1, 0) == 1) {
		memset(&room->outcome, 0, sizeof(room->outcome));
		room->code = 0;
		room->exec_errno = 0;
		room->first_ended = false;
		pale_race_gate(world);
		if (send(world->control, &turn, 1, MSG_NOSIGNAL) != 1)
			return;
	}
}
