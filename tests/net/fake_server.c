/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others ask of the fake. */
#include "tests/net/fake.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *phrase(int status)
{
	switch (status) {
	case 100:
		return "Trying";
	case 180:
		return "Ringing";
	case 200:
		return "OK";
	case 401:
		return "Unauthorized";
	case 407:
		return "Proxy Authentication Required";
	case 481:
		return "Call/Transaction Does Not Exist";
	case 486:
		return "Busy Here";
	case 487:
		return "Request Terminated";
	case 488:
		return "Not Acceptable Here";
	case 501:
		return "Not Implemented";
	default:
		return "Service Unavailable";
	}
}

static void branch_of(const char *message, char *out, size_t size)
{
	char via[512], branch[96] = "", method[16];

	message_header(message, "Via", 0, via, sizeof(via));
	text_param(via, "branch", branch, sizeof(branch));
	message_method(message, method, sizeof(method));
	snprintf(out, size, "%s %s", method, branch);
}

/* A copy of what we answered already gets the same answer. */
static bool answered_before(struct fake *f, const char *message)
{
	char branch[160];

	branch_of(message, branch, sizeof(branch));
	for (unsigned i = 0; i < 16; i++) {
		if (strcmp(f->answered[i].branch, branch) != 0)
			continue;
		wire_send(&f->wire, &f->answered[i].path, f->answered[i].text);
		return true;
	}
	return false;
}

static void respond(struct fake *f, const char *message,
		    const struct wire_path *to, int status, const char *extra,
		    const char *body)
{
	char text[8192], line[1024];
	size_t n = 0;
	unsigned slot = f->answered_next % 16;

#define ADD(...) \
	(n += (size_t)snprintf(text + n, sizeof(text) - n, __VA_ARGS__))
	ADD("SIP/2.0 %d %s\r\n", status, phrase(status));
	for (unsigned i = 0;
	     message_header(message, "Via", i, line, sizeof(line)); i++)
		ADD("Via: %s\r\n", line);
	message_header(message, "From", 0, line, sizeof(line));
	ADD("From: %s\r\n", line);
	message_header(message, "To", 0, line, sizeof(line));
	ADD("To: %s", line);
	if (status > 100 && !strstr(line, "tag="))
		ADD(";tag=%s", f->local_tag);
	message_header(message, "Call-ID", 0, line, sizeof(line));
	ADD("\r\nCall-ID: %s\r\n", line);
	message_header(message, "CSeq", 0, line, sizeof(line));
	ADD("CSeq: %s\r\n%s", line, extra);
	if (*body)
		ADD("Content-Type: application/sdp\r\n");
	ADD("Content-Length: %zu\r\n\r\n%s", strlen(body), body);
#undef ADD
	wire_send(&f->wire, to, text);
	branch_of(message, f->answered[slot].branch,
		  sizeof(f->answered[slot].branch));
	memcpy(f->answered[slot].text, text, sizeof(text));
	f->answered[slot].path = *to;
	if (status >= 200)
		f->answered_next++;
}

static void contact(struct fake *f, char *out, size_t size)
{
	char at[96];

	snprintf(out, size,
		 "Contact: <sip:%s@%s%s>\r\n"
		 "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n",
		 f->user, address_text(&f->shown, at, sizeof(at)),
		 f->tcp ? ";transport=tcp" : "");
}

void fake_answer(struct fake *f, int status)
{
	char extra[512], sdp[1024];

	if (f->state != FAKE_INCOMING)
		return;
	contact(f, extra, sizeof(extra));
	if (status < 200) {
		respond(f, f->incoming, &f->incoming_path, status, extra, "");
		return;
	}
	if (status >= 300) {
		respond(f, f->incoming, &f->incoming_path, status, extra, "");
		f->state = FAKE_IDLE;
		fake_say("refused-it %d", status);
		return;
	}
	fake_sdp_write(f, sdp, sizeof(sdp));
	respond(f, f->incoming, &f->incoming_path, status, extra, sdp);
	f->state = FAKE_UP;
	fake_say("answered");
}

/* Digest of a request that we challenge; true when it is good. */
static bool trusted(struct fake *f, const char *message)
{
	char line[1024], method[16], user[128] = "";

	if (!message_header(message, "Authorization", 0, line, sizeof(line)) &&
	    !message_header(message, "Proxy-Authorization", 0, line,
			    sizeof(line)))
		return false;
	message_method(message, method, sizeof(method));
	text_param(line, "username", user, sizeof(user));
	if (strcmp(user, f->ask_user) != 0 ||
	    !digest_right(line, method, f->ask_password)) {
		fake_say("bad-credentials %s", method);
		return false;
	}
	fake_say("authenticated %s", method);
	return true;
}

static bool challenged(struct fake *f, const char *message,
		       const struct wire_path *from, int status)
{
	char extra[256], nonce[32];

	if (!f->ask_user || trusted(f, message))
		return false;
	fake_random(nonce, sizeof(nonce));
	snprintf(extra, sizeof(extra),
		 "%s: Digest realm=\"provider.example\", nonce=\"%s\", "
		 "algorithm=MD5, qop=\"auth\"\r\n",
		 status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate",
		 nonce);
	respond(f, message, from, status, extra, "");
	return true;
}

static void registration(struct fake *f, const char *message,
			 const struct wire_path *from)
{
	char line[512], extra[1024], expires[16];

	if (challenged(f, message, from, 401))
		return;
	message_header(message, "Contact", 0, line, sizeof(line));
	if (!message_header(message, "Expires", 0, expires, sizeof(expires)) &&
	    !text_param(line, "expires", expires, sizeof(expires)))
		strcpy(expires, "300");
	snprintf(extra, sizeof(extra), "Contact: %s;expires=%s\r\n", line,
		 expires);
	respond(f, message, from, 200, extra, "");
	fake_say("registration %s expires=%s", line, expires);
}

static void first_invite(struct fake *f, const char *message,
			 const struct wire_path *from)
{
	char line[512];

	f->invites++;
	if (f->invite == FAKE_SILENT) {
		fake_say("ignored INVITE");
		return;
	}
	if (f->state == FAKE_IDLE)
		fake_random(f->local_tag, sizeof(f->local_tag));
	if (challenged(f, message, from, 407))
		return;
	if (f->state != FAKE_IDLE) {
		respond(f, message, from, 486, "", "");
		return;
	}
	f->state = FAKE_INCOMING;
	snprintf(f->incoming, sizeof(f->incoming), "%s", message);
	f->incoming_path = f->path = *from;
	message_header(message, "Call-ID", 0, f->call_id, sizeof(f->call_id));
	message_header(message, "From", 0, f->remote, sizeof(f->remote));
	message_header(message, "To", 0, line, sizeof(line));
	snprintf(f->local_uri, sizeof(f->local_uri), "%.200s;tag=%s", line,
		 f->local_tag);
	message_header(message, "Contact", 0, line, sizeof(line));
	text_uri(line, f->target, sizeof(f->target));
	f->cseq = 1;
	voice_begin(&f->voice);
	f->voice.sound = f->sound;
	f->direction = "sendrecv";
	f->sdp_known = f->said_end = false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(message, "\r"),
		 message);
	fake_say("incoming %s from %s", line, f->remote);
	fake_sdp_read(f, message_body(message));
	if (f->invite == FAKE_BUSY)
		fake_answer(f, 486);
	else if (f->invite == FAKE_UNAVAILABLE)
		fake_answer(f, 503);
	else
		fake_answer(f, 180);
	if (f->invite == FAKE_ANSWER)
		fake_answer(f, 200);
}

static void later_invite(struct fake *f, const char *message,
			 const struct wire_path *from)
{
	char extra[512], sdp[1024], line[512];

	f->reinvites++;
	fake_say("reinvite count=%u", f->reinvites);
	if (f->reinvite == FAKE_KILL) {
		respond(f, message, from, 488, "", "");
		fake_ask(f, "BYE");
		return;
	}
	if (message_header(message, "Contact", 0, line, sizeof(line)))
		text_uri(line, f->target, sizeof(f->target));
	f->direction = "sendrecv";
	if (*message_body(message))
		fake_sdp_read(f, message_body(message));
	contact(f, extra, sizeof(extra));
	fake_sdp_write(f, sdp, sizeof(sdp));
	respond(f, message, from, 200, extra, sdp);
}

static void cancelled(struct fake *f, const char *message,
		      const struct wire_path *from)
{
	f->cancels++;
	respond(f, message, from, 200, "", "");
	fake_answer(f, 487);
	fake_say("cancelled");
}

void fake_asked(struct fake *f, const char *message,
		const struct wire_path *from)
{
	char method[16], to[512], call_id[128];
	bool ours;

	message_method(message, method, sizeof(method));
	message_header(message, "To", 0, to, sizeof(to));
	message_header(message, "Call-ID", 0, call_id, sizeof(call_id));
	ours = strcmp(call_id, f->call_id) == 0 && f->state != FAKE_IDLE;
	if (strcmp(method, "ACK") == 0) {
		if (ours && f->state == FAKE_UP && *message_body(message))
			fake_sdp_read(f, message_body(message));
		return;
	}
	if (answered_before(f, message))
		return;
	fake_say("got %s", method);
	if (strcmp(method, "REGISTER") == 0)
		registration(f, message, from);
	else if (strcmp(method, "OPTIONS") == 0)
		respond(f, message, from, 200, "", "");
	else if (strcmp(method, "INVITE") == 0 && !strstr(to, "tag="))
		first_invite(f, message, from);
	else if (!ours)
		respond(f, message, from, 481, "", "");
	else if (strcmp(method, "INVITE") == 0)
		later_invite(f, message, from);
	else if (strcmp(method, "CANCEL") == 0)
		cancelled(f, message, from);
	else if (strcmp(method, "BYE") == 0) {
		f->byes++;
		respond(f, message, from, 200, "", "");
		fake_end(f, "them");
	} else {
		f->updates += strcmp(method, "UPDATE") == 0;
		respond(f, message, from, 501, "", "");
	}
}
