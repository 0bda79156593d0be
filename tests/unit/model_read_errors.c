/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios that are refused: where, why, and what to do about it. */
#include <errno.h>

#include "harness.h"
#include "model/read.h"

/* What a text is refused with. The remedy may be NULL: none is looked at. */
static void
refused_with(
    const char *text, const struct pale_read_options *options, const char *why, const char *remedy)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	int rc = pale_model_read("t", text, strlen(text), options, &model, &err);

	ck_assert_msg(rc < 0, "taken, and was to be refused with: %s", why);
	ck_assert_ptr_null(model);
	ck_assert_int_eq(rc, err.code);
	ck_assert_str_eq(err.text, why);
	if (remedy != NULL)
		ck_assert_str_eq(err.remedy, remedy);
}

static void
refused(const char *text, const char *why, const char *remedy)
{
	refused_with(text, NULL, why, remedy);
}

/* A scenario with something said before its only compartment, in line 1. */
static void
outside(const char *line, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "%s\nproperty('progress')\ncompartment a {\nprogram('umask(077)')\n}\n", line);
	refused(text, why, remedy);
}

/* In its compartment, which has a vocabulary; line 3. */
static void
inside(const char *line, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "directory('/d/e') file('/f') symlink('/l', 'd')\ncompartment a {\n%s\ncalls(2)\n"
	    "open('d', '/d')\nmay('openat(d, e)')\n}\nproperty('union')\n",
	    line);
	refused(text, why, remedy);
}

/* A call of a vocabulary; line 3. */
static void
call(const char *call, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "directory('/d/e') file('/f', 'content=old')\ncompartment a {\nmay('%s')\ncalls(2)\n"
	    "open('d', '/d') open('f', '/f', 'O_RDWR')\n}\nproperty('union')\n",
	    call);
	refused(text, why, remedy);
}

/* Calls of a program, with quotes and commas between them; line 3. */
static void
program(const char *calls, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "directory('/d/e') file('/f', 'content=old')\ncompartment a {\nprogram(%s)\n"
	    "open('d', '/d') open('f', '/f')\n}\nproperty('union')\n",
	    calls);
	refused(text, why, remedy);
}

/* An assertion; line 1. */
static void
assertion(const char *assertion, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "never('%s')\nfile('/f', 'content=old') directory('/d') shm(3)\ncompartment adversary "
	    "{\n"
	    "open('f', '/f')\nprogram('seen = read(f)', 'i = fstat(f)')\n}\n",
	    assertion);
	refused(text, why, remedy);
}

TEST(words, "a word that is not known, or stands in the wrong place, is refused")
{
	outside("directroy('/a')", "t:1: unknown word 'directroy'", "did you mean 'directory'?");
	outside("user(1)", "t:1: user() stands inside of a compartment", "");
	inside("file('/x')", "t:3: file() stands outside of compartments", "");
	outside(
	    "scenario('a')\nscenario('b')", "t:2: scenario() is said twice, before in line 1", "");
	inside("cwd('/')\ncwd('/')", "t:4: cwd() is said twice, before in line 3", "");
	outside("symlink('/a')", "t:1: symlink() takes a path, its target, and attributes", "");
	outside("spare()",
	    "t:1: spare() takes one argument: how many inodes can be made, and has none", "");
	outside("file('')", "t:1: an argument of file() is empty", "");
}

TEST(nobody, "a scenario in which nobody acts, or which asks for nothing, is refused")
{
	refused("", "t:1: nobody acts: it has no compartment", "");
	refused("compartment a { program('umask(0)') }\n",
	    "t:1: it does not say what must not happen", "say property('union'), or never('...')");
	refused("compartment a {\nuser(1)\n}\n", "t:3: 'a' does nothing",
	    "say program() or may() in it, or leave it out");
	refused("compartment a {\nprogram('umask(0)') may('umask(0)')\n}\nproperty('progress')",
	    "t:2: 'a' has a program and a vocabulary",
	    "keep program() or may(), or make two compartments of it");
	refused("compartment a {\nmay('umask(0)')\n}\nproperty('progress')",
	    "t:2: 'a' needs calls(): how many each process may do", "");
	refused("compartment a {\nprogram('umask(0)')\ncalls(1)\n}\nproperty('progress')",
	    "t:3: calls() is for a vocabulary: the program of 'a' has its own", "");
	refused("compartment a { program('umask(0)') }\ncompartment a { program('umask(0)') }",
	    "t:2: there are two compartments 'a'", "");
	refused("compartment '9' { program('umask(0)') }",
	    "t:1: '9' is no name for a compartment: it is a word that begins with a letter", "");
}

TEST(tree, "a tree that contradicts itself is refused")
{
	const char *rule = "it begins with '/', has no '.', '..', '//', and no slash at its end";

	outside("file('a')", "t:1: 'a' is no path of the tree", rule);
	outside("file('/a/')", "t:1: '/a/' is no path of the tree", rule);
	outside("file('/a//b')", "t:1: '/a//b' is no path of the tree", rule);
	outside("file('/a/../b')", "t:1: '/a/../b' is no path of the tree", rule);
	outside("file('/')", "t:1: '/' is no path of the tree", rule);
	outside("file('/a')\nfile('/a/b')", "t:2: '/a/b' cannot be: '/a' is a file, by line 1", "");
	outside("fifo('/a')\nfile('/a')", "t:2: '/a' is there already: a FIFO, by line 1", "");
	outside("directory('/a')\ndirectory('/a')",
	    "t:2: '/a' is there already: a directory, by line 1", "");
	outside("symlink('/l', '/a')\ndirectory('/l/b')",
	    "t:2: '/l/b' cannot be: '/l' is a symbolic link, by line 1", "");
	outside("hardlink('/h', '/a')", "t:1: '/a' is not there", "say what it is in a line above");
	outside("directory('/a')\nhardlink('/h', '/a')",
	    "t:2: '/a' is a directory, and has one name only", "");
	outside("file('/a')\nhardlink('/a', '/a')", "t:2: '/a' is there already", "");
	outside("shm(3)\nshm(3)", "t:2: shm(3) is said twice", "");
}

TEST(attributes, "an attribute that is not known, or cannot be, is refused")
{
	outside("file('/a', 'mdoe=600')", "t:1: file() has no attribute 'mdoe'",
	    "did you mean 'mode'?");
	outside("directory('/a', 'content=x')", "t:1: directory() has no attribute 'content'", "");
	outside("file('/a', 'root')", "t:1: 'root' is no attribute of file()",
	    "an attribute is a name, '=' and what it is");
	outside("file('/a', 'mode=8')", "t:1: '8' is no mode: it is bits in octal, up to 7777", "");
	outside("file('/a', 'mode=17777')",
	    "t:1: '17777' is no mode: it is bits in octal, up to 7777", "");
	outside("file('/a', 'mode=1', 'mode=2')", "t:1: 'mode' is said twice", "");
	outside("file('/a', 'user=root')", "t:1: 'root' is no number of a user", "");
	outside("file('/a', 'content=1x')",
	    "t:1: '1x' is no value: it is a word that begins with a letter", "");
	outside("sem(3, 'value=9')", "t:1: value of a semaphore 9: it is 0 to 3", "");
	outside("msg(0)", "t:1: key of a System V object 0: it is 1 to 2147483647", "");
	outside("shm(3, 'mode=1777')", "t:1: the mode of a System V object is bits up to 777", "");
	outside("spare('many')", "t:1: 'many' is no number of inodes that can be made", "");
	outside("protect('symlink')", "t:1: 'symlink' is nothing that the kernel protects",
	    "did you mean 'symlinks'?");
	outside("walker('start-compares')", "t:1: there is no walker 'start-compares'",
	    "did you mean 'start-compare'?");
	outside("walker('x')", "t:1: there is no walker 'x'", "pale check --list shows them all");
}

TEST(sides, "what cannot be said of a compartment is refused")
{
	inside("user('root')", "t:3: 'root' is no number of a user", "");
	inside("umask('1777')", "t:3: a umask is bits up to 777, and not 1777", "");
	inside("cwd('/x')", "t:3: '/x' is no directory of the tree",
	    "say directory('/x') outside of the compartments");
	inside("chroot('/f')", "t:3: '/f' is no directory of the tree", NULL);
	inside("processes(0)", "t:3: number of processes 0: it is 1 to 6", "");
	inside("ignore('SIGKILL')", "t:3: 'SIGKILL' cannot be ignored here",
	    "the only signal there is here is SIGPIPE");
	inside("open('d', '/d')\n", "t:6: 'a' has a descriptor 'd' already", NULL);
	inside("open('x', '/x')", "t:3: '/x' is not in the tree", NULL);
	inside("open('*', '/d')",
	    "t:3: '*' is no name for a descriptor: it is a word that begins with a letter", "");
	inside("open('AT_FDCWD', '/d')",
	    "t:3: 'AT_FDCWD' is no name for a descriptor: it is a word that begins with a letter",
	    "");
	inside("open('x', '/d', 'O_RDWR')",
	    "t:3: '/d' is a directory, and cannot be open for writing (EISDIR)", "");
	inside("open('x', '/f', 'O_DIRECTORY')", "t:3: '/f' is no directory (ENOTDIR)", "");
	inside("open('x', '/l')",
	    "t:3: '/l' is no directory and no file, and cannot be open at start",
	    "open it in the program, or say 'O_PATH'");
	inside("open('x', '/f', 'O_CREAT')",
	    "t:3: 'O_CREAT' has no meaning for a descriptor that is open already", "");
	inside("open('x', '/f', 'raed')", "t:3: 'raed' is not a right", NULL);
	inside("open('x', '/f', 'read', 'write')", "t:3: rights are said twice", "");
	inside("child_of('b')", "t:5: open() in 'a': a child has that from its parent", "");
}

TEST(children, "a child that is never born, or says what it has from its parent, is refused")
{
	refused("compartment a { program('fork()') }\ncompartment b {\nuser(1)\nchild_of('a')\n"
		"program('umask(0)')\n}\nproperty('progress')",
	    "t:3: user() in 'b': a child has that from its parent", "");
	refused("compartment a {\nchild_of('b')\nprogram('fork()') }\nproperty('progress')",
	    "t:2: there is no compartment 'b'", "");
	refused("compartment a {\nchild_of('a')\nprogram('fork()') }\nproperty('progress')",
	    "t:2: 'a' would be its own child", "");
	refused("compartment a { program('umask(0)') }\ncompartment b {\nchild_of('a')\n"
		"program('umask(0)')\n}\nproperty('progress')",
	    "t:5: 'b' is never born: 'a' forks 0 times",
	    "each compartment with child_of() needs its own fork()");
	refused("compartment a {\nprogram('fork()')\n}\nproperty('progress')",
	    "t:3: 'a' forks 1 time, and has 0 children",
	    "say child_of('a') in a compartment for each fork()");
	refused("compartment a {\nprocesses(2)\nprogram('fork()')\n}\ncompartment b {\n"
		"child_of('a')\nprogram('umask(0)')\n}\nproperty('progress')",
	    "t:4: 'a' forks, and so it can be one process only", "");
	refused("file('/f')\ncompartment a { program('fork()', 'f = open(/f)') }\ncompartment b {\n"
		"child_of('a')\nprogram('read(f)')\n}\nproperty('progress')",
	    "t:5: 'b' has no descriptor 'f'", NULL);
}

TEST(calls, "a call that is not understood is refused")
{
	call("openat", "t:3: 'openat' is no call",
	    "a call is written name(argument, ...), or result = name(...)");
	call("opneat(d, e)", "t:3: 'opneat' is no call that a process can do here",
	    "did you mean 'openat'?");
	call("ioctl(d)", "t:3: 'ioctl' is no call that a process can do here",
	    "pale-scenario(5) lists the calls");
	call("openat(d)", "t:3: openat() has too many or too few arguments",
	    "it is written openat(dirfd, path[, flags][, mode])");
	call("openat(d, e, O_RDONLY, 0600, 1)", "t:3: openat() has too many or too few arguments",
	    NULL);
	call("openat(d, e", "t:3: 'openat(d, e' has a parenthesis that is not closed", "");
	call("openat(d, \"e)", "t:3: 'openat(d, \"e)' has a quote that is not closed", "");
	call("openat(d, e) now", "t:3: 'now' stands behind the call of 'openat(d, e) now'", "");
	call("openat(d, e|)", "t:3: an argument is missing", "");
	call("openat(d, e|e)", "t:3: 'e' is said twice", "");
	call("openat(d, e\"e\")", "t:3: a double quote in the middle of an argument", "");
	call("openat(d, \"\")", "t:3: a path is empty: there is no such file", "");
	call("x = close(f)", "t:3: close() gives nothing, so nothing can be named here",
	    "leave out what stands before '='");
	call("x, y = openat(d, e)", "t:3: openat() gives one result, so nothing can be named here",
	    NULL);
	call("x = pipe()", "t:3: pipe() gives two results: name both, or none", "");
	call("1x = openat(d, e)",
	    "t:3: '1x' is no name for a result: it is a word that begins with a letter", "");
	call("try openat(d, e)",
	    "t:3: 'try' means nothing in a vocabulary: there all calls may fail", "leave it out");
	program("'openat(d, e|e/..)'", "t:3: a program does one thing: it has no alternatives",
	    "put a path with '|' in double quotes");
}

TEST(flags, "flags and modes that mean nothing are refused")
{
	call("openat(d, e, O_RDONY)", "t:3: openat() has no flag 'O_RDONY'",
	    "did you mean 'O_RDONLY'?");
	call("unlinkat(d, e, O_EXCL)", "t:3: unlinkat() has no flag 'O_EXCL'", "");
	call("openat(d, e, O_RDONLY|O_RDWR)",
	    "t:3: 'O_RDONLY|O_RDWR': only one of O_RDONLY, O_WRONLY and O_RDWR", "");
	call("openat(d, e, O_EXCL)", "t:3: 'O_EXCL': O_EXCL means nothing without O_CREAT", "");
	call("openat(d, e, O_CREAT|O_DIRECTORY)",
	    "t:3: 'O_CREAT|O_DIRECTORY': the kernel refuses O_CREAT with O_DIRECTORY (EINVAL)", "");
	call("openat(d, e, O_PATH|O_CREAT)",
	    "t:3: 'O_PATH|O_CREAT': O_PATH makes the other flags mean nothing",
	    "only O_NOFOLLOW, O_DIRECTORY and O_CLOEXEC go with it");
	call("openat(d, e, 0600)", "t:3: a mode means nothing where nothing is made",
	    "leave it out, or say O_CREAT");
	call("renameat(d, e, d, e, RENAME_NOREPLACE|RENAME_EXCHANGE)",
	    "t:3: 'RENAME_NOREPLACE|RENAME_EXCHANGE': the kernel refuses the two together (EINVAL)",
	    "");
	call("umask(8)", "t:3: '8' is no mode: it is bits in octal, up to 7777", "");
	call("setuid(root)", "t:3: 'root' is no number of a user", "");
	call("is(f, S_IFCHR)", "t:3: 'S_IFCHR' is nothing that an inode can be", NULL);
	call("limit(f, raed)", "t:3: 'raed' is not a right", NULL);
	call("msgget(x)", "t:3: 'x' is no key of a System V object", "");
	program(
	    "'s = semget(3)', 'semop(s, 2)'", "t:3: change of a semaphore 2: it is -1 to 1", "");
	program(
	    "'s = semget(3)', 'semop(s, 0)'", "t:3: a semaphore is changed by -1 or +1 here", "");
	program("'s = msgget(IPC_PRIVATE, IPC_CREAT|IPC_EXCL)'",
	    "t:3: IPC_EXCL means nothing for IPC_PRIVATE", "");
}

TEST(names, "a descriptor, variable or value that is not there, or of another kind, is refused")
{
	call("openat(dd, e)", "t:3: 'a' has no descriptor 'dd'", "did you mean 'd'?");
	call("openat(there, e)", "t:3: 'a' has no descriptor 'there'",
	    "give it at start: open('there', PATH), or name a result: there = open(...)");
	program("'close(g)', 'g = openat(d, e)'",
	    "t:3: 'g' is used before a call gives it its value",
	    "a program is done in the order in which it is written");
	program("'write(f, v)', 'v = read(f)'", "t:3: 'v' is used before a call gives it its value",
	    NULL);
	program("'v = read(f)', 'v = openat(d, e)'",
	    "t:3: 'v' has something of another kind already", "");
	program("'f = read(f)'", "t:3: 'f' is a descriptor", "");
	program("'write(f, d)'", "t:3: 'd' is a descriptor, and no value", "");
	program("'i = fstat(f)', 'use(i)'", "t:3: 'i' holds no value", "");
	program(
	    "'v = read(f)', 'same(v, f)'", "t:3: 'v' is nothing that fstat or fstatat found", "");
	program("'i = fstat(f)', 'is(i, OWNER)'",
	    "t:3: what fstat found is remembered without its owner",
	    "open it, and ask OWNER of the descriptor");
	program("'msgrcv(q)'", "t:3: 'a' has no System V object 'q'",
	    "name one: q = msgget(...), semget(...) or shmget(...)");
	call("same(*, f)", "t:3: '*' has no meaning here: name a descriptor", "");
	program("'v = read(f)', 'check(v, odl)'",
	    "t:3: nothing holds the value 'odl' at start, and no call writes it",
	    "did you mean 'old'?");
}

TEST(paths, "a name that nothing has and no call makes is refused: it is a typing error")
{
	call("openat(d, ee)",
	    "t:3: nothing in the tree is called 'ee' (of 'ee'), and no call makes it",
	    "did you mean 'e'?");
	call("openat(d, e/nothing/..)",
	    "t:3: nothing in the tree is called 'nothing' (of 'e/nothing/..'), and no call makes "
	    "it",
	    "");
	assertion("exists(/g/f)",
	    "t:1: nothing in the tree is called 'g' (of '/g/f'), and no call makes it", NULL);
}

TEST(stars, "a star needs a descriptor to stand for")
{
	refused("directory('/d')\ncompartment a {\ncalls(1)\nmay('mkdirat(*, d)')\n}\n"
		"property('progress')",
	    "t:4: '*' stands for the descriptors of 'a', which never has one",
	    "give it one: open('NAME', PATH)");
}

TEST(properties, "a property that names nothing is refused")
{
	outside("property('uniom')", "t:1: there is no property 'uniom'", "did you mean 'union'?");
	outside("property('never')", "t:1: 'never' names none of its assertions, of which it has 0",
	    "never('...') in the scenario makes one");
	assertion("knows(adversary, old)')\nproperty('never:2",
	    "t:2: 'never:2' names none of its assertions, of which it has 1",
	    "the first is never:1; 'never' is all of them");
	outside("property('rights')",
	    "t:1: the property 'rights' is about directories that are delegated, and none is",
	    NULL);
	outside("property('union')",
	    "t:1: the property 'union' is about directories that are delegated, and none is",
	    "give a compartment one: open('NAME', PATH)");
}

TEST(assertions, "an assertion that is not understood is refused")
{
	assertion("knows", "t:1: 'knows' is no term",
	    "an assertion is written 'name(...) and not name(...)'");
	assertion("exists(/f) or exists(/d)", "t:1: 'exists(/f) or exists(/d)' is no term", NULL);
	assertion("konws(adversary, old)", "t:1: 'konws' is no term of an assertion",
	    "did you mean 'knows'?");
	assertion("sings(adversary)", "t:1: 'sings' is no term of an assertion",
	    "pale-scenario(5) lists the terms");
	assertion("knows(adversary)", "t:1: knows() has too few arguments",
	    "it is written knows(compartment, value)");
	assertion(
	    "exists(/f, /f)", "t:1: exists() has too many arguments", "it is written exists(path)");
	assertion("knows(advresary, old)", "t:1: there is no compartment 'advresary'",
	    "did you mean 'adversary'?");
	assertion("knows(adversary, odl)",
	    "t:1: nothing holds the value 'odl' at start, and no call writes it",
	    "did you mean 'old'?");
	assertion(
	    "exists(f)", "t:1: 'f' does not begin with '/'", "assertions name paths from the root");
	assertion("contains(/d, old)", "t:1: '/d' is no file, and contains nothing", "");
	assertion("value(adversary, old)",
	    "t:1: 'adversary' is no COMPARTMENT.NAME of a variable or descriptor", "");
	assertion("value(adversary.sen, old)",
	    "t:1: 'adversary' has no descriptor or variable 'sen'", "did you mean 'seen'?");
	assertion("value(adversary.f, old)", "t:1: 'adversary.f' holds no value", "");
	assertion("is(adversary.seen, /f)", "t:1: 'adversary.seen' holds no inode", "");
	assertion("holds(adversary, /f, RAED)", "t:1: 'RAED' is not READ or WRITE",
	    "did you mean 'READ'?");
	assertion("owned(/f, root)", "t:1: 'root' is no number of a user", "");
	assertion("mode(/f, rwx)", "t:1: 'rwx' is no mode: it is bits in octal, up to 7777", "");
	assertion("can_read(adversary, 4)",
	    "t:1: no System V object has the key 0x4, and no call makes one", "");
}

/* Asserted of a tree with links and of an adversary; line 1. */
static void
vain(const char *assertion, const char *why, const char *remedy)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "never('%s')\nfile('/d/f', 'content=old') symlink('/l', '/d') symlink('/d/l', 'f')\n"
	    "compartment adversary {\ncalls(1)\nmay('open(/l/l)')\n}\n",
	    assertion);
	refused(text, why, remedy);
}

TEST(vain_assertions, "an assertion that could never be violated, or by another inode, is refused")
{
	vain("contains(/l/f, old)", "t:1: '/l/f' leads through the link '/l'",
	    "name what it leads to");
	vain("holds(adversary, /l/f)", "t:1: '/l/f' leads through the link '/l'",
	    "name what it leads to");
	vain("contains(/d/l, old)", "t:1: '/d/l' is a link, and no file", "name what it leads to");
	vain("executes(adversary, /d/l)", "t:1: '/d/l' is a link, and no file",
	    "name what it leads to");
	vain("holds(adversary, /d/l, READ)", "t:1: '/d/l' is a link, and no file",
	    "name what it leads to");
	refused("never('executes(a, /s)') file('/s', 'mode=4755')\n"
		"compartment a { user(100) calls(1) may('exec(/s)') }\n",
	    "t:2: 'a' could execute '/s', and its own calls would go on as another user",
	    "say what '/s' does in a compartment whose program begins with exec()");
	vain("failed(adversary)", "t:1: 'adversary' has a vocabulary, and is never failed",
	    "only a call of a program ends it by failing");
	vain("not finished(adversary)", "t:1: 'adversary' has a vocabulary, and is never finished",
	    "let it call exit, or ask after one that has a program");
}

/* System V objects: a program of user 200, in line 3, and an adversary. */
static void
with_objects(const char *program, const char *how, const char *why)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "property('progress') file('/f', 'content=old')\ncompartment a { user(200)\n"
	    "program(%s)\n}\ncompartment adversary { user(100) calls(2) %s }\n",
	    program, how);
	refused(text, why, NULL);
}

TEST(guesses, "an object without a key is refused that lets in who could guess its identifier")
{
#define GUESS \
	"t:3: an object without a key lets 'adversary' in, who could guess its identifier in " \
	"UNIX and cannot here"
	const char *may = "may('umask(0)')";

	with_objects("'q = msgget(IPC_PRIVATE, 0604)'", may, GUESS);
	with_objects("'q = semget(IPC_PRIVATE, IPC_CREAT, 0602)'", may, GUESS);
	with_objects("'q = shmget(IPC_PRIVATE, 0600)', 'ipcset(q, 200, 0666)'", may, GUESS);
	with_objects("'q = shmget(IPC_PRIVATE, 0600)', 'ipcset(q, 100, 0600)'", may, GUESS);
	with_objects("'q = shmget(IPC_PRIVATE, 0600)'", "may('setuid(200)')", GUESS);
#undef GUESS
}

TEST(sockets_kept, "sockets that dup keeps have their room")
{
	refused("never('failed(v)')\ncompartment a { processes(2) calls(7)\n"
		"may('s = socket()', 'dup(s)') }\ncompartment v { program('s = socket()') }\n",
	    "t: it has 9 ends of sockets that there may be at one time, and there is room for 8",
	    NULL);
}

TEST(objects, "what could need more System V objects, or a higher semaphore, is refused")
{
#define FOUR "'q = msgget(IPC_PRIVATE)', 'q = msgget(1, IPC_CREAT)', 'x = semget(1, IPC_CREAT)'"
	const char *five =
	    "t: it has 5 System V objects that there may be at one time, and there is room for 4";

	with_objects(FOUR ", 'q = msgget(IPC_PRIVATE)', 'm = shmget(1, IPC_CREAT)'",
	    "may('umask(0)')", five);
	with_objects(FOUR ", 'm = shmget(1, IPC_CREAT)', 'shmat(m)', 'ipcrm(m)',"
			  "'m = shmget(1, IPC_CREAT)'",
	    "may('umask(0)')", five);
	with_objects(FOUR, "may('q = msgget(IPC_PRIVATE)')", five);
	with_objects("'x = semget(1, IPC_CREAT)', 'semop(x, 1)', 'semop(x, 1)', 'semop(x, 1)'",
	    "may('umask(0)')",
	    "t: its programs may raise a semaphore to 4, and there is room for 3");
#undef FOUR
}

TEST(options, "what the command line says is refused without a line")
{
	const char *text =
	    "directory('/d')\ncompartment a { open('d', '/d') calls(1) may('fchdir(d)') }"
	    "\nproperty('union')";

	refused_with(text, &(struct pale_read_options){ .property = "union,cal" },
	    "t: there is no property 'cal'", "did you mean 'call'?");
	refused_with(text, &(struct pale_read_options){ .calls = 16 },
	    "t: a scope of 16 calls: it is 1 to 15", "");
	refused_with(text, &(struct pale_read_options){ .processes = 7 },
	    "t: it has 7 processes, and there is room for 6", "");
}

TEST_MAIN("model_read_errors", words, nobody, tree, attributes, sides, children, calls, flags,
    names, paths, stars, properties, assertions, vain_assertions, guesses, sockets_kept, objects,
    options)
