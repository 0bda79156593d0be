/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races, each for the number of seconds asked for: a path, a link or an address that changes
 * between check and use, and the slides' race of ".." against rename in four spellings. They stop
 * at the first win; a boundary has none.
 */
#include "probe.h"

#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum {
	BATCH = 256, /* tries between two looks at the clock */
	PAD = 24,    /* depth of the padded race */
	DOTS = 1000, /* "./" before the path */
	FLIP_SIZE = 108,
};

static unsigned long tries;

static int
lost(const char *what)
{
	note("0 wins in %lu %s", tries, what);
	errno = tries > 0 ? EXDEV : EIO;
	return tries > 0 ? got(-1) : BROKEN;
}

static int
won(void)
{
	note("won at try %lu", tries);
	return ESCAPED;
}

/* Two spellings of the same length, one inside and one outside, copied over each other. */
struct flip {
	char live[FLIP_SIZE];
	char inside[FLIP_SIZE], outside[FLIP_SIZE];
	atomic_bool stop;
};

static struct flip flip;

static void *
flip_thread(void *unused)
{
	while (!atomic_load_explicit(&flip.stop, memory_order_relaxed)) {
		memcpy(flip.live, flip.outside, sizeof(flip.live));
		__asm__ volatile("" ::: "memory");
		memcpy(flip.live, flip.inside, sizeof(flip.live));
		__asm__ volatile("" ::: "memory");
	}
	return unused;
}

RACE("race", "a path that another thread changes between inside and outside", ANYONE)
{
	double end = now_s() + race_seconds;
	bool win = false;
	pthread_t thread;
	struct stat st;
	int fd;

	snprintf(flip.inside, sizeof(flip.inside), "%s/rw/./././public", world_dir);
	snprintf(flip.outside, sizeof(flip.outside), "%s/outside/./public", world_dir);
	strcpy(flip.live, flip.inside);
	if (make_file(flip.inside) < 0 || pthread_create(&thread, NULL, flip_thread, NULL) != 0)
		return broken("thread");
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			fd = open(flip.live, i & 1 ? O_RDONLY : O_WRONLY);
			if (fd >= 0) {
				win = fstat(fd, &st) == 0 && st.st_size > 1;
				close(fd);
			}
			win = win || (stat(flip.live, &st) == 0 && st.st_size > 1);
		}
	}
	atomic_store(&flip.stop, true);
	pthread_join(thread, NULL);
	return win ? won() : lost("opens and stats");
}

static pid_t
start(void (*act)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(race_seconds + 5);
		for (;;)
			act();
	}
	return pid;
}

static void
stop(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_child(pid);
}

static void
exchange_links(void)
{
	renameat2(AT_FDCWD, rw("flip/link"), AT_FDCWD, rw("flip/other"), RENAME_EXCHANGE);
	renameat2(AT_FDCWD, rw("flip/dir"), AT_FDCWD, rw("flip/dir.link"), RENAME_EXCHANGE);
}

RACE("race", "a link, and a directory, that another process exchanges for links to the outside",
    ANYONE)
{
	const char *const paths[] = { rw("flip/link"), rw("flip/dir/public") };
	double end = now_s() + race_seconds;
	bool win = false;
	struct stat st;
	pid_t pid;
	int fd;

	make_dir(rw("flip"));
	make_dir(rw("flip/dir"));
	make_file(rw("flip/dir/public"));
	if (symlink("dir/public", rw("flip/link")) < 0 ||
	    symlink("../../outside/public", rw("flip/other")) < 0 ||
	    symlink("../../outside", rw("flip/dir.link")) < 0)
		return broken("symlink");
	pid = start(exchange_links);
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			fd = open(paths[i & 1], i & 2 ? O_RDONLY : O_RDWR);
			if (fd < 0)
				continue;
			win = fstat(fd, &st) == 0 && st.st_size > 1;
			close(fd);
		}
	}
	stop(pid);
	return win ? won() : lost("opens");
}

static void *
serve(void *arg)
{
	int fd = *(int *)arg, peer;

	while ((peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(peer);
	return NULL;
}

RACE("race", "the address of connect that another thread changes", ANYONE)
{
	struct sockaddr_un *addr = (struct sockaddr_un *)(void *)flip.live;
	double end = now_s() + race_seconds;
	unsigned before = board->streams;
	pthread_t thread, server;
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int fd, listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool win = false;

	_Static_assert(FLIP_SIZE <= sizeof(struct sockaddr_un), "the address holds the flip");
	addr->sun_family = own.sun_family;
	snprintf(own.sun_path, sizeof(own.sun_path), "%s/rw/././stream", world_dir);
	unlink(own.sun_path);
	if (bind(listener, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
	    listen(listener, 64) < 0)
		return broken("own server");
	memcpy(flip.inside, &own, sizeof(flip.inside));
	snprintf(own.sun_path, sizeof(own.sun_path), "%s/outside/stream", world_dir);
	memcpy(flip.outside, &own, sizeof(flip.outside));
	memcpy(flip.live, flip.inside, sizeof(flip.live));
	if (pthread_create(&thread, NULL, flip_thread, NULL) != 0 ||
	    pthread_create(&server, NULL, serve, &listener) != 0)
		return broken("thread");
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
			ignore(connect(fd, (struct sockaddr *)addr, FLIP_SIZE));
			close(fd);
			win = __atomic_load_n(&board->streams, __ATOMIC_ACQUIRE) != before;
		}
	}
	atomic_store(&flip.stop, true);
	pthread_join(thread, NULL);
	return win || grew(&board->streams, before) ? won() : lost("connects");
}

static int foo_fd, sand_fd;

static void
rename_bar(void)
{
	renameat(foo_fd, "bar", sand_fd, "bar");
	renameat(sand_fd, "bar", foo_fd, "bar");
}

/* foo/bar/x/x/x..., and one process that moves bar up into the sandbox and down again. */
static int
make_race(char spelling[4][PAD * 8 + DOTS * 2 + 64])
{
	char path[PAD * 2 + 8] = "bar";

	make_dir(rw("foo"));
	sand_fd = open(rw(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	foo_fd = open(rw("foo"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sand_fd < 0 || foo_fd < 0 || mkdirat(foo_fd, path, 0755) < 0)
		return -1;
	for (int i = 0; i < PAD; i++) {
		strcat(path, "/x");
		if (mkdirat(foo_fd, path, 0755) < 0)
			return -1;
	}
	strcpy(spelling[0], "bar/../..");
	strcpy(spelling[1], "bar/x/../../..");
	strcpy(spelling[2], path);
	for (int i = 0; i < PAD + 2; i++)
		strcat(spelling[2], "/..");
	spelling[3][0] = '\0';
	for (int i = 0; i < DOTS; i++)
		strcat(spelling[3], "./");
	strcat(spelling[3], spelling[1]);
	return 0;
}

RACE("race", "bar/../.. against a rename of bar, in four spellings", ANYONE)
{
	static char spelling[4][PAD * 8 + DOTS * 2 + 64];
	double end = now_s() + race_seconds;
	bool win = false;
	pid_t pid;
	int fd;

	if (make_race(spelling) < 0)
		return broken("tree");
	pid = start(rename_bar);
	while (!win && now_s() < end) {
		for (unsigned i = 0; i < BATCH && !win; i++, tries++) {
			/* The padded spelling wins natively within a second; the long one is slow.
			 */
			fd = openat(foo_fd,
			    spelling[i % 64 == 0 ? 3
				    : i % 4 == 3 ? 2
						 : i % 4],
			    O_PATH | O_CLOEXEC);
			if (fd < 0)
				continue;
			win = sees_outside(fd);
			close(fd);
		}
	}
	stop(pid);
	return win ? won() : lost("opens");
}

RACE("race", "bar/.. while somebody outside moves bar out of the grant and back", ANYONE)
{
	double end = now_s() + race_seconds;
	char answer[ASK_SIZE];
	bool win = false;
	struct stat st;
	int fd, dir = open(rw("mover"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || !ask(answer, "renamer %u", race_seconds) || strcmp(answer, "ok") != 0)
		return broken("nobody renames");
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			fd = openat(dir, "bar", O_PATH | O_CLOEXEC);
			if (fd < 0)
				continue;
			win =
			    fstatat(fd, i & 1 ? "../secret" : "../../outside/secret", &st, 0) == 0;
			close(fd);
		}
	}
	ignore(ask(answer, "norenamer"));
	return win ? won() : lost("opens");
}
