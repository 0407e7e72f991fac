/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One end of one call: what it asks and what it answers. */
#include "tests/net/perfect_end.h"
#include "tests/fakes/digest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

uint64_t end_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void token(char *out, size_t size)
{
	uint64_t value;

	if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		abort();
	snprintf(out, size, "%016llx", (unsigned long long)value);
}

static const char *at_text(const struct end *end, char out[32])
{
	char host[16];

	inet_ntop(AF_INET, &end->at.sin_addr, host, sizeof(host));
	snprintf(out, 32, "%s:%u", host, ntohs(end->at.sin_port));
	return out;
}

static size_t seal(void *with, uint8_t *buf, size_t len)
{
	return secure_seal(with, buf, len);
}

static size_t unseal(void *with, uint8_t *buf, size_t len)
{
	return secure_open(with, buf, len);
}

static void encrypt(struct end *end)
{
	secure_key(&end->secure);
	secure_told(&end->secure);
	strcpy(end->crypto_tag, "1");
	end->voice.cipher = (struct voice_cipher){seal, unseal, &end->secure};
}

void end_begin(struct end *end)
{
	end->state = END_IDLE;
	end->cseq = 0;
	end->call_id[0] = end->remote_id[0] = end->remote_body[0] = 0;
	end->answered_branch[0] = 0;
	end->request.pending = false;
	end->moving = false;
	end->status = 0;
	end->media = (struct end_media){.codecs = end->provider ? end->answers
								: "0 8 101",
					.direction = "sendrecv",
					.slots = 1};
	end->sdp_id++;
	end->sdp_version = 0;
	end->voice.cipher = (struct voice_cipher){0};
	voice_begin(&end->voice);
	end->voice.sound = VOICE_TONE;
	secure_off(&end->secure);
	if (end->srtp)
		encrypt(end);
}

/* --- session descriptions ---------------------------------------------------
 */

/* The first slot: audio, removed or not, or a fax. */
static size_t sdp_audio(const struct end *end, unsigned port, char *out,
			size_t size)
{
	const struct end_media *m = &end->media;

	if (m->fax)
		return (size_t)snprintf(out, size,
					"m=image %u udptl t38\r\n"
					"a=T38FaxVersion:0\r\n",
					port);
	return (size_t)snprintf(out, size, "m=audio %u RTP/%s %s\r\n",
				m->gone ? 0 : port,
				end->secure.on ? "SAVP" : "AVP", m->codecs);
}

static void sdp_write(struct end *end, bool answer)
{
	static const char names[][40] = {
		"0 PCMU/8000", "8 PCMA/8000", "9 G722/8000",
		"101 telephone-event/8000", "96 telephone-event/8000"};
	struct end_media *m = &end->media;
	struct sockaddr_in rtp;
	socklen_t len = sizeof(rtp);
	char host[16];
	size_t n, size = sizeof(end->sdp);

	getsockname(end->voice.fd, (struct sockaddr *)&rtp, &len);
	inet_ntop(AF_INET, &rtp.sin_addr, host, sizeof(host));
	n = (size_t)snprintf(
		end->sdp, size,
		"v=0\r\no=end %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		"t=0 0\r\n",
		end->sdp_id, ++end->sdp_version, host,
		m->zero ? "0.0.0.0" : host);
	n += sdp_audio(end, ntohs(rtp.sin_port), end->sdp + n, size - n);
	for (unsigned i = 0; !m->fax && i < sizeof(names) / sizeof(names[0]);
	     i++) {
		char number[8];

		sscanf(names[i], "%7s", number);
		if (text_has_format(m->codecs, number))
			n += (size_t)snprintf(end->sdp + n, size - n,
					      "a=rtpmap:%s\r\n", names[i]);
	}
	if (!m->fax)
		n += (size_t)snprintf(end->sdp + n, size - n,
				      "a=ptime:20\r\na=%s\r\n", m->direction);
	if (end->secure.on && !m->fax)
		n += (size_t)snprintf(end->sdp + n, size - n,
				      "a=crypto:%s %s inline:%s\r\n",
				      answer ? end->crypto_tag : "1",
				      SECURE_SUITE, end->secure.ours);
	for (unsigned i = 1; i < m->slots; i++)
		n += (size_t)snprintf(end->sdp + n, size - n,
				      "m=video %u RTP/AVP 97\r\n"
				      "a=rtpmap:97 H264/90000\r\n",
				      m->video && !answer ? 14000u : 0u);
}

static void wrong(struct end *end, const char *what)
{
	end->answer_faults++;
	snprintf(end->fault, sizeof(end->fault),
		 "%s (offered %s %s, answered %s)", what, end->media.codecs,
		 end->media.direction, end->answer_said);
}

/* o= of theirs: one session, the version one up with a change and only then. */
static void judge_origin(struct end *end, const struct text_sdp *sdp,
			 const char *body)
{
	if (*end->remote_id) {
		bool same = strcmp(body, end->remote_body) == 0;
		unsigned long long was = strtoull(end->remote_version, NULL,
						  10),
				   is = strtoull(sdp->version, NULL, 10);

		if (strcmp(end->remote_id, sdp->session_id) != 0)
			wrong(end, "another session id");
		else if (is != was + (same ? 0 : 1))
			wrong(end, "version does not follow the change");
	}
	snprintf(end->remote_id, sizeof(end->remote_id), "%s", sdp->session_id);
	snprintf(end->remote_version, sizeof(end->remote_version), "%s",
		 sdp->version);
	snprintf(end->remote_body, sizeof(end->remote_body), "%s", body);
}

static const char *mirror(const char *direction)
{
	if (strcmp(direction, "sendonly") == 0)
		return "recvonly";
	if (strcmp(direction, "recvonly") == 0)
		return "sendonly";
	return strcmp(direction, "inactive") == 0 ? "inactive" : "sendrecv";
}

/* The first of theirs that is ours too, or "". */
static void common(const struct end *end, const char *formats, char format[8])
{
	char list[128], *at = list, *one;

	snprintf(list, sizeof(list), "%s", formats);
	*format = 0;
	while (!*format && (one = strsep(&at, " ")) != NULL)
		if (text_has_format(end->media.codecs, one))
			snprintf(format, 8, "%s", one);
}

static void judge_answer(struct end *end, const struct text_sdp *sdp)
{
	const struct text_stream *audio = &sdp->stream[0];
	const char *wanted =
		end->media.zero ? "recvonly" : mirror(end->media.direction);
	char format[8] = "";

	snprintf(end->answer_said, sizeof(end->answer_said), "%s %s",
		 audio->formats, audio->direction);
	if (sdp->streams != end->media.slots)
		wrong(end, "a slot vanished or appeared");
	else if (sdp->streams > 1 && sdp->stream[1].port != 0)
		wrong(end, "video was taken");
	else if (end->media.gone != (audio->port == 0))
		wrong(end,
		      audio->port ? "audio came back" : "audio was refused");
	else if (!end->media.gone && strcmp(audio->direction, wanted) != 0)
		wrong(end, "wrong direction");
	else if (strcmp(audio->protocol,
			end->secure.on ? "RTP/SAVP" : "RTP/AVP") != 0)
		wrong(end, "another transport");
	/* An unchanged answer to an unchanged offer may list more than was
	 * offered (RFC 3264 section 6.1). */
	if (!end->request.repeats)
		sscanf(audio->formats, "%7s", format);
	else
		common(end, audio->formats, format);
	if (!text_has_format(end->media.codecs, format))
		wrong(end, "a codec that was not offered");
}

static bool sdp_read(struct end *end, const struct text_message *message,
		     bool answer)
{
	struct text_sdp sdp;
	struct sockaddr_in *far = (struct sockaddr_in *)&end->voice.far;
	char format[8];

	if (text_sdp(&sdp, message) != 0 || sdp.streams == 0)
		return false;
	judge_origin(end, &sdp, message->body);
	if (answer)
		judge_answer(end, &sdp);
	else if (sdp.streams > end->media.slots)
		end->media.slots = sdp.streams;
	if (!answer && !end->provider)
		end->media.codecs = text_has_format(sdp.stream[0].formats, "0")
					    ? "0 101"
					    : "8 101";
	if (end->secure.on && sdp.stream[0].port &&
	    !secure_heard(&end->secure, sdp.stream[0].crypto))
		wrong(end, "no key that was offered");
	if (end->secure.on && !answer)
		sscanf(sdp.stream[0].crypto, "%7s", end->crypto_tag);
	far->sin_family = AF_INET;
	far->sin_port = htons((uint16_t)sdp.stream[0].port);
	inet_pton(AF_INET, sdp.stream[0].address, &far->sin_addr);
	end->voice.far_len = sizeof(*far);
	common(end, sdp.stream[0].formats, format);
	if (*format)
		end->voice.payload = (unsigned)atoi(format);
	return true;
}

/* Of what they offer, what we take. */
static void agree(struct end *end, const struct text_message *message)
{
	struct text_sdp sdp;

	if (text_sdp(&sdp, message) != 0 || sdp.streams == 0)
		return;
	end->media.direction = "sendrecv";
	end->media.zero = false;
	end->media.gone = sdp.stream[0].port == 0;
	sdp_write(end, true);
}

/* --- what we ask ------------------------------------------------------------
 */

static void send_text(struct end *end, const struct text *text,
		      const struct sockaddr_in *to)
{
	sendto(end->sip, text->data, text->len, 0, (const struct sockaddr *)to,
	       sizeof(*to));
}

static void request_send(struct end *end, const char *to, const char *body)
{
	struct end_request *r = &end->request;
	char at[32];

	at_text(end, at);
	text_begin(&r->text);
	text_add(&r->text,
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\nContact: <sip:%s@%s>\r\n%s"
		 "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS%s\r\n",
		 r->method, r->uri, at, r->branch, end->local, to, end->call_id,
		 r->cseq, r->method, end->user, at, r->auth,
		 end->provider ? "" : ", UPDATE, REFER, NOTIFY");
	if (strcmp(r->method, "REGISTER") == 0)
		text_add(&r->text, "Expires: 600\r\n");
	if (strcmp(r->method, "REFER") == 0 ||
	    (strcmp(r->method, "INVITE") == 0 && end->state == END_CALLING))
		text_add(&r->text, "%s", end->also);
	if (*body)
		text_add(&r->text, "Content-Type: application/sdp\r\n");
	text_add(&r->text, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	r->sent_us = end_now_us();
	r->interval_us = 500000;
	r->again_us = r->sent_us + r->interval_us;
	send_text(end, &r->text, &end->edge);
}

static void request_new(struct end *end, const char *method, const char *uri,
			unsigned cseq)
{
	struct end_request *r = &end->request;
	char random[24];

	token(random, sizeof(random));
	if (method != r->method)
		snprintf(r->method, sizeof(r->method), "%s", method);
	if (uri != r->uri)
		snprintf(r->uri, sizeof(r->uri), "%s", uri);
	snprintf(r->branch, sizeof(r->branch), "z9hG4bK%s", random);
	r->cseq = cseq;
	r->pending = true;
	end->status = 0;
}

void end_register(struct end *end)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "sip:%s", end->domain);
	if (!end->request.challenged) {
		token(end->call_id, sizeof(end->call_id));
		snprintf(end->local, sizeof(end->local), "<sip:%s@%s>;tag=%.8s",
			 end->user, end->domain, end->call_id);
		snprintf(end->remote, sizeof(end->remote), "<sip:%s@%s>",
			 end->user, end->domain);
	}
	request_new(end, "REGISTER", uri, ++end->cseq);
	request_send(end, end->remote, "");
}

static void invite(struct end *end, const char *uri)
{
	char random[24];

	token(random, sizeof(random));
	snprintf(end->call_id, sizeof(end->call_id), "%s@%s", random,
		 end->provider ? "provider" : "phone");
	snprintf(end->local, sizeof(end->local), "<sip:%s@%s>;tag=%.8s",
		 end->user, end->domain, random);
	snprintf(end->target, sizeof(end->target), "%s", uri);
	snprintf(end->remote, sizeof(end->remote), "<%s>", uri);
	end->state = END_CALLING;
	end->request.auth[0] = 0;
	end->request.challenged = false;
	end_ask(end, "INVITE", END_OFFER);
}

void end_call(struct end *end, const char *uri)
{
	end->also[0] = 0;
	invite(end, uri);
}

static void add_tag(const char *value, const char *name, char out[256])
{
	const char *at = strstr(value, ";tag=");
	size_t n = strlen(out);

	at = at ? at + 5 : "";
	snprintf(out + n, 256 - n, ";%s=%.*s", name, (int)strcspn(at, ";> "),
		 at);
}

void end_dialog(const struct end *end, char out[256])
{
	snprintf(out, 256, "%s", end->call_id);
	add_tag(end->remote, "to-tag", out);
	add_tag(end->local, "from-tag", out);
}

void end_replace(struct end *end, const struct end *was)
{
	char dialog[256], uri[96];

	end_dialog(was, dialog);
	snprintf(end->also, sizeof(end->also), "Replaces: %s\r\n", dialog);
	snprintf(uri, sizeof(uri), "sip:%s@%s", was->user, was->domain);
	invite(end, uri);
}

void end_ask(struct end *end, const char *method, enum end_body body)
{
	if (body == END_OFFER)
		sdp_write(end, false);
	end->request.offers = body != END_NO_BODY;
	end->request.repeats = body == END_SAME;
	request_new(end, method, end->target, ++end->cseq);
	request_send(end, end->remote, body == END_NO_BODY ? "" : end->sdp);
	if (strcmp(method, "BYE") == 0)
		end->state = END_IDLE;
}

void end_again(struct end *end, uint64_t now_us)
{
	struct end_request *r = &end->request;

	if (!r->pending || now_us < r->again_us)
		return;
	send_text(end, &r->text, &end->edge);
	if (r->interval_us < 4000000)
		r->interval_us *= 2;
	r->again_us = now_us + r->interval_us;
}

/* An ACK goes out beside the request that it belongs to. */
static void ack(struct end *end, const char *to, bool good, const char *body)
{
	static struct end_request kept;

	kept = end->request;
	if (good) {
		request_new(end, "ACK", end->target, kept.cseq);
		end->request.auth[0] = 0;
	} else {
		strcpy(end->request.method, "ACK");
	}
	request_send(end, to, body);
	end->request = kept;
}

static void accepted(struct end *end, const struct text_message *message)
{
	char line[320], contact[256];
	const char *body = "";

	if (text_header(message, "To", 0, line, sizeof(line)))
		snprintf(end->remote, sizeof(end->remote), "%s", line);
	if (text_header(message, "Contact", 0, line, sizeof(line)) &&
	    text_uri(line, contact, sizeof(contact)))
		snprintf(end->target, sizeof(end->target), "%s", contact);
	if (end->request.offers) {
		if (!sdp_read(end, message, true))
			wrong(end, "an answer without a session description");
	} else if (sdp_read(end, message, false)) {
		agree(end, message);
		body = end->sdp;
	} else {
		wrong(end, "no offer to a re-INVITE without one");
	}
	secure_told(&end->secure);
	ack(end, end->remote, true, body);
	end->state = END_UP;
}

static bool answered_challenge(struct end *end,
			       const struct text_message *message)
{
	struct end_request *r = &end->request;
	bool www = message->status == 401;
	char challenge[512], value[640], best[512] = "";

	if ((!www && message->status != 407) || r->challenged)
		return false;
	for (unsigned i = 0; text_header(
		     message, www ? "WWW-Authenticate" : "Proxy-Authenticate",
		     i, challenge, sizeof(challenge));
	     i++)
		if (!*best)
			strcpy(best, challenge);
	digest_answer(value, sizeof(value), best, r->method, r->uri, end->user,
		      end->password);
	snprintf(r->auth, sizeof(r->auth), "%s: %s\r\n",
		 www ? "Authorization" : "Proxy-Authorization", value);
	r->challenged = true;
	if (strcmp(r->method, "REGISTER") == 0)
		end_register(end);
	else
		end_ask(end, r->method, r->offers ? END_SAME : END_NO_BODY);
	return true;
}

static void told(struct end *end, const struct text_message *message)
{
	struct end_request *r = &end->request;
	bool invite = strcmp(r->method, "INVITE") == 0;
	char to[320];

	if (strcmp(message->branch, r->branch) != 0) {
		/* A copy of a 2xx whose ACK was lost is acknowledged again. */
		return;
	}
	if (message->status < 200) {
		if (invite)
			r->again_us = UINT64_MAX;
		return;
	}
	text_header(message, "To", 0, to, sizeof(to));
	if (invite && message->status >= 300)
		ack(end, to, false, "");
	if (!r->pending) {
		if (invite && message->status < 300)
			ack(end, to, true, r->offers ? "" : end->sdp);
		return;
	}
	r->pending = false;
	end->moving = false;
	if (answered_challenge(end, message))
		return;
	if (invite && message->status < 300)
		accepted(end, message);
	else if (strcmp(r->method, "UPDATE") == 0 && message->status < 300 &&
		 r->offers && !sdp_read(end, message, true))
		wrong(end, "an UPDATE's answer without a session description");
	else if (strcmp(r->method, "UPDATE") == 0 && message->status < 300 &&
		 !r->offers && *message->body)
		wrong(end, "an answer to an UPDATE that offered nothing");
	end->status = message->status;
}

/* --- what we answer ---------------------------------------------------------
 */

static void respond(struct end *end, const struct text_message *message,
		    const struct sockaddr_in *to, int status, const char *body)
{
	struct text *out = &end->answered;
	char at[32];

	text_answer(out, message, status, strstr(end->local, ";tag=") + 5);
	text_add(out, "Contact: <sip:%s@%s>\r\n", end->user, at_text(end, at));
	text_finish(out, body);
	snprintf(end->answered_branch, sizeof(end->answered_branch),
		 "%.20s %.70s", message->method, message->branch);
	send_text(end, out, to);
}

static void invited(struct end *end, const struct text_message *message,
		    const struct sockaddr_in *from)
{
	char line[320], random[24];

	end->invites++;
	end_begin(end);
	token(random, sizeof(random));
	snprintf(end->call_id, sizeof(end->call_id), "%.63s", message->call_id);
	text_header(message, "From", 0, end->remote, sizeof(end->remote));
	text_header(message, "To", 0, line, sizeof(line));
	snprintf(end->local, sizeof(end->local), "%.230s;tag=%.8s", line,
		 random);
	text_header(message, "Contact", 0, line, sizeof(line));
	text_uri(line, end->target, sizeof(end->target));
	end->request.auth[0] = 0;
	end->request.challenged = true; /* nothing to answer again */
	if (!sdp_read(end, message, false)) {
		respond(end, message, from, 488, "");
		return;
	}
	agree(end, message);
	respond(end, message, from, 200, end->sdp);
	end->state = END_UP;
}

/* Asked in mid-call: a provider refuses and hangs up. */
static void modified(struct end *end, const struct text_message *message,
		     const struct sockaddr_in *from)
{
	bool update = strcmp(message->method, "UPDATE") == 0;

	if (update)
		end->updates++;
	else
		end->reinvites++;
	if (end->provider) {
		respond(end, message, from, 488, "");
		end_ask(end, "BYE", END_NO_BODY);
		return;
	}
	if (*message->body && sdp_read(end, message, false))
		agree(end, message);
	respond(end, message, from, 200,
		update && !*message->body ? "" : end->sdp);
}

static void asked(struct end *end, const struct text_message *message,
		  const struct sockaddr_in *from)
{
	char branch[96];

	snprintf(branch, sizeof(branch), "%.20s %.70s", message->method,
		 message->branch);
	if (strcmp(message->method, "ACK") == 0)
		return;
	if (strcmp(branch, end->answered_branch) == 0) {
		send_text(end, &end->answered, from);
		return;
	}
	if (strcmp(message->method, "INVITE") == 0 && !*message->to_tag) {
		invited(end, message, from);
	} else if (strcmp(message->method, "INVITE") == 0 ||
		   strcmp(message->method, "UPDATE") == 0) {
		modified(end, message, from);
	} else if (strcmp(message->method, "BYE") == 0) {
		end->byes++;
		end->state = END_IDLE;
		respond(end, message, from, 200, "");
	} else {
		end->odd += end_owns(end, message);
		respond(end, message, from, 200, "");
	}
}

bool end_owns(const struct end *end, const struct text_message *message)
{
	return strcmp(message->call_id, end->call_id) == 0;
}

void end_receive(struct end *end, const struct text_message *message,
		 const struct sockaddr_in *from)
{
	if (message->request)
		asked(end, message, from);
	else
		told(end, message);
}
