/* SPDX-License-Identifier: BSD-2-Clause */
/* What a machine can enforce, for people and programs; see doctor.h. */
#include "report/doctor.h"

#include <string.h>

#include "core/scope.h"
#include "kernel/probe.h"
#include "report/json.h"

enum {
	NAME_COLUMNS = 20,
	VALUE_COLUMNS = 13,
};

static void
put_check(const struct pale_check *check, const struct pale_text *text)
{
	static const enum pale_text_style styles[] = {
		[PALE_CHECK_YES] = PALE_TEXT_GOOD,
		[PALE_CHECK_NO] = PALE_TEXT_BAD,
		[PALE_CHECK_PARTLY] = PALE_TEXT_STRONG,
		[PALE_CHECK_INFO] = PALE_TEXT_PLAIN,
	};
	unsigned taken = pale_text_columns(check->value);
	unsigned at = NAME_COLUMNS + (taken < VALUE_COLUMNS ? VALUE_COLUMNS : taken + 1);

	fprintf(text->out, "%-*s", NAME_COLUMNS, check->name);
	pale_text_put(text, styles[check->state], check->value);
	fprintf(text->out, "%*s", (int)(at - NAME_COLUMNS - taken), "");
	pale_text_wrap(text, at, NAME_COLUMNS + VALUE_COLUMNS, check->purpose);
	if (check->words.text[0] != '\0') {
		fprintf(text->out, "%*s", NAME_COLUMNS, "");
		pale_text_wrap(text, NAME_COLUMNS, NAME_COLUMNS, check->words.text);
	}
	if (check->words.remedy[0] != '\0') {
		fprintf(text->out, "%*s", NAME_COLUMNS, "");
		pale_text_wrap(text, NAME_COLUMNS, NAME_COLUMNS, check->words.remedy);
	}
}

static void
put_missing_abis(const struct pale_doctor *doctor, const struct pale_text *text)
{
	for (const struct pale_probe_landlock *row = pale_probe_landlock; row->abi != 0; row++) {
		struct pale_string words = { 0 };

		if (row->abi <= doctor->landlock_abi)
			continue;
		pale_string_add(&words, "without ABI %d (Linux %s, %s): %s", row->abi, row->kernel,
		    row->brings, row->without == NULL ? "nothing is lost" : row->without);
		fprintf(text->out, "%*s", NAME_COLUMNS, "");
		pale_text_wrap(text, NAME_COLUMNS, NAME_COLUMNS + 2, pale_string_get(&words));
		pale_string_done(&words);
	}
}

void
pale_report_doctor(const struct pale_doctor *doctor, const struct pale_text *text)
{
	for (size_t i = 0; i < doctor->count; i++) {
		put_check(&doctor->checks[i], text);
		if (strcmp(doctor->checks[i].id, "landlock") == 0)
			put_missing_abis(doctor, text);
	}
	fputc('\n', text->out);
	if (doctor->works) {
		pale_text_put(text, PALE_TEXT_GOOD, "`pale run` works here");
		fputc('\n', text->out);
		return;
	}
	pale_text_put(text, PALE_TEXT_BAD, "`pale run` does not work here");
	fputs(": ", text->out);
	pale_text_put(text, PALE_TEXT_PLAIN,
	    doctor->obstacle == NULL ? "see above" : doctor->obstacle->words.text);
	fputc('\n', text->out);
}

static json_t *
make_text(const char *text)
{
	return pale_json_bytes(text[0] == '\0' ? NULL : text);
}

static json_t *
make_check(const struct pale_check *check, bool *failed)
{
	static const char *const states[] = {
		[PALE_CHECK_YES] = "yes",
		[PALE_CHECK_NO] = "no",
		[PALE_CHECK_PARTLY] = "partly",
		[PALE_CHECK_INFO] = "info",
	};
	json_t *object = json_object();

	pale_json_set(object, "id", json_string(check->id), failed);
	pale_json_set(object, "name", json_string(check->name), failed);
	pale_json_set(object, "state", json_string(states[check->state]), failed);
	pale_json_set(object, "value", pale_json_bytes(check->value), failed);
	pale_json_set(object, "purpose", json_string(check->purpose), failed);
	pale_json_set(object, "needed", json_boolean(check->needed), failed);
	pale_json_set(object, "because", make_text(check->words.text), failed);
	pale_json_set(object, "remedy", make_text(check->words.remedy), failed);
	return object;
}

int
pale_report_doctor_json(const struct pale_doctor *doctor, FILE *out, struct pale_err *err)
{
	json_t *all = json_object();
	json_t *features = json_array();
	json_t *landlock = json_object();
	json_t *missing = json_array();
	bool failed = false;

	for (size_t i = 0; i < doctor->count; i++)
		pale_json_add(features, make_check(&doctor->checks[i], &failed), &failed);
	for (const struct pale_probe_landlock *row = pale_probe_landlock; row->abi != 0; row++) {
		json_t *object;

		if (row->abi <= doctor->landlock_abi)
			continue;
		object = json_object();
		pale_json_set(object, "abi", json_integer(row->abi), &failed);
		pale_json_set(object, "kernel", json_string(row->kernel), &failed);
		pale_json_set(object, "brings", json_string(row->brings), &failed);
		pale_json_set(object, "loses", pale_json_bytes(row->without), &failed);
		pale_json_add(missing, object, &failed);
	}
	pale_json_set(landlock, "abi", json_integer(doctor->landlock_abi), &failed);
	pale_json_set(landlock, "missing", missing, &failed);
	pale_json_set(all, "kernel", pale_json_bytes(doctor->kernel), &failed);
	pale_json_set(all, "works", json_boolean(doctor->works), &failed);
	pale_json_set(all, "features", features, &failed);
	pale_json_set(all, "landlock", landlock, &failed);
	return pale_json_write(out, all, failed, err);
}
