/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints in the answer of --explain; see endpoints.h. */
#include "report/endpoints.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/endpoint.h"
#include "report/json.h"
#include "report/words.h"

enum {
	USES_BYTES = 128,
};

/* "kernel", "supervisor", "landlock", "filter": what decides. */
static const char *
by_of(const struct pale_endpoint *one)
{
	switch (one->kind) {
	case PALE_GRANT_UNIX:
		return one->native ? "kernel" : "supervisor";
	case PALE_GRANT_FIFO:
		return "landlock";
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
		return "filter";
	case PALE_GRANT_MQ:
	case PALE_GRANT_TCP:
	case PALE_GRANT_UDP:
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
	case PALE_GRANT_COPY:
	case PALE_GRANT_HIDE:
	case PALE_GRANT_TMP:
	case PALE_GRANT_DEV:
	case PALE_GRANT_FD:
	case PALE_GRANT_LINK:
		break;
	}
	return "supervisor";
}

static void
say_unix(struct pale_string *words, const struct pale_plan *plan, const struct pale_endpoint *one)
{
	const char *between = "";

	if (one->native) {
		pale_string_add(words, "the kernel connects, and the peer sees the program");
		between = "; ";
	} else if ((one->use & PALE_USE_CONNECT) != 0) {
		pale_string_add(words,
		    "the supervisor connects, and the peer sees pale's waiter, because %s",
		    plan->native_not != NULL ? plan->native_not : "connect is asked about");
		between = "; ";
	}
	if ((one->use & PALE_USE_BIND) != 0) {
		pale_string_add(words, "%sthe supervisor binds it on the machine", between);
		between = "; ";
	}
	pale_string_add(words, "%sdescriptors are passed %s", between,
	    (one->use & PALE_USE_SCM_IN) == 0
		? (one->use & PALE_USE_SCM_OUT) == 0 ? "in neither direction" : "out only"
		: (one->use & PALE_USE_SCM_OUT) == 0 ? "in only"
						     : "in both directions");
	if (!one->there && one->name[0] == '/')
		pale_string_add(words, "; it is not there now");
}

/* Is this one of the addresses of the endpoint's host? Its words then. */
static bool
has_address(const struct pale_plan *plan, const struct pale_endpoint *one, size_t i,
    char words[INET6_ADDRSTRLEN])
{
	static const uint8_t v4_head[12] = { [10] = 0xff, [11] = 0xff };
	const struct pale_door_host *host = &plan->net->hosts[i];
	bool v4 = memcmp(host->address, v4_head, sizeof(v4_head)) == 0;

	if (host->any_host || host->tcp != (one->kind == PALE_GRANT_TCP) ||
	    host->port != one->port || strcmp(plan->net->names[i], one->name) != 0)
		return false;
	inet_ntop(v4 ? AF_INET : AF_INET6, host->address + (v4 ? sizeof(v4_head) : 0), words,
	    INET6_ADDRSTRLEN);
	return true;
}

/* What a name stands for at the moment. */
static void
say_addresses(
    struct pale_string *words, const struct pale_plan *plan, const struct pale_endpoint *one)
{
	char address[INET6_ADDRSTRLEN];
	const char *before = "now ";

	for (size_t i = 0; i < plan->net->host_count; i++) {
		if (!has_address(plan, one, i, address) || strcmp(address, one->name) == 0)
			continue;
		pale_string_add(words, "%s%s", before, address);
		before = ", ";
	}
	if (before[0] == ',')
		pale_string_add(words, "; ");
}

static json_t *
make_addresses(const struct pale_plan *plan, const struct pale_endpoint *one, bool *failed)
{
	json_t *array = json_array();
	char address[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < plan->net->host_count; i++) {
		if (has_address(plan, one, i, address))
			pale_json_add(array, json_string(address), failed);
	}
	return array;
}

/* What enforces it, and what the other side sees: a sentence. */
static void
say_how(struct pale_string *words, const struct pale_plan *plan, const struct pale_endpoint *one)
{
	switch (one->kind) {
	case PALE_GRANT_UNIX:
		say_unix(words, plan, one);
		return;
	case PALE_GRANT_FIFO:
		pale_string_add(words,
		    "its inode is mounted read-only, and Landlock tells reading and writing apart");
		return;
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
		pale_string_add(words,
		    "the call filter holds every key and identifier against it; the cage is in the "
		    "machine's IPC namespace and sees nothing else of it");
		return;
	case PALE_GRANT_MQ:
		pale_string_add(words,
		    "the supervisor opens it and hands it over; %s; whoever owns it can change its "
		    "mode through its descriptor",
		    plan->doors.machine_ipc
			? "the namespace is the machine's, and no other queue opens"
			: "every other queue is the cage's own");
		return;
	case PALE_GRANT_TCP:
		say_addresses(words, plan, one);
		pale_string_add(words, "the supervisor judges and performs it on copied addresses");
		if (plan->landlock_net != 0 && one->port != 0)
			pale_string_add(words, "; Landlock knows the port, too");
		return;
	case PALE_GRANT_UDP:
		say_addresses(words, plan, one);
		pale_string_add(words, "the supervisor judges and performs it on copied addresses");
		return;
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
	case PALE_GRANT_COPY:
	case PALE_GRANT_HIDE:
	case PALE_GRANT_TMP:
	case PALE_GRANT_DEV:
	case PALE_GRANT_FD:
	case PALE_GRANT_LINK:
		return;
	}
}

static void
say_name(struct pale_string *words, const struct pale_endpoint *one)
{
	bool v6 = strchr(one->name, ':') != NULL;

	if (one->kind != PALE_GRANT_TCP && one->kind != PALE_GRANT_UDP)
		pale_string_add(words, "%s", one->name);
	else if (one->port == 0)
		pale_string_add(words, "%s%s%s:*", v6 ? "[" : "", one->name, v6 ? "]" : "");
	else
		pale_string_add(
		    words, "%s%s%s:%u", v6 ? "[" : "", one->name, v6 ? "]" : "", one->port);
}

void
pale_report_endpoints(const struct pale_plan *plan, const struct pale_text *text)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];
		struct pale_string words = { 0 };
		char uses[USES_BYTES];

		pale_uses_print(one->use, uses, sizeof(uses));
		say_name(&words, one);
		pale_string_add(&words, " (%s): %s; ", one->origin, uses);
		say_how(&words, plan, one);
		pale_text_item(text, pale_endpoint_word(one->kind), pale_string_get(&words));
		pale_string_done(&words);
	}
}

static json_t *
make_uses(unsigned use, bool *failed)
{
	json_t *array = json_array();

	for (const struct pale_use_row *row = pale_uses; row->name != NULL; row++) {
		if ((use & row->bit) != 0)
			pale_json_add(array, json_string(row->name), failed);
	}
	return array;
}

json_t *
pale_report_endpoints_json(const struct pale_plan *plan, bool *failed)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];
		json_t *object = json_object();
		struct pale_string name = { 0 };
		struct pale_string how = { 0 };

		say_name(&name, one);
		say_how(&how, plan, one);
		pale_json_set(object, "kind", json_string(pale_endpoint_word(one->kind)), failed);
		pale_json_set(object, "name", pale_json_bytes(pale_string_get(&name)), failed);
		pale_json_set(object, "uses", make_uses(one->use, failed), failed);
		pale_json_set(object, "origin", pale_json_bytes(one->origin), failed);
		pale_json_set(object, "by", json_string(by_of(one)), failed);
		pale_json_set(object, "how", pale_json_bytes(pale_string_get(&how)), failed);
		if (one->kind == PALE_GRANT_TCP || one->kind == PALE_GRANT_UDP)
			pale_json_set(
			    object, "addresses", make_addresses(plan, one, failed), failed);
		pale_json_add(array, object, failed);
		pale_string_done(&name);
		pale_string_done(&how);
	}
	return array;
}
