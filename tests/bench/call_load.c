/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A caller and an answerer in one process, to load what stands between them.
 * Both are small enough that the thing measured, not they, is the bottleneck.
 *
 * call_load --from 127.0.1.2:5061 --to 127.0.2.2:5062 --via 127.0.1.1:5060
 *           --rate 500 --calls 5000 [--talk MS] [--hold] [--pid N[,N...]]
 *           [--prefix 0]
 *
 * from   where the caller stands        to   where the answerer stands
 * via    what is measured, as the caller reaches it
 * hold   every call stays up until a line comes on standard input
 * pid    processes whose CPU is charged to the calls
 *
 * One line comes out: "calls= failed= cpu_ms_per_call= cpu_share= rate= ..."
 * failed: those that were refused with 503 at once, and with broken= those that
 * were lost on the way
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BATCH	  32
#define DATAGRAM  4096
#define RESEND_US 500000
#define GIVE_UP	  16 /* resends */

enum state { WAITING, INVITED, UP, ENDING, DONE, FAILED };

struct call {
	enum state state;
	uint64_t started_us, up_us;
	uint32_t delay_us; /* to the first 18x */
	unsigned resends, answer_resends;
	char *dialog; /* request URI \0 Route lines \0 To value */
	char *answer; /* the answerer's 200, until its ACK */
	size_t answer_len;
};

/* What is due when, in order of time because every wait is the same. */
struct queue {
	struct due {
		uint64_t at_us;
		uint32_t call;
	} * due;
	size_t first, count, room;
};

static struct {
	struct sockaddr_in from, to, via;
	int caller, answerer;
	char caller_text[32], answerer_text[32], via_text[32];
	const char *prefix;
	unsigned calls, rate, talk_ms;
	bool hold, released;
	struct call *call;
	unsigned started, up, finished, failed, refused;
	uint64_t begin_us;
	struct queue invites, byes, answers, talks;
	unsigned refused_status, resent;
	int pid[64];
	unsigned pids;
} load;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void push(struct queue *q, uint64_t at_us, uint32_t call)
{
	if (q->first + q->count == q->room) {
		memmove(q->due, q->due + q->first, q->count * sizeof(*q->due));
		q->first = 0;
		if (q->count * 2 >= q->room) {
			q->room = q->room * 2 + 1024;
			q->due = realloc(q->due, q->room * sizeof(*q->due));
			if (!q->due)
				abort();
		}
	}
	q->due[q->first + q->count++] = (struct due){at_us, call};
}

static bool pop(struct queue *q, uint64_t now, uint32_t *call)
{
	if (!q->count || q->due[q->first].at_us > now)
		return false;
	*call = q->due[q->first].call;
	q->first++;
	q->count--;
	return true;
}

/* --- reading
 * ------------------------------------------------------------------ */

/* The next header line of that name at or after `at`; its value's span. */
static const char *find_header(const char *at, const char *name, char compact,
			       size_t *len)
{
	size_t size = strlen(name);

	for (at = strchr(at, '\n'); at && at[1] != '\r';
	     at = strchr(at, '\n')) {
		at++;
		const char *value = NULL;
		if (!strncasecmp(at, name, size) && at[size] == ':')
			value = at + size + 1;
		else if (compact && (*at | 0x20) == compact && at[1] == ':')
			value = at + 2;
		if (!value)
			continue;
		value += *value == ' ';
		*len = strcspn(value, "\r");
		return value;
	}
	return NULL;
}

/* The call's number in "b12345-..." or "sip:012345@". */
static bool number_after(const char *text, const char *lead, uint32_t *out)
{
	const char *at = strstr(text, lead);
	char *end;

	if (!at)
		return false;
	*out = (uint32_t)strtoul(at + strlen(lead), &end, 10);
	return end != at + strlen(lead) && *out < load.calls;
}

/* --- the caller
 * ---------------------------------------------------------------- */

static void send_caller(const char *text, size_t len)
{
	sendto(load.caller, text, len, 0, (struct sockaddr *)&load.via,
	       sizeof(load.via));
}

static size_t write_sdp(char *out, size_t size, const char *who, unsigned n,
			const struct sockaddr_in *at)
{
	char host[32];

	inet_ntop(AF_INET, &at->sin_addr, host, sizeof(host));
	return (size_t)snprintf(
		out, size,
		"v=0\r\no=%s %u 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n",
		who, n + 1, host, host, 30000 + n % 10000 * 2);
}

static void send_invite(uint32_t n)
{
	char text[DATAGRAM], sdp[600];
	size_t body = write_sdp(sdp, sizeof(sdp), "caller", n, &load.from);
	int len = snprintf(
		text, sizeof(text),
		"INVITE sip:%s%06u@%s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s;branch=z9hG4bKi%u;rport\r\n"
		"Max-Forwards: 70\r\nFrom: \"Caller\" <sip:200@%s>;tag=a%u\r\n"
		"To: <sip:%s%06u@%s>\r\nCall-ID: load-%u-%llx\r\n"
		"CSeq: 1 INVITE\r\nContact: <sip:200@%s>\r\n"
		"User-Agent: call_load\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n"
		"Content-Type: application/sdp\r\nContent-Length: "
		"%zu\r\n\r\n%s",
		load.prefix, n, load.via_text, load.caller_text, n,
		load.caller_text, n, load.prefix, n, load.via_text, n,
		(unsigned long long)load.begin_us, load.caller_text, body, sdp);

	send_caller(text, (size_t)len);
}

static void send_inside(uint32_t n, const char *method, unsigned cseq,
			const char *branch)
{
	const char *uri = load.call[n].dialog;
	const char *routes = uri + strlen(uri) + 1;
	const char *to = routes + strlen(routes) + 1;
	char text[DATAGRAM];
	int len = snprintf(
		text, sizeof(text),
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%u;rport"
		"\r\n%sMax-Forwards: 70\r\nFrom: \"Caller\" <sip:200@%s>;"
		"tag=a%u\r\nTo: %s\r\nCall-ID: load-%u-%llx\r\nCSeq: %u %s\r\n"
		"Content-Length: 0\r\n\r\n",
		method, uri, load.caller_text, branch, n, routes,
		load.caller_text, n, to, n, (unsigned long long)load.begin_us,
		cseq, method);

	send_caller(text, (size_t)len);
}

/* Keep request URI, routes and To of the 2xx for ACK and BYE. */
static void keep_dialog(struct call *call, const char *text)
{
	char uri[512] = "", routes[1500] = "", to[512] = "";
	size_t len, used = 0;
	const char *at = find_header(text, "Contact", 'm', &len);

	if (at) {
		const char *open = memchr(at, '<', len);
		at = open ? open + 1 : at;
		snprintf(uri, sizeof(uri), "%.*s", (int)strcspn(at, ">;\r"),
			 at);
		if (open)
			snprintf(uri, sizeof(uri), "%.*s",
				 (int)strcspn(at, ">\r"), at);
	}
	at = find_header(text, "To", 't', &len);
	if (at)
		snprintf(to, sizeof(to), "%.*s", (int)len, at);
	/* One proxy: the order of two entries of the same proxy is all that
	 * has to be turned round. */
	const char *spans[8];
	size_t lens[8];
	unsigned n = 0;
	for (at = text;
	     n < 8 && (at = find_header(at, "Record-Route", 0, &len)); n++) {
		spans[n] = at;
		lens[n] = len;
	}
	while (n-- > 0)
		used += (size_t)snprintf(routes + used, sizeof(routes) - used,
					 "Route: %.*s\r\n", (int)lens[n],
					 spans[n]);
	size_t total = strlen(uri) + strlen(routes) + strlen(to) + 3;
	call->dialog = malloc(total);
	if (!call->dialog)
		abort();
	strcpy(call->dialog, uri);
	strcpy(call->dialog + strlen(uri) + 1, routes);
	strcpy(call->dialog + strlen(uri) + strlen(routes) + 2, to);
}

static void finish(struct call *call, enum state state)
{
	call->state = state;
	free(call->dialog);
	call->dialog = NULL;
	load.finished++;
	load.failed += state == FAILED;
}

static void hang_up(uint32_t n, uint64_t now)
{
	struct call *call = &load.call[n];

	if (call->state != UP)
		return;
	call->state = ENDING;
	call->resends = 0;
	send_inside(n, "BYE", 2, "b");
	push(&load.byes, now + RESEND_US, n);
}

static void invite_answered(uint32_t n, int status, const char *text,
			    uint64_t now)
{
	struct call *call = &load.call[n];

	if (status > 100 && status < 300 && !call->delay_us)
		call->delay_us = (uint32_t)(now - call->started_us) | 1;
	if (status < 200)
		return;
	if (status >= 300) {
		load.refused_status = (unsigned)status;
		keep_dialog(call, text);
		char uri[64];
		snprintf(uri, sizeof(uri), "sip:%s", load.via_text);
		const char *routes = call->dialog + strlen(call->dialog) + 1;
		const char *to = routes + strlen(routes) + 1;
		char ack[1500];
		int len = snprintf(
			ack, sizeof(ack),
			"ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;"
			"branch=z9hG4bKi%u;rport\r\nMax-Forwards: 70\r\n"
			"From: \"Caller\" <sip:200@%s>;tag=a%u\r\nTo: %s\r\n"
			"Call-ID: load-%u-%llx\r\nCSeq: 1 ACK\r\n"
			"Content-Length: 0\r\n\r\n",
			uri, load.caller_text, n, load.caller_text, n, to, n,
			(unsigned long long)load.begin_us);
		send_caller(ack, (size_t)len);
		load.refused += status == 503;
		finish(call, FAILED);
		return;
	}
	if (call->state == INVITED) {
		keep_dialog(call, text);
		call->state = UP;
		call->up_us = now;
		load.up++;
		if (!load.hold)
			push(&load.talks, now + load.talk_ms * 1000ull, n);
	}
	if (call->dialog)
		send_inside(n, "ACK", 1, "k");
}

static void caller_takes(const char *text, uint64_t now)
{
	uint32_t n;
	size_t len;
	const char *id = find_header(text, "Call-ID", 'i', &len);
	const char *cseq = find_header(text, "CSeq", 0, &len);

	if (strncmp(text, "SIP/2.0 ", 8) || !id || !cseq ||
	    !number_after(id, "load-", &n))
		return;
	struct call *call = &load.call[n];
	int status = atoi(text + 8);
	if (strstr(cseq, "INVITE") && strstr(cseq, "INVITE") < cseq + 12) {
		if (call->state == INVITED || call->state == UP)
			invite_answered(n, status, text, now);
	} else if (call->state == ENDING && status >= 200) {
		finish(call, status == 200 ? DONE : FAILED);
	}
}

/* --- the answerer
 * ---------------------------------------------------------------- */

static size_t write_reply(char *out, size_t size, const char *request,
			  const char *first, uint32_t n, bool sdp)
{
	static const struct {
		const char *name;
		char compact;
	} copied[] = {{"Via", 'v'},	{"Record-Route", 0}, {"From", 'f'},
		      {"Call-ID", 'i'}, {"CSeq", 0},	     {"To", 't'}};
	char body[600];
	size_t used = (size_t)snprintf(out, size, "SIP/2.0 %s\r\n", first);

	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++) {
		const char *at = request;
		size_t len;
		while ((at = find_header(at, copied[i].name, copied[i].compact,
					 &len))) {
			bool tag = i == 5 && !memmem(at, len, ";tag=", 5);
			used += (size_t)snprintf(out + used, size - used,
						 "%s: %.*s%s\r\n",
						 copied[i].name, (int)len, at,
						 tag ? ";tag=uas" : "");
		}
	}
	size_t body_len =
		sdp ? write_sdp(body, sizeof(body), "answerer", n, &load.to)
		    : 0;
	used += (size_t)snprintf(out + used, size - used,
				 "Contact: <sip:%06u@%s>\r\n%s"
				 "Content-Length: %zu\r\n\r\n%s",
				 n, load.answerer_text,
				 sdp ? "Content-Type: application/sdp\r\n" : "",
				 body_len, sdp ? body : "");
	return used;
}

static void answer_invite(const char *text, uint32_t n, uint64_t now,
			  const struct sockaddr_in *from)
{
	char out[DATAGRAM];
	struct call *call = &load.call[n];
	size_t len =
		write_reply(out, sizeof(out), text, "180 Ringing", n, false);

	sendto(load.answerer, out, len, 0, (const struct sockaddr *)from,
	       sizeof(*from));
	len = write_reply(out, sizeof(out), text, "200 OK", n, true);
	sendto(load.answerer, out, len, 0, (const struct sockaddr *)from,
	       sizeof(*from));
	free(call->answer);
	call->answer = malloc(sizeof(*from) + len);
	if (!call->answer)
		abort();
	memcpy(call->answer, from, sizeof(*from));
	memcpy(call->answer + sizeof(*from), out, len);
	call->answer_len = len;
	push(&load.answers, now + RESEND_US, n);
}

static void answerer_takes(const char *text, uint64_t now,
			   const struct sockaddr_in *from)
{
	char out[DATAGRAM], lead[40];
	uint32_t n = 0;

	if (!strncmp(text, "SIP/2.0", 7))
		return;
	snprintf(lead, sizeof(lead), "sip:");
	if (!number_after(text, lead, &n))
		n = 0;
	if (!strncmp(text, "INVITE ", 7)) {
		answer_invite(text, n, now, from);
	} else if (!strncmp(text, "ACK ", 4)) {
		free(load.call[n].answer);
		load.call[n].answer = NULL;
	} else {
		size_t len =
			write_reply(out, sizeof(out), text, "200 OK", n, false);
		sendto(load.answerer, out, len, 0,
		       (const struct sockaddr *)from, sizeof(*from));
	}
}

/* --- the loop
 * ----------------------------------------------------------------- */

static bool take_batch(int fd, bool caller)
{
	static char buffer[BATCH][DATAGRAM + 1];
	struct sockaddr_in from[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr message[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){buffer[i], DATAGRAM};
		memset(&message[i], 0, sizeof(message[i]));
		message[i].msg_hdr.msg_iov = &iov[i];
		message[i].msg_hdr.msg_iovlen = 1;
		message[i].msg_hdr.msg_name = &from[i];
		message[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	int count = recvmmsg(fd, message, BATCH, MSG_DONTWAIT, NULL);
	uint64_t now = now_us();
	for (int i = 0; i < count; i++) {
		buffer[i][message[i].msg_len] = '\0';
		if (caller)
			caller_takes(buffer[i], now);
		else
			answerer_takes(buffer[i], now, &from[i]);
	}
	return count == BATCH;
}

static void start_due(uint64_t now)
{
	uint64_t due = (now - load.begin_us) * load.rate / 1000000 + 1;

	if (due > load.calls)
		due = load.calls;
	/* A burst is not what the rate asked for. */
	for (unsigned burst = 0; load.started < due && burst < 64; burst++) {
		uint32_t n = load.started++;
		load.call[n].state = INVITED;
		load.call[n].started_us = now;
		send_invite(n);
		push(&load.invites, now + RESEND_US, n);
	}
}

static void resend_due(uint64_t now)
{
	uint32_t n;

	while (pop(&load.talks, now, &n))
		hang_up(n, now);
	while (pop(&load.invites, now, &n)) {
		struct call *call = &load.call[n];
		if (call->state != INVITED)
			continue;
		if (++call->resends > GIVE_UP) {
			finish(call, FAILED);
			continue;
		}
		if (!call->delay_us) {
			send_invite(n);
			load.resent++;
		}
		push(&load.invites, now + RESEND_US, n);
	}
	while (pop(&load.byes, now, &n)) {
		struct call *call = &load.call[n];
		if (call->state != ENDING)
			continue;
		if (++call->resends > GIVE_UP) {
			finish(call, FAILED);
			continue;
		}
		send_inside(n, "BYE", 2, "b");
		load.resent++;
		push(&load.byes, now + RESEND_US, n);
	}
	while (pop(&load.answers, now, &n)) {
		struct call *call = &load.call[n];
		if (!call->answer || ++call->answer_resends > GIVE_UP)
			continue;
		struct sockaddr_in at;
		memcpy(&at, call->answer, sizeof(at));
		sendto(load.answerer, call->answer + sizeof(at),
		       call->answer_len, 0, (struct sockaddr *)&at, sizeof(at));
		load.resent++;
		push(&load.answers, now + RESEND_US, n);
	}
}

/* All held: say so, wait for the word, then end them at the same rate. */
static void release_due(uint64_t now)
{
	static bool said;
	static uint64_t released_us;
	static uint32_t next;
	char line[16];

	if (!said && load.started == load.calls &&
	    load.up + load.failed == load.calls) {
		printf("held=%u failed=%u\n", load.up, load.failed);
		fflush(stdout);
		fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
		said = true;
	}
	if (said && !load.released) {
		ssize_t got = read(STDIN_FILENO, line, sizeof(line));
		if (got > 0 || got == 0) {
			load.released = true;
			released_us = now;
		}
	}
	if (!load.released)
		return;
	uint64_t due = (now - released_us) * load.rate / 1000000 + 1;
	for (unsigned burst = 0; next < due && next < load.calls && burst < 64;
	     burst++)
		hang_up(next++, now);
}

static void run(void)
{
	struct pollfd fds[2] = {{load.caller, POLLIN, 0},
				{load.answerer, POLLIN, 0}};

	load.begin_us = now_us();
	while (load.finished < load.calls) {
		bool more = take_batch(load.answerer, false);
		more |= take_batch(load.caller, true);
		uint64_t now = now_us();
		start_due(now);
		resend_due(now);
		if (load.hold)
			release_due(now);
		if (!more)
			poll(fds, 2, load.started < load.calls ? 1 : 5);
	}
}

static uint64_t cpu_ms(void)
{
	uint64_t ticks = 0;

	for (unsigned i = 0; i < load.pids; i++) {
		char path[64], text[1024];
		unsigned long user = 0, system = 0;
		snprintf(path, sizeof(path), "/proc/%d/stat", load.pid[i]);
		FILE *file = fopen(path, "r");
		if (!file)
			continue;
		size_t len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[len] = '\0';
		const char *at = strrchr(text, ')');
		if (at && sscanf(at,
				 ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
				 "%*u %lu %lu",
				 &user, &system) == 2)
			ticks += user + system;
	}
	return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report(uint64_t cpu, uint64_t end_us)
{
	uint32_t *delay = calloc(load.calls, sizeof(*delay));
	unsigned count = 0;
	double seconds = (double)(end_us - load.begin_us) / 1e6;

	if (!delay)
		abort();
	for (unsigned i = 0; i < load.calls; i++)
		if (load.call[i].delay_us)
			delay[count++] = load.call[i].delay_us;
	qsort(delay, count, sizeof(*delay), compare);
	printf("calls=%u failed=%u cpu_ms_per_call=%.4f cpu_share=%.3f "
	       "rate=%.0f delay_median_us=%u delay_p99_us=%u resent=%u "
	       "last_refusal=%u broken=%u\n",
	       load.calls, load.failed, (double)cpu / load.calls,
	       (double)cpu / 1000 / seconds, load.calls / seconds,
	       count ? delay[count / 2] : 0,
	       count ? delay[count * 99 / 100] : 0, load.resent,
	       load.refused_status, load.failed - load.refused);
	free(delay);
}

static int open_at(struct sockaddr_in *at)
{
	int size = 16 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) < 0) {
		perror("call_load: bind");
		exit(1);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void parse_address(struct sockaddr_in *out, char *text,
			  const char *value)
{
	char host[32];
	unsigned port;

	if (strlen(value) > 31 ||
	    sscanf(value, "%31[^:]:%u", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &out->sin_addr) != 1) {
		fprintf(stderr, "call_load: not HOST:PORT: %s\n", value);
		exit(2);
	}
	out->sin_family = AF_INET;
	out->sin_port = htons((uint16_t)port);
	strcpy(text, value);
}

static void parse_pids(char *list)
{
	for (char *at = strtok(list, ", \n"); at; at = strtok(NULL, ", \n"))
		if (load.pids < 64)
			load.pid[load.pids++] = atoi(at);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"from", 1, NULL, 'f'},	  {"to", 1, NULL, 't'},
		{"via", 1, NULL, 'v'},	  {"rate", 1, NULL, 'r'},
		{"calls", 1, NULL, 'n'},  {"talk", 1, NULL, 'm'},
		{"hold", 0, NULL, 'h'},	  {"pid", 1, NULL, 'p'},
		{"prefix", 1, NULL, 'x'}, {NULL, 0, NULL, 0},
	};
	int option;

	load.prefix = "";
	load.rate = 100;
	load.calls = 100;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'f')
			parse_address(&load.from, load.caller_text, optarg);
		else if (option == 't')
			parse_address(&load.to, load.answerer_text, optarg);
		else if (option == 'v')
			parse_address(&load.via, load.via_text, optarg);
		else if (option == 'r')
			load.rate = (unsigned)atoi(optarg);
		else if (option == 'n')
			load.calls = (unsigned)atoi(optarg);
		else if (option == 'm')
			load.talk_ms = (unsigned)atoi(optarg);
		else if (option == 'h')
			load.hold = true;
		else if (option == 'p')
			parse_pids(optarg);
		else if (option == 'x')
			load.prefix = optarg;
		else
			exit(2);
	}
	if (!load.from.sin_family || !load.to.sin_family ||
	    !load.via.sin_family || !load.calls || load.calls > 999999 ||
	    !load.rate) {
		fprintf(stderr,
			"call_load: --from, --to and --via are needed\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	load.caller = open_at(&load.from);
	load.answerer = open_at(&load.to);
	load.call = calloc(load.calls, sizeof(*load.call));
	if (!load.call)
		return 1;
	uint64_t before = cpu_ms();
	run();
	report(cpu_ms() - before, now_us());
	for (unsigned i = 0; i < load.calls; i++)
		free(load.call[i].answer);
	free(load.call);
	return load.failed ? 3 : 0;
}
