/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an end may do in mid-call: the table of the random sequences. */
#include "tests/net/perfect_step.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned step_roll(struct step_dice *dice, unsigned sides)
{
	/* splitmix64 */
	uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ z >> 31) % sides);
}

static void held(struct end *end, const char *direction, bool zero)
{
	end->media.direction = direction;
	end->media.zero = zero;
	end->media.gone = false;
	end->voice.sound = VOICE_NOTHING;
}

void step_restart(struct end *end, struct step_dice *dice)
{
	end->voice.ssrc = (uint32_t)step_roll(dice, UINT32_MAX);
	end->voice.seq = (uint16_t)step_roll(dice, 65536);
	end->voice.ts = (uint32_t)step_roll(dice, UINT32_MAX);
}

static void hold_sendonly(struct end *end, struct step_dice *dice)
{
	held(end, "sendonly", false);
	/* Half of the phones play music of their own. */
	if (step_roll(dice, 2))
		end->voice.sound = VOICE_TONE;
	end_ask(end, "INVITE", END_OFFER);
}

static void hold_inactive(struct end *end, struct step_dice *dice)
{
	(void)dice;
	held(end, "inactive", false);
	end_ask(end, "INVITE", END_OFFER);
}

/* It listens and says nothing. */
static void hold_recvonly(struct end *end, struct step_dice *dice)
{
	(void)dice;
	held(end, "recvonly", false);
	end_ask(end, "INVITE", END_OFFER);
}

static void hold_zero(struct end *end, struct step_dice *dice)
{
	(void)dice;
	held(end, "sendrecv", true);
	end_ask(end, "INVITE", END_OFFER);
}

/* Some phones begin their stream anew after each hold. */
static void back(struct end *end, struct step_dice *dice)
{
	if (end->restarts)
		step_restart(end, dice);
	end->media.direction = "sendrecv";
	end->media.zero = false;
	end->media.gone = false;
	end->voice.sound = VOICE_TONE;
}

static void resume(struct end *end, struct step_dice *dice)
{
	back(end, dice);
	end_ask(end, "INVITE", END_OFFER);
}

static void refresh(struct end *end, struct step_dice *dice)
{
	(void)dice;
	end_ask(end, "INVITE", END_SAME);
}

/* New sockets, as after a new lease or another access point. */
static void move_port(struct end *end, struct step_dice *dice)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	struct voice *voice = &end->voice;
	int on = 1, old = voice->fd;

	getsockname(old, (struct sockaddr *)&at, &len);
	voice->fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	for (unsigned port = ntohs(at.sin_port) + 2u;; port += 2) {
		if (port > 13998)
			port = 12000;
		at.sin_port = htons((uint16_t)port);
		if (bind(voice->fd, (struct sockaddr *)&at, len) == 0)
			break;
	}
	setsockopt(voice->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	close(old);
	end->moving = true;
	if (step_roll(dice, 2))
		step_restart(end, dice);
	end_ask(end, "INVITE", END_OFFER);
}

static const char *some_codecs(struct step_dice *dice)
{
	static const char *const lists[] = {"0 8 101", "8 0 101",  "9 8 0 101",
					    "0 8",     "9 0 8 96", "8 9 0 96"};

	return lists[step_roll(dice, sizeof(lists) / sizeof(lists[0]))];
}

static void codecs(struct end *end, struct step_dice *dice)
{
	end->media.codecs = some_codecs(dice);
	end_ask(end, "INVITE", END_OFFER);
}

/* One law only: taken, converted, or refused; of removed audio any is taken. */
static void one_codec(struct end *end, struct step_dice *dice)
{
	if (!end->media.gone)
		end->media.codecs = step_roll(dice, 2) ? "0 101" : "8 101";
	end_ask(end, "INVITE", END_OFFER);
}

static void lost_codec(struct end *end, struct step_dice *dice)
{
	(void)dice;
	if (!end->media.gone)
		end->media.codecs = "9 101";
	end_ask(end, "INVITE", END_OFFER);
}

static void hold_and_codecs(struct end *end, struct step_dice *dice)
{
	end->media.codecs = some_codecs(dice);
	hold_inactive(end, dice);
}

static void add_video(struct end *end, struct step_dice *dice)
{
	(void)dice;
	end->media.slots = 2;
	end->media.video = true;
	end_ask(end, "INVITE", END_OFFER);
}

static void remove_audio(struct end *end, struct step_dice *dice)
{
	(void)dice;
	held(end, "inactive", false);
	end->media.gone = true;
	end_ask(end, "INVITE", END_OFFER);
}

/* The provider's policy takes none. */
static void fax(struct end *end, struct step_dice *dice)
{
	(void)dice;
	end->media.fax = true;
	end_ask(end, "INVITE", END_OFFER);
}

static void no_offer(struct end *end, struct step_dice *dice)
{
	back(end, dice);
	end_ask(end, "INVITE", END_NO_BODY);
}

static void update(struct end *end, struct step_dice *dice)
{
	(void)dice;
	end_ask(end, "UPDATE", END_NO_BODY);
}

static void update_hold(struct end *end, struct step_dice *dice)
{
	(void)dice;
	held(end, "inactive", false);
	end_ask(end, "UPDATE", END_OFFER);
}

static void update_resume(struct end *end, struct step_dice *dice)
{
	back(end, dice);
	end_ask(end, "UPDATE", END_OFFER);
}

static void refer(struct end *end, struct step_dice *dice)
{
	(void)dice;
	end_ask(end, "REFER", END_NO_BODY);
}

static void last(struct end *end, struct step_dice *dice)
{
	end->media.codecs = "0 8 101";
	end->media.video = false;
	resume(end, dice);
}

static void rekey(struct end *end, struct step_dice *dice)
{
	(void)dice;
	secure_key(&end->secure);
	end_ask(end, "INVITE", END_OFFER);
}

static const struct step table[] = {
	{"hold-sendonly", STEP_ASK, hold_sendonly},
	{"hold-inactive", STEP_ASK, hold_inactive},
	{"hold-recvonly", STEP_ASK, hold_recvonly},
	{"hold-zero", STEP_ASK, hold_zero},
	{"resume", STEP_ASK, resume},
	{"resume", STEP_ASK, resume},
	{"refresh", STEP_ASK, refresh},
	{"move", STEP_ASK, move_port},
	{"codecs", STEP_ASK, codecs},
	{"one-codec", STEP_MAY_FAIL, one_codec},
	{"lost-codec", STEP_MAY_FAIL, lost_codec},
	{"hold-and-codecs", STEP_ASK, hold_and_codecs},
	{"video", STEP_ASK, add_video},
	{"remove-audio", STEP_ASK, remove_audio},
	{"fax", STEP_MAY_FAIL, fax},
	{"no-offer", STEP_ASK, no_offer},
	{"update", STEP_ASK, update},
	{"update-hold", STEP_ASK, update_hold},
	{"update-resume", STEP_ASK, update_resume},
	{"restart", STEP_SILENT, step_restart},
	{"rekey", STEP_REKEY, rekey},
	{"transfer", STEP_BLIND, refer},
	{"attended", STEP_ATTENDED, NULL},
	{"taken-over", STEP_TAKEN, NULL},
	/* The provider's own, that change nothing. */
	{"their-refresh", STEP_THEIRS, refresh},
	{"their-update", STEP_THEIRS, update},
	{"both-refresh", STEP_BOTH, codecs},
};

const struct step *step_choose(struct step_dice *dice)
{
	return &table[step_roll(dice, sizeof(table) / sizeof(table[0]))];
}

const struct step *step_last(void)
{
	static const struct step step = {"last", STEP_ASK, last};

	return &step;
}

void step_take(const struct step *step, struct end *end, struct step_dice *dice)
{
	step->take(end, dice);
}
