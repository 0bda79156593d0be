/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes and FIFOs of the model, one fact each; as on the kernel. */
#include "play.h"

TEST(pipe_keeps_order, "what is written to a pipe is read in its order")
{
	PLAY(
	    SCENE("",
		"'r, w = pipe()', 'write(w, one)', 'write(w, two)', 'x = read(r)', 'check(x, one)',"
		"'x = read(r)', 'check(x, two)'",
		"'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, 0);
}

TEST(pipe_full, "a full pipe waits, or says EAGAIN")
{
	PLAY(SCENE("",
		 "'r, w = pipe(O_NONBLOCK)', 'write(w, one)', 'write(w, one)', 'try write(w, one)',"
		 "'read(r)', 'write(w, one)'",
		 "'r, w = pipe()', 'write(w, one)', 'write(w, one)', 'write(w, one)'"),
	    "aaaaaabbbb", 0, 0, 0, EAGAIN, 0, 0, 0, 0, 0, WAITS);
}

TEST(pipe_empty, "an empty pipe waits while it has writers, or says EAGAIN, and ends without them")
{
	PLAY(SCENE("", "'r, w = pipe(O_NONBLOCK)', 'try read(r)', 'close(w)', 'x = read(r)'",
		 "'r, w = pipe()', 'x = read(r)'"),
	    "aaaabb", 0, EAGAIN, 0, 0, 0, WAITS);
}

TEST(pipe_broken, "a write without a reader ends the process by SIGPIPE")
{
	PLAY(SCENE("", "'r, w = pipe()', 'close(r)', 'write(w, one)', 'umask(0)'", "'umask(0)'"),
	    "aaaa", 0, 0, KILLED, TWIN_OVER);
}

TEST(pipe_ignored, "where SIGPIPE is ignored it is EPIPE")
{
	PLAY(SCENE("",
		 "'sigpipe_ignore()', 'r, w = pipe()', 'close(r)', 'try write(w, one)', 'umask(0)'",
		 "'umask(0)'"),
	    "aaaaa", 0, 0, 0, EPIPE, 0);
}

TEST(pipe_sides, "each end of a pipe is for one direction")
{
	PLAY(SCENE("", "'r, w = pipe()', 'try read(w)', 'try write(r, one)'", "'umask(0)'"), "aaa",
	    0, EBADF, EBADF);
}

TEST(pipe_of_child, "a pipe has a writer as long as any process has its end")
{
	PLAY("compartment a { program('r, w = pipe()', 'fork()', 'close(w)', 'x = read(r)', 'x = "
	     "read(r)') }"
	     "compartment b { child_of('a') program('write(w, one)', 'close(w)') }",
	    "aaaabaaba", 0, 0, 0, WAITS, 0, 0, WAITS, 0, 0);
}

TEST(pipe_until_read, "what was written is read after its writers have gone")
{
	PLAY(SCENE("",
		 "'r, w = pipe()', 'write(w, one)', 'close(w)', 'x = read(r)', 'check(x, one)',"
		 "'x = read(r)', 'try check(x, one)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, PALE_EUNEXPECTED);
}

/* ---- FIFOs ---- */

#define FIFO "fifo('/f', 'mode=666') "

TEST(fifo_reader_waits, "who opens a FIFO to read waits for a writer")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_RDONLY)'", "'f = open(/f, O_WRONLY)'"), "aba", WAITS, 0,
	    0);
}

TEST(fifo_writer_waits, "who opens a FIFO to write waits for a reader")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_WRONLY)'", "'f = open(/f, O_RDONLY)'"), "aba", WAITS, 0,
	    0);
}

TEST(fifo_both, "who opens a FIFO for both waits for nobody, and is both")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_RDWR)', 'write(f, one)', 'x = read(f)', 'read(f)'",
		 "'f = open(/f, O_RDONLY)', 'f = open(/f, O_WRONLY)'"),
	    "abbaaa", 0, 0, 0, 0, 0, WAITS);
}

TEST(fifo_nonblock, "with O_NONBLOCK a reader does not wait, a writer without reader is told ENXIO")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_RDONLY|O_NONBLOCK)', 'x = read(f)'",
		 "'try f = open(/f, O_WRONLY|O_NONBLOCK)', 'f = open(/f, O_WRONLY|O_NONBLOCK)'"),
	    "baba", ENXIO, 0, 0, EAGAIN);
}

TEST(fifo_empty, "a FIFO without writers is at its end, not to be waited for")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_RDONLY|O_NONBLOCK)', 'x = read(f)'", "'umask(0)'"), "aa",
	    0, 0);
}

TEST(fifo_peer_left, "a peer that has left again lets go who waited for it")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_WRONLY)', 'write(f, one)'",
		 "'f = open(/f, O_RDONLY|O_NONBLOCK)', 'close(f)'"),
	    "abbaa", WAITS, 0, 0, 0, KILLED);
}

TEST(fifo_waiter_counts, "who waits to write is a writer already")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_WRONLY)'",
		 "'f = open(/f, O_RDONLY|O_NONBLOCK)', 'try read(f)'"),
	    "abb", WAITS, 0, EAGAIN);
}

TEST(fifo_forgets, "what nobody has open is forgotten")
{
	PLAY(SCENE(FIFO,
		 "'f = open(/f, O_RDWR)', 'write(f, one)', 'close(f)',"
		 "'f = open(/f, O_RDONLY|O_NONBLOCK)', 'x = read(f)', 'try check(x, one)'",
		 "'umask(0)'"),
	    "aaaaaa", 0, 0, 0, 0, 0, PALE_EUNEXPECTED);
}

TEST(fifo_names, "a FIFO is one, whatever its names, and without any")
{
	PLAY(ROOTS(FIFO "directory('/d', 'mode=777') ",
		 "'f = open(/f, O_RDWR)', 'linkat(AT_FDCWD, /f, AT_FDCWD, /d/g)',"
		 "'unlinkat(AT_FDCWD, /f)', 'write(f, one)', 'unlinkat(AT_FDCWD, /d/g)', 'write(f, "
		 "two)'",
		 "'g = open(/d/g, O_RDONLY)', 'x = read(g)', 'check(x, one)', 'x = read(g)'"),
	    "aaaabbbaab", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

TEST(fifo_permission, "the mode of a FIFO is asked when it is opened, and not again")
{
	PLAY(ROOTS(FIFO, "'f = open(/f, O_RDWR)', 'fchmodat(AT_FDCWD, /f, 0600)', 'write(f, one)'",
		 "'f = open(/f, O_RDONLY)', 'x = read(f)', 'try open(/f, O_RDONLY)'"),
	    "abaabb", 0, 0, 0, 0, 0, EACCES);
}

TEST(fifo_path, "O_PATH opens a FIFO without waiting and without reading")
{
	PLAY(SCENE(FIFO, "'f = open(/f, O_PATH)', 'try read(f)', 'is(f, S_IFIFO)'", "'umask(0)'"),
	    "aaa", 0, EBADF, 0);
}

TEST(fifo_umask, "the umask takes bits from the mode of mkfifo")
{
	PLAY(ROOTS("directory('/d') ",
		 "'umask(022)', 'mkfifoat(AT_FDCWD, /d/f, 0666)', 'umask(077)',"
		 "'mkfifoat(AT_FDCWD, /d/g, 0666)'",
		 "'try open(/d/f, O_RDWR)', 'open(/d/f, O_RDONLY|O_NONBLOCK)',"
		 "'try open(/d/g, O_RDONLY|O_NONBLOCK)'"),
	    "aaaabbb", 0, 0, 0, 0, EACCES, 0, EACCES);
}

TEST_MAIN("model_pipe", pipe_keeps_order, pipe_full, pipe_empty, pipe_broken, pipe_ignored,
    pipe_sides, pipe_of_child, pipe_until_read, fifo_reader_waits, fifo_writer_waits, fifo_both,
    fifo_nonblock, fifo_empty, fifo_peer_left, fifo_waiter_counts, fifo_forgets, fifo_names,
    fifo_permission, fifo_path, fifo_umask)
