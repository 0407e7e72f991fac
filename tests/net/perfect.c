/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The promise put to the test: phones that do everything there is in
 * mid-call, in random order from one seed, against a provider that bears
 * nothing of it. Many calls at once, in two network namespaces; what the
 * provider saw and heard is judged from a capture by tests/net/judge.
 */
#include "tests/net/perfect_consult.h"
#include "tests/net/perfect_place.h"
#include "tests/net/perfect_step.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LANES_MAX     50
#define LANE_FDS      6
#define STEPS	      20
#define REPLY_US      8000000
#define LISTEN_US     1500000
#define TICK_US	      1000
#define SHARE_LEAST   0.8
#define STALL_US      15000 /* longer than that nobody was on time */
#define TRANSFERS_MAX 10    /* of one call: more are refused as a loop */

/*
 * | state  | waits for                   | then                            |
 * |--------|-----------------------------|---------------------------------|
 * | ENROL  | 200 to REGISTER             | IDLE                            |
 * | IDLE   | due                         | a call, either way: CALL        |
 * | CALL   | both ends up                | STEP                            |
 * | STEP   | due                         | the next step's request: ASKED  |
 * | TALK   | two phones talk             | a transfer is asked: ASKED      |
 * | ASKED  | its final answer            | STEP; after the last one LISTEN |
 * | LISTEN | due, twice: settle, hear    | one end hangs up: BYE           |
 * | BYE    | 200, the other end told     | IDLE, or DONE                   |
 */
enum lane_state { ENROL, IDLE, CALL, STEP, TALK, ASKED, LISTEN, BYE, DONE };

struct lane {
	unsigned number; /* 1.. */
	enum lane_state state;
	struct end pair[2], provider;
	struct end consult; /* the phone's second call */
	enum consult_way way;
	struct end *phone, *colleague; /* who has the call, who may get it */
	struct end *asker, *leaver;
	struct end *beside; /* who asks at the same time, or NULL */
	struct step_dice dice;
	uint64_t due_us;
	unsigned sequence, step;
	unsigned transferred;
	const struct step *doing;
	bool inbound, listening;
	uint64_t begun_us;
	char told[1024]; /* the steps so far, and when */
};

static struct lane *lanes;
static unsigned lane_count = 20, sequence_count = 20, sequences_begun;
static uint64_t seed = 1;
static struct place place;
static int provider_sip;

static struct {
	unsigned sequences, steps, transfers, attended, taken, rekeys, unsealed,
		inbound, faults, unheard, refused, killed;
	unsigned reinvites, updates, odd;
	double share_least;
	uint64_t stall_us, stalls_us, slowest_us, answered_us;
	unsigned answers;
} total = {.share_least = 1};

static void fault(struct lane *lane, const char *what, int status)
{
	total.faults++;
	printf("fault sequence=%u seed=%llu way=%s step=%u status=%d: %s;%s\n",
	       lane->sequence, (unsigned long long)seed,
	       lane->inbound ? "in" : "out", lane->step, status, what,
	       lane->told);
	fflush(stdout);
}

/* --- a sequence -------------------------------------------------------------
 */

static void count(struct lane *lane)
{
	struct end *both[] = {&lane->pair[0], &lane->pair[1], &lane->provider,
			      &lane->consult};

	for (unsigned i = 0; i < 4; i++) {
		if (both[i]->answer_faults)
			fault(lane, both[i]->fault, 0);
		both[i]->answer_faults = 0;
	}
	for (unsigned i = 0; i < 2; i++)
		total.unsealed += lane->pair[i].secure.refused;
	total.killed += lane->provider.reinvites + lane->provider.updates > 0;
	total.reinvites += lane->provider.reinvites;
	total.updates += lane->provider.updates;
	total.odd += lane->provider.odd;
	lane->provider.reinvites = lane->provider.updates = 0;
	lane->provider.odd = 0;
}

/* What is not over yet is given up: BYEs, and the next one after a pause. */
static void give_up(struct lane *lane, const char *what, int status)
{
	fault(lane, what, status);
	count(lane);
	for (unsigned i = 0; i < 2; i++)
		if (lane->pair[i].state == END_UP)
			end_ask(&lane->pair[i], "BYE", END_NO_BODY);
	if (lane->consult.state == END_UP)
		end_ask(&lane->consult, "BYE", END_NO_BODY);
	if (lane->provider.state == END_UP)
		end_ask(&lane->provider, "BYE", END_NO_BODY);
	total.sequences++;
	lane->state = IDLE;
	lane->due_us = end_now_us() + 1000000;
}

/* Its own name, if it had taken a call over. */
static void own_name(struct lane *lane, struct end *phone)
{
	place_account(phone,
		      (phone == &lane->pair[0] ? 200 : 300) + lane->number);
}

static void begin(struct lane *lane, uint64_t now_us)
{
	char uri[96];

	if (sequences_begun == sequence_count) {
		lane->state = DONE;
		return;
	}
	lane->sequence = ++sequences_begun;
	lane->dice.state = seed * 1000003 + lane->sequence;
	for (int i = 0; i < 4; i++)
		step_roll(&lane->dice, 2);
	lane->step = lane->transferred = 0;
	lane->told[0] = 0;
	lane->begun_us = now_us;
	lane->inbound = step_roll(&lane->dice, 2);
	lane->provider.answers = step_roll(&lane->dice, 2) ? "0 101" : "8 101";
	lane->phone = &lane->pair[0];
	lane->colleague = &lane->pair[1];
	own_name(lane, lane->phone);
	own_name(lane, lane->colleague);
	end_begin(lane->phone);
	end_begin(lane->colleague);
	end_begin(&lane->provider);
	end_begin(&lane->consult);
	lane->pair[0].restarts = step_roll(&lane->dice, 2);
	lane->pair[1].restarts = step_roll(&lane->dice, 2);
	total.inbound += lane->inbound;
	if (lane->inbound) {
		snprintf(uri, sizeof(uri), "sip:+44207946%03u@%s:5060",
			 lane->number, place.edge_wan);
		end_call(&lane->provider, uri);
	} else {
		snprintf(uri, sizeof(uri), "sip:05551%03u@%s:5060",
			 lane->number, place.edge_lan);
		end_call(lane->phone, uri);
	}
	lane->state = CALL;
	lane->due_us = now_us + REPLY_US;
}

static void next_step(struct lane *lane, uint64_t now_us)
{
	lane->state = STEP;
	lane->due_us = now_us + 30000 + 1000 * step_roll(&lane->dice, 250);
}

static bool moves_on(const struct step *step)
{
	return step->kind == STEP_BLIND || step->kind == STEP_ATTENDED ||
	       step->kind == STEP_TAKEN;
}

static bool may(const struct lane *lane, const struct step *step)
{
	if (step->kind == STEP_REKEY)
		return lane->phone->srtp;
	return lane->transferred < TRANSFERS_MAX || !moves_on(step);
}

static const struct step *choose(struct lane *lane)
{
	const struct step *step = step_last();

	if (lane->step == STEPS)
		return step;
	do {
		step = step_choose(&lane->dice);
	} while (!may(lane, step));
	return step;
}

/* The two phones have one user now, whose calls come to the colleague. */
static void take_over(struct lane *lane)
{
	struct end *taker = lane->colleague;

	snprintf(taker->user, sizeof(taker->user), "%s", lane->phone->user);
	snprintf(taker->password, sizeof(taker->password), "%s",
		 lane->phone->password);
	end_begin(taker);
	end_replace(taker, lane->phone);
	lane->asker = taker;
}

static void consult(struct lane *lane)
{
	lane->way = step_roll(&lane->dice, CONSULT_WAYS);
	if (strcmp(lane->phone->user, lane->colleague->user) == 0)
		lane->way &= ~(unsigned)CONSULT_COLLEAGUE_CALLS;
	consult_begin(&lane->consult, lane->phone, lane->colleague, lane->way);
}

static void ask_step(struct lane *lane, uint64_t now_us)
{
	const struct step *step = choose(lane);
	size_t n = strlen(lane->told);

	lane->doing = step;
	lane->step++;
	snprintf(lane->told + n, sizeof(lane->told) - n, " %.3f %s",
		 (double)(now_us - lane->begun_us) / 1e6, step->name);
	lane->asker = step->kind == STEP_THEIRS ? &lane->provider : lane->phone;
	lane->beside = NULL;
	total.steps++;
	lane->due_us = now_us + REPLY_US;
	if (step->kind == STEP_ATTENDED) {
		consult(lane);
		lane->state = TALK;
		return;
	}
	if (step->kind == STEP_TAKEN) {
		take_over(lane);
		lane->state = ASKED;
		return;
	}
	if (step->kind == STEP_BLIND)
		snprintf(lane->phone->also, sizeof(lane->phone->also),
			 "Refer-To: <sip:%s@%s>\r\n", lane->colleague->user,
			 place.edge_lan);
	lane->asker->before = lane->asker->media;
	strcpy(lane->asker->sdp_before, lane->asker->sdp);
	step_take(step, lane->asker, &lane->dice);
	if (step->kind == STEP_BOTH) {
		lane->beside = &lane->provider;
		end_ask(lane->beside, "INVITE", END_SAME);
	}
	lane->state = ASKED;
	if (step->kind == STEP_SILENT)
		next_step(lane, now_us);
}

/* The two phones talk for a moment, then the one leaves. */
static void talking(struct lane *lane, uint64_t now_us)
{
	const struct end *caller = lane->way & CONSULT_COLLEAGUE_CALLS
					   ? lane->colleague
					   : &lane->consult;

	if (caller->status >= 300) {
		give_up(lane, "no call before a transfer", caller->status);
		return;
	}
	if (lane->consult.state != END_UP || lane->colleague->state != END_UP) {
		if (now_us >= lane->due_us)
			give_up(lane, "no call before a transfer", 0);
		return;
	}
	lane->asker = consult_refer(&lane->consult, lane->phone,
				    lane->colleague, lane->way);
	lane->state = ASKED;
	lane->due_us = now_us + REPLY_US;
}

static void step_done(struct lane *lane, uint64_t now_us)
{
	struct end *asker = lane->asker;
	uint64_t took = now_us - asker->request.sent_us;

	total.answers++;
	total.answered_us += took;
	if (took > total.slowest_us)
		total.slowest_us = took;
	if (asker->status == 488 && lane->doing->kind == STEP_MAY_FAIL) {
		total.refused++;
		asker->media = asker->before;
		strcpy(asker->sdp, asker->sdp_before);
	} else if (asker->status != 200) {
		give_up(lane, "refused", asker->status);
		return;
	}
	if (lane->beside && lane->beside->status != 200) {
		give_up(lane, "the other one was refused",
			lane->beside->status);
		return;
	}
	total.rekeys += lane->doing->kind == STEP_REKEY;
	if (lane->step <= STEPS) {
		next_step(lane, now_us);
		return;
	}
	lane->state = LISTEN;
	lane->listening = false;
	lane->due_us = now_us + 300000;
}

/* Accepted, the other phone has the call, and this one was let go? */
static void transferring(struct lane *lane, uint64_t now_us)
{
	struct end *was = lane->phone;
	int status = lane->asker->status,
	    wanted = lane->doing->kind == STEP_TAKEN ? 200 : 202;

	if (status > 202 || lane->provider.state != END_UP) {
		give_up(lane, "not transferred", status);
		return;
	}
	if (status != wanted || was->state == END_UP ||
	    lane->consult.state == END_UP || lane->colleague->state != END_UP) {
		if (now_us >= lane->due_us)
			give_up(lane, "no end of a transfer", status);
		return;
	}
	lane->phone = lane->colleague;
	lane->colleague = was;
	own_name(lane, was);
	total.taken += lane->doing->kind == STEP_TAKEN;
	total.transfers++;
	total.attended += lane->doing->kind == STEP_ATTENDED;
	lane->transferred++;
	next_step(lane, now_us);
}

static void hear(struct lane *lane, const struct end *end, const char *who)
{
	double share = tone_share(&end->voice.ear);

	if (share < total.share_least)
		total.share_least = share;
	if (share >= SHARE_LEAST &&
	    tone_seconds(&end->voice.ear) >= 0.8 * LISTEN_US / 1e6)
		return;
	total.unheard++;
	printf("unheard by=%s share=%.2f tone_seconds=%.2f payload=%u\n", who,
	       share, tone_seconds(&end->voice.ear), end->voice.payload);
	fault(lane, "the tone was not heard", 0);
}

static void listened(struct lane *lane, uint64_t now_us)
{
	if (!lane->listening) {
		tone_listen(&lane->phone->voice.ear, 8000);
		tone_listen(&lane->provider.voice.ear, 8000);
		lane->listening = true;
		lane->due_us = now_us + LISTEN_US;
		return;
	}
	hear(lane, lane->phone, "phone");
	hear(lane, &lane->provider, "provider");
	lane->leaver =
		step_roll(&lane->dice, 2) ? lane->phone : &lane->provider;
	end_ask(lane->leaver, "BYE", END_NO_BODY);
	lane->state = BYE;
	lane->due_us = now_us + REPLY_US;
}

/* Half of the phones had another source until the answer: no request of
 * theirs tells that their stream begins anew. */
static void begun(struct lane *lane, uint64_t now_us)
{
	if (!lane->told[0]) {
		strcpy(lane->told, " begun");
		lane->due_us = now_us + 200000;
	} else if (now_us >= lane->due_us) {
		if (step_roll(&lane->dice, 2))
			step_restart(lane->phone, &lane->dice);
		next_step(lane, now_us);
	}
}

static void lane_turn(struct lane *lane, uint64_t now_us)
{
	bool late = now_us >= lane->due_us;
	bool up =
		lane->phone->state == END_UP && lane->provider.state == END_UP;

	end_again(lane->phone, now_us);
	end_again(lane->colleague, now_us);
	end_again(&lane->provider, now_us);
	end_again(&lane->consult, now_us);
	switch (lane->state) {
	case ENROL:
		if (lane->phone->status == 200 &&
		    lane->colleague->status == 200)
			lane->state = IDLE;
		else if (lane->phone->status > 200 ||
			 lane->colleague->status > 200 || late) {
			fault(lane, "not registered", lane->phone->status);
			lane->state = DONE;
		}
		lane->due_us = lane->state == IDLE ? now_us : lane->due_us;
		break;
	case IDLE:
		if (late)
			begin(lane, now_us);
		break;
	case CALL:
		if (up)
			begun(lane, now_us);
		else if (lane->phone->status >= 300 ||
			 lane->provider.status >= 300 || late)
			give_up(lane, "no call",
				lane->phone->status | lane->provider.status);
		break;
	case STEP:
		if (!up)
			give_up(lane, "the call ended", 0);
		else if (late)
			ask_step(lane, now_us);
		break;
	case TALK:
		if (up)
			talking(lane, now_us);
		else
			give_up(lane, "the call ended", 0);
		break;
	case ASKED:
		if (moves_on(lane->doing))
			transferring(lane, now_us);
		else if (lane->asker->status &&
			 (!lane->beside || lane->beside->status))
			step_done(lane, now_us);
		else if (!up || late)
			give_up(lane, up ? "no answer" : "the call ended", 0);
		break;
	case LISTEN:
		if (!up)
			give_up(lane, "the call ended", 0);
		else if (late)
			listened(lane, now_us);
		break;
	case BYE:
		if (!late && (lane->leaver->status != 200 ||
			      lane->phone->state == END_UP ||
			      lane->provider.state == END_UP))
			break;
		if (late) {
			give_up(lane, "no end", lane->leaver->status);
			break;
		}
		printf("story call=%s sequence=%u:%s\n", lane->provider.call_id,
		       lane->sequence, lane->told);
		lane->phone->voice.far_len = 0;
		lane->provider.voice.far_len = 0;
		count(lane);
		total.sequences++;
		lane->state = IDLE;
		lane->due_us = now_us + 50000;
		break;
	case DONE:
		break;
	}
}

/* --- the loop ---------------------------------------------------------------
 */

/* Whose call is it, at the provider's one address? */
static struct end *provider_of(const struct text_message *message)
{
	unsigned number;
	const char *at;

	for (unsigned i = 0; i < lane_count; i++)
		if (end_owns(&lanes[i].provider, message))
			return &lanes[i].provider;
	at = strstr(message->uri, "5551");
	if (strcmp(message->method, "INVITE") != 0 || *message->to_tag || !at ||
	    sscanf(at, "5551%3u", &number) != 1 || number < 1 ||
	    number > lane_count)
		return NULL;
	return &lanes[number - 1].provider;
}

/* A phone that is in a call has a second one, if it is not for the first. */
static struct end *phone_of(struct lane *lane, struct end *phone,
			    const struct text_message *message)
{
	if (end_owns(&lane->consult, message) ||
	    (lane->state == TALK && phone == lane->phone &&
	     strcmp(message->method, "INVITE") == 0 && !*message->to_tag))
		return &lane->consult;
	return phone;
}

/* The phone's messages; without one, the provider's. */
static void receive(int fd, struct lane *lane, struct end *phone)
{
	char buf[8192];

	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		struct text_message message;
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0,
				       (struct sockaddr *)&from, &len);
		struct end *to;

		if (got < 0)
			return;
		if (got < 8 || text_read(&message, buf, (size_t)got) != 0)
			continue;
		to = phone ? phone_of(lane, phone, &message)
			   : provider_of(&message);
		if (to)
			end_receive(to, &message, &from);
		text_free(&message);
	}
}

static void voice_of(struct end *end, uint64_t now_us)
{
	if (end->state == END_UP && !end->moving)
		voice_turn(&end->voice, now_us);
	else
		end->voice.due_us = 0;
}

/* The machine was elsewhere: the judge leaves that moment out. */
static void stalled(uint64_t us)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("stall until=%lld.%06ld ms=%.1f\n", (long long)now.tv_sec,
	       now.tv_nsec / 1000, (double)us / 1e3);
	total.stalls_us += us;
	if (us > total.stall_us)
		total.stall_us = us;
}

static void run(void)
{
	struct pollfd fds[1 + LANE_FDS * LANES_MAX];
	uint64_t turned_us = end_now_us();
	bool busy = true;

	while (busy) {
		struct timespec tick = {0, TICK_US * 1000};
		uint64_t now_us = end_now_us();
		nfds_t n = 0;

		if (now_us - turned_us > STALL_US)
			stalled(now_us - turned_us);
		turned_us = now_us;
		busy = false;
		fds[n++].fd = provider_sip;
		for (unsigned i = 0; i < lane_count; i++) {
			struct lane *lane = &lanes[i];

			lane_turn(lane, now_us);
			busy = busy || lane->state != DONE;
			voice_of(&lane->pair[0], now_us);
			voice_of(&lane->pair[1], now_us);
			voice_of(&lane->provider, now_us);
			voice_of(&lane->consult, now_us);
			for (unsigned p = 0; p < 2; p++) {
				fds[n++].fd = lane->pair[p].sip;
				fds[n++].fd = lane->pair[p].voice.fd;
			}
			fds[n++].fd = lane->provider.voice.fd;
			fds[n++].fd = lane->consult.voice.fd;
		}
		for (nfds_t i = 0; i < n; i++)
			fds[i].events = POLLIN;
		nanosleep(&tick, NULL);
		poll(fds, n, 0);
		if (fds[0].revents)
			receive(provider_sip, NULL, NULL);
		for (unsigned i = 0; i < lane_count; i++) {
			const struct pollfd *at = &fds[1 + LANE_FDS * i];
			struct lane *lane = &lanes[i];

			for (unsigned p = 0; p < 2; p++) {
				if (at[2 * p].revents)
					receive(lane->pair[p].sip, lane,
						&lane->pair[p]);
				if (at[2 * p + 1].revents)
					voice_receive(&lane->pair[p].voice);
			}
			if (at[4].revents)
				voice_receive(&lane->provider.voice);
			if (at[5].revents)
				voice_receive(&lane->consult.voice);
		}
	}
}

static void open_all(const char *lan, const char *wan)
{
	lanes = calloc(lane_count, sizeof(*lanes));
	if (!lanes)
		place_die("perfect");
	place_enter(wan);
	provider_sip = place_sip(&place);
	for (unsigned i = 0; i < lane_count; i++)
		place_provider(&place, &lanes[i].provider, i + 1, provider_sip);
	/* A phone that moves opens sockets again: it stays there. */
	place_enter(lan);
	for (unsigned i = 0; i < lane_count; i++) {
		lanes[i].number = i + 1;
		lanes[i].phone = &lanes[i].pair[0];
		lanes[i].colleague = &lanes[i].pair[1];
		place_phone(&place, lanes[i].phone, 201 + i, 101 + i);
		place_phone(&place, lanes[i].colleague, 301 + i, 151 + i);
		place_consult(&place, &lanes[i].consult, i + 1);
		lanes[i].state = ENROL;
		lanes[i].due_us = end_now_us() + REPLY_US;
	}
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "el:n:s:")) != -1) {
		if (c == 'e')
			place.srtp = true;
		else if (c == 'l')
			lane_count = (unsigned)atoi(optarg);
		else if (c == 'n')
			sequence_count = (unsigned)atoi(optarg);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (argc - optind != 6 || lane_count < 1 || lane_count > LANES_MAX) {
		fprintf(stderr, "usage: perfect [-e] [-l LANES] [-n SEQUENCES] "
				"[-s SEED] "
				"LAN-NAMESPACE WAN-NAMESPACE EDGE-LAN EDGE-WAN "
				"PHONES-PREFIX PROVIDER\n");
		return 2;
	}
	place.edge_lan = argv[optind + 2];
	place.edge_wan = argv[optind + 3];
	place.phone_net = argv[optind + 4];
	place.provider_host = argv[optind + 5];
	open_all(argv[optind], argv[optind + 1]);
	run();
	printf("seed=%llu sequences=%u steps=%u transfers=%u "
	       "attended=%u taken=%u rekeys=%u unsealed=%u in=%u out=%u "
	       "faults=%u "
	       "killed=%u reinvites=%u updates=%u odd=%u refused=%u unheard=%u "
	       "share_least=%.2f answered_mean_ms=%.2f "
	       "answered_slowest_ms=%.1f "
	       "stall_ms=%.1f stalls_ms=%.1f\n",
	       (unsigned long long)seed, total.sequences, total.steps,
	       total.transfers, total.attended, total.taken, total.rekeys,
	       total.unsealed, total.inbound, sequences_begun - total.inbound,
	       total.faults, total.killed, total.reinvites, total.updates,
	       total.odd, total.refused, total.unheard, total.share_least,
	       total.answers ? (double)total.answered_us / total.answers / 1e3
			     : 0.0,
	       (double)total.slowest_us / 1e3, (double)total.stall_us / 1e3,
	       (double)total.stalls_us / 1e3);
	return 0;
}
