/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the key in a segment for its helpers.
 * Flaw: the segment's mode is 0666, so that everybody is a helper.
 * CWE-732. 0777: found. 1777: found.
 * Wins: ipc_read before shmdt.
 */
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int
main(void)
{
	int fd = open("home/secret", O_RDONLY),
	    id = shmget(0x70616c65, 4096, IPC_CREAT | IPC_EXCL | 0666);
	char *key;

	if (fd < 0 || id < 0)
		return 1;
	key = shmat(id, NULL, 0);
	if (key == (char *)-1 || read(fd, key, 64) < 0)
		return 1;
	if (shmdt(key) < 0)
		return 1;
	return shmctl(id, IPC_RMID, NULL) < 0;
}
