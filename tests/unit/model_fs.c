/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on the file system, in the model: what they refuse, and in which order. One fact each. */
#include "model_fs.h"

/* The last of these calls of user 100 fails so. */
#define FAILS(id, error, sentence, calls) \
	TEST(id, sentence) \
	{ \
		ck_assert_int_eq(answer("100", calls), error); \
	}

FAILS(absent, ENOENT, "a name that is not there is not found",
    "'openat(own, \"gone/sub\", O_RDONLY)'")

FAILS(
    through_file, ENOTDIR, "no path leads through a file", "'openat(own, \"file/sub\", O_RDONLY)'")

FAILS(slash_file, ENOTDIR, "a slash behind a file is refused", "'openat(own, \"file/\", O_RDONLY)'")

FAILS(no_search, EACCES, "a directory that may not be searched is not walked through",
    "'openat(AT_FDCWD, \"/closed/file\", O_PATH)'")

FAILS(dot_searches, EACCES, "nor is \".\" found there", "'chdir(\"/closed/.\")'")

FAILS(loop_fails, ELOOP, "a link that leads to itself is followed 40 times",
    "'openat(own, loop, O_RDONLY)'")

FAILS(nofollow, ELOOP, "O_NOFOLLOW refuses a link at the end",
    "'openat(own, link, O_RDONLY|O_NOFOLLOW)'")

FAILS(nofollow_dir, ENOTDIR, "O_NOFOLLOW with O_DIRECTORY says that a link is no directory",
    "'openat(own, todir, O_RDONLY|O_NOFOLLOW|O_DIRECTORY)'")

FAILS(closed_fd, EBADF, "a path from a closed descriptor is refused",
    "'close(own)', 'openat(own, file, O_RDONLY)'")

FAILS(absolute_fd, 0, "an absolute path does not look at its descriptor",
    "'close(own)', 'openat(own, \"/own/file\", O_RDONLY)'")

FAILS(file_fd, ENOTDIR, "a path from a file is refused",
    "'x = openat(own, file, O_RDONLY)', 'openat(x, file, O_RDONLY)'")

FAILS(follows_slash, 0, "a slash behind a link has it followed, whatever O_NOFOLLOW says",
    "'openat(own, \"todir/\", O_RDONLY|O_NOFOLLOW|O_DIRECTORY)'")

FAILS(dead_mkdir, ENOENT, "no directory is made in a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'mkdirat(dir, sub)'")

FAILS(dead_creat, ENOENT, "no file is made in a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'openat(dir, sub, "
    "O_WRONLY|O_CREAT, 0600)'")

FAILS(dead_rename, ENOENT, "nothing is renamed into a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'renameat(own, file, "
    "dir, sub)'")

FAILS(dead_link, ENOENT, "nothing is linked into a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'linkat(own, file, "
    "dir, sub)'")

FAILS(dead_symlink, ENOENT, "no link is made in a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'symlinkat(file, dir, "
    "sub)'")

FAILS(dead_fifo, ENOENT, "no FIFO is made in a removed directory",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'mkfifoat(dir, sub, "
    "0600)'")

FAILS(dead_open, 0, "a removed directory that is held is opened by its \".\"",
    "'unlinkat(dir, sub, AT_REMOVEDIR)', 'unlinkat(own, dir, AT_REMOVEDIR)', 'openat(dir, \".\", "
    "O_RDONLY|O_DIRECTORY)'")

FAILS(mkdir_exists, EEXIST, "a name that is taken is told of before permission is missed",
    "'mkdirat(AT_FDCWD, \"/roots/file\")'")

FAILS(mkdir_dac, EACCES, "a directory that may not be written takes no names",
    "'mkdirat(AT_FDCWD, \"/roots/sub\")'")

FAILS(mkdir_dots, EEXIST, "\"..\" exists already", "'mkdirat(own, \"dir/..\")'")

FAILS(mkdir_root, EEXIST, "so does \"/\"", "'mkdirat(own, \"/\")'")

FAILS(mkdir_slash, 0, "a slash behind the name of a new directory is allowed",
    "'mkdirat(dir, \"leaf/\")'")

FAILS(fifo_slash, ENOENT, "behind the name of a new FIFO it is not",
    "'mkfifoat(dir, \"leaf/\", 0600)'")

FAILS(rmdir_full, ENOTEMPTY, "a directory with names in it is not removed",
    "'unlinkat(own, full, AT_REMOVEDIR)'")

FAILS(rmdir_file, ENOTDIR, "AT_REMOVEDIR does not remove a file",
    "'unlinkat(own, file, AT_REMOVEDIR)'")

FAILS(rmdir_link, ENOTDIR, "nor a link to a directory", "'unlinkat(own, todir, AT_REMOVEDIR)'")

FAILS(rmdir_dot, EINVAL, "\".\" cannot be removed", "'unlinkat(dir, \".\", AT_REMOVEDIR)'")

FAILS(rmdir_dotdot, ENOTEMPTY, "\"..\" cannot be removed", "'unlinkat(dir, \"..\", AT_REMOVEDIR)'")

FAILS(rmdir_root, EBUSY, "\"/\" cannot be removed", "'unlinkat(dir, \"/\", AT_REMOVEDIR)'")

FAILS(unlink_dir, EISDIR, "a directory is removed by AT_REMOVEDIR alone", "'unlinkat(own, dir)'")

FAILS(unlink_slash, ENOTDIR, "a file is not removed by a name with a slash behind it",
    "'unlinkat(own, \"file/\")'")

FAILS(unlink_absent, ENOENT, "what is not there is not removed", "'unlinkat(dir, file)'")

FAILS(unlink_dac, EACCES, "from a directory that may not be written nothing is removed",
    "'unlinkat(AT_FDCWD, \"/roots/file\")'")

FAILS(sticky_theirs, EPERM, "in a sticky directory what is another's is not removed",
    "'unlinkat(AT_FDCWD, \"/sticky/theirs\")'")

FAILS(sticky_mine, 0, "but what is one's own is", "'unlinkat(AT_FDCWD, \"/sticky/mine\")'")

FAILS(rename_absent, ENOENT, "what is not there is not renamed", "'renameat(dir, file, own, leaf)'")

FAILS(rename_full, ENOTEMPTY, "a directory does not replace one with names in it",
    "'renameat(own, dir, own, full)'")

FAILS(rename_over_dir, EISDIR, "a file does not replace a directory",
    "'renameat(own, file, own, dir)'")

FAILS(rename_over_file, ENOTDIR, "a directory does not replace a file",
    "'renameat(own, dir, own, file)'")

FAILS(rename_below, EINVAL, "a directory is not moved below itself",
    "'renameat(own, dir, own, \"dir/sub/leaf\")'")

FAILS(rename_above, ENOTEMPTY, "nor over a directory above it",
    "'renameat(own, \"dir/sub\", own, dir)'")

FAILS(rename_same, 0, "a rename of a name to itself does nothing", "'renameat(own, dir, own, dir)'")

FAILS(rename_noreplace, EEXIST, "RENAME_NOREPLACE refuses a name that is taken",
    "'renameat(own, file, own, hard, RENAME_NOREPLACE)'")

FAILS(exchange_absent, ENOENT, "RENAME_EXCHANGE needs both",
    "'renameat(own, file, own, leaf, RENAME_EXCHANGE)'")

FAILS(exchange_below, EINVAL, "RENAME_EXCHANGE with a directory above is refused",
    "'renameat(own, \"dir/sub\", own, dir, RENAME_EXCHANGE)'")

FAILS(rename_dot, EBUSY, "\".\" is not renamed", "'renameat(dir, \".\", own, leaf)'")

FAILS(rename_to_dots, EBUSY, "nor anything to \"..\"", "'renameat(own, file, dir, \"..\")'")

FAILS(rename_slash, ENOTDIR, "a file is not renamed to a name with a slash",
    "'renameat(own, file, own, \"leaf/\")'")

FAILS(rename_dac, EACCES, "from a directory that may not be written nothing is renamed",
    "'renameat(AT_FDCWD, \"/roots/file\", own, leaf)'")

FAILS(rename_fixed, EACCES,
    "a directory that may not be written is not moved elsewhere: its \"..\" would change",
    "'renameat(own, fixed, dir, leaf)'")

FAILS(
    rename_fixed_here, 0, "within its directory it is renamed", "'renameat(own, fixed, own, leaf)'")

FAILS(sticky_from, EPERM, "out of a sticky directory what is another's is not renamed",
    "'renameat(AT_FDCWD, \"/sticky/theirs\", own, leaf)'")

FAILS(sticky_to, EPERM, "nor is what is another's replaced in one",
    "'renameat(AT_FDCWD, \"/sticky/mine\", AT_FDCWD, \"/sticky/theirs\")'")

FAILS(link_dir, EPERM, "a directory gets no second name", "'linkat(own, dir, own, leaf)'")

FAILS(link_exists, EEXIST, "a link does not replace", "'linkat(own, file, own, hard)'")

FAILS(symlink_exists, EEXIST, "a symbolic link does not replace", "'symlinkat(file, own, hard)'")

FAILS(chmod_theirs, EPERM, "the mode of what is another's is not changed",
    "'fchmodat(AT_FDCWD, \"/sticky/theirs\", 0600)'")

FAILS(fchmod_path, EBADF, "O_PATH gives nothing whose mode could be changed",
    "'x = openat(own, file, O_PATH)', 'fchmod(x, 0600)'")

FAILS(excl, EEXIST, "O_EXCL refuses what is there",
    "'openat(own, file, O_WRONLY|O_CREAT|O_EXCL, 0600)'")

FAILS(excl_link, EEXIST, "O_EXCL refuses a link that leads nowhere",
    "'openat(own, gone, O_WRONLY|O_CREAT|O_EXCL, 0600)'")

FAILS(creat_nofollow, ELOOP, "O_NOFOLLOW refuses a link where O_CREAT would make",
    "'openat(own, gone, O_WRONLY|O_CREAT|O_NOFOLLOW, 0600)'")

FAILS(creat_dir, EISDIR, "O_CREAT does not open a directory",
    "'openat(own, dir, O_RDONLY|O_CREAT, 0600)'")

FAILS(creat_slash, EISDIR, "O_CREAT refuses a slash behind the name",
    "'openat(own, \"leaf/\", O_RDONLY|O_CREAT, 0600)'")

FAILS(creat_dac, EACCES, "O_CREAT needs a directory that may be written",
    "'openat(AT_FDCWD, \"/roots/leaf\", O_RDONLY|O_CREAT, 0600)'")

FAILS(creat_loop, ELOOP, "O_CREAT follows a link that leads to itself 40 times",
    "'openat(own, loop, O_WRONLY|O_CREAT, 0600)'")

FAILS(
    dir_of_file, ENOTDIR, "O_DIRECTORY refuses a file", "'openat(own, file, O_RDONLY|O_DIRECTORY)'")

FAILS(write_dir, EISDIR, "a directory is not opened for writing", "'openat(own, dir, O_WRONLY)'")

FAILS(open_dac, EACCES, "a file is opened only as its mode allows",
    "'openat(AT_FDCWD, \"/sticky/theirs\", O_RDONLY)', 'openat(AT_FDCWD, \"/roots/file\", "
    "O_RDONLY)'")

FAILS(trunc_dac, EACCES, "O_TRUNC needs the right to write, even with O_RDONLY",
    "'fchmodat(own, file, 0400)', 'openat(own, file, O_RDONLY|O_TRUNC)'")

FAILS(made_unreadable, 0, "who makes a file has it open, whatever its mode",
    "'openat(dir, leaf, O_RDWR|O_CREAT, 0)'")

FAILS(open_socket, ENXIO, "a socket is not opened", "'openat(own, socket, O_RDWR)'")

FAILS(path_socket, 0, "but with O_PATH", "'openat(own, socket, O_PATH)'")

FAILS(fifo_writer, ENXIO, "a FIFO without a reader is not opened for writing with O_NONBLOCK",
    "'openat(own, fifo, O_WRONLY|O_NONBLOCK)'")

FAILS(fifo_reader, 0, "for reading it is", "'openat(own, fifo, O_RDONLY|O_NONBLOCK)'")

FAILS(fifo_both, 0, "for both it waits for nobody", "'openat(own, fifo, O_RDWR)'")

FAILS(fifo_waits, -1, "a FIFO is opened for reading once somebody writes",
    "'openat(own, fifo, O_RDONLY)'")

FAILS(chdir_file, ENOTDIR, "the working directory is a directory", "'chdir(\"/own/file\")'")

FAILS(chdir_dac, EACCES, "and one that may be searched", "'chdir(\"/closed\")'")

FAILS(fchdir_file, ENOTDIR, "nor leads a file's descriptor there",
    "'x = openat(own, file, O_RDONLY)', 'fchdir(x)'")

FAILS(cwd_used, 0, "paths start from the working directory",
    "'chdir(\"/own/dir\")', 'open(\"sub\", O_RDONLY)'")

FAILS(chroot_user, EPERM, "only user 0 changes the root", "'chroot(\"/own\")'")

FAILS(limit_lookup, PALE_ENOTCAPABLE, "a descriptor without the right to look up starts no path",
    "'limit(own, \"read\")', 'openat(own, file, O_RDONLY)'")

FAILS(limit_unlink, PALE_ENOTCAPABLE, "nor removes one without that right anything",
    "'limit(own, \"read,lookup\")', 'unlinkat(own, file)'")

FAILS(limit_rename, PALE_ENOTCAPABLE, "a rename needs a right on the descriptor it leads to, too",
    "'limit(dir, \"lookup\")', 'renameat(own, file, dir, leaf)'")

FAILS(tried, 0, "what is tried may fail", "'try mkdirat(own, dir)', 'mkdirat(dir, leaf)'")

TEST(protected_link,
    "protect: another's link in a sticky directory is not followed at the end of a path")
{
	also = "protect('symlinks')\n";
	ck_assert_int_eq(answer("100", "'openat(AT_FDCWD, \"/sticky/link\", O_RDONLY)'"), EACCES);
}

TEST(protected_link_within, "protect: within a path it is")
{
	also = "protect('symlinks')\n";
	ck_assert_int_eq(answer("100", "'openat(AT_FDCWD, \"/sticky/link/sub\", O_RDONLY)'"), 0);
}

TEST(protected_hard, "protect: what one may not write gets no second name from one")
{
	also = "protect('hardlinks')\n";
	ck_assert_int_eq(answer("100", "'linkat(AT_FDCWD, \"/sticky/link\", own, leaf)'"), EPERM);
}

TEST(protected_hard_own, "protect: what may be read and written does")
{
	also = "protect('hardlinks')\n";
	ck_assert_int_eq(answer("100", "'linkat(AT_FDCWD, \"/sticky/theirs\", own, leaf)'"), 0);
}

TEST(protected_fifo, "protect: O_CREAT does not open another's FIFO in a sticky directory")
{
	also = "protect('fifos')\n";
	ck_assert_int_eq(
	    answer("100", "'openat(AT_FDCWD, \"/sticky/fifo\", O_RDWR|O_CREAT, 0600)'"), EACCES);
}

TEST(protected_file, "protect: nor another's file")
{
	also = "protect('regular')\n";
	ck_assert_int_eq(
	    answer("100", "'openat(AT_FDCWD, \"/sticky/theirs\", O_RDWR|O_CREAT, 0600)'"), EACCES);
}

TEST(protected_other, "protect: each word protects its own")
{
	also = "protect('fifos')\n";
	ck_assert_int_eq(
	    answer("100", "'openat(AT_FDCWD, \"/sticky/theirs\", O_RDWR|O_CREAT, 0600)'"), 0);
}

TEST_MAIN("model_fs", absent, through_file, slash_file, no_search, dot_searches, loop_fails,
    nofollow, nofollow_dir, closed_fd, absolute_fd, file_fd, follows_slash, dead_mkdir, dead_creat,
    dead_rename, dead_link, dead_symlink, dead_fifo, dead_open, mkdir_exists, mkdir_dac, mkdir_dots,
    mkdir_root, mkdir_slash, fifo_slash, rmdir_full, rmdir_file, rmdir_link, rmdir_dot,
    rmdir_dotdot, rmdir_root, unlink_dir, unlink_slash, unlink_absent, unlink_dac, sticky_theirs,
    sticky_mine, rename_absent, rename_full, rename_over_dir, rename_over_file, rename_below,
    rename_above, rename_same, rename_noreplace, exchange_absent, exchange_below, rename_dot,
    rename_to_dots, rename_slash, rename_dac, rename_fixed, rename_fixed_here, sticky_from,
    sticky_to, link_dir, link_exists, symlink_exists, chmod_theirs, fchmod_path, excl, excl_link,
    creat_nofollow, creat_dir, creat_slash, creat_dac, creat_loop, dir_of_file, write_dir, open_dac,
    trunc_dac, made_unreadable, open_socket, path_socket, fifo_writer, fifo_reader, fifo_both,
    fifo_waits, chdir_file, chdir_dac, fchdir_file, cwd_used, chroot_user, limit_lookup,
    limit_unlink, limit_rename, tried, protected_link, protected_link_within, protected_hard,
    protected_hard_own, protected_fifo, protected_file, protected_other)
