/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file is as something to run, from its first bytes, however hostile they are. */
#include "run/learn/image.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

static char path[] = "/tmp/pale-image.XXXXXX";

static void
look_at(const void *bytes, size_t size, struct pale_learn_image *ret)
{
	PALE_CLOSE int fd = -1;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	pale_learn_image_look(path, ret);
	unlink(path);
}

/* The interpreter of a script. */
static void
script(const char *text, const char *want)
{
	struct pale_learn_image image;

	look_at(text, strlen(text), &image);
	ck_assert_str_eq(image.interpreter, want);
	ck_assert(!image.code);
}

TEST(scripts, "the interpreter of a script is read as the kernel does")
{
	script("#!/bin/sh\n", "/bin/sh");
	script("#! \t/usr/bin/env python3\n", "/usr/bin/env");
	script("#!/bin/sh", "/bin/sh");
	script("#!bin/sh\n", "");
	script("#!\n/bin/sh\n", "");
	script("#!", "");
	script("text\n", "");
	script("", "");
}

TEST(programs, "a program of the system is code and names its loader")
{
	struct pale_learn_image image;

	pale_learn_image_look("/proc/self/exe", &image);
	/* A link is not followed. */
	ck_assert(!image.code);
	pale_learn_image_look("/usr/bin/env", &image);
	ck_assert(image.code);
	ck_assert(image.interpreter[0] == '/');
}

TEST(others, "what is no regular file is not opened to be read, and does not block")
{
	struct pale_learn_image image;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(path));
	pale_learn_image_look(path, &image);
	ck_assert(!image.code);
	rmdir(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	pale_learn_image_look(path, &image);
	ck_assert(!image.code);
	unlink(path);
}

TEST(hostile, "headers of any content name a path or none")
{
	uint64_t seed = test_seed(0xe1f);
	unsigned char bytes[512];

	for (unsigned i = 0; i < 3000; i++) {
		struct pale_learn_image image;
		Elf64_Ehdr head = { .e_type = ET_DYN,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = (Elf64_Half)test_random(&seed),
			.e_phoff = test_below(&seed, 2) == 0 ? 64 : test_random(&seed) };

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (unsigned char)test_random(&seed);
		memcpy(head.e_ident, ELFMAG, SELFMAG);
		head.e_ident[EI_CLASS] = ELFCLASS64;
		memcpy(bytes, &head, sizeof(head));
		/* A segment that is an interpreter, somewhere. */
		bytes[64] = PT_INTERP;
		bytes[65] = bytes[66] = bytes[67] = 0;
		look_at(bytes, test_below(&seed, sizeof(bytes)), &image);
		ck_assert(image.interpreter[0] == '\0' || image.interpreter[0] == '/');
		ck_assert_uint_lt(strnlen(image.interpreter, sizeof(image.interpreter)),
		    sizeof(image.interpreter));
	}
}

TEST_MAIN("learn_image", scripts, programs, others, hostile)
