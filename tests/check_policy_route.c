/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose packet it is, where a call goes, what becomes of its number. */
#include <errno.h>

#include "tests/check_main.h"
#include "tests/policy_text.h"

#define NETS                                                            \
	"networks: {\n"                                                 \
	"  lan: { address = \"192.168.1.2\"; };\n"                      \
	"  wan: { address = [ \"192.0.2.10\", \"2001:db8::10\" ]; };\n" \
	"};\n"
#define USERS                                                  \
	"  users = ( { user = \"101\"; password = \"a\"; },\n" \
	"            { user = \"102\"; password = \"b\"; },\n" \
	"            { user = \"+44201\"; password = \"c\"; } );\n"

static const char *const peers[] = {
	"acme.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\nhost = \"198.51.100.4\";\n"
	"source = [ \"203.0.113.0/24\", \"2001:db8:5::/48\" ];\n",
	"acme-b.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\nhost = "
	"\"198.51.100.4:5070\";\n",
	"best.conf",
	"kind = \"trunk\";\nnetwork = \"wan\";\ndomain = \"best.example\";\n"
	"source = [ \"203.0.113.128/25\", \"203.0.113.5\" ];\n",
	"pbx.conf",
	"kind = \"pbx\";\nnetwork = \"lan\";\nhost = \"192.168.1.5\";\n",
	NULL,
};

/* --- sources ------------------------------------------------------------- */

struct source_case {
	unsigned network;
	const char *source, *peer;
};

static void check_sources(const struct policy *policy,
			  const struct source_case *c, size_t count)
{
	for (; count; count--, c++) {
		const struct policy_peer *peer = policy_peer_by_source(
			policy, policy_network(policy, c->network),
			address_of(c->source));
		ck_assert_msg(strcmp(peer ? peer->name : "-", c->peer) == 0,
			      "%s on %u is %s, not %s", c->source, c->network,
			      peer ? peer->name : "-", c->peer);
	}
}

START_TEST(a_source_is_known_by_the_longest_prefix)
	{
		static const struct source_case cases[] = {
			{1, "198.51.100.4:5060", "acme"},
			{1, "198.51.100.4:5070", "acme-b"},
			{1, "198.51.100.4:49152", "acme"},
			{1, "203.0.113.1", "acme"},
			{1, "203.0.113.5", "best"},
			{1, "203.0.113.6", "acme"},
			{1, "203.0.113.128", "best"},
			{1, "2001:db8:5:1::7", "acme"},
			{1, "::ffff:203.0.113.1", "acme"},
			{1, "2001:db8:6::7", "-"},
			{1, "198.51.100.5", "-"},
			{1, "192.168.1.5", "-"},
			{0, "192.168.1.5", "pbx"},
			{0, "192.168.1.6", "phones"},
			{0, "192.168.2.6", "-"},
			{0, "198.51.100.4", "-"},
		};
		struct policy *policy = policy_of(
			NETS "phones: { network = \"lan\";\n" USERS "};\n",
			peers);

		check_sources(policy, cases, sizeof(cases) / sizeof(cases[0]));
		struct sockaddr_storage none = {0};
		ck_assert_ptr_null(
			policy_peer_by_source(policy, policy_network(policy, 0),
					      (struct sockaddr *)&none));
		policy_unref(policy);
	}
END_TEST

START_TEST(phones_from_anywhere_come_after_every_peer)
	{
		static const struct source_case cases[] = {
			{0, "192.168.1.5", "pbx"},     {0, "8.8.8.8", "phones"},
			{1, "203.0.113.128", "best"},  {1, "8.8.8.8", "phones"},
			{1, "2001:4860::8", "phones"},
		};
		struct policy *policy = policy_of(
			NETS "phones: { network = [ \"lan\", \"wan\" ]; from = "
			     "\"any\"; };\n",
			peers);

		ck_assert(policy_phones(policy)->from_anywhere);
		ck_assert_uint_eq(policy_phones(policy)->networks, 2);
		check_sources(policy, cases, sizeof(cases) / sizeof(cases[0]));
		policy_unref(policy);
	}
END_TEST

START_TEST(phones_may_be_given_prefixes)
	{
		static const struct source_case cases[] = {
			{0, "10.8.0.1", "phones"},
			{0, "192.168.1.77", "-"},
			{1, "10.8.0.1", "-"},
			{0, "192.168.1.5", "pbx"},
		};
		struct policy *policy =
			policy_of(NETS "phones: { network = \"lan\"; from = "
				       "\"10.8.0.0/16\"; };\n",
				  peers);

		check_sources(policy, cases, sizeof(cases) / sizeof(cases[0]));
		policy_unref(policy);
	}
END_TEST

/* --- routes -------------------------------------------------------------- */

/* "acme:+441 backup:+441", or an error's number. */
static const char *route_text(const struct policy *policy, const char *from,
			      const char *number)
{
	static char text[4096];
	struct policy_target target[POLICY_TARGETS_MAX];
	int count = policy_route(policy, policy_peer_named(policy, from),
				 number, target, POLICY_TARGETS_MAX);
	size_t len = 0;

	text[0] = '\0';
	if (count < 0)
		snprintf(text, sizeof(text), "%d", count);
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s%s:%s", i ? " " : "",
					target[i].user ? target[i].user->user
						       : target[i].peer->name,
					target[i].number);
	return text;
}

static const char routes[] = NETS
	"phones: { network = \"lan\";\n" USERS "};\n"
	"routes = (\n"
	"  { from = \"phones\"; number = \"^112$\"; to = [ \"best\", "
	"\"acme\" ]; },\n"
	"  { from = \"phones\"; number = \"^0(\\\\d+)$\"; to_number = "
	"\"+44\\\\1\"; to = [ \"acme\", \"best\" ]; },\n"
	"  { from = \"phones\"; number = \"^9(x)?(\\d)\"; to_number = "
	"\"<\\1\\2\\\\\\\\>\"; to = \"acme\"; },\n"
	"  { from = \"acme\"; number = \"^\\\\+?44207946(\\\\d{3})$\"; "
	"to_number = \"\\\\1\"; to = \"phones\"; },\n"
	"  { from = [ \"acme\", \"best\" ]; number = \"5\"; to = [ \"101\", "
	"\"102\", \"101\" ]; },\n"
	"  { from = \"pbx\"; to = [ \"phones\", \"acme\" ]; },\n"
	"  { from = \"any\"; number = \"^777$\"; to_number = \"\\\\0\\\\0\"; "
	"to = \"pbx\"; },\n"
	"  { from = \"phones\"; number = \"^(a+)+$\"; to = \"pbx\"; },\n"
	"  { from = \"phones\"; number = \"^L(.*)$\"; to_number = "
	"\"\\\\1\\\\1\\\\1\"; to = \"pbx\"; },\n"
	"  { from = \"phones\"; number = \"^E(.*)$\"; to_number = "
	"\"\\\\1\"; to = \"pbx\"; }\n"
	");\n";

START_TEST(a_route_gives_candidates_with_their_numbers)
	{
		static const struct {
			const char *from, *number, *to;
		} cases[] = {
			{"phones", "112", "best:112 acme:112"},
			{"phones", "02079460101",
			 "acme:+442079460101 "
			 "best:+442079460101"},
			{"phones", "0", ""},
			{"phones", "0x", ""},
			/* a lone backslash of the file works as a doubled one;
			 * a group that took no part is empty */
			{"phones", "95", "acme:<5\\>"},
			{"phones", "9x5", "acme:<x5\\>"},
			{"phones", "101", "101:101"},
			{"phones", "+44201", "+44201:+44201"},
			{"phones", "103", ""},
			{"acme", "442079461010", ""},
			{"acme", "44207946101", "101:101"},
			{"acme", "+44207946102", "102:102"},
			/* names no user: that route is passed over, the next
			   one fits */
			{"acme", "+44207946105", "101:101 102:102"},
			{"best", "5", "101:101 102:102"},
			{"best", "101", ""},
			{"pbx", "101", "101:101 acme:101"},
			{"pbx", "999", "acme:999"},
			{"phones", "777", "pbx:777777"},
			{"acme-b", "777", "pbx:777777"},
			{"acme-b", "101", ""},
			{"phones", "E", ""},
			{"phones", "", ""},
		};
		struct policy *policy = policy_of(routes, peers);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_str_eq(route_text(policy, cases[i].from,
						    cases[i].number),
					 cases[i].to);
		policy_unref(policy);
	}
END_TEST

START_TEST(a_candidate_names_the_line_that_led_there)
	{
		struct policy *policy = policy_of(routes, peers);
		struct policy_target target[2];

		ck_assert_int_eq(
			policy_route(policy,
				     policy_peer_named(policy, "phones"), "112",
				     target, 2),
			2);
		ck_assert_str_eq(target[0].at.file, "sallyport.conf");
		ck_assert_uint_eq(target[0].at.line, 11);
		/* no more than there is room for */
		ck_assert_int_eq(
			policy_route(policy,
				     policy_peer_named(policy, "phones"), "112",
				     target, 1),
			1);
		policy_unref(policy);
	}
END_TEST

START_TEST(numbers_cannot_hold_up_or_overflow_a_call)
	{
		struct policy *policy = policy_of(routes, peers);
		char number[200], error[16];

		snprintf(error, sizeof(error), "%d", -E2BIG);
		memset(number, '1', sizeof(number));
		number[0] = 'L';
		number[60] = '\0';
		ck_assert_str_eq(route_text(policy, "phones", number), error);
		number[60] = '1';
		number[128] = '\0';
		ck_assert_str_eq(route_text(policy, "phones", number), error);
		number[127] = '\0';
		ck_assert_str_eq(route_text(policy, "phones", number), error);

		/* (a+)+ of 40 a and a b takes 2^40 steps without a limit */
		snprintf(error, sizeof(error), "%d", -ELOOP);
		memset(number, 'a', 40);
		strcpy(number + 40, "b");
		ck_assert_str_eq(route_text(policy, "phones", number), error);
		policy_unref(policy);
	}
END_TEST

START_TEST(peers_are_found_by_index_and_name)
	{
		struct policy *policy = policy_of(routes, peers);

		ck_assert_uint_eq(policy_peers(policy), 5);
		for (unsigned i = 0; i < 5; i++) {
			const struct policy_peer *peer = policy_peer(policy, i);
			ck_assert_uint_eq(peer->index, i);
			ck_assert_ptr_eq(policy_peer_named(policy, peer->name),
					 peer);
		}
		ck_assert_str_eq(policy_peer(policy, 4)->name, "phones");
		ck_assert_int_eq(policy_peer(policy, 4)->kind, POLICY_PHONES);
		ck_assert_ptr_null(policy_peer(policy, 5));
		ck_assert_ptr_null(policy_network(policy, 2));
		ck_assert_ptr_null(policy_peer_named(policy, "acm"));
		ck_assert_str_eq(policy_user(policy, "102")->password, "b");
		ck_assert_ptr_null(policy_user(policy, "10"));
		struct policy *again = policy_ref(policy);
		policy_unref(policy);
		ck_assert_ptr_nonnull(policy_user(again, "101"));
		policy_unref(again);
	}
END_TEST

static Suite *route_suite(void)
{
	Suite *suite = suite_create("policy_route");
	TCase *tcase = tcase_create("route");

	tcase_add_test(tcase, a_source_is_known_by_the_longest_prefix);
	tcase_add_test(tcase, phones_from_anywhere_come_after_every_peer);
	tcase_add_test(tcase, phones_may_be_given_prefixes);
	tcase_add_test(tcase, a_route_gives_candidates_with_their_numbers);
	tcase_add_test(tcase, a_candidate_names_the_line_that_led_there);
	tcase_add_test(tcase, numbers_cannot_hold_up_or_overflow_a_call);
	tcase_add_test(tcase, peers_are_found_by_index_and_name);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(route_suite())
