/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One execution of `pale race` on this kernel: the world, the stops, the adversary's actions and
 * what DAC makes of them. Needs root: two users are needed.
 */
#include "race/execute.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static char victim[PATH_MAX];
static char *env[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
static char *command[8];
static struct pale_race_setup setup = {
	.argv = command, .env = env, .victim = 65530, .adversary = 65531
};

/* A world for "PROGRAM ARG...". */
static struct pale_race_world *
world_of(const char *program, const char *a, const char *b)
{
	struct pale_race_world *world = NULL;
	struct pale_err err = { 0 };
	int rc;

	command[0] = (char *)(uintptr_t)program;
	command[1] = (char *)(uintptr_t)a;
	command[2] = (char *)(uintptr_t)b;
	rc = pale_race_world_new(&setup, &world, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	return world;
}

static struct pale_race_outcome
run(struct pale_race_world *world, const char *stop, enum pale_race_action action)
{
	struct pale_race_plan plan = { .count = stop != NULL };
	struct pale_race_outcome outcome;
	struct pale_err err = { 0 };
	int rc;

	if (stop != NULL)
		snprintf(plan.acts[0].stop, sizeof(plan.acts[0].stop), "%s", stop);
	plan.acts[0].action = action;
	rc = pale_race_execute(world, &plan, &outcome, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	return outcome;
}

static const struct pale_race_stop *
stop_of(const struct pale_race_outcome *outcome, const char *id)
{
	for (size_t i = 0; i < outcome->stop_count; i++)
		if (strcmp(outcome->stops[i].id, id) == 0)
			return &outcome->stops[i];
	return NULL;
}

static const struct pale_race_object *
object_of(const struct pale_race_outcome *outcome, const char *path)
{
	for (size_t i = 0; i < outcome->object_count; i++)
		if (strcmp(outcome->objects[i].path, path) == 0)
			return &outcome->objects[i];
	return NULL;
}

/* One world, one execution. */
static struct pale_race_outcome
once(const char *a, const char *stop, enum pale_race_action action)
{
	struct pale_race_world *world = world_of(victim, a, NULL);
	struct pale_race_outcome outcome = run(world, stop, action);

	pale_race_world_free(world);
	return outcome;
}

TEST(undisturbed, "/bin/true runs undisturbed, and touches nothing that is shared")
{
	struct pale_race_world *world = world_of("true", NULL, NULL);
	struct pale_race_outcome outcome = run(world, NULL, PALE_RACE_NOTHING);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert(!outcome.hangs && !outcome.limited && !outcome.touched_shared);
	ck_assert_ptr_nonnull(stop_of(&outcome, "1:exit_group:#1"));
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(output, "what the victim reads of its home comes out on its standard output")
{
	struct pale_race_world *world = world_of("cat", "home/secret", NULL);
	struct pale_race_outcome outcome = run(world, NULL, PALE_RACE_NOTHING);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_uint_gt(outcome.output_bytes, 8);
	ck_assert(memcmp(outcome.output, "pale-secret", 11) == 0);
	ck_assert(!outcome.secret_got);
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(reachable, "a stop on a name in a shared directory is one that the adversary can reach")
{
	struct pale_race_outcome outcome = once("fifo", NULL, PALE_RACE_NOTHING);
	const struct pale_race_stop *made = stop_of(&outcome, "1:mknodat:/tmp/world/shared/x#1");
	const struct pale_race_stop *opened = stop_of(&outcome, "1:openat:/tmp/world/shared/x#1");

	ck_assert_ptr_nonnull(made);
	ck_assert_ptr_nonnull(opened);
	ck_assert(made->reachable && opened->reachable && outcome.touched_shared);
	ck_assert_str_eq(opened->path[0], "/tmp/world/shared/x");
	ck_assert_ptr_nonnull(strstr(opened->text, "O_RDWR"));
	pale_race_outcome_done(&outcome);
}

TEST(home_is_out_of_reach, "a stop on a name in the victim's home is out of reach")
{
	struct pale_race_outcome outcome = once("leaks", NULL, PALE_RACE_NOTHING);
	const struct pale_race_stop *stop = stop_of(&outcome, "1:openat:/tmp/world/home/secret#1");

	ck_assert_ptr_nonnull(stop);
	ck_assert(!stop->reachable);
	pale_race_outcome_done(&outcome);
}

TEST(same_stops, "a shell with children and random names makes the same stops twice")
{
	struct pale_race_world *world = world_of(
	    "sh", "-c", "mktemp shared/XXXXXXXX; (id; ls shared) | cat; echo $$ >shared/$$");
	struct pale_race_outcome one = run(world, NULL, PALE_RACE_NOTHING);
	struct pale_race_outcome two = run(world, NULL, PALE_RACE_NOTHING);

	/* Both ends of the pipe run at once; what each of them does is the same. */
	ck_assert_uint_gt(one.stop_count, 10);
	ck_assert_uint_eq(one.stop_count, two.stop_count);
	for (size_t i = 0; i < one.stop_count; i++)
		ck_assert_msg(stop_of(&two, one.stops[i].id) != NULL, "%s", one.stops[i].id);
	pale_race_outcome_done(&one);
	pale_race_outcome_done(&two);
	pale_race_world_free(world);
}

TEST(unlink_acts, "a name that is removed right before it is opened is not there")
{
	struct pale_race_outcome outcome =
	    once("fifo", "1:openat:/tmp/world/shared/x#1", PALE_RACE_unlink);

	ck_assert_int_eq(outcome.acted[0], PALE_RACE_ACTED);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 1);
	ck_assert_ptr_null(object_of(&outcome, "/tmp/world/shared/x"));
	pale_race_outcome_done(&outcome);
}

TEST(symlink_acts, "a link to what is protected makes the victim overwrite its own secret")
{
	struct pale_race_outcome before = once("writes", NULL, PALE_RACE_NOTHING);
	struct pale_race_outcome after =
	    once("writes", "1:openat:/tmp/world/shared/x#1", PALE_RACE_symlink);
	const struct pale_race_object *was = object_of(&before, "/tmp/world/home/secret");
	const struct pale_race_object *is = object_of(&after, "/tmp/world/home/secret");

	ck_assert_int_eq(after.acted[0], PALE_RACE_ACTED);
	ck_assert_ptr_nonnull(was);
	ck_assert_ptr_nonnull(is);
	ck_assert_uint_ne(was->hash, is->hash);
	ck_assert(was->has_secret);
	pale_race_outcome_done(&before);
	pale_race_outcome_done(&after);
}

TEST(fifo_hangs, "a FIFO in place of a file makes who opens it to write hang, and that is seen")
{
	struct pale_race_outcome outcome =
	    once("writes", "1:openat:/tmp/world/shared/x#1", PALE_RACE_fifo);

	ck_assert_int_eq(outcome.acted[0], PALE_RACE_ACTED);
	ck_assert(outcome.hangs);
	ck_assert_str_eq(outcome.hangs_in, "openat");
	ck_assert_uint_lt(outcome.elapsed_ns, 1500000000);
	pale_race_outcome_done(&outcome);
}

TEST(exchange_is_undone, "an exchanged name is itself again at the next stop")
{
	struct pale_race_outcome outcome =
	    once("fifo", "1:openat:/tmp/world/shared/x#1", PALE_RACE_exchange);
	const struct pale_race_object *object = object_of(&outcome, "/tmp/world/shared/x");

	ck_assert_int_eq(outcome.acted[0], PALE_RACE_ACTED);
	ck_assert_ptr_nonnull(object);
	ck_assert_uint_eq(object->mode, 010600);
	ck_assert_ptr_null(object_of(&outcome, "/tmp/world/shared/x.pale"));
	pale_race_outcome_done(&outcome);
}

TEST(dac_denies, "what DAC does not allow the adversary is denied, and changes nothing")
{
	static const enum pale_race_action actions[] = { PALE_RACE_open_read, PALE_RACE_open_write,
		PALE_RACE_parent_swap, PALE_RACE_chmod_own };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct pale_race_outcome outcome =
		    once("fifo", "1:openat:/tmp/world/shared/x#1", actions[i]);

		ck_assert_msg(outcome.acted[0] == PALE_RACE_DENIED, "%s", outcome.acted_text[0]);
		ck_assert_int_eq(outcome.status, 0);
		pale_race_outcome_done(&outcome);
	}
}

TEST(sticky_denies, "in a sticky directory nobody removes what is the victim's")
{
	struct pale_race_outcome outcome;

	setup.sticky = true;
	outcome = once("fifo", "1:openat:/tmp/world/shared/x#1", PALE_RACE_unlink);
	ck_assert_int_eq(outcome.acted[0], PALE_RACE_DENIED);
	ck_assert_int_eq(outcome.status, 0);
	pale_race_outcome_done(&outcome);
}

TEST(not_reached, "an action at a stop that does not come is not done")
{
	struct pale_race_outcome outcome =
	    once("fifo", "1:openat:/tmp/world/shared/y#1", PALE_RACE_unlink);

	ck_assert_int_eq(outcome.acted[0], PALE_RACE_NOT_REACHED);
	ck_assert_int_eq(outcome.status, 0);
	pale_race_outcome_done(&outcome);
}

TEST(secret_got, "a secret in a file that all may read has come to the adversary")
{
	struct pale_race_outcome outcome = once("leaks", NULL, PALE_RACE_NOTHING);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert(outcome.secret_got);
	pale_race_outcome_done(&outcome);
}

TEST(executed, "a program planted where the victim looks for one runs as the victim")
{
	struct pale_race_world *world =
	    world_of("sh", "-c", "cp /bin/true shared/tool; shared/tool");
	struct pale_race_outcome outcome =
	    run(world, "1.2:execve:/tmp/world/shared/tool#1", PALE_RACE_plant_exec);

	ck_assert_msg(outcome.acted[0] == PALE_RACE_ACTED, "%s", outcome.acted_text[0]);
	ck_assert(outcome.executed);
	pale_race_outcome_done(&outcome);
	outcome = run(world, NULL, PALE_RACE_NOTHING);
	ck_assert(!outcome.executed);
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(mark_shown, "what the adversary wrote and the victim prints is seen")
{
	struct pale_race_world *world = world_of("sh", "-c", "echo a >shared/in; cat shared/in");
	struct pale_race_outcome outcome =
	    run(world, "1.1:openat:/tmp/world/shared/in#1", PALE_RACE_own_file);

	ck_assert_msg(outcome.acted[0] == PALE_RACE_ACTED, "%s", outcome.acted_text[0]);
	ck_assert(outcome.mark_shown);
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(squat_queue, "a message queue that the adversary made first is there")
{
	struct pale_race_outcome outcome = once("queue", NULL, PALE_RACE_NOTHING);

	ck_assert_int_eq(outcome.status, 0);
	pale_race_outcome_done(&outcome);
	outcome = once("queue", "1:msgget:0x1234#1", PALE_RACE_squat_msg);
	ck_assert_int_eq(outcome.acted[0], PALE_RACE_ACTED);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 3);
	pale_race_outcome_done(&outcome);
}

TEST(threads, "threads have names of their own")
{
	struct pale_race_outcome outcome = once("threads", NULL, PALE_RACE_NOTHING);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(stop_of(&outcome, "1t2:openat:/tmp/world/shared/one#1"));
	ck_assert_ptr_nonnull(stop_of(&outcome, "1t3:openat:/tmp/world/shared/two#1"));
	pale_race_outcome_done(&outcome);
}

TEST(vforks, "the child of a vfork stops, before and behind its exec")
{
	struct pale_race_outcome outcome =
	    once("vforks", "1.1:openat:/tmp/world/shared/x#1", PALE_RACE_unlink);
	char id[PALE_RACE_ID_BYTES];

	ck_assert_int_eq(outcome.acted[0], PALE_RACE_ACTED);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 1);
	snprintf(id, sizeof(id), "1.1:execve:");
	for (size_t i = 0; i < outcome.stop_count; i++)
		if (strncmp(outcome.stops[i].id, id, strlen(id)) == 0)
			id[0] = '\0';
	ck_assert_msg(id[0] == '\0', "no stop at the exec");
	pale_race_outcome_done(&outcome);
}

TEST(kept_fd, "a descriptor of the secret that outlives a drop of root and an exec is seen")
{
	struct pale_race_outcome outcome;

	setup.root_victim = true;
	outcome = once("drops", NULL, PALE_RACE_NOTHING);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 2);
	ck_assert(outcome.fd_kept);
	pale_race_outcome_done(&outcome);
	outcome = once("drops and closes", NULL, PALE_RACE_NOTHING);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 2);
	ck_assert(!outcome.fd_kept);
	pale_race_outcome_done(&outcome);
}

TEST(kept_segment, "memory that was attached as root and is kept as a user is seen")
{
	struct pale_race_outcome outcome;

	setup.root_victim = true;
	outcome = once("attaches", NULL, PALE_RACE_NOTHING);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert(outcome.segment_kept);
	pale_race_outcome_done(&outcome);
}

TEST(no_way_out, "a root victim cannot mount, make a device or write to the machine's files")
{
	struct pale_race_world *world = NULL;
	struct pale_race_outcome outcome;

	setup.root_victim = true;
	world = world_of("sh", "-c",
	    "(mount -t tmpfs none /mnt) && echo DID; (mount -o remount,rw /) && echo DID; "
	    "(mknod home/sda b 8 0) && echo DID; (: >/etc/pale-race) && echo DID; true");
	outcome = run(world, NULL, PALE_RACE_NOTHING);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_uint_gt(outcome.output_bytes, 20);
	ck_assert_ptr_null(memmem(outcome.output, outcome.output_bytes, "DID", 3));
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(script, "a setup script makes the world, as its root, before each execution")
{
	char path[] = "/tmp/pale-race-XXXXXX";
	static const char text[] = "#!/bin/sh\nset -e\nmkdir inbox\nchmod 777 inbox\n"
				   "echo $(id -u) >inbox/who\necho \"$PALE_WORLD\" >>inbox/who\n";
	struct pale_race_world *world;
	struct pale_race_outcome outcome;
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	ck_assert_int_eq(fchmod(fd, 0755), 0);
	close(fd);
	setup.script = path;
	world = world_of("cat", "inbox/who", NULL);
	for (int i = 0; i < 2; i++) {
		outcome = run(world, NULL, PALE_RACE_NOTHING);
		ck_assert_int_eq(outcome.status, 0);
		ck_assert_uint_eq(outcome.output_bytes, strlen("0\n/tmp/world\n"));
		ck_assert(memcmp(outcome.output, "0\n/tmp/world\n", 13) == 0);
		ck_assert(outcome.touched_shared);
		pale_race_outcome_done(&outcome);
	}
	pale_race_world_free(world);
	unlink(path);
}

TEST(server, "a program that only waits for others is over where idleness ends the run")
{
	struct pale_race_world *world;
	struct pale_race_outcome outcome;

	setup.until_idle = true;
	world = world_of("sh", "-c", "mkfifo shared/f; cat shared/f");
	outcome = run(world, NULL, PALE_RACE_NOTHING);
	ck_assert(!outcome.hangs && !outcome.limited);
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

TEST(no_program, "a program that is not there, or none, is told before anything runs")
{
	struct pale_race_world *world;
	struct pale_err err = { 0 };

	command[0] = (char[]){ "/nonexistent" };
	ck_assert_int_eq(pale_race_world_new(&setup, &world, &err), -ENOENT);
	command[0] = (char[]){ "/etc/passwd" };
	ck_assert_int_eq(pale_race_world_new(&setup, &world, &err), -EACCES);
}

TEST(bomb, "a program that forks without end meets a limit, and the next run is as ever")
{
	struct pale_race_world *world = world_of("sh", "-c", "f() { f & f; }; f");
	struct pale_race_outcome outcome = run(world, NULL, PALE_RACE_NOTHING);

	ck_assert(outcome.limited);
	pale_race_outcome_done(&outcome);
	outcome = run(world, NULL, PALE_RACE_NOTHING);
	ck_assert(outcome.limited);
	pale_race_outcome_done(&outcome);
	pale_race_world_free(world);
}

static unsigned
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

TEST(nothing_left, "a world that is given back leaves no descriptor and no process")
{
	unsigned before = count_fds();
	struct pale_race_outcome outcome;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	outcome = once("fifo", NULL, PALE_RACE_NOTHING);
	pale_race_outcome_done(&outcome);
	ck_assert_uint_eq(count_fds(), before);
	ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
	ck_assert_int_eq(errno, ECHILD);
}

/* How deep is the tree of processes below this one? */
static unsigned
depth_below(pid_t pid)
{
	char path[64], line[4096] = "", *at = line, *end;
	unsigned depth = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	if (file != NULL)
		fclose(file);
	for (;; at = end) {
		pid_t child = (pid_t)strtol(at, &end, 10);
		unsigned below;

		if (end == at)
			return depth;
		below = 1 + depth_below(child);
		depth = below > depth ? below : depth;
	}
}

TEST(killed_caller, "a caller that is killed in the middle of an execution leaves no process")
{
	pid_t child;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	setup.patience_ns = UINT64_C(20000000000);
	child = fork();
	if (child == 0) {
		(void)once("pauses", NULL, PALE_RACE_NOTHING);
		_exit(0);
	}
	/* Caller, keeper, init, and what runs in the world. */
	while (depth_below(child) < 3)
		sched_yield();
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	ck_assert_int_eq(errno, ECHILD);
}

int
main(void)
{
	const TTest *const all[] = { undisturbed, output, reachable, home_is_out_of_reach,
		same_stops, unlink_acts, symlink_acts, fifo_hangs, exchange_is_undone, dac_denies,
		sticky_denies, not_reached, secret_got, executed, mark_shown, squat_queue, threads,
		vforks, kept_fd, kept_segment, no_way_out, script, server, no_program, bomb,
		nothing_left, killed_caller };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (geteuid() != 0)
		TEST_SKIP_ALL("root");
	self[len > 0 ? len : 0] = '\0';
	snprintf(victim, sizeof(victim), "%.4000s/race-victim", dirname(self));
	return test_run("race_execute", all, sizeof(all) / sizeof(all[0]));
}
