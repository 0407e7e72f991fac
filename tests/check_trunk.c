/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trunks: found, registered at, watched; the provider is a text server. */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sbc/call/learn.h"
#include "sbc/register/trunk.h"
#include "tests/check_main.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/dns.h"
#include "tests/fakes/text.h"
#include "tests/house.h"

static struct house house;
static struct fake_dns dns;
static struct trunk *trunk;
static struct policy_peer peer;

/* --- the provider --- */

static struct provider {
	int fd;
	struct sockaddr_in at;
	/* what it does */
	const char *password; /* challenges, if not NULL */
	bool md5_only, both, proxy, stale_once, always_stale;
	int status;	      /* its answer to a good REGISTER; 0: 200 */
	const char *more;     /* further lines of that answer */
	const char *contacts; /* instead of the Contact that came */
	unsigned granted_s;
	unsigned min_s;	      /* 423 below */
	const char *received; /* what it says of our address */
	unsigned rport;
	const char *via_port; /* an ALG put it in our Via */
	bool silent, silent_options;
	int options_status;
	/* what it saw */
	unsigned registers, accepted, options, taken_back, challenges;
	struct text_message last;
	char contact[256];
	unsigned cseq;
	char call_id[192];
	bool out_of_order;
} itsp;

static void itsp_open(struct provider *p)
{
	socklen_t len = sizeof(p->at);

	memset(p, 0, sizeof(*p));
	p->granted_s = 600;
	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	p->at.sin_family = AF_INET;
	p->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(p->fd, (struct sockaddr *)&p->at, len), 0);
	ck_assert_int_eq(getsockname(p->fd, (struct sockaddr *)&p->at, &len),
			 0);
}

static void copy_header(struct text *text, const struct text_message *from,
			const char *name, const char *tail)
{
	char value[512];

	ck_assert(text_header(from, name, 0, value, sizeof(value)));
	text_add(text, "%s: %s%s\r\n", name, value, tail);
}

static void itsp_answer(struct provider *p, const struct text_message *request,
			int status, const char *more)
{
	struct text text;
	char seen[96] = "";

	if (p->received)
		snprintf(seen, sizeof(seen), ";received=%s", p->received);
	if (p->rport)
		snprintf(seen + strlen(seen), 32, ";rport=%u", p->rport);
	text_begin(&text);
	text_add(&text, "SIP/2.0 %d Whatever\r\n", status);
	/* the ;rport of the request is left as it is: the value comes later */
	char via[512];
	ck_assert(text_header(request, "Via", 0, via, sizeof(via)));
	char *rport = strstr(via, ";rport");
	if (rport && p->rport)
		memmove(rport, rport + 6, strlen(rport + 6) + 1);
	if (p->via_port) {
		char *end = strstr(via, "127.0.0.1:");
		ck_assert_ptr_nonnull(end);
		memcpy(end + 10, p->via_port, 5);
	}
	text_add(&text, "Via: %s%s\r\n", via, seen);
	copy_header(&text, request, "From", "");
	copy_header(&text, request, "To", ";tag=p");
	copy_header(&text, request, "Call-ID", "");
	copy_header(&text, request, "CSeq", "");
	text_add(&text, "%sContent-Length: 0\r\n\r\n", more ? more : "");
	sendto(p->fd, text.data, text.len, 0, (struct sockaddr *)&house.at,
	       sizeof(struct sockaddr_in));
}

static void itsp_challenge(struct provider *p,
			   const struct text_message *request, bool stale)
{
	char more[1024];
	const char *name = p->proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
	int n = 0;

	p->challenges++;
	if (!p->md5_only)
		n = snprintf(more, sizeof(more),
			     "%s: Digest realm=\"p\", nonce=\"n%u\", "
			     "qop=\"auth\", algorithm=SHA-256%s\r\n",
			     name, p->challenges, stale ? ", stale=true" : "");
	if (p->md5_only || p->both)
		snprintf(more + n, sizeof(more) - (size_t)n,
			 "%s: Digest realm=\"p\", nonce=\"n%u\", "
			 "qop=\"auth\", algorithm=MD5%s\r\n",
			 name, p->challenges, stale ? ", stale=true" : "");
	itsp_answer(p, request, p->proxy ? 407 : 401, more);
}

static bool is_good(const struct provider *p,
		    const struct text_message *request)
{
	char value[1024];

	return text_header(request,
			   p->proxy ? "Proxy-Authorization" : "Authorization",
			   0, value, sizeof(value)) &&
	       digest_right(value, "REGISTER", p->password);
}

static void itsp_accept(struct provider *p, const struct text_message *request,
			unsigned expires_s)
{
	char more[1024], contact[512];

	if (!expires_s)
		p->taken_back++;
	p->accepted++;
	ck_assert(text_header(request, "Contact", 0, contact, sizeof(contact)));
	ck_assert(text_uri(contact, p->contact, sizeof(p->contact)));
	if (p->contacts)
		snprintf(more, sizeof(more), "Contact: %s\r\n", p->contacts);
	else
		snprintf(more, sizeof(more), "Contact: <%s>;expires=%u\r\n",
			 p->contact, p->granted_s);
	itsp_answer(p, request, 200, more);
}

static void itsp_register(struct provider *p,
			  const struct text_message *request)
{
	char value[64];

	p->registers++;
	if (p->registers > 1 &&
	    (strcmp(p->call_id, request->call_id) || request->cseq <= p->cseq))
		p->out_of_order = true;
	strcpy(p->call_id, request->call_id);
	p->cseq = request->cseq;
	ck_assert(text_header(request, "Expires", 0, value, sizeof(value)));
	unsigned expires_s = (unsigned)atoi(value);
	if (p->password && (p->always_stale || !is_good(p, request))) {
		itsp_challenge(p, request, p->always_stale);
	} else if (p->stale_once) {
		p->stale_once = false;
		itsp_challenge(p, request, true);
	} else if (p->status) {
		itsp_answer(p, request, p->status, p->more);
	} else if (expires_s && expires_s < p->min_s) {
		char more[64];
		snprintf(more, sizeof(more), "Min-Expires: %u\r\n", p->min_s);
		itsp_answer(p, request, 423, more);
	} else {
		itsp_accept(p, request, expires_s);
	}
}

static void itsp_step(struct provider *p)
{
	char data[8192];
	struct text_message message;
	ssize_t len = recv(p->fd, data, sizeof(data), 0);

	if (len <= 0 || text_read(&message, data, (size_t)len))
		return;
	bool options = !strcmp(message.method, "OPTIONS");
	if (options)
		p->options++;
	if (p->silent || (options && p->silent_options)) {
		if (!options)
			p->registers++;
		text_free(&message);
		return;
	}
	text_free(&p->last);
	p->last = message;
	if (options)
		itsp_answer(p, &message,
			    p->options_status ? p->options_status : 200, NULL);
	else
		itsp_register(p, &message);
}

/* --- the tests' own --- */

static void begin(void)
{
	house_build(&house);
	fake_dns_open(&dns);
	itsp_open(&itsp);
	ck_assert_int_eq(resolve_new_with_servers(&house.agent.resolve,
						  house.agent.root, dns.server),
			 0);
	peer = (struct policy_peer){
		.name = "acme",
		.kind = POLICY_TRUNK,
		.network = &house.policy.network,
		.host = "127.0.0.1",
		.port = ntohs(itsp.at.sin_port),
		.username = "auth-name",
		.password = "secret",
		.reg = {.user = "4420", .expires_s = 600},
	};
}

static void end(void)
{
	trunk_free(trunk, false);
	trunk = NULL;
	resolve_free(house.agent.resolve);
	text_free(&itsp.last);
	close(itsp.fd);
	fake_dns_close(&dns);
	house_pull_down(&house);
}

static void start(void)
{
	ck_assert_int_eq(trunk_new(&trunk, &house.agent, &peer), 0);
}

static bool (*awaited)(void);

static bool both_step(void *user)
{
	(void)user;
	itsp_step(&itsp);
	fake_dns_step(&dns);
	return awaited && awaited();
}

static bool run_until(bool (*done)(void), unsigned limit_ms)
{
	awaited = done;
	return house_run(&house, both_step, NULL, limit_ms);
}

static const struct trunk_state *state(void)
{
	return trunk_state(trunk);
}

static bool is_registered(void)
{
	return state()->registration == TRUNK_REGISTERED;
}

static bool is_refused(void)
{
	return state()->registration == TRUNK_REFUSED;
}

static bool is_up(void)
{
	return state()->health == TRUNK_UP;
}

static bool is_down(void)
{
	return state()->health == TRUNK_DOWN;
}

static bool has_targets(void)
{
	return state()->targets > 0;
}

static bool was_accepted_twice(void)
{
	return itsp.accepted >= 2;
}

static bool has_turned_back(void)
{
	return house_said(&house, "event=trunk-way", NULL) == 2;
}

static bool was_taken_back(void)
{
	return itsp.taken_back > 0;
}

/* --- registration --- */

START_TEST(it_registers_whatever_challenge_comes)
	{
		static const struct {
			const char *password;
			bool md5_only, both, proxy;
		} cases[] = {
			{NULL, false, false, false},
			{"secret", true, false, false},
			{"secret", false, false, false},
			{"secret", false, true, false},
			{"secret", false, true, true},
			{"secret", true, false, true},
		};
		char value[512];

		itsp.password = cases[_i].password;
		itsp.md5_only = cases[_i].md5_only;
		itsp.both = cases[_i].both;
		itsp.proxy = cases[_i].proxy;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert_uint_eq(itsp.registers, itsp.password ? 2 : 1);
		ck_assert(!itsp.out_of_order);
		ck_assert_uint_eq(house_said(&house, "event=trunk-registered",
					     "peer=acme"),
				  1);
		ck_assert_uint_gt(state()->registered_until_ms,
				  agent_now_ms() + 590000);
		ck_assert_uint_eq(state()->registration_status, 200);
		ck_assert(is_up());
		/* nothing of us but our address */
		ck_assert(!text_contains(&itsp.last, "User-Agent"));
		ck_assert(text_header(&itsp.last, "From", 0, value,
				      sizeof(value)));
		ck_assert_ptr_nonnull(strstr(value, "sip:4420@127.0.0.1>"));
		if (itsp.both) {
			ck_assert(text_header(&itsp.last,
					      itsp.proxy ? "Proxy-Authorization"
							 : "Authorization",
					      0, value, sizeof(value)));
			ck_assert_ptr_nonnull(strstr(value, "SHA-256"));
			ck_assert_ptr_nonnull(strstr(value, "auth-name"));
		}
	}
END_TEST

START_TEST(a_wrong_password_is_tried_once)
	{
		itsp.password = "another";
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_refused, 3000));
		ck_assert_uint_eq(itsp.registers, 2);
		run_until(NULL, 300);
		ck_assert_uint_eq(itsp.registers, 2);
		ck_assert_uint_eq(house_said(&house,
					     "event=trunk-register-refused",
					     "password not accepted"),
				  1);
		ck_assert_ptr_nonnull(strstr(state()->why, "password"));
	}
END_TEST

START_TEST(a_server_that_always_says_stale_is_not_asked_for_ever)
	{
		itsp.password = "secret";
		itsp.always_stale = true;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_refused, 3000));
		ck_assert_uint_le(itsp.registers, 4);
	}
END_TEST

START_TEST(a_stale_nonce_is_answered_again)
	{
		itsp.password = "secret";
		itsp.stale_once = true;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert_uint_eq(itsp.registers, 3);
	}
END_TEST

START_TEST(a_longer_time_is_accepted)
	{
		itsp.min_s = 1800;
		itsp.granted_s = 1800;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert_uint_eq(itsp.registers, 2);
		ck_assert_uint_gt(state()->registered_until_ms,
				  agent_now_ms() + 1790000);
	}
END_TEST

START_TEST(it_is_refreshed_before_it_ends)
	{
		peer.reg.wanted = true;
		itsp.granted_s = 2;
		start();
		ck_assert(run_until(is_registered, 3000));
		uint64_t begun_ms = agent_now_ms();
		ck_assert(run_until(was_accepted_twice, 3000));
		ck_assert_uint_ge(agent_now_ms() - begun_ms, 900);
		ck_assert_uint_le(agent_now_ms() - begun_ms, 1900);
		ck_assert(!itsp.out_of_order);
		ck_assert_uint_eq(
			house_said(&house, "event=trunk-registered", NULL), 1);
	}
END_TEST

START_TEST(of_several_bindings_ours_counts)
	{
		char contacts[256];

		snprintf(contacts, sizeof(contacts),
			 "<sip:4420@192.0.2.9:5060>;expires=2, "
			 "<sip:4420@127.0.0.1:%u>;expires=500, "
			 "<sip:x@y>;expires=7",
			 house.policy.network.sip_port);
		itsp.contacts = contacts;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert_uint_gt(state()->registered_until_ms,
				  agent_now_ms() + 490000);
		ck_assert_uint_le(state()->registered_until_ms,
				  agent_now_ms() + 500000);
	}
END_TEST

static unsigned wanted_port;

static bool is_registered_at(void)
{
	char port[16];

	snprintf(port, sizeof(port), ":%u", wanted_port);
	return is_registered() && strstr(itsp.contact, port);
}

static void begin_with_alg(void)
{
	ck_assert_int_eq(learn_new(&house.agent.learn, NULL), 0);
	peer.reg.wanted = true;
	peer.alg = POLICY_ALG_AVOID;
	itsp.via_port = "62001";
}

START_TEST(an_alg_in_the_way_is_gone_around)
	{
		begin_with_alg();
		house.policy.network.more_sip_port[0] = wanted_port = 15099;
		house.policy.network.more_sip_ports = 1;
		start();
		ck_assert(run_until(is_registered, 3000));
		itsp.via_port = "15099"; /* as we write it then */
		ck_assert(run_until(is_registered_at, 3000));
		ck_assert_uint_eq(
			house_said(&house, "event=alg-suspected", "sign=via"),
			1);
		ck_assert_uint_eq(
			house_said(&house, "event=trunk-way", "way=udp:15099"),
			1);
		ck_assert_ptr_nonnull(strstr(state()->alg, "avoided"));
		/* What is forgotten is tried again. */
		itsp.via_port = NULL;
		ck_assert_uint_eq(learn_forget(house.agent.learn, "acme"), 1);
		trunk_update(trunk, &peer);
		wanted_port = house.policy.network.sip_port;
		ck_assert(run_until(is_registered_at, 3000));
		ck_assert_str_eq(state()->alg, "");
		learn_free(house.agent.learn);
	}
END_TEST

/* There is no TCP here: a way that never brought an answer is left. */
START_TEST(a_way_around_that_leads_nowhere_is_left_again)
	{
		char tcp[32];

		begin_with_alg();
		peer.options_ping_ms = 500;
		house.policy.network.tcp = true;
		wanted_port = house.policy.network.sip_port;
		snprintf(tcp, sizeof(tcp), "way=tcp:%u", wanted_port);
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert(run_until(has_turned_back, 20000));
		ck_assert_uint_eq(house_said(&house, "event=trunk-way", tcp),
				  1);
		ck_assert_int_eq(state()->way.transport, POLICY_UDP);
		ck_assert(run_until(is_registered_at, 3000));
		learn_free(house.agent.learn);
	}
END_TEST

START_TEST(who_refuses_for_good_is_asked_slowly)
	{
		static const int statuses[] = {403, 404};

		itsp.status = statuses[_i];
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_refused, 3000));
		ck_assert_uint_eq(state()->registration_status,
				  (unsigned)statuses[_i]);
		run_until(NULL, 2500);
		ck_assert_uint_eq(itsp.registers, 1);
	}
END_TEST

static bool was_asked_again(void)
{
	return itsp.registers >= 2;
}

START_TEST(who_is_busy_is_asked_again_soon)
	{
		itsp.status = 503;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(was_asked_again, 3500));
		ck_assert_int_eq(state()->registration, TRUNK_TRYING);
		itsp.status = 0;
		ck_assert(run_until(is_registered, 6000));
	}
END_TEST

START_TEST(retry_after_is_heeded)
	{
		itsp.status = 503;
		itsp.more = "Retry-After: 60\r\n";
		peer.reg.wanted = true;
		start();
		ck_assert(!run_until(was_asked_again, 3500));
	}
END_TEST

START_TEST(the_public_address_is_in_the_contact)
	{
		address_parse(&house.policy.address.public, "203.0.113.7", 0);
		house.policy.network.public_sip_port = 15060;
		/* and nothing the provider says changes it */
		itsp.received = "203.0.113.99";
		itsp.rport = 4711;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		ck_assert_str_eq(itsp.contact, "sip:4420@203.0.113.7:15060");
		run_until(NULL, 400);
		ck_assert_uint_eq(itsp.accepted, 1);
	}
END_TEST

START_TEST(an_address_that_the_provider_sees_makes_a_new_contact)
	{
		itsp.received = "203.0.113.99";
		itsp.rport = 4711;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(was_accepted_twice, 3000));
		ck_assert_str_eq(itsp.contact, "sip:4420@203.0.113.99:4711");
		run_until(NULL, 400);
		ck_assert_uint_eq(itsp.accepted, 2);
	}
END_TEST

START_TEST(a_private_address_that_the_provider_sees_is_ignored)
	{
		itsp.received = "192.168.77.1";
		itsp.rport = 4711;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		run_until(NULL, 400);
		ck_assert_uint_eq(itsp.accepted, 1);
		ck_assert_ptr_null(strstr(itsp.contact, "192.168"));
	}
END_TEST

START_TEST(the_end_takes_the_registration_back)
	{
		itsp.password = "secret";
		itsp.both = _i & 1;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		if (_i & 2)
			itsp.password = "another"; /* its challenge is not
						      answered for ever */
		uint64_t begun_ms = agent_now_ms();
		trunk_free(trunk, true);
		trunk = NULL;
		ck_assert_uint_lt(agent_now_ms() - begun_ms, 100);
		if (_i & 2) {
			run_until(NULL, 300);
			ck_assert_uint_eq(itsp.registers, 4);
		} else {
			ck_assert(run_until(was_taken_back, 1000));
		}
	}
END_TEST

START_TEST(who_leaves_answers_a_last_challenge_and_still_counts_calls)
	{
		itsp.password = "secret";
		peer.reg.wanted = true;
		start();
		trunk_take(trunk);
		ck_assert(run_until(is_registered, 3000));
		itsp.stale_once = true;
		ck_assert(trunk_leave(trunk));
		ck_assert(!trunk_leave(trunk));
		ck_assert_int_eq(state()->registration, TRUNK_NOT_WANTED);
		ck_assert(run_until(was_taken_back, 1000));
		ck_assert_uint_eq(itsp.registers, 4);
		ck_assert_uint_eq(state()->calls, 1);
		trunk_give(trunk);
	}
END_TEST

START_TEST(an_end_without_an_answer_leaves_nothing_behind)
	{
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		itsp.silent = true;
		trunk_free(trunk, true);
		trunk = NULL;
	}
END_TEST

START_TEST(an_end_in_the_middle_of_everything_is_safe)
	{
		peer.reg.wanted = true;
		peer.options_ping_ms = 50;
		itsp.silent = true;
		start();
		run_until(NULL, 40 * (unsigned)_i);
		trunk_free(trunk, _i & 1);
		trunk = NULL;
		itsp.silent = false;
		run_until(NULL, 700);
	}
END_TEST

/* --- health --- */

START_TEST(any_answer_to_a_ping_means_up)
	{
		static const int statuses[] = {200, 404, 405, 483, 503};

		itsp.options_status = statuses[_i];
		peer.options_ping_ms = 1000;
		start();
		ck_assert_int_eq(state()->health, TRUNK_UNKNOWN);
		ck_assert(run_until(is_up, 3000));
		ck_assert_uint_eq(
			house_said(&house, "event=trunk-up", "peer=acme"), 1);
		ck_assert(!text_contains(&itsp.last, "User-Agent"));
	}
END_TEST

START_TEST(two_silent_rounds_mean_down_and_an_answer_up)
	{
		peer.options_ping_ms = 100;
		start();
		ck_assert(run_until(is_up, 3000));
		itsp.silent_options = true;
		ck_assert(run_until(is_down, 12000));
		ck_assert_uint_eq(house_said(&house, "event=trunk-down",
					     "no answer to OPTIONS"),
				  1);
		itsp.silent_options = false;
		ck_assert(run_until(is_up, 3000));
		ck_assert_uint_eq(house_said(&house, "event=trunk-up", NULL),
				  2);
	}
END_TEST

START_TEST(calls_tell_of_health_too)
	{
		start();
		trunk_answered(trunk);
		ck_assert(is_up());
		trunk_silent(trunk, "no answer to INVITE");
		ck_assert(is_up());
		trunk_silent(trunk, "no answer to INVITE");
		ck_assert(is_down());
		ck_assert_str_eq(state()->why, "no answer to INVITE");
		trunk_answered(trunk);
		ck_assert(is_up());
		ck_assert_str_eq(state()->why, "");
		ck_assert_uint_eq(itsp.options, 0);
	}
END_TEST

START_TEST(a_port_that_refuses_is_down_at_once)
	{
		close(itsp.fd);
		peer.options_ping_ms = 50;
		start();
		ck_assert(run_until(is_down, 3000));
		itsp_open(&itsp);
	}
END_TEST

START_TEST(calls_are_counted_to_the_limit)
	{
		peer.max_calls = 2;
		start();
		ck_assert(trunk_take(trunk));
		ck_assert(trunk_take(trunk));
		ck_assert(!trunk_take(trunk));
		ck_assert_uint_eq(state()->calls, 2);
		trunk_give(trunk);
		ck_assert(trunk_take(trunk));
	}
END_TEST

/* --- places --- */

static struct fake_dns_entry names[4];
static char srv[64];

static void know_domain(void)
{
	snprintf(srv, sizeof(srv), "10 0 %u sip.acme.example",
		 ntohs(itsp.at.sin_port));
	names[0] =
		(struct fake_dns_entry){"_sip._udp.acme.example", 33, 60, srv};
	names[1] =
		(struct fake_dns_entry){"sip.acme.example", 1, 60, "127.0.0.1"};
	dns.entry = names;
	dns.entries = 2;
	peer.host = NULL;
	peer.port = 0;
	peer.domain = "acme.example";
}

START_TEST(a_domain_is_looked_up_and_its_source_known)
	{
		struct sockaddr_storage source, other;
		char value[512];

		know_domain();
		peer.reg.wanted = true;
		start();
		address_parse(&source, "127.0.0.1:9999", 0);
		address_parse(&other, "127.0.0.2", 0);
		ck_assert(!trunk_owns(trunk, (struct sockaddr *)&source));
		ck_assert(run_until(is_registered, 3000));
		ck_assert(trunk_owns(trunk, (struct sockaddr *)&source));
		ck_assert(!trunk_owns(trunk, (struct sockaddr *)&other));
		ck_assert_uint_eq(house.sources_changed, 1);
		ck_assert_str_eq(itsp.last.uri, "sip:acme.example");
		ck_assert(
			text_header(&itsp.last, "To", 0, value, sizeof(value)));
		ck_assert_str_eq(value, "<sip:4420@acme.example>");
	}
END_TEST

START_TEST(a_registrar_elsewhere_is_looked_up_by_its_own_name)
	{
		char registrar[64];

		peer.host = "127.0.0.3";
		peer.port = 5060;
		snprintf(registrar, sizeof(registrar), "127.0.0.1:%u",
			 ntohs(itsp.at.sin_port));
		peer.reg.registrar = registrar;
		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		struct sockaddr_storage source;
		address_parse(&source, "127.0.0.1:1", 0);
		ck_assert(trunk_owns(trunk, (struct sockaddr *)&source));
	}
END_TEST

START_TEST(a_name_that_is_unknown_is_said_once_and_asked_again)
	{
		know_domain();
		dns.entries = 0;
		start();
		run_until(NULL, 500);
		ck_assert_uint_eq(house_said(&house, "event=trunk-unresolved",
					     "no such name"),
				  1);
		ck_assert_uint_eq(state()->targets, 0);
		dns.entries = 2;
		ck_assert(run_until(has_targets, 5000));
		ck_assert_uint_eq(
			house_said(&house, "event=trunk-unresolved", NULL), 1);
		ck_assert_uint_eq(
			house_said(&house, "event=trunk-resolved", NULL), 1);
	}
END_TEST

START_TEST(dead_targets_are_passed_over)
	{
		know_domain();
		names[2] =
			(struct fake_dns_entry){"_sip._udp.acme.example", 33,
						60, "5 0 9 dead.acme.example"};
		names[3] = (struct fake_dns_entry){"dead.acme.example", 1, 60,
						   "127.0.0.9"};
		dns.entries = 4;
		peer.reg.wanted = true;
		peer.options_ping_ms = 1000;
		start();
		ck_assert(run_until(is_registered, 10000));
		ck_assert(is_up());
		ck_assert_uint_eq(house_said(&house, "event=trunk-down", NULL),
				  0);
	}
END_TEST

/* --- reload --- */

START_TEST(a_reload_keeps_what_did_not_change)
	{
		struct policy_peer same = peer, other = peer;

		peer.reg.wanted = same.reg.wanted = true;
		peer.options_ping_ms = same.options_ping_ms = 60000;
		start();
		ck_assert(run_until(is_registered, 3000));
		trunk_take(trunk);
		same.max_calls = 7;
		trunk_update(trunk, &same);
		ck_assert(is_registered());
		ck_assert_ptr_eq(state()->peer, &same);
		ck_assert_uint_eq(state()->calls, 1);
		ck_assert_uint_eq(itsp.accepted, 1);
		ck_assert_uint_eq(house.sources_changed, 0);

		other.reg.wanted = false;
		trunk_update(trunk, &other);
		ck_assert_int_eq(state()->registration, TRUNK_NOT_WANTED);
		ck_assert(run_until(was_taken_back, 1000));
		ck_assert_uint_eq(state()->calls, 1);
	}
END_TEST

START_TEST(a_reload_moves_a_trunk)
	{
		struct policy_peer other;

		peer.reg.wanted = true;
		start();
		ck_assert(run_until(is_registered, 3000));
		other = peer;
		other.host = "127.0.0.5";
		other.port = 9;
		trunk_update(trunk, &other);
		ck_assert(!is_registered());
		ck_assert(run_until(was_taken_back, 1000));
		struct sockaddr_storage source;
		address_parse(&source, "127.0.0.5", 0);
		ck_assert(trunk_owns(trunk, (struct sockaddr *)&source));
	}
END_TEST

static Suite *trunk_suite(void)
{
	Suite *suite = suite_create("trunk");
	TCase *cases = tcase_create("trunk");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_loop_test(cases, it_registers_whatever_challenge_comes, 0, 6);
	tcase_add_test(cases, a_wrong_password_is_tried_once);
	tcase_add_test(cases,
		       a_server_that_always_says_stale_is_not_asked_for_ever);
	tcase_add_test(cases, a_stale_nonce_is_answered_again);
	tcase_add_test(cases, a_longer_time_is_accepted);
	tcase_add_test(cases, it_is_refreshed_before_it_ends);
	tcase_add_test(cases, an_alg_in_the_way_is_gone_around);
	tcase_add_test(cases, a_way_around_that_leads_nowhere_is_left_again);
	tcase_add_test(cases, of_several_bindings_ours_counts);
	tcase_add_loop_test(cases, who_refuses_for_good_is_asked_slowly, 0, 2);
	tcase_add_test(cases, who_is_busy_is_asked_again_soon);
	tcase_add_test(cases, retry_after_is_heeded);
	tcase_add_test(cases, the_public_address_is_in_the_contact);
	tcase_add_test(cases,
		       an_address_that_the_provider_sees_makes_a_new_contact);
	tcase_add_test(cases,
		       a_private_address_that_the_provider_sees_is_ignored);
	tcase_add_loop_test(cases, the_end_takes_the_registration_back, 0, 4);
	tcase_add_test(
		cases,
		who_leaves_answers_a_last_challenge_and_still_counts_calls);
	tcase_add_test(cases, an_end_without_an_answer_leaves_nothing_behind);
	tcase_add_loop_test(cases, an_end_in_the_middle_of_everything_is_safe,
			    0, 12);
	tcase_add_loop_test(cases, any_answer_to_a_ping_means_up, 0, 5);
	tcase_add_test(cases, two_silent_rounds_mean_down_and_an_answer_up);
	tcase_add_test(cases, calls_tell_of_health_too);
	tcase_add_test(cases, a_port_that_refuses_is_down_at_once);
	tcase_add_test(cases, calls_are_counted_to_the_limit);
	tcase_add_test(cases, a_domain_is_looked_up_and_its_source_known);
	tcase_add_test(cases,
		       a_registrar_elsewhere_is_looked_up_by_its_own_name);
	tcase_add_test(cases,
		       a_name_that_is_unknown_is_said_once_and_asked_again);
	tcase_add_test(cases, dead_targets_are_passed_over);
	tcase_add_test(cases, a_reload_keeps_what_did_not_change);
	tcase_add_test(cases, a_reload_moves_a_trunk);
	suite_add_tcase(suite, cases);
	return suite;
}

CHECK_MAIN(trunk_suite())
