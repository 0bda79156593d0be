/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there is before anybody acts: the tree and the System V objects. What is not said is root's
 * and has the mode that it would have where nobody thought of it.
 */
#include "model/read/reading.h"

#include <errno.h>
#include <string.h>

#include "core/path.h"

enum {
	MODE_DIRECTORY = 0755,
	MODE_FILE = 0644,
	MODE_FIFO = 0600,
	MODE_SOCKET = 0755,
	MODE_LINK = 0777,
	MODE_SYSV = 0600,
	SEM_VALUE = 1,
	SEM_MOST = 3,
	SPARE_MAX = PALE_MODEL_INODES - 1,
};

static const char *const type_words[] = {
	[PALE_INODE_FREE] = "nothing",
	[PALE_INODE_DIR] = "a directory",
	[PALE_INODE_FILE] = "a file",
	[PALE_INODE_LINK] = "a symbolic link",
	[PALE_INODE_FIFO] = "a FIFO",
	[PALE_INODE_SOCKET] = "a socket",
};

/* ---- attributes ---- */

static const struct attribute {
	const char *name, *of;
} attributes[] = {
#define ATTRIBUTE(name, of, takes) { #name, of },
#include "model/read/words.def"
};

static const char *const words[] = {
#define STATEMENT(name, place, times, phase, least, most, takes, says) #name,
#include "model/read/words.def"
};

/* What the attributes of one statement say. */
struct said {
	bool has[PALE_COUNT(attributes)];
	size_t user, content;
	uint16_t mode;
	long value;
};

/* Does the list " a b " have the word? */
static bool
is_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word))
		if (at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

static int
unknown_attribute(struct pale_reading *in, unsigned line, const char *word, const char *name)
{
	const char *known[PALE_COUNT(attributes)];
	size_t count = 0;

	pale_reading_fail(in, line, "%s() has no attribute '%s'", word, name);
	for (size_t i = 0; i < PALE_COUNT(attributes); i++)
		if (is_in(attributes[i].of, word))
			known[count++] = attributes[i].name;
	return pale_reading_suggest(in, name, known, count);
}

static int
set_attribute(
    struct pale_reading *in, unsigned line, const char *name, const char *text, struct said *said)
{
	struct pale_value *value;
	int rc;

	if (strcmp(name, "user") == 0)
		return pale_reading_user(in, line, text, &said->user);
	if (strcmp(name, "mode") == 0)
		return pale_reading_mode(in, line, text, &said->mode);
	if (strcmp(name, "value") == 0)
		return pale_reading_number(
		    in, line, text, "value of a semaphore", 0, SEM_MOST, &said->value);
	rc = pale_reading_value(in, line, text, &value);
	if (rc < 0)
		return rc;
	value->made_line = line;
	said->content = (size_t)(value - in->values);
	return 0;
}

/* The arguments from the given one on. said comes with what holds where nothing is said. */
static int
read_attributes(
    struct pale_reading *in, const struct pale_call *call, size_t from, struct said *said)
{
	for (size_t i = from; i < call->arg_count; i++) {
		const char *text = call->args[i], *equals = strchr(text, '=');
		unsigned line = call->arg_lines[i];
		const char *name;
		size_t at = 0;
		int rc;

		if (equals == NULL) {
			pale_reading_fail(
			    in, line, "'%s' is no attribute of %s()", text, words[call->word]);
			return pale_remedy(in->err, "an attribute is a name, '=' and what it is");
		}
		name = pale_reading_keep(in, text, (size_t)(equals - text));
		if (name == NULL)
			return pale_reading_no_memory(in);
		while (at < PALE_COUNT(attributes) && strcmp(attributes[at].name, name) != 0)
			at++;
		if (at == PALE_COUNT(attributes) || !is_in(attributes[at].of, words[call->word]))
			return unknown_attribute(in, line, words[call->word], name);
		if (said->has[at])
			return pale_reading_fail(in, line, "'%s' is said twice", name);
		said->has[at] = true;
		rc = set_attribute(in, line, name, equals + 1, said);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the tree ---- */

size_t
pale_reading_child(const struct pale_reading *in, size_t dir, size_t name)
{
	for (size_t i = 2; i < in->node_count; i++)
		if (in->nodes[i].type == PALE_INODE_DIR && in->nodes[i].parent == dir &&
		    in->nodes[i].name == name)
			return i;
	for (size_t i = 0; i < in->entry_count; i++)
		if (in->entries[i].dir == dir && in->entries[i].name == name)
			return in->entries[i].node;
	return 0;
}

size_t
pale_reading_find(struct pale_reading *in, const char *path)
{
	struct pale_part part;
	size_t node = 1;

	while (node != 0 && pale_path_next(&path, &part) == 1) {
		uint16_t name;

		if (part.kind == PALE_PART_DOT)
			continue;
		if (part.kind == PALE_PART_DOTDOT)
			node = in->nodes[node].type == PALE_INODE_DIR ? in->nodes[node].parent : 0;
		else if (pale_rests_name(&in->rests, part.text, part.len, &name) == 0)
			node = pale_reading_child(in, node, name);
		else
			node = 0;
	}
	return node;
}

static struct pale_node *
new_node(struct pale_reading *in)
{
	return pale_reading_add(&in->nodes, &in->node_count, &in->node_size, sizeof(*in->nodes));
}

int
pale_reading_root(struct pale_reading *in)
{
	struct pale_node *root = new_node(in);

	if (root == NULL)
		return pale_reading_no_memory(in);
	*root = (struct pale_node){
		.type = PALE_INODE_DIR, .parent = 1, .user = 1, .mode = MODE_DIRECTORY, .path = "/"
	};
	return 0;
}

static int
refuse_path(struct pale_reading *in, unsigned line, const char *path)
{
	pale_reading_fail(in, line, "'%s' is no path of the tree", path);
	return pale_remedy(
	    in->err, "it begins with '/', has no '.', '..', '//', and no slash at its end");
}

/* A new node for a name that is free. */
static int
make(struct pale_reading *in, unsigned line, size_t dir, size_t name, enum pale_inode_type type,
    const char *path, size_t length)
{
	struct pale_node *node = new_node(in);
	struct pale_named *entry;

	if (node == NULL)
		return pale_reading_no_memory(in);
	*node = (struct pale_node){ .type = type, .line = line, .user = 1, .mode = MODE_DIRECTORY };
	node->path = pale_reading_keep(in, path, length);
	if (node->path == NULL)
		return pale_reading_no_memory(in);
	if (type == PALE_INODE_DIR) {
		node->parent = dir;
		node->name = name;
		return 0;
	}
	entry = pale_reading_add(&in->entries, &in->entry_count, &in->entry_size, sizeof(*entry));
	if (entry == NULL)
		return pale_reading_no_memory(in);
	*entry = (struct pale_named){ .dir = dir, .name = name, .node = in->node_count - 1 };
	return 0;
}

/* The directory that a path lies in, made as far as it is missing; and the last name. */
static int
enter(struct pale_reading *in, unsigned line, const char *path, size_t *ret_dir, size_t *ret_name)
{
	const char *at = path;
	struct pale_part part;
	size_t dir = 1;

	if (path[0] != '/' || strstr(path, "//") != NULL || path[strlen(path) - 1] == '/')
		return refuse_path(in, line, path);
	while (true) {
		uint16_t name;
		size_t next;

		if (pale_path_next(&at, &part) != 1 || part.kind != PALE_PART_NAME)
			return refuse_path(in, line, path);
		if (pale_rests_name(&in->rests, part.text, part.len, &name) < 0)
			return pale_reading_no_memory(in);
		if (part.last) {
			*ret_dir = dir;
			*ret_name = name;
			return 0;
		}
		next = pale_reading_child(in, dir, name);
		if (next == 0) {
			int rc = make(in, line, dir, name, PALE_INODE_DIR, path,
			    (size_t)(part.text + part.len - path));

			if (rc < 0)
				return rc;
			next = in->node_count - 1;
		}
		if (in->nodes[next].type != PALE_INODE_DIR)
			return pale_reading_fail(in, line, "'%s' cannot be: '%s' is %s, by line %u",
			    path, in->nodes[next].path, type_words[in->nodes[next].type],
			    in->nodes[next].line);
		dir = next;
	}
}

/* Any kind of node with its attributes. */
static int
add_node(struct pale_reading *in, const struct pale_call *call, enum pale_inode_type type,
    uint16_t mode, size_t attributes_from, size_t *ret_node)
{
	const char *path = call->args[0];
	unsigned line = call->arg_lines[0];
	struct said said = { .user = 1, .mode = mode };
	size_t dir, name, node = 1;
	int rc = 0;

	if (strcmp(path, "/") != 0 || type != PALE_INODE_DIR) {
		rc = enter(in, line, path, &dir, &name);
		if (rc < 0)
			return rc;
		node = pale_reading_child(in, dir, name);
	}
	if (node != 0 &&
	    (in->nodes[node].said || type != PALE_INODE_DIR ||
		in->nodes[node].type != PALE_INODE_DIR))
		return pale_reading_fail(in, line, "'%s' is there already: %s, by line %u", path,
		    type_words[in->nodes[node].type], in->nodes[node].line);
	if (node == 0) {
		rc = make(in, line, dir, name, type, path, strlen(path));
		node = in->node_count - 1;
	}
	if (rc == 0)
		rc = read_attributes(in, call, attributes_from, &said);
	if (rc < 0)
		return rc;
	in->nodes[node].said = true;
	in->nodes[node].line = line;
	in->nodes[node].user = said.user;
	in->nodes[node].mode = said.mode;
	in->nodes[node].content = said.content;
	*ret_node = node;
	return 0;
}

int
pale_read_directory(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	size_t node;

	return add_node(in, call, PALE_INODE_DIR, MODE_DIRECTORY, 1, &node);
}

int
pale_read_file(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	size_t node;

	return add_node(in, call, PALE_INODE_FILE, MODE_FILE, 1, &node);
}

int
pale_read_fifo(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	size_t node;

	return add_node(in, call, PALE_INODE_FIFO, MODE_FIFO, 1, &node);
}

int
pale_read_socket(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	size_t node;

	return add_node(in, call, PALE_INODE_SOCKET, MODE_SOCKET, 1, &node);
}

int
pale_read_symlink(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	pale_walker_rest target;
	size_t node;
	int rc = pale_reading_path(in, call->arg_lines[1], call->args[1], &target);

	if (rc == 0)
		rc = add_node(in, call, PALE_INODE_LINK, MODE_LINK, 2, &node);
	if (rc == 0)
		in->nodes[node].target = target;
	return rc;
}

int
pale_read_hardlink(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	unsigned line = call->arg_lines[0];
	size_t dir, name, node = pale_reading_find(in, call->args[1]);
	struct pale_named *entry;
	int rc;

	if (node == 0) {
		pale_reading_fail(in, call->arg_lines[1], "'%s' is not there", call->args[1]);
		return pale_remedy(in->err, "say what it is in a line above");
	}
	if (in->nodes[node].type == PALE_INODE_DIR)
		return pale_reading_fail(in, call->arg_lines[1],
		    "'%s' is a directory, and has one name only", call->args[1]);
	rc = enter(in, line, call->args[0], &dir, &name);
	if (rc < 0)
		return rc;
	if (pale_reading_child(in, dir, name) != 0)
		return pale_reading_fail(in, line, "'%s' is there already", call->args[0]);
	entry = pale_reading_add(&in->entries, &in->entry_count, &in->entry_size, sizeof(*entry));
	if (entry == NULL)
		return pale_reading_no_memory(in);
	*entry = (struct pale_named){ .dir = dir, .name = name, .node = node };
	return 0;
}

/* ---- System V objects ---- */

static int
add_sysv(struct pale_reading *in, const struct pale_call *call, enum pale_sysv_kind kind)
{
	struct said said = { .user = 1, .mode = MODE_SYSV, .value = SEM_VALUE };
	struct pale_sysv *object;
	size_t key;
	int rc = pale_reading_key(in, call->arg_lines[0], call->args[0], &key);

	if (rc == 0)
		rc = read_attributes(in, call, 1, &said);
	if (rc < 0)
		return rc;
	if (said.mode > 0777)
		return pale_reading_fail(
		    in, call->line, "the mode of a System V object is bits up to 777");
	for (size_t i = 0; i < in->sysv_count; i++)
		if (in->sysv[i].kind == kind && in->sysv[i].key == key)
			return pale_reading_fail(in, call->line, "%s(%s) is said twice",
			    words[call->word], call->args[0]);
	object = pale_reading_add(&in->sysv, &in->sysv_count, &in->sysv_size, sizeof(*object));
	if (object == NULL)
		return pale_reading_no_memory(in);
	object->kind = (uint8_t)kind;
	object->key = (uint8_t)key;
	object->owner = object->creator = (uint8_t)said.user;
	object->mode = said.mode;
	object->count = kind == PALE_SYSV_SEM ? (uint8_t)said.value : 0;
	object->values[0] = (uint8_t)said.content;
	return 0;
}

int
pale_read_msg(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	return add_sysv(in, call, PALE_SYSV_MSG);
}

int
pale_read_sem(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	return add_sysv(in, call, PALE_SYSV_SEM);
}

int
pale_read_shm(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	return add_sysv(in, call, PALE_SYSV_SHM);
}

/* ---- the rest of what stands outside ---- */

int
pale_read_scenario(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	in->model->title = pale_reading_keep(in, call->args[0], strlen(call->args[0]));
	return in->model->title == NULL ? pale_reading_no_memory(in) : 0;
}

int
pale_read_spare(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	return pale_reading_number(in, call->arg_lines[0], call->args[0],
	    "number of inodes that can be made", 0, SPARE_MAX, &in->spare);
}

int
pale_read_protect(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	static const char *const names[] = { "symlinks", "hardlinks", "fifos", "regular" };
	static const uint8_t bits[] = { PALE_PROTECT_SYMLINKS, PALE_PROTECT_HARDLINKS,
		PALE_PROTECT_FIFOS, PALE_PROTECT_REGULAR };

	for (size_t i = 0; i < call->arg_count; i++) {
		size_t at = 0;

		while (at < PALE_COUNT(names) && strcmp(names[at], call->args[i]) != 0)
			at++;
		if (at == PALE_COUNT(names)) {
			pale_reading_fail(in, call->arg_lines[i],
			    "'%s' is nothing that the kernel protects", call->args[i]);
			return pale_reading_suggest(in, call->args[i], names, PALE_COUNT(names));
		}
		in->model->protect |= bits[at];
	}
	return 0;
}
