/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends the key to itself through a queue with a well-known key.
 * Flaw: without IPC_EXCL the queue may be another's, made before with a mode that lets us in.
 * CWE-283. 0777: found. 1777: found.
 * Wins: squat_msg before msgget.
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
	q = msgget(0x70616c65, IPC_CREAT | 0600);
	if (q < 0 || msgsnd(q, &m, sizeof(m.text), 0) < 0)
		return 1;
	return msgrcv(q, &m, sizeof(m.text), 0, IPC_NOWAIT) < 0;
}
