/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy says: every statement, quoting, includes, the model and the union of two. */
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

/* Read text as file t.pale in directory dir; fails the test if it is refused. */
static struct pale_policy
read_in(const char *dir, const char *text)
{
	struct pale_policy policy;
	struct pale_err err = { 0 };
	int rc;

	pale_policy_init(&policy);
	rc = pale_policy_read_text(&policy, "t.pale", dir, text, strlen(text), &err);
	ck_assert_msg(rc == 0, "refused: %s", err.text);
	return policy;
}

static struct pale_policy
read_text(const char *text)
{
	return read_in("/etc/pale", text);
}

/* The main compartment, which is always the first. */
static const struct pale_compartment *
main_of(const struct pale_policy *policy)
{
	ck_assert_uint_ge(policy->compartment_count, 1);
	ck_assert_str_eq(policy->compartments[0].name, "main");
	return &policy->compartments[0];
}

/* The only grant of a text. */
static const struct pale_grant *
one_grant(struct pale_policy *policy, const char *text)
{
	*policy = read_text(text);
	ck_assert_uint_eq(main_of(policy)->grant_count, 1);
	return main_of(policy)->grants;
}

/* Is the path of the only grant of the text these bytes? */
static void
expect_path(const char *text, const char *path)
{
	struct pale_policy policy;

	ck_assert_str_eq(one_grant(&policy, text)->path, path);
	pale_policy_done(&policy);
}

static void
expect_kind(const char *text, enum pale_grant_kind kind, bool optional, pale_rights rights)
{
	struct pale_policy policy;
	const struct pale_grant *grant = one_grant(&policy, text);

	ck_assert_int_eq((int)grant->kind, (int)kind);
	ck_assert_int_eq(grant->optional, optional);
	ck_assert(grant->rights == rights);
	ck_assert_int_eq(grant->fd, -1);
	ck_assert(!grant->exec);
	ck_assert_str_eq(grant->path, "/p");
	ck_assert_str_eq(grant->base, "/etc/pale");
	ck_assert_str_eq(grant->origin, "t.pale:1");
	pale_policy_done(&policy);
}

/* Make a file in a fresh directory of this test; gives its path in a static buffer. */
static const char *
make_file(const char *dir, const char *name, const char *text)
{
	static char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

static char *
make_dir(char *template)
{
	ck_assert_ptr_nonnull(mkdtemp(template));
	return template;
}

static void
remove_files(const char *dir, ...)
{
	va_list names;
	const char *name;

	va_start(names, dir);
	while ((name = va_arg(names, const char *)) != NULL) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, name);
		unlink(path);
	}
	va_end(names);
	rmdir(dir);
}

TEST(empty, "an empty policy has the compartment main and nothing in it")
{
	struct pale_policy policy = read_text("");

	ck_assert_uint_eq(policy.compartment_count, 1);
	ck_assert_uint_eq(main_of(&policy)->grant_count, 0);
	ck_assert_ptr_null(main_of(&policy)->command);
	pale_policy_done(&policy);
}

TEST(comments, "a #! line and all kinds of comments are passed over, also with ${} in them")
{
	struct pale_policy policy =
	    read_text("#!/usr/bin/env -S pale run --policy\n// ${HOME} 'x\n/* read('/a')\n ${B} */"
		      "# \"\nread(/* here */ '/p' // and here\n) # end");

	ck_assert_uint_eq(main_of(&policy)->grant_count, 1);
	ck_assert_str_eq(main_of(&policy)->grants[0].origin, "t.pale:5");
	pale_policy_done(&policy);
}

TEST(comment_marks, "what looks like a comment inside quotes is part of the word")
{
	expect_path("read('/a#b//c/*d*/')", "/a#b//c/*d*/");
	expect_path("read(\"/a#b//c/*d*/\")", "/a#b//c/*d*/");
}

TEST(paths, "read, write and execute give what -r, -w and -x give")
{
	expect_kind("read('/p')", PALE_GRANT_PATH, false, pale_rights_preset_read());
	expect_kind("write('/p')", PALE_GRANT_PATH, false, pale_rights_preset_write());
	expect_kind("execute('/p')", PALE_GRANT_PATH, false, pale_rights_preset_execute());
	expect_kind("maybe_read('/p')", PALE_GRANT_PATH, true, pale_rights_preset_read());
	expect_kind("maybe_write('/p')", PALE_GRANT_PATH, true, pale_rights_preset_write());
	expect_kind("maybe_execute('/p')", PALE_GRANT_PATH, true, pale_rights_preset_execute());
}

TEST(named_rights, "dir and file give the rights that are named and no other")
{
	pale_rights rights = RS(LOOKUP, READ, CREATE);

	expect_kind("dir('/p', 'lookup,read,create')", PALE_GRANT_DIR, false, rights);
	expect_kind("maybe_dir('/p', 'lookup,read,create')", PALE_GRANT_DIR, true, rights);
	expect_kind("file('/p', 'lookup,read,create')", PALE_GRANT_FILE, false, rights);
	expect_kind("maybe_file('/p', 'lookup,read,create')", PALE_GRANT_FILE, true, rights);
}

TEST(other_paths, "copy, hide, device and tmp are kinds of their own without rights")
{
	expect_kind("copy('/p')", PALE_GRANT_COPY, false, 0);
	expect_kind("maybe_copy('/p')", PALE_GRANT_COPY, true, 0);
	expect_kind("hide('/p')", PALE_GRANT_HIDE, false, 0);
	expect_kind("maybe_hide('/p')", PALE_GRANT_HIDE, true, 0);
	expect_kind("device('/p')", PALE_GRANT_DEV, false, 0);
	expect_kind("maybe_device('/p')", PALE_GRANT_DEV, true, 0);
	expect_kind("tmp('/p')", PALE_GRANT_TMP, false, 0);
}

TEST(tmp_exec, "tmp_exec is a tmp whose files may be run")
{
	struct pale_policy policy;
	const struct pale_grant *grant = one_grant(&policy, "tmp_exec('/p')");

	ck_assert_int_eq((int)grant->kind, PALE_GRANT_TMP);
	ck_assert(grant->exec);
	pale_policy_done(&policy);
}

TEST(fd, "fd keeps a descriptor by number")
{
	struct pale_policy policy;
	const struct pale_grant *grant = one_grant(&policy, "fd('3', 'read,write')");

	ck_assert_int_eq((int)grant->kind, PALE_GRANT_FD);
	ck_assert_int_eq(grant->fd, 3);
	ck_assert_ptr_null(grant->path);
	ck_assert(grant->rights == RS(READ, WRITE));
	pale_policy_done(&policy);
}

TEST(link_, "link makes a symbolic link, wherever it points")
{
	struct pale_policy policy;
	const struct pale_grant *grant = one_grant(&policy, "link('/etc/mtab', '../x')");

	ck_assert_int_eq((int)grant->kind, PALE_GRANT_LINK);
	ck_assert_str_eq(grant->path, "/etc/mtab");
	ck_assert_str_eq(grant->target, "../x");
	pale_policy_done(&policy);
}

TEST(many, "several paths in a call are several grants, each with its own line")
{
	struct pale_policy policy = read_text("\nread('/a',\n '/b',\n\n  '/c',)\nwrite('/d')");
	const struct pale_compartment *compartment = main_of(&policy);

	ck_assert_uint_eq(compartment->grant_count, 4);
	ck_assert_str_eq(compartment->grants[0].origin, "t.pale:2");
	ck_assert_str_eq(compartment->grants[1].origin, "t.pale:3");
	ck_assert_str_eq(compartment->grants[2].origin, "t.pale:5");
	ck_assert_str_eq(compartment->grants[3].origin, "t.pale:6");
	ck_assert_str_eq(compartment->grants[3].path, "/d");
	pale_policy_done(&policy);
}

TEST(lines, "lines are counted right behind comments and strings over several lines")
{
	struct pale_policy policy = read_text("/* a\n b */ /* c */\nread('/a\nb')\nread(\"x\\\ny\")"
					      "// d\n\nread('z')");
	const struct pale_compartment *compartment = main_of(&policy);

	ck_assert_str_eq(compartment->grants[0].origin, "t.pale:3");
	ck_assert_str_eq(compartment->grants[0].path, "/a\nb");
	ck_assert_str_eq(compartment->grants[1].origin, "t.pale:5");
	ck_assert_str_eq(compartment->grants[1].path, "xy");
	ck_assert_str_eq(compartment->grants[2].origin, "t.pale:8");
	pale_policy_done(&policy);
}

TEST(bytes, "any byte but NUL can be part of a path, raw or escaped")
{
	char text[16] = "read('/?')";

	for (int byte = 1; byte < 256; byte++) {
		char expected[3] = { '/', (char)byte, '\0' };
		char octal[32], hex[32];

		snprintf(octal, sizeof(octal), "read(\"/\\%03o\")", (unsigned)byte);
		expect_path(octal, expected);
		snprintf(hex, sizeof(hex), "read(\"/\\x%02x\")", (unsigned)byte);
		expect_path(hex, expected);
		if (byte == '\'' || byte == '\\')
			continue;
		text[7] = (char)byte;
		expect_path(text, expected);
	}
}

TEST(single_quotes, "in single quotes only \\' and \\\\ and a joined line are special")
{
	expect_path("read('/a\\'b\\\\c\\nd\\x41$HOME~')", "/a'b\\c\\nd\\x41$HOME~");
	expect_path("read('/a\\\nb')", "/ab");
}

TEST(double_quotes, "in double quotes the escapes of C work")
{
	expect_path("read(\"/\\n\\t\\\\\\\"\\'\\a\\x41\\101\\xe9z\")", "/\n\t\\\"'\aAA\xe9z");
}

TEST(environment, "nothing is expanded: $HOME, ~ and a quoted ${HOME} stay as they are")
{
	setenv("HOME", "/home/someone", 1);
	expect_path("read('${HOME}')", "${HOME}");
	expect_path("read('$HOME/x')", "$HOME/x");
	expect_path("read(\"$HOME/x\")", "$HOME/x");
	expect_path("read(\"\\${HOME}\")", "${HOME}");
	expect_path("read('~/x')", "~/x");
}

TEST(env, "env passes a variable through or sets it, and the last word counts")
{
	struct pale_policy policy = read_text("env('LANG', 'CC=gcc', 'X=')\nenv('LANG=C', 'CC')");
	const struct pale_compartment *compartment = main_of(&policy);

	ck_assert_uint_eq(compartment->env_count, 3);
	ck_assert_str_eq(compartment->env[0].name, "LANG");
	ck_assert_str_eq(compartment->env[0].value, "C");
	ck_assert_str_eq(compartment->env[1].name, "CC");
	ck_assert_ptr_null(compartment->env[1].value);
	ck_assert_str_eq(compartment->env[2].value, "");
	ck_assert(!compartment->clear_env);
	pale_policy_done(&policy);
}

TEST(limits, "limits are numbers with suffixes, and the last word counts")
{
	struct pale_policy policy = read_text("limit('nproc=256', 'as=2G', 'fsize=3k')\n"
					      "limit('nofile=unlimited', 'nproc=64')");
	const struct pale_compartment *compartment = main_of(&policy);

	ck_assert_uint_eq(compartment->limit[PALE_LIMIT_NPROC], 64);
	ck_assert_uint_eq(compartment->limit[PALE_LIMIT_AS], UINT64_C(2) << 30);
	ck_assert_uint_eq(compartment->limit[PALE_LIMIT_FSIZE], 3 << 10);
	ck_assert_uint_eq(compartment->limit[PALE_LIMIT_NOFILE], RLIM_INFINITY);
	ck_assert(!compartment->limit_set[PALE_LIMIT_CPU]);
	ck_assert(compartment->limit_set[PALE_LIMIT_NPROC]);
	pale_policy_done(&policy);
}

/* The only grant of a text is this endpoint. */
static void
expect_endpoint(const char *text, enum pale_grant_kind kind, const char *path, unsigned use,
    int32_t key, uint16_t port)
{
	struct pale_policy policy;
	const struct pale_grant *grant = one_grant(&policy, text);

	ck_assert_int_eq((int)grant->kind, (int)kind);
	ck_assert_str_eq(grant->path, path);
	ck_assert_uint_eq(grant->use, use);
	ck_assert_int_eq(grant->key, key);
	ck_assert_uint_eq(grant->port, port);
	ck_assert_int_eq(grant->fd, -1);
	ck_assert_str_eq(grant->base, "/etc/pale");
	ck_assert_str_eq(grant->origin, "t.pale:1");
	pale_policy_done(&policy);
}

TEST(endpoints, "each word for an endpoint is taken, with its uses")
{
	expect_endpoint("unix('a.sock', 'connect,scm-in')", PALE_GRANT_UNIX, "a.sock",
	    PALE_USE_CONNECT | PALE_USE_SCM_IN, 0, 0);
	expect_endpoint("unix('@bus', 'connect')", PALE_GRANT_UNIX, "@bus", PALE_USE_CONNECT, 0, 0);
	expect_endpoint("fifo('q', 'read')", PALE_GRANT_FIFO, "q", PALE_USE_READ, 0, 0);
	expect_endpoint(
	    "sysv('sem', '0x10', 'write')", PALE_GRANT_SEM, "0x10", PALE_USE_WRITE, 16, 0);
	expect_endpoint("mq('jobs', 'write')", PALE_GRANT_MQ, "/jobs", PALE_USE_WRITE, 0, 0);
	expect_endpoint("tcp('db:5432')", PALE_GRANT_TCP, "db", PALE_USE_CONNECT, 0, 5432);
	expect_endpoint("udp('*:53', 'bind')", PALE_GRANT_UDP, "*", PALE_USE_BIND, 0, 53);
}

TEST(surroundings, "net, notify and listen_fds are taken, and united with another policy")
{
	struct pale_policy policy = read_text("net('loopback') notify() listen_fds()\n");
	struct pale_policy other = read_text("net('none')\n");
	struct pale_compartment *to = &other.compartments[0];
	const struct pale_compartment *from = main_of(&policy);

	ck_assert_str_eq(from->net, "loopback");
	ck_assert(from->notify && from->activation);
	ck_assert(!to->notify && !to->activation);
	ck_assert_int_eq(pale_compartment_merge(to, from, NULL), 0);
	ck_assert_str_eq(to->net, "loopback");
	ck_assert(to->notify && to->activation);
	pale_policy_done(&policy);
	pale_policy_done(&other);
}

TEST(switches, "command, chdir, proc, clear_env and exec_writable are taken")
{
	struct pale_policy policy =
	    read_text("command('/usr/bin/make', '-j2')\nchdir('w')\nproc('full')\n"
		      "clear_env()\nexec_writable()\n");
	const struct pale_compartment *compartment = main_of(&policy);

	ck_assert_str_eq(compartment->command[0], "/usr/bin/make");
	ck_assert_str_eq(compartment->command[1], "-j2");
	ck_assert_ptr_null(compartment->command[2]);
	ck_assert_str_eq(compartment->chdir, "/etc/pale/w");
	ck_assert_str_eq(compartment->proc, "full");
	ck_assert(compartment->clear_env);
	ck_assert(compartment->exec_writable);
	pale_policy_done(&policy);
}

TEST(compartments, "blocks are compartments, may be reopened, and an empty one is there too")
{
	struct pale_policy policy =
	    read_text("compartment a { read('/1') }\nread('/2')\ncompartment 'b-2' {}\n"
		      "compartment c {}\ncompartment a { write('/3') }");

	ck_assert_uint_eq(policy.compartment_count, 4);
	ck_assert_uint_eq(main_of(&policy)->grant_count, 1);
	ck_assert_str_eq(policy.compartments[1].name, "a");
	ck_assert_uint_eq(policy.compartments[1].grant_count, 2);
	ck_assert_str_eq(policy.compartments[1].grants[1].path, "/3");
	ck_assert_str_eq(policy.compartments[2].name, "b-2");
	ck_assert_str_eq(policy.compartments[3].name, "c");
	pale_policy_done(&policy);
}

TEST(many_compartments, "a hundred compartments keep their grants apart")
{
	char text[8192];
	size_t length = 0;
	struct pale_policy policy;

	for (unsigned i = 0; i < 100; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    "compartment c%u { read('/%u') write('/w') }\n", i, i);
	policy = read_text(text);
	ck_assert_uint_eq(policy.compartment_count, 101);
	for (unsigned i = 0; i < 100; i++) {
		char path[8];

		snprintf(path, sizeof(path), "/%u", i);
		ck_assert_uint_eq(policy.compartments[i + 1].grant_count, 2);
		ck_assert_str_eq(policy.compartments[i + 1].grants[0].path, path);
	}
	pale_policy_done(&policy);
}

TEST(include, "an included file counts where it is named, with its own directory and lines")
{
	char template[] = "/tmp/pale-test-XXXXXX";
	char *dir = make_dir(template);
	char sub[64], path[64];
	struct pale_policy policy;
	struct pale_err err = { 0 };
	const struct pale_compartment *compartment;

	snprintf(sub, sizeof(sub), "%s/sub", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	make_file(sub, "b.pale", "\nread('x')\nchdir('here')\ncompartment other { read('y') }");
	snprintf(path, sizeof(path), "%s",
	    make_file(dir, "a.pale", "read('1') include('sub/b.pale') read('2')"));

	pale_policy_init(&policy);
	ck_assert_msg(pale_policy_read_file(&policy, path, &err) == 0, "%s", err.text);
	compartment = main_of(&policy);
	ck_assert_uint_eq(compartment->grant_count, 3);
	ck_assert_str_eq(compartment->grants[0].base, dir);
	ck_assert_str_eq(compartment->grants[1].path, "x");
	ck_assert_str_eq(compartment->grants[1].base, sub);
	ck_assert_str_eq(compartment->grants[1].origin + strlen(sub), "/b.pale:2");
	ck_assert_str_eq(compartment->grants[2].path, "2");
	ck_assert_str_eq(compartment->chdir + strlen(sub), "/here");
	ck_assert_uint_eq(policy.compartment_count, 2);
	pale_policy_done(&policy);
	remove_files(sub, "b.pale", NULL);
	remove_files(dir, "a.pale", NULL);
}

TEST(include_in_block, "a file included in a compartment gives its statements to that one")
{
	char template[] = "/tmp/pale-test-XXXXXX";
	char *dir = make_dir(template);
	struct pale_policy policy;

	make_file(dir, "b.pale", "read('/x')");
	policy = read_in(dir, "compartment a { include('b.pale') } include('b.pale', 'b.pale')");
	ck_assert_uint_eq(main_of(&policy)->grant_count, 2);
	ck_assert_uint_eq(policy.compartments[1].grant_count, 1);
	pale_policy_done(&policy);
	remove_files(dir, "b.pale", NULL);
}

TEST(profile, "a profile counts where it is named and says where its grants come from")
{
	struct pale_policy policy = read_text("compartment a { profile('cc') }");

	ck_assert_uint_eq(main_of(&policy)->grant_count, 0);
	ck_assert(policy.compartments[1].exec_writable);
	ck_assert(strncmp(policy.compartments[1].grants[0].origin, "profile cc:", 11) == 0);
	ck_assert_ptr_null(policy.compartments[1].grants[0].base);
	pale_policy_done(&policy);
}

TEST(working_dir, "a file named without directory starts its paths from the working directory")
{
	char template[] = "/tmp/pale-test-XXXXXX";
	char *dir = make_dir(template);
	struct pale_policy policy;

	make_file(dir, "a.pale", "include('b.pale') read('1') chdir('w')");
	make_file(dir, "b.pale", "read('2')");
	ck_assert_int_eq(chdir(dir), 0);
	pale_policy_init(&policy);
	ck_assert_int_eq(pale_policy_read_file(&policy, "a.pale", NULL), 0);
	ck_assert_str_eq(main_of(&policy)->grants[0].origin, "b.pale:1");
	ck_assert_str_eq(main_of(&policy)->grants[0].base, ".");
	ck_assert_str_eq(main_of(&policy)->chdir, "w");
	pale_policy_done(&policy);
	remove_files(dir, "a.pale", "b.pale", NULL);
}

TEST(merge, "the union of two has all grants, and what can be said once from the second")
{
	struct pale_policy a = read_text("read('/1') env('X=1', 'Y=2') limit('nproc=1') chdir('/a')"
					 "command('a') proc('none')");
	struct pale_policy b =
	    read_text("read('/2') env('X', 'Z=a=b') limit('cpu=2') exec_writable()"
		      "command('b', 'c')");
	struct pale_compartment *to = &a.compartments[0];

	ck_assert_int_eq(pale_compartment_merge(to, &b.compartments[0], NULL), 0);
	ck_assert_uint_eq(b.compartments[0].grant_count, 1);
	pale_policy_done(&b);
	ck_assert_uint_eq(to->grant_count, 2);
	ck_assert_str_eq(to->grants[1].path, "/2");
	ck_assert_uint_eq(to->env_count, 3);
	ck_assert_ptr_null(to->env[0].value);
	ck_assert_str_eq(to->env[2].value, "a=b");
	ck_assert(to->limit_set[PALE_LIMIT_NPROC] && to->limit_set[PALE_LIMIT_CPU]);
	ck_assert_str_eq(to->command[1], "c");
	ck_assert_str_eq(to->chdir, "/a");
	ck_assert_str_eq(to->proc, "none");
	ck_assert(to->exec_writable && !to->clear_env);
	pale_policy_done(&a);
}

TEST(most, "4096 grants are taken")
{
	const char *grant = "read('/x')\n";
	char *text = calloc(PALE_POLICY_GRANTS_MAX, strlen(grant) + 1);
	struct pale_policy policy;

	for (size_t i = 0; i < PALE_POLICY_GRANTS_MAX; i++)
		memcpy(text + i * strlen(grant), grant, strlen(grant));
	policy = read_text(text);
	ck_assert_uint_eq(main_of(&policy)->grant_count, PALE_POLICY_GRANTS_MAX);
	pale_policy_done(&policy);
	free(text);
}

TEST_MAIN("policy", empty, comments, comment_marks, paths, named_rights, other_paths, tmp_exec, fd,
    link_, many, lines, bytes, single_quotes, double_quotes, environment, env, limits, switches,
    compartments, many_compartments, include, include_in_block, profile, working_dir, merge, most,
    endpoints, surroundings)
