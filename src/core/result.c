/* SPDX-License-Identifier: BSD-2-Clause */
/* What check, race and audit found; see result.h. */
#include "core/result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/scope.h"

const char *
pale_severity_name(enum pale_severity severity)
{
	static const char *const names[PALE_SEVERITY_COUNT] = { "info", "low", "medium", "high" };

	return names[severity];
}

void
pale_fingerprint(const char *rule, const char *object, char ret[PALE_FINGERPRINT_BYTES])
{
	XXH3_state_t state;
	XXH128_canonical_t bytes;

	XXH3_128bits_reset(&state);
	XXH3_128bits_update(&state, rule, strlen(rule) + 1);
	XXH3_128bits_update(&state, object, strlen(object));
	XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&state));
	for (size_t i = 0; i < sizeof(bytes.digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes.digest[i]);
}

/* Every string of a finding, for copying. */
static const char **
string_of(struct pale_finding *finding, size_t i)
{
	const char **const strings[] = { &finding->rule, &finding->object, &finding->who,
		&finding->what, &finding->effect, &finding->proof, &finding->fix, &finding->file };

	return i < PALE_COUNT(strings) ? strings[i] : NULL;
}

static size_t
room_for(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

static const char *
copy(char **at, const char *text)
{
	size_t room = room_for(text);
	char *start = *at;

	if (text == NULL)
		return NULL;
	memcpy(start, text, room);
	*at += room;
	return start;
}

/* A finding with its steps and strings in one block, so that one free gives all back. */
static struct pale_finding *
duplicate(const struct pale_finding *finding)
{
	struct pale_finding source = *finding, *block;
	size_t steps_size = finding->step_count * sizeof(struct pale_step);
	size_t size = sizeof(*block) + steps_size;
	struct pale_step *steps;
	const char **text;
	char *at;

	for (size_t i = 0; (text = string_of(&source, i)) != NULL; i++)
		size += room_for(*text);
	for (size_t i = 0; i < finding->step_count; i++)
		size += room_for(finding->steps[i].actor) + room_for(finding->steps[i].text);
	block = malloc(size);
	if (block == NULL)
		return NULL;
	*block = source;
	steps = (struct pale_step *)(block + 1);
	at = (char *)(steps + finding->step_count);
	for (size_t i = 0; (text = string_of(block, i)) != NULL; i++)
		*text = copy(&at, *text);
	for (size_t i = 0; i < finding->step_count; i++)
		steps[i] = (struct pale_step){
			.actor = copy(&at, finding->steps[i].actor),
			.text = copy(&at, finding->steps[i].text),
			.decisive = finding->steps[i].decisive,
		};
	block->steps = finding->step_count > 0 ? steps : NULL;
	return block;
}

static struct pale_finding **
find(const struct pale_results *results, const char *fingerprint)
{
	for (size_t i = 0; i < results->count; i++) {
		if (strcmp(results->findings[i]->fingerprint, fingerprint) == 0)
			return &results->findings[i];
	}
	return NULL;
}

static int
grow(struct pale_results *results)
{
	size_t size = results->size * 2 + 8;
	struct pale_finding **grown;

	if (results->count < results->size)
		return 0;
	grown = realloc(results->findings, size * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	results->findings = grown;
	results->size = size;
	return 0;
}

int
pale_results_add(struct pale_results *results, const struct pale_finding *finding)
{
	struct pale_finding *made, **known;
	int r;

	if (finding->rule == NULL || finding->object == NULL)
		return -EINVAL;
	r = grow(results);
	if (r < 0)
		return r;
	made = duplicate(finding);
	if (made == NULL)
		return -ENOMEM;
	pale_fingerprint(made->rule, made->object, made->fingerprint);
	known = find(results, made->fingerprint);
	if (known == NULL) {
		results->findings[results->count++] = made;
		return 0;
	}
	if (made->severity > (*known)->severity) {
		free(*known);
		*known = made;
	} else {
		free(made);
	}
	return 1;
}

void
pale_results_limit(struct pale_results *results, const char *fmt, ...)
{
	va_list args;

	if (results->limited)
		return;
	results->limited = true;
	va_start(args, fmt);
	vsnprintf(results->limit, sizeof(results->limit), fmt, args);
	va_end(args);
}

static int
compare(const void *a, const void *b)
{
	const struct pale_finding *x = *(struct pale_finding *const *)a;
	const struct pale_finding *y = *(struct pale_finding *const *)b;
	int r;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	r = strcmp(x->rule, y->rule);
	return r != 0 ? r : strcmp(x->object, y->object);
}

void
pale_results_sort(struct pale_results *results)
{
	if (results->count > 1)
		qsort(results->findings, results->count, sizeof(*results->findings), compare);
}

int
pale_results_status(const struct pale_results *results)
{
	for (size_t i = 0; i < results->count; i++) {
		if (results->findings[i]->severity > PALE_INFO)
			return 1;
	}
	return results->limited ? 4 : 0;
}

void
pale_results_done(struct pale_results *results)
{
	for (size_t i = 0; i < results->count; i++)
		free(results->findings[i]);
	free(results->findings);
	*results = (struct pale_results){ 0 };
}
