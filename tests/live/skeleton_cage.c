/* SPDX-License-Identifier: BSD-2-Clause */
/* A cage around one command, with or without the root that tells; see skeleton.h. */
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cage/cage.h"
#include "cage/filter.h"
#include "core/scope.h"
#include "kernel/uapi.h"

#define READ_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define READ_FS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ALL_FS ((1ULL << 16) - 1)

enum {
	NODES_MAX = 40,
};

static struct pale_node nodes[NODES_MAX];
static size_t node_count;

static struct pale_node *
add(enum pale_node_kind kind, const char *path)
{
	struct pale_node *node = &nodes[node_count++];

	*node = (struct pale_node){ .kind = kind, .path = path, .fd = -1, .landlock = READ_FS };
	return node;
}

static void
add_link(const char *path, const char *target)
{
	add(PALE_PUT_LINK, path)->target = target;
}

static void
add_file(enum pale_node_kind kind, const char *path, const char *from, uint64_t attr, uint64_t fs)
{
	struct pale_node *node;
	struct stat st;
	int fd = open(from, O_PATH | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	node = add(kind, path);
	node->fd = fd;
	node->is_dir = S_ISDIR(st.st_mode);
	node->dev = st.st_dev;
	node->ino = st.st_ino;
	node->attr = attr;
	node->landlock = fs;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct pale_node *)a)->path, ((const struct pale_node *)b)->path);
}

/* What real plans have, and every kind of node at the top and in the depth. */
static void
make_nodes(const char *world)
{
	static char copied[128];
	static char deep[128];

	snprintf(copied, sizeof(copied), "%s/copied", world);
	snprintf(deep, sizeof(deep), "%s/deep", world);
	add_link("/bin", "usr/bin");
	add_link("/lib", "usr/lib");
	add_link("/lib64", "usr/lib64");
	add_link("/sbin", "usr/sbin");
	add_link("/a/link", "../a/b");
	add_link("/a/lost", "nowhere");
	add_file(PALE_PUT_MOUNT, "/usr", "/usr", READ_ATTR, READ_FS);
	add_file(PALE_PUT_MOUNT, "/etc", "/etc", READ_ATTR, READ_FS);
	add_file(PALE_PUT_MOUNT, "/a/b/file", "/etc/passwd", READ_ATTR, READ_FS);
	add_file(PALE_PUT_MOUNT, "/a/b/c/job", deep, MOUNT_ATTR_NOSUID, ALL_FS);
	add_file(PALE_PUT_COPY, copied, copied, 0, READ_FS);
	add_file(PALE_PUT_MOUNT, "/dev/null", "/dev/null", MOUNT_ATTR_NOSUID, ALL_FS);
	add_file(PALE_PUT_MOUNT, "/dev/zero", "/dev/zero", MOUNT_ATTR_NOSUID, ALL_FS);
	add(PALE_PUT_DIR, "/a/empty/dir");
	add(PALE_PUT_TEXT, "/a/text")->target = "made up\n";
	add(PALE_PUT_TMP, "/tmp")->landlock = ALL_FS;
	add_file(PALE_PUT_MOUNT, "/tmp/inner/name", "/etc/group", READ_ATTR, READ_FS);
	add_link("/tmp/link", "../etc");
	add(PALE_PUT_PROC, "/proc")->optional = true;
	add(PALE_PUT_HIDE, "/a/b/c/job/secret")->is_dir = true;
	for (size_t i = 0; i < node_count; i++) {
		nodes[i].is_dir |= nodes[i].kind == PALE_PUT_TMP || nodes[i].kind == PALE_PUT_PROC;
		if (nodes[i].kind == PALE_PUT_TMP)
			nodes[i].attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	}
	qsort(nodes, node_count, sizeof(nodes[0]), by_path);
}

static void
hear(void *state, const struct pale_heard_call *heard)
{
	FILE *out = state;

	if (heard->how != PALE_HEARD_MISSING)
		return;
	fprintf(out, "%s %s %s cwd=%s program=%s text=%s text2=%s\n", heard->missing,
	    heard->sys == PALE_SYS_COUNT ? "?" : pale_sys_row(heard->sys)->name,
	    heard->call.tid > 0 ? "tid" : "none", heard->cwd == NULL ? "?" : heard->cwd,
	    heard->program == NULL ? "?" : heard->program,
	    heard->text[0] == NULL ? "?" : heard->text[0],
	    heard->text[1] == NULL ? "?" : heard->text[1]);
	fflush(out);
}

static int
say(const struct pale_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 125;
}

int
run_in_cage(bool told, const char *world, const char *heard_path, char *const *argv)
{
	static struct sock_filter room[PALE_BPF_MAX];
	const struct pale_sys_policy policy = { .gates = PALE_GATES_QUIET };
	struct pale_skeleton skeleton = PALE_SKELETON_NONE;
	struct pale_watch_hook watch = { .hear = hear };
	struct pale_launch launch;
	enum pale_cage_stage stage;
	struct pale_err err = { 0 };
	struct pale_cage cage = { .ask = true,
		.landlock_fs = ALL_FS,
		.landlock_root = READ_FS,
		.policy = &policy,
		.chdir = "/",
		.argv = argv,
		.envp = environ };
	FILE *out = fopen(heard_path, "ae");
	int status;

	if (out == NULL)
		return 125;
	watch.state = out;
	if (told && pale_skeleton_start(&skeleton, &err) < 0)
		return say(&err);
	if (pale_cage_unshare(false, &err) < 0 ||
	    (told && pale_skeleton_mount(&skeleton, &err) < 0)) {
		pale_skeleton_done(&skeleton);
		return say(&err);
	}
	if (told) {
		cage.skeleton = &skeleton;
		cage.watch = &watch;
	}
	make_nodes(world);
	cage.nodes = nodes;
	cage.node_count = node_count;
	if (pale_filter_choose(
		&policy, room, PALE_BPF_MAX, &cage.filter, &cage.filter_count, &err) < 0 ||
	    pale_cage_launch(&cage, &launch, &stage, &err) < 0) {
		pale_skeleton_done(&skeleton);
		return say(&err);
	}
	status = pale_cage_wait(&launch);
	if (launch.unheard > 0)
		fprintf(out, "unheard %llu\n", (unsigned long long)launch.unheard);
	pale_skeleton_done(&skeleton);
	fclose(out);
	if (launch.lost_root) {
		fprintf(stderr, "the root's server has ended\n");
		return 124;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
