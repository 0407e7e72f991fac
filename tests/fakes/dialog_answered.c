/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fake makes of the answers to its requests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakes/digest.h"
#include "tests/fakes/inside.h"

/* The ACK for a refusal goes where the INVITE went, with its branch. */
static void ack_refusal(struct fake *fake, struct fake_tx *tx,
			const struct text_message *m)
{
	struct text_message invite;
	struct text text;
	char via[512], from[512], to[512];

	if (text_read(&invite, tx->text, tx->len) < 0)
		abort();
	text_header(&invite, "Via", 0, via, sizeof(via));
	text_header(&invite, "From", 0, from, sizeof(from));
	text_header(m, "To", 0, to, sizeof(to));
	text_begin(&text);
	text_add(&text,
		 "ACK %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\n"
		 "To: %s\r\nCall-ID: %s\r\nCSeq: %u ACK\r\n"
		 "Content-Length: 0\r\n\r\n",
		 invite.uri, via, from, to, invite.call_id, invite.cseq);
	fake_emit(fake, text.data, text.len, &tx->to);
	text_free(&invite);
}

/* 401 or 407: once more, with credentials. SHA-256 where it is offered. */
static bool try_again(struct fake *fake, struct fake_call *call,
		      const struct text_message *m)
{
	const char *name =
		m->status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
	char challenge[512] = "", other[512], answer[1024], line[2300];

	if ((m->status != 401 && m->status != 407) || !fake->password ||
	    call->credentials_sent > 2)
		return false;
	for (unsigned n = 0; text_header(m, name, n, other, sizeof(other)); n++)
		if (!challenge[0] || digest_is_sha256(other))
			strcpy(challenge, other);
	digest_answer(answer, sizeof(answer), challenge, m->method,
		      call->target, fake->user, fake->password);
	snprintf(line, sizeof(line), "%s: %s\r\n%s",
		 m->status == 401 ? "Authorization" : "Proxy-Authorization",
		 answer, call->more);
	call->credentials_sent++;
	fake_request(call, m->method, line,
		     strcmp(m->method, "INVITE") || call->delayed ? NULL
								  : call->sdp);
	return true;
}

static void learn_dialog(struct fake_call *call, const struct text_message *m)
{
	if (!m->to_tag[0])
		return;
	strcpy(call->remote_tag, m->to_tag);
	fake_keep_target(call, m);
	fake_keep_routes(call, m, true);
}

/* RFC 3262: a reliable 18x is PRACKed once. */
static void prack(struct fake_call *call, const struct text_message *m)
{
	struct fake *fake = call->fake;
	char require[128], value[32], line[512];
	struct text sdp;

	if (!text_header(m, "Require", 0, require, sizeof(require)) ||
	    !strstr(require, "100rel") ||
	    !text_header(m, "RSeq", 0, value, sizeof(value)) ||
	    strtoul(value, NULL, 10) == call->rseq || fake->no_prack)
		return;
	call->rseq = (unsigned)strtoul(value, NULL, 10);
	call->prack_status = 0;
	snprintf(line, sizeof(line), "RAck: %u %u INVITE\r\n%s", call->rseq,
		 call->invite_cseq, fake->prack_lines ? fake->prack_lines : "");
	if (fake->prack_offers)
		fake_write_sdp(call, &sdp, false);
	fake_request(call, "PRACK", line, fake->prack_offers ? sdp.data : NULL);
}

static void first_answer(struct fake *fake, struct fake_call *call,
			 struct fake_tx *tx, const struct text_message *m)
{
	if (m->status < 300) {
		if (m->status > 100)
			learn_dialog(call, m);
		fake_learn_sdp(call, m);
		if (m->status > 100 && m->status < 200)
			call->provisionals++;
	}
	if (m->status < 200) {
		call->status = m->status;
		if (m->body[0])
			fake_settle(call);
		prack(call, m);
	} else if (m->status < 300) {
		call->status = m->status;
		if (!call->withhold_ack)
			fake_ack(call);
		if (call->cancel_sent)
			fake_bye(call);
	} else {
		char contact[512];
		ack_refusal(fake, tx, m);
		if (text_header(m, "Contact", 0, contact, sizeof(contact)))
			text_uri(contact, call->redirect,
				 sizeof(call->redirect));
		if (try_again(fake, call, m))
			return;
		call->status = m->status;
		call->state = FAKE_ENDED;
	}
}

static void reinvite_answer(struct fake *fake, struct fake_call *call,
			    struct fake_tx *tx, const struct text_message *m)
{
	if (m->status < 200)
		return;
	if (m->status < 300) {
		fake_keep_target(call, m);
		fake_learn_sdp(call, m);
		if (!call->withhold_ack)
			fake_ack(call);
		fake_settle(call);
	} else {
		ack_refusal(fake, tx, m);
		if (try_again(fake, call, m))
			return;
	}
	call->reinvite_status = m->status;
}

static void invite_answer(struct fake *fake, struct fake_call *call,
			  struct fake_tx *tx, const struct text_message *m,
			  bool copy)
{
	bool first = call->state == FAKE_CALLING;

	if (copy && m->status >= 200) { /* our ACK got lost */
		if (m->status >= 300)
			ack_refusal(fake, tx, m);
		else if (!call->withhold_ack && tx->cseq == call->invite_cseq)
			fake_ack(call);
		return;
	}
	if (first)
		first_answer(fake, call, tx, m);
	else if (call->state == FAKE_UP || call->state == FAKE_ANSWERED)
		reinvite_answer(fake, call, tx, m);
}

void fake_dialog_answer(struct fake *fake, struct fake_tx *tx,
			const struct text_message *m, bool copy)
{
	struct fake_call *call = tx->call;

	if (call && !strcmp(m->method, "INVITE")) {
		invite_answer(fake, call, tx, m, copy);
	} else if (call && m->status >= 200 && !copy) {
		if (!strcmp(m->method, "UPDATE")) {
			call->update_status = m->status;
			if (m->status < 300) {
				fake_learn_sdp(call, m);
				fake_settle(call);
			}
		} else if (!strcmp(m->method, "PRACK")) {
			call->prack_status = m->status;
			if (m->status < 300 && m->body[0]) {
				fake_learn_sdp(call, m);
				fake_settle(call);
			}
		} else if (!strcmp(m->method, "BYE")) {
			if (!try_again(fake, call, m))
				call->bye_status = m->status;
		} else if (!strcmp(m->method, "CANCEL")) {
			call->cancel_status = m->status;
		}
	}
	if (fake->hooks.answer && !copy)
		fake->hooks.answer(fake, call, m);
}

void fake_dialog_timeout(struct fake *fake, struct fake_tx *tx)
{
	(void)fake;
	if (tx->call && !strcmp(tx->method, "INVITE")) {
		tx->call->status = tx->call->state == FAKE_CALLING
					   ? 408
					   : tx->call->status;
		tx->call->reinvite_status = 408;
		if (tx->call->state == FAKE_CALLING)
			tx->call->state = FAKE_ENDED;
	}
}
