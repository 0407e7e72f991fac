/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * INFO and MESSAGE in a call. P is the leg that asks, T the other one.
 *
 *   a key press      by T's `dtmf`: an event of RFC 4733, or an INFO of ours;
 *                    auto: the event where it was agreed, else INFO
 *   else             by T's `info`: passed on (content types by allow-list),
 *                    answered 200 here, or refused with 403
 *   NOTIFY           481: nobody here has subscribed
 */
#include "config.h"

#include "sbc/call/pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sbc/call/call_private.h"
#include "sbc/sip/dtmf_info.h"

static void pass_line(struct call *call, const struct leg *p,
		      const char *method, const char *cause)
{
	struct status_line line;

	call_status(call, &line, p, "call-request");
	status_text(&line, "method", method);
	status_text(&line, "cause", cause);
	status_end(&line);
}

/* --- key presses ---------------------------------------------------------- */

bool pass_by_info(const struct leg *leg)
{
	return leg->peer->dtmf == POLICY_DTMF_INFO;
}

static int pass_key_info(struct leg *t, char digit, unsigned duration_ms)
{
	char body[64];
	struct leg_message message = {
		.method = "INFO", .content_type = DTMF_INFO_TYPE, .body = body};

	if (!dtmf_info_write(body, sizeof(body), digit, duration_ms))
		return -EINVAL;
	return leg_request(t, &message, NULL);
}

static int pass_key(struct call *call, struct leg *t, char digit,
		    unsigned duration_ms)
{
	int error = -ENOTSUP;

	if (!pass_by_info(t))
		error = path_dtmf(call, t, digit, duration_ms);
	if (error && t->peer->dtmf != POLICY_DTMF_RFC4733)
		error = pass_key_info(t, digit, duration_ms);
	return error;
}

void pass_heard(struct call *call, struct leg *p, char digit,
		unsigned duration_ms)
{
	struct leg *t = call_other(call, p);

	/* Where RFC 4733 was agreed with T, the event crossed by itself. */
	if (t && pass_by_info(t))
		pass_key_info(t, digit, duration_ms);
}

static void pass_key_asked(struct call *call, struct leg *p, struct leg *t,
			   const struct leg_event *event)
{
	unsigned duration_ms;
	char digit;
	int error = dtmf_info_read(&digit, &duration_ms, event->body.text,
				   event->body.len);

	if (error) {
		pass_line(call, p, event->method, "not-forwarded");
		leg_request_reply(p, event->ticket, 400, NULL);
		return;
	}
	error = pass_key(call, t, digit, duration_ms);
	pass_line(call, p, event->method, error ? "not-forwarded" : "key");
	/* -ENOBUFS, -EBUSY: keys faster than they can be sent. */
	leg_request_reply(p, event->ticket,
			  !error				 ? 200
			  : error == -ENOTSUP			 ? 488
			  : error == -ENOBUFS || error == -EBUSY ? 500
								 : 480,
			  NULL);
}

/* --- the rest ------------------------------------------------------------- */

/* Text that holds nothing of the inside, or nothing that we could check. */
static bool pass_type_allowed(const char *type)
{
	static const char *const allowed[] = {
		"application/media_control+xml",
		"application/im-iscomposing+xml",
		"text/plain",
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (!strcasecmp(type, allowed[i]))
			return true;
	return false;
}

static unsigned pass_on(struct call *call, struct leg *p, struct leg *t,
			const struct leg_event *event)
{
	struct leg_message message = {.method = event->method};
	struct pass *open = NULL;
	char *body = NULL;
	int error;

	if (event->body.len &&
	    (!event->content_type || !pass_type_allowed(event->content_type) ||
	     memchr(event->body.text, '\0', event->body.len)))
		return 415;
	for (unsigned i = 0; i < PASS_MAX && !open; i++)
		if (!call->pass[i].p)
			open = &call->pass[i];
	if (!open)
		return 500;
	if (event->body.len) {
		body = strndup(event->body.text, event->body.len);
		if (!body)
			return 500;
		message.content_type = event->content_type;
		message.body = body;
	}
	error = leg_request(t, &message, &open->sent);
	free(body);
	if (error)
		return error == -EBUSY ? 500 : 480;
	open->p = p;
	open->t = t;
	open->came = event->ticket;
	return 0;
}

void pass_requested(struct call *call, struct leg *p,
		    const struct leg_event *event)
{
	struct leg *t = call_other(call, p);
	unsigned status = 0;
	const char *cause = "answered";

	if (!strcmp(event->method, "NOTIFY")) {
		leg_request_reply(p, event->ticket, 481, NULL);
		return;
	}
	if (dtmf_info_is(event->content_type) && event->body.len) {
		pass_key_asked(call, p, t, event);
		return;
	}
	switch (t->peer->info) {
	case POLICY_INFO_PASS:
		status = pass_on(call, p, t, event);
		cause = status ? "not-forwarded" : "passed";
		break;
	case POLICY_INFO_ANSWER:
		status = 200;
		break;
	case POLICY_INFO_REJECT:
		status = 403;
		cause = "policy";
		break;
	}
	pass_line(call, p, event->method, cause);
	if (status)
		leg_request_reply(p, event->ticket, status, NULL);
}

unsigned pass_status(unsigned status)
{
	if (status == 401 || status == 407)
		return 403;
	return status == 481 || status == 408 ? 480 : status;
}

void pass_replied(struct call *call, struct leg *t,
		  const struct leg_event *event)
{
	for (unsigned i = 0; i < PASS_MAX; i++) {
		struct pass *open = &call->pass[i];
		if (!open->p || open->t != t || open->sent != event->ticket)
			continue;
		leg_request_reply(open->p, open->came,
				  pass_status(event->status), NULL);
		*open = (struct pass){0};
		return;
	}
}

void pass_forget(struct call *call, const struct leg *leg)
{
	for (unsigned i = 0; i < PASS_MAX; i++) {
		struct pass *open = &call->pass[i];

		if (!open->p || (open->p != leg && open->t != leg))
			continue;
		if (open->t == leg)
			leg_request_reply(open->p, open->came, 487, NULL);
		*open = (struct pass){0};
	}
}
