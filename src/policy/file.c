/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy file into memory; see file.h. */
#include "policy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "policy/policy.h"

int
pale_policy_slurp(const char *path, char **ret_text, size_t *ret_size, struct pale_err *err)
{
	PALE_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	PALE_FREE char *text = NULL;
	struct stat st;
	size_t size = 0;
	ssize_t got;

	if (fd < 0)
		return pale_fail_errno(err, "cannot open policy '%s'", path);
	if (fstat(fd, &st) < 0)
		return pale_fail_errno(err, "cannot stat policy '%s'", path);
	if (S_ISDIR(st.st_mode))
		return pale_fail(err, -EISDIR, "policy '%s' is a directory", path);
	if (!S_ISREG(st.st_mode))
		return pale_fail(err, -EINVAL, "policy '%s' is no regular file", path);

	/* One byte more than allowed, so that a file that grows meanwhile is noticed too. */
	text = malloc(PALE_POLICY_BYTES_MAX + 1);
	if (text == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	do {
		got = read(fd, text + size, PALE_POLICY_BYTES_MAX + 1 - size);
		if (got < 0 && errno != EINTR)
			return pale_fail_errno(err, "cannot read policy '%s'", path);
		size += got < 0 ? 0 : (size_t)got;
	} while (got != 0 && size <= PALE_POLICY_BYTES_MAX);
	if (size > PALE_POLICY_BYTES_MAX)
		return pale_fail(err, -EFBIG, "policy '%s' is longer than %d bytes", path,
		    PALE_POLICY_BYTES_MAX);

	*ret_text = pale_take_ptr(text);
	*ret_size = size;
	return 0;
}
