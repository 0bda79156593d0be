/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes wrong in the scenarios of IPC goes wrong on the kernel of this machine: of each the
 * fewest whole calls to a violation are looked for, and called. Each call answers as in the model,
 * what was read is what the model says, and so are the files at the end.
 *
 * Not those with exec, which needs real programs.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "model/pack.h"
#include "model/property.h"
#include "model/read.h"
#include "twin.h"

enum {
	STATES_MAX = 1 << 19,
	TABLE = 1 << 20,
	TEXT_BYTES = 1 << 14,
	CALLS_MAX = 64,
};

/* A search by whole calls. */
struct node {
	uint32_t parent;
	struct pale_move move;
};

static struct node nodes[STATES_MAX];
static uint64_t *words; /* packed, of each node */
static uint32_t table[TABLE];
static uint32_t count;

static uint64_t *
words_of(const struct pale_model *model, uint32_t node)
{
	return words + (size_t)node * pale_model_words(model);
}

/* Is the state new? Then it is the next node's. */
static bool
is_new(const struct pale_model *model, const struct pale_state *state)
{
	unsigned size = pale_model_words(model);
	uint64_t *packed = words_of(model, count), hash = 0;
	uint32_t at;

	pale_model_pack(model, state, packed);
	for (unsigned i = 0; i < size; i++)
		hash = (hash ^ packed[i]) * 0x9e3779b97f4a7c15U ^ hash >> 29;
	for (at = (uint32_t)(hash >> 40) % TABLE; table[at] != 0; at = (at + 1) % TABLE) {
		if (memcmp(words_of(model, table[at] - 1), packed, size * sizeof(*packed)) == 0)
			return false;
	}
	table[at] = count + 1;
	return true;
}

/* Do a whole call; false where it cannot end or begin to wait for a peer. */
static bool
do_call(const struct pale_model *model, struct pale_state *state, const struct pale_move *first)
{
	struct pale_move move = *first;
	struct pale_event event;

	do {
		if (!pale_model_step(model, state, &move, &event))
			return false;
		if (event.kind == PALE_EVENT_RESULT || event.kind == PALE_EVENT_WAITS)
			return true;
	} while (pale_model_moves(model, state, move.process, &move, 1) != 0);
	return true;
}

/* The node of the first state found that is a violation; 0 if there is none. */
static uint32_t
search(const struct pale_model *model)
{
	static struct pale_move moves[PALE_MOVES_MAX];
	struct pale_state state, next;

	count = 0;
	memset(table, 0, sizeof(table));
	words = calloc((size_t)STATES_MAX * pale_model_words(model), sizeof(*words));
	ck_assert_ptr_nonnull(words);
	ck_assert(is_new(model, model->initial));
	count = 1;
	for (uint32_t at = 0; at < count; at++) {
		pale_model_unpack(model, words_of(model, at), &state);
		for (unsigned p = 0; p < model->process_count; p++) {
			unsigned n = pale_model_moves(model, &state, p, moves, PALE_MOVES_MAX);

			for (unsigned i = 0; i < n; i++) {
				next = state;
				if (!do_call(model, &next, &moves[i]) || !is_new(model, &next))
					continue;
				nodes[count] = (struct node){ .parent = at, .move = moves[i] };
				if (pale_property_here(model, &next) != 0)
					return count;
				ck_assert_uint_lt(++count, STATES_MAX - 1);
			}
		}
	}
	return 0;
}

/* Who waits for nobody that must come is asked for its next call: it must wait there, too. */
static const char *
check_blocked(struct twin *twin)
{
	const struct pale_model *model = twin_model(twin);
	const char *said = NULL;
	int answer;

	for (unsigned p = 0; p < model->process_count && said == NULL; p++) {
		if (!pale_model_is_stuck(model, twin_state(twin), p) || twin_anybody_waits(twin))
			continue;
		said = twin_try(twin, p, &answer);
		if (said == NULL && answer != TWIN_WAITS)
			said = "it does not wait";
	}
	return said;
}

/* Play the way to a node on the kernel, too. NULL, or what differs. */
static const char *
play(const char *text, uint32_t node)
{
	struct twin *twin = twin_open(text);
	struct pale_move calls[CALLS_MAX];
	unsigned length = 0;
	const char *said = NULL;
	int answer;

	for (; node != 0; node = nodes[node].parent) {
		ck_assert_uint_lt(length, CALLS_MAX);
		calls[length++] = nodes[node].move;
	}
	for (unsigned i = length; i-- > 0 && said == NULL;)
		said = twin_move(twin, &calls[i], &answer);
	if (said == NULL)
		said = check_blocked(twin);
	if (said == NULL && pale_property_here(twin_model(twin), twin_state(twin)) == 0)
		said = "what must not be is not";
	if (said == NULL)
		said = twin_compare_files(twin);
	if (said == NULL)
		printf("# %u calls\n", length);
	else
		printf("# %s\n", said);
	fflush(stdout);
	twin_close(twin);
	return said;
}

static void
read_text(const char *name, char *text)
{
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), PALE_SCENARIOS "/%s.pale", name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	/* As twin_open has it. */
	n = fread(text, 1, TEXT_BYTES - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void
reproduce(const char *name)
{
	static char text[TEXT_BYTES];
	struct twin *twin;
	uint32_t node;
	int status;
	pid_t pid;

	read_text(name, text);
	twin = twin_model_open(text);
	node = search(twin_model(twin));
	ck_assert_msg(node != 0, "%s: no violation by whole calls", name);
	printf("# %s: ", name);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		_exit(play(text, node) != NULL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	kill(-pid, SIGKILL);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", name);
	twin_close(twin);
	free(words);
}

#define REPRODUCE(id, name, sentence) \
	TEST(id, sentence) \
	{ \
		reproduce(name); \
	}

/* clang-format off */
REPRODUCE(mkfifo, "mkfifo-open", "a line ends in another file through a FIFO opened by its name")
REPRODUCE(same_owner, "fifo-of-the-same-owner", "another FIFO of the same owner passes for the one just made")
REPRODUCE(squatted, "fifo-squatted", "orders come from a FIFO that another has made")
REPRODUCE(fifo_mode, "fifo-mode", "orders come through a FIFO that all may write to")
REPRODUCE(for_file, "fifo-for-file", "a service waits for ever in the opening of a file")
REPRODUCE(umask0, "bind-umask", "orders come through a socket bound under umask 0")
REPRODUCE(chmod_late, "bind-then-chmod", "a connection made before chmod stays")
REPRODUCE(replaceable, "bind-in-replaceable-directory", "a client talks to a socket in another directory")
REPRODUCE(swapped, "client-connects-to-swapped-socket", "a client tells the wrong server its password")
REPRODUCE(stale, "stale-socket-rebound", "another binds a name between unlink and bind")
REPRODUCE(left, "socket-left-behind", "a name that was left behind cannot be bound")
REPRODUCE(wrong_peer, "descriptor-to-wrong-peer", "a descriptor of the password file goes to whoever connects")
REPRODUCE(queue, "queue-pre-created", "a queue that was made before is another's")
REPRODUCE(segment, "segment-0666", "a segment of mode 0666 is everybody's, whatever the umask")
REPRODUCE(child, "segment-kept-by-child", "a child that is another user writes its parent's segment")
REPRODUCE(fetch, "double-fetch", "a value changes between check and use")
REPRODUCE(semaphore, "semaphore-left-locked", "a semaphore that a dead process holds is held for ever")
REPRODUCE(sigpipe, "sigpipe", "a reader that goes kills the writer")
/* clang-format on */

int
main(void)
{
	const TTest *const all[] = { mkfifo, same_owner, squatted, fifo_mode, for_file, umask0,
		chmod_late, replaceable, swapped, stale, left, wrong_peer, queue, segment, child,
		fetch, semaphore, sigpipe };

	if (geteuid() != 0)
		TEST_SKIP_ALL("root");
	return test_run("ipc_witness", all, sizeof(all) / sizeof(all[0]));
}
