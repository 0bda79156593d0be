/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written of a compartment is read back as the same: on random compartments with every kind
 * of grant and names made of what quotes, comments, escapes and expansion are made of.
 */
#include "policy/write.h"

#include <errno.h>
#include <limits.h>

#include "core/scope.h"
#include "harness.h"
#include "policy/endpoint.h"
#include "random.h"

enum {
	COMPARTMENTS = 3000,
	GRANTS = 12,
	NAME_PARTS = 12,
};

static const char *const parts[] = { "", "a", "b/c", "'", "\"", "\\", "\\\\", "\n", "\t", "\r", "$",
	"${HOME}", "$(x)", "#", "//", "/*", "*/", ";", ",", "(", ")", "{", "}", " ", "\x01", "\x7f",
	"\xff", "\xc3\xa9", "\xc3", "\xe2\x80\xae", "\xf0\x9f\x90\xa7", "\\x41", "\\n", "\\\n", "=",
	"+=", "~", "@", ":", "-", "..", "\xed\xa0\x80", "\\'", "\\\"" };

static char *
random_name(uint64_t *seed, const char *start)
{
	char name[256] = "";
	unsigned count = test_below(seed, NAME_PARTS) + 1;
	size_t length = (size_t)snprintf(name, sizeof(name), "%s", start);

	for (unsigned i = 0; i < count; i++)
		length += (size_t)snprintf(name + length, sizeof(name) - length, "%s",
		    parts[test_below(seed, (unsigned)PALE_COUNT(parts))]);
	return strdup(name);
}

static pale_rights
random_rights(uint64_t *seed)
{
	pale_rights rights = 0;

	for (unsigned i = 0; i < 5; i++)
		rights |= (pale_rights)1 << test_below(seed, PALE_RIGHT_COUNT);
	return rights;
}

static unsigned
random_uses(uint64_t *seed, enum pale_grant_kind kind)
{
	unsigned use = 0;

	while (use == 0) {
		for (const struct pale_use_row *row = pale_uses; row->name != NULL; row++)
			if ((row->kinds & 1U << kind) != 0 && test_below(seed, 2) == 0)
				use |= row->bit;
		/* What says nothing without another is no grant. */
		if (kind == PALE_GRANT_UNIX)
			use |= PALE_USE_CONNECT;
	}
	return use;
}

static void
random_endpoint(uint64_t *seed, struct pale_grant *grant)
{
	static const char *const hosts[] = { "*", "example.org", "192.0.2.1", "::1",
		"2001:db8::7" };

	enum pale_grant_kind kind = grant->kind;

	grant->use = random_uses(seed, kind);
	if (kind == PALE_GRANT_UNIX && test_below(seed, 3) == 0) {
		free(grant->path);
		grant->path = random_name(seed, "@n");
		grant->use &= ~(unsigned)PALE_USE_FOLLOW;
	} else if (kind == PALE_GRANT_MQ) {
		free(grant->path);
		grant->path = random_name(seed, "/q");
		for (char *at = grant->path + 1; *at != '\0'; at++)
			if (*at == '/')
				*at = 'q';
	} else if (kind == PALE_GRANT_SHM || kind == PALE_GRANT_MSG || kind == PALE_GRANT_SEM) {
		grant->key = (int32_t)(test_random(seed) | 1);
	} else if (kind == PALE_GRANT_TCP || kind == PALE_GRANT_UDP) {
		free(grant->path);
		grant->path = strdup(hosts[test_below(seed, PALE_COUNT(hosts))]);
		grant->port = (uint16_t)test_below(seed, 3000);
	}
}

static void
random_grant(uint64_t *seed, struct pale_compartment *compartment)
{
	pale_rights (*const presets[])(void) = { pale_rights_preset_read, pale_rights_preset_write,
		pale_rights_preset_execute };
	struct pale_grant grant = {
		.kind = (enum pale_grant_kind)test_below(seed, PALE_GRANT_UDP + 1),
		.fd = -1,
	};
	bool maybe = test_below(seed, 2) == 0;

	grant.path = random_name(seed, test_below(seed, 2) == 0 ? "/" : "x");
	if (test_below(seed, 3) == 0)
		grant.base = test_below(seed, 2) == 0 ? random_name(seed, "/") : strdup(".");
	if (pale_grant_is_endpoint(grant.kind)) {
		random_endpoint(seed, &grant);
	} else if (grant.kind == PALE_GRANT_PATH) {
		grant.rights = presets[test_below(seed, 3)]();
		grant.optional = maybe;
	} else if (grant.kind == PALE_GRANT_DIR || grant.kind == PALE_GRANT_FILE) {
		grant.rights = random_rights(seed);
		grant.optional = maybe;
	} else if (grant.kind == PALE_GRANT_TMP) {
		grant.exec = maybe;
	} else if (grant.kind == PALE_GRANT_LINK) {
		grant.target = random_name(seed, "x");
	} else if (grant.kind == PALE_GRANT_FD) {
		free(grant.path);
		free(grant.base);
		grant.path = grant.base = NULL;
		grant.fd = (int)test_below(seed, 1000);
		grant.rights = random_rights(seed);
	} else {
		grant.optional = maybe;
	}
	ck_assert_int_eq(pale_compartment_grant(compartment, &grant, NULL), 0);
	free(grant.path);
	free(grant.target);
	free(grant.base);
}

static void
random_rest(uint64_t *seed, struct pale_compartment *c)
{
	static const char *const procs[] = { "none", "self", "full" };
	static const char *const nets[] = { "host", "none", "loopback" };
	const char *argv[5] = { NULL };
	unsigned argc = test_below(seed, 5);

	for (unsigned i = test_below(seed, 4); i > 0; i--) {
		char start[16];
		PALE_FREE char *assignment = NULL;

		snprintf(start, sizeof(start), "V%u=", test_below(seed, 9));
		assignment = random_name(seed, start);
		ck_assert_int_eq(pale_compartment_env(c, assignment, NULL), 0);
	}
	if (test_below(seed, 2) == 0)
		ck_assert_int_eq(pale_compartment_env(c, "PASSED", NULL), 0);
	for (unsigned i = 0; i < PALE_LIMIT_COUNT; i++) {
		c->limit_set[i] = test_below(seed, 3) == 0;
		if (c->limit_set[i])
			c->limit[i] = test_below(seed, 3) == 0 ? UINT64_MAX : test_random(seed) / 2;
	}
	c->clear_env = test_below(seed, 2) == 0;
	c->exec_writable = test_below(seed, 2) == 0;
	c->notify = test_below(seed, 2) == 0;
	c->activation = test_below(seed, 2) == 0;
	if (test_below(seed, 2) == 0)
		c->proc = strdup(procs[test_below(seed, 3)]);
	if (test_below(seed, 2) == 0)
		c->net = strdup(nets[test_below(seed, 3)]);
	if (test_below(seed, 2) == 0)
		c->chdir = random_name(seed, "x");
	for (unsigned i = 0; i < argc; i++)
		argv[i] = random_name(seed, "");
	if (argc > 0)
		ck_assert_int_eq(pale_compartment_command(c, argv, NULL), 0);
	for (unsigned i = 0; i < argc; i++)
		free((void *)(uintptr_t)argv[i]);
}

/* The path that a grant means, from where it starts. */
static const char *
meant(const struct pale_grant *grant, char buf[static PATH_MAX])
{
	bool path = grant->path != NULL && grant->path[0] != '/' && grant->base != NULL &&
	    strcmp(grant->base, ".") != 0 &&
	    (!pale_grant_is_endpoint(grant->kind) || grant->kind == PALE_GRANT_FIFO ||
		(grant->kind == PALE_GRANT_UNIX && grant->path[0] != '@'));
	const char *text = grant->path == NULL ? "(none)" : grant->path;

	/* A key says what it is, however it was written. */
	if (grant->kind == PALE_GRANT_SHM || grant->kind == PALE_GRANT_MSG ||
	    grant->kind == PALE_GRANT_SEM)
		text = "(key)";
	if (path)
		snprintf(buf, PATH_MAX, "%s/%s", grant->base, text);
	else
		snprintf(buf, PATH_MAX, "%s", text);
	return buf;
}

static void
same_grant(const struct pale_grant *a, const struct pale_grant *b)
{
	char x[PATH_MAX];
	char y[PATH_MAX];

	ck_assert_int_eq((int)a->kind, (int)b->kind);
	ck_assert_str_eq(meant(a, x), meant(b, y));
	ck_assert_pstr_eq(a->target, b->target);
	ck_assert(a->rights == b->rights);
	ck_assert(a->optional == b->optional && a->exec == b->exec);
	ck_assert_uint_eq(a->use, b->use);
	ck_assert_int_eq(a->fd, b->fd);
	ck_assert_int_eq(a->key, b->key);
	ck_assert_uint_eq(a->port, b->port);
}

static void
same_compartment(const struct pale_compartment *a, const struct pale_compartment *b)
{
	ck_assert_str_eq(a->name, b->name);
	ck_assert_uint_eq(a->grant_count, b->grant_count);
	for (size_t i = 0; i < a->grant_count; i++)
		same_grant(&a->grants[i], &b->grants[i]);
	ck_assert_uint_eq(a->env_count, b->env_count);
	for (size_t i = 0; i < a->env_count; i++) {
		ck_assert_str_eq(a->env[i].name, b->env[i].name);
		ck_assert_pstr_eq(a->env[i].value, b->env[i].value);
	}
	for (size_t i = 0; i < PALE_LIMIT_COUNT; i++) {
		ck_assert(a->limit_set[i] == b->limit_set[i]);
		ck_assert(!a->limit_set[i] || a->limit[i] == b->limit[i]);
	}
	ck_assert(a->clear_env == b->clear_env && a->exec_writable == b->exec_writable);
	ck_assert(a->notify == b->notify && a->activation == b->activation);
	ck_assert_pstr_eq(a->proc, b->proc);
	ck_assert_pstr_eq(a->net, b->net);
	ck_assert_pstr_eq(a->chdir, b->chdir);
	ck_assert((a->command == NULL) == (b->command == NULL));
	for (size_t i = 0; a->command != NULL && (a->command[i] != NULL || b->command[i] != NULL);
	     i++)
		ck_assert_pstr_eq(a->command[i], b->command[i]);
}

/* Read a text whose paths start from the working directory; fails the test if it is refused. */
static const struct pale_compartment *
read_back(struct pale_policy *policy, const char *name, const char *text, size_t size)
{
	struct pale_compartment *compartment;
	struct pale_err err = { 0 };
	int rc;

	pale_policy_init(policy);
	rc = pale_policy_read_text(policy, "written", NULL, text, size, &err);
	ck_assert_msg(rc == 0, "%s\n%s", err.text, text);
	ck_assert_int_eq(pale_policy_compartment(policy, name, &compartment), 0);
	return compartment;
}

TEST(read_again, "what is written of a random compartment is read back as the same")
{
	static const char *const names[] = { "main", "line", "other_1" };
	uint64_t seed = test_seed(0x5eed7e87);

	for (unsigned i = 0; i < COMPARTMENTS; i++) {
		struct pale_policy policy;
		struct pale_policy copy;
		struct pale_compartment *c;
		struct pale_err err = { 0 };
		PALE_FREE char *text = NULL;
		size_t size = 0;

		pale_policy_init(&policy);
		ck_assert_int_eq(
		    pale_policy_compartment(&policy, names[test_below(&seed, 3)], &c), 0);
		for (unsigned k = test_below(&seed, GRANTS); k > 0; k--)
			random_grant(&seed, c);
		random_rest(&seed, c);
		ck_assert_msg(pale_policy_write(c, &text, &size, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(strlen(text), size);
		same_compartment(c, read_back(&copy, c->name, text, size));
		pale_policy_done(&copy);
		pale_policy_done(&policy);
	}
}

TEST(lines, "a statement is one line of text that a terminal can be shown, whatever the name")
{
	uint64_t seed = test_seed(0x5eed7e88);

	for (unsigned i = 0; i < COMPARTMENTS; i++) {
		PALE_FREE char *name = random_name(&seed, "/");
		struct pale_grant grant = { .kind = PALE_GRANT_HIDE, .path = name, .fd = -1 };
		PALE_FREE char *text = NULL;

		ck_assert_int_eq(pale_policy_write_grant(&grant, &text, NULL), 0);
		for (const char *at = text; *at != '\0'; at++)
			ck_assert((unsigned char)*at >= ' ' && *at != 0x7f);
		ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	}
}

/* Writing the only grant fails. */
static void
refused(struct pale_grant grant, int want)
{
	struct pale_err err = { 0 };
	char *text = NULL;

	ck_assert_int_eq(pale_policy_write_grant(&grant, &text, &err), want);
	ck_assert_ptr_null(text);
	ck_assert_str_ne(err.text, "");
}

TEST(wordless, "what the language has no words for is refused, not changed")
{
	static char path[] = "/p";
	static char none[] = "";
	static char long_path[PATH_MAX + 1];

	refused((struct pale_grant){ .kind = PALE_GRANT_PATH, .path = path, .rights = RS(READ) },
	    -EINVAL);
	refused((struct pale_grant){ .kind = PALE_GRANT_DIR, .path = path }, -EINVAL);
	refused(
	    (struct pale_grant){ .kind = PALE_GRANT_TMP, .path = path, .optional = true }, -EINVAL);
	refused((struct pale_grant){ .kind = PALE_GRANT_HIDE, .path = none }, -EINVAL);
	refused((struct pale_grant){ .kind = PALE_GRANT_UNIX, .path = path }, -EINVAL);
	memset(long_path, 'a', PATH_MAX);
	refused((struct pale_grant){ .kind = PALE_GRANT_HIDE, .path = long_path }, -ENAMETOOLONG);
}

TEST(large, "a compartment of which the reader would not take the text is refused")
{
	static char name[4000];
	struct pale_grant grant = { .kind = PALE_GRANT_HIDE, .path = name, .fd = -1 };
	struct pale_compartment *c;
	struct pale_policy policy;
	char *text = NULL;
	size_t size;

	memset(name, 'a', sizeof(name) - 1);
	pale_policy_init(&policy);
	ck_assert_int_eq(pale_policy_compartment(&policy, "main", &c), 0);
	for (unsigned i = 0; i < 300; i++)
		ck_assert_int_eq(pale_compartment_grant(c, &grant, NULL), 0);
	ck_assert_int_eq(pale_policy_write(c, &text, &size, NULL), -E2BIG);
	ck_assert_ptr_null(text);
	pale_policy_done(&policy);
}

TEST(abstract, "a path that begins with @ stays a path, and an abstract name one")
{
	static char name[] = "@x";
	static char base[] = "@d";
	static char relative[] = "x";
	struct pale_grant grant = { .kind = PALE_GRANT_UNIX, .use = PALE_USE_CONNECT, .fd = -1 };
	PALE_FREE char *a = NULL;
	PALE_FREE char *b = NULL;

	grant.path = name;
	ck_assert_int_eq(pale_policy_write_grant(&grant, &a, NULL), 0);
	ck_assert_str_eq(a, "unix('@x', 'connect')");
	grant.path = relative;
	grant.base = base;
	ck_assert_int_eq(pale_policy_write_grant(&grant, &b, NULL), 0);
	ck_assert_str_eq(b, "unix('./@d/x', 'connect')");
}

TEST_MAIN("policy_write", read_again, lines, wordless, large, abstract)
