/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a policy: every fault is named with its file and line, and nothing blocks. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "policy/policy.h"

/* A text, and what is said about it. NULL where there is no remedy. */
struct fault {
	const char *text;
	const char *words;
	const char *remedy;
};

static void
expect_bytes(const char *text, size_t size, int code, const char *words, const char *remedy)
{
	struct pale_policy policy;
	struct pale_err err = { 0 };
	int rc;

	pale_policy_init(&policy);
	rc = pale_policy_read_text(&policy, "t.pale", "/etc/pale", text, size, &err);
	ck_assert_msg(rc == code, "'%s' gave %d: %s", text, rc, err.text);
	ck_assert_str_eq(err.text, words);
	ck_assert_str_eq(err.remedy, remedy == NULL ? "" : remedy);
	pale_policy_done(&policy);

	/* Without a place for the words, and again right after a fault: the lexer has recovered. */
	pale_policy_init(&policy);
	ck_assert_int_eq(pale_policy_read_text(&policy, "t.pale", NULL, text, size, NULL), code);
	pale_policy_done(&policy);
	ck_assert_int_eq(pale_policy_read_text(&policy, "t", NULL, "read('/x')", 10, NULL), 0);
	pale_policy_done(&policy);
}

static void
expect(const char *text, const char *words, const char *remedy)
{
	expect_bytes(text, strlen(text), -EINVAL, words, remedy);
}

static void
expect_all(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(faults[i].text, faults[i].words, faults[i].remedy);
}

/* What reading a file says, after the directory it is in. */
static void
expect_file(const char *dir, const char *name, int code, const char *words)
{
	struct pale_policy policy;
	struct pale_err err = { 0 };
	char path[4096], expected[PALE_ERR_TEXT_BYTES];
	const char *at = words;
	size_t length = 0;
	int rc;

	/* Every % stands for the directory. */
	for (; *at != '\0'; at++)
		length += (size_t)snprintf(expected + length, sizeof(expected) - length, "%.*s",
		    *at == '%' ? 64 : 1, *at == '%' ? dir : at);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	pale_policy_init(&policy);
	rc = pale_policy_read_file(&policy, path, &err);
	ck_assert_msg(rc == code, "%s gave %d: %s", path, rc, err.text);
	ck_assert_str_eq(err.text, expected);
	pale_policy_done(&policy);
}

static char dir_template[] = "/tmp/pale-test-XXXXXX";

static void
make_file(const char *dir, const char *name, const char *text)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void
remove_dir(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

TEST(words, "an unknown word is refused, and the nearest one suggested")
{
	const struct fault faults[] = {
		{ "\nraed('/x')", "t.pale:2: unknown word 'raed'", "did you mean 'read'?" },
		{ "maybe-read('/x')", "t.pale:1: unknown word 'maybe-read'",
		    "did you mean 'maybe_read'?" },
		{ "compartment a {\n\n wirte('.') }", "t.pale:3: unknown word 'wirte'",
		    "did you mean 'write'?" },
		{ "/* a\n */ /* b */ xyzzy()", "t.pale:2: unknown word 'xyzzy'", NULL },
		{ "uniz('/run/x', 'connect')", "t.pale:1: unknown word 'uniz'",
		    "did you mean 'unix'?" },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(rights, "an unknown right is refused with its line, and the nearest one suggested")
{
	const struct fault faults[] = {
		{ "\ndir('/x',\n 'lokup,read')", "t.pale:3: 'lokup' is not a right",
		    "did you mean 'lookup'?" },
		{ "file('/x', 'read,')", "t.pale:1: a right is missing in the list 'read,'",
		    "write names with one comma between them: read,write" },
		{ "fd('3', 'raed')", "t.pale:1: 'raed' is not a right", "did you mean 'read'?" },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(expansion, "${} is refused wherever libConfuse would expand it, with the remedy")
{
	const char *remedy =
	    "write the value itself, or use single quotes if '${' is part of a name";
	const char *sentence = "nothing is taken from the environment, so '${' has no meaning here";
	const char *texts[] = {
		"read(\"${HOME}\")",
		"read(\"/a\\n${HOME}\")",
		"read(\"$${HOME}\")",
		"read(\"\\\\${HOME}\")",
		"read(${HOME})",
		"${HOME}",
		"read(\"${\")",
		"read('a', \"${X:-y}\")",
		"compartment \"${X}\" {}",
	};

	setenv("HOME", "/home/someone", 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected), "t.pale:1: %s", sentence);
		expect(texts[i], expected, remedy);
	}
	expect("read('${HOME}')\n\nread(\"\n${HOME}\")",
	    "t.pale:4: nothing is taken from the environment, so '${' has no meaning here", remedy);
}

TEST(never_closed, "what is never closed is named with the line where it begins")
{
	const struct fault faults[] = {
		{ "\nread('abc\n\n", "t.pale:2: this quoted string is never closed", NULL },
		{ "\nread(\"abc\n\n", "t.pale:2: this quoted string is never closed", NULL },
		{ "read(\"abc\\", "t.pale:1: this quoted string is never closed", NULL },
		{ "read('abc\\'", "t.pale:1: this quoted string is never closed", NULL },
		{ "\n\n/* abc *\n\n", "t.pale:3: this comment is never closed", NULL },
		{ "/*/", "t.pale:1: this comment is never closed", NULL },
		{ "\nread(\n'a'", "t.pale:2: this parenthesis is never closed", NULL },
		{ "compartment a\n{\n", "t.pale:2: this block is never closed", NULL },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(shape, "a statement that is not put together right is refused")
{
	const char *comma = "separate the arguments of a statement by commas";
	const char *quotes = "put paths and other values in single quotes";
	const struct fault faults[] = {
		{ "read", "t.pale:1: premature end of file", NULL },
		{ "read '/x'", "t.pale:1: 'read' needs its arguments in parentheses", NULL },
		{ "read(('/x'))", "t.pale:1: a parenthesis inside a parenthesis", NULL },
		{ "('/x')", "t.pale:1: a parenthesis without a statement before it", NULL },
		{ "read('/x')('/y')", "t.pale:1: a parenthesis without a statement before it",
		    NULL },
		{ "'read'('/x')", "t.pale:1: a statement cannot begin with a quoted word", NULL },
		{ "\"\"", "t.pale:1: a statement cannot begin with a quoted word", NULL },
		{ "a 'read'('/x')", "t.pale:1: the name of a statement in quotes", NULL },
		{ "read('/x'))", "t.pale:1: ')' closes nothing", NULL },
		{ "read('/x' '/y')", "t.pale:1: two words without a comma between them", comma },
		{ "read(,)", "t.pale:1: a comma without a word before it", NULL },
		{ "read('a',,'b')", "t.pale:1: a comma without a word before it", NULL },
		{ "read('a'),", "t.pale:1: a comma without a word before it", NULL },
		{ "read({'a'})", "t.pale:1: a brace inside a parenthesis", NULL },
		{ "read('a'})", "t.pale:1: a brace inside a parenthesis", NULL },
		{ "\n}", "t.pale:2: '}' closes nothing", NULL },
		{ "read('/x');", "t.pale:1: unexpected ';'",
		    "statements need nothing between them" },
		{ "read(/usr)", "t.pale:1: unexpected '/'", quotes },
		{ "read = '/usr'", "t.pale:1: unexpected '='", quotes },
		{ "read('a')\n\x01", "t.pale:2: unexpected byte 0x01", quotes },
		{ "r\xc3\xa9", "t.pale:1: unexpected byte 0xc3", quotes },
		{ "read('a')\r", "t.pale:1: unexpected byte 0x0d", quotes },
		{ "compartment { read('a') }", "t.pale:1: missing title for section 'compartment'",
		    NULL },
		{ "compartment a read('a')",
		    "t.pale:1: missing opening brace for section 'compartment'", NULL },
		{ "compartment a {\ncompartment b { } }",
		    "t.pale:2: a block inside the block of line 1",
		    "a compartment cannot be inside another" },
		{ "compartment 'a b' { read('a') }", "t.pale:1: 'a b' is no name of a compartment",
		    "use up to 64 letters, digits, '_' and '-'" },
		{ "compartment '' { }", "t.pale:1: '' is no name of a compartment",
		    "use up to 64 letters, digits, '_' and '-'" },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(escapes, "an escape that means nothing, or NUL, is refused with its line")
{
	const char *plain = "use single quotes, in which a backslash is plain";
	const struct fault faults[] = {
		{ "read(\"\\q\")", "t.pale:1: unknown escape '\\q'", plain },
		{ "read(\"\n\\xg\")", "t.pale:2: '\\x' without a hexadecimal number", NULL },
		{ "read(\"\\0\")", "t.pale:1: a NUL byte cannot be part of a string", NULL },
		{ "read(\"\\000\")", "t.pale:1: a NUL byte cannot be part of a string", NULL },
		{ "read(\"\\x0g\")", "t.pale:1: a NUL byte cannot be part of a string", NULL },
		{ "read(\"\\x00\")", "t.pale:1: a NUL byte cannot be part of a string", NULL },
		{ "read(\"\\400\")", "t.pale:1: '\\400' is no octal number of a byte", NULL },
		{ "read(\"\\18\")", "t.pale:1: '\\18' is no octal number of a byte", NULL },
		{ "read(\"\\1234\")", "t.pale:1: '\\1234' is no octal number of a byte", NULL },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(nul, "a NUL byte is refused with its line, also at the end")
{
	expect_bytes(
	    "read('/x')\n\0", 12, -EINVAL, "t.pale:2: a NUL byte: this is no text file", NULL);
	expect_bytes("\0", 1, -EINVAL, "t.pale:1: a NUL byte: this is no text file", NULL);
}

TEST(arguments, "too few and too many arguments are refused")
{
	const struct fault faults[] = {
		{ "\n\nread()", "t.pale:3: read() takes at least one argument", NULL },
		{ "chdir('/a', '/b')", "t.pale:1: chdir() takes one argument", NULL },
		{ "clear_env('x')", "t.pale:1: clear_env() takes no argument", NULL },
		{ "exec_writable('x')", "t.pale:1: exec_writable() takes no argument", NULL },
		{ "dir('/x')",
		    "t.pale:1: dir() takes two arguments: what is granted and the rights", NULL },
		{ "file('/x', 'read', 'write')",
		    "t.pale:1: file() takes two arguments: what is granted and the rights", NULL },
		{ "link('/x')",
		    "t.pale:1: link() takes two arguments: a path and what it points to", NULL },
		{ "command()", "t.pale:1: command() takes at least one argument", NULL },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(values, "a value that cannot be meant is refused with its line")
{
	const char *number =
	    "write a number, with K, M, G or T behind it if you like, or unlimited";
	const char *name = "write NAME or NAME=VALUE; a name has letters, digits and underscores";
	const struct fault faults[] = {
		{ "read('/a',\n'')", "t.pale:2: an empty path", NULL },
		{ "link('/a', '')", "t.pale:1: an empty path", NULL },
		{ "chdir('')", "t.pale:1: an empty path", NULL },
		{ "fd('-1', 'read')", "t.pale:1: '-1' is no number of a descriptor", NULL },
		{ "fd('03', 'read')", "t.pale:1: '03' is no number of a descriptor", NULL },
		{ "fd('', 'read')", "t.pale:1: '' is no number of a descriptor", NULL },
		{ "fd('1048576', 'read')", "t.pale:1: '1048576' is no number of a descriptor",
		    NULL },
		{ "proc('slef')", "t.pale:1: unknown kind of /proc 'slef'",
		    "it is none, self or full" },
		{ "limit('nprc=1')", "t.pale:1: unknown limit 'nprc'", "did you mean 'nproc'?" },
		{ "limit('memory=1')", "t.pale:1: unknown limit 'memory'",
		    "the limits are nproc, nofile, as, cpu and fsize" },
		{ "limit('nproc')", "t.pale:1: limit 'nproc' has no value",
		    "write NAME=NUMBER, for instance nproc=256" },
		{ "limit('as=2X')", "t.pale:1: '2X' is no value for the limit 'as'", number },
		{ "limit('as=')", "t.pale:1: '' is no value for the limit 'as'", number },
		{ "limit('as=-1')", "t.pale:1: '-1' is no value for the limit 'as'", number },
		{ "limit('as=2GB')", "t.pale:1: '2GB' is no value for the limit 'as'", number },
		{ "limit('as=99999999999T')",
		    "t.pale:1: '99999999999T' is no value for the limit 'as'", number },
		{ "limit('as=18446744073709551615')",
		    "t.pale:1: '18446744073709551615' is no value for the limit 'as'", number },
		{ "env('A',\n'1A=x')", "t.pale:2: '1A=x' names no environment variable", name },
		{ "env('=x')", "t.pale:1: '=x' names no environment variable", name },
		{ "env('A B')", "t.pale:1: 'A B' names no environment variable", name },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST(profile, "an unknown profile is refused, and the nearest one suggested")
{
	expect_bytes("\nprofile('pyton')", 17, -ENOENT, "t.pale:2: there is no profile 'pyton'",
	    "did you mean 'python'?");
}

TEST(long_path, "a path longer than the kernel takes is refused")
{
	char text[5000] = "read('";

	memset(text + 6, 'a', 4096);
	memcpy(text + 6 + 4096, "')", 3);
	expect_bytes(
	    text, strlen(text), -ENAMETOOLONG, "t.pale:1: a path of more than 4095 bytes", NULL);
}

TEST(grants, "4097 grants are too many, and the line of the last is named")
{
	const char *grant = "read('/x')\n";
	const size_t count = PALE_POLICY_GRANTS_MAX + 1;
	char *text = calloc(count, strlen(grant) + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * strlen(grant), grant, strlen(grant));
	expect_bytes(text, strlen(text), -E2BIG, "t.pale:4097: more than 4096 grants",
	    "grant a directory instead of the files in it");
	free(text);
}

TEST(include_missing, "an included file that is not there is named with the line that wants it")
{
	char *dir = mkdtemp(dir_template);

	make_file(dir, "a.pale", "\ninclude('b.pale')");
	expect_file(dir, "a.pale", -ENOENT,
	    "%/a.pale:2: cannot open policy '%/b.pale': No such file or directory");
	expect_file(
	    dir, "c.pale", -ENOENT, "cannot open policy '%/c.pale': No such file or directory");
	remove_dir(dir);
}

TEST(include_fault, "a fault in an included file has that file's name and line")
{
	char *dir = mkdtemp(dir_template);

	make_file(dir, "a.pale", "include('b.pale')");
	make_file(dir, "b.pale", "\n\nraed('x')");
	expect_file(dir, "a.pale", -EINVAL, "%/b.pale:3: unknown word 'raed'");
	remove_dir(dir);
}

TEST(include_self, "a file that includes itself is refused with file and line")
{
	char *dir = mkdtemp(dir_template);

	make_file(dir, "a.pale", "\ninclude('a.pale')");
	expect_file(dir, "a.pale", -ELOOP, "%/a.pale:2: files are included more than 7 deep");
	remove_dir(dir);
}

TEST(include_deep, "a chain of eight files works, and of nine is refused where it is too deep")
{
	char *dir = mkdtemp(dir_template);
	struct pale_policy policy;
	char name[16], text[32], path[64];

	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "%d.pale", i);
		snprintf(text, sizeof(text), "include('%d.pale')", i + 1);
		make_file(dir, name, i == 9 ? "read('/x')" : text);
	}
	expect_file(dir, "1.pale", -ELOOP, "%/8.pale:1: files are included more than 7 deep");
	snprintf(path, sizeof(path), "%s/2.pale", dir);
	pale_policy_init(&policy);
	ck_assert_int_eq(pale_policy_read_file(&policy, path, NULL), 0);
	ck_assert_uint_eq(policy.compartments[0].grant_count, 1);
	pale_policy_done(&policy);
	remove_dir(dir);
}

TEST(include_wide, "files that include others many times over come to an end")
{
	char *dir = mkdtemp(dir_template);
	char name[16], text[128];

	for (int i = 1; i <= 7; i++) {
		snprintf(name, sizeof(name), "%d.pale", i);
		snprintf(text, sizeof(text),
		    "include('%1$d.pale','%1$d.pale','%1$d.pale','%1$d.pale')", i + 1);
		make_file(dir, name, text);
	}
	make_file(dir, "8.pale", "");
	expect_file(dir, "1.pale", -E2BIG, "%/7.pale:1: more than 256 files in one policy");
	remove_dir(dir);
}

TEST(include_block, "a file with compartments cannot be included in a compartment")
{
	char *dir = mkdtemp(dir_template);

	make_file(dir, "a.pale", "compartment a { include('b.pale') }");
	make_file(dir, "b.pale", "\ncompartment b { read('/x') }");
	expect_file(dir, "a.pale", -EINVAL, "%/b.pale:2: compartment 'b' inside compartment 'a'");
	remove_dir(dir);
}

TEST(no_file, "a directory, a device and a FIFO as policy are refused, and do not block")
{
	char *dir = mkdtemp(dir_template);
	char path[64];

	snprintf(path, sizeof(path), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	make_file(dir, "a.pale", "\n\ninclude('fifo')");
	expect_file(dir, "fifo", -EINVAL, "policy '%/fifo' is no regular file");
	expect_file(dir, "a.pale", -EINVAL, "%/a.pale:3: policy '%/fifo' is no regular file");
	expect_file("/dev", "zero", -EINVAL, "policy '%/zero' is no regular file");
	expect_file(dir, ".", -EISDIR, "policy '%/.' is a directory");
	remove_dir(dir);
}

TEST(large, "a policy above one MiB is refused")
{
	char *dir = mkdtemp(dir_template);
	char path[64];

	make_file(dir, "a.pale", "");
	snprintf(path, sizeof(path), "%s/a.pale", dir);
	ck_assert_int_eq(truncate(path, PALE_POLICY_BYTES_MAX + 1), 0);
	expect_file(dir, "a.pale", -EFBIG, "policy '%/a.pale' is longer than 1048576 bytes");
	remove_dir(dir);
}

TEST(unreadable, "a policy that may not be read is refused")
{
	char *dir = mkdtemp(dir_template);

	ck_assert_int_eq(chmod(dir, 0755), 0);
	make_file(dir, "a.pale", "");
	{
		char path[64];

		snprintf(path, sizeof(path), "%s/a.pale", dir);
		ck_assert_int_eq(chmod(path, 0), 0);
	}
	/* Root reads everything, so this process, which is this case's own, becomes somebody. */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	expect_file(dir, "a.pale", -EACCES, "cannot open policy '%/a.pale': Permission denied");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	remove_dir(dir);
}

TEST(endpoints, "a wrong word for an endpoint is named with its line and the nearest word")
{
	static const struct fault faults[] = {
		{ "unix('/a',\n'conect')", "t.pale:1: unix has no use 'conect'",
		    "did you mean 'connect'?" },
		{ "\nunix('/a')", "t.pale:2: unix() takes two arguments: a name and what it is for",
		    NULL },
		{ "unix('', 'connect')", "t.pale:1: unix without a name",
		    "for example /run/app.sock:connect" },
		{ "sysv('shm', '1')",
		    "t.pale:1: sysv() takes three arguments: shm, msg or sem, a key, and what it "
		    "is "
		    "for",
		    NULL },
		{ "sysv('sen', '1', 'read')", "t.pale:1: System V has no 'sen'",
		    "did you mean 'sem'?" },
		{ "sysv('shm',\n'key', 'read')", "t.pale:2: 'key' is no key of System V",
		    "write it as ipcs shows it, for example 0x1234" },
		{ "tcp('::1:80')", "t.pale:1: '::1:80' is not HOST:PORT",
		    "an IPv6 address stands in brackets: [::1]:80" },
		{ "tcp()",
		    "t.pale:1: tcp() takes HOST:PORT and, unless it is connect, what it is for",
		    NULL },
		{ "net('hots')", "t.pale:1: there is no network 'hots'", "did you mean 'host'?" },
		{ "notify('x')", "t.pale:1: notify() takes no argument", NULL },
	};

	expect_all(faults, sizeof(faults) / sizeof(faults[0]));
}

TEST_MAIN("policy_errors", words, rights, expansion, never_closed, shape, escapes, nul, arguments,
    values, profile, long_path, grants, include_missing, include_fault, include_self, include_deep,
    include_wide, include_block, no_file, large, unreadable, endpoints)
