/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON of what pale talks about; see json.h. */
#include "report/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/scope.h"
#include "report/words.h"

json_t *
pale_json_bytes(const char *bytes)
{
	PALE_FREE char *safe = NULL;
	size_t len;
	size_t size;

	if (bytes == NULL)
		return json_null();
	len = strlen(bytes);
	size = pale_escape_utf8(bytes, len, NULL, 0) + 1;
	safe = malloc(size);
	if (safe == NULL)
		return NULL;
	pale_escape_utf8(bytes, len, safe, size);
	return json_string(safe);
}

json_t *
pale_json_rights(pale_rights rights)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < PALE_RIGHT_COUNT && array != NULL; i++) {
		if ((rights >> i & 1) != 0 &&
		    json_array_append_new(array, json_string(pale_right_row(i)->name)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *
pale_json_bits(const struct pale_word *words, uint64_t bits)
{
	json_t *array = json_array();

	for (; words->bit != 0 && array != NULL; words++) {
		if ((bits & words->bit) != 0 &&
		    json_array_append_new(array, json_string(words->name)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

void
pale_json_set(json_t *object, const char *key, json_t *value, bool *failed)
{
	if (json_object_set_new(object, key, value) < 0)
		*failed = true;
}

void
pale_json_add(json_t *array, json_t *value, bool *failed)
{
	if (json_array_append_new(array, value) < 0)
		*failed = true;
}

int
pale_json_write(FILE *out, json_t *value, bool failed, struct pale_err *err)
{
	int result = 0;

	if (failed || value == NULL)
		result = pale_fail(err, -ENOMEM, "out of memory");
	else if (json_dumpf(value, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) < 0 ||
	    fputc('\n', out) == EOF)
		result = pale_fail_errno(err, "cannot write the answer");
	json_decref(value);
	return result;
}
