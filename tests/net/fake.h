/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A phone or a provider for the scenarios: told by lines on standard input,
 * telling by lines on standard output, misbehaving on demand. One call.
 */
#ifndef TESTS_NET_FAKE_H
#define TESTS_NET_FAKE_H

#include "tests/net/voice.h"
#include "tests/net/wire.h"

#include <stdint.h>

enum fake_state { FAKE_IDLE, FAKE_CALLING, FAKE_INCOMING, FAKE_UP };

/* What an INVITE, and then a re-INVITE gets. */
enum fake_manner {
	FAKE_ANSWER,
	FAKE_RING,	  /* until told */
	FAKE_BUSY,	  /* 486 */
	FAKE_UNAVAILABLE, /* 503 */
	FAKE_SILENT,	  /* nothing at all */
	FAKE_KILL,	  /* re-INVITE: 488, then BYE */
};

struct fake_request { /* the last one of ours */
	char method[16], uri[256], branch[64], auth[1024];
	unsigned cseq;
	bool challenged, pending;
	uint64_t again_us, interval_us;
	struct text text;
};

struct fake {
	/* as asked on the command line */
	struct sockaddr_storage local, peer, shown;
	socklen_t local_len, peer_len;
	const char *user, *password, *domain, *sdp_host;
	const char *ask_user, *ask_password; /* we challenge */
	bool tcp;
	enum fake_manner invite, reinvite;
	unsigned codec; /* preferred payload type */

	struct wire wire;
	struct voice voice;
	enum voice_sound sound;
	bool said_end;

	/* the dialog */
	enum fake_state state;
	char call_id[192], local_tag[32], local_uri[256], remote[256];
	char target[256]; /* remote target */
	unsigned cseq;
	struct wire_path path; /* last heard from */
	struct fake_request request;
	struct text_message incoming; /* INVITE not answered yet */
	struct wire_path incoming_path;
	unsigned sdp_session, sdp_version;
	const char *direction;
	bool sdp_known;

	/* registrations of ours have their own identity */
	char register_id[64];
	unsigned register_cseq;
	int register_expires;

	struct fake_answered {
		char branch[192]; /* and the method */
		struct text text;
		struct wire_path path;
	} answered[16];
	unsigned answered_next;

	unsigned invites, reinvites, updates, byes, cancels;
};

uint64_t fake_now_us(void);
void fake_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fake_random(char *out, size_t size);

/* fake_offer.c: session descriptions */
void fake_sdp_write(struct fake *f, char *out, size_t size);
/* Takes the far end's address, codec and direction. */
void fake_sdp_read(struct fake *f, const char *sdp);

/* fake_server.c: what others ask of us */
void fake_asked(struct fake *f, const struct text_message *message,
		const struct wire_path *from);
void fake_answer(struct fake *f, int status);

/* fake_client.c: what we ask of others */
void fake_told(struct fake *f, const struct text_message *message,
	       const struct wire_path *from);
void fake_ask(struct fake *f, const char *method);
void fake_register(struct fake *f, int expires);
void fake_call(struct fake *f, const char *number);
void fake_again(struct fake *f);
void fake_end(struct fake *f, const char *by);

#endif
