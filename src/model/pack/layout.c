/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a state can change, and in how many bits. Facts of the whole scenario come from facts.c;
 * here each field is given its width by them. What cannot change keeps its value of the initial
 * state and takes no bit. A doubt is settled for "it changes": a bit more costs memory, a bit less
 * a wrong verdict.
 */
#include "model/pack/layout.h"

#include "model/pack/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The bits that tell 0..max apart. */
static unsigned
bits_for(unsigned max)
{
	unsigned bits = 0;

	while (max >> bits != 0)
		bits++;
	return bits;
}

/* A layout that is being made: the bits that change are marked where they lie. */
struct plan {
	const struct pale_model *model;
	const struct pale_facts *facts;
	struct pale_model_layout *layout;
	size_t repairs_size;
	bool failed;                        /* no memory */
	unsigned node, user, value, rights; /* widths of what there are many fields of */
	unsigned pipe, socket, sysv;        /* rows in use */
	unsigned char changes[sizeof(struct pale_state)];
	/* Bytes of fields that change; of some no bit is stored, as others tell it. */
	bool written[sizeof(struct pale_state)];
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bits are numbered as bytes lie");

/* Those bits of a field that a mask has change; the others are 0 for ever. */
static void
add_mask(struct plan *plan, size_t offset, size_t size, uint32_t mask)
{
	memset((unsigned char *)plan->layout->constant + offset, 0, size);
	for (size_t i = 0; i < size; i++) {
		plan->changes[offset + i] |= (unsigned char)(mask >> 8 * i);
		plan->written[offset + i] = true;
	}
}

static void
add_bits(struct plan *plan, size_t offset, size_t size, unsigned width)
{
	if (width > 0)
		add_mask(plan, offset, size, (uint32_t)((UINT64_C(1) << width) - 1));
}

/* A field that has the values of a set. */
static void
add_of_set(struct plan *plan, size_t offset, size_t size, enum pale_facts_set which)
{
	struct pale_model_layout *layout = plan->layout;
	const struct pale_layout_set *set = &layout->sets[which];

	add_mask(plan, offset, size, set->mask);
	if (set->values == NULL)
		return;
	if (layout->repair_count == plan->repairs_size) {
		size_t room = plan->repairs_size == 0 ? 16 : plan->repairs_size * 2;
		void *grown = reallocarray(layout->repairs, room, sizeof(*layout->repairs));

		if (grown == NULL) {
			plan->failed = true;
			return;
		}
		layout->repairs = grown;
		plan->repairs_size = room;
	}
	layout->repairs[layout->repair_count++] =
	    (struct pale_layout_repair){ (uint16_t)offset, (uint8_t)size, set->values };
}

/* Of what lies at a place in the state, a field: bits, or values of a set. */
#define AT(base, type, member) ((base) + offsetof(struct type, member))
#define SIZE(type, member) sizeof(((struct type *)NULL)->member)
#define BITS(base, type, member, width) \
	add_bits(plan, AT(base, type, member), SIZE(type, member), width)
#define MASK(base, type, member, mask) \
	add_mask(plan, AT(base, type, member), SIZE(type, member), mask)
#define OF_SET(base, type, member, set) \
	add_of_set(plan, AT(base, type, member), SIZE(type, member), set)

static unsigned
max_of(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static void
add_inode(struct plan *plan, unsigned i)
{
	const struct pale_facts *facts = plan->facts;
	const struct pale_state *initial = plan->model->initial;
	size_t base = offsetof(struct pale_state, inodes) + i * sizeof(struct pale_inode);
	unsigned type = initial->inodes[i].type;
	bool spare = type == PALE_INODE_FREE;
	bool comes = spare ? facts->made_types != 0 : (facts->movable >> i & 1) != 0;
	/* What it can be, as bits of enum pale_inode_type. */
	uint32_t types = spare ? facts->made_types : UINT32_C(1) << type;
	unsigned max_type = bits_for(types) - 1;

	if (comes) {
		BITS(base, pale_inode, type, bits_for(max_type));
		BITS(base, pale_inode, owner, plan->user);
	}
	if (comes || facts->modes_change)
		OF_SET(base, pale_inode, mode, PALE_SET_MODES);
	if (comes && (types & UINT32_C(1) << PALE_INODE_DIR) != 0) {
		BITS(base, pale_inode, parent, plan->node);
		OF_SET(base, pale_inode, name, PALE_SET_NAMES);
		BITS(base, pale_inode, linked, 1);
	}
	if (comes && (types & UINT32_C(1) << PALE_INODE_LINK) != 0)
		OF_SET(base, pale_inode, target, PALE_SET_TARGETS);
	if ((types & UINT32_C(1) << PALE_INODE_FILE) != 0 &&
	    (facts->contents_change || (comes && !spare)))
		BITS(base, pale_inode, content,
		    max_of(plan->value, max_of(bits_for(plan->pipe), bits_for(plan->socket))));
	else if ((types & UINT32_C(1) << PALE_INODE_FIFO) != 0 ||
	    (types & UINT32_C(1) << PALE_INODE_SOCKET) != 0)
		BITS(base, pale_inode, content,
		    max_of(bits_for(plan->pipe), bits_for(plan->socket)));
}

static void
add_fd(struct plan *plan, size_t base, bool mounts)
{
	const struct pale_facts *facts = plan->facts;
	bool streams = plan->pipe + plan->socket > 0;

	BITS(base, pale_fd, kind, streams ? 2 : 1);
	BITS(base, pale_fd, of,
	    max_of(plan->node, max_of(bits_for(plan->pipe), bits_for(plan->socket))));
	MASK(base, pale_fd, flags, facts->fd_flags);
	BITS(base, pale_fd, rights, plan->rights);
	if (mounts)
		BITS(base, pale_fd, mount, plan->node);
	if (streams)
		BITS(base, pale_fd, inode, plan->node);
}

static void
add_slots(struct plan *plan, size_t base, const struct pale_walker *walker, unsigned compartment)
{
	for (unsigned i = 0; i < walker->slot_count; i++) {
		size_t at = AT(base, pale_process, slots) + i * sizeof(uint16_t);
		const struct pale_walker_slot *slot = &walker->slots[i];

		switch (slot->kind) {
		case PALE_WALKER_NODE:
			add_bits(plan, at, sizeof(uint16_t), plan->node);
			break;
		case PALE_WALKER_REST:
			add_of_set(plan, at, sizeof(uint16_t), PALE_SET_RESTS + compartment);
			break;
		case PALE_WALKER_LINKS:
			if (plan->facts->links)
				add_bits(plan, at, sizeof(uint16_t), bits_for(slot->max));
			break;
		case PALE_WALKER_NUMBER:
			add_bits(plan, at, sizeof(uint16_t), bits_for(slot->max));
			break;
		}
	}
}

/* The call that is under way. */
static void
add_call(struct plan *plan, size_t base, unsigned c)
{
	const struct pale_compartment_facts *facts = &plan->facts->compartments[c];
	const struct pale_walker *walker = plan->facts->walkers[c];

	if (!facts->waits)
		return; /* each of its calls is one step */
	BITS(base, pale_process, phase, plan->facts->streams ? 3 : 2);
	BITS(base, pale_process, path, facts->two_walks ? 1 : 0);
	OF_SET(base, pale_process, site, PALE_SET_SITES + c);
	for (unsigned i = 0; i < 2; i++)
		add_bits(plan, AT(base, pale_process, fd) + i, 1, facts->fd_any[i] ? 3 : 0);
	BITS(base, pale_process, made, facts->creates || plan->facts->streams ? 1 : 0);
	if (facts->two_walks) {
		BITS(base, pale_process, first_node, plan->node);
		OF_SET(base, pale_process, first_rest, PALE_SET_RESTS + c);
	}
	add_slots(plan, base, walker, c);
	BITS(base, pale_process, moved, walker->sequence ? 2 : 0);
	if ((plan->model->properties & (1u << PALE_PROPERTY_CALL | 1u << PALE_PROPERTY_RIGHTS)) !=
	    0)
		MASK(base, pale_process, seen_call, plan->facts->wanders);
	if ((plan->model->properties & 1u << PALE_PROPERTY_UNION) != 0)
		MASK(base, pale_process, seen_union, plan->facts->wanders);
}

static void
add_process(struct plan *plan, unsigned p)
{
	const struct pale_model *model = plan->model;
	const struct pale_facts *facts = plan->facts;
	unsigned c = model->compartment_of[p];
	const struct pale_model_compartment *compartment = &model->compartments[c];
	const struct pale_compartment_facts *own = &facts->compartments[c];
	/* A child begins as a copy of another: of that nothing is known here. */
	bool child = model->born_later[p];
	size_t base = offsetof(struct pale_state, processes) + p * sizeof(struct pale_process);

	if (own->ends || child)
		BITS(base, pale_process, status, 3);
	if (!compartment->adversary) {
		BITS(base, pale_process, pc, bits_for(compartment->site_count));
		BITS(base, pale_process, error, 8);
	}
	BITS(base, pale_process, calls, bits_for(compartment->calls));
	if (own->changes_user || child) {
		BITS(base, pale_process, ruid, plan->user);
		BITS(base, pale_process, euid, plan->user);
		BITS(base, pale_process, suid, plan->user);
	}
	if (own->changes_umask || child)
		OF_SET(base, pale_process, umask, PALE_SET_MODES);
	if (own->changes_cwd || child) {
		BITS(base, pale_process, cwd, plan->node);
		BITS(base, pale_process, cwd_mount, facts->mounts ? plan->node : 0);
	}
	if (own->changes_root || child)
		BITS(base, pale_process, root, plan->node);
	if (own->ignores_sigpipe || child)
		BITS(base, pale_process, ignores_sigpipe, 1);
	if (own->executes || child)
		BITS(base, pale_process, runs, plan->node);

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		if ((own->slots_change >> i & 1) != 0 || child)
			add_fd(plan, AT(base, pale_process, fds) + i * sizeof(struct pale_fd),
			    facts->mounts);
	for (unsigned i = 1; i <= PALE_MODEL_VARS; i++) {
		size_t at = AT(base, pale_process, vars) + i * sizeof(struct pale_var);

		if ((own->vars_change >> i & 1) == 0 && !child)
			continue;
		BITS(at, pale_var, kind, 3);
		BITS(at, pale_var, of,
		    max_of(max_of(plan->node, plan->value), bits_for(plan->sysv)));
		BITS(at, pale_var, also, 3);
	}
	if (facts->values_flow) {
		uint32_t values = (UINT32_C(2) << model->value_count) - 1;

		MASK(base, pale_process, knows, values);
		MASK(base, pale_process, used, values);
	}
	if (plan->sysv > 0) {
		BITS(base, pale_process, attached, plan->sysv);
		BITS(base, pale_process, attached_w, plan->sysv);
		for (unsigned i = 0; i < plan->sysv; i++)
			add_bits(plan, AT(base, pale_process, undo) + i, 1, 8);
	}
	add_call(plan, base, c);
}

static void
add_values(struct plan *plan, size_t at)
{
	for (unsigned i = 0; i < PALE_MODEL_PIPE_DEPTH; i++)
		add_bits(plan, at + i, 1, plan->value);
}

static void
add_ipc(struct plan *plan)
{
	unsigned processes = bits_for((unsigned)plan->model->process_count);
	unsigned depth = bits_for(PALE_MODEL_PIPE_DEPTH);

	for (unsigned i = 0; i < plan->pipe; i++) {
		size_t base = offsetof(struct pale_state, pipes) + i * sizeof(struct pale_pipe);

		BITS(base, pale_pipe, used, 1);
		BITS(base, pale_pipe, inode, plan->node);
		BITS(base, pale_pipe, count, depth);
		add_values(plan, AT(base, pale_pipe, values));
	}
	for (unsigned i = 0; i < plan->socket; i++) {
		size_t base = offsetof(struct pale_state, sockets) + i * sizeof(struct pale_socket);

		BITS(base, pale_socket, state, 3);
		BITS(base, pale_socket, inode, plan->node);
		BITS(base, pale_socket, peer, bits_for(plan->socket));
		BITS(base, pale_socket, user, plan->user);
		BITS(base, pale_socket, process, processes);
		for (unsigned k = 0; k < PALE_MODEL_BACKLOG; k++)
			add_bits(
			    plan, AT(base, pale_socket, waiting) + k, 1, bits_for(plan->socket));
		if ((plan->facts->calls >> PALE_CALL_fchmod & 1) != 0)
			BITS(base, pale_socket, chmod, 12);
		BITS(base, pale_socket, count, depth);
		add_values(plan, AT(base, pale_socket, values));
		for (unsigned k = 0; k < PALE_MODEL_PIPE_DEPTH && plan->facts->passes; k++)
			add_fd(plan, AT(base, pale_socket, passed) + k * sizeof(struct pale_fd),
			    plan->facts->mounts);
	}
	for (unsigned i = 0; i < plan->sysv; i++) {
		size_t base = offsetof(struct pale_state, sysv) + i * sizeof(struct pale_sysv);

		BITS(base, pale_sysv, kind, 2);
		BITS(base, pale_sysv, key, bits_for((unsigned)plan->model->key_count));
		BITS(base, pale_sysv, owner, plan->user);
		BITS(base, pale_sysv, creator, plan->user);
		OF_SET(base, pale_sysv, mode, PALE_SET_MODES);
		BITS(base, pale_sysv, count, max_of(depth, bits_for(PALE_MODEL_SEM_MAX)));
		add_values(plan, AT(base, pale_sysv, values));
		BITS(base, pale_sysv, removed, 1);
		BITS(base, pale_sysv, sequence, 2);
	}
}

static void
add_tree(struct plan *plan)
{
	const struct pale_facts *facts = plan->facts;

	for (unsigned i = 1; i <= plan->model->inode_room; i++)
		add_inode(plan, i);
	for (unsigned i = 0; i < facts->entries; i++) {
		size_t base = offsetof(struct pale_state, entries) + i * sizeof(struct pale_entry);

		if ((facts->entries_change >> i & 1) == 0)
			continue;
		BITS(base, pale_entry, dir, plan->node);
		OF_SET(base, pale_entry, name, PALE_SET_NAMES);
		BITS(base, pale_entry, inode, plan->node);
	}
	if (facts->locks)
		BITS(0, pale_state, lock, bits_for((unsigned)plan->model->process_count));
}

static bool
can_gather(void)
{
#ifdef __x86_64__
	/* The first two generations of Zen do it in microcode, slower than a loop. */
	return __builtin_cpu_supports("bmi2") && !__builtin_cpu_is("znver1") &&
	    !__builtin_cpu_is("znver2");
#else
	return false;
#endif
}

/* The runs of a chunk's mask; returns how many. */
static unsigned
find_runs(uint64_t mask, struct pale_layout_run *ret_runs)
{
	unsigned gathered = 0, count = 0;

	for (unsigned low = 0, end; low < 64; low = end) {
		if ((mask >> low & 1) == 0) {
			end = low + 1;
			continue;
		}
		for (end = low; end < 64 && (mask >> end & 1) != 0; end++)
			continue;
		ret_runs[count++] = (struct pale_layout_run){ .shift = (uint8_t)(low - gathered),
			.mask = (end - low == 64 ? 0 : UINT64_C(1) << (end - low)) - 1 };
		ret_runs[count - 1].mask <<= gathered;
		gathered += end - low;
	}
	return count;
}

/* Whose bytes these are: a process, or PALE_MODEL_PROCESSES for those of all; and where they end.
 */
static unsigned
region_at(size_t offset, size_t *ret_end)
{
	const size_t first = offsetof(struct pale_state, processes);
	unsigned p;

	if (offset < first) {
		*ret_end = first;
		return PALE_MODEL_PROCESSES;
	}
	p = (unsigned)((offset - first) / sizeof(struct pale_process));
	if (p >= PALE_MODEL_PROCESSES) {
		*ret_end = sizeof(struct pale_state);
		return PALE_MODEL_PROCESSES;
	}
	*ret_end = first + (p + 1) * sizeof(struct pale_process);
	return p;
}

static void
mark_region(uint64_t *words, unsigned bit, unsigned width)
{
	for (unsigned i = bit; i < bit + width && i < PALE_LAYOUT_WORDS_MAX * 64; i++)
		words[i / 64] |= UINT64_C(1) << i % 64;
}

/* Cut what changes into chunks; none has bits of two processes. What it has of the next one's
 * bytes is written again by that one's. */
static int
make_chunks(struct plan *plan)
{
	struct pale_model_layout *layout = plan->layout;
	enum { MOST = sizeof(struct pale_state) / 8 + PALE_MODEL_PROCESSES + 2 };

	layout->chunks = calloc(MOST, sizeof(*layout->chunks));
	layout->runs = calloc((size_t)MOST * 32, sizeof(*layout->runs));
	if (layout->chunks == NULL || layout->runs == NULL)
		return -ENOMEM;
	for (size_t at = 0; at < sizeof(struct pale_state);) {
		struct pale_layout_chunk chunk = { .offset = (uint16_t)at };
		size_t end;
		unsigned region = region_at(at, &end);

		if (!plan->written[at]) {
			at++;
			continue;
		}
		end = end - at < sizeof(chunk.mask) ? end : at + sizeof(chunk.mask);
		memcpy(&chunk.mask, plan->changes + at, end - at);
		memcpy(&chunk.constant, (unsigned char *)layout->constant + at,
		    sizeof(chunk.constant));
		chunk.width = (uint8_t)__builtin_popcountll(chunk.mask);
		chunk.word = (uint8_t)(layout->bits / 64);
		chunk.shift = layout->bits % 64;
		chunk.runs = (uint8_t)find_runs(chunk.mask, layout->runs + layout->run_count);
		layout->run_count += chunk.runs;
		mark_region(layout->regions[region], layout->bits, chunk.width);
		layout->bits += chunk.width;
		layout->chunks[layout->chunk_count++] = chunk;
		at = end;
	}
	layout->words = layout->bits == 0 ? 1 : (layout->bits + 63) / 64;
	return 0;
}

int
pale_model_lay_out(struct pale_model *model, struct pale_err *err)
{
	struct pale_facts facts;
	struct plan plan = { .model = model, .facts = &facts };
	struct pale_model_layout *layout = calloc(1, sizeof(*layout));

	if (layout == NULL)
		return pale_fail(err, -ENOMEM, "no memory");
	plan.layout = layout;
	layout->constant = malloc(sizeof(*layout->constant));
	if (layout->constant == NULL || pale_facts_find(model, &facts, layout) < 0) {
		pale_model_layout_free(layout);
		return pale_fail(err, -ENOMEM, "no memory");
	}
	*layout->constant = *model->initial;
	plan.node = bits_for(model->inode_room);
	plan.user = bits_for((unsigned)model->user_count);
	plan.value = bits_for((unsigned)model->value_count);
	plan.rights = bits_for((unsigned)model->right_count);
	plan.pipe = facts.pipes;
	plan.socket = facts.sockets;
	plan.sysv = facts.sysv;

	add_tree(&plan);
	add_ipc(&plan);
	for (unsigned p = 0; p < model->process_count; p++)
		add_process(&plan, p);
	layout->gathers = can_gather();
	layout->local = facts.local;
	model->lasting = (uint32_t)((UINT64_C(2) << model->inode_count) - 2) & ~facts.movable;
	if (plan.failed || make_chunks(&plan) < 0) {
		pale_model_layout_free(layout);
		return pale_fail(err, -ENOMEM, "no memory");
	}
	if (layout->words > PALE_LAYOUT_WORDS_MAX) {
		unsigned bits = layout->bits;

		pale_model_layout_free(layout);
		return pale_fail(err, -E2BIG,
		    "a state takes %u bits, more than the %u there is room for", bits,
		    PALE_LAYOUT_WORDS_MAX * 64);
	}
	pale_model_layout_free(model->layout);
	model->layout = layout;
	return 0;
}
