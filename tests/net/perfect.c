/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The promise put to the test: phones that do everything there is in
 * mid-call, in random order from one seed, against a provider that bears
 * nothing of it. Many calls at once, in two network namespaces; what the
 * provider saw and heard is judged from a capture by tests/net/judge.
 */
#include "tests/net/perfect_end.h"
#include "tests/net/perfect_step.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LANES_MAX   50
#define STEPS	    20
#define REPLY_US    8000000
#define LISTEN_US   1500000
#define TICK_US	    1000
#define SHARE_LEAST 0.8

/*
 * | state  | waits for                   | then                            |
 * |--------|-----------------------------|---------------------------------|
 * | ENROL  | 200 to REGISTER             | IDLE                            |
 * | IDLE   | due                         | a call, either way: CALL        |
 * | CALL   | both ends up                | STEP                            |
 * | STEP   | due                         | the next step's request: ASKED  |
 * | ASKED  | its final answer            | STEP; after the last one LISTEN |
 * | LISTEN | due, twice: settle, hear    | one end hangs up: BYE           |
 * | BYE    | 200, the other end told     | IDLE, or DONE                   |
 */
enum lane_state { ENROL, IDLE, CALL, STEP, ASKED, LISTEN, BYE, DONE };

struct lane {
	unsigned number; /* 1.. */
	enum lane_state state;
	struct end pair[2], provider;
	struct end *phone, *colleague; /* who has the call, who may get it */
	struct end *asker, *leaver;
	struct step_dice dice;
	uint64_t due_us;
	unsigned sequence, step;
	const struct step *doing;
	bool inbound, listening;
	char told[512]; /* the steps so far */
};

static struct lane *lanes;
static unsigned lane_count = 20, sequence_count = 20, sequences_begun;
static uint64_t seed = 1;
static const char *edge_lan, *edge_wan, *phone_net, *provider_host;
static int provider_sip;

static struct {
	unsigned sequences, steps, transfers, inbound, faults, unheard, refused,
		killed;
	unsigned reinvites, updates, odd;
	double share_least;
	uint64_t stall_us, slowest_us, answered_us;
	unsigned answers;
} total = {.share_least = 1};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void enter(const char *space)
{
	int fd = open(space, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(space);
	close(fd);
}

static struct sockaddr_in address(const char *host, unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, host, &at.sin_addr) != 1) {
		fprintf(stderr, "perfect: no address: %s\n", host);
		exit(2);
	}
	return at;
}

static int sip_open(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int room = 4 << 20;

	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)) != 0)
		die("perfect: SIP address");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

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
	struct end *both[] = {&lane->pair[0], &lane->pair[1], &lane->provider};

	for (unsigned i = 0; i < 3; i++) {
		if (both[i]->answer_faults)
			fault(lane, both[i]->fault, 0);
		both[i]->answer_faults = 0;
	}
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
	if (lane->provider.state == END_UP)
		end_ask(&lane->provider, "BYE", END_NO_BODY);
	total.sequences++;
	lane->state = IDLE;
	lane->due_us = end_now_us() + 1000000;
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
	lane->step = 0;
	lane->told[0] = 0;
	lane->inbound = step_roll(&lane->dice, 2);
	lane->provider.answers = step_roll(&lane->dice, 2) ? "0 101" : "8 101";
	lane->phone = &lane->pair[0];
	lane->colleague = &lane->pair[1];
	end_begin(lane->phone);
	end_begin(lane->colleague);
	end_begin(&lane->provider);
	total.inbound += lane->inbound;
	if (lane->inbound) {
		snprintf(uri, sizeof(uri), "sip:+44207946%03u@%s:5060",
			 lane->number, edge_wan);
		end_call(&lane->provider, uri);
	} else {
		snprintf(uri, sizeof(uri), "sip:05551%03u@%s:5060",
			 lane->number, edge_lan);
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

static void ask_step(struct lane *lane, uint64_t now_us)
{
	const struct step *step =
		lane->step < STEPS ? step_choose(&lane->dice) : step_last();
	size_t n = strlen(lane->told);

	lane->doing = step;
	lane->step++;
	snprintf(lane->told + n, sizeof(lane->told) - n, " %s", step->name);
	lane->asker = step->provider ? &lane->provider : lane->phone;
	if (step->transfers)
		snprintf(lane->phone->refer_to, sizeof(lane->phone->refer_to),
			 "Refer-To: <sip:%s@%s>\r\n", lane->colleague->user,
			 edge_lan);
	lane->asker->before = lane->asker->media;
	strcpy(lane->asker->sdp_before, lane->asker->sdp);
	step_take(step, lane->asker, &lane->dice);
	total.steps++;
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
	if (asker->status == 488 && lane->doing->may_be_refused) {
		total.refused++;
		asker->media = asker->before;
		strcpy(asker->sdp, asker->sdp_before);
	} else if (asker->status != 200) {
		give_up(lane, "refused", asker->status);
		return;
	}
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

	if (was->status > 202 || lane->provider.state != END_UP) {
		give_up(lane, "not transferred", was->status);
		return;
	}
	if (was->status != 202 || was->state == END_UP ||
	    lane->colleague->state != END_UP) {
		if (now_us >= lane->due_us)
			give_up(lane, "no end of a transfer", was->status);
		return;
	}
	lane->phone = lane->colleague;
	lane->colleague = was;
	total.transfers++;
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

static void lane_turn(struct lane *lane, uint64_t now_us)
{
	bool late = now_us >= lane->due_us;
	bool up =
		lane->phone->state == END_UP && lane->provider.state == END_UP;

	end_again(lane->phone, now_us);
	end_again(lane->colleague, now_us);
	end_again(&lane->provider, now_us);
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
			next_step(lane, now_us + 200000);
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
	case ASKED:
		if (lane->doing->transfers)
			transferring(lane, now_us);
		else if (lane->asker->status)
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

static void receive(int fd, struct end *end)
{
	char buf[8192];

	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		struct text_message message;
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0,
				       (struct sockaddr *)&from, &len);
		struct end *to = end;

		if (got < 0)
			return;
		if (got < 8 || text_read(&message, buf, (size_t)got) != 0)
			continue;
		if (!to)
			to = provider_of(&message);
		if (to)
			end_receive(to, &message, &from);
		text_free(&message);
	}
}

static void voice_of(struct end *end, uint64_t now_us)
{
	if (end->state == END_UP)
		voice_turn(&end->voice, now_us);
	else
		end->voice.due_us = 0;
}

static void run(void)
{
	struct pollfd fds[1 + 5 * LANES_MAX];
	uint64_t turned_us = end_now_us();
	bool busy = true;

	while (busy) {
		struct timespec tick = {0, TICK_US * 1000};
		uint64_t now_us = end_now_us();
		nfds_t n = 0;

		if (now_us - turned_us > total.stall_us)
			total.stall_us = now_us - turned_us;
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
			for (unsigned p = 0; p < 2; p++) {
				fds[n++].fd = lane->pair[p].sip;
				fds[n++].fd = lane->pair[p].voice.fd;
			}
			fds[n++].fd = lane->provider.voice.fd;
		}
		for (nfds_t i = 0; i < n; i++)
			fds[i].events = POLLIN;
		nanosleep(&tick, NULL);
		poll(fds, n, 0);
		if (fds[0].revents)
			receive(provider_sip, NULL);
		for (unsigned i = 0; i < lane_count; i++) {
			const struct pollfd *at = &fds[1 + 5 * i];
			struct lane *lane = &lanes[i];

			for (unsigned p = 0; p < 2; p++) {
				if (at[2 * p].revents)
					receive(lane->pair[p].sip,
						&lane->pair[p]);
				if (at[2 * p + 1].revents)
					voice_receive(&lane->pair[p].voice);
			}
			if (at[4].revents)
				voice_receive(&lane->provider.voice);
		}
	}
}

/* Phone n is user 200 + n at .100 + n, its colleague 300 + n at .150 + n. */
static void phone_open(struct end *end, unsigned user, unsigned host_number)
{
	struct sockaddr_in rtp;
	char host[32];

	snprintf(host, sizeof(host), "%s.%u", phone_net, host_number);
	end->at = address(host, 5060);
	end->edge = address(edge_lan, 5060);
	snprintf(end->user, sizeof(end->user), "%u", user);
	snprintf(end->password, sizeof(end->password), "secret-%u", user);
	snprintf(end->domain, sizeof(end->domain), "%s", edge_lan);
	end->sip = sip_open(&end->at);
	rtp = address(host, 12000);
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		die("perfect: RTP address");
	end->sdp_id = 1000 * user;
	end_begin(end);
	end_register(end);
}

static void provider_open(struct end *end, unsigned number)
{
	struct sockaddr_in rtp = address(provider_host, 20000 + 2 * number);

	end->provider = true;
	end->answers = "0 101";
	end->at = address(provider_host, 5060);
	end->edge = address(edge_wan, 5060);
	snprintf(end->user, sizeof(end->user), "442070000%03u", number);
	snprintf(end->domain, sizeof(end->domain), "%s", provider_host);
	end->sip = provider_sip;
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		die("perfect: RTP address");
	end->sdp_id = 1000 * number;
	end_begin(end);
}

static void open_all(const char *lan, const char *wan)
{
	struct sockaddr_in at = address(provider_host, 5060);

	lanes = calloc(lane_count, sizeof(*lanes));
	if (!lanes)
		die("perfect");
	enter(wan);
	provider_sip = sip_open(&at);
	for (unsigned i = 0; i < lane_count; i++)
		provider_open(&lanes[i].provider, i + 1);
	/* A phone that moves opens sockets again: it stays there. */
	enter(lan);
	for (unsigned i = 0; i < lane_count; i++) {
		lanes[i].number = i + 1;
		lanes[i].phone = &lanes[i].pair[0];
		lanes[i].colleague = &lanes[i].pair[1];
		phone_open(lanes[i].phone, 201 + i, 101 + i);
		phone_open(lanes[i].colleague, 301 + i, 151 + i);
		lanes[i].state = ENROL;
		lanes[i].due_us = end_now_us() + REPLY_US;
	}
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "l:n:s:")) != -1) {
		if (c == 'l')
			lane_count = (unsigned)atoi(optarg);
		else if (c == 'n')
			sequence_count = (unsigned)atoi(optarg);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (argc - optind != 6 || lane_count < 1 || lane_count > LANES_MAX) {
		fprintf(stderr,
			"usage: perfect [-l LANES] [-n SEQUENCES] [-s SEED] "
			"LAN-NAMESPACE WAN-NAMESPACE EDGE-LAN EDGE-WAN "
			"PHONES-PREFIX PROVIDER\n");
		return 2;
	}
	edge_lan = argv[optind + 2];
	edge_wan = argv[optind + 3];
	phone_net = argv[optind + 4];
	provider_host = argv[optind + 5];
	open_all(argv[optind], argv[optind + 1]);
	run();
	printf("seed=%llu sequences=%u steps=%u transfers=%u in=%u out=%u "
	       "faults=%u "
	       "killed=%u reinvites=%u updates=%u odd=%u refused=%u unheard=%u "
	       "share_least=%.2f answered_mean_ms=%.2f "
	       "answered_slowest_ms=%.1f "
	       "stall_ms=%.1f\n",
	       (unsigned long long)seed, total.sequences, total.steps,
	       total.transfers, total.inbound, sequences_begun - total.inbound,
	       total.faults, total.killed, total.reinvites, total.updates,
	       total.odd, total.refused, total.unheard, total.share_least,
	       total.answers ? (double)total.answered_us / total.answers / 1e3
			     : 0.0,
	       (double)total.slowest_us / 1e3, (double)total.stall_us / 1e3);
	return 0;
}
