/* SPDX-License-Identifier: BSD-2-Clause */
/* Denials, for people and for programs; see denial.h. */
#include "report/denial.h"

#include <errno.h>
#include <string.h>

#include "report/json.h"
#include "report/words.h"

static void
put(const struct pale_text *text, enum pale_text_style style, const char *label, const char *words)
{
	fputs(label, text->out);
	pale_text_put(text, style, words);
}

static void
put_grant(const struct pale_text *text, const struct pale_denial_grant *grant)
{
	struct pale_string words = { 0 };

	pale_string_add(&words, "%s %s", grant->origin, grant->path);
	/* -r PATH says which rights it gives, a policy's line does not. */
	if (grant->has_rights) {
		pale_string_add(&words, " (");
		pale_words_rights(&words, grant->rights);
		pale_string_add(&words, ")");
	}
	put(text, PALE_TEXT_PLAIN, "   nearest grant: ", pale_string_get(&words));
	pale_string_done(&words);
}

void
pale_report_denial(const struct pale_denial *denial, const struct pale_text *text)
{
	const char *object = denial->path != NULL ? denial->path : denial->address;
	struct pale_string words = { 0 };

	put(text, PALE_TEXT_BAD, "pale: ", "denied");
	put(text, PALE_TEXT_STRONG, " ", denial->program);
	/* It is escaped already, and a second time would double its backslashes. */
	fprintf(text->out, "[%d] %s", denial->pid, denial->call);
	if (object != NULL)
		put(text, PALE_TEXT_STRONG, " -> ", object);
	fputs("\n      ", text->out);
	if (denial->missing != 0) {
		pale_words_names(&words, pale_rights_essence(denial->missing));
		put(text, PALE_TEXT_PLAIN, "missing: ", pale_string_get(&words));
		pale_string_done(&words);
	} else {
		put(text, PALE_TEXT_PLAIN, "by: ", denial->reason);
	}
	if (denial->grant.path != NULL)
		put_grant(text, &denial->grant);
	if (denial->allow[0] != '\0')
		put(text, PALE_TEXT_GOOD, "   to allow: ", denial->allow);
	fputc('\n', text->out);
}

static json_t *
make_grant(const struct pale_denial_grant *grant, bool *failed)
{
	json_t *object;

	if (grant->path == NULL)
		return json_null();
	object = json_object();
	pale_json_set(object, "origin", pale_json_bytes(grant->origin), failed);
	pale_json_set(object, "path", pale_json_bytes(grant->path), failed);
	pale_json_set(object, "rights", pale_json_rights(grant->rights), failed);
	return object;
}

int
pale_report_denial_json(const struct pale_denial *denial, FILE *out, struct pale_err *err)
{
	json_t *all = json_object();
	const char *error = strerrorname_np(denial->error);
	int result = 0;
	bool failed = false;

	pale_json_set(all, "program", pale_json_bytes(denial->program), &failed);
	pale_json_set(all, "pid", json_integer(denial->pid), &failed);
	pale_json_set(all, "syscall", json_string(pale_sys_row(denial->sys)->name), &failed);
	pale_json_set(all, "call", pale_json_bytes(denial->call), &failed);
	pale_json_set(all, "path", pale_json_bytes(denial->path), &failed);
	pale_json_set(all, "address", pale_json_bytes(denial->address), &failed);
	pale_json_set(all, "missing", pale_json_rights(denial->missing), &failed);
	pale_json_set(all, "nearest", make_grant(&denial->grant, &failed), &failed);
	pale_json_set(all, "allow",
	    pale_json_bytes(denial->allow[0] == '\0' ? NULL : denial->allow), &failed);
	pale_json_set(all, "option", json_boolean(denial->is_option), &failed);
	pale_json_set(all, "by", json_string(pale_why_by_name(denial->by)), &failed);
	pale_json_set(all, "because", pale_json_bytes(denial->reason), &failed);
	pale_json_set(all, "errno", error == NULL ? json_null() : json_string(error), &failed);
	pale_json_set(all, "count", json_integer((json_int_t)denial->count), &failed);
	if (failed)
		result = pale_fail(err, -ENOMEM, "out of memory");
	else if (json_dumpf(all, out, JSON_COMPACT) < 0 || fputc('\n', out) == EOF)
		result = pale_fail(err, -EIO, "cannot write the report");
	json_decref(all);
	return result;
}
