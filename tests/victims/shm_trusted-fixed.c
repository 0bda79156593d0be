/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps its state in a segment, and believes later what it has written before.
 * Safe: the segment has no key and mode 0600: only this process and what it forks can write it.
 * CWE-362 avoided. 0777: silent. 1777: silent.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int
main(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	char *state = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (state == (char *)-1)
		return 1;
	strcpy(state, "ready");
	if (access("shared/again", F_OK) == 0)
		puts("once more");
	printf("state: %.60s\n", state);
	return shmctl(id, IPC_RMID, NULL) < 0;
}
