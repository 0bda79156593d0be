/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may do what to an inode: the rules one by one. tests/law/dac.c asks the kernel. */
#include "core/dac.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"

enum {
	R = PALE_DAC_R,
	W = PALE_DAC_W,
	X = PALE_DAC_X,
};

static const gid_t groups[] = { 20, 30 };
static const struct pale_cred user = {
	.uid = 1000, .gid = 10, .groups = groups, .group_count = PALE_COUNT(groups)
};
static const struct pale_cred root = { .caps = PALE_DAC_OVERRIDE | PALE_DAC_READ_SEARCH |
	    PALE_DAC_FOWNER };
static const struct pale_cred bare_root = { 0 };

static struct pale_inode_attr
file(uid_t uid, gid_t gid, mode_t mode)
{
	return (struct pale_inode_attr){ .uid = uid, .gid = gid, .mode = S_IFREG | mode };
}

static struct pale_inode_attr
dir(uid_t uid, gid_t gid, mode_t mode)
{
	return (struct pale_inode_attr){ .uid = uid, .gid = gid, .mode = S_IFDIR | mode };
}

static int
may(const struct pale_cred *cred, struct pale_inode_attr inode, unsigned want)
{
	return pale_dac_access(cred, &inode, want);
}

TEST(owner, "the owner has the owner's bits and no others")
{
	ck_assert_int_eq(may(&user, file(1000, 0, 0600), R | W), 0);
	ck_assert_int_eq(may(&user, file(1000, 0, 0600), X), -EACCES);
	ck_assert_int_eq(may(&user, file(1000, 10, 0077), R), -EACCES);
}

TEST(group, "a member has the group's bits and not the others'")
{
	ck_assert_int_eq(may(&user, file(0, 10, 0040), R), 0);
	ck_assert_int_eq(may(&user, file(0, 30, 0040), R), 0);
	ck_assert_int_eq(may(&user, file(0, 30, 0007), R), -EACCES);
	ck_assert_int_eq(may(&user, file(0, 40, 0007), R | W | X), 0);
	ck_assert_int_eq(may(&user, file(0, 40, 0770), R), -EACCES);
}

TEST(at_once, "all that is wanted must be given by one class")
{
	ck_assert_int_eq(may(&user, file(0, 10, 0042), R | W), -EACCES);
}

TEST(no_caps, "root without capabilities is a user like any other")
{
	ck_assert_int_eq(may(&bare_root, file(1000, 1000, 0600), R), -EACCES);
	ck_assert_int_eq(may(&bare_root, file(0, 1000, 0600), R), 0);
}

TEST(override, "override gives all but the execution of a file without any x bit")
{
	ck_assert_int_eq(may(&root, file(1000, 10, 0000), R | W), 0);
	ck_assert_int_eq(may(&root, file(1000, 10, 0666), X), -EACCES);
	ck_assert_int_eq(may(&root, file(1000, 10, 0010), X), 0);
	ck_assert_int_eq(may(&root, dir(1000, 10, 0000), R | W | X), 0);
}

TEST(read_search, "read-search gives the reading of files, and all but writing of directories")
{
	struct pale_cred backup = user;

	backup.caps = PALE_DAC_READ_SEARCH;
	ck_assert_int_eq(may(&backup, file(0, 0, 0000), R), 0);
	ck_assert_int_eq(may(&backup, file(0, 0, 0111), R | X), -EACCES);
	ck_assert_int_eq(may(&backup, file(0, 0, 0000), W), -EACCES);
	ck_assert_int_eq(may(&backup, dir(0, 0, 0000), R | X), 0);
	ck_assert_int_eq(may(&backup, dir(0, 0, 0000), W | X), -EACCES);
}

TEST(mapped, "a capability of a user namespace counts only for owners mapped into it")
{
	struct pale_cred cage = root;

	cage.uid = 1000;
	cage.ns_first = 1000;
	cage.ns_count = 1;
	ck_assert_int_eq(may(&cage, file(0, 0, 0600), R), -EACCES);
	ck_assert_int_eq(may(&cage, file(1000, 0, 0000), R), -EACCES);
	ck_assert_int_eq(may(&cage, file(1000, 1000, 0000), R), 0);
	ck_assert_int_eq(may(&cage, file(1001, 1000, 0000), R), -EACCES);
}

static const struct pale_acl_entry list[] = {
	{ PALE_ACL_USER_OBJ, 0, R | W },
	{ PALE_ACL_USER, 1000, R | W },
	{ PALE_ACL_GROUP_OBJ, 0, X },
	{ PALE_ACL_GROUP, 30, R | W | X },
	{ PALE_ACL_GROUP, 40, W },
	{ PALE_ACL_MASK, 0, R | X },
	{ PALE_ACL_OTHER, 0, R | W | X },
};

static int
may_by_list(const struct pale_cred *cred, mode_t mode, unsigned want)
{
	struct pale_inode_attr inode = file(0, 10, mode);

	inode.acl = list;
	inode.acl_count = PALE_COUNT(list);
	return pale_dac_access(cred, &inode, want);
}

TEST(acl_user, "a user named in the list has that entry, within the mask")
{
	ck_assert_int_eq(may_by_list(&user, 0657, R), 0);
	ck_assert_int_eq(may_by_list(&user, 0657, W), -EACCES);
	ck_assert_int_eq(may_by_list(&user, 0657, X), -EACCES);
}

TEST(acl_group, "a member has any one group entry that gives all, within the mask")
{
	struct pale_cred member = user;

	member.uid = 1001;
	ck_assert_int_eq(may_by_list(&member, 0657, R | X), 0);
	ck_assert_int_eq(may_by_list(&member, 0657, W), -EACCES);
	member.gid = 40;
	member.group_count = 0;
	ck_assert_int_eq(may_by_list(&member, 0657, R), -EACCES);
}

TEST(acl_other, "who is neither named nor in a group has the others' entry, without mask")
{
	struct pale_cred other = { .uid = 1002, .gid = 99 };

	ck_assert_int_eq(may_by_list(&other, 0657, R | W | X), 0);
}

TEST(acl_masked, "a mask of nothing makes Linux forget the list: others' bits count then")
{
	ck_assert_int_eq(may_by_list(&user, 0607, R | W | X), -EACCES);
	ck_assert_int_eq(
	    may_by_list(&(struct pale_cred){ .uid = 1000, .gid = 99 }, 0607, R | W | X), 0);
}

TEST(acl_broken, "a list without an entry for others is an error, as in the kernel")
{
	struct pale_inode_attr inode = file(0, 0, 0070);

	inode.acl = list;
	inode.acl_count = 1;
	ck_assert_int_eq(pale_dac_access(&user, &inode, R), -EIO);
}

TEST(sticky, "in a sticky directory only the owner of entry or directory, or fowner, removes")
{
	struct pale_inode_attr tmp = dir(0, 0, 01777), mine = file(1000, 0, 0),
			       other = file(1001, 0, 0);
	struct pale_inode_attr own = dir(1000, 0, 01777), plain = dir(0, 0, 0777);

	ck_assert_int_eq(pale_dac_delete(&user, &tmp, &mine), 0);
	ck_assert_int_eq(pale_dac_delete(&user, &tmp, &other), -EPERM);
	ck_assert_int_eq(pale_dac_delete(&user, &own, &other), 0);
	ck_assert_int_eq(pale_dac_delete(&user, &plain, &other), 0);
	ck_assert_int_eq(pale_dac_delete(&root, &tmp, &other), 0);
	ck_assert_int_eq(pale_dac_delete(&bare_root, &tmp, &other), 0);
}

TEST(delete_rights, "removing and creating need write and search in the directory")
{
	struct pale_inode_attr no_x = dir(1000, 0, 0600), no_w = dir(1000, 0, 0500),
			       entry = file(0, 0, 0);

	ck_assert_int_eq(pale_dac_delete(&user, &no_x, &entry), -EACCES);
	ck_assert_int_eq(pale_dac_delete(&user, &no_w, &entry), -EACCES);
	ck_assert_int_eq(pale_dac_create(&user, &no_x), -EACCES);
	ck_assert_int_eq(
	    pale_dac_create(&user, &(struct pale_inode_attr){ .mode = S_IFDIR | 0777 }), 0);
}

TEST(rename_dir, "a directory that changes its parent must itself be writable")
{
	struct pale_inode_attr open_dir = dir(0, 0, 0777), entry = dir(0, 0, 0755);
	struct pale_dac_rename move = { &open_dir, &entry, &open_dir, NULL, false, false };

	ck_assert_int_eq(pale_dac_rename(&user, &move), -EACCES);
	move.same_dir = true;
	ck_assert_int_eq(pale_dac_rename(&user, &move), 0);
	move.same_dir = false;
	entry.mode = S_IFREG;
	ck_assert_int_eq(pale_dac_rename(&user, &move), 0);
}

TEST(rename_over, "a rename over somebody's file in a sticky directory is refused")
{
	struct pale_inode_attr tmp = dir(0, 0, 01777), mine = file(1000, 0, 0),
			       other = file(1001, 0, 0);
	struct pale_dac_rename move = { &tmp, &mine, &tmp, NULL, true, false };

	ck_assert_int_eq(pale_dac_rename(&user, &move), 0);
	move.replaced = &other;
	ck_assert_int_eq(pale_dac_rename(&user, &move), -EPERM);
	move.replaced = &mine;
	ck_assert_int_eq(pale_dac_rename(&user, &move), 0);
	move.entry = &other;
	ck_assert_int_eq(pale_dac_rename(&user, &move), -EPERM);
}

TEST(rename_exchange, "an exchange needs both directories writable")
{
	struct pale_inode_attr open_dir = dir(0, 0, 0777), a = dir(1000, 0, 0755),
			       b = dir(0, 0, 0755);
	struct pale_dac_rename move = { &open_dir, &a, &open_dir, &b, false, false };

	ck_assert_int_eq(pale_dac_rename(&user, &move), 0);
	move.exchange = true;
	ck_assert_int_eq(pale_dac_rename(&user, &move), -EACCES);
}

TEST(chmod_owner, "only the owner, or fowner over a mapped owner, changes a mode")
{
	struct pale_inode_attr mine = file(1000, 0, 0), other = file(1001, 0, 0);
	struct pale_cred cage = root;

	ck_assert_int_eq(pale_dac_chmod(&user, &mine), 0);
	ck_assert_int_eq(pale_dac_chmod(&user, &other), -EPERM);
	ck_assert_int_eq(pale_dac_chmod(&root, &other), 0);
	cage.ns_first = 1000;
	cage.ns_count = 1;
	ck_assert_int_eq(pale_dac_chmod(&cage, &other), -EPERM);
	ck_assert_int_eq(pale_dac_chmod(&cage, &mine), 0);
}

TEST(follow, "a foreign link in a sticky directory for all is not followed")
{
	struct pale_inode_attr tmp = dir(0, 0, 01777),
			       link = { .uid = 1001, .mode = S_IFLNK | 0777 };
	struct pale_inode_attr plain = dir(0, 0, 0777);

	ck_assert_int_eq(pale_dac_follow(&user, &tmp, &link), -EACCES);
	ck_assert_int_eq(pale_dac_follow(&root, &tmp, &link), -EACCES);
	ck_assert_int_eq(pale_dac_follow(&user, &plain, &link), 0);
	link.uid = 1000;
	ck_assert_int_eq(pale_dac_follow(&user, &tmp, &link), 0);
	link.uid = 0;
	ck_assert_int_eq(pale_dac_follow(&user, &tmp, &link), 0);
}

TEST_MAIN("dac", owner, group, at_once, no_caps, override, read_search, mapped, acl_user, acl_group,
    acl_other, acl_masked, acl_broken, sticky, delete_rights, rename_dir, rename_over,
    rename_exchange, chmod_owner, follow)
