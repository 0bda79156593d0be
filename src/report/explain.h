/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a plan grants and what enforces it: the answer of `pale run --explain`.
 *
 * The keys of the JSON, which stay as they are (new ones may come):
 *
 *   kernel          release of the running kernel
 *   landlock        abi; handled, root (allowed on the empty root), scoped: lists of names
 *   grants          one object an entry, in the order of paths:
 *     path          name inside;  "fd 3" for a descriptor
 *     kind          path dir file copy hide tmp device fd link unix fifo
 *     origin        "-w", "build.pale:12", "profile cc:3"
 *     rights        every right that holds, with what comes along
 *     asked         every right that was asked for, with what comes along
 *     along         those of .rights that nothing can part from the others
 *     mount         attributes of its mount: rdonly noexec nosuid nodev
 *     landlock      accesses that its Landlock rule allows, of those handled
 *     directory     is it one
 *     inside        path of the wider grant around it, or null
 *     redundant     that one gives as much, so that it has no mount of its own
 *     exec          tmp: may what is written there be run
 *     target        link: where it points to, else null
 *     links         symbolic links that are rebuilt on the way: path, target
 *   endpoints       what the program may communicate with:
 *     kind          unix fifo shm msg sem mq tcp udp
 *     name          a path inside, "@NAME", a key, "/NAME", "HOST:PORT"
 *     uses          read write connect bind follow scm-in scm-out
 *     origin        as of grants
 *     by            what decides: kernel supervisor landlock filter
 *     how           the same as a sentence, with whom the other side sees
 *     addresses     tcp udp: what the host is at the moment
 *   network         none, hosts (those of endpoints), host, loopback, empty (a namespace)
 *   withheld        rights that the call filter takes from the whole cage
 *   filter          gates: open ones; asked: calls that the supervisor performs; denied: call,
 *                   argument (or null), errno, because
 *   descriptors     0 to 2 of this very call: fd, type, name, open, granted, refused, rights
 *   namespaces      those of its own
 *   proc            "none" "self" "full"
 *   terminal        pseudo-terminals of its own
 *   limits          name and value; null: unlimited
 *   environment     names that are passed
 *   chdir           where the program starts
 *   accepted        sentences: losses that were accepted
 *   unenforced      what this kernel cannot enforce: abi, kernel (first with it), loses
 *
 * Text that need not be UTF-8 is escaped as core/escape.h says for pale_escape_utf8.
 */
#ifndef PALE_REPORT_EXPLAIN_H
#define PALE_REPORT_EXPLAIN_H

#include <stdio.h>

#include "core/err.h"
#include "report/text.h"
#include "run/fds.h"
#include "run/plan.h"

/* All that is told; everything borrowed. */
struct pale_explain {
	const struct pale_compartment *compartment;
	const struct pale_plan *plan;
	const char *kernel;
	struct pale_fd_look fds[3];
	char *const *env; /* of the cage: NAME=VALUE, NULL-terminated */
	uint64_t nproc;   /* limit on processes where the policy says none */
};

void pale_report_explain(const struct pale_explain *explain, const struct pale_text *text);

/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/explain.bats */
int pale_report_explain_json(const struct pale_explain *explain, FILE *out, struct pale_err *err);

#endif
