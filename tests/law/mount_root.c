/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker `mount-root` is what this kernel does in a detached mount: random lookups from its
 * root and from descriptors that were opened in it, while directories move in the tree beneath, out
 * of the mount, and back. The same object or the same errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"
#include "model/read.h"
#include "model/step.h"
#include "model/tree.h"
#include "model/walkers.h"
#include "random.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

enum { ROUNDS = 50000 };

static const char scenario[] =
    "scenario('a detached mount')\nwalker('mount-root')\nproperty('union')\n"
    "directory('/base/a/b/c')\ndirectory('/base/d')\ndirectory('/out/e')\nfile('/base/f')\n"
    "file('/out/f')\nsymlink('/base/l', 'a/b')\nsymlink('/base/a/l', '../../d')\n"
    "symlink('/out/e/l', '..')\n"
    "compartment c {\nopen('base', '/base')\ncalls(1)\n"
    "may('openat(base, .|..|../..|a|a/..|a/../..|a/b|a/b/..|a/b/../..|a/b/c|a/b/c/../../..)',\n"
    "'openat(base, f|f/|../f|l|l/..|a/l|a/l/..|b|b/..|c|c/..|c/../..|d|d/..|e|e/..|e/l|l/../l)')\n"
    "}\n";

/* The scratch tree, by the model's inodes. */
static struct {
	char top[64];
	ino_t inos[PALE_MODEL_INODES];
	int fds[PALE_MODEL_INODES]; /* of directories, opened in the mount; -1: not */
} real;

static void
path_of(const struct pale_model *model, const struct pale_state *state, unsigned inode, char *buf,
    size_t size)
{
	char inner[PATH_MAX / 2];

	pale_model_path(model, state, inode, inner, sizeof(inner));
	snprintf(buf, size, "%s%s", real.top, inner);
}

static void
make_all(const struct pale_model *model, const struct pale_state *state)
{
	for (unsigned i = 2; i <= model->inode_count; i++) {
		const struct pale_inode *inode = &state->inodes[i];
		char path[PATH_MAX];
		struct stat st;

		/* Of what is no directory the text of the scenario has the path. */
		snprintf(path, sizeof(path), "%s%s", real.top, model->inode_paths[i]);
		if (inode->type == PALE_INODE_DIR)
			ck_assert_int_eq(mkdir(path, 0755), 0);
		else if (inode->type == PALE_INODE_LINK)
			ck_assert_int_eq(symlink(model->rests[inode->target].text, path), 0);
		else
			ck_assert_int_ge(
			    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
		ck_assert_int_eq(lstat(path, &st), 0);
		real.inos[i] = st.st_ino;
		real.fds[i] = -1;
	}
}

/* The same move in both: a directory gets another place. */
static void
move(const struct pale_model *model, struct pale_state *state, uint64_t *random)
{
	unsigned node = 2 + test_below(random, model->inode_count - 1U);
	unsigned to = 2 + test_below(random, model->inode_count - 1U);
	struct pale_inode *inode = &state->inodes[node];
	char from[PATH_MAX], into[PATH_MAX];

	/* What lies in the root stays there: else nothing was outside for long. */
	if (inode->parent == PALE_MODEL_ROOT || inode->type != PALE_INODE_DIR ||
	    state->inodes[to].type != PALE_INODE_DIR ||
	    pale_tree_is_beneath(model, state, node, to) ||
	    pale_tree_find(model, state, to, inode->name) != 0)
		return;
	path_of(model, state, node, from, sizeof(from));
	inode->parent = (uint8_t)to;
	path_of(model, state, node, into, sizeof(into));
	ck_assert_msg(rename(from, into) == 0, "rename %s %s: %m", from, into);
}

/* The lookup in the model. Returns the inode or -errno. */
static int
look(const struct pale_model *model, struct pale_state *state, unsigned base, unsigned start,
    pale_walker_rest path)
{
	const struct pale_walker *walker = pale_walker_find("mount-root");
	uint16_t slots[PALE_WALKER_SLOTS] = { (uint16_t)start, path };
	struct pale_walk_ctx ctx = { .model = model,
		.state = state,
		.walker = walker,
		.start = (pale_walker_node)start,
		.root = (pale_walker_node)base };
	int r = walker->begin(slots, 0, &pale_model_walker_ops, &ctx);

	while (r == PALE_WALKER_MORE)
		r = walker->step(slots, 0, &pale_model_walker_ops, &ctx);
	return r < 0 ? r : slots[PALE_WALKER_AT];
}

/* And in the mount; a directory that was opened so is kept. */
static void
compare(const struct pale_model *model, struct pale_state *state, unsigned base, unsigned start,
    pale_walker_rest path, unsigned *ends)
{
	int found = look(model, state, base, start, path);
	int fd = openat(real.fds[start], model->rests[path].text, O_PATH | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	struct stat st = { 0 };

	if (fd >= 0)
		ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_msg(found < 0 ? error == -found : st.st_ino == real.inos[found],
	    "'%s' from %s: the model says %s, the kernel %s", model->rests[path].text,
	    model->inode_paths[start], found < 0 ? strerror(-found) : model->inode_paths[found],
	    error != 0 ? strerror(error) : "something else");
	ends[found >= 0 ? 0 : found == -ENOENT ? 1 : 2]++;
	if (found > 0 && real.fds[found] < 0 && S_ISDIR(st.st_mode))
		real.fds[found] = fd;
	else if (fd >= 0)
		close(fd);
}

TEST(alike, "a lookup in a detached mount ends as the walker mount-root says, wherever things move")
{
	uint64_t random = test_seed(20261122);
	unsigned ends[3] = { 0 }, base, disconnected = 0;
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	struct pale_state state;
	char path[PATH_MAX];
	int dir;

	if (pale_model_read("test", scenario, strlen(scenario), NULL, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	state = *model->initial;
	base = model->compartments[0].delegated[0];
	make_all(model, &state);
	path_of(model, &state, base, path, sizeof(path));
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	real.fds[base] =
	    (int)syscall(SYS_open_tree, dir, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC);
	ck_assert_int_ge(real.fds[base], 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct pale_model_compartment *c = &model->compartments[0];
		unsigned site = c->first_site + test_below(&random, c->site_count);
		unsigned start = 1 + test_below(&random, model->inode_count);

		if (test_below(&random, 3) == 0)
			move(model, &state, &random);
		if (start == PALE_MODEL_ROOT || real.fds[start] < 0 || real.inos[start] == 0)
			start = base;
		disconnected += !pale_tree_is_beneath(model, &state, base, start);
		compare(model, &state, base, start, model->sites[site].path[0], ends);
	}
	/* All was met: things found, things that are not there or have left, files in the middle.
	 */
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_gt(ends[i], 100);
	ck_assert_uint_gt(disconnected, 1000);
	close(dir);
	pale_model_free(model);
}

int
main(void)
{
	const TTest *const all[] = { alike };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | O_CLOEXEC);
	char command[128];
	int r;

	if (tree < 0)
		TEST_SKIP_ALL("open_tree(OPEN_TREE_CLONE), as root");
	close(tree);
	/* Here, so that it is removed whatever becomes of the case. */
	snprintf(real.top, sizeof(real.top), "/dev/shm/pale-mount.XXXXXX");
	if (mkdtemp(real.top) == NULL)
		return 1;
	r = test_run("mount_root", all, 1);
	snprintf(command, sizeof(command), "rm -rf %s", real.top);
	return system(command) != 0 || r != 0;
}
