/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world from outside: made, used, given back. All that needs rights happens in its keeper, which
 * ends when its socket does, so that nothing is left of a caller that is killed.
 */
#include "race/world.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "race/room.h"

/* The program as an absolute path: by PATH of the victim's environment, as execvp would. */
static int
find_program(const struct pale_race_setup *setup, char ret[4096], struct pale_err *err)
{
	const char *name = setup->argv[0], *path = "/usr/local/bin:/usr/bin:/bin";
	char found[PATH_MAX], try[PATH_MAX];

	for (size_t i = 0; setup->env != NULL && setup->env[i] != NULL; i++)
		if (strncmp(setup->env[i], "PATH=", 5) == 0)
			path = setup->env[i] + 5;
	if (strchr(name, '/') != NULL) {
		if (realpath(name, found) == NULL)
			return pale_fail_errno(err, "cannot find '%s'", name);
	} else {
		found[0] = '\0';
		while (*path != '\0' && found[0] == '\0') {
			size_t len = strcspn(path, ":");

			if ((size_t)snprintf(try, sizeof(try), "%.*s/%s", (int)len, path, name) <
				sizeof(try) &&
			    access(try, X_OK) == 0)
				(void)!realpath(try, found);
			path += len + (path[len] == ':');
		}
		if (found[0] == '\0')
			return pale_fail(err, -ENOENT, "there is no program '%s' in PATH", name);
		/* busybox and its like go by the name they are called by. */
		snprintf(found, sizeof(found), "%s", try);
	}
	if (access(found, X_OK) < 0)
		return pale_fail_errno(err, "cannot execute '%s'", found);
	snprintf(ret, 4096, "%s", found);
	return 0;
}

static int
make_env(struct pale_race_world *world)
{
	size_t count = 0;

	while (world->setup->env != NULL && world->setup->env[count] != NULL)
		count++;
	world->env = calloc(count + 2, sizeof(*world->env));
	if (world->env == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		world->env[i] = world->setup->env[i];
	snprintf(world->pale_world, sizeof(world->pale_world), "PALE_WORLD=%s", PALE_RACE_DIR);
	world->env[count] = world->pale_world;
	return 0;
}

static int
start_keeper(struct pale_race_world *world, struct pale_err *err)
{
	int pair[2];
	char turn;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return pale_fail_errno(err, "cannot make a socket");
	world->keeper = fork();
	if (world->keeper < 0) {
		close(pair[0]);
		close(pair[1]);
		return pale_fail_errno(err, "cannot start a process");
	}
	if (world->keeper == 0) {
		world->control = pair[1];
		pale_race_keep(world);
		_exit(0);
	}
	close(pair[1]);
	world->control = pair[0];
	if (recv(world->control, &turn, 1, 0) != 1)
		return pale_fail(err, -EPIPE, "the keeper of the world ended");
	if (world->room->code != 0 && err != NULL)
		*err = world->room->err;
	return world->room->code;
}

int
pale_race_world_new(
    const struct pale_race_setup *setup, struct pale_race_world **ret, struct pale_err *err)
{
	struct pale_race_world *world;
	int rc;

	if (geteuid() != 0) {
		pale_fail(err, -EPERM, "two users are needed, and only root can be both here");
		return pale_remedy(err, "run as root, in a container or a virtual machine");
	}
	if (setup->victim == setup->adversary || setup->adversary == 0)
		return pale_fail(err, -EINVAL, "the adversary must be a user of its own");
	world = calloc(1, sizeof(*world));
	if (world == NULL)
		return pale_fail(err, -ENOMEM, "no memory for a world");
	world->setup = setup;
	world->control = -1;
	world->room = mmap(NULL, sizeof(*world->room), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (world->room == MAP_FAILED) {
		world->room = NULL;
		rc = pale_fail_errno(err, "no memory for a world");
	} else {
		rc = find_program(setup, world->program, err);
	}
	if (rc == 0 && make_env(world) < 0)
		rc = pale_fail(err, -ENOMEM, "no memory for a world");
	if (rc == 0)
		rc = pale_race_filter(
		    world->filter, PALE_RACE_FILTER_MAX, &world->filter_count, err);
	if (rc == 0)
		rc = start_keeper(world, err);
	if (rc < 0) {
		pale_race_world_free(world);
		return rc;
	}
	*ret = world;
	return 0;
}

void
pale_race_world_free(struct pale_race_world *world)
{
	if (world == NULL)
		return;
	if (world->control >= 0)
		close(world->control);
	if (world->keeper > 0)
		while (waitpid(world->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	if (world->room != NULL)
		munmap(world->room, sizeof(*world->room));
	free(world->env);
	free(world);
}
