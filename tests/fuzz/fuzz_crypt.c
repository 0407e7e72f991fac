/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRTP and SRTCP on any bytes. Input: a byte that chooses suite and MKI, then
 * steps of a kind, a length and so many bytes:
 *   kind & 3 = 0  an RTP packet from the network, 1 an RTCP packet
 *              2  a sealed RTP packet with these bytes laid over it by
 *                 exclusive or, 3 RTCP
 *   kind & 4      seal these bytes first
 * Nothing is taken but what was sealed; what is refused stays as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "media/crypt.h"
#include "media/rtp.h"

#define PLAIN 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

struct ends {
	struct crypt *send, *receive;
	uint16_t seq;
	int64_t now_ns;
	/* The last packet that was sealed. */
	uint8_t sealed[512];
	size_t sealed_len;
	bool sealed_rtcp;
};

static void arrive(struct ends *e, bool rtcp, const uint8_t *data, size_t size)
{
	uint8_t *buf = malloc(size + !size); /* not a byte more */
	size_t len = size;
	require(buf != NULL);
	memcpy(buf, data, size);
	int rc = crypt_unprotect(e->receive, rtcp, buf, &len, e->now_ns);
	if (rc < 0) {
		require(len == size && memcmp(buf, data, size) == 0);
	} else {
		require(len < size && rtcp == e->sealed_rtcp);
		require(size == e->sealed_len &&
			memcmp(data, e->sealed, size) == 0);
	}
	free(buf);
}

static void seal(struct ends *e, bool rtcp, const uint8_t *data, size_t size)
{
	uint8_t *buf = malloc(size + CRYPT_ROOM);
	size_t len = size;
	require(buf != NULL);
	memcpy(buf, data, size);
	if (crypt_protect(e->send, rtcp, buf, &len) == 0) {
		require(len > size && len <= size + CRYPT_ROOM);
		memcpy(e->sealed, buf, len);
		e->sealed_len = len;
		e->sealed_rtcp = rtcp;
	}
	free(buf);
}

static void lay_over(struct ends *e, bool rtcp, const uint8_t *data,
		     size_t size)
{
	static const uint8_t report[PLAIN] = {0x80, 204, 0, 9, 0, 0, 0, 1};
	uint8_t plain[PLAIN] = {0}, wire[512];
	rtp_write(plain, 8, false, e->seq++, 0, 1);
	seal(e, rtcp, rtcp ? report : plain, PLAIN);
	memcpy(wire, e->sealed, e->sealed_len);
	for (size_t i = 0; i < size && i < e->sealed_len; i++)
		wire[i] ^= data[i];
	arrive(e, rtcp, wire, e->sealed_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct media_key key = {.key = {1, 2, 3}, .mki = {1, 2, 3, 4}};
	struct ends e = {.seq = 65530};
	if (size < 1)
		return 0;
	key.suite = 1 + data[0] % (MEDIA_CRYPTO_SUITES - 1);
	key.mki_len = (data[0] >> 4) % (MEDIA_MKI_MAX + 1);
	require(crypt_new(&e.send, &key, CRYPT_SEND) == 0);
	require(crypt_new(&e.receive, &key, CRYPT_RECEIVE) == 0);
	for (size_t at = 1; at + 2 <= size;) {
		unsigned kind = data[at];
		size_t len = data[at + 1];
		at += 2;
		if (len > size - at)
			len = size - at;
		if (kind & 4)
			seal(&e, kind & 1, data + at, len);
		if (kind & 2)
			lay_over(&e, kind & 1, data + at, len);
		else
			arrive(&e, kind & 1, data + at, len);
		at += len;
		e.now_ns += INT64_C(300000000);
	}
	crypt_free(e.send);
	crypt_free(e.receive);
	return 0;
}
