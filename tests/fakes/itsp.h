/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A provider, and all the ways in which providers misbehave. */
#ifndef TESTS_FAKES_ITSP_H
#define TESTS_FAKES_ITSP_H

#include "tests/fakes/fake.h"

/* Flags; they may be combined where that makes sense. 0: 100, 180, 200. */
enum itsp_behaviour {
	ITSP_ANSWERS = 0,
	ITSP_BUSY = 1 << 0,		/* 486 */
	ITSP_SILENT = 1 << 1,		/* nothing at all */
	ITSP_UNAVAILABLE = 1 << 2,	/* 503 */
	ITSP_REFUSES_REINVITE = 1 << 3, /* 488, then BYE */
	ITSP_FORKS = 1 << 4,		/* 180 from two branches, 200 from a
					   third, then another from the first */
	ITSP_EARLY_MEDIA = 1 << 6,	/* 183 with SDP, then 180 without */
	ITSP_183_NO_SDP = 1 << 7,
	ITSP_CHALLENGES = 1 << 8,     /* 407 */
	ITSP_CHALLENGES_401 = 1 << 9, /* 401 */
	ITSP_100_FIRST = 1 << 5,      /* 100 before the challenge too */
	ITSP_SHA256_TOO = 1 << 10,    /* offers both algorithms */
	ITSP_REDIRECTS = 1 << 11,     /* 302 */
	ITSP_ANSWERS_LATE = 1 << 12,  /* its 200 crosses our CANCEL */
	ITSP_PORT_0 = 1 << 13,	      /* answers with m=audio 0 */
	ITSP_RINGS = 1 << 14,	      /* 180, and no more */
	ITSP_TRIES = 1 << 15,	      /* 100, and no more */
	ITSP_180_WITH_SDP = 1 << 16,
	ITSP_BAD_SDP = 1 << 17,	       /* 200 with nonsense for a body */
	ITSP_NO_SDP = 1 << 18,	       /* 200 without a body */
	ITSP_REFUSES_UPDATE = 1 << 19, /* 501 */
	ITSP_IGNORES_CANCEL = 1 << 20, /* 200 to it, and goes on ringing */
	ITSP_NOT_FOUND = 1 << 21,      /* 404 */
	ITSP_FORKS_TWICE = 1 << 22,    /* both 2xx in one packet burst */
	ITSP_REINVITE_488 = 1 << 23,   /* 488, and the call goes on */
	ITSP_REINVITE_491 = 1 << 24,   /* 491 to the first one */
	ITSP_REINVITE_WAITS = 1 << 25, /* 100 and no more, 487 when cancelled */
	ITSP_CHALLENGES_INSIDE = 1 << 26, /* 407 to each request in a call */
};

struct itsp {
	struct fake end;
	unsigned behaviour;
	unsigned answer_ms; /* from 180 to 200 */
	const char *secret; /* of the account, with ITSP_CHALLENGES */
	unsigned challenged, admitted;
	char redirect_to[256]; /* Contact of the 302 */
	bool refused_reinvite;
	struct text_message waiting; /* with ITSP_REINVITE_WAITS */
	unsigned min_se_s;	     /* 422 to less; 0: takes all */
	unsigned too_short;	     /* how many 422s */
	/* A 183 with SDP, sent reliably again and again until its PRACK came;
	 * the same with a 180; then a 200 without a body. */
	bool reliable;
	unsigned pracks;   /* that were right */
	char rack[64];	   /* of the last one */
	bool prack_broken; /* 481 to every PRACK */
	int registers;	   /* REGISTERs that were right */
};

void itsp_open(struct itsp *itsp, const char *name, const char *host,
	       const struct sockaddr_in *edge);
void itsp_close(struct itsp *itsp);

/* A call from outside. */
struct fake_call *itsp_call(struct itsp *itsp, const char *number);
struct fake_call *itsp_line(const struct itsp *itsp);
void itsp_hang_up(struct itsp *itsp);
void itsp_talk(struct itsp *itsp, bool on);
/* The last message of this label that it got, or NULL. */
const struct text_message *itsp_got(const struct itsp *itsp, const char *label);
bool itsp_is(const struct itsp *itsp, enum fake_state state);

/* Mid-call requests that reached it. */
unsigned itsp_reinvites(const struct itsp *itsp);
unsigned itsp_updates(const struct itsp *itsp);
unsigned itsp_hangups(const struct itsp *itsp);

#endif
