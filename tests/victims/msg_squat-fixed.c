/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends the key to itself through a queue with a well-known key.
 * Safe: IPC_EXCL makes the queue ours or fails, and its mode lets nobody else in; from there on it
 * is used by its id, which nobody else can remove.
 * CWE-283 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

int
main(void)
{
	struct {
		long type;
		char text[64];
	} m = { .type = 1 };
	int q, fd = open("home/secret", O_RDONLY);

	if (fd < 0 || read(fd, m.text, sizeof(m.text)) < 0)
		return 1;
	q = msgget(0x70616c65, IPC_CREAT | IPC_EXCL | 0600);
	if (q < 0 || msgsnd(q, &m, sizeof(m.text), 0) < 0)
		return 1;
	if (msgrcv(q, &m, sizeof(m.text), 0, IPC_NOWAIT) < 0)
		return 1;
	return msgctl(q, IPC_RMID, NULL) < 0;
}
