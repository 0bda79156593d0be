/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INET sockets: what connect, bind, listen and the send calls ask of addresses of TCP and UDP. The
 * socket is the supervisor's copy, the address was copied too; neither can change any more. An
 * address is held against the doors as the kernel would use it, and where the kernel reads one
 * thing and does another ("any" as a destination is the machine itself) what it does is spelt out.
 *
 * docs/internals/network.md has the whole of it.
 */
#ifndef PALE_CAGE_ASK_INET_H
#define PALE_CAGE_ASK_INET_H

#include <stdbool.h>

#include "cage/ask/ask.h"
#include "cage/doors.h"

/*
 * Judge and perform.
 *
 *   sock  of AF_INET or AF_INET6; taken over, whatever is returned
 *   addr  as it was copied: any family, any size up to 128; pale_ask_holds was not asked yet
 *
 * Returns what the call is to return (-EACCES: no door), or PALE_ASK_WAITS.
 * Test: tests/live/net.c
 */
int pale_ask_inet_connect(struct pale_supervisor *supervisor, const struct pale_notify *call,
    int sock, const struct pale_ask_addr *addr);
int pale_ask_inet_bind(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr);

/* May something be sent to this address (addr NULL: to the peer that the socket has)? */
bool pale_ask_inet_may_send(
    const struct pale_doors *doors, int sock, const struct pale_ask_addr *addr);

/*
 * May this control message be sent with it? One that says where a packet leaves the machine or
 * which way it takes may not.
 *
 *   data, size  what follows its head; size may be anything
 */
bool pale_ask_inet_may_control(
    const struct pale_doors *doors, int level, int type, const void *data, size_t size);

/*
 * May it listen, where it is bound, or where the kernel would bind it? To be asked once more after
 * it was made to listen: a connection that failed meanwhile takes the address away, and listening
 * then takes another. pale_ask_inet_unlisten takes that back.
 */
bool pale_ask_inet_may_listen(const struct pale_doors *doors, int sock);
void pale_ask_inet_unlisten(int sock);

#endif
