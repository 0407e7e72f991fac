/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call of which either end asks, and what is looked at on both. */
#include "config.h"

#include "tests/rows.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fakes/inside.h"

struct fixture f;
struct fake *asks, *other;
static unsigned p_from, t_from; /* packets that they had heard */

struct fake_call *p(void)
{
	return fake_last_call(asks);
}

struct fake_call *t(void)
{
	return fake_last_call(other);
}

const struct text_stream *p_was_told(void)
{
	return &p()->remote_sdp.stream[0];
}

void from_now(void)
{
	p_from = tone_heard(&asks->tone);
	t_from = tone_heard(&other->tone);
}

bool t_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&other->tone) >= t_from + 15;
}

bool p_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&asks->tone) >= p_from + 15;
}

bool p_done(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status >= 200;
}

bool p_update_done(struct fixture *x)
{
	(void)x;
	return p()->update_status >= 200;
}

/* A call of the phone's; P is the phone (0) or the provider (1). */
void begin_with(int side, const char *acme, const char *phones)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.acme = acme, .phones = phones});
	f.itsp.end.media.codecs = "8 101";
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
}

void begin(int side)
{
	begin_with(side, "reinvite = \"suppress\"; update = \"suppress\";",
		   "reinvite = \"suppress\"; update = \"suppress\";");
}

void begin_forward(int side)
{
	begin_with(side, "reinvite = \"forward\";", "reinvite = \"forward\";");
}

int reinvite(void)
{
	fake_reinvite(p());
	fixture_run_until(&f, p_done);
	return p()->reinvite_status;
}

int hold(const char *direction)
{
	p()->media.direction = direction;
	return reinvite();
}

void t_was_left_alone(void)
{
	fixture_assert(&f, fake_seen_inside(other, "INVITE") == 0);
	fixture_assert(&f, fake_seen_inside(other, "UPDATE") == 0);
	fixture_assert(&f, both_up(&f));
}

/* T's stream: one, unbroken, still there. */
void t_hears_on(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_assert(&f, tone_unbroken(&other->tone, 0));
	/* P is silent from before its request until its answer. */
	ck_assert_uint_le(tone_longest_gap_ms(&other->tone, 3), ROWS_GAP_MS);
}

void both_ways(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_run_until(&f, p_hears);
}

unsigned long version_of(const struct fake_call *call)
{
	return strtoul(call->remote_sdp.version, NULL, 10);
}

const struct hold holds[] = {
	{"sendonly, with music", "sendonly", "recvonly", .talks = true},
	{"sendonly, silent", "sendonly", "recvonly", .zero = false},
	{"inactive", "inactive", "inactive", .zero = false},
	{"recvonly", "recvonly", "sendonly", .zero = false},
	{"c=0.0.0.0", "sendrecv", "recvonly", .zero = true},
	{"c=0.0.0.0 and sendonly", "sendonly", "recvonly", .zero = true},
	{"c=0.0.0.0 and inactive", "inactive", "inactive", .zero = true},
	{"removed", "sendrecv", NULL, .removed = true},
};

void set_hold(int i)
{
	p()->media.direction = holds[i].direction;
	p()->media.zero_address = holds[i].zero;
	p()->media.port_zero = holds[i].removed;
	asks->tone.talking = holds[i].talks;
}

void set_resume(void)
{
	p()->media.direction = "sendrecv";
	p()->media.zero_address = p()->media.port_zero = false;
	asks->tone.talking = true;
}

void answer_is(int i)
{
	fixture_assert(&f, p()->remote_sdp.streams == 1);
	if (holds[i].removed) {
		fixture_assert(&f, p_was_told()->port == 0);
		return;
	}
	fixture_assert(&f, p_was_told()->port != 0);
	ck_assert_str_eq(p_was_told()->direction, holds[i].answer);
	ck_assert_str_ne(p_was_told()->address, "0.0.0.0");
}

/* T hears something as long as it lasts, which is longer than the filler is
 * armed after a resume. */
bool p_has_200(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status == 200;
}

struct text_message waiting;

static bool keep_reinvite(struct fake *fake, struct fake_call *call,
			  const struct text_message *m)
{
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	(void)call;
	text_read(&waiting, m->raw, m->len);
	fake_reply(fake, m, 100, NULL);
	return true;
}

bool t_was_asked(struct fixture *x)
{
	(void)x;
	return waiting.raw;
}

bool t_saw_cancel(struct fixture *x)
{
	(void)x;
	return fake_seen(other, "CANCEL") > 0;
}

bool (*t_request)(struct fake *fake, struct fake_call *call,
		  const struct text_message *m);

void t_keeps_reinvites(void)
{
	memset(&waiting, 0, sizeof(waiting));
	t_request = other->hooks.request;
	other->hooks.request = keep_reinvite;
}

/* T answers the one it kept. */
void t_answers(void)
{
	other->hooks.request = t_request;
	text_free(&t()->invite);
	text_read(&t()->invite, waiting.raw, waiting.len);
	fake_learn_sdp(t(), &waiting);
	fake_answer(t(), 200, true, NULL);
}

bool t_is_sendrecv(struct fixture *x)
{
	(void)x;
	return !strcmp(t()->remote_sdp.stream[0].direction, "sendrecv");
}

bool t_has_our_200(struct fixture *x)
{
	(void)x;
	return t()->reinvite_status == 200;
}

const char *last_body(const struct fake *fake, const char *label)
{
	const struct text_message *m = fake_last_message(fake, label);

	return m ? m->body : "";
}

void swap_roles(void)
{
	struct fake *swap = asks;

	asks = other;
	other = swap;
}

bool both_asked(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status >= 200 && t()->reinvite_status >= 200;
}

/* Each refuses the other's while its own is open, and asks again. */
bool glaring(struct fake *fake, struct fake_call *call,
	     const struct text_message *m)
{
	if (!call || strcmp(m->method, "INVITE") || !m->to_tag[0] ||
	    call->reinvite_status)
		return false;
	fake_reply(fake, m, 491, NULL);
	return true;
}

bool t_reinvite_done(struct fixture *x)
{
	(void)x;
	return t()->reinvite_status >= 200;
}

TCase *group(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	fixture_around(tests, &f);
	suite_add_tcase(suite, tests);
	return tests;
}
