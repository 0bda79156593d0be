/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes, FIFOs, sockets, System V objects and processes of the model, one fact each: in the model
 * and, as root, on the kernel of this machine in the same calls (tests/twin.h). So no sentence here
 * is only ours.
 */
#include <errno.h>

#include "harness.h"
#include "model/ops.h"
#include "twin.h"

/* The programs of two processes, a and b, users 100 and 200; what the world has before them. */
#define SCENE(world, a, b) \
	world "compartment a { user('100') program(" a \
	      ") } compartment b { user('200') program(" b ") }"
#define ROOTS(world, a, b) \
	world "compartment a { program(" a ") } compartment b { user('200') program(" b ") }"

enum { LONGEST = 40 };

/*
 * Play calls, "abba": the answers in turn must be those. A process that waits answers WAITS once,
 * and its call's answer when it is named again.
 */
static void
play(const char *text, const char *turns, const int *answers)
{
	struct twin *twin = twin_open(text);

	for (size_t i = 0; turns[i] != '\0'; i++) {
		int answer = twin_call(twin, (char[]){ turns[i], '\0' });

		ck_assert_msg(answer == answers[i], "call %zu of %s, by %c: %d, not %d", i + 1,
		    turns, turns[i], answer, answers[i]);
	}
	twin_close(twin);
}
#define PLAY(text, turns, ...) play(text, turns, (const int[]){ __VA_ARGS__ })

enum { WAITS = TWIN_WAITS, KILLED = TWIN_KILLED };

/* ---- pipes ---- */

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

/* ---- sockets ---- */

#define RUN "directory('/run', 'mode=777') "
#define SERVER "'s = socket()', 'bind(s, /run/s)', 'listen(s)', "
#define CLIENT "'c = socket()', 'connect(c, /run/s)', "

TEST(bind_mode, "a socket has mode 0777 less the umask; to connect is to write")
{
	PLAY(SCENE(RUN,
		 "'umask(022)', 's = socket()', 'bind(s, /run/s)', 'listen(s)',"
		 "'fchmodat(AT_FDCWD, /run/s, 0602)'",
		 "'c = socket()', 'try connect(c, /run/s)', 'connect(c, /run/s)'"),
	    "aaaabbab", 0, 0, 0, 0, 0, EACCES, 0, 0);
}

TEST(bind_taken, "a name that is there is EADDRINUSE, whatever it names")
{
	PLAY(SCENE(RUN "symlink('/run/l', '/run/none') ",
		 SERVER
		 "'close(s)', 't = socket()', 'try bind(t, /run/s)', 'try bind(t, /run/l)',"
		 "'try bind(t, /run)', 'try bind(t, /run/none/t)', 'unlinkat(AT_FDCWD, /run/s)',"
		 "'bind(t, /run/s)', 'try bind(t, /run/u)', 'try bind(t, /run/s)'",
		 "'umask(0)'"),
	    "aaaaaaaaaaaaa", 0, 0, 0, 0, 0, EADDRINUSE, EADDRINUSE, EADDRINUSE, ENOENT, 0, 0,
	    EINVAL, EADDRINUSE);
}

TEST(bind_permission, "to bind is to make a name: the directory is asked")
{
	PLAY(SCENE("directory('/d') directory('/e', 'mode=766') ",
		 "'s = socket()', 'try bind(s, /d/s)', 'try bind(s, /e/s)'", "'umask(0)'"),
	    "aaa", 0, EACCES, EACCES);
}

TEST(listen_unbound, "a socket that is not bound cannot listen")
{
	PLAY(SCENE("",
		 "'s = socket()', 'try listen(s)', 'a, b = socketpair()', 'try listen(a)',"
		 "'try accept(s)'",
		 "'umask(0)'"),
	    "aaaaa", 0, EINVAL, 0, EINVAL, EINVAL);
}

TEST(connect_refused,
    "nobody listens: ECONNREFUSED, of a stale socket, one that only is bound, a file")
{
	PLAY(SCENE(RUN
		 "socket('/run/stale', 'mode=777') file('/run/file', 'mode=666') file('/run/x') ",
		 "'umask(0)', 's = socket()', 'bind(s, /run/s)'",
		 "'c = socket()', 'try connect(c, /run/stale)', 'try connect(c, /run/s)',"
		 "'try connect(c, /run/file)', 'try connect(c, /run/x)', 'try connect(c, "
		 "/run/none)',"
		 "'try connect(c, /run)'"),
	    "aaabbbbbbb", 0, 0, 0, 0, ECONNREFUSED, ECONNREFUSED, ECONNREFUSED, EACCES, ENOENT,
	    ECONNREFUSED);
}

TEST(connect_first, "a connection is there before it is accepted, and can be written to")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'d = accept(s)', 'x = read(d)', 'check(x, one)'",
		 CLIENT "'write(c, one)', 'close(c)'"),
	    "aaaabbbbaaa", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

TEST(accept_waits, "accept waits for a client")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'d = accept(s)'", CLIENT "'umask(0)'"), "aaaaabba",
	    0, 0, 0, 0, WAITS, 0, 0, 0);
}

TEST(backlog, "who connects waits while the queue is full, or is told EAGAIN")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'d = accept(s)', 'd = accept(s)'",
		 CLIENT "'d = socket()', 'connect(d, /run/s)', 'e = socket(SOCK_NONBLOCK)',"
			"'try connect(e, /run/s)', 'f = socket()', 'connect(f, /run/s)'"),
	    "aaaabbbbbbbbab", 0, 0, 0, 0, 0, 0, 0, 0, 0, EAGAIN, 0, WAITS, 0, 0);
}

TEST(connect_twice, "a socket connects once, and one that listens never")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'try connect(s, /run/s)'",
		 CLIENT "'try connect(c, /run/s)'"),
	    "aaaabbba", 0, 0, 0, 0, 0, 0, EISCONN, EINVAL);
}

TEST(renamed, "a socket keeps its binding when its name is changed")
{
	PLAY(SCENE(RUN,
		 "'umask(0)', " SERVER "'renameat(AT_FDCWD, /run/s, AT_FDCWD, /run/t)',"
		 "'linkat(AT_FDCWD, /run/t, AT_FDCWD, /run/u)'",
		 "'c = socket()', 'try connect(c, /run/s)', 'connect(c, /run/t)', 'd = socket()',"
		 "'connect(d, /run/u)'"),
	    "aaaaaabbbbb", 0, 0, 0, 0, 0, 0, 0, ENOENT, 0, 0, 0);
}

TEST(unlinked, "who is connected stays so without a name, and a new socket takes it")
{
	PLAY(SCENE(RUN,
		 "'umask(0)', " SERVER
		 "'unlinkat(AT_FDCWD, /run/s)', 't = socket()', 'bind(t, /run/s)',"
		 "'d = accept(s)', 'x = read(d)'",
		 CLIENT "'write(c, one)', 'e = socket()', 'try connect(e, /run/s)'"),
	    "aaaabbaaabaabb", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ECONNREFUSED);
}

TEST(peer_gone, "what a peer has sent is read after it has gone; then comes the end, and SIGPIPE")
{
	PLAY(SCENE("",
		 "'a, b = socketpair()', 'write(b, one)', 'close(b)', 'x = read(a)', 'check(x, "
		 "one)',"
		 "'x = read(a)', 'write(a, one)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, KILLED);
}

TEST(peer_reset, "a peer that goes without reading all resets the connection, once")
{
	PLAY(SCENE("",
		 "'sigpipe_ignore()', 'a, b = socketpair()', 'write(a, one)', 'close(b)',"
		 "'try read(a)', 'try read(a)', 'try write(a, one)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, ECONNRESET, 0, EPIPE);
}

TEST(reset_write, "to write to a connection that was reset is EPIPE")
{
	PLAY(SCENE("",
		 "'sigpipe_ignore()', 'a, b = socketpair()', 'write(a, one)', 'close(b)',"
		 "'try write(a, one)', 'try read(a)'",
		 "'umask(0)'"),
	    "aaaaaa", 0, 0, 0, 0, EPIPE, ECONNRESET);
}

TEST(never_accepted, "a listener that goes resets who waits to be accepted")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'close(s)'",
		 CLIENT "'try read(c)', 'try connect(c, /run/s)'"),
	    "aaaabbabb", 0, 0, 0, 0, 0, 0, 0, ECONNRESET, ECONNREFUSED);
}

TEST(peer_cred, "SO_PEERCRED says who called listen and who connected")
{
	PLAY(SCENE(RUN,
		 "'umask(0)', " SERVER "'d = accept(s)', 'peer(d, 200)', 'try peer(d, 100)',"
		 "'peer(s, 100)', 'try peer(s, 200)'",
		 CLIENT "'peer(c, 100)', 'try peer(c, 200)', 'close(c)'"),
	    "aaaabbabbaaaaba", 0, 0, 0, 0, 0, 0, 0, 0, EPERM, 0, EPERM, 0, EPERM, 0, TWIN_OVER);
}

TEST(peer_cred_stays, "it says so after the peer has gone, and whoever has the descriptor")
{
	PLAY("directory('/run', 'mode=777')"
	     "compartment a { umask('0') program(" SERVER
	     "'d = accept(s)', 'try peer(d, 0)', 'peer(d, 200)') }"
	     "compartment b { user('200') program(" CLIENT "'fork()', 'close(c)') }"
	     "compartment c { child_of('b') program('peer(c, 0)', 'close(c)') }",
	    "aaabbabcbca", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, EPERM);
}

TEST(setuid_peer, "to change the user changes nothing of who the peer is")
{
	PLAY(ROOTS(RUN, "'umask(0)', " SERVER "'setuid(200)', 'd = accept(s)'",
		 CLIENT "'try peer(c, 200)', 'peer(c, 0)'"),
	    "aaaabbaabb", 0, 0, 0, 0, 0, 0, 0, 0, EPERM, 0);
}

TEST(pass, "a passed descriptor is the same file, and asks nobody")
{
	PLAY(ROOTS(RUN "file('/secret', 'mode=600', 'content=word') ",
		 "'umask(0)', " SERVER
		 "'d = accept(s)', 'f = open(/secret, O_RDONLY)', 'sendfd(d, f)',"
		 "'close(f)'",
		 CLIENT
		 "'try open(/secret, O_RDONLY)', 'g = recvfd(c)', 'x = read(g)', 'check(x, word)'"),
	    "aaaabbaaaabbbb", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, EACCES, 0, 0, 0);
}

TEST(pass_in_flight, "a passed descriptor is held while nobody has received it")
{
	PLAY(SCENE("",
		 "'a, b = socketpair()', 'r, w = pipe()', 'sendfd(a, r)', 'close(r)', 'write(w, "
		 "one)',"
		 "'close(b)', 'write(w, one)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, 0, 0, 0, 0, KILLED);
}

TEST(pass_read, "who reads without asking for a descriptor closes it")
{
	PLAY(SCENE("",
		 "'a, b = socketpair()', 'r, w = pipe()', 'sendfd(a, r)', 'close(r)', 'read(b)',"
		 "'write(w, one)'",
		 "'umask(0)'"),
	    "aaaaaa", 0, 0, 0, 0, 0, KILLED);
}

TEST(pass_itself, "a socket that only a message to itself holds is gone")
{
	PLAY(SCENE("",
		 "'a, b = socketpair()', 'r, w = pipe()', 'sendfd(a, r)', 'sendfd(a, b)', "
		 "'close(r)',"
		 "'close(b)', 'close(a)', 'umask(0)'",
		 "'umask(0)'"),
	    "aaaaaaaa", 0, 0, 0, 0, 0, 0, 0, 0);
}

TEST(pass_wrong, "descriptors go through connected sockets")
{
	PLAY(SCENE("",
		 "'s = socket()', 'r, w = pipe()', 'try sendfd(s, r)', 'try sendfd(w, r)',"
		 "'try recvfd(r)', 'try write(s, one)', 'try read(s)'",
		 "'umask(0)'"),
	    "aaaaaaa", 0, 0, ENOTCONN, ENOTSOCK, ENOTSOCK, ENOTCONN, EINVAL);
}

/* ---- System V ---- */

TEST(key, "a key is found by all who know it; to be found is to be asked for what one wants")
{
	PLAY(SCENE("", "'q = msgget(0x1, IPC_CREAT, 0640)'",
		 "'try q = msgget(0x2)', 'q = msgget(0x1, 0)', 'try q = msgget(0x1, 0400)',"
		 "'try q = msgget(0x1, IPC_CREAT|IPC_EXCL, 0600)', 'try msgsnd(q, one)',"
		 "'try msgrcv(q)', 'try ipcstat(q, 100)', 'try ipcrm(q)'"),
	    "abbbbbbbb", 0, ENOENT, 0, EACCES, EEXIST, EACCES, EACCES, EACCES, EPERM);
}

TEST(kinds, "queues, semaphores and segments have keys of their own")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT|IPC_EXCL, 0600)', 'x = semget(0x1, "
		 "IPC_CREAT|IPC_EXCL, 0600)',"
		 "'m = shmget(0x1, IPC_CREAT|IPC_EXCL, 0600)'",
		 "'umask(0)'"),
	    "aaa", 0, 0, 0);
}

TEST(private, "IPC_PRIVATE makes one each time, which no key finds")
{
	PLAY(SCENE("",
		 "'q = msgget(IPC_PRIVATE, 0600)', 'p = msgget(IPC_PRIVATE, 0600)', 'msgsnd(q, "
		 "one)',"
		 "'msgrcv(p)'",
		 "'umask(0)'"),
	    "aaaa", 0, 0, 0, WAITS);
}

TEST(no_umask, "the umask takes nothing from the mode of System V objects")
{
	PLAY(SCENE("", "'umask(0777)', 'q = msgget(0x1, IPC_CREAT, 0666)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'x = msgrcv(q)', 'check(x, one)'"),
	    "aabbbb", 0, 0, 0, 0, 0, 0);
}

TEST(each_time, "permission is asked at each operation")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0666)', 'ipcset(q, 100, 0600)', 'ipcset(q, 100, "
		 "0622)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'try msgsnd(q, one)', 'msgsnd(q, one)',"
		 "'try msgrcv(q)'"),
	    "abbabab", 0, 0, 0, 0, EACCES, 0, 0);
}

TEST(owner, "IPC_SET gives an object away; its creator may still do all, and stays its creator")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0600)', 'ipcset(q, 200, 0600)', 'msgsnd(q, one)',"
		 "'ipcstat(q, 100)', 'ipcrm(q)'",
		 "'q = msgget(0x1, 0)', 'try msgsnd(q, one)', 'x = msgrcv(q)', 'ipcstat(q, 100)',"
		 "'try ipcstat(q, 200)', 'try msgrcv(q)'"),
	    "abbaabbbaab", 0, 0, EACCES, 0, 0, 0, 0, EPERM, 0, 0, EIDRM);
}

TEST(root_may, "user 0 may do what the mode forbids")
{
	PLAY(ROOTS("", "'q = msgget(0x1)', 'msgsnd(q, one)', 'ipcset(q, 0, 0600)', 'ipcrm(q)'",
		 "'q = msgget(0x1, IPC_CREAT, 0)', 'try msgsnd(q, one)'"),
	    "baabaa", 0, 0, 0, EACCES, 0, 0);
}

TEST(queue, "a queue is full at its limit, and empty at first: both wait")
{
	PLAY(SCENE("", "'q = msgget(0x1, IPC_CREAT, 0666)', 'x = msgrcv(q)', 'check(x, one)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'msgsnd(q, two)', 'msgsnd(q, two)', "
		 "'msgsnd(q, two)'"),
	    "aabbaabbb", 0, WAITS, 0, 0, 0, 0, 0, 0, WAITS);
}

TEST(removed_queue, "who waits for a message of a queue that is removed is told EIDRM")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0666)', 'ipcrm(q)', 'p = msgget(0x1, IPC_CREAT, "
		 "0666)'",
		 "'q = msgget(0x1)', 'try msgrcv(q)', 'try msgsnd(q, one)'"),
	    "abbabab", 0, 0, WAITS, 0, EIDRM, 0, EIDRM);
}

TEST(semaphore, "a semaphore of 0 waits, or says EAGAIN; to raise it lets go")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1)', 'semop(x, 1)', 'try semop(x, "
		 "-1, IPC_NOWAIT)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabbaba", 0, 0, 0, WAITS, 0, 0, EAGAIN);
}

TEST(semaphore_left, "a semaphore that its taker left behind stays taken")
{
	PLAY(SCENE("", "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1)', 'exit()'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabab", 0, 0, 0, 0, WAITS);
}

TEST(semaphore_undone, "SEM_UNDO gives it back at the end of a process, however it ends")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, SEM_UNDO)', 'r, w = pipe()',"
		 "'close(r)', 'write(w, one)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aaaabbab", 0, 0, 0, 0, 0, WAITS, KILLED, 0);
}

TEST(semaphore_failed, "also where a call that fails ends it")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, SEM_UNDO)', 'open(/none, "
		 "O_RDONLY)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabbab", 0, 0, 0, WAITS, ENOENT, 0);
}

TEST(undo_is_ones_own, "a child has promised nothing: its end gives nothing back")
{
	PLAY("compartment a { program('x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, "
	     "SEM_UNDO)', 'fork()',"
	     "'semop(x, -1)') } compartment b { child_of('a') program('exit()') }",
	    "aaaba", 0, 0, 0, 0, WAITS);
}

TEST(semaphore_asks, "to take a semaphore is to alter it: read permission is not enough")
{
	PLAY(SCENE("", "'x = semget(0x1, IPC_CREAT, 0644)', 'semop(x, -1)'",
		 "'x = semget(0x1, 0444)', 'try semop(x, -1)', 'try semop(x, 1)'"),
	    "abbba", 0, 0, EACCES, EACCES, 0);
}

TEST(segment, "what one writes into a segment the other reads")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'store(m, one)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'x = load(m)', 'check(x, one)'"),
	    "aaabbbb", 0, 0, 0, 0, 0, 0, 0);
}

TEST(segment_asks_once, "a segment asks when it is attached, and never again")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'ipcset(m, 100, 0600)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'store(m, one)', 'shmdt(m)', 'try shmat(m)'"),
	    "abbabbb", 0, 0, 0, 0, 0, 0, EACCES);
}

TEST(segment_read_only, "to attach for both asks for both")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0644)'",
		 "'m = shmget(0x1)', 'try shmat(m)', 'shmat(m, SHM_RDONLY)', 'x = load(m)', 'try "
		 "store(m, one)'"),
	    "abbbbb", 0, 0, EACCES, 0, 0, EFAULT);
}

TEST(segment_removed, "a removed segment lives until its last detach, without its key")
{
	PLAY(SCENE("",
		 "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'store(m, one)', 'ipcrm(m)', "
		 "'shmdt(m)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'try n = shmget(0x1)', 'x = load(m)', 'check(x, "
		 "one)',"
		 "'shmdt(m)', 'try shmat(m)'"),
	    "aaabbabbabbb", 0, 0, 0, 0, 0, 0, ENOENT, 0, 0, 0, 0, EIDRM);
}

TEST(segment_attached_late,
    "who has its identifier attaches a removed segment that others still have")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'ipcrm(m)'",
		 "'m = shmget(0x1)', 'shmat(m)'"),
	    "aabab", 0, 0, 0, 0, 0);
}

TEST(segment_of_child, "a child has its parent's segments, also as another user")
{
	PLAY("compartment a { program('m = shmget(0x1, IPC_CREAT, 0600)', 'shmat(m)', 'fork()', 'x "
	     "= load(m)',"
	     "'check(x, one)') }"
	     "compartment b { child_of('a') program('setuid(100)', 'store(m, one)', 'shmdt(m)', "
	     "'try shmat(m)') }",
	    "aaabbbbaa", 0, 0, 0, 0, 0, 0, EACCES, 0, 0);
}

TEST(segment_detach, "only what is attached can be detached")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0600)', 'try shmdt(m)', 'try load(m)'",
		 "'umask(0)'"),
	    "aaa", 0, EINVAL, EFAULT);
}

/* ---- processes ---- */

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
	PLAY(SCENE(RUN,
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

TEST(identity, "one inode is the same by every name and descriptor, another is not")
{
	PLAY(ROOTS(FIFO "directory('/d') ",
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

TEST_MAIN("model_ipc", pipe_keeps_order, pipe_full, pipe_empty, pipe_broken, pipe_ignored,
    pipe_sides, pipe_of_child, pipe_until_read, fifo_reader_waits, fifo_writer_waits, fifo_both,
    fifo_nonblock, fifo_empty, fifo_peer_left, fifo_waiter_counts, fifo_forgets, fifo_names,
    fifo_permission, fifo_path, fifo_umask, bind_mode, bind_taken, bind_permission, listen_unbound,
    connect_refused, connect_first, accept_waits, backlog, connect_twice, renamed, unlinked,
    peer_gone, peer_reset, reset_write, never_accepted, peer_cred, peer_cred_stays, setuid_peer,
    pass, pass_in_flight, pass_read, pass_itself, pass_wrong, key, kinds, private, no_umask,
    each_time, owner, root_may, queue, removed_queue, semaphore, semaphore_left, semaphore_undone,
    semaphore_failed, undo_is_ones_own, semaphore_asks, segment, segment_asks_once,
    segment_read_only, segment_removed, segment_attached_late, segment_of_child, segment_detach,
    setuid_user, fork_copies, closed, duplicate, types, identity, exec_closes, exec_detaches,
    exec_setuid, exec_refused, rights)
