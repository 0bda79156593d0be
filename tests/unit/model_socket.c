/* SPDX-License-Identifier: BSD-2-Clause */
/* UNIX sockets of the model, one fact each; as on the kernel. */
#include "play.h"

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

TEST(backlog, "who connects waits while the queue is full")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'d = accept(s)'",
		 CLIENT
		 "'d = socket()', 'connect(d, /run/s)', 'e = socket()', 'connect(e, /run/s)'"),
	    "aaaabbbbbbab", 0, 0, 0, 0, 0, 0, 0, 0, 0, WAITS, 0, 0);
}

TEST(backlog_nonblock, "or is told EAGAIN")
{
	PLAY(SCENE(RUN, "'umask(0)', " SERVER "'d = accept(s)'",
		 CLIENT "'d = socket()', 'connect(d, /run/s)', 'e = socket(SOCK_NONBLOCK)',"
			"'try connect(e, /run/s)', 'connect(e, /run/s)'"),
	    "aaaabbbbbbab", 0, 0, 0, 0, 0, 0, 0, 0, 0, EAGAIN, 0, 0);
}

TEST(accepted_name, "what was accepted has the listener's name, and cannot be bound or listen")
{
	PLAY(SCENE(RUN,
		 "'umask(0)', " SERVER
		 "'d = accept(s)', 'try bind(d, /run/t)', 'try listen(d)', 'close(s)',"
		 "'unlinkat(AT_FDCWD, /run/s)', 'e = socket()', 'bind(e, /run/s)'",
		 CLIENT "'bind(c, /run/t)', 'try listen(c)'"),
	    "aaaabbaaaaaaabb", 0, 0, 0, 0, 0, 0, 0, EINVAL, EINVAL, 0, 0, 0, 0, 0, EINVAL);
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

TEST_MAIN("model_socket", bind_mode, bind_taken, bind_permission, listen_unbound, connect_refused,
    connect_first, accept_waits, backlog, backlog_nonblock, accepted_name, connect_twice, renamed,
    unlinked, peer_gone, peer_reset, reset_write, never_accepted, peer_cred, peer_cred_stays,
    setuid_peer, pass, pass_in_flight, pass_read, pass_itself, pass_wrong)
