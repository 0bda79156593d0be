/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are there whole or not at all; see output.h. */
#include "cli/check/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	MODE_NEW = 0666, /* what the umask leaves of it */
};

/* mkostemp makes 0600; what a redirection would have made is what is expected. */
static void
set_mode(int fd, const struct stat *had)
{
	mode_t mask;

	if (had != NULL) {
		fchmod(fd, had->st_mode & 07777);
		return;
	}
	mask = umask(0);
	umask(mask);
	fchmod(fd, MODE_NEW & ~mask);
}

int
pale_output_open(const char *name, struct pale_output *ret, struct pale_err *err)
{
	struct pale_output output = { .name = name };
	struct stat st;
	bool there = stat(name, &st) == 0;
	int fd;

	if (there && S_ISDIR(st.st_mode))
		return pale_fail(err, -EISDIR, "cannot write '%s': it is a directory", name);
	if (there && !S_ISREG(st.st_mode)) {
		fd = open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else {
		if (asprintf(&output.temporary, "%s.XXXXXX", name) < 0)
			return pale_fail(err, -ENOMEM, "out of memory");
		fd = mkostemp(output.temporary, O_CLOEXEC);
	}
	if (fd < 0) {
		pale_fail_errno(err, "cannot write '%s'", name);
		free(output.temporary);
		return err == NULL ? -EIO : err->code;
	}
	if (output.temporary != NULL)
		set_mode(fd, there ? &st : NULL);
	output.out = fdopen(fd, "w");
	if (output.out == NULL) {
		close(fd);
		pale_output_drop(&output);
		return pale_fail(err, -ENOMEM, "out of memory");
	}
	*ret = output;
	return 0;
}

int
pale_output_commit(struct pale_output *output, struct pale_err *err)
{
	bool failed = ferror(output->out) != 0 || fflush(output->out) != 0;
	int result = 0;

	/* A disk that is full may say so only when the file is closed. */
	if (failed) {
		result = pale_fail_errno(err, "cannot write '%s'", output->name);
	} else {
		int closed = fclose(output->out);

		output->out = NULL;
		if (closed != 0 ||
		    (output->temporary != NULL && rename(output->temporary, output->name) != 0))
			result = pale_fail_errno(err, "cannot write '%s'", output->name);
	}
	if (result == 0) {
		free(output->temporary);
		output->temporary = NULL;
	}
	pale_output_drop(output);
	return result;
}

void
pale_output_drop(struct pale_output *output)
{
	if (output->out != NULL)
		fclose(output->out);
	if (output->temporary != NULL)
		unlink(output->temporary);
	free(output->temporary);
	*output = (struct pale_output){ 0 };
}

int
pale_output_write(const char *name, const char *text, struct pale_err *err)
{
	struct pale_output output = { 0 };
	int result = pale_output_open(name, &output, err);

	if (result < 0)
		return result;
	fputs(text, output.out);
	return pale_output_commit(&output, err);
}
