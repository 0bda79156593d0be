/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's protocol of FUSE, as much of it as a file system of directories, symbolic links and
 * small files needs. Nothing here decides what exists: a server takes a request, and answers it.
 *
 * No libfuse: Debian has no static library of it, it brings threads and dlopen with it, and what is
 * used of the protocol is a dozen requests.
 *
 * The number in .tid of a request is that of the thread that walks, as the pid namespace of whoever
 * called pale_fuse_mount numbers it; the user namespace must be the one that /dev/fuse was opened
 * in.
 * Source: fuse(4), linux/fuse.h; seen on Linux 6.18.
 */
#ifndef PALE_KERNEL_FUSE_H
#define PALE_KERNEL_FUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "core/err.h"

enum {
	PALE_FUSE_ROOT = 1,       /* the node of the top directory */
	PALE_FUSE_BYTES = 16384,  /* room for a request; the kernel asks for at least 8192 */
	PALE_FUSE_SECONDS = 60,   /* a server that is silent for so long is given up (Linux 6.14) */
	PALE_FUSE_ENTRIES = 4096, /* bytes of directory entries that are answered at a time */
};

/* What is asked; numbers of the protocol are not needed outside of fuse.c. */
enum pale_fuse_ask {
	PALE_FUSE_LOOKUP,   /* .name in the directory .node */
	PALE_FUSE_GETATTR,  /* of .node */
	PALE_FUSE_READLINK, /* of .node */
	PALE_FUSE_READDIR,  /* of .node, from the entry number .offset on, at most .size bytes */
	PALE_FUSE_STATFS,
	/* Only where the mount may be written. */
	PALE_FUSE_READ,   /* of .node, from the byte .offset on, at most .size */
	PALE_FUSE_WRITE,  /* to .node, at .offset, the .size bytes of .bytes */
	PALE_FUSE_CHANGE, /* of names or attributes: .change */
	PALE_FUSE_DONE,   /* was answered here, or needs no answer */
};

enum pale_fuse_change_kind {
	PALE_FUSE_MAKE,   /* .name in .node: mode (with its type), rdev; an entry is the answer */
	PALE_FUSE_LINK,   /* .name in .node to .target (symbolic): an entry */
	PALE_FUSE_JOIN,   /* .name in .node for the node .other (a hard link): an entry */
	PALE_FUSE_REMOVE, /* .name of .node; .directory: it must be one */
	PALE_FUSE_MOVE,   /* .name of .node to .target of .other; flags of renameat2(2) */
	PALE_FUSE_SET,    /* of .node: .mode, .uid, .gid, .length, where they are set: attributes */
};

struct pale_fuse_change {
	enum pale_fuse_change_kind kind;
	const char *target;
	uint64_t other;
	uint32_t mode, rdev, flags;
	uint32_t uid, gid; /* of whoever asks; SET: the new ones */
	uint64_t length;
	bool directory, set_mode, set_uid, set_gid, set_length;
};

struct pale_fuse_request {
	enum pale_fuse_ask ask;
	uint64_t unique; /* the kernel's name for this request */
	uint64_t node;
	pid_t tid;        /* the thread that walks; 0 where the kernel itself asks */
	const char *name; /* one component; points into the room given to pale_fuse_take, as do
			   * .bytes and .change.target */
	const char *bytes;
	uint64_t offset;
	size_t size;
	bool is_open; /* GETATTR: of an open file, not on a walk */
	struct pale_fuse_change change;
};

/* Directory entries on the way to the kernel. */
struct pale_fuse_entries {
	_Alignas(8) char bytes[PALE_FUSE_ENTRIES];
	size_t used;
	size_t max; /* at most sizeof(bytes) */
};

/*
 * Open the device; close on exec, and nothing on it waits.
 *
 * Returns 0 or -errno: -ENOENT where the kernel has no FUSE, -EACCES where this user may not.
 */
int pale_fuse_open(int *ret_device);

/*
 * A detached mount that the device serves. The kernel checks permissions by what GETATTR
 * answered; everybody of the user namespace may walk there.
 *
 *   name  what mountinfo calls it
 *   attr  MOUNT_ATTR_*; without MOUNT_ATTR_RDONLY the server is asked for changes, too
 */
int pale_fuse_mount(
    int device, const char *name, uint64_t attr, int *ret_mount, struct pale_err *err);

/*
 * Take the next request. What is no question of the list above is answered here.
 *
 * Returns 0, or
 *   -ENODEV  the mount is gone, or the kernel gave the server up: end
 *   -EAGAIN, -EINTR, -ENOENT  there was none: poll(2)
 */
int pale_fuse_take(int device, char room[PALE_FUSE_BYTES], struct pale_fuse_request *ret);

/*
 * Answers. Each is for the request it is given, once. The caller's entry of a name, and what it
 * knows of a node, may be kept by the kernel for ever (`keep`) or not at all.
 *
 * Return 0, or -errno: -ENOENT if whoever asked is gone, which is no fault.
 */
int pale_fuse_answer_entry(
    int device, const struct pale_fuse_request *request, uint64_t node, const struct stat *st);
/* Likewise, but the kernel asks again each time that a walk comes by: for the name, and for the
 * attributes of each directory in which it looks. */
int pale_fuse_answer_entry_once(
    int device, const struct pale_fuse_request *request, uint64_t node, const struct stat *st);
int pale_fuse_answer_attr_once(
    int device, const struct pale_fuse_request *request, const struct stat *st);
int pale_fuse_answer_written(int device, const struct pale_fuse_request *request, size_t size);
int pale_fuse_answer_missing(int device, const struct pale_fuse_request *request, bool keep);
int pale_fuse_answer_attr(
    int device, const struct pale_fuse_request *request, const struct stat *st);
int pale_fuse_answer_text(
    int device, const struct pale_fuse_request *request, const void *text, size_t size);
int pale_fuse_answer_statfs(
    int device, const struct pale_fuse_request *request, const struct statvfs *st);
/* error 0: it was done, and there is nothing else to say. */
int pale_fuse_refuse(int device, const struct pale_fuse_request *request, int error);

/*
 * Add an entry.
 *
 *   offset  number of the entry behind it
 *   type    DT_*
 *
 * Returns false if it does not fit any more.
 */
bool pale_fuse_put_entry(struct pale_fuse_entries *entries, const char *name, uint64_t ino,
    uint64_t offset, unsigned char type);

/* Make the kernel forget what it was told of a node; its entries stay. */
void pale_fuse_forget_attr(int device, uint64_t node);

#endif
