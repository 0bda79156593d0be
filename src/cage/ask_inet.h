/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INET sockets: what connect, bind, listen and the send calls ask of addresses of TCP and UDP. The
 * socket is the supervisor's copy, the address was copied too; neither can change any more.
 */
#ifndef PALE_CAGE_ASK_INET_H
#define PALE_CAGE_ASK_INET_H

#include <stdbool.h>

#include "cage/ask.h"
#include "cage/doors.h"

/*
 * Judge and perform.
 *
 *   sock  of AF_INET or AF_INET6; taken over, whatever is returned
 *   addr  as it was copied: any family, any size up to 128; pale_ask_holds was not asked yet
 *
 * Returns what the call is to return, or PALE_ASK_WAITS.
 */
int pale_ask_inet_connect(struct pale_supervisor *supervisor, const struct pale_notify *call,
    int sock, const struct pale_ask_addr *addr);
int pale_ask_inet_bind(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr);

/* May something be sent to this address (addr NULL: to the peer that the socket has)? */
bool pale_ask_inet_may_send(
    const struct pale_doors *doors, int sock, const struct pale_ask_addr *addr);

/* May it listen, where it is bound, or where the kernel would bind it? */
bool pale_ask_inet_may_listen(const struct pale_doors *doors, int sock);

#endif
