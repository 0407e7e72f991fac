/* SPDX-License-Identifier: GPL-3.0-or-later */
/* 100rel and PRACK, per leg. */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/sip/ready.h"

/* --- their INVITE -------------------------------------------------------- */

void reliable_asked(struct leg *leg, const sip_t *sip)
{
	struct reliable *reliable = &leg->reliable;
	bool must =
		sip->sip_require && sip_has_feature(sip->sip_require, "100rel");
	bool may = must || (sip->sip_supported &&
			    sip_has_feature(sip->sip_supported, "100rel"));

	if (leg->peer->prack == POLICY_PRACK_OFF)
		return;
	reliable->asked =
		must || (may && leg->peer->prack == POLICY_PRACK_REQUIRE);
	/* A reliable 18x to an INVITE without an offer would have to hold
	 * ours (RFC 3261 13.2.1), which only the answer gives us. */
	if (!leg_sdp(sip).len) {
		reliable->mute = must;
		reliable->asked = false;
	}
}

static void reliable_go_on(struct leg *leg);

static void reliable_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			      void *arg)
{
	struct leg *leg = arg;

	(void)magic;
	(void)timer;
	if (leg->state != LEG_INCOMING)
		return;
	if (!leg->reliable.open) {
		reliable_go_on(leg);
		return;
	}
	leg_refuse(leg, &(struct leg_refusal){.status = 504});
	leg_ended(leg, &(struct leg_event){.kind = LEG_UNPRACKED});
}

static void reliable_in(struct leg *leg, unsigned ms)
{
	struct reliable *reliable = &leg->reliable;

	if (!reliable->timer)
		reliable->timer =
			su_timer_create(su_root_task(leg->at->agent->root), 0);
	if (reliable->timer)
		su_timer_set_interval(reliable->timer, reliable_on_timer, leg,
				      (su_duration_t)ms);
}

/*
 * The PRACK; NULL: the library forgets the 18x, since the INVITE got its final
 * answer. What waits is sent from the timer: the library is in the middle of
 * this transaction, and the PRACK's answer goes first.
 */
static int reliable_on_prack(struct leg *leg, nta_reliable_t *rel,
			     nta_incoming_t *prack, const sip_t *sip)
{
	struct body_span sdp = prack ? leg_sdp(sip) : (struct body_span){"", 0};

	if (rel == leg->reliable.open)
		leg->reliable.open = NULL;
	nta_reliable_destroy(rel);
	if (!prack || leg->state != LEG_INCOMING)
		return 200;
	reliable_in(leg, 1);
	/* The library has taken it already: only what it says is left. */
	if (!sdp.len || leg->update_in || leg_from_stranger(leg, prack))
		return 200;
	/* A new offer (section 5): it is answered as an UPDATE's is. */
	leg->update_in = prack;
	leg_emit(leg, &(struct leg_event){.kind = LEG_OFFERED,
					  .update = true,
					  .sdp = sdp,
					  .sip = sip});
	return 0;
}

static bool reliable_send(struct leg *leg, unsigned status, const char *phrase,
			  const char *sdp)
{
	/* Its status is read anew: a CANCEL may just have ended it. */
	if (!leg->invite_in || nta_incoming_status(leg->invite_in) >= 200)
		return true;
	leg->reliable.open = nta_reliable_treply(
		leg->invite_in, reliable_on_prack, leg, (int)status, phrase,
		SIPTAG_CONTACT_STR(leg->contact), SIPTAG_ALLOW(ready_allow()),
		SIPTAG_SUPPORTED(ready_supported(leg_supported(leg, true))),
		TAG_IF(sdp, SIPTAG_CONTENT_TYPE(ready_sdp())),
		TAG_IF(sdp, SIPTAG_PAYLOAD_STR(sdp)), TAG_END());
	if (!leg->reliable.open)
		return false;
	reliable_in(leg, RELIABLE_PATIENCE_MS);
	leg->reliable.told |= sdp != NULL;
	return true;
}

static void reliable_forget_next(struct reliable *reliable)
{
	free(reliable->phrase);
	free(reliable->sdp);
	reliable->phrase = reliable->sdp = NULL;
	reliable->status = 0;
}

bool reliable_progress(struct leg *leg, unsigned status, const char *phrase,
		       const char *sdp)
{
	struct reliable *reliable = &leg->reliable;
	char *body;

	if (reliable->mute || reliable->answered)
		return true;
	if (!reliable->asked)
		return false;
	if (!reliable->open)
		return reliable_send(leg, status, phrase, sdp);
	/* The newest state is worth telling, and the newest body. */
	body = sdp ? strdup(sdp) : reliable->sdp;
	if (sdp)
		free(reliable->sdp);
	reliable->sdp = body;
	free(reliable->phrase);
	reliable->phrase = strdup(phrase);
	reliable->status = status;
	return true;
}

bool reliable_delays(struct leg *leg, const char *sdp)
{
	struct reliable *reliable = &leg->reliable;

	if (!reliable->open)
		return false;
	free(reliable->answer);
	reliable->answer = sdp ? strdup(sdp) : NULL;
	reliable->answered = true;
	return true;
}

static void reliable_go_on(struct leg *leg)
{
	struct reliable *reliable = &leg->reliable;
	unsigned status = reliable->status;
	char *phrase = reliable->phrase, *sdp = reliable->sdp;

	if (reliable->answered) {
		reliable->answered = false;
		leg_answer(leg, reliable->answer);
		return;
	}
	reliable->phrase = reliable->sdp = NULL;
	reliable->status = 0;
	if (status)
		reliable_send(leg, status, phrase ? phrase : "Ringing", sdp);
	free(phrase);
	free(sdp);
}

/* --- our INVITE ---------------------------------------------------------- */

enum reliable_order reliable_order(uint32_t last, uint32_t rseq)
{
	if (!last)
		return rseq ? RELIABLE_NEXT : RELIABLE_COPY;
	if (rseq <= last)
		return RELIABLE_COPY;
	return rseq == last + 1 ? RELIABLE_NEXT : RELIABLE_EARLY;
}

static struct reliable_fork *reliable_fork(struct leg *leg, const char *tag)
{
	struct reliable *reliable = &leg->reliable;

	for (unsigned i = 0; i < reliable->forks; i++)
		if (su_casematch(reliable->fork[i].tag, tag))
			return &reliable->fork[i];
	return NULL;
}

static struct reliable_fork *reliable_fork_new(struct leg *leg,
					       const sip_t *sip)
{
	struct reliable *reliable = &leg->reliable;
	struct reliable_fork *fork = &reliable->fork[reliable->forks];

	if (reliable->forks == RELIABLE_FORKS_MAX)
		return NULL;
	fork->dialog = nta_leg_tcreate(
		leg->at->nta, leg_on_request, leg,
		SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_FROM(sip->sip_from),
		SIPTAG_TO(sip->sip_to), SIPTAG_CSEQ(sip->sip_cseq), TAG_END());
	if (!fork->dialog)
		return NULL;
	nta_leg_client_reroute(fork->dialog, sip->sip_record_route,
			       sip->sip_contact, 1);
	fork->tag = su_strdup(leg->home, sip->sip_to->a_tag);
	if (!fork->tag) {
		nta_leg_destroy(fork->dialog);
		return NULL;
	}
	reliable->forks++;
	return fork;
}

static int reliable_on_prack_answer(struct leg *leg, nta_outgoing_t *orq,
				    const sip_t *sip);

static void reliable_send_prack(struct leg *leg, struct reliable_fork *fork,
				const char *credentials)
{
	nta_outgoing_t *old = fork->prack;

	fork->prack = nta_outgoing_tcreate(
		fork->dialog, reliable_on_prack_answer, leg,
		(const url_string_t *)leg->route, SIP_METHOD_PRACK,
		(const url_string_t *)leg->uri, SIPTAG_RACK_STR(fork->rack),
		TAG_IF(credentials, SIPTAG_HEADER_STR(credentials)),
		TPTAG_IDENT(leg->ident), TAG_END());
	if (old)
		nta_outgoing_destroy(old);
}

static int reliable_on_prack_answer(struct leg *leg, nta_outgoing_t *orq,
				    const sip_t *sip)
{
	unsigned status = nta_outgoing_status(orq);
	const char *credentials = NULL;
	struct reliable_fork *fork = NULL;

	for (unsigned i = 0; i < leg->reliable.forks; i++)
		if (leg->reliable.fork[i].prack == orq)
			fork = &leg->reliable.fork[i];
	if (!fork || status < 200)
		return 0;
	if (sip && (status == 401 || status == 407))
		credentials = leg_credentials(leg, sip, "PRACK", &fork->tries);
	if (credentials) {
		reliable_send_prack(leg, fork, credentials);
		return 0;
	}
	nta_outgoing_destroy(fork->prack);
	fork->prack = NULL;
	return 0;
}

bool reliable_heard(struct leg *leg, const sip_t *sip)
{
	struct reliable_fork *fork;
	uint32_t rseq;

	if (!sip->sip_rseq || !sip->sip_require || !sip->sip_to->a_tag ||
	    !sip_has_feature(sip->sip_require, "100rel"))
		return true;
	rseq = (uint32_t)sip->sip_rseq->rs_response;
	fork = reliable_fork(leg, sip->sip_to->a_tag);
	if (!fork)
		fork = reliable_fork_new(leg, sip);
	if (!fork)
		return true;
	if (reliable_order(fork->rseq, rseq) != RELIABLE_NEXT)
		return false;
	fork->rseq = rseq;
	/* It is not said again in the 2xx (RFC 3262 5). */
	if (!fork->sdp && leg_sdp(sip).len)
		fork->sdp = su_strndup(leg->home, leg_sdp(sip).text,
				       leg_sdp(sip).len);
	snprintf(fork->rack, sizeof(fork->rack), "%u %u INVITE", rseq,
		 leg->invite_cseq);
	fork->tries = 0;
	reliable_send_prack(leg, fork, NULL);
	return true;
}

static void reliable_drop_forks(struct reliable *reliable)
{
	for (unsigned i = 0; i < reliable->forks; i++) {
		struct reliable_fork *fork = &reliable->fork[i];

		if (fork->prack)
			nta_outgoing_destroy(fork->prack);
		if (fork->dialog)
			nta_leg_destroy(fork->dialog);
	}
	reliable->forks = 0;
}

bool reliable_won(struct leg *leg, const sip_t *sip)
{
	struct reliable_fork *fork = NULL;

	if (sip->sip_to->a_tag)
		fork = reliable_fork(leg, sip->sip_to->a_tag);
	if (fork) {
		nta_leg_destroy(leg->dialog);
		leg->dialog = fork->dialog;
		fork->dialog = NULL;
		if (leg->reliable.forks > 1)
			leg->reliable.answer_heard = fork->sdp;
	}
	reliable_drop_forks(&leg->reliable);
	return fork;
}

void reliable_clear(struct leg *leg)
{
	struct reliable *reliable = &leg->reliable;

	if (reliable->timer)
		su_timer_destroy(reliable->timer);
	reliable->timer = NULL;
	reliable_forget_next(reliable);
	free(reliable->answer);
	reliable->answer = NULL;
	reliable_drop_forks(reliable);
}
