/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What leg a hears of a branch that rings or answers. */
#include "config.h"

#include "sbc/call/answer.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/sip_status.h>

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"
#include "sbc/call/modify.h"
#include "sbc/text.h"

/* Both legs of an answer. */
struct answer {
	struct call *call;
	struct leg *b;
	struct said said_a, said_b;
	bool keeps;	 /* leg a has its codec already */
	unsigned status; /* why it cannot be told to leg a */
	const char *cause;
};

static void answer_begin(struct answer *answer, struct call *call,
			 struct leg *b)
{
	answer->call = call;
	answer->b = b;
	answer->keeps = false;
	answer->status = 502;
	answer->cause = "answer-unusable";
	said_begin(&answer->said_a, call->a);
	said_begin(&answer->said_b, b);
}

/* Leg a's INVITE had no SDP: ours in the answer is the offer. */
static int answer_by_offer(struct answer *answer, const struct body *chosen)
{
	struct call *call = answer->call;
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	int error;

	call_rules(call->a, &rules);
	if (answer->b->peer->delayed_offer == POLICY_DELAYED_KEEP) {
		if (!answer->b->offer.local) /* no codec that both take */
			return -ENOTSUP;
		call_rules_session(call, call->a, &rules);
	}
	error = path_place(call, call->a, answer->b, chosen, place);
	if (!error)
		error = call_keep_fax(call->a, chosen, place);
	if (!error)
		error = offer_write_offer(&call->a->offer, chosen, &rules.rules,
					  place);
	return error;
}

static int answer_by_answer(struct answer *answer, const struct body *chosen,
			    const struct body *theirs)
{
	struct call *call = answer->call;
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	int error = path_place(call, call->a, answer->b,
			       call->path.anchored ? theirs : chosen, place);

	if (error)
		return error;
	call_rules(call->a, &rules);
	/* The writer sees to it that the answer is within the offer. */
	for (unsigned i = 0; i < theirs->medias && i < chosen->medias; i++)
		place[i].direction =
			call_hold_told(call->a, call->path.anchored,
				       chosen->media[i].direction);
	return offer_write_answer(&call->a->offer, theirs, chosen, &rules.rules,
				  place);
}

/* What both have said is in force. */
static void answer_join(struct answer *answer, const struct body *chosen,
			const struct body *theirs)
{
	struct call *call = answer->call;

	call->told = answer->b;
	if (call->path.session) {
		path_target_said(call, &answer->said_b, chosen);
		if (theirs)
			path_target_said(call, &answer->said_a, theirs);
	}
	if (!answer->keeps) {
		call_note_codec(call, chosen);
		/* A branch before this one may have had the other. */
		call->path.law[PATH_A] = call->path.law[PATH_B] = NULL;
	}
	path_flows_said(call, &answer->said_a, &answer->said_b);
}

/*
 * Leg a has had its one answer, in a reliable 18x (RFC 3262 section 5), and
 * `kept` is that: b's other one is not said to it. Where the two have no codec
 * in common, and none to convert, it is kept from early media; in the end leg a
 * is told by re-INVITE, or, where it takes none, in the 2xx all the same.
 * False: nothing is to be said, and nothing has changed.
 */
static bool answer_keep(struct answer *answer, char **kept, bool final)
{
	struct call *call = answer->call;
	bool other = strcmp(*kept, call->a->offer.local) != 0;
	bool joins = path_note_law(call, &answer->said_b);

	if (other && final && !joins)
		call->untold = learn_allows(call->agent->learn, call->a->peer,
					    LEARN_REINVITE);
	if (other && (joins || !final || call->untold)) {
		offer_unsaid(&call->a->offer, kept);
		said_rewritten(&answer->said_a);
	}
	answer->keeps = joins;
	return joins || final || !other;
}

/*
 * Leg a's body from what b said. NULL: none can be written, answer->status
 * says why; then nothing has changed.
 */
static const char *answer_write(struct answer *answer, struct body_span sdp,
				bool final)
{
	struct call *call = answer->call;
	const struct body *chosen, *theirs = NULL;
	char *kept = NULL;
	int error = 0;

	if (said_hear(&answer->said_b, sdp))
		return NULL;
	chosen = said_remote(&answer->said_b);
	if (call->a->reliable.told)
		error = offer_save(&call->a->offer, &kept);
	if (!secure_answered(&answer->said_b, chosen)) {
		error = -EPROTONOSUPPORT;
	} else if (!error && !call->delayed_offer) {
		theirs = said_remote(&answer->said_a);
		error = theirs ? answer_by_answer(answer, chosen, theirs)
			       : -EPROTO;
	} else if (!error) {
		error = answer_by_offer(answer, chosen);
	}
	said_rewritten(&answer->said_a);
	if (error) {
		offer_forget(&kept);
		answer->status = 503;
		if (error == -ENOTSUP || error == -EPROTONOSUPPORT)
			answer->status = 488;
		if (error == -EPROTONOSUPPORT)
			answer->cause = "srtp";
		return NULL;
	}
	if (kept && !answer_keep(answer, &kept, final))
		return NULL;
	offer_forget(&kept);
	if (offer_remember(&answer->b->offer, sdp.text, sdp.len))
		return NULL;
	answer_join(answer, chosen, theirs);
	return call->a->offer.local;
}

/* Said already by an earlier answer of the same branch, and what leg a was
 * told last? */
static bool answer_is_told(const struct call *call, const struct leg *b,
			   struct body_span sdp)
{
	return call->told == b && b->offer.remote &&
	       b->offer.remote_len == sdp.len &&
	       !memcmp(b->offer.remote, sdp.text, sdp.len);
}

/* --- it rings ------------------------------------------------------------ */

void answer_progress(struct call *call, struct leg *branch,
		     const struct leg_event *event)
{
	const char *sdp = NULL;
	struct status_line line;
	struct answer answer;

	if (event->sdp.len && !call->delayed_offer) {
		answer_begin(&answer, call, branch);
		sdp = answer_is_told(call, branch, event->sdp)
			      ? call->a->offer.local
			      : answer_write(&answer, event->sdp, false);
		/* Early media that cannot be told to a is not worth a call. */
	}
	if (call->status.state == STATUS_TRYING) {
		call->status.state = STATUS_RINGING;
		call_status(call, &line, branch, "call-ring");
		status_text(&line, "number", call->hunt->now->number);
		status_number(&line, "status", event->status);
		status_text(&line, "early_media", sdp ? "yes" : "no");
		status_end(&line);
	}
	leg_progress(call->a, event->status,
		     sip_status_phrase(event->status)
			     ? sip_status_phrase(event->status)
			     : "Session Progress",
		     sdp);
}

/* --- it answered --------------------------------------------------------- */

static void answer_line(struct answer *answer)
{
	struct call *call = answer->call;
	struct status_line line;

	call_status(call, &line, call->b, "call-answer");
	status_text(&line, "number", call->status.b.number);
	status_text(&line, "class", policy_class_name(call->plan.class));
	status_text(&line, "anchor", call->plan.anchored ? "yes" : "no");
	status_text(&line, "anchor_why", call->plan.anchor_why);
	status_text(&line, "codec_a", call->status.a.codec);
	status_text(&line, "codec_b", call->status.b.codec);
	status_text(&line, "encryption_a", call->status.a.encryption);
	status_text(&line, "encryption_b", call->status.b.encryption);
	status_text(&line, "srtp", call->b->offer.ended ? "here" : "passed");
	status_number(
		&line, "wait_ms",
		(int64_t)(call->status.answered_ms - call->status.started_ms));
	call_report_told(call, &line, &answer->said_a, &answer->said_b);
	status_end(&line);
}

static void answer_refuse(struct call *call, const struct answer *answer)
{
	char warning[160];
	struct leg_refusal refusal = {
		.status = answer->status,
		.retry_after_s = answer->status == 503 ? CALL_RETRY_S : 0,
	};

	if (!strcmp(answer->cause, "srtp"))
		refusal.warning =
			secure_warning(call->a, warning, sizeof(warning));
	call_refuse(call, &refusal, "b", answer->cause);
}

/* The live table's view of a call that is up. */
static void answer_show(struct call *call)
{
	struct status_call *status = &call->status;

	status->state = STATUS_ESTABLISHED;
	status->answered_ms = agent_now_ms();
	status->media = call->path.session;
	status->slots = call->path.slots;
	text_copy(status->b.peer, sizeof(status->b.peer), call->b->peer->name);
	text_copy(status->b.network, sizeof(status->b.network),
		  call->b->at->policy->name);
	status->b.signalling = call->b->remote;
}

void answer_accepted(struct call *call, struct leg *branch,
		     const struct leg_event *event)
{
	struct body_span sdp = event->sdp;
	const char *text = call->a->offer.local;
	struct answer answer;

	hunt_win(call->hunt, branch);
	call->b = branch;
	text_copy(call->status.b.number, sizeof(call->status.b.number),
		  call->hunt->now->number);
	hunt_free(call->hunt);
	call->hunt = NULL;
	/* A 2xx without SDP repeats what its own 18x said; one that comes
	 * without any is no answer to our offer. */
	if (!sdp.len && branch->offer.remote)
		sdp = (struct body_span){branch->offer.remote,
					 branch->offer.remote_len};
	answer_begin(&answer, call, branch);
	if (!answer_is_told(call, branch, sdp))
		text = answer_write(&answer, sdp, true);
	if (!text) {
		answer_refuse(call, &answer);
		return;
	}
	call->state = CALL_ANSWERED;
	answer_show(call);
	call_describe_said(call, &answer.said_a, &answer.said_b);
	answer_line(&answer);
	if (path_is_quiet(call, call->a))
		modify_fill(call, call->a);
	if (path_is_quiet(call, call->b))
		modify_fill(call, call->b);
	call->a->answer_due = call->delayed_offer;
	leg_answer(call->a, text);
}
