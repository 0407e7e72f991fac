/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calls of a fake.
 *
 * | state    | left by                                              |
 * |----------|------------------------------------------------------|
 * | CALLING  | 2xx: UP (and ACK); other final, timeout: ENDED       |
 * | RINGING  | our 2xx: ANSWERED; our refusal, their CANCEL: ENDED  |
 * | ANSWERED | their ACK: UP; no ACK in ok_give_up_ms: BYE, ENDED   |
 * | UP       | BYE either way: ENDED                                |
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fakes/digest.h"
#include "tests/fakes/inside.h"

static struct fake_call *new_call(struct fake *fake)
{
	struct fake_call *call = calloc(1, sizeof(*call));

	if (!call || fake->calls == FAKE_CALLS_MAX)
		abort();
	call->fake = fake;
	call->media = fake->media;
	call->sdp_id = 1000 + fake->serial;
	call->sdp_version = 1;
	call->hop = fake->proxy;
	snprintf(call->local_tag, sizeof(call->local_tag), "%s-%u-%x",
		 fake->name, ++fake->serial, (unsigned)rand());
	fake->call[fake->calls++] = call;
	return call;
}

struct fake_call *fake_last_call(const struct fake *fake)
{
	return fake->calls ? fake->call[fake->calls - 1] : NULL;
}

void fake_dialog_free(struct fake *fake)
{
	for (unsigned i = 0; i < fake->calls; i++) {
		text_free(&fake->call[i]->invite);
		free(fake->call[i]->invite_out);
		free(fake->call[i]);
	}
	fake->calls = 0;
}

static struct fake_call *find_call(struct fake *fake, const char *call_id,
				   const char *local_tag)
{
	for (unsigned i = fake->calls; i-- > 0;) {
		struct fake_call *call = fake->call[i];
		if (!strcmp(call->call_id, call_id) &&
		    (!local_tag || !strcmp(call->local_tag, local_tag)))
			return call;
	}
	return NULL;
}

/* --- requests ---------------------------------------------------------------
 */

/* Allow and Supported; the lines a test wants beside them may name more. */
static const char *allow(const struct fake *fake)
{
	return fake->no_update
		       ? "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
			 "Supported: replaces\r\n"
		       : "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
			 "Supported: replaces\r\n";
}

static void write_request(struct fake_call *call, struct text *out,
			  const char *method, const char *branch, unsigned cseq,
			  const char *more, const char *body)
{
	struct fake *fake = call->fake;

	text_begin(out);
	text_add(out,
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\n%sFrom: %s;tag=%s\r\nTo: %s%s%s\r\n"
		 "Call-ID: %s\r\nCSeq: %u %s\r\n",
		 method, call->target, fake->host, fake->port, branch,
		 call->routes, call->local, call->local_tag, call->remote,
		 call->remote_tag[0] ? ";tag=" : "", call->remote_tag,
		 call->call_id, cseq, method);
	if (strcmp(method, "BYE") && strcmp(method, "CANCEL"))
		text_add(out, "Contact: <sip:%s@%s:%u>\r\n", fake->user,
			 fake->host, fake->port);
	text_add(out, "User-Agent: %s\r\n%s", fake->agent, more ? more : "");
	if (!strcmp(method, "INVITE"))
		text_add(out, "%s%s", allow(fake),
			 fake->invite_lines ? fake->invite_lines : "");
	text_finish(out, body);
}

/* In a dialog a literal Contact says where to send. */
static struct sockaddr_in next_hop(const struct fake_call *call)
{
	struct sockaddr_in at;

	if (call->remote_tag[0] && !call->routes[0] &&
	    text_uri_address(call->target, &at))
		return at;
	return call->hop;
}

static void send_request(struct fake_call *call, const char *method,
			 const char *more, const char *body)
{
	struct text text;
	char branch[64];
	struct sockaddr_in to = next_hop(call);

	fake_new_branch(call->fake, branch, sizeof(branch));
	call->cseq++;
	write_request(call, &text, method, branch, call->cseq, more, body);
	if (!strcmp(method, "INVITE")) {
		call->invite_cseq = call->cseq;
		free(call->invite_out);
		call->invite_out = strdup(text.data);
	}
	fake_transact(call->fake, call, method, branch, call->cseq, &text, &to);
}

void fake_request(struct fake_call *call, const char *method, const char *more,
		  const char *body)
{
	send_request(call, method, more, body);
}

void fake_request_typed(struct fake_call *call, const char *method,
			const char *more, const char *type, const char *body)
{
	char lines[2048];

	snprintf(lines, sizeof(lines), "%sContent-Type: %s\r\n",
		 more ? more : "", type);
	send_request(call, method, lines, body);
}

static struct fake_call *begin_call(struct fake *fake, const char *number)
{
	struct fake_call *call = new_call(fake);
	char proxy[32];

	inet_ntop(AF_INET, &fake->proxy.sin_addr, proxy, sizeof(proxy));
	call->outgoing = true;
	call->state = FAKE_CALLING;
	snprintf(call->call_id, sizeof(call->call_id), "%x-%u@%s",
		 (unsigned)rand(), fake->serial, fake->host);
	snprintf(call->local, sizeof(call->local), "\"%s\" <sip:%s@%s>",
		 fake->name, fake->user, proxy);
	snprintf(call->remote, sizeof(call->remote), "<sip:%s@%s>", number,
		 proxy);
	snprintf(call->target, sizeof(call->target), "sip:%s@%s:%u", number,
		 proxy, ntohs(fake->proxy.sin_port));
	return call;
}

struct fake_call *fake_invite(struct fake *fake, const char *number)
{
	struct fake_call *call = begin_call(fake, number);
	struct text sdp;

	fake_write_sdp(call, &sdp, false);
	send_request(call, "INVITE", NULL, sdp.data);
	return call;
}

struct fake_call *fake_invite_with(struct fake *fake, const char *number,
				   const char *more)
{
	struct fake_call *call = begin_call(fake, number);
	struct text sdp;

	snprintf(call->more, sizeof(call->more), "%s", more);
	fake_write_sdp(call, &sdp, false);
	send_request(call, "INVITE", call->more, sdp.data);
	return call;
}

struct fake_call *fake_invite_without_offer(struct fake *fake,
					    const char *number)
{
	struct fake_call *call = begin_call(fake, number);

	call->delayed = true;
	send_request(call, "INVITE", NULL, NULL);
	return call;
}

void fake_reinvite(struct fake_call *call)
{
	struct text sdp;

	call->reinvite_status = 0;
	call->delayed = false;
	fake_write_sdp(call, &sdp, false);
	send_request(call, "INVITE", NULL, sdp.data);
	fake_settle(call);
}

void fake_refresh(struct fake_call *call)
{
	call->reinvite_status = 0;
	call->delayed = false;
	send_request(call, "INVITE", NULL, call->sdp);
}

void fake_reinvite_without_offer(struct fake_call *call)
{
	call->reinvite_status = 0;
	call->delayed = true;
	send_request(call, "INVITE", NULL, NULL);
}

void fake_update(struct fake_call *call, bool sdp)
{
	struct text body;

	call->update_status = 0;
	if (sdp)
		fake_write_sdp(call, &body, false);
	send_request(call, "UPDATE", NULL, sdp ? body.data : NULL);
}

void fake_bye(struct fake_call *call)
{
	call->bye_sent = true;
	call->state = FAKE_ENDED;
	call->fake->tone.allowed = false;
	send_request(call, "BYE", NULL, NULL);
}

/* CANCEL is the INVITE's twin: same branch, same CSeq number, no To tag. */
void fake_cancel(struct fake_call *call)
{
	struct text_message invite;
	struct text text;
	char tag[128];

	if (text_read(&invite, call->invite_out, strlen(call->invite_out)) < 0)
		abort();
	call->cancel_sent = true;
	strcpy(tag, call->remote_tag);
	call->remote_tag[0] = '\0';
	write_request(call, &text, "CANCEL", invite.branch, invite.cseq, NULL,
		      NULL);
	strcpy(call->remote_tag, tag);
	fake_transact(call->fake, call, "CANCEL", invite.branch, invite.cseq,
		      &text, &call->hop);
	text_free(&invite);
}

void fake_ack(struct fake_call *call)
{
	struct sockaddr_in to = next_hop(call);
	struct text text, sdp;
	char branch[64];

	if (call->delayed)
		fake_write_sdp(call, &sdp, true);
	fake_new_branch(call->fake, branch, sizeof(branch));
	write_request(call, &text, "ACK", branch, call->invite_cseq, NULL,
		      call->delayed ? sdp.data : NULL);
	fake_emit(call->fake, text.data, text.len, &to);
	call->state = FAKE_UP;
	fake_settle(call);
}

void fake_forge(struct fake_call *call, const char *method, unsigned cseq,
		const char *more, const char *body, const char *stranger)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = next_hop(call);
	struct text text;
	char branch[64];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	fake_new_branch(call->fake, branch, sizeof(branch));
	write_request(call, &text, method, branch, cseq, more, body);
	if (fd < 0 || inet_pton(AF_INET, stranger, &from.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		abort();
	sendto(fd, text.data, text.len, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

void fake_request_from(struct fake_call *call, const char *method,
		       const char *stranger)
{
	fake_forge(call, method, call->cseq + 1, NULL, NULL, stranger);
}

void fake_send_request(struct fake *fake, const char *method, const char *uri,
		       const char *from, const char *to, const char *call_id,
		       unsigned cseq, const char *more, const char *body)
{
	struct text text;
	char branch[64];

	fake_new_branch(fake, branch, sizeof(branch));
	text_begin(&text);
	text_add(&text,
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\nUser-Agent: %s\r\n%sContent-Length: %zu\r\n"
		 "\r\n%s",
		 method, uri, fake->host, fake->port, branch, from, to, call_id,
		 cseq, method, fake->agent, more ? more : "",
		 body ? strlen(body) : 0, body ? body : "");
	fake_transact(fake, NULL, method, branch, cseq, &text, &fake->proxy);
}

/* --- answers of ours --------------------------------------------------------
 */

static void write_reply(struct fake *fake, const struct text_message *request,
			int status, const char *local_tag, const char *more,
			const char *body, struct text *out)
{
	text_answer(out, request, status, local_tag);
	text_add(out, "Server: %s\r\n%s", fake->agent, more ? more : "");
	if (status > 100 && status < 300 && strcmp(request->method, "BYE") &&
	    strcmp(request->method, "CANCEL"))
		text_add(out, "Contact: <sip:%s@%s:%u>\r\n%s", fake->user,
			 fake->host, fake->port, allow(fake));
	if (status >= 200 && status < 300 && fake->ok_lines &&
	    (!strcmp(request->method, "INVITE") ||
	     !strcmp(request->method, "UPDATE")))
		text_add(out, "%s", fake->ok_lines);
	text_finish(out, body);
}

void fake_reply(struct fake *fake, const struct text_message *request,
		int status, const char *more)
{
	struct text text;
	char tag[32];

	snprintf(tag, sizeof(tag), "r%u", ++fake->serial);
	write_reply(fake, request, status, tag, more, NULL, &text);
	fake_keep_reply(fake, NULL, request, status, &text, &fake->last_source,
			tag);
}

void fake_answer(struct fake_call *call, int status, bool sdp, const char *more)
{
	struct text text, body;

	if (sdp) {
		struct text_sdp offer;
		bool answer = text_sdp(&offer, &call->invite) == 0;
		call->delayed = !answer;
		fake_write_sdp(call, &body, answer);
	}
	write_reply(call->fake, &call->invite, status, call->local_tag, more,
		    sdp ? body.data : NULL, &text);
	fake_keep_reply(call->fake, call, &call->invite, status, &text,
			&call->hop, call->local_tag);
	if (sdp)
		fake_settle(call);
	if (call->state == FAKE_RINGING && status >= 200)
		call->state = status < 300 ? FAKE_ANSWERED : FAKE_ENDED;
}

struct fake_call *fake_fork(struct fake_call *call)
{
	struct fake_call *fork = new_call(call->fake);
	char tag[64];

	strcpy(tag, fork->local_tag);
	*fork = *call;
	strcpy(fork->local_tag, tag);
	fork->invite_out = NULL;
	fork->acks = 0;
	fork->sdp_id += 7;
	fork->bye_seen = false;
	fork->state = FAKE_RINGING;
	if (text_read(&fork->invite, call->invite.raw, call->invite.len) < 0)
		abort();
	return fork;
}

void fake_move_media(struct fake *fake)
{
	tone_move(&fake->tone);
}

/* --- what comes in: requests -------------------------------------------------
 */

static void keep_routes(struct fake_call *call, const struct text_message *m,
			bool reversed)
{
	char value[512], line[520];
	char all[1024] = "";

	for (unsigned n = 0;
	     text_header(m, "Record-Route", n, value, sizeof(value)); n++) {
		size_t len = strlen(all);
		snprintf(line, sizeof(line), "%s", value);
		if (!reversed) {
			snprintf(all + len, sizeof(all) - len, "Route: %s\r\n",
				 line);
			continue;
		}
		char rest[1024];
		strcpy(rest, all);
		snprintf(all, sizeof(all), "Route: %.500s\r\n%.500s", line,
			 rest);
	}
	strcpy(call->routes, all);
}

static void keep_target(struct fake_call *call, const struct text_message *m)
{
	char contact[512];

	if (text_header(m, "Contact", 0, contact, sizeof(contact)))
		text_uri(contact, call->target, sizeof(call->target));
}

static void without_tag(char *out, size_t size, const char *value)
{
	const char *tag = strstr(value, ";tag=");

	snprintf(out, size, "%.*s",
		 (int)(tag ? (size_t)(tag - value) : strlen(value)), value);
}

static void keep_invite(struct fake_call *call, const struct text_message *m)
{
	text_free(&call->invite);
	if (text_read(&call->invite, m->raw, m->len) < 0)
		abort();
	call->remote_cseq = m->cseq;
	call->hop = call->fake->last_source;
	fake_learn_sdp(call, m);
}

static struct fake_call *incoming_call(struct fake *fake,
				       const struct text_message *m)
{
	struct fake_call *call = new_call(fake);
	char value[512];

	call->state = FAKE_RINGING;
	strcpy(call->call_id, m->call_id);
	strcpy(call->remote_tag, m->from_tag);
	text_header(m, "From", 0, value, sizeof(value));
	without_tag(call->remote, sizeof(call->remote), value);
	text_header(m, "To", 0, value, sizeof(value));
	without_tag(call->local, sizeof(call->local), value);
	keep_target(call, m);
	keep_routes(call, m, false);
	keep_invite(call, m);
	return call;
}

static void take_ack(struct fake_call *call, const struct text_message *m)
{
	if (call->state == FAKE_ANSWERED)
		call->state = FAKE_UP;
	if (call->state != FAKE_UP)
		return;
	call->acks++;
	if (call->delayed && m->body[0]) {
		call->delayed = false;
		fake_learn_sdp(call, m);
		fake_settle(call);
	}
}

static void take_cancel(struct fake *fake, struct fake_call *call,
			const struct text_message *m)
{
	fake_reply(fake, m, call ? 200 : 481, NULL);
	if (!call)
		return;
	call->cancel_seen = true;
	if (call->state == FAKE_RINGING)
		fake_answer(call, 487, false, NULL);
}

static void take_in_dialog(struct fake *fake, struct fake_call *call,
			   const struct text_message *m)
{
	if (!strcmp(m->method, "BYE")) {
		call->bye_seen = true;
		call->state = FAKE_ENDED;
		fake->tone.allowed = false;
		fake_reply(fake, m, 200, NULL);
	} else if (!strcmp(m->method, "INVITE")) {
		keep_target(call, m);
		keep_invite(call, m);
		fake_answer(call, 200, true, NULL);
	} else if (!strcmp(m->method, "UPDATE") && m->body[0]) {
		struct text text, body;
		fake_learn_sdp(call, m);
		fake_write_sdp(call, &body, true);
		write_reply(fake, m, 200, call->local_tag, NULL, body.data,
			    &text);
		fake_keep_reply(fake, call, m, 200, &text, &fake->last_source,
				call->local_tag);
		fake_settle(call);
	} else {
		fake_reply(fake, m, 200, NULL);
	}
}

void fake_dialog_request(struct fake *fake, const struct text_message *m)
{
	bool ack = !strcmp(m->method, "ACK");
	struct fake_call *call =
		find_call(fake, m->call_id, m->to_tag[0] ? m->to_tag : NULL);

	if (!strcmp(m->method, "INVITE") && !m->to_tag[0])
		call = incoming_call(fake, m);
	if (fake->hooks.request && fake->hooks.request(fake, call, m))
		return;
	if (ack) {
		if (call)
			take_ack(call, m);
	} else if (!strcmp(m->method, "CANCEL")) {
		take_cancel(fake, call, m);
	} else if (!strcmp(m->method, "INVITE") && !m->to_tag[0]) {
		fake_answer(call, 180, false, NULL); /* rings until told */
	} else if (call && m->to_tag[0]) {
		take_in_dialog(fake, call, m);
	} else {
		fake_reply(fake, m, m->to_tag[0] ? 481 : 200, NULL);
	}
}

void fake_dialog_no_ack(struct fake *fake, struct fake_reply *reply)
{
	(void)fake;
	if (reply->success && reply->call &&
	    reply->call->state == FAKE_ANSWERED)
		fake_bye(reply->call);
}

/* --- what comes in: answers
 * --------------------------------------------------- */

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
	send_request(call, m->method, line,
		     strcmp(m->method, "INVITE") || call->delayed ? NULL
								  : call->sdp);
	return true;
}

static void learn_dialog(struct fake_call *call, const struct text_message *m)
{
	if (!m->to_tag[0])
		return;
	strcpy(call->remote_tag, m->to_tag);
	keep_target(call, m);
	keep_routes(call, m, true);
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
	send_request(call, "PRACK", line, fake->prack_offers ? sdp.data : NULL);
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
		keep_target(call, m);
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
