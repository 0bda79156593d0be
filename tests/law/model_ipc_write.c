/* SPDX-License-Identifier: BSD-2-Clause */
#include "model_ipc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

/* What the random numbers come from while a drama is written. */
static uint64_t *dice;

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

	if (test_below(dice, 8) == 0)
		wanted = NOTHING;
	for (unsigned tries = 0; tries < 16; tries++) {
		unsigned i = test_below(dice, FDS);

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
	unsigned i = test_below(dice, FDS);

	for (unsigned tries = 0; tries < FDS && writer->fd[i] != NOTHING; tries++)
		i = (i + 1) % FDS;
	writer->fd[i] = is;
	return i;
}

static const char *
one_of(const char *const *words, unsigned count)
{
	return words[test_below(dice, count)];
}
#define ONE_OF(...) \
	one_of((const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static bool
write_file_call(struct writer *writer, char *text)
{
	switch (test_below(dice, 9)) {
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
	int f = some_fd(writer, test_below(dice, 2) == 0 ? STREAM : CONNECTED);

	if (f < 0)
		return false;
	switch (test_below(dice, 8)) {
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
	unsigned kind = test_below(dice, 20);
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
	const char *flag = flags[test_below(dice, 7)];
	/* Which object it is about: its name, and is it one by now? */
	unsigned kind = writer->kind >= 0 ? (unsigned)writer->kind : test_below(dice, 3);
	bool *known = kind == 0 ? &writer->q : kind == 1 ? &writer->s : &writer->m;
	char x = "qsm"[kind];
	unsigned what = test_below(dice, 12);

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

void
drama_write(struct drama *drama, uint64_t *seed)
{
	unsigned themes;
	bool serves;

	dice = seed;
	/* Of the writers: one that brings something into the world, and sometimes all. */
	themes = (const unsigned[]){ 3, 10, 10, 16 }[test_below(dice, 4)];
	if (test_below(dice, 4) == 0)
		themes = 31;
	serves = (themes & 8) != 0 && test_below(dice, 4) != 0;

	*drama = (struct drama){ 0 };
	for (unsigned p = 0; p < 3; p++) {
		struct writer writer = { .kind = p == 2 ? (int)test_below(dice, 3) : -1 };
		unsigned i = 0;

		if (test_below(dice, 4) != 0)
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
			unsigned theme = test_below(dice, 5);
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
		if (test_below(dice, 2) == 0)
			sprintf(drama->calls[p][CALLS - 1], "exit()");
		drama->counts[p] = CALLS;
	}
	drama->turn_count = TURNS;
	for (unsigned i = 0; i < TURNS; i++)
		drama->turns[i] = serves && i < 5 ? 1 : (uint8_t)test_below(dice, 3);
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

void
drama_print(const struct drama *drama, char *text)
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
		bool may = drama->may && p == 1;

		at += sprintf(at, "%s %s(", heads[p], may ? "calls('3') may" : "program");
		for (unsigned i = 0; i < drama->counts[p]; i++)
			at += sprintf(at, "%s%s'%s%s'", i == 0 ? "" : ", ",
			    i % 4 == 3 ? "\n    " : "",
			    is_tried(drama->calls[p][i]) && !drama->bold && !may ? "try " : "",
			    drama->calls[p][i]);
		at += sprintf(at, ") }\n");
	}
}
