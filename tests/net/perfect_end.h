/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One end of one call for tests/net/perfect: a phone that asks for everything
 * there is in mid-call, or a provider that bears nothing of it.
 */
#ifndef TESTS_NET_PERFECT_END_H
#define TESTS_NET_PERFECT_END_H

#include "tests/fakes/text.h"
#include "tests/net/secure.h"
#include "tests/net/voice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum end_state { END_IDLE, END_CALLING, END_UP };

/* What we say of our media. */
struct end_media {
	const char *codecs;    /* "0 8 101" */
	const char *direction; /* "sendrecv" ... */
	bool zero;	       /* c=0.0.0.0 */
	bool video;	       /* the second slot is wanted */
	bool gone;	       /* the audio is removed: port 0 */
	bool fax;	       /* T.38 in the audio's place */
	unsigned slots;	       /* m= lines of the session */
};

struct end_request { /* the last one of ours */
	char method[16], uri[256], branch[48], auth[768];
	unsigned cseq;
	bool pending, challenged, offers, repeats;
	uint64_t sent_us, again_us, interval_us;
	struct text text;
};

struct end {
	bool provider; /* 488 to a re-INVITE or UPDATE, then BYE */
	int sip;
	struct sockaddr_in at, edge;
	char user[32], password[32], domain[32];
	struct voice voice;
	bool srtp; /* RTP/SAVP and nothing else */
	struct secure secure;
	char crypto_tag[8];  /* of their offer */
	char also[384];	     /* a header of the REFER or the first INVITE */
	bool moving;	     /* on new sockets, silent until that is answered */
	bool restarts;	     /* its stream begins anew after each hold */
	const char *answers; /* the codecs that it takes in an answer */

	enum end_state state;
	char call_id[64], local[256], remote[320], target[256];
	unsigned cseq, serial;
	struct end_media media, before; /* before: the offer in flight */
	unsigned sdp_id, sdp_version;
	char sdp[1024], sdp_before[1024];
	struct end_request request;
	int status; /* final answer to the last request; 0: none yet */
	char remote_id[40], remote_version[40], remote_body[2048];
	char answered_branch[96];
	struct text answered;

	unsigned invites, reinvites, updates, byes, odd;
	unsigned answer_faults; /* of the other side's session descriptions */
	char fault[256], answer_said[144];
};

/* Forget the call, keep sockets and account. */
void end_begin(struct end *end);
void end_call(struct end *end, const char *uri);
/* The call of `was`, the same user's phone, is taken over. */
void end_replace(struct end *end, const struct end *was);
/* What a Replaces header says of end's dialog, as the edge sees it (RFC 3891
 * section 3). */
void end_dialog(const struct end *end, char out[256]);
void end_register(struct end *end);
/* A request in the dialog; with a session description of `media`, or without
 * any; `same` repeats the last one as it was. */
enum end_body { END_NO_BODY, END_OFFER, END_SAME };
void end_ask(struct end *end, const char *method, enum end_body body);
void end_again(struct end *end, uint64_t now_us);
void end_receive(struct end *end, const struct text_message *message,
		 const struct sockaddr_in *from);
bool end_owns(const struct end *end, const struct text_message *message);
uint64_t end_now_us(void);

#endif
