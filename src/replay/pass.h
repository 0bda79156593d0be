/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A FUSE file system that shows the scratch tree and passes every change through to it; and that
 * stops the kernel's walks.
 *
 * The kernel asks for the attributes of a directory before it takes a component in it, whatever the
 * component is (a name, ".", ".."): the entries and attributes that it was told are good for no
 * time at all, so it asks each time. At that moment the walk holds no lock, so a rename of any of
 * the directories goes ahead. Such a question is a *stop*: it is answered when the witness comes to
 * that component. That a name is asked for (with the lock of its directory, where the entry is
 * unknown) is never a stop.
 *
 * Source: link_path_walk, may_lookup, fuse_permission of Linux 6.18.
 */
#ifndef PALE_REPLAY_PASS_H
#define PALE_REPLAY_PASS_H

#include "kernel/fuse.h"
#include "replay/play.h"

enum {
	PALE_PASS_NODES = 256,
	PALE_PASS_ALL = 1 << 20, /* stops that are let pass when none is to be held any more */
};

/* A thread whose walk is stopped. */
struct pale_pass_gate {
	pid_t tid;
	bool active;
	bool creates;    /* O_CREAT: behind the last component it asks with a lock held */
	unsigned total;  /* components that are known: of the path, and of links met on it */
	unsigned passed; /* stops that were answered */
	unsigned open;   /* stops that may be answered */
	bool held;       /* one is not: this one */
	struct pale_fuse_request request;
};

struct pale_pass {
	const struct pale_play *play;
	int device;
	struct {
		int fd; /* O_PATH */
		ino_t ino;
	} nodes[PALE_PASS_NODES];
	size_t node_count;
	struct pale_pass_gate gates[PALE_MODEL_PROCESSES];
	char room[PALE_FUSE_BYTES];
};

/*
 * Mount it over the root of this mount namespace; whoever walks there has to be served from now on.
 *
 *   ret_front  its top directory
 *
 * Returns 0 or -errno with words, -EACCES and -ENOENT where there is no /dev/fuse for us.
 */
int pale_pass_start(
    struct pale_pass *pass, const struct pale_play *play, int *ret_front, struct pale_err *err);

/* Answer what is asked, until nothing is. -ENODEV where the mount is gone. */
int pale_pass_serve(struct pale_pass *pass);

/* Let a walk pass so many stops in all. */
void pale_pass_open(struct pale_pass *pass, unsigned p, unsigned stops);

/* The inode number of a node, 0 where there is none. */
uint64_t pale_pass_ino(const struct pale_pass *pass, uint64_t node);

/* Components of a path, as the kernel counts them; of none (NULL) 0. */
unsigned pale_pass_components(const char *path);

#endif
