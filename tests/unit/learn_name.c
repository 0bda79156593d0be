/* SPDX-License-Identifier: BSD-2-Clause */
/* What file names look like: names that are others at the next run, versions, and plain ones. */
#include "run/learn/name.h"

#include "core/scope.h"
#include "harness.h"

/* All names are of one kind. */
static void
all_are(enum pale_name_kind kind, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(pale_name_kind(names[i]) == kind, "'%s' is %s", names[i],
		    pale_name_words(pale_name_kind(names[i])));
}

TEST(random_end, "names that mkstemp and its like made are seen as random")
{
	static const char *const names[] = { "tmp.aB3xYz1Q", "tmp_obj_Qx91aZ", "ccQx91aZ.o",
		"sedK3tPq0", "foo.Xy7Zp2", "stB7Yq2Z", ".goutputstream-9QX5L1", "tmp8f3k2m1x",
		"pip-build-env-x3k9_2ab" };

	all_are(PALE_NAME_RANDOM, names, PALE_COUNT(names));
}

TEST(plain, "words, sources and common names stay plain")
{
	static const char *const names[] = { "Makefile", "main.c", "README.md", "config", "HEAD",
		"node_modules", "makefile2", "a", "", ".", "index.lock", "learn_name.c",
		"test-results", "stdio.h", "strings", "secondary", "template", "temperature.txt",
		"cccp.c", "stable", "deadbeef", "facade.c", "CMakeLists.txt", "MANIFEST.in",
		"my-project", "x86_64-linux-gnu", "utf8", "sha256.c", "base64.py", "file01.txt",
		"COMMIT_EDITMSG", "__init__.py", "tmpfiles.conf", "xxh_x86dispatch.h",
		"foo.utf8proc.c", "app.MyClassName.js", "test_sha256sum" };

	all_are(PALE_NAME_PLAIN, names, PALE_COUNT(names));
}

TEST(hashes, "hashes and identifiers are seen")
{
	static const char *const hash[] = { "3f2a9c04d1e5b6a7980c1d2e3f4a5b6c7d8e9f",
		"pack-0123456789abcdef0123456789abcdef01234567.idx",
		"d41d8cd98f00b204e9800998ecf8427e" };
	static const char *const uuid[] = { "123e4567-e89b-12d3-a456-426614174000",
		"x-123E4567-E89B-12D3-A456-426614174000.json" };

	all_are(PALE_NAME_HEX, hash, PALE_COUNT(hash));
	all_are(PALE_NAME_UUID, uuid, PALE_COUNT(uuid));
}

TEST(pids, "a number that may be a process is seen, a year behind a word too, a version not")
{
	static const char *const pid[] = { "12345", "lock.12345", "core-4711", "app_31337" };
	static const char *const version[] = { "libfoo.so.1.2.3", "python3.11", "libz.so.1",
		"gcc-12.2.0", "1.2.345" };
	static const char *const neither[] = { "12", "file7", "007", "99999999" };

	all_are(PALE_NAME_PID, pid, PALE_COUNT(pid));
	all_are(PALE_NAME_VERSION, version, PALE_COUNT(version));
	all_are(PALE_NAME_PLAIN, neither, PALE_COUNT(neither));
}

TEST(fan, "two hexadecimal digits are a directory of hashes, other names are not")
{
	ck_assert(pale_name_is_fan("3f"));
	ck_assert(pale_name_is_fan("00"));
	ck_assert(!pale_name_is_fan("3"));
	ck_assert(!pale_name_is_fan("xx"));
	ck_assert(!pale_name_is_fan("3f2"));
}

TEST_MAIN("learn_name", random_end, plain, hashes, pids, fan)
