/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts that need both sides of a cage: a program that starts `pale run` around itself for each
 * fact, as root and as an ordinary user, and looks from outside at what became of it. It includes
 * this once, defines the table `cases` and the functions declared below, and ends with INSIDE_MAIN.
 *
 *   PALE  the program under test; default: ../../pale beside this one
 */
#ifndef PALE_TESTS_LIVE_INSIDE_H
#define PALE_TESTS_LIVE_INSIDE_H

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CASE_SECONDS = 20, /* whatever takes longer hangs */
	FD_OUT = 3,
	FD_IN = 4,
	USER_DEFAULT = 1000,
	ARGS_MAX = 48,
};

struct fact {
	const char *name;
	const char *sentence;
	int (*inside)(void);          /* 0, or 1 having said where it failed */
	const char *(*outside)(void); /* what is wrong afterwards, or NULL; may be NULL itself */
	const char *grants;           /* words; "@A" is what word_of('A') says */
	void (*meanwhile)(int step);  /* called outside for each step() inside; may be NULL */
};

static const struct fact cases[];

/* Make and remove what the facts are about, as whoever runs them; .note is passed inside. */
static void world_make(char *note, size_t size);
static void world_read(const char *note);
static void world_remove(void);
static void word_of(char letter, char *buf, size_t size);

static inline int
inside_fail(int line, const char *condition, int error)
{
	fprintf(stderr, "# line %d: %s: %s\n", line, condition, strerror(error));
	return 1;
}

/* Leave the fact with the line unless the condition holds. */
#define HOLDS(condition) \
	do { \
		errno = 0; \
		if (!(condition)) \
			return inside_fail(__LINE__, #condition, errno); \
	} while (0)
#define FAILS(call, error) HOLDS((long)(call) == -1 && errno == (error))

/* Let those outside do their next step, and wait until it is done. */
static inline bool
step(void)
{
	char byte;

	return write(FD_OUT, "s", 1) == 1 && read(FD_IN, &byte, 1) == 1;
}

static inline int
inside_exec(const char *pale, const char *self, const struct fact *fact, const char *note)
{
	const char *argv[ARGS_MAX] = { pale, "run", "-x", self, "--fd", "3:write", "--fd",
		"4:read" };
	size_t n = 8;
	static char words[2048];
	char *save = NULL;
	size_t used = 0;

	for (const char *at = fact->grants; *at != '\0'; at++) {
		if (at[0] == '@' && at[1] >= 'A' && at[1] <= 'Z') {
			word_of(*++at, words + used, sizeof(words) - used);
			used += strlen(words + used);
		} else {
			words[used++] = *at;
		}
	}
	for (char *word = strtok_r(words, " ", &save); word != NULL && n < ARGS_MAX - 6;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	argv[n++] = "--";
	argv[n++] = self;
	argv[n++] = fact->name;
	argv[n++] = note;
	execv(pale, (char *const *)(uintptr_t)argv);
	return 125;
}

struct inside_count {
	unsigned count;
	unsigned failed;
};

static inline void
inside_try(const char *pale, const char *self, const struct fact *fact, const char *who,
    struct inside_count *count)
{
	const char *wrong = NULL;
	char note[512];
	int to[2];
	int from[2];
	int status = -1;
	char byte;
	pid_t pid;

	world_make(note, sizeof(note));
	fflush(stdout);
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		int out = fcntl(from[1], F_DUPFD, 10);
		int in = fcntl(to[0], F_DUPFD, 10);

		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(2, 1);
		dup2(out, FD_OUT);
		dup2(in, FD_IN);
		_exit(inside_exec(pale, self, fact, note));
	}
	close(to[0]);
	close(from[1]);
	for (int n = 0; read(from[0], &byte, 1) == 1; n++) {
		if (fact->meanwhile != NULL)
			fact->meanwhile(n);
		(void)!write(to[1], "g", 1);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		wrong = "it failed inside";
	else if (fact->outside != NULL)
		wrong = fact->outside();
	count->count++;
	count->failed += wrong != NULL;
	printf("%sok %u - %s (as %s)%s%s\n", wrong == NULL ? "" : "not ", count->count,
	    fact->sentence, who, wrong == NULL ? "" : ": ", wrong == NULL ? "" : wrong);
	close(to[1]);
	close(from[0]);
	world_remove();
}

static inline void
inside_all(const char *pale, const char *self, const char *only, const char *who,
    struct inside_count *count)
{
	for (const struct fact *fact = cases; fact->name != NULL; fact++) {
		if (strstr(fact->name, only) != NULL)
			inside_try(pale, self, fact, who, count);
	}
	fflush(stdout);
}

static inline int
inside_main(int argc, char **argv)
{
	const char *given = getenv("PALE");
	const char *user = getenv("USER_ID");
	uid_t uid = user == NULL ? USER_DEFAULT : (uid_t)atoi(user);
	struct inside_count *count =
	    mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *only = argc == 2 ? argv[1] : "";
	char self[PATH_MAX];
	char pale[PATH_MAX];
	char dir[] = "/var/tmp/pale-live.XXXXXX";
	char copy[64];
	char command[3 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc == 3) {
		alarm(CASE_SECONDS);
		world_read(argv[2]);
		for (const struct fact *fact = cases; fact->name != NULL; fact++) {
			if (strcmp(fact->name, argv[1]) == 0)
				return fact->inside();
		}
		return 2;
	}
	if (len < 0 || count == MAP_FAILED || mkdtemp(dir) == NULL || chmod(dir, 0755) < 0)
		return 1;
	self[len] = '\0';
	snprintf(pale, sizeof(pale), "%.*s/../../pale", (int)(strrchr(self, '/') - self), self);
	if (given != NULL)
		snprintf(pale, sizeof(pale), "%s", given);
	/* From where everybody can reach them. */
	snprintf(copy, sizeof(copy), "%s/probe", dir);
	snprintf(
	    command, sizeof(command), "cp '%s' '%s' && cp '%s' '%s/pale'", self, copy, pale, dir);
	if (system(command) != 0)
		return 1;
	snprintf(pale, sizeof(pale), "%s/pale", dir);
	inside_all(pale, copy, only, getuid() == 0 ? "root" : "user", count);
	if (getuid() == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
			    setresuid(uid, uid, uid) < 0)
				_exit(1);
			inside_all(pale, copy, only, "user", count);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		printf("# %s is left\n", dir);
	printf("1..%u\n", count->count);
	return count->failed > 0;
}

#define INSIDE_MAIN \
	int main(int argc, char **argv) \
	{ \
		return inside_main(argc, argv); \
	}

#endif
