/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was denied while a program was learned, as comments: what it was, and the statement that
 * would allow it. All names come from the program and are escaped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/scope.h"
#include "policy/endpoint.h"
#include "policy/write.h"
#include "run/learn/state.h"

enum {
	ABOUT_BYTES = 2048, /* of a line; a call has at most 1024 */
	NAME_BYTES = 64,
};

/* A statement that would allow what was denied; NULL if there is none. */
static char *
statement_for(const struct pale_denial *denial)
{
	static const pale_rights names =
	    RS(CREATE, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT, UNLINKAT) |
	    RS(RENAMEAT_SOURCE, RENAMEAT_TARGET, LINKAT_SOURCE, LINKAT_TARGET);
	struct pale_grant grant = { .kind = PALE_GRANT_PATH, .optional = true, .fd = -1 };
	pale_rights need = pale_rights_close(denial->missing | RS(LOOKUP));
	PALE_FREE char *path = denial->path == NULL ? NULL : strdup(denial->path);
	PALE_FREE char *option = NULL;
	char *statement = NULL;
	char *word;

	/* "--tcp HOST:PORT" and the like are what a statement says too. */
	if (denial->address != NULL && denial->is_option && strncmp(denial->allow, "--", 2) == 0) {
		option = strdup(denial->allow);
		word = option == NULL ? NULL : strchr(option, ' ');
		if (word == NULL)
			return NULL;
		*word++ = '\0';
		grant.optional = false;
		if (pale_endpoint_parse_word(option, word, &grant, NULL) == 0)
			pale_policy_write_grant(&grant, &statement, NULL);
		free(grant.path);
		return statement;
	}
	if (path == NULL || path[0] != '/')
		return NULL;
	grant.path = path;
	if ((need & ~pale_rights_preset_read()) == 0) {
		grant.rights = pale_rights_preset_read();
	} else if ((need & ~pale_rights_preset_execute()) == 0) {
		grant.rights = pale_rights_preset_execute();
	} else if ((need & names) != 0) {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		grant.kind = PALE_GRANT_DIR;
		grant.rights = pale_rights_essence(need);
	} else {
		grant.kind = PALE_GRANT_FILE;
		grant.rights = pale_rights_essence(need);
	}
	pale_policy_write_grant(&grant, &statement, NULL);
	return statement;
}

/* Is a denial about a secret? */
static const char *
secret_in(const struct pale_denial *denial)
{
	const char *what;

	if (denial->path == NULL)
		return NULL;
	what = pale_secret_name(denial->path, NULL);
	return what == NULL && pale_secret_above(denial->path) ? "part of a secret" : what;
}

/* What is open needs no grant to be asked about. */
static bool
is_told(const struct pale_denial *denial)
{
	return strstr(denial->call, "AT_EMPTY_PATH") == NULL;
}

size_t
pale_learn_denied(const struct pale_learn *learn)
{
	size_t count = 0;

	for (size_t i = 0; i < pale_trace_totals(learn->trace).distinct; i++)
		count += is_told(pale_trace_get(learn->trace, i));
	return count;
}

void
pale_learn_put_denied(const struct pale_learn *learn, char **text)
{
	size_t count = pale_trace_totals(learn->trace).distinct;

	for (size_t i = 0; i < count; i++) {
		const struct pale_denial *denial = pale_trace_get(learn->trace, i);
		PALE_FREE char *statement = statement_for(denial);
		const char *secret = secret_in(denial);
		char program[NAME_BYTES];
		char about[ABOUT_BYTES];
		char allow[ABOUT_BYTES];

		pale_escape(denial->program, strlen(denial->program), program, sizeof(program));
		if (!is_told(denial))
			continue;
		snprintf(about, sizeof(about), "denied, %s%s%s: %s %s",
		    denial->path == NULL ? "not learned" : "outside --learn-within",
		    secret == NULL ? "" : ", and a secret: ", secret == NULL ? "" : secret, program,
		    denial->call);
		pale_escape(denial->allow, strlen(denial->allow), allow, sizeof(allow));
		if (statement == NULL && allow[0] == '\0')
			snprintf(allow, sizeof(allow), "no grant allows it");
		/* No room: the count at the end tells of it. */
		pale_learn_text_add(text, about, statement != NULL ? statement : allow);
	}
}
