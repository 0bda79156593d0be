/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may do what to an inode; see dac.h. Each function follows the kernel's of the name in its
 * comment, so that both can be read side by side.
 */
#include "core/dac.h"

#include <errno.h>

/* in_group_p */
static bool
in_group(const struct pale_cred *cred, gid_t gid)
{
	if (cred->gid == gid)
		return true;
	for (size_t i = 0; i < cred->group_count; i++) {
		if (cred->groups[i] == gid)
			return true;
	}
	return false;
}

static bool
is_mapped(const struct pale_cred *cred, uint32_t id)
{
	return cred->ns_count == 0 || id - cred->ns_first < cred->ns_count;
}

/* capable_wrt_inode_uidgid */
static bool
capable(const struct pale_cred *cred, const struct pale_inode_attr *inode, unsigned cap)
{
	return (cred->caps & cap) != 0 && is_mapped(cred, inode->uid) &&
	    is_mapped(cred, inode->gid);
}

/* The end of posix_acl_permission: what an entry of the group class gives, the mask gives too. */
static bool
is_allowed_by(
    const struct pale_inode_attr *inode, const struct pale_acl_entry *entry, unsigned want)
{
	unsigned perm = entry->perm;

	for (size_t i = 0; i < inode->acl_count; i++) {
		if (inode->acl[i].tag == PALE_ACL_MASK)
			perm &= inode->acl[i].perm;
	}
	return (perm & want) == want;
}

/* posix_acl_permission */
static int
acl_permission(const struct pale_cred *cred, const struct pale_inode_attr *inode, unsigned want)
{
	bool in_some_group = false;

	for (size_t i = 0; i < inode->acl_count; i++) {
		const struct pale_acl_entry *entry = &inode->acl[i];

		switch (entry->tag) {
		case PALE_ACL_USER:
			if (cred->uid == entry->id)
				return is_allowed_by(inode, entry, want) ? 0 : -EACCES;
			break;
		case PALE_ACL_GROUP_OBJ:
		case PALE_ACL_GROUP:
			if (!in_group(cred, entry->tag == PALE_ACL_GROUP ? entry->id : inode->gid))
				break;
			in_some_group = true;
			if ((entry->perm & want) == want)
				return is_allowed_by(inode, entry, want) ? 0 : -EACCES;
			break;
		case PALE_ACL_OTHER:
			return !in_some_group && (entry->perm & want) == want ? 0 : -EACCES;
		case PALE_ACL_USER_OBJ:
		case PALE_ACL_MASK:
		default:
			break;
		}
	}
	return -EIO;
}

/* acl_permission_check */
static int
class_permission(const struct pale_cred *cred, const struct pale_inode_attr *inode, unsigned want)
{
	unsigned mode = inode->mode;

	if (cred->uid == inode->uid)
		return want & ~(mode >> 6) ? -EACCES : 0;
	/* The kernel looks at a list only where the mode's group digit, its mask, is not 0. */
	if (inode->acl != NULL && (mode & S_IRWXG) != 0)
		return acl_permission(cred, inode, want);
	if (in_group(cred, inode->gid))
		mode >>= 3;
	return want & ~mode ? -EACCES : 0;
}

/* generic_permission */
int
pale_dac_access(const struct pale_cred *cred, const struct pale_inode_attr *inode, unsigned want)
{
	bool is_dir = S_ISDIR(inode->mode);
	int r = class_permission(cred, inode, want);

	if (r != -EACCES)
		return r;
	if ((is_dir ? (want & PALE_DAC_W) == 0 : want == PALE_DAC_R) &&
	    capable(cred, inode, PALE_DAC_READ_SEARCH))
		return 0;
	if (!is_dir && (want & PALE_DAC_X) != 0 && (inode->mode & 0111) == 0)
		return -EACCES;
	return capable(cred, inode, PALE_DAC_OVERRIDE) ? 0 : -EACCES;
}

/* may_create */
int
pale_dac_create(const struct pale_cred *cred, const struct pale_inode_attr *dir)
{
	return pale_dac_access(cred, dir, PALE_DAC_W | PALE_DAC_X);
}

/* may_delete, with check_sticky */
int
pale_dac_delete(const struct pale_cred *cred, const struct pale_inode_attr *dir,
    const struct pale_inode_attr *entry)
{
	int r = pale_dac_access(cred, dir, PALE_DAC_W | PALE_DAC_X);

	if (r < 0 || (dir->mode & S_ISVTX) == 0)
		return r;
	if (entry->uid == cred->uid || dir->uid == cred->uid)
		return 0;
	return capable(cred, entry, PALE_DAC_FOWNER) ? 0 : -EPERM;
}

/* vfs_rename */
int
pale_dac_rename(const struct pale_cred *cred, const struct pale_dac_rename *rename)
{
	int r = pale_dac_delete(cred, rename->from_dir, rename->entry);

	if (r == 0 && rename->replaced != NULL)
		r = pale_dac_delete(cred, rename->to_dir, rename->replaced);
	else if (r == 0)
		r = pale_dac_create(cred, rename->to_dir);
	if (r < 0 || rename->same_dir)
		return r;
	if (S_ISDIR(rename->entry->mode))
		r = pale_dac_access(cred, rename->entry, PALE_DAC_W);
	if (r == 0 && rename->exchange && rename->replaced != NULL &&
	    S_ISDIR(rename->replaced->mode))
		r = pale_dac_access(cred, rename->replaced, PALE_DAC_W);
	return r;
}

/* inode_owner_or_capable */
int
pale_dac_chmod(const struct pale_cred *cred, const struct pale_inode_attr *inode)
{
	/* Here alone the group need not be mapped. */
	if (cred->uid == inode->uid ||
	    ((cred->caps & PALE_DAC_FOWNER) != 0 && is_mapped(cred, inode->uid)))
		return 0;
	return -EPERM;
}

/* may_follow_link */
int
pale_dac_follow(const struct pale_cred *cred, const struct pale_inode_attr *dir,
    const struct pale_inode_attr *link)
{
	if (link->uid == cred->uid || (dir->mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH))
		return 0;
	return dir->uid == link->uid ? 0 : -EACCES;
}
