/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on the file system, in the model: what they leave. */
#include "model_fs.h"

TEST(root_opens, "user 0 opens what nobody else may")
{
	ck_assert_int_eq(answer("0", "'openat(AT_FDCWD, \"/roots/file\", O_RDWR)'"), 0);
}

TEST(dotdot_root, "the directory above the root is the root")
{
	run("100", "'openat(own, \"../../..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, PALE_MODEL_ROOT);
}

TEST(link_followed, "a link leads to its target")
{
	run("100", "'openat(own, link, O_RDONLY)'");
	ck_assert_uint_eq(got()->of, at("/own/file"));
}

TEST(link_within, "a link within a path leads on")
{
	run("100", "'openat(own, \"todir/sub\", O_RDONLY)'");
	ck_assert_uint_eq(got()->of, at("/own/dir/sub"));
}

TEST(path_of_link, "O_PATH with O_NOFOLLOW gives the link itself")
{
	run("100", "'openat(own, link, O_PATH|O_NOFOLLOW)'");
	ck_assert_uint_eq(got()->of, at("/own/link"));
	ck_assert_uint_eq(got()->flags, PALE_F_PATH);
}

TEST(dead_dotdot, "\"..\" of a removed directory leads to where it was")
{
	run("100",
	    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', "
	    "'openat(dir, \"..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, at("/own"));
}

TEST(dead_kept, "a removed directory is kept while it is held")
{
	unsigned dir;

	run("100", "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)'");
	ck_assert_uint_eq(at("/own/dir"), 0);
	dir = state.processes[0].fds[1].of;
	ck_assert_uint_eq(state.inodes[dir].type, PALE_INODE_DIR);
	ck_assert(pale_tree_is_held(model, &state, dir));
}

TEST(dead_freed, "and free once it is not")
{
	unsigned dir;

	read_program("100", "'close(dir)'");
	dir = state.processes[0].fds[1].of;
	run("100",
	    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', "
	    "'close(dir)'");
	ck_assert_uint_eq(state.inodes[dir].type, PALE_INODE_FREE);
	ck_assert_uint_eq(state.inodes[dir].parent, 0);
}

TEST(held_above, "what is held keeps the directories that its \"..\" leads to")
{
	run("100",
	    "'x = openat(dir, sub, O_RDONLY|O_DIRECTORY)', "
	    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', "
	    "'close(dir)', 'openat(x, \"../..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, at("/own"));
}

TEST(number_kept, "a number of the tree never means another inode")
{
	unsigned leaf;

	read_program("100", "'close(dir)'");
	leaf = at("/own/full/leaf");
	run("100",
	    "'unlinkat(own, \"full/leaf\")', 'openat(own, \"full/leaf\", O_WRONLY|O_CREAT)'");
	ck_assert_uint_ne(at("/own/full/leaf"), leaf);
}

TEST(mkdir_mode, "a new directory is its maker's, with the mode less the umask, and no setuid bit")
{
	ck_assert_int_eq(answer("100", "'mkdirat(dir, leaf, 06777)'"), 0);
	ck_assert_uint_eq(inode("/own/dir/leaf")->mode, 0755);
	ck_assert_uint_eq(inode("/own/dir/leaf")->owner, state.processes[0].euid);
	ck_assert_uint_eq(inode("/own/dir/leaf")->parent, at("/own/dir"));
}

TEST(creat_mode, "a new file has the mode less the umask, setuid bits included")
{
	ck_assert_int_eq(answer("100", "'openat(dir, leaf, O_WRONLY|O_CREAT, 04777)'"), 0);
	ck_assert_uint_eq(inode("/own/dir/leaf")->mode, 04755);
}

TEST(umask_set, "umask takes the bits that it names")
{
	ck_assert_int_eq(answer("100", "'umask(077)', 'mkfifoat(dir, leaf, 0666)'"), 0);
	ck_assert_uint_eq(inode("/own/dir/leaf")->mode, 0600);
	ck_assert_uint_eq(inode("/own/dir/leaf")->type, PALE_INODE_FIFO);
}

TEST(symlink_made, "a symbolic link has mode 0777, whatever the umask, and its target")
{
	ck_assert_int_eq(answer("100", "'symlinkat(\"../file\", dir, leaf)'"), 0);
	ck_assert_uint_eq(inode("/own/dir/leaf")->mode, 0777);
	ck_assert_str_eq(model->rests[inode("/own/dir/leaf")->target].text, "../file");
}

TEST(creat_gone, "O_CREAT makes what a link leads to that leads nowhere")
{
	run("100", "'openat(own, gone, O_WRONLY|O_CREAT, 0600)'");
	ck_assert_uint_eq(got()->of, at("/own/new"));
	ck_assert_uint_eq(inode("/own/gone")->type, PALE_INODE_LINK);
}

TEST(truncates, "O_TRUNC empties a file, and takes its setuid bit")
{
	ck_assert_int_eq(answer("100", "'openat(own, file, O_WRONLY|O_TRUNC)'"), 0);
	ck_assert_uint_eq(inode("/own/file")->content, 0);
	ck_assert_uint_eq(inode("/own/file")->mode, 0666);
}

TEST(trunc_root, "but not where user 0 does it")
{
	ck_assert_int_eq(answer("0", "'openat(own, file, O_WRONLY|O_TRUNC)'"), 0);
	ck_assert_uint_eq(inode("/own/file")->mode, 04666);
}

TEST(rename_over, "a rename replaces, and what was there has one name less")
{
	ck_assert_int_eq(answer("100", "'renameat(own, \"full/leaf\", own, file)'"), 0);
	ck_assert_uint_eq(at("/own/full/leaf"), 0);
	ck_assert_uint_ne(at("/own/file"), at("/own/hard"));
	ck_assert_uint_ne(at("/own/hard"), 0);
}

TEST(rename_dir, "a directory takes its tree along")
{
	ck_assert_int_eq(answer("100", "'renameat(own, dir, own, \"full/dir\")'"), 0);
	ck_assert_uint_ne(at("/own/full/dir/sub"), 0);
	ck_assert_uint_eq(inode("/own/full/dir")->parent, at("/own/full"));
	ck_assert_uint_eq(at("/own/dir"), 0);
}

TEST(rename_hard, "a rename of one name of an inode to another does nothing")
{
	ck_assert_int_eq(answer("100", "'renameat(own, file, own, hard)'"), 0);
	ck_assert_uint_ne(at("/own/file"), 0);
	ck_assert_uint_eq(at("/own/file"), at("/own/hard"));
	ck_assert(!last.names_moved && !last.names_changed);
}

TEST(rename_empty, "a directory replaces an empty one, which then is removed")
{
	ck_assert_int_eq(answer("100", "'renameat(own, full, dir, sub)'"), 0);
	ck_assert_uint_ne(at("/own/dir/sub/leaf"), 0);
	ck_assert(last.names_moved && last.names_changed);
}

TEST(exchange, "RENAME_EXCHANGE exchanges a file and a directory")
{
	ck_assert_int_eq(answer("100", "'renameat(own, file, own, full, RENAME_EXCHANGE)'"), 0);
	ck_assert_uint_eq(inode("/own/full")->type, PALE_INODE_FILE);
	ck_assert_uint_ne(at("/own/file/leaf"), 0);
}

TEST(link_made, "a hard link is another name of one inode")
{
	ck_assert_int_eq(answer("100", "'linkat(own, file, dir, leaf)'"), 0);
	ck_assert_uint_eq(at("/own/dir/leaf"), at("/own/file"));
}

TEST(link_of_link, "linkat links a link itself")
{
	ck_assert_int_eq(answer("100", "'linkat(own, link, dir, leaf)'"), 0);
	ck_assert_uint_eq(inode("/own/dir/leaf")->type, PALE_INODE_LINK);
}

TEST(link_follows, "with AT_SYMLINK_FOLLOW what it leads to")
{
	ck_assert_int_eq(answer("100", "'linkat(own, link, dir, leaf, AT_SYMLINK_FOLLOW)'"), 0);
	ck_assert_uint_eq(at("/own/dir/leaf"), at("/own/file"));
}

TEST(unlink_one, "an inode stays while it has another name")
{
	ck_assert_int_eq(answer("100", "'unlinkat(own, file)'"), 0);
	ck_assert_uint_eq(inode("/own/hard")->type, PALE_INODE_FILE);
	ck_assert(last.names_changed && !last.names_moved);
}

TEST(chmod_link, "fchmodat changes what a link leads to")
{
	ck_assert_int_eq(answer("100", "'fchmodat(own, link, 0600)'"), 0);
	ck_assert_uint_eq(inode("/own/file")->mode, 0600);
}

TEST(stat_link, "fstatat remembers what a path leads to, AT_SYMLINK_NOFOLLOW a link")
{
	run("100", "'s = fstatat(own, link)'");
	ck_assert_uint_eq(state.processes[0].vars[1].of, at("/own/file"));
	run("100", "'s = fstatat(own, link, AT_SYMLINK_NOFOLLOW)'");
	ck_assert_uint_eq(state.processes[0].vars[1].of, at("/own/link"));
	ck_assert_uint_eq(state.processes[0].vars[1].also, PALE_INODE_LINK);
}

TEST(stat_holds_nothing, "what was only remembered is gone when it is removed")
{
	run("100", "'s = fstatat(own, \"full/leaf\")', 'unlinkat(own, \"full/leaf\")'");
	ck_assert_uint_eq(state.processes[0].vars[1].kind, PALE_VAR_STALE);
}

TEST(rights_inherited, "a descriptor has the rights of the one that its path began at")
{
	run("100", "'limit(own, \"lookup,read,fstat\")', 'openat(own, dir, O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->rights, state.processes[0].fds[0].rights);
	ck_assert_uint_ne(got()->rights, 0);
}

TEST(chroot_stays, "in a new root \"..\" stays there, and \"/\" leads there")
{
	run("0",
	    "'chroot(\"/own\")', 'chdir(\"/\")', 'openat(AT_FDCWD, \"../..\", "
	    "O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, at("/own"));
}

TEST(chroot_cwd, "a working directory outside of the root leads out")
{
	run("0",
	    "'chdir(\"/roots\")', 'chroot(\"/own\")', "
	    "'openat(AT_FDCWD, \"..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, PALE_MODEL_ROOT);
}

TEST(fd_flags, "a descriptor has what it was opened for")
{
	run("100", "'openat(own, file, O_RDWR|O_CLOEXEC)'");
	ck_assert_uint_eq(got()->flags, PALE_F_READ | PALE_F_WRITE | PALE_F_CLOEXEC);
}

TEST(stat_others, "what else was remembered stays so")
{
	run("100", "'s = fstatat(own, file)', 'unlinkat(own, \"full/leaf\")'");
	ck_assert_uint_eq(state.processes[0].vars[1].kind, PALE_VAR_INODE);
}

TEST(mounts, "from one delegated mount to another nothing is renamed")
{
	inside = "\twalker('mount-root')\n";
	ck_assert_int_eq(answer("100", "'renameat(own, file, dir, leaf)'"), EXDEV);
	ck_assert_int_eq(answer("100", "'renameat(own, file, own, hard)'"), 0);
}

TEST(mount_kept, "a descriptor keeps the mount of the one that its path began at")
{
	inside = "\twalker('mount-root')\n";
	run("100",
	    "'x = openat(own, dir, O_RDONLY|O_DIRECTORY)', "
	    "'openat(x, \"../..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, at("/own"));
	ck_assert_uint_eq(got()->mount, at("/own"));
}

TEST(mount_cwd, "so does the working directory")
{
	inside = "\twalker('mount-root')\n";
	run("100", "'fchdir(dir)', 'openat(AT_FDCWD, \"../..\", O_RDONLY|O_DIRECTORY)'");
	ck_assert_uint_eq(got()->of, at("/own/dir"));
}

TEST_MAIN("model_fs_done", root_opens, dotdot_root, link_followed, link_within, path_of_link,
    dead_dotdot, dead_kept, dead_freed, held_above, number_kept, mkdir_mode, creat_mode, umask_set,
    symlink_made, creat_gone, truncates, trunc_root, rename_over, rename_dir, rename_hard,
    rename_empty, exchange, link_made, link_of_link, link_follows, unlink_one, chmod_link,
    stat_link, stat_holds_nothing, rights_inherited, chroot_stays, chroot_cwd, fd_flags,
    stat_others, mounts, mount_kept, mount_cwd)
