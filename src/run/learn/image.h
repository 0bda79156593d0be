/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file is as something to run: a script, whose interpreter the kernel opens by itself, or
 * machine code, which the loader maps. Neither names a path in a call that could be heard of.
 */
#ifndef PALE_RUN_LEARN_IMAGE_H
#define PALE_RUN_LEARN_IMAGE_H

#include <limits.h>
#include <stdbool.h>

struct pale_learn_image {
	bool code;                  /* ELF, a program or a library */
	char interpreter[PATH_MAX]; /* absolute, of a script or a program; "" = none */
};

/*
 * Look at the first bytes of a regular file. Nothing that blocks is opened, no link is followed,
 * and what cannot be read or is ill-formed is neither. Test: tests/unit/learn_image.c
 */
void pale_learn_image_look(const char *path, struct pale_learn_image *ret);

#endif
