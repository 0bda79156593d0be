/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.Root of Go. Each component is opened beneath the one before (O_NOFOLLOW | O_DIRECTORY); what
 * turns out to be no directory is then read as a link, by its name again. `..` is never asked of
 * the system: it strikes the name before it from the path, and the walk begins anew at the root.
 *
 *   go-os-root        as it is since Go 1.25.12 and 1.26.5
 *   go-os-root-2026   before: a slash behind the last name was handed to openat, which then follows
 *                     a link in spite of O_NOFOLLOW, wherever it leads (CVE-2026-39822)
 *   go-os-root-2025   Go 1.24.0 to 1.24.2: moreover "../" as the last component was not taken for
 *                     `..`, and handed to openat (CVE-2025-22873)
 *
 * Source: src/os/root.go (splitPathInRoot), root_openat.go (doInRoot), root_unix.go (rootOpenDir,
 * checkSymlink); go.dev/issue/79005, go.dev/issue/73555.
 *
 * What is simpler here: a link that takes the place of a directory while the walk begins anew is
 * refused (ELOOP) and not walked; one that had taken it before is walked, by the same rules. So
 * nothing that it could reach is missed.
 */
#include "model/model.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"
#include "model/walkers/stack.h"

enum { GO_LINKS = 8 }; /* rootMaxSymlinks */

enum {
	LINKS = PALE_WALKER_OWN,
	PHASE,
	INDEX, /* of the names struck together, how many were opened since the walk began anew */
	NAMES, /* of the directories that were opened */
	SLOTS = NAMES + PALE_WALKER_HELD,
};

enum phase {
	OPENS,
	READS,  /* the component was no directory: is it a link? */
	KERNEL, /* openat follows by itself: all further is the kernel's plain walk */
	PHASES,
};

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PHASE]            = { PALE_WALKER_NUMBER, PHASES - 1 },
	[INDEX]            = { PALE_WALKER_NUMBER, PALE_WALKER_HELD },
	[NAMES ... SLOTS - 1] = { PALE_WALKER_NUMBER, PALE_MODEL_NAMES - 1 },
};
/* clang-format on */

static const struct pale_slot_stack names = { NAMES, PALE_WALKER_HELD };

static const struct pale_part_rule in_go = {
	.links = LINKS,
	.most = GO_LINKS,
	.slots = SLOTS,
	.absolute = pale_part_refuse,
};

static const struct pale_part_rule in_kernel = {
	.links = LINKS,
	.slots = SLOTS,
	.up = pale_part_up_tree,
	.absolute = pale_part_to_root,
};

/* Which of its faults. */
enum {
	FOLLOWS_SLASH = 1,
	GOES_UP_SLASH = 2,
};

static int
begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &in_go });
}

/* Names that were struck from the path are behind us: what is left now, if they are all open. */
static int
left(const struct pale_part_walk *walk)
{
	if (walk->slots[INDEX] < pale_stack_depth(&names, walk->slots))
		return PALE_WALKER_MORE;
	return pale_part_left(walk);
}

/* Open the next directory of those that have been open before. */
static int
open_again(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;
	pale_walker_node node;
	int r =
	    walk->ops->lookup(walk->ctx, slots[PALE_WALKER_AT], slots[NAMES + slots[INDEX]], &node);

	if (r < 0)
		return r;
	switch (walk->ops->type(walk->ctx, node)) {
	case PALE_WALKER_IS_DIR:
		break;
	case PALE_WALKER_IS_LINK:
		return -ELOOP;
	case PALE_WALKER_IS_OTHER:
	default:
		return -ENOTDIR;
	}
	slots[PALE_WALKER_AT] = node;
	slots[INDEX]++;
	return left(walk);
}

static int
strike(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	if (pale_stack_pop(&names, walk->slots) == 0)
		return -EXDEV;
	walk->slots[PALE_WALKER_AT] = walk->ops->start(walk->ctx);
	walk->slots[INDEX] = 0;
	walk->slots[PALE_WALKER_LEFT] = part->rest;
	return left(walk);
}

static int
open_name(const struct pale_part_walk *walk, const struct pale_walker_part *part, unsigned faults)
{
	uint16_t *slots = walk->slots;
	bool result = part->last && !part->slash;
	struct pale_part_walk kernel = { slots, walk->flags, walk->ops, walk->ctx, &in_kernel };
	enum pale_walker_type type;
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, slots[PALE_WALKER_AT], part->name, &node);

	if (r < 0)
		return r;
	type = walk->ops->type(walk->ctx, node);
	if (type == PALE_WALKER_IS_LINK && part->last && part->slash && (faults & FOLLOWS_SLASH)) {
		slots[PHASE] = KERNEL;
		r = pale_part_follow(&kernel, part, node);
		return r < 0 ? r : pale_part_left(walk);
	}
	if ((type == PALE_WALKER_IS_LINK && !(result && (walk->flags & PALE_WALKER_NOFOLLOW))) ||
	    (type != PALE_WALKER_IS_DIR && (!result || (walk->flags & PALE_WALKER_DIRECTORY)))) {
		slots[PHASE] = READS;
		return PALE_WALKER_MORE;
	}
	r = pale_part_found(walk, part, node);
	if (r < 0)
		return r;
	if (type == PALE_WALKER_IS_DIR && !part->last) {
		if (!pale_stack_push(&names, slots, part->name))
			return -ENAMETOOLONG;
		slots[INDEX]++;
	}
	return pale_part_left(walk);
}

/* readlinkat, of what the name leads to by now; where that is no link the first error stands. */
static int
read_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	bool result = part->last && !part->slash;
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, walk->slots[PALE_WALKER_AT], part->name, &node);

	walk->slots[PHASE] = OPENS;
	if (r < 0 || walk->ops->type(walk->ctx, node) != PALE_WALKER_IS_LINK ||
	    (result && (walk->flags & PALE_WALKER_NOFOLLOW)))
		return -ENOTDIR;
	r = pale_part_follow(walk, part, node);
	return r < 0 ? r : pale_part_left(walk);
}

static int
take(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx, unsigned faults)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx,
		slots[PHASE] == KERNEL ? &in_kernel : &in_go };
	struct pale_walker_part part;
	int r;

	if (slots[PHASE] == KERNEL)
		return pale_part_step(&walk);
	if (slots[INDEX] < pale_stack_depth(&names, slots))
		return open_again(&walk);
	r = pale_part_absolute(&walk);
	if (r < 0)
		return r;
	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	switch (part.kind) {
	case PALE_WALKER_NAME:
		return slots[PHASE] == READS ? read_name(&walk, &part)
					     : open_name(&walk, &part, faults);
	case PALE_WALKER_DOTDOT:
		if (!(part.last && part.slash && (faults & GOES_UP_SLASH)))
			return strike(&walk, &part);
		slots[PHASE] = KERNEL;
		return pale_part_step(
		    &(struct pale_part_walk){ slots, flags, ops, ctx, &in_kernel });
	case PALE_WALKER_DOT:
		/* Only the last one is opened. */
		if (part.last)
			return pale_part_step(&walk);
		slots[PALE_WALKER_LEFT] = part.rest;
		return pale_part_left(&walk);
	case PALE_WALKER_END:
	default:
		return PALE_WALKER_DONE;
	}
}

static int
go_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return take(slots, flags, ops, ctx, 0);
}

static int
go_2026_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return take(slots, flags, ops, ctx, FOLLOWS_SLASH);
}

static int
go_2025_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return take(slots, flags, ops, ctx, FOLLOWS_SLASH | GOES_UP_SLASH);
}

const struct pale_walker pale_walker_go_os_root = {
	.version = PALE_WALKER_VERSION,
	.name = "go-os-root",
	.says = "os.Root of Go since 1.25.12 and 1.26.5: opens each component beneath the one "
		"before, and begins anew for `..`",
	.reach = "an error: path escapes from parent",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = begin,
	.step = go_step,
};

const struct pale_walker pale_walker_go_os_root_2026 = {
	.version = PALE_WALKER_VERSION,
	.name = "go-os-root-2026",
	.says = "os.Root before Go 1.25.12 and 1.26.5: a slash behind a link makes the kernel "
		"follow it (CVE-2026-39822)",
	.reach = "an error: path escapes from parent",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = begin,
	.step = go_2026_step,
};

const struct pale_walker pale_walker_go_os_root_2025 = {
	.version = PALE_WALKER_VERSION,
	.name = "go-os-root-2025",
	.says = "os.Root before Go 1.24.3: moreover a last \"../\" goes up (CVE-2025-22873)",
	.reach = "an error: path escapes from parent",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = begin,
	.step = go_2025_step,
};
