/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts to addresses; see hosts.h. */
#include "run/hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/helper.h"

enum {
	OUTPUT_BYTES = 65536,
	FILE_BYTES_MAX = 4 << 20, /* lists of blocked hosts are that long */
	ADDRESS_BYTES = 128,      /* of an address in words, with its interface */
	EXIT_NOT_FOUND = 2,       /* of getent(1) */
};

static const uint8_t v4_head[12] = { [10] = 0xff, [11] = 0xff };

/* An address in words: "192.0.2.1", "2001:db8::1", "fe80::1%eth0". */
static bool
parse_address(const char *word, struct pale_door_host *host)
{
	const char *percent = strchr(word, '%');
	char plain[ADDRESS_BYTES];
	size_t len = percent == NULL ? strlen(word) : (size_t)(percent - word);
	struct in6_addr in6;

	if (len >= sizeof(plain))
		return false;
	memcpy(plain, word, len);
	plain[len] = '\0';
	memcpy(host->address, v4_head, sizeof(v4_head));
	if (percent == NULL && inet_pton(AF_INET, plain, host->address + sizeof(v4_head)) == 1)
		return true;
	if (inet_pton(AF_INET6, plain, &in6) != 1)
		return false;
	memcpy(host->address, &in6, sizeof(host->address));
	if (percent != NULL)
		host->scope = if_nametoindex(percent + 1);
	if (percent != NULL && host->scope == 0)
		host->scope = (uint32_t)strtoul(percent + 1, NULL, 10);
	return true;
}

static bool
is_link_local(const struct pale_door_host *host)
{
	struct in6_addr in6;

	memcpy(&in6, host->address, sizeof(in6));
	return IN6_IS_ADDR_LINKLOCAL(&in6) || IN6_IS_ADDR_MC_LINKLOCAL(&in6) ||
	    IN6_IS_ADDR_MC_NODELOCAL(&in6);
}

static int
append(const struct pale_door_host *host, struct pale_door_host **io_hosts, size_t *io_count,
    struct pale_err *err)
{
	struct pale_door_host *more = reallocarray(*io_hosts, *io_count + 1, sizeof(*more));

	if (more == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	more[(*io_count)++] = *host;
	*io_hosts = more;
	return 0;
}

/* What getent says of a name. */
static int
look_up(const struct pale_grant *grant, char *buf, size_t size, struct pale_err *err)
{
	static const char *const places[] = { "/usr/bin/getent", "/bin/getent",
		"/run/current-system/sw/bin/getent" };
	char *const argv[] = { (char *)(uintptr_t) "getent", (char *)(uintptr_t) "ahosts",
		grant->path, NULL };
	int status = 0;
	int result = -ENOENT;

	for (size_t i = 0; i < PALE_COUNT(places) && result == -ENOENT; i++)
		result =
		    pale_helper_output(places[i], argv, PALE_HOSTS_DEADLINE_MS, buf, size, &status);
	if (result == 0 && (status == 0 || status == EXIT_NOT_FOUND))
		return 0;
	if (result == -ENOENT) {
		pale_fail(err, -EHOSTUNREACH,
		    "%s: cannot look '%s' up, as there is no getent(1) here", grant->origin,
		    grant->path);
		return pale_remedy(err, "grant its address, or install getent");
	}
	if (result == -ETIMEDOUT) {
		pale_fail(err, result, "%s: nobody said within %d seconds who '%s' is",
		    grant->origin, PALE_HOSTS_DEADLINE_MS / 1000, grant->path);
		return pale_remedy(err,
		    "see what `getent ahosts %s` waits for, or grant its address", grant->path);
	}
	pale_fail(err, result == 0 ? -EIO : result, "%s: cannot look '%s' up: getent failed",
	    grant->origin, grant->path);
	return pale_remedy(err, "try `getent ahosts %s`, or grant its address", grant->path);
}

/* Each line begins with an address; each address is there once for each kind of socket. */
static int
add_all(const struct pale_grant *grant, char *text, const struct pale_door_host *like,
    struct pale_door_host **io_hosts, size_t *io_count, struct pale_err *err)
{
	size_t first = *io_count;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct pale_door_host host = *like;
		bool known = false;
		int result;

		line[strcspn(line, " \t")] = '\0';
		/* A link-local address without its interface leads nowhere. */
		if (!parse_address(line, &host) || (is_link_local(&host) && host.scope == 0))
			continue;
		for (size_t i = first; i < *io_count && !known; i++)
			known = memcmp((*io_hosts)[i].address, host.address,
				    sizeof(host.address)) == 0 &&
			    (*io_hosts)[i].scope == host.scope;
		if (known)
			continue;
		if (*io_count - first == PALE_HOSTS_MAX) {
			pale_fail(err, -E2BIG, "%s: '%s' has more than %d addresses", grant->origin,
			    grant->path, PALE_HOSTS_MAX);
			return pale_remedy(err, "grant the addresses that are needed");
		}
		result = append(&host, io_hosts, io_count, err);
		if (result < 0)
			return result;
	}
	if (*io_count > first)
		return 0;
	pale_fail(
	    err, -ENOENT, "%s: nothing here knows an address of '%s'", grant->origin, grant->path);
	return pale_remedy(err, "try `getent ahosts %s`, or grant its address", grant->path);
}

bool
pale_hosts_is_name(const struct pale_grant *grant)
{
	struct pale_door_host host = { 0 };

	return strcmp(grant->path, "*") != 0 && !parse_address(grant->path, &host);
}

int
pale_hosts_resolve(const struct pale_grant *grant, struct pale_door_host **io_hosts,
    size_t *io_count, struct pale_err *err)
{
	PALE_FREE char *text = NULL;
	struct pale_door_host host;
	int result;

	host = (struct pale_door_host){ .tcp = grant->kind == PALE_GRANT_TCP,
		.any_host = strcmp(grant->path, "*") == 0,
		.port = grant->port,
		.use = grant->use };
	if (host.any_host)
		return append(&host, io_hosts, io_count, err);
	if (!pale_hosts_is_name(grant)) {
		parse_address(grant->path, &host);
		if (!is_link_local(&host) || host.scope != 0)
			return append(&host, io_hosts, io_count, err);
		pale_fail(err, -EINVAL,
		    "%s: '%s' is an address of every link, or of an interface that is not here",
		    grant->origin, grant->path);
		return pale_remedy(err, "say which, as in [fe80::1%%eth0]:80");
	}
	text = malloc(OUTPUT_BYTES);
	if (text == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	result = look_up(grant, text, OUTPUT_BYTES, err);
	return result < 0 ? result : add_all(grant, text, &host, io_hosts, io_count, err);
}

int
pale_hosts_lines(const struct pale_grant *grant, const struct pale_door_host *hosts, size_t count,
    char **io_text, struct pale_err *err)
{
	for (size_t i = 0; i < count; i++) {
		bool v4 = memcmp(hosts[i].address, v4_head, sizeof(v4_head)) == 0;
		char words[INET6_ADDRSTRLEN];
		char scope[IF_NAMESIZE + 1] = "";
		char *text;

		inet_ntop(v4 ? AF_INET : AF_INET6, hosts[i].address + (v4 ? sizeof(v4_head) : 0),
		    words, sizeof(words));
		if (hosts[i].scope != 0) {
			scope[0] = '%';
			if (if_indextoname(hosts[i].scope, scope + 1) == NULL)
				scope[0] = '\0';
		}
		if (asprintf(&text, "%s%s%s %s\n", *io_text == NULL ? "" : *io_text, words, scope,
			grant->path) < 0)
			return pale_fail(err, -ENOMEM, "out of memory");
		free(*io_text);
		*io_text = text;
	}
	return 0;
}

/* A small file, or "" where there is none. */
static char *
read_file(const char *path)
{
	PALE_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	PALE_FREE char *text = NULL;
	struct stat st;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX)
		return strdup("");
	text = malloc((size_t)st.st_size + 1);
	while (text != NULL && got > 0 && used < (size_t)st.st_size) {
		got = read(fd, text + used, (size_t)st.st_size - used);
		used += got > 0 ? (size_t)got : 0;
	}
	if (text != NULL)
		text[used] = '\0';
	return pale_take_ptr(text);
}

int
pale_hosts_file(const char *lines, char **ret_path, char **ret_text, struct pale_err *err)
{
	static const char name[] = "/etc/hosts";
	PALE_FREE char *path = realpath(name, NULL);
	PALE_FREE char *theirs = NULL;
	char *text;

	if (path == NULL)
		path = strdup(name);
	theirs = path == NULL ? NULL : read_file(path);
	if (theirs == NULL ||
	    asprintf(&text,
		"# What pale was told to grant by name, as it was found at start.\n%s"
		"# The machine's own.\n%s",
		lines, theirs) < 0)
		return pale_fail(err, -ENOMEM, "out of memory");
	*ret_path = pale_take_ptr(path);
	*ret_text = text;
	return 0;
}

bool
pale_hosts_are_read(void)
{
	PALE_FREE char *text = read_file("/etc/nsswitch.conf");
	char *rest = NULL;

	/* Without the file or the line the C library looks into /etc/hosts first. */
	for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *words = NULL;

		line += strspn(line, " \t");
		line[strcspn(line, "#")] = '\0';
		if (strncmp(line, "hosts:", strlen("hosts:")) != 0)
			continue;
		for (char *word = strtok_r(line + strlen("hosts:"), " \t", &words); word != NULL;
		     word = strtok_r(NULL, " \t", &words)) {
			if (strcmp(word, "files") == 0)
				return true;
		}
		return false;
	}
	return true;
}
