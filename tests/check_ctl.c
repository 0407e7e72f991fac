/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket in a real loop, with an agent, trunks, phones and media
 * that are made up here; and sallyctl itself as its client.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SU_ROOT_MAGIC_T struct agent

#include "sbc/agent.h"
#include "sbc/control/ctl.h"
#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/status.h"
#include "sbc/report/story.h"
#include "sbc/store/store.h"
#include "tests/check_main.h"

/* --- the program, made up ----------------------------------------------- */

struct trunk {
	struct trunk_state state;
};

static struct fake {
	struct agent agent;
	char dir[40], path[64], why[256];
	uint64_t clock_ms; /* added to the real one */
	char hung_up[64];
	const char *faults; /* reload's; NULL: it succeeds */
	bool free_on_reload;
	struct registrar_binding phone[200];
	unsigned phones;
	struct policy_network network[2];
	struct policy_network_address address[2];
	struct agent_network agent_network[2];
	struct policy_peer peer[2];
	struct trunk trunk[2];
	struct trunk *trunks[3];
} f;

static uint64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t agent_now_ms(void)
{
	return real_ms() + f.clock_ms;
}

void agent_relearn(struct agent *agent, const char *peer)
{
	(void)agent;
	(void)peer;
}

int agent_hangup(struct agent *agent, const char *id)
{
	ck_assert_ptr_eq(agent, &f.agent);
	if (!status_call_find(id))
		return -ENOENT;
	snprintf(f.hung_up, sizeof f.hung_up, "%s", id);
	return 0;
}

int agent_reload(struct agent *agent, char **why)
{
	if (f.free_on_reload) {
		ctl_free(agent->ctl);
		agent->ctl = NULL;
	}
	*why = f.faults ? strdup(f.faults) : NULL;
	return f.faults ? -EINVAL : 0;
}

void agent_drain(struct agent *agent)
{
	agent->draining = true;
}

const struct trunk_state *trunk_state(const struct trunk *trunk)
{
	return &trunk->state;
}

unsigned registrar_count(const struct registrar *registrar)
{
	(void)registrar;
	return f.phones;
}

const struct registrar_binding *registrar_next(
	const struct registrar *registrar,
	const struct registrar_binding *after)
{
	unsigned next = after ? (unsigned)(after - f.phone) + 1 : 0;

	(void)registrar;
	return next < f.phones ? &f.phone[next] : NULL;
}

unsigned media_block_pairs(const struct media_block *block)
{
	(void)block;
	return 500;
}

unsigned media_block_used(const struct media_block *block)
{
	(void)block;
	return 12;
}

void media_session_stats(const struct media_session *session,
			 enum media_side side, unsigned slot,
			 struct media_stats *out)
{
	(void)session;
	*out = (struct media_stats){.packets = 100 + 10 * side + slot,
				    .bytes = 17200,
				    .jitter_us = 1500};
}

void media_engine_totals(const struct media_engine *engine,
			 struct media_totals *out)
{
	(void)engine;
	*out = (struct media_totals){.packets = 4711, .sessions = 3};
}

void guard_counts(const struct guard *guard, struct guard_counts *out)
{
	(void)guard;
	*out = (struct guard_counts){.admitted = 77, .shed = 5};
}

unsigned store_trouble(struct store *store, char *out, size_t size)
{
	(void)store;
	snprintf(out, size, "disk full");
	return 2;
}

/* --- the fixture -------------------------------------------------------- */

static void set_address(struct sockaddr_storage *out, const char *host,
			uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	inet_pton(AF_INET, host, &in->sin_addr);
}

static void make_networks(void)
{
	static const char *const name[] = {"lan", "wan"};

	for (unsigned i = 0; i < 2; i++) {
		f.network[i].name = name[i];
		f.network[i].at =
			(struct policy_at){"/etc/x/sallyport.conf", 2 + i};
		f.network[i].address = &f.address[i];
		f.network[i].addresses = 1;
		set_address(&f.address[i].local, i ? "192.0.2.10" : "10.0.0.1",
			    5060);
		f.agent_network[i].policy = &f.network[i];
		f.agent_network[i].block = (struct media_block *)&f;
	}
	set_address(&f.address[1].public, "203.0.113.7", 5060);
	f.agent.network = f.agent_network;
	f.agent.networks = 2;
}

static void make_trunks(void)
{
	f.peer[0].name = "acme";
	f.peer[1].name = "pbx";
	f.peer[1].kind = POLICY_PBX;
	for (unsigned i = 0; i < 2; i++) {
		struct trunk_state *state = &f.trunk[i].state;

		f.peer[i].network = &f.network[1 - i];
		f.peer[i].at = (struct policy_at){"policy.d/acme.conf", 1};
		state->peer = &f.peer[i];
		state->health = i ? TRUNK_DOWN : TRUNK_UP;
		f.trunks[i] = &f.trunk[i];
	}
	f.peer[0].max_calls = 30;
	f.trunk[0].state.registration = TRUNK_REGISTERED;
	f.trunk[0].state.registration_status = 200;
	f.trunk[0].state.registered_until_ms = agent_now_ms() + 3000500;
	f.trunk[0].state.targets = 1;
	set_address(&f.trunk[0].state.target[0].address, "198.51.100.4", 5060);
	strcpy(f.trunk[1].state.why, "no answer to \"OPTIONS\"");
	f.agent.trunk = f.trunks;
	f.agent.trunks = 3; /* the last one, the phones, has none */
}

static void setup(void)
{
	memset(&f, 0, sizeof f);
	strcpy(f.dir, "/tmp/check_ctl.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	snprintf(f.path, sizeof f.path, "%s/control.sock", f.dir);
	ck_assert_int_eq(su_init(), 0);
	f.agent.root = su_root_create(&f.agent);
	su_root_threading(f.agent.root, 0);
	f.agent.config_path = "/etc/sallyport/sallyport.conf";
	f.agent.registrar = (struct registrar *)&f;
	f.agent.media = (struct media_engine *)&f;
	f.agent.guard = (struct guard *)&f;
	f.agent.store = (struct store *)&f;
	make_networks();
	make_trunks();
	ck_assert_msg(!ctl_new(&f.agent.ctl, &f.agent, f.path, NULL, f.why,
			       sizeof f.why),
		      "%s", f.why);
}

static void teardown(void)
{
	ctl_free(f.agent.ctl);
	su_root_destroy(f.agent.root);
	su_deinit();
	ck_assert_int_eq(rmdir(f.dir), 0); /* the socket file is gone */
}

static struct status_call *add_calls(unsigned count)
{
	struct status_call *call = calloc(count, sizeof *call);

	for (unsigned i = 0; i < count; i++) {
		snprintf(call[i].id, sizeof call[i].id, "%08x", 0xca110000 + i);
		call[i].state = STATUS_ESTABLISHED;
		call[i].started_ms = agent_now_ms() - 80000;
		call[i].answered_ms = agent_now_ms() - 75300;
		call[i].class = POLICY_REMOTE;
		call[i].anchored = true;
		call[i].anchor_why = "anchor=always acme.conf:7";
		call[i].route = (struct policy_at){"sallyport.conf", 14};
		strcpy(call[i].a.peer, "phones");
		strcpy(call[i].a.number, "101");
		strcpy(call[i].b.peer, "acme");
		strcpy(call[i].b.number, "+442079460101");
		strcpy(call[i].a.codec, "PCMA");
		strcpy(call[i].b.codec, "PCMA");
		call[i].media = (struct media_session *)&f;
		call[i].slots = 1;
		status_call_add(&call[i]);
	}
	return call;
}

static int client(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, f.path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static struct {
	char text[8 << 20];
	size_t len;
	unsigned turns, most_lines; /* of the loop; answered in one */
	uint64_t longest_ms;	    /* turn */
} got;

/* What there is now; true at the end of the answer. */
static bool receive(int fd)
{
	unsigned lines = 0;
	ssize_t n;

	while ((n = recv(fd, got.text + got.len, sizeof got.text - got.len - 1,
			 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += got.text[got.len + (size_t)i] == '\n';
		got.len += (size_t)n;
	}
	got.text[got.len] = '\0';
	if (lines > got.most_lines)
		got.most_lines = lines;
	return n == 0;
}

static void step(void)
{
	uint64_t began = real_ms(), took;

	su_root_step(f.agent.root, 10);
	took = real_ms() - began;
	if (took > got.longest_ms)
		got.longest_ms = took;
	got.turns++;
}

static void until_end(int fd)
{
	uint64_t until = real_ms() + 20000;

	got.len = got.turns = got.most_lines = 0;
	got.longest_ms = 0;
	do {
		ck_assert_uint_lt(real_ms(), until);
		step();
	} while (!receive(fd));
	close(fd);
}

static const char *ask(const char *line)
{
	int fd = client();

	ck_assert_int_eq(send(fd, line, strlen(line), 0), (int)strlen(line));
	until_end(fd);
	return got.text;
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) &&
	       !strcmp(text + strlen(text) - strlen(end), end);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* --- is it JSON? -------------------------------------------------------- */

static const char *json(const char *at);

static const char *space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

static const char *json_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
			return NULL;
	}
	return at + 1;
}

static const char *json_list(const char *at, char end)
{
	at = space(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}') {
			at = json_string(space(at));
			if (!at || *(at = space(at)) != ':')
				return NULL;
			at++;
		}
		at = json(at);
		if (!at)
			return NULL;
		at = space(at);
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *json(const char *at)
{
	static const char *const words[] = {"true", "false", "null"};
	char *end;

	at = space(at);
	if (*at == '{')
		return json_list(at, '}');
	if (*at == '[')
		return json_list(at, ']');
	if (*at == '"')
		return json_string(at);
	for (int i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	strtod(at, &end);
	return end == at ? NULL : end;
}

static void check_json(const char *text)
{
	const char *end = json(text);

	ck_assert_msg(end && !strcmp(space(end), ".ok\n"), "not JSON: %.2000s",
		      text);
}

/* --- answers ------------------------------------------------------------ */

START_TEST(bare_line_shows_the_whole_state)
	{
		static const char *const wanted[] = {
			"sallyport          " PACKAGE_VERSION "\n",
			"state              in service\n",
			"config             /etc/sallyport/sallyport.conf\n",
			"calls              2\n",
			"lan            10.0.0.1:5060 ",
			" 203.0.113.7:5060 ",
			" sallyport.conf:3\n",
			("acme           trunk wan      up      "
			 "registered 200    50:00"),
			"no answer to \"OPTIONS\"\n",
			"  packets          4711\n",
			"  admitted         77\n",
			"  last trouble     disk full\n",
		};
		struct status_call *call = add_calls(2);
		const char *text = ask("\n");

		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			ck_assert_msg(strstr(text, wanted[i]),
				      "no \"%s\" in:\n%s", wanted[i], text);
		ck_assert(ends_with(text, "\n.ok\n"));
		check_json(ask("json\n"));
		ck_assert_ptr_nonnull(strstr(got.text, "\"name\":\"acme\""));
		ck_assert_ptr_nonnull(
			strstr(got.text, "\"registered_for_s\":3000"));
		free(call);
	}
END_TEST

START_TEST(calls_are_listed)
	{
		struct status_call *call = add_calls(3);
		const char *text;

		call[1].state = STATUS_HELD;
		call[1].a.held = true;
		text = ask("calls\n");
		ck_assert_uint_eq(count(text, "\n"), 5);
		ck_assert_int_eq(
			strncmp(text, "ID               STATE       FROM ", 30),
			0);
		ck_assert_uint_eq(count(text, "ca11000"), 3);
		ck_assert_uint_eq(count(text, " 1:15\n"), 3);
		ck_assert_uint_eq(count(text, "held"), 1);
		check_json(ask("calls json\n"));
		ck_assert_uint_eq(count(got.text, "\"id\":\"ca11000"), 3);
		ck_assert_uint_eq(count(got.text, "\"duration_s\":75"), 3);
		free(call);
	}
END_TEST

START_TEST(no_calls_is_an_answer_too)
	{
		ck_assert(ends_with(ask("calls\n"), " TIME\n.ok\n"));
		check_json(ask("calls json\n"));
		ck_assert_int_eq(strncmp(got.text, "{\"calls\":[]}", 12), 0);
	}
END_TEST

START_TEST(one_call_is_shown_with_its_media)
	{
		struct status_call *call = add_calls(1);
		const char *text = ask("call ca110000\n");

		ck_assert_ptr_nonnull(strstr(text, "route              "
						   "sallyport.conf:14\n"));
		ck_assert_ptr_nonnull(
			strstr(text, "leg b\n  peer             acme\n"));
		ck_assert_ptr_nonnull(strstr(text, "\n0    a    "));
		ck_assert_ptr_nonnull(strstr(text, "\n0    b    "));
		check_json(ask("call ca110000 json\n"));
		ck_assert_ptr_nonnull(strstr(got.text, "\"jitter_ms\":1.50"));
		ck_assert_str_eq(ask("call nosuch\n"),
				 ".error no such call; \"calls\" lists them\n");
		free(call);
	}
END_TEST

START_TEST(trunks_and_phones_are_listed)
	{
		for (unsigned i = 0; i < 150; i++) {
			snprintf(f.phone[i].user, sizeof f.phone[i].user, "%u",
				 1000 + i);
			strcpy(f.phone[i].network_name, "lan");
			set_address(&f.phone[i].source, "10.0.0.77", 5062);
			f.phone[i].expires_ms = agent_now_ms() + 60500;
		}
		f.phones = 150;
		ck_assert_uint_eq(count(ask("phones\n"), "10.0.0.77:5062"),
				  150);
		ck_assert_uint_le(got.most_lines, 65);
		check_json(ask("phones json\n"));
		ck_assert_uint_eq(count(got.text, "\"expires_s\":60"), 150);
		ck_assert_uint_eq(count(ask("trunks\n"), "\n"), 4);
		check_json(ask("trunks json\n"));
		ck_assert_ptr_nonnull(strstr(got.text, "\"max_calls\":30"));
	}
END_TEST

START_TEST(network_text_is_harmless_in_both_forms)
	{
		struct status_call *call = add_calls(1);

		strcpy(call->a.number, "\x1b[2J\"\\\r\n.ok\n\xff\xc3\xbc");
		ask("calls\n");
		ck_assert_uint_eq(count(got.text, "\n"), 3);
		ck_assert_ptr_null(strchr(got.text, '\x1b'));
		check_json(ask("calls json\n"));
		ck_assert_ptr_nonnull(strstr(
			got.text, "\"from\":\"\\\\x1b[2J\\\"\\\\\\\\x0d"));
		free(call);
	}
END_TEST

/* --- actions ------------------------------------------------------------ */

START_TEST(hangup_drain_and_reload_reach_the_program)
	{
		struct status_call *call = add_calls(1);

		ck_assert(ends_with(ask("hangup ca110000\n"), "\n.ok\n"));
		ck_assert_str_eq(f.hung_up, "ca110000");
		ck_assert_str_eq(ask("hangup nosuch json\n"),
				 ".error no such call; \"calls\" lists them\n");
		ck_assert_str_eq(ask("reload\n"),
				 "the new policy is in force\n.ok\n");
		check_json(ask("reload json\n"));
		ck_assert(!f.agent.draining);
		ck_assert(ends_with(ask("drain\n"), ".ok\n"));
		ck_assert(f.agent.draining);
		ck_assert_ptr_nonnull(strstr(ask("\n"), "draining"));
		free(call);
	}
END_TEST

/* A line as the log has it. */
static void tell(const char *call, const char *rest)
{
	char line[512];

	snprintf(line, sizeof line, "2026-11-22T09:00:00.500Z call=%s %s", call,
		 rest);
	story_tell(line, strlen(line));
}

START_TEST(a_call_is_explained_while_it_lives_and_afterwards)
	{
		struct status_call *call = add_calls(2);

		tell("ca110001", "leg=a peer=phones event=call-start from=101 "
				 "to=\"x\\x0a\\x22y\" candidate=acme "
				 "route=sallyport.conf:11");
		ask("explain ca110001\n");
		ck_assert_ptr_nonnull(strstr(got.text, "established"));
		ck_assert_ptr_nonnull(strstr(
			got.text, "  09:00:00.500  101 of a (phones) called "
				  "x\\x0a\\x22y. Route sallyport.conf:11 asks "
				  "acme first.\n"));
		ck_assert_ptr_nonnull(
			strstr(got.text, "because            acme.conf:7 says "
					 "anchor=always\n"));
		ck_assert(ends_with(got.text, ".ok\n"));
		status_call_remove(&call[1]);
		ask("explain last\n");
		ck_assert_ptr_nonnull(strstr(got.text, "ending"));
		tell("ca110001",
		     "leg=- peer=- event=call-end by=b cause=hangup");
		ask("explain ca110001\n");
		ck_assert_ptr_nonnull(strstr(got.text, "ended"));
		ck_assert_ptr_nonnull(strstr(got.text, "b hung up."));
		check_json(ask("explain ca110001 json\n"));
		ck_assert_ptr_nonnull(strstr(got.text, "\"wrong\":[]"));
		ask("explain ca11000\n");
		ck_assert_ptr_nonnull(strstr(got.text, ".error no such call"));
		status_call_remove(&call[0]);
		story_clear();
		free(call);
	}
END_TEST

START_TEST(one_of_five_thousand_calls_is_explained_at_once)
	{
		struct status_call *call = add_calls(5000);
		uint64_t began, took;

		for (unsigned i = 0; i < 5000; i++)
			for (unsigned k = 0; k < 12; k++)
				tell(call[i].id,
				     "leg=a peer=phones event=call-start "
				     "from=101 to=02079460102 network=lan "
				     "source=192.168.1.31:5060 candidate=acme "
				     "route=sallyport.conf:11");
		began = real_ms();
		for (unsigned i = 0; i < 100; i++)
			ask("explain ca111387\n"); /* the last one */
		took = real_ms() - began;
		check_json(ask("explain ca111387 json\n"));
		printf("# explain, of 5,000 calls: %.2f ms\n",
		       (double)took / 100);
		ck_assert_uint_lt(took, 5000);
		story_clear();
		free(call);
	}
END_TEST

START_TEST(what_was_learned_is_listed_and_forgotten)
	{
		check_json(ask("learned json\n"));
		ck_assert_int_eq(strncmp(got.text, "{\"learned\":[]}", 14), 0);
		ask("learned\n");
		ck_assert_int_eq(strncmp(got.text, "PEER ", 5), 0);
		ask("learned forget acme\n");
		ck_assert_ptr_nonnull(strstr(
			got.text, ".error nothing was learned of that peer"));
		ask("learned forget\n");
		ck_assert_ptr_nonnull(strstr(got.text, ".error it is "));
		ask("learned remember acme\n");
		ck_assert_ptr_nonnull(strstr(got.text, ".error it is "));
		ask("learned forget acme now\n");
		ck_assert_ptr_nonnull(strstr(got.text, ".error too many"));
		ask("learned forget acme now json\n");
		ck_assert_ptr_nonnull(strstr(got.text, ".error too many"));
	}
END_TEST

START_TEST(broken_configuration_is_told_line_by_line)
	{
		f.faults =
			"a.conf:3: error: unknown key \"hots\"; did you mean "
			"\"host\"?\nb.conf:9: error: no such peer\n";
		ck_assert_str_eq(
			ask("reload\n"),
			"a.conf:3: error: unknown key \"hots\"; did you "
			"mean \"host\"?\nb.conf:9: error: no such "
			"peer\n.error the configuration is broken, the old "
			"policy stays in force\n");
		ask("reload json\n");
		ck_assert_int_eq(
			strncmp(got.text, "{\"faults\":[\"a.conf:3", 19), 0);
		ck_assert_ptr_nonnull(strstr(got.text, "\"]}\n.error "));
	}
END_TEST

START_TEST(reload_may_take_the_socket_away)
	{
		int fd = client();

		f.free_on_reload = true;
		ck_assert_int_eq(send(fd, "reload\n", 7, 0), 7);
		until_end(fd);
		ck_assert_ptr_null(f.agent.ctl);
		ck_assert_int_ne(access(f.path, F_OK), 0);
	}
END_TEST

/* --- bad clients -------------------------------------------------------- */

static const struct {
	const char *line, *error;
} bad[] = {
	{"frobnicate\n", ".error unknown command"},
	{"callsx\n", ".error unknown command"},
	{"call\n", ".error this command needs a call's id"},
	{"call json\n", ".error this command needs a call's id"},
	{"hangup a b\n", ".error too many words"},
	{"calls a b c d e f g\n", ".error too many words"},
	{"\x01\xff\x1b[2J\n", ".error unknown command"},
	{"hangup %n%s%n\n", ".error no such call"},
};

START_TEST(bad_lines_get_an_error)
	{
		ask(bad[_i].line);
		ck_assert_int_eq(
			strncmp(got.text, bad[_i].error, strlen(bad[_i].error)),
			0);
		ck_assert_uint_eq(count(got.text, "\n"), 1);
		ck_assert_ptr_null(strchr(got.text, '\x1b'));
	}
END_TEST

START_TEST(line_without_end_is_bounded)
	{
		static char line[5000];
		int fd = client();

		memset(line, 'x', sizeof line);
		ck_assert_int_eq(send(fd, line, sizeof line, 0), sizeof line);
		until_end(fd);
		ck_assert_str_eq(got.text,
				 ".error the line is longer than 1024 bytes\n");
	}
END_TEST

START_TEST(line_may_come_in_pieces_or_end_with_the_connection)
	{
		int fd = client();

		for (const char *at = "trunks"; *at; at++) {
			ck_assert_int_eq(send(fd, at, 1, 0), 1);
			step();
			step();
		}
		shutdown(fd, SHUT_WR);
		until_end(fd);
		ck_assert(ends_with(got.text, ".ok\n"));
	}
END_TEST

START_TEST(seventeenth_client_is_told_so)
	{
		int fd[16], last;

		for (int i = 0; i < 16; i++) {
			fd[i] = client();
			step();
		}
		last = client();
		until_end(last);
		ck_assert_str_eq(got.text, ".error too many clients\n");
		for (int i = 0; i < 16; i++)
			close(fd[i]);
		for (int i = 0; i < 20; i++)
			step();
		ck_assert(ends_with(ask("trunks\n"), ".ok\n"));
	}
END_TEST

START_TEST(silent_client_is_put_out_after_five_seconds)
	{
		int fd = client();

		step();
		step();
		f.clock_ms = 3000;
		for (uint64_t until = real_ms() + 1200; real_ms() < until;)
			step();
		ck_assert(!receive(fd));
		f.clock_ms = 6000;
		until_end(fd);
		ck_assert_uint_eq(got.len, 0);
	}
END_TEST

START_TEST(client_that_does_not_read_holds_nobody)
	{
		struct status_call *call = add_calls(5000);
		int slow = client();

		ck_assert_int_eq(send(slow, "calls\n", 6, 0), 6);
		for (int i = 0; i < 200; i++)
			su_root_step(f.agent.root, 0);
		ck_assert(ends_with(ask("trunks\n"), ".ok\n"));
		/* calls end while the list is half written */
		for (unsigned i = 0; i < 5000; i++)
			status_call_remove(&call[i]);
		free(call);
		until_end(slow);
		ck_assert(ends_with(got.text, ".ok\n"));
		ck_assert_uint_gt(count(got.text, "ca11"), 64);
		ck_assert_uint_lt(count(got.text, "ca11"), 5000);
	}
END_TEST

START_TEST(client_that_leaves_is_forgotten)
	{
		struct status_call *call = add_calls(5000);

		for (int i = 0; i < 40; i++) {
			int fd = client();

			ck_assert_int_eq(send(fd, "calls\n", 6, 0), 6);
			for (int k = 0; k < i % 7; k++)
				su_root_step(f.agent.root, 0);
			close(fd);
			su_root_step(f.agent.root, 0);
			su_root_step(f.agent.root, 0);
		}
		for (int i = 0; i < 50; i++)
			su_root_step(f.agent.root, 0);
		ck_assert(ends_with(ask("trunks\n"), ".ok\n"));
		free(call);
	}
END_TEST

START_TEST(five_thousand_calls_come_in_pieces)
	{
		struct status_call *call = add_calls(5000);
		uint64_t began = real_ms(), text_ms, json_ms;

		ask("calls\n");
		text_ms = real_ms() - began;
		ck_assert_uint_eq(count(got.text, "\n"), 5002);
		ck_assert_uint_le(got.most_lines, 65);
		ck_assert_uint_ge(got.turns, 5000 / 64);
		began = real_ms();
		check_json(ask("calls json\n"));
		json_ms = real_ms() - began;
		ck_assert_uint_eq(count(got.text, "\"id\":"), 5000);
		printf("# 5,000 calls: text %u ms, JSON %u ms, longest turn %u "
		       "ms\n",
		       (unsigned)text_ms, (unsigned)json_ms,
		       (unsigned)got.longest_ms);
		/* 0.5 s on an idle machine; this one may be busy or
		 * instrumented */
		ck_assert_uint_lt(text_ms, 5000);
		free(call);
	}
END_TEST

/* --- the socket file ---------------------------------------------------- */

START_TEST(socket_is_for_the_group_only)
	{
		struct stat file;

		ck_assert_int_eq(stat(f.path, &file), 0);
		ck_assert_uint_eq(file.st_mode & 07777, 0660);
	}
END_TEST

START_TEST(socket_in_use_is_not_taken)
	{
		struct ctl *other = NULL;

		ck_assert_int_eq(ctl_new(&other, &f.agent, f.path, NULL, f.why,
					 sizeof f.why),
				 -EADDRINUSE);
		ck_assert_ptr_nonnull(
			strstr(f.why, "another sallyport runs with it"));
		ck_assert(ends_with(ask("trunks\n"), ".ok\n"));
	}
END_TEST

START_TEST(stale_socket_is_replaced_another_file_is_not)
	{
		struct sockaddr_un at = {.sun_family = AF_UNIX};
		struct ctl *other = NULL;
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		snprintf(at.sun_path, sizeof at.sun_path, "%s/other", f.dir);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at),
				 0);
		close(fd);
		ck_assert_msg(!ctl_new(&other, &f.agent, at.sun_path, NULL,
				       f.why, sizeof f.why),
			      "%s", f.why);
		ctl_free(other);
		fd = open(at.sun_path, O_CREAT | O_WRONLY, 0600);
		close(fd);
		ck_assert_int_eq(ctl_new(&other, &f.agent, at.sun_path, NULL,
					 f.why, sizeof f.why),
				 -EEXIST);
		ck_assert_int_eq(unlink(at.sun_path), 0);
	}
END_TEST

START_TEST(what_cannot_be_opened_is_explained)
	{
		struct ctl *other = NULL;

		ck_assert_int_eq(ctl_new(&other, &f.agent, "/nonexistent/c",
					 NULL, f.why, sizeof f.why),
				 -ENOENT);
		ck_assert_ptr_nonnull(
			strstr(f.why, "/nonexistent/c: No such file"));
		ctl_free(f.agent.ctl);
		ck_assert_int_eq(ctl_new(&f.agent.ctl, &f.agent, f.path,
					 "no-such-group", f.why, sizeof f.why),
				 -ENOENT);
		ck_assert_str_eq(
			f.why,
			"control.group: there is no group \"no-such-group\"");
		f.agent.ctl = NULL;
	}
END_TEST

/* --- sallyctl ----------------------------------------------------------- */

/* Run it while the loop turns; its two outputs come together in got.text. */
static int sallyctl(const char *arguments)
{
	const char *build = getenv("builddir");
	char line[256];
	uint64_t until = real_ms() + 20000;
	int status;
	ssize_t n;
	FILE *out;

	snprintf(line, sizeof line, "SALLYPORT_CONTROL=%s %s/sallyctl %s 2>&1",
		 f.path, build ? build : ".", arguments);
	out = popen(line, "r");
	ck_assert_ptr_nonnull(out);
	fcntl(fileno(out), F_SETFL, O_NONBLOCK);
	got.len = 0;
	do {
		ck_assert_uint_lt(real_ms(), until);
		step();
		n = read(fileno(out), got.text + got.len,
			 sizeof got.text - got.len - 1);
		if (n > 0)
			got.len += (size_t)n;
	} while (n != 0);
	got.text[got.len] = '\0';
	status = pclose(out);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(sallyctl_shows_answers_and_exits_zero)
	{
		struct status_call *call = add_calls(500);

		ck_assert_int_eq(sallyctl(""), 0);
		ck_assert_ptr_nonnull(strstr(got.text, "in service"));
		ck_assert_ptr_null(strstr(got.text, ".ok"));
		ck_assert_int_eq(sallyctl("calls"), 0);
		ck_assert_uint_eq(count(got.text, "\n"), 501);
		ck_assert_int_eq(sallyctl("--json calls"), 0);
		ck_assert_ptr_nonnull(json(got.text));
		ck_assert_str_eq(space(json(got.text)), "");
		ck_assert_int_eq(sallyctl("hangup ca110003"), 0);
		ck_assert_str_eq(f.hung_up, "ca110003");
		ck_assert_int_eq(sallyctl("explain ca110003"), 0);
		ck_assert_ptr_nonnull(strstr(got.text, "What went wrong"));
		ck_assert_int_eq(sallyctl("--json learned"), 0);
		ck_assert_int_eq(sallyctl("learned forget acme"), 1);
		free(call);
	}
END_TEST

START_TEST(sallyctl_exits_one_on_an_error)
	{
		ck_assert_int_eq(sallyctl("hangup nosuch"), 1);
		ck_assert_str_eq(
			got.text,
			"sallyctl: no such call; \"calls\" lists them\n");
		f.faults = "a.conf:3: error: wrong\n";
		ck_assert_int_eq(sallyctl("reload"), 1);
		ck_assert_str_eq(
			got.text,
			"a.conf:3: error: wrong\nsallyctl: the configuration "
			"is broken, the old policy stays in force\n");
	}
END_TEST

static const char *const misuse[] = {
	"explain",
	"explain 1 2",
	"learned forget",
	"learned acme",
	"learned forget 'a b'",
	"learned forget a b",
	"frobnicate",
	"call",
	"hangup",
	"calls 1",
	"call 1 2",
	"--frobnicate",
	"-s",
	"call ''",
	"call 'a b'",
	"-x calls",
};

START_TEST(sallyctl_misused_exits_two)
	{
		ck_assert_int_eq(sallyctl(misuse[_i]), 2);
		ck_assert_ptr_nonnull(strstr(got.text, "usage: sallyctl"));
	}
END_TEST

START_TEST(sallyctl_without_the_program_says_what_to_do)
	{
		ck_assert_int_eq(sallyctl("-s /nonexistent/sock calls"), 1);
		ck_assert_ptr_nonnull(strstr(got.text,
					     "sallyctl: /nonexistent/sock: "
					     "No such file"));
		ck_assert_ptr_nonnull(
			strstr(got.text, "systemctl status sallyport"));
		ck_assert_int_eq(sallyctl("--help"), 0);
		ck_assert_int_eq(sallyctl("-V"), 0);
		ck_assert_str_eq(got.text, "sallyctl " PACKAGE_VERSION "\n");
	}
END_TEST

static Suite *ctl_suite(void)
{
	Suite *suite = suite_create("ctl");
	TCase *t = tcase_create("ctl");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bare_line_shows_the_whole_state);
	tcase_add_test(t, calls_are_listed);
	tcase_add_test(t, no_calls_is_an_answer_too);
	tcase_add_test(t, one_call_is_shown_with_its_media);
	tcase_add_test(t, trunks_and_phones_are_listed);
	tcase_add_test(t, network_text_is_harmless_in_both_forms);
	tcase_add_test(t, hangup_drain_and_reload_reach_the_program);
	tcase_add_test(t, a_call_is_explained_while_it_lives_and_afterwards);
	tcase_add_test(t, one_of_five_thousand_calls_is_explained_at_once);
	tcase_add_test(t, what_was_learned_is_listed_and_forgotten);
	tcase_add_test(t, broken_configuration_is_told_line_by_line);
	tcase_add_test(t, reload_may_take_the_socket_away);
	tcase_add_loop_test(t, bad_lines_get_an_error, 0,
			    sizeof bad / sizeof *bad);
	tcase_add_test(t, line_without_end_is_bounded);
	tcase_add_test(t, line_may_come_in_pieces_or_end_with_the_connection);
	tcase_add_test(t, seventeenth_client_is_told_so);
	tcase_add_test(t, silent_client_is_put_out_after_five_seconds);
	tcase_add_test(t, client_that_does_not_read_holds_nobody);
	tcase_add_test(t, client_that_leaves_is_forgotten);
	tcase_add_test(t, five_thousand_calls_come_in_pieces);
	tcase_add_test(t, socket_is_for_the_group_only);
	tcase_add_test(t, socket_in_use_is_not_taken);
	tcase_add_test(t, stale_socket_is_replaced_another_file_is_not);
	tcase_add_test(t, what_cannot_be_opened_is_explained);
	tcase_add_test(t, sallyctl_shows_answers_and_exits_zero);
	tcase_add_test(t, sallyctl_exits_one_on_an_error);
	tcase_add_loop_test(t, sallyctl_misused_exits_two, 0,
			    sizeof misuse / sizeof *misuse);
	tcase_add_test(t, sallyctl_without_the_program_says_what_to_do);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(ctl_suite())
