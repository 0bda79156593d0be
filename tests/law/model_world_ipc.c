/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of IPC at random: mostly on what they are meant for. */
#include "model_world.h"

static const char first[] = "\t\t'q = msgget(0x10, IPC_CREAT, 0600)',\n"
			    "\t\t't = semget(0x10, IPC_CREAT, 0600)',\n"
			    "\t\t'm = shmget(0x10, IPC_CREAT, 0600)',\n";
static const char first_sockets[] = "\t\t'y, z = socketpair()', 'x = socket()', 'bind(x, /w/s)',\n"
				    "\t\t'listen(x)', 'y = socket()',\n";

/* An object in a variable: mostly of the right kind. */
static const char *
object(struct writer *w, const char *usual)
{
	return test_below(&w->seed, 8) == 0 ? PICK(w, "q", "t", "m") : usual;
}

static void
write_sysv(struct writer *w)
{
	const char *key = PICK(w, "0x10", "0x10", "0x11");
	const char *flags =
	    PICK(w, "IPC_CREAT", "IPC_CREAT", "IPC_CREAT|IPC_EXCL", "IPC_EXCL", "IPC_CREAT");
	const char *mode = PICK(w, "0600", "0666", "0622", "0644", "0", "0060", "0006", "0200");

	switch (test_below(&w->seed, 18)) {
	case 0:
		say(w, "'q = msgget(IPC_PRIVATE, IPC_CREAT, %s)'", mode);
		break;
	case 1:
		say(w, "'q = msgget(%s, %s, %s)'", key, flags, mode);
		break;
	case 2:
	case 3:
		say(w, "'t = semget(%s, %s, %s)'", key, flags, mode);
		break;
	case 4:
	case 5:
		say(w, "'m = shmget(%s, %s, %s)'", key, flags, mode);
		break;
	case 6:
		say(w, "'msgsnd(%s, v2)'", object(w, "q"));
		break;
	case 7:
	case 8:
		say(w, "'v = msgrcv(%s)'", object(w, "q"));
		break;
	case 9:
	case 10:
		say(w, "'semop(%s, %s, IPC_NOWAIT)'", object(w, "t"), PICK(w, "-1", "1"));
		break;
	case 11:
		say(w, "'shmat(%s%s)'", object(w, "m"), PICK(w, "", ", SHM_RDONLY"));
		break;
	case 12:
		say(w, "'shmdt(%s)'", object(w, "m"));
		break;
	case 13:
		say(w, "'v = load(%s)'", object(w, "m"));
		break;
	case 14:
		say(w, "'store(%s, %s)'", object(w, "m"), PICK(w, "v1", "v2"));
		break;
	case 15:
		say(w, "'ipcset(%s, %s, %s)'", PICK(w, "q", "t", "m"), world_user(w), mode);
		break;
	case 16:
		say(w, "'ipcrm(%s)'", PICK(w, "q", "t", "m"));
		break;
	default:
		say(w, "'ipcstat(%s, %s)'", PICK(w, "q", "t", "m"), world_user(w));
		break;
	}
}

/* A socket, mostly one that is what the call wants. */
static const char *
socket_word(struct writer *w, const char *usual)
{
	return test_below(&w->seed, 6) == 0 ? PICK(w, "*", "x", "y", "z") : usual;
}

static void
write_socket(struct writer *w)
{
	const char *name =
	    PICK(w, "/w/s", "/w/s", "/w/s", "/w/s", "/w/a", "/w/l", "s", "a/s", "s/", "l", "/f");

	switch (test_below(&w->seed, 30)) {
	case 0:
	case 1:
		say(w, "'%s = socket(%s)'", PICK(w, "x", "y", "y", "y"),
		    PICK(w, "", "SOCK_CLOEXEC"));
		break;
	case 2:
	case 24:
	case 25:
		say(w, "'y, z = socketpair(%s)'", PICK(w, "", "SOCK_CLOEXEC"));
		break;
	case 3:
	case 4:
	case 5:
		say(w, "'bind(%s, \"%s\")'", socket_word(w, "x"), name);
		break;
	case 6:
	case 7:
	case 8:
		say(w, "'listen(%s)'", socket_word(w, "x"));
		break;
	case 9:
	case 10:
	case 11:
		say(w, "'connect(%s, \"%s\")'", socket_word(w, "y"),
		    test_below(&w->seed, 4) == 0 ? name : "/w/s");
		break;
	case 12:
	case 13:
		say(w, "'z = accept(%s)'", socket_word(w, "x"));
		break;
	case 14:
		say(w, "'peer(%s, %s)'", socket_word(w, PICK(w, "y", "z")), world_user(w));
		break;
	case 15:
	case 26:
	case 27:
	case 28:
		say(w, "'sendfd(%s, *)'", socket_word(w, "y"));
		break;
	case 16:
	case 17:
	case 29:
		say(w, "'recvfd(%s)'", socket_word(w, "z"));
		break;
	case 18:
		say(w, "'pipe(%s)'", PICK(w, "", "O_CLOEXEC", "O_NONBLOCK"));
		break;
	case 19:
	case 20:
		say(w, "'v = read(%s)'", socket_word(w, PICK(w, "y", "z", "*")));
		break;
	case 21:
		say(w, "'fchmod(%s, 0%s)'", socket_word(w, "x"), world_file_mode(w));
		break;
	default:
		say(w, "'write(%s, v2)'", socket_word(w, PICK(w, "y", "z", "*")));
		break;
	}
}

void
world_write_ipc_first(struct writer *w, bool sockets)
{
	say(w, "%s%s", first, sockets ? first_sockets : "");
}

void
world_write_ipc(struct writer *w, bool sockets)
{
	if (sockets && test_below(&w->seed, 2) == 0)
		write_socket(w);
	else
		write_sysv(w);
}
