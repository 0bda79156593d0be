/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `pale doctor`; see doctor.h. Everything is tried rather than looked up. */
#include "cli/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/ns.h"
#include "kernel/probe.h"
#include "kernel/seccomp.h"
#include "kernel/uapi.h"
#include "report/doctor.h"

enum {
	EXIT_USAGE = 2,
	EXIT_NOT_WORKING = 3,
	RELEASE_BYTES = 65,
	CHECKS_MAX = 20,
};

struct args {
	bool json;
	bool help;
};

/* The checks as they are made. */
struct list {
	struct pale_check checks[CHECKS_MAX];
	size_t count;
};

static int
take_json(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct args *)state)->json = true;
	return 0;
}

static int
take_help(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct args *)state)->help = true;
	return 1;
}

static const struct pale_option options[] = {
	{ "json", 0, NULL, "answer in JSON", take_json },
	{ "help", 'h', NULL, "this text", take_help },
};

static struct pale_check *
add(struct list *list, const char *id, const char *name, bool needed, const char *purpose)
{
	struct pale_check *check = &list->checks[list->count++];

	*check =
	    (struct pale_check){ .id = id, .name = name, .needed = needed, .purpose = purpose };
	return check;
}

static struct pale_check *
set(struct pale_check *check, enum pale_check_state state, const char *value)
{
	check->state = state;
	snprintf(check->value, sizeof(check->value), "%s", value);
	return check;
}

static struct pale_check *
set_bool(struct pale_check *check, bool yes)
{
	return set(check, yes ? PALE_CHECK_YES : PALE_CHECK_NO, yes ? "yes" : "no");
}

/* From what a probe said; what could not be tried counts as missing. */
static void
set_err(struct pale_check *check, const struct pale_err *tried, const char *untried)
{
	set_bool(check, tried->code == 0);
	if (tried->code == 0)
		return;
	check->words = *tried;
	if (tried->code == -ECANCELED)
		pale_fail(&check->words, tried->code, "not tried: %s", untried);
}

static void
check_kernel(struct list *list, const char *release)
{
	struct pale_check *check =
	    add(list, "kernel", "Linux", false, "pale is made for 6.1 and later");

	set(check, PALE_CHECK_YES, release);
	if (pale_probe_kernel_at_least(6, 1))
		return;
	check->state = PALE_CHECK_PARTLY;
	pale_fail(&check->words, -ENOSYS, "older than anything pale was tried on");
	pale_remedy(&check->words, "use Linux 6.1 or later");
}

static void
check_namespaces(struct list *list)
{
	struct pale_probe_ns ns;
	struct pale_err err = { 0 };
	struct pale_check *userns =
	    add(list, "userns", "namespaces", true, "user, mount, pid, ipc: a root of one's own");
	struct pale_check *mounts = add(
	    list, "mounts", "mounts", true, "grants as mounts of their own, read-only or noexec");
	struct pale_check *derive = add(list, "derive", "derived mounts", false,
	    "a grant made from a grant (Linux 6.15); nothing needs it yet");
	struct pale_check *proc =
	    add(list, "proc", "fresh /proc", false, "a /proc of the cage's own processes");
	struct pale_check *devpts = add(
	    list, "devpts", "pseudo-terminals", false, "terminals inside: script, tmux, expect");

	if (pale_probe_namespaces(&ns, &err) < 0) {
		set_bool(userns, false)->words = err;
		return;
	}
	set_err(userns, &ns.userns, "a child could not be started");
	set_err(mounts, &ns.mounts, "there are no namespaces to try it in");
	set_err(derive, &ns.derive, "there are no mounts to try it on");
	set_err(proc, &ns.proc, "there is no pid namespace to try it in");
	set_err(devpts, &ns.devpts, "there are no namespaces to try it in");
	if (ns.proc.code == -EPERM) {
		pale_fail(&proc->words, -EPERM,
		    "files of the /proc here are covered, as in containers, so a fresh one is "
		    "refused");
		pale_remedy(&proc->words, "programs run without /proc; most do not mind");
	}
}

static int
check_landlock(struct list *list)
{
	int abi = pale_landlock_abi();
	int newest = 0;
	struct pale_check *check = add(list, "landlock", "Landlock", true,
	    "single rights within a writable grant, FIFOs, signals, a second fence");
	char value[sizeof(check->value)];

	for (const struct pale_probe_landlock *row = pale_probe_landlock; row->abi != 0; row++)
		newest = row->abi;
	snprintf(value, sizeof(value), "ABI %d of %d", abi, newest > abi ? newest : abi);
	set(check,
	    abi == 0           ? PALE_CHECK_NO
		: abi < newest ? PALE_CHECK_PARTLY
			       : PALE_CHECK_YES,
	    abi == 0 ? "no" : value);
	if (abi == 0) {
		pale_fail(&check->words, -EOPNOTSUPP,
		    "this kernel has no Landlock, or does not start it");
		pale_remedy(&check->words,
		    "start the kernel with lsm=landlock,..., or accept it with "
		    "--best-effort=landlock");
	}
	return abi;
}

static void
check_seccomp(struct list *list)
{
	struct pale_check *check =
	    add(list, "seccomp", "call filter", true, "calls and arguments that no cage allows");

	set_bool(check, pale_probe_seccomp(0));
	if (check->state == PALE_CHECK_NO) {
		pale_fail(&check->words, -ENOSYS, "this kernel takes no filter on system calls");
		pale_remedy(&check->words, "use a kernel with CONFIG_SECCOMP_FILTER");
	}
	check = add(list, "notify", "notification", false,
	    "a supervisor decides on single calls; nothing needs it yet");
	set_bool(check, pale_probe_seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER));
	check = add(list, "wait_killable", "killable waits", false,
	    "no notified call is seen twice (Linux 5.19)");
	set_bool(check,
	    pale_probe_seccomp(
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
}

static void
check_numbers(struct list *list)
{
	int64_t userns = pale_probe_sysctl("user/max_user_namespaces");
	struct pale_check *check = add(list, "passrights", "SO_PASSRIGHTS", false,
	    "sockets that take no descriptors (Linux 6.16): passing is off unless granted");

	set_bool(check, pale_probe_passrights());
	check =
	    add(list, "pid_max", "pid limits", false, "--limit nproc for root too (Linux 6.14)");
	set_bool(check, pale_probe_kernel_at_least(6, 14));
	if (check->state == PALE_CHECK_NO) {
		pale_fail(&check->words, -ENOSYS, "the processes of root cannot be limited");
		pale_remedy(&check->words, "run as another user, or use Linux 6.14 or later");
	}
	check = add(list, "max_userns", "namespace limit", false,
	    "user.max_user_namespaces: cages at one time, for each user");
	set(check, userns == 0 ? PALE_CHECK_NO : PALE_CHECK_INFO, "unknown");
	if (userns >= 0)
		snprintf(check->value, sizeof(check->value), "%" PRId64, userns);
}

static void
check_surroundings(struct list *list)
{
	struct pale_check *check = add(list, "surroundings", "surroundings", false,
	    "what is around pale already and may forbid what it needs");
	const char *container = pale_probe_container();
	const char *filter = "";

	if (pale_filter_inside())
		filter = "inside `pale run`";
	else if (pale_ns_is_filtered())
		filter = "a call filter";
	snprintf(check->value, sizeof(check->value), "%s%s%s%s%s",
	    container != NULL ? container : "", container != NULL && *filter != '\0' ? ", " : "",
	    filter, (container != NULL || *filter != '\0') && pale_ns_in_chroot() ? ", " : "",
	    pale_ns_in_chroot() ? "a chroot" : "");
	check->state = PALE_CHECK_INFO;
	if (check->value[0] == '\0')
		set(check, PALE_CHECK_INFO, "none seen");
}

static int
examine(const struct args *args, struct pale_err *err)
{
	struct pale_text text = pale_cli_out();
	struct list list = { .count = 0 };
	char release[RELEASE_BYTES];
	struct pale_doctor doctor = { .kernel = release, .works = true };
	int result = 0;

	pale_probe_release(release, sizeof(release));
	check_kernel(&list, release);
	check_namespaces(&list);
	doctor.landlock_abi = check_landlock(&list);
	check_seccomp(&list);
	check_numbers(&list);
	check_surroundings(&list);
	doctor.checks = list.checks;
	doctor.count = list.count;
	for (size_t i = 0; i < list.count && doctor.works; i++) {
		if (!list.checks[i].needed || list.checks[i].state != PALE_CHECK_NO)
			continue;
		doctor.works = false;
		doctor.obstacle = &list.checks[i];
	}
	if (args->json)
		result = pale_report_doctor_json(&doctor, text.out, err);
	else
		pale_report_doctor(&doctor, &text);
	if (result == 0)
		result = pale_cli_flush(err);
	if (result < 0)
		return result;
	return doctor.works ? 0 : EXIT_NOT_WORKING;
}

int
pale_cli_doctor(int argc, char **argv, char **env PALE_UNUSED)
{
	struct pale_err err = { 0 };
	struct args args = { 0 };
	int used = 0;
	int result =
	    pale_options_parse(options, PALE_COUNT(options), argc, argv, &args, &used, &err);

	if (args.help) {
		printf("Usage: pale doctor [--json]\n"
		       "Try what `pale run` stands on, and say whether it works here.\n\n");
		pale_options_help(options, PALE_COUNT(options));
		printf("\nExit code: 0 it works; 3 it does not. More: pale-doctor(1).\n");
		return 0;
	}
	if (result == 0 && used < argc) {
		result = pale_fail(&err, -EINVAL, "'%s' is one argument too many", argv[used]);
		pale_remedy(&err, "write `pale doctor` alone");
	}
	if (result < 0) {
		pale_say_err(&err);
		return EXIT_USAGE;
	}
	result = examine(&args, &err);
	if (result < 0) {
		pale_say_err(&err);
		return EXIT_NOT_WORKING;
	}
	return result;
}
