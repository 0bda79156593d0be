/* SPDX-License-Identifier: BSD-2-Clause */
/* A compartment as text; see write.h. The words are those of verbs.def, found by what they mean. */
#include "policy/write.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/escape.h"
#include "core/scope.h"
#include "policy/endpoint.h"
#include "policy/verbs.h"

enum {
	RIGHTS_BYTES = 2048, /* all names of rights in one list take about 800 */
	USES_BYTES = 128,
	NUMBER_BYTES = 48,
	HOST_BYTES = 512, /* "[HOST]:PORT"; a name has at most 253 bytes */
};

/* Kinds of grants, as sets of 1 << kind. */
#define SYSV (1U << PALE_GRANT_SHM | 1U << PALE_GRANT_MSG | 1U << PALE_GRANT_SEM)
#define INET (1U << PALE_GRANT_TCP | 1U << PALE_GRANT_UDP)

/* A text that grows. */
struct writer {
	FILE *out;
	const struct pale_compartment *compartment;
	struct pale_err *err;
	bool no_memory; /* something is left out: the text is not to be used */
};

static int
no_words(struct writer *w, const char *what, const char *which)
{
	pale_fail(w->err, -EINVAL, "a policy has no words for %s '%s'", what, which);
	return -EINVAL;
}

/* Append to a buffer as snprintf does: what does not fit is counted only. */
static void
append(char *buf, size_t size, size_t *length, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++, (*length)++)
		if (*length + 1 < size)
			buf[*length] = bytes[i];
	if (size > 0)
		buf[*length < size ? *length : size - 1] = '\0';
}

/*
 * In single quotes only a quote and a backslash mean anything. In double quotes the escapes of
 * pale_escape are also the reader's; beside those a quote, and a dollar, which begins "${".
 */
size_t
pale_policy_quote(const char *text, char *buf, size_t size)
{
	size_t count = strlen(text);
	size_t backslashes = 0;
	size_t length = 0;
	bool plain;

	for (size_t i = 0; i < count; i++)
		backslashes += text[i] == '\\';
	plain = pale_escape(text, count, NULL, 0) == count + backslashes;
	append(buf, size, &length, plain ? "'" : "\"", 1);
	for (size_t i = 0; i < count;) {
		char escaped[32];
		size_t step = 1;

		if (plain) {
			if (text[i] == '\'' || text[i] == '\\')
				append(buf, size, &length, "\\", 1);
			append(buf, size, &length, text + i++, 1);
			continue;
		}
		/* One character of UTF-8 at a time: its bytes mean nothing apart. */
		while (i + step < count && step < 4 && ((unsigned char)text[i] & 0xc0) == 0xc0 &&
		    ((unsigned char)text[i + step] & 0xc0) == 0x80)
			step++;
		if (text[i] == '"')
			snprintf(escaped, sizeof(escaped), "\\\"");
		else if (text[i] == '$')
			snprintf(escaped, sizeof(escaped), "\\x24");
		else
			pale_escape(text + i, step, escaped, sizeof(escaped));
		append(buf, size, &length, escaped, strlen(escaped));
		i += step;
	}
	append(buf, size, &length, plain ? "'" : "\"", 1);
	return length;
}

/* A quoted string into the text. */
static void
put(struct writer *w, const char *text)
{
	size_t length = pale_policy_quote(text, NULL, 0);
	PALE_FREE char *quoted = malloc(length + 1);

	if (quoted == NULL) {
		w->no_memory = true;
		return;
	}
	pale_policy_quote(text, quoted, length + 1);
	fputs(quoted, w->out);
}

/* WORD('A', 'B'); b may be NULL. */
static int
put_call(struct writer *w, const char *word, const char *a, const char *b)
{
	fprintf(w->out, "%s(", word);
	put(w, a);
	if (b != NULL) {
		fputs(", ", w->out);
		put(w, b);
	}
	fputs(")", w->out);
	return 0;
}

/* The word of a grant whose kind is in a row of verbs.def; NULL if none means just this. */
static const struct pale_verb *
find_verb(const struct pale_grant *grant)
{
	for (size_t i = 0; i < pale_verb_count; i++) {
		const struct pale_verb *verb = &pale_verbs[i];

		if (verb->kind != grant->kind || verb->optional != grant->optional ||
		    verb->exec != grant->exec)
			continue;
		/* Rows that grant nothing have the first kind, and no preset. */
		if (grant->kind == PALE_GRANT_PATH &&
		    (verb->preset == NULL || verb->preset() != grant->rights))
			continue;
		return verb;
	}
	return NULL;
}

/*
 * The path of a grant with the directory that it starts from; NULL when there is no memory. One
 * that begins with "@" says that it is a path, and no abstract name.
 */
static char *
whole_path(const struct pale_grant *grant)
{
	bool joined = grant->base != NULL && grant->path[0] != '/' && strcmp(grant->base, ".") != 0;
	const char *first = joined ? grant->base : grant->path;
	const char *here = first[0] == '@' ? "./" : "";
	char *path;

	if (joined ? asprintf(&path, "%s%s/%s", here, grant->base, grant->path) < 0
		   : asprintf(&path, "%s%s", here, grant->path) < 0)
		return NULL;
	return path;
}

static int
check_path(struct writer *w, const char *path)
{
	if (path[0] == '\0')
		return no_words(w, "the empty path", "");
	if (strlen(path) >= PATH_MAX)
		return pale_fail(
		    w->err, -ENAMETOOLONG, "a path of more than %d bytes", PATH_MAX - 1);
	return 0;
}

/* WORD('NAME', 'USES'), if the reader takes the two. */
static int
put_named(struct writer *w, enum pale_grant_kind kind, const char *name, const char *uses)
{
	struct pale_grant read = { 0 };
	int rc = pale_endpoint_parse(kind, name, uses, &read, w->err);

	free(read.path);
	return rc < 0 ? rc : put_call(w, pale_endpoint_word(kind), name, uses);
}

static int
put_endpoint(struct writer *w, const struct pale_grant *grant)
{
	const char *word = pale_endpoint_word(grant->kind);
	PALE_FREE char *path = NULL;
	char host[HOST_BYTES];
	char uses[USES_BYTES];
	char port[NUMBER_BYTES];
	bool v6;

	if (grant->use == 0 || grant->optional)
		return no_words(w, grant->use == 0 ? "an unused" : "a possible", word);
	pale_uses_print(grant->use, uses, sizeof(uses));
	if ((1U << grant->kind & SYSV) != 0) {
		fprintf(w->out, "sysv('%s', '0x%08" PRIx32 "', '%s')", word, (uint32_t)grant->key,
		    uses);
		return 0;
	}
	if ((1U << grant->kind & INET) != 0) {
		v6 = strchr(grant->path, ':') != NULL;
		snprintf(port, sizeof(port), "%u", grant->port);
		if (snprintf(host, sizeof(host), "%s%s%s:%s", v6 ? "[" : "", grant->path,
			v6 ? "]" : "", grant->port == 0 ? "*" : port) >= (int)sizeof(host))
			return no_words(w, "the host", grant->path);
		return put_named(w, grant->kind, host, uses);
	}
	/* "@NAME" is no path. */
	if (grant->kind == PALE_GRANT_MQ || grant->path[0] == '@')
		return put_named(w, grant->kind, grant->path, uses);
	path = whole_path(grant);
	if (path == NULL)
		return pale_fail(w->err, -ENOMEM, "out of memory");
	return put_named(w, grant->kind, path, uses);
}

static int
put_grant(struct writer *w, const struct pale_grant *grant)
{
	const struct pale_verb *verb = find_verb(grant);
	char rights[RIGHTS_BYTES] = "";
	char fd[NUMBER_BYTES];
	PALE_FREE char *path = NULL;
	int rc;

	if (pale_grant_is_endpoint(grant->kind))
		return put_endpoint(w, grant);
	if (verb == NULL)
		return no_words(
		    w, "the rights of", grant->path == NULL ? "a descriptor" : grant->path);
	if (grant->kind == PALE_GRANT_DIR || grant->kind == PALE_GRANT_FILE ||
	    grant->kind == PALE_GRANT_FD) {
		if (grant->rights == 0)
			return no_words(
			    w, "no rights on", grant->path == NULL ? "a descriptor" : grant->path);
		pale_rights_print(grant->rights, rights, sizeof(rights));
	}
	if (grant->kind == PALE_GRANT_FD) {
		snprintf(fd, sizeof(fd), "%d", grant->fd);
		return put_call(w, verb->word, fd, rights);
	}
	rc = check_path(w, grant->path);
	if (rc < 0)
		return rc;
	path = whole_path(grant);
	if (path == NULL)
		return pale_fail(w->err, -ENOMEM, "out of memory");
	rc = check_path(w, path);
	if (rc == 0 && grant->kind == PALE_GRANT_LINK) {
		rc = check_path(w, grant->target);
		return rc < 0 ? rc : put_call(w, verb->word, path, grant->target);
	}
	return rc < 0 ? rc : put_call(w, verb->word, path, rights[0] == '\0' ? NULL : rights);
}

static int
put_env(struct writer *w, const struct pale_env *env)
{
	PALE_FREE char *assignment = NULL;

	if (env->value == NULL)
		return put_call(w, "env", env->name, NULL);
	if (asprintf(&assignment, "%s=%s", env->name, env->value) < 0) {
		assignment = NULL;
		return pale_fail(w->err, -ENOMEM, "out of memory");
	}
	return put_call(w, "env", assignment, NULL);
}

static void
put_limit(struct writer *w, enum pale_limit limit, uint64_t value)
{
	if (value == UINT64_MAX)
		fprintf(w->out, "limit('%s=unlimited')\n", pale_limit_name(limit));
	else
		fprintf(w->out, "limit('%s=%" PRIu64 "')\n", pale_limit_name(limit), value);
}

static int
put_command(struct writer *w, char *const *argv)
{
	if (argv[0] == NULL)
		return 0;
	fputs("command(", w->out);
	for (size_t i = 0; argv[i] != NULL; i++) {
		fputs(i > 0 ? ", " : "", w->out);
		put(w, argv[i]);
	}
	fputs(")\n", w->out);
	return 0;
}

static int
put_all(struct writer *w)
{
	const struct pale_compartment *c = w->compartment;
	bool block = c->name != NULL && strcmp(c->name, "main") != 0;
	int rc = 0;

	if (block)
		fprintf(w->out, "compartment '%s' {\n", c->name);
	for (size_t i = 0; rc == 0 && i < c->grant_count; i++) {
		rc = put_grant(w, &c->grants[i]);
		fputc('\n', w->out);
	}
	if (rc == 0 && c->clear_env)
		fputs("clear_env()\n", w->out);
	for (size_t i = 0; rc == 0 && i < c->env_count; i++) {
		rc = put_env(w, &c->env[i]);
		fputc('\n', w->out);
	}
	for (size_t i = 0; rc == 0 && i < PALE_LIMIT_COUNT; i++)
		if (c->limit_set[i])
			put_limit(w, (enum pale_limit)i, c->limit[i]);
	if (rc < 0)
		return rc;
	if (c->exec_writable)
		fputs("exec_writable()\n", w->out);
	if (c->notify)
		fputs("notify()\n", w->out);
	if (c->activation)
		fputs("listen_fds()\n", w->out);
	if (c->proc != NULL)
		fprintf(w->out, "proc('%s')\n", c->proc);
	if (c->net != NULL)
		fprintf(w->out, "net('%s')\n", c->net);
	if (c->chdir != NULL) {
		rc = check_path(w, c->chdir);
		put_call(w, "chdir", c->chdir, NULL);
		fputc('\n', w->out);
	}
	if (rc == 0 && c->command != NULL)
		rc = put_command(w, c->command);
	if (block)
		fputs("}\n", w->out);
	return rc;
}

/* Close the text of a writer; what went wrong in between is told here. */
static int
finish(struct writer *w, int rc, char **text, size_t size)
{
	bool failed = ferror(w->out) != 0 || w->no_memory;

	if (fclose(w->out) != 0 || failed)
		rc = rc < 0 ? rc : pale_fail(w->err, -ENOMEM, "out of memory");
	if (rc == 0 && size > PALE_POLICY_BYTES_MAX) {
		pale_fail(
		    w->err, -E2BIG, "the policy has more than %d bytes", PALE_POLICY_BYTES_MAX);
		pale_remedy(w->err, "grant a directory instead of the files in it");
		rc = -E2BIG;
	}
	if (rc < 0) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

int
pale_policy_write(const struct pale_compartment *compartment, char **ret_text, size_t *ret_size,
    struct pale_err *err)
{
	char *text = NULL;
	size_t size = 0;
	struct writer w = { .compartment = compartment, .err = err };
	int rc;

	w.out = open_memstream(&text, &size);
	if (w.out == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	rc = put_all(&w);
	fflush(w.out);
	rc = finish(&w, rc, &text, size);
	if (rc < 0)
		return rc;
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int
pale_policy_write_grant(const struct pale_grant *grant, char **ret_text, struct pale_err *err)
{
	char *text = NULL;
	size_t size = 0;
	struct writer w = { .err = err };
	int rc;

	w.out = open_memstream(&text, &size);
	if (w.out == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	rc = put_grant(&w, grant);
	fflush(w.out);
	rc = finish(&w, rc, &text, size);
	if (rc == 0)
		*ret_text = text;
	return rc;
}
