/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our registration at a provider (RFC 3261 section 10.2).
 *
 *   what happens               then
 *   2xx                        refresh at 50..80 % of what was granted to us
 *   401, 407                   answered once, again if stale
 *   423                        the longer time is asked for, once
 *   silence, transport error   next target after 4 s; after the last: backoff
 *   403, 404, wrong password   refused: again after 5 min
 *   anything else              backoff, 2 s doubling to 5 min, with jitter
 *   a new address of ours      at once
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/register/trunk_parts.h"
#include "sbc/register/words.h"
#include "sbc/report/status.h"

#define FIRST_MS	 200
#define BACKOFF_FIRST_MS 2000
#define BACKOFF_MAX_MS	 300000
#define REFUSED_MS	 300000
#define RETRY_AFTER_MAX	 3600
#define EXPIRES_MAX_S	 86400
#define TRIES_MAX	 2 /* challenges answered in one round */

struct signup {
	struct trunk *trunk;
	struct place *place; /* of reg.registrar; NULL: the trunk's */
	su_timer_t *timer;
	nta_outgoing_t *orq;
	struct words words;
	unsigned target;
	unsigned tries; /* challenges answered in this round */
	bool raised;	/* 423 was heeded in this round */
	bool bound;	/* the provider may hold our Contact */
	unsigned expires_s;
	unsigned backoff_ms;
	struct resolve_target at; /* where the last one went */
};

static void begin_round(struct signup *signup);
static void send_one(struct signup *signup);

/* --- the message --- */

static const char *name_of(const struct policy_peer *peer)
{
	if (peer->reg.registrar)
		return peer->reg.registrar;
	return peer->domain ? peer->domain : peer->host;
}

static void write_words(struct signup *signup)
{
	const struct policy_peer *peer = signup->trunk->peer;
	struct words *words = &signup->words;
	char host[TRUNK_NAME_MAX];
	const char *user = peer->reg.user ? peer->reg.user : peer->username;

	trunk_host(host, name_of(peer), true);
	snprintf(words->uri, sizeof(words->uri), "sip:%s", host);
	trunk_host(host, peer->domain ? peer->domain : name_of(peer), false);
	snprintf(words->aor, sizeof(words->aor), "<sip:%.128s@%s>",
		 user ? user : "", host);
	snprintf(words->user, sizeof(words->user), "%s",
		 peer->username ? peer->username
		 : user		? user
				: "");
	snprintf(words->password, sizeof(words->password), "%s",
		 peer->password ? peer->password : "");
	snprintf(words->tag, sizeof(words->tag), "%08x%08x",
		 trunk_random(UINT32_MAX), trunk_random(UINT32_MAX));
	snprintf(words->call_id, sizeof(words->call_id), "%08x%08x%08x%08x",
		 trunk_random(UINT32_MAX), trunk_random(UINT32_MAX),
		 trunk_random(UINT32_MAX), trunk_random(UINT32_MAX));
	words->cseq = trunk_random(10000);
}

/* The user part without what a URI may not hold (policy's text is trusted,
 * but a space in it must not break a header). */
static void write_contact(struct signup *signup,
			  const struct sockaddr_storage *us,
			  enum policy_transport transport)
{
	const struct policy_peer *peer = signup->trunk->peer;
	const char *user = peer->reg.user ? peer->reg.user : peer->username;
	char text[ADDRESS_TEXT_MAX];

	snprintf(signup->words.contact, sizeof(signup->words.contact),
		 "sip:%.128s@%s%s", user ? user : "",
		 address_text(text, (const struct sockaddr *)us),
		 transport == POLICY_TCP ? ";transport=tcp" : "");
}

/* --- time --- */

static void on_round(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	(void)magic;
	(void)timer;
	begin_round((struct signup *)arg);
}

static void round_after(struct signup *signup, uint64_t ms)
{
	nta_outgoing_destroy(signup->orq);
	signup->orq = NULL;
	su_timer_set_interval(signup->timer, on_round, (su_timer_arg_t *)signup,
			      (long)ms);
}

/* Between three quarters of it and all. */
static unsigned jitter(unsigned ms)
{
	return ms - trunk_random(ms / 4 + 1);
}

static void back_off(struct signup *signup, unsigned at_least_ms)
{
	unsigned ms = signup->backoff_ms;

	signup->backoff_ms = ms >= BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : ms * 2;
	ms = jitter(ms);
	round_after(signup, ms > at_least_ms ? ms : at_least_ms);
}

/* --- results --- */

static void set_registration(struct signup *signup,
			     enum trunk_registration registration,
			     unsigned status)
{
	signup->trunk->state.registration = registration;
	signup->trunk->state.registration_status = status;
}

static void failed(struct signup *signup, unsigned status, const char *reason,
		   unsigned at_least_ms)
{
	struct trunk_state *state = &signup->trunk->state;
	bool slow = status == 403 || status == 404 || status == 401 ||
		    status == 407;

	/* A binding lives on until its time is over. */
	if (slow)
		set_registration(signup, TRUNK_REFUSED, status);
	else if (state->registered_until_ms <= agent_now_ms())
		set_registration(signup, TRUNK_TRYING, status);
	else
		state->registration_status = status;
	trunk_why(signup->trunk, reason);
	trunk_say(signup->trunk, "trunk-register-refused", status, reason);
	if (slow)
		round_after(signup, jitter(REFUSED_MS));
	else
		back_off(signup, at_least_ms);
}

static void next_target(struct signup *signup, const char *why)
{
	nta_outgoing_destroy(signup->orq);
	signup->orq = NULL;
	signup->target++;
	signup->tries = 0;
	const struct place_state *place = place_state(
		signup->place ? signup->place : signup->trunk->place);
	if (signup->target < place->targets) {
		send_one(signup);
		return;
	}
	failed(signup, 0, why, 0);
	/* Silence of a registrar elsewhere says nothing of the trunk. */
	if (!signup->place)
		trunk_silent(signup->trunk, why);
}

static void on_silence(su_root_magic_t *magic, su_timer_t *timer,
		       su_timer_arg_t *arg)
{
	(void)magic;
	(void)timer;
	next_target((struct signup *)arg, "no answer to REGISTER");
}

static bool is_ours(const sip_contact_t *contact, const url_t *ours)
{
	return contact->m_url->url_type == url_sip &&
	       !url_cmp(contact->m_url, ours);
}

/* What was granted to our Contact; the answer may list others' too. */
static unsigned granted(const struct signup *signup, const sip_t *sip)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const url_t *ours = url_make(home, signup->words.contact);
	const sip_contact_t *contact = sip->sip_contact, *found = NULL;
	unsigned expires_s = signup->expires_s;

	if (sip->sip_expires && sip->sip_expires->ex_delta)
		expires_s = (unsigned)sip->sip_expires->ex_delta;
	for (const sip_contact_t *it = contact; it && ours && !found;
	     it = it->m_next)
		if (is_ours(it, ours))
			found = it;
	/* Some rewrite it; a single one can only be ours. */
	if (!found && contact && !contact->m_next)
		found = contact;
	if (found && found->m_expires)
		expires_s = (unsigned)strtoul(found->m_expires, NULL, 10);
	su_home_deinit(home);
	return expires_s > EXPIRES_MAX_S ? EXPIRES_MAX_S : expires_s;
}

static void say_registered(const struct signup *signup, unsigned expires_s)
{
	struct status_line line;

	status_begin(&line, NULL, '-', signup->trunk->peer->name,
		     "trunk-registered");
	status_text(&line, "contact", signup->words.contact);
	status_address(&line, "target",
		       (const struct sockaddr *)&signup->at.address);
	status_number(&line, "expires_s", expires_s);
	status_end(&line);
}

static void accepted(struct signup *signup, const sip_t *sip)
{
	struct trunk_state *state = &signup->trunk->state;
	unsigned expires_s = granted(signup, sip);
	unsigned status = (unsigned)sip->sip_status->st_status;

	if (!expires_s) {
		failed(signup, status, "registered for 0 seconds", 0);
		return;
	}
	bool news = state->registration != TRUNK_REGISTERED;
	set_registration(signup, TRUNK_REGISTERED, status);
	state->registered_until_ms = agent_now_ms() + expires_s * 1000ull;
	signup->bound = true;
	signup->backoff_ms = BACKOFF_FIRST_MS;
	trunk_why(signup->trunk, "");
	if (news)
		say_registered(signup, expires_s);
	round_after(signup, expires_s * (500ull + trunk_random(300)));
	trunk_look_for_alg(signup->trunk, sip, &signup->at, true);
	/* last: it may begin a new round with the address it shows */
	trunk_seen(signup->trunk, sip, &signup->at);
}

static void challenged(struct signup *signup, const sip_t *sip)
{
	unsigned status = (unsigned)sip->sip_status->st_status;
	bool stale = false;

	if (!signup->words.user[0] || !signup->words.password[0]) {
		failed(signup, status, "asks for a password, none configured",
		       0);
		return;
	}
	if (!words_take_challenge(&signup->words, sip, &stale)) {
		signup->words.challenge[0] = '\0';
		failed(signup, status, "no challenge that we can answer", 0);
		return;
	}
	if (signup->tries >= TRIES_MAX || (signup->tries && !stale)) {
		signup->words.challenge[0] = '\0';
		failed(signup, status, "user or password not accepted", 0);
		return;
	}
	signup->tries++;
	send_one(signup);
}

static void too_brief(struct signup *signup, const sip_t *sip)
{
	const sip_min_expires_t *min = sip->sip_min_expires;

	if (signup->raised || !min || min->me_delta <= signup->expires_s ||
	    min->me_delta > EXPIRES_MAX_S) {
		failed(signup, 423, "registration time not accepted", 0);
		return;
	}
	signup->raised = true;
	signup->expires_s = (unsigned)min->me_delta;
	signup->tries = 0;
	send_one(signup);
}

static void refused(struct signup *signup, const sip_t *sip)
{
	unsigned wait_s = 0;
	char reason[96];

	if (sip->sip_retry_after)
		wait_s = (unsigned)sip->sip_retry_after->af_delta;
	if (wait_s > RETRY_AFTER_MAX)
		wait_s = RETRY_AFTER_MAX;
	snprintf(reason, sizeof(reason), "%s", sip->sip_status->st_phrase);
	failed(signup, (unsigned)sip->sip_status->st_status, reason,
	       wait_s * 1000);
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq,
		     const sip_t *sip)
{
	struct signup *signup = (struct signup *)magic;
	int status = sip ? sip->sip_status->st_status : 408;

	(void)orq;
	if (status < 200)
		return 0;
	if (!sip || nta_sip_is_internal(sip)) {
		next_target(signup, "REGISTER cannot be delivered");
		return 0;
	}
	nta_outgoing_destroy(signup->orq);
	signup->orq = NULL;
	su_timer_reset(signup->timer);
	if (!signup->place)
		trunk_answered(signup->trunk);
	if (status < 300)
		accepted(signup, sip);
	else if (status == 401 || status == 407)
		challenged(signup, sip);
	else if (status == 423)
		too_brief(signup, sip);
	else
		refused(signup, sip);
	return 0;
}

/* --- sending --- */

static void send_one(struct signup *signup)
{
	struct trunk *trunk = signup->trunk;
	struct agent_network *network = trunk_network(trunk);
	const struct place_state *place =
		place_state(signup->place ? signup->place : trunk->place);
	struct sockaddr_storage us;
	msg_t *msg;

	nta_outgoing_destroy(signup->orq);
	signup->orq = NULL;
	if (signup->target >= place->targets || !network ||
	    !network->out_of_dialog)
		return; /* signup_moved when there are some */
	signup->at = place->target[signup->target];
	if (!trunk_us(&us, trunk, &signup->at)) {
		next_target(signup, "our network has no address of that "
				    "family");
		return;
	}
	write_contact(signup, &us, signup->at.transport);
	trunk_route(signup->words.route, &signup->at);
	signup->words.nta = network->nta;
	signup->words.leg = network->out_of_dialog;
	signup->words.ident[0] = '\0';
	(void)trunk_ident(signup->words.ident, trunk, &signup->at);
	msg = nta_msg_create(network->nta, 0);
	if (msg)
		signup->orq =
			words_send(&signup->words, msg, signup->expires_s,
				   on_answer, (nta_outgoing_magic_t *)signup);
	if (!signup->orq) {
		failed(signup, 0, "REGISTER cannot be sent", 0);
		return;
	}
	su_timer_set_interval(signup->timer, on_silence,
			      (su_timer_arg_t *)signup, TRUNK_SILENCE_MS);
}

static void begin_round(struct signup *signup)
{
	signup->target = 0;
	signup->tries = 0;
	signup->raised = false;
	send_one(signup);
}

/* --- life --- */

static void on_place(void *user, const struct place_state *place, bool moved)
{
	struct signup *signup = user;

	if (place->error && !place->targets)
		trunk_why(signup->trunk, "the registrar's name has no address");
	if (moved)
		signup_moved(signup);
}

int signup_new(struct signup **out, struct trunk *trunk)
{
	const struct policy_register *reg = &trunk->peer->reg;
	struct signup *signup = calloc(1, sizeof(*signup));
	int error = -ENOMEM;

	if (!signup)
		return -ENOMEM;
	signup->trunk = trunk;
	signup->expires_s = reg->expires_s ? reg->expires_s : 3600;
	signup->backoff_ms = BACKOFF_FIRST_MS;
	signup->timer = su_timer_create(su_root_task(trunk->agent->root), 0);
	if (!signup->timer)
		goto undo;
	write_words(signup);
	if (reg->registrar)
		error = place_new(&signup->place, trunk->agent, reg->registrar,
				  true, 0, trunk->peer,
				  trunk->state.way.transport, on_place, signup);
	else
		error = 0;
	if (error)
		goto undo;
	round_after(signup, 1 + trunk_random(FIRST_MS));
	*out = signup;
	return 0;
undo:
	su_timer_destroy(signup->timer);
	free(signup);
	return error;
}

bool signup_free(struct signup *signup, bool politely)
{
	if (!signup)
		return false;
	bool spoke = politely && signup->bound;
	nta_outgoing_destroy(signup->orq);
	if (spoke)
		words_farewell(&signup->words);
	place_free(signup->place);
	su_timer_destroy(signup->timer);
	free(signup);
	return spoke;
}

void signup_moved(struct signup *signup)
{
	signup->backoff_ms = BACKOFF_FIRST_MS;
	round_after(signup, 1 + trunk_random(FIRST_MS));
}

bool signup_owns(const struct signup *signup, const struct sockaddr *source)
{
	if (!signup->place)
		return false;
	const struct place_state *state = place_state(signup->place);
	for (unsigned i = 0; i < state->targets; i++)
		if (address_host_equal(
			    (const struct sockaddr *)&state->target[i].address,
			    source))
			return true;
	return false;
}
