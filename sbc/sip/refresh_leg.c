/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session timers: what a leg does about them.
 *
 * One timer a leg, made when the first interval is agreed:
 *   we refresh     SE/2 after the last one; refused with 491: after 14.1's
 *                  wait; the leg is busy: after REFRESH_BUSY_MS
 *   they refresh   SE - min(32, SE/3) after the last one: LEG_EXPIRED
 * A refusal that is an answer (501, 405, ...) proves that somebody is there:
 * the call goes on, and the owner is told.
 */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/call/learn.h"
#include "sbc/sip/glare.h"
#include "sbc/sip/ready.h"

#define REFRESH_BUSY_MS 1000

static void refresh_means(const struct leg *leg, struct refresh_means *out)
{
	const struct policy_peer *peer = leg->peer;
	const struct refresh *refresh = &leg->refresh;

	*out = (struct refresh_means){
		.wanted = peer->session_timer != POLICY_TIMER_OFF &&
			  !refresh->hopeless,
		.expires_s = peer->session_timer == POLICY_TIMER_FORWARD
				     ? refresh->relayed_s
				     : peer->session_expires_s,
		.min_se_s = peer->min_se_s > refresh->min_se_s
				    ? peer->min_se_s
				    : refresh->min_se_s,
		.update = refresh->update && learn_allows(leg->at->agent->learn,
							  peer, LEARN_UPDATE),
		.reinvite = peer->reinvite == POLICY_FORWARD,
	};
}

static void refresh_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			     void *arg);

static void refresh_in(struct leg *leg, uint64_t ms)
{
	struct refresh *refresh = &leg->refresh;

	if (!refresh->timer)
		refresh->timer =
			su_timer_create(su_root_task(leg->at->agent->root), 0);
	if (refresh->timer)
		su_timer_set_interval(refresh->timer, refresh_on_timer, leg,
				      (su_duration_t)(ms ? ms : 1));
}

/* What is agreed holds from now. */
static void refresh_run(struct leg *leg)
{
	struct refresh *refresh = &leg->refresh;

	refresh->heard_ms = agent_now_ms();
	if (!refresh->now.expires_s) {
		if (refresh->timer)
			su_timer_reset(refresh->timer);
		return;
	}
	refresh_in(leg, refresh->now.ours ? refresh_due_ms(&refresh->now)
					  : refresh_expiry_ms(&refresh->now));
}

void refresh_stop(struct leg *leg)
{
	if (leg->refresh.timer)
		su_timer_reset(leg->refresh.timer);
}

void refresh_clear(struct leg *leg)
{
	if (leg->refresh.timer)
		su_timer_destroy(leg->refresh.timer);
	if (leg->refresh.out)
		nta_outgoing_destroy(leg->refresh.out);
	leg->refresh.timer = NULL;
	leg->refresh.out = NULL;
}

/* --- their requests ------------------------------------------------------ */

/* Their Allow: of a request or of a 2xx. */
static void refresh_allow(struct leg *leg, const sip_t *sip)
{
	if (!sip->sip_allow)
		return;
	leg->refresh.update = sip_is_allowed(sip->sip_allow, SIP_METHOD_UPDATE);
	leg->refer_unknown = !sip_is_allowed(sip->sip_allow, SIP_METHOD_REFER);
}

unsigned refresh_asked(struct leg *leg, const sip_t *sip, bool update)
{
	struct refresh *refresh = &leg->refresh;
	struct refresh_means means;
	struct refresh_terms asked;

	refresh_allow(leg, sip);
	refresh_read(&asked, sip);
	refresh_means(leg, &means);
	means.min_se_s = leg->peer->min_se_s;
	means.wanted = leg->peer->session_timer != POLICY_TIMER_OFF;
	return refresh_judge(&refresh->answer[update], &means, &refresh->now,
			     &asked);
}

void refresh_answer(struct leg *leg, bool update, char out[REFRESH_LINES_MAX])
{
	struct refresh *refresh = &leg->refresh;

	out[0] = '\0';
	if (leg->state != LEG_ANSWERED && leg->state != LEG_ESTABLISHED)
		return; /* an early UPDATE */
	refresh_write(out, &refresh->answer[update], true);
	refresh_grant(&refresh->now, &refresh->answer[update]);
	refresh->failing = false;
	refresh_run(leg);
}

/* --- our requests -------------------------------------------------------- */

void refresh_request(struct leg *leg, char out[REFRESH_LINES_MAX])
{
	struct refresh *refresh = &leg->refresh;
	bool first = leg->state == LEG_CALLING || leg->state == LEG_EARLY;
	struct refresh_means means;

	refresh_means(leg, &means);
	refresh_offer(&refresh->sent, &means, &refresh->now, first);
	refresh_write(out, &refresh->sent, false);
}

void refresh_accepted(struct leg *leg, const sip_t *sip, bool first)
{
	struct refresh *refresh = &leg->refresh;
	struct refresh_terms answer;

	refresh_allow(leg, sip);
	refresh_read(&answer, sip);
	refresh_settle(&refresh->now, &refresh->sent, &answer, first);
	refresh->raises = 0;
	refresh->failing = false;
	refresh_run(leg);
}

bool refresh_raise(struct leg *leg, const sip_t *sip)
{
	struct refresh *refresh = &leg->refresh;
	struct refresh_terms said;

	if (refresh->raises++ >= REFRESH_RAISES_MAX || !refresh->sent.supported)
		return false;
	refresh_read(&said, sip);
	/* One that names no more than we offered cannot be pleased: without a
	 * timer then. */
	if (said.min_se_s > refresh->sent.expires_s)
		refresh->min_se_s = said.min_se_s;
	else
		refresh->hopeless = true;
	return true;
}

/* --- refreshing ---------------------------------------------------------- */

static void refresh_told(struct leg *leg, unsigned status, bool update,
			 struct body_span sdp, const sip_t *sip)
{
	leg_emit(leg, &(struct leg_event){.kind = LEG_REFRESHED,
					  .status = status,
					  .phrase = sip_status_phrase(status),
					  .update = update,
					  .sdp = sdp,
					  .sip = sip});
}

static int refresh_on_answer(struct leg *leg, nta_outgoing_t *orq,
			     const sip_t *sip);

static int refresh_send_update(struct leg *leg, const char *credentials)
{
	struct refresh *refresh = &leg->refresh;
	nta_outgoing_t *old = refresh->out;
	char lines[REFRESH_LINES_MAX];

	refresh_request(leg, lines);
	refresh->out = nta_outgoing_tcreate(
		leg->dialog, refresh_on_answer, leg,
		(const url_string_t *)leg->route, SIP_METHOD_UPDATE,
		(const url_string_t *)leg->uri,
		SIPTAG_CONTACT_STR(leg->contact), SIPTAG_ALLOW(ready_allow()),
		SIPTAG_SUPPORTED(ready_supported(leg_supported(leg, true))),
		TAG_IF(lines[0], SIPTAG_HEADER_STR(lines)),
		TAG_IF(credentials, SIPTAG_HEADER_STR(credentials)),
		TPTAG_IDENT(leg->ident), TAG_END());
	if (old)
		nta_outgoing_destroy(old);
	refresh->update_ms = agent_now_ms();
	return refresh->out ? 0 : -EHOSTUNREACH;
}

/* One answer that is no 2xx: what now? The leg may be gone afterwards. */
static void refresh_judge_refusal(struct leg *leg, unsigned status, bool update)
{
	struct refresh *refresh = &leg->refresh;

	if (status == 491) {
		refresh_in(leg, glare_wait_ms(leg));
		return;
	}
	if (update && (status == 405 || status == 501)) {
		refresh->update = false; /* whatever its Allow said */
		if (leg->peer->reinvite == POLICY_FORWARD) {
			refresh_in(leg, 0);
			return;
		}
	}
	refresh->failing = true;
	refresh_run(leg);
	refresh_told(leg, status, update, (struct body_span){"", 0}, NULL);
}

void refresh_refused(struct leg *leg, unsigned status)
{
	leg->refresh.reinviting = false;
	refresh_judge_refusal(leg, status, false);
}

static int refresh_on_answer(struct leg *leg, nta_outgoing_t *orq,
			     const sip_t *sip)
{
	struct refresh *refresh = &leg->refresh;
	unsigned status = nta_outgoing_status(orq);
	const char *credentials = NULL;
	bool again = false;

	if (status < 200 || orq != refresh->out)
		return 0;
	if (sip && (status == 401 || status == 407))
		credentials =
			leg_credentials(leg, sip, "UPDATE", &leg->challenges);
	if (sip && status == 422)
		again = refresh_raise(leg, sip);
	if (leg->state == LEG_ESTABLISHED && (credentials || again) &&
	    !refresh_send_update(leg, credentials))
		return 0;
	nta_outgoing_destroy(refresh->out);
	refresh->out = NULL;
	if (leg->state != LEG_ESTABLISHED && leg->state != LEG_ANSWERED)
		return 0;
	if (status < 300 && sip) {
		leg->challenges = 0;
		leg_retarget(leg, sip, false);
		refresh_accepted(leg, sip, false);
		refresh_told(leg, status, true, (struct body_span){"", 0}, sip);
	} else if (status == 481) {
		/* RFC 3261 12.2.1.2: the far end has no such dialog. */
		leg_ended(leg, &(struct leg_event){.kind = LEG_HUNG_UP,
						   .status = status,
						   .sip = sip});
	} else if (status == 408 || !sip) {
		/* It may still have one, and gets a BYE (RFC 4028 10). */
		leg_emit(leg, &(struct leg_event){.kind = LEG_HUNG_UP,
						  .status = 408,
						  .update = true,
						  .sip = sip});
	} else {
		refresh_judge_refusal(leg, status, true);
	}
	return 0;
}

static uint64_t refresh_silent_ms(const struct leg *leg)
{
	return agent_now_ms() - leg->refresh.heard_ms;
}

static void refresh_now(struct leg *leg)
{
	struct refresh_means means;
	int error;

	if (!leg_is_idle(leg)) {
		refresh_in(leg, REFRESH_BUSY_MS);
		return;
	}
	refresh_means(leg, &means);
	if (means.update) {
		leg->challenges = 0;
		error = refresh_send_update(leg, NULL);
	} else if (means.reinvite) {
		leg->refresh.reinviting = true;
		error = leg_reinvite(leg, "refresh");
		if (error)
			leg->refresh.reinviting = false;
	} else {
		/* They insisted that we refresh and let us do nothing. */
		refresh_run(leg);
		if (!leg->refresh.failing) {
			leg->refresh.failing = true;
			refresh_told(leg, 0, false, (struct body_span){"", 0},
				     NULL);
		}
		return;
	}
	/* Without any answer it is over when the session is. */
	refresh_in(leg, error ? REFRESH_BUSY_MS
			      : refresh_expiry_ms(&leg->refresh.now) -
					refresh_silent_ms(leg));
}

static void refresh_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			     void *arg)
{
	struct leg *leg = arg;
	struct refresh *refresh = &leg->refresh;
	uint64_t silent_ms = refresh_silent_ms(leg);

	(void)magic;
	(void)timer;
	if (!refresh->now.expires_s ||
	    (leg->state != LEG_ESTABLISHED && leg->state != LEG_ANSWERED))
		return;
	if (silent_ms >= refresh_expiry_ms(&refresh->now))
		leg_emit(leg, &(struct leg_event){.kind = LEG_EXPIRED});
	else if (refresh->now.ours)
		refresh_now(leg);
	else
		refresh_in(leg, refresh_expiry_ms(&refresh->now) - silent_ms);
}
