/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps of the model: how many a call takes, what it leaves of itself, who waits; and the tree. */
#include "model_fs.h"

TEST(failure_ends, "a call that fails ends a program")
{
	ck_assert_int_eq(answer("100", "'mkdirat(own, dir)'"), EEXIST);
	ck_assert_uint_eq(state.processes[0].status, PALE_PROCESS_FAILED);
	ck_assert_uint_eq(state.processes[0].error, EEXIST);
	ck_assert_uint_eq(state.processes[0].fds[0].kind, PALE_FD_NONE);
	ck_assert(last.ended);
}

TEST(end_keeps, "a program that comes to its end keeps what it holds")
{
	ck_assert_int_eq(answer("100", "'mkdirat(dir, leaf)'"), 0);
	ck_assert_uint_eq(state.processes[0].status, PALE_PROCESS_FINISHED);
	ck_assert_uint_eq(state.processes[0].fds[0].kind, PALE_FD_INODE);
	ck_assert(pale_model_is_over(model, &state));
}

TEST(steps_names, "a call with single names is one step")
{
	run("100", "'renameat(own, file, dir, leaf)'");
	ck_assert_uint_eq(steps, 1);
}

TEST(steps_open, "a lookup is its start, its components and its finish")
{
	run("100", "'openat(dir, \"sub/../..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(steps, 5);
}

TEST(steps_creat, "O_CREAT takes the last component in a step of its own")
{
	run("100", "'openat(dir, leaf, O_WRONLY|O_CREAT, 0600)'");
	ck_assert_uint_eq(steps, 3);
}

TEST(steps_two, "the second of two paths starts where the first is finished")
{
	run("100", "'renameat(own, \"full/leaf\", own, \"dir/leaf\")'");
	ck_assert_uint_eq(steps, 5);
}

TEST(steps_followed, "a single name that can be a link is walked where it would be followed")
{
	run("100", "'fstatat(own, link)'");
	ck_assert_uint_eq(steps, 4);
	run("100", "'fstatat(own, link, AT_SYMLINK_NOFOLLOW)'");
	ck_assert_uint_eq(steps, 1);
}

TEST(locked_out, "who changes names waits for the lock, and nothing is changed")
{
	struct pale_state before;
	struct pale_move move;

	read_program("100", "'mkdirat(dir, leaf)'");
	state.lock = 2;
	before = state;
	ck_assert_uint_eq(pale_model_moves(model, &state, 0, &move, 1), 1);
	ck_assert(!pale_model_step(model, &state, &move, NULL));
	ck_assert_mem_eq(&before, &state, sizeof(state));
	state.lock = 0;
	ck_assert(pale_model_step(model, &state, &move, NULL));
}

TEST(waiting_stuck, "who waits for a FIFO's peer that nobody must be is stuck")
{
	run("100", "'openat(own, fifo, O_RDONLY)'");
	ck_assert_uint_eq(state.processes[0].phase, PALE_PHASE_WAIT);
	ck_assert(pale_model_is_stuck(model, &state, 0));
	ck_assert(!pale_model_is_over(model, &state));
}

TEST(beneath_mask, "what lies beneath a directory is itself and its tree, by any name")
{
	uint32_t beneath;

	read_program("100", "'mkdirat(dir, leaf)'");
	beneath = pale_tree_beneath(model, &state, at("/own"));
	for (unsigned i = 1; i <= model->inode_room; i++)
		ck_assert_int_eq((beneath >> i & 1) != 0,
		    state.inodes[i].type != PALE_INODE_FREE &&
			pale_tree_is_beneath(model, &state, at("/own"), i));
	ck_assert(beneath >> at("/own/dir/sub") & 1);
	ck_assert(beneath >> at("/own/file") & 1);
	ck_assert(!(beneath >> at("/roots/file") & 1));
	ck_assert(!(beneath & 1));
}

TEST(exit_ends, "exit ends a process, and what it held is let go")
{
	run("100", "'exit()', 'mkdirat(dir, leaf)'");
	ck_assert(last.ended);
	ck_assert_uint_eq(state.processes[0].status, PALE_PROCESS_FINISHED);
	ck_assert_uint_eq(state.processes[0].fds[0].kind, PALE_FD_NONE);
	ck_assert_uint_eq(at("/own/dir/leaf"), 0);
}

TEST(begin_waits, "a walk that cannot even begin leaves everything as it was")
{
	struct pale_state before;
	struct pale_move move;

	inside = "\twalker('lock')\n";
	read_program("100", "'openat(dir, sub, O_RDONLY)'");
	state.lock = 2;
	before = state;
	ck_assert_uint_eq(pale_model_moves(model, &state, 0, &move, 1), 1);
	ck_assert(!pale_model_step(model, &state, &move, NULL));
	ck_assert_mem_eq(&before, &state, sizeof(state));
	ck_assert(pale_model_is_stuck(model, &state, 0));
	state.lock = 0;
	ck_assert(pale_model_step(model, &state, &move, NULL));
	ck_assert_uint_eq(state.lock, 1);
	ck_assert(!pale_model_is_stuck(model, &state, 0));
}

TEST(lock_returned, "the end of a call gives the lock back")
{
	inside = "\twalker('lock')\n";
	ck_assert_int_eq(answer("100", "'openat(dir, sub, O_RDONLY)'"), 0);
	ck_assert_uint_eq(state.lock, 0);
}

TEST(clean_call, "nothing of a call is left when it has returned")
{
	struct pale_process *me = &state.processes[0];

	run("100",
	    "'x = openat(own, \"todir/sub\", O_RDONLY)', 'mkdirat(dir, \"sub/leaf\")', "
	    "'renameat(own, \"full/leaf\", own, \"dir/leaf\")', "
	    "'openat(own, gone, O_WRONLY|O_CREAT)'");
	ck_assert_int_eq(last.error, 0);
	ck_assert_uint_eq(me->phase | me->path | me->site | me->fd[0] | me->fd[1] | me->made |
		me->first_node | me->first_rest | me->moved | me->seen_call | me->seen_union,
	    0);
	for (unsigned i = 0; i < PALE_WALKER_SLOTS; i++)
		ck_assert_uint_eq(me->slots[i], 0);
}

TEST(no_room, "where the model has no room for an inode, nothing is made")
{
	struct pale_state before;
	struct pale_move move;

	read_program("100", "'mkdirat(dir, leaf)'");
	model->inode_room = model->inode_count;
	before = state;
	ck_assert_uint_eq(pale_model_moves(model, &state, 0, &move, 1), 1);
	ck_assert(pale_model_step(model, &state, &move, &last));
	ck_assert_int_eq(last.error, ENOSPC);
	ck_assert_mem_eq(before.inodes, state.inodes, sizeof(state.inodes));
}

TEST(no_entry, "nor where it has none for a name")
{
	struct pale_state before;
	struct pale_move move;

	read_program("100", "'mkfifoat(dir, leaf, 0600)'");
	model->entry_room = 1;
	before = state;
	ck_assert_uint_eq(pale_model_moves(model, &state, 0, &move, 1), 1);
	ck_assert(pale_model_step(model, &state, &move, &last));
	ck_assert_int_eq(last.error, ENOSPC);
	ck_assert_mem_eq(before.inodes, state.inodes, sizeof(state.inodes));
}

TEST(resolve_link, "what an assertion names is the link itself")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/link\")'");
	ck_assert_uint_eq(
	    pale_tree_resolve(model, &state, model->sites[1].path[0]), at("/own/link"));
}

TEST(resolve_within, "but links within its path are followed")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/todir/sub\")'");
	ck_assert_uint_eq(
	    pale_tree_resolve(model, &state, model->sites[1].path[0]), at("/own/dir/sub"));
}

TEST(resolve_dots, "and \"..\" leads up")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/dir/sub/../../file\")'");
	ck_assert_uint_eq(
	    pale_tree_resolve(model, &state, model->sites[1].path[0]), at("/own/file"));
}

TEST(resolve_absent, "what is not there is nothing")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/gone/sub\")'");
	ck_assert_uint_eq(pale_tree_resolve(model, &state, model->sites[1].path[0]), 0u);
}

TEST(resolve_file, "nor is anything below a file")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/file/sub\")'");
	ck_assert_uint_eq(pale_tree_resolve(model, &state, model->sites[1].path[0]), 0u);
}

TEST(resolve_loop, "nor below a link that leads to itself")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/own/loop/sub\")'");
	ck_assert_uint_eq(pale_tree_resolve(model, &state, model->sites[1].path[0]), 0u);
}

TEST(resolve_root, "the root is the root")
{
	read_program("100", "'fstatat(AT_FDCWD, \"/\")'");
	ck_assert_uint_eq(
	    pale_tree_resolve(model, &state, model->sites[1].path[0]), PALE_MODEL_ROOT);
}

TEST_MAIN("model_step", failure_ends, end_keeps, steps_names, steps_open, steps_creat, steps_two,
    steps_followed, locked_out, waiting_stuck, beneath_mask, exit_ends, begin_waits, lock_returned,
    clean_call, no_room, no_entry, resolve_link, resolve_within, resolve_dots, resolve_absent,
    resolve_file, resolve_loop, resolve_root)
