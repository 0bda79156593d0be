/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in profiles by name; see policy.h. Their texts are profiles/NAME.pale, put in at build.
 */
#include <string.h>

#include "policy/embedded.h"
#include "policy/policy.h"

const char *const *
pale_profile_names(void)
{
	return pale_embedded_names;
}

const struct pale_embedded *
pale_embedded_find(const char *name)
{
	for (size_t i = 0; pale_embedded_names[i] != NULL; i++)
		if (strcmp(pale_embedded_names[i], name) == 0)
			return &pale_embedded[i];
	return NULL;
}

const char *
pale_profile_text(const char *name, size_t *ret_size)
{
	const struct pale_embedded *profile = pale_embedded_find(name);

	if (profile == NULL)
		return NULL;
	*ret_size = profile->size;
	return profile->text;
}
