/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The laws of rights.def and of what follows from it: bits, words, closure, names, and which rights
 * nothing can withhold.
 */
#include "core/rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	RANDOM_SETS = 2000,
	TEXT_BYTES = 2048, /* longer than the names of all rights together */
	ABI_MAX = 9,
};

#define FREEBSD_WORD_0 UINT64_C(0x7FFFFFFFFFF)
#define FREEBSD_WORD_1 UINT64_C(0x1FFFFF)
#define LINUX_WORD_1 UINT64_C(0x7E00000)

#define SEED UINT64_C(0x2010080401)

static pale_rights
all_rights(void)
{
	return ((pale_rights)1 << PALE_RIGHT_COUNT) - 1;
}

static pale_rights
random_rights(uint64_t *state)
{
	return ((pale_rights)test_random(state) << 64 | test_random(state)) & all_rights();
}

/* A case is a process of its own, which ends without flushing. */
static uint64_t
told_seed(void)
{
	uint64_t seed = test_seed(SEED);

	fflush(stdout);
	return seed;
}

/* Check has no assertion for 128 bits. */
static void
assert_rights(pale_rights got, pale_rights want, const char *what)
{
	char got_text[TEXT_BYTES], want_text[TEXT_BYTES];

	pale_rights_print(got, got_text, sizeof(got_text));
	pale_rights_print(want, want_text, sizeof(want_text));
	ck_assert_msg(got == want, "%s: '%s' instead of '%s'", what, got_text, want_text);
}

static pale_rights
parsed(const char *text)
{
	pale_rights rights = 0;
	struct pale_err err = { 0 };

	ck_assert_msg(pale_rights_parse(text, &rights, &err) == 0, "%s: %s", text, err.text);
	return rights;
}

TEST(bits, "each right has one bit of its word, and no two have the same")
{
	uint64_t seen[2] = { 0, 0 };

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);

		ck_assert_msg(row->idx < 2, "%s", row->name);
		ck_assert_msg(__builtin_popcountll(row->bits) == 1, "%s", row->name);
		ck_assert_msg((seen[row->idx] & row->bits) == 0, "%s", row->name);
		seen[row->idx] |= row->bits;
	}
}

TEST(totals, "the words hold FreeBSD's 43 and 21 rights and six of Linux")
{
	uint64_t words[2];

	pale_rights_to_words(all_rights(), words);
	ck_assert_uint_eq(words[0], FREEBSD_WORD_0 | UINT64_C(1) << 57);
	ck_assert_uint_eq(words[1], FREEBSD_WORD_1 | LINUX_WORD_1 | UINT64_C(1) << 58);
	ck_assert_int_eq(__builtin_popcountll(FREEBSD_WORD_0), 43);
	ck_assert_int_eq(__builtin_popcountll(FREEBSD_WORD_1), 21);
	ck_assert_int_eq(PALE_RIGHT_COUNT, 43 + 21 + 6);
}

TEST(rows, "each right has a name of its own and a meaning")
{
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);
		enum pale_right found;

		ck_assert_ptr_nonnull(row->name);
		ck_assert(row->meaning[0] != '\0');
		ck_assert_int_eq(pale_right_find(row->name, &found), 0);
		ck_assert_uint_eq(found, i);
		ck_assert_msg(row->meaning[strlen(row->meaning) - 1] != '.', "%s", row->name);
	}
}

TEST(landlock_rows, "a right that Landlock carries says which ABI brought it, and no other does")
{
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);

		ck_assert_msg((row->landlock != 0) == (row->landlock_abi != 0), "%s", row->name);
		ck_assert_msg(row->how != PALE_HOW_LANDLOCK || row->landlock != 0, "%s", row->name);
		ck_assert_msg(row->how != PALE_HOW_MOUNT || row->mount != PALE_MOUNT_NOTHING, "%s",
		    row->name);
		ck_assert_msg(row->how != PALE_HOW_WITH || row->with != 0, "%s", row->name);
	}
}

TEST(asked_rows,
    "what the supervisor is asked comes with each right that a read-only mount withholds")
{
	pale_rights asked = pale_rights_of_how(PALE_HOW_ASK);

	assert_rights(asked, RS(FLOCK, CONNECTAT), "asked");
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);
		bool changes = row->mount == PALE_MOUNT_RDONLY;

		ck_assert_msg(
		    changes == ((pale_rights_close((pale_rights)1 << i) & asked) == asked), "%s",
		    row->name);
	}
}

TEST(asked_presets, "flock and connectat are in what -w gives, and not in what -r or -x give")
{
	pale_rights asked = RS(FLOCK, CONNECTAT);

	assert_rights(pale_rights_preset_read() & asked, 0, "-r");
	assert_rights(pale_rights_preset_execute() & asked, 0, "-x");
	assert_rights(pale_rights_preset_write() & asked, asked, "-w");
}

TEST(words_trip, "a set survives the way through the words of cap_rights_t")
{
	uint64_t state = told_seed();

	for (unsigned i = 0; i < RANDOM_SETS; i++) {
		pale_rights set = random_rights(&state);
		pale_rights back = 0;
		uint64_t words[2];

		pale_rights_to_words(set, words);
		ck_assert_int_eq(pale_rights_from_words(words, &back), 0);
		assert_rights(back, set, "words");
	}
}

TEST(words_bad, "words with another version, index or an unknown bit are refused")
{
	static const uint64_t bad[][2] = {
		{ 0, 0 },
		{ UINT64_C(1) << 57, 0 },
		{ UINT64_C(1) << 57, UINT64_C(1) << 57 },
		{ UINT64_C(1) << 58, UINT64_C(1) << 57 },
		{ UINT64_C(1) << 57 | UINT64_C(1) << 62, UINT64_C(1) << 58 },
		{ UINT64_C(3) << 57, UINT64_C(1) << 58 },
		{ UINT64_C(1) << 57 | UINT64_C(1) << 43, UINT64_C(1) << 58 },
		{ UINT64_C(1) << 57, UINT64_C(1) << 58 | UINT64_C(1) << 27 },
		{ UINT64_MAX, UINT64_MAX },
	};

	for (size_t i = 0; i < PALE_COUNT(bad); i++) {
		pale_rights untouched = RS(READ);

		ck_assert_int_eq(pale_rights_from_words(bad[i], &untouched), -EINVAL);
		assert_rights(untouched, RS(READ), "output of a failure");
	}
}

TEST(closure, "closing adds, adds no more the second time, and more to a larger set")
{
	uint64_t state = told_seed();

	for (unsigned i = 0; i < RANDOM_SETS; i++) {
		pale_rights large = random_rights(&state);
		pale_rights small = large & random_rights(&state);
		pale_rights closed = pale_rights_close(large);

		assert_rights(closed & large, large, "closing keeps");
		assert_rights(pale_rights_close(closed), closed, "closing twice");
		assert_rights(pale_rights_close(small) & ~closed, 0, "closing a part");
	}
	assert_rights(pale_rights_close(0), 0, "closing nothing");
}

TEST(acl, "extattr_set brings fchmod, for an access control list changes permission bits")
{
	ck_assert((pale_rights_close(RS(EXTATTR_SET)) & RS(FCHMOD)) != 0);
	ck_assert((pale_rights_close(RS(EXTATTR_GET)) & RS(FCHMOD)) == 0);
}

TEST(presets, "what -r gives cannot change anything, -w and -x give more, and all three are closed")
{
	pale_rights r = pale_rights_preset_read(), w = pale_rights_preset_write(),
		    x = pale_rights_preset_execute();

	assert_rights(r & pale_rights_of_mount(PALE_MOUNT_RDONLY), 0, "-r");
	assert_rights(x & pale_rights_of_mount(PALE_MOUNT_RDONLY), 0, "-x");
	assert_rights((r | w) & pale_rights_of_mount(PALE_MOUNT_NOEXEC), 0, "-r and -w");
	ck_assert((w & r) == r && w != r);
	ck_assert((x & r) == r && x != r);
	assert_rights(pale_rights_close(r), r, "-r");
	assert_rights(pale_rights_close(w), w, "-w");
	assert_rights(pale_rights_close(x), x, "-x");
	ck_assert((x & RS(FEXECVE)) != 0);
	ck_assert((w & RS(WRITE, CREATE, UNLINKAT)) == RS(WRITE, CREATE, UNLINKAT));
}

TEST(round_trip, "what is printed is parsed as the same set")
{
	uint64_t state = told_seed();
	char text[TEXT_BYTES];

	for (unsigned i = 0; i < RANDOM_SETS; i++) {
		pale_rights set = random_rights(&state);

		if (set == 0)
			continue;
		ck_assert_uint_lt(pale_rights_print(set, text, sizeof(text)), sizeof(text));
		assert_rights(parsed(text), set, text);
	}
	assert_rights(parsed("read,write,lookup"), RS(READ, WRITE, LOOKUP), "a list");
}

TEST(print_short, "printing into too little room says how much is needed, and ends the text")
{
	char text[8];

	ck_assert_uint_eq(pale_rights_print(RS(READ, WRITE, LOOKUP), text, sizeof(text)),
	    strlen("read,write,lookup"));
	ck_assert_str_eq(text, "read,wr");
	ck_assert_uint_eq(pale_rights_print(RS(READ), NULL, 0), strlen("read"));
	ck_assert_uint_eq(pale_rights_print(0, text, sizeof(text)), strlen("none"));
	ck_assert_str_eq(text, "none");
}

TEST(spelling, "a name may have CAP_ in front, and capitals")
{
	assert_rights(parsed("CAP_READ"), RS(READ), "CAP_READ");
	assert_rights(parsed("cap_Fchmod,LOOKUP"), RS(FCHMOD, LOOKUP), "cap_Fchmod,LOOKUP");
}

TEST(aliases, "FreeBSD's composite names stand for their rights")
{
	assert_rights(parsed("pread"), RS(READ, SEEK, SEEK_TELL), "pread");
	assert_rights(parsed("CAP_MMAP_RW"), RS(MMAP, SEEK, SEEK_TELL, READ, WRITE), "mmap_rw");
	assert_rights(parsed("fchmodat"), RS(FCHMOD, LOOKUP), "fchmodat");
	assert_rights(parsed("kqueue"), RS(KQUEUE_EVENT, KQUEUE_CHANGE), "kqueue");
	assert_rights(
	    parsed("sock_client") & RS(CONNECT, ACCEPT, READ), RS(CONNECT, READ), "sock_client");
	assert_rights(
	    parsed("sock_server") & RS(ACCEPT, BIND, CONNECT), RS(ACCEPT, BIND), "sock_server");
	assert_rights(pale_rights_close(parsed("r")), pale_rights_preset_read(), "r");
	assert_rights(pale_rights_close(parsed("w")), pale_rights_preset_write(), "w");
	assert_rights(pale_rights_close(parsed("x")), pale_rights_preset_execute(), "x");
	assert_rights(pale_rights_close(parsed("r,w,x")),
	    pale_rights_preset_write() | pale_rights_preset_execute(), "r,w,x");
}

TEST(unknown, "an unknown word is refused, with the nearest right as the remedy")
{
	struct pale_err err = { 0 };
	pale_rights untouched = RS(WRITE);

	ck_assert_int_eq(pale_rights_parse("lookup,raed", &untouched, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'raed'"));
	ck_assert_ptr_nonnull(strstr(err.remedy, "'read'"));
	assert_rights(untouched, RS(WRITE), "output of a failure");
	ck_assert_int_eq(pale_rights_parse("fchmdo", &untouched, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.remedy, "'fchmod'"));
	ck_assert_int_eq(pale_rights_parse("zzzzzzzzzz", &untouched, &err), -EINVAL);
	ck_assert_ptr_null(strstr(err.remedy, "did you mean"));
	ck_assert_int_eq(pale_rights_parse("raed", &untouched, NULL), -EINVAL);
}

TEST(malformed, "an empty part, a space or a word without end is refused")
{
	static const char *const bad[] = { "", ",", "read,", ",read", "read,,write", " read",
		"read write", "read;write", "read\n", "CAP_", "none" };
	char endless[3000];
	pale_rights rights;

	for (size_t i = 0; i < PALE_COUNT(bad); i++)
		ck_assert_msg(
		    pale_rights_parse(bad[i], &rights, NULL) == -EINVAL, "'%s' is taken", bad[i]);
	memset(endless, 'r', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	ck_assert_int_eq(pale_rights_parse(endless, &rights, NULL), -EINVAL);
}

TEST(leak_none, "with the newest Landlock no preset leaks, alone in its cage")
{
	const pale_rights sets[] = { pale_rights_preset_read(), pale_rights_preset_write(),
		pale_rights_preset_execute(),
		pale_rights_preset_write() | pale_rights_preset_execute() };

	for (size_t i = 0; i < PALE_COUNT(sets); i++)
		assert_rights(pale_rights_leak(sets[i], sets[i], ABI_MAX), 0, "a preset");
}

TEST(leak_all, "whoever holds everything leaks nothing, whatever the kernel has")
{
	for (unsigned abi = 0; abi <= ABI_MAX; abi++)
		assert_rights(pale_rights_leak(all_rights(), all_rights(), abi), 0, "everything");
}

/* A FIFO in it can be opened for writing then: no right of this grant says so, src/run knows. */
TEST(leak_read_only, "a read-only grant does not leak without Landlock: its mount withholds")
{
	pale_rights r = pale_rights_preset_read();

	assert_rights(pale_rights_leak(r, r, 0), 0, "-r alone");
	assert_rights(pale_rights_leak(r, r | pale_rights_preset_write(), 0), 0, "-r beside -w");
	assert_rights(pale_rights_leak(pale_rights_preset_execute(), all_rights(), 0), 0, "-x");
}

TEST(leak_truncate, "a writable grant without ftruncate needs Landlock ABI 3")
{
	pale_rights grant = pale_rights_preset_write() & ~RS(FTRUNCATE);

	assert_rights(pale_rights_leak(grant, grant, 1) & RS(FTRUNCATE), RS(FTRUNCATE), "ABI 1");
	assert_rights(pale_rights_leak(grant, grant, 2), RS(FTRUNCATE), "ABI 2");
	assert_rights(pale_rights_leak(grant, grant, 3), 0, "ABI 3");
}

TEST(leak_landlock, "a writable grant leaks what only Landlock would withhold from it")
{
	static const enum pale_right rights[] = { PALE_RIGHT_CREATE, PALE_RIGHT_UNLINKAT,
		PALE_RIGHT_MKDIRAT, PALE_RIGHT_MKFIFOAT, PALE_RIGHT_SYMLINKAT, PALE_RIGHT_BINDAT };

	for (size_t i = 0; i < PALE_COUNT(rights); i++) {
		pale_rights right = (pale_rights)1 << rights[i];
		pale_rights grant = pale_rights_preset_write() & ~right;
		const char *name = pale_right_row(rights[i])->name;

		assert_rights(pale_rights_leak(grant, grant, 0) & right, right, name);
		assert_rights(pale_rights_leak(grant, grant, 1) & right, 0, name);
	}
}

TEST(leak_filter, "a right of the filter leaks into a writable grant when another grant holds it")
{
	pale_rights with = pale_rights_preset_write();
	/* Closed, extattr_set would bring it back. */
	pale_rights without = with & ~RS(FCHMOD, EXTATTR_SET);

	assert_rights(pale_rights_leak(without, without, ABI_MAX), 0, "withheld from all");
	assert_rights(pale_rights_leak(without, without | with, ABI_MAX), RS(FCHMOD, EXTATTR_SET),
	    "held elsewhere");
	assert_rights(pale_rights_leak(pale_rights_preset_read(), with, ABI_MAX), 0,
	    "held elsewhere, but this one is read-only");
}

TEST(leak_exec, "a writable grant without fexecve has its mount's noexec")
{
	pale_rights grant = pale_rights_preset_write();

	assert_rights(
	    pale_rights_leak(grant, all_rights(), 0) & RS(FEXECVE, MMAP_X), 0, "beside an -x");
}

TEST(leak_rename, "rename is powerless in a grant that cannot remove, if Landlock is there")
{
	pale_rights grant = pale_rights_close(RS(READ, WRITE, CREATE));
	pale_rights rename = RS(RENAMEAT_SOURCE, RENAMEAT_TARGET);

	assert_rights(pale_rights_leak(grant, all_rights(), 1) & rename, 0, "ABI 1");
	assert_rights(pale_rights_leak(grant, all_rights(), 0) & rename, rename, "no Landlock");
}

TEST(leak_monotone, "a newer Landlock and a cage that holds less never leak more")
{
	uint64_t state = told_seed();

	for (unsigned i = 0; i < RANDOM_SETS; i++) {
		pale_rights grant = random_rights(&state);
		pale_rights cage = grant | random_rights(&state);
		pale_rights before = all_rights();

		for (unsigned abi = 0; abi <= ABI_MAX; abi++) {
			pale_rights leak = pale_rights_leak(grant, cage, abi);

			assert_rights(leak & ~before, 0, "a newer ABI");
			assert_rights(leak & pale_rights_close(grant), 0, "held rights");
			assert_rights(
			    pale_rights_leak(grant, grant, abi) & ~leak, 0, "a smaller cage");
			before = leak;
		}
	}
}

TEST_MAIN("rights", bits, totals, rows, landlock_rows, asked_rows, asked_presets, words_trip,
    words_bad, closure, acl, presets, round_trip, print_short, spelling, aliases, unknown,
    malformed, leak_none, leak_all, leak_read_only, leak_truncate, leak_landlock, leak_filter,
    leak_exec, leak_rename, leak_monotone)
