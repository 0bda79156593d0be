# SPDX-License-Identifier: BSD-2-Clause
# fish completion for pale(1).

function __pale_verb
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
end

function __pale_run
    __pale_verb run; and not contains -- -- (commandline -opc)
end

complete -c pale -f
complete -c pale -n 'test (count (commandline -opc)) -eq 1' -a run -d 'Run a program that finds only what it was granted'
complete -c pale -n 'test (count (commandline -opc)) -eq 1' -a doctor -d 'Say what this machine can enforce'
complete -c pale -n 'test (count (commandline -opc)) -eq 1' -l help -d 'Help'
complete -c pale -n 'test (count (commandline -opc)) -eq 1' -l version -d 'Version'

complete -c pale -n __pale_run -s r -l read -rF -d 'Read a file or directory'
complete -c pale -n __pale_run -s x -l execute -rF -d 'Read and run'
complete -c pale -n __pale_run -s w -l write -rF -d 'Read, write, create, remove'
complete -c pale -n __pale_run -l dir -rF -d 'A directory with rights by name'
complete -c pale -n __pale_run -l file -rF -d 'A file with rights by name'
complete -c pale -n __pale_run -l fd -x -d 'Keep an open descriptor'
complete -c pale -n __pale_run -l hide -rF -d 'Show something empty instead'
complete -c pale -n __pale_run -l tmp -rF -d 'An empty private directory'
complete -c pale -n __pale_run -s p -l profile -x -a '(pale run --list-profiles 2>/dev/null)' -d 'What a kind of program needs'
complete -c pale -n __pale_run -l policy -rF -d 'Grants from a file'
complete -c pale -n __pale_run -l script -rF -d 'A policy with a command'
complete -c pale -n __pale_run -l compartment -x -d 'The one to run'
complete -c pale -n __pale_run -l bare -d 'Without the system profile'
complete -c pale -n __pale_run -l unix -rF -d 'A UNIX socket'
complete -c pale -n __pale_run -l fifo -rF -d 'A FIFO'
complete -c pale -n __pale_run -l sysv -x -a 'shm: msg: sem:' -d 'One object of System V'
complete -c pale -n __pale_run -l mq -x -d 'A POSIX message queue'
complete -c pale -n __pale_run -l tcp -x -d 'One address'
complete -c pale -n __pale_run -l udp -x -d 'One address'
complete -c pale -n __pale_run -l net -x -a 'host none loopback' -d 'Which network'
complete -c pale -n __pale_run -l notify -d 'Tell the service manager of readiness'
complete -c pale -n __pale_run -l listen-fds -d 'Keep the sockets of socket activation'
complete -c pale -n __pale_run -l env -x -a '(set -nx)' -d 'Pass or set a variable'
complete -c pale -n __pale_run -l clear-env -d 'Pass no variable unasked'
complete -c pale -n __pale_run -l limit -x -a 'nproc= nofile= as= cpu= fsize=' -d 'Limit a resource'
complete -c pale -n __pale_run -l chdir -x -a '(__fish_complete_directories)' -d 'Where to start'
complete -c pale -n __pale_run -l proc -x -a 'none self full' -d 'How much of /proc'
complete -c pale -n __pale_run -l strict -d 'Refuse what cannot be enforced exactly'
complete -c pale -n __pale_run -l best-effort -x -a 'overlap landlock nproc queue passing' -d 'Accept a loss by name'
complete -c pale -n __pale_run -l paranoid -d 'The second fence handles everything'
complete -c pale -n __pale_run -l assume -x -a 'landlock= passrights=no userns=no' -d 'Pretend an older kernel'
complete -c pale -n __pale_run -l trace -d 'Tell each denial and what would allow it'
complete -c pale -n __pale_run -l report -x -a 'text json' -d 'How it is told'
complete -c pale -n __pale_run -l learn -r -d 'Write the policy that the command needs'
complete -c pale -n __pale_run -l learn-within -x -a '(__fish_complete_directories)' -d 'Where it may learn'
complete -c pale -n __pale_run -l explain -d 'What is granted and what enforces it'
complete -c pale -n __pale_run -l why -x -d 'Would this call be allowed'
complete -c pale -n __pale_run -l json -d 'Answer in JSON'
complete -c pale -n __pale_run -l list-profiles -d 'The built-in profiles'
complete -c pale -n __pale_run -l print-profile -x -a '(pale run --list-profiles 2>/dev/null)' -d 'The text of one'
complete -c pale -n __pale_run -s h -l help -d 'Help'
complete -c pale -n __pale_run -s V -l version -d 'Version'
complete -c pale -n __pale_run -a '(__fish_complete_subcommand)'

complete -c pale -n '__pale_verb doctor' -l json -d 'Answer in JSON'
complete -c pale -n '__pale_verb doctor' -s h -l help -d 'Help'
