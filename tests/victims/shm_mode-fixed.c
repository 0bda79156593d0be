/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the key in a segment for its helpers.
 * Safe: made anew and with 0600: each use of a segment is checked against its mode, and only we
 * pass.
 * CWE-732 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int
main(void)
{
	int fd = open("home/secret", O_RDONLY),
	    id = shmget(0x70616c65, 4096, IPC_CREAT | IPC_EXCL | 0600);
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
