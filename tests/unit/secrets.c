/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names are secrets, and which of them are found in a tree. */
#include "run/learn/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"

static char top[64];

/* A fresh directory, with the directories and files of a NULL-terminated list in it. */
static void
make_tree(const char *const *names)
{
	snprintf(top, sizeof(top), "/tmp/pale-secrets.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	for (; *names != NULL; names++) {
		size_t len = strlen(*names);
		int fd;

		if ((*names)[len - 1] == '/') {
			ck_assert_int_eq(mkdir(*names, 0700), 0);
			continue;
		}
		fd = open(*names, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
}

static void
write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
remove_tree(void)
{
	char command[128];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	ck_assert_int_eq(system(command), 0);
}

/* Is a name beneath the tree among what was found? */
static bool
found(const struct pale_secrets *secrets, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	for (size_t i = 0; i < secrets->count; i++)
		if (strcmp(secrets->list[i].path, path) == 0)
			return true;
	return false;
}

static void
find(struct pale_secrets *secrets, const char *named)
{
	char path[128];
	const char *list[] = { path };
	struct pale_err err = { 0 };

	*secrets = (struct pale_secrets){ 0 };
	snprintf(path, sizeof(path), "%s/%s", top, named == NULL ? "" : named);
	ck_assert_msg(
	    pale_secrets_find(secrets, top, list, named != NULL, &err) == 0, "%s", err.text);
}

TEST(by_name, "names of secrets are known wherever they are, others are not")
{
	static const char *const secret[] = { "/srv/u/.ssh", "/root/.gnupg", "/x/.config/gh",
		"/x/.netrc", "/etc/shadow", "/a/b/id_ed25519", "/a/.mozilla",
		"/etc/ssh/ssh_host_rsa_key", "/x/store.kdbx" };
	static const char *const plain[] = { "/srv/u/ssh", "/x/config/gh", "/x/.config/ghost",
		"/x/.config", "/x/gh", "/srv/etc/shadow", "/x/id_rsa.pub", "/x/my.ssh",
		"/x/.ssh/config", "/" };
	bool if_key;

	for (size_t i = 0; i < PALE_COUNT(secret); i++)
		ck_assert_msg(pale_secret_name(secret[i], NULL) != NULL, "%s", secret[i]);
	for (size_t i = 0; i < PALE_COUNT(plain); i++)
		ck_assert_msg(pale_secret_name(plain[i], NULL) == NULL, "%s", plain[i]);
	ck_assert_ptr_nonnull(pale_secret_name("/x/server.pem", &if_key));
	ck_assert(if_key);
	ck_assert(pale_secret_above("/srv/u/.ssh/config"));
	ck_assert(!pale_secret_above("/srv/u/x/config"));
}

TEST(tree, "secrets are found at every depth, and what is in them is not looked at")
{
	static const char *const names[] = { ".ssh/", ".ssh/id_rsa", ".config/", ".config/gh/",
		".config/mine/", "src/", "src/deep/", "src/deep/.netrc", "src/main.c", NULL };
	struct pale_secrets secrets;

	make_tree(names);
	find(&secrets, NULL);
	ck_assert_uint_eq(secrets.count, 3);
	ck_assert(found(&secrets, ".ssh"));
	ck_assert(found(&secrets, ".config/gh"));
	ck_assert(found(&secrets, "src/deep/.netrc"));
	pale_secrets_done(&secrets);
	remove_tree();
}

TEST(keys, "a key is a secret if it says so, a certificate is not, and a FIFO does not block")
{
	static const char *const names[] = { "empty.pem", NULL };
	struct pale_secrets secrets;

	make_tree(names);
	write_file("a.pem", "text before\n-----BEGIN RSA PRIVATE KEY-----\n");
	write_file("b.pem", "-----BEGIN CERTIFICATE-----\n");
	write_file("c.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
	ck_assert_int_eq(mkfifo("d.pem", 0600), 0);
	ck_assert_int_eq(symlink("a.pem", "e.pem"), 0);
	find(&secrets, NULL);
	ck_assert(found(&secrets, "a.pem"));
	ck_assert(found(&secrets, "c.key"));
	ck_assert_uint_eq(secrets.count, 2);
	pale_secrets_done(&secrets);
	remove_tree();
}

TEST(named, "of a secret that is named nothing is hidden, of one in which a name is, the rest")
{
	static const char *const names[] = { ".ssh/", ".ssh/id_rsa", ".ssh/config", ".ssh/known",
		NULL };
	struct pale_secrets secrets;

	make_tree(names);
	find(&secrets, ".ssh");
	ck_assert_uint_eq(secrets.count, 0);
	find(&secrets, ".ssh/config");
	ck_assert_uint_eq(secrets.count, 2);
	ck_assert(found(&secrets, ".ssh/id_rsa"));
	ck_assert(found(&secrets, ".ssh/known"));
	pale_secrets_done(&secrets);
	remove_tree();
}

TEST(many, "more secrets than can be hidden are refused, not left out")
{
	static const char *const names[] = { NULL };
	struct pale_secrets secrets = { 0 };
	struct pale_err err = { 0 };
	char name[32];

	make_tree(names);
	for (unsigned i = 0; i <= PALE_SECRETS_MAX; i++) {
		snprintf(name, sizeof(name), "%u.kdbx", i);
		write_file(name, "");
	}
	ck_assert_int_eq(pale_secrets_find(&secrets, top, NULL, 0, &err), -E2BIG);
	ck_assert_str_ne(err.remedy, "");
	pale_secrets_done(&secrets);
	remove_tree();
}

TEST_MAIN("secrets", by_name, tree, keys, named, many)
