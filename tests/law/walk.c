/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker against the kernel: on random trees and random paths it answers as openat2 does with
 * RESOLVE_BENEATH and RESOLVE_IN_ROOT, same errno or same inode; and no rename, at any step or at
 * any time, leads it out.
 */
#include "kernel/walkfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	TREES = 40,
	PATHS = 500, /* on each tree */
	NODES = 40,  /* in each tree, at most */
	RACES = 200000,
	RENAMES = 1000, /* that a race must have seen to count */
	USER = 1000,    /* an ordinary user, for trees with locked directories */
};

static char base[32];
static uint64_t seed;
static unsigned seen[4096]; /* answers, by errno */

static void
remove_tree(int dir, const char *name)
{
	int locked = fchmodat(dir, name, 0700, 0);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	(void)locked;
	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(fd, entry->d_name, 0) < 0)
			remove_tree(fd, entry->d_name);
	}
	if (list != NULL)
		closedir(list);
	unlinkat(dir, name, AT_REMOVEDIR);
}

static void
enter_base(void)
{
	/* A tmpfs where there is one: quicker, and no other file system's own ideas. */
	snprintf(base, sizeof(base), "%s/pale-walk-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chdir(base), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
}

static void
leave_base(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	remove_tree(AT_FDCWD, base);
}

static int
open_fds(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(list);
	while (readdir(list) != NULL)
		count++;
	closedir(list);
	return count;
}

/* A random path of few names, so that it often means something. */
static void
random_path(char *path, size_t size)
{
	static const char *const parts[] = { "a", "b", "c", "d", "a", "b", "c", "d", ".", "..",
		"..", "..", "top", "e" };
	unsigned count = 1 + test_below(&seed, 7);
	size_t at = 0;

	if (test_below(&seed, 6) == 0)
		path[at++] = '/';
	for (unsigned i = 0; i < count && at + 8 < size; i++) {
		if (i > 0)
			path[at++] = '/';
		if (test_below(&seed, 12) == 0)
			path[at++] = '/';
		at += (size_t)sprintf(path + at, "%s", parts[test_below(&seed, PALE_COUNT(parts))]);
	}
	if (test_below(&seed, 5) == 0)
		path[at++] = '/';
	path[at] = '\0';
}

/* Directories, files and links under top/ and beside it; what cannot be made is left out. */
static void
random_tree(bool locks)
{
	char dirs[NODES][256] = { "top", "." }, path[512], target[64];
	unsigned count = 2;

	ck_assert_int_eq(mkdir("top", 0755), 0);
	for (unsigned i = 0; i < NODES && count < NODES; i++) {
		unsigned in = test_below(&seed, count), kind = test_below(&seed, 10);

		if (strlen(dirs[in]) > 200)
			continue;
		snprintf(path, sizeof(path), "%s/%c", dirs[in], "abcd"[test_below(&seed, 4)]);
		if (kind < 5 && mkdir(path, 0755) == 0) {
			memcpy(dirs[count++], path, strlen(path) + 1);
		} else if (kind < 6) {
			close(open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755));
		} else {
			random_path(target, sizeof(target));
			ck_assert(symlink(target, path) == 0 || errno == EEXIST);
		}
	}
	/* The deepest first: behind a lock nothing can be reached any more. */
	for (unsigned i = count; locks && i-- > 2;) {
		if (test_below(&seed, 4) == 0)
			ck_assert_int_eq(chmod(dirs[i], 0644), 0);
	}
}

static int
kernel_open(int root, const char *path, bool in_root, unsigned flags, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
		.resolve = in_root ? RESOLVE_IN_ROOT : RESOLVE_BENEATH };
	long fd;

	if (flags & PALE_WALK_NOFOLLOW)
		how.flags |= O_NOFOLLOW;
	if (flags & PALE_WALK_DIRECTORY)
		how.flags |= O_DIRECTORY;
	if (flags & PALE_WALK_NO_LINKS)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	/* Any rename on the machine makes it say "again". */
	do {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

static void
compare(int root, const char *path, bool in_root, unsigned flags)
{
	PALE_CLOSE int our_fd = -1;
	PALE_CLOSE int kernel_fd = -1;
	struct stat a, b;
	int kernels = kernel_open(root, path, in_root, flags, &kernel_fd);
	int ours = pale_walkfd_open(
	    root, path, in_root ? PALE_WALK_IN_ROOT : PALE_WALK_BENEATH, flags, &our_fd, NULL);

	if (ours != kernels)
		ck_abort_msg("'%s' in_root %d flags %u: ours %d, kernel's %d", path, in_root, flags,
		    ours, kernels);
	seen[-ours]++;
	if (ours < 0)
		return;
	ck_assert_int_eq(fstat(our_fd, &a), 0);
	ck_assert_int_eq(fstat(kernel_fd, &b), 0);
	if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
		ck_abort_msg("'%s' in_root %d flags %u: not the same object", path, in_root, flags);
}

/* Answers of one kind would prove little: the trees must give all of them. */
static void
check_variety(bool locks)
{
	printf("# found %u, ENOENT %u, ENOTDIR %u, ELOOP %u, EXDEV %u, EACCES %u\n", seen[0],
	    seen[ENOENT], seen[ENOTDIR], seen[ELOOP], seen[EXDEV], seen[EACCES]);
	ck_assert(seen[0] > 100 && seen[ENOENT] > 100 && seen[ENOTDIR] > 100 && seen[ELOOP] > 100 &&
	    seen[EXDEV] > 100 && (!locks || seen[EACCES] > 100));
}

static void
compare_all(bool locks)
{
	for (int tree = 0; tree < TREES; tree++) {
		char path[64];
		int root;

		snprintf(path, sizeof(path), "%d", tree);
		ck_assert_int_eq(mkdir(path, 0755) | chdir(path), 0);
		random_tree(locks);
		root = open("top", O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(root, 0);
		for (int i = 0; i < PATHS; i++) {
			bool in_root = test_below(&seed, 2);
			unsigned flags = test_below(&seed, 8);

			random_path(path, sizeof(path));
			compare(root, path, in_root, flags);
		}
		close(root);
		ck_assert_int_eq(chdir(".."), 0);
	}
	check_variety(locks);
}

TEST(same, "20,000 random paths on random trees: same inode or same errno as openat2")
{
	int before;

	seed = test_seed(20100601);
	enter_base();
	before = open_fds();
	compare_all(false);
	ck_assert_int_eq(open_fds(), before);
	leave_base();
}

TEST(same_locked, "the same for a user whom some directories do not let pass")
{
	int status;
	pid_t child;

	seed = test_seed(20100602);
	enter_base();
	if (geteuid() == 0)
		ck_assert_int_eq(chown(".", USER, USER), 0);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 &&
		    (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0))
			_exit(2);
		compare_all(true);
		fflush(stdout);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	leave_base();
}

static struct {
	int foo, out; /* bar moves between these */
	atomic_uint renames;
	atomic_bool end;
} race;

static void
race_tree(void)
{
	enter_base();
	ck_assert_int_eq(mkdir("foo", 0755) | mkdir("out", 0755), 0);
	ck_assert_int_eq(mkdir("foo/bar", 0755) | mkdir("foo/bar/x", 0755), 0);
	race.foo = open("foo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	race.out = open("out", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert(race.foo >= 0 && race.out >= 0);
}

static void *
rename_for_ever(void *arg PALE_UNUSED)
{
	while (!atomic_load(&race.end)) {
		renameat(race.foo, "bar", race.out, "bar");
		renameat(race.out, "bar", race.foo, "bar");
		atomic_fetch_add(&race.renames, 2);
	}
	return NULL;
}

static bool
is_same(int fd, int other)
{
	struct stat a, b;

	ck_assert_int_eq(fstat(fd, &a), 0);
	ck_assert_int_eq(fstat(other, &b), 0);
	return a.st_ino == b.st_ino;
}

TEST(raced, "200,000 walks of bar/x/../.. against a renamer: none leads out")
{
	unsigned found = 0, missed = 0, stepped_out = 0;
	pthread_t thread;

	race_tree();
	ck_assert_int_eq(pthread_create(&thread, NULL, rename_for_ever, NULL), 0);
	for (int i = 0; i < RACES || atomic_load(&race.renames) < RENAMES; i++) {
		PALE_CLOSE int fd = -1;
		int r = pale_walkfd_open(race.foo, i & 1 ? "bar/x/../.." : "bar/x/../../..",
		    PALE_WALK_BENEATH, 0, &fd, NULL);

		if (r == 0) {
			/* Only the path that ends at the start may be found at all. */
			ck_assert(i & 1);
			ck_assert(is_same(fd, race.foo));
			found++;
		} else {
			ck_assert(r == -ENOENT || (r == -EXDEV && !(i & 1)));
			missed += r == -ENOENT;
			stepped_out += r == -EXDEV;
		}
	}
	atomic_store(&race.end, true);
	pthread_join(thread, NULL);
	printf("# %u renames; walks: %u found, %u missed bar, %u refused above the start\n",
	    atomic_load(&race.renames), found, missed, stepped_out);
	ck_assert(found > 0 && missed > 0 && stepped_out > 0);
	leave_base();
}

/* Walk bar/x/../.. and move bar out before step `when`; -errno or a descriptor. */
static int
walk_moved_at(int when)
{
	struct pale_walkfd walkfd;
	struct pale_walk walk;
	uint32_t node;
	int r, step = 0;

	pale_walkfd_init(&walkfd);
	ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_BENEATH, (uint32_t)race.foo,
			     PALE_WALK_NO_NODE, "bar/x/../../bar", 0),
	    0);
	do {
		if (step++ == when)
			ck_assert_int_eq(renameat(race.foo, "bar", race.out, "bar"), 0);
		r = pale_walk_step(&walk, &pale_walkfd_ops, &walkfd);
	} while (r > 0);
	if (r == 0)
		r = pale_walk_take(&walk, &node) ? (int)node : -EINVAL;
	pale_walk_done(&walk, &pale_walkfd_ops, &walkfd);
	if (step > when)
		ck_assert_int_eq(renameat(race.out, "bar", race.foo, "bar"), 0);
	else
		printf("# %d steps\n", step);
	return r;
}

TEST(stepped, "a rename before any single step does not lead the walk out")
{
	race_tree();
	for (int when = 0; when < 10; when++) {
		int fd = walk_moved_at(when);

		/* The second "bar" is looked up in the start: not there, or taken before it left.
		 */
		ck_assert(fd >= 0 || fd == -ENOENT);
		if (fd >= 0)
			close(fd);
	}
	leave_base();
}

TEST(control, "the same rename leads plain dot-dot out, so the test above means something")
{
	int bar, out;

	race_tree();
	bar = openat(race.foo, "bar", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(renameat(race.foo, "bar", race.out, "bar"), 0);
	out = openat(bar, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert(is_same(out, race.out));
	leave_base();
}

TEST(deep, "a walk deeper than descriptors are to be had ends with EMFILE and leaks none")
{
	struct rlimit many, few;
	char path[400] = "d";
	int fd = -1, before;

	enter_base();
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(mkdir(path, 0755), 0);
		strcat(path, "/d");
	}
	before = open_fds();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &many), 0);
	few = (struct rlimit){ .rlim_cur = 64, .rlim_max = many.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	path[199] = '\0';
	ck_assert_int_eq(
	    pale_walkfd_open(AT_FDCWD, path, PALE_WALK_BENEATH, 0, &fd, NULL), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &many), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(open_fds(), before);
	leave_base();
}

TEST(fifo, "a fifo and a device are only placed, never opened")
{
	PALE_CLOSE int fd = -1;

	enter_base();
	ck_assert_int_eq(mkfifo("f", 0600), 0);
	ck_assert_int_eq(pale_walkfd_open(AT_FDCWD, "f", PALE_WALK_BENEATH, 0, &fd, NULL), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	leave_base();
}

TEST(planted, "a link that another user planted in a sticky directory is not followed")
{
	PALE_CLOSE int fd = -1;
	struct pale_err err = { 0 };

	if (geteuid() != 0)
		return; /* nobody here to plant it */
	enter_base();
	ck_assert_int_eq(mkdir("t", 0755) | chmod("t", 01777), 0);
	ck_assert_int_eq(symlink("/etc", "t/ours") | symlink("/etc", "t/theirs"), 0);
	ck_assert_int_eq(lchown("t/theirs", USER, USER), 0);
	ck_assert_int_eq(
	    pale_walkfd_open(AT_FDCWD, "t/theirs/passwd", PALE_WALK_NONE, 0, &fd, &err), -EACCES);
	ck_assert_str_eq(
	    err.text, "cannot walk to 't/theirs/passwd', at 'theirs': Permission denied");
	ck_assert_int_eq(
	    pale_walkfd_open(AT_FDCWD, "t/ours/passwd", PALE_WALK_NONE, 0, &fd, &err), 0);
	leave_base();
}

TEST(words, "a failure says which path, where and why")
{
	struct pale_err err = { 0 };
	int fd = -1;

	enter_base();
	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(pale_walkfd_open(AT_FDCWD, "a/..", PALE_WALK_BENEATH, 0, &fd, NULL), 0);
	close(fd);
	fd = -1;
	pale_walkfd_open(AT_FDCWD, "a/../..", PALE_WALK_BENEATH, 0, &fd, &err);
	ck_assert_str_eq(err.text, "'a/../..' leads out of the directory it starts in");
	pale_walkfd_open(AT_FDCWD, "a/b/c", PALE_WALK_BENEATH, 0, &fd, &err);
	ck_assert_str_eq(err.text, "cannot walk to 'a/b/c', at 'b': No such file or directory");
	pale_walkfd_open(AT_FDCWD, "b", PALE_WALK_BENEATH, 0, &fd, &err);
	ck_assert_str_eq(err.text, "cannot walk to 'b': No such file or directory");
	ck_assert_int_eq(fd, -1);
	leave_base();
}

TEST_MAIN("walk", same, same_locked, raced, stepped, control, deep, fifo, planted, words)
