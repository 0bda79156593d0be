/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a policy; see verbs.h and pale-policy(5). */
#include "policy/verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "policy/endpoint.h"

enum {
	FD_MAX = 1 << 20,   /* the kernel's own default bound on descriptors (fs.nr_open) */
	ORIGIN_BYTES = 256, /* of "file:line" in a grant */
	MANY = INT_MAX,     /* no bound on arguments but that of the file */
};

#define PALE_TAKES_RIGHTS "two arguments: what is granted and the rights"

/* The compartment of a call; NULL when there is no memory. */
static struct pale_compartment *
compartment_of(struct pale_source *source, const struct pale_call *call)
{
	const char *name = call->compartment == NULL ? source->compartment : call->compartment;
	struct pale_compartment *compartment = NULL;

	if (pale_policy_compartment(source->policy, name, &compartment) < 0)
		pale_source_no_memory(source);
	return compartment;
}

/* A word for a grant that only lives until it is copied. */
static char *
lend(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* Add a grant that came from argument i; kind, base and origin are filled in here. */
static int
add_grant(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call,
    size_t i, struct pale_grant grant)
{
	struct pale_compartment *compartment = compartment_of(source, call);
	char origin[ORIGIN_BYTES];
	int rc = 0;

	if (compartment == NULL)
		return -ENOMEM;
	snprintf(origin, sizeof(origin), "%s:%u", source->name, call->arg_lines[i]);
	if (!pale_grant_is_endpoint(grant.kind))
		grant.kind = verb->kind;
	grant.optional = verb->optional;
	grant.exec = verb->exec;
	grant.origin = origin;
	if (grant.kind == PALE_GRANT_FD) {
		grant.path = NULL;
	} else {
		grant.fd = -1;
		grant.base = source->dir;
		rc = pale_source_check_path(source, grant.path);
	}
	if (rc == 0)
		rc = pale_compartment_grant(compartment, &grant, source->err);
	return pale_source_at(source, call->arg_lines[i], rc);
}

static int
do_paths(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++) {
		struct pale_grant grant = { .path = lend(call->args[i]) };

		if (verb->preset != NULL)
			grant.rights = verb->preset();
		rc = add_grant(source, verb, call, i, grant);
	}
	return rc;
}

static int
do_rights(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	struct pale_grant grant = { .path = lend(call->args[0]) };
	int rc = pale_rights_parse(call->args[1], &grant.rights, source->err);

	if (rc < 0)
		return pale_source_at(source, call->arg_lines[1], rc);
	return add_grant(source, verb, call, 0, grant);
}

/* Parse the number of a descriptor; -1 if it is none. */
static int
parse_fd(const char *text)
{
	int fd = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		fd = fd * 10 + (*text - '0');
		if (fd >= FD_MAX)
			return -1;
	}
	return fd;
}

static int
do_fd(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	struct pale_grant grant = { .fd = parse_fd(call->args[0]) };
	int rc;

	if (grant.fd < 0) {
		rc = pale_fail(
		    source->err, -EINVAL, "'%s' is no number of a descriptor", call->args[0]);
		return pale_source_at(source, call->arg_lines[0], rc);
	}
	rc = pale_rights_parse(call->args[1], &grant.rights, source->err);
	if (rc < 0)
		return pale_source_at(source, call->arg_lines[1], rc);
	return add_grant(source, verb, call, 0, grant);
}

static int
do_link(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	struct pale_grant grant = { .path = lend(call->args[0]), .target = lend(call->args[1]) };
	int rc = pale_source_check_path(source, grant.target);

	if (rc < 0)
		return pale_source_at(source, call->arg_lines[1], rc);
	return add_grant(source, verb, call, 0, grant);
}

/* A grant of an endpoint; the words for what is wrong carry the line of the argument. */
static int
add_endpoint(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call,
    enum pale_grant_kind kind, size_t i)
{
	const char *uses = i + 1 < call->arg_count ? call->args[i + 1] : NULL;
	struct pale_grant grant = { 0 };
	int rc = pale_endpoint_parse(kind, call->args[i], uses, &grant, source->err);

	if (rc < 0)
		return pale_source_at(source, call->arg_lines[i], rc);
	rc = add_grant(source, verb, call, i, grant);
	free(grant.path);
	return rc;
}

static int
do_endpoint(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	return add_endpoint(source, verb, call, verb->kind, 0);
}

static int
do_sysv(struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	enum pale_grant_kind kind;
	int rc = pale_endpoint_sysv(call->args[0], &kind, source->err);

	if (rc < 0)
		return pale_source_at(source, call->arg_lines[0], rc);
	return add_endpoint(source, verb, call, kind, 1);
}

static int
do_net(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	return pale_source_at(source, call->arg_lines[0],
	    pale_compartment_net(compartment, call->args[0], source->err));
}

static int
do_notify(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	compartment->notify = true;
	return 0;
}

static int
do_listen_fds(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	compartment->activation = true;
	return 0;
}

static int
do_env(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);
	int rc = compartment == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++)
		rc = pale_source_at(source, call->arg_lines[i],
		    pale_compartment_env(compartment, call->args[i], source->err));
	return rc;
}

static int
do_limit(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);
	int rc = compartment == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++)
		rc = pale_source_at(source, call->arg_lines[i],
		    pale_compartment_limit(compartment, call->args[i], source->err));
	return rc;
}

static int
do_clear_env(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	compartment->clear_env = true;
	return 0;
}

static int
do_exec_writable(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	compartment->exec_writable = true;
	return 0;
}

static int
do_command(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);

	if (compartment == NULL)
		return -ENOMEM;
	return pale_compartment_command(compartment, call->args, source->err);
}

static int
do_chdir(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	struct pale_compartment *compartment = compartment_of(source, call);
	int rc = pale_source_check_path(source, call->args[0]);
	char *path;

	if (rc < 0)
		return pale_source_at(source, call->arg_lines[0], rc);
	path = pale_source_join(source, call->args[0]);
	if (compartment == NULL || path == NULL) {
		free(path);
		return pale_source_no_memory(source);
	}
	free(compartment->chdir);
	compartment->chdir = path;
	return 0;
}

static int
do_proc(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	static const char *const kinds[] = { "none", "self", "full" };
	struct pale_compartment *compartment = compartment_of(source, call);
	bool known = false;
	char *kind;
	int rc;

	for (size_t i = 0; i < PALE_COUNT(kinds); i++)
		known |= strcmp(kinds[i], call->args[0]) == 0;
	if (!known) {
		rc = pale_fail(source->err, -EINVAL, "unknown kind of /proc '%s'", call->args[0]);
		pale_remedy(source->err, "it is none, self or full");
		return pale_source_at(source, call->arg_lines[0], rc);
	}
	kind = strdup(call->args[0]);
	if (compartment == NULL || kind == NULL) {
		free(kind);
		return pale_source_no_memory(source);
	}
	free(compartment->proc);
	compartment->proc = kind;
	return 0;
}

static int
do_include(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++)
		rc = pale_source_include(source, call, i);
	return rc;
}

static int
do_profile(struct pale_source *source, const struct pale_verb *verb PALE_UNUSED,
    const struct pale_call *call)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++)
		rc = pale_source_profile(source, call, i);
	return rc;
}

/* clang-format off */
#define GRANT(id, kind_, ...) \
	{ .word = #id, .args_min = 1, .args_max = MANY, .act = do_paths, .kind = kind_, ##__VA_ARGS__ },
#define RIGHTS(id, kind_, ...) \
	{ .word = #id, .args_min = 2, .args_max = 2, .act = do_rights, .kind = kind_, \
	  .takes = PALE_TAKES_RIGHTS, ##__VA_ARGS__ },
#define ENDPOINT(id, kind_, least) \
	{ .word = #id, .args_min = least, .args_max = 2, .act = do_endpoint, .kind = kind_, \
	  .takes = (least) == 2 ? "two arguments: a name and what it is for" \
				: "HOST:PORT and, unless it is connect, what it is for" },
#define OTHER(id, least, most, ...) \
	{ .word = #id, .args_min = least, .args_max = most, .act = do_##id, ##__VA_ARGS__ },
/* clang-format on */

const struct pale_verb pale_verbs[] = {
#include "policy/verbs.def"
};

const size_t pale_verb_count = PALE_COUNT(pale_verbs);

_Static_assert(
    PALE_COUNT(pale_verbs) <= PALE_READ_WORDS_MAX, "the reader's bound holds every word");
