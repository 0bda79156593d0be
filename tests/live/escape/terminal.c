/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal that the program shares with its user: characters pushed into its input are run by
 * the user's shell afterwards. Standard input is that terminal; the driver looks at it at the end.
 */
#include "probe.h"

#include <linux/kd.h>
#include <linux/tiocl.h>
#include <linux/vt.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

static long
command(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

static int
controlling(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static long
exclusive(void)
{
	long ret = command(0, TIOCEXCL, NULL);

	if (ret == 0)
		ioctl(0, TIOCNXCL);
	return ret;
}

static long
write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -1 : write(fd, "x", 1);
}

/* A cage may show the program's own terminal under this name. */
static long
real_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = ENODEV;
	return st.st_rdev == makedev(5, 1) ? 0 : -1;
}

#define PUSH ((char[1]){ 'x' })
#define SELECTION ((char[1]){ TIOCL_PASTESEL })

/* clang-format off */
TRY("terminal", "push a character into its input", MAYBE("dev.tty.legacy_tiocsti is 0"), command(0, TIOCSTI, PUSH))
TRY("terminal", "push a character by /dev/tty", MAYBE("dev.tty.legacy_tiocsti is 0"), command(controlling(), TIOCSTI, PUSH))
TRY("terminal", "push a character with bits set that the kernel ignores", MAYBE("dev.tty.legacy_tiocsti is 0"), syscall(SYS_ioctl, 0, 0xabcd00000000UL | TIOCSTI, PUSH))
TRY("terminal", "push a character by a descriptor with bits set that the kernel ignores", MAYBE("dev.tty.legacy_tiocsti is 0"), syscall(SYS_ioctl, 1UL << 32, TIOCSTI, PUSH))
REFUSE("terminal", "paste a selection (TIOCLINUX)", ANYONE, command(0, TIOCLINUX, SELECTION))
REFUSE("terminal", "take the console's output (TIOCCONS)", NEVER("it would take the console of the machine"), command(0, TIOCCONS, NULL))
REFUSE("terminal", "change the line discipline (TIOCSETD)", ANYONE, command(0, TIOCSETD, &(int){ 0 }))
REFUSE("terminal", "lock others out (TIOCEXCL)", ANYONE, exclusive())
REFUSE("terminal", "change the keyboard map (KDSKBENT)", ANYONE, command(0, KDSKBENT, &(struct kbentry){ 0, 1, 0 }))
REFUSE("terminal", "define a function key (KDSKBSENT)", ANYONE, command(0, KDSKBSENT, &(char[600]){ 0 }))
REFUSE("terminal", "change the keyboard mode (KDSKBMODE)", ANYONE, command(0, KDSKBMODE, NULL))
REFUSE("terminal", "change the console mode (KDSETMODE)", ANYONE, command(0, KDSETMODE, NULL))
REFUSE("terminal", "switch the virtual terminal (VT_ACTIVATE)", ANYONE, command(0, VT_ACTIVATE, (void *)(uintptr_t)99))
REFUSE("terminal", "sound the bell of the console (KIOCSOUND)", ANYONE, command(0, KIOCSOUND, NULL))
REFUSE("terminal", "hang the terminal up", NEVER("the rest of the run needs it"), syscall(SYS_vhangup))
TRY("terminal", "write to another terminal of the user", ANYONE, write_to(w.tty_path))
TRY("terminal", "open a virtual console", MAYBE("no console, or not the user's"), open("/dev/tty1", O_RDWR | O_NOCTTY | O_NONBLOCK))
TRY("terminal", "open the console", MAYBE("no console, or not the user's"), real_console())
/* clang-format on */

ATTEMPT("terminal", "steal the terminal for an own session", NEVER("the rest of the run needs it"))
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setsid() < 0 || ioctl(0, TIOCSCTTY, 1) < 0)
			_exit(errno);
		_exit(0);
	}
	errno = wait_child(pid);
	return errno == 0 ? ESCAPED : got(-1);
}
