/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A REGISTER of ours put together, its challenge answered. */
#include "config.h"

#include "sbc/register/words.h"

#include <stdio.h>
#include <string.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/sip/cred.h"
#include "sbc/sip/cred_header.h"

static char *write_answer(struct words *words, char out[CRED_ANSWER_MAX])
{
	if (!words->challenge[0] ||
	    cred_answer(out, words->challenge, "REGISTER", words->uri,
			words->user, words->password, ++words->nc))
		return NULL;
	return out;
}

nta_outgoing_t *words_send(struct words *words, msg_t *msg, unsigned expires_s,
			   nta_response_f *callback,
			   nta_outgoing_magic_t *magic)
{
	char from[sizeof(words->aor) + 32], contact[sizeof(words->contact) + 2];
	char cseq[32], expires[16], answer[CRED_ANSWER_MAX];
	char *credentials = write_answer(words, answer);
	nta_outgoing_t *orq = NULL;

	snprintf(from, sizeof(from), "%s;tag=%s", words->aor, words->tag);
	snprintf(contact, sizeof(contact), "<%s>", words->contact);
	snprintf(cseq, sizeof(cseq), "%u REGISTER", ++words->cseq);
	snprintf(expires, sizeof(expires), "%u", expires_s);
	if (sip_add_tl(msg, sip_object(msg), SIPTAG_FROM_STR(from),
		       SIPTAG_TO_STR(words->aor),
		       SIPTAG_CALL_ID_STR(words->call_id),
		       SIPTAG_CSEQ_STR(cseq), SIPTAG_CONTACT_STR(contact),
		       SIPTAG_EXPIRES_STR(expires),
		       TAG_IF(credentials && !words->proxy,
			      SIPTAG_AUTHORIZATION_STR(credentials)),
		       TAG_IF(credentials && words->proxy,
			      SIPTAG_PROXY_AUTHORIZATION_STR(credentials)),
		       TAG_END()) >= 0 &&
	    nta_msg_request_complete(msg, words->leg, SIP_METHOD_REGISTER,
				     (url_string_t *)words->uri) >= 0)
		orq = nta_outgoing_mcreate(
			words->nta, callback, magic,
			(url_string_t *)words->route, msg,
			TAG_IF(words->ident[0], TPTAG_IDENT(words->ident)),
			TAG_END());
	if (!orq)
		msg_destroy(msg);
	return orq;
}

bool words_take_challenge(struct words *words, const sip_t *sip, bool *stale)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	bool proxy = sip->sip_status->st_status == 407;
	const msg_auth_t *it =
		proxy ? sip->sip_proxy_authenticate : sip->sip_www_authenticate;
	int best = -1;

	for (unsigned n = 0; it && n < 8; it = it->au_next, n++) {
		char *text = cred_header_text(home, it);
		int rank = text ? cred_challenge_rank(text) : -1;
		if (rank <= best || strlen(text) >= sizeof(words->challenge))
			continue;
		best = rank;
		strcpy(words->challenge, text);
		*stale = cred_challenge_is_stale(text);
	}
	if (best >= 0) {
		words->proxy = proxy;
		words->nc = 0;
	}
	su_home_deinit(home);
	return best >= 0;
}

/* --- leaving --- */

/* Lives in the memory of its own request, so that it ends with it whatever
 * ends it: the trunk is gone by then. */
struct farewell {
	struct words words;
};

static int on_farewell(nta_outgoing_magic_t *magic, nta_outgoing_t *orq,
		       const sip_t *sip)
{
	struct farewell *farewell = (struct farewell *)magic;
	int status = sip ? sip->sip_status->st_status : 408;
	bool stale;

	if (status < 200)
		return 0;
	if ((status == 401 || status == 407) && !nta_sip_is_internal(sip) &&
	    farewell->words.password[0] &&
	    words_take_challenge(&farewell->words, sip, &stale)) {
		msg_t *msg = nta_msg_create(farewell->words.nta, 0);
		if (msg)
			nta_outgoing_destroy(words_send(&farewell->words, msg,
							0, NULL, NULL));
	}
	nta_outgoing_destroy(orq);
	return 0;
}

void words_farewell(const struct words *words)
{
	msg_t *msg;

	if (!words->nta)
		return;
	msg = nta_msg_create(words->nta, 0);
	if (!msg)
		return;
	struct farewell *farewell = su_alloc(msg_home(msg), sizeof(*farewell));
	if (!farewell) {
		msg_destroy(msg);
		return;
	}
	farewell->words = *words;
	words_send(&farewell->words, msg, 0, on_farewell,
		   (nta_outgoing_magic_t *)farewell);
}
