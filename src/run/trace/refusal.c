/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a call that was heard of refused by us? See refusal.h. */
#include "run/trace/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/why/advice.h"
#include "run/trace/anyway.h"
#include "run/trace/own.h"
#include "run/why/view.h"
#include "run/why/ipc.h"
#include "run/why/pass.h"

enum {
	REASON_BYTES = 512, /* of a reason that is said again */
	NO_PATH = PALE_SYS_NEEDS,
	PORT_FIRST = 32768, /* the kernel's range, unless somebody changes it */
	PORT_LAST = 60999,
};

void
pale_refusals_init(struct pale_refusals *refusals)
{
	refusals->plan = NULL;
	refusals->last = (struct pale_caller_last){ .pidfd = -1 };
}

void
pale_refusals_done(struct pale_refusals *refusals)
{
	if (refusals->last.pidfd >= 0)
		close(pale_take_fd(&refusals->last.pidfd));
}

/*
 * What needs no long answer: it is there, and the grant that shows it holds all that is needed.
 */
static bool
is_allowed_at_once(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which)
{
	const struct pale_heard_path *path = &facts->paths[which];
	const struct pale_entry *entry = pale_plan_find(plan, path->path);

	if (entry == NULL || strcmp(entry->path, path->path) == 0)
		return entry != NULL && path->exists && entry->kind == PALE_GRANT_DEV &&
		    pale_sys_row(facts->call.sys)->does == DO_OPEN;
	return pale_entry_has_rights(entry) && path->exists && !path->on_name &&
	    (path->need & ~entry->rights) == 0 && !S_ISCHR(path->mode) && !S_ISBLK(path->mode);
}

/* What the kernel decides about a path, foretold. */
static bool
foretell(struct pale_refusals *refusals, const struct pale_heard_facts *facts, size_t which)
{
	const struct pale_heard_path *path = &facts->paths[which];
	struct pale_why *why = &refusals->why;

	if (path->path[0] != '/' || is_allowed_at_once(refusals->plan, facts, which))
		return false;
	if (pale_own_is(refusals->plan, path->path))
		return pale_own_refuses(refusals->plan, facts, which, why);
	if (pale_why_one(refusals->plan, &facts->call,
		facts->path_count == 1 ? PALE_CALL_WHOLE : (int)which, path->path, why, NULL) < 0)
		return false;
	if (why->allowed || why->nowhere || why->by == PALE_WHY_PERMISSIONS ||
	    (why->by == PALE_WHY_ABSENT && path->exists))
		return false;
	return !pale_fails_anyway(refusals->plan, facts, which);
}

/* The directory that two names lie in, however far below; with a name behind it. */
static void
find_common(const char *a, const char *b, char *buf, size_t size)
{
	size_t common = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
		if (a[i] == '/')
			common = i;
	}
	snprintf(buf, size, "%.*s/?", (int)common, a);
}

/*
 * What Landlock asks for beside the right to rename or to link: to remove at the source, and to
 * make at the target what the source is.
 */
static void
find_ends(const struct pale_plan *plan, const struct pale_heard_facts *facts, pale_rights ends[2])
{
	PALE_CLOSE int object = pale_view_machine(plan, facts->paths[0].path);
	mode_t mode = facts->paths[0].mode;
	struct stat st;

	if (!facts->paths[0].exists && object >= 0 && fstat(object, &st) == 0)
		mode = st.st_mode;
	ends[0] = facts->paths[0].need;
	ends[1] = facts->paths[1].need;
	if (pale_sys_row(facts->call.sys)->does == DO_RENAME)
		ends[0] |= RS(UNLINKAT);
	if (S_ISDIR(mode))
		ends[1] |= RS(MKDIRAT);
	else if (S_ISLNK(mode))
		ends[1] |= RS(SYMLINKAT);
	else if (S_ISFIFO(mode))
		ends[1] |= RS(MKFIFOAT);
	else if (S_ISSOCK(mode))
		ends[1] |= RS(BINDAT);
	else
		ends[1] |= RS(CREATE);
}

/* Does a grant show one of them that is not the one to be widened? */
static bool
stays_apart(const struct pale_entry *const shown[2], const struct pale_why *why)
{
	for (size_t i = 0; i < 2; i++) {
		const char *option = strchr(why->allow, ' ');
		size_t len = shown[i] == NULL ? 0 : strlen(shown[i]->path);

		if (shown[i] == NULL || !pale_entry_has_rights(shown[i]))
			continue;
		if (option == NULL || strncmp(option + 1, shown[i]->path, len) != 0 ||
		    option[1 + len] != ':')
			return true;
	}
	return false;
}

/*
 * Rename and link: source and target must lie in one grant, for the kernel crosses no mount. So
 * what would allow it is one grant of the directory around both.
 */
static bool
foretell_both(struct pale_refusals *refusals, const struct pale_heard_facts *facts, size_t *ret_at)
{
	const struct pale_plan *plan = refusals->plan;
	struct pale_why *why = &refusals->why;
	const struct pale_entry *shown[2];
	char around[PATH_MAX];
	pale_rights ends[2];
	pale_rights missing = 0;

	if (facts->paths[0].path[0] != '/' || facts->paths[1].path[0] != '/')
		return false;
	find_ends(plan, facts, ends);
	for (size_t i = 0; i < 2; i++) {
		if (pale_fails_anyway(plan, facts, i))
			return false;
		shown[i] = pale_plan_find(plan, facts->paths[i].path);
		if (shown[i] == NULL || !pale_entry_has_rights(shown[i]))
			missing |= foretell(refusals, facts, i) ? ends[i] : 0;
		else
			missing |= ends[i] & ~shown[i]->rights;
		if (missing != 0 && *ret_at == NO_PATH)
			*ret_at = i;
	}
	if (missing == 0 &&
	    (shown[0] == shown[1] || shown[0] == NULL || shown[1] == NULL ||
		!pale_entry_has_rights(shown[0]) || !pale_entry_has_rights(shown[1])))
		return false;
	if (*ret_at == NO_PATH)
		*ret_at = 0;
	if (pale_why_one(
		plan, &facts->call, PALE_CALL_WHOLE, facts->paths[*ret_at].path, why, NULL) < 0)
		return false;
	if (why->error == EBUSY)
		return true;
	if (why->allowed) {
		why->by = missing == 0 ? PALE_WHY_MOUNT : PALE_WHY_LANDLOCK;
		why->error = missing == 0 ? EXDEV : EACCES;
		snprintf(why->reason, sizeof(why->reason), "%s",
		    missing == 0
			? "source and target lie in different grants, and the kernel crosses none"
			: "what is removed there and made here needs those rights, too");
		why->allowed = false;
	}
	find_common(facts->paths[0].path, facts->paths[1].path, around, sizeof(around));
	why->missing = ends[0] | ends[1];
	pale_advise_path(plan, around, why);
	why->missing = missing != 0 ? missing : ends[0] | ends[1];
	/* A grant around them that is added leaves these what they are: mounts of their own. */
	if (why->is_option && stays_apart(shown, why)) {
		char option[REASON_BYTES];

		snprintf(option, sizeof(option), "%.*s", REASON_BYTES - 1, why->allow);
		snprintf(why->allow, sizeof(why->allow),
		    "nothing: one grant has to hold both, in place of '%s': %s",
		    shown[0] != NULL && pale_entry_has_rights(shown[0]) ? shown[0]->path
									: shown[1]->path,
		    option);
		why->is_option = false;
	}
	return true;
}

/* The gate that would lift a denial of the filter. */
static enum pale_gate
find_gate(const struct pale_sys_policy *policy, const struct pale_call *call)
{
	struct pale_sys_policy more = *policy;

	for (unsigned gate = GATE_NONE + 1; gate < GATE_COUNT; gate++) {
		more.gates = policy->gates | 1U << gate;
		if (pale_sys_answer(call->sys, call->args, &more).run != RUN_DENY)
			return (enum pale_gate)gate;
	}
	return GATE_NONE;
}

static const char *
advise_gate(enum pale_gate gate)
{
	switch ((int)gate) {
	case GATE_INET:
		return "--tcp HOST:PORT or --udp HOST:PORT for each host it needs, or --net=host";
	case GATE_TCP:
		return "--tcp HOST:PORT for each host it needs, or --net=host";
	case GATE_UDP:
		return "--udp HOST:PORT for each host it needs, or --net=host";
	case GATE_NETLINK:
	case GATE_NET:
	case GATE_OPTIONS:
		return "--net=host";
	case GATE_DGRAM:
		return "--unix PATH:connect for the socket that it sends to";
	case GATE_SYSV:
		return "--sysv shm|msg|sem:KEY:read,write for the object's key";
	case GATE_MQ:
	case GATE_MQ_NOTIFY:
		return "--mq NAME:read,write for the queue";
	case GATE_PASS:
		return "nothing: where a --unix grant has scm-in, they are let in without it";
	default:
		return NULL;
	}
}

static void
advise_filtered(struct pale_refusals *refusals, const struct pale_heard_facts *facts)
{
	struct pale_why *why = &refusals->why;
	const char *words = why->allow[0] != '\0'
	    ? NULL
	    : advise_gate(find_gate(&refusals->plan->sys, &facts->call));

	if (words != NULL)
		snprintf(why->allow, sizeof(why->allow), "%s", words);
	else if (why->allow[0] == '\0')
		snprintf(
		    why->allow, sizeof(why->allow), "nothing: %.*s", REASON_BYTES, why->reason);
}

/* A System V object or a queue. */
static bool
is_refused_ipc(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts)
{
	refusals->why = (struct pale_why){ .call = facts->call };
	if ((heard->error != EACCES && heard->error != EPERM) ||
	    !pale_why_ipc_heard(refusals->plan, heard->address, &refusals->why))
		return false;
	refusals->why.error = heard->error;
	return true;
}

/* The first of its paths that means something. */
static size_t
first_named(const struct pale_heard_facts *facts)
{
	for (size_t i = 0; i < facts->path_count; i++) {
		if (facts->paths[i].path[0] == '/')
			return i;
	}
	return NO_PATH;
}

/* What is missing where a gate is closed: the right that the call as such needs. */
static pale_rights
missing_of(enum pale_sys sys)
{
	const struct pale_sys_row *row = pale_sys_row(sys);

	return row->does == DO_SOCKET || row->does == DO_PIPE ? RS(CONNECT) : row->need[0];
}

static bool
is_filtered(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts)
{
	struct pale_why *why = &refusals->why;
	size_t named = first_named(facts);
	const char *path = named == NO_PATH ? NULL : facts->paths[named].path;

	if (pale_why_names_ipc(facts->call.sys))
		return is_refused_ipc(refusals, heard, facts);
	if (pale_why_one(refusals->plan, &facts->call, PALE_CALL_WHOLE, path, why, NULL) < 0) {
		*why = (struct pale_why){ .by = PALE_WHY_FILTER };
		snprintf(why->reason, sizeof(why->reason), "%s", heard->answer.why);
	}
	if (why->missing != 0 && path != NULL && pale_fails_anyway(refusals->plan, facts, 0))
		return false;
	if (why->missing != 0 && facts->path_count == 2) {
		size_t at = NO_PATH;

		if (!foretell_both(refusals, facts, &at))
			return false;
		why->by = PALE_WHY_FILTER;
	}
	why->error = heard->error;
	advise_filtered(refusals, facts);
	if (why->missing == 0 && strncmp(why->allow, "nothing", strlen("nothing")) != 0)
		why->missing = missing_of(facts->call.sys);
	return true;
}

static bool
is_stream(struct pale_refusals *refusals, const struct pale_heard_call *heard)
{
	PALE_CLOSE int sock = -1;
	int type = SOCK_STREAM;
	socklen_t size = sizeof(type);

	if (pale_caller_fd(&refusals->last, heard->proc, heard->call.tid, (int)heard->call.args[0],
		&sock) == 0)
		(void)getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &size);
	return type == SOCK_STREAM;
}

/* A port that the kernel chooses, or has: the next time it is another. */
static bool
is_chosen(int port, bool listens)
{
	return port == 0 || (listens && port >= PORT_FIRST && port <= PORT_LAST);
}

/*
 * An address as a grant has it: no port is any that the kernel chooses, and no host is this machine
 * or, for who waits, every address that it has.
 */
static void
print_address(const char *address, enum pale_does does, char *buf, size_t size)
{
	bool waits = does == DO_BIND || does == DO_LISTEN;
	const char *port = strrchr(address, ':');
	int len = port == NULL ? (int)strlen(address) : (int)(port - address);
	bool v6 = address[0] == '[';
	bool is_none = strncmp(address, v6 ? "[::]:" : "0.0.0.0:", v6 ? 5 : 8) == 0;

	if (is_none && waits)
		snprintf(buf, size, "*");
	else if (is_none)
		snprintf(buf, size, "%s", v6 ? "[::1]" : "127.0.0.1");
	else
		snprintf(buf, size, "%.*s", len, address);
	len = (int)strlen(buf);
	if (port != NULL)
		snprintf(buf + len, size - (size_t)len, "%s",
		    waits && is_chosen(atoi(port + 1), does == DO_LISTEN) ? ":*" : port);
}

/* An address that no path stands for. */
static bool
is_refused_address(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;
	struct pale_why *why = &refusals->why;
	const char *use = does == DO_BIND || does == DO_LISTEN ? "bind" : "connect";

	if (heard->error != EPERM && heard->error != EACCES && heard->error != ECONNREFUSED)
		return false;
	*why = (struct pale_why){ .call = facts->call,
		.by = PALE_WHY_SUPERVISOR,
		.error = heard->error,
		.missing = does == DO_BIND || does == DO_LISTEN ? RS(BIND) : RS(CONNECT),
		.is_option = true };
	snprintf(why->reason, sizeof(why->reason), "no grant names this address");
	if (heard->address[0] == '@' && strstr(heard->address, PALE_HEARD_NUL) != NULL) {
		why->is_option = false;
		snprintf(why->allow, sizeof(why->allow),
		    "nothing: a name that has a NUL in it cannot be granted");
	} else if (heard->address[0] == '@') {
		snprintf(why->allow, sizeof(why->allow), "--unix %s:%s", heard->address, use);
	} else {
		print_address(heard->address, does, refusals->call, sizeof(refusals->call));
		snprintf(why->allow, sizeof(why->allow), "--%s %.*s:%s",
		    is_stream(refusals, heard) ? "tcp" : "udp", (int)sizeof(refusals->call),
		    refusals->call, use);
	}
	return true;
}

/* What the supervisor refused, or the kernel when it performed the call. */
static bool
is_refused(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;

	if (pale_why_names_ipc(facts->call.sys))
		return is_refused_ipc(refusals, heard, facts);
	if (pale_why_pass_heard(refusals->plan, heard, facts, &refusals->last, &refusals->why))
		return true;
	if (heard->address != NULL && facts->path_count == 0)
		return is_refused_address(refusals, heard, facts);
	if (facts->path_count == 0 || !foretell(refusals, facts, 0))
		return false;
	refusals->why.error = heard->error;
	if (does == DO_CONNECT) {
		snprintf(refusals->why.allow, sizeof(refusals->why.allow), "--unix %s:connect",
		    facts->paths[0].path);
		refusals->why.is_option = true;
	}
	return true;
}

/* What an object of System V or a queue is granted for are uses, which are rights by other names.
 */
static void
add_uses(struct pale_why *why)
{
	if (why->missing != 0 ||
	    (strncmp(why->allow, "--sysv ", 7) != 0 && strncmp(why->allow, "--mq ", 5) != 0))
		return;
	if (strstr(why->allow, "read") != NULL)
		why->missing |= RS(READ);
	if (strstr(why->allow, "write") != NULL)
		why->missing |= RS(WRITE);
}

/* A message that names nobody goes to whom its socket leads. */
static bool
is_passing(const struct pale_heard_facts *facts, const struct pale_why *why)
{
	return facts->path_count == 0 && strncmp(why->allow, "--unix ", 7) == 0 &&
	    why->view.path[0] != '\0';
}

bool
pale_refusal_next(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts, size_t *which, struct pale_refusal *ret)
{
	size_t count = heard->how == PALE_HEARD_DENIED ? 1 : facts->path_count;
	bool refused = false;
	size_t at = 0;

	if (heard->how == PALE_HEARD_GOES_ON && *which == 0 &&
	    pale_why_names_ipc(facts->call.sys)) {
		*which = NO_PATH;
		refusals->why = (struct pale_why){ .call = facts->call };
		refused = pale_why_ipc_hidden(refusals->plan, facts->address, &refusals->why);
	}
	while (!refused && *which < count) {
		at = (*which)++;
		if (heard->how == PALE_HEARD_DENIED && first_named(facts) != NO_PATH)
			at = first_named(facts);
		if (facts->path_count == 2 && heard->how != PALE_HEARD_DENIED) {
			*which = count;
			at = NO_PATH;
			refused = foretell_both(refusals, facts, &at);
		} else if (heard->how != PALE_HEARD_DENIED)
			refused = foretell(refusals, facts, at);
		else if (heard->by_filter)
			refused = is_filtered(refusals, heard, facts);
		else
			refused = is_refused(refusals, heard, facts);
	}
	if (!refused)
		return false;
	add_uses(&refusals->why);
	*ret = (struct pale_refusal){ .sys = facts->call.sys,
		.call = refusals->call,
		.path = at < facts->path_count && facts->paths[at].path[0] == '/'
		    ? facts->paths[at].path
		    : NULL,
		.address = heard->address != NULL       ? heard->address
		    : is_passing(facts, &refusals->why) ? refusals->why.view.path
							: NULL,
		.why = &refusals->why };
	(void)pale_heard_who(heard, &ret->who);
	pale_heard_print(facts, refusals->call, sizeof(refusals->call));
	return true;
}
