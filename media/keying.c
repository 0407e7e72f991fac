/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_session_crypto(): which contexts can stay, which ones are new. */
#include "media/keying.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/crypt_key.h"
#include "media/engine.h"
#include "media/secure.h"

struct keying {
	struct media_crypto keys;
	struct context *receive, *send; /* made of them */
	LIST_HEAD(, context) contexts;	/* all that are not spent yet */
	bool active;			/* as it should be */
	bool due;			/* the worker does not know that */
	struct secure secure;		/* the worker's */
};

static void context_free(struct context *context)
{
	if (!context)
		return;
	crypt_free(context->crypt);
	free(context);
}

void keying_free(struct keying *keying)
{
	struct context *context;
	if (!keying)
		return;
	while ((context = LIST_FIRST(&keying->contexts)) != NULL)
		keying_spent(context);
	explicit_bzero(keying, sizeof(*keying));
	free(keying);
}

void keying_spent(struct context *context)
{
	LIST_REMOVE(context, link);
	context_free(context);
}

void keying_forget(struct keying *keying)
{
	if (!keying || !keying->active)
		return;
	keying->active = false;
	keying->due = true;
}

bool keying_is_due(const struct keying *keying)
{
	return keying && keying->due;
}

bool keying_is_plain(const struct keying *keying)
{
	return !keying || !keying->active ||
	       (!keying->receive && !keying->send);
}

void keying_command(const struct keying *keying, struct secure_keys *out)
{
	/* The worker's part is only named here. */
	struct secure *secure = (struct secure *)(uintptr_t)&keying->secure;
	*out = (struct secure_keys){
		.secure = keying->active ? secure : NULL,
		.receive = keying->receive,
		.send = keying->send,
	};
}

void keying_told(struct keying *keying)
{
	keying->due = false;
	if (!keying->active)
		return;
	if (keying->receive)
		keying->receive->handed_over = true;
	if (keying->send)
		keying->send->handed_over = true;
}

/* --- new keys --------------------------------------------------------------
 */

static bool are_equal(const struct media_crypto *a,
		      const struct media_crypto *b)
{
	if (!key_is_same(&a->receive, &b->receive) ||
	    a->furthers != b->furthers)
		return false;
	for (unsigned i = 0; i < a->furthers; i++)
		if (!key_is_same(&a->further[i], &b->further[i]))
			return false;
	return true;
}

static bool is_valid(const struct media_key *key)
{
	return key->suite == MEDIA_CRYPTO_NONE ||
	       (media_key_len(key->suite) > 0 && key->mki_len <= MEDIA_MKI_MAX);
}

static int make(struct context **out, const struct media_key *key,
		const struct media_key *further, unsigned furthers,
		enum crypt_direction direction)
{
	*out = NULL;
	if (key->suite == MEDIA_CRYPTO_NONE)
		return 0;
	struct context *context = calloc(1, sizeof(*context));
	if (!context)
		return -ENOMEM;
	int rc = crypt_new(&context->crypt, key, direction);
	for (unsigned i = 0; rc == 0 && i < furthers; i++)
		rc = crypt_add(context->crypt, &further[i]);
	if (rc < 0) {
		context_free(context);
		return rc;
	}
	*out = context;
	return 0;
}

static void take_place(struct keying *keying, struct context **place,
		       struct context *context)
{
	if (*place == context)
		return;
	/* One that the worker never saw it will not give back. */
	if (*place && !(*place)->handed_over)
		keying_spent(*place);
	if (context)
		LIST_INSERT_HEAD(&keying->contexts, context, link);
	*place = context;
}

static struct keying *need(struct side_wish *wish)
{
	if (!wish->keying) {
		wish->keying = calloc(1, sizeof(*wish->keying));
		if (wish->keying)
			LIST_INIT(&wish->keying->contexts);
	}
	return wish->keying;
}

int media_session_crypto(struct media_session *session, enum media_side side,
			 unsigned slot, const struct media_crypto *crypto)
{
	struct side_wish *wish;
	struct context *receive, *send;
	bool is_plain = crypto->receive.suite == MEDIA_CRYPTO_NONE &&
			crypto->send.suite == MEDIA_CRYPTO_NONE;
	if (!is_valid(&crypto->receive) || !is_valid(&crypto->send) ||
	    crypto->furthers >= MEDIA_KEYS_MAX)
		return -EINVAL;
	int rc = session_wish(&wish, session, side, slot);
	if (rc < 0 || (is_plain && !wish->keying))
		return rc;
	struct keying *keying = need(wish);
	if (!keying)
		return -ENOMEM;
	/* What is made already goes on if its keys do. */
	receive = keying->receive;
	send = keying->send;
	if (!are_equal(crypto, &keying->keys))
		rc = make(&receive, &crypto->receive, crypto->further,
			  crypto->furthers, CRYPT_RECEIVE);
	if (rc < 0)
		return rc;
	if (!key_is_same(&crypto->send, &keying->keys.send))
		rc = make(&send, &crypto->send, NULL, 0, CRYPT_SEND);
	if (rc < 0) {
		if (receive != keying->receive)
			context_free(receive);
		return rc;
	}
	take_place(keying, &keying->receive, receive);
	take_place(keying, &keying->send, send);
	keying->keys = *crypto;
	keying->active = true;
	keying->due = true;
	session_changed(session);
	return 0;
}
