/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passing of descriptors across the boundary of a cage, which is off unless a door grants it.
 *
 * In: a socket refuses every descriptor that is sent to it if SO_PASSRIGHTS is 0 (Linux 6.16); what
 * a listener accepts has inherited that. The supervisor closes each socket so before it connects it
 * or gives it a name, and opens it again only when it knows that the other side is the cage's own.
 * The filter keeps programs from changing it (GATE_PASS).
 *
 * Out: sendmsg is asked, and descriptors are sent only to a peer that is known to be in the cage,
 * or by a door that grants it.
 *
 * All of it only where the cage crosses (doors.crosses). Whatever cannot be told is refused.
 */
#ifndef PALE_CAGE_ASK_PASS_H
#define PALE_CAGE_ASK_PASS_H

#include <stdbool.h>

#include "cage/ask/ask.h"

/* The program will come with this descriptor: if it is a socket it crosses. Called at the start. */
void pale_pass_inherit(struct pale_supervisor *supervisor, int fd);

/* Let a socket be sent descriptors. */
void pale_pass_open(int sock);

bool pale_pass_is_connected(int sock);

/*
 * Before a socket is connected: close it, unless it leads to a door for descriptors from outside.
 * -EISCONN, -EALREADY for one that is connected, or in which a call waits;
 * -EACCES where the kernel cannot close it.
 */
int pale_pass_before_connect(
    struct pale_supervisor *supervisor, int sock, const struct pale_ask_target *target);

/* Before a datagram socket sends to an address: whoever gets that can answer. */
int pale_pass_before_send(struct pale_supervisor *supervisor, int sock);

/* Is what it leads to enough to open a socket that got connected? */
bool pale_pass_opens(
    const struct pale_supervisor *supervisor, const struct pale_ask_target *target);

/* It is connected: open it if the other side is the cage's own. */
void pale_pass_connected(struct pale_supervisor *supervisor, const struct pale_notify *call,
    int sock, const struct pale_ask_target *target);

/* Remember that this socket, if it is ever connected, was by this door. */
void pale_pass_may_connect(
    struct pale_supervisor *supervisor, int sock, const struct pale_ask_target *target);

/* Before and after a socket is bound; door NULL: a place in the cage, or no name. */
int pale_pass_before_bind(
    struct pale_supervisor *supervisor, int sock, const struct pale_door_socket *door);
void pale_pass_bound(struct pale_supervisor *supervisor, int sock);

/* It listens, so it will never be connected itself: open it if only the cage can reach it. */
void pale_pass_listens(struct pale_supervisor *supervisor, int sock);

/* May connect to this go on to the kernel? */
bool pale_pass_is_native(
    const struct pale_supervisor *supervisor, const struct pale_ask_target *target);

/* May these descriptors be sent over this socket? target NULL: to its peer. 0 or -EPERM. */
int pale_pass_judge(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    int type, const struct pale_ask_target *target, const int *fds, size_t count);

#endif
