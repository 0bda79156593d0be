/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes a lock that is a semaphore with a well-known key.
 * Flaw: without IPC_EXCL the set may be another's, whose value never lets us pass.
 * CWE-412. 0777: found. 1777: found.
 * Wins: squat_sem before semget.
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

int
main(void)
{
	struct sembuf down = { .sem_op = -1, .sem_flg = SEM_UNDO };
	int set = semget(0x70616c65, 1, IPC_CREAT | IPC_EXCL | 0600);

	if (set < 0 && errno == EEXIST)
		set = semget(0x70616c65, 1, 0);
	else if (set >= 0 && semctl(set, 0, SETVAL, 1) < 0)
		return 1;
	if (set < 0)
		return 1;
	return semop(set, &down, 1) < 0;
}
