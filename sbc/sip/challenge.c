/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The strongest of a response's challenges, answered. */
#include "config.h"

#include "sbc/sip/challenge.h"

#include <errno.h>
#include <string.h>

#include "sbc/sip/cred.h"
#include "sbc/sip/cred_header.h"

int challenge_answer(const char **out, su_home_t *home, const sip_t *response,
		     const char *method, const char *uri, const char *user,
		     const char *password, unsigned nc)
{
	const struct {
		const msg_auth_t *header;
		const char *answer;
	} kind[] = {
		{response->sip_www_authenticate, "Authorization"},
		{response->sip_proxy_authenticate, "Proxy-Authorization"},
	};
	const char *best = NULL, *name = NULL;
	char value[CRED_ANSWER_MAX];
	int best_rank = -1, error = -ENOENT;

	for (unsigned i = 0; i < 2; i++) {
		for (const msg_auth_t *h = kind[i].header; h; h = h->au_next) {
			const char *text = cred_header_text(home, h);

			if (!text)
				return -ENOMEM;
			error = -ENOTSUP;
			if (cred_challenge_rank(text) <= best_rank)
				continue;
			best_rank = cred_challenge_rank(text);
			best = text;
			name = kind[i].answer;
		}
	}
	if (!best)
		return error;
	error = cred_answer(value, best, method, uri, user, password, nc);
	if (error)
		return error;
	*out = su_sprintf(home, "%s: %s\r\n", name, value);
	return *out ? 0 : -ENOMEM;
}
