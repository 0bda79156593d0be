/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/pack/facts.h"

#include "model/walkers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PALE_CALL_COUNT <= 64, "a bit for each call");

#define OP(name) (UINT64_C(1) << PALE_CALL_##name)

enum { VALUES = 1 << 13 }; /* of a set: modes, rests, names and sites are all less */

static const uint64_t opens = OP(openat) | OP(open);
static const uint64_t moves = OP(unlinkat) | OP(renameat);
static const uint64_t makes =
    OP(mkdirat) | OP(renameat) | OP(linkat) | OP(symlinkat) | OP(mkfifoat) | OP(bind);
static const uint64_t makes_fd = OP(openat) | OP(open) | OP(dup) | OP(pipe) | OP(socket) |
    OP(socketpair) | OP(accept) | OP(recvfd);
static const uint64_t changes_fd =
    OP(fork) | OP(recvfd) | OP(dup) | OP(close) | OP(exec) | OP(limit);
static const uint64_t sockets = OP(socket) | OP(socketpair);
static const uint64_t sysv = OP(msgget) | OP(semget) | OP(shmget);
static const uint64_t values_flow = OP(read) | OP(write) | OP(msgrcv) | OP(msgsnd) | OP(load) |
    OP(store) | OP(use) | OP(check) | OP(exec) | OP(fork);
/* Calls without a path that can be under way between two steps. */
static const uint64_t may_wait = OP(read) | OP(write) | OP(accept) | OP(connect) | OP(recvfd) |
    OP(sendfd) | OP(msgsnd) | OP(msgrcv) | OP(semop);
/* After these a process may have ended whose calls do not end it by failing. */
static const uint64_t ends = OP(exit) | OP(write) | OP(sendfd) | OP(check) | OP(same) | OP(is);

/* A set of values that is being collected. */
struct set {
	bool has[VALUES];
};

static bool
has_path(const struct pale_site *site)
{
	return site->path[0] != 0 || site->path[1] != 0;
}

/* Can it be under way between two steps? */
static bool
is_long(const struct pale_site *site)
{
	uint64_t op = UINT64_C(1) << site->op;

	return (op & (may_wait | opens)) != 0 || (has_path(site) && !site->atomic);
}

/* The name that a path ends in; 0 where it ends in a dot or has none. */
static unsigned
last_name(const struct pale_model *model, pale_walker_rest rest)
{
	for (size_t i = 0; i <= model->rest_count && rest != 0; i++) {
		const struct pale_walker_part *part = &model->rests[rest].part;

		if (part->kind == PALE_WALKER_END)
			return 0;
		if (part->last)
			return part->kind == PALE_WALKER_NAME ? part->name : 0;
		rest = part->rest;
	}
	return 0;
}

/* All that calls of some kinds can name in the end. A link may lead anywhere that is written. */
static void
find_names(const struct pale_model *model, const struct pale_facts *facts, uint64_t ops,
    bool creating, struct set *ret)
{
	bool any = false;

	for (size_t i = 1; i < model->site_count; i++) {
		const struct pale_site *site = &model->sites[i];
		bool creates = (opens >> site->op & 1) != 0 && (site->flags & PALE_F_CREAT) != 0;

		if ((ops >> site->op & 1) == 0 && !(creating && creates))
			continue;
		any = true;
		for (unsigned k = 0; k < 2; k++)
			ret->has[last_name(model, site->path[k])] = true;
	}
	for (size_t i = 1; any && facts->links && i < model->rest_count; i++)
		ret->has[last_name(model, (pale_walker_rest)i)] = true;
}

static void
find_calls(const struct pale_model *model, struct pale_facts *facts)
{
	for (size_t c = 0; c < model->compartment_count; c++) {
		const struct pale_model_compartment *compartment = &model->compartments[c];
		struct pale_compartment_facts *own = &facts->compartments[c];

		for (unsigned i = 0; i < compartment->site_count; i++) {
			const struct pale_site *site = &model->sites[compartment->first_site + i];
			const char *walks = pale_model_calls[site->op].walks;

			own->calls |= UINT64_C(1) << site->op;
			if (!is_long(site))
				continue;
			own->waits = true;
			own->two_walks |= strlen(walks) > 1 || site->op == PALE_CALL_symlinkat;
			own->creates |= (site->flags & PALE_F_CREAT) != 0;
			for (unsigned k = 0; k < 2; k++)
				own->fd_any[k] |= site->fd[k] == PALE_FD_ANY;
		}
		own->ends = !compartment->adversary || (own->calls & (ends | OP(exec))) != 0;
		own->changes_user = (own->calls & (OP(setuid) | OP(exec))) != 0;
		own->changes_umask = (own->calls & OP(umask)) != 0;
		own->changes_cwd = (own->calls & (OP(chdir) | OP(fchdir) | OP(chroot))) != 0;
		own->changes_root = (own->calls & OP(chroot)) != 0;
		own->ignores_sigpipe = (own->calls & (OP(sigpipe_ignore) | OP(exec))) != 0;
		own->executes = (own->calls & OP(exec)) != 0;
		facts->calls |= own->calls;
		facts->walkers[c] =
		    compartment->walker != NULL ? compartment->walker : model->walker;
		facts->mounts |= facts->walkers[c]->is_root;
		facts->locks |= facts->walkers[c]->locks;
	}
}

/* How often a compartment can make a call of some kinds, at most. */
static unsigned
times(const struct pale_model *model, size_t c, uint64_t ops)
{
	const struct pale_model_compartment *compartment = &model->compartments[c];
	unsigned count = 0;

	if (compartment->adversary) {
		for (unsigned i = 0; i < compartment->site_count; i++)
			if ((ops >> model->sites[compartment->first_site + i].op & 1) != 0)
				return compartment->calls;
		return 0;
	}
	for (unsigned i = 0; i < compartment->site_count; i++)
		count += (unsigned)(ops >> model->sites[compartment->first_site + i].op & 1);
	return count;
}

/* Which slots of the table and which variables can change. */
static void
find_slots(const struct pale_model *model, struct pale_facts *facts, size_t c)
{
	const struct pale_model_compartment *compartment = &model->compartments[c];
	struct pale_compartment_facts *own = &facts->compartments[c];
	unsigned p = 0, room, all = (1u << PALE_MODEL_FDS) - 1, freed = 0, lowest = 0;

	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];
		uint64_t op = UINT64_C(1) << site->op;
		unsigned results = (op & (OP(pipe) | OP(socketpair))) != 0 ? 2 : 1;

		if (site->to_var != 0)
			own->vars_change |= (uint8_t)(1u << site->to_var);
		for (unsigned k = 0; (op & makes_fd) != 0 && k < results; k++) {
			if (site->to_fd[k] < PALE_MODEL_FDS)
				freed |= 1u << site->to_fd[k];
			else
				lowest = results > lowest ? results : lowest;
		}
		if ((op & OP(exec)) != 0)
			freed = all;
		if ((op & (OP(close) | OP(limit))) != 0)
			freed |= site->fd[0] < PALE_MODEL_FDS ? 1u << site->fd[0] : all;
	}
	own->slots_change = (uint8_t)freed;
	while (p < model->process_count && model->compartment_of[p] != c)
		p++;
	if (p == model->process_count)
		return;
	/* At its end all that it holds is closed. */
	for (unsigned s = 0; s < PALE_MODEL_FDS && own->ends; s++)
		if (model->initial->processes[p].fds[s].kind != PALE_FD_NONE)
			own->slots_change |= (uint8_t)(1u << s);
	if (lowest == 0)
		return;
	/* Each call that makes some takes the lowest that are free. */
	room = freed != 0 ? PALE_MODEL_FDS : times(model, c, makes_fd) * lowest;
	for (unsigned s = 0; s < PALE_MODEL_FDS && room > 0; s++)
		if (model->initial->processes[p].fds[s].kind == PALE_FD_NONE) {
			own->slots_change |= (uint8_t)(1u << s);
			room--;
		}
}

/* Is it one of the tops, or a directory below one? */
static bool
is_below(const struct pale_state *state, unsigned inode, uint32_t tops)
{
	for (unsigned n = 0; n < PALE_MODEL_INODES && inode != PALE_MODEL_ROOT; n++) {
		if ((tops >> inode & 1) != 0)
			return true;
		inode = state->inodes[inode].parent;
	}
	return false;
}

/* Which inodes and entries can change. */
static void
find_moves(const struct pale_model *model, struct pale_facts *facts, struct set *names)
{
	const struct pale_state *initial = model->initial;
	struct set moved = { 0 };
	unsigned used = 0, room = model->entry_room != 0 ? model->entry_room : PALE_MODEL_ENTRIES;
	/* Of what is no directory: directories have no entries. */
	bool appear = (facts->made_types & ~(UINT32_C(1) << PALE_INODE_DIR)) != 0 ||
	    (facts->calls & OP(linkat)) != 0;

	find_names(model, facts, moves, false, &moved);
	find_names(model, facts, makes | moves, true, names);
	for (unsigned i = 1; i <= model->inode_count; i++) {
		if (initial->inodes[i].type == PALE_INODE_DIR && i != PALE_MODEL_ROOT &&
		    moved.has[initial->inodes[i].name])
			facts->movable |= UINT32_C(1) << i;
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &initial->entries[i];

		if (entry->dir == 0)
			continue;
		used = i + 1;
		if (!moved.has[entry->name])
			continue;
		appear = true;
		facts->entries_change |= UINT32_C(1) << i;
		names->has[entry->name] = true;
		facts->movable |= UINT32_C(1) << entry->inode;
	}
	for (unsigned i = 0; i < room && appear; i++)
		if (initial->entries[i].dir == 0)
			facts->entries_change |= UINT32_C(1) << i;
	while (used < PALE_MODEL_ENTRIES && facts->entries_change >> used != 0)
		used++;
	facts->entries = used;

	/* Whatever has something above it that moves may come to lie elsewhere. */
	for (unsigned i = 1; i <= model->inode_room; i++)
		if (i > model->inode_count || (facts->calls & OP(linkat)) != 0 ||
		    is_below(initial, i, facts->movable))
			facts->wanders |= UINT32_C(1) << i;
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &initial->entries[i];

		if (entry->dir != 0 && is_below(initial, entry->dir, facts->movable))
			facts->wanders |= UINT32_C(1) << entry->inode;
	}
}

static unsigned
at_most(unsigned count, unsigned max)
{
	return count < max ? count : max;
}

static void
find_made(const struct pale_model *model, struct pale_facts *facts)
{
	unsigned ends_of_sockets = 0, objects = 0;
	bool fifos = (facts->calls & OP(mkfifoat)) != 0;

	for (unsigned i = 1; i <= model->inode_count; i++) {
		facts->links |= model->initial->inodes[i].type == PALE_INODE_LINK;
		fifos |= model->initial->inodes[i].type == PALE_INODE_FIFO;
	}
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++)
		objects += model->initial->sysv[i].kind != PALE_SYSV_FREE;
	facts->links |= (facts->calls & OP(symlinkat)) != 0;
	facts->made_types |= (facts->calls & OP(mkdirat)) != 0 ? 1u << PALE_INODE_DIR : 0;
	facts->made_types |= (facts->calls & OP(symlinkat)) != 0 ? 1u << PALE_INODE_LINK : 0;
	facts->made_types |= (facts->calls & OP(mkfifoat)) != 0 ? 1u << PALE_INODE_FIFO : 0;
	facts->made_types |= (facts->calls & OP(bind)) != 0 ? 1u << PALE_INODE_SOCKET : 0;
	for (size_t c = 0; c < model->compartment_count; c++) {
		unsigned processes = model->compartments[c].processes;

		ends_of_sockets += processes *
		    (times(model, c, OP(socket) | OP(connect)) +
			2 * times(model, c, OP(socketpair)));
		objects += processes * times(model, c, sysv);
	}
	for (size_t i = 1; i < model->site_count; i++) {
		const struct pale_site *site = &model->sites[i];
		uint64_t op = UINT64_C(1) << site->op;

		if ((op & opens) != 0 && (site->flags & PALE_F_CREAT) != 0)
			facts->made_types |= 1u << PALE_INODE_FILE;
		facts->contents_change |=
		    (op & OP(write)) != 0 || (site->flags & PALE_F_TRUNC) != 0;
		if ((op & makes_fd) != 0)
			facts->fd_flags |= site->flags;
	}
	/* Whose file is cut or written loses its setuid bit. */
	facts->modes_change =
	    facts->contents_change || (facts->calls & (OP(fchmod) | OP(fchmodat) | OP(exec))) != 0;
	facts->values_flow = (facts->calls & values_flow) != 0;
	facts->passes = (facts->calls & OP(sendfd)) != 0;
	facts->pipes = fifos || (facts->calls & OP(pipe)) != 0 ? PALE_MODEL_PIPES : 0;
	facts->sockets =
	    (facts->calls & sockets) != 0 ? at_most(ends_of_sockets, PALE_MODEL_SOCKETS) : 0;
	facts->sysv = (facts->calls & sysv) != 0 ? at_most(objects, PALE_MODEL_SYSV) : 0;
	facts->streams = facts->pipes + facts->sockets > 0;
	facts->local = !facts->streams && facts->sysv == 0 &&
	    (facts->calls & (OP(fork) | OP(sendfd) | OP(recvfd))) == 0;
	if (facts->streams)
		facts->fd_flags |= PALE_F_READ | PALE_F_WRITE;
	/* Those of the start are copied, passed, changed, or closed at the end. */
	for (unsigned p = 0; p < model->process_count; p++)
		for (unsigned s = 0; s < PALE_MODEL_FDS; s++)
			if (facts->compartments[model->compartment_of[p]].ends ||
			    (facts->calls & changes_fd) != 0)
				facts->fd_flags |= model->initial->processes[p].fds[s].flags;
	facts->fd_flags &=
	    PALE_F_READ | PALE_F_WRITE | PALE_F_PATH | PALE_F_NONBLOCK | PALE_F_CLOEXEC;
}

static void
find_modes(const struct pale_model *model, struct set *modes)
{
	struct set umasks = { 0 };

	for (size_t c = 0; c < model->compartment_count; c++)
		umasks.has[model->compartments[c].umask & 07777] = true;
	for (size_t i = 1; i < model->site_count; i++)
		if (model->sites[i].op == PALE_CALL_umask)
			umasks.has[model->sites[i].mode & 07777] = true;
	for (unsigned mask = 0; mask <= 07777; mask++) {
		if (!umasks.has[mask])
			continue;
		modes->has[mask] = true;
		modes->has[mask & 0777] = true;
		modes->has[0777 & ~mask] = true;
		for (size_t i = 1; i < model->site_count; i++)
			modes->has[model->sites[i].mode & 07777 & ~mask] = true;
	}
	for (size_t i = 1; i < model->site_count; i++) {
		modes->has[model->sites[i].mode & 07777] = true;
		modes->has[model->sites[i].mode & 0777] = true;
	}
	for (unsigned i = 1; i <= model->inode_count; i++)
		modes->has[model->initial->inodes[i].mode] = true;
	modes->has[0777] = true; /* of a symbolic link */
	for (unsigned mode = 07777; mode > 0777; mode--) {
		if (!modes->has[mode])
			continue;
		modes->has[mode & ~02000u] = true;
		modes->has[mode & ~04000u] = true;
		modes->has[mode & ~06000u] = true;
	}
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++)
		modes->has[model->initial->sysv[i].mode] = true;
}

/* Take in a rest and all that can be left of it. */
static void
add_rests(const struct pale_model *model, pale_walker_rest rest, struct set *rests)
{
	while (rest != 0 && rest < model->rest_count && !rests->has[rest]) {
		rests->has[rest] = true;
		rest = model->rests[rest].part.rest;
	}
}

/* How many values of a set a mask tells apart. */
static size_t
classes(const struct set *set, unsigned limit, unsigned mask, bool *seen)
{
	size_t count = 0;

	memset(seen, 0, VALUES);
	for (unsigned value = 0; value < limit; value++)
		if (set->has[value] && !seen[value & mask]) {
			seen[value & mask] = true;
			count++;
		}
	return count;
}

/* The bits that tell the values of a set apart: as few as a greedy choice finds. */
static int
tell_apart(struct pale_layout_set *ret, struct set *set)
{
	bool seen[VALUES];
	unsigned limit = VALUES, all = 0, mask = 0;
	size_t count;

	set->has[0] = true;
	while (limit > 1 && !set->has[limit - 1])
		limit--;
	for (unsigned value = 0; value < limit; value++)
		all |= set->has[value] ? value : 0;
	count = classes(set, limit, all, seen);
	while (classes(set, limit, mask, seen) < count) {
		unsigned best = 0;
		size_t most = 0;

		for (unsigned bit = 1; bit < VALUES; bit <<= 1) {
			size_t now = classes(set, limit, mask | bit, seen);

			if ((mask & bit) == 0 && now > most) {
				most = now;
				best = bit;
			}
		}
		mask |= best;
	}
	if (__builtin_popcount(mask) == __builtin_popcount(all))
		mask = all;
	ret->mask = (uint16_t)mask;
	if (mask == all)
		return 0;
	ret->values = calloc(mask + 1, sizeof(*ret->values));
	if (ret->values == NULL)
		return -ENOMEM;
	for (unsigned value = 0; value < limit; value++)
		if (set->has[value])
			ret->values[value & mask] = (uint16_t)value;
	return 0;
}

/* The sets of a compartment: what can be left of its paths, and calls that take several steps. */
static void
find_sets(const struct pale_model *model, const struct pale_facts *facts, size_t c,
    struct set *rests, struct set *sites)
{
	const struct pale_model_compartment *compartment = &model->compartments[c];

	for (unsigned i = 0; i < compartment->site_count; i++) {
		unsigned at = compartment->first_site + i;
		const struct pale_site *site = &model->sites[at];

		if (!is_long(site))
			continue;
		sites->has[at] = true;
		for (unsigned k = 0; k < 2; k++)
			add_rests(model, site->path[k], rests);
	}
	for (size_t i = 1; facts->links && i < model->rest_count; i++)
		rests->has[i] = true;
}

int
pale_facts_find(
    const struct pale_model *model, struct pale_facts *ret, struct pale_model_layout *layout)
{
	struct set *sets = calloc(PALE_SET_COUNT, sizeof(*sets));
	struct pale_facts facts = { 0 };
	int error = 0;

	layout->sets = calloc(PALE_SET_COUNT, sizeof(*layout->sets));
	if (sets == NULL || layout->sets == NULL) {
		free(sets);
		return -ENOMEM;
	}
	layout->set_count = PALE_SET_COUNT;
	find_calls(model, &facts);
	find_made(model, &facts);
	find_moves(model, &facts, &sets[PALE_SET_NAMES]);
	find_modes(model, &sets[PALE_SET_MODES]);
	for (size_t c = 0; c < model->compartment_count; c++) {
		find_slots(model, &facts, c);
		find_sets(model, &facts, c, &sets[PALE_SET_RESTS + c], &sets[PALE_SET_SITES + c]);
	}
	for (unsigned i = 1; i <= model->inode_count; i++)
		sets[PALE_SET_TARGETS].has[model->initial->inodes[i].target] = true;
	for (size_t i = 1; i < model->site_count; i++)
		if (model->sites[i].op == PALE_CALL_symlinkat)
			sets[PALE_SET_TARGETS].has[model->sites[i].path[0]] = true;
	for (size_t i = 0; i < PALE_SET_COUNT && error == 0; i++)
		error = tell_apart(&layout->sets[i], &sets[i]);
	free(sets);
	if (error == 0)
		*ret = facts;
	return error;
}

void
pale_facts_forget(struct pale_model_layout *layout)
{
	for (size_t i = 0; layout->sets != NULL && i < layout->set_count; i++)
		free(layout->sets[i].values);
	free(layout->sets);
	layout->sets = NULL;
}
