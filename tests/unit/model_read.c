/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scenario says, and what becomes of it: the tree, who acts, calls, what must not happen. */
#include "model/read.h"

#include <errno.h>
#include <sys/stat.h>

#include "harness.h"
#include "model/rest.h"
#include "model/state.h"
#include "model/walkers.h"

static struct pale_model *
take_with(const char *text, const struct pale_read_options *options)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	int rc = pale_model_read("t", text, strlen(text), options, &model, &err);

	ck_assert_msg(rc == 0, "refused: %s", err.text);
	return model;
}

static struct pale_model *
take(const char *text)
{
	return take_with(text, NULL);
}

/* One site of a scenario that has only that call, in a vocabulary. */
static struct pale_model *
take_call(const char *call)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "directory('/d/e') file('/f', 'content=old') property('progress')\ncompartment a {\n"
	    "open('d', '/d') open('f', '/f', 'O_RDWR') calls('1')\nmay('%s')\n}",
	    call);
	return take(text);
}

static unsigned
inode_of(const struct pale_model *model, const char *path)
{
	for (unsigned i = 1; i <= model->inode_count; i++)
		if (strcmp(model->inode_paths[i], path) == 0)
			return i;
	ck_abort_msg("no %s", path);
}

static const struct pale_inode *
at(const struct pale_model *model, const char *path)
{
	return &model->initial->inodes[inode_of(model, path)];
}

TEST(tree, "parents are made, and what is not said is root's and has the mode it would have")
{
	struct pale_model *model =
	    take("directory('/a/b', 'user=7', 'mode=1777') file('/a/f', 'content=x') fifo('/p')\n"
		 "symlink('/l', '../a') socket('/s', 'mode=777') hardlink('/h', '/a/f')\n"
		 "directory('/a', 'mode=700') property('progress')\n"
		 "compartment c { program('umask(0)') }");

	ck_assert_uint_eq(model->inode_count, 7);
	ck_assert_uint_eq(model->initial->inodes[PALE_MODEL_ROOT].parent, PALE_MODEL_ROOT);
	ck_assert_uint_eq(at(model, "/a")->mode, 0700);
	ck_assert_uint_eq(model->users[at(model, "/a")->owner], 0);
	ck_assert_uint_eq(at(model, "/a")->parent, PALE_MODEL_ROOT);
	ck_assert_uint_eq(at(model, "/a")->linked, 1);
	ck_assert_str_eq(model->names[at(model, "/a/b")->name], "b");
	ck_assert_uint_eq(at(model, "/a/b")->mode, 01777);
	ck_assert_uint_eq(model->users[at(model, "/a/b")->owner], 7);
	ck_assert_uint_eq(at(model, "/a/f")->mode, 0644);
	ck_assert_str_eq(model->values[at(model, "/a/f")->content], "x");
	ck_assert_uint_eq(at(model, "/p")->type, PALE_INODE_FIFO);
	ck_assert_uint_eq(at(model, "/p")->mode, 0600);
	ck_assert_uint_eq(at(model, "/s")->mode, 0777);
	ck_assert_uint_eq(at(model, "/l")->type, PALE_INODE_LINK);
	ck_assert_str_eq(model->rests[at(model, "/l")->target].text, "../a");
	/* Names of what is no directory: f, p, l, s, and the second one of f. */
	ck_assert_uint_eq(model->initial->entries[4].inode, inode_of(model, "/a/f"));
	ck_assert_uint_eq(model->initial->entries[4].dir, PALE_MODEL_ROOT);
	ck_assert_uint_eq(model->initial->entries[5].dir, 0);
	pale_model_free(model);
}

TEST(sysv, "System V objects have their key, owner, mode and what they hold")
{
	struct pale_model *model =
	    take("msg('0x10', 'user=5') sem(17, 'value=0') shm(18, 'content=zero', 'mode=666')\n"
		 "property('progress') compartment c { program('umask(0)') }");
	const struct pale_sysv *objects = model->initial->sysv;

	ck_assert_uint_eq(objects[0].kind, PALE_SYSV_MSG);
	ck_assert_int_eq(model->keys[objects[0].key], 16);
	ck_assert_uint_eq(objects[0].mode, 0600);
	ck_assert_uint_eq(model->users[objects[0].owner], 5);
	ck_assert_uint_eq(objects[0].creator, objects[0].owner);
	ck_assert_uint_eq(objects[1].count, 0);
	ck_assert_str_eq(model->values[objects[2].values[0]], "zero");
	ck_assert_uint_eq(objects[2].mode, 0666);
	pale_model_free(model);
}

TEST(sides, "a compartment has its user, umask, directories, descriptors and processes")
{
	struct pale_model *model = take(
	    "directory('/d/e') file('/f') property('union') walker('mount-root')\n"
	    "compartment one { user(9) umask('077') cwd('/d/e') chroot('/d') ignore('SIGPIPE')\n"
	    "open('d', '/d') open('f', '/f', 'O_RDWR', 'read,write')\n"
	    "processes(2) calls(3) may('close(*)') }\n"
	    "compartment two { walker('pale') program('umask(0)', 'umask(077)') }");
	const struct pale_process *process = &model->initial->processes[1];

	ck_assert_uint_eq(model->process_count, 3);
	ck_assert_uint_eq(model->compartment_of[1], 0);
	ck_assert_uint_eq(model->compartment_of[2], 1);
	ck_assert_uint_eq(process->status, PALE_PROCESS_RUNS);
	ck_assert_uint_eq(model->users[process->euid], 9);
	ck_assert_uint_eq(process->ruid, process->euid);
	ck_assert_uint_eq(process->umask, 077);
	ck_assert_uint_eq(process->cwd, inode_of(model, "/d/e"));
	ck_assert_uint_eq(process->root, inode_of(model, "/d"));
	ck_assert_uint_eq(process->ignores_sigpipe, 1);
	ck_assert_uint_eq(process->calls, 3);
	ck_assert_uint_eq(process->fds[0].of, inode_of(model, "/d"));
	ck_assert_uint_eq(process->fds[0].mount, inode_of(model, "/d"));
	ck_assert_uint_eq(process->fds[0].flags, PALE_F_READ);
	ck_assert_uint_eq(process->fds[0].rights, 0);
	ck_assert_uint_eq(process->fds[1].mount, 0);
	ck_assert_uint_eq(process->fds[1].flags, PALE_F_READ | PALE_F_WRITE);
	ck_assert(model->rights[process->fds[1].rights] ==
	    (PALE_RIGHT_BIT(READ) | PALE_RIGHT_BIT(WRITE)));
	ck_assert_uint_eq(model->compartments[0].delegated[0], inode_of(model, "/d"));
	ck_assert(model->compartments[0].adversary);
	ck_assert(!model->compartments[1].adversary);
	ck_assert_uint_eq(model->compartments[1].site_count, 2);
	ck_assert_str_eq(model->compartments[1].walker->name, "pale");
	ck_assert_str_eq(model->walker->name, "mount-root");
	/* What is not said. */
	ck_assert_uint_eq(model->users[model->initial->processes[2].euid], 0);
	ck_assert_uint_eq(model->initial->processes[2].umask, 022);
	ck_assert_uint_eq(model->initial->processes[2].cwd, PALE_MODEL_ROOT);
	pale_model_free(model);
}

TEST(alternatives, "alternatives are calls of their own, in each combination, with their own words")
{
	struct pale_model *model = take_call("openat(d|*, \"e\"|e/.., O_RDONLY|O_NOFOLLOW)");

	ck_assert_uint_eq(model->site_count, 5);
	ck_assert_str_eq(model->sites[1].text, "openat(d, \"e\", O_RDONLY|O_NOFOLLOW)");
	ck_assert_str_eq(model->sites[4].text, "openat(*, e/.., O_RDONLY|O_NOFOLLOW)");
	ck_assert_str_eq(model->rests[model->sites[1].path[0]].text, "e");
	ck_assert_uint_eq(model->sites[1].fd[0], 0);
	ck_assert_uint_eq(model->sites[4].fd[0], PALE_FD_ANY);
	ck_assert_uint_eq(model->sites[4].flags, PALE_F_READ | PALE_F_NOFOLLOW);
	ck_assert_uint_eq(model->sites[4].to_fd[0], PALE_FD_ANY);
	pale_model_free(model);
}

/* What one call becomes. */
static void
becomes(const char *call, struct pale_site want)
{
	struct pale_model *model = take_call(call);
	const struct pale_site *site = &model->sites[1];

	ck_assert_uint_eq(site->atomic, want.atomic);
	ck_assert_uint_eq(site->flags, want.flags);
	ck_assert_uint_eq(site->mode, want.mode);
	ck_assert_int_eq(site->number, want.number);
	ck_assert_uint_eq(site->type, want.type);
	ck_assert_uint_eq(site->fd[0], want.fd[0]);
	ck_assert_uint_eq(site->fd[1], want.fd[1]);
	pale_model_free(model);
}

TEST(defaults, "what may be left out of a call has its usual meaning")
{
	becomes("openat(d, e)", (struct pale_site){ .flags = PALE_F_READ });
	becomes("openat(d, e, O_CREAT|O_WRONLY)",
	    (struct pale_site){ .flags = PALE_F_CREAT | PALE_F_WRITE, .mode = 0666 });
	becomes("openat(AT_FDCWD, f, O_PATH)",
	    (struct pale_site){ .flags = PALE_F_PATH, .fd = { PALE_FD_CWD } });
	becomes("open(/f, O_CREAT, 0640)",
	    (struct pale_site){
		.flags = PALE_F_CREAT | PALE_F_READ, .mode = 0640, .fd = { PALE_FD_CWD } });
	becomes("mkdirat(d, e)", (struct pale_site){ .atomic = true, .mode = 0777 });
	becomes(
	    "linkat(d, e, d, f)", (struct pale_site){ .atomic = true, .flags = PALE_F_NOFOLLOW });
	becomes("linkat(d, e, d, f, AT_SYMLINK_FOLLOW)", (struct pale_site){ 0 });
	becomes("msgget(3, IPC_CREAT)",
	    (struct pale_site){ .atomic = true, .flags = PALE_F_CREAT, .mode = 0600 });
	becomes("msgget(3, 0644)", (struct pale_site){ .atomic = true, .mode = 0644 });
	becomes(
	    "is(f, S_IFREG)", (struct pale_site){ .atomic = true, .type = S_IFREG, .fd = { 1 } });
}

TEST(atomic, "a call is one step where each path is one name, and no link is followed")
{
	becomes("renameat(d, e, f, e)", (struct pale_site){ .atomic = true, .fd = { 0, 1 } });
	becomes("renameat(d, e, d, ./e)", (struct pale_site){ 0 });
	becomes("renameat(d, e/, d, e)", (struct pale_site){ 0 });
	becomes("unlinkat(d, /d/e, AT_REMOVEDIR)", (struct pale_site){ .flags = PALE_F_DIRECTORY });
	becomes("symlinkat(/d/e, d, e)", (struct pale_site){ .atomic = true });
	becomes("fstatat(d, e)", (struct pale_site){ 0 });
	becomes("fstatat(d, e, AT_SYMLINK_NOFOLLOW)",
	    (struct pale_site){ .atomic = true, .flags = PALE_F_NOFOLLOW });
	becomes("mkdirat(d, ..)", (struct pale_site){ .mode = 0777 });
}

TEST(results, "a result has a place of its own, by its name or, in a program, without one")
{
	struct pale_model *model =
	    take("file('/f', 'content=old') property('progress')\n"
		 "compartment a { open('g', '/f')\n"
		 "program('open(/f)', 'h = open(/f)', 'try g = open(/f)', 'r, w = pipe()',\n"
		 "'v = read(h)', 'write(w, v)', 'write(w, new)', 'fork()', 'q = msgget(1)') }\n"
		 "compartment b { child_of('a') program('x = read(r)', 'close(h)') }");
	const struct pale_model_compartment *parent = &model->compartments[0];
	const struct pale_model_compartment *child = &model->compartments[1];
	const struct pale_site *site = model->sites + 1;

	ck_assert_str_eq(parent->fd_names[0], "g");
	ck_assert_ptr_null(parent->fd_names[1]);
	ck_assert_str_eq(parent->fd_names[2], "h");
	ck_assert_uint_eq(site[0].to_fd[0], 1);
	ck_assert_uint_eq(site[1].to_fd[0], 2);
	ck_assert_uint_eq(site[2].to_fd[0], 0);
	ck_assert(site[2].may_fail && !site[1].may_fail);
	ck_assert_uint_eq(site[3].to_fd[0], 3);
	ck_assert_uint_eq(site[3].to_fd[1], 4);
	ck_assert_uint_eq(site[4].to_var, 1);
	ck_assert_uint_eq(site[5].ref[0].kind, PALE_REF_VAR);
	ck_assert_uint_eq(site[6].ref[0].kind, PALE_REF_VALUE);
	ck_assert_str_eq(model->values[site[6].ref[0].of], "new");
	/* The child has what was set before the fork. */
	ck_assert_uint_eq(site[7].child, 2);
	ck_assert(model->born_later[1]);
	ck_assert_uint_eq(model->initial->processes[1].status, PALE_PROCESS_UNBORN);
	ck_assert_str_eq(child->fd_names[3], "r");
	ck_assert_str_eq(child->var_names[1], "v");
	ck_assert_ptr_null(child->var_names[2]);
	ck_assert_str_eq(child->var_names[3], "x");
	ck_assert_uint_eq(model->sites[child->first_site].fd[0], 3);
	pale_model_free(model);
}

TEST(nevers, "an assertion is its terms, of what was there at the start or comes later")
{
	struct pale_model *model =
	    take("never('knows(b, x) and not holds(a, /f, READ|WRITE)', 'value(b.v, x)')\n"
		 "never('mode(/d/new, 022) and owned(/d/new, 5) and is(b.g, /f)')\n"
		 "directory('/d') file('/f', 'content=x')\n"
		 "compartment a { open('d', '/d') calls(1) may('openat(d, new, O_CREAT)') }\n"
		 "compartment b { open('g', '/f') program('v = read(g)') }");
	const struct pale_term *term = model->nevers[0].terms;

	ck_assert_uint_eq(model->never_count, 3);
	ck_assert_uint_eq(model->properties, 7u << PALE_PROPERTY_NEVER);
	ck_assert_uint_eq(model->nevers[0].count, 2);
	ck_assert_uint_eq(term[0].kind, PALE_TERM_knows);
	ck_assert_uint_eq(term[0].who[0], 2);
	ck_assert_str_eq(model->values[term[0].value], "x");
	ck_assert(term[1].negated && !term[0].negated);
	ck_assert_uint_eq(term[1].inode, inode_of(model, "/f"));
	ck_assert_uint_eq(term[1].mode, PALE_F_READ | PALE_F_WRITE);
	ck_assert_uint_eq(model->nevers[1].terms[0].ref.kind, PALE_REF_VAR);
	term = model->nevers[2].terms;
	ck_assert_uint_eq(term[0].inode, 0);
	ck_assert_uint_eq(term[0].mode, 022);
	ck_assert_str_eq(model->rests[term[0].path].text, "/d/new");
	ck_assert_uint_eq(model->users[term[1].user], 5);
	ck_assert_uint_eq(term[2].ref.kind, PALE_REF_FD);
	pale_model_free(model);
}

TEST(spare, "there is room for all that the calls can make, or for what is said")
{
	static const char text[] =
	    "directory('/d') property('union') %s\ncompartment a { open('d', '/d') processes(2)\n"
	    "calls(3) may('mkdirat(d, x)', 'linkat(d, y, d, z)', 'symlinkat(x, d, y)') }\n"
	    "compartment b { open('d', '/d') program('mkfifoat(d, p, 0600)', 'mkdirat(d, q)') }";
	char said[1024], unsaid[1024];
	struct pale_model *model;

	snprintf(unsaid, sizeof(unsaid), text, "");
	snprintf(said, sizeof(said), text, "spare(2)");
	model = take(unsaid);
	ck_assert_uint_eq(model->inode_room, 2 + 2 * 3 + 2);
	ck_assert_uint_eq(model->entry_room, 2 * 3 + 1);
	pale_model_free(model);
	model = take(said);
	ck_assert_uint_eq(model->inode_room, 4);
	ck_assert_uint_eq(model->entry_room, 2 * 3 + 1);
	pale_model_free(model);
}

TEST(options, "the command line says walker, properties and scope over the file")
{
	static const char text[] =
	    "directory('/d') property('union') walker('none') never('exists(/d/x)')\n"
	    "compartment a { open('d', '/d') calls(1) may('mkdirat(d, x)') }\n"
	    "compartment b { walker('lock') program('umask(0)') }";
	struct pale_model *model = take_with(text,
	    &(struct pale_read_options){ .walker = pale_walker_find("pale"),
		.property = "call,root",
		.processes = 2,
		.calls = 4 });

	ck_assert_str_eq(model->walker->name, "pale");
	ck_assert_str_eq(model->compartments[1].walker->name, "lock");
	ck_assert_uint_eq(model->properties, 1 << PALE_PROPERTY_CALL | 1 << PALE_PROPERTY_ROOT);
	ck_assert_uint_eq(model->compartments[0].processes, 2);
	ck_assert_uint_eq(model->initial->processes[1].calls, 4);
	ck_assert_uint_eq(model->compartments[1].processes, 1);
	pale_model_free(model);
	model = take(text);
	ck_assert_uint_eq(model->properties, 1 << PALE_PROPERTY_UNION | 1 << PALE_PROPERTY_NEVER);
	pale_model_free(model);
}

TEST(own_walker, "a walker that is given stands for its name wherever the file says it")
{
	struct pale_walker mine = *pale_walker_find("lock");
	struct pale_model *model =
	    take_with("property('progress') compartment a { walker('lock') program('umask(0)') }",
		&(struct pale_read_options){ .walker = &mine });

	ck_assert_ptr_eq(model->compartments[0].walker, &mine);
	ck_assert_ptr_eq(model->walker, &mine);
	pale_model_free(model);
}

TEST(rooms, "more than there is room for is refused with the number, before anything is lost")
{
	static char text[1 << 16];
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	size_t length = 0;

	for (int i = 0; i < 40; i++)
		length += (size_t)snprintf(
		    text + length, sizeof(text) - length, "file('/f%d', 'content=v%d')\n", i, i);
	snprintf(text + length, sizeof(text) - length,
	    "property('progress') compartment a { program('umask(0)') }");
	ck_assert_int_eq(pale_model_read("t", text, strlen(text), NULL, &model, &err), -E2BIG);
	ck_assert_str_eq(err.text, "t: it has 40 values, and there is room for 15");

	length = 0;
	for (int i = 0; i < 40; i++)
		length += (size_t)snprintf(
		    text + length, sizeof(text) - length, "directory('/f%d')\n", i);
	snprintf(text + length, sizeof(text) - length,
	    "property('progress') compartment a { program('umask(0)') }");
	ck_assert_int_eq(pale_model_read("t", text, strlen(text), NULL, &model, &err), -E2BIG);
	ck_assert_str_eq(err.text, "t: it has 41 inodes in its tree, and there is room for 31");

	snprintf(text, sizeof(text),
	    "directory('/d') property('union') compartment a { open('d', '/d') calls(15)\n"
	    "processes(3) may('mkdirat(d, x)') }");
	ck_assert_int_eq(pale_model_read("t", text, strlen(text), NULL, &model, &err), -E2BIG);
	ck_assert_str_eq(err.text, "t: it has 2 inodes and can make 45, and there is room for 31");
	ck_assert_str_eq(
	    err.remedy, "say spare('29'): when so many are in use, making one fails with ENOSPC");

	snprintf(text, sizeof(text),
	    "directory('/d/e') property('union') compartment a { open('d', '/d') calls(8)\n"
	    "may('openat(d, e)') }");
	ck_assert_int_eq(pale_model_read("t", text, strlen(text), NULL, &model, &err), -E2BIG);
	ck_assert_str_eq(err.text, "t: 'a' may have 9 descriptors, and a process has room for 8");
	ck_assert_ptr_null(model);
}

TEST(expected, "what the first comment promises is read")
{
	bool violated;
	unsigned length;

	ck_assert(pale_model_expected(
	    "# SPDX\n# Expected: violated in 12 steps.\n# More.\nx()", &violated, &length));
	ck_assert(violated);
	ck_assert_uint_eq(length, 12);
	ck_assert(pale_model_expected("# Expected: violated in 1 step.", &violated, &length));
	ck_assert_uint_eq(length, 1);
	ck_assert(pale_model_expected("# Expected: holds.\n", &violated, &length));
	ck_assert(!violated);
	ck_assert(!pale_model_expected("# Expected: fails.\n", &violated, &length));
	ck_assert(!pale_model_expected("# Expected: violated in 0 steps.", &violated, &length));
	ck_assert(!pale_model_expected("x()\n# Expected: holds.\n", &violated, &length));
	ck_assert(!pale_model_expected("", &violated, &length));
	ck_assert(!pale_model_expected("#", &violated, &length));
}

/* ---- paths with links put in ---- */

static pale_walker_rest
find(const struct pale_model *model, const char *text)
{
	for (size_t i = 1; i < model->rest_count; i++)
		if (strcmp(model->rests[i].text, text) == 0)
			return (pale_walker_rest)i;
	return 0;
}

static struct pale_model *
take_links(const char *links, const char *path)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "directory('/d/x/y') property('union') %s\n"
	    "compartment a { open('d', '/d') calls(1) may('openat(d, %s)') }",
	    links, path);
	return take(text);
}

TEST(parts, "of what is left of a path the first component is known, and what is behind it")
{
	struct pale_model *model = take_links("", "x//.././y/");
	const struct pale_model_rest *rest = &model->rests[find(model, "x/.././y/")];

	ck_assert_int_eq(rest->part.kind, PALE_WALKER_NAME);
	ck_assert_str_eq(rest->part.text, "x");
	ck_assert(rest->part.slash && !rest->part.last && !rest->single && !rest->absolute);
	rest = &model->rests[rest->part.rest];
	ck_assert_int_eq(rest->part.kind, PALE_WALKER_DOTDOT);
	rest = &model->rests[rest->part.rest];
	ck_assert_int_eq(rest->part.kind, PALE_WALKER_DOT);
	rest = &model->rests[rest->part.rest];
	ck_assert_str_eq(rest->text, "y/");
	ck_assert(rest->part.slash && rest->part.last && !rest->single);
	ck_assert_uint_eq(rest->part.rest, PALE_REST_EMPTY);
	ck_assert_int_eq(model->rests[PALE_REST_EMPTY].part.kind, PALE_WALKER_END);
	pale_model_free(model);
}

TEST(splices, "the target of a link takes its place before what is left")
{
	struct pale_model *model =
	    take_links("symlink('/d/l', '/d/x') symlink('/d/m', 'x/')", "l/y");
	pale_walker_rest y = find(model, "y"), abs = find(model, "/d/x"), rel = find(model, "x/");

	ck_assert_uint_eq(pale_rest_splice(model, abs, y, true), find(model, "/d/x/y"));
	ck_assert_uint_eq(pale_rest_splice(model, rel, y, true), find(model, "x/y"));
	ck_assert_uint_ne(find(model, "x/y"), 0);
	ck_assert(model->rests[find(model, "/d/x/y")].absolute);
	ck_assert_uint_eq(pale_rest_splice(model, abs, PALE_REST_EMPTY, false), abs);
	ck_assert_uint_eq(
	    pale_rest_splice(model, abs, PALE_REST_EMPTY, true), find(model, "/d/x/"));
	/* What is no link's target is nothing. */
	ck_assert_uint_eq(pale_rest_splice(model, y, y, true), 0);
	pale_model_free(model);
}

TEST(loops, "a link to itself makes no new path; one that grows ends where the kernel's would")
{
	struct pale_model *model = take_links("symlink('/d/l', 'l')", "l/y");
	pale_walker_rest l = find(model, "l"), y = find(model, "y");

	ck_assert_uint_eq(pale_rest_splice(model, l, y, true), find(model, "l/y"));
	ck_assert_uint_eq(model->links, PALE_REST_LINKS);
	ck_assert_uint_le(model->rest_count, 6);
	pale_model_free(model);

	model = take_links("symlink('/d/l', 'l/x')", "l");
	ck_assert_uint_eq(model->links, PALE_REST_LINKS);
	l = find(model, "l/x");
	for (int i = 1; i < PALE_REST_LINKS; i++) {
		l = pale_rest_splice(model, find(model, "l/x"), model->rests[l].part.rest, true);
		ck_assert_uint_ne(l, 0);
	}
	ck_assert_uint_eq(strlen(model->rests[l].text), 1 + 2 * PALE_REST_LINKS);
	pale_model_free(model);
}

TEST(growing,
    "links that grow in many ways are followed as deep as there is room, the same each time")
{
	struct pale_model *model =
	    take_links("symlink('/d/l', 'l/x') symlink('/d/m', 'l/y') symlink('/d/y', 'm/x')", "l");
	struct pale_model *again =
	    take_links("symlink('/d/l', 'l/x') symlink('/d/m', 'l/y') symlink('/d/y', 'm/x')", "l");

	ck_assert_uint_lt(model->links, PALE_REST_LINKS);
	ck_assert_uint_ge(model->links, PALE_REST_LINKS_LEAST);
	ck_assert_uint_le(model->rest_count, PALE_MODEL_RESTS);
	ck_assert_uint_eq(model->rest_count, again->rest_count);
	ck_assert_uint_eq(model->links, again->links);
	pale_model_free(model);
	pale_model_free(again);
}

TEST(made_links, "a link that a call can make, or another name that a call can give it, is met too")
{
	struct pale_model *model =
	    take("directory('/d/x/y') property('union')\n"
		 "compartment a { open('d', '/d') calls(2) may('symlinkat(x, d, l)',\n"
		 "'renameat(d, l, d, k)', 'openat(d, k/y|l/y)', 'mkdirat(d, n)') }");
	pale_walker_rest x = find(model, "x"), y = find(model, "y");

	ck_assert_uint_eq(pale_rest_splice(model, x, y, true), find(model, "x/y"));
	ck_assert_uint_ne(find(model, "x/y"), 0);
	pale_model_free(model);
}

TEST_MAIN("model_read", tree, sysv, sides, alternatives, defaults, atomic, results, nevers, spare,
    options, own_walker, rooms, expected, parts, splices, loops, growing, made_links)
