/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a peer's media is encrypted: suites, their order, a key's lifetime. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/load.h"

/* RFC 3711 section 9.2: at most 2^48 packets a master key; less than 2^10
 * would be a rekey every few seconds. */
#define LIFETIME_MIN (UINT64_C(1) << 10)
#define LIFETIME_MAX (UINT64_C(1) << 48)

/* As registered (RFC 4568 section 6.2, RFC 6188, RFC 7714). */
static const char *const suites[] = {
	"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
	"AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
	"AEAD_AES_128_GCM",	   "AEAD_AES_256_GCM",
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))

static const char *suite_named(const char *name)
{
	for (size_t i = 0; i < SUITES; i++)
		if (strcasecmp(suites[i], name) == 0)
			return suites[i];
	return NULL;
}

static void read_suites(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	struct policy_peer *peer = &conf->peer;

	for (unsigned i = 0; i < conf->srtp_suites.count; i++) {
		const struct conf_text *item = &conf->srtp_suites.item[i];
		const char *name = suite_named(item->text);
		bool twice = false;

		if (!name) {
			struct suggest suggest = {.wanted = item->text};

			for (size_t k = 0; k < SUITES; k++)
				suggest_try(&suggest, suites[k]);
			load_hint(section->source, item->line,
				  suggest_best(&suggest),
				  "SRTP suite \"%.40s\" is not known",
				  item->text);
			continue;
		}
		for (unsigned k = 0; k < peer->srtp_suites; k++)
			twice |= peer->srtp_suite[k] == name;
		if (twice)
			load_error(section->source, item->line,
				   "SRTP suite \"%s\" stands here twice", name);
		else
			peer->srtp_suite[peer->srtp_suites++] = name;
	}
}

/* "2^31" or "1000000". False: it is neither, or out of range. */
static bool read_packets(uint64_t *out, const char *text)
{
	const char *digits = strncmp(text, "2^", 2) ? text : text + 2;
	uint64_t value = 0;

	if (!*digits || digits[strspn(digits, "0123456789")] ||
	    strlen(digits) > 15)
		return false;
	value = strtoull(digits, NULL, 10);
	if (digits != text)
		value = value > 48 ? 0 : UINT64_C(1) << value;
	*out = value;
	return value >= LIFETIME_MIN && value <= LIFETIME_MAX;
}

void load_srtp(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	struct policy_peer *peer = &conf->peer;
	const char *lifetime = conf->srtp_lifetime;

	peer->srtp_at = load_at(section, "srtp");
	read_suites(conf);
	if (lifetime && !read_packets(&peer->srtp_lifetime, lifetime))
		load_error(section->source,
			   load_key_line(section, "srtp_lifetime"),
			   "srtp_lifetime \"%.40s\" is no number of packets "
			   "from \"2^10\" to \"2^48\"",
			   lifetime);
	if (peer->srtp != POLICY_SRTP_PASS &&
	    peer->anchor == POLICY_ANCHOR_NEVER)
		load_error(section->source, load_key_line(section, "srtp"),
			   "SRTP can only end where media passes through us, "
			   "but \"anchor\" is never");
}
