/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From sofia-sip's challenge headers to the text that cred reads, and back. */
#include "config.h"

#include "sbc/sip/challenge.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/su_strlst.h>

#include "sbc/sip/cred.h"

static const char *challenge_text(su_home_t *home, const msg_auth_t *header)
{
	const char *text = header->au_scheme;

	for (const msg_param_t *p = header->au_params; p && *p; p++) {
		const char *sep = p == header->au_params ? " " : ", ";

		text = su_strcat_all(home, text, sep, *p, NULL);
		if (!text)
			return NULL;
	}
	return text;
}

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
			const char *text = challenge_text(home, h);

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
