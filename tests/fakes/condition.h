/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fixture_run_until waits for. */
#ifndef TESTS_FAKES_CONDITION_H
#define TESTS_FAKES_CONDITION_H

#include <stdbool.h>

struct fixture;

typedef bool fixture_condition(struct fixture *f);

bool both_up(struct fixture *f);    /* phone and itsp */
bool both_ended(struct fixture *f); /* phone and itsp, and the agent's call */
bool both_phones_up(struct fixture *f);
bool both_phones_ended(struct fixture *f);
bool phone_up(struct fixture *f);
bool other_up(struct fixture *f);
bool itsp_up(struct fixture *f);
bool phone_up_by_backup(struct fixture *f); /* the phone, and backup */
bool both_hear(struct fixture *f);	    /* six packets and more each */
/* 21 packets and more since fixture_from_now; both: phone and itsp. */
bool phone_hears_more(struct fixture *f);
bool other_hears_more(struct fixture *f);
bool itsp_hears_more(struct fixture *f);
bool both_hear_more(struct fixture *f);
bool phone_rings_back(struct fixture *f); /* it had a 180 or 183 */
bool phone_is_ringing(struct fixture *f); /* an INVITE rings there */
bool other_is_ringing(struct fixture *f);
bool itsp_is_ringing(struct fixture *f);
bool phone_has_200(struct fixture *f); /* to its INVITE */
bool phone_refused(struct fixture *f); /* its INVITE, and no call is left */
bool phone_ended(struct fixture *f);
bool other_ended(struct fixture *f);
bool itsp_ended(struct fixture *f);
bool phone_reinvite_done(struct fixture *f);
bool other_reinvite_done(struct fixture *f);
bool itsp_reinvite_done(struct fixture *f);
bool phone_update_done(struct fixture *f);
bool phone_was_told_final(struct fixture *f); /* of a transfer: its last word */
bool no_calls(struct fixture *f);	      /* the agent has none left */

/* Do nothing of the inside's in any message that the provider saw, and
 * nothing of the outside's in the phone's. Tells what it found. */
bool nothing_of_the_inside_outside(struct fixture *f);

#endif
