/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names to targets, against a name server that misbehaves. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/agent.h"
#include "sbc/sip/resolve.h"
#include "tests/check_main.h"
#include "tests/fakes/dns.h"

static su_root_t *root;
static struct resolve *resolve;
static struct fake_dns dns;

struct result {
	unsigned calls;
	int error;
	unsigned count, ttl_s;
	bool stale;
	char text[RESOLVE_TARGETS_MAX * ADDRESS_TEXT_MAX];
	uint64_t at_ms;
};

static void begin(void)
{
	su_init();
	root = su_root_create(NULL);
	su_root_threading(root, 0);
	fake_dns_open(&dns);
	ck_assert_int_eq(resolve_new_with_servers(&resolve, root, dns.server),
			 0);
}

static void end(void)
{
	resolve_free(resolve);
	fake_dns_close(&dns);
	su_root_destroy(root);
	su_deinit();
}

static void on_done(void *user, int error, const struct resolve_target *targets,
		    unsigned count, bool stale, unsigned ttl_s)
{
	struct result *result = user;
	char text[ADDRESS_TEXT_MAX];

	result->calls++;
	result->error = error;
	result->count = count;
	result->stale = stale;
	result->ttl_s = ttl_s;
	result->at_ms = agent_now_ms();
	result->text[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		if (i)
			strcat(result->text, " ");
		strcat(result->text,
		       address_text(
			       text,
			       (const struct sockaddr *)&targets[i].address));
	}
}

static struct resolve_query domain(const char *name)
{
	return (struct resolve_query){
		.name = name, .domain = true, .ipv4 = true, .ipv6 = true};
}

static struct result look_up(struct resolve_query query)
{
	struct result result = {0};
	uint64_t until_ms = agent_now_ms() + 10000;

	ck_assert_int_eq(resolve_ask(resolve, &query, on_done, &result), 0);
	while (!result.calls) {
		ck_assert_uint_lt(agent_now_ms(), until_ms);
		fake_dns_step(&dns);
		su_root_step(root, 5);
	}
	return result;
}

static void know(const struct fake_dns_entry *entry, unsigned count)
{
	dns.entry = entry;
	dns.entries = count;
}

#define KNOW(table) know(table, sizeof(table) / sizeof(*(table)))

static const struct fake_dns_entry provider[] = {
	{"acme.example", 35, 300, "20 10 s SIP+D2T _sip._tcp.tcp.acme.example"},
	{"acme.example", 35, 300, "10 10 s SIPS+D2T _sips._tcp.acme.example"},
	{"acme.example", 35, 300, "30 10 s SIP+D2U _sip._udp.udp.acme.example"},
	{"_sip._udp.udp.acme.example", 33, 200, "20 0 5080 b.acme.example"},
	{"_sip._udp.udp.acme.example", 33, 200, "10 0 5070 a.acme.example"},
	{"_sip._tcp.tcp.acme.example", 33, 200, "10 0 5090 b.acme.example"},
	{"a.acme.example", 1, 100, "192.0.2.1"},
	{"a.acme.example", 28, 100, "2001:db8::1"},
	{"b.acme.example", 1, 100, "192.0.2.2"},
	{"plain.example", 33, 60, "1 1 1 wrong.owner"},
	{"_sip._udp.srv.example", 33, 4000, "10 0 5070 a.acme.example"},
	{"srv.example", 1, 100, "192.0.2.9"},
	{"only-a.example", 1, 7200, "192.0.2.3"},
	{"alias.example", 5, 500, "a.acme.example"},
	{"_sip._udp.none.example", 33, 100, "0 0 0 ."},
	{"none.example", 1, 100, "192.0.2.66"},
	{"short.example", 1, 2, "192.0.2.4"},
};

START_TEST(names_lead_to_targets)
	{
		static const struct {
			const char *name;
			bool domain;
			uint16_t port;
			enum policy_transport transport;
			bool v4, v6;
			const char *targets;
			unsigned ttl_s;
		} cases[] = {
			{"acme.example", true, 0, POLICY_UDP, true, true,
			 "192.0.2.1:5070 [2001:db8::1]:5070 192.0.2.2:5080",
			 100},
			{"acme.example", true, 0, POLICY_UDP, true, false,
			 "192.0.2.1:5070 192.0.2.2:5080", 100},
			{"acme.example", true, 0, POLICY_UDP, false, true,
			 "[2001:db8::1]:5070", 100},
			{"acme.example", true, 0, POLICY_TCP, true, true,
			 "192.0.2.2:5090", 100},
			{"srv.example", true, 0, POLICY_UDP, true, false,
			 "192.0.2.1:5070", 100},
			{"only-a.example", true, 0, POLICY_UDP, true, true,
			 "192.0.2.3:5060", 3600},
			{"a.acme.example", false, 0, POLICY_UDP, true, true,
			 "192.0.2.1:5060 [2001:db8::1]:5060", 100},
			{"srv.example", true, 5099, POLICY_UDP, true, true,
			 "192.0.2.9:5099", 100},
			{"alias.example", false, 7000, POLICY_UDP, true, false,
			 "192.0.2.1:7000", 100},
			{"short.example", false, 0, POLICY_UDP, true, false,
			 "192.0.2.4:5060", 30},
		};

		KNOW(provider);
		for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct result result = look_up((struct resolve_query){
				.name = cases[i].name,
				.domain = cases[i].domain,
				.port = cases[i].port,
				.transport = cases[i].transport,
				.ipv4 = cases[i].v4,
				.ipv6 = cases[i].v6});
			ck_assert_int_eq(result.error, 0);
			ck_assert_str_eq(result.text, cases[i].targets);
			ck_assert_uint_eq(result.ttl_s, cases[i].ttl_s);
			ck_assert(!result.stale);
		}
	}
END_TEST

START_TEST(what_does_not_exist_is_told_so)
	{
		KNOW(provider);
		ck_assert_int_eq(look_up(domain("nowhere.example")).error,
				 -ENOENT);
		/* "." says that the domain has no such service; its A is not
		 * meant */
		struct result none = look_up(domain("none.example"));
		ck_assert_int_eq(none.error, -ENOENT);
		ck_assert_uint_eq(none.count, 0);
	}
END_TEST

START_TEST(a_literal_is_answered_at_once)
	{
		struct result result = {0};
		struct resolve_query query = {.name = "192.0.2.7",
					      .port = 5080};

		resolve_ask(resolve, &query, on_done, &result);
		ck_assert_uint_eq(result.calls, 1);
		ck_assert_str_eq(result.text, "192.0.2.7:5080");
		query.name = "2001:db8::7";
		query.port = 0;
		resolve_ask(resolve, &query, on_done, &result);
		ck_assert_str_eq(result.text, "[2001:db8::7]:5060");
		ck_assert_uint_eq(dns.asked, 0);
	}
END_TEST

START_TEST(what_is_no_name_is_refused)
	{
		static const char *const names[] = {"",	     "a b", "x\r\ny",
						    "sip:x", "a/b", "\xff"};
		struct result result = {0};
		char longer[300];

		for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
			struct resolve_query query = domain(names[i]);
			ck_assert_int_eq(
				resolve_ask(resolve, &query, on_done, &result),
				-EINVAL);
		}
		memset(longer, 'a', sizeof(longer) - 1);
		longer[sizeof(longer) - 1] = '\0';
		struct resolve_query query = domain(longer);
		ck_assert_int_eq(resolve_ask(resolve, &query, on_done, &result),
				 -EINVAL);
		ck_assert_uint_eq(result.calls, 0);
	}
END_TEST

START_TEST(a_silent_server_costs_the_budget_and_no_more)
	{
		struct resolve_query query = domain("acme.example");
		uint64_t begun_ms = agent_now_ms();

		dns.silent = true;
		query.budget_ms = 400;
		struct result result = look_up(query);
		ck_assert_int_eq(result.error, -ETIMEDOUT);
		ck_assert_uint_eq(result.count, 0);
		ck_assert_uint_ge(result.at_ms - begun_ms, 390);
		ck_assert_uint_le(result.at_ms - begun_ms, 2000);
	}
END_TEST

START_TEST(a_server_that_drops_naptr_does_not_spend_the_budget)
	{
		struct resolve_query query = domain("srv.example");

		KNOW(provider);
		dns.silent_type = 35;
		query.budget_ms = 800;
		struct result result = look_up(query);
		ck_assert_int_eq(result.error, 0);
		ck_assert_str_eq(result.text,
				 "192.0.2.1:5070 [2001:db8::1]:5070");
	}
END_TEST

START_TEST(half_an_answer_is_better_than_none)
	{
		struct resolve_query query = domain("acme.example");

		KNOW(provider);
		dns.silent_type = 28;
		query.budget_ms = 500;
		struct result result = look_up(query);
		ck_assert_int_eq(result.error, 0);
		ck_assert_str_eq(result.text, "192.0.2.1:5070 192.0.2.2:5080");
	}
END_TEST

START_TEST(the_last_good_answer_outlives_the_server)
	{
		struct resolve_query query = domain("acme.example");
		static const unsigned rcodes[] = {2, 3, 5};

		KNOW(provider);
		query.budget_ms = 600;
		struct result good = look_up(query);
		dns.silent = true;
		struct result result = look_up(query);
		ck_assert_int_eq(result.error, -ETIMEDOUT);
		ck_assert(result.stale);
		ck_assert_str_eq(result.text, good.text);
		dns.silent = false;
		for (unsigned i = 0; i < 3; i++) {
			dns.rcode = rcodes[i];
			result = look_up(query);
			ck_assert_int_eq(result.error,
					 rcodes[i] == 3 ? -ENOENT : -ETIMEDOUT);
			ck_assert(result.stale);
			ck_assert_str_eq(result.text, good.text);
		}
		/* another port is another question */
		query.port = 5099;
		ck_assert_uint_eq(look_up(query).count, 0);
	}
END_TEST

START_TEST(broken_answers_do_no_harm)
	{
		struct resolve_query query = domain("acme.example");

		KNOW(provider);
		dns.garbage = true;
		query.budget_ms = 500;
		struct result result = look_up(query);
		ck_assert_int_ne(result.error, 0);
		ck_assert_uint_eq(result.count, 0);
	}
END_TEST

START_TEST(targets_are_bounded)
	{
		static struct fake_dns_entry many[40];
		static char data[40][40];

		/* an answer of 512 bytes holds no more of them */
		for (unsigned i = 0; i < 9; i++) {
			snprintf(data[i], sizeof(data[i]),
				 "10 %u 5060 h.example", i);
			many[i] = (struct fake_dns_entry){
				"_sip._udp.many.example", 33, 60, data[i]};
		}
		for (unsigned i = 9; i < 23; i++) {
			snprintf(data[i], sizeof(data[i]), "192.0.2.%u", i);
			many[i] = (struct fake_dns_entry){"h.example", 1, 60,
							  data[i]};
		}
		know(many, 23);
		struct result result = look_up(domain("many.example"));
		ck_assert_int_eq(result.error, 0);
		ck_assert_uint_eq(result.count, RESOLVE_TARGETS_MAX);
	}
END_TEST

START_TEST(weights_share_the_load_within_a_priority)
	{
		static const struct fake_dns_entry two[] = {
			{"_sip._udp.two.example", 33, 60,
			 "10 90 5060 heavy.example"},
			{"_sip._udp.two.example", 33, 60,
			 "10 10 5060 light.example"},
			{"heavy.example", 1, 60, "192.0.2.1"},
			{"light.example", 1, 60, "192.0.2.2"},
		};
		unsigned heavy = 0;

		KNOW(two);
		for (unsigned i = 0; i < 200; i++) {
			struct result result = look_up(domain("two.example"));
			ck_assert_uint_eq(result.count, 2);
			heavy += !strncmp(result.text, "192.0.2.1", 9);
		}
		/* 180 expected; 8 standard deviations to each side */
		ck_assert_uint_ge(heavy, 146);
		ck_assert_uint_lt(heavy, 200);
	}
END_TEST

START_TEST(who_cancelled_is_not_called)
	{
		struct result cancelled = {0}, other;
		struct resolve_query query = domain("acme.example");

		KNOW(provider);
		resolve_ask(resolve, &query, on_done, &cancelled);
		resolve_cancel(resolve, &cancelled);
		other = look_up(query);
		ck_assert_int_eq(other.error, 0);
		for (unsigned i = 0; i < 20; i++) {
			fake_dns_step(&dns);
			su_root_step(root, 1);
		}
		ck_assert_uint_eq(cancelled.calls, 0);
		/* and questions that are open at the end harm nobody */
		resolve_ask(resolve, &query, on_done, &cancelled);
	}
END_TEST

START_TEST(names_of_the_hosts_file_are_known)
	{
		struct result result = {0};
		struct resolve_query query = {
			.name = "localhost", .port = 5060, .ipv4 = true};

		resolve_ask(resolve, &query, on_done, &result);
		ck_assert_uint_eq(result.calls, 1);
		ck_assert_str_eq(result.text, "127.0.0.1:5060");
	}
END_TEST

START_TEST(a_thousand_names_are_kept_and_no_more)
	{
		static struct fake_dns_entry entry = {NULL, 1, 60, "192.0.2.1"};
		char name[32];

		for (unsigned i = 0; i < 1100; i++) {
			snprintf(name, sizeof(name), "n%u.example", i);
			entry.name = name;
			know(&entry, 1);
			struct resolve_query query = {.name = name,
						      .ipv4 = true};
			ck_assert_int_eq(look_up(query).error, 0);
		}
		dns.rcode = 2;
		struct resolve_query first = {
			.name = "n0.example", .ipv4 = true, .budget_ms = 300};
		struct resolve_query last = {.name = "n1099.example",
					     .ipv4 = true,
					     .budget_ms = 300};
		ck_assert_uint_eq(look_up(first).count, 0);
		ck_assert_uint_eq(look_up(last).count, 1);
	}
END_TEST

static Suite *resolve_suite(void)
{
	Suite *suite = suite_create("resolve");
	TCase *cases = tcase_create("resolve");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_test(cases, names_lead_to_targets);
	tcase_add_test(cases, what_does_not_exist_is_told_so);
	tcase_add_test(cases, a_literal_is_answered_at_once);
	tcase_add_test(cases, what_is_no_name_is_refused);
	tcase_add_test(cases, a_silent_server_costs_the_budget_and_no_more);
	tcase_add_test(cases,
		       a_server_that_drops_naptr_does_not_spend_the_budget);
	tcase_add_test(cases, half_an_answer_is_better_than_none);
	tcase_add_test(cases, the_last_good_answer_outlives_the_server);
	tcase_add_test(cases, broken_answers_do_no_harm);
	tcase_add_test(cases, targets_are_bounded);
	tcase_add_test(cases, weights_share_the_load_within_a_priority);
	tcase_add_test(cases, who_cancelled_is_not_called);
	tcase_add_test(cases, names_of_the_hosts_file_are_known);
	tcase_add_test(cases, a_thousand_names_are_kept_and_no_more);
	suite_add_tcase(suite, cases);
	return suite;
}

CHECK_MAIN(resolve_suite())
