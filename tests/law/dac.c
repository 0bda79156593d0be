/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our idea of who may do what against the kernel's: random owners, modes and access lists, asked
 * by random users with random groups and capabilities.
 */
#include "core/dac.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	ROUNDS = 120, /* credentials tried */
	INODES = 16,  /* on each */
	GROUPS = 3,
	ENTRIES = 8,
	FIRST_ID = 1000, /* ids are taken from here */
	IDS = 4,
};

/* An inode that was made, and what we know of it. */
struct made {
	struct pale_inode_attr attr;
	struct pale_acl_entry acl[ENTRIES];
};

static char base[] = "/tmp/pale-dac-XXXXXX";
static uint64_t seed;
static unsigned allowed, denied, lists;

static unsigned
random_id(void)
{
	return test_below(&seed, 5) == 0 ? 0 : FIRST_ID + test_below(&seed, IDS);
}

/* As the kernel wants it in system.posix_acl_access. */
static bool
set_acl(const char *name, const struct made *made)
{
	static const uint16_t tags[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20 };
	struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entry[ENTRIES];
	} xattr = { .version = 2 };

	for (size_t i = 0; i < made->attr.acl_count; i++) {
		const struct pale_acl_entry *entry = &made->acl[i];
		bool named = entry->tag == PALE_ACL_USER || entry->tag == PALE_ACL_GROUP;

		xattr.entry[i].tag = tags[entry->tag];
		xattr.entry[i].perm = (uint16_t)entry->perm;
		xattr.entry[i].id = named ? entry->id : UINT32_MAX;
	}
	return setxattr(name, "system.posix_acl_access", &xattr, 4 + 8 * made->attr.acl_count, 0) ==
	    0;
}

static void
add_entry(struct made *made, enum pale_acl_tag tag, uint32_t id, unsigned perm)
{
	made->acl[made->attr.acl_count++] = (struct pale_acl_entry){ tag, id, perm };
}

/* A valid list that says the same as the mode where both speak. */
static void
random_acl(struct made *made)
{
	unsigned mode = made->attr.mode, user = test_below(&seed, IDS),
		 group = test_below(&seed, IDS);

	add_entry(made, PALE_ACL_USER_OBJ, 0, mode >> 6 & 7);
	add_entry(made, PALE_ACL_USER, FIRST_ID + user, test_below(&seed, 8));
	add_entry(made, PALE_ACL_GROUP_OBJ, 0, test_below(&seed, 8));
	add_entry(made, PALE_ACL_GROUP, FIRST_ID + group, test_below(&seed, 8));
	add_entry(made, PALE_ACL_MASK, 0, mode >> 3 & 7);
	add_entry(made, PALE_ACL_OTHER, 0, mode & 7);
}

static void
make(const char *name, bool is_dir, mode_t bits, struct made *made)
{
	*made = (struct made){ .attr = { .uid = random_id(), .gid = random_id() } };
	made->attr.mode = (is_dir ? S_IFDIR : S_IFREG) | bits | (test_below(&seed, 01000) & 0777);
	if (is_dir)
		ck_assert_int_eq(mkdir(name, 0700), 0);
	else
		close(open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(chown(name, made->attr.uid, made->attr.gid), 0);
	ck_assert_int_eq(chmod(name, made->attr.mode & 07777), 0);
	if (test_below(&seed, 2) == 0)
		return;
	random_acl(made);
	if (set_acl(name, made)) {
		made->attr.acl = made->acl;
		lists++;
	} else {
		made->attr.acl_count = 0;
	}
}

/* Become somebody; no way back. */
static void
become(const struct pale_cred *cred)
{
	static const struct {
		unsigned ours;
		int kernels;
	} caps[] = { { PALE_DAC_OVERRIDE, CAP_DAC_OVERRIDE },
		{ PALE_DAC_READ_SEARCH, CAP_DAC_READ_SEARCH }, { PALE_DAC_FOWNER, CAP_FOWNER } };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (size_t i = 0; i < PALE_COUNT(caps); i++) {
		if (cred->caps & caps[i].ours)
			data[0].effective = data[0].permitted |= 1U << caps[i].kernels;
	}
	ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1), 0);
	ck_assert_int_eq(setgroups(cred->group_count, cred->groups), 0);
	ck_assert_int_eq(setresgid(cred->gid, cred->gid, cred->gid), 0);
	ck_assert_int_eq(setresuid(cred->uid, cred->uid, cred->uid), 0);
	ck_assert_int_eq((int)syscall(SYS_capset, &header, data), 0);
}

static void
agree(const char *what, const struct pale_cred *cred, const struct pale_inode_attr *inode, int ours,
    int kernels)
{
	if (ours != kernels)
		ck_abort_msg(
		    "%s by uid %u gid %u caps %u on uid %u gid %u mode %o list %zu: ours %d, "
		    "kernel's %d",
		    what, cred->uid, cred->gid, cred->caps, inode->uid, inode->gid, inode->mode,
		    inode->acl_count, ours, kernels);
	ours == 0 ? allowed++ : denied++;
}

static int
result_of(long r)
{
	return r < 0 ? -errno : 0;
}

static void
random_cred(struct pale_cred *cred, gid_t groups[GROUPS])
{
	*cred = (struct pale_cred){ .uid = random_id(), .gid = random_id(), .groups = groups };
	cred->group_count = test_below(&seed, GROUPS + 1);
	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = random_id();
	if (test_below(&seed, 2) == 0)
		cred->caps = test_below(&seed, 8);
}

/* Run `body` as another in a child; what it asserts there counts here. */
static void
as_another(const struct pale_cred *cred, void (*body)(const struct pale_cred *))
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		become(cred);
		body(cred);
		_exit(allowed > 0 ? 0 : 9);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(status == 0 || status == 9 << 8);
}

static struct made inodes[INODES];

static void
ask_access(const struct pale_cred *cred)
{
	for (unsigned i = 0; i < INODES; i++) {
		const struct pale_inode_attr *attr = &inodes[i].attr;
		char name[16];

		snprintf(name, sizeof(name), "n%u", i);
		for (unsigned want = 1; want < 8; want++)
			agree("access", cred, attr, pale_dac_access(cred, attr, want),
			    result_of(syscall(SYS_faccessat2, AT_FDCWD, name, want, AT_EACCESS)));
		agree("chmod", cred, attr, pale_dac_chmod(cred, attr),
		    result_of(
			utimensat(AT_FDCWD, name, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0)));
	}
}

static void
each_round(void (*round)(void))
{
	seed = test_seed(19701231);
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chdir(base) | chmod(".", 0755), 0);
	for (int i = 0; i < ROUNDS; i++)
		round();
	ck_assert_int_eq(chdir("/") | rmdir(base), 0);
	printf("# %u inodes with a list\n", lists);
}

static void
access_round(void)
{
	gid_t groups[GROUPS];
	struct pale_cred cred;
	char name[16];

	random_cred(&cred, groups);
	for (unsigned i = 0; i < INODES; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		make(name, test_below(&seed, 2), 0, &inodes[i]);
	}
	as_another(&cred, ask_access);
	for (unsigned i = 0; i < INODES; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ck_assert_int_eq(remove(name), 0);
	}
}

TEST(access_law, "reading, writing, executing, searching and changing times: as the kernel says")
{
	each_round(access_round);
	ck_assert_uint_gt(lists, 100);
}

/* Two directories, an entry in the first, perhaps one in the second to be replaced. */
static struct {
	struct made from, to, entry, replaced;
	bool has_replaced, deletes;
} scene;

static void
ask_rename(const struct pale_cred *cred)
{
	struct pale_dac_rename move = { &scene.from.attr, &scene.entry.attr, &scene.to.attr,
		scene.has_replaced ? &scene.replaced.attr : NULL, false, false };

	if (scene.deletes)
		agree("unlink", cred, &scene.from.attr,
		    pale_dac_delete(cred, &scene.from.attr, &scene.entry.attr),
		    result_of(unlinkat(
			AT_FDCWD, "from/x", S_ISDIR(scene.entry.attr.mode) ? AT_REMOVEDIR : 0)));
	else
		agree("rename", cred, &scene.to.attr, pale_dac_rename(cred, &move),
		    result_of(rename("from/x", "to/y")));
}

static void
rename_round(void)
{
	static const char *const names[] = { "from/x", "to/y", "from", "to" };
	bool is_dir = test_below(&seed, 2);
	gid_t groups[GROUPS];
	struct pale_cred cred;

	random_cred(&cred, groups);
	make("from", true, test_below(&seed, 2) ? S_ISVTX : 0, &scene.from);
	make("to", true, test_below(&seed, 2) ? S_ISVTX : 0, &scene.to);
	make("from/x", is_dir, 0, &scene.entry);
	scene.has_replaced = test_below(&seed, 2);
	if (scene.has_replaced)
		make("to/y", is_dir, 0, &scene.replaced);
	scene.deletes = test_below(&seed, 3) == 0;
	/* Without the right to search, the kernel does not even find the names. */
	if (pale_dac_access(&cred, &scene.from.attr, PALE_DAC_X) == 0 &&
	    pale_dac_access(&cred, &scene.to.attr, PALE_DAC_X) == 0)
		as_another(&cred, ask_rename);
	for (size_t i = 0; i < PALE_COUNT(names); i++)
		remove(names[i]);
}

static void
rename_rounds(void)
{
	for (int i = 0; i < 5; i++)
		rename_round();
}

TEST(rename_law, "removing and renaming, in sticky directories too: as the kernel says")
{
	each_round(rename_rounds);
}

int
main(void)
{
	const TTest *const all[] = { access_law, rename_law };

	if (geteuid() != 0)
		TEST_SKIP_ALL("root");
	return test_run("dac", all, PALE_COUNT(all));
}
