/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine has; see machine.h. */
#include "cli/check/machine.h"

#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/crew.h"

enum {
	KIB = 1024,
	LINE_BYTES = 4096,
};

static uint64_t
available(void)
{
	char line[LINE_BYTES];
	uint64_t kib = 0;
	FILE *file = fopen("/proc/meminfo", "re");

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib * KIB;
}

/* A number in a file of the control group; false where it is none ("max"). */
static bool
read_group(const char *group, const char *name, uint64_t *ret)
{
	char path[2 * LINE_BYTES];
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", group, name);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	read = fscanf(file, "%" SCNu64, ret) == 1;
	fclose(file);
	return read;
}

/* The least that any control group above leaves. */
static uint64_t
group_leaves(uint64_t least)
{
	char group[LINE_BYTES];
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool found = false;

	if (file == NULL)
		return least;
	while (!found && fgets(group, sizeof(group), file) != NULL)
		found = strncmp(group, "0::", 3) == 0;
	fclose(file);
	if (!found)
		return least;
	memmove(group, group + 3, strlen(group + 3) + 1);
	group[strcspn(group, "\n")] = '\0';
	while (true) {
		char *slash = strrchr(group, '/');
		uint64_t most, taken;

		if (read_group(group, "memory.max", &most) &&
		    read_group(group, "memory.current", &taken)) {
			uint64_t left = most > taken ? most - taken : 0;

			least = left < least ? left : least;
		}
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

uint64_t
pale_machine_free(void)
{
	uint64_t bytes = available();

	return bytes == 0 ? 0 : group_leaves(bytes);
}

unsigned
pale_machine_processors(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	count = CPU_COUNT(&set);
	if (count > PALE_CREW_MAX)
		return PALE_CREW_MAX;
	return count < 1 ? 1 : (unsigned)count;
}

uint64_t
pale_machine_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
