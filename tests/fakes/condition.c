/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests wait for, read from the fakes and from the agent. */
#include "tests/fakes/condition.h"

#include <stdio.h>
#include <string.h>

#include "sbc/report/status.h"
#include "tests/fakes/fixture.h"

bool both_up(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_UP) && itsp_is(&f->itsp, FAKE_UP);
}

bool phone_up(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_UP);
}

bool other_up(struct fixture *f)
{
	return phone_is(&f->other, FAKE_UP);
}

bool itsp_up(struct fixture *f)
{
	return itsp_is(&f->itsp, FAKE_UP);
}

bool phone_up_by_backup(struct fixture *f)
{
	return phone_up(f) && itsp_is(&f->backup, FAKE_UP);
}

bool no_calls(struct fixture *f)
{
	return status_calls() == 0 && f->agent->calls_count == 0;
}

bool both_ended(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_ENDED) &&
	       itsp_is(&f->itsp, FAKE_ENDED) && no_calls(f);
}

bool both_phones_up(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_UP) && phone_is(&f->other, FAKE_UP);
}

bool both_phones_ended(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_ENDED) &&
	       phone_is(&f->other, FAKE_ENDED) && no_calls(f);
}

bool both_hear(struct fixture *f)
{
	return tone_heard(&f->phone.end.tone) > 5 &&
	       tone_heard(&f->itsp.end.tone) > 5;
}

static bool hears_more(const struct fake *fake, unsigned heard)
{
	return tone_heard(&fake->tone) > heard + 20;
}

bool phone_hears_more(struct fixture *f)
{
	return hears_more(&f->phone.end, f->phone_heard);
}

bool other_hears_more(struct fixture *f)
{
	return hears_more(&f->other.end, f->other_heard);
}

bool itsp_hears_more(struct fixture *f)
{
	return hears_more(&f->itsp.end, f->itsp_heard);
}

bool both_hear_more(struct fixture *f)
{
	return phone_hears_more(f) && itsp_hears_more(f);
}

bool phone_rings_back(struct fixture *f)
{
	return phone_line(&f->phone)->provisionals > 0;
}

bool phone_is_ringing(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_RINGING);
}

bool other_is_ringing(struct fixture *f)
{
	return phone_is(&f->other, FAKE_RINGING);
}

bool phone_ended(struct fixture *f)
{
	return phone_is(&f->phone, FAKE_ENDED);
}

bool other_ended(struct fixture *f)
{
	return phone_is(&f->other, FAKE_ENDED);
}

bool phone_has_200(struct fixture *f)
{
	return phone_line(&f->phone)->status == 200;
}

bool phone_refused(struct fixture *f)
{
	return phone_ended(f) && phone_line(&f->phone)->status >= 300 &&
	       no_calls(f);
}

bool phone_was_told_final(struct fixture *f)
{
	const struct text_message *m =
		fake_last_message(&f->phone.end, "NOTIFY");

	return m &&
	       !strncmp(text_value(m, "Subscription-State"), "terminated", 10);
}

bool itsp_ended(struct fixture *f)
{
	return itsp_is(&f->itsp, FAKE_ENDED);
}

bool itsp_is_ringing(struct fixture *f)
{
	return itsp_is(&f->itsp, FAKE_RINGING);
}

bool phone_reinvite_done(struct fixture *f)
{
	return phone_line(&f->phone)->reinvite_status >= 200;
}

bool other_reinvite_done(struct fixture *f)
{
	return phone_line(&f->other)->reinvite_status >= 200;
}

bool itsp_reinvite_done(struct fixture *f)
{
	return itsp_line(&f->itsp)->reinvite_status >= 200;
}

bool phone_update_done(struct fixture *f)
{
	return phone_line(&f->phone)->update_status >= 200;
}

static bool absent(const struct fake *fake, const char *needle)
{
	const struct text_message *found = fake_saw_text(fake, needle);

	if (found)
		fprintf(stderr, "# %s was told \"%s\":\n%s\n", fake->name,
			needle, found->raw);
	return !found;
}

bool nothing_of_the_inside_outside(struct fixture *f)
{
	bool clean = true;

	clean &= absent(&f->itsp.end, "127.0.1.");
	clean &= absent(&f->itsp.end, "InsidePhone");
	clean &= absent(&f->itsp.end, "User-Agent: Inside");
	clean &= absent(&f->phone.end, "127.0.2.");
	clean &= absent(&f->phone.end, "Softswitch");
	for (unsigned i = 0; i < f->phone.end.calls; i++) {
		clean &= absent(&f->itsp.end, f->phone.end.call[i]->call_id);
		clean &= absent(&f->itsp.end, f->phone.end.call[i]->local_tag);
	}
	return clean;
}
