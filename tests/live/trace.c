/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denials, each tried: an attempt is made in a cage that refuses it, the report has to name call,
 * path or address and the missing right, and the grant that it proposes, when added, has to make
 * exactly that attempt succeed. As root and as an ordinary user.
 *
 *   PALE  the program under test; default: ../../pale beside this one
 */
#include "trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROBE_SECONDS = 20,
	ARGS_MAX = 40,
	TEXT_BYTES = 256,
	PASS_PERCENT = 95,
	EXIT_REFUSED = 9,
};

char world[64];
int tcp_port;
int udp_port;
static unsigned count;
static unsigned failed;

const char *
at(const char *name)
{
	static char ring[8][128];
	static unsigned next;
	char *slot = ring[next++ % 8];

	snprintf(slot, sizeof(ring[0]), "%s/%s", world, name);
	return slot;
}

/* From outside. */

static void run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
run_shell(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0) {
		printf("Bail out! %s\n", command);
		exit(1);
	}
}

static void
make_world(uid_t uid)
{
	run_shell("cd %s && rm -rf in out rw rw2 look trace && mkdir in out rw rw2 look && "
		  "mkdir in/sub && cp /bin/true in/exe && touch in/file && mkdir in/dir && "
		  "ln -s file in/link && mkfifo in/fifo && "
		  "cp -a in/. out && cp -a in/. rw && touch look/file && chown -Rh %u:%u . && "
		  "chmod 755 .",
	    world, uid, uid);
	for (int i = 0; i < 2; i++) {
		const char *name = at(i == 0 ? "in/host" : "out/host");
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		static int fds[2] = { -1, -1 };

		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
		if (bind(fds[i], (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		    listen(fds[i], 8) < 0 || chown(name, uid, uid) < 0)
			abort();
	}
}

/* Split options at spaces, with the world's name in its place. */
static size_t
split(const char *text, char room[][TEXT_BYTES], const char **argv, size_t n)
{
	for (size_t i = 0; *text != '\0' && n < ARGS_MAX - 8; i++) {
		size_t len = strcspn(text, " ");
		const char *here = strstr(text, "WORLD");

		if (here != NULL && here < text + len)
			snprintf(room[i], TEXT_BYTES, "%.*s%s%.*s", (int)(here - text), text, world,
			    (int)(text + len - here - 5), here + 5);
		else
			snprintf(room[i], TEXT_BYTES, "%.*s", (int)len, text);
		argv[n++] = room[i];
		text += len + (text[len] != '\0');
	}
	return n;
}

/* Returns the exit code of the attempt; its report is in the world's `trace`. */
static int
run_attempt(const struct attempt *attempt, uid_t uid, const char *added)
{
	char room[2][8][TEXT_BYTES];
	char report[128];
	char rw[128];
	const char *argv[ARGS_MAX] = { at("pale"), "run", "--report=json", "-r", at("in"), "-x",
		at("self") };
	size_t n = 7;
	int status = -1;
	pid_t pid;

	snprintf(report, sizeof(report), "--trace=%s/trace", world);
	snprintf(rw, sizeof(rw), "%s:lookup,read,write", at("rw"));
	unlink(at("trace"));
	argv[n++] = report;
	argv[n++] = "--dir";
	argv[n++] = rw;
	n = split(attempt->grant == NULL ? "" : attempt->grant, room[0], argv, n);
	n = split(added, room[1], argv, n);
	argv[n++] = "--";
	argv[n++] = at("self");
	argv[n++] = attempt->name;
	argv[n++] = world;
	argv[n] = NULL;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (uid != geteuid() &&
		    (syscall(SYS_setgroups, 0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
			setresuid(uid, uid, uid) < 0))
			_exit(125);
		if (getenv("TRACE_VERBOSE") == NULL)
			dup2(open("/dev/null", O_WRONLY), 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(125);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *
text_of(const json_t *denial, const char *key)
{
	const char *text = json_string_value(json_object_get(denial, key));

	return text == NULL ? "" : text;
}

/* The denial that is about this attempt, owned by the caller; NULL if none is. */
static json_t *
find_denial(const struct attempt *attempt)
{
	FILE *file = fopen(at("trace"), "re");
	json_t *found = NULL;
	char *line = NULL;
	size_t size = 0;

	while (file != NULL && found == NULL && getline(&line, &size, file) > 0) {
		json_t *denial = json_loads(line, 0, NULL);
		char call[64];

		snprintf(call, sizeof(call), " %s ", text_of(denial, "syscall"));
		if (strstr(attempt->calls, call) != NULL &&
		    (attempt->path[0] == '\0' ||
			strcmp(text_of(denial, "path"), at(attempt->path)) == 0))
			found = denial;
		else
			json_decref(denial);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/* What is proposed for whatever host is put to the test with one. */
static const char *
proposal(const json_t *denial)
{
	static char text[TEXT_BYTES];
	const char *allow = text_of(denial, "allow");

	if (strncmp(allow, "--tcp HOST:PORT or --udp", 24) == 0)
		snprintf(text, sizeof(text), "%s",
		    strstr(text_of(denial, "call"), "SOCK_DGRAM") != NULL
			? "--udp 127.0.0.1:9"
			: "--tcp 127.0.0.1:9 --tcp [::1]:9");
	else
		snprintf(text, sizeof(text), "%s", allow);
	return text;
}

/* NULL, or what is wrong. */
static const char *
judge(const struct attempt *attempt, uid_t uid, json_t **ret_denial)
{
	json_t *denial;

	make_world(uid);
	if (run_attempt(attempt, uid, "") != EXIT_REFUSED)
		return "it was not refused";
	denial = *ret_denial = find_denial(attempt);
	if (denial == NULL)
		return "the report does not have it";
	if (text_of(denial, "program")[0] == '\0' ||
	    json_integer_value(json_object_get(denial, "pid")) <= 0)
		return "who made it is not told";
	if (attempt->never)
		return strncmp(text_of(denial, "allow"), "nothing: ", 9) == 0
		    ? NULL
		    : "it is not told that no grant allows it";
	if (json_array_size(json_object_get(denial, "missing")) == 0 &&
	    strcmp(text_of(denial, "errno"), "EXDEV") != 0)
		return "no right is missing";
	if (strncmp(proposal(denial), "--", 2) != 0)
		return "no option is proposed";
	make_world(uid);
	if (run_attempt(attempt, uid, proposal(denial)) != 0)
		return "with what is proposed it is still refused";
	return NULL;
}

static unsigned
judge_all(uid_t uid, const char *only)
{
	unsigned passed = 0;
	unsigned tried = 0;

	for (size_t i = 0; attempts[i].name != NULL; i++) {
		json_t *denial = NULL;
		const char *wrong;

		if (strstr(attempts[i].name, only) == NULL)
			continue;
		tried++;
		wrong = judge(&attempts[i], uid, &denial);
		if (wrong != NULL)
			printf("# uid %u, %s: %s; %s; %s\n", uid, attempts[i].name, wrong,
			    text_of(denial, "call"), text_of(denial, "allow"));
		passed += wrong == NULL;
		json_decref(denial);
	}
	printf("# uid %u: %u of %u denials named, allowed as proposed\n", uid, passed, tried);
	count++;
	if (passed * 100 < tried * PASS_PERCENT) {
		failed++;
		printf("not ");
	}
	printf("ok %u - of what is denied to uid %u, 95 %% is named and allowed as proposed\n",
	    count, uid);
	return passed;
}

static int
listen_inet(int type, int *ret_port)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 8) < 0) ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		abort();
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static int
listen_abstract(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *name = abstract_name();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path + 1, name + 1, strlen(name) - 1);
	if (bind(fd, (const struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) < 0 ||
	    listen(fd, 8) < 0)
		abort();
	return fd;
}

/* Inside: one attempt. */
static int
be_attempt(const char *name)
{
	alarm(PROBE_SECONDS);
	for (size_t i = 0; attempts[i].name != NULL; i++) {
		if (strcmp(attempts[i].name, name) != 0)
			continue;
		if (attempts[i].act(at(attempts[i].path)) == 0)
			return 0;
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return EXIT_REFUSED;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	const char *given = getenv("PALE");
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	/* The name of the world ends in the ports. */
	if (argc == 3) {
		snprintf(world, sizeof(world), "%s", argv[2]);
		if (sscanf(strchr(world, '.'), ".%d.%d", &tcp_port, &udp_port) != 2)
			return 2;
		return be_attempt(argv[1]);
	}
	if (len < 0)
		return 1;
	self[len] = '\0';
	listen_inet(SOCK_STREAM, &tcp_port);
	listen_inet(SOCK_DGRAM, &udp_port);
	snprintf(
	    world, sizeof(world), "/var/tmp/pale-trace-%d.%d.%d", getpid(), tcp_port, udp_port);
	run_shell(
	    "mkdir -m 755 %s && cp %s %s/self && chmod 755 %s/self", world, self, world, world);
	if (given != NULL)
		run_shell("cp %s %s/pale", given, world);
	else
		run_shell(
		    "cp %.*s/../../pale %s/pale", (int)(strrchr(self, '/') - self), self, world);
	listen_abstract();
	shmget(KEY, 4096, IPC_CREAT | 0666);
	msgget(KEY, IPC_CREAT | 0666);
	judge_all(geteuid(), argc == 2 ? argv[1] : "");
	if (geteuid() == 0)
		judge_all(1000, argc == 2 ? argv[1] : "");
	shmctl(shmget(KEY, 0, 0), IPC_RMID, NULL);
	msgctl(msgget(KEY, 0), IPC_RMID, NULL);
	run_shell("rm -rf %s", world);
	printf("1..%u\n", count);
	return failed > 0;
}
