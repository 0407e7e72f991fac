/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session timers: what is decided. Nothing here knows a leg. */
#include "config.h"

#include "sbc/sip/refresh.h"

#include <stdio.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>

static unsigned refresh_seconds(unsigned long delta)
{
	return delta > REFRESH_MAX_S ? REFRESH_MAX_S : (unsigned)delta;
}

void refresh_read(struct refresh_terms *out, const sip_t *sip)
{
	const sip_session_expires_t *x = sip->sip_session_expires;

	memset(out, 0, sizeof(*out));
	if (x) {
		out->expires_s = refresh_seconds(x->x_delta);
		if (x->x_refresher && su_casematch(x->x_refresher, "uac"))
			out->refresher = REFRESH_UAC;
		else if (x->x_refresher && su_casematch(x->x_refresher, "uas"))
			out->refresher = REFRESH_UAS;
	}
	if (sip->sip_min_se)
		out->min_se_s = refresh_seconds(sip->sip_min_se->min_delta);
	out->required =
		sip->sip_require && sip_has_feature(sip->sip_require, "timer");
	out->supported =
		out->required || (sip->sip_supported &&
				  sip_has_feature(sip->sip_supported, "timer"));
}

void refresh_write(char out[REFRESH_LINES_MAX],
		   const struct refresh_terms *terms, bool answer)
{
	size_t len = 0;

	out[0] = '\0';
	if (!terms->expires_s)
		return;
	len = (size_t)snprintf(
		out, REFRESH_LINES_MAX, "Session-Expires: %u%s\r\n",
		terms->expires_s,
		terms->refresher == REFRESH_UAC	  ? ";refresher=uac"
		: terms->refresher == REFRESH_UAS ? ";refresher=uas"
						  : "");
	if (!answer && terms->min_se_s > REFRESH_MIN_S)
		len += (size_t)snprintf(out + len, REFRESH_LINES_MAX - len,
					"Min-SE: %u\r\n", terms->min_se_s);
	if (answer && terms->required)
		snprintf(out + len, REFRESH_LINES_MAX - len,
			 "Require: timer\r\n");
}

static bool refresh_able(const struct refresh_means *means)
{
	return means->update || means->reinvite;
}

void refresh_offer(struct refresh_terms *out, const struct refresh_means *means,
		   const struct refresh_session *now, bool first)
{
	bool ours = now->ours && refresh_able(means);

	memset(out, 0, sizeof(*out));
	if (!means->wanted)
		return;
	out->supported = true;
	out->expires_s = first ? means->expires_s : now->expires_s;
	if (!out->expires_s)
		return;
	if (out->expires_s < means->min_se_s)
		out->expires_s = means->min_se_s;
	out->min_se_s = means->min_se_s;
	/* What its Allow says is not known yet: only a peer that may have
	 * re-INVITEs is left the choice. */
	if (first)
		out->refresher = means->reinvite ? REFRESH_NOBODY : REFRESH_UAS;
	else
		out->refresher = ours ? REFRESH_UAC : REFRESH_UAS;
}

unsigned refresh_judge(struct refresh_terms *answer,
		       const struct refresh_means *means,
		       const struct refresh_session *now,
		       const struct refresh_terms *asked)
{
	enum refresh_who who = asked->refresher;

	memset(answer, 0, sizeof(*answer));
	if (!means->wanted)
		return 0;
	if (asked->expires_s && asked->expires_s < means->min_se_s)
		/* Without "timer" a 422 would not be understood (section 9). */
		return asked->supported ? 422 : 0;
	answer->expires_s =
		asked->expires_s ? asked->expires_s : now->expires_s;
	if (!answer->expires_s)
		return 0;
	if (answer->expires_s < asked->min_se_s)
		answer->expires_s = asked->min_se_s;
	if (!asked->supported && !now->expires_s)
		who = REFRESH_UAS; /* a proxy asks, its client cannot */
	else if (who == REFRESH_NOBODY)
		who = now->expires_s && now->ours ? REFRESH_UAS : REFRESH_UAC;
	if (who == REFRESH_UAS && !refresh_able(means)) {
		if (!asked->required &&
		    (asked->refresher == REFRESH_UAS || !asked->supported)) {
			answer->expires_s = 0;
			return 0;
		}
		who = REFRESH_UAC;
	}
	answer->refresher = who;
	answer->supported = true;
	answer->required = who == REFRESH_UAC && asked->supported;
	return 0;
}

void refresh_settle(struct refresh_session *now,
		    const struct refresh_terms *sent,
		    const struct refresh_terms *answer, bool first)
{
	enum refresh_who who = answer->refresher;

	if (!sent->supported) {
		now->expires_s = 0;
	} else if (answer->expires_s) {
		if (who == REFRESH_NOBODY)
			who = sent->refresher == REFRESH_NOBODY
				      ? REFRESH_UAC
				      : sent->refresher;
		/* Less than any Min-SE is a mistake that would cost a request
		 * every moment. */
		now->expires_s = answer->expires_s < REFRESH_MIN_S
					 ? REFRESH_MIN_S
					 : answer->expires_s;
		now->ours = who == REFRESH_UAC;
	} else if (first || !now->ours) {
		now->expires_s = 0; /* section 7.2: nobody expects any */
	}
}

void refresh_grant(struct refresh_session *now,
		   const struct refresh_terms *answer)
{
	now->expires_s = answer->expires_s;
	now->ours = answer->refresher == REFRESH_UAS;
}

uint64_t refresh_due_ms(const struct refresh_session *now)
{
	return (uint64_t)now->expires_s * 500;
}

uint64_t refresh_expiry_ms(const struct refresh_session *now)
{
	unsigned grace_s = now->expires_s / 3;

	if (grace_s > 32)
		grace_s = 32;
	return (uint64_t)(now->expires_s - grace_s) * 1000;
}

unsigned refresh_screen(const struct policy_peer *peer, const sip_t *sip,
			unsigned *min_se_s)
{
	struct refresh_means means = {.wanted = peer->session_timer !=
						POLICY_TIMER_OFF,
				      .min_se_s = peer->min_se_s};
	struct refresh_session none = {0, false};
	struct refresh_terms asked, answer;

	refresh_read(&asked, sip);
	*min_se_s = means.min_se_s;
	return refresh_judge(&answer, &means, &none, &asked);
}
