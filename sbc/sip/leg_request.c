/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests inside the dialog that carry no offer: REFER, INFO, MESSAGE and
 * NOTIFY, theirs and ours. A few may be open at a time each way; every one of
 * theirs gets exactly one final answer, at the latest when the leg ends.
 */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/sip/ready.h"

/* A request of ours, kept so that a challenge can be answered. */
struct leg_sent {
	su_home_t home[1]; /* first: su_home_new */
	unsigned ticket, tries;
	nta_outgoing_t *orq;
	struct leg_message message; /* text in `home` */
};

/* --- theirs ------------------------------------------------------------ */

static void leg_request_answer(nta_incoming_t *irq, unsigned status,
			       const char *extra)
{
	const char *phrase = sip_status_phrase(status);

	nta_incoming_treply(
		irq, status, phrase ? phrase : "Answered",
		TAG_IF(status == 405, SIPTAG_ALLOW(ready_allow())),
		TAG_IF(status == 415, SIPTAG_ACCEPT_STR(LEG_ACCEPTS)),
		TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR("1")),
		TAG_IF(extra, SIPTAG_HEADER_STR(extra)), TAG_END());
	nta_incoming_destroy(irq);
}

static const char *leg_method(sip_method_t method)
{
	return method == sip_method_refer     ? "REFER"
	       : method == sip_method_info    ? "INFO"
	       : method == sip_method_message ? "MESSAGE"
	       : method == sip_method_notify  ? "NOTIFY"
					      : NULL;
}

/* What can be said of a request before its owner is asked; 0: go on. */
static unsigned leg_request_screen(const struct leg *leg, const sip_t *sip)
{
	const sip_payload_t *body = sip->sip_payload;

	if (leg->state == LEG_LEAVING || leg->state == LEG_ENDED)
		return 481;
	if (body && body->pl_len > LEG_BODY_MAX)
		return 413;
	if (sip->sip_request->rq_method == sip_method_refer &&
	    leg->state != LEG_ESTABLISHED && leg->state != LEG_ANSWERED)
		return 403;
	return 0;
}

bool leg_on_asked(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	sip_method_t method = sip->sip_request->rq_method;
	const sip_payload_t *body = sip->sip_payload;
	struct leg_event event = {.method = leg_method(method), .sip = sip};
	unsigned status, i;

	if (!event.method)
		return false;
	status = leg_request_screen(leg, sip);
	for (i = 0; i < LEG_REQUESTS_MAX && leg->asked[i].irq; i++)
		;
	if (!status && i == LEG_REQUESTS_MAX)
		status = 500;
	if (!status && !leg->on_event)
		status = 481;
	if (status) {
		leg_request_answer(irq, status, NULL);
		return true;
	}
	leg->asked[i] = (struct leg_asked){++leg->ticket, irq};
	event.kind = method == sip_method_refer ? LEG_REFERRED : LEG_REQUESTED;
	event.ticket = leg->ticket;
	if (body && body->pl_len)
		event.body = (struct body_span){body->pl_data, body->pl_len};
	if (sip->sip_content_type && sip->sip_content_type->c_type)
		event.content_type = sip->sip_content_type->c_type;
	leg_emit(leg, &event);
	return true;
}

void leg_request_reply(struct leg *leg, unsigned ticket, unsigned status,
		       const char *extra)
{
	for (unsigned i = 0; i < LEG_REQUESTS_MAX; i++) {
		nta_incoming_t *irq = leg->asked[i].irq;

		if (!irq || leg->asked[i].ticket != ticket)
			continue;
		leg->asked[i].irq = NULL;
		leg_request_answer(irq, status, extra);
		return;
	}
}

void leg_refer_reply(struct leg *leg, unsigned ticket, unsigned status,
		     const char *extra)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const char *lines = extra;

	if (status < 300) /* RFC 3515 2.2: it makes a dialog's usage. */
		lines = su_sprintf(home, "Contact: %s\r\n%s", leg->contact,
				   extra ? extra : "");
	leg_request_reply(leg, ticket, status, lines);
	su_home_deinit(home);
}

/* --- ours -------------------------------------------------------------- */

static void leg_sent_free(struct leg_sent *sent)
{
	if (sent->orq)
		nta_outgoing_destroy(sent->orq);
	su_home_unref(sent->home);
}

static int leg_on_sent_response(struct leg *leg, nta_outgoing_t *orq,
				const sip_t *sip);

static int leg_send(struct leg *leg, struct leg_sent *sent,
		    const char *credentials)
{
	const struct leg_message *message = &sent->message;
	nta_outgoing_t *old = sent->orq;

	sent->orq = nta_outgoing_tcreate(
		leg->dialog, leg_on_sent_response, leg,
		(const url_string_t *)leg->route,
		sip_method_code(message->method), message->method,
		(const url_string_t *)leg->uri,
		SIPTAG_CONTACT_STR(leg->contact),
		TAG_IF(message->extra, SIPTAG_HEADER_STR(message->extra)),
		TAG_IF(credentials, SIPTAG_HEADER_STR(credentials)),
		TAG_IF(message->content_type,
		       SIPTAG_CONTENT_TYPE_STR(message->content_type)),
		TAG_IF(message->body, SIPTAG_PAYLOAD_STR(message->body)),
		TPTAG_IDENT(leg->ident), TAG_END());
	if (old)
		nta_outgoing_destroy(old);
	return sent->orq ? 0 : -EHOSTUNREACH;
}

static const char *leg_copy(su_home_t *home, const char *text)
{
	return text ? su_strdup(home, text) : NULL;
}

int leg_request(struct leg *leg, const struct leg_message *message,
		unsigned *ticket)
{
	struct leg_sent *sent;
	unsigned i;
	int error;

	if (leg->state != LEG_ESTABLISHED && leg->state != LEG_ANSWERED)
		return -ENOTCONN;
	for (i = 0; i < LEG_REQUESTS_MAX && leg->sent[i]; i++)
		;
	if (i == LEG_REQUESTS_MAX)
		return -EBUSY;
	sent = su_home_new(sizeof(*sent));
	if (!sent)
		return -ENOMEM;
	sent->message = (struct leg_message){
		.method = leg_copy(sent->home, message->method),
		.content_type = leg_copy(sent->home, message->content_type),
		.body = leg_copy(sent->home, message->body),
		.extra = leg_copy(sent->home, message->extra)};
	error = leg_send(leg, sent, NULL);
	if (error) {
		leg_sent_free(sent);
		return error;
	}
	sent->ticket = ++leg->ticket;
	if (ticket)
		*ticket = sent->ticket;
	leg->sent[i] = sent;
	return 0;
}

static int leg_on_sent_response(struct leg *leg, nta_outgoing_t *orq,
				const sip_t *sip)
{
	unsigned status = nta_outgoing_status(orq);
	struct leg_event event = {.kind = LEG_REPLIED,
				  .status = status,
				  .silent = !sip || nta_sip_is_internal(sip),
				  .sip = sip};
	const char *credentials = NULL;
	struct leg_sent *sent;
	unsigned i;

	for (i = 0; i < LEG_REQUESTS_MAX; i++)
		if (leg->sent[i] && leg->sent[i]->orq == orq)
			break;
	if (status < 200 || i == LEG_REQUESTS_MAX)
		return 0;
	sent = leg->sent[i];
	if (!event.silent && (status == 401 || status == 407) &&
	    leg->state != LEG_LEAVING)
		credentials = leg_credentials(leg, sip, sent->message.method,
					      &sent->tries);
	if (credentials && !leg_send(leg, sent, credentials))
		return 0;
	leg->sent[i] = NULL;
	event.ticket = sent->ticket;
	event.method = sent->message.method;
	event.phrase = event.silent ? sip_status_phrase(status)
				    : sip->sip_status->st_phrase;
	leg_emit(leg, &event);
	leg_sent_free(sent);
	return 0;
}

/* --- the end ----------------------------------------------------------- */

void leg_requests_end(struct leg *leg)
{
	for (unsigned i = 0; i < LEG_REQUESTS_MAX; i++) {
		nta_incoming_t *irq = leg->asked[i].irq;

		leg->asked[i].irq = NULL;
		if (irq)
			leg_request_answer(irq, 487, NULL);
	}
}

void leg_requests_free(struct leg *leg)
{
	leg_requests_end(leg);
	for (unsigned i = 0; i < LEG_REQUESTS_MAX; i++) {
		if (leg->sent[i])
			leg_sent_free(leg->sent[i]);
		leg->sent[i] = NULL;
	}
}
