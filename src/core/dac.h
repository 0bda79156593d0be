/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Discretionary access control: who may do what to an inode, as Linux 6.1 to 6.18 decides it from
 * owner, group, mode, access list, groups and capabilities (fs/namei.c, fs/posix_acl.c,
 * fs/attr.c). Pure functions over plain structures, one for model and audit alike.
 *
 * Not decided here: read-only mounts, immutable and append-only inodes, id-mapped mounts, security
 * modules. They only ever deny more.
 */
#ifndef PALE_CORE_DAC_H
#define PALE_CORE_DAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Permissions, as in one digit of a mode. */
enum {
	PALE_DAC_X = 1, /* execute; search in a directory */
	PALE_DAC_W = 2,
	PALE_DAC_R = 4,
};

/* Effective capabilities that matter to files. */
enum pale_dac_cap {
	PALE_DAC_OVERRIDE = 1,    /* CAP_DAC_OVERRIDE */
	PALE_DAC_READ_SEARCH = 2, /* CAP_DAC_READ_SEARCH */
	PALE_DAC_FOWNER = 4,      /* CAP_FOWNER */
};

/* Who acts: the file system ids of a process, as its user namespace's parent sees them. */
struct pale_cred {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary; borrowed */
	size_t group_count;
	unsigned caps; /* enum pale_dac_cap */
	/*
	 * Ids that are mapped into the user namespace in which the capabilities are held: from
	 * ns_first, ns_count of them; 0 stands for all (the initial namespace). A capability
	 * counts only for inodes whose owner and group are both mapped.
	 */
	uint32_t ns_first, ns_count;
};

enum pale_acl_tag {
	PALE_ACL_USER_OBJ,
	PALE_ACL_USER,
	PALE_ACL_GROUP_OBJ,
	PALE_ACL_GROUP,
	PALE_ACL_MASK,
	PALE_ACL_OTHER,
};

/* One entry of a POSIX access list. */
struct pale_acl_entry {
	enum pale_acl_tag tag;
	uint32_t id;   /* PALE_ACL_USER, PALE_ACL_GROUP */
	unsigned perm; /* PALE_DAC_R | PALE_DAC_W | PALE_DAC_X */
};

/* What is acted upon. */
struct pale_inode_attr {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* with the type */
	/* Access list in the kernel's order of tags, as above; NULL if there is none. Borrowed. */
	const struct pale_acl_entry *acl;
	size_t acl_count;
};

/*
 * May cred read, write, execute or search the inode?
 *
 *   want   PALE_DAC_R | PALE_DAC_W | PALE_DAC_X, all of them wanted at once
 *
 * The owner has the owner's bits and no others; who is named by the access list, or in a group,
 * likewise. CAP_DAC_OVERRIDE gives all but the execution of a file without any x bit,
 * CAP_DAC_READ_SEARCH the reading of files, and all but writing of directories.
 *
 * Returns 0, -EACCES, or -EIO for an access list without an entry for others.
 * Test: tests/unit/dac.c; tests/law/dac.c (against the kernel)
 */
int pale_dac_access(
    const struct pale_cred *cred, const struct pale_inode_attr *inode, unsigned want);

/* May cred put a new name into dir? 0 or -EACCES. */
int pale_dac_create(const struct pale_cred *cred, const struct pale_inode_attr *dir);

/*
 * May cred remove the name of entry from dir, or rename it away? In a sticky directory only the
 * owner of the entry, the owner of the directory, or CAP_FOWNER may.
 *
 * Returns 0, -EACCES (dir), -EPERM (sticky).
 */
int pale_dac_delete(const struct pale_cred *cred, const struct pale_inode_attr *dir,
    const struct pale_inode_attr *entry);

/* A rename: entry of one directory to a name of another, or of the same. */
struct pale_dac_rename {
	const struct pale_inode_attr *from_dir, *entry;
	const struct pale_inode_attr *to_dir;
	const struct pale_inode_attr *replaced; /* what has the new name now, or NULL */
	bool same_dir;                          /* from_dir and to_dir are one directory */
	bool exchange;                          /* RENAME_EXCHANGE: replaced goes to from_dir */
};

/*
 * May cred rename? A directory that changes its parent must be writable itself, since its ".."
 * changes; that goes for both where two are exchanged.
 *
 * Returns 0, -EACCES, -EPERM.
 */
int pale_dac_rename(const struct pale_cred *cred, const struct pale_dac_rename *rename);

/* May cred change mode, times, or access list of the inode? Its owner or CAP_FOWNER. 0 or -EPERM.
 */
int pale_dac_chmod(const struct pale_cred *cred, const struct pale_inode_attr *inode);

/*
 * May cred follow the symbolic link that lies in dir, where fs.protected_symlinks is 1? In a sticky
 * directory that all may write, only a link of one's own or of the directory's owner.
 *
 * Returns 0 or -EACCES. Source: proc_sys_fs(5).
 */
int pale_dac_follow(const struct pale_cred *cred, const struct pale_inode_attr *dir,
    const struct pale_inode_attr *link);

#endif
