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

const char *
pale_profile_text(const char *name, size_t *ret_size)
{
	for (size_t i = 0; pale_embedded_names[i] != NULL; i++) {
		if (strcmp(pale_embedded_names[i], name) == 0) {
			*ret_size = pale_embedded_texts[i].size;
			return pale_embedded_texts[i].text;
		}
	}
	return NULL;
}
