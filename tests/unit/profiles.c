/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in profiles: each gives what its header says, and none gives a way to change things. */
#include <errno.h>

#include "harness.h"
#include "policy/policy.h"

/* Read a profile alone; it is all in the compartment main. */
static struct pale_policy
read_profile(const char *name)
{
	struct pale_policy policy;
	struct pale_err err = { 0 };

	pale_policy_init(&policy);
	ck_assert_msg(pale_profile_read(&policy, name, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(policy.compartment_count, 1);
	ck_assert_str_eq(policy.compartments[0].name, "main");
	return policy;
}

/* The grant of a path, or NULL where there is none. */
static const struct pale_grant *
find(const struct pale_policy *policy, const char *path)
{
	const struct pale_compartment *compartment = &policy->compartments[0];

	for (size_t i = 0; i < compartment->grant_count; i++)
		if (strcmp(compartment->grants[i].path, path) == 0)
			return &compartment->grants[i];
	return NULL;
}

/* The grant of a path, which must be given in this way. */
static struct pale_grant
gives(const struct pale_policy *policy, const char *path, enum pale_grant_kind kind,
    pale_rights rights)
{
	const struct pale_grant *grant = find(policy, path);

	if (grant == NULL) {
		ck_abort_msg("no grant of %s", path);
		abort();
	}
	ck_assert_msg(grant->kind == kind, "%s is of kind %d", path, (int)grant->kind);
	ck_assert_msg(grant->rights == rights, "%s has other rights", path);
	return *grant;
}

static void
passes(const struct pale_policy *policy, const char *name, const char *value)
{
	const struct pale_compartment *compartment = &policy->compartments[0];

	for (size_t i = 0; i < compartment->env_count; i++) {
		if (strcmp(compartment->env[i].name, name) != 0)
			continue;
		ck_assert((value == NULL) == (compartment->env[i].value == NULL));
		if (value != NULL)
			ck_assert_str_eq(compartment->env[i].value, value);
		return;
	}
	ck_abort_msg("%s is not passed", name);
}

TEST(names_sorted, "there are nine profiles, in the order of their names")
{
	static const char *const expected[] = { "cc", "convert", "git", "node", "pager", "python",
		"shell", "system", "untar", NULL };
	const char *const *names = pale_profile_names();

	for (size_t i = 0; expected[i] != NULL; i++)
		ck_assert_str_eq(names[i], expected[i]);
	ck_assert_ptr_null(names[9]);
}

TEST(headers, "every profile opens with what it gives and what it keeps out")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		char title[64];
		size_t size = 0;
		const char *text = pale_profile_text(*name, &size);

		ck_assert_uint_eq(strlen(text), size);
		snprintf(title, sizeof(title), "\n# %s: ", *name);
		ck_assert_msg(strstr(text, title) != NULL, "%s has no title", *name);
		ck_assert(strstr(text, "\n# Gives  ") != NULL);
		ck_assert(strstr(text, "\n# Keeps  ") != NULL);
	}
}

TEST(absolute, "every path of a profile is absolute, and none is taken out of a home directory")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		struct pale_policy policy = read_profile(*name);
		const struct pale_compartment *compartment = &policy.compartments[0];

		for (size_t i = 0; i < compartment->grant_count; i++) {
			const char *path = compartment->grants[i].path;

			ck_assert_ptr_nonnull(path);
			ck_assert_msg(path[0] == '/', "%s: %s", *name, path);
			ck_assert(strncmp(path, "/home", 5) != 0);
			ck_assert(strncmp(path, "/root", 5) != 0);
		}
		pale_policy_done(&policy);
	}
}

TEST(no_writing, "no profile lets anything of the machine be changed, or leaks a descriptor")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		struct pale_policy policy = read_profile(*name);
		const struct pale_compartment *compartment = &policy.compartments[0];
		pale_rights harmless = pale_rights_preset_read() | pale_rights_preset_execute();

		for (size_t i = 0; i < compartment->grant_count; i++) {
			const struct pale_grant *grant = &compartment->grants[i];

			ck_assert_msg(
			    (grant->rights & ~harmless) == 0, "%s: %s", *name, grant->path);
			ck_assert(grant->kind != PALE_GRANT_FD);
			ck_assert(strcmp(grant->path, "/") != 0);
			ck_assert(strcmp(grant->path, "/etc") != 0);
			ck_assert(strcmp(grant->path, "/dev") != 0);
		}
		pale_policy_done(&policy);
	}
}

TEST(no_command, "no profile brings a command, a working directory or an empty environment")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		struct pale_policy policy = read_profile(*name);

		ck_assert_ptr_null(policy.compartments[0].command);
		ck_assert_ptr_null(policy.compartments[0].chdir);
		ck_assert(!policy.compartments[0].clear_env);
		pale_policy_done(&policy);
	}
}

TEST(no_loader, "no profile passes a variable that makes the loader load something")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		struct pale_policy policy = read_profile(*name);
		const struct pale_compartment *compartment = &policy.compartments[0];

		for (size_t i = 0; i < compartment->env_count; i++)
			ck_assert(strncmp(compartment->env[i].name, "LD_", 3) != 0);
		pale_policy_done(&policy);
	}
}

TEST(who_executes, "only cc, node and python let programs run what they wrote")
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++) {
		struct pale_policy policy = read_profile(*name);
		bool builds = strcmp(*name, "cc") == 0 || strcmp(*name, "node") == 0 ||
		    strcmp(*name, "python") == 0;

		ck_assert_msg(policy.compartments[0].exec_writable == builds, "%s", *name);
		pale_policy_done(&policy);
	}
}

TEST(system_, "system gives programs, copies of a few files, harmless devices and private trees")
{
	struct pale_policy policy = read_profile("system");
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full",
		"/dev/urandom", "/dev/tty" };
	static const char *const copies[] = { "/etc/ld.so.cache", "/etc/passwd", "/etc/group",
		"/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts" };
	static const char *const links[] = { "/var/tmp", "/dev/shm" };

	ck_assert(!gives(&policy, "/usr", PALE_GRANT_PATH, pale_rights_preset_execute()).optional);
	ck_assert(gives(&policy, "/lib64", PALE_GRANT_PATH, pale_rights_preset_execute()).optional);
	gives(&policy, "/etc/alternatives", PALE_GRANT_PATH, pale_rights_preset_read());
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		ck_assert(gives(&policy, copies[i], PALE_GRANT_COPY, 0).optional);
	}
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		gives(&policy, devices[i], PALE_GRANT_DEV, 0);
	ck_assert(!gives(&policy, "/tmp", PALE_GRANT_TMP, 0).exec);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		ck_assert_str_eq(gives(&policy, links[i], PALE_GRANT_LINK, 0).target, "/tmp");
	ck_assert_str_eq(gives(&policy, "/dev/fd", PALE_GRANT_LINK, 0).target, "/proc/self/fd");
	ck_assert_ptr_null(find(&policy, "/etc/shadow"));
	ck_assert_str_eq(policy.compartments[0].proc, "self");
	pale_policy_done(&policy);
}

TEST(cc, "cc lets the private /tmp be executed from and passes what builds are steered with")
{
	struct pale_policy policy = read_profile("cc");

	ck_assert(gives(&policy, "/tmp", PALE_GRANT_TMP, 0).exec);
	passes(&policy, "CC", NULL);
	passes(&policy, "CFLAGS", NULL);
	passes(&policy, "CXX", NULL);
	passes(&policy, "CXXFLAGS", NULL);
	passes(&policy, "CPPFLAGS", NULL);
	passes(&policy, "LDFLAGS", NULL);
	passes(&policy, "MAKEFLAGS", NULL);
	passes(&policy, "DESTDIR", NULL);
	passes(&policy, "PKG_CONFIG_PATH", NULL);
	pale_policy_done(&policy);
}

TEST(python, "python passes its variables and copies the site's settings")
{
	struct pale_policy policy = read_profile("python");

	passes(&policy, "PYTHONPATH", NULL);
	passes(&policy, "VIRTUAL_ENV", NULL);
	gives(&policy, "/etc/mime.types", PALE_GRANT_COPY, 0);
	pale_policy_done(&policy);
}

TEST(node, "node passes its variables and copies the site's settings")
{
	struct pale_policy policy = read_profile("node");

	passes(&policy, "NODE_PATH", NULL);
	passes(&policy, "NODE_OPTIONS", NULL);
	gives(&policy, "/etc/npmrc", PALE_GRANT_COPY, 0);
	pale_policy_done(&policy);
}

TEST(git, "git passes identities and copies the machine's settings")
{
	struct pale_policy policy = read_profile("git");

	passes(&policy, "GIT_AUTHOR_NAME", NULL);
	passes(&policy, "GIT_COMMITTER_EMAIL", NULL);
	gives(&policy, "/etc/gitconfig", PALE_GRANT_COPY, 0);
	pale_policy_done(&policy);
}

TEST(untar, "untar gives variables and no path at all")
{
	struct pale_policy policy = read_profile("untar");

	ck_assert_uint_eq(policy.compartments[0].grant_count, 0);
	passes(&policy, "XZ_OPT", NULL);
	passes(&policy, "TAR_OPTIONS", NULL);
	pale_policy_done(&policy);
}

TEST(convert, "convert reads settings and fonts")
{
	struct pale_policy policy = read_profile("convert");

	gives(&policy, "/etc/ImageMagick-6", PALE_GRANT_PATH, pale_rights_preset_read());
	gives(&policy, "/etc/fonts", PALE_GRANT_PATH, pale_rights_preset_read());
	passes(&policy, "MAGICK_MEMORY_LIMIT", NULL);
	pale_policy_done(&policy);
}

TEST(shell, "shell copies the settings of shells and reads descriptions of terminals")
{
	struct pale_policy policy = read_profile("shell");

	gives(&policy, "/etc/profile", PALE_GRANT_COPY, 0);
	gives(&policy, "/etc/bash.bashrc", PALE_GRANT_COPY, 0);
	gives(&policy, "/etc/inputrc", PALE_GRANT_COPY, 0);
	gives(&policy, "/etc/terminfo", PALE_GRANT_PATH, pale_rights_preset_read());
	passes(&policy, "EDITOR", NULL);
	pale_policy_done(&policy);
}

TEST(pager, "pager reads descriptions of terminals and keeps no history")
{
	struct pale_policy policy = read_profile("pager");

	gives(&policy, "/etc/terminfo", PALE_GRANT_PATH, pale_rights_preset_read());
	gives(&policy, "/etc/manpath.config", PALE_GRANT_COPY, 0);
	passes(&policy, "LESS", NULL);
	passes(&policy, "LESSHISTFILE", "-");
	pale_policy_done(&policy);
}

TEST_MAIN("profiles", names_sorted, headers, absolute, no_writing, no_command, no_loader,
    who_executes, system_, cc, python, node, git, untar, convert, shell, pager)
