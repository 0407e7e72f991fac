/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One context of SRTP and SRTCP, beside the library's own ciphers. */
#include "check_main.h"

#include <errno.h>
#include <malloc.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "media/bytes.h"
#include "media/crypt.h"
#include "media/rtp.h"

#define PACKET	 172
#define ROOM	 (PACKET + CRYPT_ROOM)
#define SSRC	 0xcafebabe
#define SECOND	 INT64_C(1000000000)
#define RTCP_LEN 24

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_MEMORY 0
#else
#define COUNTS_MEMORY 1
/* Each allocation is counted: the library's, too. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
static unsigned long allocations;
static bool counting; /* Check allocates, too */

void *malloc(size_t size)
{
	allocations += counting;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations += counting;
	return __libc_calloc(count, size);
}
#endif

static void count_from_here(bool on)
{
#if COUNTS_MEMORY
	counting = on;
#else
	(void)on;
#endif
}

struct packet {
	_Alignas(8) uint8_t bytes[ROOM];
	size_t len;
};

static const char *const names[] = {
	[MEDIA_CRYPTO_AES_CM_128_SHA1_80] = "AES_CM_128_HMAC_SHA1_80",
	[MEDIA_CRYPTO_AES_CM_128_SHA1_32] = "AES_CM_128_HMAC_SHA1_32",
	[MEDIA_CRYPTO_AES_256_CM_SHA1_80] = "AES_256_CM_HMAC_SHA1_80",
	[MEDIA_CRYPTO_AES_256_CM_SHA1_32] = "AES_256_CM_HMAC_SHA1_32",
	[MEDIA_CRYPTO_AEAD_AES_128_GCM] = "AEAD_AES_128_GCM",
	[MEDIA_CRYPTO_AEAD_AES_256_GCM] = "AEAD_AES_256_GCM",
};

static struct media_key key_of(enum media_crypto_suite suite, uint8_t seed)
{
	struct media_key key = {.suite = suite};
	for (unsigned i = 0; i < MEDIA_KEY_MAX; i++)
		key.key[i] = (uint8_t)(seed + i * 7);
	return key;
}

static struct packet rtp(uint32_t ssrc, uint16_t seq)
{
	struct packet p = {.len = PACKET};
	rtp_write(p.bytes, 8, false, seq, seq * 160u, ssrc);
	for (unsigned i = RTP_HEADER_LEN; i < PACKET; i++)
		p.bytes[i] = (uint8_t)(i * 3 + seq);
	return p;
}

static struct packet rtcp(uint32_t ssrc, uint8_t seed)
{
	struct packet p = {.bytes = {0x80, 204, 0, RTCP_LEN / 4 - 1},
			   .len = RTCP_LEN};
	put32(p.bytes + 4, ssrc);
	for (unsigned i = 8; i < RTCP_LEN; i++)
		p.bytes[i] = (uint8_t)(seed + i);
	return p;
}

struct way {
	struct crypt *send, *receive;
};

static struct way way_of(const struct media_key *key)
{
	struct way way;
	ck_assert_int_eq(crypt_new(&way.send, key, CRYPT_SEND), 0);
	ck_assert_int_eq(crypt_new(&way.receive, key, CRYPT_RECEIVE), 0);
	return way;
}

static void way_free(struct way *way)
{
	crypt_free(way->send);
	crypt_free(way->receive);
}

static struct packet sealed(struct crypt *send, bool is_rtcp, struct packet p)
{
	count_from_here(true);
	int rc = crypt_protect(send, is_rtcp, p.bytes, &p.len);
	count_from_here(false);
	ck_assert_int_eq(rc, 0);
	return p;
}

static struct packet sent(struct crypt *send, uint32_t ssrc, uint16_t seq)
{
	return sealed(send, false, rtp(ssrc, seq));
}

/* What is refused is left as it was. */
static int receive(struct crypt *crypt, bool is_rtcp, const struct packet *p,
		   struct packet *out)
{
	*out = *p;
	count_from_here(true);
	int rc = crypt_unprotect(crypt, is_rtcp, out->bytes, &out->len, 0);
	count_from_here(false);
	if (rc < 0) {
		ck_assert_uint_eq(out->len, p->len);
		ck_assert_mem_eq(out->bytes, p->bytes, p->len);
	}
	return rc;
}

static void takes(struct crypt *crypt, const struct packet *p)
{
	struct packet out;
	uint16_t seq = get16(p->bytes + 2);
	ck_assert_int_eq(receive(crypt, false, p, &out), 0);
	struct packet plain = rtp(get32(p->bytes + 8), seq);
	ck_assert_uint_eq(out.len, plain.len);
	ck_assert_mem_eq(out.bytes, plain.bytes, plain.len);
}

static void refuses(struct crypt *crypt, const struct packet *p, int why)
{
	struct packet out;
	ck_assert_int_eq(receive(crypt, false, p, &out), why);
}

/* --- what is on the wire
 * ---------------------------------------------------------- */

static size_t from_hex(uint8_t *out, const char *hex)
{
	size_t n = 0;
	for (; hex[2 * n]; n++) {
		unsigned byte;
		ck_assert_int_eq(sscanf(hex + 2 * n, "%2x", &byte), 1);
		out[n] = (uint8_t)byte;
	}
	return n;
}

/* Of libsrtp's own tests. */
static const struct vector {
	enum media_crypto_suite suite;
	const char *key;
	bool is_rtcp;
	const char *plain, *wire;
} vectors[] = {
	{MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6", false,
	 "800f1234decafbadcafebabeabababababababababababababababab",
	 "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402"
	 "b78d6acc99ea179b8dbb"},
	{MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6", true,
	 "81c8000bcafebabeabababababababababababababababab",
	 "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001"
	 "993e08cd54d6c1230798"},
	{MEDIA_CRYPTO_AEAD_AES_128_GCM,
	 "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab", false,
	 "800f1234decafbadcafebabeabababababababababababababababab",
	 "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06e"
	 "d2976826f796b201df3131a127e8a392"},
	{MEDIA_CRYPTO_AEAD_AES_128_GCM,
	 "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab", true,
	 "81c8000bcafebabeabababababababababababababababab",
	 "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025"
	 "c52c6fbea2b3b446ea31123ba88ce61e80000001"},
	{MEDIA_CRYPTO_AES_256_CM_SHA1_80,
	 "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
	 "3b04803de51ee7c96423ab5b78d2",
	 false, "800f1234decafbadcafebabeabababababababababababababababab",
	 "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40d"
	 "a08d9d9a5b3a55d8873b"},
};

START_TEST(packets_are_those_of_the_vectors)
	{
		const struct vector *v = &vectors[_i];
		struct media_key key = {.suite = v->suite};
		struct packet plain, wire, p;
		ck_assert_uint_eq(from_hex(key.key, v->key),
				  media_key_len(v->suite));
		plain.len = from_hex(plain.bytes, v->plain);
		wire.len = from_hex(wire.bytes, v->wire);
		struct way way = way_of(&key);
		p = plain;
		/* The vector for SRTCP is its packet 1. */
		ck_assert_int_eq(
			crypt_protect(way.send, v->is_rtcp, p.bytes, &p.len),
			0);
		ck_assert_uint_eq(p.len, wire.len);
		ck_assert_mem_eq(p.bytes, wire.bytes, wire.len);
		ck_assert_int_eq(receive(way.receive, v->is_rtcp, &wire, &p),
				 0);
		ck_assert_uint_eq(p.len, plain.len);
		ck_assert_mem_eq(p.bytes, plain.bytes, plain.len);
		way_free(&way);
	}
END_TEST

static void stock_suite(srtp_policy_t *policy, enum media_crypto_suite suite)
{
	static void (*const set[][2])(srtp_crypto_policy_t *) = {
		[MEDIA_CRYPTO_AES_CM_128_SHA1_80] =
			{srtp_crypto_policy_set_rtp_default,
			 srtp_crypto_policy_set_rtp_default},
		[MEDIA_CRYPTO_AES_CM_128_SHA1_32] =
			{srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
			 srtp_crypto_policy_set_rtp_default},
		[MEDIA_CRYPTO_AES_256_CM_SHA1_80] =
			{srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
			 srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
		[MEDIA_CRYPTO_AES_256_CM_SHA1_32] =
			{srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
			 srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
		[MEDIA_CRYPTO_AEAD_AES_128_GCM] =
			{srtp_crypto_policy_set_aes_gcm_128_16_auth,
			 srtp_crypto_policy_set_aes_gcm_128_16_auth},
		[MEDIA_CRYPTO_AEAD_AES_256_GCM] =
			{srtp_crypto_policy_set_aes_gcm_256_16_auth,
			 srtp_crypto_policy_set_aes_gcm_256_16_auth},
	};
	memset(policy, 0, sizeof(*policy));
	set[suite][0](&policy->rtp);
	set[suite][1](&policy->rtcp);
	policy->ssrc.type = ssrc_any_outbound;
}

/* In this process the library is started twice: as it is, then with ours. */
START_TEST(our_ciphers_write_what_the_librarys_write)
	{
		struct packet stock[MEDIA_CRYPTO_SUITES][4];
		ck_assert_int_eq(srtp_init(), srtp_err_status_ok);
		for (int s = 1; s < MEDIA_CRYPTO_SUITES; s++) {
			struct media_key key = key_of(s, 9);
			srtp_policy_t policy;
			srtp_t srtp;
			stock_suite(&policy, s);
			policy.key = key.key;
			ck_assert_int_eq(srtp_create(&srtp, &policy),
					 srtp_err_status_ok);
			for (int i = 0; i < 4; i++) {
				struct packet *p = &stock[s][i];
				int len;
				*p = i < 2 ? rtp(SSRC, (uint16_t)(65535 + i))
					   : rtcp(SSRC, (uint8_t)i);
				len = (int)p->len;
				ck_assert_int_eq(
					i < 2 ? srtp_protect(srtp, p->bytes,
							     &len)
					      : srtp_protect_rtcp(
							srtp, p->bytes, &len),
					srtp_err_status_ok);
				p->len = (size_t)len;
			}
			srtp_dealloc(srtp);
		}
		srtp_shutdown();
		for (int s = 1; s < MEDIA_CRYPTO_SUITES; s++) {
			struct media_key key = key_of(s, 9);
			struct way way = way_of(&key);
			for (int i = 0; i < 4; i++) {
				struct packet p =
					i < 2 ? rtp(SSRC, (uint16_t)(65535 + i))
					      : rtcp(SSRC, (uint8_t)i);
				p = sealed(way.send, i >= 2, p);
				ck_assert_msg(p.len == stock[s][i].len &&
						      !memcmp(p.bytes,
							      stock[s][i].bytes,
							      p.len),
					      "%s, packet %d", names[s], i);
				ck_assert_int_eq(receive(way.receive, i >= 2,
							 &stock[s][i], &p),
						 0);
			}
			way_free(&way);
		}
	}
END_TEST

START_TEST(all_ciphers_are_replaced)
	{
		struct media_key key = key_of(1, 1);
		struct way way = way_of(&key);
		ck_assert(crypt_is_replaced());
		way_free(&way);
	}
END_TEST

START_TEST(an_mki_of_any_length_is_written_and_wanted)
	{
		for (uint8_t n = 0; n <= MEDIA_MKI_MAX; n++) {
			struct media_key key = key_of(_i, 3), other;
			struct packet p, out;
			key.mki_len = n;
			memcpy(key.mki, "\1\2\3\4", 4);
			other = key;
			other.mki[n ? n - 1 : 0]++;
			struct way way = way_of(&key), odd = way_of(&other);
			for (int is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
				struct packet plain =
					is_rtcp ? rtcp(SSRC, 1) : rtp(SSRC, 1);
				p = sealed(way.send, is_rtcp, plain);
				ck_assert_uint_le(p.len,
						  plain.len + CRYPT_ROOM);
				if (n)
					ck_assert_int_eq(receive(odd.receive,
								 is_rtcp, &p,
								 &out),
							 -EBADMSG);
				ck_assert_int_eq(
					receive(way.receive, is_rtcp, &p, &out),
					0);
				ck_assert_uint_eq(out.len, plain.len);
				ck_assert_mem_eq(out.bytes, plain.bytes,
						 plain.len);
			}
			way_free(&way);
			way_free(&odd);
		}
	}
END_TEST

/* The far end may change over, and back, as it likes (RFC 4568 6.1). */
START_TEST(each_of_several_keys_is_taken_by_its_mki)
	{
		struct media_key key[4];
		struct crypt *send[4], *receive_all;
		struct packet p, out;
		for (uint8_t i = 0; i < 4; i++) {
			key[i] = key_of(_i, (uint8_t)(3 + i));
			key[i].mki_len = 2;
			key[i].mki[1] = i;
			ck_assert_int_eq(
				crypt_new(&send[i], &key[i], CRYPT_SEND), 0);
		}
		ck_assert_int_eq(
			crypt_new(&receive_all, &key[0], CRYPT_RECEIVE), 0);
		ck_assert_int_eq(crypt_add(receive_all, &key[1]), 0);
		ck_assert_int_eq(crypt_add(receive_all, &key[2]), 0);
		for (uint16_t i = 0; i < 12; i++) {
			bool is_rtcp = i % 2;
			struct packet plain =
				is_rtcp ? rtcp(SSRC, 1) : rtp(SSRC, i);
			p = sealed(send[i / 2 % 3], is_rtcp, plain);
			ck_assert_int_eq(
				receive(receive_all, is_rtcp, &p, &out), 0);
			ck_assert_mem_eq(out.bytes, plain.bytes, plain.len);
		}
		/* A key that nobody named; another's MKI. */
		p = sealed(send[3], false, rtp(SSRC, 20));
		ck_assert_int_eq(receive(receive_all, false, &p, &out),
				 -EBADMSG);
		p = sealed(send[1], false, rtp(SSRC, 21));
		for (size_t at = PACKET; at + 1 < p.len; at++)
			if (!memcmp(p.bytes + at, key[1].mki, 2))
				p.bytes[at + 1] = 2;
		ck_assert_int_eq(receive(receive_all, false, &p, &out),
				 -EBADMSG);
		for (int i = 0; i < 4; i++)
			crypt_free(send[i]);
		crypt_free(receive_all);
	}
END_TEST

/* A far end that counts on over its keys, as RFC 3711 wants it: all contexts
 * are at the same packet, and one of them sends it. */
struct keyring {
	struct media_key key[3];
	struct crypt *send[3], *receive;
	uint16_t seq;
};

static struct crypt *receiver_of(const struct media_key *first,
				 const struct media_key *second)
{
	struct crypt *crypt;
	ck_assert_int_eq(crypt_new(&crypt, first, CRYPT_RECEIVE), 0);
	ck_assert_int_eq(crypt_add(crypt, second), 0);
	return crypt;
}

static void keyring_start(struct keyring *ring, enum media_crypto_suite suite)
{
	for (uint8_t i = 0; i < 3; i++) {
		ring->key[i] = key_of(suite, (uint8_t)(3 + i));
		ring->key[i].mki_len = 1;
		ring->key[i].mki[0] = i;
		ck_assert_int_eq(
			crypt_new(&ring->send[i], &ring->key[i], CRYPT_SEND),
			0);
	}
	ring->receive = receiver_of(&ring->key[0], &ring->key[1]);
	ring->seq = 60000;
}

static void keyring_free(struct keyring *ring)
{
	for (int i = 0; i < 3; i++)
		crypt_free(ring->send[i]);
	crypt_free(ring->receive);
}

static struct packet keyring_says(struct keyring *ring, int key, uint16_t step)
{
	struct packet p[3];
	ring->seq = (uint16_t)(ring->seq + step);
	for (int i = 0; i < 3; i++)
		p[i] = sent(ring->send[i], SSRC, ring->seq);
	return p[key];
}

static void keyring_crosses(struct keyring *ring, int key, uint16_t step)
{
	struct packet p = keyring_says(ring, key, step);
	takes(ring->receive, &p);
}

START_TEST(another_key_goes_on_with_the_counter_of_its_sibling)
	{
		struct keyring ring;
		struct packet p, late, out;
		keyring_start(&ring, _i);
		/* Farther than any search goes. */
		for (int i = 0; i < 3 * CRYPT_ROLLOVERS_MAX; i++)
			keyring_crosses(&ring, 0, 30000);
		while (ring.seq < 65530)
			keyring_crosses(&ring, 0, 5);
		late = keyring_says(&ring, 0, 1);
		keyring_crosses(&ring, 1, 1);
		takes(ring.receive, &late);
		keyring_crosses(&ring, 1, 20);
		/* Back, behind a wrap, where the first key's window says that
		 * the number was used; also if RTCP came meanwhile. */
		for (int i = 0; i < 64; i++)
			keyring_crosses(&ring, 1, 1023);
		p = sealed(ring.send[0], true, rtcp(SSRC, 1));
		ck_assert_int_eq(receive(ring.receive, true, &p, &out), 0);
		p = keyring_says(&ring, 0, 37);
		ck_assert_uint_eq(ring.seq, 65527);
		takes(ring.receive, &p);
		refuses(ring.receive, &p, -EALREADY);
		/* By and by a third, fourth time; over another wrap. */
		for (int i = 0; i < 40; i++) {
			keyring_crosses(&ring, i & 1, 10000);
			keyring_crosses(&ring, i & 1, 10);
		}
		keyring_free(&ring);
	}
END_TEST

START_TEST(another_key_may_count_from_0_and_a_stranger_does_not_hinder_it)
	{
		struct keyring ring;
		struct crypt *fresh;
		struct packet p, strange;
		keyring_start(&ring, _i);
		for (int i = 0; i < 9; i++)
			keyring_crosses(&ring, 0, 30000);
		ck_assert_int_eq(crypt_new(&fresh, &ring.key[1], CRYPT_SEND),
				 0);
		for (uint16_t i = 0; i < 3; i++) {
			p = sent(fresh, SSRC, (uint16_t)(20 + i));
			takes(ring.receive, &p);
		}
		keyring_crosses(&ring, 0, 1);
		crypt_free(fresh);
		keyring_free(&ring);
		/* Someone else's place to be tried is taken now. */
		keyring_start(&ring, _i);
		for (int i = 0; i < 300; i++)
			keyring_crosses(&ring, 0, 30000);
		strange = keyring_says(&ring, 1, 1);
		strange.bytes[8] ^= 1;
		refuses(ring.receive, &strange, -EBADMSG);
		keyring_crosses(&ring, 1, 1);
		keyring_free(&ring);
	}
END_TEST

START_TEST(keys_that_stay_keep_their_counters_and_windows)
	{
		struct keyring ring;
		struct packet p, old, out;
		keyring_start(&ring, _i);
		old = keyring_says(&ring, _i % 2, 1);
		takes(ring.receive, &old);
		for (int i = 0; i < 3 * CRYPT_ROLLOVERS_MAX; i++)
			keyring_crosses(&ring, _i % 2, 30000);
		p = keyring_says(&ring, _i % 2, 1);
		takes(ring.receive, &p);
		/* The line names another one beside it, or it comes second. */
		struct crypt *before = ring.receive;
		ring.receive = receiver_of(&ring.key[2], &ring.key[_i % 2]);
		crypt_inherit(ring.receive, before);
		refuses(ring.receive, &p, -EALREADY);
		refuses(ring.receive, &old, -EBADMSG);
		/* Nor can the one that it was take it once more. */
		refuses(before, &p, -EBADMSG);
		refuses(before, &old, -EBADMSG);
		keyring_crosses(&ring, _i % 2, 1);
		keyring_crosses(&ring, 2, 1);
		/* What is under way with the key that goes is taken there. */
		p = sealed(ring.send[!(_i % 2)], true, rtcp(SSRC, 1));
		ck_assert_int_eq(receive(before, true, &p, &out), 0);
		crypt_free(before);
		keyring_crosses(&ring, _i % 2, 1);
		keyring_free(&ring);
	}
END_TEST

START_TEST(keys_that_go_know_what_was_used_last)
	{
		struct keyring ring;
		struct packet p;
		keyring_start(&ring, _i);
		for (uint32_t i = 0; i < CRYPT_RECEIVE_MAX; i++) {
			p = sent(ring.send[1], 1000 + i, 1);
			takes(ring.receive, &p);
		}
		struct crypt *before = ring.receive;
		ring.receive = receiver_of(&ring.key[2], &ring.key[0]);
		crypt_inherit(ring.receive, before);
		struct packet late = sent(ring.send[1], 2000, 1);
		takes(before, &late);
		/* This one needs a place, too: of those it is not the oldest.
		 */
		p = sent(ring.send[1], 2001, 1);
		takes(before, &p);
		refuses(before, &late, -EALREADY);
		crypt_free(before);
		keyring_free(&ring);
	}
END_TEST

START_TEST(keys_that_nothing_tells_apart_are_none)
	{
		struct media_key key = key_of(1, 1), other = key_of(1, 2);
		struct crypt *crypt;
		ck_assert_int_eq(crypt_new(&crypt, &key, CRYPT_RECEIVE), 0);
		ck_assert_int_eq(crypt_add(crypt, &other), -EINVAL);
		crypt_free(crypt);
		key.mki_len = other.mki_len = 1;
		ck_assert_int_eq(crypt_new(&crypt, &key, CRYPT_RECEIVE), 0);
		ck_assert_int_eq(crypt_add(crypt, &other), -EINVAL);
		other.mki[0] = 1;
		ck_assert_int_eq(crypt_add(crypt, &other), 0);
		ck_assert_int_eq(crypt_add(crypt, &other), -EINVAL);
		other.mki[0] = 2;
		other.suite = 2;
		ck_assert_int_eq(crypt_add(crypt, &other), -EINVAL);
		crypt_free(crypt);
	}
END_TEST

/* --- numbers
 * ------------------------------------------------------------------------ */

START_TEST(sequence_numbers_wrap_many_times)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		uint16_t seq = 65000;
		for (int i = 0; i < 200; i++, seq = (uint16_t)(seq + 999)) {
			struct packet p = sent(way.send, SSRC, seq);
			takes(way.receive, &p);
		}
		way_free(&way);
	}
END_TEST

START_TEST(packets_out_of_order_cross_the_wrap)
	{
		static const uint16_t order[] = {65533, 1,     65534, 0,
						 3,	65535, 2};
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet p[8];
		for (uint16_t i = 0; i < 8; i++)
			p[i] = sent(way.send, SSRC, (uint16_t)(65533 + i));
		for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
			takes(way.receive, &p[(uint16_t)(order[i] - 65533)]);
		way_free(&way);
	}
END_TEST

/* Packets that we are given out of order are sent out of order. */
START_TEST(what_is_sent_may_be_out_of_order_but_not_twice)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		static const uint16_t order[] = {65534, 1, 65535, 0};
		for (size_t i = 0; i < 4; i++) {
			struct packet p = sent(way.send, SSRC, order[i]);
			takes(way.receive, &p);
		}
		struct packet p = rtp(SSRC, 65535);
		ck_assert_int_eq(
			crypt_protect(way.send, false, p.bytes, &p.len),
			-EALREADY);
		way_free(&way);
	}
END_TEST

/* Over half of all numbers, and back, far and into the window. */
START_TEST(a_source_that_jumps_back_runs_on_after_ten_packets)
	{
		static const int jumps[] = {37000, -20000, 33000, -25, -5000};
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		uint16_t seq, highest = 0;
		for (seq = 65000; seq != 3000; seq++) {
			struct packet p = sent(way.send, SSRC, seq);
			takes(way.receive, &p);
			highest = seq;
		}
		for (size_t i = 0; i < 5; i++) {
			int dropped = 0;
			seq = (uint16_t)(seq + jumps[i]);
			for (int n = 0; n < 30; n++, seq++) {
				struct packet out, plain = rtp(SSRC, seq),
						   p = plain;
				if (crypt_protect(way.send, false, p.bytes,
						  &p.len) < 0) {
					dropped++;
					continue;
				}
				ck_assert_int_eq(
					receive(way.receive, false, &p, &out),
					0);
				ck_assert_mem_eq(out.bytes + 4, plain.bytes + 4,
						 PACKET - 4);
				ck_assert_uint_eq(get16(p.bytes + 2),
						  (uint16_t)(highest + 1));
				highest++;
			}
			ck_assert_int_eq(dropped, 10);
		}
		way_free(&way);
	}
END_TEST

START_TEST(a_packet_is_taken_once_and_not_if_too_old)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet first = sent(way.send, SSRC, 100);
		struct packet second = sent(way.send, SSRC, 101);
		struct packet late = sent(way.send, SSRC, 101 + CRYPT_WINDOW);
		struct packet out, r = sealed(way.send, true, rtcp(SSRC, 1));
		takes(way.receive, &second);
		refuses(way.receive, &second, -EALREADY);
		takes(way.receive, &late);
		refuses(way.receive, &first, -EALREADY);
		refuses(way.receive, &second, -EALREADY);
		ck_assert_int_eq(receive(way.receive, true, &r, &out), 0);
		ck_assert_int_eq(receive(way.receive, true, &r, &out),
				 -EALREADY);
		way_free(&way);
	}
END_TEST

/* The sender's ROC is _i when we hear it first. */
static void advance(struct crypt *send, unsigned rollovers, uint16_t *seq)
{
	*seq = 0;
	for (unsigned roc = 0; roc < rollovers; roc += *seq == 0) {
		*seq = (uint16_t)(*seq + 0x4000);
		sent(send, SSRC, *seq);
	}
}

START_TEST(who_is_heard_late_is_found_within_a_second)
	{
		static const unsigned rollovers[] = {1, 2, 7,
						     CRYPT_ROLLOVERS_MAX};
		struct media_key key = key_of(_i, 1);
		for (int with_rtcp = 0; with_rtcp < 2; with_rtcp++)
			for (int i = 0; i < 4; i++) {
				struct way way = way_of(&key);
				struct packet p, out;
				uint16_t seq;
				int tries = 0;
				advance(way.send, rollovers[i], &seq);
				p = sealed(way.send, true, rtcp(SSRC, 1));
				if (with_rtcp) /* it has a stream by that */
					ck_assert_int_eq(receive(way.receive,
								 true, &p,
								 &out),
							 0);
				do {
					p = sent(way.send, SSRC, ++seq);
					ck_assert_int_le(++tries, 50);
				} while (receive(way.receive, false, &p, &out) <
					 0);
				p = sent(way.send, SSRC, ++seq);
				takes(way.receive, &p);
				refuses(way.receive, &p, -EALREADY);
				way_free(&way);
			}
	}
END_TEST

START_TEST(a_first_packet_before_the_wrap_may_be_lost_or_late)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet before = sent(way.send, SSRC, 65535);
		struct packet after = sent(way.send, SSRC, 0);
		takes(way.receive, &after);
		takes(way.receive, &before);
		way_free(&way);
	}
END_TEST

/* --- what is not authentic
 * ----------------------------------------------------------- */

START_TEST(no_byte_may_differ)
	{
		struct media_key key = key_of(_i, 1), other = key_of(_i, 2);
		key.mki_len = 2;
		struct way way = way_of(&key), wrong = way_of(&other);
		for (int is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct packet out, p = sealed(way.send, is_rtcp,
						      is_rtcp ? rtcp(SSRC, 1)
							      : rtp(SSRC, 1));
			for (size_t i = 0; i < p.len; i++) {
				struct packet bad = p;
				bad.bytes[i] ^= 4;
				ck_assert_int_eq(receive(way.receive, is_rtcp,
							 &bad, &out),
						 -EBADMSG);
			}
			ck_assert_int_eq(
				receive(wrong.receive, is_rtcp, &p, &out),
				-EBADMSG);
			ck_assert_int_eq(
				receive(way.receive, is_rtcp, &p, &out), 0);
		}
		way_free(&way);
		way_free(&wrong);
	}
END_TEST

/* Exactly so much memory as the packet has: the sanitizer sees a byte more. */
START_TEST(cut_packets_and_headers_that_lie_are_refused)
	{
		struct media_key key = key_of(_i, 1);
		key.mki_len = 4;
		struct way way = way_of(&key);
		for (int is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct packet p =
				sealed(way.send, is_rtcp,
				       is_rtcp ? rtcp(SSRC, 1) : rtp(SSRC, 1));
			for (size_t len = 0; len < p.len; len++) {
				uint8_t *cut = malloc(len + !len);
				size_t n = len;
				memcpy(cut, p.bytes, len);
				ck_assert_int_eq(crypt_unprotect(way.receive,
								 is_rtcp, cut,
								 &n, 0),
						 -EBADMSG);
				free(cut);
			}
		}
		for (unsigned first = 0; first < 256; first++) {
			struct packet p =
				sent(way.send, SSRC, (uint16_t)(first + 2));
			p.bytes[0] = (uint8_t)first;
			if (first != 0x80)
				refuses(way.receive, &p, -EBADMSG);
			p = rtp(SSRC, (uint16_t)(first + 400));
			p.bytes[0] = (uint8_t)first;
			p.len = 12 + first % 60;
			put16(p.bytes + 14, (uint16_t)(first * 257));
			crypt_protect(way.send, false, p.bytes, &p.len);
			ck_assert_uint_le(p.len, ROOM);
		}
		way_free(&way);
	}
END_TEST

static size_t memory(void)
{
	return COUNTS_MEMORY ? mallinfo2().uordblks : 0;
}

/* --- what is bounded
 * --------------------------------------------------------------- */

START_TEST(forged_ssrcs_cost_nothing_and_push_nobody_out)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet old = sent(way.send, SSRC, 1), p, out;
		takes(way.receive, &old);
		size_t few = 0;
		for (uint32_t i = 0; i < 5000; i++) {
			p = rtp(i, (uint16_t)i);
			ck_assert_int_eq(crypt_unprotect(way.receive, false,
							 p.bytes, &p.len,
							 i * SECOND),
					 -EBADMSG);
			if (i == 10)
				few = memory();
		}
		/* One candidate at a time, for all of them. */
		ck_assert_uint_le(memory(), few + 16384);
		refuses(way.receive, &old, -EALREADY);
		p = sent(way.send, SSRC, 2);
		ck_assert_int_eq(receive(way.receive, false, &p, &out), 0);
		way_free(&way);
	}
END_TEST

#if COUNTS_MEMORY
START_TEST(forged_packets_seldom_allocate)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet p = rtp(77, 1);
		size_t len = p.len;
		crypt_unprotect(way.receive, false, p.bytes, &len, 0);
		unsigned long before = allocations;
		for (uint32_t i = 0; i < 1000; i++) {
			p = rtp(i, (uint16_t)i);
			refuses(way.receive, &p, -EBADMSG);
		}
		ck_assert_uint_eq(allocations, before);
		way_free(&way);
	}
END_TEST

START_TEST(no_packet_of_a_known_stream_allocates)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet p = sent(way.send, SSRC, 1), out;
		takes(way.receive, &p);
		ck_assert_uint_gt(allocations, 0); /* its stream */
		unsigned long before = allocations;
		for (uint16_t seq = 2; seq < 1000; seq++) {
			p = sent(way.send, SSRC, seq);
			takes(way.receive, &p);
			refuses(way.receive, &p, -EALREADY);
			p.bytes[30]++;
			put16(p.bytes + 2, (uint16_t)(seq + 1));
			refuses(way.receive, &p, -EBADMSG);
			p = sealed(way.send, true, rtcp(SSRC, 1));
			receive(way.receive, true, &p, &out);
		}
		ck_assert_uint_eq(allocations, before);
		way_free(&way);
	}
END_TEST

#endif

START_TEST(authentic_ssrcs_are_kept_up_to_a_bound)
	{
		struct media_key key = key_of(_i, 1);
		struct crypt *receiver;
		ck_assert_int_eq(crypt_new(&receiver, &key, CRYPT_RECEIVE), 0);
		size_t full = 0;
		for (uint32_t i = 0; i < 300; i++) {
			struct crypt *send;
			ck_assert_int_eq(crypt_new(&send, &key, CRYPT_SEND), 0);
			struct packet p = sent(send, 1000 + i, 1);
			takes(receiver, &p);
			crypt_free(send);
			if (i == 2 * CRYPT_RECEIVE_MAX)
				full = memory();
		}
		ck_assert_uint_le(memory(), full + 16384);
		crypt_free(receiver);
	}
END_TEST

START_TEST(a_stream_in_use_is_not_forgotten_for_others)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		struct packet first = sent(way.send, SSRC, 1), p;
		takes(way.receive, &first);
		for (uint32_t i = 0; i < 4 * CRYPT_RECEIVE_MAX; i++) {
			struct crypt *send;
			ck_assert_int_eq(crypt_new(&send, &key, CRYPT_SEND), 0);
			p = sent(send, 1000 + i, 1);
			takes(way.receive, &p);
			crypt_free(send);
			p = sent(way.send, SSRC, (uint16_t)(i + 2));
			takes(way.receive, &p);
		}
		refuses(way.receive, &first, -EALREADY);
		way_free(&way);
	}
END_TEST

START_TEST(no_key_is_used_for_more_ssrcs_than_can_be_remembered)
	{
		struct media_key key = key_of(_i, 1);
		struct way way = way_of(&key);
		bool was_worn = false;
		for (uint32_t i = 0; i < CRYPT_SEND_MAX; i++) {
			ck_assert(!was_worn || crypt_is_worn(way.send));
			sent(way.send, i, 1);
			was_worn = crypt_is_worn(way.send);
		}
		ck_assert(was_worn);
		struct packet p = rtp(CRYPT_SEND_MAX, 1);
		ck_assert_int_eq(
			crypt_protect(way.send, false, p.bytes, &p.len),
			-ENOSPC);
		p = sent(way.send, 0, 2); /* those before go on */
		takes(way.receive, &p);
		way_free(&way);
	}
END_TEST

START_TEST(a_key_is_worn_at_seven_eighths_of_its_lifetime)
	{
		struct media_key key = key_of(_i, 1);
		key.lifetime = 80;
		struct way way = way_of(&key);
		for (uint16_t i = 1; i <= 90; i++) {
			sent(way.send, SSRC, i);
			ck_assert_int_eq(crypt_is_worn(way.send), i >= 70);
		}
		way_free(&way);
	}
END_TEST

START_TEST(keys_that_are_none_are_refused)
	{
		struct crypt *crypt;
		struct media_key key = key_of(MEDIA_CRYPTO_NONE, 1);
		ck_assert_int_eq(crypt_new(&crypt, &key, CRYPT_SEND), -EINVAL);
		key.suite = MEDIA_CRYPTO_SUITES;
		ck_assert_int_eq(crypt_new(&crypt, &key, CRYPT_SEND), -EINVAL);
		key = key_of(1, 1);
		key.mki_len = MEDIA_MKI_MAX + 1;
		ck_assert_int_eq(crypt_new(&crypt, &key, CRYPT_SEND), -EINVAL);
	}
END_TEST

static Suite *crypt_suite(void)
{
	Suite *suite = suite_create("crypt");
	TCase *tcase = tcase_create("crypt");
	tcase_set_timeout(tcase, 60);
#define EACH(test) tcase_add_loop_test(tcase, test, 1, MEDIA_CRYPTO_SUITES)
	tcase_add_loop_test(tcase, packets_are_those_of_the_vectors, 0,
			    sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tcase, our_ciphers_write_what_the_librarys_write);
	tcase_add_test(tcase, all_ciphers_are_replaced);
	EACH(an_mki_of_any_length_is_written_and_wanted);
	EACH(each_of_several_keys_is_taken_by_its_mki);
	EACH(another_key_goes_on_with_the_counter_of_its_sibling);
	EACH(another_key_may_count_from_0_and_a_stranger_does_not_hinder_it);
	EACH(keys_that_stay_keep_their_counters_and_windows);
	EACH(keys_that_go_know_what_was_used_last);
	tcase_add_test(tcase, keys_that_nothing_tells_apart_are_none);
	EACH(sequence_numbers_wrap_many_times);
	EACH(packets_out_of_order_cross_the_wrap);
	EACH(what_is_sent_may_be_out_of_order_but_not_twice);
	EACH(a_source_that_jumps_back_runs_on_after_ten_packets);
	EACH(a_packet_is_taken_once_and_not_if_too_old);
	EACH(who_is_heard_late_is_found_within_a_second);
	EACH(a_first_packet_before_the_wrap_may_be_lost_or_late);
	EACH(no_byte_may_differ);
	EACH(cut_packets_and_headers_that_lie_are_refused);
	EACH(forged_ssrcs_cost_nothing_and_push_nobody_out);
#if COUNTS_MEMORY
	EACH(forged_packets_seldom_allocate);
	EACH(no_packet_of_a_known_stream_allocates);
#endif
	EACH(authentic_ssrcs_are_kept_up_to_a_bound);
	EACH(a_stream_in_use_is_not_forgotten_for_others);
	EACH(no_key_is_used_for_more_ssrcs_than_can_be_remembered);
	EACH(a_key_is_worn_at_seven_eighths_of_its_lifetime);
	tcase_add_test(tcase, keys_that_are_none_are_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(crypt_suite())
