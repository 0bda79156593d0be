/* SPDX-License-Identifier: BSD-2-Clause */
/* Which grants let the kernel be left to connect, and what a plan then opens and closes. */
#include "run/native.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cage/filter.h"
#include "core/scope.h"
#include "harness.h"
#include "kernel/landlock.h"
#include "policy/endpoint.h"
#include "run/closed_tree.h"

/* A directory grant as it is judged. */
static struct pale_entry
dir(const char *path, mode_t mode, pale_rights rights)
{
	return (struct pale_entry){
		.kind = PALE_GRANT_DIR,
		.path = (char *)(uintptr_t)path,
		.is_dir = true,
		.at = { .mode = S_IFDIR | mode },
		.rights = rights,
	};
}

TEST(system_trees, "what belongs to root in a tree of the system leads to no other socket")
{
	struct pale_entry usr = dir("/usr/lib", 0755, RS(READ));
	struct pale_entry etc = dir("/etc", 0755, RS(READ));

	ck_assert(pale_native_harmless(&usr, 0));
	ck_assert(pale_native_harmless(&etc, 0));
	ck_assert(!pale_native_harmless(&usr, 1000));
	/* What an unmapped owner looks like. */
	ck_assert(!pale_native_harmless(&usr, 65534));
}

TEST(other_trees, "a directory that others can change, or anywhere else, could lead to one")
{
	struct pale_entry group = dir("/usr/local", 0775, RS(READ));
	struct pale_entry all = dir("/usr/share", 01777, RS(READ));
	struct pale_entry srv = dir("/srv/www", 0755, RS(READ));
	struct pale_entry near = dir("/usrlocal", 0755, RS(READ));
	struct pale_entry root = dir("/", 0755, RS(READ));
	struct pale_entry var = dir("/var/run", 0755, RS(READ));

	ck_assert(!pale_native_harmless(&group, 0));
	ck_assert(!pale_native_harmless(&all, 0));
	ck_assert(!pale_native_harmless(&srv, 0));
	ck_assert(!pale_native_harmless(&near, 0));
	ck_assert(!pale_native_harmless(&root, 0));
	ck_assert(!pale_native_harmless(&var, 0));
}

TEST(connectat, "where everything may be connected to, nothing is led to that may not")
{
	struct pale_entry srv = dir("/srv/www", 0777, RS(READ, CONNECTAT));

	ck_assert(pale_native_harmless(&srv, 1000));
}

TEST(files, "a file leads nowhere, a socket that is granted as a file does")
{
	struct pale_entry file = dir("/srv/file", 0644, RS(READ));

	file.is_dir = false;
	file.at.mode = S_IFREG | 0644;
	ck_assert(pale_native_harmless(&file, 1000));
	file.at.mode = S_IFSOCK | 0755;
	ck_assert(!pale_native_harmless(&file, 0));
}

TEST(open_ones, "a socket that is handed over open could be connected anywhere")
{
	struct pale_entry fd = { .kind = PALE_GRANT_FD, .fd = 3, .fd_mode = S_IFSOCK };

	ck_assert(!pale_native_harmless(&fd, 0));
	fd.fd_mode = S_IFIFO;
	ck_assert(pale_native_harmless(&fd, 0));
	fd = dir("fd 3", 0755, RS(READ));
	fd.kind = PALE_GRANT_FD;
	fd.reopen = true;
	ck_assert(!pale_native_harmless(&fd, 0));
}

static const struct pale_plan_options plain = { .landlock_abi = 6 };

/* A compartment with one directory grant, or none, and UNIX sockets. */
static struct pale_plan
plan_of(struct pale_policy *policy, const char *text)
{
	struct pale_plan_options options = plain;
	struct pale_plan plan = { 0 };
	struct pale_err err = { 0 };
	int result;

	pale_policy_init(policy);
	result = pale_policy_read_text(policy, "t", NULL, text, strlen(text), &err);
	ck_assert_msg(result == 0, "%s", err.text);
	result = pale_plan_make(&plan, &policy->compartments[0], &options, &err);
	ck_assert_msg(result == 0, "%s", err.text);
	return plan;
}

/* A socket that listens, in a directory of its own below /var/tmp. */
static char place[64];
static char sock_path[96];

static void
make_place(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(place, "/var/tmp/pale-native.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	snprintf(sock_path, sizeof(sock_path), "%s/s", place);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sock_path);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(sock);
}

static void
remove_place(void)
{
	unlink(sock_path);
	rmdir(place);
}

TEST(doors, "a granted socket is handed over by inode, by name and by the directory that has it")
{
	struct pale_policy policy;
	struct pale_plan plan;
	struct stat st, dir_st, there;
	char text[256];

	make_place();
	snprintf(
	    text, sizeof(text), "unix('%s', 'connect,scm-out') unix('@x', 'connect')", sock_path);
	plan = plan_of(&policy, text);
	ck_assert_int_eq(stat(sock_path, &st), 0);
	ck_assert_int_eq(stat(place, &dir_st), 0);
	ck_assert_uint_eq(plan.doors.socket_count, 2);
	ck_assert_str_eq(plan.doors.sockets[0].path, sock_path);
	ck_assert_str_eq(plan.doors.sockets[0].name, "s");
	ck_assert(plan.doors.sockets[0].dev == st.st_dev && plan.doors.sockets[0].ino == st.st_ino);
	ck_assert_uint_eq(plan.doors.sockets[0].owner, st.st_uid);
	ck_assert_uint_eq(plan.doors.sockets[0].use, PALE_DOOR_CONNECT | PALE_DOOR_SCM_OUT);
	ck_assert_int_eq(fstat(plan.doors.sockets[0].dir, &there), 0);
	ck_assert(there.st_ino == dir_st.st_ino && there.st_dev == dir_st.st_dev);
	ck_assert_str_eq(plan.doors.sockets[1].path, "@x");
	ck_assert_str_eq(plan.doors.sockets[1].name, "x");
	ck_assert_int_eq(plan.doors.sockets[1].dir, -1);
	ck_assert(plan.doors.crosses && !plan.doors.native);
	pale_plan_done(&plan);
	pale_policy_done(&policy);
	remove_place();
}

TEST(later, "a name that is not there has its directory, and no inode")
{
	struct pale_policy policy;
	struct pale_plan plan;
	char text[256];

	make_place();
	snprintf(text, sizeof(text), "unix('%s/later', 'bind')", place);
	plan = plan_of(&policy, text);
	ck_assert_uint_eq(plan.doors.socket_count, 1);
	ck_assert_str_eq(plan.doors.sockets[0].name, "later");
	ck_assert_uint_eq(plan.doors.sockets[0].ino, 0);
	ck_assert_int_ge(plan.doors.sockets[0].dir, 0);
	ck_assert(plan.entries[0].absent);
	pale_plan_done(&plan);
	pale_policy_done(&policy);
	remove_place();
}

TEST(gates, "without a socket nothing is asked for; with one, what could go past it is")
{
	const uint32_t sends = 1U << GATE_SENDTO | 1U << GATE_SENDMSG;
	struct pale_policy policy;
	struct pale_plan plan = plan_of(&policy, "");
	char text[256];

	ck_assert_uint_eq(plan.sys.gates & PALE_GATES_QUIET, PALE_GATES_QUIET);
	ck_assert(!plan.doors.crosses);
	ck_assert_uint_eq(plan.sys.gates & 1U << GATE_DGRAM, 0);
	pale_plan_done(&plan);
	pale_policy_done(&policy);

	make_place();
	snprintf(text, sizeof(text), "unix('%s', 'connect')", sock_path);
	plan = plan_of(&policy, text);
	ck_assert_uint_eq(plan.sys.gates & sends, 0);
	ck_assert_uint_ne(plan.sys.gates & 1U << GATE_DGRAM, 0);
	pale_plan_done(&plan);
	pale_policy_done(&policy);

	snprintf(text, sizeof(text), "write('%s')", place);
	plan = plan_of(&policy, text);
	ck_assert_uint_eq(plan.sys.gates & sends, 1U << GATE_SENDTO);
	ck_assert(plan.doors.crosses);
	pale_plan_done(&plan);
	pale_policy_done(&policy);
	remove_place();
}

TEST(native, "where descriptors may not come in, the kernel connects only what is closed for them")
{
	const uint32_t making = 1U << GATE_SOCKET | 1U << GATE_LISTEN;
	struct pale_policy policy;
	struct pale_plan plan;
	char text[256];

	make_place();
	snprintf(text, sizeof(text), "unix('%s', 'connect')", sock_path);
	plan = plan_of(&policy, text);
	if (plan.doors.native)
		ck_assert_uint_eq(plan.sys.gates & (making | 1U << GATE_CONNECT), 0);
	else
		ck_assert_ptr_nonnull(strstr(plan.native_not, "6.16"));
	pale_plan_done(&plan);
	pale_policy_done(&policy);

	snprintf(text, sizeof(text), "unix('%s', 'connect,scm-in')", sock_path);
	plan = plan_of(&policy, text);
	ck_assert(!plan.doors.native);
	ck_assert_ptr_nonnull(strstr(plan.native_not, "comes in"));
	/* A directory that comes in is one that no rule is for. */
	ck_assert_uint_eq(plan.landlock_fs, pale_landlock_fs_bits(plain.landlock_abi));
	pale_plan_done(&plan);
	pale_policy_done(&policy);

	snprintf(text, sizeof(text), "unix('%s', 'connect,follow')", sock_path);
	plan = plan_of(&policy, text);
	ck_assert(!plan.doors.native);
	ck_assert_ptr_nonnull(strstr(plan.native_not, "whoever has the name"));
	pale_plan_done(&plan);
	pale_policy_done(&policy);
	remove_place();
}

TEST(passing, "beside a tree that all can connect in the kernel connects nothing that passes")
{
	static const char *const uses[] = { "connect,scm-out" };
	struct pale_policy policy;
	struct pale_plan plan;
	char text[256];

	make_place();
	for (size_t i = 0; i < PALE_COUNT(uses); i++) {
		snprintf(text, sizeof(text), "unix('%s', '%s')", sock_path, uses[i]);
		plan = plan_of(&policy, text);
		ck_assert(plan.doors.native);
		pale_plan_done(&plan);
		pale_policy_done(&policy);

		snprintf(
		    text, sizeof(text), "unix('%s', '%s')\nwrite('%s')", sock_path, uses[i], place);
		plan = plan_of(&policy, text);
		ck_assert(!plan.doors.native);
		ck_assert_ptr_nonnull(strstr(plan.native_not, "not by those in"));
		pale_plan_done(&plan);
		pale_policy_done(&policy);
	}
	remove_place();
}

static bool
knows(const void *state, const char *socket)
{
	return strcmp(socket, state) == 0;
}

TEST(closed, "a tree holds no other socket than those known, and none that its caller can make")
{
	const char *const known = sock_path;
	char inner[128];
	char *found = NULL;

	make_place();
	ck_assert_int_eq(chmod(place, 0755), 0);
	/* Root can write everywhere; everybody else owns what make_place made. */
	if (geteuid() == 0) {
		ck_assert_int_eq(pale_closed_tree_look(place, knows, known, &found), 0);
		ck_assert_int_eq(pale_closed_tree_look(place, knows, "", &found), 1);
		ck_assert_str_eq(found, sock_path);
		free(found);
	}
	snprintf(inner, sizeof(inner), "%s/inner", place);
	ck_assert_int_eq(mkdir(inner, 0755), 0);
	ck_assert_int_eq(chmod(inner, 01777), 0);
	ck_assert_int_eq(pale_closed_tree_look(place, knows, known, &found), 1);
	ck_assert_str_eq(found, geteuid() == 0 ? inner : place);
	free(found);
	ck_assert_int_eq(rmdir(inner), 0);
	ck_assert_int_eq(pale_closed_tree_look(inner, knows, known, &found), 0);
	remove_place();
}

/* Is the filter of this text's cage one that was made at build? */
static bool
is_ready(const char *text)
{
	static struct sock_filter room[PALE_BPF_MAX];
	const struct sock_filter *prog;
	struct pale_policy policy;
	struct pale_plan plan = plan_of(&policy, text);
	size_t count;

	ck_assert_int_eq(pale_filter_choose(&plan.sys, room, PALE_BPF_MAX, &prog, &count, NULL), 0);
	pale_plan_done(&plan);
	pale_policy_done(&policy);
	return prog != room;
}

TEST(ready, "the filters of a plain cage and of one with a writable tree are made at build")
{
	char text[256];

	make_place();
	ck_assert(is_ready(""));
	ck_assert(is_ready("read('/usr') tmp('/tmp')"));
	snprintf(text, sizeof(text), "execute('/usr') write('%s')", place);
	ck_assert(is_ready(text));
	remove_place();
}

TEST_MAIN("native", system_trees, other_trees, connectat, files, open_ones, doors, later, gates,
    native, passing, closed, ready)
