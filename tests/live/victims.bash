# SPDX-License-Identifier: BSD-2-Clause
# The adversary of each program of tests/victims, in a few lines of shell: one action, done in the
# world by another uid. A command that finds nothing to act on fails, and has done nothing.
#
#   rival NAME   prints the command;  fallen KIND   prints the command that says whether it fell
# shellcheck disable=SC2016 # scripts for the shell inside

# Put a link to the protected file where that name is.
link_at() {
	echo "ln -sfnT ../home/secret shared/$1"
}

# Put a link to the protected directory where that directory is.
link_directory() {
	echo "set -e; for d in shared/$1; do mv -T \"\$d\" shared/away; ln -s ../home \"\$d\"; done"
}

# Connect, and write down all that comes, in the background.
hold_at() {
	echo "exec perl -MSocket -e '
		socket(S, AF_UNIX, SOCK_STREAM, 0) and connect(S, sockaddr_un(q(shared/$1))) or exit 1;
		exit 0 if fork; open(O, q(>rival/got)); print O <S>;'"
}

rival() {
	case $1 in
	open_pipe) link_at pipe ;;
	create_sock) hold_at sock ;;
	sock_swapped)
		echo "exec perl -MSocket -e '
			unlink(q(shared/server)) and socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 1;
			bind(S, sockaddr_un(q(shared/server))) and listen(S, 5) or exit 1;
			chmod(0777, q(shared/server)); exit 0 if fork;
			accept(C, S); open(O, q(>rival/got)); print O <C>;'"
		;;
	sock_chmod) link_at server ;;
	pass_fd)
		echo "exec /usr/bin/python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX)
s.connect(\"shared/broker\")
if os.fork() == 0:
    fds = socket.recv_fds(s, 1, 1)[1]
    open(\"rival/got\", \"wb\").write(os.read(fds[0], 99))'"
		;;
	sigpipe)
		echo "exec perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0);
			connect(S, sockaddr_un(q(shared/time))) or exit 1;'"
		;;
	fifo_mode) echo 'exec dd if=shared/keys of=rival/got iflag=nonblock count=1' ;;
	fifo_for_file) echo 'rm -f shared/notes; mkfifo -m 666 shared/notes' ;;
	mknod_chmod) link_at box ;;
	popen_path)
		echo 'printf "#!/bin/sh\n>home/ran\n" >shared/id && chmod 755 shared/id'
		;;
	msg_squat)
		# It has acted when its child waits in msgrcv, call 70.
		echo "exec perl -e '\$q = msgget(0x70616c65, 01666); defined(\$q) or exit 1;
			if (\$p = fork) {
				do { open(F, qq(/proc/\$p/syscall)) or exit 1; \$l = <F> } until \$l =~ /^70 /;
				exit 0;
			}
			msgrcv(\$q, \$m, 64, 0, 0) and open(O, q(>rival/got)) and print O \$m;'"
		;;
	sem_squat) echo "exec perl -e 'defined(semget(0x70616c65, 1, 03666)) or exit 1'" ;;
	shm_mode)
		echo "exec perl -e '\$s = shmget(0x70616c65, 0, 0); defined(\$s) or exit 1;
			shmread(\$s, \$m, 0, 64) and open(O, q(>rival/got)) and print O \$m;'"
		;;
	shm_trusted)
		echo "exec perl -e '\$s = shmget(0x70616c65, 0, 0); defined(\$s) or exit 1;
			shmwrite(\$s, qq(FORGED\\0), 0, 7) or exit 1;'"
		;;
	drop_fd)
		echo 'printf "#!/bin/sh\ncat <&3 >shared/got\n" >shared/hook && chmod 755 shared/hook'
		;;
	umask_dir) echo 'rm -f shared/spool/job && echo FORGED >shared/spool/job' ;;
	access_open) link_at out ;;
	chown_name) link_at mail ;;
	lstat_open) link_at report ;;
	open_chmod) echo 'cat shared/key >rival/got' ;;
	mkdtemp_path) link_directory 'job.*' ;;
	rm_tree) link_directory tree ;;
	stat_unlink) link_directory old ;;
	realpath_open) link_at doc ;;
	fork_file) echo 'rm -f shared/result && echo FORGED >shared/result' ;;
	thread_log) echo 'for f in shared/log.[A-Za-z0-9]*; do ln -sfnT ../home/secret "$f"; done' ;;
	tmp_pid) echo 'for i in 2 3 4 5; do ln -sfnT ../home/secret shared/tmp.$i; done' ;;
	publish) link_at news ;;
	*) return 1 ;;
	esac
}

# The same rival against the twin, which may have other names or need another way in.
rival_of_twin() {
	case $1 in
	umask_dir)
		echo '[ -d shared/spool ] && mv shared/spool shared/away && mkdir -m 777 shared/spool &&
			echo FORGED >shared/spool/job'
		;;
	tmp_pid) link_directory 'tmp.*' ;;
	*) rival "$1" ;;
	esac
}

# What is tried with every name at once, those there and those that a program of the corpus may make
# later: put a link to the protected file there, to the protected directory, a FIFO, a forged file, a
# forged directory.
names='pipe sock server broker time keys notes box id spool out mail report key tree old doc result
	news note again job'
replace_all() {
	echo "for f in shared/* $(printf 'shared/%s ' $names); do
		case \$f in *away) continue ;; esac
		if [ -e \"\$f\" ] || [ -L \"\$f\" ]; then
			mv -T \"\$f\" \"\$f-away\" 2>/dev/null || continue
		fi
		$1
	done"
}
replacements=(
	'ln -s ../home/secret "$f"'
	'ln -s ../home "$f"'
	'mkfifo -m 666 "$f"'
	'echo FORGED >"$f"; chmod 777 "$f"'
	'mkdir -m 777 "$f"; for g in job out leaf; do echo FORGED >"$f/$g"; done'
)

# Whether anything at all has happened to it, whatever it is known for.
fallen_any() {
	local kind
	for kind in CHANGED DISCLOSED INJECTED RAN HANGS PIPE; do
		echo "( $(fallen $kind) ) ||"
	done
	echo false
}

fallen() {
	case $1 in
	CHANGED)
		# The protected directory is as it was made, and so is its file.
		echo '[ "$(ls -nA home | cut -d" " -f1-4 | tail -n +2)$(cat home/secret)" != \
			"-rw------- 1 $VICTIM ${VICTIM}PALE-SECRET" ]'
		;;
	DISCLOSED | KEPT)
		echo 'exec setpriv --reuid="$ADVERSARY" --regid="$ADVERSARY" --clear-groups \
			grep -rqsD skip PALE-SECRET rival shared'
		;;
	INJECTED) echo 'grep -q FORGED out' ;;
	RAN) echo '[ -e home/ran ]' ;;
	HANGS) echo '[ -n "$HUNG" ]' ;;
	PIPE) echo '[ "$STATUS" -eq 141 ]' ;;
	*) return 1 ;;
	esac
}
