/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan as JSON; the keys are in explain.h. */
#include "report/explain.h"

#include <string.h>

#include "core/scope.h"
#include "kernel/probe.h"
#include "report/endpoints.h"
#include "report/json.h"
#include "report/words.h"

static pale_rights
along_of(const struct pale_entry *entry)
{
	return entry->rights & pale_rights_of_how(PALE_HOW_WITH);
}

static json_t *
make_links(const struct pale_entry *entry, bool *failed)
{
	json_t *links = json_array();

	for (size_t i = 0; i < entry->at.link_count; i++) {
		json_t *link = json_object();

		pale_json_set(link, "path", pale_json_bytes(entry->at.links[i].path), failed);
		pale_json_set(link, "target", pale_json_bytes(entry->at.links[i].target), failed);
		pale_json_add(links, link, failed);
	}
	return links;
}

static json_t *
make_grant(const struct pale_plan *plan, const struct pale_entry *entry, bool *failed)
{
	bool own_rights = pale_entry_has_rights(entry);
	json_t *grant = json_object();

	pale_json_set(grant, "path", pale_json_bytes(entry->path), failed);
	pale_json_set(grant, "kind", json_string(pale_words_kind(entry->kind)), failed);
	pale_json_set(grant, "origin", pale_json_bytes(entry->origin), failed);
	pale_json_set(
	    grant, "rights", pale_json_rights(own_rights ? entry->rights : entry->asked), failed);
	pale_json_set(grant, "asked", pale_json_rights(entry->asked), failed);
	pale_json_set(grant, "along", pale_json_rights(along_of(entry)), failed);
	pale_json_set(grant, "mount", pale_json_bits(pale_words_mount, entry->attr), failed);
	pale_json_set(grant, "landlock",
	    pale_json_bits(pale_words_landlock_fs, entry->landlock & plan->landlock_fs), failed);
	pale_json_set(grant, "directory", json_boolean(entry->is_dir), failed);
	pale_json_set(grant, "inside",
	    pale_json_bytes(
		entry->cover == PALE_NO_COVER ? NULL : plan->entries[entry->cover].path),
	    failed);
	pale_json_set(grant, "redundant", json_boolean(entry->redundant), failed);
	pale_json_set(grant, "exec", json_boolean(entry->exec), failed);
	pale_json_set(grant, "target", pale_json_bytes(entry->target), failed);
	pale_json_set(grant, "links", make_links(entry, failed), failed);
	return grant;
}

static json_t *
make_denied(
    const char *call, const char *argument, const struct pale_sys_answer *answer, bool *failed)
{
	json_t *denied = json_object();

	pale_json_set(denied, "call", json_string(call), failed);
	pale_json_set(denied, "argument", pale_json_bytes(argument), failed);
	pale_json_set(denied, "errno", json_string(strerrorname_np(answer->error)), failed);
	pale_json_set(denied, "because", pale_json_bytes(answer->why), failed);
	return denied;
}

static json_t *
make_filter(const struct pale_sys_policy *policy, bool *failed)
{
	json_t *filter = json_object();
	json_t *gates = json_array();
	json_t *asked = json_array();
	json_t *denied = json_array();

	for (unsigned gate = GATE_NONE + 1; gate < GATE_COUNT; gate++) {
		if ((policy->gates >> gate & 1) != 0)
			pale_json_add(
			    gates, json_string(pale_words_gate((enum pale_gate)gate)), failed);
	}
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		enum pale_sys sys = (enum pale_sys)i;
		const char *name = pale_sys_row(sys)->name;
		struct pale_sys_answer answer = pale_sys_row_answer(sys, policy);
		const struct pale_sys_sub *subs;
		size_t count;

		if (pale_sys_nr(sys) < 0)
			continue;
		if (answer.run == RUN_ASK)
			pale_json_add(asked, json_string(name), failed);
		if (answer.run == RUN_DENY)
			pale_json_add(denied, make_denied(name, NULL, &answer, failed), failed);
		subs = pale_sys_subs(sys, &count);
		for (size_t s = 0; s < count; s++) {
			if (pale_sys_sub_answer(&subs[s], policy, &answer) &&
			    answer.run == RUN_DENY)
				pale_json_add(denied,
				    make_denied(name, answer.label, &answer, failed), failed);
		}
	}
	pale_json_set(filter, "gates", gates, failed);
	pale_json_set(filter, "asked", asked, failed);
	pale_json_set(filter, "denied", denied, failed);
	return filter;
}

static json_t *
make_fd(int fd, const struct pale_fd_look *look, bool *failed)
{
	json_t *object = json_object();
	pale_rights rights = 0;

	if (look->reads)
		rights |= RS(READ);
	if (look->writes)
		rights |= RS(WRITE);
	if (look->writes && look->is_file && !look->appends)
		rights |= RS(FTRUNCATE);
	/* What a file that is passed as it is carries beside its data. */
	if (look->is_file)
		rights |= RS(FCHMOD, FCHOWN, FUTIMES, EXTATTR_SET, EXTATTR_DELETE);
	pale_json_set(object, "fd", json_integer(fd), failed);
	pale_json_set(object, "type", json_string(look->type), failed);
	pale_json_set(
	    object, "name", pale_json_bytes(look->name[0] == '\0' ? NULL : look->name), failed);
	pale_json_set(object, "open", json_boolean(look->open), failed);
	pale_json_set(object, "granted", json_boolean(look->granted), failed);
	pale_json_set(object, "refused", json_boolean(look->refused), failed);
	pale_json_set(
	    object, "rights", pale_json_rights(look->open ? pale_rights_close(rights) : 0), failed);
	return object;
}

static json_t *
make_limits(const struct pale_explain *explain, bool *failed)
{
	const struct pale_compartment *compartment = explain->compartment;
	json_t *limits = json_object();

	for (unsigned i = 0; i < PALE_LIMIT_COUNT; i++) {
		uint64_t value = compartment->limit_set[i] ? compartment->limit[i] : explain->nproc;

		if (i != PALE_LIMIT_NPROC && !compartment->limit_set[i])
			continue;
		pale_json_set(limits, pale_limit_name(i),
		    value == UINT64_MAX ? json_null() : json_integer((json_int_t)value), failed);
	}
	return limits;
}

static json_t *
make_landlock(const struct pale_plan *plan, bool *failed)
{
	json_t *landlock = json_object();

	pale_json_set(landlock, "abi", json_integer(plan->landlock_abi), failed);
	pale_json_set(
	    landlock, "handled", pale_json_bits(pale_words_landlock_fs, plan->landlock_fs), failed);
	pale_json_set(landlock, "root",
	    pale_json_bits(pale_words_landlock_fs, plan->landlock_root & plan->landlock_fs),
	    failed);
	pale_json_set(landlock, "scoped",
	    pale_json_bits(pale_words_landlock_scope, plan->landlock_scope), failed);
	return landlock;
}

static json_t *
make_unenforced(const struct pale_plan *plan, bool *failed)
{
	json_t *array = json_array();

	for (const struct pale_probe_landlock *row = pale_probe_landlock; row->abi != 0; row++) {
		json_t *object;

		if (row->abi <= plan->landlock_abi || row->without == NULL)
			continue;
		object = json_object();
		pale_json_set(object, "abi", json_integer(row->abi), failed);
		pale_json_set(object, "kernel", json_string(row->kernel), failed);
		pale_json_set(object, "loses", json_string(row->without), failed);
		pale_json_add(array, object, failed);
	}
	return array;
}

static json_t *
make_namespaces(const struct pale_explain *explain, bool *failed)
{
	static const char *const names[] = { "user", "mount", "pid" };
	json_t *array = json_array();

	for (size_t i = 0; i < PALE_COUNT(names); i++)
		pale_json_add(array, json_string(names[i]), failed);
	if (!explain->plan->doors.machine_ipc)
		pale_json_add(array, json_string("ipc"), failed);
	if (explain->plan->net->own)
		pale_json_add(array, json_string("net"), failed);
	return array;
}

static json_t *
make_env(const struct pale_explain *explain, bool *failed)
{
	json_t *array = json_array();

	for (char *const *env = explain->env; *env != NULL; env++)
		pale_json_add(array, json_stringn(*env, strcspn(*env, "=")), failed);
	return array;
}

int
pale_report_explain_json(const struct pale_explain *explain, FILE *out, struct pale_err *err)
{
	const struct pale_plan *plan = explain->plan;
	const char *proc = plan->proc_full ? "full" : "self";
	json_t *all = json_object();
	json_t *grants = json_array();
	json_t *fds = json_array();
	json_t *accepted = json_array();
	bool failed = false;

	for (size_t i = 0; i < plan->entry_count; i++)
		pale_json_add(grants, make_grant(plan, &plan->entries[i], &failed), &failed);
	for (int fd = 0; fd < (int)PALE_COUNT(explain->fds); fd++)
		pale_json_add(fds, make_fd(fd, &explain->fds[fd], &failed), &failed);
	for (size_t i = 0; i < plan->notice_count; i++)
		pale_json_add(accepted, pale_json_bytes(plan->notices[i]), &failed);
	pale_json_set(all, "kernel", pale_json_bytes(explain->kernel), &failed);
	pale_json_set(all, "landlock", make_landlock(plan, &failed), &failed);
	pale_json_set(all, "grants", grants, &failed);
	pale_json_set(all, "endpoints", pale_report_endpoints_json(plan, &failed), &failed);
	pale_json_set(all, "network", json_string(pale_net_word(plan->net)), &failed);
	pale_json_set(all, "withheld", pale_json_rights(plan->sys.withheld), &failed);
	pale_json_set(all, "filter", make_filter(&plan->sys, &failed), &failed);
	pale_json_set(all, "descriptors", fds, &failed);
	pale_json_set(all, "namespaces", make_namespaces(explain, &failed), &failed);
	pale_json_set(all, "proc", json_string(plan->proc ? proc : "none"), &failed);
	pale_json_set(all, "terminal", json_boolean(plan->terminal), &failed);
	pale_json_set(all, "limits", make_limits(explain, &failed), &failed);
	pale_json_set(all, "environment", make_env(explain, &failed), &failed);
	pale_json_set(all, "chdir", pale_json_bytes(plan->cwd), &failed);
	pale_json_set(all, "accepted", accepted, &failed);
	pale_json_set(all, "unenforced", make_unenforced(plan, &failed), &failed);
	return pale_json_write(out, all, failed, err);
}
