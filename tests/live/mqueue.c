/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX message queues that are granted one by one, from both sides; see inside.h. The machine has
 * two queues: @A and @B. Facts are granted one or both, and try the rest.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "inside.h"

enum {
	NAME_BYTES = 40,
	FLIPS = 20000, /* opens while the name flips */
	SIZE = 8,
};

static char names[2][NAME_BYTES];
static unsigned long inodes[2];
static mqd_t held[2];
static const key_t segment = 0x7a7a7a7a; /* of System V, granted together with a queue */

static void
word_of(char letter, char *buf, size_t size)
{
	snprintf(buf, size, "%s", names[letter - 'A']);
}

static void
world_make(char *note, size_t size)
{
	for (int i = 0; i < 2; i++) {
		struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = SIZE };
		struct stat st;

		snprintf(names[i], sizeof(names[i]), "/pale-mq-%d-%c", getpid(), 'a' + i);
		mq_unlink(names[i]);
		held[i] = mq_open(names[i], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
		if (held[i] < 0 || fstat(held[i], &st) < 0)
			abort();
		inodes[i] = st.st_ino;
		mq_send(held[i], i == 0 ? "first" : "second", 7, 0);
	}
	shmget(segment, 1, IPC_CREAT | 0600);
	snprintf(note, size, "%s %s %lu %lu", names[0], names[1], inodes[0], inodes[1]);
}

static void
world_read(const char *note)
{
	if (sscanf(note, "%39s %39s %lu %lu", names[0], names[1], &inodes[0], &inodes[1]) != 4)
		abort();
}

static void
world_remove(void)
{
	for (int i = 0; i < 2; i++) {
		mq_close(held[i]);
		mq_unlink(names[i]);
	}
	shmctl(shmget(segment, 0, 0), IPC_RMID, NULL);
}

/* How many messages lie in a queue; -1 if its name leads elsewhere by now. */
static long
lie_in(int i)
{
	struct mq_attr attr;
	struct stat st;
	mqd_t named = mq_open(names[i], O_RDONLY | O_CLOEXEC);

	if (named < 0 || fstat(named, &st) < 0 || st.st_ino != inodes[i] ||
	    (st.st_mode & 07777) != 0600)
		return -1;
	mq_close(named);
	return mq_getattr(held[i], &attr) < 0 ? -1 : attr.mq_curmsgs;
}

static const char *
both_have(long first, long second)
{
	char name[2 * NAME_BYTES];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%.*s-new", NAME_BYTES, names[i]);
		if (mq_unlink(name) == 0)
			return "a queue was made outside";
	}
	return lie_in(0) != first ? "the first queue is not as it was to be"
	    : lie_in(1) != second ? "the second queue is not as it was to be"
				  : NULL;
}

static const char *
taken(void)
{
	return both_have(0, 1);
}

static const char *
given(void)
{
	return both_have(2, 1);
}

static const char *
unchanged(void)
{
	return both_have(1, 1);
}

/* A descriptor leads to its queue, but must not be opened for more by that. */
static int
open_again(mqd_t queue, int flags)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", queue);
	return open(link, flags | O_CLOEXEC);
}

static int
read_only(void)
{
	char text[SIZE];
	struct mq_attr attr;
	mqd_t queue;

	FAILS(mq_open(names[0], O_WRONLY), EACCES);
	FAILS(mq_open(names[0], O_RDWR), EACCES);
	HOLDS((queue = mq_open(names[0], O_RDONLY)) >= 0);
	HOLDS(fcntl(queue, F_GETFD) == FD_CLOEXEC);
	HOLDS(mq_getattr(queue, &attr) == 0 && attr.mq_curmsgs == 1 && attr.mq_msgsize == SIZE);
	FAILS(mq_send(queue, "x", 1, 0), EBADF);
	FAILS(open_again(queue, O_WRONLY), EACCES);
	FAILS(open_again(queue, O_RDWR), EACCES);
	HOLDS(mq_receive(queue, text, sizeof(text), NULL) == 7 && strcmp(text, "first") == 0);
	return 0;
}

static int
write_only(void)
{
	const struct sigevent event = { .sigev_notify = SIGEV_NONE };
	char text[SIZE];
	mqd_t queue;

	FAILS(mq_open(names[0], O_RDONLY), EACCES);
	FAILS(mq_open(names[0], O_RDWR), EACCES);
	HOLDS((queue = mq_open(names[0], O_WRONLY)) >= 0);
	FAILS(mq_receive(queue, text, sizeof(text), NULL), EBADF);
	FAILS(open_again(queue, O_RDONLY), EACCES);
	FAILS(open_again(queue, O_RDWR), EACCES);
	/* To be told of messages is to read, and one at a time can be. */
	FAILS(mq_notify(queue, &event), EACCES);
	HOLDS(mq_send(queue, "third", 6, 0) == 0);
	return 0;
}

static volatile sig_atomic_t told;

static void
on_message(int signo)
{
	(void)signo;
	told = 1;
}

static int
both_ways(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	char text[SIZE];
	mqd_t queue;

	HOLDS((queue = mq_open(names[0], O_RDWR)) >= 0);
	HOLDS(mq_receive(queue, text, sizeof(text), NULL) == 7);
	signal(SIGUSR1, on_message);
	HOLDS(mq_notify(queue, &event) == 0);
	HOLDS(step());
	HOLDS(told == 1);
	HOLDS(mq_receive(queue, text, sizeof(text), NULL) == 4 && strcmp(text, "out") == 0);
	return 0;
}

static void
send_one(int number)
{
	(void)number;
	mq_send(held[0], "out", 4, 0);
}

/* O_CREAT finds what is there; the rest is as the kernel has it. */
static int
found(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	mqd_t queue;

	HOLDS((queue = mq_open(names[0], O_RDONLY | O_CREAT, 0600, &attr)) >= 0);
	HOLDS(mq_getattr(queue, &attr) == 0 && attr.mq_maxmsg == 4);
	FAILS(mq_open(names[0], O_RDONLY | O_CREAT | O_EXCL, 0600, NULL), EEXIST);
	FAILS(mq_open(names[0], O_WRONLY | O_CREAT, 0600, NULL), EACCES);
	FAILS(mq_open(names[0], O_ACCMODE), EINVAL);
	FAILS(syscall(SYS_mq_open, names[0] + 1, O_RDONLY | O_CREAT, 0600, 8), EFAULT);
	FAILS(syscall(SYS_mq_open, 8, O_RDONLY, 0600, NULL), EFAULT);
	FAILS(syscall(SYS_mq_open, "", O_RDONLY, 0600, NULL), ENOENT);
	FAILS(mq_unlink(names[0]), EACCES);
	return 0;
}

/* O_NONBLOCK is a flag of an open file, and each open has its own. */
static int
own_files(void)
{
	char text[SIZE];
	mqd_t one;
	mqd_t two;
	struct mq_attr attr;

	HOLDS((one = mq_open(names[0], O_RDONLY | O_NONBLOCK)) >= 0);
	HOLDS((two = mq_open(names[0], O_RDONLY)) >= 0);
	HOLDS(mq_getattr(one, &attr) == 0 && attr.mq_flags == O_NONBLOCK);
	HOLDS(mq_getattr(two, &attr) == 0 && attr.mq_flags == 0);
	HOLDS(mq_receive(one, text, sizeof(text), NULL) == 7);
	FAILS(mq_receive(one, text, sizeof(text), NULL), EAGAIN);
	attr.mq_flags = O_NONBLOCK;
	HOLDS(mq_setattr(two, &attr, NULL) == 0);
	FAILS(mq_receive(two, text, sizeof(text), NULL), EAGAIN);
	return 0;
}

static const char *
still_blocking(void)
{
	struct mq_attr attr;

	if (mq_getattr(held[0], &attr) < 0 || attr.mq_flags != 0)
		return "a flag of an open file outside was changed";
	return taken();
}

/* Other names are those of the cage's own queues. */
static int private(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 5 };
	char name[2 * NAME_BYTES];
	char text[SIZE];
	struct stat st;
	mqd_t queue;

	snprintf(name, sizeof(name), "%.*s-new", NAME_BYTES, names[0]);
	FAILS(mq_open(names[1], O_RDWR), ENOENT);
	FAILS(mq_open(name, O_RDWR), ENOENT);
	umask(027);
	HOLDS((queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0666, &attr)) >= 0);
	HOLDS(fstat(queue, &st) == 0 && (st.st_mode & 07777) == 0640 && st.st_uid == getuid());
	HOLDS(mq_getattr(queue, &attr) == 0 && attr.mq_maxmsg == 2 && attr.mq_msgsize == 5);
	HOLDS(mq_send(queue, "in", 3, 0) == 0);
	HOLDS(mq_receive(queue, text, sizeof(text), NULL) == 3);
	HOLDS(open_again(queue, O_RDONLY) >= 0);
	FAILS(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0666, NULL), EEXIST);
	FAILS(mq_open("/a/b", O_RDONLY), EACCES);
	HOLDS(mq_unlink(name) == 0);
	FAILS(mq_unlink(name), ENOENT);
	/* A queue of one's own, by the name of one outside. */
	HOLDS(mq_open(names[1], O_RDWR | O_CREAT, 0600, NULL) >= 0);
	HOLDS(mq_unlink(names[1]) == 0);
	return 0;
}

static int
long_names(void)
{
	static char name[NAME_MAX + 8];
	long page = sysconf(_SC_PAGESIZE);
	char *end;

	memset(name, 'x', sizeof(name) - 1);
	FAILS(syscall(SYS_mq_open, name, O_RDONLY, 0, NULL), ENAMETOOLONG);
	name[NAME_MAX] = '\0';
	FAILS(syscall(SYS_mq_open, name, O_RDONLY, 0, NULL), ENOENT);
	/* A name that ends where memory does. */
	end = mmap(
	    NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	HOLDS(end != MAP_FAILED && munmap(end + page, (size_t)page) == 0);
	strcpy(end + page - strlen(names[0]), names[0] + 1);
	HOLDS(syscall(SYS_mq_open, end + page - strlen(names[0]), O_RDONLY, 0, NULL) >= 0);
	end[page - 1] = 'x';
	FAILS(syscall(SYS_mq_open, end + page - strlen(names[0]), O_RDONLY, 0, NULL), EFAULT);
	return 0;
}

static int
no_number(void)
{
	struct rlimit limit = { 16, 16 };
	int count = 0;

	HOLDS(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	while (count < 32 && mq_open(names[0], O_RDONLY) >= 0)
		count++;
	HOLDS(mq_open(names[0], O_RDONLY) < 0 && errno == EMFILE);
	HOLDS(count < 14);
	return 0;
}

static volatile char flipping[NAME_BYTES];
static atomic_bool done;

static void *
flip(void *unused)
{
	size_t last = strlen(names[0]) - 2;

	(void)unused;
	while (!atomic_load(&done)) {
		flipping[last] = 'a';
		flipping[last] = 'b';
	}
	return NULL;
}

/* @A may be read and @B written; the name is one and the other in turn. */
static int
name_flips(void)
{
	pthread_t thread;
	struct stat st;
	unsigned seen[2] = { 0 };

	strcpy((char *)(uintptr_t)flipping, names[0] + 1);
	HOLDS(pthread_create(&thread, NULL, flip, NULL) == 0);
	for (int i = 0; i < FLIPS; i++) {
		int want = i % 2;
		long fd = syscall(
		    SYS_mq_open, flipping, (want == 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK, 0, NULL);

		if (fd < 0) {
			HOLDS(fd == -1);
			continue;
		}
		HOLDS(fstat((int)fd, &st) == 0 && st.st_ino == inodes[want]);
		seen[want]++;
		close((int)fd);
	}
	atomic_store(&done, true);
	pthread_join(thread, NULL);
	HOLDS(seen[0] > 0 && seen[1] > 0);
	return 0;
}

/* What was granted is the queue, and not whoever has its name. */
static int
replaced(void)
{
	struct stat st;
	mqd_t queue;

	HOLDS(step());
	HOLDS((queue = mq_open(names[0], O_RDONLY)) >= 0);
	HOLDS(fstat(queue, &st) == 0 && st.st_ino == inodes[0]);
	return 0;
}

static void
replace(int number)
{
	(void)number;
	mq_unlink(names[0]);
	mq_close(mq_open(names[0], O_RDWR | O_CREAT | O_EXCL, 0600, NULL));
}

static int
with_sysv(void)
{
	char text[SIZE];
	mqd_t queue;

	HOLDS((queue = mq_open(names[0], O_RDONLY)) >= 0);
	HOLDS(mq_receive(queue, text, sizeof(text), NULL) == 7);
	FAILS(open_again(queue, O_RDWR), EACCES);
	FAILS(mq_open(names[1], O_RDONLY), EACCES);
	FAILS(mq_open("/pale-mq-none", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	FAILS(mq_unlink(names[0]), EACCES);
	FAILS(mq_unlink(names[1]), EACCES);
	return 0;
}

static int
none_granted(void)
{
	mqd_t queue;

	FAILS(mq_open(names[0], O_RDONLY), ENOENT);
	HOLDS((queue = mq_open(names[0], O_RDWR | O_CREAT | O_EXCL, 0600, NULL)) >= 0);
	HOLDS(mq_unlink(names[0]) == 0);
	return 0;
}

static const struct fact cases[] = {
	{ "read-only", "a queue granted for reading is read, and cannot be opened for writing",
	    read_only, taken, "--mq @A:read", NULL },
	{ "write-only", "a queue granted for writing is written to, and cannot be opened to read",
	    write_only, given, "--mq @A:write", NULL },
	{ "both-ways", "a queue granted for both tells of messages with a signal", both_ways, taken,
	    "--mq @A:read,write", send_one },
	{ "creat", "O_CREAT of a granted queue finds it, with the kernel's own errors", found,
	    unchanged, "--mq @A:read", NULL },
	{ "own-files", "each open of a granted queue is an open file of its own", own_files,
	    still_blocking, "--mq @A:read", NULL },
	{ "private", "other names are those of queues of the cage's own", private, unchanged,
	    "--mq @A:read", NULL },
	{ "long-names", "a name is read to its end and no further", long_names, unchanged,
	    "--mq @A:read", NULL },
	{ "no-number", "without a free number a granted queue does not open", no_number, unchanged,
	    "--mq @A:read", NULL },
	{ "name-flips", "a name that changes meanwhile opens no queue for more than it is granted",
	    name_flips, unchanged, "--mq @A:read --mq @B:write", NULL },
	{ "replaced", "a queue that was removed and made anew outside is another one", replaced,
	    NULL, "--mq @A:read", replace },
	{ "with-sysv", "with the machine's namespace only granted queues open", with_sysv, taken,
	    "--mq @A:read --sysv shm:0x7a7a7a7a:read", NULL },
	{ "none-granted", "without a grant a cage has queues of its own, and no others",
	    none_granted, unchanged, "", NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

INSIDE_MAIN
