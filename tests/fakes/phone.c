/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phone. */
#include "tests/fakes/phone.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakes/digest.h"

static void pick_up(struct fake *fake, struct fake_call *call)
{
	(void)fake;
	if (call->state == FAKE_RINGING)
		fake_answer(call, 200, true, NULL);
}

static bool on_request(struct fake *fake, struct fake_call *call,
		       const struct text_message *m)
{
	struct phone *phone = fake->hooks.user;

	if (phone->silent)
		return true;
	if (strcmp(m->method, "INVITE") || m->to_tag[0])
		return false;
	if (phone->refuses) {
		fake_answer(call, phone->refuses, false, NULL);
		return true;
	}
	fake_answer(call, 180, false, NULL);
	if (phone->answers_itself)
		fake_later(fake, phone->ring_ms, pick_up, call);
	return true;
}

static void send_register(struct phone *phone, const char *credentials)
{
	struct fake *fake = &phone->end;
	char uri[64], who[160], from[200], more[2048], host[32], contact[256];

	inet_ntop(AF_INET, &fake->proxy.sin_addr, host, sizeof(host));
	snprintf(uri, sizeof(uri), "sip:%s:%u", host,
		 ntohs(fake->proxy.sin_port));
	snprintf(who, sizeof(who), "<sip:%s@%s>", fake->user, host);
	snprintf(from, sizeof(from), "%s;tag=reg%s", who, fake->name);
	snprintf(contact, sizeof(contact), "sip:%s@%s:%u", fake->user,
		 fake->host, fake->port);
	snprintf(more, sizeof(more), "Contact: <%s>\r\nExpires: %u\r\n%s",
		 phone->contact ? phone->contact : contact,
		 phone->register_expires_s, credentials);
	fake_send_request(fake, "REGISTER", uri, from, who, phone->register_id,
			  ++phone->register_cseq, more, NULL);
}

static void on_answer(struct fake *fake, struct fake_call *call,
		      const struct text_message *m)
{
	struct phone *phone = fake->hooks.user;
	char challenge[512] = "", other[512], answer[1024], line[1200];
	char uri[64], host[32];

	if (call || strcmp(m->method, "REGISTER") || m->status < 200)
		return;
	if (m->status != 401 || ++phone->register_tries > 2) {
		phone->register_status = m->status;
		return;
	}
	for (unsigned n = 0;
	     text_header(m, "WWW-Authenticate", n, other, sizeof(other)); n++)
		if (!challenge[0] ||
		    digest_is_sha256(other) == !phone->md5_only)
			strcpy(challenge, other);
	inet_ntop(AF_INET, &fake->proxy.sin_addr, host, sizeof(host));
	snprintf(uri, sizeof(uri), "sip:%s:%u", host,
		 ntohs(fake->proxy.sin_port));
	digest_answer(answer, sizeof(answer), challenge, "REGISTER", uri,
		      fake->user,
		      phone->wrong_password ? "wrong" : fake->password);
	snprintf(line, sizeof(line), "Authorization: %s\r\n", answer);
	send_register(phone, line);
}

void phone_open(struct phone *phone, const char *user, const char *host,
		const char *password, const struct sockaddr_in *proxy)
{
	memset(phone, 0, sizeof(*phone));
	fake_open(&phone->end, user, host);
	phone->end.password = password;
	phone->end.proxy = *proxy;
	phone->end.hooks = (struct fake_hooks){on_request, on_answer, phone};
	snprintf(phone->end.agent, sizeof(phone->end.agent),
		 "InsidePhone-%s/2.3", user);
	snprintf(phone->register_id, sizeof(phone->register_id), "reg-%x@%s",
		 (unsigned)rand(), host);
}

void phone_close(struct phone *phone)
{
	fake_close(&phone->end);
}

void phone_register(struct phone *phone, unsigned expires_s)
{
	phone->register_status = 0;
	phone->register_tries = 0;
	phone->register_expires_s = expires_s;
	send_register(phone, "");
}

struct fake_call *phone_call(struct phone *phone, const char *number)
{
	return fake_invite(&phone->end, number);
}

struct fake_call *phone_line(const struct phone *phone)
{
	static struct fake_call none;
	struct fake_call *call = fake_last_call(&phone->end);

	return call ? call : &none;
}

void phone_answer(struct phone *phone)
{
	fake_answer(phone_line(phone), 200, true, NULL);
}

void phone_hold_as(struct phone *phone, enum phone_hold_style style)
{
	struct fake_call *call = phone_line(phone);

	call->media.direction = style == PHONE_HOLD_INACTIVE ? "inactive"
				: style == PHONE_HOLD_ZERO   ? "sendrecv"
							     : "sendonly";
	call->media.zero_address = style == PHONE_HOLD_ZERO;
	if (style != PHONE_HOLD_SENDONLY)
		phone->end.tone.talking = false;
	fake_reinvite(call);
}

void phone_hold(struct phone *phone)
{
	phone_hold_as(phone, PHONE_HOLD_SENDONLY);
}

void phone_resume(struct phone *phone)
{
	struct fake_call *call = phone_line(phone);

	call->media.direction = "sendrecv";
	call->media.zero_address = false;
	fake_reinvite(call);
}

void phone_move(struct phone *phone)
{
	fake_move_media(&phone->end);
	fake_reinvite(phone_line(phone));
}

void phone_cancel(struct phone *phone)
{
	fake_cancel(phone_line(phone));
}

void phone_hang_up(struct phone *phone)
{
	fake_bye(phone_line(phone));
}

void phone_talk(struct phone *phone, bool on)
{
	phone->end.tone.talking = on;
}

bool phone_is(const struct phone *phone, enum fake_state state)
{
	const struct fake_call *call = fake_last_call(&phone->end);

	return call && call->state == state;
}
