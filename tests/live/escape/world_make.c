/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the world around the cage and removes it: a directory with outside/ (never granted), ro/,
 * rw/ and bin/, and objects of the host that have no path: segments, queues, keys, terminals,
 * sockets. Names and keys are made from the process number, so that runs do not meet.
 */
#include "driver.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pty.h>
#include <stdarg.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>

enum {
	MOUNT_PATHS = 3,
	KEYCTL_JOIN = 1,
	KEYCTL_PERM = 5,
	KEYCTL_LINK_KEY = 8,
	KEYCTL_TIMEOUT = 15,
	KEYCTL_INVALIDATE_KEY = 21,
	RING_SESSION = -3,
	RING_USER = -4,
	KEY_SECONDS = 600, /* after this the key goes by itself */
	KEY_MODE = 0x3f3f0000,
	LETTERS = 3,
	WALK_FDS = 16,
};

const char *
at(const char *format, ...)
{
	static char ring[16][PATH_SIZE];
	static unsigned next;
	char *path = ring[next++ % 16];
	va_list args;
	int used = snprintf(path, PATH_SIZE, "%s/", state->dir);

	va_start(args, format);
	vsnprintf(path + used, PATH_SIZE - (size_t)used, format, args);
	va_end(args);
	return path;
}

void
must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! cannot set up the world: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

static void
make_file(const char *path, const char *content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	must(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content), path);
	must(fchmod(fd, mode) == 0 && close(fd) == 0, path);
}

void
copy_file(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	char buffer[65536];
	ssize_t n;

	must(in >= 0 && out >= 0, to);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		must(write(out, buffer, (size_t)n) == n, to);
	must(n == 0 && close(in) == 0 && close(out) == 0, to);
}

void
world_prepare(void)
{
	must(mkdtemp(state->dir) != NULL, state->dir);
	if (getuid() == 0) {
		/* A shared mount, so that whatever is mounted in it later tries to spread. */
		must(mount(state->dir, state->dir, NULL, MS_BIND, NULL) == 0, "bind mount");
		must(mount(NULL, state->dir, NULL, MS_SHARED, NULL) == 0, "shared mount");
		state->world.can_mount = 1;
	}
	must(mkdir(at("bin"), 0755) == 0, "bin");
	copy_file(options.probe, at("bin/probe"), 0755);
	make_file(at("bin/data"), "data", 0644);
	if (getuid() == 0) {
		must(chown(state->dir, options.uid, options.uid) == 0, "chown");
		must(chown(at("bin"), options.uid, options.uid) == 0, "chown");
		must(chown(at("bin/probe"), options.uid, options.uid) == 0, "chown");
		must(chown(at("bin/data"), options.uid, options.uid) == 0, "chown");
		if (options.uid != 0) {
			/* Within a directory of mode 0700: nobody else ever gets at it. */
			copy_file(options.probe, at("bin/suid"), 0755);
			must(chmod(at("bin/suid"), 04755) == 0, "set-user-id");
			state->world.has_suid = 1;
		}
	}
}

static void
make_prey(const char *where)
{
	for (int i = 0; i < PREY_COUNT; i++) {
		make_file(at("%s/prey.%d", where, i), "prey", 0644);
		if (i == 17)
			setxattr(at("%s/prey.%d", where, i), "user.given", "x", 1, 0);
	}
	must(mkdir(at("%s/empty.0", where), 0755) == 0, "empty.0");
	must(mkdir(at("%s/empty.1", where), 0755) == 0, "empty.1");
	copy_file("/bin/true", at("%s/elf", where), 0755);
	make_file(at("%s/script", where), "#!/bin/sh\nexit 0\n", 0755);
}

static void
make_trees(void)
{
	must(mkdir(at("outside"), 0755) == 0 && mkdir(at("ro"), 0755) == 0 &&
		mkdir(at("rw"), 0755) == 0,
	    "directories");
	make_prey("outside");
	make_prey("ro");
	make_file(at("outside/secret"), SECRET "\n", 0600);
	make_file(at("outside/public"), SECRET " for everybody\n", 0644);
	must(symlink("secret", at("outside/link")) == 0, "link");
	must(mkfifo(at("outside/fifo"), 0666) == 0 && mkfifo(at("ro/fifo"), 0666) == 0 &&
		mkfifo(at("ro/fifo.2"), 0666) == 0,
	    "fifo");

	make_file(at("ro/file"), "readable\n", 0644);
	must(mkdir(at("ro/dir"), 0755) == 0 && mkdir(at("ro/dir/deep"), 0755) == 0 &&
		mkdir(at("ro/later"), 0755) == 0,
	    "ro/dir");
	must(symlink(at("outside/secret"), at("ro/link-abs")) == 0, "link");
	must(symlink("../outside", at("ro/link-rel")) == 0, "link");

	make_file(at("rw/data"), "some data\n", 0644);
	must(mkdir(at("rw/dir"), 0755) == 0 && mkdir(at("rw/later"), 0755) == 0 &&
		mkdir(at("rw/mover"), 0755) == 0 && mkdir(at("rw/mover/bar"), 0755) == 0,
	    "rw/dir");
	must(symlink(at("outside"), at("rw/link-abs")) == 0, "link");
	must(symlink("../outside", at("rw/link-rel")) == 0, "link");
	must(symlink("../outside/secret", at("rw/link-file")) == 0, "link");
	must(symlink("../outside/stream", at("rw/link-socket")) == 0, "link");
	must(symlink("../outside/new-dangling", at("rw/link-dangling")) == 0, "link");
	must(symlink("../../outside", at("rw/dir/link")) == 0, "link");
	for (int i = 0; i < 8; i++) {
		char target[32];

		snprintf(target, sizeof(target), "chain.%d", i + 1);
		must(symlink(i == 7 ? "link-rel" : target, at("rw/chain.%d", i)) == 0, "chain");
	}
	copy_file("/bin/true", at("rw/elf"), 0755);
	make_file(at("rw/script"), "#!/bin/sh\nexit 0\n", 0755);
	must(mkfifo(at("rw/.ask"), 0600) == 0 && mkfifo(at("rw/.answer"), 0600) == 0, "fifo");
}

int
listen_unix(int type, const char *name, bool is_abstract)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path + is_abstract, sizeof(addr.sun_path) - is_abstract, "%s", name);
	must(
	    bind(fd, (struct sockaddr *)&addr,
		is_abstract ? (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))
			    : (socklen_t)sizeof(addr)) == 0,
	    name);
	must(type == SOCK_DGRAM || listen(fd, 64) == 0, name);
	return fd;
}

int
listen_inet(int family, int type, const char *address, int *io_port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)*io_port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*io_port) };
	socklen_t size = family == AF_INET ? sizeof(four) : sizeof(six);
	struct sockaddr *addr =
	    family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	inet_pton(
	    family, address, family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr);
	if (fd < 0 || bind(fd, addr, size) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0) ||
	    getsockname(fd, addr, &size) < 0)
		return -1;
	*io_port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return fd;
}

static void
make_sockets(void)
{
	struct world *w = &state->world;
	int *s = state->servers;

	snprintf(w->abstract_stream, NAME_SIZE, "pale-escape-stream-%d", w->driver);
	snprintf(w->abstract_seq, NAME_SIZE, "pale-escape-seq-%d", w->driver);
	snprintf(w->abstract_dgram, NAME_SIZE, "pale-escape-dgram-%d", w->driver);
	s[0] = listen_unix(SOCK_STREAM, at("outside/stream"), false);
	s[1] = listen_unix(SOCK_SEQPACKET, at("outside/seq"), false);
	s[2] = listen_unix(SOCK_DGRAM, at("outside/dgram"), false);
	s[3] = listen_unix(SOCK_STREAM, w->abstract_stream, true);
	s[4] = listen_unix(SOCK_SEQPACKET, w->abstract_seq, true);
	s[5] = listen_unix(SOCK_DGRAM, w->abstract_dgram, true);
	s[6] = listen_inet(AF_INET, SOCK_STREAM, "127.0.0.1", &w->tcp_port);
	s[7] = listen_inet(AF_INET, SOCK_DGRAM, "127.0.0.1", &w->udp_port);
	s[8] = listen_inet(AF_INET6, SOCK_STREAM, "::1", &w->tcp6_port);
	must(s[6] >= 0 && s[7] >= 0, "loopback");
	state->listener = listen_unix(SOCK_STREAM, at("ro/stream"), false);
}

static void
make_ipc(void)
{
	struct world *w = &state->world;
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 16 };
	struct {
		long type;
		char text[8];
	} letter = { 1, "letter" };
	char *memory;
	mqd_t queue;
	int fd;

	w->shm_key = 0x70a1e000 ^ w->driver;
	w->msg_key = w->shm_key + 1;
	w->sem_key = w->shm_key + 2;
	w->shm_id = shmget(w->shm_key, 4096, IPC_CREAT | IPC_EXCL | 0666);
	w->msg_id = msgget(w->msg_key, IPC_CREAT | IPC_EXCL | 0666);
	w->sem_id = semget(w->sem_key, 1, IPC_CREAT | IPC_EXCL | 0666);
	must(w->shm_id >= 0 && w->msg_id >= 0 && w->sem_id >= 0, "System V objects");
	memory = shmat(w->shm_id, NULL, 0);
	must(memory != (char *)-1, "segment");
	strcpy(memory, SECRET);
	shmdt(memory);
	for (int i = 0; i < LETTERS; i++)
		must(msgsnd(w->msg_id, &letter, sizeof(letter.text), IPC_NOWAIT) == 0, "queue");

	snprintf(w->mq_name, NAME_SIZE, "/pale-escape-%d", w->driver);
	queue = mq_open(w->mq_name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	must(queue >= 0 && mq_close(queue) == 0, "POSIX queue");
	snprintf(w->shm_name, NAME_SIZE, "/pale-escape-%d", w->driver);
	fd = shm_open(w->shm_name, O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0 && close(fd) == 0, "shared memory object");
	snprintf(w->tmp_path, NAME_SIZE, "/tmp/pale-escape-%d", w->driver);
	make_file(w->tmp_path, SECRET, 0644);

	/* A session's ring of our own, so that the user's ring is possessed and read natively. */
	syscall(SYS_keyctl, KEYCTL_JOIN, NULL);
	syscall(SYS_keyctl, KEYCTL_LINK_KEY, RING_USER, RING_SESSION);
	w->key_id = (int)syscall(SYS_add_key, "user", "pale-escape", "x", 1UL, RING_USER);
	if (w->key_id > 0) {
		syscall(SYS_keyctl, KEYCTL_PERM, w->key_id, KEY_MODE);
		syscall(SYS_keyctl, KEYCTL_TIMEOUT, w->key_id, KEY_SECONDS);
	}
}

void
world_forget_key(void)
{
	if (state->world.key_id > 0)
		syscall(SYS_keyctl, KEYCTL_INVALIDATE_KEY, state->world.key_id);
}

static void
make_terminals(void)
{
	struct termios raw;
	struct winsize size = { 25, 80, 0, 0 };

	cfmakeraw((memset(&raw, 0, sizeof(raw)), &raw));
	must(openpty(&state->master, &state->slave, NULL, &raw, &size) == 0, "terminal");
	must(openpty(&state->master2, &state->slave2, state->world.tty_path, &raw, &size) == 0,
	    "terminal");
	fcntl(state->master, F_SETFD, FD_CLOEXEC);
	fcntl(state->slave, F_SETFD, FD_CLOEXEC);
	fcntl(state->master2, F_SETFD, FD_CLOEXEC);
	fcntl(state->slave2, F_SETFD, FD_CLOEXEC);
}

static void
make_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[HANDLE_SIZE];
	} handle = { .head.handle_bytes = HANDLE_SIZE };
	struct stat st;
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, at("outside/secret"), &handle.head, &mount_id, 0) == 0) {
		state->world.handle_type = handle.head.handle_type;
		state->world.handle_bytes = handle.head.handle_bytes;
		memcpy(state->world.handle, handle.head.f_handle, handle.head.handle_bytes);
	}
	must(stat(at("outside"), &st) == 0, "outside");
	state->world.outside_dev = st.st_dev;
	state->world.outside_ino = st.st_ino;
	must(stat(at("."), &st) == 0, "world");
	state->world.world_dev = st.st_dev;
	state->world.world_ino = st.st_ino;
}

void
world_make(void)
{
	int fd;

	umask(022);
	state->world.driver = getpid();
	state->world.uid = getuid();
	strcpy(state->world.magic, WORLD_MAGIC);
	make_trees();
	make_sockets();
	make_ipc();
	doors_make();
	make_terminals();
	make_handle();
	fd = open(at("ro/board"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	must(fd >= 0 && ftruncate(fd, 4096) == 0, "board");
	state->board = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(state->board != MAP_FAILED && close(fd) == 0, "board");
}

void
world_write(void)
{
	int fd = open(at("ro/world"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd >= 0 &&
		write(fd, &state->world, sizeof(state->world)) == (ssize_t)sizeof(state->world) &&
		close(fd) == 0,
	    "ro/world");
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)where;
	if (kind == FTW_DP || kind == FTW_D || kind == FTW_DNR)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

void
world_remove(void)
{
	struct world *w = &state->world;

	if (w->shm_key != 0) {
		shmctl(w->shm_id, IPC_RMID, NULL);
		msgctl(w->msg_id, IPC_RMID, NULL);
		semctl(w->sem_id, 0, IPC_RMID);
		mq_unlink(w->mq_name);
		shm_unlink(w->shm_name);
		unlink(w->tmp_path);
	}
	doors_remove();
	if (w->can_mount)
		for (int i = 0; i < MOUNT_PATHS; i++)
			umount2(i == 0   ? at("ro/later")
				: i == 1 ? at("rw/later")
					 : state->dir,
			    MNT_DETACH);
	nftw(state->dir, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS);
	if (access(state->dir, F_OK) == 0)
		printf("# could not remove %s\n", state->dir);
}
