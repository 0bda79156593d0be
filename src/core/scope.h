/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scope owners: a descriptor or heap block is given back when its variable leaves scope, on every
 * path, unless it was handed over first. Set the owner at the declaration.
 */
#ifndef PALE_CORE_SCOPE_H
#define PALE_CORE_SCOPE_H

#include <stdlib.h>
#include <unistd.h>

#define PALE_UNUSED __attribute__((unused))
#define PALE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An int declared PALE_CLOSE holds a descriptor, or -1; it is closed when it leaves scope. */
#define PALE_CLOSE __attribute__((cleanup(pale_scope_close)))
/* A pointer declared PALE_FREE is given to free(3) when it leaves scope. */
#define PALE_FREE __attribute__((cleanup(pale_scope_free)))

static inline void
pale_scope_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
pale_scope_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

/* Move a descriptor out of its owner; the owner then holds -1. */
static inline int
pale_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Move a heap block out of its owner; the owner then holds NULL. */
#define pale_take_ptr(owner) \
	({ \
		__typeof__(owner) taken_ = (owner); \
		(owner) = NULL; \
		taken_; \
	})

#endif
