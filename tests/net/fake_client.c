/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fake asks of others. */
#include "tests/net/fake.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/text.h"

#include <stdlib.h>
#include <string.h>

static void digest_line(struct fake *f, const struct text_message *message)
{
	struct fake_request *r = &f->request;
	bool www = message->status == 401;
	char challenge[1024] = "", value[960];

	text_header(message, www ? "WWW-Authenticate" : "Proxy-Authenticate", 0,
		    challenge, sizeof(challenge));
	digest_answer(value, sizeof(value), challenge, r->method, r->uri,
		      f->user, f->password);
	snprintf(r->auth, sizeof(r->auth), "%s: %s\r\n",
		 www ? "Authorization" : "Proxy-Authorization", value);
}

/* Where a request goes: a registered or called URI's literal, or the peer. */
static struct wire_path path_to(struct fake *f, const char *uri)
{
	struct wire_path path = {.conn = -1};
	const char *host = strchr(uri, '@');

	host = host ? host + 1 : uri + 4;
	if (address_parse(host, &path.address, &path.len) < 0) {
		path.address = f->peer;
		path.len = f->peer_len;
	}
	if (f->tcp) {
		if (f->path.conn >= 0 && f->wire.conn[f->path.conn].fd >= 0)
			return f->path;
		if (wire_connect(&f->wire, &path, &f->local) == 0)
			f->path = path;
		else
			fake_say("unconnected");
	}
	return path;
}

/* Writes and sends f->request; method, uri, cseq and auth are set. */
static void send_request(struct fake *f, const char *from, const char *to,
			 const char *call_id, const char *extra,
			 const char *body)
{
	struct fake_request *r = &f->request;
	struct wire_path path = path_to(f, r->uri);
	char at[96];

	address_text(&f->shown, at, sizeof(at));
	text_begin(&r->text);
	text_add(&r->text,
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/%s %s;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\nContact: <sip:%s@%s%s>\r\n"
		 "User-Agent: Fakephone/9.9 (secret-model)\r\n%s%s",
		 r->method, r->uri, f->tcp ? "TCP" : "UDP", at, r->branch, from,
		 to, call_id, r->cseq, r->method, f->user, at,
		 f->tcp ? ";transport=tcp" : "", r->auth, extra);
	text_finish(&r->text, body);
	wire_send(&f->wire, &path, r->text.data);
	r->pending = strcmp(r->method, "ACK") != 0;
	r->interval_us = 500000;
	r->again_us = fake_now_us() + r->interval_us;
}

static void new_request(struct fake *f, const char *method, const char *uri,
			unsigned cseq, bool again)
{
	struct fake_request *r = &f->request;
	char random[32];

	snprintf(r->method, sizeof(r->method), "%s", method);
	if (r->uri != uri)
		snprintf(r->uri, sizeof(r->uri), "%s", uri);
	fake_random(random, sizeof(random));
	snprintf(r->branch, sizeof(r->branch), "z9hG4bK%s", random);
	r->cseq = cseq;
	if (!again) {
		r->auth[0] = 0;
		r->challenged = false;
	}
}

void fake_again(struct fake *f)
{
	struct fake_request *r = &f->request;
	struct wire_path path;

	if (f->tcp || !r->pending || fake_now_us() < r->again_us)
		return;
	path = path_to(f, r->uri);
	wire_send(&f->wire, &path, r->text.data);
	if (r->interval_us < 4000000)
		r->interval_us *= 2;
	r->again_us = fake_now_us() + r->interval_us;
}

static void send_register(struct fake *f, bool again)
{
	char uri[128], from[300], to[256], extra[64];

	snprintf(uri, sizeof(uri), "sip:%s", f->domain);
	snprintf(to, sizeof(to), "<sip:%s@%s>", f->user, f->domain);
	snprintf(from, sizeof(from), "%s;tag=%s", to, f->register_id + 8);
	new_request(f, "REGISTER", uri, ++f->register_cseq, again);
	snprintf(extra, sizeof(extra), "Expires: %d\r\n", f->register_expires);
	send_request(f, from, to, f->register_id, extra, "");
}

void fake_register(struct fake *f, int expires)
{
	f->register_expires = expires;
	send_register(f, false);
}

static void send_in_dialog(struct fake *f, const char *method, bool again)
{
	char sdp[1024] = "";

	new_request(f, method, f->target, ++f->cseq, again);
	if (strcmp(method, "INVITE") == 0)
		fake_sdp_write(f, sdp, sizeof(sdp));
	send_request(f, f->local_uri, f->remote, f->call_id, "", sdp);
}

void fake_ask(struct fake *f, const char *method)
{
	send_in_dialog(f, method, false);
	if (strcmp(method, "BYE") == 0)
		fake_end(f, "us");
}

void fake_call(struct fake *f, const char *number)
{
	char random[32], host[64];

	if (f->state != FAKE_IDLE) {
		fake_say("busy-already");
		return;
	}
	voice_begin(&f->voice);
	f->voice.sound = f->sound;
	f->state = FAKE_CALLING;
	f->direction = "sendrecv";
	f->sdp_known = f->said_end = false;
	f->cseq = 0;
	fake_random(f->local_tag, sizeof(f->local_tag));
	fake_random(random, sizeof(random));
	snprintf(f->call_id, sizeof(f->call_id), "%s@%s", random,
		 address_host(&f->local, host, sizeof(host)));
	snprintf(f->local_uri, sizeof(f->local_uri), "<sip:%s@%s>;tag=%s",
		 f->user, f->domain, f->local_tag);
	snprintf(f->target, sizeof(f->target), "sip:%s@%s", number, f->domain);
	snprintf(f->remote, sizeof(f->remote), "<%.200s>", f->target);
	send_in_dialog(f, "INVITE", false);
}

/* An ACK: of a 2xx to the new target, else in the INVITE's transaction. */
static void send_ack(struct fake *f, const struct text_message *message,
		     bool good)
{
	struct fake_request invite = f->request;
	char to[512] = "";

	text_header(message, "To", 0, to, sizeof(to));
	if (good)
		new_request(f, "ACK", f->target, invite.cseq, true);
	else
		strcpy(f->request.method, "ACK");
	f->request.auth[0] = 0;
	send_request(f, f->local_uri, to, f->call_id, "", "");
	f->request = invite;
	f->request.pending = false;
}

void fake_end(struct fake *f, const char *by)
{
	if (f->state == FAKE_IDLE)
		return;
	f->state = FAKE_IDLE;
	f->voice.far_len = 0;
	/* Who waits for the first line finds the second one. */
	printf("ended by=%s\n", by);
	voice_judgement(&f->voice, stdout);
}

static void invite_accepted(struct fake *f, const struct text_message *message)
{
	char line[512];

	text_header(message, "To", 0, f->remote, sizeof(f->remote));
	if (text_header(message, "Contact", 0, line, sizeof(line)))
		text_uri(line, f->target, sizeof(f->target));
	send_ack(f, message, true);
	if (*message->body)
		fake_sdp_read(f, message->body);
	fake_say(f->state == FAKE_UP ? "accepted" : "answered");
	f->state = FAKE_UP;
}

static void invite_told(struct fake *f, const struct text_message *message)
{
	int status = message->status;
	char line[128] = "-";

	if (status < 200) {
		if (*message->body)
			fake_sdp_read(f, message->body);
		fake_say(status == 100 ? "trying" : "ringing %d", status);
		return;
	}
	if (status < 300) {
		invite_accepted(f, message);
		return;
	}
	send_ack(f, message, false);
	if ((status == 401 || status == 407) && !f->request.challenged) {
		f->request.challenged = true;
		digest_line(f, message);
		send_in_dialog(f, "INVITE", true);
		return;
	}
	text_header(message, "Retry-After", 0, line, sizeof(line));
	if (f->state == FAKE_CALLING)
		f->state = FAKE_IDLE;
	fake_say("refused %d retry-after=%s", status, line);
}

static void register_told(struct fake *f, const struct text_message *message)
{
	int status = message->status;

	if (status < 200)
		return;
	if ((status == 401 || status == 407) && !f->request.challenged) {
		f->request.challenged = true;
		digest_line(f, message);
		send_register(f, true);
		return;
	}
	if (status < 300)
		fake_say(f->register_expires ? "registered" : "unregistered");
	else
		fake_say("register-refused %d", status);
}

void fake_told(struct fake *f, const struct text_message *message,
	       const struct wire_path *from)
{
	struct fake_request *r = &f->request;
	const char *method = message->method;
	int status = message->status;

	if (from->conn >= 0)
		f->path = *from;
	if (strcmp(message->branch, r->branch) != 0) {
		fake_say("stray %d %s", status, method);
		return;
	}
	if (strcmp(method, "CANCEL") == 0)
		return;
	if (!r->pending && status >= 200 && strcmp(method, "INVITE") == 0) {
		send_ack(f, message, status < 300); /* a copy */
		return;
	}
	r->again_us = UINT64_MAX;
	if (strcmp(method, "INVITE") != 0 && status < 200)
		return;
	r->pending = status < 200;
	if (strcmp(method, "INVITE") == 0)
		invite_told(f, message);
	else if (strcmp(method, "REGISTER") == 0)
		register_told(f, message);
	else
		fake_say("told %d %s", status, method);
}
