/* SPDX-License-Identifier: BSD-2-Clause */
/* A witness in columns; see check_witness.h. */
#include "report/check_witness.h"

#include <string.h>

#include "model/model.h"

enum {
	COLUMNS_NUMBER = 6, /* "  12 " and the mark */
	COLUMNS_LEAST = 30, /* of an actor's column */
	COLUMNS_BETWEEN = 2,
};

/* Who acts, in the order of their first step. */
struct actors {
	const char *names[PALE_MODEL_PROCESSES];
	size_t count;
	unsigned widest; /* columns of a name */
};

static size_t
find_actor(const struct actors *actors, const char *name)
{
	size_t i = 0;

	while (i < actors->count && strcmp(actors->names[i], name) != 0)
		i++;
	return i;
}

static struct actors
collect(const struct pale_trace *trace)
{
	struct actors actors = { .count = 0 };

	for (size_t i = 0; i < trace->count; i++) {
		const char *name = trace->steps[i].actor;
		unsigned columns = pale_text_columns(name);

		if (find_actor(&actors, name) < actors.count ||
		    actors.count == PALE_MODEL_PROCESSES)
			continue;
		actors.names[actors.count++] = name;
		actors.widest = columns > actors.widest ? columns : actors.widest;
	}
	return actors;
}

static void
put_number(const struct pale_text *text, size_t number, bool decisive)
{
	char mark[32];

	snprintf(mark, sizeof(mark), "%4zu %s", number, decisive ? ">" : " ");
	pale_text_put(text, decisive ? PALE_TEXT_STRONG : PALE_TEXT_PLAIN, mark);
}

/* Each actor has a column as wide as any other; a step is wrapped within it. */
static void
put_columns(const struct pale_trace *trace, const struct actors *actors, unsigned width,
    const struct pale_text *text)
{
	fprintf(text->out, "%*s", COLUMNS_NUMBER, "");
	for (size_t i = 0; i < actors->count; i++) {
		unsigned columns = pale_text_columns(actors->names[i]);

		pale_text_put(text, PALE_TEXT_FAINT, actors->names[i]);
		if (i + 1 < actors->count)
			fprintf(text->out, "%*s",
			    (int)(columns < width ? width - columns : COLUMNS_BETWEEN), "");
	}
	fputc('\n', text->out);
	for (size_t i = 0; i < trace->count; i++) {
		const struct pale_trace_step *step = &trace->steps[i];
		unsigned column = (unsigned)find_actor(actors, step->actor);
		unsigned at = COLUMNS_NUMBER + column * width;
		struct pale_text within = *text;

		put_number(text, i + 1, step->decisive);
		fprintf(text->out, "%*s", (int)(column * width), "");
		within.width = at + width - COLUMNS_BETWEEN;
		pale_text_wrap(&within, at, at + 2, step->text);
	}
}

static void
put_lines(const struct pale_trace *trace, const struct actors *actors, const struct pale_text *text)
{
	unsigned at = COLUMNS_NUMBER + actors->widest + COLUMNS_BETWEEN;

	for (size_t i = 0; i < trace->count; i++) {
		const struct pale_trace_step *step = &trace->steps[i];

		put_number(text, i + 1, step->decisive);
		pale_text_put(text, PALE_TEXT_FAINT, step->actor);
		fprintf(text->out, "%*s",
		    (int)(at - COLUMNS_NUMBER - pale_text_columns(step->actor)), "");
		pale_text_wrap(text, at, at + 2, step->text);
	}
}

void
pale_report_witness(const struct pale_trace *trace, const struct pale_text *text)
{
	struct actors actors = collect(trace);
	unsigned width = actors.count == 0
	    ? 0
	    : (text->width - COLUMNS_NUMBER + COLUMNS_BETWEEN) / (unsigned)actors.count;

	if (actors.count == 0)
		return;
	if (width - COLUMNS_BETWEEN >= COLUMNS_LEAST && width > actors.widest)
		put_columns(trace, &actors, width, text);
	else
		put_lines(trace, &actors, text);
}
