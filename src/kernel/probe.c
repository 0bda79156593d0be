/* SPDX-License-Identifier: BSD-2-Clause */
/* What the running kernel offers; see probe.h. */
#include "kernel/probe.h"

#include <stdio.h>
#include <sys/utsname.h>

bool
pale_probe_kernel_at_least(unsigned major, unsigned minor)
{
	struct utsname name;
	unsigned have_major;
	unsigned have_minor;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &have_major, &have_minor) != 2)
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}
