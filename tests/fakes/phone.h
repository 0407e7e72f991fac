/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phone: registers, calls, rings, answers, holds, moves, hangs up. */
#ifndef TESTS_FAKES_PHONE_H
#define TESTS_FAKES_PHONE_H

#include "tests/fakes/fake.h"

enum phone_hold_style {
	PHONE_HOLD_SENDONLY,
	PHONE_HOLD_INACTIVE,
	PHONE_HOLD_ZERO
};

struct phone {
	struct fake end;
	bool md5_only;	     /* takes the MD5 challenge even beside SHA-256 */
	bool answers_itself; /* 180, then 200; else it rings until told */
	unsigned ring_ms;    /* before it answers itself */
	int refuses;	     /* answers every INVITE with this when set */
	const char *redirects_to; /* Contact of a 302 to every INVITE */
	int refuses_reinvite; /* answers every re-INVITE with this when set */
	bool silent;	      /* no answer to anything, not even 100 */
	int register_status;  /* 0: none yet */
	unsigned register_expires_s;
	char register_id[64];
	unsigned register_cseq, register_tries;
	bool wrong_password;
	const char *contact; /* NULL: its own address */
};

void phone_open(struct phone *phone, const char *user, const char *host,
		const char *password, const struct sockaddr_in *proxy);
void phone_close(struct phone *phone);

/* REGISTER, answering the challenge. expires_s 0 takes it back. */
void phone_register(struct phone *phone, unsigned expires_s);

struct fake_call *phone_call(struct phone *phone, const char *number);
/* Its last call; before it had one: an empty one, to be looked at only. */
struct fake_call *phone_line(const struct phone *phone);
void phone_answer(struct phone *phone);
void phone_hold(struct phone *phone); /* sendonly, music goes on */
void phone_hold_as(struct phone *phone, enum phone_hold_style style);
void phone_resume(struct phone *phone);
/* New RTP port, told by re-INVITE. */
void phone_move(struct phone *phone);
/* REFER in its last call. target: the whole Refer-To URI; more: further
 * header lines, or NULL. */
void phone_refer(struct phone *phone, const char *target, const char *more);
/* REFER in `held` that joins it to `consulted`, both calls of this phone. */
void phone_refer_attended(struct phone *phone, struct fake_call *held,
			  const struct fake_call *consulted);
/* INVITE that replaces a call as the one who has it knows it. */
struct fake_call *phone_replace(struct phone *phone,
				const struct fake_call *replaced);
void phone_cancel(struct phone *phone);
void phone_hang_up(struct phone *phone);
void phone_talk(struct phone *phone, bool on);

/* The last message of this label that it got, or NULL. */
const struct text_message *phone_got(const struct phone *phone,
				     const char *label);
bool phone_is(const struct phone *phone, enum fake_state state);

#endif
