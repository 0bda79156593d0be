/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write the profiles as a C file: embed OUT.c PROFILE.pale ...
 *
 * Each profile as its text, and as the calls that the reader finds in it. A profile that cannot be
 * read fails the build.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "policy/file.h"
#include "policy/reader.h"

enum {
	NAME_BYTES = 64,
};

static const char *const words[] = {
#define GRANT(id, ...) #id,
#define RIGHTS(id, ...) #id,
#define ENDPOINT(id, ...) #id,
#define OTHER(id, ...) #id,
#include "policy/verbs.def"
	NULL,
};

/* One profile as read. */
struct profile {
	char name[NAME_BYTES];
	char *text;
	size_t size;
	struct pale_calls calls;
};

/* Bytes as a C string: a line of it for each line of the text. */
static void
write_string(FILE *out, const char *text, size_t size)
{
	fputc('"', out);
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '\n')
			fputs(i + 1 < size ? "\\n\"\n\t\"" : "\\n", out);
		else if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\' || byte == '?')
			fprintf(out, "\\%03o", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static int
read_profile(struct profile *profile, const char *path, struct pale_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	int rc;

	snprintf(profile->name, sizeof(profile->name), "%.*s", (int)strcspn(base, "."), base);
	rc = pale_policy_slurp(path, &profile->text, &profile->size, err);
	if (rc == 0)
		rc = pale_calls_read(
		    path, profile->text, profile->size, words, &profile->calls, err);
	return rc;
}

/* The arguments of each call are arrays of their own, named by profile and place. */
static void
write_args(FILE *out, const struct profile *profile)
{
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct pale_call *call = &profile->calls.list[i];

		fprintf(out, "static const char *const %s_args_%zu[] = {", profile->name, i);
		for (size_t j = 0; j < call->arg_count; j++) {
			fputc(' ', out);
			write_string(out, call->args[j], strlen(call->args[j]));
			fputc(',', out);
		}
		fprintf(
		    out, " NULL };\nstatic const unsigned %s_lines_%zu[] = {", profile->name, i);
		for (size_t j = 0; j < call->arg_count; j++)
			fprintf(out, " %u,", call->arg_lines[j]);
		fputs(" 0 };\n", out);
	}
}

static int
write_calls(FILE *out, const struct profile *profile, struct pale_err *err)
{
	fprintf(out, "static const struct pale_call %s_calls[] = {\n", profile->name);
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct pale_call *call = &profile->calls.list[i];

		if (call->compartment != NULL)
			return pale_fail(err, -EINVAL,
			    "profile %s:%u: a profile has no compartments", profile->name,
			    call->line);
		fprintf(out,
		    "\t{ .word = %zu, .line = %u, .arg_count = %zu,\n"
		    "\t  .args = %s_args_%zu, .arg_lines = %s_lines_%zu },\n",
		    call->word, call->line, call->arg_count, profile->name, i, profile->name, i);
	}
	fputs("};\n\n", out);
	return 0;
}

static int
write_all(FILE *out, const struct profile *profiles, size_t count, struct pale_err *err)
{
	int rc = 0;

	fputs("/* Made by tools/embed.c; edit profiles/ instead. */\n"
	      "#include \"policy/embedded.h\"\n\n",
	    out);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		write_args(out, &profiles[i]);
		rc = write_calls(out, &profiles[i], err);
	}
	fputs("const char *const pale_embedded_names[] = {\n", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "\t\"%s\",\n", profiles[i].name);
	fputs("\tNULL,\n};\n\nconst struct pale_embedded pale_embedded[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "\t{ .calls = %s_calls, .call_count = %zu, .size = %zu, .text =\n\t",
		    profiles[i].name, profiles[i].calls.count, profiles[i].size);
		write_string(out, profiles[i].text, profiles[i].size);
		fputs(" },\n", out);
	}
	fputs("};\n", out);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct profile *)a)->name, ((const struct profile *)b)->name);
}

int
main(int argc, char **argv)
{
	size_t count = argc < 2 ? 0 : (size_t)argc - 2;
	PALE_FREE struct profile *profiles = calloc(count + 1, sizeof(*profiles));
	struct pale_err err = { 0 };
	FILE *out = argc < 3 ? NULL : fopen(argv[1], "we");
	int rc = out == NULL || profiles == NULL ? -EINVAL : 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_profile(&profiles[i], argv[i + 2], &err);
	if (rc == 0) {
		qsort(profiles, count, sizeof(*profiles), compare);
		rc = write_all(out, profiles, count, &err);
	}
	for (size_t i = 0; profiles != NULL && i < count; i++) {
		pale_calls_done(&profiles[i].calls);
		free(profiles[i].text);
	}
	if (out != NULL && fclose(out) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		fprintf(stderr, "embed: %s\n", err.text[0] != '\0' ? err.text : strerror(-rc));
	return rc < 0 ? 1 : 0;
}
