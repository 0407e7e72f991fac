/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call, a REFER for it, and who noticed what. */
#include "tests/fakes/transfer.h"

#include <stdio.h>
#include <string.h>

struct fixture f;
struct fake_call *line, *consult;

void call_out(void)
{
	f.itsp.end.media.codecs = "8 101";
	line = fixture_talk_out(&f);
}

void begin_with(const char *phones)
{
	struct fixture_setup setup = {.phones = phones};

	fixture_start_with(&f, &setup);
	f.itsp.behaviour = ITSP_REFUSES_REINVITE;
	call_out();
}

void begin(void)
{
	begin_with(NULL);
}

void consult_other(void)
{
	f.other.answers_itself = true;
	phone_hold(&f.phone);
	fixture_run_until(&f, phone_reinvite_done);
	consult = phone_call(&f.phone, "102");
	fixture_run_until(&f, consult_up);
	fixture_run_until(&f, other_up);
}

void they_talk(void)
{
	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	fixture_run_until(&f, other_hears_more);
}

void other_hangs_up(void)
{
	phone_hang_up(&f.other);
	fixture_run_until(&f, itsp_ended);
	fixture_run_until(&f, no_calls);
}

void provider_noticed_nothing(void)
{
	fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
	fixture_assert(&f, itsp_updates(&f.itsp) == 0);
	fixture_assert(&f, itsp_hangups(&f.itsp) == 0);
	fixture_assert(&f, fake_seen(&f.itsp.end, "REFER") == 0);
	fixture_assert(&f, fake_seen(&f.itsp.end, "NOTIFY") == 0);
	fixture_assert(&f, itsp_is(&f.itsp, FAKE_UP));
	fixture_assert(&f, f.itsp.end.calls == 1);
	fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
}

void call_is_as_it_was(void)
{
	fixture_both_ways(&f);
	fixture_assert(&f, line->state == FAKE_UP);
	provider_noticed_nothing();
	fake_bye(line);
	fixture_run_until(&f, itsp_ended);
	fixture_run_until(&f, no_calls);
}

bool told(const char *fragment)
{
	for (unsigned i = 0; i < 20; i++) {
		const struct text_message *m =
			fake_message(&f.phone.end, "NOTIFY", i);

		if (!m)
			return false;
		if (strstr(m->body, fragment))
			return true;
	}
	return false;
}

bool refer_got(int status)
{
	char label[32];

	snprintf(label, sizeof(label), "%d REFER", status);
	return fake_seen(&f.phone.end, label) == 1;
}

bool refer_answered(struct fixture *x)
{
	for (unsigned i = 0; i < x->phone.end.records; i++) {
		const struct fake_record *r = &x->phone.end.record[i];

		if (r->way == FAKE_IN && !r->message.request &&
		    !strcmp(r->message.method, "REFER") &&
		    r->message.status >= 200)
			return true;
	}
	return false;
}

bool line_ended(struct fixture *x)
{
	(void)x;
	return line->state == FAKE_ENDED;
}

bool consult_up(struct fixture *x)
{
	(void)x;
	return consult->state == FAKE_UP;
}

bool other_was_cancelled(struct fixture *x)
{
	return phone_line(&x->other)->cancel_seen;
}

bool itsp_was_referred(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "REFER") == 1;
}
