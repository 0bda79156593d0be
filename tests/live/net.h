/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of a cage, from both sides: net.c has servers on the loopback interface and starts
 * `pale run` around this same executable, which then runs one probe of net_probes.c inside. A probe
 * returns 0 or says which line found something wrong. What listens on a granted address echoes;
 * what listens on any other is to hear nothing.
 */
#ifndef PALE_TESTS_LIVE_NET_H
#define PALE_TESTS_LIVE_NET_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

/* What a probe is granted. */
enum granted {
	GRANT_BOTH, /* TCP and UDP, as listed at the ports */
	GRANT_TCP,  /* of those only TCP */
	GRANT_UDP,
	GRANT_LOOPBACK, /* --net=loopback, and no host */
	GRANT_NONE,     /* --net=none */
	GRANT_HOST,     /* --net=host */
};

struct probe {
	const char *name;
	const char *sentence;
	int (*run)(void);
	enum granted granted;
	bool heard; /* it may reach what is not granted */
};

extern const struct probe probes[];

/* Ports in host order; on 127.0.0.1 and ::1 unless it says otherwise. */
enum port {
	PORT_TCP,    /* an echo server; granted. On 127.0.0.2 another listens, which is not */
	PORT_UDP,    /* likewise */
	PORT_BAD,    /* servers of both kinds; not granted */
	PORT_BIND,   /* free; granted for both uses, on 127.0.0.1 */
	PORT_CLOSED, /* free; granted for TCP */
	PORT_SLOW,   /* a TCP server that takes nobody; granted */
	PORT_COUNT,
};
extern uint16_t ports[PORT_COUNT];

/* Leave the probe with the line unless the condition holds. */
#define HOLDS(condition) \
	do { \
		if (!(condition)) \
			return fail(__LINE__, #condition, errno); \
	} while (0)
#define FAILS(call, error) HOLDS((call) == -1 && errno == (error))

int fail(int line, const char *condition, int error);

#endif
