/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of communication as people write them; see endpoint.h. Pure: a word comes in, a grant
 * goes out, and nothing is looked up: whether a host, a socket or a key exists is asked later.
 */
#include "policy/endpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"

enum {
	WORD_BYTES = 64,      /* of a use in a message */
	USES_MAX = 8,         /* rows of pale_uses, and one more */
	PORT_MAX = 65535,     /* of TCP and UDP */
	HOST_BYTES_MAX = 253, /* of a name in the DNS */
	QUEUE_BYTES_MAX = 255,
	ABSTRACT_BYTES_MAX = 107, /* sun_path without the zero byte that makes it abstract */
};

#define KIND(name) (1U << PALE_GRANT_##name)
#define SYSV (KIND(SHM) | KIND(MSG) | KIND(SEM))
#define INET (KIND(TCP) | KIND(UDP))

/* clang-format off */
const struct pale_use_row pale_uses[] = {
	{ "read",     PALE_USE_READ,     KIND(FIFO) | KIND(MQ) | SYSV, "take what others put in" },
	{ "write",    PALE_USE_WRITE,    KIND(FIFO) | KIND(MQ) | SYSV, "put in what others take" },
	{ "connect",  PALE_USE_CONNECT,  KIND(UNIX) | INET,            "connect and send to it" },
	{ "bind",     PALE_USE_BIND,     KIND(UNIX) | INET,            "take the name and be connected to" },
	{ "follow",   PALE_USE_FOLLOW,   KIND(UNIX),                   "whoever has the name at the time" },
	{ "scm-in",   PALE_USE_SCM_IN,   KIND(UNIX),                   "receive descriptors" },
	{ "scm-out",  PALE_USE_SCM_OUT,  KIND(UNIX),                   "pass descriptors" },
	{ NULL, 0, 0, NULL },
};

static const struct {
	enum pale_grant_kind kind;
	const char *word;
	const char *example; /* NAME:USES, behind the option */
} kinds[] = {
	{ PALE_GRANT_UNIX, "unix", "/run/app.sock:connect" },
	{ PALE_GRANT_FIFO, "fifo", "queue.fifo:read" },
	{ PALE_GRANT_SHM,  "shm",  "shm:0x1234:read" },
	{ PALE_GRANT_MSG,  "msg",  "msg:0x1234:read,write" },
	{ PALE_GRANT_SEM,  "sem",  "sem:0x1234:read,write" },
	{ PALE_GRANT_MQ,   "mq",   "/jobs:write" },
	{ PALE_GRANT_TCP,  "tcp",  "localhost:5432" },
	{ PALE_GRANT_UDP,  "udp",  "192.0.2.7:514" },
};
/* clang-format on */

const char *
pale_endpoint_word(enum pale_grant_kind kind)
{
	for (size_t i = 0; i < PALE_COUNT(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].word;
	}
	return NULL;
}

static const char *
example(enum pale_grant_kind kind)
{
	for (size_t i = 0; i < PALE_COUNT(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].example;
	}
	return "";
}

bool
pale_grant_is_endpoint(enum pale_grant_kind kind)
{
	return pale_endpoint_word(kind) != NULL;
}

size_t
pale_uses_print(unsigned use, char *buf, size_t size)
{
	size_t len = 0;

	if (size > 0)
		buf[0] = '\0';
	for (const struct pale_use_row *row = pale_uses; row->name != NULL; row++) {
		if ((use & row->bit) == 0)
			continue;
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
		    "%s%s", len > 0 ? "," : "", row->name);
	}
	return len;
}

/* "read, write" of a kind, for a remedy. */
static int
remedy_uses(enum pale_grant_kind kind, struct pale_err *err)
{
	char list[WORD_BYTES * 2] = "";
	size_t len = 0;

	for (const struct pale_use_row *row = pale_uses; row->name != NULL; row++) {
		if ((row->kinds & 1U << kind) != 0 && len < sizeof(list))
			len += (size_t)snprintf(
			    list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", row->name);
	}
	return pale_remedy(
	    err, "%s has %s, for example %s", pale_endpoint_word(kind), list, example(kind));
}

static int
unknown_use(enum pale_grant_kind kind, const char *word, struct pale_err *err)
{
	const char *names[USES_MAX];
	const char *near;
	size_t count = 0;

	pale_fail(err, -EINVAL, "%s has no use '%s'", pale_endpoint_word(kind), word);
	for (const struct pale_use_row *row = pale_uses; row->name != NULL; row++) {
		if ((row->kinds & 1U << kind) != 0)
			names[count++] = row->name;
	}
	near = pale_suggest(word, names, count);
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	return remedy_uses(kind, err);
}

static int
parse_uses(enum pale_grant_kind kind, const char *uses, unsigned *ret_use, struct pale_err *err)
{
	unsigned use = 0;

	if ((uses == NULL || uses[0] == '\0') && (1U << kind & INET) != 0) {
		*ret_use = PALE_USE_CONNECT;
		return 0;
	}
	if (uses == NULL || uses[0] == '\0') {
		pale_fail(
		    err, -EINVAL, "nothing is said of what %s is for", pale_endpoint_word(kind));
		return remedy_uses(kind, err);
	}
	while (true) {
		const struct pale_use_row *row = pale_uses;
		size_t len = strcspn(uses, ",");
		char word[WORD_BYTES];

		snprintf(
		    word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : WORD_BYTES), uses);
		while (row->name != NULL &&
		    ((row->kinds & 1U << kind) == 0 || strcmp(row->name, word) != 0))
			row++;
		if (row->name == NULL)
			return unknown_use(kind, word, err);
		use |= row->bit;
		if (uses[len] == '\0')
			break;
		uses += len + 1;
	}
	*ret_use = use;
	return 0;
}

/* Uses that say nothing without another. */
static int
check_unix(const char *name, unsigned use, struct pale_err *err)
{
	if (name[0] == '@' && strlen(name) - 1 > ABSTRACT_BYTES_MAX)
		return pale_fail(err, -ENAMETOOLONG,
		    "an abstract name has at most %d bytes behind the '@'", ABSTRACT_BYTES_MAX);
	if (name[0] == '@' && name[1] == '\0')
		return pale_fail(err, -EINVAL, "an abstract socket needs a name behind the '@'");
	if (name[0] == '@' && (use & PALE_USE_FOLLOW) != 0) {
		pale_fail(err, -EINVAL, "'follow' is for sockets that have a path");
		return pale_remedy(err, "an abstract name is always whoever has it: leave it out");
	}
	if ((use & PALE_USE_FOLLOW) != 0 && (use & PALE_USE_CONNECT) == 0) {
		pale_fail(err, -EINVAL, "'follow' without 'connect' grants nothing");
		return pale_remedy(err, "write connect,follow");
	}
	if ((use & (PALE_USE_CONNECT | PALE_USE_BIND)) == 0) {
		pale_fail(err, -EINVAL, "passing descriptors needs a connection");
		return pale_remedy(err, "add connect or bind");
	}
	return 0;
}

/* A key as ipcs(1) prints it, or decimal; 0 is IPC_PRIVATE, which names nothing. */
static int
parse_key(const char *name, int32_t *ret_key, struct pale_err *err)
{
	bool hex = name[0] == '0' && (name[1] == 'x' || name[1] == 'X');
	const char *at = hex ? name + 2 : name;
	char *end;
	unsigned long key;

	errno = 0;
	key = strtoul(at, &end, hex ? 16 : 10);
	if (end == at || *end != '\0' || strchr("+- \t", *at) != NULL || errno != 0 ||
	    key > UINT32_MAX || (hex && (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')))) {
		pale_fail(err, -EINVAL, "'%s' is no key of System V", name);
		return pale_remedy(err, "write it as ipcs shows it, for example 0x1234");
	}
	if (key == 0) {
		pale_fail(err, -EINVAL, "the key 0 names no object, it makes a new one");
		return pale_remedy(
		    err, "a program that makes its own needs no grant, and others cannot see it");
	}
	*ret_key = (int32_t)(uint32_t)key;
	return 0;
}

static int
parse_queue(const char *name, char **ret_path, struct pale_err *err)
{
	const char *bare = name[0] == '/' ? name + 1 : name;

	if (bare[0] == '\0' || strchr(bare, '/') != NULL || strcmp(bare, ".") == 0 ||
	    strcmp(bare, "..") == 0 || strlen(bare) > QUEUE_BYTES_MAX) {
		pale_fail(err, -EINVAL, "'%s' is no name of a message queue", name);
		return pale_remedy(err, "it has one slash, at the front, as in /dev/mqueue: /jobs");
	}
	if (asprintf(ret_path, "/%s", bare) < 0) {
		*ret_path = NULL;
		return pale_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

static int
parse_port(const char *text, uint16_t *ret_port, struct pale_err *err)
{
	unsigned port = 0;
	const char *at = text;

	if (strcmp(text, "*") == 0) {
		*ret_port = 0;
		return 0;
	}
	for (; *at >= '0' && *at <= '9' && port <= PORT_MAX; at++)
		port = port * 10 + (unsigned)(*at - '0');
	if (at == text || *at != '\0' || port == 0 || port > PORT_MAX) {
		pale_fail(err, -EINVAL, "'%s' is no port", text);
		return pale_remedy(err, "a port is 1 to %d, or * for every one", PORT_MAX);
	}
	*ret_port = (uint16_t)port;
	return 0;
}

static int
not_host_port(const char *name, struct pale_err *err)
{
	const char *colon = strchr(name, ':');

	pale_fail(err, -EINVAL, "'%s' is not HOST:PORT", name);
	if (name[0] != '[' && colon != NULL && strchr(colon + 1, ':') != NULL)
		return pale_remedy(err, "an IPv6 address stands in brackets: [::1]:80");
	return pale_remedy(err, "for example localhost:8080, [::1]:80 or *:443");
}

/* Where HOST ends in "HOST:PORT..."; NULL if it does not. The host, without brackets, in ret. */
static const char *
host_end(const char *name, const char **ret_host, size_t *ret_len)
{
	const char *end;

	if (name[0] == '[') {
		end = strchr(name, ']');
		if (end == NULL || end[1] != ':')
			return NULL;
		*ret_host = name + 1;
		*ret_len = (size_t)(end - name) - 1;
		return end + 1;
	}
	end = strchr(name, ':');
	if (end == NULL)
		return NULL;
	*ret_host = name;
	*ret_len = (size_t)(end - name);
	return end;
}

static bool
host_is_good(const char *host, size_t len, bool v6)
{
	static const char name_bytes[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	static const char v6_bytes[] = "0123456789abcdefABCDEF:.";
	size_t good;

	if (len == 0 || len > HOST_BYTES_MAX || host[0] == '-')
		return false;
	if (len == 1 && host[0] == '*')
		return !v6;
	if (!v6)
		return strspn(host, name_bytes) >= len;
	good = strspn(host, v6_bytes);
	if (good > 0 && good < len && host[good] == '%')
		good += 1 + strspn(host + good + 1, name_bytes); /* an interface */
	return good >= len;
}

static int
parse_host(const char *name, char **ret_path, uint16_t *ret_port, struct pale_err *err)
{
	const char *host = NULL;
	size_t len = 0;
	const char *colon = host_end(name, &host, &len);
	int rc;

	if (colon == NULL || strchr(colon + 1, ':') != NULL ||
	    !host_is_good(host, len, name[0] == '['))
		return not_host_port(name, err);
	rc = parse_port(colon + 1, ret_port, err);
	if (rc < 0)
		return rc;
	*ret_path = strndup(host, len);
	return *ret_path == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 0;
}

int
pale_endpoint_parse(enum pale_grant_kind kind, const char *name, const char *uses,
    struct pale_grant *grant, struct pale_err *err)
{
	PALE_FREE char *path = NULL;
	int32_t key = 0;
	uint16_t port = 0;
	unsigned use = 0;
	int rc = 0;

	if (name[0] == '\0') {
		pale_fail(err, -EINVAL, "%s without a name", pale_endpoint_word(kind));
		return pale_remedy(err, "for example %s", example(kind));
	}
	rc = parse_uses(kind, uses, &use, err);
	if (rc == 0 && kind == PALE_GRANT_UNIX)
		rc = check_unix(name, use, err);
	if (rc == 0 && (1U << kind & SYSV) != 0)
		rc = parse_key(name, &key, err);
	if (rc == 0 && kind == PALE_GRANT_MQ)
		rc = parse_queue(name, &path, err);
	if (rc == 0 && (1U << kind & INET) != 0)
		rc = parse_host(name, &path, &port, err);
	if (rc < 0)
		return rc;
	if (path == NULL)
		path = strdup(name);
	if (path == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	grant->kind = kind;
	grant->path = pale_take_ptr(path);
	grant->use = use;
	grant->key = key;
	grant->port = port;
	return 0;
}

/* What an option is called, "--unix" or "unix", as a kind; PALE_GRANT_PATH if it is none. */
static enum pale_grant_kind
kind_of(const char *word, size_t len)
{
	for (size_t i = 0; i < PALE_COUNT(kinds); i++) {
		if (strlen(kinds[i].word) == len && strncmp(kinds[i].word, word, len) == 0)
			return kinds[i].kind;
	}
	return PALE_GRANT_PATH;
}

int
pale_endpoint_sysv(const char *word, enum pale_grant_kind *ret_kind, struct pale_err *err)
{
	static const char *const names[] = { "shm", "msg", "sem" };
	enum pale_grant_kind kind = kind_of(word, strlen(word));
	const char *near;

	if ((1U << kind & SYSV) != 0) {
		*ret_kind = kind;
		return 0;
	}
	pale_fail(err, -EINVAL, "System V has no '%s'", word);
	near = pale_suggest(word, names, PALE_COUNT(names));
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	return pale_remedy(err, "it is shm, msg or sem, for example %s", example(PALE_GRANT_SHM));
}

/* The colon before the uses: the last one, or of HOST:PORT:USES the second; NULL if there is none.
 */
static const char *
uses_colon(enum pale_grant_kind kind, const char *word)
{
	const char *host;
	size_t len;
	const char *colon;

	if ((1U << kind & INET) == 0)
		return strrchr(word, ':');
	colon = host_end(word, &host, &len);
	return colon == NULL ? NULL : strchr(colon + 1, ':');
}

int
pale_endpoint_parse_word(
    const char *option, const char *word, struct pale_grant *grant, struct pale_err *err)
{
	const char *bare = option + strspn(option, "-");
	enum pale_grant_kind kind = kind_of(bare, strlen(bare));
	PALE_FREE char *name = NULL;
	const char *colon;
	int rc;

	if (kind == PALE_GRANT_PATH) {
		PALE_FREE char *sysv = strndup(word, strcspn(word, ":"));

		if (sysv == NULL)
			return pale_fail(err, -ENOMEM, "out of memory");
		rc = pale_endpoint_sysv(sysv, &kind, err);
		if (rc < 0)
			return rc;
		word += strlen(sysv) + (word[strlen(sysv)] == ':');
	}
	if ((1U << kind & INET) != 0 && word[0] == ':')
		return not_host_port(word, err);
	colon = uses_colon(kind, word);
	if ((1U << kind & INET) != 0 && colon != NULL && strchr(colon + 1, ':') != NULL)
		return not_host_port(word, err);
	name = colon == NULL ? strdup(word) : strndup(word, (size_t)(colon - word));
	if (name == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	return pale_endpoint_parse(kind, name, colon == NULL ? NULL : colon + 1, grant, err);
}
