/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A provider. */
#include "tests/fakes/itsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakes/digest.h"

#define CHALLENGE "Digest realm=\"itsp.example\", nonce=\"n0nce\", qop=\"auth\""

static bool does(const struct itsp *itsp, enum itsp_behaviour what)
{
	return itsp->behaviour & what;
}

static void pick_up(struct fake *fake, struct fake_call *call)
{
	struct itsp *itsp = fake->hooks.user;

	if (call->state != FAKE_RINGING)
		return;
	call->media.port_zero = does(itsp, ITSP_PORT_0);
	if (does(itsp, ITSP_BAD_SDP))
		call->media.instead = "v=0\r\nm=audio nonsense\r\n\x01\xff\r\n";
	fake_answer(call, 200, !itsp->reliable && !does(itsp, ITSP_NO_SDP),
		    NULL);
}

/* Two branches ring, a third that nobody heard of answers, and a moment
 * later the first one answers too. */
static void answer_again(struct fake *fake, struct fake_call *call)
{
	(void)fake;
	if (call->state == FAKE_RINGING)
		fake_answer(call, 200, true, NULL);
}

static void fork_it(struct fake *fake, struct fake_call *call)
{
	struct itsp *itsp = fake->hooks.user;
	struct fake_call *second = fake_fork(call);

	fake_answer(call, 183, true, NULL);
	fake_answer(second, 180, false, NULL);
	struct fake_call *third = fake_fork(call);
	if (does(itsp, ITSP_FORKS_TWICE)) {
		fake_answer(third, 200, true, NULL);
		fake_answer(call, 200, true, NULL);
		return;
	}
	fake_later(fake, itsp->answer_ms, pick_up, third);
	fake_later(fake, itsp->answer_ms + 60, answer_again, call);
}

/* True when it was refused for want of credentials. */
static bool challenge(struct itsp *itsp, struct fake_call *call,
		      const struct text_message *m)
{
	bool proxy = does(itsp, ITSP_CHALLENGES);
	char credentials[1024], more[600];

	if (text_header(m, proxy ? "Proxy-Authorization" : "Authorization", 0,
			credentials, sizeof(credentials)) &&
	    digest_right(credentials, "INVITE", itsp->secret)) {
		itsp->admitted++;
		return false;
	}
	itsp->challenged++;
	const char *name = proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
	if (does(itsp, ITSP_SHA256_TOO))
		snprintf(more, sizeof(more),
			 "%s: " CHALLENGE ", algorithm=SHA-256\r\n"
			 "%s: " CHALLENGE ", algorithm=MD5\r\n",
			 name, name);
	else
		snprintf(more, sizeof(more), "%s: " CHALLENGE "\r\n", name);
	fake_answer(call, proxy ? 407 : 401, false, more);
	return true;
}

/* A shorter Session-Expires than ours: 422 with our Min-SE in `more`. */
static bool too_short(struct itsp *itsp, const struct text_message *m,
		      char *more, size_t size)
{
	char value[64];

	if (!itsp->min_se_s ||
	    !text_header(m, "Session-Expires", 0, value, sizeof(value)) ||
	    strtoul(value, NULL, 10) >= itsp->min_se_s)
		return false;
	itsp->too_short++;
	snprintf(more, size, "Min-SE: %u\r\n", itsp->min_se_s);
	return true;
}

#define RSEQ_FIRST 4711

/* 183, PRACK, 180, PRACK, 200. */
static void send_reliably(struct fake *fake, struct fake_call *call)
{
	struct itsp *itsp = fake->hooks.user;
	char more[80];

	if (call->state != FAKE_RINGING)
		return;
	if (itsp->pracks == 2) {
		pick_up(fake, call);
		return;
	}
	snprintf(more, sizeof(more), "Require: 100rel\r\nRSeq: %u\r\n",
		 RSEQ_FIRST + itsp->pracks);
	if (itsp->pracks)
		fake_answer(call, 180, false, more);
	else
		fake_answer(call, 183, true, more);
	fake_later(fake, 100, send_reliably, call);
}

static void on_prack(struct itsp *itsp, const struct text_message *m)
{
	char right[64];

	text_header(m, "RAck", 0, itsp->rack, sizeof(itsp->rack));
	snprintf(right, sizeof(right), "%u ", RSEQ_FIRST + itsp->pracks);
	if (itsp->prack_broken) {
		fake_reply(&itsp->end, m, 481, NULL);
		return;
	}
	if (!strncmp(itsp->rack, right, strlen(right)))
		itsp->pracks++;
	fake_reply(&itsp->end, m, 200, NULL);
}

/* The refusals that need no ringing. True when it is over. */
static bool refuse(struct itsp *itsp, struct fake_call *call)
{
	char more[300];
	int status = does(itsp, ITSP_BUSY)	    ? 486
		     : does(itsp, ITSP_UNAVAILABLE) ? 503
		     : does(itsp, ITSP_NOT_FOUND)   ? 404
						    : 0;

	if (does(itsp, ITSP_REDIRECTS)) {
		snprintf(more, sizeof(more), "Contact: <%s>\r\n",
			 itsp->redirect_to);
		fake_answer(call, 302, false, more);
		return true;
	}
	if (status)
		fake_answer(call, status, false, NULL);
	return status != 0;
}

static void first_invite(struct itsp *itsp, struct fake_call *call,
			 const struct text_message *m)
{
	char more[40];

	if (does(itsp, ITSP_100_FIRST))
		fake_answer(call, 100, false, NULL);
	if (does(itsp, ITSP_CHALLENGES | ITSP_CHALLENGES_401) &&
	    challenge(itsp, call, m))
		return;
	if (!does(itsp, ITSP_100_FIRST))
		fake_answer(call, 100, false, NULL);
	if (too_short(itsp, m, more, sizeof(more))) {
		fake_answer(call, 422, false, more);
		return;
	}
	if (refuse(itsp, call) || does(itsp, ITSP_TRIES))
		return;
	if (itsp->reliable) {
		send_reliably(&itsp->end, call);
		return;
	}
	if (does(itsp, ITSP_FORKS | ITSP_FORKS_TWICE)) {
		fork_it(&itsp->end, call);
		return;
	}
	if (does(itsp, ITSP_EARLY_MEDIA))
		fake_answer(call, 183, true, NULL);
	else if (does(itsp, ITSP_183_NO_SDP))
		fake_answer(call, 183, false, NULL);
	if (!does(itsp, ITSP_183_NO_SDP))
		fake_answer(call, 180, does(itsp, ITSP_180_WITH_SDP), NULL);
	if (!does(itsp, ITSP_RINGS | ITSP_ANSWERS_LATE))
		fake_later(&itsp->end, itsp->answer_ms, pick_up, call);
}

static void hang_up(struct fake *fake, struct fake_call *call)
{
	(void)fake;
	if (call->state != FAKE_ENDED)
		fake_bye(call);
}

/* true: dealt with */
static bool reinvite(struct itsp *itsp, struct fake_call *call,
		     const struct text_message *m)
{
	if (does(itsp, ITSP_REINVITE_WAITS)) {
		itsp->waiting = *m;
		fake_reply(&itsp->end, m, 100, NULL);
		return true;
	}
	if (does(itsp, ITSP_REINVITE_488) ||
	    (does(itsp, ITSP_REINVITE_491) && !itsp->refused_reinvite)) {
		itsp->refused_reinvite = true;
		fake_reply(&itsp->end, m,
			   does(itsp, ITSP_REINVITE_488) ? 488 : 491, NULL);
		return true;
	}
	if (!does(itsp, ITSP_REFUSES_REINVITE))
		return false;
	itsp->refused_reinvite = true;
	fake_reply(&itsp->end, m, 488, NULL);
	fake_later(&itsp->end, 50, hang_up, call);
	return true;
}

static bool on_register(struct itsp *itsp, const struct text_message *m)
{
	char credentials[1024], contact[300], more[400];

	if (!itsp->secret)
		return false;
	if (!text_header(m, "Authorization", 0, credentials,
			 sizeof(credentials)) ||
	    !digest_right(credentials, "REGISTER", itsp->secret)) {
		fake_reply(&itsp->end, m, 401,
			   "WWW-Authenticate: " CHALLENGE "\r\n");
		return true;
	}
	itsp->registers++;
	text_header(m, "Contact", 0, contact, sizeof(contact));
	snprintf(more, sizeof(more), "Contact: %s\r\nExpires: 300\r\n",
		 contact);
	fake_reply(&itsp->end, m, 200, more);
	return true;
}

/* Refused for want of credentials? */
static bool challenge_inside(struct itsp *itsp, const struct text_message *m)
{
	char credentials[1024];

	if (!does(itsp, ITSP_CHALLENGES_INSIDE) || !strcmp(m->method, "ACK") ||
	    !strcmp(m->method, "CANCEL"))
		return false;
	if (text_header(m, "Proxy-Authorization", 0, credentials,
			sizeof(credentials)) &&
	    digest_right(credentials, m->method, itsp->secret)) {
		itsp->admitted++;
		return false;
	}
	itsp->challenged++;
	fake_reply(&itsp->end, m, 407, "Proxy-Authenticate: " CHALLENGE "\r\n");
	return true;
}

static bool on_request(struct fake *fake, struct fake_call *call,
		       const struct text_message *m)
{
	struct itsp *itsp = fake->hooks.user;
	bool inside = m->to_tag[0];
	char more[40];

	if (does(itsp, ITSP_SILENT))
		return true;
	if (inside && call && challenge_inside(itsp, m))
		return true;
	if (!strcmp(m->method, "PRACK") && inside) {
		on_prack(itsp, m);
		return true;
	}
	if (!strcmp(m->method, "REGISTER"))
		return on_register(itsp, m);
	if (inside && call && strcmp(m->method, "ACK") &&
	    too_short(itsp, m, more, sizeof(more))) {
		fake_reply(fake, m, 422, more);
		return true;
	}
	if (!strcmp(m->method, "INVITE") && inside && call)
		return reinvite(itsp, call, m);
	if (!strcmp(m->method, "INVITE") && !inside) {
		first_invite(itsp, call, m);
		return true;
	}
	if (!strcmp(m->method, "UPDATE") && does(itsp, ITSP_REFUSES_UPDATE)) {
		fake_reply(fake, m, 501, NULL);
		return true;
	}
	if (!strcmp(m->method, "CANCEL") && does(itsp, ITSP_REINVITE_WAITS)) {
		fake_reply(fake, m, 200, NULL);
		fake_reply(fake, &itsp->waiting, 487, NULL);
		return true;
	}
	if (!strcmp(m->method, "CANCEL") && call) {
		if (does(itsp, ITSP_ANSWERS_LATE) &&
		    call->state == FAKE_RINGING) {
			call->cancel_seen = true;
			fake_answer(call, 200, true, NULL);
			fake_reply(fake, m, 200, NULL);
			return true;
		}
		if (does(itsp, ITSP_IGNORES_CANCEL)) {
			call->cancel_seen = true;
			fake_reply(fake, m, 200, NULL);
			return true;
		}
	}
	return false;
}

void itsp_open(struct itsp *itsp, const char *name, const char *host,
	       const struct sockaddr_in *edge)
{
	memset(itsp, 0, sizeof(*itsp));
	fake_open(&itsp->end, name, host);
	itsp->end.proxy = *edge;
	itsp->end.hooks = (struct fake_hooks){on_request, NULL, itsp};
	snprintf(itsp->end.agent, sizeof(itsp->end.agent), "Softswitch-%s",
		 name);
	itsp->answer_ms = 30;
}

void itsp_close(struct itsp *itsp)
{
	fake_close(&itsp->end);
}

struct fake_call *itsp_call(struct itsp *itsp, const char *number)
{
	return fake_invite(&itsp->end, number);
}

struct fake_call *itsp_line(const struct itsp *itsp)
{
	static struct fake_call none;
	struct fake_call *call = fake_last_call(&itsp->end);

	return call ? call : &none;
}

void itsp_hang_up(struct itsp *itsp)
{
	fake_bye(itsp_line(itsp));
}

void itsp_talk(struct itsp *itsp, bool on)
{
	itsp->end.tone.talking = on;
}

const struct text_message *itsp_got(const struct itsp *itsp, const char *label)
{
	return fake_last_message(&itsp->end, label);
}

bool itsp_is(const struct itsp *itsp, enum fake_state state)
{
	const struct fake_call *call = fake_last_call(&itsp->end);

	return call && call->state == state;
}

unsigned itsp_reinvites(const struct itsp *itsp)
{
	return fake_seen_inside(&itsp->end, "INVITE");
}

unsigned itsp_updates(const struct itsp *itsp)
{
	return fake_seen_inside(&itsp->end, "UPDATE");
}

unsigned itsp_hangups(const struct itsp *itsp)
{
	return fake_seen_inside(&itsp->end, "BYE");
}
