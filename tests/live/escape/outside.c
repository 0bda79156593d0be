/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who lives outside: a victim of the same user that counts its signals, servers that count their
 * callers, and somebody who answers the telephone and renames or mounts when the probe asks.
 */
#include "driver.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	FIRST_PID = 2000, /* numbers below might also exist in the cage's own process namespace */
	WHO_PROCESS = 1,
};

static char secret_memory[64] = SECRET;
static pid_t renamer;

static void
count_victim(int number)
{
	(void)number;
	__atomic_add_fetch(&state->board->victim_signals, 1, __ATOMIC_SEQ_CST);
}

static void
count_leader(int number)
{
	(void)number;
	__atomic_add_fetch(&state->board->group_signals, 1, __ATOMIC_SEQ_CST);
}

void
outside_count_signals(bool leader)
{
	struct sigaction act = { .sa_handler = leader ? count_leader : count_victim,
		.sa_flags = SA_RESTART };

	sigaction(SIGURG, &act, NULL);
	sigaction(SIGIO, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGUSR2, &act, NULL);
}

static void
live_as_victim(int ready)
{
	int fd;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 1);
	outside_count_signals(false);
	fd = open(at("outside/secret"), O_RDONLY);
	if (fd < 0 || chdir(at("outside")) < 0 ||
	    write(ready, &fd, sizeof(fd)) != (ssize_t)sizeof(fd))
		_exit(1);
	for (;;)
		pause();
}

static void
bump(unsigned *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static void
live_as_server(void)
{
	struct pollfd all[SERVER_COUNT + 1];
	char room[64];
	int type, peer;
	socklen_t size;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < SERVER_COUNT; i++)
		all[i] = (struct pollfd){ state->servers[i], POLLIN, 0 };
	/* For reading and writing, so that a writer who leaves does not make it spin. */
	all[SERVER_COUNT] = (struct pollfd){ open(at("ro/fifo"), O_RDWR | O_NONBLOCK), POLLIN, 0 };
	while (poll(all, SERVER_COUNT + 1, -1) > 0) {
		if (all[SERVER_COUNT].revents & POLLIN &&
		    read(all[SERVER_COUNT].fd, room, sizeof(room)) > 0)
			bump(&state->board->fifo_bytes);
		for (int i = 0; i < SERVER_COUNT; i++) {
			if (!(all[i].revents & POLLIN))
				continue;
			size = sizeof(type);
			getsockopt(all[i].fd, SOL_SOCKET, SO_TYPE, &type, &size);
			if (type == SOCK_DGRAM) {
				if (recv(all[i].fd, room, sizeof(room), MSG_DONTWAIT) >= 0)
					bump(&state->board->datagrams);
			} else {
				peer = accept4(all[i].fd, NULL, NULL, SOCK_CLOEXEC);
				if (peer >= 0) {
					bump(&state->board->streams);
					close(peer);
				}
			}
		}
	}
	_exit(1);
}

static void
pass_numbers(void)
{
	pid_t pid;

	do {
		pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	} while (pid > 0 && pid < FIRST_PID);
}

void
outside_start(void)
{
	int ends[2];
	pid_t pid;

	pass_numbers();
	must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	/* Not `state->world.victim = fork()`: the child would write its 0 to the shared page, too.
	 */
	pid = fork();
	if (pid == 0)
		live_as_victim(ends[1]);
	state->world.victim = pid;
	must(read(ends[0], &state->world.victim_fd, sizeof(int)) == (ssize_t)sizeof(int), "victim");
	close(ends[0]);
	close(ends[1]);
	state->world.victim_address = (uint64_t)(uintptr_t)secret_memory;
	pid = fork();
	if (pid == 0)
		live_as_server();
	must(pid > 0, "server");
	state->server = pid;
	pid = fork();
	if (pid == 0)
		doors_serve();
	must(pid > 0, "granted servers");
}

static bool
move_out(void)
{
	return rename(at("rw/mover/bar"), at("outside/bar")) == 0;
}

static bool
move_back(void)
{
	return rename(at("outside/bar"), at("rw/mover/bar")) == 0;
}

static void
rename_for(unsigned seconds)
{
	renamer = fork();
	if (renamer != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(seconds + 5);
	for (;;) {
		move_out();
		move_back();
	}
}

static bool
mount_later(int outer)
{
	char byte = 'm';

	return write(outer, &byte, 1) == 1 && read(outer, &byte, 1) == 1 && byte == 'y';
}

void
outside_answer(int from, int to, int outer)
{
	char question[ASK_SIZE] = "", answer[ASK_SIZE];
	unsigned seconds;
	bool good = false;

	if (read(from, question, sizeof(question) - 1) <= 0)
		return;
	if (strcmp(question, "moveout") == 0) {
		good = move_out();
	} else if (strcmp(question, "moveback") == 0) {
		good = move_back();
	} else if (strcmp(question, "mount") == 0) {
		good = mount_later(outer);
	} else if (strncmp(question, "meet ", 5) == 0) {
		good = doors_meet(question + 5) == 0;
	} else if (strncmp(question, "spill ", 6) == 0) {
		good = doors_spill(question + 6) == 0;
	} else if (sscanf(question, "renamer %u", &seconds) == 1) {
		rename_for(seconds);
		good = renamer > 0;
	} else if (strcmp(question, "norenamer") == 0 && renamer > 0) {
		kill(renamer, SIGKILL);
		waitpid(renamer, NULL, 0);
		move_back();
		good = true;
	}
	snprintf(answer, sizeof(answer), "%s", good ? "ok" : "no");
	if (strcmp(question, "leader") == 0)
		snprintf(answer, sizeof(answer), "%d %ld",
		    getpriority(PRIO_PROCESS, (id_t)state->world.leader),
		    syscall(SYS_ioprio_get, WHO_PROCESS, state->world.leader));
	if (write(to, answer, strlen(answer)) < 0)
		tap_note("the probe hung up");
}
