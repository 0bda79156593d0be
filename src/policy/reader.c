/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a policy as a list of calls; see reader.h. libConfuse lives in this file alone. It
 * sees only text that pale_scan let pass, opens no file, and its messages come here. Calls are
 * listed rather than acted upon from its callbacks, because its lexer is global: an included file
 * is read when the file that includes it is done with the lexer.
 */
#include "policy/reader.h"

#include <confuse.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"
#include "policy/scan.h"

/* What the callbacks need; the first option of every section carries a pointer to it. */
struct reader {
	const char *name;
	const char *const *words;
	size_t word_count;
	struct pale_scan scan;
	size_t line_next; /* index into scan.lines */
	struct pale_calls calls;
	struct pale_err *err;
	int rc;
};

/*
 * libConfuse's tilde expansion is never reached, but it names these two, and with them the whole
 * name service switch would be linked into a static program. Nobody here has a passwd entry.
 */
struct passwd *
getpwnam(const char *name PALE_UNUSED)
{
	return NULL;
}

struct passwd *
getpwuid(uid_t uid PALE_UNUSED)
{
	return NULL;
}

/* Calls are read-only to everyone but their list. */
static void
give_back(const void *block)
{
	free((void *)(uintptr_t)block);
}

static void
call_done(struct pale_call *call)
{
	for (size_t i = 0; i < call->arg_count; i++)
		give_back(call->args[i]);
	give_back(call->args);
	give_back(call->arg_lines);
	give_back(call->compartment);
}

void
pale_calls_done(struct pale_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		call_done(&calls->list[i]);
	free(calls->list);
	*calls = (struct pale_calls){ 0 };
}

static int
no_memory(struct reader *reader)
{
	reader->rc = pale_fail(reader->err, -ENOMEM, "out of memory");
	return reader->rc;
}

/* Copy the arguments of a call. False when there is no memory; call_done clears up then. */
static bool
copy_args(struct pale_call *call, const char *const *args, size_t count, const unsigned *lines)
{
	char **own_args = calloc(count + 1, sizeof(*own_args));
	unsigned *own_lines = calloc(count + 1, sizeof(*own_lines));

	call->args = (const char *const *)own_args;
	call->arg_lines = own_lines;
	if (own_args == NULL || own_lines == NULL)
		return false;
	for (; call->arg_count < count; call->arg_count++) {
		own_args[call->arg_count] = strdup(args[call->arg_count]);
		if (own_args[call->arg_count] == NULL)
			return false;
		own_lines[call->arg_count] = lines[call->arg_count];
	}
	return true;
}

/* Append a call that is owned from here on. libConfuse is told 0 or -1. */
static int
keep_call(struct reader *reader, struct pale_call *call, const char *compartment)
{
	struct pale_calls *calls = &reader->calls;
	struct pale_call *grown = calls->list;

	if (compartment != NULL)
		call->compartment = strdup(compartment);
	/* Full exactly when the count is a power of two. */
	if ((calls->count & (calls->count - 1)) == 0)
		grown = reallocarray(
		    calls->list, calls->count == 0 ? 1 : calls->count * 2, sizeof(*grown));
	if (grown != NULL)
		calls->list = grown;
	if (grown == NULL || (compartment != NULL && call->compartment == NULL)) {
		call_done(call);
		no_memory(reader);
		return -1;
	}
	calls->list[calls->count++] = *call;
	return 0;
}

/* Called by libConfuse at the closing parenthesis of every call, in the order of the text. */
static int
on_call(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct reader *reader = *cfg->opts[0].simple_value.ptr;
	const unsigned *lines = reader->scan.lines + reader->line_next;
	struct pale_call call = { .word = (size_t)(opt - cfg->opts), .line = lines[0] };

	reader->line_next += 1 + (size_t)argc;
	if (!copy_args(&call, argv, (size_t)argc, lines + 1)) {
		call_done(&call);
		no_memory(reader);
		return -1;
	}
	return keep_call(reader, &call, cfg_title(cfg));
}

/* Called at the closing brace of a block. A block reopened is not the last of the list, but known.
 */
static int
on_block(cfg_t *cfg, cfg_opt_t *opt)
{
	const cfg_t *block = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct pale_call call = { .word = PALE_READ_BLOCK, .line = (unsigned)cfg->line };

	return keep_call(*cfg->opts[0].simple_value.ptr, &call, block->title);
}

/* libConfuse found a fault; the first one counts. */
static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list args)
{
	struct reader *reader = *cfg->opts[0].simple_value.ptr;
	char words[PALE_ERR_TEXT_BYTES];
	const char *nearest = NULL;

	if (reader->rc != 0)
		return;
	if (strstr(fmt, "no such option") != NULL) {
		const char *word = va_arg(args, const char *);

		snprintf(words, sizeof(words), "unknown word '%s'", word);
		nearest = pale_suggest(word, reader->words, reader->word_count);
	} else if (strstr(fmt, "missing parenthesis") != NULL) {
		snprintf(words, sizeof(words), "'%s' needs its arguments in parentheses",
		    va_arg(args, const char *));
	} else {
		vsnprintf(words, sizeof(words), fmt, args);
	}
	reader->rc = pale_fail(reader->err, -EINVAL, "%s:%d: %s", reader->name, cfg->line, words);
	if (nearest != NULL)
		pale_remedy(reader->err, "did you mean '%s'?", nearest);
}

static int
parse(struct reader *reader)
{
	void *self = reader;
	cfg_opt_t inside[PALE_READ_WORDS_MAX + 2];
	cfg_opt_t outside[PALE_READ_WORDS_MAX + 2];
	size_t count = 0;
	cfg_t *cfg;
	int rc;

	for (; count < PALE_READ_WORDS_MAX && reader->words[count] != NULL; count++) {
		inside[count] = (cfg_opt_t)CFG_FUNC(reader->words[count], on_call);
		inside[count].simple_value.ptr = &self;
		outside[count] = inside[count];
	}
	reader->word_count = count;
	inside[count] = (cfg_opt_t)CFG_END();
	outside[count] = (cfg_opt_t)CFG_SEC("compartment", inside, CFGF_MULTI | CFGF_TITLE);
	outside[count + 1] = (cfg_opt_t)CFG_END();

	cfg = cfg_init(outside, CFGF_NONE);
	if (cfg == NULL)
		return no_memory(reader);
	cfg_set_error_function(cfg, on_error);
	cfg_set_validate_func(cfg, "compartment", on_block);
	rc = cfg_parse_buf(cfg, reader->scan.text);
	/* It refuses a few things without a word. */
	if (rc != CFG_SUCCESS && reader->rc == 0)
		reader->rc = pale_fail(
		    reader->err, -EINVAL, "%s:%d: not understood", reader->name, cfg->line);
	cfg_free(cfg);
	return reader->rc;
}

int
pale_calls_read(const char *name, const char *text, size_t size, const char *const *words,
    struct pale_calls *ret_calls, struct pale_err *err)
{
	struct reader reader = { .name = name, .words = words, .err = err };
	int rc = pale_scan(name, text, size, &reader.scan, err);

	if (rc < 0)
		return rc;
	rc = parse(&reader);
	pale_scan_done(&reader.scan);
	if (rc < 0) {
		pale_calls_done(&reader.calls);
		return rc;
	}
	*ret_calls = reader.calls;
	return 0;
}
