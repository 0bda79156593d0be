/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints as people write them: what each word becomes, and what is said of a wrong one. */
#include "policy/endpoint.h"

#include <errno.h>

#include "cage/doors.h"
#include "harness.h"

/* A word that is good, and what it becomes; path NULL: not looked at. */
static void
good(const char *option, const char *word, enum pale_grant_kind kind, const char *path,
    unsigned use, int32_t key, uint16_t port)
{
	struct pale_grant grant = { .fd = -1 };
	struct pale_err err = { 0 };
	int rc = pale_endpoint_parse_word(option, word, &grant, &err);

	ck_assert_msg(rc == 0, "'%s' refused: %s", word, err.text);
	ck_assert_int_eq((int)grant.kind, (int)kind);
	ck_assert_str_eq(grant.path, path);
	ck_assert_uint_eq(grant.use, use);
	ck_assert_int_eq(grant.key, key);
	ck_assert_uint_eq(grant.port, port);
	ck_assert_int_eq(grant.fd, -1);
	free(grant.path);
}

static void
bad(const char *option, const char *word, const char *text, const char *remedy)
{
	struct pale_grant grant = { .fd = -1 };
	struct pale_err err = { 0 };
	int rc = pale_endpoint_parse_word(option, word, &grant, &err);

	ck_assert_msg(rc < 0, "'%s' taken", word);
	ck_assert_str_eq(err.text, text);
	ck_assert_str_eq(err.remedy, remedy);
	ck_assert_ptr_null(grant.path);
	ck_assert_int_lt(pale_endpoint_parse_word(option, word, &grant, NULL), 0);
}

TEST(unix_path, "a UNIX socket is a path, colons and all, and its uses")
{
	good("--unix", "/run/a.sock:connect", PALE_GRANT_UNIX, "/run/a.sock", PALE_USE_CONNECT, 0,
	    0);
	good("--unix", "a:b:connect,follow", PALE_GRANT_UNIX, "a:b",
	    PALE_USE_CONNECT | PALE_USE_FOLLOW, 0, 0);
	good("--unix", "@bus:bind,scm-in,scm-out", PALE_GRANT_UNIX, "@bus",
	    PALE_USE_BIND | PALE_USE_SCM_IN | PALE_USE_SCM_OUT, 0, 0);
}

TEST(unix_bad, "a UNIX socket without a use, or with one that says nothing alone, is refused")
{
	bad("--unix", "/a:conect", "unix has no use 'conect'", "did you mean 'connect'?");
	bad("--unix", "/a:scm_in", "unix has no use 'scm_in'", "did you mean 'scm-in'?");
	bad("--unix", "/a:connect,", "unix has no use ''",
	    "unix has connect, bind, follow, scm-in, scm-out, for example /run/app.sock:connect");
	bad("--unix", "/a", "nothing is said of what unix is for",
	    "unix has connect, bind, follow, scm-in, scm-out, for example /run/app.sock:connect");
	bad("--unix", ":connect", "unix without a name", "for example /run/app.sock:connect");
	bad("--unix", "/a:scm-in", "passing descriptors needs a connection", "add connect or bind");
	bad("--unix", "/a:bind,follow", "'follow' without 'connect' grants nothing",
	    "write connect,follow");
	bad("--unix", "@a:connect,follow", "'follow' is for sockets that have a path",
	    "an abstract name is always whoever has it: leave it out");
	bad("--unix", "@:connect", "an abstract socket needs a name behind the '@'", "");
}

TEST(abstract_length, "an abstract name has at most the bytes that an address has")
{
	char name[128] = "@", word[200];

	memset(name + 1, 'x', 107);
	snprintf(word, sizeof(word), "%s:connect", name);
	good("--unix", word, PALE_GRANT_UNIX, name, PALE_USE_CONNECT, 0, 0);
	snprintf(word, sizeof(word), "%sx:connect", name);
	bad("--unix", word, "an abstract name has at most 107 bytes behind the '@'", "");
}

TEST(fifo, "a FIFO is read, written or both")
{
	good("fifo", "q:read", PALE_GRANT_FIFO, "q", PALE_USE_READ, 0, 0);
	good("fifo", "q:read,write", PALE_GRANT_FIFO, "q", PALE_USE_READ | PALE_USE_WRITE, 0, 0);
	bad("fifo", "q:connect", "fifo has no use 'connect'",
	    "fifo has read, write, for example queue.fifo:read");
}

TEST(sysv, "an object of System V has a kind, a key as ipcs shows it or decimal, and uses")
{
	good("--sysv", "shm:0x1234:read", PALE_GRANT_SHM, "0x1234", PALE_USE_READ, 0x1234, 0);
	good("--sysv", "msg:77:read,write", PALE_GRANT_MSG, "77", PALE_USE_READ | PALE_USE_WRITE,
	    77, 0);
	good("--sysv", "sem:0xffffffff:write", PALE_GRANT_SEM, "0xffffffff", PALE_USE_WRITE, -1, 0);
	bad("--sysv", "shn:1:read", "System V has no 'shn'", "did you mean 'shm'?");
	bad("--sysv", "queue:1:read", "System V has no 'queue'",
	    "it is shm, msg or sem, for example shm:0x1234:read");
	bad("--sysv", "shm", "shm without a name", "for example shm:0x1234:read");
	bad("--sysv", "shm:1", "nothing is said of what shm is for",
	    "shm has read, write, for example shm:0x1234:read");
}

TEST(sysv_keys, "a key that is none, or is the one that names nothing, is refused")
{
	static const char *const keys[] = { "x", "0x", "1x", "-1", "+1", " 1", "0x0x1",
		"4294967296", "0x100000000", "99999999999999999999" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char word[64], text[96];

		snprintf(word, sizeof(word), "shm:%s:read", keys[i]);
		snprintf(text, sizeof(text), "'%s' is no key of System V", keys[i]);
		bad("--sysv", word, text, "write it as ipcs shows it, for example 0x1234");
	}
	bad("--sysv", "shm:0x0:read", "the key 0 names no object, it makes a new one",
	    "a program that makes its own needs no grant, and others cannot see it");
}

TEST(queue, "a queue's name has its slash, written or not, and no other")
{
	good("--mq", "/jobs:read", PALE_GRANT_MQ, "/jobs", PALE_USE_READ, 0, 0);
	good("--mq", "jobs:read,write", PALE_GRANT_MQ, "/jobs", PALE_USE_READ | PALE_USE_WRITE, 0,
	    0);
	bad("--mq", "a/b:read", "'a/b' is no name of a message queue",
	    "it has one slash, at the front, as in /dev/mqueue: /jobs");
	bad("--mq", "/..:read", "'/..' is no name of a message queue",
	    "it has one slash, at the front, as in /dev/mqueue: /jobs");
}

TEST(hosts, "a host is a name, an address, [v6] or *, and connects unless it says bind")
{
	good("--tcp", "db.example:5432", PALE_GRANT_TCP, "db.example", PALE_USE_CONNECT, 0, 5432);
	good("--tcp", "[::1]:80:bind", PALE_GRANT_TCP, "::1", PALE_USE_BIND, 0, 80);
	good("--udp", "*:*:connect,bind", PALE_GRANT_UDP, "*", PALE_USE_CONNECT | PALE_USE_BIND, 0,
	    0);
	good("--udp", "127.0.0.1:65535:", PALE_GRANT_UDP, "127.0.0.1", PALE_USE_CONNECT, 0, 65535);
}

TEST(hosts_bad, "an address that can be read in two ways, or not at all, is refused")
{
	bad("--tcp", "::1:80", "'::1:80' is not HOST:PORT",
	    "an IPv6 address stands in brackets: [::1]:80");
	bad("--tcp", "fe80::1:80", "'fe80::1:80' is not HOST:PORT",
	    "an IPv6 address stands in brackets: [::1]:80");
	bad("--tcp", "host", "'host' is not HOST:PORT",
	    "for example localhost:8080, [::1]:80 or *:443");
	bad("--tcp", "[::1]80", "'[::1]80' is not HOST:PORT",
	    "for example localhost:8080, [::1]:80 or *:443");
	bad("--tcp", "a b:80", "'a b:80' is not HOST:PORT",
	    "for example localhost:8080, [::1]:80 or *:443");
	bad("--tcp", "-a:80", "'-a:80' is not HOST:PORT",
	    "for example localhost:8080, [::1]:80 or *:443");
	bad("--tcp", "a:0", "'0' is no port", "a port is 1 to 65535, or * for every one");
	bad("--tcp", "a:65536", "'65536' is no port", "a port is 1 to 65535, or * for every one");
	bad("--tcp", "a:http", "'http' is no port", "a port is 1 to 65535, or * for every one");
	bad("--udp", "a:1:read", "udp has no use 'read'",
	    "udp has connect, bind, for example 192.0.2.7:514");
}

TEST(printed, "uses are printed as they are written, and cut where there is no room")
{
	char buf[64], small[4];
	unsigned all = PALE_USE_CONNECT | PALE_USE_SCM_IN | PALE_USE_READ;

	ck_assert_uint_eq(pale_uses_print(all, buf, sizeof(buf)), strlen("read,connect,scm-in"));
	ck_assert_str_eq(buf, "read,connect,scm-in");
	ck_assert_uint_eq(pale_uses_print(all, small, sizeof(small)), strlen(buf));
	ck_assert_str_eq(small, "rea");
	ck_assert_uint_eq(pale_uses_print(0, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
}

TEST(same_bits, "a use of a policy and of a door are the same bit")
{
	ck_assert_int_eq(PALE_DOOR_READ, (int)PALE_USE_READ);
	ck_assert_int_eq(PALE_DOOR_WRITE, (int)PALE_USE_WRITE);
	ck_assert_int_eq(PALE_DOOR_CONNECT, (int)PALE_USE_CONNECT);
	ck_assert_int_eq(PALE_DOOR_BIND, (int)PALE_USE_BIND);
	ck_assert_int_eq(PALE_DOOR_FOLLOW, (int)PALE_USE_FOLLOW);
	ck_assert_int_eq(PALE_DOOR_SCM_IN, (int)PALE_USE_SCM_IN);
	ck_assert_int_eq(PALE_DOOR_SCM_OUT, (int)PALE_USE_SCM_OUT);
}

TEST(words, "every endpoint has a word, and nothing else has")
{
	for (int kind = PALE_GRANT_PATH; kind <= PALE_GRANT_UDP; kind++)
		ck_assert_int_eq(
		    pale_grant_is_endpoint((enum pale_grant_kind)kind), kind >= PALE_GRANT_UNIX);
	ck_assert_str_eq(pale_endpoint_word(PALE_GRANT_MSG), "msg");
	ck_assert_ptr_null(pale_endpoint_word(PALE_GRANT_DIR));
}

TEST_MAIN("endpoint", unix_path, unix_bad, abstract_length, fifo, sysv, sysv_keys, queue, hosts,
    hosts_bad, printed, same_bits, words)
