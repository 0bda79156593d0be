/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of UNIX against the kernel: random worlds, random calls, and after each call the same
 * errno, the same tree, the same descriptors. A sequence that differs is made as short as it can
 * be, and printed with the world in which it happens.
 *
 *   law-model [CALLS [SEED [KIND]]]   CALLS: in all, of each kind of world
 */
#include "model.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	CALLS = 45000,    /* of each kind of world, and twice of files */
	SEQUENCES = 6,    /* in one world */
	LENGTH = 80,      /* calls in a sequence */
	STEPS = 240,      /* or steps */
	STEPS_MAX = 2000, /* of one call: more is a walk that does not end */
	LOOK_EVERY = 16,  /* calls that change nothing are not looked at closely each time */
	MOVES = 1024,
	ERRORS = 256,  /* errno, and ours */
	OFTEN = 40000, /* calls after which each has succeeded, or the law says little */
};

struct counts {
	uint64_t calls, failed, skipped, sequences;
	uint64_t answers[PALE_CALL_COUNT][ERRORS];
};

/* A sequence, as it was chosen. */
struct sequence {
	struct pale_move moves[STEPS];
	unsigned count;
};

static uint64_t seed;
static struct counts counts;
static char text[WORLD_BYTES];

/* Failures that are the model's own: it has no room. The call is not made at all then. */
static bool
is_no_room(const struct pale_event *event)
{
	return event->error == ENOSPC || event->error == EMFILE || event->error == ENFILE ||
	    event->error == ERANGE;
}

/* So is a pipe, socket or queue that is full: the kernel's are larger. */
static bool
is_full(const struct pale_site *site, const struct pale_event *event)
{
	return event->error == EAGAIN &&
	    (site->op == PALE_CALL_write || site->op == PALE_CALL_sendfd ||
		site->op == PALE_CALL_connect);
}

/* What is gone is told so by the model, and is no such thing to the kernel. */
static bool
is_same_error(int model, int kernel)
{
	return model == kernel || (model == EIDRM && kernel == EINVAL);
}

/* All of a call's steps. false: it waits, or has no room; the state is then as it was. */
static bool
call_in_model(const struct pale_model *model, struct pale_state *state,
    const struct pale_move *first, struct pale_event *ret_event)
{
	struct pale_move move = *first;
	struct pale_state before;

	state->processes[first->process].calls = WORLD_CALLS_MAX;
	before = *state;

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		if (!pale_model_step(model, state, &move, ret_event)) {
			ret_event->kind = PALE_EVENT_WAITS;
			break;
		}
		if (ret_event->kind == PALE_EVENT_RESULT && !is_no_room(ret_event) &&
		    !is_full(&model->sites[first->site], ret_event))
			return true;
		if (ret_event->kind == PALE_EVENT_RESULT || ret_event->kind == PALE_EVENT_WAITS ||
		    pale_model_moves(model, state, move.process, &move, 1) != 1)
			break;
	}
	if (ret_event->kind == PALE_EVENT_STEP)
		ck_abort_msg("%s does not end", model->sites[first->site].text);
	*state = before;
	return false;
}

static bool
changes(const struct pale_site *site)
{
	return (site->op != PALE_CALL_openat && site->op != PALE_CALL_open) ||
	    (site->flags & (PALE_F_CREAT | PALE_F_TRUNC)) != 0;
}

/* Sockets that are passed through each other hold each other; the kernel finds that out when it
 * collects its garbage, at a time of its own. */
static bool
is_left_out(
    const struct pale_model *model, const struct pale_state *state, const struct pale_move *move)
{
	const struct pale_site *site = &model->sites[move->site];
	uint8_t fd[2];

	pale_site_fds(site, move->fd, fd);
	return site->op == PALE_CALL_sendfd && fd[1] < PALE_MODEL_FDS &&
	    state->processes[move->process].fds[fd[1]].kind == PALE_FD_SOCKET;
}

/* One call in both. Returns false where they differ, and why. */
static bool
call_in_both(struct real *real, struct pale_state *state, const struct pale_move *move, bool look,
    char why[WHY_BYTES])
{
	const struct pale_model *model = real->model;
	struct pale_state before = *state;
	struct pale_event event;
	struct answer answer;

	if (is_left_out(model, state, move) || !call_in_model(model, state, move, &event)) {
		counts.skipped++;
		return true;
	}
	counts.calls++;
	counts.failed += event.error != 0;
	counts.answers[model->sites[move->site].op][event.error]++;
	real_call(real, &before, move, &answer);
	real_keep(real, state, move, &event, &answer);
	if (!is_same_error(event.error, answer.error)) {
		snprintf(why, WHY_BYTES, "the model says %s, the kernel %s",
		    event.error == 0 ? "0" : strerrorname_np(event.error),
		    answer.error == 0 ? "0" : strerrorname_np(answer.error));
		return false;
	}
	look |= event.error == 0 && changes(&model->sites[move->site]);
	if (look && !same_world(real, state, why))
		return false;
	if (answer.ino != 0 && event.got_inode != 0 && real->ino[event.got_inode] != 0 &&
	    answer.ino != real->ino[event.got_inode]) {
		snprintf(why, WHY_BYTES, "another inode than the model's %u", event.got_inode);
		return false;
	}
	return true;
}

/* One step in both: of a call that is under way, else the first of a new one. */
static bool
step_in_both(struct real *real, struct pale_state *state, const struct pale_move *chosen,
    char why[WHY_BYTES])
{
	const struct pale_model *model = real->model;
	struct pale_state before;
	struct pale_move move = *chosen;
	struct pale_event event;

	state->processes[move.process].calls = WORLD_CALLS_MAX;
	if (state->processes[move.process].phase != PALE_PHASE_IDLE)
		pale_model_moves(model, state, move.process, &move, 1);
	before = *state;
	if (!pale_model_step(model, state, &move, &event) || is_no_room(&event)) {
		*state = before;
		counts.skipped++;
		return true;
	}
	if (!real_step(real, &before, &move, &event, state, why))
		return false;
	counts.calls += event.kind == PALE_EVENT_RESULT;
	counts.failed += event.error != 0;
	if (event.kind == PALE_EVENT_RESULT)
		counts.answers[model->sites[move.site].op][event.error]++;
	return event.kind != PALE_EVENT_RESULT || event.error != 0 || same_world(real, state, why);
}

/* The same sequence again. Returns how many calls were made until it differed, 0: it did not. */
static unsigned
again(const struct pale_model *model, enum world_kind kind, const struct sequence *sequence,
    char why[WHY_BYTES])
{
	struct pale_state state = *model->initial;
	struct real real;
	unsigned differs = 0;

	real_init(&real, model, kind);
	if (!same_world(&real, &state, why))
		differs = sequence->count + 1;
	for (unsigned i = 0; i < sequence->count && differs == 0; i++) {
		if (!(kind == WORLD_STEPS
			    ? step_in_both(&real, &state, &sequence->moves[i], why)
			    : call_in_both(&real, &state, &sequence->moves[i], true, why)))
			differs = i + 1;
	}
	real_done(&real);
	return differs;
}

/* Leave out calls as long as it still differs. */
static void
shrink(const struct pale_model *model, enum world_kind kind, struct sequence *sequence)
{
	char why[WHY_BYTES];

	for (unsigned part = sequence->count; part > 0; part /= 2) {
		for (unsigned at = 0; at + part <= sequence->count;) {
			struct sequence shorter = *sequence;
			unsigned differs;

			shorter.count -= part;
			memmove(&shorter.moves[at], &shorter.moves[at + part],
			    (shorter.count - at) * sizeof(shorter.moves[0]));
			differs = again(model, kind, &shorter, why);
			if (differs == 0) {
				at += part;
				continue;
			}
			if (differs < shorter.count)
				shorter.count = differs;
			*sequence = shorter;
		}
	}
}

static void
print_world(void)
{
	/* Without the vocabularies: the calls that matter follow. */
	bool inside = false;

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, "\tmay(", 5) == 0)
			inside = true;
		if (!inside)
			printf("#   %.*s\n", (int)strcspn(line, "\n"), line);
		if (line[0] == '}')
			inside = false;
		if (line[strcspn(line, "\n")] == '\0')
			break;
	}
}

static void
print_call(const struct pale_model *model, const struct pale_move *move)
{
	const struct pale_site *site = &model->sites[move->site];

	printf("#   %s: %s", pale_model_actor(model, move->process), site->text);
	for (unsigned i = 0; i < 2; i++) {
		if (site->fd[i] == PALE_FD_ANY)
			printf("  [* is %u]", move->fd[i]);
	}
	printf("\n");
}

static void __attribute__((noreturn))
report(const struct pale_model *model, enum world_kind kind, struct sequence *sequence)
{
	char why[WHY_BYTES] = "it does not happen again";

	shrink(model, kind, sequence);
	again(model, kind, sequence, why);
	printf("# in this world\n");
	print_world();
	printf("# these calls\n");
	for (unsigned i = 0; i < sequence->count; i++)
		print_call(model, &sequence->moves[i]);
	fflush(stdout);
	ck_abort_msg("%s", why);
}

/* Any site is as likely as any other, however many descriptors its "*" can stand for. But a world
 * of IPC begins with what there must be first, in order, and what is only there for its names comes
 * seldom.
 */
static const struct pale_move *
choose(const struct pale_model *model, enum world_kind kind, const struct pale_move *moves,
    unsigned count, unsigned done)
{
	unsigned base = model->compartments[model->compartment_of[moves->process]].first_site;
	unsigned starts[PALE_MODEL_SITES], site_count = 0, least = 0, below, at, end;

	for (unsigned i = 0; i < count; i++) {
		if (i == 0 || moves[i].site != moves[i - 1].site)
			starts[site_count++] = i;
	}
	/* "*" stands for nothing where nothing is held, so that sites can be missing. */
	while (least < site_count && moves[starts[least]].site < base + WORLD_MKDIRS)
		least++;
	if (least == site_count || test_below(&seed, 16) == 0)
		least = 0;
	below = site_count - least;
	at = least + test_below(&seed, below);
	if (kind == WORLD_IPC && done < WORLD_FIRST && least > 0 && done < below)
		at = least + done;
	end = at + 1 < site_count ? starts[at + 1] : count;
	return &moves[starts[at] + test_below(&seed, end - starts[at])];
}

static void
run_sequence(const struct pale_model *model, enum world_kind kind)
{
	struct pale_state state = *model->initial;
	static struct pale_move moves[MOVES];
	struct sequence sequence = { .count = 0 };
	unsigned own[PALE_MODEL_PROCESSES] = { 0 }; /* calls */
	char why[WHY_BYTES];
	struct real real;
	bool same;

	counts.sequences++;
	real_init(&real, model, kind);
	same = same_world(&real, &state, why);
	while (same && sequence.count < (kind == WORLD_STEPS ? STEPS : LENGTH)) {
		unsigned p = test_below(&seed, (unsigned)model->process_count);
		unsigned count;

		state.processes[p].calls = WORLD_CALLS_MAX;
		count = pale_model_moves(model, &state, p, moves, MOVES);
		if (count == 0)
			break;
		sequence.moves[sequence.count] =
		    *choose(model, kind, moves, count < MOVES ? count : MOVES, own[p]++);
		sequence.count++;
		if (kind == WORLD_STEPS) {
			same =
			    step_in_both(&real, &state, &sequence.moves[sequence.count - 1], why);
			continue;
		}
		same = call_in_both(&real, &state, &sequence.moves[sequence.count - 1],
		    sequence.count % LOOK_EVERY == 0 || sequence.count == LENGTH, why);
	}
	real_done(&real);
	if (!same)
		report(model, kind, &sequence);
}

static void
run_worlds(enum world_kind kind, uint64_t calls)
{
	uint64_t end = counts.calls + calls;
	uint8_t protect = real_protect();
	const struct pale_read_options plays = { .plays = true };

	while (counts.calls < end) {
		uint64_t world = test_random(&seed);
		struct pale_model *model;
		struct pale_err err = { 0 };

		world_write(text, kind, world, real_has_users());
		if (pale_model_read("world", text, strlen(text), &plays, &model, &err) < 0) {
			printf("%s\n", text);
			ck_abort_msg("a world that cannot be read: %s", err.text);
		}
		/* The reader makes room for as many calls as the text has: more are made here. */
		model->inode_room = PALE_MODEL_INODES - 1;
		model->entry_room = PALE_MODEL_ENTRIES;
		model->protect = protect;
		for (int i = 0; i < SEQUENCES; i++)
			run_sequence(model, kind);
		pale_model_free(model);
	}
}

/* How often each call had each answer. What never succeeded is not tested. */
static void
print_answers(void)
{
	for (unsigned op = 1; op < PALE_CALL_COUNT; op++) {
		const uint64_t *answers = counts.answers[op];
		uint64_t sum = 0;

		for (unsigned i = 0; i < ERRORS; i++)
			sum += answers[i];
		if (sum == 0)
			continue;
		printf("#   %s:", pale_model_calls[op].name);
		for (int i = 0; i < ERRORS; i++) {
			if (answers[i] != 0)
				printf(" %s %llu", i == 0 ? "good" : strerrorname_np(i),
				    (unsigned long long)answers[i]);
		}
		printf("\n");
		fflush(stdout);
		if (answers[0] == 0 && counts.calls >= OFTEN)
			ck_abort_msg("%s never succeeded", pale_model_calls[op].name);
	}
}

static uint64_t wanted = CALLS, fixed_seed = 20261122;

static void
law(enum world_kind kind, uint64_t calls)
{
	seed = test_seed(fixed_seed) + kind;
	signal(SIGPIPE, SIG_IGN);
	if (!real_begin())
		ck_abort_msg("no namespace: %s", strerror(errno));
	run_worlds(kind, calls);
	printf("# %llu calls, %llu of them failed, in %llu sequences; %llu were not made\n",
	    (unsigned long long)counts.calls, (unsigned long long)counts.failed,
	    (unsigned long long)counts.sequences, (unsigned long long)counts.skipped);
	print_answers();
	ck_assert_msg(counts.skipped < counts.calls / 10, "too many calls were not made");
}

TEST(files, "files: what calls answer, leave and lead to is what the kernel's do")
{
	law(WORLD_FILES, wanted);
}

TEST(more_files, "and so in as many other worlds")
{
	fixed_seed++;
	law(WORLD_FILES, wanted);
}

TEST(beneath, "walker beneath ends every lookup as openat2 with RESOLVE_BENEATH")
{
	law(WORLD_BENEATH, wanted);
}

TEST(in_root, "walker in-root ends every lookup as openat2 with RESOLVE_IN_ROOT")
{
	law(WORLD_IN_ROOT, wanted);
}

TEST(steps, "lookups that others disturb between two components: as by hand")
{
	law(WORLD_STEPS, wanted / 3);
}

TEST(ipc, "pipes, sockets and System V: likewise")
{
	law(WORLD_IPC, wanted);
}

int
main(int argc, char **argv)
{
	const TTest *const all[] = { files, beneath, in_root, ipc, steps, more_files };

	/* What is asked for takes as long as it takes; a busy machine some time longer. */
	setenv("CK_TIMEOUT_MULTIPLIER", argc > 1 ? "10000" : "4", 0);
	if (argc > 1)
		wanted = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		fixed_seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		return test_run("model", &all[strtoul(argv[3], NULL, 0) % PALE_COUNT(all)], 1);
	return test_run("model", all, PALE_COUNT(all));
}
