/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Make and prove nonces; remember used counts in a bounded LRU table. */
#include "sbc/sip/cred_nonce.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS	  8192
#define NONE	  UINT16_MAX
#define RAW_LEN	  27
#define STAMP_LEN 11

_Static_assert(CRED_NONCES_MAX < NONE, "entries do not fit their index");

struct entry {
	uint8_t proof[16];
	uint64_t made_ms;
	uint64_t window; /* bit i: count `highest - i` was seen */
	uint32_t highest;
	uint16_t chain;	       /* next in the bucket */
	uint16_t newer, older; /* by last use */
};

struct cred_nonces {
	unsigned life_ms;
	uint64_t counter;
	uint64_t floor_ms; /* displaced nonces were made up to then */
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
	uint16_t used;
	uint16_t newest, oldest;
	uint16_t bucket[BUCKETS];
	struct entry entry[CRED_NONCES_MAX];
};

int cred_nonces_new(struct cred_nonces **out, unsigned life_ms)
{
	struct cred_nonces *n = calloc(1, sizeof *n);
	uint8_t key[32];
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
						 0),
		OSSL_PARAM_construct_end(),
	};

	if (n == NULL)
		return -ENOMEM;
	n->life_ms = life_ms;
	n->newest = n->oldest = NONE;
	memset(n->bucket, 0xff, sizeof n->bucket);
	n->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (n->mac != NULL)
		n->ctx = EVP_MAC_CTX_new(n->mac);
	if (n->ctx == NULL || RAND_bytes(key, sizeof key) != 1 ||
	    EVP_MAC_init(n->ctx, key, sizeof key, params) != 1) {
		cred_nonces_free(n);
		return -EIO;
	}
	OPENSSL_cleanse(key, sizeof key);
	*out = n;
	return 0;
}

void cred_nonces_free(struct cred_nonces *n)
{
	if (n == NULL)
		return;
	EVP_MAC_CTX_free(n->ctx);
	EVP_MAC_free(n->mac);
	free(n);
}

/* The host's bytes, an IPv4-mapped address as IPv4. */
static size_t host_bytes(const uint8_t **out, const struct sockaddr *source)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)source;

	if (source->sa_family == AF_INET) {
		*out = (const uint8_t *)&((const struct sockaddr_in *)source)
			       ->sin_addr;
		return 4;
	}
	if (source->sa_family != AF_INET6) {
		*out = (const uint8_t *)"";
		return 0;
	}
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		*out = in6->sin6_addr.s6_addr + 12;
		return 4;
	}
	*out = in6->sin6_addr.s6_addr;
	return 16;
}

static int prove(struct cred_nonces *n, uint8_t out[16],
		 const uint8_t stamp[STAMP_LEN], unsigned algorithm,
		 const struct sockaddr *source)
{
	uint8_t kind = (uint8_t)algorithm, full[32];
	const uint8_t *host;
	size_t host_len = host_bytes(&host, source), len = 0;

	if (EVP_MAC_init(n->ctx, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(n->ctx, stamp, STAMP_LEN) != 1 ||
	    EVP_MAC_update(n->ctx, &kind, 1) != 1 ||
	    EVP_MAC_update(n->ctx, host, host_len) != 1 ||
	    EVP_MAC_final(n->ctx, full, &len, sizeof full) != 1 || len < 16)
		return -EIO;
	memcpy(out, full, 16);
	return 0;
}

static const char letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

int cred_nonce_write(struct cred_nonces *n, char out[CRED_NONCE_LEN + 1],
		     unsigned algorithm, const struct sockaddr *source,
		     uint64_t now_ms)
{
	uint8_t raw[RAW_LEN];
	uint64_t counter = n->counter++;
	int error;

	for (int i = 5; i >= 0; i--) {
		raw[i] = (uint8_t)now_ms;
		now_ms >>= 8;
	}
	for (int i = STAMP_LEN - 1; i > 5; i--) {
		raw[i] = (uint8_t)counter;
		counter >>= 8;
	}
	error = prove(n, raw + STAMP_LEN, raw, algorithm, source);
	if (error != 0)
		return error;
	for (unsigned i = 0, o = 0; i < RAW_LEN; i += 3) {
		uint32_t v = (uint32_t)raw[i] << 16 |
			     (uint32_t)raw[i + 1] << 8 | raw[i + 2];

		out[o++] = letters[v >> 18];
		out[o++] = letters[v >> 12 & 63];
		out[o++] = letters[v >> 6 & 63];
		out[o++] = letters[v & 63];
	}
	out[CRED_NONCE_LEN] = '\0';
	return 0;
}

int cred_nonce_read(struct cred_nonces *n, struct cred_nonce *out,
		    const char *text, size_t len, unsigned algorithm,
		    const struct sockaddr *source)
{
	uint8_t raw[RAW_LEN], proof[16];

	if (len != CRED_NONCE_LEN)
		return -ENOENT;
	for (unsigned i = 0, o = 0; i < CRED_NONCE_LEN; i += 4) {
		uint32_t v = 0;

		for (unsigned k = 0; k < 4; k++) {
			int value = letter_value(text[i + k]);

			if (value < 0)
				return -ENOENT;
			v = v << 6 | (uint32_t)value;
		}
		raw[o++] = (uint8_t)(v >> 16);
		raw[o++] = (uint8_t)(v >> 8);
		raw[o++] = (uint8_t)v;
	}
	if (prove(n, proof, raw, algorithm, source) != 0 ||
	    CRYPTO_memcmp(proof, raw + STAMP_LEN, sizeof proof) != 0)
		return -ENOENT;
	memcpy(out->proof, proof, sizeof proof);
	out->made_ms = 0;
	for (unsigned i = 0; i < 6; i++)
		out->made_ms = out->made_ms << 8 | raw[i];
	return 0;
}

/* The proof is a keyed hash: nobody outside can aim at one bucket. */
static unsigned bucket_of(const uint8_t proof[16])
{
	return ((unsigned)proof[0] << 8 | proof[1]) % BUCKETS;
}

static void unlink_use(struct cred_nonces *n, uint16_t i)
{
	struct entry *e = &n->entry[i];

	if (e->newer != NONE)
		n->entry[e->newer].older = e->older;
	else
		n->newest = e->older;
	if (e->older != NONE)
		n->entry[e->older].newer = e->newer;
	else
		n->oldest = e->newer;
}

static void link_newest(struct cred_nonces *n, uint16_t i)
{
	struct entry *e = &n->entry[i];

	e->newer = NONE;
	e->older = n->newest;
	if (n->newest != NONE)
		n->entry[n->newest].newer = i;
	else
		n->oldest = i;
	n->newest = i;
}

static uint16_t take_oldest(struct cred_nonces *n)
{
	uint16_t i = n->oldest;
	struct entry *e = &n->entry[i];
	uint16_t *at = &n->bucket[bucket_of(e->proof)];

	while (*at != i)
		at = &n->entry[*at].chain;
	*at = e->chain;
	unlink_use(n, i);
	if (e->made_ms > n->floor_ms)
		n->floor_ms = e->made_ms;
	return i;
}

static struct entry *find(struct cred_nonces *n, const uint8_t proof[16])
{
	uint16_t i = n->bucket[bucket_of(proof)];

	while (i != NONE && memcmp(n->entry[i].proof, proof, 16) != 0)
		i = n->entry[i].chain;
	if (i == NONE)
		return NULL;
	unlink_use(n, i);
	link_newest(n, i);
	return &n->entry[i];
}

static struct entry *add(struct cred_nonces *n, const struct cred_nonce *nonce)
{
	uint16_t i = n->used < CRED_NONCES_MAX ? n->used++ : take_oldest(n);
	uint16_t *bucket = &n->bucket[bucket_of(nonce->proof)];
	struct entry *e = &n->entry[i];

	memcpy(e->proof, nonce->proof, sizeof e->proof);
	e->made_ms = nonce->made_ms;
	e->chain = *bucket;
	*bucket = i;
	link_newest(n, i);
	return e;
}

/* Counts may come out of order by less than 64 (RFC 7616 section 3.4.5). */
static bool take_count(struct entry *e, uint32_t count)
{
	uint32_t behind;

	if (count > e->highest) {
		uint32_t ahead = count - e->highest;

		e->window = ahead < 64 ? e->window << ahead : 0;
		e->window |= 1;
		e->highest = count;
		return true;
	}
	behind = e->highest - count;
	if (behind >= 64 || (e->window >> behind & 1) != 0)
		return false;
	e->window |= (uint64_t)1 << behind;
	return true;
}

bool cred_nonce_use(struct cred_nonces *n, const struct cred_nonce *nonce,
		    const uint32_t *count, uint64_t now_ms)
{
	struct entry *e;

	if (nonce->made_ms > now_ms || now_ms - nonce->made_ms > n->life_ms)
		return false;
	e = find(n, nonce->proof);
	if (e != NULL)
		return count != NULL && take_count(e, *count);
	if (nonce->made_ms <= n->floor_ms && n->floor_ms > 0)
		return false;
	e = add(n, nonce);
	e->highest = count != NULL ? *count : UINT32_MAX;
	e->window = count != NULL ? 1 : UINT64_MAX;
	return true;
}
