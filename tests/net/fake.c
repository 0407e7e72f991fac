/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phone or a provider for the scenarios: options, commands, loop. */
#include "tests/net/fake.h"
#include "tests/fakes/machine.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: fake -l ADDR:PORT [-p PEER:PORT] [-u USER] [-w PASSWORD]\n"
	"  -d DOMAIN     in our URIs (the peer's address)\n"
	"  -c ADDR:PORT  shown in Contact and Via (ours)\n"
	"  -m ADDR       shown in SDP (ours)\n"
	"  -r PORT       RTP port (10000)\n"
	"  -t            TCP\n"
	"  -i MANNER     an INVITE gets: answer ring busy unavailable silent\n"
	"  -e MANNER     a re-INVITE gets: answer kill (488, then BYE)\n"
	"  -k USER:PASS  challenge REGISTER and INVITE\n"
	"  -s SOUND      tone silence nothing\n"
	"  -a            prefer A-law\n"
	"  -M FILE       keep every message received\n"
	"  -W FILE       keep what was heard (WAV)\n"
	"commands: register [S], call NUMBER, ring, answer, refuse STATUS,\n"
	"  hold [DIRECTION], resume, hangup, cancel, sound SOUND, judge, "
	"quit\n";

uint64_t fake_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void fake_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void fake_random(char *out, size_t size)
{
	uint64_t value;

	if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		abort();
	snprintf(out, size, "%016llx", (unsigned long long)value);
}

static enum voice_sound sound_named(const char *name)
{
	if (strcmp(name, "silence") == 0)
		return VOICE_SILENCE;
	return strcmp(name, "nothing") == 0 ? VOICE_NOTHING : VOICE_TONE;
}

static enum fake_manner manner_named(const char *name)
{
	static const char *const names[] = {"answer",	   "ring",   "busy",
					    "unavailable", "silent", "kill"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum fake_manner)i;
	fprintf(stderr, "fake: no manner \"%s\"\n", name);
	exit(2);
}

static void cancel(struct fake *f)
{
	struct wire_path path = {
		.conn = -1, .address = f->peer, .len = f->peer_len};
	struct fake_request *r = &f->request;
	char text[2048], at[96];

	if (f->state != FAKE_CALLING)
		return;
	if (f->tcp)
		path = f->path;
	address_text(&f->shown, at, sizeof(at));
	snprintf(text, sizeof(text),
		 "CANCEL %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		 "CSeq: %u CANCEL\r\nContent-Length: 0\r\n\r\n",
		 r->uri, f->tcp ? "TCP" : "UDP", at, r->branch, f->local_uri,
		 f->remote, f->call_id, r->cseq);
	wire_send(&f->wire, &path, text);
	r->pending = true;
	r->again_us = UINT64_MAX;
}

static void hold(struct fake *f, const char *direction)
{
	if (f->state != FAKE_UP)
		return;
	/* RFC 3261 14.1: none while another one is under way. */
	if (f->request.pending && strcmp(f->request.method, "INVITE") == 0) {
		fake_say("too-early");
		return;
	}
	f->direction = strcmp(direction, "inactive") == 0   ? "inactive"
		       : strcmp(direction, "sendrecv") == 0 ? "sendrecv"
							    : "sendonly";
	f->voice.sound =
		strcmp(direction, "sendrecv") == 0 ? f->sound : VOICE_NOTHING;
	fake_ask(f, "INVITE");
}

static void hang_up(struct fake *f)
{
	if (f->state == FAKE_UP)
		fake_ask(f, "BYE");
	else
		fake_say("too-early");
}

/* Returns false on "quit" and at the end of the commands. */
static bool command(struct fake *f, const char *line)
{
	char word[16] = "", argument[128] = "";

	sscanf(line, "%15s %127s", word, argument);
	if (strcmp(word, "quit") == 0)
		return false;
	if (strcmp(word, "register") == 0)
		fake_register(f, *argument ? atoi(argument) : 300);
	else if (strcmp(word, "call") == 0)
		fake_call(f, argument);
	else if (strcmp(word, "ring") == 0)
		fake_answer(f, 180);
	else if (strcmp(word, "answer") == 0)
		fake_answer(f, 200);
	else if (strcmp(word, "refuse") == 0)
		fake_answer(f, atoi(argument));
	else if (strcmp(word, "hold") == 0)
		hold(f, *argument ? argument : "sendonly");
	else if (strcmp(word, "resume") == 0)
		hold(f, "sendrecv");
	else if (strcmp(word, "hangup") == 0)
		hang_up(f);
	else if (strcmp(word, "cancel") == 0)
		cancel(f);
	else if (strcmp(word, "sound") == 0)
		f->sound = f->voice.sound = sound_named(argument);
	else if (strcmp(word, "judge") == 0)
		voice_judgement(&f->voice, stdout);
	return true;
}

static bool commands(struct fake *f)
{
	static char buf[1024];
	static size_t len;
	ssize_t got = read(STDIN_FILENO, buf + len, sizeof(buf) - 1 - len);
	char *end;

	if (got <= 0)
		return got < 0;
	len += (size_t)got;
	buf[len] = 0;
	while ((end = strchr(buf, '\n')) != NULL) {
		*end = 0;
		if (!command(f, buf))
			return false;
		len -= (size_t)(end + 1 - buf);
		memmove(buf, end + 1, len + 1);
	}
	return true;
}

static void received(void *arg, const struct text_message *message,
		     const struct wire_path *from)
{
	if (message->request)
		fake_asked(arg, message, from);
	else
		fake_told(arg, message, from);
}

static void say_heard(struct fake *f)
{
	if ((unsigned)tone_seconds(&f->voice.ear) > f->voice.seconds_said) {
		f->voice.seconds_said = (unsigned)tone_seconds(&f->voice.ear);
		fake_say("heard seconds=%u", f->voice.seconds_said);
	}
}

static void run(struct fake *f)
{
	for (;;) {
		struct pollfd fds[2 + WIRE_POLLS] = {
			{STDIN_FILENO, POLLIN, 0},
			{f->voice.fd, POLLIN, 0},
		};
		unsigned count = 2 + wire_poll(&f->wire, fds + 2);
		uint64_t wait = 20000;

		if (f->state == FAKE_UP)
			wait = voice_turn(&f->voice, fake_now_us());
		else
			f->voice.due_us = 0;

		poll(fds, count, (int)(wait / 1000) + 1);
		voice_receive(&f->voice);
		say_heard(f);
		wire_turn(&f->wire);
		fake_again(f);
		if ((fds[0].revents & (POLLIN | POLLHUP)) && !commands(f))
			return;
	}
}

static void credentials(struct fake *f, char *text)
{
	char *colon = strchr(text, ':');

	if (!colon)
		exit(2);
	*colon = 0;
	f->ask_user = text;
	f->ask_password = colon + 1;
}

static void option(struct fake *f, int c, char *text)
{
	socklen_t len;

	switch (c) {
	case 'l':
		if (address_parse(text, &f->local, &f->local_len) < 0)
			exit(2);
		f->shown = f->local;
		break;
	case 'p':
		if (address_parse(text, &f->peer, &f->peer_len) < 0)
			exit(2);
		break;
	case 'c':
		if (address_parse(text, &f->shown, &len) < 0)
			exit(2);
		break;
	case 'u':
		f->user = text;
		break;
	case 'w':
		f->password = text;
		break;
	case 'd':
		f->domain = text;
		break;
	case 'm':
		f->sdp_host = text;
		break;
	case 't':
		f->tcp = true;
		break;
	case 'a':
		f->codec = 8;
		break;
	case 'i':
		f->invite = manner_named(text);
		break;
	case 'e':
		f->reinvite = manner_named(text);
		break;
	case 's':
		f->sound = sound_named(text);
		break;
	case 'k':
		credentials(f, text);
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void start(struct fake *f, unsigned rtp_port, const char *wav)
{
	static char peer_host[96];
	struct sockaddr_storage rtp = f->local;

	((struct sockaddr_in *)&rtp)->sin_port = htons((uint16_t)rtp_port);
	f->wire.received = received;
	f->wire.arg = f;
	if (wire_open(&f->wire, &f->local, f->local_len) < 0) {
		perror("fake: SIP address");
		exit(1);
	}
	if (voice_open(&f->voice, (struct sockaddr *)&rtp, f->local_len, wav)) {
		perror("fake: RTP address");
		exit(1);
	}
	if (!f->domain)
		f->domain =
			address_text(&f->peer, peer_host, sizeof(peer_host));
	f->path.conn = -1;
	f->direction = "sendrecv";
	f->sdp_session = (unsigned)getpid();
	fake_random(f->register_id, sizeof(f->register_id));
	fake_random(f->local_tag, sizeof(f->local_tag));
	signal(SIGPIPE, SIG_IGN);
	fake_say("ready");
}

int main(int argc, char **argv)
{
	static struct fake f = {.user = "fake", .password = ""};
	unsigned rtp_port = 10000;
	const char *wav = NULL;
	int c;

	while ((c = getopt(argc, argv, "l:p:c:u:w:d:m:tai:e:s:k:r:M:W:")) !=
	       -1) {
		if (c == 'r')
			rtp_port = (unsigned)atoi(optarg);
		else if (c == 'W')
			wav = optarg;
		else if (c == 'M')
			f.wire.messages = fopen(optarg, "w");
		else
			option(&f, c, optarg);
	}
	if (!f.local_len) {
		fputs(usage, stderr);
		return 2;
	}
	machine_watch();
	start(&f, rtp_port, wav);
	run(&f);
	if (f.state == FAKE_UP)
		fake_ask(&f, "BYE");
	fake_say("seen invites=%u reinvites=%u updates=%u byes=%u cancels=%u",
		 f.invites, f.reinvites, f.updates, f.byes, f.cancels);
	text_free(&f.incoming);
	voice_close(&f.voice);
	wire_close(&f.wire);
	return 0;
}
