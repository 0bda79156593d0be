/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPC of the model against the kernel's, on random programs in random order: two users, and a child
 * of one, do the same calls in both and must be answered alike. What is played is printed where
 * they differ, and a shorter play that still differs.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "model/ops.h"
#include "model/read.h"
#include "model_ipc.h"
#include "random.h"
#include "twin.h"

enum {
	PLAYS = 100, /* in each series */
};

static uint64_t seed;

/* What the model cannot be asked alike: room that it has less of, and what only a socket that is
 * full or a descriptor in a circle of messages would show. */
static bool
is_beyond(const struct twin *twin, unsigned p)
{
	const struct pale_site *site;
	int answer = twin_foresee(twin, p, &site);
	const struct pale_process *process = &twin_state(twin)->processes[p];

	if (answer == ENFILE || answer == ENOSPC || answer == ERANGE || answer == EMFILE)
		return true;
	if (answer == TWIN_WAITS && twin_anybody_waits(twin))
		return true;
	/* The model asks who waits for permission again (model/calls/sysv.c). */
	if (site->op == PALE_CALL_ipcset && twin_anybody_waits(twin))
		return true;
	if (site->op == PALE_CALL_sendfd && process->fds[site->fd[1]].kind == PALE_FD_SOCKET)
		return true;
	return (answer == TWIN_WAITS || answer == EAGAIN) &&
	    (site->op == PALE_CALL_sendfd || site->op == PALE_CALL_write) &&
	    process->fds[site->fd[0]].kind == PALE_FD_SOCKET;
}

/* In a child, as each play has namespaces of its own. Exits with 1 where they differ. */
static _Noreturn void
perform(const struct drama *drama, const char *text, int words_fd)
{
	/* Its own report of a test that fails is not for the harness. */
	unsigned calls = 0;
	struct twin *twin = twin_open(text);
	const char *words = NULL;
	int answer;

	for (unsigned i = 0; i < drama->turn_count && words == NULL; i++) {
		unsigned p = drama->turns[i];

		if (is_beyond(twin, p))
			continue;
		words = twin_try(twin, p, &answer);
		calls++;
	}
	if (write(words_fd, &calls, sizeof(calls)) < 0 ||
	    (words != NULL && write(words_fd, words, strlen(words)) < 0))
		_exit(2);
	twin_close(twin);
	_exit(words != NULL);
}

/* Has the model room for all that it could make? */
static bool
fits(const struct drama *drama)
{
	static char text[TEXT_BYTES];
	struct pale_model *model = NULL;
	int r;

	drama_print(drama, text + sprintf(text, "property('progress') "));
	r = pale_model_read(
	    "play", text, strlen(text), &(struct pale_read_options){ .plays = true }, &model, NULL);
	pale_model_free(model);
	return r != -E2BIG;
}

struct outcome {
	bool differ;
	bool broken; /* neither alike nor not */
	unsigned calls;
	char words[1024];
};

static struct outcome
play(const struct drama *drama)
{
	static char text[TEXT_BYTES];
	struct outcome outcome = { 0 };
	int words[2], status;
	ssize_t n;
	pid_t pid;

	drama_print(drama, text);
	ck_assert_int_eq(pipe(words), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setpgid(0, 0);
		perform(drama, text, words[1]);
	}
	close(words[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* Whoever is left of a play that broke off. */
	kill(-pid, SIGKILL);
	n = read(words[0], &outcome.calls, sizeof(outcome.calls));
	n = n <= 0 ? 0 : read(words[0], outcome.words, sizeof(outcome.words) - 1);
	outcome.words[n > 0 ? n : 0] = '\0';
	close(words[0]);
	outcome.differ = n > 0;
	outcome.broken = n <= 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	return outcome;
}

/* Leave out turns, from the last, as long as they still differ. */
static struct outcome
shorten(struct drama *drama, struct outcome outcome)
{
	for (unsigned i = drama->turn_count; i-- > 0;) {
		struct drama shorter = *drama;
		struct outcome still;

		shorter.turn_count--;
		memmove(shorter.turns + i, shorter.turns + i + 1, shorter.turn_count - i);
		still = play(&shorter);
		if (!still.differ)
			continue;
		*drama = shorter;
		outcome = still;
	}
	return outcome;
}

static void
play_all(unsigned series)
{
	static struct drama drama;
	static char text[TEXT_BYTES];

	unsigned calls = 0, refused = 0;

	seed = test_seed(20261122) + series;
	for (unsigned i = 0; i < PLAYS; i++) {
		struct outcome outcome;

		do {
			drama_write(&drama, &seed);
			refused++;
		} while (!fits(&drama));
		outcome = play(&drama);
		calls += outcome.calls;
		drama_print(&drama, text);
		if (getenv("PALE_TEST_TELL") != NULL)
			fprintf(stderr, "%u %u\n", i, outcome.calls);
		ck_assert_msg(!outcome.broken, "play %u did not end\n%s", i, text);
		if (!outcome.differ)
			continue;
		outcome = shorten(&drama, outcome);
		drama_print(&drama, text);
		printf("# play %u: %s\n%s\nturns:", i, outcome.words, text);
		for (unsigned t = 0; t < drama.turn_count; t++)
			printf(" %c", 'a' + drama.turns[t]);
		printf("\n");
		fflush(stdout);
		ck_abort_msg("%s", outcome.words);
	}
	printf("# %u calls, %u plays too large\n", calls, refused - PLAYS);
	ck_assert_uint_gt(calls, PLAYS * 10);
}

/* In parts, so that each has its time. */
TEST(alike, "the model answers as the kernel, whatever is called in whatever order")
{
	play_all(0);
}

TEST(second, "and in other plays")
{
	play_all(1);
}

TEST(third, "and in others")
{
	play_all(2);
}

TEST(fourth, "and in the last")
{
	play_all(3);
}

int
main(void)
{
	const TTest *const all[] = { alike, second, third, fourth };

	if (geteuid() != 0)
		TEST_SKIP_ALL("root");
	return test_run("model_ipc", all, sizeof(all) / sizeof(all[0]));
}
