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
#include "random.h"
#include "twin.h"

enum {
	PLAYS = 400,
	CALLS = 20, /* of each process */
	FDS = 4,    /* that a program has names for */
	TEXT_BYTES = 8192,
	CALL_BYTES = 96,
	TURNS = 4 * CALLS,
};

static uint64_t seed;

/* What a descriptor most likely is; only for what is worth to be called with it. */
enum likely {
	NOTHING,
	STREAM, /* a FIFO or an end of a pipe */
	SOCKET,
	BOUND,
	SERVER,
	CONNECTED,
};

/* A program while it is written: which names mean anything by now. */
struct writer {
	enum likely fd[FDS];
	bool q, s, m, v;
	int kind; /* of System V objects, the only one; -1: all. A child has room for no more */
};

/* A descriptor that is most likely of a kind (NOTHING: of any); -1 if there is none at all. */
static int
some_fd(const struct writer *writer, enum likely wanted)
{
	int any = -1;

	if (test_below(&seed, 8) == 0)
		wanted = NOTHING;
	for (unsigned tries = 0; tries < 16; tries++) {
		unsigned i = test_below(&seed, FDS);

		if (writer->fd[i] == NOTHING)
			continue;
		any = (int)i;
		if (wanted == NOTHING || writer->fd[i] == wanted)
			break;
	}
	return any;
}

/* A name for a new one: one that means nothing yet, if there is one. */
static unsigned
new_fd(struct writer *writer, enum likely is)
{
	unsigned i = test_below(&seed, FDS);

	for (unsigned tries = 0; tries < FDS && writer->fd[i] != NOTHING; tries++)
		i = (i + 1) % FDS;
	writer->fd[i] = is;
	return i;
}

static const char *
one_of(const char *const *words, unsigned count)
{
	return words[test_below(&seed, count)];
}
#define ONE_OF(...) \
	one_of((const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static bool
write_file_call(struct writer *writer, char *text)
{
	switch (test_below(&seed, 9)) {
	case 0:
	case 1:
	case 2:
		sprintf(text, "f%u = open(%s, %s%s)", new_fd(writer, STREAM), ONE_OF("/f", "/t/g"),
		    ONE_OF("O_RDONLY", "O_WRONLY", "O_RDWR"), ONE_OF("", "|O_NONBLOCK"));
		return true;
	case 3:
		sprintf(text, "mkfifoat(AT_FDCWD, /t/g, %s)", ONE_OF("0666", "0600", "0622"));
		return true;
	case 4:
		sprintf(text, "unlinkat(AT_FDCWD, %s)", ONE_OF("/t/g", "/f", "/t/s", "/t/u"));
		return true;
	case 5:
		sprintf(text, "renameat(AT_FDCWD, %s, AT_FDCWD, %s)",
		    ONE_OF("/t/g", "/t/s", "/t/u"), ONE_OF("/t/g", "/t/s", "/t/u"));
		return true;
	case 6:
		sprintf(text, "linkat(AT_FDCWD, %s, AT_FDCWD, %s)", ONE_OF("/f", "/t/s", "/t/h"),
		    ONE_OF("/t/g", "/t/u"));
		return true;
	case 7:
		sprintf(text, "fchmodat(AT_FDCWD, %s, %s)", ONE_OF("/f", "/t/g", "/t/s"),
		    ONE_OF("0666", "0644", "0600"));
		return true;
	default:
		sprintf(text, "umask(%s)", ONE_OF("000", "022", "077"));
		return true;
	}
}

/* What is done to a descriptor, whatever it is. */
static bool
write_fd_call(struct writer *writer, char *text)
{
	int f = some_fd(writer, test_below(&seed, 2) == 0 ? STREAM : CONNECTED);

	if (f < 0)
		return false;
	switch (test_below(&seed, 8)) {
	case 0:
		writer->fd[f] = NOTHING;
		sprintf(text, "close(f%d)", f);
		return true;
	case 1:
		sprintf(text, "f%u = dup(f%d)", new_fd(writer, writer->fd[f]), f);
		return true;
	case 2:
		sprintf(text, "is(f%d, %s)", f, ONE_OF("S_IFIFO", "S_IFSOCK"));
		return true;
	case 3:
	case 4:
		writer->v = true;
		sprintf(text, "v = read(f%d)", f);
		return true;
	default:
		sprintf(text, "write(f%d, %s)", f, writer->v ? ONE_OF("one", "two", "v") : "one");
		return true;
	}
}

/* Two descriptors at once have names that follow each other. */
static void
write_pair(struct writer *writer, char *text, const char *call, enum likely is)
{
	unsigned a = new_fd(writer, is), b = (a + 1) % FDS;

	writer->fd[b] = is;
	sprintf(text, "f%u, f%u = %s", a, b, call);
}

static bool
write_socket_call(struct writer *writer, char *text)
{
	unsigned kind = test_below(&seed, 20);
	int f;

	if (kind < 3) {
		sprintf(text, "f%u = socket(%s)", new_fd(writer, SOCKET),
		    ONE_OF("", "", "SOCK_NONBLOCK"));
		return true;
	}
	if (kind == 3) {
		write_pair(writer, text, "socketpair()", CONNECTED);
		return true;
	}
	if (kind == 4) {
		write_pair(writer, text, ONE_OF("pipe()", "pipe(O_NONBLOCK)"), STREAM);
		return true;
	}
	if (kind < 10) {
		f = some_fd(writer, SOCKET);
		if (f < 0)
			return false;
		writer->fd[f] = kind < 7 ? BOUND : CONNECTED;
		sprintf(text, "%s(f%d, %s)", kind < 7 ? "bind" : "connect", f,
		    ONE_OF("/t/s", "/t/s", "/t/u"));
		return true;
	}
	f = some_fd(writer, kind < 13 ? BOUND : kind < 16 ? SERVER : CONNECTED);
	if (f < 0)
		return false;
	if (kind < 13) {
		writer->fd[f] = SERVER;
		sprintf(text, "listen(f%d)", f);
	} else if (kind < 16) {
		sprintf(text, "f%u = accept(f%d)", new_fd(writer, CONNECTED), f);
	} else if (kind == 16) {
		sprintf(text, "peer(f%d, %s)", f, ONE_OF("100", "200"));
	} else if (kind == 17) {
		sprintf(text, "f%u = recvfd(f%d)", new_fd(writer, STREAM), f);
	} else {
		int g = some_fd(writer, STREAM);

		sprintf(text, "sendfd(f%d, f%d)", f, g < 0 ? f : g);
	}
	return true;
}

static bool
write_sysv_call(struct writer *writer, char *text)
{
	static const char *const flags[] = { "", ", 0600", ", 0666", ", IPC_CREAT, 0600",
		", IPC_CREAT, 0666", ", IPC_CREAT, 0622", ", IPC_CREAT|IPC_EXCL, 0644" };
	const char *flag = flags[test_below(&seed, 7)];
	/* Which object it is about: its name, and is it one by now? */
	unsigned kind = writer->kind >= 0 ? (unsigned)writer->kind : test_below(&seed, 3);
	bool *known = kind == 0 ? &writer->q : kind == 1 ? &writer->s : &writer->m;
	char x = "qsm"[kind];
	unsigned what = test_below(&seed, 12);

	if (!*known || what < 3) {
		*known = true;
		sprintf(text, "%c = %s(0x1%s)", x,
		    kind == 0       ? "msgget"
			: kind == 1 ? "semget"
				    : "shmget",
		    flag);
	} else if (what == 3) {
		sprintf(
		    text, "ipcset(%c, %s, %s)", x, ONE_OF("100", "200"), ONE_OF("0600", "0666"));
	} else if (what == 4) {
		sprintf(text, "ipcrm(%c)", x);
	} else if (what == 5) {
		sprintf(text, "ipcstat(%c, %s)", x, ONE_OF("100", "200"));
	} else if (kind == 0) {
		writer->v |= what < 9;
		sprintf(text, what < 9 ? "v = msgrcv(q)" : "msgsnd(q, one)");
	} else if (kind == 1) {
		sprintf(text, "semop(s, %s%s)", ONE_OF("-1", "1"),
		    ONE_OF("", ", SEM_UNDO", ", IPC_NOWAIT"));
	} else {
		static const char *const all[] = { "shmat(m)", "shmat(m)", "shmat(m, SHM_RDONLY)",
			"store(m, one)", "v = load(m)", "shmdt(m)" };

		writer->v |= what == 10;
		sprintf(text, "%s", all[what - 6]);
	}
	return true;
}

static bool (*const writers[])(struct writer *writer, char *text) = { write_file_call,
	write_fd_call, write_fd_call, write_socket_call, write_sysv_call };

/* Calls of each of three processes, and whose turn it is. */
struct drama {
	char calls[3][CALLS][CALL_BYTES];
	unsigned counts[3];
	uint8_t turns[TURNS];
	unsigned turn_count;
};

static void
write_drama(struct drama *drama)
{
	/* Of the writers: one that brings something into the world, and sometimes all. */
	unsigned themes = test_below(&seed, 4) == 0
	    ? 31
	    : (const unsigned[]){ 3, 10, 10, 16 }[test_below(&seed, 4)];
	bool serves = (themes & 8) != 0 && test_below(&seed, 4) != 0;

	*drama = (struct drama){ 0 };
	for (unsigned p = 0; p < 3; p++) {
		struct writer writer = { .kind = p == 2 ? (int)test_below(&seed, 3) : -1 };
		unsigned i = 0;

		if (test_below(&seed, 4) != 0)
			sprintf(drama->calls[p][i++], "sigpipe_ignore()");
		if (p == 1 && serves) {
			writer.fd[0] = SERVER;
			sprintf(drama->calls[p][i++], "f0 = socket()");
			sprintf(drama->calls[p][i++], "bind(f0, /t/s)");
			sprintf(drama->calls[p][i++], "listen(f0)");
		}
		/* The child is born of the first; what it inherits it has names for, too. */
		if (p == 0)
			sprintf(drama->calls[p][CALLS / 2], "fork()");
		while (i < CALLS) {
			unsigned theme = test_below(&seed, 5);
			char text[CALL_BYTES];

			if (p == 0 && i == CALLS / 2) {
				i++;
				continue;
			}
			if ((themes & 1u << theme) == 0 || !writers[theme](&writer, text))
				continue;
			snprintf(drama->calls[p][i++], CALL_BYTES, "%.80s", text);
		}
		/* What a process leaves behind at its end is what the others find. */
		if (test_below(&seed, 2) == 0)
			sprintf(drama->calls[p][CALLS - 1], "exit()");
		drama->counts[p] = CALLS;
	}
	drama->turn_count = TURNS;
	for (unsigned i = 0; i < TURNS; i++)
		drama->turns[i] = serves && i < 5 ? 1 : (uint8_t)test_below(&seed, 3);
}

/* fs.protected_hardlinks, which most machines have on. */
static bool
links_are_protected(void)
{
	FILE *file = fopen("/proc/sys/fs/protected_hardlinks", "re");
	int c = file == NULL ? '0' : fgetc(file);

	if (file != NULL)
		fclose(file);
	return c == '1';
}

static bool
is_tried(const char *call)
{
	return strcmp(call, "fork()") != 0 && strcmp(call, "exit()") != 0;
}

static void
print_drama(const struct drama *drama, char *text)
{
	static const char *const heads[] = { "compartment a { user('100') umask('0') ",
		"compartment b { user('200') umask('0') ", "compartment c { child_of('a') " };
	char *at = text;

	if (links_are_protected())
		at += sprintf(at, "protect('hardlinks')\n");
	at += sprintf(at,
	    "fifo('/f', 'mode=666') directory('/t', 'mode=777')\n"
	    "socket('/t/u', 'mode=777') fifo('/t/h', 'mode=666', 'user=100') file('/other/g') "
	    "file('/other/s')\n");
	for (unsigned p = 0; p < 3; p++) {
		at += sprintf(at, "%s program(", heads[p]);
		for (unsigned i = 0; i < drama->counts[p]; i++)
			at += sprintf(at, "%s%s'%s%s'", i == 0 ? "" : ", ",
			    i % 4 == 3 ? "\n    " : "", is_tried(drama->calls[p][i]) ? "try " : "",
			    drama->calls[p][i]);
		at += sprintf(at, ") }\n");
	}
}

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
	/* The model asks who waits for permission again (model/sysv.c). */
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

	print_drama(drama, text + sprintf(text, "property('root') "));
	r = pale_model_read(
	    "play", text, strlen(text), &(struct pale_read_options){ 0 }, &model, NULL);
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

	print_drama(drama, text);
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

TEST(alike, "the model answers as the kernel, whatever is called in whatever order")
{
	static struct drama drama;
	static char text[TEXT_BYTES];

	unsigned calls = 0, refused = 0;

	seed = test_seed(20261122);
	for (unsigned i = 0; i < PLAYS; i++) {
		struct outcome outcome;

		do {
			write_drama(&drama);
			refused++;
		} while (!fits(&drama));
		outcome = play(&drama);
		calls += outcome.calls;
		print_drama(&drama, text);
		if (getenv("PALE_TEST_TELL") != NULL)
			fprintf(stderr, "%u %u\n", i, outcome.calls);
		ck_assert_msg(!outcome.broken, "play %u did not end\n%s", i, text);
		if (!outcome.differ)
			continue;
		outcome = shorten(&drama, outcome);
		print_drama(&drama, text);
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

int
main(void)
{
	const TTest *const all[] = { alike };

	if (geteuid() != 0)
		TEST_SKIP_ALL("root");
	return test_run("model_ipc", all, 1);
}
