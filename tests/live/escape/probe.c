/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program inside the cage: runs every attempt and control in a child of its own and prints one
 * line for each, which the driver outside turns into TAP. `probe WORLD [native] [seconds=N]` runs
 * the tables; `probe WORLD one=NAME` does one thing for the driver (probe_one.c). `list` prints
 * every entry with its number, `index=N` runs that one alone.
 *
 *     N <count>                                       lines that follow
 *     <kind> <verdict> <family>: <sentence>|<detail>  kind: A C L; verdict: ok bad skip
 */
#include "probe.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "probe_one.h"

enum {
	ATTEMPT_SECONDS = 8, /* a call that blocks longer hangs, and fails */
	NOTE_SIZE = 160,
};

struct shared {
	bool done;
	int verdict;
	char note[NOTE_SIZE];
};

struct world w;
const struct board *board;
const char *world_dir;
bool is_native;
unsigned race_seconds = 2;

static struct shared *shared;

/* The linker collects the entries of all tables here. */
extern const struct attempt *__start_attempts[];
extern const struct attempt *__stop_attempts[];

void
note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(shared->note, sizeof(shared->note), format, args);
	va_end(args);
}

static bool
load_world(void)
{
	char path[256];
	bool good;
	int fd;

	snprintf(path, sizeof(path), "%s/ro/world", world_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	good = fd >= 0 && read(fd, &w, sizeof(w)) == (ssize_t)sizeof(w) &&
	    strcmp(w.magic, WORLD_MAGIC) == 0;
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "%s/ro/board", world_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	board = mmap(NULL, sizeof(*board), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return good && board != MAP_FAILED && shared != MAP_FAILED;
}

/* Run one entry in a child; its verdict, or -1000 - n for death by signal n. */
static int
run_entry(const struct attempt *a)
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return BROKEN;
	if (pid == 0) {
		alarm(ATTEMPT_SECONDS + (a->is_race ? race_seconds : 0));
		shared->verdict = a->run();
		shared->done = true;
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (shared->done)
		return shared->verdict;
	if (WIFSIGNALED(status))
		return -1000 - WTERMSIG(status);
	note("ended with status %d", status);
	return BROKEN;
}

static void
print_verdict(const struct attempt *a, const char *verdict, const char *detail)
{
	static const char letters[] = {
		[KIND_ATTEMPT] = 'A', [KIND_CONTROL] = 'C', [KIND_STATED] = 'L'
	};

	printf("%c %s %s: %s|%s%s%s\n", letters[a->kind], verdict, a->family, a->sentence, detail,
	    shared->note[0] != '\0' && detail[0] != '\0' ? ", " : "", shared->note);
	fflush(stdout);
}

static void
judge_attempt(const struct attempt *a, int verdict)
{
	char detail[128];

	if (verdict > 0) {
		snprintf(detail, sizeof(detail), "%s", strerrorname_np(verdict));
		print_verdict(a, "ok", detail);
	} else if (verdict == -1000 - SIGSYS) {
		print_verdict(a, "ok", "SIGSYS");
	} else if (verdict == ESCAPED) {
		print_verdict(a, "bad", "escaped");
	} else if (verdict == SKIPPED) {
		print_verdict(a, "skip", "");
	} else if (verdict < -1000) {
		snprintf(detail, sizeof(detail), "died of signal %d", -1000 - verdict);
		print_verdict(a, "bad", detail);
	} else {
		print_verdict(a, "bad", "could not be tried");
	}
}

static void
judge_control(const struct attempt *a, int verdict)
{
	char detail[128] = "";

	if (verdict > 0)
		snprintf(detail, sizeof(detail), "%s", strerrorname_np(verdict));
	else if (verdict < -1000)
		snprintf(detail, sizeof(detail), "died of signal %d", -1000 - verdict);
	else if (verdict == BROKEN)
		snprintf(detail, sizeof(detail), "failed");
	print_verdict(a, verdict == 0 ? "ok" : verdict == SKIPPED ? "skip" : "bad", detail);
}

/* Natively the attempt has to succeed: an attempt that fails by itself would prove nothing. */
static void
judge_native(const struct attempt *a, int verdict)
{
	char detail[128] = "";

	if (verdict > 0)
		snprintf(detail, sizeof(detail), "%s", strerrorname_np(verdict));
	else if (verdict < -1000)
		snprintf(detail, sizeof(detail), "died of signal %d", -1000 - verdict);
	if (verdict == ESCAPED) {
		shared->note[0] = '\0';
		print_verdict(a, "ok", "");
	} else if (verdict == SKIPPED) {
		print_verdict(a, "skip", "");
	} else if (a->native == ANYONE || (strcmp(a->native, ROOT) == 0 && w.uid == 0)) {
		print_verdict(a, "bad", detail[0] != '\0' ? detail : "could not be tried");
	} else {
		note("%s", strcmp(a->native, ROOT) == 0 ? "needs root natively" : a->native + 6);
		print_verdict(a, "skip", detail);
	}
}

static void
run_one(const struct attempt *a)
{
	memset(shared, 0, sizeof(*shared));
	if (a->kind == KIND_STATED && !is_native) {
		note("a stated limit: %s", a->native + strlen(MAYBE("")));
		print_verdict(a, "skip", "");
	} else if (is_native && a->kind != KIND_CONTROL && a->native != NULL &&
	    strncmp(a->native, "never ", 6) == 0) {
		note("%s", a->native + 6);
		print_verdict(a, "skip", "");
	} else if (is_native && a->kind != KIND_CONTROL) {
		judge_native(a, run_entry(a));
	} else if (a->kind == KIND_CONTROL) {
		judge_control(a, run_entry(a));
	} else {
		judge_attempt(a, run_entry(a));
	}
}

/*
 * Attempts first: a control may own objects whose numbers an attempt would mistake. Within a file
 * the order of the lines holds (an object is removed last); a compiler may have turned it round.
 */
static int
compare_entries(const void *a, const void *b)
{
	const struct attempt *x = *(const struct attempt *const *)a,
			     *y = *(const struct attempt *const *)b;
	int files = strcmp(x->file, y->file);

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return files != 0 ? files : x->line - y->line;
}

static bool
is_wanted(const struct attempt *a, const char *only)
{
	return only == NULL || strstr(a->family, only) != NULL || strstr(a->sentence, only) != NULL;
}

/* For the driver that runs them one by one: number, kind, race or not, who succeeds natively. */
static void
print_list(void)
{
	for (const struct attempt **a = __start_attempts; a < __stop_attempts; a++)
		printf("%td %c %d %s|%s: %s\n", a - __start_attempts, "ACL"[(*a)->kind],
		    (*a) -> is_race,
		    (*a) -> native == ANYONE              ? "anyone"
			: strcmp((*a)->native, ROOT) == 0 ? "root"
							  : "other",
		    (*a)->family, (*a)->sentence);
}

static void
ignore_signal(int number)
{
	(void)number;
}

int
main(int argc, char **argv)
{
	const char *only = NULL;
	bool is_list = false;
	long index = -1;
	struct sigaction act = { .sa_handler = ignore_signal };

	/* The set-user-id copy only says what it got, and never does anything else. */
	if (geteuid() != getuid() || getegid() != getgid()) {
		puts("privileged");
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || argv[1][0] != '/') {
		puts("unprivileged");
		return 2;
	}
	world_dir = argv[1];
	for (int i = 2; i < argc; i++) {
		if (strncmp(argv[i], "one=", 4) == 0)
			return probe_one(argv[i] + 4);
		if (strcmp(argv[i], "native") == 0)
			is_native = true;
		else if (strncmp(argv[i], "seconds=", 8) == 0)
			race_seconds = (unsigned)atoi(argv[i] + 8);
		else if (strncmp(argv[i], "only=", 5) == 0)
			only = argv[i] + 5;
		else if (strncmp(argv[i], "index=", 6) == 0)
			index = atol(argv[i] + 6);
		else if (strcmp(argv[i], "list") == 0)
			is_list = true;
	}
	qsort(__start_attempts, (size_t)(__stop_attempts - __start_attempts),
	    sizeof(*__start_attempts), compare_entries);
	if (is_list) {
		print_list();
		return 0;
	}
	if (!load_world()) {
		printf("probe: cannot read %s/ro/world: %s\n", world_dir, strerror(errno));
		return 1;
	}
	sigaction(SIGURG, &act, NULL);
	sigaction(SIGIO, &act, NULL);
	umask(022);
	ignore(chdir(rw("")));
	if (index >= 0) {
		if (index < __stop_attempts - __start_attempts)
			run_one(__start_attempts[index]);
		return 0;
	}
	printf("N %td\n", __stop_attempts - __start_attempts);
	for (const struct attempt **a = __start_attempts; a < __stop_attempts; a++)
		if (is_wanted(*a, only))
			run_one(*a);
	puts("E");
	return 0;
}
