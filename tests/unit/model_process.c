/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes and what they know of descriptors, one fact each; as on the kernel. */
#include "play.h"

TEST(setuid_user, "who is not user 0 becomes nobody else")
{
	PLAY(ROOTS("", "'setuid(200)', 'try setuid(0)', 'setuid(200)'",
		 "'try setuid(0)', 'try setuid(100)'"),
	    "aaabb", 0, EPERM, 0, EPERM, EPERM);
}

TEST(fork_copies, "a child has the descriptors, and closes its own only")
{
	PLAY("compartment a { program('r, w = pipe()', 'fork()', 'write(w, one)') }"
	     "compartment b { child_of('a') program('close(w)', 'x = read(r)', 'check(x, one)') }",
	    "aababb", 0, 0, 0, 0, 0, 0);
}

TEST(closed, "what is not open is EBADF")
{
	PLAY(SCENE("",
		 "'r, w = pipe()', 'close(r)', 'try close(r)', 'try read(r)', 'try dup(r)', 'try "
		 "listen(w)',"
		 "'try accept(w)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, EBADF, EBADF, EBADF, ENOTSOCK, ENOTSOCK);
}

TEST(duplicate, "dup is another name of the same: a pipe ends with the last")
{
	PLAY(SCENE("",
		 "'r, w = pipe()', 'v = dup(w)', 'close(w)', 'write(v, one)', 'x = read(r)', "
		 "'close(v)',"
		 "'x = read(r)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, 0);
}

TEST(types, "fstat says what a descriptor is, and whose")
{
	PLAY(ROOTS("file('/file', 'mode=666', 'user=200') ",
		 "'f = open(/file, O_RDONLY)', 'is(f, S_IFREG)', 'try is(f, OWNER)', 'r, w = "
		 "pipe()',"
		 "'is(r, S_IFIFO)', 'is(w, OWNER)', 's = socket()', 'is(s, S_IFSOCK)', 'is(s, "
		 "OWNER)'",
		 "'f = open(/file, O_RDONLY)', 'is(f, OWNER)', 'try is(f, S_IFDIR)'"),
	    "aaaaaaaaabbb", 0, 0, PALE_EUNEXPECTED, 0, 0, 0, 0, 0, 0, 0, 0, PALE_EUNEXPECTED);
}

TEST(then, "what fstatat found is what it was then")
{
	PLAY(ROOTS("fifo('/f') symlink('/l', '/f') directory('/d') ",
		 "'n = fstatat(AT_FDCWD, /f)', 'is(n, S_IFIFO)', 'l = fstatat(AT_FDCWD, /l, "
		 "AT_SYMLINK_NOFOLLOW)',"
		 "'is(l, S_IFLNK)', 'unlinkat(AT_FDCWD, /f)', 'is(n, S_IFIFO)', 'try is(n, "
		 "S_IFREG)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, PALE_EUNEXPECTED);
}

TEST(identity, "one inode is the same by every name and descriptor, another is not")
{
	PLAY(ROOTS("fifo('/f', 'mode=666') directory('/d') ",
		 "'n = fstatat(AT_FDCWD, /f)', 'linkat(AT_FDCWD, /f, AT_FDCWD, /d/g)', 'g = "
		 "open(/d/g, O_RDWR)',"
		 "'same(n, g)', 'unlinkat(AT_FDCWD, /f)', 'mkfifoat(AT_FDCWD, /f, 0600)', 'f = "
		 "open(/f, O_RDWR)',"
		 "'try same(n, f)', 'try same(f, g)', 'same(f, f)'",
		 "'umask(0)'"),
	    "aaaaaaaaaa", 0, 0, 0, 0, 0, 0, 0, PALE_EUNEXPECTED, PALE_EUNEXPECTED, 0);
}

/* ---- what the model alone can say: exec and rights ---- */

static const struct pale_process *
process(const struct twin *twin, unsigned p)
{
	return &twin_state(twin)->processes[p];
}

/* Play calls of the model alone, each of which must succeed. */
static struct twin *
model_after(const char *text, unsigned calls)
{
	struct twin *twin = twin_model_open(text);

	for (unsigned i = 0; i < calls; i++)
		ck_assert_int_eq(twin_call(twin, "a"), 0);
	return twin;
}

#define PROGRAM "file('/bin', 'mode=755') file('/suid', 'mode=4755', 'user=300') "

TEST(exec_closes, "exec closes what is close-on-exec, and nothing else")
{
	struct twin *twin = model_after(PROGRAM
	    "compartment a { user('100') program('f = open(/bin, O_RDONLY|O_CLOEXEC)',"
	    "'g = open(/bin, O_RDONLY)', 'h = dup(f)', 'exec(/bin)', 'umask(0)') }",
	    4);

	ck_assert_int_eq(process(twin, 0)->fds[0].kind, PALE_FD_NONE);
	ck_assert_int_eq(process(twin, 0)->fds[1].kind, PALE_FD_INODE);
	ck_assert_int_eq(process(twin, 0)->fds[2].kind, PALE_FD_INODE);
	twin_close(twin);
}

TEST(exec_detaches, "exec detaches segments, and undoes nothing")
{
	struct twin *twin = model_after(PROGRAM
	    "compartment a { user('100') program('m = shmget(0x1, IPC_CREAT, 0600)', 'shmat(m)',"
	    "'x = semget(0x2, IPC_CREAT, 0600)', 'semop(x, -1, SEM_UNDO)', 'sigpipe_ignore()',"
	    "'exec(/bin)', 'umask(0)') }",
	    6);

	ck_assert_int_eq(process(twin, 0)->attached, 0);
	ck_assert_int_eq(process(twin, 0)->attached_w, 0);
	ck_assert_int_eq(twin_state(twin)->sysv[1].count, 0);
	ck_assert_int_eq(process(twin, 0)->ignores_sigpipe, 1);
	twin_close(twin);
}

TEST(exec_setuid, "a setuid file gives its owner's user, and the real one stays")
{
	struct twin *twin = model_after(
	    PROGRAM "compartment a { user('100') program('exec(/suid)', 'umask(0)') }", 1);
	const struct pale_model *model = twin_model(twin);

	ck_assert_uint_eq(model->users[process(twin, 0)->euid], 300);
	ck_assert_uint_eq(model->users[process(twin, 0)->ruid], 100);
	ck_assert_int_ne(process(twin, 0)->runs, 0);
	twin_close(twin);
}

TEST(setuid_again, "who has gone back from a setuid file comes again, until the next exec")
{
	struct twin *twin = twin_model_open(
	    PROGRAM "compartment a { user('100') program('exec(/suid)', 'setuid(100)',"
		    "'setuid(300)', 'setuid(100)', 'exec(/bin)', 'try setuid(300)') }");

	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(twin_call(twin, "a"), 0);
	ck_assert_int_eq(twin_call(twin, "a"), EPERM);
	twin_close(twin);
}

TEST(exec_refused, "exec wants a file that may be executed")
{
	struct twin *twin = twin_model_open(
	    "file('/plain', 'mode=644') directory('/d') compartment a { program('try exec(/plain)',"
	    "'try exec(/d)', 'try exec(/none)') }");

	ck_assert_int_eq(twin_call(twin, "a"), EACCES);
	ck_assert_int_eq(twin_call(twin, "a"), EACCES);
	ck_assert_int_eq(twin_call(twin, "a"), ENOENT);
	twin_close(twin);
}

TEST(rights, "rights can only be taken away, and each call asks for its own")
{
	struct twin *twin = twin_model_open("file('/f', 'content=word') compartment a { program('f "
					    "= open(/f, O_RDWR)', 'limit(f, READ)',"
					    "'read(f)', 'try write(f, word)', 'try limit(f, "
					    "READ|WRITE)', 'g = dup(f)', 'try write(g, word)',"
					    "'try is(f, S_IFREG)') }");
	static const int answers[] = { 0, 0, 0, PALE_ENOTCAPABLE, PALE_ENOTCAPABLE, 0,
		PALE_ENOTCAPABLE, PALE_ENOTCAPABLE };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		ck_assert_msg(twin_call(twin, "a") == answers[i], "call %zu", i + 1);
	twin_close(twin);
}

TEST_MAIN("model_process", setuid_user, fork_copies, closed, duplicate, types, then, identity,
    exec_closes, exec_detaches, exec_setuid, setuid_again, exec_refused, rights)
