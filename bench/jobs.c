/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run several commands in turn, many times over, on one processor, and say what each took: the
 * lowest and the middle wall time, and the lowest and middle processor time of its whole process
 * tree. Taking turns makes what else the machine does fall on all of them alike.
 *
 *   jobs ROUNDS NAME COMMAND [ARGUMENT...] [--- NAME COMMAND [ARGUMENT...]]...
 *
 * Prints a line for each: NAME wall-min wall-median cpu-min cpu-median, in microseconds. Their
 * output goes to /dev/null. A command that fails ends it all with exit code 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
	JOBS_MAX = 8,
	ROUNDS_MAX = 100000,
};

struct job {
	const char *name;
	char **argv;
	double *wall_us;
	double *cpu_us;
};

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
cpu_us(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	    (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static int
run_once(const struct job *job, const posix_spawn_file_actions_t *actions, size_t round)
{
	struct rusage usage;
	double start = now_us();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, job->argv[0], actions, NULL, job->argv, environ) != 0) {
		fprintf(stderr, "jobs: cannot start %s\n", job->argv[0]);
		return -1;
	}
	if (wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "jobs: '%s' failed with status 0x%x\n", job->name, status);
		return -1;
	}
	job->wall_us[round] = now_us() - start;
	/* What the children that were waited for used is in it, and theirs. */
	job->cpu_us[round] = cpu_us(&usage);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static size_t
read_jobs(char **argv, struct job jobs[JOBS_MAX], size_t rounds)
{
	size_t count = 0;

	while (*argv != NULL && count < JOBS_MAX) {
		struct job *job = &jobs[count++];

		job->name = *argv++;
		job->argv = argv;
		job->wall_us = calloc(rounds, sizeof(double));
		job->cpu_us = calloc(rounds, sizeof(double));
		while (*argv != NULL && strcmp(*argv, "---") != 0)
			argv++;
		if (*argv != NULL)
			*argv++ = NULL;
		if (*job->argv == NULL || job->wall_us == NULL || job->cpu_us == NULL)
			return 0;
	}
	return count;
}

int
main(int argc, char **argv)
{
	size_t rounds = argc < 2 ? 0 : strtoul(argv[1], NULL, 10);
	posix_spawn_file_actions_t actions;
	struct job jobs[JOBS_MAX] = { 0 };
	size_t count;
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (rounds == 0 || rounds > ROUNDS_MAX ||
	    (count = read_jobs(argv + 2, jobs, rounds)) == 0) {
		fprintf(stderr, "usage: jobs ROUNDS NAME COMMAND... [--- NAME COMMAND...]...\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			if (run_once(&jobs[i], &actions, round) < 0)
				return 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		qsort(jobs[i].wall_us, rounds, sizeof(double), compare);
		qsort(jobs[i].cpu_us, rounds, sizeof(double), compare);
		printf("%s %.1f %.1f %.1f %.1f\n", jobs[i].name, jobs[i].wall_us[0],
		    jobs[i].wall_us[rounds / 2], jobs[i].cpu_us[0], jobs[i].cpu_us[rounds / 2]);
	}
	return 0;
}
