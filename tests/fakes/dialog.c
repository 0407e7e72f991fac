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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakes/inside.h"

struct fake_call *fake_new_call(struct fake *fake)
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

void fake_keep_routes(struct fake_call *call, const struct text_message *m,
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

void fake_keep_target(struct fake_call *call, const struct text_message *m)
{
	char contact[512];

	if (text_header(m, "Contact", 0, contact, sizeof(contact)))
		text_uri(contact, call->target, sizeof(call->target));
}

const char *fake_allow(const struct fake *fake)
{
#define ALLOW(more)                                            \
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS" more "\r\n" \
	"Supported: replaces\r\n"
	static const char *const lines[2][2] = {
		{ALLOW(", UPDATE, REFER"), ALLOW(", UPDATE")},
		{ALLOW(", REFER"), ALLOW("")},
	};
#undef ALLOW

	return lines[fake->no_update][fake->no_refer];
}

/* --- answers of ours ------------------------------------------------------ */

static void write_reply(struct fake *fake, const struct text_message *request,
			int status, const char *local_tag, const char *more,
			const char *body, struct text *out)
{
	text_answer(out, request, status, local_tag);
	text_add(out, "Server: %s\r\n%s", fake->agent, more ? more : "");
	if (status > 100 && status < 300 && strcmp(request->method, "BYE") &&
	    strcmp(request->method, "CANCEL"))
		text_add(out, "Contact: <sip:%s@%s:%u>\r\n%s", fake->user,
			 fake->host, fake->port, fake_allow(fake));
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
	struct fake_call *fork = fake_new_call(call->fake);
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

/* --- what comes in -------------------------------------------------------- */

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
	struct fake_call *call = fake_new_call(fake);
	char value[512];

	call->state = FAKE_RINGING;
	strcpy(call->call_id, m->call_id);
	strcpy(call->remote_tag, m->from_tag);
	text_header(m, "From", 0, value, sizeof(value));
	without_tag(call->remote, sizeof(call->remote), value);
	text_header(m, "To", 0, value, sizeof(value));
	without_tag(call->local, sizeof(call->local), value);
	fake_keep_target(call, m);
	fake_keep_routes(call, m, false);
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
		fake_keep_target(call, m);
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
