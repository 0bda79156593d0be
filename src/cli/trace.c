/* SPDX-License-Identifier: BSD-2-Clause */
/* `pale run --trace`; see trace.h. */
#include "cli/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"
#include "core/scope.h"
#include "report/denial.h"

enum {
	PENDING_MAX_BYTES = 1 << 20, /* some thousand denials that nobody reads */
	FD_LOW = 3,
};

static ssize_t
write_quietly(int fd, const char *bytes, size_t size)
{
	struct pale_quiet quiet;
	ssize_t put;
	int error;

	pale_quiet_begin(&quiet);
	put = write(fd, bytes, size);
	error = errno;
	pale_quiet_end(&quiet);
	errno = error;
	return put;
}

/* Write what can be written without waiting; all of it, if it is the end. */
static void
put_out(struct pale_cli_trace *trace, bool all)
{
	size_t done = 0;

	while (done < trace->pending_size) {
		struct pollfd polled = { .fd = trace->fd, .events = POLLOUT };
		size_t size = trace->pending_size - done;
		ssize_t put;

		if (!all && (poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0))
			break;
		/* So much fits where there is room at all, pipe(7). */
		put = write_quietly(
		    trace->fd, trace->pending + done, size < PIPE_BUF ? size : PIPE_BUF);
		if (put < 0 && errno == EINTR && all)
			continue;
		if (put < 0 && (errno == EINTR || errno == EAGAIN) && !all)
			break;
		if (put < 0 && errno == EAGAIN && poll(&polled, 1, -1) == 1)
			continue;
		if (put <= 0) {
			done = trace->pending_size; /* nobody reads it, or it has no room */
			trace->error = errno;
			break;
		}
		done += (size_t)put;
	}
	trace->pending_size -= done;
	memmove(trace->pending, trace->pending + done, trace->pending_size);
}

static void
add(struct pale_cli_trace *trace, const char *bytes, size_t size)
{
	char *grown;

	if (trace->pending_size + size > PENDING_MAX_BYTES) {
		trace->left_out++;
		return;
	}
	grown = realloc(trace->pending, trace->pending_size + size + 1);
	if (grown == NULL) {
		trace->left_out++;
		return;
	}
	trace->pending = grown;
	memcpy(trace->pending + trace->pending_size, bytes, size);
	trace->pending_size += size;
}

static void
tell(void *state, const struct pale_denial *denial)
{
	struct pale_cli_trace *trace = state;
	PALE_FREE char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	struct pale_text text = { .out = out, .width = UINT_MAX, .colour = trace->colour };

	if (out == NULL) {
		trace->left_out++;
		return;
	}
	if (trace->json)
		(void)pale_report_denial_json(denial, out, NULL);
	else
		pale_report_denial(denial, &text);
	if (fclose(out) == 0)
		add(trace, bytes, size);
	put_out(trace, trace->json);
}

static int
open_dir(const char *file)
{
	const char *slash = strrchr(file, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - file) + 1;
	char dir[PATH_MAX];

	if (len >= sizeof(dir))
		return -1;
	memcpy(dir, file, len);
	dir[len] = '\0';
	return open(len == 0 ? "." : dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Nothing was run: nobody wants an empty file, which the next attempt would stumble over. */
static void
take_away(const struct pale_cli_trace *trace)
{
	const char *slash = strrchr(trace->file, '/');
	const char *name = slash == NULL ? trace->file : slash + 1;
	struct stat ours;
	struct stat there;

	if (trace->dir >= 0 && fstat(trace->fd, &ours) == 0 &&
	    fstatat(trace->dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_dev == ours.st_dev && there.st_ino == ours.st_ino && there.st_size == 0)
		unlinkat(trace->dir, name, 0);
}

/* A new file, and not at a number that a grant names: the program would get it. */
static int
make_file(
    struct pale_cli_trace *trace, const struct pale_compartment *compartment, struct pale_err *err)
{
	PALE_CLOSE int fd = -1;
	int low = FD_LOW;

	fd = open(trace->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	if (fd < 0) {
		pale_fail_errno(err, "option --trace: cannot make '%s'", trace->file);
		return err->code != -EEXIST ? err->code
					    : pale_remedy(err, "name a file that is not there yet");
	}
	for (size_t i = 0; i < compartment->grant_count; i++) {
		if (compartment->grants[i].kind == PALE_GRANT_FD &&
		    compartment->grants[i].fd >= low)
			low = compartment->grants[i].fd + 1;
	}
	trace->dir = open_dir(trace->file);
	if (trace->dir >= 0 && trace->dir < low) {
		int dir = fcntl(trace->dir, F_DUPFD_CLOEXEC, low);

		close(trace->dir);
		trace->dir = dir;
	}
	trace->fd = fcntl(fd, F_DUPFD_CLOEXEC, low);
	return trace->fd < 0 ? pale_fail_errno(err, "option --trace: no descriptor is free") : 0;
}

int
pale_cli_trace_start(struct pale_cli_trace *trace, struct pale_run_args *args,
    const struct pale_compartment *compartment, struct pale_err *err)
{
	const char *no_color = getenv("NO_COLOR");
	int result = 0;

	if (!args->trace)
		return 0;
	trace->file = args->trace_file;
	trace->json = args->json;
	if (trace->file != NULL)
		result = make_file(trace, compartment, err);
	else
		trace->fd = STDERR_FILENO;
	if (trace->file == NULL)
		trace->colour = isatty(trace->fd) && (no_color == NULL || *no_color == '\0');
	/* What is told as JSON has its count, so it is told at the end. */
	if (result == 0 && pale_trace_new(trace->json ? NULL : tell, trace, &trace->trace) < 0)
		result = pale_fail(err, -ENOMEM, "out of memory");
	if (result == 0)
		args->plan.watcher = pale_trace_watcher(trace->trace);
	return result;
}

/* One line, wherever the report went. */
static void
say_totals(const struct pale_cli_trace *trace, const struct pale_trace_totals *totals)
{
	char line[PATH_MAX + 256];
	int len;

	if (totals->distinct == 0) {
		len = snprintf(line, sizeof(line), "no denials");
	} else {
		len = snprintf(line, sizeof(line), "%zu distinct denial%s (%" PRIu64 " call%s); ",
		    totals->distinct, totals->distinct == 1 ? "" : "s", totals->calls,
		    totals->calls == 1 ? "" : "s");
		if (trace->file != NULL)
			len += snprintf(line + len, sizeof(line) - (size_t)len,
			    "'%s' tells of each, and what would allow it", trace->file);
		else
			len += snprintf(line + len, sizeof(line) - (size_t)len,
			    "each is told above, with what would allow it");
	}
	if (totals->untold + trace->left_out > 0 && (size_t)len < sizeof(line))
		snprintf(line + len, sizeof(line) - (size_t)len, "; %" PRIu64 " more were not told",
		    totals->untold + trace->left_out);
	pale_say(line);
	if (trace->file == NULL || trace->error == 0)
		return;
	snprintf(
	    line, sizeof(line), "'%s' is not complete: %s", trace->file, strerror(trace->error));
	pale_say_note(line);
}

void
pale_cli_trace_end(struct pale_cli_trace *trace, bool ran)
{
	struct pale_trace_totals totals;

	if (trace->trace != NULL && ran) {
		totals = pale_trace_totals(trace->trace);
		for (size_t i = 0; trace->json && i < totals.distinct; i++)
			tell(trace, pale_trace_get(trace->trace, i));
		put_out(trace, true);
		/* Behind JSON on standard error it would be no JSON. */
		if (!trace->json || trace->file != NULL)
			say_totals(trace, &totals);
	}
	pale_trace_free(trace->trace);
	free(trace->pending);
	if (trace->file != NULL && trace->fd >= 0) {
		if (!ran)
			take_away(trace);
		close(trace->fd);
	}
	if (trace->dir >= 0)
		close(trace->dir);
	*trace = PALE_CLI_TRACE_NONE;
}
