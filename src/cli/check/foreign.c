/* SPDX-License-Identifier: BSD-2-Clause */
/* The parent of a foreign walker's process; see foreign.h. */
#include "cli/check/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/check/answer.h"
#include "cli/check/args.h"
#include "cli/check/machine.h"
#include "cli/check/progress.h"
#include "cli/check/watch.h"
#include "cli/say.h"
#include "core/scope.h"

enum {
	LOOK_MS = 100,
	SIGNAL_STACK_BYTES = 64 << 10,
	EXIT_BROKEN = 113, /* of the child; why, is in watch->sentence */
};
/* A step of a walker takes microseconds. One that has taken so much processor time will not end;
 * one that has slept so long waits for something that is none of the model's. */
#define STEP_CPU_NS 2000000000U
#define STEP_NS 10000000000U
/* After Ctrl-C a search ends within milliseconds, unless the walker does not come back. */
#define STOP_NS 5000000000U

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

struct pale_watch *pale_watch;

static _Thread_local struct pale_watch_thread *me;

struct pale_watch_thread *
pale_watch_me(void)
{
	unsigned number;
	stack_t stack = { .ss_size = SIGNAL_STACK_BYTES };

	if (me != NULL)
		return me;
	number = atomic_fetch_add(&pale_watch->threads, 1);
	me = &pale_watch->thread[number < PALE_WATCH_THREADS ? number : PALE_WATCH_THREADS - 1];
	/* The address sanitizer has one of its own for each thread. */
	if (SANITIZED)
		return me;
	stack.ss_sp = malloc(SIGNAL_STACK_BYTES); /* for as long as the thread is */
	if (stack.ss_sp != NULL)
		sigaltstack(&stack, NULL);
	return me;
}

void
pale_watch_broken(const char *fmt, ...)
{
	va_list args;

	if (!atomic_exchange(&pale_watch->said, true)) {
		va_start(args, fmt);
		vsnprintf(pale_watch->sentence, sizeof(pale_watch->sentence), fmt, args);
		va_end(args);
		atomic_store(&pale_watch->ready, true);
	}
	/* Another thread may still be writing its sentence. */
	while (!atomic_load(&pale_watch->ready))
		usleep(1000);
	_exit(EXIT_BROKEN);
}

/* In the thread that crashed. */
static void
on_crash(int number)
{
	if (me != NULL)
		atomic_store(&pale_watch->crashed, (int)(me - pale_watch->thread) + 1);
	raise(number);
}

/* Before a fork in this process. A copy of the search would go on beside it, and tell its own. The
 * replay forks, too, but in no walker. */
static void
on_fork(void)
{
	const char *inside = me == NULL ? NULL : atomic_load(&me->inside);

	if (inside != NULL)
		pale_watch_broken(
		    "%s starts a process", strchr(inside, ' ') == NULL ? inside : "it");
}

static void
begin_child(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	struct rlimit none = { 0, 0 };

	/* Ctrl-C goes to the parent, which passes it on: it must not come twice. */
	setpgid(0, 0);
	signal(SIGTERM, pale_check_on_stop);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	pthread_atfork(on_fork, NULL, NULL);
	for (size_t i = 0; i < PALE_COUNT(crashes); i++) {
		struct sigaction action = { .sa_handler = on_crash,
			.sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER };

		sigaction(crashes[i], &action, NULL);
	}
}

void
pale_foreign_limit(uint64_t bytes)
{
	/* Stacks of threads and what libraries take count, too. */
	struct rlimit limit = { bytes + ((uint64_t)4 << 30), bytes + ((uint64_t)4 << 30) };

	/* The address sanitizer reserves more than any machine has. */
	if (pale_watch != NULL && !SANITIZED)
		setrlimit(RLIMIT_DATA, &limit);
}

/* How long a thread has been in one call. */
struct stay {
	unsigned long calls;
	uint64_t since_ns, since_cpu_ns;
};

static uint64_t
cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* The thread that does not come back; NULL while all do. */
static const struct pale_watch_thread *
find_endless(const struct pale_watch *watch, struct stay *stays, pid_t pid)
{
	unsigned threads = atomic_load(&watch->threads);
	uint64_t now = pale_machine_now_ns();
	uint64_t cpu = cpu_ns(pid);

	for (unsigned i = 0; i < threads && i < PALE_WATCH_THREADS; i++) {
		const struct pale_watch_thread *thread = &watch->thread[i];
		unsigned long calls = atomic_load(&thread->calls);

		if (atomic_load(&thread->inside) == NULL || calls != stays[i].calls ||
		    stays[i].since_ns == 0) {
			stays[i] = (struct stay){ calls, now, cpu };
			continue;
		}
		if (cpu - stays[i].since_cpu_ns > STEP_CPU_NS * threads ||
		    now - stays[i].since_ns > STEP_NS)
			return thread;
	}
	return NULL;
}

/* "./mine.so (my-walker)" */
static void
name_walker(const struct pale_watch *watch, const char *file, char *buf, size_t size)
{
	int named = (int)strnlen(watch->walker, sizeof(watch->walker));

	snprintf(buf, size, "%s%s%.*s%s", file, named > 0 ? " (" : "", named, watch->walker,
	    named > 0 ? ")" : "");
}

static void
add_where(const struct pale_watch_thread *thread, char *buf, size_t size)
{
	const char *inside = thread == NULL ? NULL : atomic_load(&thread->inside);

	buf[0] = '\0';
	if (inside == NULL)
		return;
	if (thread->left[0] != '\0')
		snprintf(buf, size, " in %s, with '%.*s' of the path left", inside,
		    (int)strnlen(thread->left, sizeof(thread->left)), thread->left);
	else
		snprintf(buf, size, " %s%s", strchr(inside, ' ') == NULL ? "in " : "", inside);
}

/* Where it crashed, as far as it is known. */
static const struct pale_watch_thread *
find_crashed(const struct pale_watch *watch)
{
	int crashed = atomic_load(&watch->crashed);

	if (crashed > 0 && crashed <= PALE_WATCH_THREADS)
		return &watch->thread[crashed - 1];
	for (unsigned i = 0; i < PALE_WATCH_THREADS; i++) {
		if (atomic_load(&watch->thread[i].inside) != NULL)
			return &watch->thread[i];
	}
	return NULL;
}

static int
judge(const struct pale_watch *watch, const char *file, int status, struct pale_err *err)
{
	char walker[2 * PALE_WATCH_TEXT_BYTES + 256];
	char where[2 * PALE_WATCH_TEXT_BYTES];

	name_walker(watch, file, walker, sizeof(walker));
	if (atomic_load(&watch->ready)) {
		pale_fail(err, -EPROTO, "the walker %s does not keep to pale/walker.h: %s", walker,
		    watch->sentence);
		return PALE_CHECK_UNABLE;
	}
	if (WIFEXITED(status) && atomic_load(&watch->done))
		return WEXITSTATUS(status);
	add_where(find_crashed(watch), where, sizeof(where));
	if (where[0] == '\0' && WIFSIGNALED(status))
		pale_fail(err, -EPROTO, "the search with the walker %s was ended by a signal: %s",
		    walker, strsignal(WTERMSIG(status)));
	else if (WIFSIGNALED(status))
		pale_fail(err, -EPROTO, "the walker %s crashed%s: %s", walker, where,
		    strsignal(WTERMSIG(status)));
	else
		pale_fail(err, -EPROTO, "the walker %s ended the search%s", walker, where);
	pale_remedy(err, "nothing was proved; nothing is left of it");
	return PALE_CHECK_UNABLE;
}

/* Pass on what the parent is told. Returns when it was asked to stop, or 0. */
static uint64_t
pass_signals(pid_t pid, uint64_t stopped_ns)
{
	if (atomic_exchange(&pale_check_tell, false))
		kill(pid, SIGUSR1);
	if (stopped_ns == 0 && atomic_load(&pale_check_stop)) {
		kill(pid, SIGTERM);
		return pale_machine_now_ns();
	}
	return stopped_ns;
}

/* Wait for the child, or end it. Returns the exit code. */
static int
watch_child(struct pale_watch *watch, const char *file, pid_t pid, struct pale_err *err)
{
	PALE_FREE struct stay *stays = calloc(PALE_WATCH_THREADS, sizeof(*stays));
	PALE_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_one = { .fd = pidfd, .events = POLLIN };
	uint64_t stopped_ns = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		const struct pale_watch_thread *endless = NULL;
		char walker[2 * PALE_WATCH_TEXT_BYTES + 256];
		char where[2 * PALE_WATCH_TEXT_BYTES];
		bool deaf;

		if (poll(pidfd >= 0 ? &poll_one : NULL, pidfd >= 0, LOOK_MS) > 0)
			continue;
		stopped_ns = pass_signals(pid, stopped_ns);
		deaf = stopped_ns != 0 && pale_machine_now_ns() - stopped_ns > STOP_NS;
		if (stays != NULL)
			endless = find_endless(watch, stays, pid);
		if (endless == NULL && !deaf)
			continue;
		add_where(endless != NULL ? endless : find_crashed(watch), where, sizeof(where));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		name_walker(watch, file, walker, sizeof(walker));
		if (deaf)
			pale_fail(err, -EINTR, "stopped; the walker %s did not come back%s", walker,
			    where);
		else
			pale_fail(err, -EPROTO, "the walker %s does not end%s", walker, where);
		pale_remedy(err, "nothing was proved; nothing is left of it");
		return deaf ? PALE_CHECK_LIMIT : PALE_CHECK_UNABLE;
	}
	return judge(watch, file, status, err);
}

int
pale_foreign_contain(const char *file, int (*work)(void *arg), void *arg)
{
	struct pale_err err = { 0 };
	bool has_words;
	int status;
	pid_t pid;

	pale_watch = mmap(
	    NULL, sizeof(*pale_watch), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pale_watch == MAP_FAILED) {
		pale_watch = NULL;
		pale_fail_errno(&err, "cannot share memory with the walker's process");
		pale_say_err(&err);
		return PALE_CHECK_UNABLE;
	}
	/* What is buffered must not be written by both. */
	fflush(NULL);
	pale_check_signals();
	has_words = fcntl(STDERR_FILENO, F_GETFD) >= 0;
	pid = fork();
	if (pid == 0) {
		begin_child();
		if (pale_check_answer_apart() == 0)
			status = work(arg);
		else
			status = PALE_CHECK_UNABLE;
		/* Then nobody has read why. */
		if (status == PALE_CHECK_UNABLE && fcntl(STDERR_FILENO, F_GETFD) < 0 && has_words)
			pale_watch_broken("it closes descriptors that are not its own");
		/* What the walker has registered to be run at the end stays undone. */
		fflush(NULL);
		atomic_store(&pale_watch->done, true);
		_exit(status);
	}
	if (pid < 0) {
		pale_fail_errno(&err, "cannot start a process for the walker");
		status = PALE_CHECK_UNABLE;
	} else {
		status = watch_child(pale_watch, file, pid, &err);
		/* What the walker has started by other ways than fork is in the child's group. */
		kill(-pid, SIGKILL);
	}
	if (err.code != 0)
		pale_say_err(&err);
	munmap(pale_watch, sizeof(*pale_watch));
	pale_watch = NULL;
	return status;
}
