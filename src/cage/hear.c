/* SPDX-License-Identifier: BSD-2-Clause */
/* What the supervisor tells whoever watches; see hear.h. */
#include "cage/hear.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cage/ask/ask.h"

struct pale_sys_answer
pale_hear_classify(const struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_sys *ret_sys)
{
	const struct pale_sys_policy *policy = supervisor->policy;
	struct pale_sys_answer answer = { .run = RUN_ASK };

	*ret_sys = PALE_SYS_COUNT;
	if (policy == NULL || policy->watch == PALE_WATCH_NONE)
		return answer;
	if (pale_sys_find_nr(call->nr, ret_sys) < 0) {
		*ret_sys = PALE_SYS_COUNT;
		/* The supervisor has calls of its own, which no table knows: it knows what to say.
		 */
		return answer;
	}
	answer = pale_sys_answer(*ret_sys, call->args, policy);
	/* The filter would have answered itself: nobody but a fault brings this here. */
	if (answer.run != RUN_ASK && !pale_sys_is_watched(*ret_sys, &answer, policy->watch))
		return (struct pale_sys_answer){ .run = RUN_DENY, .error = ENOSYS };
	return answer;
}

static void
tell(struct pale_supervisor *supervisor, struct pale_heard_call *heard)
{
	const struct pale_watch_hook *watch = supervisor->watch;

	if (watch == NULL || heard->sys >= PALE_SYS_COUNT)
		return;
	heard->proc = supervisor->proc;
	heard->listener = supervisor->listener;
	watch->hear(watch->state, heard);
}

void
pale_hear_denied(struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_sys sys, const struct pale_sys_answer *answer)
{
	struct pale_heard_call heard = { .how = PALE_HEARD_DENIED,
		.sys = sys,
		.call = *call,
		.error = answer->error,
		.answer = *answer,
		.by_filter = true };

	tell(supervisor, &heard);
}

void
pale_hear_going_on(
    struct pale_supervisor *supervisor, const struct pale_notify *call, enum pale_sys sys)
{
	struct pale_heard_call heard = { .how = PALE_HEARD_GOES_ON, .sys = sys, .call = *call };

	tell(supervisor, &heard);
}

void
pale_hear_performed(struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_sys sys, int result)
{
	struct pale_heard_call heard = { .how = result < 0 ? PALE_HEARD_DENIED : PALE_HEARD_ALLOWED,
		.sys = sys,
		.call = *call,
		.error = result < 0 ? -result : 0,
		.address = supervisor->judged[0] != '\0' ? supervisor->judged : NULL };

	/* No such descriptor or memory, no such option; a signal; not now. */
	if (result == -EBADF || result == -EFAULT || result == -EINVAL || result == -EINTR ||
	    result == -EAGAIN || result == -ENOTSOCK || result == -PALE_ERESTARTSYS)
		return;
	tell(supervisor, &heard);
}

void
pale_ask_judged_text(struct pale_supervisor *supervisor, const char *text)
{
	if (supervisor->watch != NULL)
		snprintf(supervisor->judged, sizeof(supervisor->judged), "%s", text);
}

void
pale_ask_judged(struct pale_supervisor *supervisor, const void *address, size_t size)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	char *to = supervisor->judged;
	const size_t room = sizeof(supervisor->judged);
	char text[INET6_ADDRSTRLEN];
	sa_family_t family;

	if (supervisor->watch == NULL || size < sizeof(family))
		return;
	memcpy(&family, address, sizeof(family));
	to[0] = '\0';
	if (family == AF_UNIX && size > head) {
		const char *path = (const char *)address + head;
		int len = (int)(size - head < room - 2 ? size - head : room - 2);

		/* What is behind a NUL is not told; that there is one has to be. */
		if (path[0] == '\0')
			snprintf(to, room, "@%.*s%s", len - 1, path + 1,
			    len > 1 && memchr(path + 1, '\0', (size_t)len - 1) != NULL
				? PALE_HEARD_NUL
				: "");
		else /* so that it cannot be taken for a host and a port */
			snprintf(to, room, "%s%.*s", path[0] == '/' ? "" : "./", len, path);
	} else if ((family == AF_INET || family == AF_UNSPEC) &&
	    size >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		snprintf(to, room, "%s:%u", text, ntohs(in.sin_port));
	} else if (family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in;

		memcpy(&in, address, sizeof(in));
		inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof(text));
		snprintf(to, room, "[%s]:%u", text, ntohs(in.sin6_port));
	}
}
