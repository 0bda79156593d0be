/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of one execution: its first process mounts what is fresh, fills the world, starts the
 * adversary and the victim, and reaps until all of the victim's processes are gone. It is the init
 * of the pid namespace: when it is killed nothing is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/path.h"
#include "kernel/notify.h"
#include "kernel/seccomp.h"
#include "kernel/uapi.h"
#include "race/room.h"

enum {
	PALE_RACE_FILE_MAX = 64 << 20, /* no victim fills the memory with one file */
};

static _Noreturn void
give_up(struct pale_race_world *world, const struct pale_race_ends *ends, const char *what)
{
	world->room->code = pale_fail_errno(&world->room->err, "cannot %s in the world", what);
	(void)!write(ends->init, "E", 1);
	_exit(1);
}

static bool
is_hidden(const char *path)
{
	return pale_path_is_beneath(path, "/tmp") || pale_path_is_beneath(path, "/run") ||
	    pale_path_is_beneath(path, "/dev/shm");
}

static int
make_parents(const char *path, mode_t mode)
{
	char part[4096];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST && errno != EROFS)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Fresh mounts. A program or script that lies beneath one of them is carried over by itself. */
static const char *
make_mounts(const struct pale_race_world *world)
{
	const char *carry[2] = { world->program, world->setup->script };
	int tree[2] = { -1, -1 };

	for (int i = 0; i < 2; i++)
		if (carry[i] != NULL && is_hidden(carry[i])) {
			tree[i] = (int)syscall(
			    SYS_open_tree, AT_FDCWD, carry[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
			if (tree[i] < 0)
				return "carry the program over";
		}
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return "mount /proc";
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NODEV, "size=128m,mode=1777") < 0)
		return "mount /tmp";
	if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NODEV | MS_NOSUID, "size=64m,mode=1777") < 0)
		return "mount /dev/shm";
	if (mount("tmpfs", "/run", "tmpfs", MS_NODEV | MS_NOSUID, "size=64m,mode=755") < 0)
		return "mount /run";
	for (int i = 0; i < 2; i++) {
		if (tree[i] < 0)
			continue;
		if (make_parents(carry[i], 0755) < 0 || mknod(carry[i], S_IFREG | 0755, 0) < 0 ||
		    syscall(SYS_move_mount, tree[i], "", AT_FDCWD, carry[i],
			MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return "carry the program over";
		close(tree[i]);
	}
	return NULL;
}

static int
make_file(const char *path, uid_t uid, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0 || fchown(fd, uid, uid) < 0 || fchmod(fd, mode) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int
make_dir(const char *path, uid_t uid, mode_t mode)
{
	if ((mkdir(path, mode) < 0 && errno != EEXIST) || chown(path, uid, uid) < 0 ||
	    chmod(path, mode) < 0)
		return -errno;
	return 0;
}

/* The adversary's own: a file with its mark, and a program that says who ran it. */
static int
make_lair(uid_t adversary)
{
	if (make_dir(PALE_RACE_LAIR, adversary, 0755) < 0 ||
	    make_dir(PALE_RACE_LAIR "/ran", adversary, 01777) < 0 ||
	    make_file(PALE_RACE_LAIR "/own", adversary, 0666, PALE_RACE_MARK "\n") < 0 ||
	    make_file(PALE_RACE_LAIR "/program", adversary, 0755,
		"#!/bin/sh\n: >" PALE_RACE_LAIR "/ran/$$\n") < 0)
		return -errno;
	return 0;
}

static int
run_script(const struct pale_race_world *world)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char *argv[] = { (char *)(uintptr_t)world->setup->script, NULL };

		execve(argv[0], argv, world->env);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	errno = ECANCELED;
	return status == 0 ? 0 : -ECANCELED;
}

static const char *
fill(const struct pale_race_world *world)
{
	const struct pale_race_setup *setup = world->setup;
	mode_t open = setup->sticky ? 01777 : 0777;
	uid_t victim = setup->root_victim ? 0 : setup->victim;
	char path[512];

	if (make_lair(setup->adversary) < 0)
		return "make what the adversary owns";
	if (make_dir(PALE_RACE_DIR, victim, 0755) < 0 || chdir(PALE_RACE_DIR) < 0)
		return "make the directory";
	if (setup->script != NULL) {
		if (run_script(world) < 0)
			return "run the setup script";
	} else if (make_dir("shared", 0, open) < 0 || make_dir("home", victim, 0700) < 0 ||
	    make_file("home/secret", victim, 0600, PALE_RACE_SECRET "\n") < 0) {
		return "make the first files";
	}
	for (size_t i = 0; i < setup->shared_count; i++) {
		snprintf(path, sizeof(path), "%s/", setup->shared[i]);
		if (make_parents(path, 0755) < 0 || chmod(setup->shared[i], open) < 0)
			return "make a shared directory";
	}
	return NULL;
}

static _Noreturn void
be_victim(struct pale_race_world *world, const struct pale_race_ends *ends)
{
	const struct pale_race_setup *setup = world->setup;
	struct rlimit none = { 0, 0 }, files = { PALE_RACE_FILE_MAX, PALE_RACE_FILE_MAX };
	int listener = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(ends->output, 1) < 0 ||
	    dup2(ends->output, 2) < 0 || dup3(ends->init, PALE_RACE_PASS_FD, O_CLOEXEC) < 0)
		give_up(world, ends, "set up the victim's descriptors");
	close_range(3, PALE_RACE_PASS_FD - 1, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &files);
	/* Addresses are no part of what is looked for, and the same run is to be the same. */
	(void)personality(ADDR_NO_RANDOMIZE);
	if (pale_seccomp_install(world->filter, world->filter_count,
		SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &listener, NULL) < 0 ||
	    pale_notify_pass(PALE_RACE_PASS_FD, &listener, 1, NULL) < 0)
		_exit(126);
	close(listener);
	close(PALE_RACE_PASS_FD);
	/* From here the gate passes everything, and stops with the exec that carries its mark. */
	if (!setup->root_victim &&
	    (setgroups(0, NULL) < 0 || setresgid(setup->victim, setup->victim, setup->victim) < 0 ||
		setresuid(setup->victim, setup->victim, setup->victim) < 0))
		_exit(126);
	syscall(SYS_execve, world->program, setup->argv, world->env, 0, 0, PALE_UNHEARD_EXEC);
	world->room->exec_errno = errno;
	_exit(127);
}

/* A child that waiting for any child does not see: the adversary stays until the end. */
static pid_t
fork_unseen(void)
{
	return (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, 0);
}

void
pale_race_inside(struct pale_race_world *world, const struct pale_race_ends *ends)
{
	struct pale_race_room *room = world->room;
	const char *failed;
	pid_t victim, pid;
	int status;
	char none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* A keeper that ended before that sends no signal. */
	if (recv(ends->init, &none, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		_exit(1);
	failed = make_mounts(world);
	if (failed == NULL)
		failed = fill(world);
	if (failed != NULL)
		give_up(world, ends, failed);
	pid = fork_unseen();
	if (pid == 0)
		pale_race_adversary(world->setup, ends->adversary);
	victim = pid < 0 ? -1 : fork();
	if (victim == 0)
		be_victim(world, ends);
	if (victim < 0)
		give_up(world, ends, "start processes");
	close(ends->adversary);
	close(ends->output);
	for (;;) {
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno != EINTR)
			break;
		if (pid == victim) {
			room->outcome.status = status;
			room->first_ended = true;
			(void)!write(ends->init, "F", 1);
		}
	}
	(void)!write(ends->init, "D", 1);
	for (;;)
		pause();
}
