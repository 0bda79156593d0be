/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a failure; see err.h. */
#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* So that `return pale_remedy(NULL, ...)` returns the failure too, not success. */
static _Thread_local int last_code;

__attribute__((format(printf, 4, 0))) static void
put(char *buf, size_t size, size_t at, const char *fmt, va_list args)
{
	int wrote = vsnprintf(buf + at, size - at, fmt, args);

	if (wrote < 0)
		buf[at] = '\0';
	else if ((size_t)wrote >= size - at)
		memcpy(buf + size - 4, "...", 4);
}

int
pale_fail(struct pale_err *err, int code, const char *fmt, ...)
{
	va_list args;

	last_code = code;
	if (err == NULL)
		return code;
	err->code = code;
	err->remedy[0] = '\0';
	va_start(args, fmt);
	put(err->text, sizeof(err->text), 0, fmt, args);
	va_end(args);
	return code;
}

int
pale_fail_errno(struct pale_err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	last_code = -saved;
	if (err == NULL)
		return -saved;
	err->code = -saved;
	err->remedy[0] = '\0';
	va_start(args, fmt);
	put(err->text, sizeof(err->text), 0, fmt, args);
	va_end(args);
	if (strlen(err->text) + 3 < sizeof(err->text)) {
		strncat(err->text, ": ", sizeof(err->text) - strlen(err->text) - 1);
		strncat(err->text, strerror(saved), sizeof(err->text) - strlen(err->text) - 1);
	}
	errno = saved;
	return -saved;
}

int
pale_remedy(struct pale_err *err, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return last_code;
	va_start(args, fmt);
	put(err->remedy, sizeof(err->remedy), 0, fmt, args);
	va_end(args);
	return err->code;
}
