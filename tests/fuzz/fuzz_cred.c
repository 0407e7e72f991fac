/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/cred: the input is the value of an Authorization header and
 * of a challenge. Nobody's guess is good, and what we answer can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/cred.h"
#include "sbc/sip/cred_digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const char *challenge)
{
	char answer[CRED_ANSWER_MAX];
	struct cred_params params;
	int error = cred_answer(answer, challenge, "INVITE", "sip:1@h", "u\"s",
				"p", 1);

	if (cred_challenge_rank(challenge) >= 0 && error != 0 &&
	    strlen(challenge) < CRED_ANSWER_MAX / 2)
		abort();
	if (error != 0)
		return;
	if (strpbrk(answer, "\n") != NULL && strstr(answer, "\r\n") == NULL)
		abort();
	if (cred_params_read(&params, answer) != 0 ||
	    params.response.len < 32 || params.username.text == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cred *cred;
	static struct sockaddr_storage source;
	char *text = malloc(size + 1), user[64];

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (cred == NULL) {
		if (cred_new(&cred, "r", 1000) != 0)
			abort();
		address_parse(&source, "192.0.2.1", 5060);
	}
	if (cred_username(text, user, sizeof user) == 0 &&
	    strlen(user) >= sizeof user)
		abort();
	if (cred_check(cred, text, "REGISTER", "secret",
		       (struct sockaddr *)&source, 1) == CRED_GOOD)
		abort();
	cred_challenge_is_stale(text);
	check_answer(text);
	free(text);
	return 0;
}
