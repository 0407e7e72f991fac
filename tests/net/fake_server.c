/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others ask of the fake. */
#include "tests/net/fake.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/text.h"

#include <string.h>

static void branch_of(const struct text_message *message, char *out,
		      size_t size)
{
	snprintf(out, size, "%s %s", message->method, message->branch);
}

/* A copy of what we answered already gets the same answer. */
static bool answered_before(struct fake *f, const struct text_message *message)
{
	char branch[192];

	branch_of(message, branch, sizeof(branch));
	for (unsigned i = 0; i < 16; i++) {
		if (strcmp(f->answered[i].branch, branch) != 0)
			continue;
		wire_send(&f->wire, &f->answered[i].path,
			  f->answered[i].text.data);
		return true;
	}
	return false;
}

static void respond(struct fake *f, const struct text_message *message,
		    const struct wire_path *to, int status, const char *extra,
		    const char *body)
{
	struct fake_answered *slot = &f->answered[f->answered_next % 16];

	text_answer(&slot->text, message, status, f->local_tag);
	text_add(&slot->text, "%s", extra);
	text_finish(&slot->text, body);
	wire_send(&f->wire, to, slot->text.data);
	branch_of(message, slot->branch, sizeof(slot->branch));
	slot->path = *to;
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
		respond(f, &f->incoming, &f->incoming_path, status, extra, "");
		return;
	}
	if (status >= 300) {
		respond(f, &f->incoming, &f->incoming_path, status, extra, "");
		f->state = FAKE_IDLE;
		fake_say("refused-it %d", status);
		return;
	}
	fake_sdp_write(f, sdp, sizeof(sdp));
	respond(f, &f->incoming, &f->incoming_path, status, extra, sdp);
	f->state = FAKE_UP;
	fake_say("answered");
}

/* Digest of a request that we challenge; true when it is good. */
static bool trusted(struct fake *f, const struct text_message *message)
{
	char line[1024], user[128] = "";

	if (!text_header(message, "Authorization", 0, line, sizeof(line)) &&
	    !text_header(message, "Proxy-Authorization", 0, line, sizeof(line)))
		return false;
	text_param(line, "username", user, sizeof(user));
	if (strcmp(user, f->ask_user) != 0 ||
	    !digest_right(line, message->method, f->ask_password)) {
		fake_say("bad-credentials %s", message->method);
		return false;
	}
	fake_say("authenticated %s", message->method);
	return true;
}

static bool challenged(struct fake *f, const struct text_message *message,
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

static void registration(struct fake *f, const struct text_message *message,
			 const struct wire_path *from)
{
	char line[512] = "", extra[1024], expires[16];

	if (challenged(f, message, from, 401))
		return;
	text_header(message, "Contact", 0, line, sizeof(line));
	if (!text_header(message, "Expires", 0, expires, sizeof(expires)) &&
	    !text_param(line, "expires", expires, sizeof(expires)))
		strcpy(expires, "300");
	snprintf(extra, sizeof(extra), "Contact: %s;expires=%s\r\n", line,
		 expires);
	respond(f, message, from, 200, extra, "");
	fake_say("registration %s expires=%s", line, expires);
}

static void first_invite(struct fake *f, const struct text_message *message,
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
	text_free(&f->incoming);
	text_read(&f->incoming, message->raw, message->len);
	f->incoming_path = f->path = *from;
	snprintf(f->call_id, sizeof(f->call_id), "%s", message->call_id);
	text_header(message, "From", 0, f->remote, sizeof(f->remote));
	text_header(message, "To", 0, line, sizeof(line));
	snprintf(f->local_uri, sizeof(f->local_uri), "%.200s;tag=%s", line,
		 f->local_tag);
	text_header(message, "Contact", 0, line, sizeof(line));
	text_uri(line, f->target, sizeof(f->target));
	f->cseq = 1;
	voice_begin(&f->voice);
	f->voice.sound = f->sound;
	f->direction = "sendrecv";
	f->sdp_known = f->said_end = false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(message->raw, "\r"),
		 message->raw);
	fake_say("incoming %s from %s", line, f->remote);
	fake_sdp_read(f, message->body);
	if (f->invite == FAKE_BUSY)
		fake_answer(f, 486);
	else if (f->invite == FAKE_UNAVAILABLE)
		fake_answer(f, 503);
	else
		fake_answer(f, 180);
	if (f->invite == FAKE_ANSWER)
		fake_answer(f, 200);
}

static void later_invite(struct fake *f, const struct text_message *message,
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
	if (text_header(message, "Contact", 0, line, sizeof(line)))
		text_uri(line, f->target, sizeof(f->target));
	f->direction = "sendrecv";
	if (*message->body)
		fake_sdp_read(f, message->body);
	contact(f, extra, sizeof(extra));
	fake_sdp_write(f, sdp, sizeof(sdp));
	respond(f, message, from, 200, extra, sdp);
}

static void cancelled(struct fake *f, const struct text_message *message,
		      const struct wire_path *from)
{
	f->cancels++;
	respond(f, message, from, 200, "", "");
	fake_answer(f, 487);
	fake_say("cancelled");
}

void fake_asked(struct fake *f, const struct text_message *message,
		const struct wire_path *from)
{
	const char *method = message->method;
	bool ours = strcmp(message->call_id, f->call_id) == 0 &&
		    f->state != FAKE_IDLE;

	if (strcmp(method, "ACK") == 0) {
		if (ours && f->state == FAKE_UP && *message->body)
			fake_sdp_read(f, message->body);
		return;
	}
	if (answered_before(f, message))
		return;
	fake_say("got %s", method);
	if (strcmp(method, "REGISTER") == 0)
		registration(f, message, from);
	else if (strcmp(method, "OPTIONS") == 0)
		respond(f, message, from, 200, "", "");
	else if (strcmp(method, "INVITE") == 0 && !*message->to_tag)
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
