/* SPDX-License-Identifier: BSD-2-Clause */
/* `pale run`; see run.h. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cage/filter.h"
#include "core/scope.h"
#include "kernel/caps.h"
#include "kernel/loopback.h"
#include "kernel/probe.h"
#include "run/env.h"
#include "run/fds.h"
#include "run/nested/narrow.h"
#include "run/nested/nested.h"
#include "run/trace/outside.h"
#include "run/service.h"
#include "run/vouch.h"

enum {
	PID_MAX_LEAST = 301, /* the kernel takes no lower pid_max */
	LIMITS_MAX = PALE_LIMIT_COUNT + 1 + RLIM_NLIMITS,
	STDIO_COUNT = 3,
};

static const unsigned limit_resource[PALE_LIMIT_COUNT] = {
	[PALE_LIMIT_NPROC] = RLIMIT_NPROC,
	[PALE_LIMIT_NOFILE] = RLIMIT_NOFILE,
	[PALE_LIMIT_AS] = RLIMIT_AS,
	[PALE_LIMIT_CPU] = RLIMIT_CPU,
	[PALE_LIMIT_FSIZE] = RLIMIT_FSIZE,
};

/* All that a launch borrows. */
struct run {
	struct pale_plan plan;
	struct pale_cage cage;
	struct pale_rlimit limits[LIMITS_MAX];
	struct sock_filter *room;           /* for a filter that is not ready */
	struct rlimit nofile;               /* as our caller has it */
	const struct rlimit *caller_limits; /* all of them, where it is not our parent; or NULL */
	int *keep_fds;
	char **env;
	struct pale_outer outer; /* what this is for cages inside */
	struct pale_nest_hook nest;
};

static void
run_done(struct run *run)
{
	pale_plan_done(&run->plan);
	pale_env_free(run->env);
	free(run->room);
	free(run->cage.nodes);
	free(run->keep_fds);
	free(run);
}

/* Each grant takes a descriptor of ours until the program starts: as many as there may be. */
static struct rlimit
raise_nofile(void)
{
	struct rlimit had = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &had);
	most = (struct rlimit){ had.rlim_max, had.rlim_max };
	setrlimit(RLIMIT_NOFILE, &most);
	return had;
}

/* A limit as asked, but never above what the caller may set. The first of a resource counts. */
static void
add_limit(struct run *run, unsigned resource, rlim_t value)
{
	struct pale_rlimit *limit = &run->limits[run->cage.limit_count];

	for (size_t i = 0; i < run->cage.limit_count; i++) {
		if (run->limits[i].resource == resource)
			return;
	}
	if (run->caller_limits != NULL)
		limit->value = run->caller_limits[resource];
	else if (resource == RLIMIT_NOFILE)
		limit->value = run->nofile;
	else if (getrlimit(resource, &limit->value) < 0)
		return;
	limit->resource = resource;
	if (value < limit->value.rlim_max)
		limit->value.rlim_max = value;
	if (limit->value.rlim_cur > limit->value.rlim_max)
		limit->value.rlim_cur = limit->value.rlim_max;
	if (value < limit->value.rlim_cur)
		limit->value.rlim_cur = value;
	run->cage.limit_count++;
}

static int
make_limits(struct run *run, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	rlim_t nproc = compartment->limit_set[PALE_LIMIT_NPROC]
	    ? (rlim_t)compartment->limit[PALE_LIMIT_NPROC]
	    : PALE_RUN_NPROC;
	/* Nobody asked for the default limit, so its loss is told and no more. */
	bool optional = !compartment->limit_set[PALE_LIMIT_NPROC] ||
	    (options->best_effort & PALE_LOSS_NPROC) != 0;

	for (size_t i = 0; i < PALE_LIMIT_COUNT; i++) {
		if (i == PALE_LIMIT_NPROC)
			add_limit(run, limit_resource[i], nproc);
		else if (i == PALE_LIMIT_NOFILE && !compartment->limit_set[i])
			add_limit(run, limit_resource[i], RLIM_INFINITY);
		else if (compartment->limit_set[i])
			add_limit(run, limit_resource[i], (rlim_t)compartment->limit[i]);
	}
	/* 1: no core file, and none through a handler either, which 0 would allow (core(5)). */
	add_limit(run, RLIMIT_CORE, 1);
	/* Whoever asked for a cage inside another is not our parent, and has its own. */
	for (unsigned i = 0; i < RLIM_NLIMITS && run->caller_limits != NULL; i++)
		add_limit(run, i, RLIM_INFINITY);
	run->cage.limits = run->limits;
	if (getuid() != 0 || nproc == RLIM_INFINITY)
		return 0;
	/* Those of a cage inside count in the one around, and its own limit cannot be set. */
	if (options->outer != NULL && optional)
		return 0;
	if (options->outer != NULL) {
		pale_fail(err, -EOPNOTSUPP,
		    "nproc cannot limit root's processes in a cage inside another");
		return pale_remedy(
		    err, "limit those of the cage around, or accept it with --best-effort=nproc");
	}
	/* The kernel never counts the processes of the real root; the pid namespace can. */
	if (pale_probe_kernel_at_least(6, 14)) {
		run->cage.pid_max = nproc < PID_MAX_LEAST ? PID_MAX_LEAST : nproc;
		run->cage.pid_max_optional = optional;
		if (nproc >= PID_MAX_LEAST)
			return 0;
		return pale_plan_notice(&run->plan, err,
		    "root's processes are limited to %d, fewer the kernel does not take",
		    PID_MAX_LEAST);
	}
	if (optional)
		return pale_plan_notice(&run->plan, err,
		    "root's processes cannot be limited on this kernel (that needs Linux 6.14)");
	pale_fail(err, -EOPNOTSUPP,
	    "nproc cannot limit root's processes on this kernel: that needs Linux 6.14");
	return pale_remedy(err, "run as another user, or accept it with --best-effort=nproc");
}

static int
make_fds(struct run *run, const struct pale_outer *outer, struct pale_err *err)
{
	run->keep_fds = calloc(run->plan.entry_count + 1, sizeof(*run->keep_fds));
	if (run->keep_fds == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < run->plan.entry_count; i++) {
		if (run->plan.entries[i].kind == PALE_GRANT_FD)
			run->keep_fds[run->cage.keep_fd_count++] = run->plan.entries[i].fd;
	}
	run->cage.keep_fds = run->keep_fds;
	for (int fd = 0; fd < STDIO_COUNT; fd++) {
		run->cage.landlock_fd[fd] = pale_fds_allow(fd);
		/* What a cage around withholds is not got back by way of /dev/stdout. */
		if (outer != NULL && (outer->plan->landlock_fs & PALE_LL_TRUNCATE) != 0)
			run->cage.landlock_fd[fd] &= ~(uint64_t)PALE_LL_TRUNCATE;
	}
	return 0;
}

/* Is there a grant in which something may be done and nothing read? Then reading is refused, too.
 */
static bool
withholds_read(const struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (pale_entry_has_rights(&plan->entries[i]) &&
		    (plan->entries[i].rights & RS(READ)) == 0)
			return true;
	}
	return false;
}

/*
 * Whoever watches is told of the plan, and the machine's root stays open: from the launch on our
 * own is that of the cage.
 */
static int
start_watcher(struct run *run, const struct pale_watcher *watcher, struct pale_err *err)
{
	struct timespec now;
	int result = 0;

	if (watcher == NULL)
		return 0;
	run->plan.sys.watch = watcher->watch;
	if (watcher->watch == PALE_WATCH_WRITES && withholds_read(&run->plan))
		run->plan.sys.watch = PALE_WATCH_CHANGES;
	if (run->cage.skeleton == NULL && watcher->watch < PALE_WATCH_PATHS) {
		run->plan.sys.watch = PALE_WATCH_PATHS;
		result = pale_plan_notice(&run->plan, err,
		    "without /dev/fuse every call that takes a path is watched, which takes time");
		if (result < 0)
			return result;
	}
	run->cage.watch = &watcher->hook;
	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0)
		run->plan.began_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
	run->plan.machine = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->plan.machine < 0)
		return pale_fail_errno(err, "cannot open '/'");
	if (watcher->start != NULL)
		result = watcher->start(watcher->hook.state, &run->plan, err);
	return result;
}

/*
 * A root that tells of the names that are not in it, for whoever watches. Without one the calls
 * themselves are watched, so its failure is none.
 */
static void
start_skeleton(struct pale_skeleton *skeleton, const struct pale_watcher *watcher)
{
	if (watcher != NULL && pale_skeleton_available() && pale_skeleton_start(skeleton, NULL) < 0)
		pale_skeleton_done(skeleton);
}

static void
mount_skeleton(struct pale_skeleton *skeleton, struct run *run)
{
	if (skeleton->server < 0)
		return;
	if (pale_skeleton_mount(skeleton, NULL) == 0)
		run->cage.skeleton = skeleton;
	else
		pale_skeleton_done(skeleton);
}

/* The room is only touched if it is needed. */
static int
choose_filter(struct run *run, struct pale_err *err)
{
	run->room = reallocarray(NULL, PALE_BPF_MAX, sizeof(*run->room));
	if (run->room == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	return pale_filter_choose(&run->plan.sys, run->room, PALE_BPF_MAX, &run->cage.filter,
	    &run->cage.filter_count, err);
}

static int
prepare(struct run *run, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, char *const *env, struct pale_err *err)
{
	int result = pale_plan_make(&run->plan, compartment, options, err);

	if (result == 0 && options->outer != NULL)
		result = pale_narrow(&run->plan, compartment, options->outer, err);
	if (result == 0)
		result = pale_plan_nodes(&run->plan, &run->cage.nodes, &run->cage.node_count, err);
	if (result == 0)
		result = make_limits(run, compartment, options, err);
	if (result == 0)
		result = make_fds(run, options->outer, err);
	if (result == 0)
		result = pale_env_make(compartment, env, &run->env, err);
	if (result == 0 && compartment->activation)
		result = pale_service_slot(run->env, &run->cage.pid_slot, err);
	if (result == 0)
		result = start_watcher(run, options->watcher, err);
	if (result == 0)
		result = choose_filter(run, err);
	if (result < 0)
		return result;
	run->cage.ask = true;
	run->cage.policy = &run->plan.sys;
	run->cage.doors = &run->plan.doors;
	run->cage.landlock_fs = run->plan.landlock_fs;
	run->cage.landlock_root = run->plan.landlock_root;
	run->cage.landlock_net = run->plan.landlock_net;
	run->cage.landlock_scope = run->plan.landlock_scope;
	run->cage.chdir = run->plan.cwd;
	run->cage.argv = compartment->command;
	run->cage.envp = run->env;
	run->outer = (struct pale_outer){ .plan = &run->plan, .cage = &run->cage };
	run->nest = (struct pale_nest_hook){ .state = &run->outer, .serve = pale_nested_serve };
	run->cage.nest = &run->nest;
	if (options->outer != NULL) {
		run->cage.nested = true;
		run->cage.maps = options->outer->maps;
		run->cage.inspect = pale_narrow_inspect;
		run->cage.inspect_state = options->outer;
	}
	return 0;
}

static int
enter(const struct pale_compartment *compartment, const struct pale_net *net,
    const struct pale_outer *outer, struct pale_err *err)
{
	unsigned spaces = (net->own ? PALE_CAGE_OWN_NET : 0U) |
	    (pale_ipc_is_machines(compartment) ? PALE_CAGE_MACHINE_IPC : 0U);
	int result = outer != NULL ? pale_cage_unshare_inside(spaces, outer->maps, err)
				   : pale_cage_unshare(spaces, err);

	return result == 0 && net->loopback ? pale_loopback_up(err) : result;
}

int
pale_run(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    char *const *env, pale_run_notice *notice, int *ret_status, enum pale_cage_stage *ret_stage,
    struct pale_err *err)
{
	struct pale_plan_options inside = *options;
	struct pale_plan outside = { 0 };
	struct pale_net net = { 0 };
	struct pale_ipc ipc = { 0 };
	struct pale_skeleton skeleton = PALE_SKELETON_NONE;
	struct pale_outside witness = PALE_OUTSIDE_NONE;
	struct pale_launch launch;
	struct rlimit nofile = raise_nofile();
	struct run *run = NULL;
	int result;

	*ret_stage = PALE_STAGE_SETUP;
	result = pale_fds_check(compartment, err);
	if (result == 0 && options->outer != NULL)
		result = pale_narrow_early(compartment, err);
	if (result == 0)
		result = pale_net_find(compartment, options, &net, err);
	inside.net = &net;
	if (result == 0)
		result = pale_ipc_pin(compartment,
		    options->outer != NULL ? &options->outer->plan->doors : NULL, &ipc, err);
	inside.ipc = &ipc;
	if (options->outer != NULL) {
		/* Whom names belong to was seen from further out. */
		inside.outside = options->outer->plan;
	} else if (result == 0 && pale_vouch_needed(compartment)) {
		result = pale_plan_make(&outside, compartment, &inside, err);
		inside.outside = &outside;
	}
	if (result == 0)
		start_skeleton(&skeleton, options->watcher);
	/* Without it, what a namespace hides is not told. */
	if (result == 0 && options->watcher != NULL && options->outer == NULL &&
	    !pale_ipc_is_machines(compartment))
		(void)pale_outside_start(&witness);
	if (result == 0)
		result = enter(compartment, &net, options->outer, err);
	if (result == 0) {
		run = calloc(1, sizeof(*run));
		if (run == NULL)
			result = pale_fail(err, -ENOMEM, "out of memory");
	}
	if (run != NULL)
		run->nofile = nofile;
	if (run != NULL && options->outer != NULL)
		run->caller_limits = options->outer->limits;
	if (result == 0)
		mount_skeleton(&skeleton, run);
	if (result == 0)
		result = prepare(run, compartment, &inside, env, err);
	if (run != NULL && witness.sock >= 0)
		run->plan.outside = witness.sock;
	pale_plan_done(&outside);
	if (run == NULL) {
		pale_skeleton_done(&skeleton);
		pale_outside_done(&witness);
		pale_net_done(&net);
		pale_ipc_done(&ipc);
		return result;
	}
	for (size_t i = 0; result == 0 && notice != NULL && i < run->plan.notice_count; i++)
		notice(run->plan.notices[i]);
	if (result == 0)
		result = pale_cage_launch(&run->cage, &launch, ret_stage, err);
	if (result == 0 && run->cage.lost_proc && notice != NULL)
		notice("this machine refuses a fresh /proc, as containers do: the program runs "
		       "without one");
	if (result == 0 && run->cage.lost_pid_max && notice != NULL)
		notice("this machine refuses a fresh /proc, so the processes of root are not "
		       "limited");
	if (result == 0)
		*ret_status = pale_cage_wait(&launch);
	if (result == 0 && launch.lost_root) {
		pale_fail(err, -ENOTCONN,
		    "the process that serves the cage's root has ended, so the cage was ended, "
		    "too");
		result =
		    pale_remedy(err, "run it again; without --trace and --learn there is none");
	}
	if (result == 0 && launch.unheard > 0 && options->watcher->missed != NULL)
		options->watcher->missed(options->watcher->hook.state, launch.unheard);
	pale_skeleton_done(&skeleton);
	pale_outside_done(&witness);
	run_done(run);
	pale_net_done(&net);
	pale_ipc_done(&ipc);
	return result;
}
