# SPDX-License-Identifier: BSD-2-Clause
# bash completion for pale(1). Before "--" it completes options; behind it, the command's own.

_pale_run() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	local rights="r w x read write execute lookup create unlinkat mkdirat symlinkat ftruncate
		renameat_source renameat_target linkat_source linkat_target fchmod fchown futimes
		mmap_x fexecve mkfifoat bindat fchflags extattr_set extattr_delete"

	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			fi
			return
		fi
	done
	case $prev in
	-r | --read | -w | --write | -x | --execute | --hide | --tmp | --policy | --script | --learn)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	--chdir | --learn-within)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	--dir | --file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames -o nospace 2>/dev/null
		return
		;;
	-p | --profile | --print-profile)
		mapfile -t COMPREPLY < <(compgen -W "$(pale run --list-profiles 2>/dev/null)" -- "$cur")
		return
		;;
	--env)
		mapfile -t COMPREPLY < <(compgen -e -- "$cur")
		return
		;;
	--limit)
		mapfile -t COMPREPLY < <(compgen -W "nproc= nofile= as= cpu= fsize=" -- "$cur")
		compopt -o nospace 2>/dev/null
		return
		;;
	--net)
		mapfile -t COMPREPLY < <(compgen -W "host none loopback" -- "$cur")
		return
		;;
	--unix | --fifo)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames -o nospace 2>/dev/null
		return
		;;
	--sysv)
		mapfile -t COMPREPLY < <(compgen -W "shm: msg: sem:" -- "$cur")
		compopt -o nospace 2>/dev/null
		return
		;;
	--proc)
		mapfile -t COMPREPLY < <(compgen -W "none self full" -- "$cur")
		return
		;;
	--best-effort)
		mapfile -t COMPREPLY < <(compgen -W "overlap landlock nproc queue passing" -- "$cur")
		return
		;;
	--assume)
		mapfile -t COMPREPLY < <(compgen -W "landlock= passrights=no userns=no" -- "$cur")
		return
		;;
	--report)
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur")
		return
		;;
	--fd | --compartment | --why | --mq | --tcp | --udp)
		return
		;;
	:)
		# Behind PATH: the names of rights; readline parts words at colons.
		mapfile -t COMPREPLY < <(compgen -W "$rights" -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "-r -w -x -p -h -V --read --write --execute --dir
			--file --fd --hide --tmp --unix --fifo --sysv --mq --tcp --udp --net --notify
			--listen-fds --profile --policy --script --compartment --bare --env --clear-env
			--limit --chdir --proc --strict --best-effort --paranoid --assume --trace --trace=
			--report --learn --learn-within --explain --why --json --list-profiles --print-profile --help --version --" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

_pale_check() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} before="" words

	# readline parts words at "="; lists go on behind their last comma.
	case $prev in
	-w | --walker)
		mapfile -t COMPREPLY < <(
			compgen -W "$(pale check --list-walkers 2>/dev/null | awk '/^[a-z]/ { print $1 }')" -- "$cur"
			compgen -f -X '!*.so' -- "$cur"
		)
		compopt -o filenames 2>/dev/null
		return
		;;
	-p | --property)
		words="union root call rights progress never"
		;;
	-s | --scope)
		words="2x2 2x3 3x2 2x4 3x3"
		;;
	--replay)
		words="walker kernel beneath in-root mount all"
		;;
	--print-scenario)
		words=$(pale check --list-scenarios 2>/dev/null)
		;;
	--script | --promela | --json | --markdown)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	-j | --threads | --limit | --memory)
		return
		;;
	esac
	if [[ -n $words ]]; then
		[[ $cur != *,* ]] || before=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "${cur##*,}")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "-w -p -s -j -q -h -V --walker --property --scope
			--matrix --threads --limit --memory --no-reduce --no-symmetry --fingerprint --mpi
			--json --markdown --quiet --progress --replay --replay= --no-replay --script
			--promela --list-walkers --list-scenarios --print-scenario --help --version" -- "$cur")
	else
		mapfile -t COMPREPLY < <(
			compgen -W "$(pale check --list-scenarios 2>/dev/null)" -- "$cur"
			compgen -f -X '!*.pale' -- "$cur"
		)
		compopt -o filenames 2>/dev/null
	fi
}

_pale() {
	local cur=${COMP_WORDS[COMP_CWORD]}

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "run check doctor --help --version" -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]} in
	run)
		_pale_run
		;;
	check)
		_pale_check
		;;
	doctor)
		mapfile -t COMPREPLY < <(compgen -W "--json --help" -- "$cur")
		;;
	esac
}

complete -F _pale pale
