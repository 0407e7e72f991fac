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
	if (strcmp(m->method, "INVITE"))
		return false;
	if (m->to_tag[0]) {
		if (!phone->refuses_reinvite)
			return false;
		fake_reply(fake, m, phone->refuses_reinvite, NULL);
		return true;
	}
	if (phone->redirects_to) {
		char more[300];

		snprintf(more, sizeof(more), "Contact: <%s>\r\n",
			 phone->redirects_to);
		fake_answer(call, 302, false, more);
		return true;
	}
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

void phone_refer(struct phone *phone, const char *target, const char *more)
{
	char lines[1024];

	snprintf(lines, sizeof(lines), "Refer-To: <%s>\r\n%s", target,
		 more ? more : "");
	fake_request(phone_line(phone), "REFER", lines, NULL);
}

/* For a URI: '@' and ';' and '=' would end or begin something there. */
static void escape(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text && len + 4 < size; text++)
		len += (size_t)(strchr("@;=%&?", *text)
					? snprintf(out + len, size - len,
						   "%%%02X", *text)
					: snprintf(out + len, size - len, "%c",
						   *text));
}

void phone_refer_attended(struct phone *phone, struct fake_call *held,
			  const struct fake_call *consulted)
{
	char replaces[700], escaped[1400], lines[2048], uri[256];

	(void)phone;
	snprintf(replaces, sizeof(replaces), "%s;to-tag=%s;from-tag=%s",
		 consulted->call_id, consulted->remote_tag,
		 consulted->local_tag);
	escape(escaped, sizeof(escaped), replaces);
	text_uri(consulted->remote, uri, sizeof(uri));
	snprintf(lines, sizeof(lines),
		 "Refer-To: <%s?Replaces=%s>\r\nRefer-Sub: true\r\n", uri,
		 escaped);
	fake_request(held, "REFER", lines, NULL);
}

struct fake_call *phone_replace(struct phone *phone,
				const struct fake_call *replaced)
{
	char lines[900];

	snprintf(lines, sizeof(lines),
		 "Replaces: %s;to-tag=%s;from-tag=%s\r\n"
		 "Require: replaces\r\n",
		 replaced->call_id, replaced->remote_tag, replaced->local_tag);
	return fake_invite_with(&phone->end, phone->end.user, lines);
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

const struct text_message *phone_got(const struct phone *phone,
				     const char *label)
{
	return fake_last_message(&phone->end, label);
}

bool phone_is(const struct phone *phone, enum fake_state state)
{
	const struct fake_call *call = fake_last_call(&phone->end);

	return call && call->state == state;
}
