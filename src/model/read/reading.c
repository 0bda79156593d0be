/* SPDX-License-Identifier: BSD-2-Clause */
/* What all parts of the reader need: messages, texts, numbers; see reading.h. */
#include "model/read/reading.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/suggest.h"

/* A text, behind all that came before it. */
struct pale_model_text {
	struct pale_model_text *next;
	_Alignas(void *) char bytes[];
};

void
pale_reading_forget(struct pale_model_text *texts)
{
	while (texts != NULL) {
		struct pale_model_text *next = texts->next;

		free(texts);
		texts = next;
	}
}

int
pale_reading_fail(struct pale_reading *in, unsigned line, const char *fmt, ...)
{
	char words[PALE_ERR_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	/* What the command line says stands in no line. */
	if (line == 0)
		return pale_fail(in->err, -EINVAL, "%s: %s", in->file, words);
	return pale_fail(in->err, -EINVAL, "%s:%u: %s", in->file, line, words);
}

int
pale_reading_no_memory(struct pale_reading *in)
{
	return pale_fail(in->err, -ENOMEM, "out of memory");
}

int
pale_reading_suggest(
    struct pale_reading *in, const char *word, const char *const *names, size_t count)
{
	const char *nearest = pale_suggest(word, names, count);

	if (nearest != NULL)
		pale_remedy(in->err, "did you mean '%s'?", nearest);
	return -EINVAL;
}

void *
pale_reading_bytes(struct pale_reading *in, size_t bytes)
{
	struct pale_model_text *kept = malloc(sizeof(*kept) + bytes);

	if (kept == NULL)
		return NULL;
	kept->next = in->model->texts;
	in->model->texts = kept;
	return kept->bytes;
}

const char *
pale_reading_keep(struct pale_reading *in, const char *text, size_t length)
{
	char *kept = pale_reading_bytes(in, length + 1);

	if (kept == NULL)
		return NULL;
	memcpy(kept, text, length);
	kept[length] = '\0';
	return kept;
}

void *
pale_reading_add(void *list_pointer, size_t *count, size_t *size, size_t each)
{
	void *list;
	char *one;

	memcpy(&list, list_pointer, sizeof(list));
	if (*count == *size) {
		size_t room = *size == 0 ? 8 : *size * 2;

		list = reallocarray(list, room, each);
		if (list == NULL)
			return NULL;
		memcpy(list_pointer, &list, sizeof(list));
		*size = room;
	}
	one = (char *)list + *count * each;
	memset(one, 0, each);
	(*count)++;
	return one;
}

int
pale_reading_number(struct pale_reading *in, unsigned line, const char *text, const char *what,
    long least, long most, long *ret_number)
{
	char *end;
	long number;
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;

	errno = 0;
	number = strtol(text, &end, base);
	if (end == text || *end != '\0' || errno != 0 ||
	    strspn(text, "+-0123456789abcdefABCDEFxX") != strlen(text))
		return pale_reading_fail(in, line, "'%s' is no %s", text, what);
	if (number < least || number > most)
		return pale_reading_fail(
		    in, line, "%s %s: it is %ld to %ld", what, text, least, most);
	*ret_number = number;
	return 0;
}

int
pale_reading_mode(struct pale_reading *in, unsigned line, const char *text, uint16_t *ret_mode)
{
	size_t digits = strspn(text, "01234567");
	unsigned long mode = strtoul(text, NULL, 8);

	if (digits == 0 || text[digits] != '\0' || mode > 07777)
		return pale_reading_fail(
		    in, line, "'%s' is no mode: it is bits in octal, up to 7777", text);
	*ret_mode = (uint16_t)mode;
	return 0;
}

int
pale_reading_user(struct pale_reading *in, unsigned line, const char *text, size_t *ret_user)
{
	long number;
	uint32_t *user;
	int rc =
	    pale_reading_number(in, line, text, "number of a user", 0, UINT32_MAX - 1, &number);

	if (rc < 0)
		return rc;
	for (size_t i = 1; i < in->user_count; i++)
		if (in->users[i] == (uint32_t)number) {
			*ret_user = i;
			return 0;
		}
	*ret_user = in->user_count;
	user = pale_reading_add(&in->users, &in->user_count, &in->user_size, sizeof(*user));
	if (user == NULL)
		return pale_reading_no_memory(in);
	*user = (uint32_t)number;
	return 0;
}

bool
pale_reading_is_word(const char *text)
{
	size_t length =
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return length > 0 && text[length] == '\0' && text[0] != '-' &&
	    (text[0] < '0' || text[0] > '9') && strcmp(text, "AT_FDCWD") != 0;
}

int
pale_reading_value(
    struct pale_reading *in, unsigned line, const char *text, struct pale_value **ret_value)
{
	struct pale_value *value;

	if (!pale_reading_is_word(text))
		return pale_reading_fail(
		    in, line, "'%s' is no value: it is a word that begins with a letter", text);
	for (size_t i = 1; i < in->value_count; i++)
		if (strcmp(in->values[i].text, text) == 0) {
			*ret_value = &in->values[i];
			return 0;
		}
	value = pale_reading_add(&in->values, &in->value_count, &in->value_size, sizeof(*value));
	if (value == NULL)
		return pale_reading_no_memory(in);
	value->text = pale_reading_keep(in, text, strlen(text));
	if (value->text == NULL)
		return pale_reading_no_memory(in);
	*ret_value = value;
	return 0;
}

int
pale_reading_key(struct pale_reading *in, unsigned line, const char *text, size_t *ret_key)
{
	long number;
	int32_t *key;
	int rc =
	    pale_reading_number(in, line, text, "key of a System V object", 1, INT32_MAX, &number);

	if (rc < 0)
		return rc;
	for (size_t i = 1; i < in->key_count; i++)
		if (in->keys[i] == (int32_t)number) {
			*ret_key = i;
			return 0;
		}
	*ret_key = in->key_count;
	key = pale_reading_add(&in->keys, &in->key_count, &in->key_size, sizeof(*key));
	if (key == NULL)
		return pale_reading_no_memory(in);
	*key = (int32_t)number;
	return 0;
}

int
pale_reading_rights(struct pale_reading *in, unsigned line, const char *text, size_t *ret_rights)
{
	struct pale_err err = { 0 };
	pale_rights rights, *added;
	int rc = pale_rights_parse(text, &rights, &err);

	if (rc < 0) {
		pale_reading_fail(in, line, "%s", err.text);
		if (err.remedy[0] != '\0')
			pale_remedy(in->err, "%s", err.remedy);
		return -EINVAL;
	}
	for (size_t i = 1; i < in->right_count; i++)
		if (in->rights[i] == rights) {
			*ret_rights = i;
			return 0;
		}
	*ret_rights = in->right_count;
	added = pale_reading_add(&in->rights, &in->right_count, &in->right_size, sizeof(*added));
	if (added == NULL)
		return pale_reading_no_memory(in);
	*added = rights;
	return 0;
}

int
pale_reading_path(
    struct pale_reading *in, unsigned line, const char *text, pale_walker_rest *ret_rest)
{
	int rc;

	if (text[0] == '\0')
		return pale_reading_fail(in, line, "a path is empty: there is no such file");
	rc = pale_rests_add(&in->rests, text, ret_rest);
	if (rc == -ENAMETOOLONG)
		return pale_reading_fail(
		    in, line, "a path or a component of it is longer than the kernel takes");
	if (rc == -E2BIG)
		return pale_reading_fail(in, line, "there are too many different paths");
	return rc < 0 ? pale_reading_no_memory(in) : 0;
}

struct pale_side *
pale_reading_side(struct pale_reading *in, const char *name)
{
	for (size_t i = 0; i < in->side_count; i++)
		if (strcmp(in->sides[i].name, name) == 0)
			return &in->sides[i];
	return NULL;
}
