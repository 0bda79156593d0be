/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file is as something to run; see image.h. */
#include "run/learn/image.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	HEAD_BYTES = 4096,  /* the program headers of usual files are in it */
	SCRIPT_BYTES = 256, /* BINPRM_BUF_SIZE of Linux */
};

/* The interpreter of "#! /path argument". */
static void
look_script(const char *head, size_t size, struct pale_learn_image *ret)
{
	size_t at = 2;
	size_t len = 0;

	if (size > SCRIPT_BYTES)
		size = SCRIPT_BYTES;
	while (at < size && (head[at] == ' ' || head[at] == '\t'))
		at++;
	while (at + len < size && strchr(" \t\r\n", head[at + len]) == NULL)
		len++;
	if (at >= size || head[at] != '/' || len >= sizeof(ret->interpreter))
		return;
	memcpy(ret->interpreter, head + at, len);
	ret->interpreter[len] = '\0';
}

/* The loader that a program names. */
static void
look_elf(int fd, const char *head, size_t size, struct pale_learn_image *ret)
{
	Elf64_Ehdr elf;

	memcpy(&elf, head, sizeof(elf));
	if (elf.e_type != ET_EXEC && elf.e_type != ET_DYN)
		return;
	ret->code = true;
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_phentsize != sizeof(Elf64_Phdr))
		return;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		Elf64_Phdr part;
		ssize_t len;

		if (elf.e_phoff > size || (size - elf.e_phoff) / sizeof(part) <= i)
			return;
		memcpy(&part, head + elf.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type != PT_INTERP || part.p_filesz < 2 ||
		    part.p_filesz > sizeof(ret->interpreter) || part.p_offset > INT32_MAX)
			continue;
		len = pread(fd, ret->interpreter, part.p_filesz, (off_t)part.p_offset);
		if (len != (ssize_t)part.p_filesz || ret->interpreter[0] != '/' ||
		    ret->interpreter[len - 1] != '\0')
			ret->interpreter[0] = '\0';
		return;
	}
}

void
pale_learn_image_look(const char *path, struct pale_learn_image *ret)
{
	PALE_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char head[HEAD_BYTES];
	struct stat st;
	ssize_t len;

	*ret = (struct pale_learn_image){ 0 };
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	len = pread(fd, head, sizeof(head), 0);
	if (len > 2 && memcmp(head, "#!", 2) == 0)
		look_script(head, (size_t)len, ret);
	else if (len >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0)
		look_elf(fd, head, (size_t)len, ret);
}
