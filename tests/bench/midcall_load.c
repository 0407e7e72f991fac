/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phones that hold and resume without end, and the provider they talk to, to
 * measure what answers them in between: CPU, time, memory, and whether the
 * provider noticed.
 *
 * midcall_load --from 127.0.1.2:5061 --to 127.0.2.2:5062 --via 127.0.1.1:5060
 *              --pid N [--calls 1] [--pairs 10000] [--warm 500] [--pace MS]
 *              [--long 100] [--rest S] [--settle S]
 *
 * from    where the phones stand         to    where the provider stands
 * via     what is measured, as the phones reach it; pid: its process
 * pairs   a hold and a resume in each call, each sent when the one before was
 *         answered; warm: as many first, that are not measured
 * pace    ms between an answer and the next request
 * long    each so manieth hold is silent for 120 ms: something has to fill it
 * rest    seconds for which the calls only talk: what their media costs
 * settle  seconds from the last answer until memory is looked at; at the end
 *         less, if it has come back before
 *
 * One line comes out: "calls= pairs= cpu_ms= median_ms= ..."; cpu_ms is that of
 * one re-INVITE, without what the media costs.
 */
#include "tests/net/perfect_end.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 500
#define REPLY_US  8000000
#define LONG_US	  120000
#define BEGIN_US  5000 /* from one call's INVITE to the next one's */
#define SAMPLES	  200000
#define TURN_MS	  2

enum state { CALLING, TALKING, HELD, ASKED_HOLD, ASKED_RESUME, OVER };

struct pair {
	enum state state;
	struct end phone, provider;
	unsigned left; /* pairs to go */
	uint64_t due_us;
};

/* What the whole process does now, one after the other. */
enum phase { BEGIN, REST, WARM, SETTLE_WARM, RUN, SETTLE_RUN, LEAVE };

static struct {
	struct sockaddr_in from, to, via;
	unsigned calls, pairs, warm, pace_ms, every, rest_s, settle_s;
	pid_t pid;
	struct pair *pair;
	int phones, provider;
	enum phase phase;
	uint64_t due_us, begun_us, begun_cpu_us, run_us, run_cpu_us;
	double media_share; /* of a core, while nothing is asked */
	unsigned rss_kb[2], started, failed, resent;
	uint32_t *sample_us;
	unsigned samples;
} load = {.calls = 1,
	  .pairs = 10000,
	  .warm = 500,
	  .every = 100,
	  .rest_s = 5,
	  .settle_s = 10};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	char host[32];
	unsigned port;

	if (sscanf(text, "%31[^:]:%u", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &at.sin_addr) != 1) {
		fprintf(stderr, "midcall_load: no address: %s\n", text);
		exit(2);
	}
	at.sin_port = htons((uint16_t)port);
	return at;
}

static int sip_open(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int room = 4 << 20;

	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)) != 0)
		die("midcall_load: SIP address");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

/* --- the process that is measured -------------------------------------------
 */

static uint64_t cpu_us(void)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(load.pid, &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		die("midcall_load: no such process");
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static unsigned rss_kb(void)
{
	char path[64], line[128];
	unsigned kb = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)load.pid);
	in = fopen(path, "r");
	if (!in)
		die(path);
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "VmRSS: %u", &kb) == 1)
			break;
	fclose(in);
	return kb;
}

/* --- one call ---------------------------------------------------------------
 */

static void fail(struct pair *pair, const char *what)
{
	printf("fault call=%u state=%d status=%d left=%u: %s\n",
	       (unsigned)(pair - load.pair), pair->state, pair->phone.status,
	       pair->left, what);
	load.failed++;
	pair->state = OVER;
}

/* A phone plays music to whom it holds, but for the long holds. */
static bool is_long(const struct pair *pair)
{
	return load.every && pair->left % load.every == 0;
}

static void ask(struct pair *pair, bool hold, uint64_t now_us)
{
	struct end *phone = &pair->phone;

	phone->media.direction = hold ? "sendonly" : "sendrecv";
	phone->voice.sound = hold && is_long(pair) ? VOICE_NOTHING : VOICE_TONE;
	end_ask(phone, "INVITE", END_OFFER);
	pair->state = hold ? ASKED_HOLD : ASKED_RESUME;
	pair->due_us = now_us + REPLY_US;
}

static void answered(struct pair *pair, uint64_t now_us)
{
	bool hold = pair->state == ASKED_HOLD;

	if (pair->phone.status != 200) {
		fail(pair, "refused");
		return;
	}
	if (load.phase == RUN && load.samples < SAMPLES)
		load.sample_us[load.samples++] =
			(uint32_t)(now_us - pair->phone.request.sent_us);
	pair->state = hold ? HELD : TALKING;
	pair->due_us = now_us + 1000 * load.pace_ms;
	if (hold && is_long(pair))
		pair->due_us = now_us + LONG_US;
	if (!hold)
		pair->left--;
}

static void pair_turn(struct pair *pair, uint64_t now_us)
{
	bool late = now_us >= pair->due_us;
	bool asked = pair->state == ASKED_HOLD || pair->state == ASKED_RESUME;

	if (pair->state == OVER)
		return;
	if (pair->phone.request.pending &&
	    now_us >= pair->phone.request.again_us)
		load.resent++;
	end_again(&pair->phone, now_us);
	end_again(&pair->provider, now_us);
	if (pair->state == CALLING && pair->phone.state == END_UP &&
	    pair->provider.state == END_UP) {
		pair->state = TALKING;
		pair->due_us = now_us;
	} else if (pair->state != CALLING && pair->phone.state != END_UP) {
		fail(pair, "the call ended");
	} else if (asked && pair->phone.status) {
		answered(pair, now_us);
	} else if (late && (pair->state == CALLING || asked)) {
		fail(pair, "no answer");
	}
	late = now_us >= pair->due_us;
	if (late && pair->state == HELD)
		ask(pair, false, now_us);
	else if (late && pair->state == TALKING && pair->left)
		ask(pair, true, now_us);
}

static void pair_begin(unsigned number)
{
	struct pair *pair = &load.pair[number];
	char uri[96], via[32];

	inet_ntop(AF_INET, &load.via.sin_addr, via, sizeof(via));
	snprintf(uri, sizeof(uri), "sip:1%04u@%s:%u", number, via,
		 ntohs(load.via.sin_port));
	end_call(&pair->phone, uri);
	pair->state = CALLING;
	pair->due_us = end_now_us() + REPLY_US;
}

static void end_open(struct end *end, unsigned number, bool provider)
{
	struct sockaddr_in rtp = provider ? load.to : load.from;

	rtp.sin_port = htons((uint16_t)(12000 + 2 * number));
	end->provider = provider;
	end->answers = "0 101";
	end->at = provider ? load.to : load.from;
	end->edge = load.via;
	end->sip = provider ? load.provider : load.phones;
	snprintf(end->user, sizeof(end->user), "%u", 2000 + number);
	inet_ntop(AF_INET, &end->at.sin_addr, end->domain, sizeof(end->domain));
	if (voice_open(&end->voice, (struct sockaddr *)&rtp, sizeof(rtp), NULL))
		die("midcall_load: RTP address");
	end->sdp_id = 1000 * number;
	end_begin(end);
}

/* --- all of them ------------------------------------------------------------
 */

static bool idle(void)
{
	for (unsigned i = 0; i < load.started; i++)
		if (load.pair[i].state != OVER &&
		    (load.pair[i].left || load.pair[i].state != TALKING))
			return false;
	return load.started == load.calls;
}

static void give_pairs(unsigned pairs)
{
	for (unsigned i = 0; i < load.calls; i++) {
		/* Not all at the same instant. */
		load.pair[i].due_us =
			end_now_us() + 1000 * load.pace_ms * i / load.calls;
		load.pair[i].left = pairs;
	}
}

static void next_phase(uint64_t now_us)
{
	load.phase++;
	load.due_us = now_us;
	switch (load.phase) {
	case BEGIN:
		break;
	case REST:
		load.due_us += 1000000 * (load.rest_s + 1);
		break;
	case WARM:
		give_pairs(load.warm);
		break;
	case SETTLE_WARM:
	case SETTLE_RUN:
		load.due_us += 1000000 * load.settle_s;
		break;
	case RUN:
		load.rss_kb[0] = rss_kb();
		load.begun_us = now_us;
		load.begun_cpu_us = cpu_us();
		give_pairs(load.pairs);
		break;
	case LEAVE:
		break;
	}
}

/* Looked at ten times a second. */
static bool settled(uint64_t now_us)
{
	static uint64_t looked_us;

	if (now_us - looked_us < 100000 && now_us < load.due_us)
		return false;
	looked_us = now_us;
	load.rss_kb[1] = rss_kb();
	return now_us >= load.due_us ||
	       load.rss_kb[1] <= load.rss_kb[0] + load.rss_kb[0] / 200;
}

static void turn(uint64_t now_us)
{
	bool done = false;

	for (unsigned i = 0; i < load.started; i++)
		pair_turn(&load.pair[i], now_us);
	switch (load.phase) {
	case BEGIN:
		if (load.started < load.calls && now_us >= load.due_us) {
			pair_begin(load.started++);
			load.due_us = now_us + BEGIN_US;
		}
		done = idle();
		break;
	case REST: /* its first second is none: the calls begin */
		if (!load.begun_us &&
		    now_us + 1000000 * load.rest_s > load.due_us) {
			load.begun_us = now_us;
			load.begun_cpu_us = cpu_us();
		}
		done = now_us >= load.due_us;
		if (done)
			load.media_share =
				(double)(cpu_us() - load.begun_cpu_us) /
				(double)(now_us - load.begun_us);
		break;
	case WARM:
		done = idle();
		break;
	case RUN:
		done = idle();
		if (done) {
			load.run_us = now_us - load.begun_us;
			load.run_cpu_us = cpu_us() - load.begun_cpu_us;
		}
		break;
	case SETTLE_WARM:
		done = now_us >= load.due_us;
		break;
	case SETTLE_RUN:
		done = settled(now_us);
		break;
	case LEAVE:
		break;
	}
	if (done)
		next_phase(now_us);
}

static struct end *owner(const struct text_message *message, bool provider)
{
	const char *at;
	unsigned n;

	for (unsigned i = 0; i < load.started; i++) {
		struct end *end =
			provider ? &load.pair[i].provider : &load.pair[i].phone;

		if (end_owns(end, message))
			return end;
	}
	at = strstr(message->uri, "sip:1");
	if (!provider || strcmp(message->method, "INVITE") != 0 || !at ||
	    sscanf(at, "sip:1%4u", &n) != 1 || n >= load.started)
		return NULL;
	return &load.pair[n].provider;
}

static void receive(int fd, bool provider)
{
	char buf[8192];

	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		struct text_message message;
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0,
				       (struct sockaddr *)&from, &len);
		struct end *end;

		if (got < 0)
			return;
		if (got < 8 || text_read(&message, buf, (size_t)got) != 0)
			continue;
		end = owner(&message, provider);
		if (end && provider)
			end->edge = from;
		if (end)
			end_receive(end, &message, &from);
		text_free(&message);
	}
}

static void run(void)
{
	struct pollfd fds[2 + 2 * CALLS_MAX] = {{load.phones, POLLIN, 0},
						{load.provider, POLLIN, 0}};
	nfds_t n = 2 + 2 * (nfds_t)load.calls;

	for (unsigned i = 0; i < load.calls; i++) {
		fds[2 + 2 * i].fd = load.pair[i].phone.voice.fd;
		fds[3 + 2 * i].fd = load.pair[i].provider.voice.fd;
		fds[2 + 2 * i].events = fds[3 + 2 * i].events = POLLIN;
	}
	while (load.phase != LEAVE) {
		uint64_t now_us = end_now_us();

		turn(now_us);
		for (unsigned i = 0; i < load.started; i++) {
			struct pair *pair = &load.pair[i];

			if (pair->phone.state == END_UP)
				voice_turn(&pair->phone.voice, now_us);
			if (pair->provider.state == END_UP)
				voice_turn(&pair->provider.voice, now_us);
		}
		if (poll(fds, n, TURN_MS) <= 0)
			continue;
		if (fds[0].revents)
			receive(load.phones, false);
		if (fds[1].revents)
			receive(load.provider, true);
		for (unsigned i = 0; i < load.started; i++) {
			if (fds[2 + 2 * i].revents)
				voice_receive(&load.pair[i].phone.voice);
			if (fds[3 + 2 * i].revents)
				voice_receive(&load.pair[i].provider.voice);
		}
	}
	for (unsigned i = 0; i < load.started; i++)
		if (load.pair[i].phone.state == END_UP)
			end_ask(&load.pair[i].phone, "BYE", END_NO_BODY);
}

static int by_size(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static double sample_ms(double share)
{
	unsigned at = (unsigned)(share * (double)load.samples);

	if (!load.samples)
		return 0;
	return load.sample_us[at < load.samples ? at : load.samples - 1] / 1e3;
}

static void report(void)
{
	unsigned ssrcs = 0, breaks = 0, ts_breaks = 0, asked = 0, faults = 0,
		 packets = 0, requests = 2 * load.calls * load.pairs;
	double media_us = load.media_share * (double)load.run_us;
	uint64_t gap_us = 0;

	for (unsigned i = 0; i < load.calls; i++) {
		const struct end *them = &load.pair[i].provider;

		if (them->voice.ssrcs > ssrcs)
			ssrcs = them->voice.ssrcs;
		if (them->voice.gap_us > gap_us)
			gap_us = them->voice.gap_us;
		breaks += them->voice.breaks;
		ts_breaks += them->voice.ts_breaks;
		packets += them->voice.packets;
		asked += them->reinvites + them->updates + them->odd;
		faults +=
			them->answer_faults + load.pair[i].phone.answer_faults;
		if (load.pair[i].phone.answer_faults)
			printf("fault call=%u: %s\n", i,
			       load.pair[i].phone.fault);
	}
	qsort(load.sample_us, load.samples, sizeof(uint32_t), by_size);
	printf("calls=%u pairs=%u answered=%u failed=%u resent=%u faults=%u "
	       "seconds=%.1f per_s=%.0f cpu_ms=%.4f cpu_all_ms=%.4f "
	       "media_share=%.4f median_ms=%.3f p99_ms=%.3f worst_ms=%.1f "
	       "rss_before_kb=%u rss_after_kb=%u growth=%.4f asked=%u "
	       "packets=%u ssrcs=%u breaks=%u ts_breaks=%u gap_ms=%.1f\n",
	       load.calls, load.calls * load.pairs, load.samples, load.failed,
	       load.resent, faults, (double)load.run_us / 1e6,
	       requests / ((double)load.run_us / 1e6),
	       ((double)load.run_cpu_us - media_us) / requests / 1e3,
	       (double)load.run_cpu_us / requests / 1e3, load.media_share,
	       sample_ms(0.5), sample_ms(0.99), sample_ms(1), load.rss_kb[0],
	       load.rss_kb[1],
	       load.rss_kb[0] ? (double)load.rss_kb[1] / load.rss_kb[0] - 1
			      : 0.0,
	       asked, packets, ssrcs, breaks, ts_breaks, (double)gap_us / 1e3);
}

static void options(int argc, char **argv)
{
	static const struct option known[] = {
		{"from", 1, NULL, 'f'},	  {"to", 1, NULL, 't'},
		{"via", 1, NULL, 'v'},	  {"pid", 1, NULL, 'p'},
		{"calls", 1, NULL, 'c'},  {"pairs", 1, NULL, 'n'},
		{"warm", 1, NULL, 'w'},	  {"pace", 1, NULL, 'm'},
		{"long", 1, NULL, 'l'},	  {"rest", 1, NULL, 'r'},
		{"settle", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?')
			exit(2);
		if (strchr("ftv", c)) {
			*(c == 'f'   ? &load.from
			  : c == 't' ? &load.to
				     : &load.via) = address(optarg);
			continue;
		}
		if (c == 'p')
			load.pid = atoi(optarg);
		else
			*(c == 'c'   ? &load.calls
			  : c == 'n' ? &load.pairs
			  : c == 'w' ? &load.warm
			  : c == 'm' ? &load.pace_ms
			  : c == 'l' ? &load.every
			  : c == 'r' ? &load.rest_s
				     : &load.settle_s) =
				(unsigned)strtoul(optarg, NULL, 10);
	}
	if (!load.from.sin_port || !load.to.sin_port || !load.via.sin_port ||
	    load.pid < 1 || load.calls < 1 || load.calls > CALLS_MAX ||
	    load.pairs < 1) {
		fprintf(stderr,
			"midcall_load: --from --to --via --pid, see the "
			"head of its source\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	options(argc, argv);
	load.pair = calloc(load.calls, sizeof(*load.pair));
	load.sample_us = calloc(SAMPLES, sizeof(*load.sample_us));
	if (!load.pair || !load.sample_us)
		die("midcall_load");
	load.phones = sip_open(&load.from);
	load.provider = sip_open(&load.to);
	for (unsigned i = 0; i < load.calls; i++) {
		end_open(&load.pair[i].phone, i, false);
		end_open(&load.pair[i].provider, i, true);
	}
	load.due_us = end_now_us();
	run();
	report();
	return load.failed ? 1 : 0;
}
