/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a call is allowed or denied, for people and programs; see why.h. */
#include "report/why.h"

#include <string.h>

#include "policy/endpoint.h"
#include "report/json.h"
#include "report/words.h"

static void
say_grant(struct pale_string *words, const struct pale_entry *entry)
{
	pale_string_add(words, "%s '%s'", entry->origin, entry->path);
	if (!pale_entry_has_rights(entry)) {
		pale_string_add(words, " (%s)", pale_words_kind(entry->kind));
		return;
	}
	pale_string_add(words, ": ");
	pale_words_rights(words, entry->rights);
}

static void
say_endpoint(struct pale_string *words, const struct pale_endpoint *one)
{
	char uses[128];

	pale_uses_print(one->use, uses, sizeof(uses));
	pale_string_add(words, "%s '%s': %s", one->origin, one->name, uses);
}

static const char *
mechanism(enum pale_why_by by)
{
	static const char *const names[] = {
		[PALE_WHY_GRANT] = "a grant",
		[PALE_WHY_CALL] = "the call filter",
		[PALE_WHY_FILTER] = "the call filter",
		[PALE_WHY_ABSENT] = "the empty root",
		[PALE_WHY_MOUNT] = "the mount of the grant",
		[PALE_WHY_LANDLOCK] = "Landlock",
		[PALE_WHY_SUPERVISOR] = "the supervisor",
		[PALE_WHY_THING] = "the mount of the cage",
		[PALE_WHY_PERMISSIONS] = "ordinary permissions",
	};

	return names[by];
}

static void
put_verdict(
    const struct pale_why *why, const char *call, const char *path, const struct pale_text *text)
{
	pale_text_put(text, why->allowed ? PALE_TEXT_GOOD : PALE_TEXT_BAD,
	    why->allowed ? "allowed" : "denied");
	fputs(": ", text->out);
	pale_text_put(text, PALE_TEXT_PLAIN, call);
	if (why->has_path) {
		fputc(' ', text->out);
		pale_text_put(text, PALE_TEXT_PLAIN, path);
		if (why->view.path[0] != '\0' && strcmp(why->view.path, path) != 0) {
			fputs(" -> ", text->out);
			pale_text_put(text, PALE_TEXT_PLAIN, why->view.path);
		}
	}
	fputc('\n', text->out);
}

static void
put_string(const struct pale_text *text, const char *label, struct pale_string *words)
{
	pale_text_item(text, label, pale_string_get(words));
	pale_string_done(words);
}

void
pale_report_why(
    const struct pale_why *why, const char *call, const char *path, const struct pale_text *text)
{
	struct pale_string words = { 0 };

	put_verdict(why, call, path, text);
	pale_string_add(&words, "%s", mechanism(why->by));
	if (why->error != 0)
		pale_string_add(&words, " (%s)", strerrorname_np(why->error));
	pale_string_add(&words, ", because %s", why->reason);
	put_string(text, "  by", &words);
	if (why->missing != 0) {
		pale_words_rights(&words, why->missing);
		put_string(text, "  missing", &words);
	} else if (why->allowed && why->need != 0) {
		pale_words_rights(&words, why->need);
		put_string(text, "  needs", &words);
	}
	if (why->endpoint != NULL) {
		say_endpoint(&words, why->endpoint);
		put_string(text, "  grant", &words);
	} else if (why->grant != NULL || why->nearest != NULL) {
		say_grant(&words, why->grant != NULL ? why->grant : why->nearest);
		put_string(text, why->grant != NULL ? "  grant" : "  nearest", &words);
	}
	if (why->allow[0] != '\0')
		pale_text_item(text, "  to allow", why->allow);
	if (why->note[0] != '\0')
		pale_text_item(text, "  note", why->note);
}

static json_t *
make_endpoint(const struct pale_endpoint *one, bool *failed)
{
	json_t *object = json_object();
	char uses[128];

	pale_uses_print(one->use, uses, sizeof(uses));
	pale_json_set(object, "path", pale_json_bytes(one->name), failed);
	pale_json_set(object, "origin", pale_json_bytes(one->origin), failed);
	pale_json_set(object, "uses", json_string(uses), failed);
	return object;
}

static json_t *
make_grant(const struct pale_entry *entry, bool *failed)
{
	json_t *object;

	if (entry == NULL)
		return json_null();
	object = json_object();
	pale_json_set(object, "path", pale_json_bytes(entry->path), failed);
	pale_json_set(object, "origin", pale_json_bytes(entry->origin), failed);
	pale_json_set(object, "rights", pale_json_rights(entry->rights), failed);
	return object;
}

/* An empty string is no answer. */
static json_t *
make_text(const char *text)
{
	return pale_json_bytes(text[0] == '\0' ? NULL : text);
}

int
pale_report_why_json(const struct pale_why *why, const char *path, FILE *out, struct pale_err *err)
{
	json_t *all = json_object();
	bool failed = false;

	pale_json_set(all, "call", json_string(pale_sys_row(why->call.sys)->name), &failed);
	pale_json_set(all, "path", pale_json_bytes(why->has_path ? path : NULL), &failed);
	pale_json_set(all, "inside", make_text(why->view.path), &failed);
	pale_json_set(all, "exists", json_boolean(why->view.exists), &failed);
	pale_json_set(all, "allowed", json_boolean(why->allowed), &failed);
	pale_json_set(all, "by", json_string(pale_why_by_name(why->by)), &failed);
	pale_json_set(all, "errno",
	    why->error == 0 ? json_null() : json_string(strerrorname_np(why->error)), &failed);
	pale_json_set(all, "because", make_text(why->reason), &failed);
	pale_json_set(all, "need", pale_json_rights(why->need), &failed);
	pale_json_set(all, "missing", pale_json_rights(why->missing), &failed);
	pale_json_set(all, "grant",
	    why->endpoint != NULL ? make_endpoint(why->endpoint, &failed)
				  : make_grant(why->grant, &failed),
	    &failed);
	pale_json_set(all, "nearest", make_grant(why->nearest, &failed), &failed);
	pale_json_set(all, "allow", make_text(why->allow), &failed);
	pale_json_set(all, "option", json_boolean(why->is_option), &failed);
	pale_json_set(all, "note", make_text(why->note), &failed);
	return pale_json_write(out, all, failed, err);
}
