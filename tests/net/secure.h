/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fake's SRTP with keys in SDP (RFC 4568): AES_CM_128_HMAC_SHA1_80, one key
 * each way. Of the program it shares the cipher library and nothing else.
 */
#ifndef TESTS_NET_SECURE_H
#define TESTS_NET_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECURE_SUITE "AES_CM_128_HMAC_SHA1_80"
#define SECURE_ROOM  32 /* what a packet may grow by */

struct secure {
	bool on;
	char ours[48], theirs[48]; /* base64 of key and salt */
	void *out, *next, *in;	   /* srtp_t */
	unsigned refused;	   /* packets that failed authentication */
};

/* A key of ours to be told; its ROC is 0. What is sent has it from
 * secure_told() on. */
void secure_key(struct secure *secure);
void secure_told(struct secure *secure);
/* What theirs is, from the value of an a=crypto line: the same key keeps its
 * ROC, a new one begins at 0. False: not a line that we know. */
bool secure_heard(struct secure *secure, const char *crypto);
/* In place; the new length, 0: cannot. `buf` has SECURE_ROOM more. */
size_t secure_seal(struct secure *secure, uint8_t *buf, size_t len);
size_t secure_open(struct secure *secure, uint8_t *buf, size_t len);
/* Neither key is used any more. */
void secure_off(struct secure *secure);

#endif
