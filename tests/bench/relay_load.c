/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Load and sink for the relay bench. All calls' far ends share one socket a
 * side, 127.0.0.2 and 127.0.0.3, and of what comes back one packet in
 * SAMPLE is read, for its delay, while a filter on the socket drops and counts
 * the others: so load costs less than what it loads.
 *
 *   relay_load ng NG_PORT CALLS FAR_PORT
 *       make calls in rtpengine; prints their ports, a line a call
 *   relay_load run FAR_PORT RATE MS ROUNDS NAME PORTS PID [NAME PORTS PID]
 *       RATE packets/s for MS, in turn through each relay, ROUNDS times
 *   relay_load ramp FAR_PORT RATE MS ROUNDS NAME PORTS PID [NAME PORTS PID]
 *       the highest rate from RATE on at which nothing is lost, in turn, ROUNDS
 *       times
 *
 * PORTS is a file of lines "A B", PID the relay's, whose CPU time is counted.
 * What is not back 50 ms behind the last packet of a run is lost, as it would
 * be to the one who listens: without that, sockets' queues would hide for a
 * while that a relay cannot keep up.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX  8000
#define PACKET	   172
#define BATCH	   32
#define SAMPLE	   17 /* no divisor of the flows, so that each has its turn */
#define MARK	   20 /* the packet's byte that tells which are read */
#define DELAYS	   (1 << 14)
#define DELAY_UNIT 2000	  /* ns a step of the histogram */
#define TICK_NS	   50000  /* packets go out together, as a card brings them */
#define REST_US	   250000 /* between runs: realtime has its limits */
#define LATE_NS	   INT64_C(50000000)
#define FAR_A	   "127.0.0.2"
#define FAR_B	   "127.0.0.3"

struct flow {
	struct sockaddr_in to;
	uint16_t seq;
};

struct relay {
	const char *name, *pid;
	unsigned flows; /* even: sent by A, odd: by B */
	struct flow flow[2 * CALLS_MAX];
	unsigned next;
};

struct load {
	struct relay relays[2];
	unsigned relay_count;
	struct relay *relay; /* whose turn it is */
	int fds[2];
	uint64_t sent;
	uint64_t read;	 /* and their delays counted */
	uint64_t others; /* that came before this run */
	uint32_t delays[DELAYS];
	uint8_t out[BATCH][PACKET];
	uint8_t in[BATCH][2048];
};

static struct load load;

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "relay_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address(const char *host, unsigned port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	inet_pton(AF_INET, host, &in.sin_addr);
	return in;
}

/* A filter sees UDP's 8 bytes first. */
static void drop_most(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8 + MARK),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {.len = 2, .filter = code};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		die("SO_ATTACH_FILTER");
}

static uint64_t count_dropped(int fd)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		die("SO_MEMINFO");
	return info[SK_MEMINFO_DROPS];
}

static int open_far(const char *host, unsigned port)
{
	struct sockaddr_in in = address(host, port);
	int size = 64 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		die(host);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		die("SO_RCVBUFFORCE (run as root)");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	drop_most(fd);
	return fd;
}

/* --- rtpengine's ng protocol -------------------------------------------------
 */

static size_t add(char *buf, size_t at, const char *key, const char *value)
{
	return at + (size_t)sprintf(buf + at, "%zu:%s%zu:%s", strlen(key), key,
				    strlen(value), value);
}

/* One command; returns the audio port of the SDP in the answer. */
static unsigned ng_command(int fd, const char *command, unsigned call,
			   const char *far_host, unsigned far_port)
{
	char sdp[512], id[32], buf[4096], *found;
	snprintf(id, sizeof(id), "bench-%u", call);
	snprintf(sdp, sizeof(sdp),
		 "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\nm=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n",
		 far_host, far_host, far_port);
	size_t n = (size_t)sprintf(buf, "%s%u d", command, call);
	n = add(buf, n, "ICE", "remove");
	n = add(buf, n, "call-id", id);
	n = add(buf, n, "command", command);
	n = add(buf, n, "from-tag", "a");
	n = add(buf, n, "sdp", sdp);
	if (strcmp(command, "answer") == 0)
		n = add(buf, n, "to-tag", "b");
	buf[n++] = 'e';
	for (int tries = 0; tries < 5; tries++) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		if (send(fd, buf, n, 0) < 0 && errno != ECONNREFUSED)
			die("ng");
		if (poll(&pfd, 1, 1000) != 1)
			continue;
		char answer[4096];
		ssize_t len = recv(fd, answer, sizeof(answer) - 1, 0);
		if (len < 0) {
			usleep(200000);
			continue;
		}
		answer[len] = 0;
		found = strstr(answer, "m=audio ");
		if (found)
			return (unsigned)strtoul(found + 8, NULL, 10);
		fprintf(stderr, "relay_load: rtpengine: %s\n", answer);
		exit(1);
	}
	fprintf(stderr, "relay_load: rtpengine does not answer\n");
	exit(1);
}

static int ng(unsigned ng_port, unsigned calls, unsigned far_port)
{
	struct sockaddr_in to = address("127.0.0.1", ng_port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("ng");
	for (unsigned i = 0; i < calls; i++) {
		/* The offer's answer has the port toward B. */
		unsigned b = ng_command(fd, "offer", i, FAR_A, far_port);
		unsigned a = ng_command(fd, "answer", i, FAR_B, far_port);
		printf("%u %u\n", a, b);
	}
	printf("ready\n");
	close(fd);
	return 0;
}

/* --- packets
 * ------------------------------------------------------------------- */

static void read_ports(struct relay *relay, const char *path)
{
	unsigned a, b;
	char line[64];
	FILE *file = fopen(path, "r");
	if (!file)
		die(path);
	while (relay->flows < 2 * CALLS_MAX &&
	       fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u %u", &a, &b) != 2)
			continue;
		relay->flow[relay->flows++].to = address("127.0.0.1", a);
		relay->flow[relay->flows++].to = address("127.0.0.1", b);
	}
	fclose(file);
	if (!relay->flows) {
		fprintf(stderr, "relay_load: no ports in %s\n", path);
		exit(1);
	}
}

static void make_packet(uint8_t *p, unsigned flow, int64_t at_ns)
{
	uint16_t seq = load.relay->flow[flow].seq++;
	uint32_t rtp_ts = htonl(seq * 160u), ssrc = htonl(flow + 1);
	p[0] = 0x80;
	p[1] = 8;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	memcpy(p + 4, &rtp_ts, 4);
	memcpy(p + 8, &ssrc, 4);
	memcpy(p + 12, &at_ns, 8);
	p[MARK] = load.relay->next % SAMPLE == 0 ? 255 : 0;
}

/* Send `n` packets, flow after flow: even ones from A, odd ones from B. */
static void send_some(unsigned n)
{
	struct mmsghdr messages[2][BATCH];
	struct iovec iov[BATCH];
	unsigned count[2] = {0, 0};
	int64_t at_ns = now_ns();
	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < n; i++) {
		struct relay *relay = load.relay;
		unsigned flow = relay->next++ % relay->flows;
		struct msghdr *m =
			&messages[flow & 1][count[flow & 1]++].msg_hdr;
		make_packet(load.out[i], flow, at_ns);
		iov[i] = (struct iovec){load.out[i], PACKET};
		m->msg_iov = &iov[i];
		m->msg_iovlen = 1;
		m->msg_name = &relay->flow[flow].to;
		m->msg_namelen = sizeof(relay->flow[flow].to);
	}
	for (int side = 0; side < 2; side++) {
		unsigned done = 0;
		while (done < count[side]) {
			int rc = sendmmsg(load.fds[side], messages[side] + done,
					  count[side] - done, 0);
			if (rc > 0)
				done += (unsigned)rc;
			else if (errno != EAGAIN && errno != ECONNREFUSED)
				die("sendmmsg");
		}
	}
	load.sent += n;
}

static void receive_side(int fd)
{
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){load.in[i], sizeof(load.in[i])};
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	int64_t at_ns = now_ns();
	for (int i = 0; i < n; i++) {
		int64_t sent_ns;
		if (messages[i].msg_len != PACKET)
			continue;
		memcpy(&sent_ns, load.in[i] + 12, 8);
		int64_t step = (at_ns - sent_ns) / DELAY_UNIT;
		if (step < 0)
			step = 0;
		load.delays[step < DELAYS ? step : DELAYS - 1]++;
		load.read++;
	}
}

static double percentile_us(double share)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < DELAYS; i++) {
		sum += load.delays[i];
		if ((double)sum >= share * (double)load.read)
			return (i + 0.5) * DELAY_UNIT / 1000;
	}
	return 0;
}

/* Run time of all the program's threads, in ns. */
static uint64_t cpu_ns(const char *pid)
{
	char path[512];
	uint64_t sum = 0;
	struct dirent *entry;
	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		die(path);
	while ((entry = readdir(dir)) != NULL) {
		unsigned long long ns;
		snprintf(path, sizeof(path), "/proc/%s/task/%.20s/schedstat",
			 pid, entry->d_name);
		FILE *file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%llu", &ns) == 1)
			sum += ns;
		fclose(file);
	}
	closedir(dir);
	return sum;
}

struct result {
	uint64_t lost;
	double cpu_us; /* a packet */
	double rate;   /* sent in fact */
	double median_us, p99_us;
};

static void receive(void)
{
	receive_side(load.fds[0]);
	receive_side(load.fds[1]);
}

static uint64_t received(void)
{
	return load.read + count_dropped(load.fds[0]) +
	       count_dropped(load.fds[1]) - load.others;
}

/* What is late must not be counted in the next run. */
static void drain(bool lost)
{
	uint64_t before;
	do {
		before = received();
		if (lost)
			usleep(200000);
		receive();
	} while (received() != before);
}

static struct result run(struct relay *relay, unsigned rate, unsigned ms)
{
	struct result r;
	load.relay = relay;
	load.sent = load.read = 0;
	load.others = 0;
	load.others = received();
	memset(load.delays, 0, sizeof(load.delays));
	usleep(REST_US);
	uint64_t cpu = cpu_ns(relay->pid);
	int64_t start_ns = now_ns(), at_ns = start_ns;
	int64_t end_ns = start_ns + ms * INT64_C(1000000);
	for (; at_ns < end_ns; at_ns = now_ns()) {
		int64_t tick = (at_ns - start_ns) / TICK_NS;
		uint64_t due = (uint64_t)((double)tick * TICK_NS * rate / 1e9);
		if (due > load.sent) {
			uint64_t n = due - load.sent;
			send_some(n < BATCH ? (unsigned)n : BATCH);
		}
		receive();
	}
	int64_t last_ns = at_ns + LATE_NS;
	while (received() < load.sent && now_ns() < last_ns)
		receive();
	uint64_t came = received();
	cpu = cpu_ns(relay->pid) - cpu;
	r.lost = came < load.sent ? load.sent - came : 0;
	r.cpu_us = came ? (double)cpu / 1e3 / (double)came : 0;
	r.rate = (double)load.sent * 1e3 / ms;
	r.median_us = percentile_us(0.5);
	r.p99_us = percentile_us(0.99);
	drain(r.lost > 0);
	return r;
}

static void run_once(struct relay *relay, unsigned rate, unsigned ms)
{
	struct result r = run(relay, rate, ms);
	printf("%s cpu_us=%.3f lost=%llu rate=%.0f median_us=%.0f "
	       "p99_us=%.0f\n",
	       relay->name, r.cpu_us, (unsigned long long)r.lost, r.rate,
	       r.median_us, r.p99_us);
}

enum outcome { CARRIED, LOST, NOT_SENT };

/* A rate is carried if one of `tries` loses nothing. */
static enum outcome try_rate(struct relay *relay, unsigned rate, unsigned ms,
			     int tries)
{
	enum outcome outcome = CARRIED;
	for (int i = 0; i < tries; i++) {
		struct result r = run(relay, rate, ms);
		outcome = r.lost ? LOST
				 : (r.rate < 0.97 * rate ? NOT_SENT : CARRIED);
		if (outcome == CARRIED)
			break;
	}
	return outcome;
}

/* Up by an eighth while nothing is lost, then halfway back, and so on. At the
 * end either the relay loses packets, or this program cannot send more. */
static void ramp_once(struct relay *relay, unsigned rate, unsigned ms)
{
	unsigned best = 0;
	enum outcome outcome;
	while ((outcome = try_rate(relay, rate, ms, 3)) == CARRIED) {
		best = rate;
		rate += rate / 8;
	}
	for (int i = 0; i < 3; i++) {
		unsigned middle = best + (rate - best) / 2;
		enum outcome it = try_rate(relay, middle, ms, 2);
		if (it == CARRIED) {
			best = middle;
		} else {
			outcome = it;
			rate = middle;
		}
	}
	printf("%s best=%u end=%s\n", relay->name, best,
	       outcome == LOST ? "loss" : "load");
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "ng") == 0)
		return ng((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]),
			  (unsigned)atoi(argv[4]));
	if (argc != 9 && argc != 12) {
		fprintf(stderr, "usage: see the head of relay_load.c\n");
		return 2;
	}
	unsigned far_port = (unsigned)atoi(argv[2]);
	unsigned rate = (unsigned)atoi(argv[3]), ms = (unsigned)atoi(argv[4]);
	unsigned rounds = (unsigned)atoi(argv[5]);
	for (int i = 6; i < argc; i += 3) {
		struct relay *relay = &load.relays[load.relay_count++];
		relay->name = argv[i];
		relay->pid = argv[i + 2];
		read_ports(relay, argv[i + 1]);
	}
	load.fds[0] = open_far(FAR_A, far_port);
	load.fds[1] = open_far(FAR_B, far_port);
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < load.relay_count; i++)
			if (strcmp(argv[1], "ramp") == 0)
				ramp_once(&load.relays[i], rate, ms);
			else
				run_once(&load.relays[i], rate, ms);
	return 0;
}
