/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes a lock that is a semaphore with a well-known key.
 * Safe: a set that was there is used only if its owner is ours; and nobody else can remove or
 * change one with mode 0600.
 * CWE-412 avoided. 0777: silent. 1777: silent.
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

int
main(void)
{
	struct sembuf down = { .sem_op = -1, .sem_flg = SEM_UNDO };
	struct semid_ds ds;
	int set = semget(0x70616c65, 1, IPC_CREAT | IPC_EXCL | 0600);

	if (set < 0 && errno == EEXIST) {
		set = semget(0x70616c65, 1, 0);
		if (set < 0 || semctl(set, 0, IPC_STAT, &ds) < 0)
			return 1;
		if (ds.sem_perm.cuid != geteuid() || ds.sem_perm.uid != geteuid())
			return 1;
	} else if (set < 0 || semctl(set, 0, SETVAL, 1) < 0) {
		return 1;
	}
	return semop(set, &down, 1) < 0;
}
