/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fake.c (messages) and dialog*.c (calls) know of each other. */
#ifndef TESTS_FAKES_INSIDE_H
#define TESTS_FAKES_INSIDE_H

#include "tests/fakes/fake.h"

/* A request of ours until it is answered. */
struct fake_tx {
	struct fake_tx *next;
	struct fake_call *call;
	char branch[64], method[16];
	unsigned cseq;
	char *text;
	size_t len;
	struct sockaddr_in to;
	uint64_t next_ms, end_ms;
	unsigned wait_ms;
	bool proceeding, done;
};

/* An answer of ours: given again to each copy of its request; a final one to
 * an INVITE also by itself, until the ACK. */
struct fake_reply {
	struct fake_reply *next;
	struct fake_call *call;
	char branch[160], method[16];
	char *text;
	size_t len;
	struct sockaddr_in to;
	uint64_t next_ms, end_ms; /* next_ms 0: not by itself */
	unsigned wait_ms, cseq;
	bool success;
	char local_tag[64];
};

/* Record it and send it, unless it is to be lost. */
void fake_emit(struct fake *fake, const char *data, size_t len,
	       const struct sockaddr_in *to);
struct fake_tx *fake_transact(struct fake *fake, struct fake_call *call,
			      const char *method, const char *branch,
			      unsigned cseq, const struct text *text,
			      const struct sockaddr_in *to);
void fake_keep_reply(struct fake *fake, struct fake_call *call,
		     const struct text_message *request, int status,
		     const struct text *text, const struct sockaddr_in *to,
		     const char *local_tag);
void fake_new_branch(struct fake *fake, char *out, size_t size);

/* dialog.c */
void fake_dialog_request(struct fake *fake, const struct text_message *m);
void fake_dialog_no_ack(struct fake *fake, struct fake_reply *reply);
void fake_dialog_free(struct fake *fake);
struct fake_call *fake_new_call(struct fake *fake);
/* Contact and Record-Route of what comes in. */
void fake_keep_target(struct fake_call *call, const struct text_message *m);
void fake_keep_routes(struct fake_call *call, const struct text_message *m,
		      bool reversed);
/* Allow and Supported; the lines a test wants beside them may name more. */
const char *fake_allow(const struct fake *fake);

/* dialog_answered.c */
void fake_dialog_answer(struct fake *fake, struct fake_tx *tx,
			const struct text_message *m, bool copy);
void fake_dialog_timeout(struct fake *fake, struct fake_tx *tx);

/* offer.c */
void fake_write_sdp(struct fake_call *call, struct text *out, bool answer);
void fake_learn_sdp(struct fake_call *call, const struct text_message *m);

#endif
