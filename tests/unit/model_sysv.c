/* SPDX-License-Identifier: BSD-2-Clause */
/* System V objects of the model, one fact each; as on the kernel. */
#include "play.h"

TEST(key, "a key is found by all who know it; to be found is to be asked for what one wants")
{
	PLAY(SCENE("", "'q = msgget(0x1, IPC_CREAT, 0640)'",
		 "'try q = msgget(0x2)', 'q = msgget(0x1, 0)', 'try q = msgget(0x1, 0400)',"
		 "'try q = msgget(0x1, IPC_CREAT|IPC_EXCL, 0600)', 'try msgsnd(q, one)',"
		 "'try msgrcv(q)', 'try ipcstat(q, 100)', 'try ipcrm(q)'"),
	    "abbbbbbbb", 0, ENOENT, 0, EACCES, EEXIST, EACCES, EACCES, EACCES, EPERM);
}

TEST(kinds, "queues, semaphores and segments have keys of their own")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT|IPC_EXCL, 0600)', 'x = semget(0x1, "
		 "IPC_CREAT|IPC_EXCL, 0600)',"
		 "'m = shmget(0x1, IPC_CREAT|IPC_EXCL, 0600)'",
		 "'umask(0)'"),
	    "aaa", 0, 0, 0);
}

TEST(private, "IPC_PRIVATE makes one each time, which no key finds")
{
	PLAY(SCENE("",
		 "'q = msgget(IPC_PRIVATE, 0600)', 'p = msgget(IPC_PRIVATE, 0600)', 'msgsnd(q, "
		 "one)',"
		 "'msgrcv(p)'",
		 "'umask(0)'"),
	    "aaaa", 0, 0, 0, WAITS);
}

TEST(no_umask, "the umask takes nothing from the mode of System V objects")
{
	PLAY(SCENE("", "'umask(0777)', 'q = msgget(0x1, IPC_CREAT, 0666)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'x = msgrcv(q)', 'check(x, one)'"),
	    "aabbbb", 0, 0, 0, 0, 0, 0);
}

TEST(each_time, "permission is asked at each operation")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0666)', 'ipcset(q, 100, 0600)', 'ipcset(q, 100, "
		 "0622)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'try msgsnd(q, one)', 'msgsnd(q, one)',"
		 "'try msgrcv(q)'"),
	    "abbabab", 0, 0, 0, 0, EACCES, 0, 0);
}

TEST(owner, "IPC_SET gives an object away; its creator may still do all, and stays its creator")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0600)', 'ipcset(q, 200, 0600)', 'msgsnd(q, one)',"
		 "'ipcstat(q, 100)', 'ipcrm(q)'",
		 "'q = msgget(0x1, 0)', 'try msgsnd(q, one)', 'x = msgrcv(q)', 'ipcstat(q, 100)',"
		 "'try ipcstat(q, 200)', 'try msgrcv(q)'"),
	    "abbaabbbaab", 0, 0, EACCES, 0, 0, 0, 0, EPERM, 0, 0, EIDRM);
}

TEST(root_may, "user 0 may do what the mode forbids")
{
	PLAY(ROOTS("", "'q = msgget(0x1)', 'msgsnd(q, one)', 'ipcset(q, 0, 0600)', 'ipcrm(q)'",
		 "'q = msgget(0x1, IPC_CREAT, 0)', 'try msgsnd(q, one)'"),
	    "baabaa", 0, 0, 0, EACCES, 0, 0);
}

TEST(queue, "a queue is full at its limit, and empty at first: both wait")
{
	PLAY(SCENE("", "'q = msgget(0x1, IPC_CREAT, 0666)', 'x = msgrcv(q)', 'check(x, one)'",
		 "'q = msgget(0x1)', 'msgsnd(q, one)', 'msgsnd(q, two)', 'msgsnd(q, two)', "
		 "'msgsnd(q, two)'"),
	    "aabbaabbb", 0, WAITS, 0, 0, 0, 0, 0, 0, WAITS);
}

TEST(removed_queue, "who waits for a message of a queue that is removed is told EIDRM")
{
	PLAY(SCENE("",
		 "'q = msgget(0x1, IPC_CREAT, 0666)', 'ipcrm(q)', 'p = msgget(0x1, IPC_CREAT, "
		 "0666)'",
		 "'q = msgget(0x1)', 'try msgrcv(q)', 'try msgsnd(q, one)'"),
	    "abbabab", 0, 0, WAITS, 0, EIDRM, 0, EIDRM);
}

TEST(semaphore, "a semaphore of 0 waits, or says EAGAIN; to raise it lets go")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1)', 'semop(x, 1)', 'try semop(x, "
		 "-1, IPC_NOWAIT)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabbaba", 0, 0, 0, WAITS, 0, 0, EAGAIN);
}

TEST(semaphore_left, "a semaphore that its taker left behind stays taken")
{
	PLAY(SCENE("", "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1)', 'exit()'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabab", 0, 0, 0, 0, WAITS);
}

TEST(semaphore_undone, "SEM_UNDO gives it back at the end of a process, however it ends")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, SEM_UNDO)', 'r, w = pipe()',"
		 "'close(r)', 'write(w, one)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aaaabbab", 0, 0, 0, 0, 0, WAITS, KILLED, 0);
}

TEST(semaphore_failed, "also where a call that fails ends it")
{
	PLAY(SCENE("",
		 "'x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, SEM_UNDO)', 'open(/none, "
		 "O_RDONLY)'",
		 "'x = semget(0x1)', 'semop(x, -1)'"),
	    "aabbab", 0, 0, 0, WAITS, ENOENT, 0);
}

TEST(undo_is_ones_own, "a child has promised nothing: its end gives nothing back")
{
	PLAY("compartment a { program('x = semget(0x1, IPC_CREAT, 0666)', 'semop(x, -1, "
	     "SEM_UNDO)', 'fork()',"
	     "'semop(x, -1)') } compartment b { child_of('a') program('exit()') }",
	    "aaaba", 0, 0, 0, 0, WAITS);
}

TEST(semaphore_asks, "to take a semaphore is to alter it: read permission is not enough")
{
	PLAY(SCENE("", "'x = semget(0x1, IPC_CREAT, 0644)', 'semop(x, -1)'",
		 "'x = semget(0x1, 0444)', 'try semop(x, -1)', 'try semop(x, 1)'"),
	    "abbba", 0, 0, EACCES, EACCES, 0);
}

TEST(segment, "what one writes into a segment the other reads")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'store(m, one)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'x = load(m)', 'check(x, one)'"),
	    "aaabbbb", 0, 0, 0, 0, 0, 0, 0);
}

TEST(segment_asks_once, "a segment asks when it is attached, and never again")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'ipcset(m, 100, 0600)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'store(m, one)', 'shmdt(m)', 'try shmat(m)'"),
	    "abbabbb", 0, 0, 0, 0, 0, 0, EACCES);
}

TEST(segment_read_only, "to attach for both asks for both")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0644)'",
		 "'m = shmget(0x1)', 'try shmat(m)', 'shmat(m, SHM_RDONLY)', 'x = load(m)', 'try "
		 "store(m, one)'"),
	    "abbbbb", 0, 0, EACCES, 0, 0, EFAULT);
}

TEST(segment_removed, "a removed segment lives until its last detach, without its key")
{
	PLAY(SCENE("",
		 "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'store(m, one)', 'ipcrm(m)', "
		 "'shmdt(m)'",
		 "'m = shmget(0x1)', 'shmat(m)', 'try n = shmget(0x1)', 'x = load(m)', 'check(x, "
		 "one)',"
		 "'shmdt(m)', 'try shmat(m)'"),
	    "aaabbabbabbb", 0, 0, 0, 0, 0, 0, ENOENT, 0, 0, 0, 0, EIDRM);
}

TEST(segment_attached_late,
    "who has its identifier attaches a removed segment that others still have")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0666)', 'shmat(m)', 'ipcrm(m)'",
		 "'m = shmget(0x1)', 'shmat(m)'"),
	    "aabab", 0, 0, 0, 0, 0);
}

TEST(segment_of_child, "a child has its parent's segments, also as another user")
{
	PLAY("compartment a { program('m = shmget(0x1, IPC_CREAT, 0600)', 'shmat(m)', 'fork()', 'x "
	     "= load(m)',"
	     "'check(x, one)') }"
	     "compartment b { child_of('a') program('setuid(100)', 'store(m, one)', 'shmdt(m)', "
	     "'try shmat(m)') }",
	    "aaabbbbaa", 0, 0, 0, 0, 0, 0, EACCES, 0, 0);
}

TEST(segment_detach, "only what is attached can be detached")
{
	PLAY(SCENE("", "'m = shmget(0x1, IPC_CREAT, 0600)', 'try shmdt(m)', 'try load(m)'",
		 "'umask(0)'"),
	    "aaa", 0, EINVAL, EFAULT);
}

TEST_MAIN("model_sysv", key, kinds, private, no_umask, each_time, owner, root_may, queue,
    removed_queue, semaphore, semaphore_left, semaphore_undone, semaphore_failed, undo_is_ones_own,
    semaphore_asks, segment, segment_asks_once, segment_read_only, segment_removed,
    segment_attached_late, segment_of_child, segment_detach)
