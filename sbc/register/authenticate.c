/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who sends this request? Challenges as `phones.digest` says, SHA-256 first
 * (RFC 8760); an unknown user and a wrong password meet the same answer.
 */
#include "config.h"

#include <string.h>

#include "sbc/register/registrar_parts.h"
#include "sbc/report/status.h"
#include "sbc/sip/cred_header.h"

#define USER_MAX	  64
#define REFUSED_PERIOD_MS 1000
#define REFUSED_BURST	  5

void registrar_refused(struct registrar *registrar, const char *event,
		       const char *user, const struct sockaddr *source,
		       unsigned status, const char *reason)
{
	uint64_t now_ms = agent_now_ms();
	struct status_line line;

	if (now_ms - registrar->refused_since_ms >= REFUSED_PERIOD_MS) {
		registrar->refused_since_ms = now_ms;
		registrar->refused_said = 0;
	}
	if (registrar->refused_said >= REFUSED_BURST) {
		registrar->refused_unsaid++;
		return;
	}
	registrar->refused_said++;
	status_begin(&line, NULL, '-', "phones", event);
	status_text(&line, "user", user);
	status_address(&line, "source", source);
	status_number(&line, "status", status);
	status_text(&line, "reason", reason);
	if (registrar->refused_unsaid)
		status_number(&line, "unsaid", registrar->refused_unsaid);
	status_end(&line);
	registrar->refused_unsaid = 0;
}

static void answer_challenge(struct registrar *registrar, nta_incoming_t *irq,
			     const struct sockaddr *source, bool proxy,
			     bool stale)
{
	struct cred *cred = registrar->agent->cred;
	char sha256[CRED_CHALLENGE_MAX], md5[CRED_CHALLENGE_MAX];
	uint64_t now_ms = agent_now_ms();
	enum policy_digest digest =
		policy_phones(registrar->agent->policy)->digest;

	if (cred_challenge(cred, CRED_SHA256, source, now_ms, stale, sha256) ||
	    cred_challenge(cred, CRED_MD5, source, now_ms, stale, md5))
		nta_incoming_treply(irq, SIP_500_INTERNAL_SERVER_ERROR,
				    TAG_END());
	else if (proxy)
		nta_incoming_treply(
			irq, SIP_407_PROXY_AUTH_REQUIRED,
			TAG_IF(digest != POLICY_DIGEST_MD5,
			       SIPTAG_PROXY_AUTHENTICATE_STR(sha256)),
			TAG_IF(digest != POLICY_DIGEST_SHA256,
			       SIPTAG_PROXY_AUTHENTICATE_STR(md5)),
			TAG_END());
	else
		nta_incoming_treply(irq, SIP_401_UNAUTHORIZED,
				    TAG_IF(digest != POLICY_DIGEST_MD5,
					   SIPTAG_WWW_AUTHENTICATE_STR(sha256)),
				    TAG_IF(digest != POLICY_DIGEST_SHA256,
					   SIPTAG_WWW_AUTHENTICATE_STR(md5)),
				    TAG_END());
	nta_incoming_destroy(irq);
}

static bool is_for_realm(const msg_auth_t *header, const char *realm)
{
	const char *value = msg_params_find(header->au_params, "realm=");
	size_t len = strlen(realm);

	if (!value)
		return false;
	if (*value != '"')
		return !strcmp(value, realm);
	return !strncmp(value + 1, realm, len) &&
	       !strcmp(value + 1 + len, "\"");
}

/* Phones may carry credentials of other realms too: ours are looked for. */
static const msg_auth_t *pick(const msg_auth_t *header, const char *realm)
{
	for (const msg_auth_t *it = header; it; it = it->au_next)
		if (is_for_realm(it, realm))
			return it;
	return header;
}

/* The account that these credentials name; NULL: none. `name` is always
 * filled, for the status line. */
static const struct policy_user *account(struct registrar *registrar,
					 const char *value, char name[USER_MAX])
{
	if (cred_username(value, name, USER_MAX)) {
		name[0] = '\0';
		return NULL;
	}
	/* Some phones put their whole address there. */
	const struct policy_user *user =
		policy_user(registrar->agent->policy, name);
	char *at = strchr(name, '@');
	if (user || !at)
		return user;
	*at = '\0';
	return policy_user(registrar->agent->policy, name);
}

static const struct policy_user *judge(struct registrar *registrar,
				       nta_incoming_t *irq, const sip_t *sip,
				       const struct sockaddr *source,
				       bool proxy, const char *value)
{
	const char *event = sip->sip_request->rq_method == sip_method_register
				    ? "register-refused"
				    : "call-refused";
	unsigned challenge = proxy ? 407 : 401;
	char name[USER_MAX];
	const struct policy_user *user = account(registrar, value, name);

	switch (cred_check(
		registrar->agent->cred, value, sip->sip_request->rq_method_name,
		user ? user->password : NULL, source, agent_now_ms())) {
	case CRED_GOOD:
		if (user)
			return user;
		break;
	case CRED_STALE:
		answer_challenge(registrar, irq, source, proxy, true);
		return NULL;
	case CRED_BAD:
		break;
	case CRED_BROKEN:
		registrar_refused(registrar, event, name, source, 400,
				  "credentials cannot be read");
		nta_incoming_treply(irq, 400, "Credentials Cannot Be Read",
				    TAG_END());
		nta_incoming_destroy(irq);
		return NULL;
	}
	registrar_refused(registrar, event, name, source, challenge,
			  "unknown user or wrong password");
	answer_challenge(registrar, irq, source, proxy, false);
	return NULL;
}

const struct policy_user *registrar_challenge(struct registrar *registrar,
					      nta_incoming_t *irq,
					      const sip_t *sip,
					      const struct sockaddr *source,
					      bool proxy)
{
	const struct policy_phones *phones =
		policy_phones(registrar->agent->policy);
	const msg_auth_t *header = sip->sip_authorization;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const struct policy_user *user = NULL;

	if (!phones || !registrar->agent->cred) {
		nta_incoming_treply(irq, SIP_403_FORBIDDEN, TAG_END());
		nta_incoming_destroy(irq);
		return NULL;
	}
	if (proxy && sip->sip_proxy_authorization)
		header = sip->sip_proxy_authorization;
	header = header ? pick(header, phones->realm) : NULL;
	char *value = header ? cred_header_text(home, header) : NULL;
	if (value)
		user = judge(registrar, irq, sip, source, proxy, value);
	else
		answer_challenge(registrar, irq, source, proxy, false);
	su_home_deinit(home);
	return user;
}

const struct policy_user *registrar_authenticate(struct registrar *registrar,
						 nta_incoming_t *irq,
						 const sip_t *sip,
						 const struct sockaddr *source)
{
	return registrar_challenge(registrar, irq, sip, source, true);
}
