/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of what is learned, read apart; see text.h. */
#include "run/learn/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "run/learn/lines.h"

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

/* Read one line of statements. Its compartment is borrowed from the policy. */
static int
read_part(struct pale_policy *policy, const char *name, const char *text,
    struct pale_compartment **ret, struct pale_err *err)
{
	int rc;

	pale_policy_init(policy);
	rc = pale_policy_read_text(policy, name, NULL, text, strlen(text), err);
	if (rc == 0 && pale_policy_compartment(policy, "main", ret) < 0)
		rc = no_memory(err);
	if (rc < 0)
		pale_policy_done(policy);
	return rc;
}

/* The tree of a line "# within 'PATH'". */
static int
read_within(struct pale_learn_old *old, const char *line, struct pale_err *err)
{
	PALE_FREE char *quoted = pale_text_part(line + strlen("# within "), pale_line_next(line));
	PALE_FREE char *statement = NULL;
	struct pale_compartment *c;
	struct pale_policy policy;
	char **grown;
	int rc;

	if (quoted == NULL || asprintf(&statement, "hide(%s)", quoted) < 0) {
		statement = NULL;
		return no_memory(err);
	}
	rc = read_part(&policy, "a tree of an earlier run", statement, &c, err);
	if (rc < 0)
		return rc;
	if (c->grant_count == 1) {
		grown = reallocarray(old->within, old->within_count + 1, sizeof(*grown));
		if (grown != NULL) {
			old->within = grown;
			grown[old->within_count] = pale_take_ptr(c->grants[0].path);
		}
		if (grown == NULL || grown[old->within_count++] == NULL)
			rc = no_memory(err);
	}
	pale_policy_done(&policy);
	return rc;
}

/* What options said, the command of the runs before, and the header. */
static int
read_head(struct pale_learn_old *old, const char *head, struct pale_err *err)
{
	PALE_FREE char *command = NULL;
	struct pale_compartment *c;
	struct pale_policy policy;
	int rc = 0;

	for (const char *line = head; rc == 0 && *line != '\0'; line = pale_line_next(line)) {
		size_t size = (size_t)(pale_line_next(line) - line);
		unsigned runs;

		if (sscanf(line, "# runs %u", &runs) == 1)
			old->runs = runs;
		else if (strncmp(line, "# within ", strlen("# within ")) == 0)
			rc = read_within(old, line, err);
		else if (strncmp(line, "command(", strlen("command(")) == 0) {
			if (!pale_text_append(&command, line, size))
				rc = no_memory(err);
		} else if (line[0] != '#' && line[0] != '\n' &&
		    strncmp(line, "chdir(", strlen("chdir(")) != 0) {
			if (!pale_text_append(&old->options, line, size))
				rc = no_memory(err);
		}
	}
	if (rc < 0 || command == NULL)
		return rc;
	rc = read_part(&policy, "the command of an earlier run", command, &c, err);
	if (rc < 0)
		return rc;
	old->command = pale_take_ptr(c->command);
	pale_policy_done(&policy);
	return 0;
}

/* The lines of comment right above a line of a text. */
static const char *
comment_above(const char *text, unsigned line, const char **ret_end)
{
	const char *first = NULL;
	const char *at = text;

	for (unsigned i = 1; i < line && *at != '\0'; i++, at = pale_line_next(at)) {
		if (at[0] != '#')
			first = NULL;
		else if (first == NULL)
			first = at;
	}
	*ret_end = at;
	return first;
}

static enum pale_seen_type
type_of(const struct pale_grant *grant)
{
	if (grant->kind == PALE_GRANT_LINK)
		return PALE_SEEN_LINK;
	if (grant->kind == PALE_GRANT_FIFO)
		return PALE_SEEN_FIFO;
	if (grant->kind == PALE_GRANT_UNIX)
		return PALE_SEEN_SOCKET;
	return grant->kind == PALE_GRANT_FILE ? PALE_SEEN_FILE : PALE_SEEN_DIR;
}

static pale_rights
rights_of(const struct pale_grant *grant)
{
	if (grant->kind == PALE_GRANT_UNIX)
		return RS(LOOKUP, CONNECTAT);
	if (grant->kind == PALE_GRANT_FIFO)
		return RS(LOOKUP) | ((grant->use & PALE_USE_READ) != 0 ? RS(READ) : 0) |
		    ((grant->use & PALE_USE_WRITE) != 0 ? RS(WRITE) : 0);
	return grant->rights;
}

/* What stands above a grant: how often, by whom, and why it is wide. */
static bool
read_comment(struct pale_seen *one, const char *from, const char *to)
{
	for (const char *line = from; line != NULL && line < to; line = pale_line_next(line)) {
		size_t size = (size_t)(pale_line_next(line) - line);
		uint64_t count;
		int used = 0;

		if (sscanf(line, "# seen %" SCNu64 " times, first by %n", &count, &used) == 1 &&
		    used > 0) {
			one->count += count - 1;
			snprintf(one->first, sizeof(one->first), "%.*s",
			    (int)strcspn(line + used, "\n"), line + used);
		} else if (strncmp(line, "# widened: ", strlen("# widened: ")) == 0 &&
		    !pale_text_append(&one->notes, line, size)) {
			return false;
		}
	}
	return true;
}

static int
read_used(const char *name, const char *used, struct pale_seen_list *seen, struct pale_err *err)
{
	struct pale_compartment *c;
	struct pale_policy policy;
	int rc = read_part(&policy, name, used, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < c->grant_count; i++) {
		const struct pale_grant *grant = &c->grants[i];
		const char *colon = strrchr(grant->origin, ':');
		struct pale_seen *one;
		const char *from;
		const char *to;

		if (grant->path == NULL || grant->path[0] != '/' || colon == NULL)
			continue;
		one =
		    pale_seen_use(seen, grant->path, rights_of(grant), type_of(grant), NULL, false);
		if (one == NULL)
			continue;
		from = comment_above(used, (unsigned)strtoul(colon + 1, NULL, 10), &to);
		if (!read_comment(one, from, to))
			rc = no_memory(err);
		if (grant->target != NULL && one->target == NULL &&
		    (one->target = strdup(grant->target)) == NULL)
			rc = no_memory(err);
	}
	pale_policy_done(&policy);
	return rc;
}

/* Did people write a command, or where to start? */
static void
look_own(struct pale_learn_old *old)
{
	old->has_command = pale_line_find(old->before, "command(") != NULL ||
	    pale_line_find(old->after, "command(") != NULL;
	old->has_chdir = pale_line_find(old->before, "chdir(") != NULL ||
	    pale_line_find(old->after, "chdir(") != NULL;
}

static int
missing_mark(const char *name, const char *mark, struct pale_err *err)
{
	pale_fail(err, -EINVAL, "%s: the line '%s' is missing", name, mark);
	return pale_remedy(err, "put it back, or remove all that was learned, from '%s' to '%s'",
	    PALE_LEARN_MARK_BEGIN, PALE_LEARN_MARK_END);
}

static unsigned
line_number(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

int
pale_learn_text_read(const char *name, const char *text, struct pale_learn_old *ret,
    struct pale_seen_list *seen, struct pale_err *err)
{
	const char *whole = text == NULL ? "" : text;
	const char *begin = pale_line_find(whole, PALE_LEARN_MARK_BEGIN);
	const char *end = pale_line_find(begin == NULL ? whole : begin, PALE_LEARN_MARK_END);
	const char *used = begin == NULL ? NULL : pale_line_find(begin, PALE_LEARN_MARK_USED);
	const char *denied = used == NULL ? NULL : pale_line_find(used, PALE_LEARN_MARK_DENIED);
	PALE_FREE char *head = NULL;
	PALE_FREE char *middle = NULL;
	int rc;

	*ret = (struct pale_learn_old){ 0 };
	if (begin == NULL && end != NULL)
		return missing_mark(name, PALE_LEARN_MARK_BEGIN, err);
	ret->before = begin == NULL ? strdup(whole) : pale_text_part(whole, begin);
	ret->after = strdup(begin == NULL || end == NULL ? "" : pale_line_next(end));
	if (ret->before == NULL || ret->after == NULL)
		return no_memory(err);
	if (begin == NULL) {
		look_own(ret);
		return 0;
	}
	if (end == NULL)
		return missing_mark(name, PALE_LEARN_MARK_END, err);
	if (used == NULL || used > end)
		return missing_mark(name, PALE_LEARN_MARK_USED, err);
	if (denied == NULL || denied > end)
		return missing_mark(name, PALE_LEARN_MARK_DENIED, err);
	ret->was_learned = true;
	ret->first_line = line_number(whole, begin);
	ret->last_line = line_number(whole, end);
	ret->denied = pale_text_part(pale_line_next(denied), end);
	head = pale_text_part(pale_line_next(begin), used);
	middle = pale_text_part(pale_line_next(used), denied);
	if (ret->denied == NULL || head == NULL || middle == NULL)
		return no_memory(err);
	look_own(ret);
	rc = read_head(ret, head, err);
	return rc < 0 ? rc : read_used(name, middle, seen, err);
}

void
pale_learn_old_done(struct pale_learn_old *old)
{
	for (size_t i = 0; old->command != NULL && old->command[i] != NULL; i++)
		free(old->command[i]);
	for (size_t i = 0; i < old->within_count; i++)
		free(old->within[i]);
	free(old->command);
	free(old->within);
	free(old->before);
	free(old->after);
	free(old->options);
	free(old->denied);
	*old = (struct pale_learn_old){ 0 };
}
