/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of what is learned, written anew; see text.h. */
#include "run/learn/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "policy/write.h"
#include "run/learn/lines.h"
#include "run/learn/name.h"

/* The words by which a reason is known again in an older file; one a reason, see put_reasons. */
static const char *const reason_words[PALE_LEARN_REASON_COUNT] = {
	[PALE_LEARN_MADE] = "are made, removed or renamed",
	[PALE_LEARN_RANDOM] = "will be others at the next run",
	[PALE_LEARN_MANY] = "have the same rights",
	[PALE_LEARN_MOVED] = "are renamed between directories",
	[PALE_LEARN_INNER] = "need more, and could be replaced between two runs",
	[PALE_LEARN_FLOOD] = "are more than are kept",
};
static const char added_words[] = "which nothing here can withhold";

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

bool
pale_learn_text_add(char **text, const char *about, const char *statement)
{
	PALE_FREE char *lines = NULL;
	const char *second;

	if (asprintf(&lines, "# %s\n# %s\n", about, statement) < 0) {
		lines = NULL;
		return false;
	}
	second = pale_line_next(lines);
	if (pale_line_has(*text, second, strlen(second) - 1))
		return true;
	if ((*text == NULL ? 0 : strlen(*text)) + strlen(lines) > PALE_LEARN_DENIED_BYTES_MAX)
		return false;
	return pale_text_append(text, lines, strlen(lines));
}

struct pale_grant
pale_learn_text_grant(const struct pale_learn_grant *from)
{
	pale_rights rights = pale_rights_essence(from->rights);
	struct pale_grant grant = { .kind = PALE_GRANT_FILE,
		.path = from->path,
		.target = (char *)(uintptr_t)from->target,
		.rights = rights,
		.optional = true,
		.fd = -1 };

	if (from->target != NULL) {
		grant.kind = PALE_GRANT_LINK;
		grant.optional = false;
	} else if (from->type == PALE_SEEN_DIR) {
		grant.kind = PALE_GRANT_DIR;
	} else if (from->type == PALE_SEEN_FIFO && (from->rights & RS(READ, WRITE)) != 0) {
		grant.kind = PALE_GRANT_FIFO;
		grant.optional = false;
		grant.use = ((from->rights & RS(READ)) != 0 ? (unsigned)PALE_USE_READ : 0) |
		    ((from->rights & RS(WRITE)) != 0 ? (unsigned)PALE_USE_WRITE : 0);
	} else if (from->type == PALE_SEEN_SOCKET && (from->rights & RS(CONNECTAT)) != 0) {
		grant.kind = PALE_GRANT_UNIX;
		grant.optional = false;
		grant.use = PALE_USE_CONNECT;
	}
	return grant;
}

/* Older lines about a grant, but those that are told anew. */
static void
put_notes(FILE *out, const struct pale_learn_grant *grant)
{
	for (const char *line = grant->notes; line != NULL && *line != '\0';
	     line = pale_line_next(line)) {
		PALE_FREE char *text = pale_text_part(line, pale_line_next(line));
		bool again =
		    text == NULL || (grant->added != 0 && strstr(text, added_words) != NULL);

		for (size_t i = 0; !again && i < PALE_LEARN_REASON_COUNT; i++)
			again = grant->names[i].count > 0 && strstr(text, reason_words[i]) != NULL;
		if (!again)
			fputs(text, out);
	}
}

static void
put_reasons(FILE *out, const struct pale_learn_grant *grant)
{
	char rights[1024];

	for (size_t i = 0; i < PALE_LEARN_REASON_COUNT; i++) {
		const struct pale_learn_names *names = &grant->names[i];
		bool examples = names->examples[0] != '\0';

		if (names->count == 0)
			continue;
		fprintf(out, "# widened: %" PRIu64 " %s in it%s%s%s %s\n", names->count,
		    names->count == 1 ? "name" : "names", examples ? " (" : "", names->examples,
		    examples ? (names->count > PALE_LEARN_EXAMPLES ? " ...)" : ")") : "",
		    reason_words[i]);
	}
	if (grant->added != 0) {
		pale_rights_print(pale_rights_essence(grant->added), rights, sizeof(rights));
		fprintf(
		    out, "# widened: with %s, %s beside the other grants\n", rights, added_words);
	}
}

static int
put_grant(FILE *out, const struct pale_learn_grant *learned, struct pale_err *err)
{
	struct pale_grant grant = pale_learn_text_grant(learned);
	PALE_FREE char *statement = NULL;
	const char *last = strrchr(learned->path, '/');
	int rc = pale_policy_write_grant(&grant, &statement, err);

	if (rc < 0)
		return rc;
	if (learned->count > 0)
		fprintf(out, "# seen %" PRIu64 " times, first by %s\n", learned->count,
		    learned->first == NULL ? "?" : learned->first);
	put_notes(out, learned);
	put_reasons(out, learned);
	if (last != NULL && pale_name_kind(last + 1) == PALE_NAME_VERSION)
		fputs("# note: its name tells a version\n", out);
	fprintf(out, "%s\n", statement);
	return 0;
}

static void
put_quoted(FILE *out, const char *text)
{
	size_t length = pale_policy_quote(text, NULL, 0);
	PALE_FREE char *quoted = malloc(length + 1);

	if (quoted == NULL)
		return;
	pale_policy_quote(text, quoted, length + 1);
	fputs(quoted, out);
}

/*
 * The command: of several runs the words that they begin with alike, so that what differs is given
 * behind `pale run --policy FILE`.
 */
static void
put_command(FILE *out, const struct pale_learn_old *old, const char *const *command)
{
	size_t same = 0;

	if (old->has_command || command == NULL || command[0] == NULL)
		return;
	if (old->command == NULL)
		while (command[same] != NULL)
			same++;
	while (old->command != NULL && old->command[same] != NULL && command[same] != NULL &&
	    strcmp(old->command[same], command[same]) == 0)
		same++;
	/* A run of another program: the earlier one stays. */
	if (same == 0 && old->command != NULL) {
		command = (const char *const *)old->command;
		while (command[same] != NULL)
			same++;
	}
	fputs("command(", out);
	for (size_t i = 0; i < same; i++) {
		fputs(i > 0 ? ", " : "", out);
		put_quoted(out, command[i]);
	}
	fputs(")\n", out);
}

/* Statements of the options, those of earlier runs first, none twice. */
static void
put_options(FILE *out, const struct pale_learn_old *old, const char *options)
{
	if (old->options != NULL)
		fputs(old->options, out);
	for (const char *line = options; line != NULL && *line != '\0';
	     line = pale_line_next(line)) {
		size_t size = (size_t)(pale_line_next(line) - line);

		if (!pale_line_has(old->options, line, size - 1))
			fwrite(line, 1, size, out);
	}
}

static bool
is_within(const struct pale_learn_new *new, const char *path)
{
	for (size_t i = 0; i < new->within_count; i++)
		if (strcmp(new->within[i], path) == 0)
			return true;
	return false;
}

static int
put_all(FILE *out, const struct pale_learn_old *old, const struct pale_learn_new *new,
    struct pale_err *err)
{
	int rc = 0;

	if (old->before[0] == '\0' && old->after[0] == '\0' && !old->was_learned)
		fputs("# A policy that was learned. Between the two marks each `pale run --learn` "
		      "writes anew;\n# lines around them are yours, and stay.\n\n",
		    out);
	fputs(old->before, out);
	if (old->before[0] != '\0' && old->before[strlen(old->before) - 1] != '\n')
		fputc('\n', out);
	fprintf(out, "%s\n# runs %u\n", PALE_LEARN_MARK_BEGIN, old->runs + 1);
	for (size_t i = 0; i < old->within_count + new->within_count; i++) {
		const char *path =
		    i < old->within_count ? old->within[i] : new->within[i - old->within_count];

		if (i < old->within_count && is_within(new, path))
			continue;
		fputs("# within ", out);
		put_quoted(out, path);
		fputc('\n', out);
	}
	if (new->bare)
		fputs("# It was run with --bare, and wants to be.\n", out);
	put_options(out, old, new->options);
	put_command(out, old, new->command);
	if (new->chdir != NULL && !old->has_chdir) {
		fputs("chdir(", out);
		put_quoted(out, new->chdir);
		fputs(")\n", out);
	}
	fprintf(out, "\n%s\n", PALE_LEARN_MARK_USED);
	for (size_t i = 0; rc == 0 && i < new->grants->count; i++)
		if (new->grants->list[i].refused == NULL)
			rc = put_grant(out, &new->grants->list[i], err);
	fprintf(out, "\n%s\n", PALE_LEARN_MARK_DENIED);
	if (new->denied != NULL)
		fputs(new->denied, out);
	fprintf(out, "%s\n%s", PALE_LEARN_MARK_END, old->after);
	return rc;
}

/* Would pale take it? Profiles and included files are not read for that. */
static int
check_text(const char *text, size_t size, struct pale_err *err)
{
	struct pale_err words = { 0 };
	struct pale_learn_old old;
	struct pale_seen_list seen;
	int rc = 0;

	if (size > PALE_POLICY_BYTES_MAX) {
		pale_fail(err, -E2BIG, "what was learned takes more than %d bytes",
		    PALE_POLICY_BYTES_MAX);
		return pale_remedy(err, "learn a smaller tree");
	}
	pale_seen_init(&seen);
	rc = pale_learn_text_read("what was learned", text, &old, &seen, &words);
	pale_learn_old_done(&old);
	pale_seen_done(&seen);
	return rc < 0 ? pale_fail(err, rc, "cannot write this: %s", words.text) : 0;
}

int
pale_learn_text_write(const struct pale_learn_old *old, const struct pale_learn_new *new,
    char **ret_text, size_t *ret_size, struct pale_err *err)
{
	PALE_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool failed;
	int rc;

	if (out == NULL)
		return no_memory(err);
	rc = put_all(out, old, new, err);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed)
		rc = no_memory(err);
	if (rc == 0)
		rc = check_text(text, size, err);
	if (rc < 0)
		return rc;
	*ret_text = pale_take_ptr(text);
	*ret_size = size;
	return 0;
}
